"""Take out of an exhibit the texts on a redaction list, and report how much was taken out.

The list is applied to the executed notebooks before anything is drawn or hashed from them, so that
a figure's hash is that of the visible picture. The report gives rule, file and count, never the
text. A list in TOML:

    [[redact]]
    name = "witness A"            # shown in place of the text: no secret in it
    exact = "Hong Gil-dong"       # or: pattern = "a regular expression"

    [[redact]]
    name = "annex 3"
    document = "annex3.pdf"       # path, file name or SHA-256, as a table names it
    pages = [3, 4]                # rows on these pages lose their text, in tables and charts; it is
                                  # also taken out elsewhere if quoted whole, not if quoted in part

    [[allow]]                     # personal data that may go in, such as a published address
    exact = "press@moj.example"
    reason = "printed in the ministry's press release"

A list in CSV has the columns name, exact, pattern, document, pages ("3-5, 8").
"""

import csv
import html
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from onetomany.checked_tables import (
    FieldError,
    Number,
    Table,
    Text,
    faults_of,
    from_table,
    read_toml,
    read_utf8,
)
from onetomany.errors import InputError
from onetomany.report.shown import PARQUET, pack_frame, unpack_frame
from onetomany.sources.files import write_whole
from onetomany.sources.tables import csv_text, plain_text

TEXT = {".csv", ".css", ".html", ".ipynb", ".js", ".json", ".jsonl", ".log", ".md", ".svg",
        ".toml", ".tsv", ".txt", ".typ", ".xml", ".yaml", ".yml"}  # fmt: skip
REPORT = {"rule": pl.String, "file": pl.String, "count": pl.Int64}  # taken out of a file by a rule
# columns that name a document
DOCUMENT = ("document", "path", "sha256", "file", "document_id", "name")
QUOTED = 6  # letters; a shorter text of a hidden row is not taken for a quotation elsewhere


@dataclass(frozen=True)
class RedactionRule(Table):
    """One rule: `exact` or `pattern`, or `document` with `pages`; `reason` if it allows."""

    name: Text
    exact: str = ""
    pattern: str = ""
    document: str = ""
    pages: tuple[Number, ...] = ()
    reason: str = ""

    @property
    def allows(self) -> bool:
        return bool(self.reason)

    def __post_init__(self) -> None:
        ways = [bool(self.exact), bool(self.pattern), bool(self.document and self.pages)]
        if not self.name.strip() or sum(ways) != 1:
            needed = "needs a name and one of: exact, pattern, or document with pages"
            raise FieldError(self.name, needed)
        try:
            empty = self.pattern and re.search(self.pattern, "")
        except re.error as error:
            raise FieldError(self.name, f"has a pattern that can't be read: {error}") from None
        if empty:
            fault = "has a pattern that also matches the empty string"
            raise FieldError(self.name, f"{fault}: let it match only the text that must go")

    def finder(self) -> re.Pattern[str] | None:
        """Return a pattern for the rule's text, also as in HTML; None for a rule on pages."""
        if self.pattern:
            return re.compile(self.pattern)
        if self.exact:
            forms = {self.exact, html.escape(self.exact), html.escape(self.exact, quote=False)}
            return re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True))))
        return None


@dataclass(frozen=True)
class _Allowed(Table):
    """A text that may go in, and why."""

    exact: Text
    reason: Text
    name: Text = "allowed"


@dataclass(frozen=True)
class _RedactionList(Table):
    """The two lists of the file."""

    redact: tuple[RedactionRule, ...] = ()
    allow: tuple[_Allowed, ...] = ()


def read_redactions(path: Path) -> tuple[RedactionRule, ...]:
    """Read the rules of a list in TOML or CSV.

    Raises InputError naming file, rule and field; it repeats no text that must go.
    """
    if path.suffix == ".csv":
        return _from_csv(path)
    with faults_of(path):
        found = from_table(_RedactionList, read_toml(path), secret=True)
        if odd := [each.name for each in found.redact if each.reason]:
            raise FieldError(f"redact.{odd[0]}.reason", "belongs only to [[allow]]: remove it")
    return (*found.redact, *(RedactionRule(**vars(each)) for each in found.allow))


