"""What this package offers; `make generate` writes it from __init__.py."""

from . import captures as captures
from . import case_file as case_file
from . import ingest as ingest
from . import search as search
from .case_export import export_parquet as export_parquet
from .case_file import open_case as open_case
from .finding import find_pages as find_pages
from .indexing import index_case as index_case
from .picture import page_picture as page_picture
