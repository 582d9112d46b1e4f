"""Load stored simulations of tracking that vary one condition at a time.

Five seeds for each setting would make chapter 05 slow, so `python -m benchmarks.dials` makes them
and stores the results with its command, date and version.
"""

import json
from importlib import resources
from typing import Any

import polars as pl

DIALS = {
    "dial": pl.String,  # the condition varied; the others stay
    "setting": pl.String,
    "method": pl.String,  # "path cover", or "naive" at the threshold that calibration sets
    "seeds": pl.Int64,  # simulated hours
    "idf1": pl.Float64,  # mean of the seeds
    "idf1_low": pl.Float64,  # lowest seed
    "idf1_high": pl.Float64,
    "mixed": pl.Float64,  # passengers in a track with somebody else, mean
    "mixed_low": pl.Float64,
    "mixed_high": pl.Float64,
    "broken": pl.Float64,  # passengers in more than one track, mean
    "broken_low": pl.Float64,
    "broken_high": pl.Float64,
}
Facts = dict[str, Any]


def stored_dials() -> tuple[pl.DataFrame, Facts]:
    """Return `DIALS`, means and ranges over seeds, with their command, date and version.

    Shares are of passengers of simulated hours.

    >>> table, facts = stored_dials()
    >>> facts["simulated"], bool((table["idf1_low"] <= table["idf1_high"]).all())
    (True, True)
    """
    folder = resources.files("onetomany.sources") / "data" / "dials"
    facts: Facts = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return _over_seeds(pl.read_csv((folder / "dials.csv").read_bytes())), facts


def _over_seeds(rows: pl.DataFrame) -> pl.DataFrame:
    """Return `DIALS` of one row for each dial, setting, seed and method, in their order."""
    names = ("idf1", "mixed", "broken")
    return (
        rows.group_by("dial", "setting", "method", maintain_order=True)
        .agg(
            pl.col("seed").n_unique().alias("seeds"),
            pl.col(*names).mean(),
            pl.col(*names).min().name.suffix("_low"),
            pl.col(*names).max().name.suffix("_high"),
        )
        .select(pl.col(name).cast(kind) for name, kind in DIALS.items())
    )
