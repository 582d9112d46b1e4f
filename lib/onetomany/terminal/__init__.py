"""Simulate a terminal: its plan, its passengers and the sightings of its cameras.

All of it is simulated, in a fictional building, and labelled so.
"""

from onetomany.extras import require_extra
from onetomany.lazy import offer

require_extra("tracking")

_OFFERED = {  # by module; imported when first used
    "cameras": ("SIGHTINGS", "coarse_sightings", "fine_sightings"),
    "day": ("Day", "busiest_hour", "hall_sample", "simulate_whole_day"),
    "flow": ("VISITS", "pass_through", "routes", "simulate_day", "wings_for"),
    "layout": ("Layout", "load_layout"),
    "passengers": ("PASSENGERS", "draw_passengers"),
    "run": (
        "SimulatedRun",
        "read_simulated_run",
        "simulate",
        "simulate_coarsely",
        "walk_run",
        "write_simulated_run",
    ),
    "scenarios": ("ORDINARY", "Scenario", "draw_scenario"),
    "service": ("LEVELS", "SENSITIVITY", "door_to_gate", "levels_of_service", "sensitivity"),
    "staffing": ("STAFF", "plan_staff"),
    "templates": ("noise_for", "sighting_templates", "true_match_rate"),
    "views": ("PASSAGES", "field_of", "passages", "view_quality"),
    "walking": ("TRAJECTORIES", "walk_passengers"),
}
__all__, __getattr__, __dir__ = offer(__name__, _OFFERED)
