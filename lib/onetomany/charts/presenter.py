"""Present a frame as a table for readers: labels, formats and a status instead of column names.

`data/columns.csv` has the label of each column in both languages and how its values are written,
`data/words.csv` the words, bodies and publishers that its values may be.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

import polars as pl

from onetomany.errors import InputError
from .reader_table import ReaderTable, TableColumn, TableLine, Words, reader_table
from .table_formats import FORMATS, NUMBERS, between, written

MOST = 6  # columns
# an address is that of the first of these beside it, published on the first of these days
_SOURCES = ("publisher", "source", "document", "document_en", "table", "card", "algorithm")
_DAYS = ("published", "doc_date", "disclosure_date", "document_date", "date")
_THIS_RUN: Words = ("this run", "이번 실행")


@cache
def _column_labels() -> dict[str, tuple[Words, str]]:
    """Return the known columns by name: label, and form of the values (one of FORMATS)."""
    rows = _data("columns.csv").iter_rows(named=True)
    return {row["column"]: ((row["en"], row["ko"]), row["form"]) for row in rows}


@cache
def table_words(column: str = "") -> dict[str, Words]:
    """Return the words, bodies and publishers that values may be, in English and Korean.

    With `column`, those that mean something of their own in that column are added; units that are
    counted otherwise than they are named (cameras: 대) are keys such as 'unit:cameras'.

    >>> table_words()["PIPC"], table_words("kind")["unit"]
    (('PIPC', '개인정보보호위원회'), ('another unit', '다른 단위'))
    """
    rows = _data("words.csv").iter_rows()
    return {
        f"unit:{word}" if of == "unit" else word: (en or word, ko)
        for of, word, en, ko in rows
        if (of or "") in ("", "unit", column)
    }


def add_korean(
    frame: pl.DataFrame, columns: Sequence[str], words: Mapping[str, str] | None = None
) -> pl.DataFrame:
    """Return a frame with a column `x_ko` beside each column `x` of texts that are in English.

    `words` gives the Korean of further texts; one that nothing gives stays as it is.

    >>> add_korean(pl.DataFrame({"said_by": ["PIPC"]}), ["said_by"])["said_by_ko"].item()
    '개인정보보호위원회'
    """
    own = {word: (word, korean) for word, korean in (words or {}).items()}
    for name in columns:
        known = table_words(name) | own
        said = [each and written(each, "text", known)[1] for each in frame[name]]
        frame = frame.with_columns(pl.Series(f"{name}_ko", said, dtype=pl.String))
    return frame


def present_table(
    frame: pl.DataFrame,
    title: Words,
    *,
    status: str,
    source: Words | None = None,
    columns: Sequence[str | tuple[str, ...]] | None = None,
    labels: Mapping[str, Words] | None = None,
    words: Mapping[str, Words | str] | None = None,
    query: str = "",
) -> ReaderTable:
    """Return a frame as a table for readers, at most six columns, in English and Korean.

    `columns` chooses and orders; a tuple puts several columns into one cell, one below another.
    `x_en` and `x_ko` (or `x` and `x_ko`) are one column, `value` takes its `unit`, `low` and `high`
    are one interval, and `url` becomes the link of the publisher, source or document beside it,
    with its day. `status` and `query` are those of `reader_table`; `labels` names columns that
    `data/columns.csv` doesn't know, `words` gives the Korean of further values.

    Raises ValueError for more than six columns, another status, or simulated rows (by a Boolean
    column of that name) under a status that doesn't say so; InputError for a column without a
    label.

    >>> frame = pl.DataFrame({"what_en": ["Records"], "what_ko": ["기록"], "value": [120], "unit": ["records"]})
    >>> table = present_table(frame, ("What is known", "알려진 것"), status="documented")
    >>> "120건" in table.body, "what_en" in table.body
    (True, False)
    """  # noqa: E501
    if status != "simulated" and "simulated" in frame.columns and frame["simulated"].any():
        raise ValueError(f"Rows are simulated, so the table's status can't be '{status}'.")
    own = {
        word: (word, said) if isinstance(said, str) else said
        for word, said in (words or {}).items()
    }
    cells = [(each,) if isinstance(each, str) else each for each in columns or frame.columns]
    asked = {name for cell in cells for name in cell} if columns else set()
    maker = _Maker(frame, dict(labels or {}), own, asked)
    made = [maker.column(cell) for cell in cells]
    shown = [column for column in made if column]
    if len(shown) > MOST:
        raise ValueError(f"A table has at most {MOST} columns, not {len(shown)}: choose some.")
    linked = any(line.link for column in shown for line in column.lines)
    table = reader_table(
        pl.DataFrame(maker.texts, schema=dict.fromkeys(maker.texts, pl.String), strict=False),
        shown,
        title=title,
        status=status,
        source=source or ("" if linked else _THIS_RUN),
        query=query,
    )
    kept = {part for cell in cells for name in cell for part in maker.parts(name)}
    return replace(table, frame=frame.select(name for name in frame.columns if name in kept))


@dataclass
class _Maker:
    """Writes the columns of a frame as texts, parts of one column together."""

    frame: pl.DataFrame
    labels: dict[str, Words]
    words: Mapping[str, Words]
    asked: set[str]  # names; the others may become part of a column
    texts: dict[str, list[str | None]] = field(default_factory=dict)
    form: str = "number"  # of the last estimate, whose interval may follow

    def column(self, names: Sequence[str]) -> TableColumn | None:
        """Return a column of the table; None if another column includes all of its parts."""
        parts = [name for name in names if not self.is_part(name)]
        if not parts:
            return None
        heading, form = self.label(parts[0])
        numeric = self.frame[parts[0]].dtype.is_numeric() and form not in ("year", "code")
        lines = [self.line(name, first=name == parts[0]) for name in parts]
        texts = [text for line in lines for text in self.texts[line.column] if text]
        wide = max(map(len, texts), default=0) > 60
        return TableColumn(heading, tuple(lines), wide=wide, number=numeric)

    def is_part(self, name: str) -> bool:
        """Return whether a column is written as a part of another one."""
        stem, side = _sides(name)
        there = self.frame.columns
        if name.endswith("_ko"):
            return name[:-3] in there or f"{name[:-3]}_en" in there
        if stem == "high" or name in self.asked:
            return stem == "high" and f"low{side}" in there
        day = self.day_of(side) == name and f"url{side}" in there
        return (stem == "unit" and f"value{side}" in there) or (
            (stem == "url" or day) and self.source_of(side) is not None
        )

    def parts(self, name: str) -> set[str]:
        """Return the columns of the frame that a column of the table is written from."""
        stem, side = _sides(name)
        found = {name, f"{name.removesuffix('_en')}_ko"}
        if stem == "value":
            found.add(f"unit{side}")
        if stem == "low":
            found.add(f"high{side}")
        if name == self.source_of(side):
            found |= {f"url{side}", self.day_of(side) or name}
        return found

    def source_of(self, side: str) -> str | None:
        return next((f"{s}{side}" for s in _SOURCES if f"{s}{side}" in self.frame.columns), None)

    def day_of(self, side: str) -> str | None:
        """Return the day on which a source was published, unless the table shows it elsewhere."""
        days = [f"{day}{side}" for day in _DAYS if side or day != "date"]
        there = [day for day in days if day in self.frame.columns]
        return there[0] if there and there[0] not in self.asked else None

    def label(self, name: str) -> tuple[Words, str]:
        stem, _ = _sides(name)
        names = (name, name.removesuffix("_en"), stem)
        known = _column_labels()
        found = next((known[each] for each in names if each in known), None)
        if name in self.labels:
            return self.labels[name], found[1] if found else "text"
        if not found:
            raise InputError(
                f"The column '{name}' has no label: add it to charts/data/columns.csv, or give "
                f"labels={{'{name}': (English, Korean)}}."
            )
        return found

    def line(self, name: str, *, first: bool) -> TableLine:
        label, form = self.label(name)
        english, korean, link = f"{name} 0", f"{name} 1", ""
        pairs = self.written(name, form)
        if (addresses := self.addresses(name, form)) is not None:
            link = f"{name} url"
            self.texts[link] = addresses
        self.texts[english] = [pair and pair[0] for pair in pairs]
        self.texts[korean] = [pair and pair[1] for pair in pairs]
        kind = "name" if form == "article" else form if form in ("name", "quote", "code") else ""
        labelled = form in (*NUMBERS, "date", "yes") or name in self.labels
        shown = label if labelled and not first else None
        return TableLine(english, korean, label=shown, link=link, kind=kind)

    def beside(self, name: str) -> list[Any] | None:
        """Return the values of a column, None if the frame has none of that name."""
        return self.frame[name].to_list() if name in self.frame.columns else None

    def addresses(self, name: str, form: str) -> list[Any] | None:
        """Return the addresses that a column links to."""
        _, side = _sides(name)
        if name == self.source_of(side) and f"url{side}" in self.frame.columns:
            return self.beside(f"url{side}")
        return self.beside(name) if form == "url" else None

    def written(self, name: str, form: str) -> list[Words | None]:
        stem, side = _sides(name)
        values = self.frame[name].to_list()
        if stem == "low" and (highs := self.beside(f"high{side}")) is not None:
            return [
                None if None in ends else between(*ends, self.form)
                for ends in zip(values, highs, strict=True)
            ]
        if form in ("percent", "rate", "number"):
            self.form = form
        if form == "url":
            return [(urlsplit(each).hostname or each,) * 2 if each else None for each in values]
        twin = f"{name.removesuffix('_en')}_ko"
        koreans = self.beside(twin) if twin != name else None
        units = self.beside(f"unit{side}") if stem == "value" else None
        days, known = self.days(name, side), {**table_words(stem), **self.words}
        said: list[Words | None] = []
        for at, value in enumerate(values):
            if value is None or value == "":
                said.append(None)
                continue
            pair = written(value, form, known, units[at] if units else None)
            if koreans and koreans[at]:
                pair = (str(value), str(koreans[at]))
            if days and days[at]:
                pair = (f"{pair[0]}, {days[at]}", f"{pair[1]}, {days[at]}")
            said.append(pair)
        return said

    def days(self, name: str, side: str) -> list[Any] | None:
        """Return the days on which the sources of a column were published."""
        day = self.day_of(side)
        dated = name == self.source_of(side) and day and f"url{side}" in self.frame.columns
        return self.beside(str(day)) if dated else None


def _sides(name: str) -> tuple[str, str]:
    """Return a column's stem and which of two compared things it is of: '_a', '_b' or ''."""
    return (name[:-2], name[-2:]) if name.endswith(("_a", "_b")) else (name, "")


def _data(name: str) -> pl.DataFrame:
    content = (resources.files("onetomany.charts") / "data" / name).read_bytes()
    frame = pl.read_csv(content, infer_schema=False)
    if "form" in frame.columns and (odd := set(frame["form"]) - set(FORMATS)):
        raise InputError(f"{name}: unknown forms {', '.join(sorted(map(str, odd)))}.")
    return frame
