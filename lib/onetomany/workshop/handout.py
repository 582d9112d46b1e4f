"""Write the chapters for participants: room for answers, and a start page that links to them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import nbformat

from onetomany.errors import InputError
from onetomany.report.blocks import read_chapter
from onetomany.report.tags import ANSWER, EXERCISE

START = "start.md"
_ROOM = "# Your answer. 여기에 답을 쓴다.\n"


def start_page(notebooks: Path) -> str:
    """Return Markdown with one card per chapter, in both languages.

    A card has the number, title, question and time of the chapter's opening. Raises InputError if
    there is no chapter.
    """
    cards = []
    for path in _chapters(notebooks):
        chapter = read_chapter(path.stem, nbformat.read(path, as_version=4), notebooks)
        english = _card(path.name, chapter.title, chapter.question, chapter.takes)
        korean = _card(path.name, chapter.title_ko, chapter.question_ko, chapter.takes_ko)
        cards.append(f"| {chapter.number} | {english} | {korean} |")
    return (
        "# One-to-Many · 일대다\n\n"
        "Open a chapter by its title, then run it from the top: *Run*, *Run All Cells*. "
        "Answers to the exercises are folded away; a click on the three dots shows one.\n\n"
        "장의 제목을 눌러 연 뒤 위에서부터 실행한다(*Run*, *Run All Cells*). "
        "연습의 답은 접혀 있으며 점 세 개를 누르면 펼쳐진다.\n\n"
        "| | Chapter | 장 |\n|---|---|---|\n" + "\n".join(cards) + "\n"
    )


def write_handout(notebooks: Path, out: Path) -> list[Path]:
    """Copy the chapters for participants, with room for answers; return the paths written.

    The kit's own answers are folded away. `out` must be new or empty, so that no participant's
    answer is overwritten.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(
            f"{out} is not empty; name a new folder, because answers in it would be lost."
        )
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for path in _chapters(notebooks):
        target = out / path.name
        nbformat.write(_with_room(nbformat.read(path, as_version=4)), target)
        written.append(target)
    start = out / START
    start.write_text(start_page(notebooks), encoding="utf-8")
    for image in sorted(notebooks.glob("*.png")):
        shutil.copyfile(image, out / image.name)
    return [start, *written]


def _with_room(notebook: Any) -> Any:
    """Return the notebook with an empty code cell before the first answer to each question."""
    cells: list[Any] = []
    asked = False
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if ANSWER in tags:
            if asked:
                room = nbformat.v4.new_code_cell(_ROOM, metadata={"tags": [EXERCISE]})
                # two copies of the kit's notebooks must be the same bytes
                room["id"] = f"{cell['id']}-room"[:64]
                cells.append(room)
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
