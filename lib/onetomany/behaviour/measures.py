"""Measure each rule's quantity: every person's most extreme value, and its time.

A rule is computed once, as a quantity, not once per threshold: a person flagged at one threshold is
flagged at every laxer one, and a whole range of thresholds costs nothing. All in columns; loops go
over zones, gates or seconds, never over people or positions.
"""

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
import polars as pl

from onetomany.errors import InputError
from onetomany.sources.tables import require_columns
from .motion import (
    Site,
    in_zone,
    pair_with_earlier,
    positions_outside,
    prepare_trajectories,
    thin_positions,
)
from .rules import Rule

OBJECTS = ("object_id", "owner", "t", "x", "y")
_FOUND = {"person": None, "t_start": pl.Float64, "t_end": pl.Float64, "value": pl.Float64}


def measure(
    trajectories: pl.DataFrame,
    rules: Mapping[str, Rule],
    site: Site,
    *,
    person: str = "true_id",
    objects: pl.DataFrame | None = None,
    seconds: bool = False,
) -> pl.DataFrame:
    """Return each rule's quantity for each person whom it could judge, at its most extreme.

    `trajectories` has `person` (a column of true or of hypothesised ids), `t` (s), `x`, `y` (m).
    Returns `rule`, `person` (under its name), `t_start`, `t_end` (s), `value`, `unit`, `upto`: one
    row for each rule and person who was in sight long enough, in the rule's zone, to be judged
    (`_judgeable`); a null value if there was nothing to measure (such as no second person at
    the gate). `upto` is the strictest threshold at which they could be flagged, infinite except for
    loitering. If somebody has one value twice, the earlier is returned. A rule without its gate or
    zone in `site` has no row.

    'belongings' needs `objects` (`object_id`, `owner`, `t`, `x`, `y`; owners as in `person`) and is
    left out without them: trajectories alone can't show that somebody leaves an object. `seconds`
    as in `prepare_trajectories`.

    Raises InputError for trajectories that `prepare_trajectories` refuses, or objects without their
    columns.
    """
    frame = prepare_trajectories(trajectories, person, seconds=seconds)
    outside = cache(lambda: thin_positions(positions_outside(frame, site.waiting)))
    absent = {
        "reverse": site.one_way.is_empty(),
        "together": site.gates.is_empty(),
        "belongings": objects is None,
    }
    found = []
    for name, rule in rules.items():
        if absent.get(name):
            continue
        places = outside() if name in _OUTSIDE else frame
        if name == "belongings" and objects is not None:
            seen = rows = _belongings(frame, rule, objects)
        elif name == "together":
            seen = _crossings(frame, site.gates)
            rows = _together(seen, rule)
        else:
            seen = rows = _MEASURES[name](places, rule, site)
        could = _judgeable(places, seen, rule, site, objects)
        most = _extreme_of_each(rows, rule)
        found.append(
            could.join(most, on="person", how="left", maintain_order="left").with_columns(
                rule=pl.lit(name), unit=pl.lit(rule.unit)
            )
        )
    kinds = {"rule": pl.String, **_FOUND, "person": frame.schema["person"], "unit": pl.String}
    empty = pl.DataFrame(schema=kinds | {"upto": pl.Float64})
    whole = pl.concat([empty, *(part.select(empty.columns) for part in found)])
    return whole.select("rule", pl.col("person").alias(person), *list(_FOUND)[1:], "unit", "upto")


def _extreme_of_each(rows: pl.DataFrame, rule: Rule) -> pl.DataFrame:
    """Return each person's most extreme measurement, the earlier of equal ones."""
    best = pl.col("value").max() if rule.flagged == "above" else pl.col("value").min()
    return (
        rows.select(*_FOUND)
        .filter(pl.col("value") == best.over("person"))
        .sort("person", "t_start")
        .unique("person", keep="first", maintain_order=True)
    )


