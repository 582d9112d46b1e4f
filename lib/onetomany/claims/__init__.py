"""What was claimed, by whom and when; which claims exclude each other; which law was in force.

`claim_ledger` holds the claims, `contradictions` compares them, `law` knows the provisions,
`timeline` the three dates of a claim, `disclosed` the counts that authorities published.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from onetomany.extras import require_extra
from onetomany.lazy import offer

require_extra("casework")

__all__ = [
    "claim_ledger",
    "contradictions",
    "disclosed",
    "law",
    "passages",
    "timeline",
    "web_sources",
]

if TYPE_CHECKING:
    from . import (
        claim_ledger,
        contradictions,
        disclosed,
        law,
        passages,
        timeline,
        web_sources,
    )
else:
    __getattr__, __dir__ = offer(__name__, {}, tuple(__all__))
