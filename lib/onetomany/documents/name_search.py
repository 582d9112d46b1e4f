"""Search a case file for a list of names, in all their spellings.

A name may be written with other blanks than in the list (김민지, 김 민 지; Kim Min-ji, Kim Minji).
Hits that may be something else are counted separately, as unsure: part of a longer word (Lee in
fleet), and two Korean syllables with a blank between (이 수). Korean particles follow a name
without a blank, so a Korean name is part of a longer word only if a letter precedes it.
"""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from onetomany.errors import InputError
from onetomany.formats.plain import decode
from onetomany.formats.reading import composed
from onetomany.progress import ProgressBar
from onetomany.sources.files import read_received
from .query import Filters
from .search import among_ids, check_indexed, has_table, of_any_case

LARGEST = 16 << 20  # bytes of a list
MOST = 20_000  # names of a list
LONGEST = 200  # characters of a name
PASSAGE = 60  # characters shown on either side
TOGETHER = 50  # names that one scan of all pages looks for
NAME_HITS = {
    "name": pl.String,  # as in the list
    "times": pl.Int64,  # on this page as a separate word; 0 in a row without a page: not found
    "unsure": pl.Int64,  # in longer words, or as two separate syllables: perhaps something else
    "spelling": pl.String,  # the spellings on the page
    "path": pl.String,
    "page": pl.Int64,
    "passage": pl.String,  # around the first place
    "char_start": pl.Int64,
    "char_end": pl.Int64,
    "document": pl.String,
}
_HEADS = ("name", "names", "full name", "이름", "성명", "명단", "기관", "기관명")
_HANGUL = "가-힣"
_JOINING = r"\s\-‐‑·"  # between the words of a name
_PAGES_WITH = "select id from search_pages where regexp_matches(text, ?, 'i')"
_PERSON = 4  # syllables that a Korean person's name has at most, but for few


def read_names(file: Path) -> list[str]:
    """Read the names in the first column of a CSV file, each once, without a header.

    The file may be in UTF-8 or in the encoding of Korean Windows. Raises InputError if it can't be
    read, has no names, or if a name has only one letter or too many.
    """
    text, _, _ = decode(read_received(file, LARGEST))
    try:
        rows = [row[0] for row in csv.reader(io.StringIO(text, newline="")) if row]
    except csv.Error as error:
        raise InputError(f"{file} can't be read as a list of names: {error}.") from error
    names = [" ".join(composed(row).strip("\ufeff'").split()) for row in rows]
    if names and names[0].casefold() in _HEADS:
        names = names[1:]
    kept = list(dict.fromkeys(filter(None, names)))
    for name in kept:
        if len(re.sub(r"\W", "", name)) < 2 or len(name) > LONGEST:
            raise InputError(
                f"{file}: '{name[:40]}' is too short or too long to search for: give 2 to "
                f"{LONGEST} letters."
            )
    if not kept or len(kept) > MOST:
        raise InputError(f"{file} has {len(kept):,} names: give 1 to {MOST:,}, one in each row.")
    return kept


def _name_pattern(name: str) -> str:
    """Return a regular expression for the spellings of a name.

    Its Latin words may be joined or hyphenated. A Korean name may have a blank after the surname,
    blanks between all syllables, or a line break anywhere; a long one, of an organisation, may
    have blanks anywhere.
    """
    words = [_word_pattern(word) for word in re.split(rf"[{_JOINING}]+", name) if word]
    return rf"[{_JOINING}]*".join(words)


def _word_pattern(word: str) -> str:
    letters = [re.escape(letter) for letter in word]
    if not re.fullmatch(f"[{_HANGUL}]{{2,}}", word):
        return "".join(letters)
    if len(letters) > _PERSON:
        return r"\s*".join(letters)
    surname = letters[0] + r"\s*" + "".join(letters[1:])
    ways = [surname, r"\s+".join(letters), r"(?:\s*\n\s*)?".join(letters)]
    return f"(?:{'|'.join(ways)})"


