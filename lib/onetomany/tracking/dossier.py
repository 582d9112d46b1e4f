"""Compile a system's record of one supposed person: where, when, near whom, how surely.

For simulated people only. The number of a hypothesis is not a name. The frame shows how uncertain
its links are.
"""

from typing import Any

import numpy as np
import polars as pl

from onetomany.errors import InputError
from .tracks import Association, with_hypotheses

RADIUS = 3.0  # m

DOSSIER: dict[str, Any] = {
    "hypothesis": pl.Int64,
    "sighting_id": pl.Int64,
    "camera_id": pl.String,
    "t_start": pl.Float64,
    "t_end": pl.Float64,
    "x": pl.Float64,
    "y": pl.Float64,
    "llr_face": pl.Float64,  # of the link from the sighting before; null for the first
    "llr_transit": pl.Float64,
    "llr_bounded": pl.Float64,
    "probability": pl.Float64,  # of that link; see `tracks.LINKS`
    "chain": pl.Float64,  # the product so far: that all of it is one person's, links independent
    "rivals": pl.Int64,
    "beside": pl.List(pl.Int64),  # other hypotheses in the picture at the time, within RADIUS
}


def dossier(
    sightings: pl.DataFrame, found: Association, hypothesis: int, *, radius: float = RADIUS
) -> pl.DataFrame:
    """Return one track as `DOSSIER`, in order of time. `true_id` is not read.

    `beside` lists sightings of the same camera that overlap in time, `radius` metres or less apart
    in the mean. Raises InputError for a hypothesis that isn't there, or for tracks of the naive
    method, whose links have no order.
    """
    own = found.tracks.filter(pl.col("hypothesis") == hypothesis)
    if own.is_empty():
        raise InputError(f"There is no hypothesis {hypothesis}: {len(found.tracks):,} were found.")
    if (found.links["method"] == "naive").any():
        raise InputError("Naive links have no order in time: make a dossier of a path cover.")
    everybody = with_hypotheses(sightings, found.tracks).drop_nulls("hypothesis")
    link = found.links.drop("feasible", "method", "score", "sighting_a")
    rows = (
        everybody.filter(pl.col("hypothesis") == hypothesis)
        .sort("t_start", "t_end", "camera_id", "sighting_id")
        .join(link, left_on="sighting_id", right_on="sighting_b", how="left", maintain_order="left")
        .with_columns(chain=pl.col("probability").fill_null(1.0).cum_prod())
    )
    others = everybody.filter(pl.col("hypothesis") != hypothesis)
    others = others.filter(pl.col("camera_id").is_in(rows["camera_id"].unique().implode()))
    near = rows.join(others, on="camera_id", suffix="_other").filter(
        pl.col("t_start_other") <= pl.col("t_end"),
        pl.col("t_end_other") >= pl.col("t_start"),
        (pl.col("x") - pl.col("x_other")).pow(2) + (pl.col("y") - pl.col("y_other")).pow(2)
        <= radius**2,
    )
    beside = near.group_by("sighting_id").agg(beside=pl.col("hypothesis_other").unique().sort())
    nobody = pl.lit(np.empty(0, np.int64)).implode()
    return (
        rows.join(beside, on="sighting_id", how="left", maintain_order="left")
        .with_columns(pl.col("beside").fill_null(nobody))
        .select(pl.col(name).cast(kind) for name, kind in DOSSIER.items())
    )
