"""Join a face search with the attributes stored with each face.

Attributes shrink the list that a face is compared with; the face singles out one of those who share
them. The result is a probability with an interval, not a bare match.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from onetomany.accuracy.identification import SEARCHES, dealt, require_searches
from onetomany.accuracy.intervals import Floats, Interval, rate_ratio, ratio_interval
from onetomany.errors import InputError
from onetomany.gallery import Band, Gallery, gallery_of
from onetomany.gallery.cells import COLUMNS
from onetomany.progress import ProgressBar
from onetomany.sources import Datasheet

FALSE_CANDIDATES = {
    "columns": pl.String,  # columns that restrict the search, joined by ' + '; 'none' without
    "records": pl.Float64,  # in the whole list
    "searched": pl.Float64,  # records left, the mean over the people searched
    "fmr": pl.Float64,  # among them; null if nobody is left
    "candidates": pl.Float64,  # false ones of one search, the mean over people
    "a_day": pl.Float64,
}
POSTERIOR = {
    "gallery_size": pl.Int64,
    "threshold": pl.Float64,
    "prior": pl.Float64,
    "posterior": pl.Float64,  # null if nobody reached the threshold
    "low": pl.Float64,
    "high": pl.Float64,
    "right": pl.Float64,  # of searches of enrolled people: own record first, and high enough
    "wrong": pl.Float64,  # of the same: somebody else's is
    "false": pl.Float64,  # of searches of people who are not enrolled: anybody's is
    "mated_subjects": pl.Int64,
    "non_mated_subjects": pl.Int64,
    "method": pl.String,
}


def filtered_false_candidates(
    crowds: pl.DataFrame,
    *,
    records: float,
    fmr: float,
    searches_a_day: float,
    within: Sequence[float] | None = None,
) -> pl.DataFrame:
    """Return false candidates before and after restricting a search (FALSE_CANDIDATES).

    `crowds` (rows of `crowds.crowds`) are the restrictions, of a table in which everybody is
    searched equally often, each among those who share their values; the row 'none' is added first.
    Mean crowds without the person are scaled to `records`; the person's other trips stay in them.
    Expected false candidates are records searched x FMR, whether or not comparisons depend on each
    other; `fmr` is that of the whole list.

    `within` gives, for each restriction, how many times as often two people who share its columns
    match falsely as any two. Without it all pairs are alike, which is the most a filter can do. A
    restricted search never finds more candidates than the whole search: larger values are cut to
    that, and `fmr` is lowered to match.

    Raises InputError for a table of one row, rates or numbers that can't be, or a wrong number of
    `within`.
    """
    times = [1.0] * len(crowds) if within is None else list(within)
    if len(times) != len(crowds):
        raise InputError(f"{len(crowds)} restrictions and {len(times)} factors: give one for each.")
    if min(records - 1, fmr, searches_a_day, *times) < 0 or fmr > 1:
        raise InputError(
            "false_candidates needs 1 record or more, an FMR from 0 to 1, and no negative number."
        )
    if (crowds["rows"] < 2).any():
        raise InputError("false_candidates needs the crowds of a table of two rows or more.")
    searched = pl.col("searched")
    shown = crowds.select(
        "columns", searched=(pl.col("mean") - 1) / (pl.col("rows") - 1) * (records - 1)
    ).with_columns(factor=pl.Series(times, dtype=pl.Float64))
    whole = pl.DataFrame({"columns": ["none"], "searched": [records - 1.0], "factor": [1.0]})
    left = pl.min_horizontal(searched * fmr * pl.col("factor"), searched, (records - 1) * fmr)
    return (
        pl.concat([whole, shown])
        .with_columns(records=pl.lit(float(records)), candidates=left)
        .with_columns(
            fmr=pl.when(searched > 0).then(pl.col("candidates") / searched),
            a_day=pl.col("candidates") * searches_a_day,
        )
        .select(pl.col(name).cast(kind) for name, kind in FALSE_CANDIDATES.items())
    )


def joined_searches(
    templates: pl.DataFrame,
    datasheet: Datasheet,
    attributes: pl.DataFrame,
    columns: Sequence[str],
    *,
    folds: int = 4,
    seed: int = 0,
) -> pl.DataFrame:
    """Search as `accuracy.open_set`, among entries that share the probe's `columns`.

    On research faces only, with SIMULATED `attributes` (`subject_id` and any columns, a row a
    subject). The same subjects, images and folds as `open_set` with this seed; without columns it
    is `open_set`. If no enrolled person shares the attributes, `other_score` is -inf. Returns
    SEARCHES; `gallery_size` is that of the whole gallery.

    Raises InputError for other columns than a `Band` knows, or ones that `attributes` lack.
    """
    if set(columns) - {*COLUMNS}.intersection(attributes.columns):
        raise InputError(f"A search can be restricted by {', '.join(COLUMNS)}, if they are given.")
    frames = []
    for fold, entries, probes in dealt(templates, folds, 1, seed):
        people = gallery_of(entries, datasheet, attributes, attributes_are="simulated")
        frames.append(_outcome(people, probes, attributes, columns).with_columns(fold=pl.lit(fold)))
    return pl.concat(frames).select(pl.col(name).cast(kind) for name, kind in SEARCHES.items())


def posterior(
    searches: pl.DataFrame, thresholds: Sequence[float] | Floats, priors: Sequence[float] | Floats
) -> pl.DataFrame:
    """Return the probability that a first candidate above the threshold is the right person.

    By Bayes' rule from SEARCHES: prior x right / (prior x (right + wrong) + (1 - prior) x false).
    `priors` are the probabilities, before the search, that the person searched for is in the list
    at all; the reader states them. A row for each threshold and prior (POSTERIOR), `gallery_size`
    being the mean. Intervals come from those of the three shares, each by person
    (`accuracy.rate_ratio`).

    Raises InputError for priors outside 0 to 1, or without both kinds of searches.
    """
    require_searches(searches)
    cuts, chances = (np.asarray(each, dtype=np.float64) for each in (thresholds, priors))
    if not ((chances >= 0) & (chances <= 1)).all():
        raise InputError("A prior is a probability, from 0 to 1.")
    if searches["mated"].n_unique() != 2:
        raise InputError("A posterior needs searches of people in the list and of others.")
    codes = searches["subject_id"].rank("dense").to_numpy().astype(np.int64) - 1
    people = int(codes.max()) + 1
    mated = searches["mated"].to_numpy()
    first = (searches["mate_rank"] == 1).fill_null(False).to_numpy()
    mate = searches["mate_score"].fill_null(-np.inf).to_numpy()
    other = searches["other_score"].to_numpy()
    subjects = [searches.filter(mated=kind)["subject_id"].n_unique() for kind in (True, False)]
    size = round(float(searches["gallery_size"].mean()))  # type: ignore[arg-type]
    rows = []
    for cut in cuts:
        right = mated & first & (mate >= cut)
        shares, found = [], []
        for outcome, kind in (
            (right, mated),
            (mated & ~right & (other >= cut), mated),
            (~mated & (other >= cut), ~mated),
        ):
            hits, of = (np.bincount(codes, each, people) for each in (outcome, kind))
            shares.append(float(hits.sum() / of.sum()))
            found.append(ratio_interval(hits, of))
        for prior in chances:
            *known, method = _limits(shares, found, float(prior), subjects)
            rows.append((size, float(cut), float(prior), *known, *shares, *subjects, method))
    return pl.DataFrame(rows, schema=POSTERIOR, orient="row")


def posterior_by_size(
    searches: pl.DataFrame, thresholds: Sequence[float] | Floats, priors: Sequence[float] | Floats
) -> pl.DataFrame:
    """Return `posterior` at each gallery size of `accuracy.growth`, from small to large.

    If templates don't depend on attributes, as synthetic ones, a list filtered to n records is like
    any list of n records: so a size can be read as the size after filtering.
    """
    require_searches(searches)
    parts = searches.partition_by("gallery_size", as_dict=True)
    sizes = ProgressBar(sorted(parts.items()), desc="gallery sizes", delay=2, leave=False)
    return pl.concat(posterior(part, thresholds, priors) for _, part in sizes)


def _limits(
    shares: list[float], found: list[Interval], prior: float, subjects: list[int]
) -> tuple[float | None, float | None, float | None, str]:
    """Return posterior and limits from the shares right, wrong, false and their intervals.

    The odds are prior x right over prior x wrong + (1 - prior) x false; the sum below has its
    limits from those of its parts (Zou and Donner, Statistics in Medicine 27:1693, 2008).
    """
    right, wrong, false = shares
    weights = (prior, prior, 1 - prior)
    above, *below = (
        Interval(each.low * weight, each.high * weight, each.method)
        for each, weight in zip(found, weights, strict=True)
    )
    parts = (prior * wrong, (1 - prior) * false)
    against = sum(parts)
    if not prior * right + against > 0:
        return None, None, None, "none: nobody reached the threshold"
    reach = [
        sum((part - getattr(each, end)) ** 2 for part, each in zip(parts, below, strict=True))
        ** 0.5
        for end in ("low", "high")
    ]
    limits = Interval(max(against - reach[0], 0.0), against + reach[1], "")
    _, low, high = rate_ratio(prior * right, above, against, limits)
    value = prior * right / (prior * right + against)
    low_share, high_share = (1.0 if odds is None else odds / (1 + odds) for odds in (low, high))
    return value, low_share, high_share, f"by person, {sum(subjects)} subjects"


def _outcome(
    people: Gallery, probes: pl.DataFrame, attributes: pl.DataFrame, columns: Sequence[str]
) -> pl.DataFrame:
    """Search each probe of a fold among those who share its columns (SEARCHES without `fold`)."""
    known = probes.join(attributes, on="subject_id", how="left", maintain_order="left")
    parts = known.partition_by(columns, as_dict=True) if columns else {(): known}
    found = pl.concat(
        people.search(part.select(probes.columns), k=len(people), where=_band(columns, values))
        for values, part in parts.items()
    )
    is_mate = pl.col("subject_id") == pl.col("probe_subject_id")
    outcome = found.group_by("probe_id").agg(
        mate_rank=pl.col("rank").filter(is_mate).min(),
        mate_score=pl.col("score").filter(is_mate).max().cast(pl.Float64),
        other_score=pl.col("score").filter(~is_mate).max().cast(pl.Float64),
    )
    asked = probes.select(
        pl.col("template_id").alias("probe_id"),
        "subject_id",
        mated=pl.col("subject_id").is_in(people.entries["subject_id"].to_list()),
        gallery_size=pl.lit(len(people)),
    )
    return asked.join(outcome, on="probe_id", how="left", maintain_order="left").with_columns(
        pl.col("other_score").fill_null(-np.inf)
    )


def _band(columns: Sequence[str], values: tuple[object, ...]) -> Band | None:
    """Return the band of exactly these values; an unknown value leaves its column open."""
    if not columns:
        return None
    own = dict(zip(columns, values, strict=True))
    nation, sex, year = (own.get(name) for name in COLUMNS)
    return Band(
        None if nation is None else (str(nation),),
        None if sex is None else (str(sex),),
        None if not isinstance(year, int) else (year, year),
    )
