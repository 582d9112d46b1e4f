"""What this package offers; `make generate` writes it from __init__.py."""

from . import captures
from . import case_file
from . import ingest
from . import search
from .case_export import export_parquet
from .case_file import open_case
from .finding import find_pages
from .indexing import index_case
from .picture import page_picture

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
