"""Offer controls for JupyterLab: those of the chapters, a case's page and its reading desk.

Each module is loaded on first use: the desk needs none of the chapters' libraries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from onetomany.extras import require_extra
from onetomany.lazy import offer

require_extra("notebooks", "ipywidgets")

if TYPE_CHECKING:
    from .case_start import case_page
    from .chapters import (
        candidate_browser,
        crowd_picker,
        link_slider,
        rule_slider,
        threshold_slider,
    )
    from .desk import reading_desk
    from .elsewhere import programme_form
    from .letters import letter_form
    from .mosaic import fact_picker
    from .one_language import use_language
    from .reckoner import reckoner_form
    from .table import table_form
    from .walks import walks_form

__all__ = [
    "candidate_browser",
    "case_page",
    "crowd_picker",
    "fact_picker",
    "letter_form",
    "link_slider",
    "programme_form",
    "reading_desk",
    "reckoner_form",
    "rule_slider",
    "table_form",
    "threshold_slider",
    "use_language",
    "walks_form",
]

if not TYPE_CHECKING:
    _PLACES = dict.fromkeys(__all__, "chapters") | {
        "case_page": "case_start",
        "fact_picker": "mosaic",
        "letter_form": "letters",
        "programme_form": "elsewhere",
        "reading_desk": "desk",
        "reckoner_form": "reckoner",
        "table_form": "table",
        "use_language": "one_language",
        "walks_form": "walks",
    }
    __getattr__, __dir__ = offer(__name__, _PLACES)
