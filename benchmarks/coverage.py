"""How often the kit's 95 % intervals hold the true rate, counted on simulated people.

`python -m benchmarks.coverage [FOLDER]` draws sets of people whose true error rates are known, has the
functions of `accuracy` measure them, and writes docs/coverage.csv (or FOLDER/coverage.csv).

A non-mated score is a sum of normal parts: of either person, of the two together, of either picture
and of the comparison; a mated score likewise. So comparisons that share a person, two people or a
picture are dependent. People differ in their FMR with a coefficient of variation of 0.7 at an FMR
of 1 % and 1.1 at 0.1 % (measured on the ORL set: 0.5 at 1 %, 0.55, 0 to 1.3, at 0.1 %).
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from tqdm import tqdm

from onetomany import accuracy
from onetomany.accuracy.fixed_fpir import LEAST_ALARMS
from onetomany.accuracy.intervals import Interval, unseen, unseen_between

Floats = NDArray[np.float64]

DOCS = Path(__file__).parents[1] / "docs"
RATES = np.array([0.001, 0.003, 0.01, 0.03, 0.1, 0.3])
SETS = ((10, 8), (40, 6), (102, 2), (400, 2))  # people, pictures of each
DRAWS, BEFORE, FOLDS = 501, 300, 4  # of two sets that follow one another: 500 ratios
GOAL = (0.93, 0.98)
# shares of the variance of a score: each person, the two together, each picture; the rest is chance
PERSON, PAIR, PICTURE = 0.1, 0.4, 0.1
OWN, OWN_PICTURE = 0.4, 0.15  # of a mated score
CUTS = ndtri(1 - RATES[::-1])  # rising; FMR .3 to .001, FNMR .001 to .3
TARGETS = (0.003, 0.01, 0.1)  # FMR that half of ten people can show
EASY = 6.5  # how far mates stand above strangers, for FNIR
FAIR = 4.0  # the same for FNIR at a set FPIR, so that a moved threshold misses others


class Cell(NamedTuple):
    """One figure of one set: where it is counted, and its interval."""

    figure: str
    rate: float | None  # the true rate by which the cell is known
    true: float | None  # what the interval should hold; None: the mean of all draws
    value: float
    low: float
    high: float


class Drawn:
    """One set of people: every picture's score with every other, (pictures, pictures)."""

    def __init__(self, people: int, images: int, rng: np.random.Generator) -> None:
        self.people, self.who = people, np.repeat(np.arange(people), images)
        self.first = np.tile(np.arange(images) == 0, people)
        self.rng, size = rng, people * images

        def noise(*shape: int) -> Floats:
            return rng.standard_normal(shape, dtype=np.float32).astype(np.float64)

        def symmetric(count: int) -> Floats:
            upper = np.triu(noise(count, count), 1)
            return upper + upper.T

        chance = symmetric(size)
        side = PERSON**0.5 * noise(people)[self.who] + PICTURE**0.5 * noise(size)
        pair = symmetric(people)[np.ix_(self.who, self.who)]
        rest = 1 - 2 * PERSON - PAIR - 2 * PICTURE
        self.scores = side[:, None] + side + PAIR**0.5 * pair + rest**0.5 * chance
        self.same = self.who[:, None] == self.who
        picture = OWN_PICTURE**0.5 * noise(size)
        own = OWN**0.5 * noise(people)[self.who, None] + picture[:, None] + picture
        own += (1 - OWN - 2 * OWN_PICTURE) ** 0.5 * chance
        self.scores[self.same] = own[self.same]

    def comparisons(self) -> pl.DataFrame:
        """Every two pictures; mated scores are stretched so that FNMR at `CUTS` are `RATES`."""
        a, b = np.triu_indices(len(self.who), k=1)
        scores, same = self.scores[a, b], self.same[a, b]
        known = ndtri(RATES)
        places = np.concatenate([[known[0] - 9], known, [known[-1] + 9]])
        targets = np.concatenate([[CUTS[0] - 9], CUTS, [CUTS[-1] + 9]])
        scores[same] = np.interp(scores[same], places, targets)
        names = [f"p{n:03d}" for n in range(self.people)]
        subjects = pl.Series(names, dtype=pl.Enum(names))[self.who]
        return pl.DataFrame({"score": scores, "mated": same}).with_columns(
            subject_a=subjects[a],
            subject_b=subjects[b],
            model=pl.lit("simulated"),
            image_set=pl.lit("simulated"),
        )

    def searches(self) -> pl.DataFrame:
        """Deal and search as `accuracy.open_set` does; mated scores are as drawn."""
        group = self.rng.permutation(self.people) % FOLDS
        frames = []
        for fold in range(FOLDS):
            entry = self.first & (group[self.who] != fold)
            scores, own = self.scores[~entry][:, entry], self.same[~entry][:, entry]
            probes, entries = self.who[~entry], self.who[entry]
            others = np.where(own, -np.inf, scores)
            best = np.argsort(-others, axis=1)[:, :2]
            top = np.take_along_axis(others, best, axis=1)
            mate = np.where(own, scores, -np.inf).max(axis=1)
            frame = {
                "fold": fold,
                "subject_id": probes,
                "mated": own.any(axis=1),
                "gallery_size": int(entry.sum()),
                "mate_score": mate,
                "other_score": top[:, 0],
                "other_subject": entries[best[:, 0]],
                "next_score": top[:, 1],
            }
            frames.append(pl.DataFrame(frame))
        found = pl.concat(frames)
        return found.with_columns(
            pl.col("subject_id", "other_subject").cast(pl.String),
            pl.when("mated").then("mate_score").alias("mate_score"),
        )


