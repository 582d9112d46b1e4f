"""Check and split trajectories for the rules, and describe the rules' places."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from onetomany.errors import InputError
from onetomany.sources.tables import require_columns, values_in_words
from .plausible import check_units, find_jumps

GAP_S = 2.0  # unseen for longer than this, a person's movement starts again
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
    """Describe one-way zones (ONE_WAY), gate lines (GATES) and waiting areas (ZONES)."""

    one_way: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ONE_WAY))
    gates: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=GATES))
    waiting: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ZONES))

    def __post_init__(self) -> None:
        for name, schema in (("one_way", ONE_WAY), ("gates", GATES), ("waiting", ZONES)):
            frame = getattr(self, name)
            if not set(schema) <= set(frame.columns):
                raise InputError(f"Site.{name} needs the columns {', '.join(schema)}.")


def prepare_trajectories(
    trajectories: pl.DataFrame, person: str = "true_id", *, seconds: bool = False
) -> pl.DataFrame:
    """Return positions in order, with the unbroken stretches of each person's movement.

    Takes columns `person`, `t` (s), `x`, `y` (m), in any order of rows; others are dropped. Returns
    `person` (under that name), `t`, `x`, `y`, `stretch`: a number that changes with the person, and
    after more than GAP_S seconds unseen. `seconds` says that whole numbers in `t` are seconds, even
    if everybody moves very slowly. Raises InputError if a column is missing, a position is null or
    not finite, somebody is at two places at once or jumps impossibly far, or speeds show that units
    are not metres and seconds (`plausible`). Errors count rows from 1, or show the column `line` if
    the frame has one.
    """
    frame = split_stretches(trajectories, person)
    if (bad := find_jumps(frame)).height:
        first = bad.row(0, named=True)
        check_units(frame, GAP_S, seconds=seconds)  # report a wrong unit before its jumps
        raise InputError(
            f"{row_place(trajectories, first)}: '{first['person']}' moves {first['far']:.3g} m in "
            f"{first['dt']:.3g} s, which is impossible: two people under one id, or a wrong "
            "unit; give "
            "them two ids or leave the row out."
        )
    check_units(frame, GAP_S, seconds=seconds)
    return frame.drop("where")


def split_stretches(trajectories: pl.DataFrame, person: str = "true_id") -> pl.DataFrame:
    """Return positions as `prepare_trajectories` does, with `where`, units unchecked.

    `where` is the number of the line or row (`row_place`): a text for each of millions of positions
    takes longer than all checks. Raises InputError as `prepare_trajectories` does, except for units
    and jumps.
    """
    require_columns(trajectories, (person, "t", "x", "y"), "The trajectories")
    place = pl.col("line") if "line" in trajectories.columns else pl.int_range(1, pl.len() + 1)
    numbered = trajectories.select(
        pl.col(person).alias("person"), *(_number(trajectories, name) for name in ("t", "x", "y")),
        where=place,
    )  # fmt: skip
    bad = numbered.filter(
        pl.any_horizontal(
            pl.col("person", "t", "x", "y").is_null(), ~pl.col("t", "x", "y").is_finite()
        )
    )
    if bad.height:
        at = row_place(trajectories, bad.row(0, named=True))
        more = f", as in {bad.height:,} rows" if bad.height > 1 else ""
        raise InputError(
            f"{at}: a value is missing or not finite{more}; leave out people while they are not "
            "seen."
        )
    frame = numbered.sort("person", "t")
    same = (pl.col("person") == pl.col("person").shift()).fill_null(False)
    twice = frame.filter(same & (pl.col("t") == pl.col("t").shift()))
    if twice.height:
        first = twice.row(0, named=True)
        many = f" ({twice.height:,} rows in all)" if twice.height > 1 else ""
        en, ko = _why_twice(frame, twice)
        at = row_place(trajectories, first)
        raise InputError(
            f"{at}: '{first['person']}' is at two places at {first['t']:g} s{many}; "
            f"one position for each {person} and time. {en}",
            f"{at}: '{first['person']}'가 {first['t']:g}초에 두 곳에 있다{many}. {ko}",
        )
    return frame.with_columns(
        stretch=(~same | (pl.col("t").diff() > GAP_S)).fill_null(True).cum_sum().cast(pl.Int64)
    )


def row_place(trajectories: pl.DataFrame, row: Mapping[str, Any]) -> str:
    """Return the place of a row of `split_stretches` in its source: 'Line 7' or 'Row 7'."""
    return f"{'Line' if 'line' in trajectories.columns else 'Row'} {row['where']}"


def _why_twice(frame: pl.DataFrame, twice: pl.DataFrame) -> tuple[str, str]:
    """Return the likely reason why somebody is at two places at once."""
    if frame["person"].n_unique() == 1:
        return (
            f"All rows have the id {frame['person'][0]}: people have no ids of their own.",
            f"모든 줄의 id가 {frame['person'][0]}이다. 사람마다 다른 id가 있어야 한다.",
        )
    same = frame.select(~pl.struct("person", "t", "x", "y").is_first_distinct()).to_series().sum()
    if twice.height > frame.height / 3 and same < twice.height / 2:
        return (
            "So many have: t is likely rounded to whole seconds, or in hours or days; write "
            "seconds with their decimals.",
            "이런 줄이 많다. t를 초 단위로 반올림했거나 시간이나 일로 적은 듯하니, 초를 소수점 "
            "아래까지 적어야 한다.",
        )
    return (
        "A row occurs twice, or two people have one id.",
        "줄이 두 번 적혔거나 두 사람에게 같은 id가 붙어 있다.",
    )


def _number(trajectories: pl.DataFrame, name: str) -> pl.Expr:
    """Return a column as numbers; refuse clock times and text."""
    kind = trajectories.schema[name]
    if kind.is_numeric() or kind == pl.Null:
        return pl.col(name).cast(pl.Float64)
    if kind.is_temporal():
        raise InputError(
            f"The column {name} contains {values_in_words(kind)}: give seconds as numbers, such as "
            f"(pl.col('{name}') - pl.col('{name}').min()).dt.total_microseconds() / 1e6."
        )
    raise InputError(
        f"The column {name} contains {values_in_words(kind)}: read the column as numbers."
    )


def thin_positions(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the first position of each second from its stretch's start."""
    # rounded, so that a clock that starts elsewhere gives the same steps
    since = (pl.col("t") - pl.col("t").first().over("stretch")).round(6)
    step = since.floor().cast(pl.Int64)
    new = (step != step.shift()) | (pl.col("stretch") != pl.col("stretch").shift())
    return frame.filter(new.fill_null(True))


