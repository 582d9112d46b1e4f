"""Parse a search: words, "quoted phrases", -excluded words, and filters.

A page must have all words and phrases. Filters select documents by path, kind, date, sender or tag.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from onetomany.errors import InputError
from onetomany.formats.kinds import media_type
from onetomany.formats.reading import composed

# a reader's word for a kind: parts of its media types
KINDS: dict[str, tuple[str, ...]] = {
    "pdf": ("pdf",),
    "hwp": ("hwp", "hml"),
    # this kit gives all OpenDocument files one media type
    "word": ("msword", "wordprocessing", "opendocument", "rtf"),
    "sheet": ("excel", "spreadsheet", "csv", "opendocument"),
    "slides": ("powerpoint", "presentation", "opendocument"),
    "mail": ("rfc822", "outlook", "mbox", "pst"),
    "web": ("html", "multipart/related", "warc", "wacz"),
    "text": ("text/plain",),
    "picture": ("image/",),
}
_KIND_OF = "list_bool_or(list_transform(?::varchar[], m -> contains({}, m)))"
_QUOTES = str.maketrans("“”„«»＂", '""""""')
_PART = re.compile(r'(-?)"([^"]*)"|(-?)(\S+)')
_DAY = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?")


@dataclass(frozen=True)
class PageQuery:
    """The words and phrases that a page must have, and those that it must not have."""

    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    without_words: tuple[str, ...] = ()
    without_phrases: tuple[str, ...] = ()

    def said(self, korean: bool = False) -> str:
        """Return the query in a few words, in English or Korean."""
        wanted = [*self.words, *(f'"{each}"' for each in self.phrases)]
        unwanted = [*self.without_words, *(f'"{each}"' for each in self.without_phrases)]
        text = (" + " if korean else " and ").join(wanted)
        if unwanted:
            text += (", 제외: " if korean else ", without ") + ", ".join(unwanted)
        return text


def parse_query(text: str) -> PageQuery:
    """Parse a query into words, phrases and exclusions.

    Raises InputError if a quotation mark is never closed, or if there is no word to find.

    >>> parse_query('"face search" airport -draft').phrases
    ('face search',)
    """
    text = composed(text).translate(_QUOTES)
    if text.count('"') % 2:
        raise InputError(f"A quotation mark in '{text}' is never closed: close the phrase.")
    parts: dict[tuple[bool, bool], dict[str, None]] = {}
    for minus, quoted, minus_word, word in _PART.findall(text):
        phrase, plain = " ".join(quoted.split()), word.strip('"')
        if phrase or plain.strip("-"):
            kept = parts.setdefault((bool(phrase), bool(minus or minus_word)), {})
            kept[phrase or plain] = None  # once, in the order given
    keys = ((phrase, without) for without in (False, True) for phrase in (False, True))
    found = PageQuery(*(tuple(parts.get(key, ())) for key in keys))
    if not found.words and not found.phrases:
        raise InputError("Give at least one word to find; words with a minus only exclude pages.")
    return found


@dataclass(frozen=True)
class Filters:
    """Filters on the documents that are searched; an empty one selects all.

    Raises InputError for an unknown kind or an invalid date.
    """

    path: str = ""  # part of a path, or a pattern with * and ?
    kinds: tuple[str, ...] = ()  # keys of KINDS, or file endings
    after: str = ""  # a year, month or day, inclusive
    before: str = ""
    sender: str = ""  # part of a mail's sender; attachments count as well
    tag: str = ""  # a tag of `remarks`

    def __post_init__(self) -> None:
        for kind in self.kinds:
            if kind not in KINDS and media_type(b"", f"x.{kind}") == "application/octet-stream":
                raise InputError(
                    f"'{kind}' isn't a kind of document: give one of {', '.join(KINDS)}, or a "
                    "file's ending such as docx."
                )
        for day in (self.after, self.before):
            if day and not _DAY.fullmatch(day):
                raise InputError(f"'{day}' isn't a date: write 2019, 2019-04 or 2019-04-30.")

    @property
    def dated(self) -> bool:
        """Tell whether documents without a date are left out."""
        return bool(self.after or self.before)

    def where(self, *, dates: bool = True) -> tuple[str, list[object]]:
        """Return an SQL condition on documents `d` and pages `s`, and its values; '' for all."""
        found = [*self._conditions(dates=dates)]
        values = [value for _, given in found for value in given]
        return " and ".join(condition for condition, _ in found), values

    def _conditions(self, *, dates: bool) -> Iterator[tuple[str, list[object]]]:
        if self.path:
            text = composed(self.path).lower()
            # macOS spells file names in letters (NFD), not in syllables
            path = "nfc_normalize(lower(path))"
            fits = f"{path} glob ?" if re.search(r"[*?]", text) else f"contains({path}, ?)"
            of_it = f"d.document in (select document from {{}} where {fits})"
            yield f"({of_it.format('documents')} or {of_it.format('files')})", [text] * 2
        if self.kinds:
            kinds = (KINDS.get(kind) or (media_type(b"", f"x.{kind}"),) for kind in self.kinds)
            yield _KIND_OF.format("d.media_type"), [[part for of_it in kinds for part in of_it]]
        if dates and self.after:
            # a document that states only a year stays in if it may match
            yield "substr(coalesce(d.created, d.modified), 1, 10) || '~' >= ?", [self.after]
        if dates and self.before:
            yield "substr(coalesce(d.created, d.modified), 1, 10) <= ? || '~'", [self.before]
        if self.sender:
            of_it = "select document from documents where contains(lower(author), ?) and "
            of_it += _KIND_OF.format("media_type")
            sender: list[object] = [composed(self.sender).lower(), list(KINDS["mail"])]
            yield f"(d.document in ({of_it}) or d.parent in ({of_it}))", sender * 2
        if self.tag:
            yield (
                "exists (from remarks r where r.document = s.document and r.page = s.page "
                "and r.tag = ? and r.withdrawn_at is null)",
                [composed(self.tag)],
            )

    def said(self, korean: bool = False) -> str:
        """Return the filters in a few words, in English or Korean; '' if there are none."""
        names = _NAMES_KO if korean else _NAMES_EN
        values = (self.path, ", ".join(self.kinds), self.after, self.before, self.sender, self.tag)
        return "; ".join(
            f"{name} {value}" for name, value in zip(names, values, strict=True) if value
        )


_NAMES_EN = ("path", "kind", "from", "to", "sender", "tag")
_NAMES_KO = ("경로", "종류", "이날부터", "이날까지", "보낸 사람", "꼬리표")


def kinds_of(text: str) -> tuple[str, ...]:
    """Split a list of kinds.

    >>> kinds_of("pdf, HWP")
    ('pdf', 'hwp')
    """
    return tuple(part.casefold() for part in re.split(r"[\s,]+", text) if part)
