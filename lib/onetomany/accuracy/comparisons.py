"""Count errors by person and by two people, and compute the curve of all scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onetomany.errors import InputError
from onetomany.faces import require_templates
from onetomany.sources.tables import require_schema
from .intervals import Floats, rate_spread

Ints = NDArray[np.int64]
Influence = tuple[Floats, Floats]  # of each person (people,), and of each two (people, people)
COMPARED = {"subject_a": None, "subject_b": None, "score": pl.Float64, "mated": pl.Boolean}
Curve = tuple[Floats, Floats, Floats]  # thresholds, from infinity down; FMR; TMR


@dataclass(frozen=True, eq=False)
class Comparisons:
    """Scores of one set: `own`, mated, of the person `who`; `other`, non-mated, of the two `pair`.

    `pair` numbers two people as lower x people + higher. `own_made` and `made` count comparisons
    of each person, and of each two people (symmetric).
    """

    own: Floats
    who: Ints
    other: Floats
    pair: Ints
    people: int
    own_made: Floats
    made: Floats

    @classmethod
    def of(cls, comparisons: pl.DataFrame) -> Comparisons:
        """Read a frame of `compare_all`.

        Raises InputError as `require_compared`, and without both kinds of comparisons.
        """
        require_compared(comparisons)
        for wanted, kind in ((True, "mated"), (False, "non-mated")):
            if not (comparisons["mated"] == wanted).any():
                raise InputError(f"There are no {kind} comparisons: error rates need both kinds.")
        scores = known_scores(comparisons)
        first, second, people = numbered_people(comparisons)
        mated = comparisons["mated"].to_numpy()
        who = first[mated]
        pair = (np.minimum(first, second) * people + np.maximum(first, second))[~mated]
        return cls(
            own=scores[mated],
            who=who,
            other=scores[~mated],
            pair=pair,
            people=people,
            own_made=np.bincount(who, minlength=people).astype(np.float64),
            made=sums_by_two(pair, people),
        )

    @property
    def mated(self) -> int:
        return len(self.own)

    @property
    def non_mated(self) -> int:
        return len(self.other)

    @property
    def mated_people(self) -> int:
        return int((self.own_made > 0).sum())

    def false_matches(self, cut: float) -> tuple[float, Influence]:
        """Return the FMR at a threshold and each person's contribution to it."""
        wrong = sums_by_two(self.pair[self.other >= cut], self.people)
        rate = float(wrong.sum() / 2 / self.non_mated)
        return rate, (np.zeros(self.people), (wrong - rate * self.made) / self.non_mated)

    def misses(self, cut: float) -> tuple[float, tuple[Floats]]:
        """Return the FNMR at a threshold and the contribution of each person with mated pairs."""
        rate, influence = self._missed(cut)
        return rate, (influence[self.own_made > 0],)

    def curve(self) -> Curve:
        """Return thresholds from infinity down over all scores, FMR and TMR at each."""
        own, other = np.sort(self.own), np.sort(self.other)
        cuts = np.unique(np.concatenate([own, other]))[::-1]
        fmr = 1 - np.searchsorted(other, cuts) / len(other)
        tmr = 1 - np.searchsorted(own, cuts) / len(own)
        return tuple(  # type: ignore[return-value]
            np.concatenate([[start], each])
            for start, each in ((np.inf, cuts), (0.0, fmr), (0.0, tmr))
        )

    def area(self) -> tuple[float, Influence]:
        """Return 1 - AUC, and each person's contribution to it.

        It is the chance that a non-mated pair outscores a mated one, ties counted half.
        """
        own, other = np.sort(self.own), np.sort(self.other)
        above = 1 - _placed(other, self.own)
        below = _placed(own, self.other)
        rate = float(above.mean())
        single = np.bincount(self.who, above - rate, self.people) / self.mated
        return rate, (single, sums_by_two(self.pair, self.people, below - rate) / self.non_mated)

    def equal_error(self, curve: Curve) -> tuple[float, Influence]:
        """Return the EER and each person's contribution, from both rates' slopes nearby."""
        cuts, fmr, tmr = curve
        gap = 1 - tmr - fmr
        after = int(np.argmax(gap <= 0))
        share = gap[after - 1] / (gap[after - 1] - gap[after]) if after else 0.0
        rate = float(fmr[max(after - 1, 0)] + share * (fmr[after] - fmr[max(after - 1, 0)]))
        false, (_, between) = self.false_matches(cuts[after])
        _, single = self._missed(cuts[after])
        near = self._near(false, between, fmr)
        rise_false, rise_true = fmr[near[1]] - fmr[near[0]], tmr[near[1]] - tmr[near[0]]
        of_false = rise_true / (rise_false + rise_true) if rise_false + rise_true > 0 else 0.5
        return rate, ((1 - of_false) * single, of_false * between)

    def misses_at(self, target: float, curve: Curve) -> tuple[float, Influence]:
        """Return 1 - TMR at the lowest threshold within an FMR, and each person's contribution.

        A person with many false matches raises the threshold and so the misses, by the slope of
        the curve within a standard error of the FMR.
        """
        cuts, fmr, tmr = curve
        place = int(np.searchsorted(fmr, target, side="right")) - 1
        false, (_, between) = self.false_matches(cuts[place])
        rate, single = self._missed(cuts[place])
        low, high = self._near(false, between, fmr)
        rise = fmr[high] - fmr[low]
        slope = (tmr[high] - tmr[low]) / rise if rise > 0 else 0.0
        return rate, (single, slope * between)

    def _missed(self, cut: float) -> tuple[float, Floats]:
        """Return the FNMR at a threshold and the contribution of each person, (people,)."""
        wrong = np.bincount(self.who[self.own < cut], minlength=self.people)
        rate = float(wrong.sum() / self.mated)
        return rate, (wrong - rate * self.own_made) / self.mated

    def _near(self, false: float, between: Floats, fmr: Floats) -> tuple[int, int]:
        """Return the places on the curve one standard error of the FMR below and above it."""
        reach = max(rate_spread(np.zeros(self.people), between).variance ** 0.5, 1 / self.non_mated)
        low = int(np.searchsorted(fmr, max(false - reach, 0), side="left"))
        high = int(np.searchsorted(fmr, min(false + reach, 1), side="right")) - 1
        return min(low, high), max(low, high)


