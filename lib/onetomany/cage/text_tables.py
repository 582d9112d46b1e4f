"""How a table of text is written: its encoding and the character between its fields.

Standard library only, since the cage's task `number_tables` uses it too.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

START = 4096  # bytes of a file that show UTF-16
SAMPLE = 200  # rows that show a separator
KOREAN = 0.9  # of what is not ASCII in a Korean text is in KS X 1001
_NUMBER = re.compile(r"[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?|[-+]?(nan|inf(inity)?)", re.I)


def is_number(text: str) -> bool:
    """Return whether a cell is a number, with a decimal point or comma.

    >>> is_number(" 0,5 "), is_number("1e-3"), is_number("0.5.1")
    (True, True, False)
    """
    return _NUMBER.fullmatch(text.strip()) is not None


def utf16_of(start: bytes) -> str | None:
    """Return the UTF-16 codec of a text by its first bytes, None if it is another encoding.

    >>> utf16_of("id,x".encode("utf-16-le")), utf16_of(b"id,x")
    ('utf-16-le', None)
    """
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    odd, even = start[1::2].count(0), start[::2].count(0)
    if max(odd, even) > len(start) / 8:
        return "utf-16-le" if odd > even else "utf-16-be"
    return None


def is_korean(parts: Iterable[str]) -> bool:
    """Return whether parts of a text, decoded as CP949, are Korean and not another encoding.

    Nine tenths of the letters beyond ASCII must be in KS X 1001, and half must be Hangul: bytes of
    Western texts that CP949 decodes become rare syllables and Hanja.

    >>> is_korean(["이름,값"]), is_korean(["Größe".encode("latin-1").decode("cp949")])
    (True, False)
    """
    letters = common = hangul = 0
    for part in parts:
        other = re.sub("[\\0-\\x7f]", "", part)
        letters += len(other)
        common += len(other.encode("euc_kr", "ignore")) // 2
        hangul += len(re.findall("[가-힣ㄱ-ㆎ]", other))
    return bool(letters) and common >= KOREAN * letters and 2 * hangul >= letters


def find_separator(
    rows_of: Callable[[str], Iterable[Sequence[str]]], separators: Sequence[str]
) -> str:
    """Return the separator that gives the most rows of one width, and cells without another.

    `rows_of` cuts a sample of rows by a separator. The first separator is the answer if none
    gives rows of two fields.

    >>> lines = ["1,5;2,5", "3,5;4,5"]
    >>> find_separator(lambda sign: [line.split(sign) for line in lines], ",;")
    ';'
    """

    def score(sign: str) -> tuple[int, float, int]:
        rows = [row for row in rows_of(sign) if len(row) > 1]
        if not rows:
            return 0, 0.0, 0
        [(width, many)] = Counter(map(len, rows)).most_common(1)
        cells = [cell for row in rows for cell in row]
        return many, sum(_is_whole(cell, separators) for cell in cells) / len(cells), width

    return max(separators, key=score)


def _is_whole(cell: str, separators: Sequence[str]) -> bool:
    """Return whether no separator but the blank cuts a cell, and it isn't several numbers."""
    if is_number(cell):
        return True
    pieces = cell.split()
    return not any(sign in cell for sign in separators if sign != " ") and not (
        len(pieces) > 1 and all(map(is_number, pieces))
    )
