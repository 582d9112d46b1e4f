"""A simulated terminal: its plan, who passes it, and what its cameras would hand on.

All of it is simulated, in a fictional building, and labelled so.
"""

from .cameras import SIGHTINGS, coarse_sightings, fine_sightings
from .flow import VISITS, pass_through, routes, simulate_day, wings_for
from .layout import Layout, load_layout
from .passengers import PASSENGERS, draw_passengers
from .run import Run, read_run, simulate, simulate_coarsely, walk_run, write_run
from .scenarios import ORDINARY, Scenario, draw_people
from .staffing import STAFF, plan_staff
from .templates import noise_for, sighting_templates, true_match_rate
from .views import PASSAGES, field_of, passages, view_quality
from .walking import TRAJECTORIES, walk

__all__ = [
    "PASSAGES",
    "PASSENGERS",
    "SIGHTINGS",
    "TRAJECTORIES",
    "VISITS",
    "Layout",
    "Run",
    "coarse_sightings",
    "draw_passengers",
    "field_of",
    "fine_sightings",
    "load_layout",
    "noise_for",
    "pass_through",
    "passages",
    "read_run",
    "routes",
    "sighting_templates",
    "simulate",
    "simulate_coarsely",
    "simulate_day",
    "true_match_rate",
    "view_quality",
    "walk",
    "wings_for",
    "write_run",
]
