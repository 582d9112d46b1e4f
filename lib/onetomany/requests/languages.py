"""Read the languages of letters: dates, headings and marks (`templates/languages.toml`)."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from onetomany.checked_tables import FieldError, Table, Text, faults_of, named_tables, read_toml
from onetomany.errors import InputError, near
from .letter_templates import templates_folder

# question words at the beginning or end of an item
_ASKS = {
    "en": re.compile(
        r"(what|who|whom|whose|why|how|whether|is|are|was|were|did|do|does|has|have|had|can|could)"
        r"\b|(when|where)\b(?!.*,)",  # 'where they exist, the contracts' asks for a document
        re.IGNORECASE,
    ),
    "de": re.compile(
        r"(wer|wem|wen|warum|weshalb|wie|ob|welche[rsnm]?|ist|sind|wurden?|hat|haben)\b|"
        r"(was|wann|wo)\b(?!.*,)",
        re.IGNORECASE,
    ),
    "ko": re.compile(r".*(까|는지|은지|인지|한지|는가|은가|인가|나요|여부)[.\s]*", re.DOTALL),
}
_MARK = re.compile(r"[?？]\s*$")


@dataclass(frozen=True)
class LetterLanguage(Table):
    """A language of letters; `en` and `ko` are its name."""

    id: Text
    en: Text
    ko: Text
    date: Text  # with {day}, {month} and {year}
    months: tuple[Text, ...]
    questions: Text  # heading of the questions of fact
    questions_intro: Text
    not_part: Text  # mark of the requester's translation
    regional: Mapping[str, Text] = field(default_factory=dict)  # region to date


def letter_languages() -> dict[str, LetterLanguage]:
    """Read every language of data_requests/templates/languages.toml, by its ISO 639 code.

    Raises InputError, naming the field, if something is missing or there are not twelve months.

    >>> letter_languages()["de"].months[2]
    'März'
    """
    path = templates_folder() / "languages.toml"
    with faults_of(path):
        found = named_tables(LetterLanguage, read_toml(path))
        for each in found.values():
            if len(each.months) != 12:
                raise FieldError(f"{each.id}.months", "must be twelve, from January")
    return found


def letter_language(tag: str) -> LetterLanguage:
    """Return the language of a tag such as 'en-US' or 'de'.

    Raises InputError for an unknown language, naming the known ones.

    >>> letter_language("en-US").en
    'English'
    """
    known = letter_languages()
    primary = tag.partition("-")[0]
    if primary not in known:
        raise InputError(
            f"There is no letter language '{tag}'{near(primary, known)}: there are "
            f"{', '.join(known)} (templates/languages.toml)."
        )
    return known[primary]


def written_date(day: dt.date, tag: str) -> str:
    """Return a date as letters of that language and region write it.

    >>> written_date(dt.date(2026, 11, 24), "en-US"), written_date(dt.date(2026, 11, 24), "de-DE")
    ('November 24, 2026', '24. November 2026')
    """
    language = letter_language(tag)
    form = language.regional.get(tag.partition("-")[2], language.date)
    return form.format(day=day.day, month=language.months[day.month - 1], year=day.year)


def fact_questions(items: Iterable[str], language: str) -> list[int]:
    """Return the numbers, from 1, of items that ask for a fact instead of a document.

    An item asks for a fact if it ends in a question mark or, in English, German and Korean, if it
    begins or ends with a question word. In other languages only the mark counts.

    >>> fact_questions(["the contract", "how many cameras there were"], "en")
    [2]
    """
    asks = _ASKS.get(language, _MARK)
    found = asks.fullmatch if language == "ko" else asks.match
    return [
        number for number, item in enumerate(items, 1) if _MARK.search(item) or found(item.strip())
    ]
