"""A check of a table against the Safe Harbor list of the US health privacy rule (HIPAA).

The rule (45 CFR 164.514(b)(2)) names 18 kinds of identifier that must be gone before a health
record counts as de-identified. Columns are checked by name and by content. No value is returned,
only the column and how many records look like it. A name in a free text or a rare disease is left
for review, since a program can't see it: no finding does not mean compliance. A program can't
answer the second half of the rule, that nobody knows a way to identify a person from the rest. A
table that passes can still consist of unique records: see `special_uniques`.
"""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any, TypeAlias

import polars as pl

from onetomany.sources import identifiers
from .classes import Table, collect_records
from .number_forms import translate_digits

Seen: TypeAlias = Iterator[tuple[str, int, str]]  # name or content, records, reason

SAFE_HARBOR = {
    "identifier": pl.String,  # the letter of 45 CFR 164.514(b)(2)(i)
    "what": pl.String,
    "what_ko": pl.String,
    "column": pl.String,  # by its place if the name is itself a number that names somebody
    "seen_in": pl.String,  # name, content
    "records": pl.Int64,  # that look like it; all that aren't null if only the name shows it
    "reason": pl.String,
    "reason_ko": pl.String,
}
OLDEST = 89
KEYED = 20  # records from which on a column of different values is not chance
ZIP_NAME = r"(?:^|_)(?:zip|zip_?code|zip_?[345]|post(?:al)?_?code|우편번호)(?:$|_)"
AGE_NAME = r"(?:^|_)(?:age|age_?(?:years|yrs|at_?\w+)|나이|연령|만나이)(?:$|_)"
BIRTH_YEAR_NAME = r"(?:^|_)(?:birth_?year|year_?of_?birth|yob|출생_?연도|출생년도|생년)(?:$|_)"
# eight digits, a date if at least half of a column's values fit
COMPACT_DATE = r"^\s*(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\s*$"
# words of names that mean nothing by themselves: only content counts
GENERAL = r"date|image|link|token|picture|district"
# names of things, and places no smaller than a state
OTHERS = (
    r"(?:^|_)(?:(?:file|drug|test|brand|product|hospital|variable|column|sheet|species|country|"
    r"state|event|disease|procedure|lab|study|survey|company|age_?(?:group|band|category))"
    r"(?:_?name)?)(?:$|_)"
)
OWN_FORMS = {  # numbers of Korea and abroad, by their letter in the rule
    "D": (identifiers.PHONE_FORM, identifiers.ABROAD_FORM),
    "G": (identifiers.MARKED_REGISTRATION,),
    "K": (identifiers.PASSPORT_FORM,),
}


@cache
def safe_harbor_rule() -> dict[str, Any]:
    """Return the rule as data: `identifier` (18), `zip3` with its source, `rule`, `rule_url`."""
    path = resources.files("onetomany.reidentification") / "data" / "safe_harbor.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def safe_harbor(table: Table, *, year: int) -> pl.DataFrame:
    """Return which of the 18 identifiers a table seems to contain (schema `SAFE_HARBOR`).

    `year` is the year of the table, needed to recognise years of birth of people over 89. Sorted by
    letter, then column; a column can be there for several reasons. An empty frame means that
    nothing was found, not that nothing is there.

    Raises InputError for a table without columns or records.

    >>> table = pl.DataFrame({"zip": ["03601", "94110"], "age": [91, 40]})
    >>> safe_harbor(table, year=2026).select("identifier", "column", "records").rows()
    [('B', 'zip', 2), ('C', 'age', 1)]
    """
    frame = collect_records(table)
    rule = safe_harbor_rule()
    kinds = {each["letter"]: each for each in rule["identifier"]}
    rows = []
    for place, column in enumerate(frame.iter_columns(), 1):
        shown = f"column {place}" if identifiers.names_somebody(column.name) else column.name
        for letter, seen_in, records, why in _looked_at(column, year):
            kind, (reason, reason_ko) = kinds[letter], rule["reasons"][why]
            rows.append(
                (letter, kind["en"], kind["ko"], shown, seen_in, records, reason, reason_ko)
            )
    return pl.DataFrame(rows, schema=SAFE_HARBOR, orient="row").sort(
        "identifier", "column", maintain_order=True
    )


