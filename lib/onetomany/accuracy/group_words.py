"""Write errors by group as sentences in English and Korean."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from onetomany.confidence import LEVEL, PERCENT, PERCENT_KO
from onetomany.printing import Notice

Names = Mapping[str, tuple[str, str]]


def unequal_groups(cells: pl.DataFrame) -> pl.DataFrame:
    """Select the groups whose rate differs from chance, the highest rate first.

    Takes `matchers.rates_by_matcher`; p is adjusted for all groups of one table. Groups without a
    comparison are left out.
    """
    differs = (pl.col("p_adjusted") <= 1 - LEVEL) & pl.col("rate").is_not_null()
    return cells.filter(differs).sort("rate", "subjects", descending=True)


def describe_highest_group(cells: pl.DataFrame, names: Names, target: float) -> Notice:
    """Return the group with the highest unequal rate, under each matcher, as a sentence.

    Takes `matchers.rates_by_matcher` with a column `by` (the attribute), the English and Korean
    names of groups, and the rate over all pairs. Without such a group the sentence says so.

    >>> cells = pl.DataFrame({"group": ["x"], "by": ["b"], "model": ["M"], "subjects": [9],
    ...     "rate": [0.2], "low": [0.1], "high": [0.4], "errors": [14], "comparisons": [72],
    ...     "p_adjusted": [0.01]})
    >>> describe_highest_group(cells, {}, 0.01).en.split(". ")[1]
    'Two of them are taken for one person in **20.0%** of comparisons by M (95 %: 10.0% to 40.0%)'
    """
    found = unequal_groups(cells)
    if found.is_empty():
        return Notice(
            f"No group's rate differs from what chance gives a group of its size ({PERCENT} level, "
            f"{cells.n_unique(['by', 'group'])} groups). Over all pairs the rate is {target:.0%}.",
            f"같은 크기의 집단에서 우연히 나올 비율과 다른 집단은 없다({PERCENT_KO} 수준, "
            f"집단 {cells.n_unique(['by', 'group'])}개). 전체 쌍에서는 {target:.0%}다.",
        )
    first = found.row(0, named=True)
    same = cells.filter(by=first["by"], group=first["group"]).drop_nulls("rate")
    others = same.filter(pl.col("model") != first["model"]).to_dicts()
    en, ko = names.get(first["group"], (first["group"],) * 2)
    more = "".join(f" {_by(each, 0)}." for each in others)
    more_ko = "".join(f", {_by(each, 1)}" for each in others)
    return Notice(
        f"{first['subjects']} people said that they are {en}. Two of them are taken for one person "
        f"in {_by(first, 0, '**{:.1%}** of comparisons by')}.{more} Over all pairs the setting "
        f"gives {target:.0%}.",
        f"스스로 '{ko}'에 표시한 {first['subjects']}명끼리 견주어 두 사람을 한 사람으로 본 비율은 "
        f"{_by(first, 1)}{more_ko}다. 전체 쌍에서는 설정에 따라 {target:.0%}다.",
    )


def describe_unequal_groups(cells: pl.DataFrame, models: list[str], names: Names) -> Notice:
    """Return all groups whose rate differs from chance, matcher by matcher, as one text.

    Takes the cells and names of `describe_highest_group`, and the matchers in order.
    """
    found = unequal_groups(cells)
    english, korean = [], []
    for model in models:
        rows = [
            row | dict(zip(("en", "ko"), names.get(row["group"], (row["group"],) * 2), strict=True))
            for row in found.filter(model=model).to_dicts()
        ]
        english.append(f"{model}: {'; '.join(_EN.format(**row) for row in rows) or 'none'}.")
        korean.append(f"{model}: {'; '.join(_KO.format(**row) for row in rows) or '없음'}.")
    return Notice(" ".join(english), " ".join(korean))


_EN = (
    "{subjects} people who said {en}, {rate:.1%} ({low:.1%} to {high:.1%}; {errors} of "
    "{comparisons:,} comparisons)"
)
_KO = "'{ko}' {subjects}명, {rate:.1%}({low:.1%}~{high:.1%}, 비교 {comparisons:,}건 중 {errors}건)"


def _by(row: Mapping[str, Any], language: int, form: str = "In {:.1%} by") -> str:
    """Return 'In 3.8% by SFace (95 %: 0.1% to 21.1%)', or the same in Korean."""
    if language == 0:
        limits = f"({PERCENT}: {row['low']:.1%} to {row['high']:.1%})"
        return f"{form.format(row['rate'])} {row['model']} {limits}"
    limits = f"({PERCENT_KO} 구간 {row['low']:.1%}~{row['high']:.1%})"
    return f"{row['model']} **{row['rate']:.1%}**{limits}"
