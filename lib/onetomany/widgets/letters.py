"""Offer the form of chapter 10: a letter for a gap, its files, and its log entry.

Names and addresses stay in this process. A field for one is emptied as soon as it is filled, so
neither the notebook nor the saved state of its widgets contains it.
"""

import datetime as dt
import html
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import ipywidgets
from IPython.display import HTML, display

from onetomany.charts.languages import both
from onetomany.errors import InputError
from onetomany.printing import printable
from onetomany.requests import drafts, gaps, letters, log
from onetomany.requests import letter_templates as forms
from onetomany.requests.languages import letter_languages
from onetomany.requests.procedures import procedures, requests_folder
from onetomany.sources.files import write_whole
from onetomany.sources.kit_files import installed_path
from .one_language import labelled, language_in_use, spoken

_field = partial(labelled, name=230, width=820)
_day = partial(labelled, ipywidgets.DatePicker, name=230)
_CHOOSE, _NONE = "choose 고르세요", "nothing 없음"
_NOT_SENT = (
    "Nothing was sent. Read it, sign it, send it yourself.",
    "보내지 않았습니다. 읽고 서명하여 직접 보내세요.",
)
_APART = ("date", "body")  # they have controls of their own


def letter_form(
    *, today: dt.date | None = None, out: Path | None = None, entries: Path | None = None
) -> ipywidgets.VBox:
    """Return a form that writes a letter for a gap and begins its log entry.

    The first button writes the letter, dated today, as PDF, Word and Markdown to `out`
    (private/letters, which git ignores), named by date and law, and an entry with the event
    'drafted' to `entries` (data_requests/log). The second button adds the event 'sent', which only
    the reader knows. Personal fields come from requester.toml or are typed; they appear in the
    letter alone. The preview has blanks for them, because outputs are passed on with a notebook.
    Nothing is sent.
    """
    home = requests_folder()
    # never into an installed package: then into the working directory
    place = Path() if home == installed_path("data_requests") else home.parent
    out, entries = out or place / "private/letters", entries or place / "data_requests/log"
    return _LetterForm(today, out, entries).box


