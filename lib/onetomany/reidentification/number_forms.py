"""Recognise numbers and days as people write them, and rewrite them for a cast.

Numbers may have marks of thousands, a decimal comma, a minus sign of typesetters, or the digits of
Arabic, Persian, Devanagari and full width (`DIGIT`). The digits of other scripts stay text.
"""

from typing import NamedTuple

import polars as pl

_SIGN = r"[+\-−]?"
_BLANKS = "[ \u00a0\u2007\u2009\u202f]"
_ZEROS = (0x0660, 0x06F0, 0x0966, 0xFF10)
_DIGITS = {chr(zero + digit): str(digit) for zero in _ZEROS for digit in range(10)}
_SIGNS = {"−": "-", "＋": "+", "－": "-", "٫": ".", "٬": ",", "．": ".", "，": ","}
TRANSLATED = _DIGITS | _SIGNS
DIGIT = "[0-9" + "".join(f"{chr(zero)}-{chr(zero + 9)}" for zero in _ZEROS) + "]"
_FIRST = "[1-9" + "".join(f"{chr(zero + 1)}-{chr(zero + 9)}" for zero in _ZEROS) + "]"


class Style(NamedTuple):
    """Store a way to write numbers: its pattern, its marks, and their meaning in two languages.

    `decimal` is empty for whole numbers.
    """

    pattern: str
    thousands: str
    decimal: str
    en: str
    ko: str


_THOUSANDS = "taken as marks of thousands"


def _styles() -> dict[str, Style]:
    found = {}
    for name, thousands, group, decimal, en, ko in (
        ("comma", "[,٬，]", 3, r"[.٫．]", f"commas are {_THOUSANDS}",
         "쉼표는 천 단위 표시로 읽었다"),
        ("lakh", ",", 2, r"\.", f"commas are {_THOUSANDS} and lakhs",
         "쉼표는 인도식 자릿수로 읽었다"),
        ("blank", _BLANKS, 3, r"\.", f"blanks are {_THOUSANDS}", "빈칸은 천 단위 표시로 읽었다"),
        ("point, comma", r"\.", 3, ",", "commas are taken as decimal points",
         "쉼표는 소수점으로 읽었다"),
        ("blank, comma", _BLANKS, 3, ",", "commas are taken as decimal points, blanks as marks of "
         "thousands", "쉼표는 소수점, 빈칸은 천 단위 표시로 읽었다"),
        ("apostrophe", "['’]", 3, r"\.", f"apostrophes are {_THOUSANDS}",
         "작은따옴표는 천 단위 표시로 읽었다"),
    ):  # fmt: skip
        digits = rf"{_FIRST}\d{{0,2}}(?:{thousands}\d{{{group}}})*{thousands}\d{{3}}"
        number = rf"^{_SIGN}(?:{digits}|\d{{1,18}})"
        found[f"{name}, whole"] = Style(f"{number}$", thousands, "", en, ko)
        found[name] = Style(rf"{number}(?:{decimal}\d+)?$", thousands, decimal, en, ko)
    return found


# the first that all values have is taken, so that 1,200 is a thousand
STYLES = _styles()

_DAY = r"\d{1,2}"
YEAR_FIRST = (
    rf"^\d{{4}}(?:\s*[-./]\s*{_DAY}\s*[-./]\s*{_DAY}\s*\.?"
    rf"|\s*[년年]\s*{_DAY}\s*[월月]\s*{_DAY}\s*[일日])$"
)
YEAR_LAST = rf"^{_DAY}[-./]{_DAY}[-./]\d{{4}}$"
EIGHT_DIGITS = r"^(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$"
SERIAL = r"^[1-6]\d{4}$"  # a spreadsheet's days from 1927 to 2091
DAY_NAMES = r"(?i)date|birth|born|\bday\b|\bdob\b|일자|날짜|생일|생년월일|일시"


def only_known_digits(pattern: str) -> str:
    """Return a pattern whose \\d are the digits that `translate_digits` knows."""
    return pattern.replace(r"\d", DIGIT)


def translate_digits(values: pl.Expr) -> pl.Expr:
    """Return numbers with ASCII's digits and signs.

    >>> pl.select(translate_digits(pl.lit("−٣٤"))).item()
    '-34'
    """
    return values.str.replace_many(TRANSLATED)


def castable_number(values: pl.Expr, style: Style | None = None) -> pl.Expr:
    """Return numbers of a style as a cast reads them: a point, no marks of thousands, no plus.

    >>> pl.select(castable_number(pl.lit("+1.234,5"), STYLES["point, comma"])).item()
    '1234.5'
    """
    if style:
        values = values.str.replace_all(style.thousands, "")
        values = values.str.replace(style.decimal, ".") if style.decimal else values
    return translate_digits(values).str.strip_prefix("+")


def day_parts(values: pl.Expr) -> pl.Expr:
    """Return three numbers of a day, between hyphens."""
    marked = translate_digits(values).str.replace_all(r"\s*[./년월年月]\s*|\s*-\s*", "-")
    marked = marked.str.strip_suffix("-").str.replace(r"\s*[일日]$", "")
    return marked.str.replace(r"^(\d{4})(\d{2})(\d{2})$", "$1-$2-$3")
