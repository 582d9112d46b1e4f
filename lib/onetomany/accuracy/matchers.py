"""Compare groups of the same people under several matchers: rates and tests side by side.

Works on a set whose people recorded attributes of themselves, or on stored pairs
(`sources.pairs`); nothing here looks at a face.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from onetomany import faces, sources
from onetomany.errors import InputError
from onetomany.sources.pairs import ScoredPairs, open_pairs
from .comparisons import require_compared
from .group_rates import rates_by_group
from .permutation import permutation_test
from .verification import compare_all, threshold_at_fmr

BAND = 10  # years, or the unit of another column of many numbers
MANY = 6  # a column of more different numbers is cut into bands
EXPECTED = 100  # false matches that a set must allow at a target FMR
TARGETS = (1e-3, 1e-2, 1e-1)
BESIDE = "london"  # the stored set shown beside the chosen one


def _in_bands(attributes: pl.DataFrame, width: int = BAND) -> pl.DataFrame:
    """Return attributes with columns of many numbers cut into bands, such as '20-29'.

    A column is cut if all its values are whole numbers and more than MANY of them differ.
    """
    cut = []
    for name in _columns(attributes):
        numbers = attributes[name].cast(pl.Int64, strict=False)
        same = numbers.null_count() == attributes[name].null_count()
        if same and numbers.n_unique() > MANY:
            start = pl.lit(numbers) // width * width
            cut.append(pl.format("{}-{}", start, start + width - 1).alias(name))
    return attributes.with_columns(cut)


def group_columns(attributes: pl.DataFrame) -> list[str]:
    """Return the recorded columns by which groups can be compared: two of two people or more."""
    return [
        name
        for name in _columns(attributes)
        if (attributes[name].drop_nulls().value_counts()["count"] >= 2).sum() >= 2
    ]


def own_pairs(images: sources.ImageSet, models: Sequence[str] = faces.MATCHERS) -> ScoredPairs:
    """Return a set's pairs under each matcher, with its people's recorded attributes in bands.

    `attributes` has no row if nothing was recorded.
    """
    recorded = images.attributes
    none = pl.DataFrame(schema={"subject_id": pl.String, "attributes_are": pl.String})
    return ScoredPairs(
        {
            model: compare_all(faces.usable(faces.embed(images, faces.Settings(model=model))))
            for model in models
        },
        none if recorded is None else _in_bands(recorded),
        {"image_set": images.datasheet.name, "title": images.datasheet.title},
    )


def with_groups(own: ScoredPairs) -> ScoredPairs:
    """Return a set's own pairs if its people recorded groups, else the stored London set's."""
    return own if group_columns(own.attributes) else _stored()


def pairs_beside(own: ScoredPairs) -> ScoredPairs:
    """Return another set's pairs: the stored London set's, or ORL's beside London itself."""
    if own.run["image_set"] == BESIDE:
        return own_pairs(sources.open_images("orl"), list(own.comparisons))
    return _stored()


def shared_target(comparisons: Mapping[str, pl.DataFrame]) -> float:
    """Return the finest FMR of 1 in 1,000, 100, 10 with EXPECTED false matches for each.

    If no matcher has so many comparisons it is 1 in 10. Raises InputError with fewer than ten
    comparisons of different people.
    """
    frames = map(require_compared, comparisons.values())
    least = min(int((~frame["mated"]).sum()) for frame in frames)
    if least < 10:
        raise InputError(
            f"{least} comparisons of different people can't show the errors of groups: use a set "
            "of more people."
        )
    return next((target for target in TARGETS if target * least >= EXPECTED), TARGETS[-1])


def rates_by_matcher(scored: ScoredPairs, by: str, target: float) -> pl.DataFrame:
    """Return each group's FMR under each matcher, with its test against chance.

    The threshold of each is set so that `target` of all pairs match. Columns: those of
    `rates_by_group` (rows within groups alone), `model`, and of `permutation_test` `expected`, `p`
    and `p_adjusted`, which are null for a group without a comparison.
    """
    frames = []
    for model, comparisons in scored.comparisons.items():
        threshold = threshold_at_fmr(comparisons, target)
        given = (comparisons, scored.attributes, by, threshold)
        cells = rates_by_group(*given).filter("within", measure="FMR")
        tests = permutation_test(*given).select("group", "expected", "p", "p_adjusted")
        joined = cells.join(tests, on="group", how="left", maintain_order="left")
        frames.append(joined.with_columns(model=pl.lit(model)))
    return pl.concat(frames)


def _stored() -> ScoredPairs:
    stored = open_pairs(BESIDE)
    return ScoredPairs(stored.comparisons, _in_bands(stored.attributes), stored.run)


def _columns(attributes: pl.DataFrame) -> list[str]:
    return [name for name in attributes.columns if name not in ("subject_id", "attributes_are")]
