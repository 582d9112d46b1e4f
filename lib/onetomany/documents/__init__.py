"""Turn a folder of papers into a case file that can be read, searched and counted.

`ingest` reads the folder in the cage (docs/cage.md), `index_case` makes it searchable, and
`find_pages` searches. The case file is one DuckDB file (`case_file`).
"""

from onetomany.extras import require_extra
from onetomany.lazy import offer

require_extra("casework")

_OFFERED = {  # by module; imported when first used
    "case_export": ("export_parquet",),
    "case_file": ("open_case",),
    "finding": ("find_pages",),
    "indexing": ("index_case",),
    "picture": ("page_picture",),
}
_MODULES = ("captures", "case_file", "ingest", "search")
__all__, __getattr__, __dir__ = offer(__name__, _OFFERED, _MODULES)
