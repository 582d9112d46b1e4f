"""What this package offers; `make generate` writes it from __init__.py."""

from . import claim_ledger
from . import claim_queries
from . import contradictions
from . import disclosures
from . import law
from . import passages
from . import programmes
from . import timeline
from . import web_sources

__all__ = [
    "claim_ledger",
    "claim_queries",
    "contradictions",
    "disclosures",
    "law",
    "passages",
    "programmes",
    "timeline",
    "web_sources",
]
