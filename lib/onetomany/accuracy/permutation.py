"""Test by permutation of people whether the gap between groups could be chance.

If the recorded groups were unrelated to errors, the labels could be exchanged between people and
the rates within groups would be much the same. So the test exchanges them many times and compares
each group's rate with the chance rates of groups of its size. It exchanges people's labels, not
those of comparisons, since comparisons of one person depend on each other (Good, Permutation,
Parametric and Bootstrap Tests, 2005). p = (1 + draws as extreme) / (1 + draws), which is exact and
never 0 (Phipson and Smyth, Statistical Applications in Genetics and Molecular Biology 9:1, 2010).
With several groups a chance difference is likelier: `p_adjusted` is that of the largest deviation
among all groups (Westfall and Young, Resampling-Based Multiple Testing, 1993, single-step max T).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onetomany.errors import InputError
from onetomany.gallery import Threshold
from onetomany.progress import ProgressBar
from .group_rates import count_errors, members_of
from .intervals import Floats

PERMUTATIONS = 9_999
BLOCK = 500  # permutations at a time
TIE = 1e-9  # equal sums added in another order differ in the last digits
TESTS = {
    "measure": pl.String,
    "group": pl.String,
    "against": pl.String,  # null: compared with chance rates of groups of this size
    "subjects": pl.Int64,
    "comparisons": pl.Int64,
    "errors": pl.Int64,
    "rate": pl.Float64,
    "expected": pl.Float64,  # the mean over the permutations: of the rate, or of the difference
    "p": pl.Float64,  # two-sided
    "p_adjusted": pl.Float64,  # for all groups of the table; the smallest tests all at once
    "permutations": pl.Int64,
    "attributes_are": pl.String,
}


def permutation_test(
    comparisons: pl.DataFrame,
    attributes: pl.DataFrame | None,
    by: str | Sequence[str],
    threshold: Threshold,
    *,
    measure: Literal["FMR", "FNMR"] = "FMR",
    against: str | None = None,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> pl.DataFrame:
    """Test whether groups' error rates differ from those of random groups (schema `TESTS`).

    Parameters are those of `rates_by_group`. Without `against`, labels are exchanged among all
    people with a recorded group, and each group's rate (FMR within it, or FNMR) is the statistic.
    With `against`, a group chosen beforehand, each other group is tested by the difference of the
    two rates, and labels are exchanged among the people of those two alone. Groups without a
    comparison have no row.

    Raises as `rates_by_group`; InputError if fewer than two groups can be tested, or `against`
    is not one of them.
    """
    members, are = members_of(comparisons, attributes, by)
    found = count_errors(comparisons, members, threshold)
    tables = (found.missed, found.own) if measure == "FNMR" else (found.wrong, found.made)
    labels = np.repeat(np.arange(len(members)), [len(ids) for ids in members.values()])
    counts, names = _Counts(*tables, labels), list(members)
    rng = np.random.default_rng(seed)
    groups, seen, drawn = counts.deviations(names, against, permutations, rng)
    p, adjusted, expected = _significance(seen, drawn)
    rows = []
    for place, group in enumerate(groups):
        errors, made = counts.within(group)
        rows.append(
            {
                "measure": measure,
                "group": names[group],
                "against": against,
                "subjects": len(members[names[group]]),
                "comparisons": round(made),
                "errors": round(errors),
                "rate": errors / made,
                "expected": expected[place],
                "p": p[place],
                "p_adjusted": adjusted[place],
                "permutations": permutations,
                "attributes_are": are,
            }
        )
    return pl.DataFrame(rows, schema=TESTS)


@dataclass(frozen=True)
class _Counts:
    """Errors and comparisons of all people: (people, people), symmetric, or (people,) for FNMR.

    `labels` is the number of each person's group.
    """

    wrong: Floats
    made: Floats
    labels: NDArray[np.int64]

    def within(self, group: int) -> tuple[float, float]:
        """Return errors and comparisons in a group; a symmetric table has each pair twice."""
        inside = self.labels == group
        if self.made.ndim == 1:
            return float(self.wrong[inside].sum()), float(self.made[inside].sum())
        block = np.ix_(inside, inside)
        return float(self.wrong[block].sum() / 2), float(self.made[block].sum() / 2)

    def only(self, groups: Sequence[int]) -> "_Counts":
        """Return the counts of these groups' people alone."""
        chosen = np.isin(self.labels, groups)
        block = chosen if self.made.ndim == 1 else np.ix_(chosen, chosen)
        return _Counts(self.wrong[block], self.made[block], self.labels[chosen])

    def rates(self, dealt: NDArray[np.int64], groups: Sequence[int]) -> Floats:
        """Return the rate of each group under each row of labels, (draws, groups)."""
        found = []
        for group in groups:
            inside = (dealt == group).astype(np.float64)
            wrong, made = (
                inside @ each if each.ndim == 1 else ((inside @ each) * inside).sum(axis=1)
                for each in (self.wrong, self.made)
            )
            with np.errstate(invalid="ignore"):  # nothing compared in this draw: NaN
                found.append(wrong / made)
        return np.stack(found, axis=1)

    def dealt(
        self, groups: Sequence[int], permutations: int, rng: np.random.Generator
    ) -> tuple[Floats, Floats]:
        """Return the actual rates, (groups,), and those of exchanged labels, (draws, groups)."""
        blocks = []
        with ProgressBar(total=permutations, desc="permutations", delay=2, leave=False) as bar:
            for start in range(0, permutations, BLOCK):
                many = np.tile(self.labels, (min(BLOCK, permutations - start), 1))
                blocks.append(self.rates(rng.permuted(many, axis=1), groups))
                bar.update(len(many))
        return self.rates(self.labels[None], groups)[0], np.concatenate(blocks)

    def deviations(
        self, names: list[str], against: str | None, permutations: int, rng: np.random.Generator
    ) -> tuple[list[int], Floats, Floats]:
        """Return the groups tested, their actual statistic, and that of each permutation."""
        known = {name: group for group, name in enumerate(names) if self.within(group)[1]}
        if len(known) < 2:
            raise InputError(
                f"{len(known)} group(s) with a comparison: a difference needs two or more groups."
            )
        if against is None:
            groups = list(known.values())
            return groups, *self.dealt(groups, permutations, rng)
        if against not in known:
            raise InputError(
                f"'{against}' can't be the group to compare with: there are {', '.join(known)}."
            )
        reference = known.pop(against)
        seen, drawn = [], []
        for group in known.values():
            pair = [group, reference]
            rates, many = self.only(pair).dealt(pair, permutations, rng)
            seen.append(rates[0] - rates[1])
            drawn.append(many[:, 0] - many[:, 1])
        return list(known.values()), np.array(seen), np.stack(drawn, axis=1)


def _significance(seen: Floats, drawn: Floats) -> tuple[Floats, Floats, Floats]:
    """Return p of each column, p for all of them, and the expected statistic."""
    expected = np.nanmean(drawn, axis=0)
    spread = np.nanstd(drawn, axis=0)
    spread = np.where(spread > 0, spread, 1.0)  # no draw differs from another: no deviation either
    far = np.abs(np.nan_to_num((drawn - expected) / spread))
    own = np.abs((seen - expected) / spread)
    draws = len(drawn)
    p = (1 + (far >= own - TIE).sum(axis=0)) / (1 + draws)
    adjusted = (1 + (far.max(axis=1)[:, None] >= own - TIE).sum(axis=0)) / (1 + draws)
    return p, adjusted, expected
