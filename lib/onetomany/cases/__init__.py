"""Read, check, extend and make a case: a folder of plain files."""

from onetomany.extras import require_extra
from onetomany.lazy import offer

require_extra("casework")

_OFFERED = {  # by module; imported when first used
    "case_folder": ("read_case",),
    "new_folder": ("new_case",),
    "to_do": ("check_case",),
}
_MODULES = (
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
)
__all__, __getattr__, __dir__ = offer(__name__, _OFFERED, _MODULES)
