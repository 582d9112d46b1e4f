"""Cells of a table on a page, and which of them is around a point."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from .reading import Box


class LatticeCell(NamedTuple):
    row: int
    column: int
    spans: tuple[int, int]
    box: Box


@dataclass(frozen=True)
class Lattice:
    rows: int
    columns: int
    box: Box
    cells: list[LatticeCell]

    def cell_at(self, x: float, y: float) -> int | None:
        """Return the number of the cell around a point, the first of several; None outside."""
        xs, ys, slots = self._slots
        if not xs or x < xs[0] or y < ys[0]:
            return None
        return slots.get((max(bisect_left(xs, x), 1), max(bisect_left(ys, y), 1)))

    @cached_property
    def _slots(self) -> tuple[list[float], list[float], dict[tuple[int, int], int]]:
        """Return the edges of cells, and the cell between each two of them."""
        xs = sorted({x for cell in self.cells for x in cell.box[::2]})
        ys = sorted({y for cell in self.cells for y in cell.box[1::2]})
        columns, rows = ({edge: n for n, edge in enumerate(edges, 1)} for edges in (xs, ys))
        slots: dict[tuple[int, int], int] = {}
        for number, cell in enumerate(self.cells):
            x0, y0, x1, y1 = cell.box
            high = range(rows[y0], rows[y1])
            for column in range(columns[x0], columns[x1]):
                for row in high:
                    slots.setdefault((column, row), number)
        return xs, ys, slots
