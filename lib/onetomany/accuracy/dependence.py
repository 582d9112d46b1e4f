"""Measure how much a rate of searches depends on each person, searched or in the gallery."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from .comparisons import Ints
from .intervals import Flags, Floats, Spread, rate_spread, shared_spread

# the people in the gallery behind an error; without them an interval takes the gallery as given
GALLERY_SIDE = {
    "other_subject": pl.String,  # of the best candidate that is somebody else
    "next_score": pl.Float64,  # the best candidate that is neither; null if there is none
}


@dataclass(frozen=True)
class Dependence:
    """How a rate depends on people: `sums` (people,) adds up all contributions of each person.

    `noise` is the sum of the squared contributions of two people, `least` the variance if searches
    were independent; `searched` marks the people searched. Without `both_sides` the gallery is
    taken as given.
    """

    rate: float
    sums: Floats
    noise: float
    least: float
    searched: Flags
    both_sides: bool

    def spread(self) -> Spread:
        """Return the variance of the rate, and Student's degrees of freedom."""
        if self.both_sides:
            return shared_spread(self.sums, self.noise, self.least)
        return rate_spread(self.sums[self.searched])

    def along(self, other: "Dependence", slope: float) -> "Dependence":
        """Return how this rate depends on people if another rate, of slope `slope`, is fixed."""
        return Dependence(
            self.rate,
            self.sums - slope * other.sums,
            self.noise + slope**2 * other.noise,
            self.least + slope**2 * other.least,
            self.searched | other.searched,
            self.both_sides,
        )


class Probes:
    """Searches whose errors are counted by person; `people` are all who may be in the gallery."""

    def __init__(self, probes: pl.DataFrame, people: pl.Series | None = None) -> None:
        names = probes["subject_id"] if people is None else people
        self.both_sides = set(GALLERY_SIDE) <= set(probes.columns)
        if self.both_sides:
            names = pl.concat([names, probes["other_subject"].drop_nulls()])
        enum = pl.Enum(names.unique().sort())
        self.count, self.total = len(enum.categories), len(probes)
        self.who = _places(probes["subject_id"], enum)
        self.other = _places(probes["other_subject"], enum) if self.both_sides else self.who
        self.made = np.bincount(self.who, minlength=self.count)

    @property
    def subjects(self) -> int:
        """Count the people searched."""
        return int((self.made > 0).sum())

    def dependence(self, errors: Flags, sole: Flags) -> Dependence:
        """Return how the share of errors (probes,) depends on people.

        `sole` are those that one other person in the gallery caused alone; another gallery would
        have another person instead.
        """
        wrong = np.bincount(self.who[errors], minlength=self.count)
        rate = float(wrong.sum() / self.total)
        influence = (wrong - rate * self.made) / self.total
        searched, least, noise = self.made > 0, float((influence**2).sum()), 0.0
        if self.both_sides:
            who, other = self.who[sole], self.other[sole]
            caused = np.bincount(other, minlength=self.count) / self.total
            pairs = np.minimum(who, other) * self.count + np.maximum(who, other)
            noise = float((np.unique(pairs, return_counts=True)[1] ** 2).sum()) / self.total**2
            # each person in the gallery minus the mean of all: others would have been found instead
            influence = influence + caused - caused.mean()
        return Dependence(rate, influence, noise, least, searched, self.both_sides)


def _places(names: pl.Series, enum: pl.Enum) -> Ints:
    places = names.cast(enum).to_physical().cast(pl.Int64).fill_null(0)
    return np.asarray(places.to_numpy(), dtype=np.int64)
