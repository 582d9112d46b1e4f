"""Measure one-to-many searches: one face against all enrolled ones.

Closed set (every probe's person is enrolled): the rank of the right person (CMC). Open set (some
are not, as most travellers are on no list): FPIR, the share of non-mated probes with at least one
candidate at or above the threshold; FNIR, the share of mated probes whose own person is not among
the first R candidates at or above it. ISO/IEC 19795-1:2021; NIST IR 8271.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from onetomany.errors import InputError
from onetomany.faces import require_templates
from onetomany.gallery import gallery_of
from onetomany.sources import Datasheet
from onetomany.sources.tables import require_schema
from .comparisons import finite_templates
from .dependence import GALLERY_SIDE, Probes
from .intervals import Flags, Floats, nested_limits, rate_columns, unseen

SEARCHES = {
    "fold": pl.Int32,
    "probe_id": pl.String,
    "subject_id": pl.String,
    "mated": pl.Boolean,  # whether the probe's subject is enrolled in this fold's gallery
    "gallery_size": pl.Int32,
    "mate_rank": pl.Int32,  # null for non-mated probes
    "mate_score": pl.Float64,
    "other_score": pl.Float64,  # of the best candidate of another person
}


def leave_one_out(templates: pl.DataFrame) -> pl.DataFrame:
    """Search each image against all others, a closed set (`SEARCHES`, `GALLERY_SIDE`, fold 0).

    `mate_rank` is that of the person's best-placed other image. Subjects with a single usable
    image can't be probes.
    """
    vectors = finite_templates(templates)
    subjects = templates["subject_id"].to_numpy()
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -np.inf)
    same = subjects[:, None] == subjects[None, :]
    np.fill_diagonal(same, False)
    mate = np.where(same, scores, -np.inf).max(axis=1)
    strangers = np.where(same, -np.inf, scores)
    best = strangers.argmax(axis=1)
    third = np.where(subjects[None, :] == subjects[best][:, None], -np.inf, strangers).max(axis=1)
    # every image, of anybody, that scores higher ranks before the mate
    rank = 1 + (scores > mate[:, None]).sum(axis=1)
    return pl.DataFrame(
        {
            "fold": 0,
            "probe_id": templates["template_id"],
            "subject_id": templates["subject_id"],
            "mated": True,
            "gallery_size": len(templates) - 1,
            "mate_rank": rank,
            "mate_score": mate,
            "other_score": strangers.max(axis=1),
            "other_subject": subjects[best],
            "next_score": third,
        },
        schema_overrides=SEARCHES | GALLERY_SIDE,
    ).filter(pl.col("mate_score").is_finite())


def open_set(
    templates: pl.DataFrame,
    datasheet: Datasheet,
    *,
    folds: int = 4,
    enrolled_images: int = 1,
    seed: int = 0,
) -> pl.DataFrame:
    """Search galleries with people who are enrolled and people who aren't.

    Subjects are divided into `folds` groups at random. In each fold one group is not enrolled, and
    all its images are non-mated probes; of every other subject `enrolled_images` images, drawn at
    random, are enrolled, and the others are mated probes. So each subject is non-mated once and
    mated folds - 1 times. Returns `SEARCHES` and `GALLERY_SIDE`.

    Raises InputError with fewer than two folds, or fewer subjects than folds.
    """
    searches = []
    for fold, entries, probes in dealt(templates, folds, enrolled_images, seed):
        gallery = gallery_of(entries, datasheet)
        candidates = gallery.search(probes, k=len(gallery))
        searches.append(_outcome(candidates, fold, len(gallery)))
    return pl.concat(searches)


def dealt(
    templates: pl.DataFrame, folds: int, enrolled_images: int, seed: int
) -> Iterator[tuple[int, pl.DataFrame, pl.DataFrame]]:
    """Yield each fold's number, its enrolled templates and its probes: see `open_set`.

    Raises InputError with fewer than two folds, or fewer subjects than folds.
    """
    require_templates(templates)
    subjects = templates["subject_id"].unique().sort().to_list()
    if not 2 <= folds <= len(subjects):
        raise InputError(f"Subjects can be divided into 2 to {len(subjects)} folds, not {folds}.")
    rng = np.random.default_rng(seed)
    group = dict(zip(subjects, rng.permutation(len(subjects)) % folds, strict=True))
    lots = templates.with_columns(
        group=pl.col("subject_id").replace_strict(group, return_dtype=pl.Int32),
        lot=pl.Series(rng.random(len(templates))),
    ).with_columns(place=pl.col("lot").rank("ordinal").over("subject_id"))
    for fold in range(folds):
        enrolled = (pl.col("group") != fold) & (pl.col("place") <= enrolled_images)
        yield (
            fold,
            lots.filter(enrolled).select(templates.columns),
            lots.filter(~enrolled).select(templates.columns),
        )


def _outcome(candidates: pl.DataFrame, fold: int, gallery_size: int) -> pl.DataFrame:
    is_mate = pl.col("subject_id") == pl.col("probe_subject_id")
    best = pl.col("subject_id").filter(~is_mate).sort_by(pl.col("score").filter(~is_mate)).last()
    return (
        candidates.group_by("probe_id", maintain_order=True)
        .agg(
            subject_id=pl.col("probe_subject_id").first(),
            mated=is_mate.any(),
            mate_rank=pl.col("rank").filter(is_mate).min(),
            mate_score=pl.col("score").filter(is_mate).max(),
            other_score=pl.col("score").filter(~is_mate).max(),
            other_subject=best,
            next_score=pl.col("score").filter(~is_mate, pl.col("subject_id") != best).max(),
        )
        .with_columns(fold=pl.lit(fold), gallery_size=pl.lit(gallery_size))
        .select(pl.col(name).cast(kind) for name, kind in (SEARCHES | GALLERY_SIDE).items())
    )


def require_searches(searches: pl.DataFrame) -> None:
    """Raise InputError unless a frame has rows, and the columns of `SEARCHES` that rates need."""
    counted = ("mated", "gallery_size", "mate_rank", "mate_score", "other_score")
    wanted = {"subject_id": None} | {name: SEARCHES[name] for name in counted}
    require_schema(searches, wanted, "The searches")


def cmc(searches: pl.DataFrame, ranks: int = 20) -> pl.DataFrame:
    """Return the share of mated probes whose person has rank r or better, with its interval.

    Columns: `rank`, `identified`, `low`, `high`, `method`, `probes`, `subjects`. With
    `GALLERY_SIDE` the interval of rank 1 allows for other people in the gallery, too.

    Raises InputError as `require_searches`, and without a mated probe.
    """
    require_searches(searches)
    mated = searches.filter("mated")
    if mated.is_empty():
        raise InputError("There is no mated search: ranks need probes of enrolled people.")
    place, at = mated["mate_rank"].to_numpy(), np.arange(1, ranks + 1, dtype=np.int32)
    missed = place[:, None] > at
    # at rank 1 one other person caused a miss if without them the mate would be first
    sole = missed.copy()
    sole[:, 1:] = False
    if set(GALLERY_SIDE) <= set(mated.columns):
        sole[:, 0] &= ~(_third(mated) >= mated["mate_score"].to_numpy())
    found = _rates(mated, missed, sole)
    return found.select(
        rank=pl.Series(at),
        identified=1 - pl.col("rate"),
        low=1 - pl.col("high"),
        high=1 - pl.col("low"),
        method="method",
        probes="probes",
        subjects="subjects",
    )


def open_set_rates(
    searches: pl.DataFrame, thresholds: Sequence[float] | Floats, *, rank: int = 1
) -> pl.DataFrame:
    """Return FPIR and FNIR at each threshold with confidence intervals.

    Columns: `threshold`, then `fpir`, `fpir_low`, `fpir_high`, `fnir`, `fnir_low`, `fnir_high`,
    `non_mated_probes`, `mated_probes`, `gallery_size` (the mean over folds), `method`. With
    `GALLERY_SIDE` both the people searched and those in the gallery count as a random sample;
    without it `method` says that the gallery is taken as it was.

    Raises InputError without both kinds of probes, or with a score or threshold that is NaN.
    """
    cuts = np.asarray(thresholds, dtype=np.float64)
    require_searches(searches)
    non_mated, mated = searches.filter(~pl.col("mated")), searches.filter("mated")
    if not len(non_mated) or not len(mated):
        raise InputError("Open-set rates need both mated and non-mated probes.")
    best, mate = non_mated["other_score"].to_numpy(), mated["mate_score"].to_numpy()
    if any(np.isnan(each).any() for each in (cuts, best, mate)):
        raise InputError("A threshold or a search's score is not a number (NaN).")
    alarms, sole_alarms = false_alarms(non_mated, cuts)
    missed, outranked = missed_searches(mated, cuts, rank)
    frames = [pl.DataFrame({"threshold": cuts})]
    for name, probes, errors, sole in (
        ("fpir", non_mated, alarms, sole_alarms),
        ("fnir", mated, missed, outranked),
    ):
        rates = _rates(probes, errors, sole, people=searches["subject_id"])
        ends = zip(rate_columns(name), ("rate", "low", "high"), strict=True)
        frames.append(rates.select(pl.col(found).alias(column) for column, found in ends))
    return pl.concat(frames, how="horizontal").with_columns(
        non_mated_probes=pl.lit(len(non_mated)),
        mated_probes=pl.lit(len(mated)),
        gallery_size=pl.lit(searches["gallery_size"].mean()),
        method=rates["method"],
    )


def false_alarms(non_mated: pl.DataFrame, cuts: Floats) -> tuple[Flags, Flags]:
    """Return which searches raise an alarm at each threshold, and which by one person alone.

    Both (probes, thresholds).
    """
    alarms = non_mated["other_score"].to_numpy()[:, None] >= cuts
    if not set(GALLERY_SIDE) <= set(non_mated.columns):
        return alarms, alarms
    return alarms, alarms & ~(_third(non_mated)[:, None] >= cuts)


def missed_searches(mated: pl.DataFrame, cuts: Floats, rank: int) -> tuple[Flags, Flags]:
    """Return which searches miss their person at each threshold, and which by one person alone.

    Both (probes, thresholds).
    """
    mate = mated["mate_score"].to_numpy()
    first = (mated["mate_rank"].to_numpy() <= rank)[:, None]
    reached = mate[:, None] >= cuts
    missed = ~(first & reached)
    outranked = missed & reached & (rank == 1)
    if set(GALLERY_SIDE) <= set(mated.columns):
        outranked &= ~(_third(mated) >= mate)[:, None]
    return missed, outranked


def _third(probes: pl.DataFrame) -> Floats:
    return np.asarray(probes["next_score"].fill_null(-np.inf).to_numpy())


def _rates(
    probes: pl.DataFrame, errors: Flags, sole: Flags, people: pl.Series | None = None
) -> pl.DataFrame:
    """Return the share of errors (probes, points) at each point, with intervals by person.

    `sole` are those that one other person in the gallery caused alone; another gallery would have
    another person instead. `people` are all who may be in the gallery.
    """
    counted = Probes(probes, people)
    found = [counted.dependence(*each) for each in zip(errors.T, sole.T, strict=True)]
    share, subjects = np.array([each.rate for each in found]), counted.subjects
    low, high = nested_limits(
        share, [each.spread() for each in found], unseen(subjects), float(counted.total)
    )
    side = "" if counted.both_sides else ", the gallery taken as it was"
    return pl.DataFrame({"rate": share, "low": low, "high": high}).with_columns(
        method=pl.lit(f"by person, {subjects} subjects{side}"),
        probes=pl.lit(counted.total),
        subjects=pl.lit(subjects),
    )
