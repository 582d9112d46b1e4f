"""Find listed names of bodies in one pass, by their first two characters."""

import re
from collections.abc import Iterator
from functools import cache

from .known_words import is_given, is_person
from .lists import data_rows, row_names

_HANGUL = re.compile("[가-힣]")
_STARTS = r"[가-힣A-Z0-9]|[a-z][A-Z]"  # starts of most names; the lists give the others
# names that are also common words ('Apple', 'WHO') count within a sentence or before such a verb
_WITHIN = re.compile(r"[a-z][,;:]? [“‘(\"]?\Z")
_BEHIND_THE = re.compile(r"(?<![a-z])(?:[Tt]he|an?) [“‘]?\Z")
_ACTS = re.compile(
    r"(?:[’']s)? (?:has|had|said|says|will|announced|also|launched|owns|and [A-Z])\b"
)
# the UK Home Office
_NATION = re.compile(r"(?<![A-Za-z])(?:UK|U\.K\.|US|U\.S\.|EU|UN) \Z")
_PUBLIC = re.compile(
    r"\b(?:Office|Department|Parliament|Treasury|Congress|Senate|Agency|Commission|Court|Police|"
    r"Army|Navy|Council|Service|Administration|Bureau|Authority|Committee)\b"
)
Entry = tuple[str, re.Pattern[str] | None, str, str]  # name, pattern, key, care


def listed_names(
    text: str, after: re.Pattern[str], no: re.Pattern[str]
) -> Iterator[tuple[int, int, str]]:
    """Yield place [start, end) and key of listed names.

    After Hangul the text must match `after` and must not match `no`. Of names that begin at the
    same place the longest counts.
    """
    entries = _entries()
    for token in _beginnings().finditer(text):
        start = token.start()
        for name, pattern, key, care in entries.get(text[start : start + 2], ()):
            if pattern:
                match = pattern.match(text, start)
                end = match.end() if match else 0
            else:
                end = start + len(name) if text.startswith(name, start) else 0
            if end and _is_whole(text, start, end, after, no) and not (
                care and not _is_within(text, start, end, care)
            ) and not _is_surname(text, start, name):  # fmt: skip
                nation = _NATION.search(text, max(0, start - 6), start)
                own = nation and _PUBLIC.search(name)
                yield nation.start() if nation and own else start, end, key
                break


def _is_whole(text: str, start: int, end: int, after: re.Pattern[str], no: re.Pattern[str]) -> bool:
    """Tell whether a name is a separate word."""
    if text[start - 1 : start] in ("-", "/", "@", ".", "_") and start:
        return False
    following = text[end : end + 1]
    if "가" <= following <= "힣":
        return not no.match(text, end) and after.match(text, end) is not None
    return not (following.isascii() and (following.isalnum() or following in ("@", "_"))) and not (
        following == "-" and text[end + 1 : end + 2].isalnum() and text[start].isascii()
    )


def _is_within(text: str, start: int, end: int, care: str) -> bool:
    """Tell whether a common word is meant as a name: within a sentence, or before a verb."""
    if "가" <= text[end : end + 1] <= "힣" or _ACTS.match(text, end):
        return True
    if _BEHIND_THE.search(text, max(0, start - 6), start):
        return care == "public"  # the ICE; but the Target is not a firm
    return _WITHIN.search(text, max(0, start - 4), start) is not None


_AFTER_WORD = re.compile(r"(?<![\w’'-])[A-Z][a-z]+ \Z")


def _is_surname(text: str, start: int, name: str) -> bool:
    """Tell whether a listed word is a person's last name: Jane Forbes."""
    before = _AFTER_WORD.search(text, max(0, start - 16), start)
    return (
        before is not None and " " not in name and is_person(name) and is_given(before[0].rstrip())
    )


def fold_listed_name(name: str) -> str:
    """Return a name without blanks, in lower case.

    >>> fold_listed_name("Home Office")
    'homeoffice'
    """
    return re.sub(r"\s", "", name).lower()


@cache
def listed_keys() -> dict[str, str]:
    """Return the key of each folded name: its body in data/bodies.csv, or the name itself."""
    return {fold_listed_name(name): key for name, key, _ in _rows()}


@cache
def _beginnings() -> re.Pattern[str]:
    """Return a pattern of the starts of names; lower-case names by their first five letters."""
    odd = {name[:5] for name, _, _ in _rows() if not re.match(_STARTS, name)}
    starts = "|".join([_STARTS, *map(re.escape, sorted(odd))])
    return re.compile(rf"(?<![가-힣A-Za-z0-9])(?:{starts})")


@cache
def _entries() -> dict[str, list[Entry]]:
    entries: dict[str, list[Entry]] = {}
    for name, key, care in sorted(_rows(), key=lambda row: -len(row[0])):
        blank = r"\s?" if _HANGUL.search(name) else r"\s+"
        pattern = re.compile(blank.join(map(re.escape, name.split(" ")))) if " " in name else None
        entries.setdefault(name[:2], []).append((name, pattern, key, care))
    return entries


def _rows() -> list[tuple[str, str, str]]:
    bodies, others = data_rows("bodies.csv"), data_rows("organisation_names.csv")
    rows = [(name, row["body"], "") for row in bodies for name in row_names(row)]
    return rows + [(row["name"], row["name"], row["care"]) for row in others]