def _from_csv(path: Path) -> tuple[RedactionRule, ...]:
    kept = ("name", "exact", "pattern", "document")
    try:
        return tuple(
            RedactionRule(
                **{key: row.get(key) or "" for key in kept}, pages=_pages(row.get("pages") or "")
            )
            for row in csv.DictReader(io.StringIO(read_utf8(path)))
        )
    except (ValueError, csv.Error) as error:
        raise InputError(f"The redaction list {path} can't be read: {error}.") from error


def redact(folder: Path, rules: Sequence[RedactionRule]) -> pl.DataFrame:
    """Take the rules' texts out of every text file and table below `folder`, in place.

    Returns REPORT, with one row of count 0 and no file for a rule that found nothing. In notebooks
    the frames that the outputs carry are redacted too. PDF and pictures are not touched: they are
    made afterwards, and `screening` reads the PDF again.
    """
    rows = []
    taking = [rule for rule in rules if not rule.allows]
    taking += _quotations(folder, taking)
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        count = _Count()
        if path.suffix == ".parquet":
            frame = _frame(pl.read_parquet(path), taking, count)
            if count:
                file = io.BytesIO()
                frame.write_parquet(file, compression="zstd")
                write_whole(path, file.getvalue())
        elif path.suffix in TEXT:
            text = path.read_text(encoding="utf-8")
            new = _file(path.suffix, text, taking, count)
            if count:
                write_whole(path, new.encode())
        name = path.relative_to(folder).as_posix()
        rows += [(rule, name, number) for rule, number in sorted(count.items())]
    met = {rule for rule, _, _ in rows}
    rows += [(name, "", 0) for name in {rule.name: 0 for rule in taking} if name not in met]
    return pl.DataFrame(rows, schema=REPORT, orient="row").sort("rule", "file")


class _Count(Counter[str]):
    """How much each rule took out; `hidden` has the texts of rows that rules on pages took."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden: dict[tuple[str, str], None] = {}

    def add(self, found: "_Count") -> None:
        self.update(found)
        self.hidden |= found.hidden


def _quotations(folder: Path, rules: Sequence[RedactionRule]) -> list[RedactionRule]:
    """Return a rule for each text hidden by a rule on pages, to take it out when quoted."""
    paged = [rule for rule in rules if rule.pages]
    count = _Count()
    for path in sorted(each for each in folder.rglob("*") if each.is_file() and paged):
        if path.suffix == ".parquet":
            _frame(pl.read_parquet(path), paged, count)
        elif path.suffix in (".ipynb", ".json", ".csv"):
            _file(path.suffix, path.read_text(encoding="utf-8"), paged, count)
    longest = sorted(count.hidden, key=lambda each: len(each[1]), reverse=True)
    return [RedactionRule(name, exact=text) for name, text in longest if len(text) >= QUOTED]


def file_text(path: Path) -> str:
    r"""Return a file's text, \uXXXX of JSON as letters. Raises InputError if it is not UTF-8."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError("it is not text in UTF-8") from error
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: _letter(match[1]), text)


def _file(suffix: str, text: str, rules: Sequence[RedactionRule], count: _Count) -> str:
    if suffix in (".ipynb", ".json"):
        whole = _value(json.loads(text), lambda each: _text(each, rules, count), rules, count)
        return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"
    if suffix == ".csv" and any(rule.pages for rule in rules):
        found = _Count()
        frame = plain_text(pl.read_csv(io.StringIO(text), infer_schema=False))
        frame = _frame(frame, rules, found)
        count.add(found)
        return csv_text(frame) if found else text
    return _text(text, rules, count)


