"""Request documents that are still secret: laws as data, deadlines, letters and the log of answers.

The kit sends nothing. A procedure (`procedures`) is one TOML file of `data_requests/laws/`, whose
fields each name their article and source; `deadlines` counts days by it.
"""

from onetomany.extras import require_extra
from onetomany.lazy import offer

require_extra("casework")

_MODULES = (
    "answer_files",
    "deadlines",
    "drafts",
    "gaps",
    "letter_templates",
    "letters",
    "log",
    "procedures",
    "status",
)
__all__, __getattr__, __dir__ = offer(__name__, {}, _MODULES)
