"""Names, numbers and citations found in a text: a text in, spans with kinds and values out.

`tagger` finds them all; the other modules find one kind each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from onetomany.extras import require_extra
from onetomany.lazy import offer

require_extra("casework")

__all__ = [
    "citations",
    "numerals",
    "organisations",
    "persons",
    "quantities",
    "tagger",
]

if TYPE_CHECKING:
    from . import (
        citations,
        numerals,
        organisations,
        persons,
        quantities,
        tagger,
    )
else:
    __getattr__, __dir__ = offer(__name__, {}, tuple(__all__))
