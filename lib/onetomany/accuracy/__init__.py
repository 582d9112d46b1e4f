"""Measure error rates and their intervals, one to one and one to many."""

from onetomany.lazy import offer

_OFFERED = {  # by module; imported when first used
    "crops": ("tmr_by_crop",),
    "fixed_fpir": ("misses_at_fpir",),
    "group_rates": ("inequity", "rates_by_group", "ratios"),
    "heldout": ("held_out", "settable_on_half"),
    "identification": ("cmc", "leave_one_out", "open_set", "open_set_rates"),
    "intervals": (
        "pair_interval",
        "rate_ratio",
        "ratio_interval",
        "unseen",
        "unseen_between",
        "wilson",
    ),
    "permutation": ("permutation_test",),
    "power": ("people_needed", "variation_between_people", "variation_interval"),
    "scale": (
        "alarm_precision",
        "false_candidates",
        "independent",
        "precision_by_size",
        "rates_by_size",
    ),
    "simulation": ("simulated_groups",),
    "tail": ("Tail", "fit_tail", "predicted_fmr", "predicted_fpir"),
    "transfer": ("transfer_thresholds",),
    "verification": (
        "compare_all",
        "error_rates",
        "histogram",
        "roc",
        "summary",
        "threshold_at_fmr",
    ),
}
__all__, __getattr__, __dir__ = offer(__name__, _OFFERED)
