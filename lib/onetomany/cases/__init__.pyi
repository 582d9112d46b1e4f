"""What this package offers; `make generate` writes it from __init__.py."""

from . import about
from . import case_folder
from . import case_tables
from . import columns
from . import database
from . import implied
from . import marked
from . import new_folder
from . import rows
from . import story
from . import to_do
from .case_folder import read_case
from .new_folder import new_case
from .to_do import check_case

__all__ = [
    "about",
    "case_folder",
    "case_tables",
    "check_case",
    "columns",
    "database",
    "implied",
    "marked",
    "new_case",
    "new_folder",
    "read_case",
    "rows",
    "story",
    "to_do",
]
