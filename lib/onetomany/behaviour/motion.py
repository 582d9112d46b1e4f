"""Trajectories as the rules take them, and the places that rules speak of."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from ..errors import InputError

GAP_S = 2.0  # unseen for longer than this, and a person's movement begins anew
ZONES = {
    "zone": pl.String,
    "x_low": pl.Float64,  # m
    "y_low": pl.Float64,
    "x_high": pl.Float64,
    "y_high": pl.Float64,
}
ONE_WAY = ZONES | {"dx": pl.Float64, "dy": pl.Float64}  # the direction allowed, of any length
GATES = {
    "gate": pl.String,
    "x1": pl.Float64,  # m, the ends of a line
    "y1": pl.Float64,
    "x2": pl.Float64,
    "y2": pl.Float64,
}


@dataclass(frozen=True)
class Site:
    """Where rules hold: one-way zones (ONE_WAY), gate lines (GATES), waiting areas (ZONES)."""

    one_way: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ONE_WAY))
    gates: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=GATES))
    waiting: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ZONES))

    def __post_init__(self) -> None:
        for name, schema in (("one_way", ONE_WAY), ("gates", GATES), ("waiting", ZONES)):
            frame = getattr(self, name)
            if not set(schema) <= set(frame.columns):
                raise InputError(f"Site.{name} needs the columns {', '.join(schema)}.")


def prepared(trajectories: pl.DataFrame, person: str = "true_id") -> pl.DataFrame:
    """Positions in order, with the unbroken stretches of each person's movement.

    Takes columns `person`, `t` (s), `x`, `y` (m), in any order of rows; others are dropped.
    Returns `person` (under that name), `t`, `x`, `y`, `stretch`: a number that changes with the
    person, and where somebody was unseen for more than GAP_S seconds.

    Raises InputError where a column is missing, a position is null or not finite, or somebody is
    at two places at once.
    """
    wanted = ["person", "t", "x", "y"]
    missing = [name for name in (person, "t", "x", "y") if name not in trajectories.columns]
    if missing:
        raise InputError(f"The trajectories lack the columns {', '.join(missing)}.")
    frame = trajectories.select(
        pl.col(person).alias("person"), pl.col("t", "x", "y").cast(pl.Float64)
    ).sort("person", "t")
    bad = frame.filter(
        pl.any_horizontal(pl.col(wanted).is_null(), ~pl.col("t", "x", "y").is_finite())
    )
    if bad.height:
        raise InputError(f"{bad.height:,} positions hold a value that is missing or not finite.")
    same = (pl.col("person") == pl.col("person").shift()).fill_null(False)
    twice = frame.filter(same & (pl.col("t") == pl.col("t").shift()))
    if twice.height:
        raise InputError(
            f"'{twice['person'][0]}' is at two places at {twice['t'][0]:g} s: one position for "
            f"each {person} and time."
        )
    return frame.with_columns(
        stretch=(~same | (pl.col("t").diff() > GAP_S)).fill_null(True).cum_sum().cast(pl.Int64)
    )


def thinned(frame: pl.DataFrame, every_s: float = 1.0) -> pl.DataFrame:
    """The first position of each step of `every_s` seconds, counted from its stretch's start."""
    # rounded, so that a clock that starts elsewhere gives the same steps
    since = (pl.col("t") - pl.col("t").first().over("stretch")).round(6)
    step = (since / every_s).floor().cast(pl.Int64)
    new = (step != step.shift()) | (pl.col("stretch") != pl.col("stretch").shift())
    return frame.filter(new.fill_null(True))


def outside(frame: pl.DataFrame, zones: pl.DataFrame) -> pl.DataFrame:
    """Positions outside of all zones; a stretch ends where a person enters one."""
    if not zones.height:
        return frame
    inside = pl.any_horizontal(within(zone) for zone in zones.iter_rows(named=True))
    marked = frame.with_columns(inside=inside)
    turn = (pl.col("inside") != pl.col("inside").shift()).fill_null(True)
    apart = turn | (pl.col("stretch") != pl.col("stretch").shift()).fill_null(True)
    return marked.with_columns(stretch=apart.cum_sum().cast(pl.Int64)).filter(~pl.col("inside"))


def within(zone: dict[str, float]) -> pl.Expr:
    """Whether a position lies in a zone, its edges included."""
    return pl.col("x").is_between(zone["x_low"], zone["x_high"]) & pl.col("y").is_between(
        zone["y_low"], zone["y_high"]
    )


def before(frame: pl.DataFrame, seconds: float) -> pl.DataFrame:
    """Each position beside the one its person had `seconds` earlier on the same stretch.

    Where there was none at that moment the last one before it is taken, up to a quarter of
    `seconds` older; positions without any are left out. Adds `t_before`, `x_before`, `y_before`,
    and so for any further column.
    """
    earlier = frame.drop("person").with_columns(key=pl.col("t"))
    # a microsecond for what subtracting times rounds off
    found = frame.with_columns(key=pl.col("t") - seconds + 1e-6).join_asof(
        earlier,
        on="key",
        by="stretch",
        strategy="backward",
        tolerance=seconds / 4,
        suffix="_before",
        check_sortedness=False,
    )
    return found.filter(pl.col("t_before").is_not_null())
