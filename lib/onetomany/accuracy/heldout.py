"""Measure rates at a threshold that was set on other people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from onetomany.errors import InputError
from onetomany.progress import ProgressBar
from .comparisons import Comparisons, require_compared, sums_by_two
from .intervals import Flags, Floats, Interval, pair_interval, rate_spread, spread_interval, unseen
from .verification import lowest_within, too_fine

HELD_OUT = {
    "target": pl.Float64,
    "figure": pl.String,  # FMR, TMR
    "same_people": pl.Float64,  # the people who set the threshold are those it is tried on
    "same_low": pl.Float64,
    "same_high": pl.Float64,
    "held_out": pl.Float64,  # the threshold is set on other people
    "low": pl.Float64,
    "high": pl.Float64,
    "threshold_people": pl.Int64,  # people who set a threshold
    "tested_people": pl.Int64,  # people on whom it was tested
    "method": pl.String,
}


def held_out(
    comparisons: pl.DataFrame, targets: Sequence[float], *, splits: int = 20, seed: int = 0
) -> pl.DataFrame:
    """Return FMR and TMR with the threshold set on other people, and on the same people.

    `comparisons` is a frame of `compare_all`. Each split divides the people into two halves at
    random. Each half sets a threshold at the target FMR, by comparisons within it, which is tested
    on comparisons within the other half; the rates are those of all tests together. Two rows a
    target (schema `HELD_OUT`).

    Raises InputError with fewer than four people, or a target with less than one expected false
    match in half of them.
    """
    data = Comparisons.of(comparisons)
    if data.people < 4:
        raise InputError(f"Two halves need four people or more: there are {data.people}.")
    rng = np.random.default_rng(seed)
    tried = [_Tried(data, target) for target in targets]
    for _ in ProgressBar(range(splits), desc="splits of people", delay=2, leave=False):
        half = rng.permutation(data.people) % 2 == 0
        for side in (half, ~half):
            tests = _within(data, ~side)
            setting = data.other[_within(data, side)[0]]
            for each in tried:
                each.add(lowest_within(setting, each.checked(len(setting))), *tests)
    rows = [row for each in tried for row in each.rows()]
    return pl.DataFrame(rows, schema=HELD_OUT, orient="row")


def settable_on_half(comparisons: pl.DataFrame, targets: Sequence[float]) -> list[float]:
    """Return the FMR targets that `held_out` accepts: those that any half of the people can set.

    The limiting half is the one with the fewest comparisons of different people. Without four
    people, or without comparisons of one person, the list is empty.
    """
    mated = require_compared(comparisons)["mated"].to_numpy()
    if mated.all() or not mated.any():
        return []
    data = Comparisons.of(comparisons)
    if data.people < 4:
        return []
    # people with the fewest pictures have the fewest pairs with others
    fewest = np.argsort(data.made.sum(axis=1))[: data.people // 2]
    within = int(data.made[np.ix_(fewest, fewest)].sum() / 2)
    return [target for target in targets if not too_fine(target, within)]


def _within(data: Comparisons, side: Flags) -> tuple[Flags, ...]:
    """Return which non-mated and which mated comparisons are within one side."""
    return side[data.pair // data.people] & side[data.pair % data.people], side[data.who]


class _Tried:
    """Errors counted at thresholds set on others, by person and by two people."""

    def __init__(self, data: Comparisons, target: float) -> None:
        self.data, self.target = data, target
        self.wrong, self.made = (np.zeros((data.people, data.people)) for _ in range(2))
        self.missed, self.own = (np.zeros(data.people) for _ in range(2))

    def checked(self, comparisons: int) -> float:
        if too_fine(self.target, comparisons):
            raise InputError(
                f"FMR {self.target:g} can't be set on half of the people: in {comparisons:,} "
                "comparisons less than one false match is expected; choose a higher rate or a "
                "larger set."
            )
        return self.target

    def add(self, cut: float, other: Flags, own: Flags) -> None:
        data, size = self.data, self.data.people
        self.wrong += sums_by_two(data.pair[other & (data.other >= cut)], size)
        self.made += sums_by_two(data.pair[other], size)
        self.missed += np.bincount(data.who[own & (data.own < cut)], minlength=size)
        self.own += np.bincount(data.who[own], minlength=size)

    def rows(self) -> list[tuple[float | str | int, ...]]:
        """Return the rows of `HELD_OUT`."""
        data = self.data
        curve = data.curve()
        place = int(np.searchsorted(curve[1], self.target, side="right")) - 1
        same_fmr = float(curve[1][place])
        missed, influence = data.misses_at(self.target, curve)
        fmr = float(self.wrong.sum() / self.made.sum())
        tmr = 1 - float(self.missed.sum() / self.own.sum())
        _, (_, between) = data.false_matches(curve[0][place])
        same = pair_interval((between * data.non_mated) + same_fmr * data.made, data.made)
        apart = pair_interval(self.wrong, self.made)
        right, right_apart = (self._right(rate, influence) for rate in (missed, 1 - tmr))
        method = f"halves of {data.people} subjects; {same.method}"
        people = (data.people - data.people // 2, data.people, method)
        return [
            (self.target, figure, value, own.low, own.high, other, held.low, held.high, *people)
            for figure, value, own, other, held in (
                ("FMR", same_fmr, same, fmr, apart),
                ("TMR", 1 - missed, right, tmr, right_apart),
            )
        ]

    def _right(self, missed: float, influence: tuple[Floats, Floats]) -> Interval:
        """Return the interval of the share that is not missed."""
        open_end = unseen(self.data.people)
        return spread_interval(missed, rate_spread(*influence), open_end, "by person").complement
