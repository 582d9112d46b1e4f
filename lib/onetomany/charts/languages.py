"""Tell the two languages of a chart's texts apart, so that a view may draw one of them.

Texts are written "English 한국어". Marks that no font draws (U+2061 to U+2064) say where either
part begins and ends; the report's script (report/assets/site.js) chooses by them, and so does
`spec_in_language` for a notebook in one language.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Any

import polars as pl

from onetomany.confidence import PERCENT, PERCENT_KO

# ⟨ English ⟩ the rest of the text in both ⟨ Korean, if other than that ⟩
_BETWEEN = " \n|·"
_OPEN, _TAIL, _KOREAN, _CLOSE = "\u2061", "\u2062", "\u2063", "\u2064"
_PAIR = re.compile(f"{_OPEN}([^{_TAIL}]*){_TAIL}([^{_KOREAN}]*){_KOREAN}([^{_CLOSE}]*){_CLOSE}")

_HANGUL = re.compile("[ㄱ-ㆎ가-힣]")
_LATIN = re.compile("[A-Za-z]")
_PREFIX = re.compile(r"(SIMULATED|Source) (모의 자료|출처)(: )")
# two texts may be joined to a third one, each with its own Korean: the widest joints first
_ALWAYS, _OFTEN = (" · ",), ("; ", " / ", r" \+ ", "[,:] ")
_JOINT = re.compile(rf"[^\w{_OPEN}]*")  # between a part marked already and the next
_NUMBER = re.compile(r"(?:(?:[<>≥≤] ?)?[\d.,]+(?: ?%)?(?: (?:to|\+) (?=\d))?)+(?= )")
_COUNTERS = {"건", "명", "분", "초", "년", "일", "시간", "항목", "개 기업", "개"}
# keys of Vega's expressions: in them only the quoted texts are read by people
EXPRESSIONS = ("calculate", "filter", "expr", "test", "labelExpr", "signal", "update")
_BEFORE_KOREAN = "regexp(' (?=[가-힣])')"  # where axes break a name in both languages in two
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'")
_UNREAD = ("$schema", "href", "url", "field", "font", "format", "name", "type")


@cache
def _source_words() -> list[tuple[str, str]]:
    """Return the parts of source lines that are no names, as they recur, and their Korean."""
    content = (resources.files("onetomany.charts") / "data" / "source_words.csv").read_bytes()
    level = (f"{PERCENT} by (?:person|passenger)", f"사람 단위 {PERCENT_KO}")
    return [level, *pl.read_csv(content, infer_schema=False).iter_rows()]


def both(english: str, korean: str, between: str = " ") -> str:
    """Join a text in both languages where its parts couldn't be told apart.

    For Korean that starts with a Latin term or a number, or repeats none of the English figures.

    Example:
        >>> plain(both("57.6 million records", "5,760만 건"))
        '57.6 million records 5,760만 건'
    """
    return f"{_OPEN}{english}{_TAIL}{between}{korean}{_KOREAN}{_CLOSE}"


def both_columns(english: pl.Expr | str, korean: pl.Expr | str, between: str = " ") -> pl.Expr:
    """Join two columns of text as `both` joins two texts."""
    return pl.format(both("{}", "{}", between), english, korean)


def plain(text: str) -> str:
    """Return a text in both languages without its marks."""
    return _PAIR.sub(r"\1\2", text)


def in_language(text: str, language: str) -> str:
    """Return the part of a marked text in one language ("en" or "ko").

    Example:
        >>> in_language(marked_text("records 건"), "ko")
        '건'
    """

    def chosen(match: re.Match[str]) -> str:
        english, tail, korean = match.groups()
        return english if language == "en" else korean or tail.lstrip(_BETWEEN)

    return _PAIR.sub(chosen, text)


def marked_text(text: str) -> str:
    """Mark where the parts of a text in both languages begin and end.

    A text with one language, or a part marked already (`both`), stays as it is.
    """
    if not _HANGUL.search(text):
        return text
    if pair := _PAIR.search(text):
        joint = _JOINT.match(text, pair.end())[0]  # type: ignore[index]
        before, after = text[: pair.start()], text[pair.end() + len(joint) :]
        return marked_text(before) + pair[0] + joint + marked_text(after)
    if prefix := _PREFIX.match(text):
        english, korean, colon = prefix.groups()
        rest = text[prefix.end() :]
        read = _source(rest) if english == "Source" else marked_text(rest)
        return _pair(english, f" {korean}") + colon + read
    return _split(text, (*_ALWAYS, *_OFTEN)) or _halves(text) or text


def marked_spec(spec: dict[str, Any]) -> dict[str, Any]:
    """Return a chart's specification with all texts marked that a reader sees.

    Values of a column stay in both languages if two of them would be the same in one.
    """
    same = _same_in_one_language(spec)
    done: dict[str, Any] = _walk(spec, "", lambda text: text if text in same else marked_text(text))
    title = done.get("title")
    if isinstance(title, dict) and isinstance(title.get("subtitle"), list) and title["subtitle"]:
        korean, lines = spec["title"]["subtitle"][0], title["subtitle"]
        if _HANGUL.search(korean):  # theme.finish: the title in Korean, also if it begins in Latin
            lines = [korean, *lines[1:]]
        title.update(subtitle=[_with_source_words(line) for line in lines])
    return done


def plain_spec(spec: dict[str, Any]) -> dict[str, Any]:
    """Return a chart's specification without marks: both languages are drawn."""
    done: dict[str, Any] = _walk(spec, "", plain)
    return done


