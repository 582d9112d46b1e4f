"""What this package offers; `make generate` writes it from __init__.py."""

from .crops import tmr_by_crop
from .fixed_fpir import misses_at_fpir
from .group_rates import inequity, rates_by_group, ratios
from .heldout import held_out, settable_on_half
from .identification import cmc, leave_one_out, open_set, open_set_rates
from .intervals import pair_interval, rate_ratio, ratio_interval, unseen, unseen_between, wilson
from .permutation import permutation_test
from .power import people_needed, variation_between_people, variation_interval
from .scale import alarm_precision, false_candidates, independent, precision_by_size, rates_by_size
from .simulation import simulated_groups
from .tail import Tail, fit_tail, predicted_fmr, predicted_fpir
from .transfer import transfer_thresholds
from .verification import compare_all, error_rates, histogram, roc, summary, threshold_at_fmr

__all__ = [
    "Tail",
    "alarm_precision",
    "cmc",
    "compare_all",
    "error_rates",
    "false_candidates",
    "fit_tail",
    "held_out",
    "histogram",
    "independent",
    "inequity",
    "leave_one_out",
    "misses_at_fpir",
    "open_set",
    "open_set_rates",
    "pair_interval",
    "people_needed",
    "permutation_test",
    "precision_by_size",
    "predicted_fmr",
    "predicted_fpir",
    "rate_ratio",
    "rates_by_group",
    "rates_by_size",
    "ratio_interval",
    "ratios",
    "roc",
    "settable_on_half",
    "simulated_groups",
    "summary",
    "threshold_at_fmr",
    "tmr_by_crop",
    "transfer_thresholds",
    "unseen",
    "unseen_between",
    "variation_between_people",
    "variation_interval",
    "wilson",
]