class _LetterForm:
    """The controls of one form, and the reader's input."""

    def __init__(self, today: dt.date | None, out: Path, entries: Path) -> None:
        self.today, self.out, self.entries = today, out, entries
        self.known, self.framed, self.laws = forms.templates(), forms.frames(), procedures()
        self.about, self.spoken = forms.letter_fields(), letter_languages()
        self.rows = {row["gap"]: row for row in gaps.load_gaps().iter_rows(named=True)}
        self.typed: dict[str, str] = {}  # in memory alone
        self.written: Path | None = None  # the entry that this form began
        self.filling = False
        self.gap = _menu("Request 청구 내용")
        self.gap.options = [
            (spoken(both(row["what_en"], row["what_ko"], " · ")), key)
            for key, row in self.rows.items()
        ]
        self.gap.value = next(iter(self.rows))
        self.law, self.language = _menu("Law 법"), _menu("Language of the letter 청구서의 언어")
        self.beside = _menu("Translation for you 참고용 번역")
        self.day = _day(self.about["date"].label, width=820, value=self._now())
        self.authority = _menu(self.about["body"].label)
        self.body = _field(ipywidgets.Text, "Official name 공식 명칭")
        self._controls()
        self.said, self.shown = ipywidgets.HTML(), ipywidgets.Output()
        self.box = ipywidgets.VBox()
        self._connect()

    def _controls(self) -> None:
        """Make the fields of a letter, and the buttons."""
        own = {name: each for name, each in self.about.items() if name not in _APART}
        self.fields = {name: _control(each) for name, each in own.items() if not each.personal}
        self.private = {
            name: self._private(name, each) for name, each in own.items() if each.personal
        }
        small, wide = {"width": "240px"}, {"width": "260px"}
        label = spoken("or pick it 또는 고르기")
        self.born = ipywidgets.DatePicker(description=label, layout=small)
        # the days of the period: once both are chosen, they are written in the letter's language
        labels = ("Period from 기간의 처음", "Period to 기간의 끝")
        self.ends = [_day(label, width=410) for label in labels]
        self.birth = ipywidgets.HBox([self.private["birth_date"], self.born])
        self.period = ipywidgets.VBox([ipywidgets.HBox(self.ends), self.fields["period"]])
        label = spoken("Write the letter 청구서 쓰기")
        self.write = ipywidgets.Button(description=label, button_style="primary", layout=wide)
        label = spoken("I have sent it 보냈습니다")
        self.sent = ipywidgets.Button(description=label, disabled=True, layout=wide)

    def _arrange(self, asked: list[str]) -> None:
        """Order the fields as the letter needs them."""
        order = {name: place for place, name in enumerate(dict.fromkeys(asked))}
        named = self._by_name()
        self.box.children = (
            *(self.gap, self.law, self.language, self.beside, self.day, self.authority, self.body),
            *(named[each] for each in sorted(named, key=lambda name: order.get(name, len(order)))),
            *(ipywidgets.HBox([self.write, self.sent]), self.said, self.shown),
        )

    def _by_name(self) -> dict[str, Any]:
        """Return what is shown of each field: some have a picker of days beside them."""
        return {**self.fields, **self.private, "period": self.period, "birth_date": self.birth}

    def _connect(self) -> None:
        self.gap.observe(lambda _: self._new_gap(), names="value")
        self.law.observe(lambda _: self._new_law(), names="value")
        self.language.observe(lambda _: self._new_language(), names="value")
        self.authority.observe(lambda _: self._new_authority(), names="value")
        for each in (self.beside, self.day, self.body, *self.fields.values()):
            each.observe(lambda _: self._preview(), names="value")
        self.born.observe(lambda change: self._new_birth(change["new"]), names="value")
        for day in self.ends:
            day.observe(lambda _: self._new_period(), names="value")
        self.write.on_click(lambda _: self._write())
        self.sent.on_click(lambda _: self._mark_sent())
        self._new_gap()

    def _tongue(self, language: str) -> tuple[str, str]:
        return self.spoken[language].en, self.spoken[language].ko

    def _now(self) -> dt.date:
        return self.today or dt.date.today()

    def _row(self) -> dict[str, str]:
        return self.rows[self.gap.value]

    def _new_gap(self) -> None:
        """Show another gap: its laws, and the fields known in advance."""
        self.filling = True
        own = self.known[self._row()["template"]]
        fitting = [name for name in own.procedures if name in self.framed]
        self.law.options = [
            (spoken(both(self.laws[name].name.en, self.laws[name].name.ko, " · ")), name)
            for name in fitting
        ]
        self.law.value = self._row()["procedure"]
        self._new_law()

    def _new_law(self) -> None:
        """Show another law: its languages, the authority's first, and its own fields."""
        if not self.law.value:  # while the menu is being refilled
            return
        self.filling = True
        own, frame = self.known[self._row()["template"]], self.framed[self.law.value]
        native = letters.law_language(self.law.value).partition("-")[0]
        written = sorted(forms.languages_of(own, frame), key=lambda each: each != native)
        named = [(spoken(both(*self._tongue(each))), each) for each in written]
        self.language.options, self.language.value = named, written[0]
        self.beside.options = [(spoken(_NONE), "none"), *named]
        self.beside.value = "en" if written[0] not in ("en", "ko") else "none"
        self._arrange([*own.fields, *forms.asked_of(own, frame)])
        self._new_language()

    def _new_language(self) -> None:
        """Show another language: names of the authorities, and the kit's own words for the case."""
        if not self.language.value:
            return
        self.filling = True
        names = drafts.authorities(self.law.value, self.language.value, self._row())
        self.authority.options = [*names, (spoken("another 다른 기관"), "")]
        self.authority.value = names[0]
        self.body.value = names[0]
        filled = drafts.prefilled(self._row(), self.law.value, self.language.value)
        for name in ("system", "period"):
            self.fields[name].value = filled.get(name, "")
        self.filling = False
        self._preview()

    def _new_period(self) -> None:
        days = [each.value.isoformat() for each in self.ends if each.value]
        if len(days) == len(self.ends):
            self.fields["period"].value = drafts.written_window("/".join(days), self.language.value)

    def _new_birth(self, day: dt.date | None) -> None:
        """Take a day of birth as the field beside takes it, and forget it here."""
        if day:
            self.born.value = None
            self.private["birth_date"].value = day.isoformat()

    def _new_authority(self) -> None:
        if not self.filling and self.authority.value is not None:
            self.body.value = self.authority.value

    def _private(self, name: str, about: forms.Field) -> ipywidgets.Text:
        """Return a field that is emptied after input; `typed` remembers the value."""
        field = _field(
            ipywidgets.Text, about.label, continuous_update=False, placeholder=_hint(about)
        )

        def take(change: Mapping[str, Any]) -> None:
            if change["new"]:
                self.typed[name] = change["new"]
                field.placeholder = spoken("taken, not saved 입력함, 저장하지 않음")
                field.value = ""
                self._preview()

        field.observe(take, names="value")
        return field

    def _chosen(self) -> dict[str, str]:
        """Return the reader's input without personal data."""
        own = {name: field.value or "" for name, field in self.fields.items()}
        day = self.day.value or self._now()
        return {"date": day.isoformat(), "body": self.body.value, **own}

    def _needed(self, chosen: Mapping[str, str]) -> list[str]:
        template = self.known[self._row()["template"]]
        return forms.needed_of(template, self.framed[self.law.value], chosen)

    def _made(
        self, fields: Mapping[str, str], personal: Mapping[str, str]
    ) -> tuple[letters.Letter, letters.Letter | None]:
        """Return the letter and its translation for the reader."""
        return drafts.translated_letter(
            self._row()["template"],
            self.law.value,
            fields,
            personal,
            language=self.language.value,
            gap=self._row(),
            asked=self.beside.value,
        )

    def _preview(self) -> None:
        """Show the fields that the letter needs, and the letter with blanks for missing values."""
        if self.filling or not self.law.value or not self.language.value:
            return
        chosen = self._chosen()
        try:
            needed = self._needed(chosen)
            for name, field in self._by_name().items():
                field.layout.display = None if name in needed else "none"
            text = self._text(chosen, needed)
        except InputError as error:
            text = _told(error)
        self.shown.clear_output(wait=True)
        with self.shown:
            display(HTML(_block(text)))

    def _text(self, chosen: Mapping[str, str], needed: list[str]) -> str:
        """Return the letter with blanks for missing values, or the choices to make first."""
        lacking = [name for name in needed if not chosen.get(name, "").strip()]
        labels = {name: self.about[name].label for name in lacking}
        first = [label for name, label in labels.items() if self.about[name].options]
        if first:
            return spoken("Choose first 먼저 고르세요") + f": {', '.join(map(spoken, first))}"
        blanks = {name: f"〔{spoken(label)}〕" for name, label in labels.items()}
        return "\n\n".join(each.text for each in self._made({**chosen, **blanks}, {}) if each)

    def _write(self) -> None:
        try:
            own = {**letters.requester(), **self.typed}
            chosen = self._chosen()
            made, beside = self._made(chosen, own)
            needed = self._needed(chosen)
            kept = {name: value for name, value in chosen.items() if name in needed}
            entry = self._begin(made, kept, own)
            paths = drafts.write_letter(made, beside, entry.stem, self.out)
        except InputError as error:
            self.said.value = _block(_told(error))
            return
        self.written, self.sent.disabled = entry, False
        lines = [
            *(f"{spoken('Written 저장함')}: {path}" for path in (*paths, entry)),
            *made.notices,
            *(f"{spoken('Check 확인')}: {each}" for each in made.unread),
            spoken(both(*_NOT_SENT)),
        ]
        self.said.value = "<br>".join(map(_safe, lines))

    def _begin(
        self, made: letters.Letter, fields: Mapping[str, str], personal: Mapping[str, str]
    ) -> Path:
        """Begin the log entry; it replaces an unused draft of this form."""
        before = self._own_draft()
        old = before.read_bytes() if before else b""
        if before:
            before.unlink()
        first = name = drafts.draft_name(made.procedure, made.date, made.template)
        number = 2
        while (self.entries / f"{name}.md").exists():
            name, number = f"{first}-{number}", number + 1
        try:
            return drafts.begin_entry(
                made, name, fields, self.entries, gap=self._row(), personal=personal.values()
            )
        except InputError:
            if before:
                write_whole(before, old)
            raise

    def _own_draft(self) -> Path | None:
        if self.written is None or not self.written.exists():
            return None
        happened = [each.event for each in log.read_request(self.written).history]
        return self.written if happened == ["drafted"] else None

    def _mark_sent(self) -> None:
        if self.written is None:
            return
        try:
            log.add_event(self.written, log.Event(self._now(), "sent"))
        except InputError as error:
            self.said.value = _block(_told(error))
            return
        self.sent.disabled = True
        noted = f"Noted as sent on {self._now()}: {self.written.stem}."
        noted_ko = f"보낸 날을 {self._now()}로 적었습니다: {self.written.stem}."
        self.said.value = _safe(spoken(both(noted, noted_ko)))


def _safe(text: object) -> str:
    return html.escape("\n".join(map(printable, str(text).splitlines())))


def _block(text: object) -> str:
    style = "white-space: pre-wrap; max-width: 80ch; line-height: 1.5"
    return f"<div style='{style}'>{_safe(text)}</div>"


def _told(error: InputError) -> str:
    """Return an error's sentence in the language in use, if it has one in Korean."""
    return error.ko if language_in_use() == "ko" and error.ko else str(error)


def _hint(about: forms.Field) -> str:
    return about.ko if language_in_use() == "ko" else about.en


def _menu(description: str) -> ipywidgets.Dropdown:
    return _field(ipywidgets.Dropdown, description)


def _control(about: forms.Field) -> ipywidgets.Widget:
    """Return a text field, or a menu for a choice."""
    if not about.options:
        return _field(ipywidgets.Text, about.label, placeholder=_hint(about))
    menu = _menu(about.label)
    words = [(spoken(both(en, ko, " · ")), key) for key, (en, ko) in about.options.items()]
    menu.options = words if about.default else [(spoken(_CHOOSE), ""), *words]
    menu.value = about.default
    return menu