def spec_in_language(spec: dict[str, Any], language: str) -> dict[str, Any]:
    """Return a chart's specification with its texts in one language, "en" or "ko".

    Of tooltips and layers that show a column in each language only one stays, as in the report.

    Example:
        >>> spec = {"title": {"text": "Records", "subtitle": ["기록", "Source 출처: NIST"]}}
        >>> spec_in_language(spec, "ko")
        {'title': {'text': '기록', 'subtitle': ['출처: NIST']}}
    """
    said: dict[str, Any] = _spoken(marked_spec(spec), language, "")
    title: Any = said.get("title")
    lines = title.get("subtitle") if isinstance(title, dict) else None
    if isinstance(lines, list) and lines and _HANGUL.search(lines[0]):
        # theme.finish: the title in Korean is the first line below the English one
        text = lines[0] if language == "ko" else title["text"]
        said["title"] = {**title, "text": text, "subtitle": lines[1:]}
    return said


def _spoken(item: Any, language: str, key: str) -> Any:
    if isinstance(item, dict):
        return {name: _spoken(value, language, name) for name, value in item.items()}
    if isinstance(item, list):
        if key in _TWINS:
            item = _untwinned(item, _TWINS[key], language)
        if key == "title":
            item = _title_lines(item, language)
        return [_spoken(each, language, key) for each in item]
    if not isinstance(item, str):
        return item
    text = in_language(item, language)
    return text.replace(_BEFORE_KOREAN, "regexp('$.')") if key in EXPRESSIONS else text


# Tooltips, and layers of text, that show a column: where they name it
_TWINS: dict[str, Callable[[Any], str]] = {
    "tooltip": lambda tip: tip.get("field", ""),
    "layer": lambda part: part.get("encoding", {}).get("text", {}).get("field", ""),
}


def _untwinned(parts: list[Any], column: Callable[[Any], str], language: str) -> list[Any]:
    """Leave out parts that show a column in the other language beside one in this."""
    fields = {column(part) for part in parts}

    def other(field: str) -> bool:
        if field.endswith("_ko"):
            bare = field.removesuffix("_ko")
            return language != "ko" and bool({bare, f"{bare}_en"} & fields)
        return language == "ko" and f"{field.removesuffix('_en')}_ko" in fields

    return [part for part in parts if not other(column(part))]


def _title_lines(lines: list[Any], language: str) -> list[Any]:
    """Leave out lines of a title in the other language, if there are lines in both."""
    korean = [bool(_HANGUL.search(line)) and _OPEN not in line for line in lines]
    if all(korean) or not any(korean):
        return lines
    return [
        line
        for line, own in zip(lines, korean, strict=True)
        if _OPEN in line or own == (language == "ko")
    ]


def _walk(item: Any, key: str, change: Callable[[str], str]) -> Any:
    if isinstance(item, dict):
        return {name: _inside(name, value, key, change) for name, value in item.items()}
    if isinstance(item, list):
        return [_walk(each, key, change) for each in item]
    if not isinstance(item, str):
        return item
    if key in EXPRESSIONS:
        return _QUOTED.sub(lambda match: f"'{change(match[1])}'", item)
    return change(item)


