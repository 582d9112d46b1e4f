"""Find the row of column names in the beginning of a table, one or two rows of it.

Titles, units and dates stand above it, merged cells leave gaps in it, a second row completes it.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from onetomany.errors import InputError
from onetomany.printing import Notify

Rows = Sequence[Sequence[str]]

_MARKS = re.compile(r"[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\0-\x08\x0e-\x1f]")
_NUMBER = re.compile(r"[-+−]?\d[\d.,'’٫٬\s]*%?")
_DAY = re.compile(r"\d{1,4}\s*[-./]\s*\d{1,2}\s*[-./]\s*\d{1,4}\.?")
_YEAR = re.compile(r"(1[89]|20)\d\d")
RUN = 2  # numbers that rise from name to name make a table of counts, not a record


class NamesRow(NamedTuple):
    """Store the names, how many rows of the table they end at, and how many rows are above them."""

    names: list[str]
    end: int
    above: int


def clean_name(cell: str) -> str:
    """Return a column's name in one line, composed, without marks that have no width.

    >>> clean_name("\u200fage\u200f\\n(years) ")
    'age (years)'
    """
    return " ".join(_MARKS.sub("", unicodedata.normalize("NFC", cell)).split())


def looks_numeric(cell: str) -> bool:
    """Return whether a cell is a number or a day.

    >>> looks_numeric("1 234,5"), looks_numeric("3.4.2019"), looks_numeric("2nd")
    (True, True, False)
    """
    cell = cell.strip()
    return bool(_NUMBER.fullmatch(cell) or _DAY.fullmatch(cell))


def find_header(file_name: str, rows: Rows, notify: Notify) -> NamesRow:
    """Return the names in the first rows of a table, and add a notice for each step.

    Raises InputError if the rows above the names are a table too.
    """
    above = _rows_above(rows)
    for place in range(above - 2):
        several = [row for row in rows[place:above] if sum(map(bool, map(str.strip, row))) > 1]
        if len(several) > 2 and _words_above(several):
            raise InputError(
                f"{file_name} has two tables, one below the other: save each table in a file of "
                "its own."
            )
    names = [clean_name(cell) for cell in rows[above]]
    end = above + 1
    if joined := _joined(names, rows[end:]):
        names, end = joined, end + 1
        notify(
            "Two rows of names are joined, as merged cells leave gaps in the first.",
            "첫 줄에 병합된 칸이 있어 두 줄의 열 이름을 이었다.",
        )
    elif _is_units(rows[end:]):
        end += 1
        notify(
            "The row below the names is left out: it has words above numbers, as units do.",
            "열 이름 아래의 줄은 단위처럼 수 위에 말이 있어 뺐다.",
        )
    if above:
        notify(
            f"Rows above the columns' names are left out: {above}.",
            f"열 이름 위의 {above}줄은 뺐다.",
        )
    return NamesRow(names, end, above)


def _rows_above(rows: Rows) -> int:
    """Return how many rows are above the names: titles fill fewer cells than the table's width.

    One name may be missing, such as that of an index in the first column. A row that fills more
    than half of the cells is a title too if a blank row and a full row of words above numbers
    follow it.
    """
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    counted = Counter(each for each in filled if each)
    # the width at which most cells are, so that titles and notes don't set it
    wide = max(counted, key=lambda each: (each * counted[each], each)) if counted else 1
    place = next(
        (
            place
            for place, (row, many) in enumerate(zip(rows, filled, strict=True))
            if many > wide // 2 or (many == wide - 1 > 0 and not row[0].strip())
        ),
        0,
    )
    for later in range(place + 1, min(place + 20, len(rows))):
        apart = not all(filled[place + 1 : later])
        if apart and filled[place] < wide <= filled[later] and _words_above(rows[later:]):
            return later
    return place


def _below(rows: Rows, column: int) -> list[str]:
    cells = (row[column].strip() for row in rows if column < len(row))
    return [cell for cell in cells if cell]


def _numeric_columns(rows: Rows, width: int) -> list[int]:
    """Return the columns of which nearly all cells are numbers or days."""
    found = []
    for column in range(width):
        cells = _below(rows, column)
        if cells and sum(map(looks_numeric, cells)) >= 0.9 * len(cells):
            found.append(column)
    return found


def _words_above(rows: Rows) -> bool:
    """Return whether the first row has words only, and some column below it numbers."""
    first = [cell.strip() for cell in rows[0]]
    return not any(cell and looks_numeric(cell) for cell in first) and any(
        first[column] for column in _numeric_columns(rows[1:], len(first))
    )


def _joined(names: Sequence[str], rows: Rows) -> list[str] | None:
    """Return names completed by the row below them, or None if that is a record."""
    if len(rows) < 2 or len(rows[0]) < len(names):
        return None
    second = [clean_name(cell) for cell in rows[0][: len(names)]]
    gaps = [
        column for column in range(1, len(names)) if not names[column] and _below(rows[1:], column)
    ]
    if not gaps or not all(second[column] for column in gaps) or not _words_above(rows):
        return None
    joined, group = [], ""
    for name, detail in zip(names, second, strict=True):
        group = name or (group if detail else "")
        joined.append(group if detail in ("", group) else f"{group} {detail}".strip())
    return joined


def _is_units(rows: Rows) -> bool:
    """Return whether the first row is of units: words above numbers, and nothing seen again.

    One column of numbers is enough if every other cell of the row is empty.
    """
    if len(rows) < 3:
        return False
    first = [cell.strip() for cell in rows[0]]
    numeric = _numeric_columns(rows[1:], len(first))
    words = [column for column in numeric if first[column] and not looks_numeric(first[column])]
    others = [column for column in range(len(first)) if first[column] and column not in words]
    if any(column in numeric for column in others):
        return False
    if len(words) < 2 and others:
        return False
    return bool(words) and all(
        _is_other(first[column], _below(rows[1:], column)) for column in others
    )


def _is_other(word: str, values: Sequence[str]) -> bool:
    """Return whether values repeat, and a word is not among them: it is no value, then."""
    return len(set(values)) <= len(values) / 2 and word not in values


def check_names(file_name: str, names: Sequence[str], rows: Rows) -> None:
    """Raise InputError if the row of names looks like a record: the table lacks its names.

    A number above numbers is a name if it is a year, or if such numbers rise from column to
    column. A word is one unless it is among the values below it.
    """
    rows = [row for row in rows if [clean_name(cell) for cell in row] != list(names)]  # pages
    numeric = _numeric_columns(rows, len(names))
    numbers = [names[column] for column in numeric if looks_numeric(names[column])]
    plain = [name for name in numbers if not _YEAR.fullmatch(name)]
    words = [place for place, name in enumerate(names) if name and not looks_numeric(name)]
    repeated = [place for place in words if names[place] in set(_below(rows, place))]
    is_run = len(numbers) > RUN and numbers == sorted(numbers, key=lambda each: (len(each), each))
    if (plain and not is_run) or (repeated and len(repeated) == len(words)):
        raise InputError(
            f"{file_name} has no row of names: its first row looks like a record. Put a row of "
            "column names above it."
        )


def is_counted(names: Sequence[str], rows: Rows) -> bool:
    """Return whether a table seems to have counts, not people: years or bands as names.

    >>> is_counted(["country", "2018", "2019"], [["KR", "5", "7"]])
    True
    """
    numeric = set(_numeric_columns(rows, len(names)))
    bands = [
        column
        for column in numeric
        if re.fullmatch(r"\d{1,4}(\s*[-~–]\s*\d{1,4})?\s*(년|월|세|대|\+)?", names[column])
        or names[column].casefold() in ("grand total", "total", "합계", "계", "총계", "총합계")
    ]
    return len(bands) >= 2 and len(bands) >= 0.6 * (len(names) - 1)


def is_turned(names: Sequence[str], rows: Rows) -> bool:
    """Return whether rows seem to be columns: each of one kind, two or more of both kinds."""
    numbers_in = []
    for row in rows:
        cells = [cell for cell in row[1:] if cell.strip()]
        numbers = sum(map(looks_numeric, cells))
        if not cells or numbers not in (0, len(cells)) or looks_numeric(row[0]):
            return False
        numbers_in.append(numbers > 0)
    return len(names) > RUN and 2 <= sum(numbers_in) <= len(numbers_in) - 2
