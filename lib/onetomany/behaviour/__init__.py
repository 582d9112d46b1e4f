"""Reproduce the flags of 'abnormal behaviour' systems and count ordinary people flagged."""

# ruff: noqa: E402 - the sentence on the missing extra comes before the first import that lacks it
from onetomany.extras import require_extra

require_extra("tracking")

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
    "ONE_WAY",
    "UNITS",
    "ZONES",
    "Judged",
    "Published",
    "Rule",
    "Site",
    "Walks",
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