def _judgeable(
    frame: pl.DataFrame,
    rows: pl.DataFrame,
    rule: Rule,
    site: Site,
    objects: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Return the people a rule could have flagged: `person`, `upto`.

    Takes the positions that the rule looks at and its values; of 'together' its crossings. 'dash':
    in sight for over_s; 'reverse': twice within a one-way zone on one visit; 'together': crossed a
    gate line; 'loitering': in sight outside waiting areas, `upto` being for how long (s);
    'wandering': so for over_s; 'belongings': owns an object.
    """
    longest = pl.lit(float("inf"))
    if rule.rule == "reverse":
        parts = [
            frame.filter(in_zone(zone))
            .group_by("person", "stretch")
            .len()
            .filter(pl.col("len") > 1)
            for zone in site.one_way.iter_rows(named=True)
        ]
        could = pl.concat(parts)
    elif rule.rule == "loitering":
        could = frame.group_by("person", "stretch").agg(
            longest=pl.col("t").max() - pl.col("t").min()
        )
        longest = pl.col("longest")
    elif rule.rule == "belongings" and objects is not None:
        owners = objects["owner"].cast(frame.schema["person"]).implode()
        could = frame.filter(pl.col("person").is_in(owners))
    else:
        could = rows
    return could.group_by("person").agg(upto=longest.max()).sort("person")


def _dash(frame: pl.DataFrame, rule: Rule, site: Site) -> pl.DataFrame:
    pairs = pair_with_earlier(frame, rule.settings["over_s"])
    return pairs.select(
        "person",
        t_start="t_before",
        t_end="t",
        value=_apart("x_before", "y_before") / (pl.col("t") - pl.col("t_before")),
    )


def _reverse(frame: pl.DataFrame, rule: Rule, site: Site) -> pl.DataFrame:
    parts = []
    numbered = frame.with_row_index("row")
    for zone in site.one_way.iter_rows(named=True):
        length = float(np.hypot(zone["dx"], zone["dy"]))
        if length == 0:
            raise InputError(f"The one-way zone '{zone['zone']}' has no direction.")
        ahead = (pl.col("x") * zone["dx"] + pl.col("y") * zone["dy"]) / length
        # a visit ends when a person leaves the zone or is lost from sight
        new = (pl.col("row").diff() != 1) | (pl.col("stretch") != pl.col("stretch").shift())
        parts.append(
            numbered.filter(in_zone(zone))
            .with_columns(ahead=ahead, visit=new.fill_null(True).cum_sum())
            .with_columns(farthest=pl.col("ahead").cum_max().over("visit"))
            .with_columns(
                t_start=pl.when(pl.col("ahead") == pl.col("farthest"))
                .then("t")
                .forward_fill()
                .over("visit")
            )
            .select("person", "t_start", t_end="t", value=pl.col("farthest") - pl.col("ahead"))
            .filter(pl.col("value") > 0)
        )
    return pl.concat(parts)


def _together(crossings: pl.DataFrame, rule: Rule) -> pl.DataFrame:
    # people whose gap is at most `high` are in the same slot of time or in neighbouring ones
    slot = (pl.col("t") / rule.high).floor().cast(pl.Int64)
    one = crossings.with_columns(slot=slot)
    other = one.with_columns(slot=pl.col("slot") + pl.lit([-1, 0, 1])).explode("slot")
    gap = (pl.col("t") - pl.col("t_right")).abs()
    return (
        one.join(other, on=["gate", "forward", "slot"], suffix="_right")
        .filter(pl.col("person") != pl.col("person_right"))
        .filter(
            gap <= rule.high,
            (pl.col("along") - pl.col("along_right")).abs() <= rule.settings["within_m"],
        )
        .select(
            "person",
            t_start=pl.min_horizontal("t", "t_right"),
            t_end=pl.max_horizontal("t", "t_right"),
            value=gap,
        )
    )


def _crossings(frame: pl.DataFrame, gates: pl.DataFrame) -> pl.DataFrame:
    """Return crossings of gate lines: `gate`, `person`, `t`, `along` (m), `forward`."""
    stretch, t, x, y = (frame[name].to_numpy() for name in ("stretch", "t", "x", "y"))
    same = stretch[1:] == stretch[:-1]
    parts = []
    for number, gate in enumerate(gates.iter_rows(named=True)):
        x1, y1, x2, y2 = (gate[name] for name in ("x1", "y1", "x2", "y2"))
        length = float(np.hypot(x2 - x1, y2 - y1))
        if length == 0:
            raise InputError(f"The gate '{gate['gate']}' is a point: its two ends must differ.")
        ux, uy = (x2 - x1) / length, (y2 - y1) / length
        side = ux * (y - y1) - uy * (x - x1)
        beyond = side >= 0  # the line itself too, so that a person on it crosses once
        was = np.flatnonzero((beyond[1:] != beyond[:-1]) & same)
        now = was + 1
        part = side[was] / (side[was] - side[now])
        before, after = (ux * (x[at] - x1) + uy * (y[at] - y1) for at in (was, now))
        along = before + part * (after - before)
        crossed = pl.DataFrame(
            {
                "person": frame["person"].gather(now),
                "gate": gates["gate"].new_from_index(number, len(now)),
                "t": t[was] + part * (t[now] - t[was]),
                "along": along,
                "forward": beyond[now],
            }
        )
        parts.append(crossed.filter(pl.col("along").is_between(0, length)))
    return pl.concat(parts)


def _loitering(places: pl.DataFrame, rule: Rule, site: Site) -> pl.DataFrame:
    stretch, t, x, y = (places[name].to_numpy() for name in ("stretch", "t", "x", "y"))
    last = np.arange(len(places))  # the last position still near the one a stay begins with
    alive = np.arange(len(places))
    step = 0
    while len(alive):  # one round a second of stay; those who walked on drop out
        step += 1
        alive = alive[alive + step < len(places)]
        now = alive + step
        near = np.hypot(x[now] - x[alive], y[now] - y[alive]) <= rule.settings["within_m"]
        alive = alive[near & (stretch[now] == stretch[alive]) & (t[now - 1] - t[alive] < rule.high)]
        last[alive] = alive + step
    return places.select(
        "person", t_start="t", t_end=pl.Series(t[last]), value=pl.Series(t[last] - t)
    )


def _wandering(places: pl.DataFrame, rule: Rule, site: Site) -> pl.DataFrame:
    places = places.with_columns(
        walked=_apart(pl.col("x").shift(), pl.col("y").shift()).over("stretch").fill_null(0)
    )
    places = places.with_columns(pl.col("walked").cum_sum().over("stretch"))
    pairs = pair_with_earlier(places, rule.settings["over_s"]).with_columns(
        way=pl.col("walked") - pl.col("walked_before")
    )
    longer = pl.col("way") >= rule.settings["at_least_m"]
    return pairs.select(
        "person",
        t_start="t_before",
        t_end="t",
        value=pl.when(longer).then(
            pl.col("way") / _apart("x_before", "y_before").clip(lower_bound=1.0)
        ),
    )


def _belongings(frame: pl.DataFrame, rule: Rule, objects: pl.DataFrame) -> pl.DataFrame:
    require_columns(objects, OBJECTS, "The objects")
    owners = frame.select("person", "x", "y", "t", key="t")
    seen = (
        objects.select(
            "object_id",
            pl.col("owner").alias("person").cast(frame.schema["person"]),
            pl.col("t", "x", "y").cast(pl.Float64),
            key=pl.col("t").cast(pl.Float64),
        )
        .sort("object_id", "t")
        .join_asof(
            owners.sort("key"),
            on="key",
            by="person",
            strategy="nearest",
            tolerance=1.0,
            suffix="_before",
            check_sortedness=False,
        )
    )
    alone = (_apart("x_before", "y_before") > rule.settings["beyond_m"]).fill_null(True)
    same = pl.col("object_id") == pl.col("object_id").shift()
    marked = seen.with_columns(alone=alone)
    turn = (pl.col("alone") != pl.col("alone").shift()) | ~same
    return (
        marked.with_columns(run=turn.fill_null(True).cum_sum())
        .filter("alone")
        .group_by("run", maintain_order=True)
        .agg(pl.col("person").first(), t_start=pl.col("t").first(), t_end=pl.col("t").last())
        .with_columns(value=pl.col("t_end") - pl.col("t_start"))
    )


def _apart(x: str | pl.Expr, y: str | pl.Expr) -> pl.Expr:
    """Return the metres between each position and another."""
    x, y = (pl.col(each) if isinstance(each, str) else each for each in (x, y))
    return ((pl.col("x") - x) ** 2 + (pl.col("y") - y) ** 2).sqrt()


_OUTSIDE = ("loitering", "wandering")  # rules that look at positions outside of waiting areas
_MEASURES: dict[str, Callable[[pl.DataFrame, Rule, Site], pl.DataFrame]] = {
    "dash": _dash,
    "reverse": _reverse,
    "loitering": _loitering,
    "wandering": _wandering,
}
