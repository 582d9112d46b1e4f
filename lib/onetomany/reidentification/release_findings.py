"""Say how much a release gives away with a secret column, a population or a changed copy.

Each function takes the table and one such addition, and returns a frame and a sentence in English
and Korean. No sentence contains a value of the table.
"""

from collections.abc import Sequence

import polars as pl

from onetomany.confidence import PERCENT, PERCENT_KO
from onetomany.errors import InputError
from onetomany.printing import shortened
from .classes import Table, as_lazy
from .closeness import hierarchical_closeness
from .distance_linkage import distance_links, information_loss
from .households import household_risk
from .k_map import k_map
from .local_recoding import compare_reductions
from .reduction import Hierarchy
from .risk import individual_risk, presence, privacy, risks
from .risk_findings import Finding, largest_set
from .special_uniques import minimal_sample_uniques

_WAYS = {
    "local recoding": ("local recoding", "부분 일반화(Mondrian)"),
    "levels": ("taking out whole columns", "열을 통째로 빼기"),
    "suppression": ("taking out records", "기록 빼기"),
}


def sensitive_finding(
    table: Table, columns: Sequence[str], sensitive: str, taxonomy: pl.DataFrame | None = None
) -> Finding:
    """Say how much the worst group gives away of a sensitive column (`risk.privacy`).

    `taxonomy` has the sensitive column and, to its right, the coarser terms of each value up to
    one for all: then near values count less (`hierarchical_closeness`).

    Raises InputError as `privacy` and `hierarchical_closeness`.
    """
    worst = privacy(table, columns, sensitive)
    name = shortened(sensitive)
    en = (
        f"Anyone who knows a person's group learns something about '{name}': in the worst group "
        f"{worst.alpha:.0%} of the records have the same value, and at least {worst.distinct_l:,} "
        f"different values occur (l = {worst.distinct_l:,}). A group's shares differ from the "
        f"whole table's by up to t = {worst.t:.2f} (0: equal, 1: as far as can be)."
    )
    ko = (
        f"누가 어느 무리인지 알면 '{name}'도 어느 정도 알 수 있다. 가장 심한 무리에서는 기록의 "
        f"{worst.alpha:.0%}가 값이 같고, 무리마다 적어도 {worst.distinct_l:,}가지 값이 있다"
        f"(l = {worst.distinct_l:,}). 무리 안의 비율은 표 전체와 최대 t = {worst.t:.2f}만큼 "
        "다르다(0은 같음, 1은 가장 멂)."
    )
    frame = pl.DataFrame([vars(worst)])
    if taxonomy is not None:
        rest = pl.exclude(taxonomy.columns[0]).cast(pl.String)
        steps = Hierarchy(sensitive, taxonomy.select(pl.nth(0), rest))
        frame = hierarchical_closeness(table, columns, steps)
        largest = float(str(frame["t"].max()))
        frame = frame.select("size", "t").sort("t", descending=True)
        en += f" If values near each other in the taxonomy count less, t is {largest:.2f}."
        ko += f" 분류 체계에서 가까운 값의 차이를 작게 세면 t는 {largest:.2f}다."
    return Finding(frame, en, ko)


def everyone_finding(table: Table, columns: Sequence[str], everyone: Table) -> Finding:
    """Say how sure a record is somebody's, with a table of the whole population (`risk.RISKS`).

    Raises InputError as `k_map` and `risks`, such as for a record whose values nobody in
    `everyone` has.
    """
    mapped = k_map(table, columns, everyone).row(0, named=True)
    found = risks(table, columns, population=everyone)
    journalist = found.filter(attacker="journalist").row(0, named=True)
    there = presence(table, everyone, columns)["delta"]
    low, high = float(str(there.min())), float(str(there.max()))
    return Finding(
        found,
        f"Counted among everyone: {mapped['below']:,.0f} of {mapped['records']:,} records have the "
        f"values of fewer than 5 people; the rarest values are those of {mapped['smallest']:,} "
        "(k-map). Anyone who picks a record and guesses a person with its values is right in "
        f"{journalist['average']:.1%} of cases on average, {journalist['highest']:.0%} for the "
        f"rarest. That somebody is in the table at all can be known with {low:.0%} to {high:.0%} "
        "certainty (delta-presence).",
        f"모집단 전체에서 세면, 기록 {mapped['records']:,}건 가운데 {mapped['below']:,.0f}건은 "
        "같은 값을 가진 사람이 5명 미만이고, 가장 드문 값을 가진 사람은 "
        f"{mapped['smallest']:,}명이다(k-map). 기록 하나를 골라 값이 같은 사람을 찍으면 평균 "
        f"{journalist['average']:.1%}, 가장 "
        f"드문 값이면 {journalist['highest']:.0%} 맞는다. 누군가 이 표에 들어 있다는 것은 "
        f"{low:.0%}~{high:.0%}의 확신으로 알 수 있다(delta-presence).",
    )


