"""What this package offers; `make generate` writes it from __init__.py."""

from .case_start import case_page as case_page
from .chapters import candidate_browser as candidate_browser
from .chapters import crowd_picker as crowd_picker
from .chapters import link_slider as link_slider
from .chapters import rule_slider as rule_slider
from .chapters import threshold_slider as threshold_slider
from .desk import reading_desk as reading_desk
from .elsewhere import programme_form as programme_form
from .letters import letter_form as letter_form
from .mosaic import fact_picker as fact_picker
from .one_language import use_language as use_language
from .reckoner import reckoner_form as reckoner_form
from .table import table_form as table_form
from .walks import walks_form as walks_form
