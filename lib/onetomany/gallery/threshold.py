"""A threshold measured on comparisons, as opposed to a maker's recommended number."""

from dataclasses import dataclass

from onetomany.errors import RefusedError


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


def require_measured(threshold: object, model: str, use: str) -> None:
    """Raise RefusedError if a threshold wasn't measured, or not on the model of its `use`."""
    if not isinstance(threshold, Threshold):
        raise RefusedError(
            f"{threshold!r} is not a measured threshold: use accuracy.threshold_at_fmr; a "
            "vendor's or library's default says nothing about this model on these faces."
        )
    if threshold.model != model:
        raise RefusedError(f"The threshold was measured on {threshold.model}, {use} {model}.")
