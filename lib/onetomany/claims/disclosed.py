"""What the disclosed logs say: who asked, what came back, how often for somebody else.

Pure functions on the frames of `sources.disclosed`. A blank cell is never dropped in silence: a
share that hangs on one is given with the least and the most that it could be if every blank were
filled against it or for it (worst-case bounds: Manski, American Economic Review 80:2, 1990).

An interval of Massachusetts is by agency, since one agency's requests are alike.
The log holds all entries of its months, so the interval doesn't speak of a larger log: it says how
much a share hangs on which agencies happened to ask. With few agencies behind most entries it is
rough. An interval of alerts is exact (Clopper and Pearson, Biometrika 26:4, 1934) and takes them
as independent, which alerts on one person or at one place are not: it is too narrow.
"""

from __future__ import annotations

import polars as pl
from scipy import stats

from ..accuracy.intervals import Interval, ratio_interval
from ..confidence import TAIL
from ..errors import InputError
from ..sources.disclosed import KINDS, NOT_FILLED, PHOTO_ARRAY, SEARCH

NONE, ONE, SEVERAL = "none", "one", "several"
_IMAGES, _MATCHES = pl.col("images_searched"), pl.col("matches_returned")


def by_month(entries: pl.DataFrame, months: pl.DataFrame) -> pl.DataFrame:
    """Entries by month and kind: `month`, `marked`, `kind`, `entries`, a row for each of KINDS.

    `entries` is null, not 0, in a month that the log says it doesn't hold. Takes
    `sources.disclosed.massachusetts` and `months`. Raises InputError where a month marked as
    missing has entries.
    """
    counted = entries.group_by("month", "kind").agg(entries=pl.len().cast(pl.Int64))
    frame = (
        months.join(pl.DataFrame({"kind": KINDS}), how="cross")
        .join(counted, on=["month", "kind"], how="left", maintain_order="left")
        .with_columns(
            pl.when(pl.col("marked").is_null())
            .then(pl.col("entries").fill_null(0))
            .otherwise("entries")
        )
    )
    wrong = frame.filter(pl.col("marked").is_not_null() & pl.col("entries").is_not_null())
    if len(wrong):
        raise InputError(
            f"The log marks {wrong['month'][0]:%Y-%m} as missing, but has entries of it."
        )
    return frame


def by_level(entries: pl.DataFrame) -> pl.DataFrame:
    """Who asked, by level of government: `level`, `entries`, `images`, `share` (of the entries),
    `low`, `high`, `method` (by agency), the most frequent first."""
    rows = [
        {
            "level": level,
            "entries": len(own),
            "images": own["images_searched"].sum(),
            **_ratio(entries, (pl.col("level") == level).cast(pl.Int64), pl.lit(1)),
        }
        for (level,), own in entries.group_by("level")
    ]
    return pl.DataFrame(rows).sort("entries", "level", descending=[True, False])


def by_agency(entries: pl.DataFrame) -> pl.DataFrame:
    """Who asked, by agency: `body` (null: none named), `level` (its most frequent), `entries`,
    `searches`, `images`, `share` of the entries, `running` share, the most frequent first."""
    return (
        entries.group_by("body")
        .agg(
            level=pl.col("level").mode().sort().first(),
            entries=pl.len().cast(pl.Int64),
            searches=(pl.col("kind") == SEARCH).sum().cast(pl.Int64),
            images=_IMAGES.sum(),
        )
        .sort("entries", "body", descending=[True, False], nulls_last=True)
        .with_columns(share=pl.col("entries") / pl.col("entries").sum())
        .with_columns(running=pl.col("share").cum_sum())
    )


def concentration(entries: pl.DataFrame, top: int = 5) -> pl.DataFrame:
    """Share of the `top` agencies in all entries, one row: `top`, `agencies`, `entries`, `share`,
    `low`, `high`.

    The bounds put the entries that name no agency outside the top, or all into it.
    """
    named = by_agency(entries).filter(pl.col("body").is_not_null())
    if not 1 <= top <= len(named):
        raise InputError(f"The log names {len(named)} agencies: ask for the top 1 to {len(named)}.")
    first, total = int(named["entries"].head(top).sum()), len(entries)
    unknown = total - int(named["entries"].sum())
    return pl.DataFrame(
        {
            "top": [top],
            "agencies": [len(named)],
            "entries": [total],
            "share": [first / (total - unknown)],
            "low": [first / total],
            "high": [(first + unknown) / total],
        }
    )


