"""Requests for what is still hidden: laws as data, deadlines, letters and the log of answers.

The kit sends nothing. A procedure (`procedures`) is one TOML file of `data_requests/laws/`, whose
fields each name their article and source; `deadlines` counts days by it.
"""

from onetomany.extras import require_extra

require_extra("casework")
