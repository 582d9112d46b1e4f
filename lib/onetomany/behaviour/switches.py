"""Simulate identity switches: a tracker exchanges the ids of two people who meet."""

import numpy as np
import polars as pl

from onetomany.errors import InputError
from .motion import prepare_trajectories

EVERY_S = 1.0


def encounters(
    trajectories: pl.DataFrame, within_m: float, *, person: str = "true_id"
) -> pl.DataFrame:
    """Return when two people come near each other: `t` (s), `a`, `b`, by time.

    Checked once a second; one row each time a pair comes within `within_m` metres after a second or
    more apart. Raises InputError for a distance that isn't above 0, and as `prepare_trajectories`.
    """
    if not within_m > 0:
        raise InputError("People meet within a distance above 0 m.")
    frame = prepare_trajectories(trajectories, person)
    second = (pl.col("t") / EVERY_S).floor().cast(pl.Int64)
    places = (
        frame.with_columns(second=second)
        .unique(["person", "second"], keep="first", maintain_order=True)
        .with_columns(
            column=(pl.col("x") / within_m).floor().cast(pl.Int64),
            line=(pl.col("y") / within_m).floor().cast(pl.Int64),
        )
    )
    # people that near are in the same square of a grid or in a neighbouring one
    beside = places.with_columns(pl.col("column") + pl.lit([-1, 0, 1])).explode("column")
    beside = beside.with_columns(pl.col("line") + pl.lit([-1, 0, 1])).explode("line")
    apart = (pl.col("x") - pl.col("x_right")) ** 2 + (pl.col("y") - pl.col("y_right")) ** 2
    return (
        places.join(beside, on=["second", "column", "line"], suffix="_right")
        .filter(pl.col("person") < pl.col("person_right"), apart <= within_m**2)
        .select("second", "t", a="person", b="person_right")
        .sort("a", "b", "second")
        .filter((pl.col("second").diff().over("a", "b") != 1).fill_null(True))
        .select("t", "a", "b")
        .sort("t", "a", "b")
    )


def switched(
    trajectories: pl.DataFrame,
    chance: float,
    *,
    within_m: float = 1.0,
    seed: int = 0,
    person: str = "true_id",
) -> pl.DataFrame:
    """Return the trajectories with `hypothesis`: ids that are exchanged at some encounters.

    At each of `encounters` the two exchange their current ids with probability `chance`, and keep
    them until the next exchange. A simple model: real trackers switch more in crowds or in the
    dark, and lose people as well. The share of encounters is an assumption; `tracking.metrics`
    counts the switches of a real tracker.

    Raises InputError for a chance outside 0 to 1, and as `encounters` does.
    """
    if not 0 <= chance <= 1:
        raise InputError("The chance of a switch must be between 0 and 1.")
    met = encounters(trajectories, within_m, person=person)
    struck = np.random.default_rng(seed).random(met.height) < chance
    bears: dict[object, object] = {}
    changes = []
    for t, a, b in met.filter(pl.Series(struck)).iter_rows():  # switches follow on one another
        bears[a], bears[b] = bears.get(b, b), bears.get(a, a)
        changes += [(t, a, bears[a]), (t, b, bears[b])]
    kind = trajectories.schema[person]
    schema = pl.Schema({"t": pl.Float64(), person: kind, "hypothesis": kind})
    table = pl.DataFrame(changes, schema=schema, orient="row").sort("t", maintain_order=True)
    return (
        trajectories.with_columns(pl.col("t").cast(pl.Float64))
        .sort("t", person)
        .join_asof(table, on="t", by=person, strategy="backward", check_sortedness=False)
        .with_columns(pl.col("hypothesis").fill_null(pl.col(person)))
    )
