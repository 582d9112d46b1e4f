"""Plan the forms of a case folder: which columns, with which control, and words for each row."""

from dataclasses import dataclass
from functools import cache

from onetomany.cases.columns import SPEAKERS, CaseColumn
from onetomany.claims.claim_ledger import WORDS
from onetomany.mentions.quantities import UNITS
from onetomany.requests.letter_templates import templates
from onetomany.requests.procedures import procedures
from . import case_fields as controls
from .desk_words import KOREAN

_DATES = ("as_of", "event_date", "document_date", "disclosure_date", "date")
LONG_FIELDS = {"quote": 4, "reply": 2, "reading": 2, "event_en": 2, "event_ko": 2, "gist_en": 2,
         "gist_ko": 2, "note_en": 2, "note_ko": 2, "why_en": 2, "why_ko": 2}  # fmt: skip
_REPEATED = ("subject", "attribute", "publisher", "body_en", "body_ko", "law", "article")
FREE_UNITS = tuple(dict.fromkeys((*UNITS, *WORDS, "share", "faces", "alerts")))


@dataclass(frozen=True)
class FormPlan:
    """Which columns a form shows at once, which it needs more than the table, which it hides."""

    first: tuple[str, ...]
    needed: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()


PLANS = {
    "claims": FormPlan(
        ("subject", "attribute", "value", "unit", "said_by", "document_date", "quote", "source",
         "source_url", "confidence"),
        hidden=("statement",),
    ),
    "events": FormPlan(
        ("date", "strand", "event_en", "event_ko", "publisher", "url", "confidence"),
        needed=("publisher", "url"),
        one_of=("event_en", "event_ko"),
        hidden=("date_precision",),
    ),
    "numbers": FormPlan(
        ("what_en", "what_ko", "value", "unit", "as_of", "said_by", "publisher", "url",
         "confidence", "input"),
        needed=("publisher", "url"),
        one_of=("what_en", "what_ko"),
    ),
    "bodies": FormPlan(("name", "kind", "name_ko", "role_en", "role_ko", "url")),
    "gaps": FormPlan(
        ("what_en", "what_ko", "why_en", "why_ko", "body_en", "body_ko", "procedure", "template",
         "period", "claims"),
        needed=("procedure", "template"),
        one_of=("what_en", "what_ko"),
    ),
    "provisions": FormPlan(
        ("law", "article", "gist_en", "gist_ko", "in_force_from", "in_force_to", "from_how",
         "source", "url", "confidence"),
        needed=("source", "url"),
        one_of=("gist_en", "gist_ko"),
        hidden=("provision",),
    ),
}  # fmt: skip


@cache
def _laws(language: str) -> dict[str, str]:
    """Return the laws of access with their names in a language."""
    named = {key: law.name for key, law in procedures().items()}
    return {key: f"{name.ko if language == KOREAN else name.en} ({key})"
            for key, name in named.items()}  # fmt: skip


@cache
def _letter_names(language: str) -> dict[str, str]:
    """Return the letters with the documents each asks for."""
    return {key: each.asks_ko if language == KOREAN else each.asks_en
            for key, each in templates().items()}  # fmt: skip


NAMED_CHOICES = {"procedure": _laws, "template": _letter_names}
TOLD_BY = {
    "claims": ("claim_id", "subject", "attribute"),
    "events": ("date", "event_en", "event_ko"),
    "numbers": ("id", "what_en", "what_ko"),
    "bodies": ("name",),
    "gaps": ("gap", "what_en", "what_ko"),
    "provisions": ("law", "article", "in_force_from"),
}


def form_field(column: CaseColumn) -> controls.CaseField:
    """Return the control for a column; its options come from the folder later."""
    offered: list[str] | None = [] if column.name in _REPEATED else None
    made: controls.CaseField = controls.TextField(
        lines=LONG_FIELDS.get(column.name, 1), options=offered
    )
    if column.name == "said_by":
        made = controls.SpeakerField(SPEAKERS)
    elif column.choices:
        made = controls.ChoiceField(column.choices)
    elif column.name in ("unit", "document"):
        made = controls.ChoiceField((), another=True)
    elif column.name in NAMED_CHOICES:
        made = controls.ChoiceField(())
    elif column.name == "claims":
        made = controls.ListField()
    elif column.name == "period":
        made = controls.SpanField()
    elif column.name in _DATES or column.kind == "day":
        made = controls.DateField(days=column.kind == "day")
    return made
