"""What this package offers; `make generate` writes it from __init__.py."""

from .cameras import SIGHTINGS, coarse_sightings, fine_sightings
from .day import Day, busiest_hour, hall_sample, simulate_whole_day
from .flow import VISITS, pass_through, routes, simulate_day, wings_for
from .layout import Layout, load_layout
from .passengers import PASSENGERS, draw_passengers
from .run import SimulatedRun, read_simulated_run, simulate, simulate_coarsely, walk_run, write_simulated_run
from .scenarios import ORDINARY, Scenario, draw_scenario
from .service import LEVELS, SENSITIVITY, door_to_gate, levels_of_service, sensitivity
from .staffing import STAFF, plan_staff
from .templates import noise_for, sighting_templates, true_match_rate
from .views import PASSAGES, field_of, passages, view_quality
from .walking import TRAJECTORIES, walk_passengers

__all__ = [
    "Day",
    "LEVELS",
    "Layout",
    "ORDINARY",
    "PASSAGES",
    "PASSENGERS",
    "SENSITIVITY",
    "SIGHTINGS",
    "STAFF",
    "Scenario",
    "SimulatedRun",
    "TRAJECTORIES",
    "VISITS",
    "busiest_hour",
    "coarse_sightings",
    "door_to_gate",
    "draw_passengers",
    "draw_scenario",
    "field_of",
    "fine_sightings",
    "hall_sample",
    "levels_of_service",
    "load_layout",
    "noise_for",
    "pass_through",
    "passages",
    "plan_staff",
    "read_simulated_run",
    "routes",
    "sensitivity",
    "sighting_templates",
    "simulate",
    "simulate_coarsely",
    "simulate_day",
    "simulate_whole_day",
    "true_match_rate",
    "view_quality",
    "walk_passengers",
    "walk_run",
    "wings_for",
    "write_simulated_run",
]
