"""Offer a form for a row of a case folder's table: a claim, an event, a figure, a body.

The form is made from `cases.columns`; a row is written by `cases.rows` alone.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ipywidgets
import polars as pl

from onetomany.cases import rows
from onetomany.cases.case_tables import raw_table
from onetomany.cases.columns import SPEAKERS, CaseColumn, case_table
from onetomany.cases.words import case_column_label, choice_label, column_about
from onetomany.errors import InputError, OneToManyError
from onetomany.printing import shortened
from . import case_fields as controls
from .case_plans import FREE_UNITS, LONG_FIELDS, NAMED_CHOICES, PLANS, TOLD_BY, form_field
from .case_words import case_word
from .desk_words import KOREAN, said_html
from .desk_words import UNITS as KOREAN_UNITS


class FormError(InputError):
    """An error in the language of the form."""


class RowForm:
    """A form for one table; `saved` is called with the row's id after each change of the file.

    The menu on top opens a row, to change or delete it.
    """

    def __init__(
        self, folder: Path, name: str, language: str, saved: Callable[[str], None]
    ) -> None:
        self.folder, self.table, self.plan = folder, case_table(name), PLANS[name]
        self.language, self.saved = language, saved
        self.columns = [each for each in self.table.columns if each.name not in self.plan.hidden]
        self.fields: dict[str, controls.CaseField] = {
            each.name: form_field(each) for each in self.columns
        }
        self.row = controls.wide(ipywidgets.Dropdown)
        self.row.observe(lambda _: self._open(), names="value")
        self.busy = False
        self.button = ipywidgets.Button(button_style="primary")
        self.button.on_click(lambda _: self.save())
        self.bin = controls.wide(ipywidgets.Button)
        self.bin.on_click(lambda _: self.delete())
        self.sure = False  # the button was pressed once for the open row
        self.note, self.said = ipywidgets.HTML(), ipywidgets.HTML()
        rest = [each.name for each in self.columns if each.name not in self.plan.first]
        self.more = ipywidgets.Accordion([self._rows(rest)]) if rest else ipywidgets.VBox()
        buttons = controls.styled(ipywidgets.Box([self.button, self.bin]), "desk-row case-buttons")
        first = self._rows(list(self.plan.first))
        inside = [self.row, first, self.more, self.note, buttons, self.said]
        self.box: Any = controls.styled(ipywidgets.VBox(inside), "case-form")
        if isinstance(document := self.fields.get("document"), controls.ChoiceField):
            document.menu.observe(lambda _: self._cite(), names="value")
        self.offer()
        self.translate(language)

    def _rows(self, names: list[str]) -> Any:
        """Return fields in rows of two; those with long texts and dates have a row of their own."""
        rows: list[Any] = []
        pair: list[Any] = []
        for name in names:
            wide = name in LONG_FIELDS or isinstance(
                self.fields[name], controls.DateField | controls.SpanField | controls.ListField
            )
            if wide:
                rows.append(self.fields[name].box)
                continue
            pair.append(self.fields[name].box)
            if len(pair) == 2:
                rows.append(controls.styled(ipywidgets.Box(pair), "desk-row"))
                pair = []
        rows += pair
        return ipywidgets.VBox(rows)

    # options from the files -------------------------------------------------------------------

    def offer(self, documents: Mapping[str, str] | None = None) -> None:
        """Offer the speakers, words and rows that the folder has, and documents by short hash."""
        own, bodies = self._raw(self.table.name), self._raw("bodies")
        for name, field in self.fields.items():
            if isinstance(field, controls.SpeakerField):
                field.offer(_used(bodies, "name"))
            elif name == "unit" and isinstance(field, controls.ChoiceField):
                field.offer([*FREE_UNITS, *_used(own, "unit")], self._units())
            elif (
                name == "document"
                and isinstance(field, controls.ChoiceField)
                and documents is not None
            ):
                field.offer(list(documents), {key: f"{path} ({key})" for key, path in
                                              documents.items()})  # fmt: skip
            elif isinstance(field, controls.TextField):
                field.offer(_used(own, name))
            elif isinstance(field, controls.ListField):
                field.offer({key: label for label, key in self._listed("claims")})
            elif name in NAMED_CHOICES and isinstance(field, controls.ChoiceField):
                labels = NAMED_CHOICES[name](self.language)
                field.offer([*labels, *_used(own, name)], labels)
        chosen, listed = self.row.value, self._listed(self.table.name)
        self.busy = True
        self.row.options = [(case_word(f"new_{self.table.name}", self.language), ""), *listed]
        self.row.value = chosen if chosen in [key for _, key in listed] else ""
        self.busy = False

    def _listed(self, name: str) -> list[tuple[str, str]]:
        """Return the words that tell each row of a table apart, and its key."""
        raw = self._raw(name)
        about = [each for each in TOLD_BY[name] if each in raw.columns]
        keys, listed = rows.row_keys(raw, case_table(name)), {}
        for key, cells in zip(keys, raw.select(about).iter_rows(), strict=False):
            if key and key.strip() and key not in listed:
                listed[key] = shortened(": ".join(filter(None, cells)), 80)
        return [(label, key) for key, label in listed.items()]

    def _raw(self, name: str) -> pl.DataFrame:
        return raw_table(self.folder, case_table(name))[0]

    def _units(self) -> dict[str, str]:
        return dict(KOREAN_UNITS) if self.language == KOREAN else {}

    def _cite(self) -> None:
        """Name the chosen document as the source, if none is named yet."""
        field, source = self.fields["document"], self.fields["source"]
        if (
            isinstance(field, controls.ChoiceField)
            and field.text in field.labels
            and not source.text
        ):
            source.fill(field.labels[field.text].rpartition(" (")[0])

    def _open(self) -> None:
        """Fill the form with the chosen row, or empty it for a new one."""
        if self.busy:
            return
        raw, key = self._raw(self.table.name), self.row.value
        keys = rows.row_keys(raw, self.table)
        cells = raw.row(keys.index(key), named=True) if key and key in keys else {}
        for name, field in self.fields.items():
            field.fill(cells.get(name) or "")
        self.said.value = ""
        self._label_button()

    # language -------------------------------------------------------------------------------

    def translate(self, language: str) -> None:
        """Set every label to a language; the fields keep their texts."""
        self.language = language
        for column in self.columns:
            field = self.fields[column.name]
            mark = " *" if self._is_needed(column) else ""
            label = case_column_label(self.table, column.name, language) + mark
            if isinstance(field, controls.ChoiceField) and column.choices:
                field.labels = {
                    each: choice_label(column.name, each, language) for each in column.choices
                }
            if isinstance(field, controls.SpeakerField):
                field.kind.labels = {
                    each: choice_label("kind", each, language) for each in SPEAKERS
                }
            if column.name == "unit" and isinstance(field, controls.ChoiceField):
                field.labels = self._units()
            field.translate(label, column_about(self.table, column.name, language), language)
        if isinstance(self.more, ipywidgets.Accordion):
            self.more.set_title(0, case_word("more", language))
        note = case_word("needed", language)
        if self.plan.one_of:
            note += " " + case_word("one_of", language)
        self.note.value = f'<p class="desk-text desk-place">{note}</p>'
        self.row.description = case_word("row", language)
        self.said.value = ""
        self.offer()
        self._label_button()

    def _label_button(self) -> None:
        key = "change" if self.row.value else "add"
        self.button.description = case_word(key, self.language)
        self.sure = False
        self.bin.description = case_word("delete", self.language)
        self.bin.button_style = ""
        self.bin.layout.display = None if self.row.value else "none"

    def _is_needed(self, column: CaseColumn) -> bool:
        own = column.name == self.table.key and self.table.name != "bodies"  # numbered
        return (column.required and not own) or column.name in self.plan.needed

    # saving ---------------------------------------------------------------------------------

    def save(self) -> None:
        """Write the row, or show beside the form in one sentence why it can't be."""
        try:
            key = self._written()
        except OneToManyError as error:
            self._refused(error)
            return
        done = "changed" if self.row.value else "added"
        if self.row.value:
            self.row.value = ""  # empties the form
        else:
            for field in self.fields.values():
                field.fill("")
        self.offer()
        self._say(case_word(done, self.language).format(id=key, file=self.table.file))
        self.saved(key)

    def delete(self) -> None:
        """Delete the open row; the button has to be pressed twice."""
        key = str(self.row.value)
        if not self.sure:
            self.sure, self.bin.button_style = True, "danger"
            self.bin.description = case_word("really", self.language)
            return
        shown = {name: label for label, name in self.row.options}[key]
        try:
            rows.delete_case_row(self.folder, self.table.name, key)
        except OneToManyError as error:
            self._refused(error)
            return
        self.row.value = ""
        self.offer()
        self._label_button()
        self._say(case_word("deleted", self.language).format(id=shown, file=self.table.file))
        self.saved(key)

    def _refused(self, error: OneToManyError) -> None:
        own = isinstance(error, FormError) or self.language != KOREAN
        text = str(error)
        self._say(text if own else case_word("not_saved", KOREAN).format(text=text), alert=True)

    def _written(self) -> str:
        cells = self._cells()
        self._refuse(cells)
        speaker = self.fields.get("said_by")
        if isinstance(speaker, controls.SpeakerField) and speaker.is_new:
            rows.add_case_row(
                self.folder, "bodies", {"name": speaker.text, "kind": speaker.kind.text}
            )
            speaker.offer([*speaker.choices, speaker.text])
            speaker.fill(speaker.text)
        if self.row.value:
            empty = dict.fromkeys(self.fields, "")
            rows.replace_case_row(self.folder, self.table.name, self.row.value, {**empty, **cells})
            return cells.get(self.table.key) or self._short(cells)
        return rows.add_case_row(self.folder, self.table.name, cells) or self._short(cells)

    def _short(self, cells: Mapping[str, str]) -> str:
        """Return the words that tell a row without an id apart."""
        told = [cells.get(name, "") for name in TOLD_BY[self.table.name]]
        return shortened(": ".join(filter(None, told)), 80)

    def _cells(self) -> dict[str, str]:
        """Return the cells that are filled in."""
        cells = {name: field.text for name, field in self.fields.items() if field.text.strip()}
        if self.table.name == "events" and "date" in cells:
            precise = {4: "year", 7: "month", 10: "day"}.get(len(cells["date"]))
            cells |= {"date_precision": precise} if precise else {}
        if self.table.name == "provisions":
            cells["provision"] = (
                f"{cells.get('law', '')} {cells.get('article', '')}".strip().lower()
            )
        if self.row.value and self.table.key:
            cells.setdefault(self.table.key, str(self.row.value))
        return cells

    def _refuse(self, cells: dict[str, str]) -> None:
        """Raise FormError or InputError for a field that can't be used."""
        korean = self.language == KOREAN
        for column in self.columns:
            if self._is_needed(column) and column.name not in cells:
                raise FormError(self._empty(column.name))
        if self.plan.one_of and not any(name in cells for name in self.plan.one_of):
            raise FormError(self._empty(self.plan.one_of[korean]))
        speaker = self.fields.get("said_by")
        if isinstance(speaker, controls.SpeakerField) and speaker.is_new and not speaker.kind.text:
            raise FormError(case_word("say_kind", self.language))
        for fault in rows.row_faults(self.table.name, cells):
            what, remedy = fault.korean if korean else (fault.what, fault.remedy)
            label = case_column_label(self.table, fault.column, self.language)
            raise FormError(f"{label}: {what}{'. ' if korean else '; '}{remedy}.")
        rows.check_row(self.table.name, cells)

    def _empty(self, column: str) -> str:
        label = case_column_label(self.table, column, self.language)
        return case_word("empty", self.language).format(label=label)

    def _say(self, text: str, *, alert: bool = False) -> None:
        self.said.value = said_html(text, alert=alert)


def _used(table: pl.DataFrame, column: str) -> list[str]:
    """Return the texts of a column, in the order of their first use."""
    if column not in table.columns:
        return []
    cells = table[column].drop_nulls().unique(maintain_order=True)
    return [each for each in cells if each.strip()]
