"""Offer the start page of a case folder: its state, its tasks, forms, and the reading desk.

Rows are written by `cases.rows` alone. Nothing in the folder is run or imported; its notebooks are
not opened. Save the notebook's output only where everybody may read the case.
"""

from pathlib import Path
from threading import RLock
from typing import Any

import ipywidgets

from onetomany.cage import accept_weak_isolation
from onetomany.cases.case_folder import Case, is_case_folder, read_case
from onetomany.cases.case_tables import raw_table
from onetomany.cases.columns import case_table
from onetomany.cases.database import FILE, SOURCES, source_files, store_case
from onetomany.cases.marked import SHORT
from onetomany.cases.to_do import DATABASE, FAULT, CaseTask, check_case
from onetomany.documents.case_file import open_case
from onetomany.errors import InputError, OneToManyError
from onetomany.requests.log import read_requests
from .case_fields import language_switch, styled, wide
from .case_forms import RowForm
from .case_plans import PLANS
from .case_words import CASE_STYLE, case_word, counts_html, tasks_html
from .case_work import CaseWork
from .desk import ReadingDesk
from .desk_words import ENGLISH, KOREAN, STYLE, escaped, said_html


def case_page(
    folder: str | Path, *, language: str = ENGLISH, weak_isolation: bool = False
) -> ipywidgets.VBox:
    """Return the start page of a case folder, with forms and the reading desk.

    `language` is 'en' or 'ko'; it can be changed on the page. `weak_isolation` permits reading
    documents on a system that can't isolate the program that parses them. Raises InputError if the
    folder is not a case folder, or its case.toml can't be read.

    Example:
        >>> case_page("leeds", language="ko")  # doctest: +SKIP
    """
    if language not in (ENGLISH, KOREAN):
        raise InputError(f"'{language}' is not a language of the page: give 'en' or 'ko'.")
    if not is_case_folder(Path(folder)):
        raise InputError(f"{folder} is not a case folder: make one with 'onetomany new {folder}'.")
    if weak_isolation:
        accept_weak_isolation()
    try:
        case = read_case(Path(folder).resolve())
    except InputError as error:
        if language == KOREAN and error.ko:
            raise InputError(error.ko, error.ko) from None
        raise
    return CasePage(case, language, weak=weak_isolation).box


