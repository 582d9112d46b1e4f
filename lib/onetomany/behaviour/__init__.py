"""Reproduce the flags of 'abnormal behaviour' systems and count ordinary people flagged."""

# ruff: noqa: E402 - the sentence on the missing extra comes before the first import that lacks it
from onetomany.extras import require_extra
from onetomany.lazy import offer

require_extra("tracking")

# modules with the name of their function, which would take its place once they are imported
from .coverage import coverage as coverage
from .flags import flags as flags

_OFFERED = {  # by module; imported when first used
    "coverage": ("COVERAGE", "coverage", "not_judged"),
    "detectors": ("FEATURES", "across_seeds", "agreement", "detect", "features", "flagged_by"),
    "flags": ("alarms_right", "false_alarms_a_day", "flagged_rates", "flags", "most_extreme"),
    "measures": ("measure",),
    "motion": ("GATES", "ONE_WAY", "ZONES", "Site"),
    "own": ("Judged", "judge"),
    "real": ("BESIDE", "beside_real", "data_sheet", "real_walks", "seoul_alarms"),
    "rules": ("Published", "Rule", "read_published", "read_rules"),
    "site": ("site_of",),
    "site_file": ("read_site",),
    "switches": ("encounters", "switched"),
    "walks": ("UNITS", "Walks", "read_walks"),
}
__all__, __getattr__, __dir__ = offer(__name__, _OFFERED)
