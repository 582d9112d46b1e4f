"""The flags that 'abnormal behaviour' systems raise, and their burden on ordinary people."""

from .coverage import COVERAGE, coverage, not_judged
from .detectors import FEATURES, across_seeds, agreement, detect, features, flagged_by
from .flags import alarms_right, false_alarms_a_day, flagged_rates, flags, most_extreme
from .measures import measure
from .motion import GATES, ONE_WAY, ZONES, Site
from .own import Judged, judge
from .rules import Published, Rule, published, read_rules, rules_table
from .site import site_of
from .site_file import read_site
from .switches import encounters, switched
from .walks import UNITS, Walks, read_walks

__all__ = [
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
    "coverage",
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
    "published",
    "read_rules",
    "read_site",
    "read_walks",
    "rules_table",
    "site_of",
    "switched",
]
