"""A threshold measured on comparisons, as opposed to a maker's recommended number."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Threshold:
    """A similarity at or above which two templates count as a match.

    `accuracy.threshold_at_fmr` makes it from measured non-mated scores; `fmr` is the false match
    rate at that score, over `comparisons` non-mated comparisons of `subjects` people.
    """

    score: float
    fmr: float
    comparisons: int
    subjects: int
    model: str
    image_set: str

    def __str__(self) -> str:
        return (
            f"{self.score:.4f} (FMR {self.fmr:.2g} on {self.comparisons:,} non-mated comparisons "
            f"of {self.subjects} subjects, {self.image_set}, {self.model})"
        )
