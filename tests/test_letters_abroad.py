"""Letters under the laws of other countries, in their authorities' languages."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pypdfium2
import pytest

from onetomany.cli import main
from onetomany.errors import InputError
from onetomany.requests import drafts, letter_files, letter_templates, letters, registers
from onetomany.requests.procedures import procedures, requests_folder

LAWS, TEMPLATES, FRAMES = procedures(), letter_templates.templates(), letter_templates.frames()
OWN = ("face_search", "own_face_data", "automated_decision")
FIELDS = {
    "date": "2026-11-24",
    "body": "Ministry",
    "system": "Clearview",
    "period": "2024 - 2026",
    "fee_limit": "50",
    "name": "Hong Gildong",
    "address": "400 World Cup buk-ro",
    "contact": "gildong@example.org",
    "identity": "M12345678",
}
PAIRS = [(name, law) for name in OWN for law in TEMPLATES[name].procedures]


def bare(text: str) -> str:
    return re.sub(r"[\s\u00ad\ufffe]", "", text)


@pytest.mark.parametrize(("name", "law"), PAIRS)
def test_each_is_written_in_the_authoritys_language_english_and_korean(name: str, law: str) -> None:
    own = letters.letter(name, law, FIELDS)
    assert own.tag == LAWS[law].language
    assert own.notices == ()
    written = letter_templates.languages_of(TEMPLATES[name], FRAMES[law])
    assert {own.language, "en", "ko"} <= set(written)
    for language in written:
        other = letters.letter(name, law, FIELDS, language)
        shape = [(block.kind, len(block.items)) for block in other.blocks]
        assert shape == [(block.kind, len(block.items)) for block in own.blocks]
        assert bool(re.search("[가-힣]", other.text)) == (language == "ko")
        assert "{" not in other.text


@pytest.mark.parametrize("law", ["fr-crpa", "nl-woo", "br-lai", "us-ma-prl", "jp-joho"])
def test_the_pdf_says_what_the_letter_says(law: str) -> None:
    made = letters.letter("face_search", law, FIELDS)
    pages = pypdfium2.PdfDocument(letter_files.to_pdf(made))
    found = "".join(
        re.sub(rf"\s*{n} / {len(pages)}\s*$", "", page.get_textpage().get_text_bounded())
        for n, page in enumerate(pages, 1)
    )
    assert bare(found) == bare(made.text)


def test_a_letter_in_a_script_that_no_font_has_comes_without_a_pdf_and_says_so(
    tmp_path: Path,
) -> None:
    made = letters.letter("face_search", "jp-joho", FIELDS | {"name": "กระทรวง"})
    with pytest.raises(InputError, match=r"fonts lack '.+': send the Word file.*워드 파일"):
        drafts.write_letter(made, None, "one", tmp_path)
    assert {path.suffix for path in tmp_path.iterdir()} == {".md", ".docx"}


def test_every_law_has_a_letter() -> None:
    assert set(FRAMES) == set(LAWS)
    asked = {law for each in TEMPLATES.values() for law in each.procedures}
    assert asked == set(LAWS)


def test_the_ai_register_says_what_the_public_may_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Article 49(4): A.1 to 10 without 6, 8 and 9, and C.1 to 3, are in a part that is closed."""
    found = registers.ai_register()
    assert found.schema == pl.Schema(registers.AI_REGISTER)
    kept = found.filter(police_migration_border="registered")["item"].to_list()
    assert kept == [*(f"A.{n}" for n in (1, 2, 3, 4, 5, 7, 10)), "C.1", "C.2", "C.3"]
    assert main(["requests", "register"]) == 0
    assert "A.6: data and inputs" in capsys.readouterr().out
    text = (requests_folder() / "registers" / "eu-ai-act.csv").read_text("utf-8")
    monkeypatch.chdir(tmp_path)
    for name in ("laws", "registers"):
        Path("data_requests", name).mkdir(parents=True)
    other = Path("data_requests", "registers", "eu-ai-act.csv")
    other.write_text(text.replace("left out", "open"), "utf-8")
    with pytest.raises(InputError, match="'police_migration_border' must be one of"):
        registers.ai_register()
