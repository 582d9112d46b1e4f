"""Tables without lines that a heading cuts in two, and rows that are drawn as one text each."""

from __future__ import annotations

import pytest
from reportlab.pdfgen import canvas

import specimens
from onetomany.formats.pdf_lines import Line
from onetomany.formats.pdf_ruled import Lattice, LatticeCell
from onetomany.formats.pdf_tables import _is_figures, _join_cut_tables
from test_extractors import read

HEAD = ("Year", "Total", "Public", "Private")
COLUMNS = (72.0, 200.0, 300.0, 400.0)
HIGH = 9.0


def rows(first: int, many: int) -> list[tuple[str, ...]]:
    return [(str(first + n), f"3,{100 + n}", f"2,{600 + n}", str(380 + n)) for n in range(many)]


def line(x: float, y: float, words: str) -> Line:
    return Line(words, [], None, [(x, y, x + 5 * len(words), y + HIGH)], lambda *box: box)


def part(
    top: float, table: list[tuple[str, ...]], aside: float = 0.0
) -> tuple[Lattice, list[Line]]:
    """A table without lines, whose cells are where their texts are, and its lines."""
    cells, lines = [], []
    for number, row in enumerate(table):
        for column, (x, words) in enumerate(zip(COLUMNS, row, strict=True)):
            lines.append(line(x + aside, top + 12 * number, words))
            cells.append(LatticeCell(number + 1, column + 1, (1, 1), lines[-1].box))
    boxes = [cell.box for cell in cells]
    sides = (min(b[0] for b in boxes), top, max(b[2] for b in boxes), max(b[3] for b in boxes))
    return Lattice(len(table), len(COLUMNS), sides, cells), lines


def test_a_heading_within_a_table_is_a_row_of_it() -> None:
    first, lines = part(100, [HEAD, *rows(1996, 12)])
    second, more = part(280, rows(2011, 8))
    heading = line(72, 266, "Projected")
    (table,) = _join_cut_tables([first, second], [*lines, heading, *more])
    assert (table.rows, table.columns) == (13 + 1 + 8, 4)
    (cell,) = (each for each in table.cells if each.row == 14)
    assert (cell.column, cell.spans, cell.box) == (1, (1, 4), heading.box)
    assert sorted({each.row for each in table.cells}) == list(range(1, 23))
    assert (table.box[1], table.box[3]) == (first.box[1], second.box[3])
    assert len(table.cells) == len(first.cells) + 1 + len(second.cells)


@pytest.mark.parametrize(
    ("between", "begins", "top", "aside"),
    [
        (["Table 17. Schools"], [], 280, 0),  # its title
        (["표 3 학교"], [], 280, 0),
        (["Schools"], [HEAD], 280, 0),  # a head of its own
        (["Numbers are projected by a model of the last section"], [], 280, 0),
        (["It is so."], [], 280, 0),
        (["Projected", "Low", "High"], [], 290, 0),
        ([], [], 280, 0),
        (["Projected"], [], 400, 0),  # too far away
        (["Projected"], [], 280, 9),  # not below each other
    ],
)
def test_two_tables_stay_two(
    between: list[str], begins: list[tuple[str, ...]], top: float, aside: float
) -> None:
    first, lines = part(100, [HEAD, *rows(1996, 12)])
    second, more = part(top, [*begins, *rows(2011, 8)], aside)
    headings = [line(72, 260 + 10 * number, words) for number, words in enumerate(between)]
    assert _join_cut_tables([first, second], [*lines, *headings, *more]) == [first, second]


def test_rows_drawn_as_one_text_each_are_a_table() -> None:
    def draw(page: canvas.Canvas) -> None:
        page.setFont("Courier", 9)
        for number, row in enumerate([HEAD, *rows(1996, 14)]):
            page.drawString(72, 760 - 12 * number, "".join(f"{words:<16}" for words in row))

    held = read(specimens.pdf(draw), "a.pdf").columns["tables"]
    assert list(zip(held["row_count"], held["column_count"], strict=True)) == [(15, 4)]


def test_lines_of_figures_are_told_from_prose() -> None:
    assert _is_figures("Maine 12,640 12,530 12,600")
    assert _is_figures("2003 – (1.5) 45% n.a.")
    assert not _is_figures("in 2019, 12 of 24 bodies answered within 20 days")
    assert not _is_figures("a b c d")
