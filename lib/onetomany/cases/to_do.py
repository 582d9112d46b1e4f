"""List the tasks in a case: missing, unsourced, contradictory, overdue; by worth."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from onetomany.claims import contradictions
from onetomany.errors import InputError
from onetomany.requests.letter_templates import templates
from onetomany.requests.log import read_requests
from onetomany.requests.procedures import procedures
from onetomany.requests.status import not_counted, overdue
from .about import ABOUT, AboutError
from .case_folder import Case, read_case
from .case_tables import raw_table, strange_columns, table_faults, typed_table
from .columns import CLAIMS, EVENTS, GAPS, NUMBERS, PROVISIONS, TABLES
from .database import stale_parts
from .implied import input_fault
from .words import task_sentences, task_words

# the groups of tasks, the most pressing first; only a fault keeps the case from running
FAULT, LATE, CLASH, SOURCE, DATABASE, SPEAKER, MISSING, WORDS = range(1, 9)
GROUPS = {
    FAULT: ("can't be used", "쓸 수 없음"),
    LATE: ("deadline missed", "기한 지남"),
    CLASH: ("contradiction", "서로 어긋남"),
    SOURCE: ("no source", "출처 없음"),
    DATABASE: ("not read yet", "아직 읽지 않음"),
    SPEAKER: ("unknown speaker", "모르는 발언자"),
    MISSING: ("missing", "빠짐"),
    WORDS: ("no words", "글 없음"),
}


@dataclass(frozen=True)
class CaseTask:
    """Something to do: its group (of GROUPS), place, matter and remedy.

    `korean` has the last three in Korean.
    """

    group: int
    where: str
    what: str
    remedy: str
    korean: tuple[str, str, str]

    def in_words(self, language: str) -> tuple[str, str, str]:
        """Return place, fault and remedy in a language: 'en' or 'ko'."""
        return self.korean if language == "ko" else (self.where, self.what, self.remedy)

    def __str__(self) -> str:
        return f"{GROUPS[self.group][0]}: {self.where}: {self.what}; {self.remedy}."


def check_case(folder: Path | str, *, today: dt.date | None = None) -> list[CaseTask]:
    """List the tasks in a case, the most pressing first.

    Files that can't be used come first: while there are any, nothing that depends on them is
    checked. Raises InputError if the folder is not a case folder.

    >>> [task for task in check_case("incheon") if task.group == FAULT]
    []
    """
    try:
        case = read_case(folder)
    except AboutError as error:
        key = (f", key {error.key}", f" {error.key} 항목") if error.key else ("", "")
        return [CaseTask(FAULT, ABOUT + key[0], *error.english, (ABOUT + key[1], *error.korean))]
    tasks = [*_faults(case), *_letters(case)]
    if not any(task.group == FAULT for task in tasks):
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
            row = f" {fault.row}행" if fault.row else ""
            column = f" {fault.column} 열" if fault.column else ""
            korean = (f"{fault.file}{row}{column}", *fault.korean)
            yield CaseTask(FAULT, where, fault.what, fault.remedy, korean)
        for name in strange_columns(raw, table) if not unread else ():
            yield _task(WORDS, table.file, "unread_column", name=name)
    try:
        _ = case.claims if readable else None
    except InputError as error:
        _, _, what = str(error).partition("claims.csv: ")
        yield _task(FAULT, "claims.csv", "bad_claim", fault=what.rstrip("."))
    yield from _lost_references(case)
    if readable and (unfit := input_fault(case)):
        unfit_en, unfit_ko = (
            re.sub(r"^numbers\.csv,? ", "", each).rstrip(".") for each in (str(unfit), unfit.ko)
        )
        told = {"fault": unfit_en, "fault_ko": unfit_ko or unfit_en}
        yield _task(FAULT, "numbers.csv", "bad_input", **told)


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
                yield _task(FAULT, ("gaps.csv", row), "lost_claim", gap=gap, claim=claim)


def _letters(case: Case) -> Iterator[CaseTask]:
    """Yield the gaps from which no letter can be written: no letter or law, or two that don't fit.

    Only a wrong name is a fault; an empty cell is something to fill in.
    """
    gaps, faults = raw_table(case.folder, GAPS)
    if faults or gaps.is_empty():
        return
    known, laws = templates(), procedures()
    named = typed_table(gaps, GAPS).select("gap", "template", "procedure")
    for row, (gap, letter, law) in enumerate(named.iter_rows(), 2):
        fitting = [name for name, each in known.items() if law in each.procedures] or [*known]
        if letter and letter not in known:
            column, names = "template", fitting
        elif law and law not in laws:
            column, names = "procedure", [*laws]
        elif letter and law and law not in known[letter].procedures:
            column, names = "template", fitting
        elif letter and law:
            continue
        else:
            column, names = ("procedure", [*laws]) if letter else ("template", fitting)
        value = {"template": letter, "procedure": law}[column]
        group, name = (FAULT, "unfit_letter") if value else (MISSING, "no_letter")
        facts = {"gap": gap, "value": value, "column": column, "names": ", ".join(names)}
        yield _task(group, ("gaps.csv", row), name, **facts)


def _late(case: Case, today: dt.date) -> Iterator[CaseTask]:
    log = case.folder / "requests"
    entries = read_requests(log) if log.is_dir() else []
    laws = procedures() if entries else {}
    for row in overdue(entries, laws, today=today).iter_rows(named=True):
        yield _task(LATE, f"requests/{row['request']}.md", "late", **row)
    for entry in entries:
        if why := not_counted(entry, today=today):
            yield _task(LATE, f"requests/{entry.id}.md", "not_counted", why=why.rstrip("."))


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
        ids = pair["claim_a"], pair["claim_b"]
        where = f"claims.csv, {' and '.join(ids)}", f"claims.csv {', '.join(ids)}"
        yield _task(CLASH, where, "clash", **pair)


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
            facts = {"bare": bare.height, "rows": _rows(frame.height), "many": frame.height}
            facts |= {"columns": " or ".join(columns), "columns_ko": " 또는 ".join(columns)}
            yield _task(SOURCE, table.file, "no_source", numbers=rows, **facts)
    if not case.about.url and (case.about.said_en or case.about.said_ko):
        yield _task(SOURCE, ABOUT, "no_source_of_purpose")


def _database(case: Case) -> Iterator[CaseTask]:
    for (what, what_ko), (todo, todo_ko) in stale_parts(case):
        korean = ("case.duckdb", what_ko, todo_ko)
        yield CaseTask(DATABASE, "case.duckdb", what, todo, korean)


def _speakers(case: Case) -> Iterator[CaseTask]:
    known = set(case.bodies["name"])
    said = [*case.table("claims")["said_by"], *case.numbers["said_by"].drop_nulls()]
    for name in dict.fromkeys(said):
        if name not in known:
            many = said.count(name)
            facts = {"name": name, "many": many, "rows": _rows(many)}
            yield _task(SPEAKER, "bodies.csv", "unknown_speaker", **facts)
    for name in case.about.operators:
        if name not in known:
            yield _task(SPEAKER, ABOUT, "unknown_operator", name=name)


def _missing(case: Case) -> Iterator[CaseTask]:
    """Yield the parts of the case's chapter that nothing fills yet."""
    for name, (part, part_ko) in task_sentences()["parts"].items():
        if case.table(name).is_empty():
            facts = {"name": name, "part": part, "part_ko": part_ko}
            yield _task(MISSING, f"{name}.csv", "no_rows", **facts)
    if case.numbers.height and case.numbers["input"].null_count() == case.numbers.height:
        yield _task(MISSING, "numbers.csv", "no_input")


