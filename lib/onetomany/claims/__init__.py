"""Compare claims: their speakers and dates, their contradictions, and the law on a day."""

from onetomany.extras import require_extra
from onetomany.lazy import offer

require_extra("casework")

_MODULES = (
    "claim_ledger",
    "claim_queries",
    "contradictions",
    "disclosures",
    "law",
    "passages",
    "programmes",
    "timeline",
    "web_sources",
)
__all__, __getattr__, __dir__ = offer(__name__, {}, _MODULES)
