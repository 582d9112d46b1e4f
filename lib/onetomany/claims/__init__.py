"""Claims: who said what and when, which claims contradict each other, and the law on a day."""

from onetomany.extras import require_extra
from onetomany.lazy import offer

require_extra("casework")

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

__getattr__, __dir__ = offer(__name__, {}, tuple(__all__))
