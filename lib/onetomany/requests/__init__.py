"""Requests for what is still hidden: laws as data, deadlines, letters and the log of answers.

The kit sends nothing. A procedure (`procedures`) is one TOML file of `data_requests/laws/`, whose
fields each name their article and source; `deadlines` counts days by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from onetomany.extras import require_extra
from onetomany.lazy import offer

require_extra("casework")

__all__ = [
    "answers",
    "deadlines",
    "drafts",
    "gaps",
    "letters",
    "log",
    "procedures",
    "status",
    "templates",
]

if TYPE_CHECKING:
    from . import (
        answers,
        deadlines,
        drafts,
        gaps,
        letters,
        log,
        procedures,
        status,
        templates,
    )
else:
    __getattr__, __dir__ = offer(__name__, {}, tuple(__all__))