def _value(
    value: Any, change: Callable[[str], str], rules: Sequence[RedactionRule], count: _Count
) -> Any:
    """Return a JSON value with every text and every frame in an output redacted."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        # a notebook keeps a text as a list of its lines
        if value and all(isinstance(each, str) for each in value):
            return change("".join(value)).splitlines(keepends=True)
        return [_value(each, change, rules, count) for each in _rows(value, rules, count)]
    if isinstance(value, Mapping):
        changed: dict[str, Any] = {}
        for key, each in value.items():
            if key != PARQUET:
                changed[key] = _value(each, change, rules, count)
        if PARQUET in value:
            found = _Count()
            frame = _frame(unpack_frame("".join(value[PARQUET])), rules, found)
            changed[PARQUET] = pack_frame(frame) if found else value[PARQUET]
            if found:  # its printed forms still show text that the frame no longer has
                with pl.Config(tbl_rows=40, fmt_str_lengths=200):
                    shown = {"text/html": frame._repr_html_(), "text/plain": str(frame)}
                drawn = {"text/html": "<table", "text/plain": "┌"}
                changed |= {
                    kind: shown[kind]
                    for kind, sign in drawn.items()
                    if sign in "".join(changed.get(kind, ""))
                }
            count.add(found)
        return changed
    return value


def _rows(rows: list[Any], rules: Sequence[RedactionRule], count: _Count) -> list[Any]:
    """Return the rows of a chart's data; rows that a rule on pages names are hidden."""
    found = _Count()
    new = [_row(row, rules, found) if isinstance(row, Mapping) else row for row in rows]
    # a text that other rows have too is not a secret of the page
    said = {
        text
        for old, row in zip(rows, new, strict=True)
        if old is row and isinstance(row, Mapping)
        for text in row.values()
        if isinstance(text, str)
    }
    count.update(found)
    count.hidden |= {each: None for each in found.hidden if each[1] not in said}
    return new


def _row(
    row: Mapping[str, Any], rules: Sequence[RedactionRule], count: _Count
) -> Mapping[str, Any]:
    """Return a row of a chart's data, its texts hidden if a rule names its document and page."""
    for rule in rules:
        names = [str(row[name]) for name in DOCUMENT if isinstance(row.get(name), str)]
        named = any(rule.document in (name, name.split("/")[-1]) for name in names)
        if rule.pages and named and str(row.get("page")) in map(str, rule.pages):
            mark = _mark(rule.name)
            texts = {
                key: text
                for key, text in row.items()
                if isinstance(text, str) and key not in (*DOCUMENT, "page") and text != mark
            }
            if texts:
                count[rule.name] += 1
                count.hidden |= {(rule.name, text): None for text in texts.values()}
                row = {**row, **dict.fromkeys(texts, mark)}
    return row


def _text(text: str, rules: Sequence[RedactionRule], count: Counter[str]) -> str:
    for rule in rules:
        if finder := rule.finder():
            text, number = finder.subn(lambda _, name=rule.name: _mark(name), text)  # type: ignore[misc]
            if number:
                count[rule.name] += number
    return text


def _frame(frame: pl.DataFrame, rules: Sequence[RedactionRule], count: _Count) -> pl.DataFrame:
    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    for rule in rules:
        names = [name for name in DOCUMENT if frame.schema.get(name) == pl.String]
        if rule.pages and names and "page" in frame.columns:
            named = pl.any_horizontal(
                pl.col(name).str.split("/").list.last().eq(rule.document)
                | pl.col(name).eq(rule.document)
                for name in names
            )
            page = pl.col("page").cast(pl.Int64, strict=False).is_in(list(rule.pages))
            hidden = [name for name in texts if name not in (*names, "page")]
            shows = pl.any_horizontal(pl.col(name) != _mark(rule.name) for name in hidden)
            hit = frame.select((named & page & shows).fill_null(False)).to_series()
            if hit.any():
                count[rule.name] += int(hit.sum())
                for name in hidden:
                    # a text that other rows have too is not a secret of this page
                    secret = set(frame[name].filter(hit).drop_nulls()) - set(
                        frame[name].filter(~hit)
                    )
                    count.hidden |= {(rule.name, text): None for text in sorted(secret)}
                mark = pl.when(hit).then(pl.lit(_mark(rule.name)))
                frame = frame.with_columns(
                    mark.otherwise(pl.col(name)).alias(name) for name in hidden
                )
        if finder := rule.finder():
            for name in texts:
                values = frame[name].to_list()
                new = [
                    each and finder.subn(_mark(rule.name).replace("\\", r"\\"), each)
                    for each in values
                ]
                number = sum(each[1] for each in new if each)
                if number:
                    count[rule.name] += number
                    kept = [each[0] if each else each for each in new]
                    frame = frame.with_columns(pl.Series(name, kept, dtype=pl.String))
    return frame


def _mark(name: str) -> str:
    return f"[redacted: {name}]"


def _pages(text: str) -> tuple[int, ...]:
    """Read pages written as '3-5, 8'."""
    found: list[int] = []
    for part in filter(None, (each.strip() for each in text.split(","))):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return tuple(found)


def _letter(code: str) -> str:
    letter = chr(int(code, 16))
    return letter if letter.isprintable() else f"\\u{code}"
