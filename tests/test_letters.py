"""Letters an officer accepts: their language, choices, questions, pages, and the form."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import docx
import ipywidgets
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onetomany import widgets
from onetomany.cli import main
from onetomany.errors import InputError
from onetomany.requests import drafts, languages, letter_files, letter_templates, letters, log
from onetomany.requests.procedures import procedures, requests_folder
from onetomany.widgets import letters as form_module

TEMPLATES, FRAMES, LAWS = letter_templates.templates(), letter_templates.frames(), procedures()
ME = {
    "name": "Marisol Dela Cruz",
    "birth_date": "1980-02-03",
    "address": "14 Mabini Street, Malate, Manila 1004",
    "contact": "marisol@example.org",
    "travel": "ICN KE703",
    "identity": "P1234567A",
}
FIELDS = {
    "date": "2026-11-24",
    "body": "The Authority",
    "system": "System X-1",
    "period": "2019 to 2022",
    "purpose": "oversight",
    "fee_limit": "20",
    "proof": "three articles",
    "fee_category": "news_media",
    "fee_waiver": "yes",
    "fee_reduction": "nonprofit",
    "expedite": "inform_public",
    "urgency": "a vote on 15 December",
    "residence": "resident",
    **ME,
}
CHOICES = {
    name: each.options for name, each in letter_templates.letter_fields().items() if each.options
}
# for whatever else a law asks: the first choice, or a word
FILLED = {
    name: next(iter(each.options), "X") for name, each in letter_templates.letter_fields().items()
} | FIELDS
# what would be left of a choice that no frame words
IDS = {each for name, options in CHOICES.items() for each in (name, *options) if "_" in each}
PAIRS = [(name, law) for name, each in TEMPLATES.items() for law in each.procedures]
MOST_PAGES = 2
DATES = {"de": "24. November 2026", "ko": "2026년 11월 24일", "en": "24 November 2026"}


def pages_of(content: bytes) -> list[str]:
    """The text of each page of a PDF."""
    return [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(content)]


def bare(text: str) -> str:
    return re.sub(r"[\s\x02\u00ad\ufffe-]", "", text)


def check_pages(made: letters.Letter, pages: list[str]) -> None:
    """A letter's pages say all that it says, in its language's way, and nothing is left open."""
    assert 0 < len(pages) <= MOST_PAGES
    text = re.sub(r"(?m)^\s*\d / \d\s*$", "", "\n".join(pages))
    assert bare(made.text) in bare(text)
    assert not re.search(r"\{\{|\{%|〔|None|Undefined|\?\?", text)
    assert "'" not in text  # quotes are those of the language
    assert '"' not in text
    date = DATES.get(made.language, languages.written_date(made.date, made.tag))
    said = "November 24, 2026" if made.tag == "en-US" else date
    assert bare(said) in bare(text)  # Japanese is set with a gap after a number
    assert not [each for each in IDS if each in text]


@pytest.mark.parametrize(("name", "law"), PAIRS)
def test_each_letter_is_whole_in_each_of_its_languages(name: str, law: str) -> None:
    made = letters.letter(name, law, FILLED)
    assert made.language == letters.law_language(law).partition("-")[0]
    assert not made.notices
    written = letter_templates.languages_of(TEMPLATES[name], FRAMES[law])
    assert {made.language, "en", "ko"} <= set(written)
    for language in written:
        if language == made.language:
            continue
        beside = letters.letter(name, law, FILLED, language)
        mark = letter_files._reading_mark(made, beside)
        own: list[str] = []
        along: list[str] = []
        for page in pages_of(letter_files.to_pdf(made, beside)):
            (along if bare(mark) in bare(page) else own).append(page)
        check_pages(made, own)
        heads = re.compile(re.escape(bare(mark)))  # in the head and at the foot of each page
        check_pages(beside, ["".join(page.split(mark)) for page in along])
        assert all(len(heads.findall(bare(page))) == 2 for page in along)


def test_a_german_authority_gets_german_and_another_language_is_told_the_article() -> None:
    made = letters.letter("deletion", "de-ifg", FIELDS)
    assert made.tag == "de-DE"
    assert "beantrage ich Zugang" in made.text
    [notice] = letters.letter("deletion", "de-ifg", FIELDS, "en").notices
    assert "VwVfG section 23(1), (3)" in notice
    assert "has a translation" in notice
    assert "VwVfG § 23(1), (3)" in [each.article for each in FRAMES["de-ifg"].provisions]
    # a date that begins with a number and a point is no list, in no form of the letter
    assert made.blocks[-2].text == "24. November 2026"
    assert made.blocks[-2].kind == "closing"
    assert "\n24\\. November" in made.markdown


def test_a_letter_that_is_not_written_in_the_language_is_refused_in_a_sentence() -> None:
    with pytest.raises(InputError, match="'mou' under 'kr-oida' is not written in 'de'") as told:
        letters.letter("mou", "kr-oida", FIELDS, "de")
    assert "\n" not in str(told.value)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of data_requests/ to be changed, which the working directory has."""
    own = shutil.copytree(requests_folder(), tmp_path / "data_requests")
    monkeypatch.chdir(tmp_path)
    return own