def require_compared(comparisons: pl.DataFrame, *others: str) -> pl.DataFrame:
    """Return a frame that has the columns of `compare_all` which errors need, and `others`.

    Raises InputError for any other, and if `mated` isn't Boolean or doesn't say whether both sides
    are one person.
    """
    require_schema(comparisons, COMPARED | dict.fromkeys(others), "The comparisons")
    one, two = pl.col("subject_a"), pl.col("subject_b")
    if comparisons.schema["subject_a"] != comparisons.schema["subject_b"]:
        one, two = one.cast(pl.String), two.cast(pl.String)
    odd = comparisons.with_row_index("row", 1).filter(pl.col("mated") != (one == two))
    if odd.height:
        row = odd.row(0, named=True)
        raise InputError(
            f"The comparisons, row {row['row']}: mated is {str(row['mated']).lower()}, but its two "
            f"people are {row['subject_a']} and {row['subject_b']}."
        )
    return comparisons


def known_scores(comparisons: pl.DataFrame) -> Floats:
    """Return all scores. Raises InputError if one is not a number."""
    scores = comparisons["score"].cast(pl.Float64).to_numpy()
    if np.isnan(scores).any() or comparisons["score"].null_count():
        raise InputError("A score is not a number: compare the templates again.")
    return scores


def finite_templates(templates: pl.DataFrame) -> Floats:
    """Return all templates, (images, d).

    Raises InputError as `faces.require_templates`, or if a number in them is not finite.
    """
    require_templates(templates)
    vectors = templates["template"].to_numpy().astype(np.float64)
    if not np.isfinite(vectors).all():
        raise InputError("A template contains NaN or infinite numbers: embed its image again.")
    return vectors


def numbered_people(comparisons: pl.DataFrame) -> tuple[Ints, Ints, int]:
    """Return numbers of the two people of each comparison, and how many people there are."""
    sides = [comparisons[f"subject_{side}"] for side in "ab"]
    names = pl.concat([side.unique().cast(pl.String) for side in sides]).unique().sort()
    enum = pl.Enum(names)
    one, two = (
        side.cast(pl.String).cast(enum).to_physical().cast(pl.Int64).to_numpy() for side in sides
    )
    return one, two, len(names)


def sums_by_two(pair: Ints, people: int, weights: Floats | None = None) -> Floats:
    """Return counts, or sums of weights, of each two people, (people, people), symmetric.

    `pair` numbers two people as the one x people + the other.
    """
    sums = np.bincount(pair, weights, people**2).reshape(people, people).astype(np.float64)
    return np.asarray(sums + sums.T)


def _placed(among: Floats, scores: Floats) -> Floats:
    """Return the share of sorted `among` below each score, equal ones counted half."""
    below, upto = (np.searchsorted(among, scores, side=side) for side in ("left", "right"))
    return np.asarray((below + upto) / (2 * len(among)))