def survey_finding(
    table: Table, columns: Sequence[str], weight: str, household: str | None = None
) -> Finding:
    """Say how many records of a weighted survey would be named rightly (`individual_risk`).

    With `household`, a record also counts if another of its household is named
    (`household_risk`). Raises InputError as these do.
    """
    if household is None:
        frame = individual_risk(table, columns, weight)
        records = int(frame["size"].sum())
        expected = float((frame["size"] * frame["risk"]).sum())
        frame = frame.select("size", "risk")  # without the values
    else:
        together = household_risk(table, columns, household, weight)
        frame, records, expected = together.records, len(together.records), together.expected_alone
    en = (
        f"By the survey weights, guessing a person for each of the {records:,} records is right "
        f"for {expected:,.1f} of them ({expected / records:.2%})."
    )
    ko = (
        f"조사 가중치로 보면, 기록 {records:,}건마다 사람을 하나씩 찍을 때 {expected:,.1f}건"
        f"({expected / records:.2%})이 맞는다."
    )
    if household is not None:
        en += (
            " If finding one member of a household finds all, it is "
            f"{together.expected:,.1f} ({together.share:.2%}), with members found independently."
        )
        ko += (
            f" 가구원 하나를 찾으면 가구 전체를 찾은 것이므로 {together.expected:,.1f}건"
            f"({together.share:.2%})이 된다. 가구원을 서로 무관하게 찾는다고 본 값이다."
        )
    return Finding(frame, en, ko)


def changed_finding(original: Table, changed: Table, columns: Sequence[str]) -> Finding:
    """Say how many records are found again in a changed copy, and how far values moved.

    Row n of both tables is the same person. The risk is `distance_links`, the cost IL1s of each
    column of numbers (`information_loss`).

    Raises InputError as these do.
    """
    before, after = (as_lazy(each).collect() for each in (original, changed))
    links = distance_links(before, after, columns)
    numbers = [
        name
        for name in columns
        if before[name].dtype.is_numeric() and before[name].drop_nulls().n_unique() > 1
    ]
    share = f"{links.right:,.1f} of {links.records:,} records ({links.share:.1%}"
    en = (
        "Anyone who knows the original values and takes the nearest changed record finds "
        f"{share}; {PERCENT}: {links.low:.1%} to {links.high:.1%})."
    )
    ko = (
        f"원래 값을 아는 사람이 바뀐 표에서 가장 가까운 기록을 고르면 {links.records:,}건 가운데 "
        f"{links.right:,.1f}건({links.share:.1%}, {PERCENT_KO} 구간 "
        f"{links.low:.1%}~{links.high:.1%})을 맞힌다."
    )
    if not numbers:
        return Finding(pl.DataFrame([vars(links)]), en, ko)
    frame = information_loss(before, after, numbers)
    moved = "; ".join(
        f"'{shortened(name)}' {il1s:.2f}"
        for name, il1s in frame.select("column", "il1s").iter_rows()
    )
    return Finding(
        frame,
        f"{en} How far numbers moved, in units of their spread (IL1s, 0: not at all): {moved}.",
        f"{ko} 수가 움직인 정도, 퍼진 정도를 단위로(IL1s, 0은 그대로): {moved}.",
    )


def reach_finding(table: Table, columns: Sequence[str], k: int) -> Finding:
    """Say how much each way to groups of at least `k` records loses (`COMPARED`).

    Raises InputError as `compare_reductions`.
    """
    found = compare_reductions(table, columns, (), k)
    rows = list(found.iter_rows(named=True))
    return Finding(
        found,
        f"To have {k:,} or more alike in every group, by detail lost: "
        + "; ".join(
            f"{_WAYS[row['method']][0]} {row['loss']:.0%} ({row['suppressed']:,} records taken out)"
            for row in rows
        )
        + ".",
        f"모든 무리가 {k:,}건 이상이 되게 할 때 잃는 정보: "
        + "; ".join(
            f"{_WAYS[row['method']][1]} {row['loss']:.0%}(뺀 기록 {row['suppressed']:,}건)"
            for row in rows
        )
        + ".",
    )


def record_finding(table: Table, columns: Sequence[str], record: int) -> Finding:
    """Say which smallest sets of columns single one record out (`minimal_sample_uniques`).

    Records count from 1, the first below the names. Raises InputError for a record that isn't
    there, or a table too large for such a search.
    """
    records = int(as_lazy(table).select(pl.len()).collect().item())
    largest = largest_set(len(columns), records)
    if not 1 <= record <= records:
        raise InputError(f"There is no record {record:,}: the table has records 1 to {records:,}.")
    if largest is None:
        raise InputError(
            f"{len(columns)} columns of {records:,} records have too many sets to look through, or "
            "only one column is left: name other columns."
        )
    sets = minimal_sample_uniques(table, columns, largest).filter(record=record)
    named = "; ".join(" + ".join(map(shortened, each)) for each in sets["columns"])
    if not named:
        return Finding(
            sets,
            f"No set of up to {largest} columns singles out record {record:,}.",
            f"열 {largest}개까지의 어떤 조합도 {record:,}번 기록을 가려내지 못한다.",
        )
    return Finding(
        sets,
        f"Record {record:,} is singled out by: {named}.",
        f"{record:,}번 기록은 다음 열만으로 가려진다: {named}.",
    )