def outcomes(
    entries: pl.DataFrame, *, photo_arrays: bool = False, missing: int = 0
) -> pl.DataFrame:
    """How many matches a search gave: `outcome` (none, one, several), `searches`, `share`, `low`,
    `high`, `method` (by agency), `unknown`, `least`, `most` (bounds).

    Unknown are searches without a number of matches and entries that tell nothing; with
    `photo_arrays` also those marked under 'photo array', in case they were searches after all; and
    so many that are `missing` with the months that the log doesn't hold, which the log itself
    doesn't bound. Each may have been no search, or one with any outcome: `least` and `most` hold
    for all of these.
    """
    searched = pl.col("kind") == SEARCH
    unclear = pl.col("kind").is_in([NOT_FILLED, PHOTO_ARRAY] if photo_arrays else [NOT_FILLED])
    known = entries.filter(searched & _MATCHES.is_not_null())
    unknown = entries.filter((searched & _MATCHES.is_null()) | unclear).height + missing
    if known.is_empty() or missing < 0:
        raise InputError(
            "Outcomes need an entry with both images searched and a number of matches, and 0 or "
            "more missing ones."
        )
    total = known.height + unknown
    conditions = {NONE: _MATCHES == 0, ONE: _MATCHES == 1, SEVERAL: _MATCHES > 1}
    return pl.DataFrame(
        [
            {
                "outcome": outcome,
                "searches": (count := known.filter(condition).height),
                **_ratio(known, condition.cast(pl.Int64), pl.lit(1)),
                "unknown": unknown,
                "least": count / total,
                "most": (count + unknown) / total,
            }
            for outcome, condition in conditions.items()
        ]
    )


def others_listed(entries: pl.DataFrame) -> pl.DataFrame:
    """How many of the matches returned must be people who were not searched for.

    Columns, by `matches` returned (1 and more): `searches`, `records` (matches in all), `others`
    (at least so many are other people), `others_if_one` (if all images of a search show one
    person), `listing` (searches with at least one such match).

    A search of i images seeks i people at most, and each is one of the m people returned at most:
    at least max(0, m - i) are others. At most all m are: whether anybody was found the log doesn't
    say. The lower bound takes every match for another person. It falls to 0 if a match is a picture
    or a licence, and one person has several. The transcriber's reading, the number of requests that
    matched, can't hold where m > i, and that is where the bound is above 0.
    """
    excess, if_one = (_MATCHES - _IMAGES).clip(0), (_MATCHES - 1).clip(0)
    return (
        entries.filter((pl.col("kind") == SEARCH) & (_MATCHES > 0))
        .group_by(matches="matches_returned")
        .agg(
            searches=pl.len().cast(pl.Int64),
            records=_MATCHES.sum(),
            others=excess.sum(),
            others_if_one=if_one.sum(),
            listing=(excess > 0).sum().cast(pl.Int64),
        )
        .sort("matches")
    )


def others_share(entries: pl.DataFrame) -> pl.DataFrame:
    """For an innocent, as shares: `what`, `count`, `of`, `share`, `low`, `high`, `method`.

    `records`: those returned that must be of other people, at least. `searches`: those with
    matches that list at least one such. Intervals by agency; both are lower bounds themselves.
    """
    found = entries.filter((pl.col("kind") == SEARCH) & (_MATCHES > 0))
    excess = (_MATCHES - _IMAGES).clip(0)
    parts = {"records": (excess, _MATCHES), "searches": ((excess > 0).cast(pl.Int64), pl.lit(1))}
    return pl.DataFrame(
        [
            {
                "what": what,
                "count": int(found.select(top.sum()).item()),
                "of": int(found.select(bottom.sum() if what == "records" else pl.len()).item()),
                **_ratio(found, top, bottom),
            }
            for what, (top, bottom) in parts.items()
        ]
    )


def exact(count: int, trials: int) -> Interval:
    """Return the exact interval of a share of independent trials.

    The method is Clopper and Pearson's (Biometrika 26:404, 1934).

    Raises InputError where there are no trials, or more counted than tried.
    """
    if not 0 <= count <= trials or trials < 1:
        raise InputError(f"{count} of {trials} is no share: count 0 to as many as were tried.")
    low = stats.beta.ppf(TAIL, count, trials - count + 1) if count else 0.0
    high = stats.beta.ppf(1 - TAIL, count + 1, trials - count) if count < trials else 1.0
    return Interval(float(low), float(high), f"Clopper-Pearson, {trials} trials")


def deployments(holyhead: pl.DataFrame, reported: pl.DataFrame) -> pl.DataFrame:
    """The British figures in one table, Holyhead's eight rows as their sum: the columns of
    `sources.disclosed.REPORTED` from `id` to `arrests`, the oldest first."""
    columns = reported.columns[: reported.columns.index("arrests") + 1]
    summed = holyhead.select(
        id=pl.lit("ie-2025-11"),
        force=pl.lit("Immigration Enforcement"),
        event_en=pl.lit("port of Holyhead, eight deployments"),
        event_ko=pl.lit("홀리헤드항 8회 운용"),
        first_day=pl.col("first_day").min(),
        last_day=pl.col("last_day").max(),
        deployments=pl.len().cast(pl.Int64),
        watchlist=pl.col("watchlist").max(),
        **{
            name: pl.col(name).sum()
            for name in ("faces", "alerts", "true_alerts", "false_alerts", "arrests")
        },
    )
    return pl.concat([reported.select(columns), summed.select(columns)]).sort("last_day", "id")


