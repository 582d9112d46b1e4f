"""A case as a folder of plain files: read it, check it, add to it, make a new one."""

from onetomany.extras import require_extra
from onetomany.lazy import offer

require_extra("casework")

__all__ = [
    "about",
    "case_folder",
    "case_tables",
    "columns",
    "database",
    "implied",
    "marked",
    "new_folder",
    "rows",
    "story",
    "to_do",
]

__getattr__, __dir__ = offer(
    __name__,
    {"read_case": "case_folder", "new_case": "new_folder", "check_case": "to_do"},
    tuple(__all__),
)
