"""Turn measures of a user's table into a frame and a sentence in English and Korean.

No value of the table is in a frame or a sentence, only columns and numbers of records.
"""

from collections.abc import Sequence
from math import comb
from typing import NamedTuple

import polars as pl

from onetomany.printing import shortened
from .classes import Ints, Table, as_lazy
from .k_map import HELD_OUT, k_map_bands, k_map_of, k_map_threshold
from .safe_harbor import safe_harbor, safe_harbor_rule
from .special_uniques import special_uniques

MOST_RECORDS = 5_000_000  # with more, sets of columns would take minutes and gigabytes
MOST_CELLS = 30_000_000  # records times sets of columns
LARGEST = 4  # columns in a set


class Finding(NamedTuple):
    """Store a frame and its sentence in English and Korean."""

    frame: pl.DataFrame
    en: str
    ko: str


def column_finding(
    table: Table, columns: Sequence[str], people: int | None = None
) -> Finding | None:
    """Say which column singles people out most, by DIS-SUDA (`special_uniques.CONTRIBUTIONS`).

    `people` is the population of which the table is a sample; 1 % is assumed if it is not known, as
    in sdcMicro. Sets of up to `LARGEST` columns are searched, fewer for many columns or records;
    None if not even single columns can be searched, or for one column.

    Raises InputError as `classes`.
    """
    records = int(as_lazy(table).select(pl.len()).collect().item())
    largest = largest_set(len(columns), records)
    if largest is None:
        return None
    sampled = records / people if people and people > records else 0.01
    found = special_uniques(table, columns, largest=largest, sampled=sampled)
    few = int((found.records["score"] > 0).sum())
    if not few:
        return Finding(
            found.columns,
            f"No set of up to {largest} columns singles out a record.",
            f"열 {largest}개까지의 어떤 조합도 기록 하나를 가려내지 못한다.",
        )
    worst = found.columns.sort("dis_contribution", descending=True).row(0, named=True)
    name = shortened(worst["column"])
    size = int(str(found.records["smallest"].min()))
    return Finding(
        found.columns,
        f"{few:,} of {records:,} records are singled out by {largest} columns or fewer, the first "
        f"by {size}. Column '{name}' gives away most: sets of columns with it carry "
        f"{worst['dis_contribution']:.0%} of the risk (DIS-SUDA; {100 * sampled:.2g} % of the "
        "population taken to be in the table).",
        f"기록 {records:,}건 가운데 {few:,}건은 열 {largest}개 이하로 가려지고, 가장 빠른 것은 "
        f"{size}개면 된다. 가장 많이 드러내는 열은 '{name}'이다. 이 열이 든 조합이 위험의 "
        f"{worst['dis_contribution']:.0%}를 차지한다(DIS-SUDA, 모집단의 {100 * sampled:.2g}%가 "
        "표에 들어 있다고 봄).",
    )


def k_map_finding(sizes: Ints, people: int, k: int = 5) -> Finding:
    """Say how many records have the values of fewer than `k` of so many people (`k_map.K_MAP`).

    `sizes` are the sizes of all classes. The sentence gives the negative binomial's estimate and
    its error on tables it had not seen, since the other two models were far off there
    (docs/reidentification.md); all three are in the frame. It ends with the class size that ARX
    would ask for.

    Raises InputError as `k_map`.
    """
    found = k_map_of(sizes, people, k=k)
    share = found.filter(model="negative binomial")["share"].item()
    records = int(found["records"][0])
    mean, worst = (round(100 * each) for each in HELD_OUT["negative binomial"])
    asked = k_map_threshold(k, records / people)
    return Finding(
        found,
        f"If the table is a random sample of {people:,} people, fewer than {k} of them share the "
        f"values of {share:.1%} of its {records:,} records, by a model (negative binomial) that "
        f"was {mean} points off on average on real tables it had not seen, and {worst} at worst. "
        f"The program ARX would ask for {asked:,} or more records in each group of this sample "
        f"(El Emam and Dankar's test, 1 %); the smallest group has {int(sizes.min()):,}.",
        f"표가 {people:,}명에서 무작위로 뽑은 표본이라면, 기록 {records:,}건 가운데 같은 값을 "
        f"가진 사람이 {k}명 미만인 것은 {share:.1%}다. 모형(음이항)으로 추정한 값이며, 이 모형은 "
        f"처음 보는 실제 표에서 평균 {mean}%포인트, 가장 크게는 {worst}%포인트 빗나갔다. 같은 "
        f"표본에서 ARX 프로그램은 무리마다 기록 {asked:,}건 이상을 요구한다(엘 에맘·당카르 검정, "
        f"1%). 이 표의 가장 작은 무리는 {int(sizes.min()):,}건이다.",
    )


def bands_finding(sizes: Ints, people: int) -> Finding:
    """Say how many people share each record's values, in bands (`k_map.BANDS`).

    `sizes` are the sizes of all classes. Raises InputError as `k_map_bands`.
    """
    found = k_map_bands(sizes, people)
    names = [
        f"{low:,}+" if high is None else f"{low:,}" if low == high else f"{low:,}–{high:,}"
        for low, high in found.select("fewest", "most").iter_rows()
    ]
    counts = list(zip(names, found["records"].round().cast(pl.Int64), strict=True))
    return Finding(
        found,
        "Records by how many people have their values, by the same model: "
        + "; ".join(f"{name}: {many:,}" for name, many in counts)
        + ".",
        "같은 모형으로 본, 같은 값을 가진 사람 수에 따른 기록 수: "
        + "; ".join(f"{name}명 {many:,}건" for name, many in counts)
        + ".",
    )


def safe_harbor_finding(table: Table, year: int) -> Finding:
    """Say which columns look like HIPAA's 18 identifiers (`safe_harbor.SAFE_HARBOR`).

    Raises InputError as `safe_harbor`.
    """
    found = safe_harbor(table, year=year)
    rule = safe_harbor_rule()["rule"]
    if not len(found):
        return Finding(
            found,
            f"No column looks like one of the 18 identifiers of {rule}. Names in free text and "
            "facts that "
            "somebody knows of a person can't be checked by a program.",
            f"{rule}의 18가지 식별자처럼 보이는 열이 없다. 글 속의 이름이나 누군가 아는 사정은 "
            "프로그램이 볼 수 없다.",
        )
    named = found.group_by("identifier", "what", "what_ko", maintain_order=True).agg("column")
    listed = [
        (letter, what, ko, ", ".join(f"'{shortened(name)}'" for name in dict.fromkeys(columns)))
        for letter, what, ko, columns in named.iter_rows()
    ]
    many = found["column"].n_unique()
    english = "; ".join(f"({letter}) {what}: {columns}" for letter, what, _, columns in listed)
    korean = "; ".join(f"({letter}) {ko}: {columns}" for letter, _, ko, columns in listed)
    return Finding(
        found,
        f"{many} {'column looks' if many == 1 else 'columns look'} like identifiers that {rule} "
        f"wants removed: {english}. A person must check the other columns too.",
        f"{rule}이 지우라고 하는 식별자처럼 보이는 열이 {many}개 있다: {korean}. 나머지도 사람이 "
        "살펴야 한다.",
    )


def largest_set(columns: int, records: int) -> int | None:
    """Return the largest set of columns that can be searched in reasonable time."""
    if columns < 2 or records > MOST_RECORDS:
        return None
    for size in range(min(LARGEST, columns), 0, -1):
        if sum(comb(columns, n) for n in range(1, size + 1)) * records <= MOST_CELLS:
            return size
    return None
