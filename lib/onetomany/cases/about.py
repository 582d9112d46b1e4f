"""Read case.toml: the subject of a case. Each fault names the file, the key and the remedy."""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from onetomany.errors import InputError, near
from onetomany.sources.case import CONFIDENCES
from onetomany.sources.files import read_received
from onetomany.sources.functions import FUNCTIONS
from .columns import ADDRESS
from .words import task_words

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

    Each of `english` and `korean` is fault and remedy, the sentences of `words.task_words`.
    """

    def __init__(self, path: Path, key: str, sentences: str, /, **facts: object) -> None:
        (what, what_ko), (todo, todo_ko) = task_words(sentences, **facts)
        self.key, self.english, self.korean = key, (what, todo), (what_ko, todo_ko)
        at, at_ko = (f", key {key}", f" {key} 항목") if key else ("", "")
        super().__init__(f"{path}{at}: {what}; {todo}.", f"{path}{at_ko}: {what_ko}. {todo_ko}.")


def read_about(path: Path) -> AboutCase:
    """Read case.toml.

    Raises AboutError, in English and Korean, for text that is no TOML in UTF-8, an unknown key, a
    missing one, or a value of another form.
    """
    given = _toml(path)
    known = [field.name for field in fields(AboutCase)]
    for key, value in given.items():
        if key not in known:
            told = {"known": ", ".join(known), "near": near(key, known)}
            raise AboutError(path, key, "unknown_key", **told)
        _refuse_value(path, key, value)
    for key in (*_NEEDED, "title_en"):
        if not (given.get(key) or (key == "title_en" and given.get("title_ko"))):
            raise AboutError(path, key, "missing_key")
    lists = {name: tuple(given.get(name, ())) for name in _LISTS}
    return AboutCase(**{**given, **lists, "country": given["country"].upper()})


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_received(path, _LARGEST, links=False).decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise AboutError(path, "", "not_utf8") from None
    except tomllib.TOMLDecodeError as error:
        fault = re.sub(r" ?\(at .*\)$", "", str(error).splitlines()[0])
        if place := _PLACE.search(str(error)):
            at = {"line": place[1], "column": place[2]}
            raise AboutError(path, "", "not_toml", fault=fault, **at) from None
        raise AboutError(path, "", "not_toml_at_its_end", fault=fault) from None
    except (ValueError, RecursionError):  # Python's, of whole numbers and of lists in lists
        raise AboutError(path, "", "too_long_for_toml") from None


_LISTS: dict[str, tuple[str, ...]] = {"languages": (), "functions": FUNCTIONS, "operators": ()}
# of keys whose value has a form: whether a text fits, and the choices
_FORMS: dict[str, tuple[Callable[[str], object], tuple[str, ...]]] = {
    "country": (re.compile(r"[A-Za-z]{2}").fullmatch, ()),
    "languages": (re.compile(r"[a-z]{2,3}").fullmatch, ()),
    "functions": (FUNCTIONS.__contains__, FUNCTIONS),
    "searched": (SEARCHED.__contains__, SEARCHED),
    "url": (re.compile(ADDRESS).match, ()),
    "confidence": (CONFIDENCES.__contains__, CONFIDENCES),
}


def _refuse_value(path: Path, key: str, value: Any) -> None:
    if key in _LISTS:
        if not (isinstance(value, list) and all(isinstance(each, str) for each in value)):
            raise AboutError(path, key, "not_a_list")
    elif not isinstance(value, str) or "\n" in value:
        raise AboutError(path, key, "not_a_line")
    if key in _FORMS:
        fits, choices = _FORMS[key]
        listed = {"choices": ", ".join(choices), "either": " or ".join(choices)}
        for each in value if isinstance(value, list) else [value]:
            if each and not fits(each):
                shown = " ".join(each[:60].split())  # on one line
                raise AboutError(path, key, f"form_of_{key}", value=shown, **listed)
