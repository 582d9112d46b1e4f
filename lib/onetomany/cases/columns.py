"""The tables of a case folder and their columns, as plain data.

`docs/cases.md` shows them to people, `datapackage.json` to other programs (Frictionless Data
Package 1.0), and `case_tables.read_case_table` checks them.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..sources.case import CONFIDENCES

DATE = r"^\d{4}(-\d{2}(-\d{2})?)?$"  # as precise as the source: 2019-04-30, 2019-04 or 2019
WINDOW = r"^(\d{4}(-\d{2}){0,2})?(/(\d{4}(-\d{2}){0,2})?)?$"  # 2019/2022, 2019/ or 2019-04
ADDRESS = r"^https?://\S+$"
SPEAKERS = ("official", "press", "civic", "company", "other")
STRANDS = ("law", "project", "disclosure", "oversight", "court")
# inputs of the reckoner (`accuracy.reckoner`)
INPUTS = (
    "gallery_size",
    "searches",
    "alerts",
    "confirmed",
    "false_alerts",
    "wanted_share",
    "fmr",
    "fpir",
    "fnir",
)


@dataclass(frozen=True)
class CaseColumn:
    """A column of a table: the content of its cells, and which are refused.

    `kind` is string, number, integer or day (YYYY-MM-DD). A cell that isn't empty must match
    `pattern` and be one of `choices`, if there are any.
    """

    name: str
    about: str
    required: bool = False
    kind: str = "string"
    pattern: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class CaseTable:
    """A table of the folder: its columns and the column that names a row, if one does."""

    name: str
    about: str
    columns: tuple[CaseColumn, ...]
    key: str = ""
    optional: bool = False  # the folder is complete without it
    suffix: str = ".csv"

    @property
    def file(self) -> str:
        return f"{self.name}{self.suffix}"

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]


def _text(name: str, about: str, *, required: bool = False) -> CaseColumn:
    return CaseColumn(name, about, required)


def _date(name: str, about: str) -> CaseColumn:
    return CaseColumn(name, f"{about}, as precise as the source: 2019-04-30, 2019-04 or 2019",
                      pattern=DATE)  # fmt: skip


_PUBLISHER = _text("publisher", "who published the source")
_URL = CaseColumn("url", "web address of the source", pattern=ADDRESS)
_CONFIDENCE = CaseColumn(
    "confidence",
    "V2: two independent sources; V1: one; C: arithmetic on such figures",
    choices=CONFIDENCES,
)
_CITED = (_PUBLISHER, _URL, _CONFIDENCE)
_START = CaseColumn("period_start", "first day of the time it is about", kind="day")
_END = CaseColumn("period_end", "last day of the time it is about", kind="day")

CLAIMS = CaseTable(
    "claims",
    "Claims with their speakers, one a row; the same subject and attribute are compared",
    (
        _text("claim_id", "a short name of the claim, such as C12", required=True),
        _text("subject", "the thing it is about, in the same words in each claim", required=True),
        _text("attribute", "the property of the subject: count, retention, owner", required=True),
        _text("value", "a number, a date, two dates (2019/2022), yes, no, or words", required=True),
        _text("unit", "the things counted (records, days), or date, dates, place, answer, fields",
              required=True),
        _text("said_by", "the speaker, as named in bodies.csv", required=True),
        _text("as_of", "when it was said"),
        CaseColumn("period", "the time it is about: 2019, 2019-04 or 2019/2022", pattern=WINDOW),
        _START,
        _END,
        CaseColumn("stance", "how it was said", choices=(
            "asserts", "denies", "partly", "refines", "extends", "plans", "implies")),
        _text("quote", "the words of the source"),
        _text("document", "SHA-256 of the document in sources/, or its first 12 digits"),
        CaseColumn("page", "the page in the document, from 1", kind="integer"),
        _text("source", "the document or article, in words"),
        CaseColumn("source_url", "web address of the source", pattern=ADDRESS),
        _date("event_date", "when it happened"),
        _date("document_date", "when it was written"),
        _date("disclosure_date", "when the public could read it"),
        _text("reply", "the answer of the other side"),
        _CONFIDENCE,
        _text("statement", "the sentence that it was read from, if statements.csv has it"),
        _text("value_en", "the value in words, English"),
        _text("value_ko", "the value in words, Korean"),
        _text("reading", "doubts about how the source was read"),
    ),
    key="claim_id",
)  # fmt: skip
EVENTS = CaseTable(
    "events",
    "Events, one a row",
    (
        CaseColumn("date", "when it happened: 2019-04-30, 2019-04 or 2019", True, pattern=DATE),
        CaseColumn("date_precision", "how precise the date is", choices=("day", "month", "year")),
        CaseColumn("strand", "which thread of the story", True, choices=STRANDS),
        _text("event_en", "what happened, English"),
        _text("event_ko", "what happened, Korean"),
        _date("document_date", "when the cited document was written"),
        _date("disclosure_date", "when the public could read it"),
        *_CITED,
    ),
)
NUMBERS = CaseTable(
    "numbers",
    "Figures that were disclosed or said, one a row",
    (
        _text("id", "a short name of the figure", required=True),
        _text("what_en", "the things counted, English"),
        _text("what_ko", "the things counted, Korean"),
        CaseColumn("value", "the figure", required=True, kind="number"),
        _text("unit", "its unit: records, faces, alerts, days, share", required=True),
        _date("as_of", "when it was said"),
        _START,
        _END,
        _text("said_by", "the speaker, as named in bodies.csv"),
        *_CITED,
        CaseColumn("input", "which input of the reckoner it is", choices=INPUTS),
    ),
    key="id",
)
BODIES = CaseTable(
    "bodies",
    "Who speaks, and who runs the system",
    (
        _text("name", "as written in said_by", required=True),
        CaseColumn("kind", "decides how a contradiction is ranked", True, choices=SPEAKERS),
        _text("name_ko", "the name in Korean"),
        _text("role_en", "its part in the case, English"),
        _text("role_ko", "its part in the case, Korean"),
        _URL,
    ),
    key="name",
)
PROVISIONS = CaseTable(
    "provisions",
    "The law, a row for each version of a provision",
    (
        _text("provision", "law and article, such as 'dpa 2018 35'", required=True),
        _text("law", "a short name of the law", required=True),
        _text("article", "article or section", required=True),
        CaseColumn("version", "from 1, the oldest found", kind="integer"),
        CaseColumn("in_force_from", "first day in force", kind="day"),
        CaseColumn("in_force_to", "last day in force", kind="day"),
        CaseColumn("from_how", "how the first day is known",
                   choices=("stated", "counted", "at latest")),
        CaseColumn("months", "months after promulgation, if counted", kind="integer"),
        _text("act", "the act that made this version"),
        CaseColumn("promulgated", "day of promulgation", kind="day"),
        _text("gist_en", "the gist in our own words, English"),
        _text("gist_ko", "the gist in our own words, Korean"),
        _text("note_en", "confirmations, and texts not seen, English"),
        _text("note_ko", "confirmations, and texts not seen, Korean"),
        _text("source", "where it was read"),
        _URL,
        _CONFIDENCE,
    ),
)  # fmt: skip
GAPS = CaseTable(
    "gaps",
    "Documents that are missing, and whom to ask",
    (
        _text("gap", "a short name of the gap", required=True),
        _text("template", "a letter of data_requests/templates"),
        _text("procedure", "a law of data_requests/laws, such as uk-foia-2000"),
        _text("body_en", "the authority to ask, English", required=True),
        _text("body_ko", "the authority to ask, Korean"),
        _text("claims", "claim_ids that the document would settle, separated by semicolons"),
        _text("what_en", "the document, English"),
        _text("what_ko", "the document, Korean"),
        _text("why_en", "why it matters, English"),
        _text("why_ko", "why it matters, Korean"),
        CaseColumn("period", "the period that the letter asks about: 2019, 2019-04 or 2019/2022",
                   pattern=WINDOW),
    ),
    key="gap",
    optional=True,
)  # fmt: skip
ORDER = CaseTable(
    "order",
    "Which subject is part of which, and which event comes before which",
    (
        _text("from_id", "subject or attribute", required=True),
        CaseColumn("kind", "the relation", True, choices=("part of", "comes before")),
        _text("to_id", "subject or attribute", required=True),
    ),
    optional=True,
)
TOPICS = CaseTable(
    "topics",
    "Names of the contested questions",
    (
        _text("subject", "as in claims.csv", required=True),
        _text("attribute", "as in claims.csv", required=True),
        _text("topic_en", "the question, English"),
        _text("topic_ko", "the question, Korean"),
    ),
    optional=True,
)
TABLES = (CLAIMS, EVENTS, NUMBERS, BODIES, PROVISIONS, GAPS, ORDER, TOPICS)


def case_table(name: str) -> CaseTable:
    """Return a table by its name, such as 'claims'.

    >>> case_table("claims").file
    'claims.csv'
    """
    return next(table for table in TABLES if table.name == name)
