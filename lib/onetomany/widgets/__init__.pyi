"""What this package offers; `make generate` writes it from __init__.py."""

from .case_start import case_page
from .chapters import candidate_browser, crowd_picker, link_slider, rule_slider, threshold_slider
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
