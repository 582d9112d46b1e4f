"""Count false matches and false non-matches by group, with intervals by subject.

False matches are counted *within* a group, both people of it, as NIST does (FRVT 1:1 report
cards: people 'born in the given country pair', 'same sex, same age impostor'): two people of one
group resemble each other more than two people of any groups, and a rate over all pairs hides that.
The differences between groups are measured as on NIST's page 'FRTE demographic effects': the
highest rate over the lowest, and over the geometric mean.

Groups come with the subjects and say whether they were recorded or simulated. Nothing here looks at
a face.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import polars as pl

from onetomany.errors import InputError, RefusedError
from onetomany.gallery import Threshold
from onetomany.gallery.threshold import require_measured
from onetomany.sources.tables import require_columns
from .comparisons import require_compared, sums_by_two
from .intervals import Floats, Interval, pair_interval, rate_ratio, ratio_interval

WIDE = 4.0  # an interval whose upper limit is so many times its lower one is marked

CELLS = {
    "measure": pl.String,  # FMR, FNMR
    "group": pl.String,
    "other": pl.String,  # the same as group, but for FMR across two groups
    "within": pl.Boolean,
    "subjects": pl.Int64,  # of the smaller of the two groups
    "comparisons": pl.Int64,
    "errors": pl.Int64,
    "rate": pl.Float64,  # null if nobody was compared
    "low": pl.Float64,
    "high": pl.Float64,
    "wide": pl.Boolean,  # the interval spans a factor of WIDE or more: hardly an estimate
    "method": pl.String,
    "attributes_are": pl.String,
}
RATIOS = {
    "measure": pl.String,
    "group": pl.String,
    "against": pl.String,
    "ratio": pl.Float64,  # null if the reference group showed no error: see low
    "low": pl.Float64,
    "high": pl.Float64,  # null: no upper limit can be given
    "method": pl.String,
    "attributes_are": pl.String,
}


def rates_by_group(
    comparisons: pl.DataFrame,
    attributes: pl.DataFrame | None,
    by: str | Sequence[str],
    threshold: Threshold,
) -> pl.DataFrame:
    """Return FMR within each group and across each two, and FNMR of each group (`CELLS`).

    `comparisons` is a frame of `compare_all`. `attributes` has one row a subject: `subject_id`, the
    columns named in `by` (several are crossed: 'F, 1980s') and `attributes_are`, 'recorded' or
    'simulated'. Subjects whose group is null are left out. Small groups are shown, too: each rate
    has its interval and its number of people, and `wide` marks intervals so wide that the rate
    itself says little.

    Intervals are those of `intervals`, by person of the group.

    Raises RefusedError if the attributes are missing or lack `attributes_are`, or the threshold
    wasn't measured on the same model; InputError if no subject has a group.
    """
    members, are = members_of(comparisons, attributes, by)
    counted = count_errors(comparisons, members, threshold)
    cells = []
    for measure, one, two in (
        *(("FMR", *pair) for pair in combinations_with_replacement(members, 2)),
        *(("FNMR", name, name) for name in members),
    ):
        wrong, made = counted.of_cell(measure, one, two)
        each = 2 if measure == "FMR" and one == two else 1  # a symmetric table has each pair twice
        compared, errors = int(made.sum()) // each, int(wrong.sum()) // each
        cell: dict[str, object] = {
            "measure": measure,
            "group": one,
            "other": two,
            "within": one == two,
            "subjects": min(len(members[one]), len(members[two])),
            "comparisons": compared,
            "errors": errors,
            "method": f"none: no comparison for the {measure}",
            "attributes_are": are,
        }
        if compared:
            if measure == "FNMR":
                found = ratio_interval(wrong, made)
            else:
                found = pair_interval(wrong, made, two_groups=one != two)
            cell |= {"rate": errors / compared, "wide": found.high >= WIDE * found.low}
            cell |= vars(found)
        cells.append(cell)
    return pl.DataFrame(cells, schema=CELLS)


def ratios(
    comparisons: pl.DataFrame,
    attributes: pl.DataFrame | None,
    by: str | Sequence[str],
    threshold: Threshold,
    *,
    against: str,
) -> pl.DataFrame:
    """Return each group's rate over that of the group `against`, chosen beforehand (`RATIOS`).

    Intervals come from those of the two rates (`intervals.rate_ratio`); there is no upper limit if
    the reference's rate may be 0. Groups in which nobody was compared have no row.

    Raises as `rates_by_group`, and InputError if `against` is not one of those groups.
    """
    cells = rates_by_group(comparisons, attributes, by, threshold)
    known = cells.filter("within").drop_nulls("rate")
    rows = []
    for measure in ("FMR", "FNMR"):
        own = {cell["group"]: cell for cell in known.filter(measure=measure).to_dicts()}
        if against not in own:
            raise InputError(
                f"'{against}' can't be the group to compare with: the {measure} is known for "
                f"{', '.join(sorted(own)) or 'no group'}."
            )
        rows += [
            {
                "measure": measure,
                "group": name,
                "against": against,
                "attributes_are": cell["attributes_are"],
                **_ratio(cell, own[against]),
            }
            for name, cell in own.items()
            if name != against
        ]
    return pl.DataFrame(rows, schema=RATIOS)


def inequity(cells: pl.DataFrame) -> pl.DataFrame:
    """Return how much the groups' rates differ; takes a frame of `rates_by_group`.

    Columns `measure`, `groups`, `worst`, `best`, `max_over_min`, `max_over_geometric_mean` of the
    rates within groups; both are null if some group showed no error. Chance alone makes the worst
    exceed the best: read the intervals, or `ratios` against a group chosen beforehand.

    >>> rates = pl.DataFrame({"group": ["a", "b"], "rate": [0.01, 0.04], "measure": "FMR"})
    >>> inequity(rates.with_columns(within=True))["max_over_min"].item()
    4.0
    """
    known = cells.filter("within", pl.col("rate").is_not_null())
    rate = pl.col("rate")
    geometric = rate.log().mean().exp()
    seen = rate.min() > 0
    return known.group_by("measure", maintain_order=True).agg(
        groups=pl.len(),
        worst=pl.col("group").sort_by("rate").last(),
        best=pl.col("group").sort_by("rate").first(),
        max_over_min=pl.when(seen).then(rate.max() / rate.min()),
        max_over_geometric_mean=pl.when(seen).then(rate.max() / geometric),
    )


def members_of(
    comparisons: pl.DataFrame, attributes: pl.DataFrame | None, by: str | Sequence[str]
) -> tuple[dict[str, list[str]], str]:
    """Return the subjects of each group by its name, and 'recorded' or 'simulated'.

    Parameters and errors are those of `rates_by_group`.
    """
    require_compared(comparisons, "model", "image_set")
    columns = [by] if isinstance(by, str) else list(by)
    subjects = pl.concat([comparisons[f"subject_{side}"].cast(pl.String) for side in "ab"]).unique()
    image_set = comparisons["image_set"][0]
    if attributes is None:
        raise RefusedError(
            f"'{image_set}' comes with no recorded {', '.join(columns)} of its {len(subjects)} "
            "subjects: errors by group need attributes that were recorded with them; the kit never "
            "guesses them from a face."
        )
    require_columns(attributes, ("subject_id", *columns), "The attributes")
    said = set(attributes["attributes_are"]) if "attributes_are" in attributes.columns else set()
    if len(said) != 1 or not said <= {"recorded", "simulated"}:
        raise RefusedError(
            "The attributes lack their origin: give them a column attributes_are, 'recorded' (with "
            "the subjects) or 'simulated', the same in every row."
        )
    if attributes["subject_id"].is_duplicated().any():
        raise InputError("The attributes have two rows for one subject: they need one row each.")
    grouped = (
        attributes.filter(pl.col("subject_id").cast(pl.String).is_in(subjects.implode()))
        .drop_nulls(columns)
        .select(
            pl.col("subject_id").cast(pl.String),
            group=pl.concat_str([pl.col(c).cast(pl.String) for c in columns], separator=", "),
        )
        .sort("group", "subject_id")
    )
    if not len(grouped):
        raise InputError(
            f"Not one of the {len(subjects)} subjects of '{image_set}' has a recorded "
            f"{', '.join(columns)}: there is no group to count errors in."
        )
    parts = grouped.partition_by("group", maintain_order=True)
    return {part["group"][0]: part["subject_id"].to_list() for part in parts}, str(said.pop())


@dataclass(frozen=True)
class ErrorCounts:
    """Errors and comparisons of all people, group after group.

    `wrong` and `made` (people, people) are false matches and non-mated comparisons of each two,
    symmetric; `missed` and `own` (people,) misses and mated comparisons of each person. `places`
    are those of each group's people.
    """

    wrong: Floats
    made: Floats
    missed: Floats
    own: Floats
    places: dict[str, slice]

    def of_cell(self, measure: str, one: str, two: str) -> tuple[Floats, Floats]:
        """Return errors and comparisons: (people, people) for FMR, (people,) for FNMR."""
        if measure == "FNMR":
            return self.missed[self.places[one]], self.own[self.places[one]]
        block = self.places[one], self.places[two]
        return self.wrong[block], self.made[block]


def count_errors(
    comparisons: pl.DataFrame, members: dict[str, list[str]], threshold: Threshold
) -> ErrorCounts:
    """Return the errors at a threshold among the people of all groups.

    Raises RefusedError for a threshold that wasn't measured, or on another model.
    """
    require_measured(threshold, comparisons["model"][0], "the comparisons were made with")
    ids = [subject for subjects in members.values() for subject in subjects]
    place = {subject: number for number, subject in enumerate(ids)}
    one, two = (
        comparisons[f"subject_{side}"]
        .cast(pl.String)
        .replace_strict(place, default=-1, return_dtype=pl.Int64)
        .to_numpy()
        for side in "ab"
    )
    mated = comparisons["mated"].to_numpy()
    match = comparisons["score"].to_numpy() >= threshold.score
    people, known = len(ids), (one >= 0) & (two >= 0)
    made, wrong = (
        sums_by_two((one * people + two)[chosen], people)
        for chosen in (known & ~mated, known & ~mated & match)
    )
    own, missed = (
        np.bincount(one[chosen], minlength=people).astype(np.float64)
        for chosen in (known & mated, known & mated & ~match)
    )
    ends = np.cumsum([0, *map(len, members.values())]).tolist()
    places = dict(zip(members, map(slice, ends, ends[1:]), strict=False))
    return ErrorCounts(wrong, made, missed, own, places)


def _ratio(cell: dict[str, Any], reference: dict[str, Any]) -> dict[str, float | str | None]:
    limits = (Interval(each["low"], each["high"], each["method"]) for each in (cell, reference))
    ratio, low, high = rate_ratio(cell["rate"], next(limits), reference["rate"], next(limits))
    people = f"{cell['subjects']} and {reference['subjects']} subjects"
    return {"ratio": ratio, "low": low, "high": high, "method": f"limits of both rates, {people}"}
