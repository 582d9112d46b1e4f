"""Offer a control for each kind of column of a case folder: text, choice, date, speaker.

A field's `text` is the text of its cell. Options from files are shown in printable form.
"""

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

import ipywidgets

from onetomany.printing import shortened
from .desk_words import ENGLISH, KOREAN, WIDGET_WORDS

_NEW = "\0new"  # the option 'another', which no cell contains
_SHOWN = 80  # characters of an option


def styled(widget: Any, name: str) -> Any:
    """Return a widget with one of the desk's styles."""
    widget.add_class(name)
    return widget


def wide(kind: Any, **more: Any) -> Any:
    """Return a control of a kind as wide as its place."""
    return kind(layout=ipywidgets.Layout(width="auto"), **more)


def language_switch(language: str) -> ipywidgets.ToggleButtons:
    """Return the two buttons that choose the language of a page."""
    return ipywidgets.ToggleButtons(
        options=[("English", ENGLISH), ("한국어", KOREAN)],
        value=language,
        style={"button_width": "80px"},
    )


def _word(key: str, language: str) -> str:
    """Return a word that fields share, in a language."""
    return str(WIDGET_WORDS["field"][key][language == KOREAN])


class TextField:
    """A line, or with `lines` several, of text; `options` are offered while one writes."""

    def __init__(self, *, lines: int = 1, options: Sequence[str] | None = None) -> None:
        if lines > 1:
            self.entry = wide(ipywidgets.Textarea, rows=lines)
        elif options is not None:
            self.entry = wide(ipywidgets.Combobox, ensure_option=False)
        else:
            self.entry = wide(ipywidgets.Text)
        self.box = self.entry
        self.offer(options or ())

    def offer(self, options: Sequence[str]) -> None:
        """Offer texts that were used before; those with invisible characters are left out."""
        if isinstance(self.entry, ipywidgets.Combobox):
            shown = [each for each in options if shortened(each, _SHOWN) == each]
            self.entry.options = list(dict.fromkeys(shown))

    @property
    def text(self) -> str:
        return str(self.entry.value or "")

    def fill(self, text: str) -> None:
        self.entry.value = text

    def translate(self, label: str, about: str, language: str) -> None:
        self.entry.description, self.entry.placeholder = label, about
        self.entry.tooltip = about


class ChoiceField:
    """A menu of choices; with `another` the reader may write one that is not listed."""

    def __init__(self, choices: Sequence[str], *, another: bool = False) -> None:
        self.choices, self.another = list(choices), another
        self.labels: dict[str, str] = {}
        self.language = "en"
        self.menu, self.new = wide(ipywidgets.Dropdown), wide(ipywidgets.Text)
        self.new.layout.display = "none"
        self.box: Any = ipywidgets.VBox([self.menu, self.new]) if another else self.menu
        self.menu.observe(lambda _: self._switch(), names="value")
        self._list("")

    def _switch(self) -> None:
        self.new.layout.display = None if self.menu.value == _NEW else "none"

    def _list(self, chosen: str) -> None:
        shown = [(shortened(self.labels.get(each) or each, _SHOWN), each) for each in self.choices]
        more = [(_word("another", self.language), _NEW)] if self.another else []
        self.menu.options = [(_word("choose", self.language), ""), *shown, *more]
        self.menu.value = chosen

    def offer(self, choices: Sequence[str], labels: dict[str, str] | None = None) -> None:
        """Offer other choices; the chosen one stays."""
        chosen, self.labels = self.menu.value, labels or self.labels
        self.choices = list(dict.fromkeys(choices))
        kept = chosen in self.choices or chosen == _NEW
        self._list(chosen if kept else "")

    @property
    def is_new(self) -> bool:
        return bool(self.menu.value == _NEW)

    @property
    def text(self) -> str:
        return str(self.new.value if self.is_new else self.menu.value or "")

    def fill(self, text: str) -> None:
        if text in ("", *self.choices):
            self.menu.value, self.new.value = text, ""
        elif self.another:
            self.menu.value, self.new.value = _NEW, text
        else:
            self.choices.append(text)  # as it is in the file, though it is no choice
            self._list(text)

    def translate(self, label: str, about: str, language: str) -> None:
        self.language = language
        self.menu.description, self.menu.tooltip = label, about
        self.new.description = _word("which", language)
        self._list(self.menu.value or "")


class SpeakerField(ChoiceField):
    """A menu of the bodies of a case, with room for a new one: its name and kind."""

    def __init__(self, kinds: Sequence[str]) -> None:
        super().__init__((), another=True)
        self.kind = ChoiceField(kinds)
        self.kind.box.layout.display = "none"
        self.box = ipywidgets.VBox([self.menu, self.new, self.kind.box])

    def _switch(self) -> None:
        super()._switch()
        if hasattr(self, "kind"):
            self.kind.box.layout.display = None if self.is_new else "none"

    def translate(self, label: str, about: str, language: str) -> None:
        super().translate(label, about, language)
        self.kind.translate(_word("kind", language), "", language)

    def fill(self, text: str) -> None:
        super().fill(text)
        self.kind.fill("")


