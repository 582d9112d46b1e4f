"""List what is missing, unsourced, contradictory or overdue in a case, in order of worth."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ..claims import contradictions
from ..errors import InputError
from ..requests.log import read_requests
from ..requests.procedures import procedures
from ..requests.status import not_counted, overdue
from .columns import CLAIMS, EVENTS, GAPS, NUMBERS, PROVISIONS, TABLES
from .database import stale_parts
from .folder import Case, read_case
from .tables import raw_table, strange_columns, table_faults

# what a task is about, the most pressing first; only a fault keeps the case from running
FAULT, LATE, CLASH, SOURCE, DATABASE, SPEAKER, MISSING, WORDS = range(1, 9)
GROUPS = {
    FAULT: "can't be used",
    LATE: "deadline missed",
    CLASH: "contradiction",
    SOURCE: "no source",
    DATABASE: "not read yet",
    SPEAKER: "unknown speaker",
    MISSING: "missing",
    WORDS: "no words",
}


@dataclass(frozen=True)
class CaseTask:
    """Something to do: its group (of GROUPS), where, what is the matter, what to do."""

    group: int
    where: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{GROUPS[self.group]}: {self.where}: {self.what}; {self.remedy}."


def check_case(folder: Path | str, *, today: dt.date | None = None) -> list[CaseTask]:
    """List what to do in a case, the most pressing first.

    Files that can't be used come first: while there are any, nothing that depends on them is
    checked. Raises InputError if the folder is not a case folder.

    >>> [task for task in check_case("incheon") if task.group == FAULT]
    []
    """
    case = read_case(folder)
    tasks = list(_faults(case))
    if not tasks:
        tasks += _late(case, today or dt.date.today())
        for found in (_clashes, _sources, _database, _speakers, _missing, _words):
            tasks += found(case)
    return sorted(tasks, key=lambda task: task.group)


def _faults(case: Case) -> Iterator[CaseTask]:
    readable = True
    for table in TABLES:
        raw, unread = raw_table(case.folder, table)
        faults = unread or table_faults(raw, table)
        readable &= not faults
        for fault in faults:
            where, _, _ = str(fault).partition(":")
            yield CaseTask(FAULT, where, fault.what, fault.remedy)
        for name in strange_columns(raw, table) if not unread else ():
            todo = "correct its name, or leave it: it stays in the file"
            yield CaseTask(WORDS, table.file, f"the kit doesn't read its column '{name}'", todo)
    try:
        _ = case.claims if readable else None
    except InputError as error:
        _, _, what = str(error).partition("claims.csv: ")
        yield CaseTask(FAULT, "claims.csv", what.rstrip("."), "correct the cell")
    yield from _lost_references(case)


def _lost_references(case: Case) -> Iterator[CaseTask]:
    """Yield the claims that gaps.csv names and claims.csv lacks."""
    gaps, faults = raw_table(case.folder, GAPS)
    claims, broken = raw_table(case.folder, CLAIMS)
    if faults or broken or "claims" not in gaps.columns:
        return
    known = set(claims["claim_id"].to_list())
    for row, (gap, named) in enumerate(gaps.select("gap", "claims").iter_rows(), 2):
        for claim in filter(None, (named or "").split(";")):
            if claim.strip() not in known:
                what = f"'{gap}' names the claim {claim}, which claims.csv doesn't have"
                yield CaseTask(FAULT, f"gaps.csv, row {row}", what, "correct the claim's id")


def _late(case: Case, today: dt.date) -> Iterator[CaseTask]:
    log = case.folder / "requests"
    entries = read_requests(log) if log.is_dir() else []
    laws = procedures() if entries else {}
    for row in overdue(entries, laws, today=today).iter_rows(named=True):
        what = f"{row['label_en']} was due on {row['due']} ({row['body']})"
        yield CaseTask(LATE, f"requests/{row['request']}.md", what, "remind, complain or appeal")
    for entry in entries:
        if why := not_counted(entry, today=today):
            yield CaseTask(LATE, f"requests/{entry.id}.md", why.rstrip("."), "add that event")


def _clashes(case: Case) -> Iterator[CaseTask]:
    """Yield the contradictions without a reply or a request, those of officials first."""
    claims = case.claims
    found = contradictions.find_contradictions(claims, case.links, listing=case.bodies)
    answered = set(claims.filter(pl.col("reply").is_not_null())["claim_id"])
    asked = {
        claim.strip()
        for named in case.table("gaps")["claims"].drop_nulls()
        for claim in named.split(";")
    }
    for pair in found.filter("contradiction", pl.col("rank") <= 3).iter_rows(named=True):
        both = {pair["claim_a"], pair["claim_b"]}
        if both & answered or both & asked:
            continue
        said = [f"{pair[f'said_by_{side}']} says {pair[f'value_{side}']}" for side in "ab"]
        what = f"{pair['subject_a']}, {pair['attribute']}: {' and '.join(said)}"
        where = f"claims.csv, {pair['claim_a']} and {pair['claim_b']}"
        todo = "ask both for the document (a row of gaps.csv), or note the reply"
        yield CaseTask(CLASH, where, what, todo)


def _sources(case: Case) -> Iterator[CaseTask]:
    """Yield the rows without an address and a document, table by table."""
    for table, columns in (
        (CLAIMS, ("source_url", "document")),
        (EVENTS, ("url",)),
        (NUMBERS, ("url",)),
        (PROVISIONS, ("url",)),
    ):
        frame = case.table(table.name).with_row_index("row", offset=2)
        bare = frame.filter(pl.all_horizontal(pl.col(name).is_null() for name in columns))
        if bare.height:
            rows = ", ".join(map(str, bare["row"][:10])) + (", ..." if bare.height > 10 else "")
            what = f"{bare.height} of {_rows(frame.height)} without a source (row {rows})"
            yield CaseTask(SOURCE, table.file, what, f"fill in {' or '.join(columns)}")
    if not case.about.url and (case.about.said_en or case.about.said_ko):
        yield CaseTask(SOURCE, "case.toml", "what the system is said to do has no source",
                       "fill in publisher, url and confidence")  # fmt: skip


def _database(case: Case) -> Iterator[CaseTask]:
    for what, todo in stale_parts(case):
        yield CaseTask(DATABASE, "case.duckdb", what, todo)


def _speakers(case: Case) -> Iterator[CaseTask]:
    known = set(case.bodies["name"])
    said = [*case.table("claims")["said_by"], *case.numbers["said_by"].drop_nulls()]
    for name in dict.fromkeys(said):
        if name not in known:
            what = f"'{name}' speaks in {_rows(said.count(name))}"
            yield CaseTask(
                SPEAKER, "bodies.csv", what, "add a row that says what kind of body it is"
            )
    for name in case.about.operators:
        if name not in known:
            yield CaseTask(SPEAKER, "case.toml", f"the operator '{name}' is not in bodies.csv",
                           "add a row")  # fmt: skip


def _missing(case: Case) -> Iterator[CaseTask]:
    """Yield the parts of the case's chapter that nothing fills yet."""
    for name, part in (
        ("claims", "what was claimed and what can't be true together"),
        ("events", "the story in order"),
        ("numbers", "the figures"),
        ("gaps", "what is still hidden, and whom to ask"),
        ("provisions", "the law"),
    ):
        if case.table(name).is_empty():
            todo = f"add rows with 'onetomany add {name}' or in a spreadsheet"
            yield CaseTask(MISSING, f"{name}.csv", f"it has no rows: the chapter can't show {part}",
                           todo)  # fmt: skip
    if case.numbers.height and case.numbers["input"].null_count() == case.numbers.height:
        todo = "fill in the column 'input', for example with searches or alerts"
        yield CaseTask(MISSING, "numbers.csv", "no figure is marked as an input", todo)


def _words(case: Case) -> Iterator[CaseTask]:
    """Yield the texts that the case's languages lack."""
    for language in case.about.languages:
        if language not in ("en", "ko"):
            continue
        for name in ("title", "place", "said"):
            if not getattr(case.about, f"{name}_{language}"):
                yield CaseTask(WORDS, "case.toml", f"{name}_{language} is empty", "fill it in")
        for table, column in ((EVENTS, "event"), (NUMBERS, "what"), (GAPS, "what")):
            empty = case.table(table.name)[f"{column}_{language}"].null_count()
            if empty:
                what = f"{column}_{language} is empty in {_rows(empty)}"
                yield CaseTask(WORDS, table.file, what, "fill it in")


def _rows(number: int) -> str:
    return f"{number} row{'s' * (number != 1)}"
