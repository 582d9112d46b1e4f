"""How often the kit's 95 % intervals hold the true rate, counted on simulated people.

`python -m benchmarks.coverage` draws sets of people whose true error rates are known, has the
functions of `accuracy` measure them, and writes docs/coverage.csv and docs/coverage.md.

A non-mated score is a sum of normal parts: of either person, of the two together, of either picture
and of the comparison; a mated score likewise. So comparisons that share a person, two people or a
picture are dependent. People differ in their FMR with a coefficient of variation of 0.7 at an FMR
of 1 % and 1.1 at 0.1 % (measured on the ORL set: 0.5 at 1 %, 0.55, 0 to 1.3, at 0.1 %).
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtri
from tqdm import tqdm

from onetomany import accuracy
from onetomany.accuracy.intervals import Interval, unseen, unseen_between

Floats = NDArray[np.float64]
Cell = tuple[str, float, float, float, float]  # figure, true rate, rate found, low, high

DOCS = Path(__file__).parents[1] / "docs"
RATES = np.array([0.001, 0.003, 0.01, 0.03, 0.1, 0.3])
SETS = ((10, 8), (40, 6), (102, 2), (400, 2))  # people, pictures of each
DRAWS, BEFORE, FOLDS = 500, 300, 4
# shares of the variance of a score: each person, the two together, each picture; the rest is chance
PERSON, PAIR, PICTURE = 0.1, 0.4, 0.1
OWN, OWN_PICTURE = 0.4, 0.15  # of a mated score
CUTS = ndtri(1 - RATES[::-1])  # rising; FMR .3 to .001, FNMR .001 to .3
EASY = 6.5  # how far mates stand above strangers, for FNIR


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

    def __init__(self, people: int, images: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        frames, helds, areas = [], [], []
        for _ in tqdm(range(BEFORE), desc=f"truth, {people} people", leave=False):
            drawn = Drawn(people, images, rng)
            frames.append(drawn.searches())
            data = drawn.comparisons()
            areas.append(accuracy.summary(data, [])["value"].to_numpy())
            helds.append(held(data)["held_out"].to_numpy())
        found = pl.concat(frames)
        alarms = found.filter(~pl.col("mated"))["other_score"].to_numpy()
        mated = found.filter("mated")
        gap = (mated["other_score"] - mated["mate_score"]).to_numpy()
        self.fpir_cuts = np.quantile(alarms, 1 - RATES)
        self.lifts = np.quantile(gap, 1 - RATES)
        easy = lifted(mated, EASY)
        right = np.where(easy["mate_rank"] == 1, easy["mate_score"], -np.inf)
        self.fnir_cuts = np.quantile(right, RATES, method="inverted_cdf")
        self.area, self.equal = np.mean(areas, axis=0)
        self.held = np.mean(helds, axis=0)


HELD = (0.03, 0.1)  # FMR targets that half of ten people can show


def held(comparisons: pl.DataFrame) -> pl.DataFrame:
    return accuracy.held_out(comparisons, HELD, splits=4)


def measured(drawn: Drawn, truth: Truth) -> Iterator[tuple[Cell, ...]]:
    """Every figure of one set with its interval, as chapters would get it."""
    comparisons = drawn.comparisons()
    rates = accuracy.error_rates(comparisons, CUTS)
    for name, true in (("FMR", RATES[::-1]), ("FNMR", RATES)):
        key = name.lower()
        columns = rates.select(key, f"{key}_low", f"{key}_high").iter_rows()
        yield tuple((name, t, *row) for t, row in zip(true, columns, strict=True))
    figures = accuracy.summary(comparisons, RATES[::-1]).select("value", "low", "high").rows()
    # error rates, as all others here
    (auc, eer, *at_fmr) = figures
    yield (("1 - AUC", 1 - truth.area, 1 - auc[0], 1 - auc[2], 1 - auc[1]),)
    yield (("EER", truth.equal, *eer),)
    yield tuple(
        ("1 - TMR at FMR, same people", t, 1 - value, 1 - high, 1 - low)
        for t, (value, low, high) in zip(RATES, at_fmr, strict=True)
        if value is not None
    )
    apart = held(comparisons).select("figure", "held_out", "low", "high").rows()
    for t, (figure, value, low, high) in zip(truth.held, apart, strict=True):
        if figure == "FMR":
            yield ((f"FMR, threshold of others", t, value, low, high),)
        else:
            yield (("1 - TMR at FMR, threshold of others", 1 - t, 1 - value, 1 - high, 1 - low),)
    searches = lifted(drawn.searches(), EASY)
    fpir = accuracy.open_set_rates(searches, truth.fpir_cuts)
    fnir = accuracy.open_set_rates(searches, truth.fnir_cuts)
    for name, found in (("FPIR", fpir), ("FNIR", fnir)):
        columns = found.select(name.lower(), f"{name.lower()}_low", f"{name.lower()}_high")
        yield tuple((name, t, *row) for t, row in zip(RATES, columns.iter_rows(), strict=True))
    for true, by in zip(RATES, truth.lifts - EASY, strict=True):
        row = accuracy.cmc(lifted(searches, by), ranks=1).row(0, named=True)
        missed = (1 - row["identified"], 1 - row["high"], 1 - row["low"])
        yield (("1 - rank-1", true, *missed),)
    errors = drawn.rng.random((len(RATES), drawn.people)) < RATES[:, None]
    for true, wrong in zip(RATES, errors, strict=True):
        found = accuracy.ratio_interval(wrong, np.ones(drawn.people))
        yield (("one trial a person", true, float(wrong.mean()), found.low, found.high),)


def between(one: dict[str, list[Cell]], two: dict[str, list[Cell]]) -> Iterator[Cell]:
    """Ratios of two groups of as many people: of equal rates, and of rates three times as high."""
    for name in ("FMR", "FNMR"):
        first, second = (sorted(each[name], key=lambda c: c[1]) for each in (one, two))
        for of, step in (("equal", 0), ("threefold", 1)):
            for low, high in zip(second, first[step:], strict=False):
                rates = ((c[2], Interval(c[3], c[4], "")) for c in (high, low))
                (a, a_of), (b, b_of) = rates
                _, lower, upper = accuracy.rate_ratio(a, a_of, b, b_of)
                ratio = high[1] / low[1]
                upper = np.inf if upper is None else upper
                # kept under the lower of the two rates: the ratio is nearly always the same
                yield f"ratio of two {name}, {of}", low[1], ratio, lower, upper


def study(people: int, images: int, draws: int, seed: int) -> pl.DataFrame:
    """Return the counts of one size: a row for each figure and true rate."""
    truth = Truth(people, images, seed)
    rng = np.random.default_rng(seed + 1)
    counts: dict[tuple[str, float], list[tuple[bool, bool, bool]]] = defaultdict(list)
    last: dict[str, list[Cell]] | None = None
    for _ in tqdm(range(draws), desc=f"{people} people"):
        own: dict[str, list[Cell]] = defaultdict(list)
        for cells in measured(Drawn(people, images, rng), truth):
            for name, true, value, low, high in cells:
                own[name].append((name, true, value, low, high))
                counts[name, round(float(true), 6)].append((high < true, low > true, value in (0, 1)))
        for name, true, ratio, low, high in between(own, last) if last else ():
            counts[name, true].append((high < ratio, low > ratio, False))
        last = own
    rows = [
        {
            "figure": name,
            "people": people,
            "pictures": images,
            "true_rate": true,
            "draws": len(found),
            "held": 1 - np.mean([a or b for a, b, _ in found]),
            "too_low": np.mean([a for a, _, _ in found]),
            "too_high": np.mean([b for _, b, _ in found]),
            "no_error": np.mean([c for _, _, c in found]),
            "left_open": (unseen_between if name.startswith("FMR") else unseen)(people),
        }
        for (name, true), found in counts.items()
    ]
    return pl.DataFrame(rows)


def main(arguments: list[str]) -> None:
    """Count at every size, print the table, and store it if all draws were made."""
    draws = int(arguments[0]) if arguments else DRAWS
    table = pl.concat([study(*size, draws, seed) for seed, size in enumerate(SETS, start=1)])
    with pl.Config(tbl_rows=-1, tbl_cols=-1, fmt_str_lengths=40, tbl_width_chars=160):
        print(table)
    if not arguments:
        table.write_csv(DOCS / "coverage.csv", float_precision=5)


if __name__ == "__main__":
    main(sys.argv[1:])