def positions_outside(frame: pl.DataFrame, zones: pl.DataFrame) -> pl.DataFrame:
    """Return positions outside of all zones; a stretch ends when a person enters one."""
    if not zones.height:
        return frame
    inside = pl.any_horizontal(in_zone(zone) for zone in zones.iter_rows(named=True))
    marked = frame.with_columns(inside=inside)
    turn = (pl.col("inside") != pl.col("inside").shift()).fill_null(True)
    apart = turn | (pl.col("stretch") != pl.col("stretch").shift()).fill_null(True)
    return marked.with_columns(stretch=apart.cum_sum().cast(pl.Int64)).filter(~pl.col("inside"))


def in_zone(zone: dict[str, float]) -> pl.Expr:
    """Return whether a position is in a zone, its edges included."""
    return pl.col("x").is_between(zone["x_low"], zone["x_high"]) & pl.col("y").is_between(
        zone["y_low"], zone["y_high"]
    )


def pair_with_earlier(frame: pl.DataFrame, seconds: float) -> pl.DataFrame:
    """Pair each position with the one `seconds` earlier on the same stretch.

    Without a position at that moment, takes the last one before it, up to a quarter of `seconds`
    older; positions without any are left out. Adds `t_before`, `x_before`, `y_before`, and so for
    any further column.
    """
    earlier = frame.drop("person").with_columns(key=pl.col("t"))
    # a microsecond against rounding of subtracted times
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