@of_any_case
def find_names(
    db: duckdb.DuckDBPyConnection, names: list[str], *, filters: Filters | None = None
) -> pl.DataFrame:
    """Find names on the pages of a case: a frame of NAME_HITS, by name, path and page.

    A name that is not found has one row without a page. Raises InputError if the case isn't
    indexed.
    """
    check_indexed(db)
    rows: list[tuple[Any, ...]] = []
    with ProgressBar(
        total=len(names), desc="looking for names", leave=False, disable=len(names) < 100
    ) as bar:
        for first in range(0, len(names), TOGETHER):
            patterns = {name: _name_pattern(name) for name in names[first : first + TOGETHER]}
            any_of_them = "|".join(f"(?:{pattern})" for pattern in patterns.values())
            found = db.execute(_PAGES_WITH, [any_of_them]).fetchall()
            among = among_ids([id_ for (id_,) in found])
            for name, pattern in patterns.items():
                rows += _rows(db, name, pattern, among, filters)
                bar.update()
    return pl.DataFrame(rows, schema=NAME_HITS, orient="row")


def _rows(
    db: duckdb.DuckDBPyConnection, name: str, pattern: str, among: str, filters: Filters | None
) -> list[tuple[Any, ...]]:
    """Return one name's rows of NAME_HITS, by path and page; one without a page if none has it."""
    compiled, own = re.compile(pattern, re.IGNORECASE), []
    for document, page, path, text in _page_texts(db, pattern, among, filters):
        if row := _row(name, compiled, text):
            own.append((*row[:4], path, page, *row[4:], document))
    own.sort(key=lambda each: (each[4] or "", each[5]))
    return own or [(name, 0, 0, *[None] * (len(NAME_HITS) - 3))]


def _page_texts(
    db: duckdb.DuckDBPyConnection, pattern: str, among: str, filters: Filters | None
) -> Iterator[tuple[str, int, str, str]]:
    """Yield document, page, path and text of the pages, among some, that match an expression."""
    condition, values = filters.where() if filters else ("", [])
    if filters and filters.tag and not has_table(db, "remarks"):
        return
    cursor = db.cursor().execute(
        "select s.document, s.page, d.path, case when fits then s.text end from ("
        f"select *, regexp_matches(text, ?, 'i') as fits from search_pages {among}) s "
        f"join documents d using (document) {f'where {condition}' if condition else ''}",
        [pattern, *values],
    )
    while rows := cursor.fetchmany(500):
        yield from (row for row in rows if row[3] is not None)


def _row(name: str, pattern: re.Pattern[str], text: str) -> tuple[Any, ...] | None:
    """Return a name's hits on a page: times, unsure, spellings, passage, and the first place."""
    places = [found.span() for found in pattern.finditer(text)]
    if not places:
        return None
    whole = [span for span in places if _whole(text, *span)]
    shown = whole or places
    start, end = shown[0]
    first, last = max(0, start - PASSAGE), min(len(text), end + PASSAGE)
    spellings = dict.fromkeys(" ".join(text[a:b].split()) for a, b in shown)
    passage = " ".join(text[first:last].split())
    unsure = len(places) - len(whole)
    return name, len(whole), unsure, "; ".join([*spellings][:10]), passage, start, end


def _whole(text: str, start: int, end: int) -> bool:
    """Tell whether a name is a separate word: no letter of its script touches it."""
    if re.fullmatch(rf"[{_HANGUL}]\s+[{_HANGUL}]", text[start:end]):
        return False
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    if re.match(f"[{_HANGUL}]", text[start]) and re.match(f"[{_HANGUL}]", before):
        return False
    if text[start].isascii() and text[start].isalnum() and before.isascii() and before.isalnum():
        return False
    last = text[end - 1]
    return not (last.isascii() and last.isalnum() and after.isascii() and after.isalnum())


def name_summary(names: list[str], hits: pl.DataFrame) -> pl.DataFrame:
    """Summarise hits by name, in the order of the list.

    Returns name, pages, documents, times, unsure, and other (spellings that differ from the list).
    """
    rows = []
    for name in names:
        own = hits.filter(name=name)
        found = own.filter(pl.col("times") > 0)
        spelt = {each for row in found["spelling"] for each in row.split("; ")} - {name}
        rows.append(
            {
                "name": name,
                "pages": found.height,
                "documents": found["document"].n_unique(),
                "times": own["times"].sum(),
                "unsure": own["unsure"].sum(),
                "other": ", ".join(sorted(spelt)[:5]),
            }
        )
    return pl.DataFrame(rows)