def _looked_at(values: pl.Series, year: int) -> Iterator[tuple[str, str, int, str]]:
    name = _plain(values.name)
    text = None if values.dtype.is_nested() else values.cast(pl.String, strict=False)
    seen = False
    for kind in safe_harbor_rule()["identifier"]:
        letter = kind["letter"]
        alike = _alike(text, values.dtype, [kind.get("form"), *OWN_FORMS.get(letter, ())])
        named = _named(name, kind["names"])
        if letter == "B" and re.search(ZIP_NAME, name):
            found = _zip(values, text)
        elif letter == "C":
            found = _time(name, values, named, alike, year)
        else:
            found = _plainly(values, named, alike)
        for seen_in, records, why in found:
            seen = True
            yield letter, seen_in, records, why
    if not seen and _is_key(values):
        yield safe_harbor_rule()["identifier"][-1]["letter"], "content", len(values), "key"


def _plain(name: str) -> str:
    """Return a column's name in lower case, its words separated by underscores."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[\s\-./:()\[\]]+", "_", words).lower().strip("_")


def _named(name: str, pattern: str) -> bool:
    if re.fullmatch(GENERAL, name) or re.search(OTHERS, name):
        return False
    return re.search(pattern, name) is not None


def _alike(text: pl.Series | None, kind: pl.DataType, forms: list[str | None]) -> int:
    """Count the values that look like one of the forms."""
    wanted = [form for form in forms if form]
    if text is None or not wanted or kind.is_temporal() or kind == pl.Boolean or kind.is_float():
        return 0
    return int(text.str.contains("|".join(f"(?:{form})" for form in wanted)).sum())


def _plainly(values: pl.Series, named: bool, alike: int) -> Seen:
    if alike:
        yield "content", alike, "content"
    elif named and values.dtype != pl.Boolean and (filled := len(values) - values.null_count()):
        yield "name", filled, "name"


def _zip(values: pl.Series, text: pl.Series | None) -> Seen:
    """Yield ZIP codes: five digits must go; three may stay unless few people live there."""
    if text is None:
        return
    plain = pl.select(translate_digits(pl.lit(text))).to_series()
    digits = plain.str.extract(r"^\s*([0-9]{1,5})(?:\.0+|-[0-9]{4})?\**\s*$")
    if values.dtype.is_numeric():  # leading zeros are lost
        longest = digits.str.len_chars().max()
        digits = digits.str.zfill(5 if isinstance(longest, int) and longest > 3 else 3)
    length = digits.str.len_chars()
    if longer := int(((length > 3) & ~digits.str.contains("^0+$")).sum()):
        yield "content", longer, "long_zip"
    restricted = safe_harbor_rule()["zip3"]["restricted"]
    if rare := int(((length == 3) & digits.is_in(restricted)).sum()):
        yield "content", rare, "rare_zip"
    if odd := int((text.is_not_null() & digits.is_null()).sum()):
        yield "name", odd, "name"


def _time(name: str, values: pl.Series, named: bool, alike: int, year: int) -> Seen:
    if values.dtype.is_nested() or values.dtype == pl.Boolean:
        return
    filled = len(values) - values.null_count()
    if values.dtype in (pl.Date, pl.Datetime):
        if filled:
            yield "content", filled, "date"
        return
    compact = values.cast(pl.String).str.contains(COMPACT_DATE).sum()
    alike = max(alike, int(compact) if 2 * compact >= filled else 0)
    if alike:
        yield "content", alike, "date"
    plain = pl.select(translate_digits(pl.lit(values.cast(pl.String)))).to_series()
    number = plain.str.extract(r"^\s*([0-9]{1,4})(?:\.[0-9]+)?\s*$").cast(pl.Int64)
    old = 0
    if re.search(AGE_NAME, name):
        old, why = int(number.is_between(OLDEST + 1, 150).sum()), "age"
    elif re.search(BIRTH_YEAR_NAME, name):
        old, why = int(number.is_between(year - 150, year - OLDEST - 1).sum()), "birth_year"
    elif named and filled and not alike and number.is_between(1800, 2100).sum() != filled:
        yield "name", filled, "name"
    if old:
        yield "content", old, why


def _is_key(values: pl.Series) -> bool:
    """Return whether every record has another value: whole numbers and text, not measurements."""
    if not (values.dtype == pl.String or values.dtype.is_integer()) or len(values) < KEYED:
        return False
    return not values.has_nulls() and values.n_unique() == len(values)
