"""Let a notebook speak one language: its tables, charts, sentences and controls.

A user's copy of a chapter begins with `use_language`. It takes the other language out of every
output on its way to the page; without it both are shown.
"""

import html
from html.parser import HTMLParser
from typing import Any

from IPython import get_ipython
from IPython.display import HTML, display

from onetomany.charts.languages import in_language, marked_text, plain, spec_in_language
from onetomany.errors import InputError, OneToManyError
from onetomany.printing import printable

LANGUAGES = ("en", "ko")
_HTML = "text/html"
_CHART = "application/vnd.vegalite"
_VOID = {"br", "col", "hr", "img", "input", "wbr"}  # elements without an end
_chosen: list[str] = []  # the language in use; empty: both


def use_language(language: str) -> None:
    """Show this notebook's outputs and controls in one language, 'en' or 'ko', from here on.

    Controls that are shown already keep theirs. Raises InputError for another language.

    >>> use_language("ko")  # doctest: +SKIP
    """
    if language not in LANGUAGES:
        raise InputError(
            f"'{language}' is not a language of the chapters: give 'en' or 'ko'.",
            f"이 도구에 없는 언어다: '{language}'. 'en'이나 'ko'를 적는다.",
        )
    shell = get_ipython()
    if not _chosen and getattr(shell, "kernel", None) is not None:
        for publisher in (shell.display_pub, shell.displayhook):
            publisher.register_hook(_in_use)
    _chosen[:] = [language]


def language_in_use() -> str:
    """Return the language that this notebook speaks, 'en' or 'ko'; '' for both."""
    return _chosen[0] if _chosen else ""


def spoken(text: str) -> str:
    """Return a text "English 한국어", or the part of it in the language in use."""
    return in_language(marked_text(text), _chosen[0]) if _chosen else plain(text)


def labelled(kind: Any, label: str, *, name: int, width: int, **more: Any) -> Any:
    """Return a control with a label "English 한국어", its name and the whole in pixels."""
    wide = {"style": {"description_width": f"{name}px"}, "layout": {"width": f"{width}px"}}
    return kind(description=spoken(label), **wide, **more)


def show_both(en: str, ko: str) -> None:
    """Show a paragraph of HTML in English and in Korean."""
    display(HTML(f"<p lang='en'>{en}</p><p lang='ko'>{ko}</p>"))


def error_html(error: OneToManyError) -> str:
    """Return an error's sentence as HTML, in English and in Korean."""
    korean = getattr(error, "ko", "") or f"이 오류의 설명은 영어로만 있다. {error}"
    return "".join(
        f"<p lang='{language}'><b>{html.escape(printable(sentence))}</b></p>"
        for language, sentence in (("en", error), ("ko", korean))
    )


def _html_in_language(body: str, language: str) -> str:
    """Return HTML without the elements whose `lang` is the other language.

    >>> _html_in_language('<p lang="en">One</p><p lang="ko">하나</p><p>1</p>', "ko")
    '<p lang="ko">하나</p><p>1</p>'
    """
    reader = _OneLanguage("ko" if language == "en" else "en")
    reader.feed(body)
    reader.close()
    return "".join(reader.kept)


class _OneLanguage(HTMLParser):
    """Copies HTML as it is written, but for the elements in one language."""

    def __init__(self, left_out: str) -> None:
        super().__init__(convert_charrefs=False)
        self.left_out = left_out
        self.open: list[tuple[str, bool]] = []  # elements, and whether each is left out
        self.kept: list[str] = []

    @property
    def hidden(self) -> bool:
        return bool(self.open) and self.open[-1][1]

    def keep(self, text: str | None) -> None:
        if not self.hidden and text:
            self.kept.append(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        other = self.hidden or dict(attrs).get("lang") == self.left_out
        if not other:
            self.keep(self.get_starttag_text())
        if tag not in _VOID:
            self.open.append((tag, other))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if dict(attrs).get("lang") != self.left_out:
            self.keep(self.get_starttag_text())

    def handle_endtag(self, tag: str) -> None:
        while self.open:
            name, other = self.open.pop()
            if name == tag:
                if not other:
                    self.keep(f"</{tag}>")
                return

    def handle_data(self, data: str) -> None:
        self.keep(data)

    def handle_entityref(self, name: str) -> None:
        self.keep(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.keep(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        self.keep(f"<!--{data}-->")


def _in_use(message: dict[str, Any]) -> dict[str, Any] | None:
    """Return an output in the language in use; None, if it is in the other one alone."""
    content = message["content"]
    data = content.get("data")
    if not data or not _chosen:  # such as the request to clear an output
        return message
    told = (content.get("metadata") or {}).get(_HTML, {}).get("lang")
    if told in LANGUAGES and told != _chosen[0]:
        return None
    if before := data.get(_HTML):
        data[_HTML] = _html_in_language(before, _chosen[0])
        if not data[_HTML].strip():
            return None
    for form in data:
        if form.startswith(_CHART):
            data[form] = spec_in_language(data[form], _chosen[0])
    return message
