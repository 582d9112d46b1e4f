"""Claims: who said what and when, which claims contradict each other, and the law on a day."""

from onetomany.extras import require_extra

require_extra("casework")

__all__ = [
    "claim_ledger",
    "claim_queries",
    "contradictions",
    "disclosures",
    "law",
    "passages",
    "timeline",
    "web_sources",
]
