"""Error rates and their intervals, one to one and one to many."""

from .identification import cmc, leave_one_out, open_set, open_set_rates
from .intervals import rule_of_three, wilson
from .verification import (
    compare_all,
    error_rates,
    histogram,
    roc,
    summary,
    threshold_at_fmr,
)

__all__ = [
    "cmc",
    "compare_all",
    "error_rates",
    "histogram",
    "leave_one_out",
    "open_set",
    "open_set_rates",
    "roc",
    "rule_of_three",
    "summary",
    "threshold_at_fmr",
    "wilson",
]
