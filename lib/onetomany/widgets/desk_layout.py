"""Define the reading desk's controls, their layout and their language.

`reading_desk` defines their actions.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import RLock
from typing import Any

import ipywidgets

from onetomany.claims.claim_ledger import WORDS
from onetomany.documents import query
from onetomany.errors import OneToManyError
from onetomany.mentions.quantities import UNITS as QUANTITIES
from . import desk_words
from .case_fields import DateField, language_switch, styled
from .desk_words import KOREAN, LABELS, said_html

CLAIM_FIELDS = ("subject", "attribute", "value", "unit", "said_by", "document_date")
_WIDE = ipywidgets.Layout(width="auto")
_UNITS = (*QUANTITIES, *WORDS)


class DeskLayout:
    """The desk's controls; a subclass defines their actions."""

    search: Callable[[], None]
    locate: Callable[[], None]
    save: Callable[[], None]
    correct: Callable[[], None]
    take_back: Callable[[], None]
    keep: Callable[[], None]
    choose_block: Callable[[int | None], None]
    choose: Callable[[tuple[int, int]], None]

    def __init__(self, language: str) -> None:
        self.language = language
        self.named: list[tuple[ipywidgets.Widget, str, str]] = []
        self.busy = False
        # contents to show again after a change of language
        self.repeat: dict[ipywidgets.Widget, Callable[[], None]] = {}
        # JupyterLab may report a field's change during a click
        self.turn = RLock()
        self._controls()
        self.box = self._laid_out()
        self._translate()

    @property
    def korean(self) -> bool:
        return self.language == KOREAN

    def say(self, english: str, korean: str) -> str:
        return korean if self.korean else english

    def _named(self, widget: Any, key: str, trait: str = "description") -> Any:
        self.named.append((widget, trait, key))
        return widget

    def _text(self, key: str, kind: Any = ipywidgets.Text, **more: Any) -> Any:
        return self._named(kind(layout=_WIDE, **more), key)

    def _button(self, key: str, action: Callable[[], None], where: Any, style: str = "") -> Any:
        button = self._named(ipywidgets.Button(button_style=style, layout=_WIDE), key)
        button.on_click(lambda _: self.guarded(action, where))
        return button

    def _controls(self) -> None:
        self.tongue = language_switch(self.language)
        self.query = self._text("query", continuous_update=False)
        self.named.append((self.query, "placeholder", "query_hint"))
        self.filters = {
            name: self._text(name, continuous_update=False) for name in ("path", "sender", "tag")
        }
        self.days = {name: self._text(name, ipywidgets.DatePicker) for name in ("after", "before")}
        self.kind = self._text("kind", ipywidgets.Dropdown, options=[("", "")])
        self.found, self.hits = ipywidgets.HTML(), ipywidgets.VBox()
        self.sheet = ipywidgets.Box()
        self.heading, self.body = ipywidgets.HTML(), ipywidgets.HTML()
        self.blocks = self._text("blocks", ipywidgets.Select, rows=6)
        self.range = self._text("characters", ipywidgets.IntRangeSlider, continuous_update=False)
        self.words = self._text("passage", ipywidgets.Textarea, rows=4)
        self.place = ipywidgets.HTML()
        free = {"ensure_option": False, "continuous_update": False}
        self.claim = {
            name: self._text(name, ipywidgets.Combobox, **free) for name in CLAIM_FIELDS[:-1]
        }
        self.claim["unit"] = self._text("unit", ipywidgets.Dropdown, options=[("", "")])
        self.written_on = DateField()
        self.clashes, self.kept = ipywidgets.HTML(), ipywidgets.HTML()
        self.undo = self._button("undo", self.take_back, self.clashes)
        self.again = self._button("correct", self.correct, self.clashes)
        self.undo.disabled = self.again.disabled = True
        self.who, self.label = self._text("who"), self._text("tag")
        self.remark = self._text("remark", ipywidgets.Textarea, rows=2)
        self.tongue.observe(lambda change: self._translate(change["new"]), names="value")
        self.query.observe(lambda _: self.guarded(self.search, self.found), names="value")
        self.blocks.observe(lambda change: self._chosen(self.choose_block, change), names="value")
        self.range.observe(lambda change: self._chosen(self.choose, change), names="value")

    def _head(self, key: str) -> Any:
        return self._named(ipywidgets.HTML(), key, "value")

    def _laid_out(self) -> ipywidgets.VBox:
        left = [
            self._head("h_find"),
            _row(self.query, self._button("search", self.search, self.found, "primary")),
            _row(self.kind, self.filters["path"], self.filters["sender"]),
            _row(*self.days.values(), self.filters["tag"]),
            self.found,
            self.hits,
        ]
        self.right = styled(ipywidgets.VBox(self._page_and_claim()), "desk-right")
        self.right.layout.display = "none"  # until a page is open
        columns = [styled(ipywidgets.VBox(left), "desk-left"), self.right]
        whole = [
            ipywidgets.HTML(desk_words.STYLE),
            self.tongue,
            styled(ipywidgets.Box(columns), "desk-columns"),
        ]
        return styled(ipywidgets.VBox(whole), "desk")

    def _page_and_claim(self) -> list[Any]:
        styled(self.sheet, "desk-sheet").layout.display = "none"
        return [
            self._head("h_page"),
            self.heading,
            self.sheet,
            self.body,
            self.blocks,
            self.range,
            self.words,
            _row(self._button("find", self.locate, self.place)),
            self.place,
            self._head("h_claim"),
            _row(*(self.claim[name] for name in CLAIM_FIELDS[:2])),
            _row(*(self.claim[name] for name in CLAIM_FIELDS[2:4])),
            _row(self.claim["said_by"]),
            self.written_on.box,
            _row(self._button("save", self.save, self.clashes, "primary"), self.again, self.undo),
            self.clashes,
            self._head("h_remark"),
            _row(self.who, self.label),
            self.remark,
            _row(self._button("keep", self.keep, self.kept)),
            self.kept,
        ]

    def _translate(self, language: str | None = None) -> None:
        """Set every label to the desk's language, and show the contents again."""
        self.language = language or self.language
        which = 1 if self.korean else 0
        for widget, trait, key in self.named:
            text = LABELS[key][which]
            setattr(widget, trait, f"<h3>{text}</h3>" if key.startswith("h_") else text)
        kinds = desk_words.KINDS if self.korean else {kind: kind for kind in query.KINDS}
        _relabel(self.kind, {"": LABELS["any"][which], **kinds})
        self.written_on.translate(LABELS["document_date"][which], "", self.language)
        units = desk_words.UNITS if self.korean else {}
        _relabel(self.claim["unit"], {"": "", **{unit: units.get(unit, unit) for unit in _UNITS}})
        for again in list(self.repeat.values()):
            again()

    def shows(self, target: ipywidgets.HTML, make: Callable[[], str]) -> None:
        """Fill a place now, and again after each change of language."""

        def again() -> None:
            target.value = make()

        self.repeat[target] = again
        again()

    def guarded(self, action: Callable[[], None], where: ipywidgets.HTML) -> None:
        """Run an action; show its error next to the control."""
        with self.turn:
            try:
                action()
            except OneToManyError as error:
                self.repeat.pop(where, None)
                where.value = said_html(error, alert=True)

    def _chosen(self, choose: Callable[[Any], None], change: Mapping[str, Any]) -> None:
        if not self.busy:
            self.guarded(lambda: choose(change["new"]), self.place)

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Change controls without running the reader's actions."""
        before, self.busy = self.busy, True
        try:
            yield
        finally:
            self.busy = before


def _row(*inside: Any) -> Any:
    return styled(ipywidgets.Box(inside), "desk-row")


def _relabel(menu: ipywidgets.Dropdown, labels: Mapping[str, str]) -> None:
    """Give a menu's options other labels, and keep the chosen one."""
    chosen = menu.value
    menu.options = [(label, value) for value, label in labels.items()]
    menu.value = chosen
