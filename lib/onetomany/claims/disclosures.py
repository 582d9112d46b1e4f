"""Count in disclosed logs who asked, how many matches came back, and how many were of others.

The functions take the frames of `sources.disclosed`. Blank cells are never dropped silently: a
share that depends on them comes with its lowest and highest possible value, all blanks counted
against it or for it (worst-case bounds: Manski, American Economic Review 80:2, 1990).

Intervals for Massachusetts are by agency, since requests of one agency are alike. The log has all
entries of its months, so an interval says how much the share depends on which agencies asked, not
how it would be in a larger log. It is rough where few agencies made most entries. Intervals of
alerts are exact (Clopper and Pearson, Biometrika 26:4, 1934) and assume independent alerts. Alerts
on one person or at one place are not independent, so these intervals are too narrow.
"""

import polars as pl

from onetomany.accuracy.intervals import clopper_pearson, ratio_interval
from onetomany.errors import InputError
from onetomany.sources.disclosed import KINDS, NOT_FILLED, PHOTO_ARRAY, SEARCH

NONE, ONE, SEVERAL = "none", "one", "several"
_IMAGES, _MATCHES = pl.col("images_searched"), pl.col("matches_returned")


def by_month(entries: pl.DataFrame, months: pl.DataFrame) -> pl.DataFrame:
    """Count entries by month and kind: `month`, `marked`, `kind`, `entries`.

    Each month has one row for each of KINDS. `entries` is null, not 0, in months that the log
    itself marks as missing. The arguments are `disclosed.massachusetts` and `disclosed.months`.

    Raises InputError if a month marked as missing has entries.
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
            f"The log marks {wrong['month'][0]:%Y-%m} as missing, but has entries for it."
        )
    return frame


def by_level(entries: pl.DataFrame) -> pl.DataFrame:
    """Count entries by level of government, most frequent first.

    Returns `level`, `entries`, `images`, `share` (of the entries), its interval by agency (`low`,
    `high`) and `method`.
    """
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
    """Count entries by agency, most frequent first.

    Returns `body` (null: none named), `level` (its most frequent one), `entries`, `searches`,
    `images`, `share` (of the entries) and `running` (cumulative share).
    """
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
    """Return the share of the `top` agencies in all entries, in one row.

    Returns `top`, `agencies`, `entries`, `share`, `low` and `high`. The bounds count all entries
    that name no agency outside the top, or all in it.

    Raises InputError if the log names fewer agencies than `top`.
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


def search_outcomes(
    entries: pl.DataFrame, *, photo_arrays: bool = False, missing: int = 0
) -> pl.DataFrame:
    """Count searches by their number of matches: none, one, several.

    Returns `outcome`, `searches`, `share`, its interval by agency (`low`, `high`), `method`,
    `unknown`, and the bounds `least` and `most`.

    Unknown are searches without a number of matches and entries that are not filled in; with
    `photo_arrays` also entries marked under 'photo array', which may have been searches; and
    `missing` more for the months that the log lacks, a number the log itself doesn't limit. Each
    may have been no search, or a search with any outcome; `least` and `most` cover all of these.

    Raises InputError if no entry has both numbers, or if `missing` is negative.
    """
    searched = pl.col("kind") == SEARCH
    unclear = pl.col("kind").is_in([NOT_FILLED, PHOTO_ARRAY] if photo_arrays else [NOT_FILLED])
    known = entries.filter(searched & _MATCHES.is_not_null())
    unknown = entries.filter((searched & _MATCHES.is_null()) | unclear).height + missing
    if known.is_empty() or missing < 0:
        raise InputError(
            "Outcomes need an entry with images searched and a number of matches, and a number of "
            "missing entries of 0 or more."
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
    """Count matches that must be people who were not searched for.

    Returns, by `matches` returned (1 and more): `searches`, `records` (matches in all), `others`
    (a lower bound of other people), `others_if_one` (the same, if all images of a search show one
    person) and `listing` (searches with at least one such match).

    A search of i images looks for at most i people, so at least max(0, m - i) of m people returned
    are others. All m may be: the log doesn't say if the right person was found. The bound counts
    each match as a different person. It is 0 if a match is a picture or a licence, of which one
    person may have several. The transcriber read the column as the number of requests that matched;
    that is impossible if m > i, the case in which the bound is above 0.
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
    """Return the shares of matches and searches that must concern other people.

    Returns `what`, `count`, `of`, `share`, its interval by agency (`low`, `high`) and `method`.
    The row `records` counts matches that must be other people. The row `searches` counts, of the
    searches with a match, those that list such a person. Both shares are lower bounds.
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


def deployments(holyhead: pl.DataFrame, reported: pl.DataFrame) -> pl.DataFrame:
    """Return the British deployments in one table, oldest first, Holyhead's eight rows summed.

    The columns are those of `sources.disclosed.REPORTED` from `id` to `arrests`.
    """
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
    """Return false alerts per alert and per face, with exact intervals.

    Returns `id`, `per` (alert, face), `false_least`, `false_most`, `trials`, `low`, `high` and
    `told`. `table` comes from `deployments`. `told` is false if the number of false alerts isn't
    stated, or doesn't add up with the true ones to all alerts. Then `false_least` and `false_most`
    differ, since the unstated alerts may all be false or none, and the interval reaches from the
    lower end for the least to the upper end for the most. A deployment without a number of alerts,
    or of faces, has no row for it.
    """
    left = pl.col("alerts") - pl.col("true_alerts")
    stated = pl.col("false_alerts")
    long = table.with_columns(
        false_least=pl.min_horizontal(stated.fill_null(0), left),
        false_most=pl.max_horizontal(stated, pl.coalesce(left, stated, "alerts")),
        told=stated.is_not_null() & (stated == pl.coalesce(left, stated)),
    ).filter(pl.col("false_most").is_not_null())
    rows = []
    for per in ("alert", "face"):
        counted = long.with_columns(per=pl.lit(per), trials=f"{per}s")
        known = counted.filter(pl.col("trials") >= pl.col("false_most").clip(1))
        columns = ("id", "per", "false_least", "false_most", "trials")
        for row in known.select(*columns, "told").iter_rows(named=True):
            low = clopper_pearson(row["false_least"], row["trials"]).low
            high = clopper_pearson(row["false_most"], row["trials"]).high
            told = row.pop("told")
            rows.append({**row, "low": low, "high": high, "told": told})
    return pl.DataFrame(rows)


def check_published(
    published: pl.DataFrame, entries: pl.DataFrame, holyhead: pl.DataFrame, reported: pl.DataFrame
) -> pl.DataFrame:
    """Compare each published figure with the one computed from the same data.

    Returns the columns of `sources.disclosed.published_totals`, `ours` and `agrees` (whether ours
    lies within the rounding of the statement).

    Raises InputError if a published figure has no computation here.
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
    """Return a ratio of sums with its interval by agency; entries that name none are clusters."""
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
