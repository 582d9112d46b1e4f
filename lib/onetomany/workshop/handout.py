"""Write the chapters for their users: one language, folded code, room for answers, a start page."""

import shutil
from pathlib import Path
from typing import Any

import nbformat

from onetomany.errors import InputError
from onetomany.report.blocks import read_chapter
from onetomany.report.tags import ANSWER, EXERCISE, REPORT_ONLY

START = "start.md"
BOTH = "both"
LANGUAGES = ("en", "ko", BOTH)
_ROOM = {
    "en": "# Your answer.\n",
    "ko": "# 여기에 답을 쓴다.\n",
    BOTH: "# Your answer. 여기에 답을 쓴다.\n",
}
_OPENING = {
    "en": "Open a chapter by its title, then run it from the top: *Run*, *Run All Cells*. "
    "{folded}Answers to the exercises are folded away; a click on the three dots shows one.",
    "ko": "장의 제목을 눌러 연 뒤 위에서부터 실행한다(*Run*, *Run All Cells*). "
    "{folded}연습의 답은 접혀 있으며 점 세 개를 누르면 펼쳐진다.",
}
_FOLDED = {
    "en": "The code is folded away: *View*, *Expand All Code* shows it. ",
    "ko": "코드는 접혀 있으며 *View*, *Expand All Code*를 누르면 모두 보인다. ",
}
_TITLE = {"en": "One-to-Many", "ko": "일대다", BOTH: "One-to-Many · 일대다"}
_HEAD = {"en": "Chapter", "ko": "장"}
_SPEAK = {
    "en": "# This copy speaks English: 'ko' makes it speak Korean from here on.\n",
    "ko": "# 이 사본은 한국어로 말한다. 'en'으로 바꾸면 여기서부터 영어로 말한다.\n",
}
_USE = "from onetomany.widgets import use_language\n\nuse_language({language!r})"


def start_page(notebooks: Path, language: str = BOTH, *, folded: bool = False) -> str:
    """Return Markdown with one card per chapter, in one language or in both.

    A card has the number, title, question and time of the chapter's opening. With `folded` the page
    says how to see the code. Raises InputError if there is no chapter.
    """
    spoken = ("en", "ko") if language == BOTH else (language,)
    cards = []
    for path in _chapters(notebooks):
        chapter = read_chapter(path.stem, nbformat.read(path, as_version=4), notebooks)
        made = {
            "en": _card(path.name, chapter.title, chapter.question, chapter.takes),
            "ko": _card(path.name, chapter.title_ko, chapter.question_ko, chapter.takes_ko),
        }
        cards.append(f"| {chapter.number} | {' | '.join(made[each] for each in spoken)} |")
    opening = (
        _OPENING[each].format(folded=_FOLDED[each] if folded else "") + "\n\n" for each in spoken
    )
    return (
        f"# {_TITLE[language]}\n\n{''.join(opening)}"
        f"| | {' | '.join(_HEAD[each] for each in spoken)} |\n|---{'|---' * len(spoken)}|\n"
        + "\n".join(cards)
        + "\n"
    )


def write_handout(
    notebooks: Path, out: Path, language: str = BOTH, *, folded: bool = True
) -> list[Path]:
    """Copy the chapters for a user, with room for answers; return the paths written.

    A copy in 'en' or 'ko' has the texts of that language, and its code speaks it too; 'both' keeps
    both. With `folded` JupyterLab shows a chapter's code only when asked; the kit's own answers
    are folded away in any case. `out` must be new or empty, so that no answer is overwritten.
    """
    if language not in LANGUAGES:
        raise InputError(f"'{language}' is not a language: give one of {', '.join(LANGUAGES)}.")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} is not empty, and answers in it would be lost: name a new folder.")
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for path in _chapters(notebooks):
        target = out / path.name
        notebook = nbformat.read(path, as_version=4)
        notebook.cells = [
            cell for cell in notebook.cells if REPORT_ONLY not in cell.metadata.get("tags", [])
        ]
        if folded:
            _fold(notebook, path.stem)
        if language != BOTH:
            _speak(notebook, language, path.stem)
        nbformat.write(_with_room(notebook, language), target)
        written.append(target)
    start = out / START
    start.write_text(start_page(notebooks, language, folded=folded), encoding="utf-8")
    for image in sorted(notebooks.glob("*.png")):
        shutil.copyfile(image, out / image.name)
    return [start, *written]


def _fold(notebook: Any, stem: str) -> None:
    """Fold the code away, and say below the chapter's opening how to see it."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.metadata.setdefault("jupyter", {})["source_hidden"] = True
    first = _first_code(notebook)
    notebook.cells[first:first] = [
        _own_cell(nbformat.v4.new_markdown_cell(text.strip(), metadata={"tags": [each]}),
                  stem, f"folded-{each}")
        for each, text in _FOLDED.items()
    ]  # fmt: skip


def _speak(notebook: Any, language: str, stem: str) -> None:
    """Leave out the texts in the other language, and let the code speak this one."""
    other = "ko" if language == "en" else "en"
    notebook.cells = [cell for cell in notebook.cells if other not in cell.metadata.get("tags", [])]
    code = nbformat.v4.new_code_cell(
        _SPEAK[language] + _USE.format(language=language),
        metadata={"jupyter": {"source_hidden": True}},
    )
    first = _first_code(notebook)
    notebook.cells.insert(first, _own_cell(code, stem, "language"))


def _first_code(notebook: Any) -> int:
    codes = (n for n, cell in enumerate(notebook.cells) if cell.cell_type == "code")
    return next(codes, len(notebook.cells))


def _own_cell(cell: Any, stem: str, name: str) -> Any:
    """Return a cell with a fixed id: two copies of the kit's notebooks must be the same bytes."""
    cell["id"] = f"{stem[:40]}-{name}"
    return cell


def _with_room(notebook: Any, language: str = BOTH) -> Any:
    """Return the notebook with an empty code cell before the first answer to each question."""
    cells: list[Any] = []
    asked = False
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if ANSWER in tags:
            if asked:
                room = nbformat.v4.new_code_cell(_ROOM[language], metadata={"tags": [EXERCISE]})
                cells.append(_own_cell(room, cell["id"], "room"))
            asked = False
            cell.metadata["jupyter"] = {"source_hidden": True, "outputs_hidden": True}
        elif EXERCISE in tags:
            asked = True
        cells.append(cell)
    notebook.cells = cells
    return notebook


def _chapters(notebooks: Path) -> list[Path]:
    paths = sorted(Path(notebooks).glob("[0-9][0-9]_*.ipynb"))
    if not paths:
        raise InputError(f"There are no chapters (NN_name.ipynb) in {notebooks}.")
    return paths


def _card(file: str, title: str, question: str, takes: str) -> str:
    text = f"**[{title}]({file})**<br>{question}" + (f"<br>*{takes}*" if takes else "")
    return text.replace("|", "\\|").replace("\n", " ")
