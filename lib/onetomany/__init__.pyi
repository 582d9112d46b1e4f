"""What this package offers; `make generate` writes it from __init__.py."""

from . import accuracy
from . import behaviour
from . import cage
from . import cases
from . import charts
from . import claims
from . import documents
from . import evidence
from . import examples
from . import faces
from . import formats
from . import gallery
from . import mentions
from . import reidentification
from . import report
from . import requests
from . import sources
from . import terminal
from . import tracking
from . import widgets
from . import workshop
from .accuracy.reckoner import reckon
from .accuracy.verification import compare_all, error_rates, threshold_at_fmr
from .claims.claim_ledger import load_claims, load_links
from .claims.contradictions import find_contradictions
from .documents.case_file import open_case
from .documents.finding import find_pages as search
from .documents.ingest import ingest
from .evidence.making import make_exhibit as exhibit
from .evidence.verify import verify
from .faces.embedding import embed, usable
from .gallery.gallery import gallery_of
from .prose import say
from .reidentification.assessment import assess as risk
from .report import build_report
from .requests.gaps import rank_gaps as gaps
from .requests.letters import letter
from .sources.images import open_images
from .terminal.layout import load_layout
from .terminal.run import simulate
from .tracking.association import associate

__version__: str
DOOR: dict[str, tuple[str, ...]]
ROOMS: tuple[str, ...]

__all__ = [
    "accuracy",
    "associate",
    "behaviour",
    "build_report",
    "cage",
    "cases",
    "charts",
    "claims",
    "compare_all",
    "documents",
    "embed",
    "error_rates",
    "evidence",
    "examples",
    "exhibit",
    "faces",
    "find_contradictions",
    "formats",
    "gallery",
    "gallery_of",
    "gaps",
    "ingest",
    "letter",
    "load_claims",
    "load_layout",
    "load_links",
    "mentions",
    "open_case",
    "open_images",
    "reckon",
    "reidentification",
    "report",
    "requests",
    "risk",
    "say",
    "search",
    "simulate",
    "sources",
    "terminal",
    "threshold_at_fmr",
    "tracking",
    "usable",
    "verify",
    "widgets",
    "workshop",
]