def changed(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_a_law_without_the_new_fields_still_makes_letters(home: Path) -> None:
    changed(home / "laws" / "uk-foia-2000.toml", 'language = "en-GB"\n', "")
    made = letters.letter("cameras", "uk-foia-2000", FIELDS)
    assert (made.language, made.tag) == ("en", "en")
    changed(home / "laws" / "us-foia.toml", 'language = "en-US"', 'language = "fr-FR"')
    with pytest.raises(InputError, match="the authority's language, 'fr'"):
        letters.letter("cameras", "us-foia", FIELDS)
    changed(home / "laws" / "us-foia.toml", 'language = "fr-FR"', 'language = "French"')
    with pytest.raises(InputError, match="'language' is 'French': it must be such as"):
        letters.letter("cameras", "us-foia", FIELDS)


@pytest.mark.parametrize(
    ("law", "choice"),
    [
        ("us-foia", "fee_category"),
        ("us-foia", "fee_waiver"),
        ("kr-oida", "fee_reduction"),
        ("eu-1049-2001", "residence"),
    ],
)
def test_a_missing_choice_is_one_sentence_that_names_what_there_is(law: str, choice: str) -> None:
    with pytest.raises(InputError) as told:
        letters.letter("cameras", law, {**FIELDS, choice: ""})
    said = str(told.value)
    assert "\n" not in said
    assert f"lacks the choice '{choice}'" in said
    for each in letter_templates.letter_fields()[choice].options:
        assert each in said
    with pytest.raises(InputError, match=f"'{choice}' is 'press'.*must be one of"):
        letters.letter("cameras", law, {**FIELDS, choice: "press"})


@pytest.mark.parametrize(
    ("change", "present", "absent"),
    [
        ({}, ["(a)(4)(A)(ii)(II)", "(a)(4)(A)(iii)", "Enclosed: three articles"], []),
        ({"fee_category": "other"}, ["(a)(4)(A)(ii)(III)", "Enclosed: three"], ["news media"]),
        (
            {"fee_category": "commercial", "fee_waiver": "no", "proof": "", "purpose": ""},
            ["for commercial use under", "exceed 20"],
            ["waiver", "Enclosed", "not sought"],
        ),
        (
            {"fee_category": "educational", "fee_waiver": "no", "purpose": ""},
            ["scholarly research", "Enclosed: three"],
            ["waiver"],
        ),
        ({"expedite": "no", "urgency": ""}, [], ["Expedited", "I certify"]),
        (
            {"expedite": "safety"},
            ["552(a)(6)(E)", "imminent threat", "true and correct to the best of my knowledge"],
            ["primarily engaged"],
        ),
    ],
)
def test_an_american_letter_says_what_was_chosen(
    change: dict[str, str], present: list[str], absent: list[str]
) -> None:
    text = letters.letter("contracts", "us-foia", FIELDS | change).text
    assert all(each in text for each in present)
    assert not [each for each in absent if each in text]


@pytest.mark.parametrize(
    ("law", "change", "why"),
    [
        ("us-foia", {"proof": ""}, r"proof \(what you enclose"),
        ("us-foia", {"urgency": " "}, r"urgency \(the facts"),
        ("us-foia", {"fee_category": "commercial"}, "fee_waiver=yes exclude each other"),
        ("kr-oida", {"proof": ""}, r"proof \(what you enclose"),
    ],
)
def test_a_choice_asks_for_what_it_rests_on(law: str, change: dict[str, str], why: str) -> None:
    with pytest.raises(InputError, match=why):
        letters.letter("contracts", law, FIELDS | change)


def test_a_reduction_names_its_ground_and_its_proof_and_none_asks_for_nothing() -> None:
    grounds = {"nonprofit": "제3항제1호", "education": "제3항제2호", "public_good": "제3항제3호"}
    for ground, article in grounds.items():
        text = letters.letter("mou", "kr-oida", FIELDS | {"fee_reduction": ground}).text
        assert article in text
        assert "제17조제4항의 소명자료): three articles" in text
    bare_fields = FIELDS | {"fee_reduction": "none", "purpose": "", "proof": ""}
    assert "감면" not in letters.letter("mou", "kr-oida", bare_fields).text


def test_a_european_letter_says_on_what_the_right_rests() -> None:
    said = {
        "citizen": "citizen of the European Union and have a right",
        "resident": "reside in a Member State of",
        "seat": "registered office in a Member State",
        "neither": "under Article 2 (2)",
    }
    for choice, words in said.items():
        text = letters.letter("cameras", "eu-1049-2001", FIELDS | {"residence": choice}).text
        assert words in text
        assert not [each for key, each in said.items() if key != choice and each in text]


def test_a_version_to_read_along_is_marked_on_each_page_and_not_counted() -> None:
    made = letters.letter("accuracy_tests", "de-ifg", FIELDS)
    beside = letters.letter("accuracy_tests", "de-ifg", FIELDS, "ko")
    alone, both = pages_of(letter_files.to_pdf(made)), pages_of(letter_files.to_pdf(made, beside))
    assert len(both) > len(alone)
    marks = ("Nicht Teil des Schreibens", "청구서의 일부가 아님")
    for number, page in enumerate(both):
        assert all((mark in page) == (number >= len(alone)) for mark in marks)
    assert [bare(page) for page in both[: len(alone)]] == [bare(page) for page in alone]
    assert f"{len(alone)} / {len(alone)}" in both[len(alone) - 1]
    paragraphs = docx.Document(io.BytesIO(letter_files.to_docx(made, beside))).paragraphs
    text = "\n".join(each.text for each in paragraphs)
    assert text.index("Unterschrift") < text.index(marks[0]) < text.index("신청인")
    markdown = letter_files.to_markdown(made, beside)
    assert markdown.startswith(made.markdown)
    assert markdown.index("\n---\n") < markdown.index(marks[1])


def test_american_letters_are_on_american_paper_and_word_knows_the_language() -> None:
    for law, size, tag in (("us-foia", (612, 792), "en-US"), ("uk-foia-2000", (595, 842), "en-GB")):
        made = letters.letter("cameras", law, FIELDS)
        page = pypdfium2.PdfDocument(letter_files.to_pdf(made))[0]
        assert tuple(map(round, page.get_size())) == size
        document = docx.Document(io.BytesIO(letter_files.to_docx(made)))
        assert f'w:lang w:val="{tag}"' in document.styles["Normal"].element.xml
        heading = document.styles["Heading 1"].element.xml
        assert 'w:eastAsia="Malgun Gothic"' in heading
        assert "Theme=" not in re.findall(r"<w:rFonts[^>]*>", heading)[0]
        assert document.sections[0].page_width.pt == pytest.approx(size[0], abs=1)


def test_long_german_words_break_and_addresses_never_do() -> None:
    long = "Donaudampfschifffahrtsgesellschaftsstraße"
    made = letters.letter("deletion", "de-ifg", FIELDS | {"address": " ".join([long] * 6)})
    text = "".join(pages_of(letter_files.to_pdf(made)))
    assert text.count(long) == 6
    words = re.findall(r"(?<![\w-])[a-zäöüß]{8,}(?![\w-])", made.text)
    assert [word for word in words if word not in text and word in bare(text)]


def test_a_citation_stays_on_one_line() -> None:
    for body in ("A", "A much longer name of an authority " * 2, "Agency " * 9):
        made = letters.letter("cameras", "us-foia", FIELDS | {"system": body})
        for line in "\n".join(pages_of(letter_files.to_pdf(made))).splitlines():
            assert not re.search(r"(U\.S\.C\.|§|\b5)\s*$", line)


@pytest.mark.parametrize(
    ("language", "items", "asked"),
    [
        ("en", ["the contract", "Why was it ended?", "how many there were"], [2, 3]),
        ("en", ["whose name it is", "the list of who took part", "Howard's report"], [1]),
        ("en", ["where they exist, the contracts", "where the servers stood"], [2]),
        ("de", ["wo vorhanden, die Verträge", "wann die Daten gelöscht wurden"], [2]),
        ("ko", ["계약서 전문", "삭제하였는지 여부", "몇 명입니까?", "파기하였는지"], [2, 3, 4]),
        ("ko", ["감사 실시 여부에 관한 결정", "여부를 적은 문서"], []),
        ("de", ["der Vertrag", "wer ihn unterschrieb", "Werbung und Wartung", "ob"], [2, 4]),
        ("fr", ["le contrat", "combien ?"], [2]),
    ],
)
def test_questions_of_fact_are_known(language: str, items: list[str], asked: list[int]) -> None:
    assert languages.fact_questions(items, language) == asked


def test_a_question_among_documents_is_told_and_one_apart_is_printed_apart(home: Path) -> None:
    path = home / "templates" / "contracts.md.j2"
    changed(path, "3. the clauses on the ownership", "3. who owns the models, and the clauses on")
    [notice] = letters.letter("contracts", "us-foia", FIELDS).notices
    assert notice.startswith("Item 3 reads as a question of fact")
    # a law that gives a right to answers is not warned of them
    assert FRAMES["eu-gdpr-15"].answers
    assert not letters.letter("own_data", "eu-gdpr-15", FIELDS).notices
    made = letters.letter("cameras", "us-foia", FIELDS)
    kinds = [(block.kind, block.text) for block in made.blocks]
    place = kinds.index(("heading", "Questions of fact"))
    assert [kind for kind, _ in kinds[place - 1 : place + 3]] == [
        "list",
        "heading",
        "paragraph",
        "list",
    ]
    assert made.blocks[place + 2].items[0].endswith("?")
    assert "?" not in "".join(made.blocks[place - 1].items)


def test_questions_must_be_in_each_language_of_the_letter(home: Path) -> None:
    path = home / "templates" / "cameras.md.j2"
    text = path.read_text("utf-8")
    path.write_text(re.sub(r'(?m)^de = \["Wie.*\n', "", text), "utf-8")
    with pytest.raises(InputError, match="'questions' must be in en, ko, de"):
        letter_templates.templates()


def test_a_language_needs_twelve_months(home: Path) -> None:
    changed(home / "templates" / "languages.toml", '"Januar", ', "")
    with pytest.raises(InputError, match=r"'de.months' must be twelve"):
        languages.letter_languages()


@given(day=st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31)))
@settings(max_examples=20, deadline=None)
def test_each_language_writes_each_day_by_its_numbers(day: dt.date) -> None:
    for tag in ("de-DE", "en-US", "en-GB", "ko-KR", "fr", "ja", "nl", "es", "it", "pt"):
        said = languages.written_date(day, tag)
        assert {str(day.day), str(day.year)} <= set(re.findall(r"\d+", said))
        assert "{" not in said
    assert languages.written_date(day, "en-US").index(str(day.year)) > 3


