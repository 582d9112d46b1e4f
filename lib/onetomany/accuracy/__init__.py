"""Error rates and their intervals, one to one and one to many."""

from .differentials import MINIMUM_SUBJECTS, inequity, rates_by_group, ratios
from .identification import cmc, leave_one_out, open_set, open_set_rates
from .intervals import rule_of_three, wilson
from .power import people_needed, variation_between_people
from .simulation import simulated_groups
from .verification import (
    compare_all,
    error_rates,
    histogram,
    roc,
    summary,
    threshold_at_fmr,
)

__all__ = [
    "MINIMUM_SUBJECTS",
    "cmc",
    "compare_all",
    "error_rates",
    "histogram",
    "inequity",
    "leave_one_out",
    "open_set",
    "open_set_rates",
    "people_needed",
    "rates_by_group",
    "ratios",
    "roc",
    "rule_of_three",
    "simulated_groups",
    "summary",
    "threshold_at_fmr",
    "variation_between_people",
    "wilson",
]