def false_alerts(table: pl.DataFrame) -> pl.DataFrame:
    """How often an alert was false, of the alerts and of the faces: `id`, `per` (alert, face),
    `false_least`, `false_most`, `trials`, `low`, `high`, `told`.

    Takes `deployments`. `told` is false where the false ones aren't told, or are told so that they
    and the true ones don't add up to the alerts. Then `false_least` and `false_most` differ, and
    the interval reaches from the lower end for the least to the upper end for the most: untold
    ones may be none, or all that aren't told to be true. A row without the number of alerts, or of
    faces, has no row for it.
    """
    left = pl.col("alerts") - pl.col("true_alerts")
    stated = pl.col("false_alerts")
    long = table.with_columns(
        false_least=pl.min_horizontal(stated.fill_null(0), left),
        false_most=pl.max_horizontal(stated, pl.coalesce(left, stated, "alerts")),
        told=stated.is_not_null() & (stated == pl.coalesce(left, stated)),
    ).filter(pl.col("false_most").is_not_null())
    rows = []
    for per, column in (("alert", "alerts"), ("face", "faces")):
        for row in long.filter(pl.col(column) >= pl.col("false_most").clip(1)).iter_rows(
            named=True
        ):
            trials = row[column]
            rows.append(
                {
                    "id": row["id"],
                    "per": per,
                    "false_least": row["false_least"],
                    "false_most": row["false_most"],
                    "trials": trials,
                    "low": exact(row["false_least"], trials).low,
                    "high": exact(row["false_most"], trials).high,
                    "told": row["told"],
                }
            )
    return pl.DataFrame(rows)


def checks(
    published: pl.DataFrame, entries: pl.DataFrame, holyhead: pl.DataFrame, reported: pl.DataFrame
) -> pl.DataFrame:
    """Our figure beside each published one: the columns of `sources.disclosed.published`, `ours`
    and `agrees` (whether ours is within what the statement, as rounded, allows).

    Raises InputError where a statement can be computed from nothing here.
    """
    level = dict(entries["level"].value_counts().iter_rows())
    one = {row["id"]: row for row in reported.iter_rows(named=True)}
    over = entries.filter((pl.col("kind") == SEARCH) & (_MATCHES > _IMAGES))
    computed: dict[str, float] = {
        "ma_numbers": len(entries),
        "ma_in_state": (level.get("State", 0) + level.get("Local", 0)) / len(entries),
        "ma_federal": level.get("Federal", 0) / len(entries),
        "ma_no_level": level.get("Not stated", 0),
        "ma_meaning": len(over),
        "hh_deployments": len(holyhead),
        "hh_faces": int(holyhead["faces"].sum()),
        "hh_alerts": int(holyhead["alerts"].sum()),
        "hh_arrests": int(holyhead["arrests"].sum()),
        "hh_cameras": int(holyhead["cameras"].max() or 0),  # type: ignore[arg-type]
        "met_faces_rate": one["met-2024-2025"]["false_alerts"] / one["met-2024-2025"]["faces"],
        "met_alerts_rate": one["met-2024-2025"]["false_alerts"] / one["met-2024-2025"]["alerts"],
        "oc_share": one["met-2020-02-27"]["false_alerts"] / one["met-2020-02-27"]["alerts"],
        "swp_share": one["swp-2017"]["false_alerts"] / one["swp-2017"]["alerts"],
        "swp_twice": one["swp-2017"]["alerts"],
    }
    parts = pl.col("parts").str.split(";").cast(pl.List(pl.Float64)).list.sum()
    figures = pl.DataFrame({"id": list(computed), "ours": [float(x) for x in computed.values()]})
    frame = published.join(figures, on="id", how="left", maintain_order="left").with_columns(
        ours=pl.coalesce(parts, "ours")
    )
    if len(lost := frame.filter(pl.col("ours").is_null())):
        raise InputError(f"Nothing here computes the published figure '{lost['id'][0]}'.")
    return frame.with_columns(agrees=pl.col("ours").is_between("low", "high"))


def _ratio(entries: pl.DataFrame, top: pl.Expr, bottom: pl.Expr) -> dict[str, float | str]:
    """A ratio of sums with its interval by agency; an entry that names none is its own cluster."""
    cluster = pl.coalesce("body", pl.format("entry {}", "place"))
    sums = (
        entries.select(cluster=cluster, top=top, bottom=bottom)
        .group_by("cluster")
        .agg(pl.col("top", "bottom").sum())
        .sort("cluster")
    )
    above, below = sums["top"].to_numpy(), sums["bottom"].to_numpy()
    found = ratio_interval(above, below)
    return {
        "share": float(above.sum() / below.sum()),
        "low": found.low,
        "high": found.high,
        "method": found.method.replace("by person", "by agency").replace("subjects", "agencies"),
    }
