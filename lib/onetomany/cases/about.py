"""Read case.toml: the subject of a case. Each fault names the file, the key and the remedy."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ..errors import InputError, near
from ..sources.case import CONFIDENCES
from ..sources.files import read_received
from ..sources.functions import FUNCTIONS
from .columns import ADDRESS

ABOUT = "case.toml"
SEARCHED = ("passers-by", "suspects")
_NEEDED = ("name", "country", "languages")
_LARGEST = 1 << 20  # bytes
_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")


@dataclass(frozen=True)
class AboutCase:
    """The fields of `case.toml`. Texts that it lacks are empty."""

    name: str
    country: str  # ISO 3166-1 alpha-2, in capitals
    languages: tuple[str, ...]
    title_en: str = ""
    title_ko: str = ""
    place_en: str = ""
    place_ko: str = ""
    said_en: str = ""  # the purpose of the system, as claimed
    said_ko: str = ""
    functions: tuple[str, ...] = ()
    searched: str = ""  # whose pictures: of passers-by, or of suspects whom an officer chose
    operators: tuple[str, ...] = ()  # names in bodies.csv
    publisher: str = ""
    url: str = ""
    confidence: str = ""
    written: str = ""

    def text(self, name: str, language: str) -> str:
        """Return a text in a language, or, if it lacks that, in the other one.

        >>> AboutCase("x", "GB", ("en",), title_en="A port").text("title", "ko")
        'A port'
        """
        found = {code: str(getattr(self, f"{name}_{code}")) for code in ("en", "ko")}
        return found.pop(language) or next(iter(found.values()))


class AboutError(InputError):
    """A fault of case.toml: its key ('' for the whole file), the fault, and the remedy.

    Each of `english` and `korean` is fault and remedy.
    """

    def __init__(
        self, path: Path, key: str, english: tuple[str, str], korean: tuple[str, str]
    ) -> None:
        self.key, self.english, self.korean = key, english, korean
        at, at_ko = (f", key {key}", f" {key} 항목") if key else ("", "")
        super().__init__(
            f"{path}{at}: {english[0]}; {english[1]}.", f"{path}{at_ko}: {korean[0]}. {korean[1]}."
        )


def read_about(path: Path) -> AboutCase:
    """Read case.toml.

    Raises AboutError, in English and Korean, for text that is no TOML in UTF-8, an unknown key, a
    missing one, or a value of another form.
    """
    given = _toml(path)
    known = [field.name for field in fields(AboutCase)]
    for key, value in given.items():
        if key not in known:
            listed = f"delete it, or write one of {', '.join(known)}{near(key, known)}"
            listed_ko = f"지우거나 다음 가운데 하나로 고치세요: {', '.join(known)}"
            raise AboutError(path, key, ("there is no such key", listed),
                             ("이런 항목은 없습니다", listed_ko))  # fmt: skip
        _refuse_value(path, key, value)
    for key in (*_NEEDED, "title_en"):
        if not (given.get(key) or (key == "title_en" and given.get("title_ko"))):
            raise AboutError(path, key, ("it is missing or empty", "fill it in"),
                             ("없거나 비어 있습니다", "채우세요"))  # fmt: skip
    lists = {name: tuple(given.get(name, ())) for name in _LISTS}
    return AboutCase(**{**given, **lists, "country": given["country"].upper()})


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_received(path, _LARGEST, links=False).decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise AboutError(path, "", ("it is not in UTF-8", "save it as UTF-8"),
                         ("UTF-8이 아닙니다", "UTF-8로 저장하세요")) from None  # fmt: skip
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        why, why_ko = (
            (f"line {place[1]}, column {place[2]}", f"{place[1]}번째 줄 {place[2]}번째 글자")
            if place else ("its end", "끝부분")
        )  # fmt: skip
        fault = re.sub(r" ?\(at .*\)$", "", str(error).splitlines()[0])
        raise AboutError(
            path, "", (f"{why} is not TOML ({fault})", 'write each line as key = "text"'),
            (f"{why_ko}가 TOML 형식이 아닙니다" if place else f"{why_ko}이 TOML 형식이 아닙니다",
             '줄마다 항목 = "글" 꼴로 적으세요'),
        ) from None  # fmt: skip


_LISTS: dict[str, tuple[str, ...]] = {"languages": (), "functions": FUNCTIONS, "operators": ()}
_LINE = ('write one line of text in quotes, such as "Leeds"', '"Leeds"처럼 한 줄의 글을 적으세요')
_LIST = ('write a list of texts, such as ["en"]', '["en"]처럼 글의 목록을 적으세요')
_FORMS: dict[str, tuple[Callable[[str], object], str, str]] = {
    "country": (
        re.compile(r"[A-Za-z]{2}").fullmatch,
        'write two letters, such as "gb"',
        '"gb"처럼 두 글자로 적으세요',
    ),
    "languages": (
        re.compile(r"[a-z]{2,3}").fullmatch,
        'write codes such as "en"',
        '"en" 같은 부호를 적으세요',
    ),
    "functions": (
        FUNCTIONS.__contains__,
        f"write of {', '.join(FUNCTIONS)}",
        f"다음에서 고르세요: {', '.join(FUNCTIONS)}",
    ),
    "searched": (
        SEARCHED.__contains__,
        f"write {' or '.join(SEARCHED)}",
        f"다음에서 고르세요: {', '.join(SEARCHED)}",
    ),
    "url": (
        re.compile(ADDRESS).match,
        "write an address that begins with https://",
        "https://로 시작하는 주소를 적으세요",
    ),
    "confidence": (
        CONFIDENCES.__contains__,
        f"write one of {', '.join(CONFIDENCES)}",
        f"다음에서 고르세요: {', '.join(CONFIDENCES)}",
    ),
}


def _refuse_value(path: Path, key: str, value: Any) -> None:
    if key in _LISTS:
        good = isinstance(value, list) and all(isinstance(each, str) for each in value)
        kind = ("it is not a list of texts", "글의 목록이 아닙니다"), _LIST
    else:
        good = isinstance(value, str) and "\n" not in value
        kind = ("it is not one line of text", "한 줄의 글이 아닙니다"), _LINE
    if not good:
        (what, what_ko), (todo, todo_ko) = kind
        raise AboutError(path, key, (what, todo), (what_ko, todo_ko))
    if key in _FORMS:
        fits, todo, todo_ko = _FORMS[key]
        for each in value if isinstance(value, list) else [value]:
            if each and not fits(each):
                shown = f"'{each[:60]}'"
                raise AboutError(path, key, (f"{shown} is not in the right form", todo),
                                 (f"{shown}: 형식이 맞지 않습니다", todo_ko))  # fmt: skip