def _words(case: Case) -> Iterator[CaseTask]:
    """Yield the texts that the case's languages lack."""
    for language in case.about.languages:
        if language not in ("en", "ko"):
            continue
        for name in ("title", "place", "said"):
            if not getattr(case.about, f"{name}_{language}"):
                yield _task(WORDS, ABOUT, "empty_text", key=f"{name}_{language}")
        for table, column in ((EVENTS, "event"), (NUMBERS, "what"), (GAPS, "what")):
            empty = case.table(table.name)[f"{column}_{language}"].null_count()
            if empty:
                facts = {"key": f"{column}_{language}", "many": empty, "rows": _rows(empty)}
                yield _task(WORDS, table.file, "empty_cells", **facts)


def _task(
    group: int, where: str | tuple[str, str] | tuple[str, int], sentences: str, /, **facts: object
) -> CaseTask:
    """Return a task with sentences of `words.task_words`.

    `where` is a file, a file and its row, or a place in English and in Korean.
    """
    (what, what_ko), (todo, todo_ko) = task_words(sentences, **facts)
    if isinstance(where, str):
        place = place_ko = where
    elif isinstance(where[1], int):
        place, place_ko = f"{where[0]}, row {where[1]}", f"{where[0]} {where[1]}행"
    else:
        place, place_ko = where[0], where[1]
    return CaseTask(group, place, what, todo, (place_ko, what_ko, todo_ko))


def _rows(number: int) -> str:
    return f"{number} row{'s' * (number != 1)}"
