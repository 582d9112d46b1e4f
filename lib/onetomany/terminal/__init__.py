"""A simulated terminal: its plan, who passes it, and what its cameras would hand on.

All of it is simulated, in a fictional building, and labelled so.
"""

from .cameras import SIGHTINGS, coarse_sightings, fine_sightings
from .flow import VISITS, flow, simulate_day
from .layout import Layout, load_layout
from .passengers import PASSENGERS, draw_passengers

__all__ = [
    "PASSENGERS",
    "SIGHTINGS",
    "VISITS",
    "Layout",
    "coarse_sightings",
    "draw_passengers",
    "fine_sightings",
    "flow",
    "load_layout",
    "simulate_day",
]