# the form

OTHERS: set[str] = set()  # widgets that other tests of this process left


def widgets_held() -> dict[str, Any]:
    return dict(ipywidgets.Widget.get_manager_state()["state"])


@pytest.fixture
def form(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Any, list[str], Path]:
    """The form's inside, what it displays, and where it writes."""
    shown: list[str] = []
    monkeypatch.setattr(form_module, "display", lambda piece: shown.append(piece.data))
    monkeypatch.setattr(letters, "requester", dict)
    (tmp_path / "log").mkdir()
    OTHERS.clear()
    OTHERS.update(widgets_held())
    made = form_module._LetterForm(None, tmp_path / "out", tmp_path / "log")
    return made, shown, tmp_path


def type_in(inside: Any) -> None:
    for name, value in ME.items():
        inside.private[name].value = value


def test_days_are_picked_and_a_day_of_birth_is_forgotten(
    form: tuple[Any, list[str], Path],
) -> None:
    inside, shown, _ = form
    inside.gap.value = "own_data"
    inside.born.value = dt.date(1980, 2, 3)
    assert inside.typed["birth_date"] == "1980-02-03"
    assert inside.born.value is None
    assert everything_saved(shown).count("1980") == 0  # pytest would compare such a text for hours
    first, last = inside.ends
    before = inside.fields["period"].value
    first.value = dt.date(2019, 4, 30)
    assert inside.fields["period"].value == before  # one day is no period
    last.value = dt.date(2022, 3, 31)
    for language, words in (
        ("ko", "2019년 4월 30일 – 2022년 3월 31일"),
        ("en", "30 April 2019 – 31 March 2022"),
    ):
        inside.language.value, first.value, last.value = language, None, None
        first.value, last.value = dt.date(2019, 4, 30), dt.date(2022, 3, 31)
        assert inside.fields["period"].value == words