class CasePage:
    """The controls of one case's page."""

    def __init__(self, case: Case, language: str, *, weak: bool = False) -> None:
        self.case, self.language, self.weak = case, language, weak
        self.turn = RLock()  # a command that ends refreshes the page from its own thread
        self.tasks: list[CaseTask] = []
        self.fault = ("", "")  # English and Korean
        self.desk: ReadingDesk | None = None
        self.head, self.state, self.todo = (ipywidgets.HTML() for _ in range(3))
        self.titles = {key: ipywidgets.HTML() for key in ("h_state", "h_todo", "h_add", "h_read")}
        self.hint = ipywidgets.HTML()
        self.tongue = language_switch(language)
        self.work = CaseWork(language, self._ended)
        self.buttons = {
            "ingest": self._button(self._ingest, "primary"),
            "check": self._button(self.refresh),
            "report": self._button(self._report),
        }
        self.forms = {name: RowForm(case.folder, name, language, self._saved) for name in PLANS}
        self.panes = ipywidgets.Accordion([form.box for form in self.forms.values()])
        self.reading = ipywidgets.VBox()
        self.box = self._laid_out()
        self.tongue.observe(lambda change: self.translate(change["new"]), names="value")
        self.translate(language)
        self.refresh()

    def _button(self, action: Any, style: str = "") -> Any:
        button = wide(ipywidgets.Button, button_style=style)
        button.on_click(lambda _: action())
        return button

    def _laid_out(self) -> ipywidgets.VBox:
        buttons = styled(ipywidgets.Box(list(self.buttons.values())), "desk-row")
        inside = [
            ipywidgets.HTML(STYLE + CASE_STYLE),
            self.tongue,
            self.head,
            self.titles["h_state"],
            self.state,
            buttons,
            self.work.box,
            self.titles["h_todo"],
            self.todo,
            self.titles["h_add"],
            self.panes,
            self.hint,
            self.titles["h_read"],
            self.reading,
        ]
        return styled(styled(ipywidgets.VBox(inside), "case-page"), "desk")

    # language -------------------------------------------------------------------------------

    def translate(self, language: str) -> None:
        """Set every label and sentence to a language; the forms keep their texts."""
        with self.turn:
            self.language = language
            for key, title in self.titles.items():
                title.value = f"<h3>{case_word(key, language)}</h3>"
            for key, button in self.buttons.items():
                button.description = case_word(key, language)
            for number, (name, form) in enumerate(self.forms.items()):
                self.panes.set_title(number, case_word(f"form_{name}", language))
                form.translate(language)
            self.hint.value = f'<p class="desk-text">{case_word("marked", language)}</p>'
            self.work.translate(language)
            if self.desk:
                self.desk.tongue.value = language
            self._show()

    # state ----------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read the folder again, and show its state and tasks."""
        with self.turn:
            try:
                self.case = read_case(self.case.folder)
                self.tasks, self.fault = check_case(self.case.folder), ("", "")
            except OneToManyError as error:
                self.tasks, self.fault = [], _both(error)
            self._open_desk()
            self._offer_documents()
            self._show()

    def _show(self) -> None:
        about, language = self.case.about, self.language
        title, place = (escaped(about.text(name, language)) for name in ("title", "place"))
        self.head.value = f'<h2>{title}</h2><p class="desk-text desk-place">{place}</p>'
        said = self.fault[language == KOREAN]
        fault = said_html(said, alert=True)
        if said and not self.tasks:
            self.todo.value = fault
            return
        self.state.value = counts_html(self._counts(), self._database(), language)
        self.todo.value = (fault if said else "") + tasks_html(self.tasks, language)

    def _counts(self) -> dict[str, int]:
        folder = self.case.folder
        counts = {"documents": len(source_files(folder))}
        query = "select count(*) from files where depth = 0 and not gone and document is not null"
        for (read,) in self._queried(query):
            counts["read"] = read
        for name in ("claims", "events", "numbers", "bodies", "gaps", "provisions"):
            counts[name] = raw_table(folder, case_table(name))[0].height
        log = folder / "requests"
        return counts | {"requests": len(read_requests(log)) if log.is_dir() else 0}

    def _queried(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query of the case file; none if there is none that can be read."""
        if not self._has_database():
            return []
        try:
            with open_case(self.case.folder / FILE) as db:
                return db.execute(query).fetchall()
        except OneToManyError:  # in use, or damaged: the list of tasks says so
            return []

    def _has_database(self) -> bool:
        return (self.case.folder / FILE).exists()

    def _database(self) -> str:
        if any(task.group == FAULT for task in self.tasks):
            return case_word("unsure", self.language)
        if not self._has_database():
            folder = self.case.folder / SOURCES
            return case_word("no_database", self.language).format(folder=folder)
        stale = any(task.group == DATABASE for task in self.tasks)
        return case_word("stale" if stale else "fresh", self.language)

    def _open_desk(self) -> None:
        """Show the reading desk once there is a case file."""
        if not self.desk and self._has_database():
            try:
                self.desk = ReadingDesk(self.case.folder / FILE, self.language, self.refresh)
            except OneToManyError as error:
                self.fault = _both(error)
                return
            self.desk.tongue.layout.display = "none"  # the page has one of its own
            self.reading.children = (self.desk.box,)
        shown = None if self.desk else "none"
        self.titles["h_read"].layout.display = self.hint.layout.display = shown

    def _offer_documents(self) -> None:
        query = "select document, path from documents order by path limit 5000"
        found = [] if any(self.fault) else self._queried(query)
        documents = {str(document)[:SHORT]: str(path) for document, path in found}
        for form in self.forms.values():
            form.offer(documents)

    # actions --------------------------------------------------------------------------------

    def _saved(self, _: str) -> None:
        """Bring the case file up to date with a changed row, if there is one; then check again."""
        with self.turn:
            lost = None
            if self._has_database():
                try:
                    store_case(read_case(self.case.folder))
                except OneToManyError as error:
                    lost = error
            self.refresh()
            # the row is in the text file; the list of tasks says if the case file lacks it
            if lost and not any(task.group == FAULT for task in self.tasks):
                self.fault = self.fault if any(self.fault) else _both(lost)
                self._show()

    def _ended(self) -> None:
        for button in self.buttons.values():
            button.disabled = False
        self.refresh()

    def _run(self, arguments: list[str], during: str, after: str) -> None:
        for button in self.buttons.values():
            button.disabled = True
        self.work.start(arguments, during, after)

    def _ingest(self) -> None:
        weak = ["--weak-isolation"] if self.weak else []
        self._run(["ingest", "--case", str(self.case.folder), *weak], "ingesting", "ingested")

    def _report(self) -> None:
        self._run(["report", "--case", str(self.case.folder)], "reporting", "reported")


def _both(error: OneToManyError) -> tuple[str, str]:
    """Return an error in English and, if it has a Korean sentence, in Korean."""
    return str(error), getattr(error, "ko", "") or str(error)
