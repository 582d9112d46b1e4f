"""What this package offers; `make generate` writes it from __init__.py."""

from . import accuracy as accuracy
from . import behaviour as behaviour
from . import cage as cage
from . import cases as cases
from . import charts as charts
from . import claims as claims
from . import documents as documents
from . import evidence as evidence
from . import examples as examples
from . import faces as faces
from . import formats as formats
from . import gallery as gallery
from . import mentions as mentions
from . import reidentification as reidentification
from . import report as report
from . import requests as requests
from . import sources as sources
from . import terminal as terminal
from . import tracking as tracking
from . import widgets as widgets
from . import workshop as workshop
from .accuracy.reckoner import reckon as reckon
from .accuracy.verification import compare_all as compare_all
from .accuracy.verification import error_rates as error_rates
from .accuracy.verification import threshold_at_fmr as threshold_at_fmr
from .claims.claim_ledger import load_claims as load_claims
from .claims.claim_ledger import load_links as load_links
from .claims.contradictions import find_contradictions as find_contradictions
from .documents.case_file import open_case as open_case
from .documents.finding import find_pages as search
from .documents.ingest import ingest as ingest
from .evidence.making import make_exhibit as exhibit
from .evidence.verify import verify as verify
from .faces.embedding import embed as embed
from .faces.embedding import usable as usable
from .gallery.gallery import gallery_of as gallery_of
from .prose import say as say
from .reidentification.assessment import assess as risk
from .report import build_report as build_report
from .requests.gaps import rank_gaps as gaps
from .requests.letters import letter as letter
from .sources.images import open_images as open_images
from .terminal.layout import load_layout as load_layout
from .terminal.run import simulate as simulate
from .tracking.association import associate as associate

__version__: str
DOOR: dict[str, tuple[str, ...]]
ROOMS: tuple[str, ...]