class DateField:
    """A date as precise as its source: a day, a month or a year; or the words of the source.

    With `days` only days can be given; without `words` no words.
    """

    def __init__(self, *, days: bool = False, words: bool = True) -> None:
        whole = ("none", "day", "month", "year")
        self.kinds = whole[:2] if days else (*whole, "other") if words else whole
        kinds = [(each, each) for each in self.kinds]
        months = [(f"{each:02d}", each) for each in range(1, 13)]
        this = dt.date.today().year
        self.precision = wide(ipywidgets.Dropdown, options=kinds)
        self.day, self.words = wide(ipywidgets.DatePicker), wide(ipywidgets.Text)
        self.year = wide(ipywidgets.BoundedIntText, min=1000, max=9999, value=this)
        self.month = wide(ipywidgets.Dropdown, options=months)
        self.parts = {
            self.day: ("day",),
            self.year: ("month", "year"),
            self.month: ("month",),
            self.words: ("other",),
        }
        row = styled(ipywidgets.Box([self.precision, *self.parts]), "desk-row")
        self.box: Any = row
        self.precision.observe(lambda _: self._switch(), names="value")
        self._switch()

    def _switch(self) -> None:
        for part, kinds in self.parts.items():
            part.layout.display = None if self.precision.value in kinds else "none"

    @property
    def text(self) -> str:
        year = f"{self.year.value:04d}"
        day = self.day.value.isoformat() if self.day.value else ""
        month = f"{year}-{self.month.value:02d}"
        texts = {"day": day, "month": month, "year": year, "other": self.words.value}
        return str(texts.get(self.precision.value, ""))

    def fill(self, text: str) -> None:
        self.day.value, self.words.value = None, ""
        if not text.strip():
            self.precision.value = "none"
        elif found := re.fullmatch(r"([1-9]\d{3})(?:-(0[1-9]|1[0-2]))?", text):
            self.precision.value = "month" if found[2] else "year"
            self.year.value, self.month.value = int(found[1]), int(found[2] or 1)
        elif day := _whole_day(text):
            self.day.value, self.precision.value = day, "day"
        else:
            if "other" not in self.kinds:
                self.kinds = (*self.kinds, "other")
                self.precision.options = [(each, each) for each in self.kinds]
            self.precision.value, self.words.value = "other", text

    def translate(self, label: str, about: str, language: str) -> None:
        chosen = self.precision.value
        self.precision.options = [(_word(each, language), each) for each in self.kinds]
        self.precision.value = chosen
        self.precision.description, self.precision.tooltip = label, about
        for part, key in zip(self.parts, ("on", "in_year", "in_month", "other"), strict=True):
            part.description = _word(key, language)


def _whole_day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
    except ValueError:  # such as 31 April
        return None


class SpanField:
    """A period: its first and last date, each as precise as the source; the last may be left out.

    A cell such as 2019/ (since 2019) stays so until a last date is given.
    """

    def __init__(self) -> None:
        self.first, self.last = DateField(words=False), DateField(words=False)
        self.ends = ""  # of the cell: '/' for an open period
        self.box: Any = ipywidgets.VBox([self.first.box, self.last.box])

    @property
    def text(self) -> str:
        last = f"/{self.last.text}" if self.last.text else self.ends
        return f"{self.first.text}{last}" if self.first.text or self.last.text else ""

    def fill(self, text: str) -> None:
        first, between, last = text.partition("/")
        self.first.fill(first)
        self.last.fill(last)
        self.ends = between if not last else ""

    def translate(self, label: str, about: str, language: str) -> None:
        for part, key in ((self.first, "from"), (self.last, "to")):
            part.translate(_word(key, language).format(label=label), about, language)


class ListField:
    """Several of the offered names, in the cell with semicolons between them."""

    def __init__(self) -> None:
        self.menu = wide(ipywidgets.SelectMultiple, rows=5)
        self.box: Any = self.menu
        self.others: list[str] = []  # in the cell, though they are not offered

    def offer(self, labels: dict[str, str]) -> None:
        """Offer names with their labels; the chosen ones stay."""
        chosen = self.text
        self.menu.options = [(shortened(label, _SHOWN), name) for name, label in labels.items()]
        self.fill(chosen)

    @property
    def text(self) -> str:
        return ";".join([*map(str, self.menu.value), *self.others])

    def fill(self, text: str) -> None:
        named = [each.strip() for each in text.split(";") if each.strip()]
        offered = [name for _, name in self.menu.options]
        self.menu.value = tuple(each for each in offered if each in named)
        self.others = [each for each in named if each not in offered]

    def translate(self, label: str, about: str, language: str) -> None:
        self.menu.description = label
        self.menu.tooltip = about if self.menu.options else _word("nothing", language)


CaseField = TextField | ChoiceField | SpeakerField | DateField | SpanField | ListField
