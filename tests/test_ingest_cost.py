"""What makes ingest cheaper changes no result; what it is compared with reads the same."""

from __future__ import annotations

import ctypes
from importlib import import_module
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdfium2 import raw

from onetomany.documents.case_file import open_case
from onetomany.documents.ingest import ingest
from onetomany.formats import pdf_calls as calls
from onetomany.formats.extraction import _pdf
from onetomany.formats.pdf_ahead import SLOW, _pages_next


def _floats(many: int, kind: Any = ctypes.c_float) -> list[Any]:
    return [kind(-1) for _ in range(many)]


def _asked(function: Any, *given: Any, into: list[Any]) -> tuple[Any, ...]:
    refs = [ctypes.byref(each) for each in into]
    return (int(function(*given, *refs)), *(each.value for each in into))


def test_direct_calls_answer_as_declared_ones_do_for_objects() -> None:
    with pdfium.PdfDocument(_pdf()) as pdf:
        held = pdf[0]  # kept: a page that nobody names is closed
        page = held.raw
        many = raw.FPDFPage_CountObjects(page)
        assert calls.count_objects(page) == many > 40
        kinds = set()
        for number in range(many):
            item, same = raw.FPDFPage_GetObject(page, number), calls.get_object(page, number)
            assert ctypes.addressof(item.contents) == ctypes.addressof(same.contents)
            kind = raw.FPDFPageObj_GetType(item)
            assert calls.object_type(same) == kind
            kinds.add(kind)
            for direct, declared, into in (
                (calls.object_bounds, raw.FPDFPageObj_GetBounds, (4,)),
                (calls.fill_colour, raw.FPDFPageObj_GetFillColor, (4, ctypes.c_uint)),
                (calls.stroke_colour, raw.FPDFPageObj_GetStrokeColor, (4, ctypes.c_uint)),
                (calls.stroke_width, raw.FPDFPageObj_GetStrokeWidth, (1,)),
                (calls.draw_mode, raw.FPDFPath_GetDrawMode, (2, ctypes.c_int)),
            ):
                told = _asked(declared, item, into=_floats(*into))
                assert _asked(direct, same, into=_floats(*into)) == told
            if kind == raw.FPDF_PAGEOBJ_PATH:
                segments = raw.FPDFPath_CountSegments(item)
                assert calls.count_segments(same) == segments > 1
                for place in range(segments):
                    one = raw.FPDFPath_GetPathSegment(item, place)
                    other = calls.get_segment(same, place)
                    assert calls.segment_type(other) == raw.FPDFPathSegment_GetType(one)
                    told = _asked(raw.FPDFPathSegment_GetPoint, one, into=_floats(2))
                    assert _asked(calls.segment_point, other, into=_floats(2)) == told
        assert {raw.FPDF_PAGEOBJ_TEXT, raw.FPDF_PAGEOBJ_PATH} <= kinds
        assert not calls.get_object(page, many)  # beyond the last: a null handle


def test_direct_calls_answer_as_declared_ones_do_for_characters() -> None:
    with pdfium.PdfDocument(_pdf()) as pdf:
        held = pdf[0]
        textpage = held.get_textpage()
        text = textpage.raw
        many = raw.FPDFText_CountChars(text)
        assert many > 400
        for index in [*range(many), many, -1]:
            sides = _asked(raw.FPDFText_GetCharBox, text, index, into=_floats(4, ctypes.c_double))
            again = _asked(calls.ink_box, text, index, into=_floats(4, ctypes.c_double))
            assert again == sides
            assert calls.char_index(text, index) == raw.FPDFText_GetCharIndexFromTextIndex(
                text, index
            )
            assert calls.is_generated(text, index) == raw.FPDFText_IsGenerated(text, index)


@given(st.sampled_from([1, 32]), st.lists(st.floats(0, 100), max_size=20))
def test_pages_at_a_time_shrink_by_half_and_grow_back(allowed: int, looks: list[float]) -> None:
    most = allowed
    for seconds in looks:
        now = _pages_next(most, allowed, seconds)
        assert 1 <= now <= allowed
        assert now >= most // 2
        if seconds > SLOW:
            assert now < most or most == 1
        most = now
    for _ in range(5):
        most = _pages_next(most, allowed, 0.0)
    assert most == allowed


@pytest.mark.real
def test_what_the_cage_is_compared_with_reads_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1]))
    compared: Any = import_module("benchmarks.ingest")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(_pdf())
    (folder / "b.txt").write_text("법무부는 2019년 4월 30일 인천공항에서 말했다.")
    found = []
    for name, readers in (("caged", None), ("uncaged", compared.UncagedReaders(1))):
        ingest(folder, tmp_path / f"{name}.duckdb", workers=1, ocr=False, readers=readers)
        with open_case(tmp_path / f"{name}.duckdb") as db:
            rows = [
                db.execute(f"SELECT * FROM {table} ORDER BY ALL").fetchall()
                for table in ("pages", "blocks", "tables", "cells", "notes")
            ]
            isolation = db.execute("SELECT value FROM meta WHERE key = 'isolation'").fetchall()
        found.append((rows, isolation))
    (caged, held), (uncaged, none) = found
    assert caged == uncaged
    assert len(caged[0]) == 2
    assert "seccomp" in held[0][0]
    assert none == []
