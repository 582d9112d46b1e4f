"""What this package offers; `make generate` writes it from __init__.py."""

from .coverage import COVERAGE, coverage, not_judged
from .detectors import FEATURES, across_seeds, agreement, detect, features, flagged_by
from .flags import alarms_right, false_alarms_a_day, flagged_rates, flags, most_extreme
from .measures import measure
from .motion import GATES, ONE_WAY, ZONES, Site
from .own import Judged, judge
from .real import BESIDE, beside_real, data_sheet, real_walks, seoul_alarms
from .rules import Published, Rule, read_published, read_rules
from .site import site_of
from .site_file import read_site
from .switches import encounters, switched
from .walks import UNITS, Walks, read_walks

__all__ = [
    "BESIDE",
    "COVERAGE",
    "FEATURES",
    "GATES",
    "Judged",
    "ONE_WAY",
    "Published",
    "Rule",
    "Site",
    "UNITS",
    "Walks",
    "ZONES",
    "across_seeds",
    "agreement",
    "alarms_right",
    "beside_real",
    "coverage",
    "data_sheet",
    "detect",
    "encounters",
    "false_alarms_a_day",
    "features",
    "flagged_by",
    "flagged_rates",
    "flags",
    "judge",
    "measure",
    "most_extreme",
    "not_judged",
    "read_published",
    "read_rules",
    "read_site",
    "read_walks",
    "real_walks",
    "seoul_alarms",
    "site_of",
    "switched",
]
