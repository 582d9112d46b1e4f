"""`python -m benchmarks.organisations [FILE ...]`: how many marked organisations are found.

A file marks names in its texts by [[name]]; {{name}} counts neither way. Found is what begins and
ends where a mark does, but for 'the', (주), ㈜, 주식회사 and a last full stop.
"""

from __future__ import annotations

import random
import re
import sys
from pathlib import Path

from onetomany.mentions import tagger

MARKED = Path(__file__).parent.parent / "tests" / "organisations_marked.txt"
_MARK = re.compile(r"\[\[(?!\[)|\]\]|\{\{|\}\}")
_LOOSE = re.compile(r"^(?:the |㈜|\(주\)|주식회사 )|(?:㈜|\(주\)|[.,])$", re.IGNORECASE)
Span = tuple[int, int]
Counts = tuple[int, int, int]  # marked, found, false


def texts(path: Path) -> list[tuple[str, str, list[Span], list[Span]]]:
    """Return the texts of a file: head, text without marks, places of names, of neither."""
    parts = re.split(r"^### ", path.read_text("utf-8"), flags=re.MULTILINE)[1:]
    return [
        (head, *_unmarked(body.strip("\n"))) for head, _, body in (p.partition("\n") for p in parts)
    ]


def counts(text: str, names: list[Span], neither: list[Span]) -> Counts:
    """Return how many names are marked, found, and found where none is."""
    marked = {_core(text, span) for span in names}
    rows = tagger.rows_in([text])
    found = {_core(text, row[1:3]) for row in rows if row[0] == "organisation"}
    false = {
        (start, end)
        for start, end in found - marked
        if not any(start < last and first < end for first, last in neither)
    }
    return len(marked), len(marked & found), len(false)


def run(path: Path) -> tuple[float, float]:
    """Print recall and precision with intervals over documents; return them."""
    each = [counts(*text[1:]) for text in texts(path)]
    rng = random.Random(1)
    drawn = sorted(_rates([rng.choice(each) for _ in each])[0] for _ in range(2000))
    sure = sorted(_rates([rng.choice(each) for _ in each])[1] for _ in range(2000))
    recall, precision = _rates(each)
    total = [sum(column) for column in zip(*each, strict=True)]
    print(
        f"{path.name}: {len(each)} texts, {total[0]} names, {total[1]} found, {total[2]} false: "
        f"recall {recall:.2f} (95% {drawn[50]:.2f} to {drawn[1949]:.2f}), "
        f"precision {precision:.2f} (95% {sure[50]:.2f} to {sure[1949]:.2f})"
    )
    return recall, precision


def _rates(each: list[Counts]) -> tuple[float, float]:
    marked, found, false = (sum(column) for column in zip(*each, strict=True))
    return found / max(marked, 1), found / max(found + false, 1)


def _unmarked(body: str) -> tuple[str, list[Span], list[Span]]:
    parts: list[str] = []
    names: list[Span] = []
    neither: list[Span] = []
    at = length = start = 0
    for mark in _MARK.finditer(body):
        parts.append(body[at : mark.start()])
        length += mark.start() - at
        at = mark.end()
        if mark[0] in ("[[", "{{"):
            start = length
        else:
            (names if mark[0] == "]]" else neither).append((start, length))
    return "".join([*parts, body[at:]]), names, neither


def _core(text: str, span: tuple[int, ...]) -> Span:
    start, end = span
    while (loose := _LOOSE.search(text[start:end])) and len(loose[0]) < end - start:
        start, end = (
            (start + loose.end(), end) if not loose.start() else (start, end - len(loose[0]))
        )
    return start, end


if __name__ == "__main__":
    for name in sys.argv[1:] or [str(MARKED)]:
        run(Path(name))
