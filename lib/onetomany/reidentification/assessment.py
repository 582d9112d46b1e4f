"""Assess a table of people in one object: counts, records by number, sentences."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from onetomany.confidence import PERCENT_KO
from onetomany.errors import InputError
from onetomany.printing import Notice, shortened
from .classes import EMPTY, Table, as_lazy, check_quasi_identifiers
from .column_types import list_places
from .population import uniqueness_of
from .risk import Anonymity, anonymity_of
from .risk_findings import Finding, bands_finding, column_finding, k_map_finding
from .standing_out import quasi_identifiers, standing_out, without_each

CROWDS = {
    "alike": pl.String,  # records with the same values: '1', '2', '3–4' ...
    "records": pl.Int64,
    "share": pl.Float64,  # of all records
}
_BOUNDS = ((1, 1), (2, 2), (3, 4), (5, 9), (10, 99), (100, None))
FIRST = 10  # records and columns that are listed
GROUPS = 20  # of records, for the jackknife; fewer if the table has fewer


@dataclass(frozen=True)
class Assessment:
    """Store a table's counts by some of its columns.

    `keys` are columns left out since they differ in every record; `crowds` has schema `CROWDS`;
    `sized` is every record's class (`STANDING_OUT`), smallest first; `without` has `WITHOUT`;
    `estimate` is the row `dankar` of `UNIQUENESS` for `population` people, if given. `findings` say
    which column gives people away and, with a population, how many records have values that few
    people share (`risk_findings`).
    """

    columns: tuple[str, ...]
    keys: tuple[str, ...]
    anonymity: Anonymity
    crowds: pl.DataFrame
    sized: pl.DataFrame
    without: pl.DataFrame
    population: int | None
    estimate: dict[str, Any] | None
    findings: tuple[Finding, ...] = ()


def assess(
    table: Table,
    columns: Sequence[str] = (),
    *,
    population: int | None = None,
    aside: Sequence[str] = (),
) -> Assessment:
    """Count who shares whose values by these columns, or by all that may tell people apart.

    `table` is a polars frame or LazyFrame, a parquet file or a DuckDB relation, a row a person.
    `population` is the number of people of whom the table is a random sample. If no columns are
    named, those `aside` are not among the ones chosen: a sensitive column or a survey weight.

    Returns an `Assessment`: `anonymity` (k, unique records), `without` (the effect of giving up
    each column), `sized` (every record's class, smallest first), and `estimate` if there is a
    population.

    Raises InputError as `classes`, `quasi_identifiers` and `population_uniqueness`.

    >>> import onetomany as otm, polars as pl
    >>> found = otm.risk(pl.DataFrame({"sex": ["F", "F", "M"], "born": [80, 80, 81]}))
    >>> found.anonymity.unique, found.sized["record"][0]
    (1, 3)
    """
    keys: list[str] = []
    if not columns:
        others = as_lazy(table).drop(check_quasi_identifiers(table, aside)) if aside else table
        columns, keys = quasi_identifiers(others)
    sized = standing_out(table, columns)
    if sized.is_empty():
        raise InputError(EMPTY)
    size, records = np.unique(sized["class_size"].to_numpy(), return_counts=True)
    sizes = np.repeat(size, records // size)
    by_column = column_finding(table, columns, population)
    findings = [by_column] if by_column else []
    estimate = None
    if population is not None:
        rows = uniqueness_of(sizes, population, groups=min(GROUPS, len(sized)))
        estimate = rows.filter(model="dankar").row(0, named=True)
        findings += [k_map_finding(sizes, population), bands_finding(sizes, population)]
    return Assessment(
        tuple(columns),
        tuple(keys),
        anonymity_of(sizes),
        _crowds(sized["class_size"]),
        sized,
        without_each(table, columns),
        population,
        estimate,
        tuple(findings),
    )


def to_give_up(found: Assessment) -> pl.DataFrame:
    """Return `found.without` with printable names; empty if nobody is alone."""
    names = found.without["column"].map_elements(shortened, return_dtype=pl.String)
    return found.without.with_columns(column=names).filter(found.anonymity.unique > 0)


def _crowds(sizes: pl.Series) -> pl.DataFrame:
    rows = []
    for low, high in _BOUNDS:
        many = int((sizes >= low).sum() if high is None else sizes.is_between(low, high).sum())
        name = f"{low}+" if high is None else f"{low}" if low == high else f"{low}–{high}"
        rows.append((name, many, many / len(sizes)))
    return pl.DataFrame(rows, schema=CROWDS, orient="row")


def describe_assessment(found: Assessment) -> list[Notice]:
    """Return the findings, main one first, in English and Korean, without any value."""
    whole = found.anonymity
    names = ", ".join(map(shortened, found.columns))
    said = [
        Notice(
            f"{whole.uniqueness:.1%} of the records ({whole.unique:,} of {whole.records:,}) are "
            f"alone: no other record has the same values in {names}.",
            f"기록 {whole.records:,}건 가운데 {whole.unique:,}건({whole.uniqueness:.1%})은 {names} "
            "값이 모두 같은 다른 기록이 하나도 없다.",
        ),
        Notice(
            f"The records form {whole.classes:,} groups of equal values; the smallest has "
            f"{whole.k:,} (k = {whole.k:,}).",
            f"값이 같은 기록끼리 묶으면 {whole.classes:,}개 무리이고, 가장 작은 무리는 "
            f"{whole.k:,}건이다(k = {whole.k:,}).",
        ),
        _first(found),
        *_giving_up(found),
    ]
    for key in map(shortened, found.keys):
        said.append(
            Notice(
                f"Column '{key}' differs in every record and was not counted: anyone who knows its "
                "values knows whose record it is.",
                f"'{key}' 열은 기록마다 값이 달라 세지 않았다. 그 값을 아는 사람은 누구의 "
                "기록인지 안다.",
            )
        )
    told = [Notice(finding.en, finding.ko) for finding in found.findings]
    return [*said, *told, _beyond(found)]


def _first(found: Assessment) -> Notice:
    few = found.sized.filter(found.sized["class_size"] == found.anonymity.k)["record"]
    records = list_places(few.head(FIRST + 1).to_list(), FIRST)
    alone = found.anonymity.k == 1
    return Notice(
        f"{'Alone' if alone else 'In the smallest groups'}: records {records} (values are never "
        "shown).",
        f"{'혼자인' if alone else '가장 작은 무리의'} 기록 번호: {records}(값은 보여 주지 않는다).",
    )


def _giving_up(found: Assessment) -> Iterator[Notice]:
    if found.without.is_empty() or not found.anonymity.unique:
        return
    best = found.without.row(0, named=True)
    name, left = shortened(best["column"]), best["unique"]
    if left == found.anonymity.unique:
        yield Notice(
            "Leaving out any one column would leave as many records alone.",
            "어느 열 하나를 빼도 혼자인 기록은 줄지 않는다.",
        )
        return
    yield Notice(
        f"Leaving out the column '{name}' helps most: {left:,} records would be alone instead of "
        f"{found.anonymity.unique:,}.",
        f"열 하나를 뺀다면 '{name}' 열의 효과가 가장 크다. 혼자인 기록이 "
        f"{found.anonymity.unique:,}건에서 {left:,}건으로 준다.",
    )


def _beyond(found: Assessment) -> Notice:
    """Return a sentence on people who are not in the table."""
    if found.estimate is None:
        return Notice(
            "This counts records of this table alone. If it is a sample, a record that is alone "
            "may have doubles among people who are not in it: give the population's size to "
            "estimate that.",
            "이 표 안에서만 센 수다. 표본이라면 여기서 혼자인 기록도 표 밖에 같은 사람이 있을 수 "
            "있다. 모집단의 사람 수를 주면 추정한다.",
        )
    row, people = found.estimate, found.population
    if row["uniqueness"] is None:
        return Notice(
            f"How many of {people:,} people are unique can't be estimated from this table.",
            f"모집단 {people:,}명 가운데 유일한 사람이 몇인지는 이 표로 추정할 수 없다.",
        )
    reach, reach_ko = "no interval could be computed", "구간은 계산하지 못했다"
    if row["low"] is not None:
        reach = f"{PERCENT_KO} {_fine(row['low'])} to {_fine(row['high'])}"
        reach_ko = f"{PERCENT_KO} 구간 {_fine(row['low'])}~{_fine(row['high'])}"
    return Notice(
        f"If the table is a random sample of {people:,} people, a model estimates that "
        f"{_fine(row['uniqueness'])} of them are unique ({reach}, for the sample's chance alone).",
        f"이 표가 {people:,}명에서 무작위로 뽑은 표본이라면, 모형으로 볼 때 그 가운데 "
        f"{_fine(row['uniqueness'])}가 유일하다({reach_ko}, 표본의 우연만 반영).",
    )


def _fine(share: float) -> str:
    """Format a share in percent, a small one with two digits: 0.0043 is 0.43%."""
    return f"{share:.1%}" if share >= 0.01 or share == 0 else f"{share * 100:.2g}%"
