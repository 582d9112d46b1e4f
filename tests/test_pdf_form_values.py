"""Every value of a form is read exactly, or a note says which one is not, and why."""

from __future__ import annotations

import contextlib
import random
import re

import pytest

from form_specimen import Form, every_kind, stream, utf16
from onetomany.formats import pdf_forms
from onetomany.formats.pdf_forms import FormField, _form_fields
from onetomany.formats.reading import Damaged, Reading
from test_extractors import read as read_named


def read(content: bytes) -> Reading:
    return read_named(content, "form.pdf")


def texts(reading: Reading, kind: str) -> list[str]:
    blocks = reading.columns["blocks"]
    return [text for text, each in zip(blocks["text"], blocks["kind"], strict=True) if each == kind]


def notes(reading: Reading, kind: str) -> list[str]:
    held = reading.columns["notes"]
    return [text for text, each in zip(held["text"], held["kind"], strict=True) if each == kind]


def test_every_value_of_every_kind_of_field_is_read() -> None:
    form = every_kind()
    assert len(form.says) + len(form.hidden) >= 49
    reading = read(form.content())
    assert sorted(texts(reading, "field")) == sorted(form.says)
    assert sorted(texts(reading, "hidden")) == sorted(form.hidden)
    text = "\n".join(reading.columns["pages"]["text"])
    assert all(said in text for said in form.says)
    assert "by default" not in text  # nobody filled it in
    assert not notes(reading, "signature")  # an empty field for one is none


def test_fields_without_a_place_and_boxes_that_contradict_are_told() -> None:
    told = notes(read(every_kind().content()), "form")
    assert any(note.startswith("1 boxes") and "split" in note for note in told)
    (unplaced,) = (note for note in told if "no place on a page" in note)
    assert unplaced.startswith("7 fields")
    for name in ("no place", "no page", "street", "rich only", "a name", "a number", "(no name)"):
        assert name in unplaced


def test_each_signature_stands_at_its_own_field() -> None:
    """The first field on the page is the second of the form, and one is empty."""
    form = Form()
    for name in ("Kim", "Lee"):
        value = form.new(
            f"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/adbe.pkcs7.detached/Name({name})"
            f"/M(D:2021102{len(form.fields)}090000Z)/ByteRange[0 10 20 10]/Contents<00FF>>>"
        )
        form.field(f"/FT/Sig/T(by {name})/V {value} 0 R", None)
        form.field(f"/FT/Sig/T(empty {name})", None)
    form.pages[0].reverse()
    reading = read(form.content())
    first, second = texts(reading, "field")
    assert "signed by Lee" in first
    assert "2021-10-22" in first
    assert "signed by Kim" in second
    assert "2021-10-20" in second
    assert len(notes(reading, "signature")) == 2


def test_the_data_of_an_xfa_form_are_read_where_its_fields_hold_none() -> None:
    data = "<xfa:data xmlns:xfa='x'><form><school>Hill School</school><none/></form></xfa:data>"
    form = Form()
    number = form.new(stream(f"<xfa:datasets xmlns:xfa='x'>{data}</xfa:datasets>"))
    reading = read(form.content(f"/XFA[(datasets) {number} 0 R]"))
    assert texts(reading, "field") == ["school: Hill School"]
    (note,) = notes(reading, "form")
    assert "1 values were read from its data" in note


def test_a_form_whose_fields_are_their_own_kids_ends() -> None:
    form = Form()
    loop = form.new()
    form.objects[loop] = f"<</T(loop)/FT/Tx/V(x)/Kids[{loop} 0 R {loop} 0 R {loop} 0 R]>>"
    form.fields.append(loop)
    form.text("plain", "(Nobody)", "Nobody")
    assert "plain: Nobody" in texts(read(form.content()), "field")


def test_a_damaged_table_of_places_is_told() -> None:
    content = re.sub(rb"startxref\n\d+", b"startxref\n7", every_kind().content())
    with pytest.raises(Damaged):
        _form_fields(content)
    reading = read(content)  # PDFium looks for the objects itself
    assert "plain: Nobody" in texts(reading, "field")
    assert any("list of fields can't be read" in note for note in notes(reading, "form"))


def test_a_tree_of_too_many_fields_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_forms, "FIELDS", 5)
    assert len(_form_fields(every_kind().content())) == 5


def test_values_of_the_tree_are_as_they_are_written() -> None:
    form = Form()
    form.text("Korean", utf16("홍길동"), "홍길동")
    form.check("split", "Yes", "Off", "[ ]")
    first, second = _form_fields(form.content())
    assert first == FormField("Korean", "Korean", "Tx", "홍길동")
    assert (second.value, second.shown, second.contradicts) == ("Yes", ("Off",), True)


def test_damaged_forms_end_in_time_and_print_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    content, chance = every_kind().content(), random.Random(17)
    for _ in range(100):
        damaged = bytearray(content)
        for _ in range(chance.randint(1, 40)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        with contextlib.suppress(Damaged):
            _form_fields(bytes(damaged))
    assert capfd.readouterr() == ("", "")