def everything_saved(shown: list[str]) -> str:
    """What a notebook would hold: the state of the form, and all outputs; without random ids."""
    state = {key: held for key, held in widgets_held().items() if key not in OTHERS}
    saved = json.dumps(state, ensure_ascii=False, default=str) + "".join(shown)
    return re.sub("[0-9a-f]{32}", "", saved)


def test_names_and_addresses_stand_in_the_letter_and_nowhere_else(
    form: tuple[Any, list[str], Path],
) -> None:
    inside, shown, where = form
    inside.gap.value = "own_data"
    type_in(inside)
    inside.write.click()
    assert "Written" in inside.said.value
    inside.sent.click()
    text = "".join(pages_of(next((where / "out").glob("*.pdf")).read_bytes()))
    kept = everything_saved(shown) + "".join(
        path.read_text("utf-8") for path in (where / "log").iterdir()
    )
    for value in ME.values():
        assert bare(value) in bare(text)
        assert value not in kept
        assert value[:9] not in kept
    assert all(field.value == "" for field in inside.private.values())
    assert "〔Name 성명〕" in shown[-1]


def test_a_widget_that_keeps_what_is_typed_would_be_found(
    form: tuple[Any, list[str], Path],
) -> None:
    """The test above can fail: a plain field is saved with the notebook."""
    plain = ipywidgets.Text(value=ME["name"])
    assert ME["name"] in everything_saved(form[1])
    plain.close()