def lifted(searches: pl.DataFrame, by: float) -> pl.DataFrame:
    """Return searches whose mates score so much higher, with the rank that this gives them."""
    higher = searches.with_columns(pl.col("mate_score") + by)
    return higher.with_columns(
        mate_rank=pl.when("mated").then(1 + (pl.col("other_score") > pl.col("mate_score")))
    )


class Truth:
    """Thresholds and lifts at which searches of one size have the wanted rates, counted before."""

    def __init__(self, people: int, images: int, rng: np.random.Generator) -> None:
        before = tqdm(range(BEFORE), desc=f"truth, {people} people")
        found = pl.concat([Drawn(people, images, rng).searches() for _ in before])
        mated = found.filter("mated")
        gap = (mated["other_score"] - mated["mate_score"]).to_numpy()
        easy = lifted(mated, EASY)
        right = np.where(easy["mate_rank"] == 1, easy["mate_score"], -np.inf)
        self.fpir_cuts = np.quantile(found.filter(~pl.col("mated"))["other_score"], 1 - RATES)
        # who is missed where FPIR truly is each of RATES
        fair = lifted(mated, FAIR)
        named = np.where(fair["mate_rank"] == 1, fair["mate_score"], -np.inf)
        self.fnir_at_fpir = (named < self.fpir_cuts[:, None]).mean(axis=1)
        self.fnir_cuts = np.quantile(right, RATES, method="inverted_cdf")
        self.lifts = np.quantile(gap, 1 - RATES)


def measured(drawn: Drawn, truth: Truth) -> Iterator[Cell]:
    """Every figure of one set with its interval, as chapters would get it."""
    comparisons = drawn.comparisons()
    rates = accuracy.error_rates(comparisons, CUTS)
    for name, true in (("FMR", RATES[::-1]), ("FNMR", RATES)):
        columns = rates.select(*(name.lower() + end for end in ("", "_low", "_high")))
        yield from (
            Cell(name, t, t, *row) for t, row in zip(true, columns.iter_rows(), strict=True)
        )
    figures = accuracy.summary(comparisons, RATES[::-1]).select("value", "low", "high").rows()
    auc, eer, *at_fmr = figures
    yield Cell("1 - AUC", None, None, *wrong(auc))
    yield Cell("EER", None, None, *eer)
    for true, row in zip(RATES, at_fmr, strict=True):
        if row[0] is not None:
            yield Cell("1 - TMR at FMR, same people", true, true, *wrong(row))
    yield from apart(comparisons)
    searches = lifted(drawn.searches(), EASY)
    for name, cuts in (("FPIR", truth.fpir_cuts), ("FNIR", truth.fnir_cuts)):
        found = accuracy.open_set_rates(searches, cuts)
        columns = found.select(*(name.lower() + end for end in ("", "_low", "_high")))
        yield from (
            Cell(name, t, t, *row) for t, row in zip(RATES, columns.iter_rows(), strict=True)
        )
    yield from at_fpir(lifted(searches, FAIR - EASY), truth)
    for true, by in zip(RATES, truth.lifts - EASY, strict=True):
        first = accuracy.cmc(lifted(searches, by), ranks=1)
        missed = wrong(first.select("identified", "low", "high").row(0))
        yield Cell("1 - rank-1", true, true, *missed)
    for true, errors in zip(RATES, drawn.rng.random((len(RATES), drawn.people)), strict=True):
        failed = errors < true
        share = accuracy.ratio_interval(failed, np.ones(drawn.people))
        rate = float(failed.mean())
        yield Cell("one trial a person", true, true, rate, share.low, share.high)


def wrong(right: tuple[float, float, float]) -> tuple[float, float, float]:
    """Turn a share that is right, with its limits, into the share that is wrong."""
    value, low, high = right
    return 1 - value, 1 - high, 1 - low


