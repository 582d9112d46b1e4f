"""A folder of papers becomes a case file that can be read, searched and counted.

`ingest` reads the folder in the cage (docs/cage.md), `index_case` makes it searchable, and
`find_pages` searches. The case file is one DuckDB file (`case_file`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from onetomany.extras import require_extra
from onetomany.lazy import offer

require_extra("casework")

__all__ = [
    "captures",
    "case_file",
    "export_parquet",
    "find_pages",
    "index_case",
    "ingest",
    "open_case",
    "page_picture",
    "search",
]

if TYPE_CHECKING:
    from . import captures, case_file, ingest, search
    from .case_export import export_parquet
    from .case_file import open_case
    from .finding import find_pages
    from .indexing import index_case
    from .picture import page_picture
else:
    _PLACES = {
        "export_parquet": "case_export",
        "find_pages": "finding",
        "index_case": "indexing",
        "open_case": "case_file",
        "page_picture": "picture",
    }
    __getattr__, __dir__ = offer(__name__, _PLACES, ("captures", "case_file", "ingest", "search"))
