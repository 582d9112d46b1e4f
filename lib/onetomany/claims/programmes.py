"""Count programmes elsewhere by consent and outcome, and compare uptake, retention and rates.

The functions take the frames of `sources.elsewhere`. Its table is no sample, so nothing here is a
share of anything but the table, and counts have no interval. Rates of alarms and matches have exact
intervals (Clopper and Pearson, Biometrika 26:4, 1934), as if people or alarms were independent;
they are not, so the intervals are too narrow.
"""

from collections.abc import Sequence

import polars as pl

from onetomany.accuracy.intervals import clopper_pearson
from onetomany.errors import InputError, near

# hours; years of 365.25 days, months of a twelfth of one
_HOURS = {"hours": 1.0, "months": 730.5, "years": 8766.0}
_RULED = pl.col("outcome").str.contains(r"^(?:regulator|court): ")
_FELL = pl.col("ruling") == "fell"


def select_programmes(
    programmes: pl.DataFrame,
    *,
    region: str | None = None,
    setting: str | None = None,
    function: str | None = None,
    consent: str | None = None,
    ruling: str | None = None,
) -> pl.DataFrame:
    """Return the programmes of a region, setting, function, consent and ruling.

    None stands for all. Raises InputError for a word that no programme has, with those near it.
    """
    kept = programmes
    asked = {"region": region, "setting": setting, "functions": function, "consent": consent}
    for column, word in (asked | {"ruling": ruling}).items():
        if word is None:
            continue
        words = programmes[column].str.split(";")
        known = words.explode(empty_as_null=False).unique().sort().to_list()
        if word not in known:
            hint = near(word, known) or f": {', '.join(known)}"
            raise InputError(f"No programme has the {column} '{word}', but others are known{hint}.")
        kept = kept.filter(pl.col(column).str.split(";").list.contains(word))
    return kept


def consent_by_setting(programmes: pl.DataFrame) -> pl.DataFrame:
    """Count programmes by setting and category of consent.

    Returns `setting`, `consent`, their words (`setting_en` and so on) and `programmes`, with a row
    for each pair, 0 included. Settings with most programmes come first, so do categories.
    """
    return _crossed(programmes, "setting", "consent")


def claims_by_ruling(programmes: pl.DataFrame) -> pl.DataFrame:
    """Count programmes by the operator's claim and by the ruling, as `consent_by_setting`."""
    return _crossed(programmes, "claimed", "ruling")


def claimed_consent(programmes: pl.DataFrame) -> pl.DataFrame:
    """Return the programmes whose operator claims consent, those with a ruling first.

    Adds `ruled` (a regulator or a court said whether it is lawful) and `fell` (found unlawful or
    suspended). Consent of a camera's owner, for people who pass it, isn't counted as theirs.

    >>> from onetomany.sources.elsewhere import programmes
    >>> found = claimed_consent(programmes())
    >>> len(found), found["ruled"].sum(), found["fell"].sum()
    (19, 7, 5)
    """
    found = programmes.filter(claimed="consent").with_columns(ruled=_RULED, fell=_RULED & _FELL)
    order = ["ruled", "fell", "outcome_date", "id"]
    return found.sort(order, descending=[True, True, False, False], nulls_last=True)


def uptake(figures: pl.DataFrame) -> pl.DataFrame:
    """Return how many people took a programme if they were asked, smallest share first.

    Returns the columns of `figures` and `share`: count over whole if both were disclosed, else as
    stated; `counted` says which. Shares are of all passengers or crossings, not of a sample, so
    they have no interval. Answers to surveys are left out.
    """
    asked = figures.filter(pl.col("how").is_not_null() & (pl.col("unit") == "%"))
    counted = pl.col("count").is_not_null() & pl.col("of").is_not_null()
    share = pl.when(counted).then(pl.col("count") / pl.col("of")).otherwise(pl.col("value") / 100)
    return asked.with_columns(share=share, counted=counted).sort("share", "id")


def retention_durations(figures: pl.DataFrame) -> pl.DataFrame:
    """Return how long travellers' faces are kept, shortest first: `figures` and `hours`.

    Years have 365.25 days. Raises InputError for a unit that is no duration.
    """
    kept = figures.filter(table="retention_airport")
    if len(other := kept.filter(~pl.col("unit").is_in(list(_HOURS)))):
        raise InputError(
            f"The retention {other['id'][0]} is in {other['unit'][0]}: use {', '.join(_HOURS)}."
        )
    hours = pl.col("value") * pl.col("unit").replace_strict(_HOURS, return_dtype=pl.Float64)
    return kept.with_columns(hours=hours).sort("hours", "id")


