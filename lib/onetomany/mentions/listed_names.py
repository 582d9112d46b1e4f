"""Names of bodies that lists give, found by their first two characters: one pass, any number."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from functools import cache
from importlib import resources

DATA = resources.files("onetomany.mentions") / "data"
_HANGUL = re.compile("[가-힣]")
_STARTS = r"[가-힣A-Z0-9]|[a-z][A-Z]"  # of most names; others are taken from the lists
# a name that is a common word too ('Apple', 'WHO'): within a sentence, or at a verb of its own
_WITHIN = re.compile(r"[a-z][,;:]? [“‘(\"]?\Z")
_BEHIND_THE = re.compile(r"(?<![a-z])(?:[Tt]he|an?) [“‘]?\Z")
_ACTS = re.compile(
    r"(?:[’']s)? (?:has|had|said|says|will|announced|also|launched|owns|and [A-Z])\b"
)
# the UK Home Office
_NATION = re.compile(r"(?<![A-Za-z])(?:UK|U\.K\.|US|U\.S\.|EU|UN) \Z")
_PUBLIC = re.compile(
    r"\b(?:Office|Department|Parliament|Treasury|Congress|Senate|Agency|Commission|Court|Police|"
    r"Army|Navy|"
    r"Council|Service|Administration|Bureau|Authority|Committee)\b"
)
Entry = tuple[str, re.Pattern[str] | None, str, str]  # name, if it has blanks, key, with care


def listed_names(
    text: str, after: re.Pattern[str], no: re.Pattern[str]
) -> Iterator[tuple[int, int, str]]:
    """Yield place [start, end) and key of listed names; `after` and `no` are what may follow.

    They are asked only behind Hangul. Of names that begin at one place the longest is taken.
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
            if end and _stands(text, start, end, after, no) and not (
                care and not _is_within(text, start, end, care)
            ):  # fmt: skip
                nation = _NATION.search(text, max(0, start - 6), start)
                own = nation and _PUBLIC.search(name)
                yield nation.start() if nation and own else start, end, key
                break


def _stands(text: str, start: int, end: int, after: re.Pattern[str], no: re.Pattern[str]) -> bool:
    """Tell whether a name is a word of its own."""
    if text[start - 1 : start] in ("-", "/", "@", ".", "_") and start:
        return False
    following = text[end : end + 1]
    if "가" <= following <= "힣":
        return not no.match(text, end) and after.match(text, end) is not None
    return not (following.isascii() and (following.isalnum() or following in ("@", "_"))) and not (
        following == "-" and text[end + 1 : end + 2].isalnum() and text[start].isascii()
    )


def _is_within(text: str, start: int, end: int, care: str) -> bool:
    """Tell whether a name that is a common word too is meant: within a sentence, or acting."""
    if "가" <= text[end : end + 1] <= "힣" or _ACTS.match(text, end):
        return True
    if _BEHIND_THE.search(text, max(0, start - 6), start):
        return care == "public"  # the ICE, but no firm: the Target
    return _WITHIN.search(text, max(0, start - 4), start) is not None


def folded(name: str) -> str:
    """Return a name without blanks, in lower case."""
    return re.sub(r"\s", "", name).lower()


@cache
def keys() -> dict[str, str]:
    """Return the key of each folded name: its body in data/bodies.csv, or the name itself."""
    return {folded(name): key for name, key, _ in _rows()}


@cache
def _beginnings() -> re.Pattern[str]:
    """Where a listed name may begin; one in small letters by its first five characters."""
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
    rows = []
    for row in csv.DictReader(io.StringIO((DATA / "bodies.csv").read_text("utf-8"))):
        names = filter(None, (row["name_en"], row["name_ko"], *row["aliases"].split("|")))
        rows += [(name, row["body"], "") for name in names]
    for row in csv.DictReader(io.StringIO((DATA / "organisation_names.csv").read_text("utf-8"))):
        rows.append((row["name"], row["name"], row["care"]))
    return rows
