"""Measure the error rates of a threshold that was set on another set of people.

'FMR 1 in 10,000' is a fact about the set on which it was measured. On other people, pictures or
cameras the same threshold gives another rate, which only a measurement there can show.
"""

from collections.abc import Sequence

import polars as pl

from onetomany.errors import InputError, RefusedError
from .intervals import rate_columns
from .verification import error_rates, threshold_at_fmr

TRANSFERS = {
    **dict.fromkeys(("model", "set_on", "used_on"), pl.String),
    "target": pl.Float64,  # the FMR asked for
    "threshold": pl.Float64,  # null: too few comparisons to set it, see `why`
    "fmr_there": pl.Float64,  # on the set it was set on
    **rate_columns("fmr", "fnmr"),  # on the set it is used on
    "times": pl.Float64,  # fmr over the target
    "subjects": pl.Int64,  # of the set it is used on
    "comparisons": pl.Int64,  # non-mated ones of the set it is used on
    "why": pl.String,
}


def transfer_thresholds(sets: Sequence[pl.DataFrame], targets: Sequence[float]) -> pl.DataFrame:
    """Set each threshold on each set and use it on each other set (schema `TRANSFERS`).

    `sets` are frames of `compare_all`, of one model and two or more image sets. A target too fine
    for the set that would set it keeps its row, with the reason in `why`.

    Raises RefusedError for several models, InputError for fewer than two image sets.
    """
    models = {frame["model"][0] for frame in sets}
    if len(models) > 1:
        raise RefusedError(
            f"Scores of {' and '.join(sorted(models))} are on different scales, so a threshold of "
            "one is meaningless for the other: give sets of one model."
        )
    named = {frame["image_set"][0]: frame for frame in sets}
    if len(named) < 2:
        raise InputError("A threshold set on one set and used on another needs two sets.")
    rows = []
    for set_on, frame in named.items():
        for used_on, other in named.items():
            if set_on != used_on:
                rows += _row(frame, other, targets)
    return pl.DataFrame(rows, schema=TRANSFERS)


def _row(
    frame: pl.DataFrame, other: pl.DataFrame, targets: Sequence[float]
) -> list[dict[str, object]]:
    found, refused = {}, {}
    for target in targets:
        try:
            found[target] = threshold_at_fmr(frame, target)
        except InputError as error:
            refused[target] = str(error)
    cuts = [threshold.score for threshold in found.values()]
    measured = error_rates(other, cuts).rows(named=True) if cuts else []
    rates = dict(zip(found, measured, strict=True))
    people = pl.concat([other[f"subject_{side}"].cast(pl.String) for side in "ab"]).n_unique()
    common = {
        "model": frame["model"][0],
        "set_on": frame["image_set"][0],
        "used_on": other["image_set"][0],
        "subjects": people,
        "comparisons": int((~other["mated"]).sum()),
    }
    rows: list[dict[str, object]] = []
    for target in targets:
        row = {**common, "target": target, "why": refused.get(target)}
        if target in found:
            row |= rates[target]
            row |= {"fmr_there": found[target].fmr, "times": rates[target]["fmr"] / target}
        rows.append(row)
    return rows
