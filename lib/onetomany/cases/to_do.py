"""List the tasks in a case: missing, unsourced, contradictory, overdue; by worth."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ..claims import contradictions
from ..errors import InputError
from ..requests.letter_templates import templates
from ..requests.log import read_requests
from ..requests.procedures import procedures
from ..requests.status import not_counted, overdue
from .about import ABOUT, AboutError
from .case_folder import Case, read_case
from .case_tables import raw_table, strange_columns, table_faults, typed_table
from .columns import CLAIMS, EVENTS, GAPS, NUMBERS, PROVISIONS, TABLES
from .database import stale_parts
from .implied import input_fault

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
            todo = "correct its name, or leave it: it stays in the file"
            what = f"the kit doesn't read its column '{name}'"
            korean = (table.file, f"'{name}' 열은 읽지 않습니다",
                      "열 이름을 고치거나 그대로 두세요. 파일에는 남습니다")  # fmt: skip
            yield CaseTask(WORDS, table.file, what, todo, korean)
    try:
        _ = case.claims if readable else None
    except InputError as error:
        _, _, what = str(error).partition("claims.csv: ")
        korean = ("claims.csv", f"쓸 수 없는 값이 있습니다: {what.rstrip('.')}", "칸을 고치세요")
        yield CaseTask(FAULT, "claims.csv", what.rstrip("."), "correct the cell", korean)
    yield from _lost_references(case)
    if readable and (unfit := input_fault(case)):
        english, korean_text = (
            re.sub(r"^numbers\.csv,? ", "", each).rstrip(".") for each in (str(unfit), unfit.ko)
        )
        korean = ("numbers.csv", korean_text or english, "input 열이나 수치를 고치세요")
        todo = "correct its column input or the figure"
        yield CaseTask(FAULT, "numbers.csv", english, todo, korean)


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
                korean = (f"gaps.csv {row}행", f"'{gap}'에 적힌 주장 {claim}이(가) 없습니다",
                          "주장 번호를 고치세요")  # fmt: skip
                where = f"gaps.csv, row {row}"
                yield CaseTask(FAULT, where, what, "correct the claim's id", korean)


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
        at, at_ko = f"gaps.csv, row {row}", f"gaps.csv {row}행"
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
        what, what_ko = (
            (f"'{gap}': '{value}' is no {column} that fits",
             f"'{gap}': {column}의 '{value}'로는 편지를 쓸 수 없습니다")
            if value else
            (f"'{gap}' names no {column}, so no letter can be written",
             f"'{gap}'에 {column}이(가) 없어 편지를 쓸 수 없습니다")
        )  # fmt: skip
        korean = (at_ko, what_ko, f"다음 가운데 하나를 적으세요: {', '.join(names)}")
        group = FAULT if value else MISSING
        yield CaseTask(group, at, what, f"write one of {', '.join(names)}", korean)


def _late(case: Case, today: dt.date) -> Iterator[CaseTask]:
    log = case.folder / "requests"
    entries = read_requests(log) if log.is_dir() else []
    laws = procedures() if entries else {}
    for row in overdue(entries, laws, today=today).iter_rows(named=True):
        what = f"{row['label_en']} was due on {row['due']} ({row['body']})"
        where = f"requests/{row['request']}.md"
        korean = (where, f"{row['label_ko']} 기한이 {row['due']}이었습니다({row['body']})",
                  "독촉하거나 이의를 신청하세요")  # fmt: skip
        yield CaseTask(LATE, where, what, "remind, complain or appeal", korean)
    for entry in entries:
        if why := not_counted(entry, today=today):
            where = f"requests/{entry.id}.md"
            korean = (where, "기관이 청구를 받은 날이 적혀 있지 않아 결정 기한을 셀 수 없습니다",
                      "받은 날을 알게 되면 'received' 사건으로 적으세요")  # fmt: skip
            yield CaseTask(LATE, where, why.rstrip("."), "add that event", korean)


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
        both_said = ", ".join(f"{pair[f'said_by_{s}']}: {pair[f'value_{s}']}" for s in "ab")
        korean = (
            f"claims.csv {pair['claim_a']}, {pair['claim_b']}",
            f"{pair['subject_a']}, {pair['attribute']}. {both_said}",
            "양쪽에 문서를 청구하거나(gaps.csv에 행 추가) 답변을 적으세요",
        )
        yield CaseTask(CLASH, where, what, todo, korean)


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
            many = f"{frame.height}행 가운데 {bare.height}행에 출처가 없습니다({rows}행)"
            korean = (table.file, many, f"{' 또는 '.join(columns)} 칸을 채우세요")
            yield CaseTask(SOURCE, table.file, what, f"fill in {' or '.join(columns)}", korean)
    if not case.about.url and (case.about.said_en or case.about.said_ko):
        yield CaseTask(SOURCE, "case.toml", "the purpose of the system has no source",
                       "fill in publisher, url and confidence",
                       ("case.toml", "시스템이 한다는 일에 출처가 없습니다",
                        "publisher, url, confidence를 채우세요"))  # fmt: skip


def _database(case: Case) -> Iterator[CaseTask]:
    for (what, what_ko), (todo, todo_ko) in stale_parts(case):
        korean = ("case.duckdb", what_ko, todo_ko)
        yield CaseTask(DATABASE, "case.duckdb", what, todo, korean)


def _speakers(case: Case) -> Iterator[CaseTask]:
    known = set(case.bodies["name"])
    said = [*case.table("claims")["said_by"], *case.numbers["said_by"].drop_nulls()]
    for name in dict.fromkeys(said):
        if name not in known:
            what = f"'{name}' speaks in {_rows(said.count(name))}"
            todo = "add a row with its kind"
            korean = ("bodies.csv", f"'{name}'이(가) {said.count(name)}개 행에서 말합니다",
                      "어떤 기관인지 한 행으로 적으세요")  # fmt: skip
            yield CaseTask(SPEAKER, "bodies.csv", what, todo, korean)
    for name in case.about.operators:
        if name not in known:
            yield CaseTask(SPEAKER, "case.toml", f"the operator '{name}' is not in bodies.csv",
                           "add a row",
                           ("case.toml", f"운영 기관 '{name}'이(가) bodies.csv에 없습니다",
                            "행을 추가하세요"))  # fmt: skip


def _missing(case: Case) -> Iterator[CaseTask]:
    """Yield the parts of the case's chapter that nothing fills yet."""
    for name, part, part_ko in (
        ("claims", "the claims and which can't be true together",
         "무엇이 주장되었고 무엇이 함께 참일 수 없는지를"),
        ("events", "the story in order", "일의 순서를"),
        ("numbers", "the figures", "수치를"),
        ("gaps", "the missing documents, and whom to ask",
         "무엇이 아직 감추어져 있고 누구에게 물을지를"),
        ("provisions", "the law", "관련 법을"),
    ):  # fmt: skip
        if case.table(name).is_empty():
            todo = f"add rows with 'onetomany add {name}' or in a spreadsheet"
            korean = (f"{name}.csv", f"행이 없어 {part_ko} 보여 줄 수 없습니다",
                      f"'onetomany add {name}'나 스프레드시트로 행을 적으세요")  # fmt: skip
            yield CaseTask(MISSING, f"{name}.csv", f"it has no rows: the chapter can't show {part}",
                           todo, korean)  # fmt: skip
    if case.numbers.height and case.numbers["input"].null_count() == case.numbers.height:
        todo = "fill in the column 'input', for example with searches or alerts"
        korean = ("numbers.csv", "계산기에 넣을 수치가 표시되어 있지 않습니다",
                  "'input' 열을 searches, alerts 등으로 채우세요")  # fmt: skip
        what = "no figure is marked as an input"
        yield CaseTask(MISSING, "numbers.csv", what, todo, korean)


def _words(case: Case) -> Iterator[CaseTask]:
    """Yield the texts that the case's languages lack."""
    for language in case.about.languages:
        if language not in ("en", "ko"):
            continue
        for name in ("title", "place", "said"):
            if not getattr(case.about, f"{name}_{language}"):
                yield CaseTask(WORDS, "case.toml", f"{name}_{language} is empty", "fill it in",
                               ("case.toml", f"{name}_{language}가 비어 있습니다",
                                "채우세요"))  # fmt: skip
        for table, column in ((EVENTS, "event"), (NUMBERS, "what"), (GAPS, "what")):
            empty = case.table(table.name)[f"{column}_{language}"].null_count()
            if empty:
                what = f"{column}_{language} is empty in {_rows(empty)}"
                korean = (table.file, f"{empty}개 행에서 {column}_{language}가 비어 있습니다",
                          "채우세요")  # fmt: skip
                yield CaseTask(WORDS, table.file, what, "fill it in", korean)


def _rows(number: int) -> str:
    return f"{number} row{'s' * (number != 1)}"