def test_the_form_dates_today_names_by_law_and_says_sent_only_when_told(
    form: tuple[Any, list[str], Path],
) -> None:
    inside, _, where = form
    today = inside.today = inside.day.value  # midnight may pass while the test runs
    assert dt.date.today() - today <= dt.timedelta(days=1)
    inside.gap.value = "cameras"
    inside.law.value = "de-ifg"
    assert inside.language.value == "de"
    assert inside.beside.value == "en"
    assert inside.body.value == "Bundesministerium des Innern (Bundespolizei)"
    assert inside.fields["system"].value == ""  # another country's system is not the case's
    inside.fields["system"].value, inside.fields["period"].value = "das Projekt", "2019"
    inside.fields["fee_limit"].value = "50 Euro"
    type_in(inside)
    inside.write.click()
    name = f"{today}-de-ifg-cameras"
    assert {path.name for path in (where / "out").iterdir()} == {
        f"{name}.de.{suffix}" for suffix in ("pdf", "docx", "md")
    }
    entry = where / "log" / f"{name}.md"
    assert [each.event for each in log.read_request(entry).history] == ["drafted"]
    assert log.read_request(entry).language == "de"
    english = "".join(pages_of((where / "out" / f"{name}.de.pdf").read_bytes()))
    assert "Federal Ministry of the Interior" in english  # the version to read along
    inside.write.click()  # mended and written again: the same draft
    assert len(list((where / "log").iterdir())) == 1
    inside.sent.click()
    assert [(each.event, each.date) for each in log.read_request(entry).history] == [
        ("drafted", today),
        ("sent", today),
    ]
    assert inside.sent.disabled
    inside.write.click()  # what was sent stays: a new one gets a name of its own
    assert {path.stem for path in (where / "log").iterdir()} == {name, f"{name}-2"}
    assert [each.event for each in log.read_request(entry).history] == ["drafted", "sent"]


