"""Readers of file formats: each turns a file's bytes into pages, tables and notes.

They run in the cage (docs/cage.md): `media_type` tells a file's format, `extract` calls its reader,
which fills a `Reading` within `Limits`, or raises `Refused`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from onetomany.extras import require_extra
from onetomany.lazy import offer

require_extra("casework")

__all__ = ["Limits", "Reading", "Refused", "extract", "media_type"]

if TYPE_CHECKING:
    from .kinds import extract, media_type
    from .reading import Limits, Reading, Refused
else:
    _PLACES = {
        "Limits": "reading",
        "Reading": "reading",
        "Refused": "reading",
        "extract": "kinds",
        "media_type": "kinds",
    }
    __getattr__, __dir__ = offer(__name__, _PLACES)
