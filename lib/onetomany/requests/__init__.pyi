"""What this package offers; `make generate` writes it from __init__.py."""

from . import answer_files
from . import deadlines
from . import drafts
from . import gaps
from . import letter_templates
from . import letters
from . import log
from . import procedures
from . import status

__all__ = [
    "answer_files",
    "deadlines",
    "drafts",
    "gaps",
    "letter_templates",
    "letters",
    "log",
    "procedures",
    "status",
]