def test_the_form_shows_what_a_law_asks_and_labels_in_both_languages(
    form: tuple[Any, list[str], Path],
) -> None:
    inside, shown, _ = form
    inside.gap.value = "cameras"
    inside.law.value = "us-foia"
    assert shown[-1].startswith("<div")
    assert "Choose first 먼저 고르세요: Fee category 수수료 구분, Fee waiver" in shown[-1]
    inside.fields["fee_category"].value = "other"
    inside.fields["fee_waiver"].value = "no"
    seen = {name for name, each in inside.fields.items() if each.layout.display != "none"}
    assert seen == {"system", "period", "fee_limit", "fee_category", "fee_waiver", "expedite"}
    inside.fields["expedite"].value = "safety"
    assert inside.fields["urgency"].layout.display != "none"
    assert "Expedited processing" in shown[-1]
    assert inside.authority.options[0] == "U.S. Customs and Border Protection"
    for each in (*inside.fields.values(), *inside.private.values(), inside.law, inside.authority):
        assert re.search("[A-Za-z]", each.description)
        assert re.search("[가-힣]", each.description)


def test_the_form_tells_what_is_missing_and_writes_nothing(
    form: tuple[Any, list[str], Path],
) -> None:
    inside, _, where = form
    inside.gap.value = "mou_text"
    inside.write.click()
    assert "lacks" in inside.said.value
    assert not list((where / "log").iterdir())
    assert not (where / "out").exists()
    assert inside.sent.disabled


def test_the_form_is_a_box_of_widgets(tmp_path: Path) -> None:
    box = widgets.letter_form(today=dt.date(2026, 11, 24), out=tmp_path, entries=tmp_path)
    assert isinstance(box, ipywidgets.VBox)


def test_the_command_writes_german_with_english_beside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    me = tmp_path / "me.toml"
    me.write_text("".join(f'{key} = "{ME[key]}"\n' for key in ("name", "address", "contact")))
    words = ["requests", "new", "cameras", "--procedure", "de-ifg", "--date", "2026-11-24"]
    words += ["--log", str(tmp_path / "log"), "--out", str(tmp_path), "--requester", str(me)]
    fields = {"body": drafts.authorities("de-ifg", "de")[0], "system": "X", "period": "2019"}
    fields |= {"fee_limit": "50 Euro"}
    words += [part for key, value in fields.items() for part in ("--field", f"{key}={value}")]
    assert main(words) == 0
    name = "2026-11-24-de-ifg-cameras"
    text = (tmp_path / f"{name}.de.md").read_text("utf-8")
    assert text.startswith("# Antrag")
    assert "Not part of the letter" in text
    assert "**To:** Federal Ministry of the Interior" in text
    assert "remove it before you send" in capsys.readouterr().out
    again = ["requests", "export", name, "--log", str(tmp_path / "log"), "--beside", "none"]
    assert main([*again, "--out", str(tmp_path / "b"), "--requester", str(me)]) == 0
    assert "Not part" not in (tmp_path / "b" / f"{name}.de.md").read_text("utf-8")