def disclosed_rates(figures: pl.DataFrame, rates: pl.DataFrame) -> pl.DataFrame:
    """Return shares of disclosed counts with exact intervals.

    Returns `rate_en`, `rate_ko`, `count`, `of`, `share`, `low`, `high`, and `publisher`, `url`,
    `copy` and `confidence` of the count. `rates` names two ids of `figures` in each row.

    Raises InputError if a count is larger than its whole.
    """
    value = dict(figures.select("id", "value").iter_rows())
    sources = figures.select("id", "publisher", "url", "copy", "confidence")
    rows = []
    for row in rates.iter_rows(named=True):
        count, of = round(value[row["count"]]), round(value[row["of"]])
        found = clopper_pearson(count, of)
        rows.append(
            {**row, "id": row["count"], "count": count, "of": of, "share": count / of}
            | {"low": found.low, "high": found.high}
        )
    return pl.DataFrame(rows).join(sources, on="id", maintain_order="left").drop("id")


def named_programmes(programmes: pl.DataFrame, topics: pl.DataFrame) -> pl.DataFrame:
    """Return the programmes that readers' comments name, with `topic_en` and `topic_ko`.

    `topics` is `sources.elsewhere.commented_topics`.
    """
    named = topics.rename({"programme": "id"})
    return named.join(programmes, on="id", how="left", maintain_order="left")


def side_by_side(programmes: pl.DataFrame, ids: Sequence[str]) -> pl.DataFrame:
    """Return programmes as columns: `aspect_en`, `aspect_ko`, then `<id>_en` and `<id>_ko` each.

    Raises InputError for an id that isn't there.
    """
    aspects = {
        "name": ("programme", "사업"),
        "functions": ("functions", "기능"),
        "asked": ("how people were asked", "어떻게 물었나"),
        "legal": ("legal basis", "법적 근거"),
        "training": ("used for training", "학습에 사용"),
        "error": ("errors disclosed", "밝힌 오류"),
        "oversight": ("oversight", "감독"),
        "doubt": ("doubts", "의심스러운 점"),
    }
    out = pl.DataFrame(
        {
            "aspect_en": [en for en, _ in aspects.values()],
            "aspect_ko": [ko for _, ko in aspects.values()],
        }
    )
    for each in ids:
        one = programmes.filter(id=each)
        if not len(one):
            known = programmes["id"].to_list()
            raise InputError(f"No programme has the id '{each}'{near(each, known)}.")
        row = one.row(0, named=True)
        out = out.with_columns(
            pl.Series(f"{each}_{language}", [row[f"{name}_{language}"] for name in aspects])
            for language in ("en", "ko")
        )
    return out


def with_sources(programmes: pl.DataFrame, sources: pl.DataFrame) -> pl.DataFrame:
    """Return the programmes with their sources as columns, in the order of `sources`.

    Adds `source_1_en`, `source_1_ko` (publisher and date, and whether a copy was read) and
    `source_1_url`, and so on, null if a programme has fewer. `sources` is
    `sources.elsewhere.programme_sources`.
    """
    dated = pl.concat_str("publisher", pl.format(" ({})", "date"), ignore_nulls=True)
    numbered = sources.select(
        "programme",
        pl.int_range(1, pl.len() + 1).over("programme").alias("n"),
        en=dated + pl.when("copy").then(pl.lit(", read in a copy")).otherwise(pl.lit("")),
        ko=dated + pl.when("copy").then(pl.lit(", 사본으로 읽음")).otherwise(pl.lit("")),
        url="url",
    )
    for n in range(1, max(numbered["n"].to_list(), default=0) + 1):
        names = {part: f"source_{n}_{part}" for part in ("en", "ko", "url")}
        own = numbered.filter(n=n).drop("n").rename(names)
        programmes = programmes.join(
            own, left_on="id", right_on="programme", how="left", maintain_order="left"
        )
    return programmes


def _crossed(programmes: pl.DataFrame, first: str, second: str) -> pl.DataFrame:
    """Count programmes by two categories, every pair, the most frequent of each first."""
    sides = [
        programmes.group_by(name, f"{name}_en", f"{name}_ko")
        .agg(many=pl.len())
        .sort("many", name, descending=[True, False])
        .drop("many")
        for name in (first, second)
    ]
    counted = programmes.group_by(first, second).agg(programmes=pl.len().cast(pl.Int64))
    return (
        sides[0]
        .join(sides[1], how="cross", maintain_order="left_right")
        .join(counted, on=[first, second], how="left", maintain_order="left")
        .with_columns(pl.col("programmes").fill_null(0))
    )
