"""The redaction list: what must not be read in an exhibit, taken out and reported.

It is applied to the executed notebooks before anything is drawn or hashed from them, so that a
figure's hash is that of what is shown. The report tells which rule took how much out of which
file, never what. A list in TOML:

    [[redact]]
    name = "witness A"            # shown in place of what it takes out: no secret in it
    exact = "Hong Gil-dong"       # or: pattern = "a regular expression"

    [[redact]]
    name = "annex 3"
    document = "annex3.pdf"       # path, file name or SHA-256, as a table names it
    pages = [3, 4]                # rows of tables on these pages lose their text

    [[allow]]                     # personal data that may go in, such as a published address
    exact = "press@moj.example"
    reason = "printed in the ministry's press release"

A list in CSV has the columns name, exact, pattern, document, pages ("3-5, 8").
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from onetomany.errors import InputError
from onetomany.report.shown import PARQUET, pack, unpack
from onetomany.sources.files import write_whole

TEXT = {".csv", ".css", ".html", ".ipynb", ".js", ".json", ".jsonl", ".log", ".md", ".svg"} | {
    ".toml",
    ".tsv",
    ".txt",
    ".typ",
    ".xml",
    ".yaml",
    ".yml",
}
REPORT = {"rule": pl.String, "file": pl.String, "count": pl.Int64}  # taken out of a file by a rule
DOCUMENT = ("document", "path", "sha256", "file", "document_id")  # columns that name a document


@dataclass(frozen=True)
class Rule:
    """One rule: `exact` or `pattern`, or `document` with `pages`; `reason` where it allows."""

    name: str
    exact: str = ""
    pattern: str = ""
    document: str = ""
    pages: tuple[int, ...] = ()
    reason: str = ""

    @property
    def allows(self) -> bool:
        return bool(self.reason)

    def __post_init__(self) -> None:
        ways = [bool(self.exact), bool(self.pattern), bool(self.document and self.pages)]
        if not self.name.strip() or sum(ways) != 1:
            raise InputError(
                f"The rule {self.name!r} needs a name and one of: exact, pattern, or document with "
                "pages."
            )
        try:
            if self.pattern and re.search(self.pattern, ""):
                raise InputError(f"The pattern of rule {self.name!r} fits nothing at all, too.")
        except re.error as error:
            raise InputError(
                f"The pattern of rule {self.name!r} can't be read: {error}."
            ) from error

    def finder(self) -> re.Pattern[str] | None:
        """What finds the rule's text, also as HTML writes it; None for a rule on pages."""
        if self.pattern:
            return re.compile(self.pattern)
        if self.exact:
            forms = {self.exact, html.escape(self.exact), html.escape(self.exact, quote=False)}
            return re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True))))
        return None


def read_rules(path: Path) -> tuple[Rule, ...]:
    """The rules of a list in TOML or CSV. Raises InputError naming what can't be read."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix == ".csv":
            rows = list(csv.DictReader(io.StringIO(text)))
            return tuple(
                Rule(
                    row["name"],
                    row.get("exact") or "",
                    row.get("pattern") or "",
                    row.get("document") or "",
                    _pages(row.get("pages") or ""),
                )
                for row in rows
            )
        raw = tomllib.loads(text)
        if unknown := set(raw) - {"redact", "allow"}:
            raise InputError(f"{path}: unknown table {', '.join(sorted(unknown))}.")
        taken = [
            Rule(**each | {"pages": tuple(each.get("pages", ()))}) for each in raw.get("redact", [])
        ]
        allowed = [
            Rule(each.get("name", "allowed"), exact=each["exact"], reason=each["reason"])
            for each in raw.get("allow", [])
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"The redaction list {path} can't be read: {error}.") from error
    return (*taken, *allowed)


def redact(folder: Path, rules: Sequence[Rule]) -> pl.DataFrame:
    """Take out of every text file and table below `folder` what the rules name, in place.

    Returns REPORT, with one row of count 0 and no file for a rule that found nothing. In notebooks
    the frames that the outputs carry are redacted too. PDF and pictures are not touched: they are
    made afterwards, and `screening` reads the PDF again.
    """
    rows = []
    taking = [rule for rule in rules if not rule.allows]
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        count: Counter[str] = Counter()
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
    rows += [(rule.name, "", 0) for rule in taking if rule.name not in met]
    return pl.DataFrame(rows, schema=REPORT, orient="row").sort("rule", "file")


def text_of(path: Path) -> str:
    """A file's text, \\uXXXX of JSON as letters. Raises InputError where it is not UTF-8."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError("it is not text in UTF-8") from error
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: _letter(match[1]), text)


def _file(suffix: str, text: str, rules: Sequence[Rule], count: Counter[str]) -> str:
    if suffix in (".ipynb", ".json"):
        whole = _value(json.loads(text), lambda each: _text(each, rules, count), rules, count)
        return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"
    if suffix == ".csv" and any(rule.pages for rule in rules):
        found: Counter[str] = Counter()
        frame = _frame(pl.read_csv(io.StringIO(text), infer_schema=False), rules, found)
        count.update(found)
        return frame.write_csv() if found else text
    return _text(text, rules, count)


def _value(
    value: Any, change: Callable[[str], str], rules: Sequence[Rule], count: Counter[str]
) -> Any:
    """A JSON value with every text changed, and every frame that an output carries."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        # a notebook keeps a text as a list of its lines
        if value and all(isinstance(each, str) for each in value):
            return change("".join(value)).splitlines(keepends=True)
        return [_value(each, change, rules, count) for each in value]
    if isinstance(value, Mapping):
        changed = {}
        for key, each in value.items():
            if key == PARQUET:
                found: Counter[str] = Counter()
                frame = _frame(unpack("".join(each)), rules, found)
                changed[key] = pack(frame) if found else each
                count.update(found)
            else:
                changed[key] = _value(each, change, rules, count)
        return changed
    return value


def _text(text: str, rules: Sequence[Rule], count: Counter[str]) -> str:
    for rule in rules:
        if finder := rule.finder():
            text, number = finder.subn(lambda _, name=rule.name: _mark(name), text)  # type: ignore[misc]
            if number:
                count[rule.name] += number
    return text


def _frame(frame: pl.DataFrame, rules: Sequence[Rule], count: Counter[str]) -> pl.DataFrame:
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
    """Pages written as '3-5, 8'."""
    found: list[int] = []
    for part in filter(None, (each.strip() for each in text.split(","))):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return tuple(found)


def _letter(code: str) -> str:
    letter = chr(int(code, 16))
    return letter if letter.isprintable() else f"\\u{code}"