def apart(comparisons: pl.DataFrame) -> Iterator[Cell]:
    """Rates at a threshold of other people; the FMR as that of the set's own threshold is."""
    tried = accuracy.held_out(comparisons, TARGETS, splits=2)
    for row in tried.iter_rows(named=True):
        found, target = (row["held_out"], row["low"], row["high"]), row["target"]
        if row["figure"] == "TMR":
            missed = float(np.interp(ndtri(1 - target), CUTS, RATES))
            yield Cell("1 - TMR at FMR, threshold of others", missed, None, *wrong(found))
        else:
            true = float(ndtr(-accuracy.threshold_at_fmr(comparisons, target).score))
            yield Cell("FMR, threshold of others", target, true, *found)


def at_fpir(searches: pl.DataFrame, truth: Truth) -> Iterator[Cell]:
    """FNIR at the threshold that the same searches need for an FPIR; known by the FPIR."""
    probes = searches.filter(~pl.col("mated")).height
    targets = [float(rate) for rate in RATES if int(rate * probes) >= LEAST_ALARMS]
    own = searches.with_columns(gallery_size=pl.lit(0, pl.Int64))  # folds differ by a person
    held = accuracy.misses_at_fpir(own, targets).select("target", "fnir", "fnir_low", "fnir_high")
    known = dict(zip(RATES.tolist(), truth.fnir_at_fpir, strict=True))
    for target, *found in held.iter_rows():
        yield Cell("FNIR at FPIR", target, float(known[target]), *found)


def between(one: dict[str, list[Cell]], two: dict[str, list[Cell]]) -> Iterator[Cell]:
    """Ratios of two groups of as many people: of equal rates, and of rates about three times as
    high; known by the lower of the two rates."""
    for name in ("FMR", "FNMR"):
        lower, higher = (sorted(each[name], key=lambda c: c.true or 0) for each in (two, one))
        for of, step in (("equal", 0), ("threefold", 1)):
            for a, b in zip(higher[step:], lower, strict=False):
                _, low, high = accuracy.rate_ratio(
                    a.value, Interval(a.low, a.high, ""), b.value, Interval(b.low, b.high, "")
                )
                true = (a.true or 0) / (b.true or 1)
                high = np.inf if high is None else high
                yield Cell(f"ratio of two {name}, {of}", b.true, true, a.value, low or 0, high)


def study(size: tuple[int, int], draws: int = DRAWS) -> pl.DataFrame:
    """Return the counts of one size: a row for each figure and true rate."""
    people, images = size
    rng = np.random.default_rng(people)
    truth = Truth(people, images, rng)
    found: dict[tuple[str, float | None], list[Cell]] = defaultdict(list)
    last: dict[str, list[Cell]] | None = None
    for _ in tqdm(range(draws), desc=f"{people} people"):
        own: dict[str, list[Cell]] = defaultdict(list)
        for cell in measured(Drawn(people, images, rng), truth):
            own[cell[0]].append(cell)
        for cell in (*chain(*own.values()), *(between(own, last) if last else ())):
            found[cell.figure, cell.rate].append(cell)
        last = own
    return pl.DataFrame([_counts(*size, cells) for cells in found.values()])


def _counts(people: int, images: int, cells: list[Cell]) -> dict[str, Any]:
    """How often the intervals of one cell hold the truth."""
    name, rate = cells[0].figure, cells[0].rate
    columns = zip(*(cell[2:] for cell in cells), strict=True)
    true, value, low, high = (np.array(each, dtype=np.float64) for each in columns)
    true = np.where(np.isnan(true), value.mean(), true)
    # FNIR at a set FPIR is known by the FPIR, which is not what its interval holds
    known = float(true.mean()) if rate is None or name == "FNIR at FPIR" else rate
    under, over = float((high < true).mean()), float((low > true).mean())
    open_end = (unseen_between if name.startswith(("FMR", "ratio of two FMR")) else unseen)(people)
    return {
        "figure": name,
        "people": people,
        "pictures": images,
        "true_rate": float(true.mean()) if rate is None else float(rate),
        "draws": len(cells),
        "held": 1 - over - under,
        "too_low": under,
        "too_high": over,
        "no_error": float((value == 0).mean()),
        "left_open": open_end,
        "reason": _reason(1 - over - under, known, open_end),
    }


def _reason(held: float, rate: float, left_open: float) -> str:
    """Why a cell is outside the goal."""
    if held < GOAL[0]:
        return "too narrow"
    if held <= GOAL[1]:
        return ""
    if rate < left_open:
        return "true rate below what is left open without an error"
    return "few errors or part of the noise of pairs twice"


def main(arguments: list[str]) -> None:
    """Count at every size, print the table, and store it."""
    folder = Path(arguments[0]) if arguments else DOCS
    with ProcessPoolExecutor(2) as pool:
        table = pl.concat(pool.map(study, reversed(SETS))).sort("figure", "people", "true_rate")
    with pl.Config(tbl_rows=-1, tbl_cols=-1, fmt_str_lengths=40, tbl_width_chars=160):
        print(table)
    beside = folder / "coverage.csv.part"
    table.write_csv(beside, float_precision=4)
    beside.replace(folder / "coverage.csv")


if __name__ == "__main__":
    main(sys.argv[1:])