def _inside(name: str, value: Any, key: str, change: Callable[[str], str]) -> Any:
    if name == "datasets" or (name == "values" and key == "data"):
        return _rows(value, change)
    # the name of a slider or menu is read, that of a parameter or data set isn't
    read = name not in _UNREAD or (name == "name" and key == "bind")
    return _walk(value, name, change) if read else value


def _rows(item: Any, change: Callable[[str], str]) -> Any:
    """Change texts of a chart's data, but for columns of Korean alone."""
    if isinstance(item, dict):
        return {k: v if k.endswith("_ko") else _rows(v, change) for k, v in item.items()}
    if isinstance(item, list):
        return [_rows(each, change) for each in item]
    return change(item) if isinstance(item, str) else item


def _same_in_one_language(spec: dict[str, Any]) -> set[str]:
    """Return values of columns that differ, but not once one language is chosen."""
    columns: dict[str, set[str]] = {}
    for table, rows in spec.get("datasets", {}).items():
        for row in rows:
            for name, value in row.items() if isinstance(row, dict) else ():
                if isinstance(value, str) and not name.endswith("_ko"):
                    columns.setdefault(f"{table} {name}", set()).add(value)
    same: set[str] = set()
    for values in columns.values():
        for language in ("en", "ko"):
            seen: dict[str, list[str]] = {}
            for value in values:
                seen.setdefault(in_language(marked_text(value), language), []).append(value)
            same.update(value for alike in seen.values() if len(alike) > 1 for value in alike)
    return same


def _pair(english: str, tail: str, korean: str = "") -> str:
    return f"{_OPEN}{english}{_TAIL}{tail}{_KOREAN}{korean}{_CLOSE}"


def _split(text: str, joints: tuple[str, ...]) -> str:
    """Mark each piece of a text by itself, if each with Hangul is in both languages."""
    for joint in joints:
        pieces = re.split(f"({joint})", text)
        done = [_halves(piece) if _HANGUL.search(piece) else piece for piece in pieces]
        apart = all(one or not piece for piece, one in zip(pieces, done, strict=True))
        pairs = sum(map(bool, map(_HANGUL.search, pieces)))
        if apart and len(pieces) > 1 and (pairs > 1 or joint in _ALWAYS):
            finer = joints[joints.index(joint) + 1 :]
            return "".join(
                (_split(piece, finer) or one) if _HANGUL.search(piece) else one
                for piece, one in zip(pieces, done, strict=True)
            )
    return ""


def _halves(text: str) -> str:
    """Mark "English 한국어", and an ending for both; "" if it is neither."""
    found = re.search(r"[ \n|]+(?=[^ \n|]*[ㄱ-ㆎ가-힣])", text)
    line = re.fullmatch(r"([^ㄱ-ㆎ가-힣]+)(\n|  |\|)([^\n]*)", text)
    if line and _HANGUL.search(line[3]):
        english, between, korean = line.groups()
    elif found:
        english, between, korean = text[: found.start()], found[0], text[found.end() :]
    else:
        return ""
    if not _LATIN.search(english) and english not in set("?●■▶"):
        return ""
    shared = re.search(r"[^ㄱ-ㆎ가-힣]*$", korean)
    after = shared[0] if shared else ""
    said = set(re.findall(r"[\w.,]*\w", english))
    figures = set(re.findall(r"[\w.,]*\w", after))
    if (figures and figures <= said) or after in {")", ".", "?", "!", "'", "…", ")."}:
        after = ""
    korean = korean.removesuffix(after)
    number = _NUMBER.match(english)
    other = ""
    if number and not re.search(r"\d", korean):
        count = number[0].replace(" to ", "~")
        other = count + korean if korean in _COUNTERS else f"{korean} {count}"
    return _pair(english, between + korean, other) + after


def _source(text: str) -> str:
    pieces = [_split(piece, _OFTEN) or _halves(piece) or piece for piece in text.split("; ")]
    return "; ".join(pieces)


def _with_source_words(line: str) -> str:
    """Give the recurring words of a source line their Korean; "both" stays as it was."""
    if not line.startswith(f"{_OPEN}Source"):
        return line
    head, colon, rest = line.partition(": ")
    pieces = re.split("(; |, )", rest)
    return head + colon + "".join(map(_with_korean, pieces))


def _with_korean(piece: str) -> str:
    for pattern, korean in _source_words():
        if found := re.fullmatch(pattern, piece):
            return _pair(piece, "", found.expand(korean))
    return piece
