"""Shortcuts of reading a PDF give what the long way gives."""

from __future__ import annotations

import numpy as np
import pypdfium2 as pdfium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onetomany.documents import sketch
from onetomany.formats import pdf_ahead, pdf_tables
from onetomany.formats.extraction import _pdf
from onetomany.formats.pdf_ruled import Lattice, _cells, _plumber_tables
from onetomany.formats.pdf_seen import STRIPE, Drawn
from onetomany.formats.pdf_unread import Looked

_PLACES = st.integers(0, 5)
_LINES = st.lists(st.tuples(st.booleans(), _PLACES, _PLACES, _PLACES), min_size=4, max_size=24)


@given(_LINES)
@settings(max_examples=60, deadline=None)
def test_cells_of_crossing_lines_are_pdfplumbers(lines: list[tuple[bool, int, int, int]]) -> None:
    edges = []
    for level, at, one, other in lines:
        first, last = sorted((one, other))
        x0, x1, top, bottom = (first, last, at, at) if level else (at, at, first, last)
        edges.append(
            {"orientation": "h" if level else "v", "x0": 10.0 * x0, "x1": 10.0 * x1,
             "top": 10.0 * top, "bottom": 10.0 * bottom}
        )  # fmt: skip
    plumber = _plumber_tables()
    crossings = plumber.edges_to_intersections(edges, 1, 1)
    assert _cells(crossings) == plumber.intersections_to_cells(crossings)


def test_drawn_rows_are_those_of_the_whole_page() -> None:
    with pdfium.PdfDocument(_pdf()) as pdf:
        held = pdf[0]
        drawn = Drawn(held)
        whole = held.render(scale=drawn.scale, rev_byteorder=True, prefer_bgrx=True).to_numpy()
        rows = slice(STRIPE + 5, 3 * STRIPE - 7)
        window = rows, slice(0, drawn.shape[1])
        assert whole.shape[:2] == drawn.shape
        assert (whole[window] != 255).any()
        np.testing.assert_array_equal(drawn.pixels(window, bare=False), whole[window])
        everything = slice(0, drawn.shape[0]), slice(0, drawn.shape[1])
        np.testing.assert_array_equal(drawn.pixels(everything, bare=False), whole)
        bare = drawn.pixels(everything, bare=True)
        assert (bare != whole).any()


def _several() -> pdfium.PdfDocument:
    made = pdfium.PdfDocument.new()
    with pdfium.PdfDocument(_pdf()) as one:
        for _ in range(3):
            made.import_pages(one)
    return made


def test_tables_of_pages_together_are_those_of_each() -> None:
    with _several() as pdf:
        together = pdf_tables.borderless_tables(pdf, [0, 2])
        assert together == {n: pdf_tables.borderless_tables(pdf, [n])[n] for n in (0, 2)}


def test_a_page_that_liteparse_fails_on_costs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    found = pdf_tables._found
    asked: list[int] = []

    def fails(content: bytes) -> list[list[Lattice]]:
        asked.append(len(pdfium.PdfDocument(content)))
        if len(asked) in (1, 3):  # all together, and the second page alone
            raise RuntimeError("broken")
        return found(content)

    monkeypatch.setattr(pdf_tables, "_found", fails)
    with _several() as pdf:
        tables = pdf_tables.borderless_tables(pdf, [0, 1, 2])
    assert asked == [3, 1, 1, 1]
    assert [isinstance(tables[n], RuntimeError) for n in range(3)] == [False, True, False]


def test_pages_before_one_that_fails_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    looked, turn = Looked, iter(range(3))

    def fails(held: object) -> Looked:
        if next(turn) == 1:
            raise MemoryError
        return looked(held)

    monkeypatch.setattr(pdf_ahead, "Looked", fails)
    with _several() as pdf:
        pages = pdf_ahead.pages_ahead(pdf, 1000)
        assert isinstance(next(pages), pdf_ahead.Ahead)
        assert isinstance(next(pages), MemoryError)


@pytest.mark.parametrize("distinct", [100, 600, 100_000])
def test_smallest_hashes_are_those_of_all(distinct: int) -> None:
    hashes = np.random.default_rng(1).integers(0, distinct, 20_000).astype(np.uint64)
    np.testing.assert_array_equal(sketch._smallest(hashes), np.unique(hashes)[: sketch.SKETCH])
