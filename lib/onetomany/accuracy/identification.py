"""One to many: one face against everybody's.

Closed set (every probe's person is enrolled): at which rank the right person stands (CMC).
Open set (some are not, as most travellers are on no list): FPIR, the share of non-mated probes
that raise at least one candidate at or above the threshold; FNIR, the share of mated probes whose
own person is not among the first R candidates at or above it. ISO/IEC 19795-1:2021; NIST IR 8271.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..errors import InputError
from ..gallery import gallery_of
from ..sources import Datasheet
from .intervals import interval, subject_draws
from .verification import REPLICATES

Floats = NDArray[np.float64]

SEARCHES = {
    "fold": pl.Int32,
    "probe_id": pl.String,
    "subject_id": pl.String,
    "mated": pl.Boolean,  # whether the probe's subject is enrolled in this fold's gallery
    "gallery_size": pl.Int32,
    "mate_rank": pl.Int32,  # null for non-mated probes
    "mate_score": pl.Float64,
    "other_score": pl.Float64,  # the best candidate that is somebody else
}


def leave_one_out(templates: pl.DataFrame) -> pl.DataFrame:
    """Closed set: each image searched against all other images (schema `SEARCHES`, fold 0).

    `mate_rank` is that of the person's best-placed other image. Subjects with a single usable
    image can't be probes.
    """
    vectors = templates["template"].to_numpy().astype(np.float64)
    subjects = templates["subject_id"].to_numpy()
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -np.inf)
    same = subjects[:, None] == subjects[None, :]
    np.fill_diagonal(same, False)
    mate = np.where(same, scores, -np.inf).max(axis=1)
    other = np.where(same, -np.inf, scores).max(axis=1)
    # every image, of anybody, that scores higher stands before the mate
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
            "other_score": other,
        },
        schema_overrides=SEARCHES,
    ).filter(pl.col("mate_score").is_finite())


def open_set(
    templates: pl.DataFrame,
    datasheet: Datasheet,
    *,
    folds: int = 4,
    enrolled_images: int = 1,
    seed: int = 0,
) -> pl.DataFrame:
    """Search real galleries with people who are in them and people who aren't.

    Subjects are dealt into `folds` groups at random. In each fold one group stays out of the
    gallery, and all its images are non-mated probes; of every other subject `enrolled_images`
    images, drawn at random, are enrolled, and the rest are mated probes. Each subject is thus
    non-mated once and mated folds - 1 times. Returns `SEARCHES`.

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
    """Each fold's number, the templates enrolled in it and those searched: see `open_set`.

    Raises InputError with fewer than two folds, or fewer subjects than folds.
    """
    subjects = templates["subject_id"].unique().sort().to_list()
    if not 2 <= folds <= len(subjects):
        raise InputError(f"Subjects are dealt into 2 to {len(subjects)} folds, not {folds}.")
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
    return (
        candidates.group_by("probe_id", maintain_order=True)
        .agg(
            subject_id=pl.col("probe_subject_id").first(),
            mated=is_mate.any(),
            mate_rank=pl.col("rank").filter(is_mate).min(),
            mate_score=pl.col("score").filter(is_mate).max(),
            other_score=pl.col("score").filter(~is_mate).max(),
        )
        .with_columns(fold=pl.lit(fold), gallery_size=pl.lit(gallery_size))
        .select(pl.col(name).cast(kind) for name, kind in SEARCHES.items())
    )


def cmc(
    searches: pl.DataFrame, ranks: int = 20, *, replicates: int = REPLICATES, seed: int = 0
) -> pl.DataFrame:
    """The share of mated probes whose person stands at rank r or better, with 95 % intervals.

    Returns `rank`, `identified`, `low`, `high`, `method`, `probes`, `subjects`.
    """
    mated = searches.filter("mated")
    hits = (mated["mate_rank"].to_numpy()[:, None] <= np.arange(1, ranks + 1)).astype(np.float64)
    frame = _rates(mated, hits, replicates, seed)
    return frame.rename({"rate": "identified"}).with_columns(
        rank=pl.Series(np.arange(1, ranks + 1, dtype=np.int32))
    )


def open_set_rates(
    searches: pl.DataFrame,
    thresholds: Sequence[float] | Floats,
    *,
    rank: int = 1,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> pl.DataFrame:
    """FPIR and FNIR at each threshold with 95 % intervals.

    Returns `threshold`, then `fpir`, `fpir_low`, `fpir_high`, `fnir`, `fnir_low`, `fnir_high`,
    `non_mated_probes`, `mated_probes`, `gallery_size` (the mean over folds). The interval is over
    probes' subjects with the galleries as they were dealt.
    """
    cuts = np.asarray(thresholds, dtype=np.float64)
    non_mated, mated = searches.filter(~pl.col("mated")), searches.filter("mated")
    if not len(non_mated) or not len(mated):
        raise InputError("Open-set rates need both mated and non-mated probes.")
    alarms = non_mated["other_score"].to_numpy()[:, None] >= cuts
    found = (mated["mate_rank"].to_numpy() <= rank)[:, None] & (
        mated["mate_score"].to_numpy()[:, None] >= cuts
    )
    frames = [pl.DataFrame({"threshold": cuts})]
    for name, probes, outcome in (("fpir", non_mated, alarms), ("fnir", mated, ~found)):
        rates = _rates(probes, outcome.astype(np.float64), replicates, seed)
        frames.append(
            rates.select(
                pl.col("rate").alias(name),
                pl.col("low").alias(f"{name}_low"),
                pl.col("high").alias(f"{name}_high"),
            )
        )
    return pl.concat(frames, how="horizontal").with_columns(
        non_mated_probes=pl.lit(len(non_mated)),
        mated_probes=pl.lit(len(mated)),
        gallery_size=pl.lit(searches["gallery_size"].mean()),
    )


def _rates(probes: pl.DataFrame, outcome: Floats, replicates: int, seed: int) -> pl.DataFrame:
    """Mean outcome (probes, points) at each point, with intervals over the probes' subjects."""
    codes = probes["subject_id"].rank("dense").to_numpy().astype(np.int64) - 1
    subjects = int(codes.max()) + 1
    # sums by subject, so that a replicate is one small product
    by_subject = np.zeros((subjects, outcome.shape[1]))
    np.add.at(by_subject, codes, outcome)
    counts = np.bincount(codes, minlength=subjects)
    draws = subject_draws(subjects, replicates, seed)
    samples = (draws @ by_subject) / (draws @ counts)[:, None]
    rates = outcome.mean(axis=0)
    found = [interval(float(rate), samples[:, i], subjects) for i, rate in enumerate(rates)]
    return pl.DataFrame(
        {
            "rate": rates,
            "low": [each.low for each in found],
            "high": [each.high for each in found],
            "method": [each.method for each in found],
        }
    ).with_columns(probes=pl.lit(len(probes)), subjects=pl.lit(subjects))
