"""Simulated papers, requests and a sample exhibit, for chapters and tests; all say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onetomany.extras import require_extra
from onetomany.lazy import offer

require_extra("casework")

__all__ = [
    "sample_bundle",
    "simulated_requests",
    "specimen_documents",
]

if TYPE_CHECKING:
    from . import sample_bundle, simulated_requests, specimen_documents
else:
    __getattr__, __dir__ = offer(__name__, {}, tuple(__all__))
