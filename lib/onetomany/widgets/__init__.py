"""Offer controls for JupyterLab: those of the chapters, a case's page and its reading desk.

Each module is loaded on first use: the desk needs none of the chapters' libraries.
"""

from onetomany.extras import require_extra
from onetomany.lazy import offer

require_extra("notebooks", "ipywidgets")

_OFFERED = {  # by module; imported when first used
    "case_start": ("case_page",),
    "chapters": (
        "candidate_browser",
        "crowd_picker",
        "link_slider",
        "rule_slider",
        "threshold_slider",
    ),
    "desk": ("reading_desk",),
    "elsewhere": ("programme_form",),
    "letters": ("letter_form",),
    "mosaic": ("fact_picker",),
    "one_language": ("use_language",),
    "reckoner": ("reckoner_form",),
    "table": ("table_form",),
    "walks": ("walks_form",),
}
__all__, __getattr__, __dir__ = offer(__name__, _OFFERED)
