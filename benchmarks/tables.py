"""How well tables of PDFs are read, by adjacency relations, on files whose tables are known.

    python -m benchmarks.tables FOLDER

FOLDER holds NAME.pdf and, beside it, NAME-str.xml as the ICDAR 2013 table competition has them.
Two cells with something in them that are neighbours in a row or a column are a relation; recall is
the share of the true relations that were found, precision the share of those found that are true
(Göbel, Hassan, Oro and Orsi, A methodology for evaluating algorithms for table understanding in
PDF documents, DocEng 2012; ICDAR 2013 Table Competition). Cells are compared without blanks and
in one form of Unicode (NFKC), and tables page by page, so that a table which was found where none
is costs precision, and one cut in two costs recall.
"""

from __future__ import annotations

import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree

from onetomany.formats.kinds import extract
from onetomany.formats.reading import Reading

Relation = tuple[int, str, str, str]  # page, one cell, the other, and in which direction it is


@dataclass(frozen=True)
class Placed:
    """A cell: its text, and first and last row and column."""

    text: str
    top: int
    bottom: int
    left: int
    right: int


def plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def relations(page: int, cells: Iterable[Placed]) -> Counter[Relation]:
    """Each cell with its nearest neighbours to the right and below, blank cells passed over."""
    kept = [cell for cell in cells if cell.text]
    found: Counter[Relation] = Counter()
    for cell in kept:
        for row in range(cell.top, cell.bottom + 1):
            right = [c for c in kept if c.top <= row <= c.bottom and c.left > cell.right]
            if right:
                nearest = min(right, key=lambda c: c.left)
                found[page, cell.text, nearest.text, "right"] |= 1
        for column in range(cell.left, cell.right + 1):
            below = [c for c in kept if c.left <= column <= c.right and c.top > cell.bottom]
            if below:
                nearest = min(below, key=lambda c: c.top)
                found[page, cell.text, nearest.text, "below"] |= 1
    return found


def true_relations(path: Path) -> Counter[Relation]:
    found: Counter[Relation] = Counter()
    for region in etree.parse(path).iter("region"):
        cells = []
        for cell in region.iter("cell"):
            place = [int(cell.get(name)) for name in ("start-row", "start-col")]
            row = int(cell.get("end-row", place[0]))
            column = int(cell.get("end-col", place[1]))
            text = plain("".join(cell.itertext("content")))
            cells.append(Placed(text, place[0], row, place[1], column))
        found += relations(int(region.get("page")), cells)
    return found


def read_relations(content: bytes, name: str) -> Counter[Relation]:
    reading = Reading()
    extract(content, name, reading)
    columns: dict[str, list[Any]] = reading.columns.get("cells", {})
    tables: dict[tuple[int, int], list[Placed]] = {}
    for values in zip(*columns.values(), strict=True):
        cell = dict(zip(columns, values, strict=True))
        row, column = cell["row_no"], cell["column_no"]
        placed = Placed(plain(cell["text"]), row, row + cell["row_span"] - 1,
                        column, column + cell["column_span"] - 1)  # fmt: skip
        tables.setdefault((cell["page"], cell["table_no"]), []).append(placed)
    found: Counter[Relation] = Counter()
    for (page, _), cells in tables.items():
        found += relations(page, cells)
    return found


def scores(right: int, found: int, true: int) -> tuple[float, float, float]:
    """Precision, recall and F1."""
    precision, recall = right / found if found else 0.0, right / true if true else 0.0
    both = precision + recall
    return precision, recall, 2 * precision * recall / both if both else 0.0


def main() -> None:
    folder = Path(sys.argv[1])
    total = [0, 0, 0]
    singles = []
    for pdf in sorted(folder.glob("*.pdf")):
        truth = pdf.with_name(f"{pdf.stem}-str.xml")
        if not truth.is_file():
            continue
        true, found = true_relations(truth), read_relations(pdf.read_bytes(), pdf.name)
        counts = (true & found).total(), found.total(), true.total()
        total = [one + other for one, other in zip(total, counts, strict=True)]
        precision, recall, f1 = scores(*counts)
        singles.append(f1)
        print(f"{pdf.name:24} precision {precision:.3f} recall {recall:.3f} F1 {f1:.3f}")
    if not singles:
        sys.exit(f"{folder} holds no NAME.pdf with a NAME-str.xml beside it.")
    precision, recall, f1 = scores(total[0], total[1], total[2])
    print(f"\nmicro: precision {precision:.3f} recall {recall:.3f} F1 {f1:.3f}")
    print(f"macro: F1 {sum(singles) / len(singles):.3f} over {len(singles)} documents")


if __name__ == "__main__":
    main()
