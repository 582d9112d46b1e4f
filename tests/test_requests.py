"""Letters, gaps, the log of requests, answers, histories from elsewhere; nothing is ever sent."""

from __future__ import annotations

import ast
import datetime as dt
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import docx
import mistune
import polars as pl
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import meta

from onetomany.charts import requests as charts
from onetomany.charts.languages import plain
from onetomany.claims import claim_ledger
from onetomany.claims.contradictions import find_contradictions
from onetomany.cli import main
from onetomany.documents.case_file import open_case, query_frame
from onetomany.errors import InputError
from onetomany.examples import simulated_requests
from onetomany.requests import (
    answer_files,
    gaps,
    imports,
    letter_files,
    letter_templates,
    letters,
    log,
    status,
)
from onetomany.requests.procedures import procedures

ROOT = Path(__file__).parents[1]
TODAY = dt.date(2026, 11, 24)
LAWS, TEMPLATES, FRAMES = procedures(), letter_templates.templates(), letter_templates.frames()
FIELDS = {
    "date": "2026-11-24",
    "body": "법무부장관",
    "system": "인공지능 식별추적시스템",
    "period": "2019-04-30 ~ 2022-03-31",
    "purpose": "공적 검증과 보도",
    "fee_limit": "1만 원",
    "name": "홍길동",
    "birth_date": "1980-01-01",
    "address": "서울특별시 마포구 월드컵북로 400",
    "contact": "gildong@example.org",
    "fee_reduction": "nonprofit",
    "fee_category": "news_media",
    "fee_waiver": "yes",
    "proof": "기사 3건",
    "expedite": "inform_public",
    "urgency": "12월 15일 예산 의결",
    "residence": "resident",
    "travel": "2019-07-01 ICN KE703",
    "identity": "대한민국, M12345678",
}
# what a hostile or careless person may write into a field
INJECTED = (
    '#import "/etc/passwd" {{ 7 * 7 }} {% raw %} **b** _i_ <script>x</script> $x$ \\ [a](b) &lt;'
)
ALL = [
    pytest.param(name, law, language, id=f"{name}-{law}-{language}")
    for name, each in TEMPLATES.items()
    for law in each.procedures
    for language in letter_templates.LANGUAGES
]
# each template once, each frame in both languages
SOME = [
    param
    for number, param in enumerate(ALL)
    if param.values[0] in ("deletion", "own_data")
    or (param.values[1] == "kr-oida" and number % 4 in (0, 3))
]


def bare(text: str) -> str:
    """Text without blanks and with its hyphens plain: a page breaks lines where it likes."""
    return re.sub(r"[\s\x02\u00ad\ufffe-]", "", text)


def pdf_text(pages: pypdfium2.PdfDocument) -> str:
    """All text of all pages, without the page numbers at their feet."""
    found = [page.get_textpage().get_text_bounded() for page in pages]
    return "".join(
        re.sub(rf"\s*{n} / {len(found)}\s*$", "", each) for n, each in enumerate(found, 1)
    )


@pytest.mark.parametrize(("name", "law", "language"), ALL)
def test_every_letter_is_made_in_both_languages(name: str, law: str, language: str) -> None:
    letter = letters.letter(name, law, FIELDS, language)
    assert letter.blocks[0].kind == "heading"
    assert [block.kind for block in letter.blocks[-2:]] == ["closing", "closing"]
    lists = 1 + bool(TEMPLATES[name].questions)
    assert sum(block.kind == "list" for block in letter.blocks) == lists
    other = letters.letter(name, law, FIELDS, "en" if language == "ko" else "ko")
    assert [(b.kind, len(b.items)) for b in other.blocks] == [
        (b.kind, len(b.items)) for b in letter.blocks
    ]
    assert "2026" in letter.blocks[-2].text
    for left in ("{{", "{%", "None", "Undefined", "(와)", "(를)"):
        assert left not in letter.text
    # only what was filled in is in the other language
    text = letter.text
    for value in FIELDS.values():
        text = text.replace(value, "")
    assert bool(re.search("[가-힣]", text)) == (language == "ko")
    if language == "ko":
        assert "바랍니다" in text
        assert not re.search(r"[가-힣]다\.", re.sub(r"(니다|합니다)\.", "", text))


@pytest.mark.parametrize(("name", "law", "language"), SOME)
def test_the_pdf_says_what_the_letter_says_and_is_the_same_each_time(
    name: str, law: str, language: str
) -> None:
    letter = letters.letter(name, law, FIELDS | {"address": INJECTED}, language)
    content = letter_files.to_pdf(letter)
    assert content == letter_files.to_pdf(letter)
    assert b"<pdfaid:part>2</pdfaid:part>" in content
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in content
    assert b"<pdfuaid:part>1</pdfuaid:part>" in content
    pages = pypdfium2.PdfDocument(content)
    assert bare(pdf_text(pages)) == bare(letter.text)
    assert pages.get_metadata_value("Title") == letter.title
    assert pages.is_tagged()
    last = bare(pages[len(pages) - 1].get_textpage().get_text_bounded())
    number = f"{len(pages)} / {len(pages)}"
    signed = bare("".join(block.text for block in letter.blocks[-2:]) + number)
    assert len(last) > len(signed) + 20  # no page is empty, or holds a signature alone


@pytest.mark.parametrize(("name", "law", "language"), SOME[:2])
def test_the_word_file_opens_again(name: str, law: str, language: str) -> None:
    letter = letters.letter(name, law, FIELDS | {"address": INJECTED}, language)
    content = letter_files.to_docx(letter)
    assert content == letter_files.to_docx(letter)
    document = docx.Document(io.BytesIO(content))
    lines = [re.sub(r"^(\d+\.)\t", r"\1 ", each.text) for each in document.paragraphs]
    assert "\n".join(lines).replace("\u00a0", " ") + "\n" == letter.text
    assert document.core_properties.author == ""


@pytest.mark.parametrize("name", ["name", "body", "purpose", "fee_limit"])
def test_what_is_written_into_a_field_is_shown_and_does_nothing(name: str) -> None:
    letter = letters.letter("mou", "kr-oida", FIELDS | {name: INJECTED}, "en")
    assert INJECTED in letter.text
    page = mistune.html(letter_files.to_markdown(letter))
    assert "<script" not in page
    assert "<strong>b</strong>" not in page
    assert "<em>" not in page
    assert "href" not in page
    # a name on two lines can't begin a heading, and no hidden mark turns the text around
    turned = letters.letter("mou", "kr-oida", FIELDS | {name: "a\n\n# b\u202ec"}, "en")
    assert "a # bc" in turned.text
    assert len(turned.blocks) == len(letter.blocks)


def test_what_we_did_not_read_is_told_with_the_letter() -> None:
    fields = FIELDS | {"body": "Home Office"}
    unread = letters.letter("cameras", "uk-foia-2000", fields, "en").unread
    recalled = [each for each in FRAMES["uk-foia-2000"].provisions if each.verified == "recalled"]
    assert [each.split(":")[0] for each in unread] == [each.article for each in recalled]
    assert unread
    assert letters.letter("mou", "kr-oida", FIELDS, "ko").unread == ()


def test_missing_fields_are_refused_with_one_list_of_all_of_them() -> None:
    given = {key: value for key, value in FIELDS.items() if key not in ("name", "purpose")}
    with pytest.raises(InputError) as refused:
        letters.letter("mou", "kr-oida", given | {"contact": "  "}, "ko")
    said = str(refused.value)
    assert "\n" not in said
    assert "lacks 3 of its fields: write name, contact into requester.toml, and give" in said
    field = letter_templates.letter_fields()["purpose"]
    assert f"purpose ({field.en})" in said
    assert f"purpose ({field.ko})" in refused.value.ko
    assert "빠진 칸이 3개다. requester.toml에 적을 것: name, contact." in refused.value.ko


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"template": "nothing"}, "no template"),
        ({"procedure": "us-foia"}, "can't be asked for"),
        ({"language": "de"}, "not written in 'de': take one of en, ko"),
        ({"fields": FIELDS | {"date": "24.11.2026"}}, "2026-11-24"),
    ],
)
def test_a_letter_refuses_what_does_not_fit(change: dict[str, Any], why: str) -> None:
    asked = {"template": "mou", "procedure": "kr-oida", "fields": FIELDS, "language": "ko"}
    with pytest.raises(InputError, match=why):
        letters.letter(**asked | change)


def test_heads_say_what_templates_need() -> None:
    """Declared fields are those that jinja finds; every field is explained; every gap is there."""
    made, about = letter_templates.environment(), letter_templates.letter_fields()
    loader = made.loader
    assert loader is not None

    def found(*sources: str) -> set[str]:
        return set().union(*(meta.find_undeclared_variables(made.parse(each)) for each in sources))

    assert set(FRAMES) == set(LAWS)
    for name, frame in FRAMES.items():
        source = loader.get_source(made, f"frames/{name}.md.j2")[0]
        assert found(source) - {"language", "title"} == set(frame.fields)
        assert frame.provisions
        assert all(each.source.startswith("http") for each in frame.provisions)
        required = {each.id for each in LAWS[name].required}
        required -= {"information", "items", "method", "fee"}  # the letter's own text
        assert required <= set(frame.fields) | {"address"}
        assert "contact" in frame.fields
    for name, each in TEMPLATES.items():
        source = loader.get_source(made, f"{name}.md.j2")[0]
        assert found(source, each.title_en, each.title_ko) - {"frame"} == set(each.fields)
        assert set(each.procedures) <= set(LAWS)
        assert all(url.startswith("http") for url in each.sources)
    assert set(about) - {"document"} == {  # which a letter takes, and no template names
        name for each in (*TEMPLATES.values(), *FRAMES.values()) for name in each.fields
    }


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("시스템", "시스템과"),
        ("자료", "자료와"),
        ("1만 원)", "1만 원)과"),
        ("10", "10과"),
        ("abc", "abc과(와)"),
    ],
)
def test_korean_particles_follow_the_sound(value: str, shown: str) -> None:
    assert letter_templates._josa(value, "과/와") == shown


@pytest.fixture(scope="module")
def ledger() -> pl.DataFrame:
    return claim_ledger.load_claims()


@pytest.fixture(scope="module")
def clashes(ledger: pl.DataFrame) -> pl.DataFrame:
    return find_contradictions(ledger, claim_ledger.load_links())


def test_gaps_are_counted_from_the_ledger(ledger: pl.DataFrame, clashes: pl.DataFrame) -> None:
    found = gaps.rank_gaps(ledger, clashes, gaps.load_gaps())
    assert found.schema == pl.Schema(gaps.GAPS)
    assert set(found["gap"]) == set(
        gaps.load_gaps()["gap"]
    )  # every contradicted claim has its letter
    assert found["contradicted"].is_sorted(descending=True)
    # by hand: C29, C30.2 and C31.2 say whether it could be ended; C18 stands alone
    mou = found.row(by_predicate=pl.col("gap") == "mou_text", named=True)
    assert (mou["claims"], mou["contradicted"], mou["no_document"]) == (4, 3, 4)
    assert set(found["template"]) == {name for name, each in TEMPLATES.items() if each.gaps}


def test_a_document_in_the_case_file_closes_a_gap_and_its_black_boxes_open_one(
    ledger: pl.DataFrame, clashes: pl.DataFrame
) -> None:
    table = gaps.load_gaps()
    held = ledger.with_columns(
        document=pl.when(pl.col("claim_id").is_in(["C29", "C18"])).then(pl.lit("d" * 64))
    )
    notes = pl.DataFrame({"document": ["d" * 64], "notes": [3]})
    row = gaps.rank_gaps(held, clashes, table, notes).filter(gap="mou_text").row(0, named=True)
    assert (row["no_document"], row["redacted"]) == (2, 2)
    # claims that no letter asks about are told, not dropped
    fewer = gaps.rank_gaps(ledger, clashes, table.filter(pl.col("gap") != "firms"))
    last = fewer.row(-1, named=True)
    assert last["gap"] is None
    assert "C16" in last["claim_ids"].split(";")
    with pytest.raises(InputError, match="no claim C29"):
        gaps.rank_gaps(ledger.filter(pl.col("claim_id") != "C29"), clashes, table)


WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).filter(str.strip)
DAYS = st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1))
FILES = st.builds(
    log.ReceivedFile,
    name=WORDS.filter(lambda each: "/" not in each and "\\" not in each),
    sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
)
EVENTS = st.builds(
    log.Event,
    date=DAYS,
    event=st.sampled_from(sorted(set(log.LOG_EVENTS))),
    note=WORDS,
    exemptions=st.lists(WORDS, max_size=2).map(tuple),
    files=st.lists(FILES, max_size=2).map(tuple),
)
REQUESTS = st.builds(
    log.Request,
    id=st.just("one"),
    title=WORDS,
    procedure=WORDS,
    body=WORDS,
    language=st.sampled_from(["", "en", "ko"]),
    simulated=st.booleans(),
    claims=st.lists(WORDS, max_size=3).map(tuple),
    fields=st.dictionaries(WORDS, WORDS, max_size=3),
    history=st.lists(EVENTS, max_size=3).map(tuple),
    changes=st.lists(
        st.builds(log.Change, date=DAYS, claim=WORDS, before=st.just(""), after=WORDS), max_size=2
    ).map(tuple),
)


@settings(deadline=None, max_examples=25)
@given(request=REQUESTS, event=EVENTS)
def test_the_log_reads_what_it_wrote(
    request: log.Request, event: log.Event, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("log")
    path = log.write_request(folder, request)
    assert log.read_request(path) == request
    path.write_text(path.read_text("utf-8").replace("+++\n", "+++\n# a comment\n", 1), "utf-8")
    assert log.add_event(path, event) == replace(request, history=(*request.history, event))
    assert "# a comment" in path.read_text("utf-8")


GOOD = """+++
id = "one"
title = "t"
procedure = "kr-oida"
body = "b"

[[history]]
date = 2026-01-02
event = "received"
+++
"""


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("+++\nid", "id", "between two lines of"),
        ('id = "one"', 'id = "two"', "'id'"),
        ('title = "t"\n', "", "'title' is missing"),
        ('title = "t"', 'title = ""', "'title' must be a text that is not empty"),
        ('title = "t"', "title = 3", "'title' must be a text that is not empty, not 3"),
        ('title = "t"', 'title = "t"\nemail = "x"', "'email' is an unknown field"),
        ('title = "t"', 'title = "t"\nclaims = [1]', "'claims.1' must be a text, not 1"),
        ('title = "t"', 'title = "t"\nlanguage = "xx"', "'language'"),
        ("2026-01-02", '"soon"', "'history.1.date' must be a date"),
        ("2026-01-02", "2026-01-02T00:00:00", "'history.1.date'"),
        ('"received"', '"lost"', "'history.1.event' is 'lost'"),
        ('"received"', '"received"\nextension = "e"', "'history.1.extension'"),
        ('"received"', '"received"\nfiles = [{name = "a", sha256 = "1"}]', "sha256"),
        ('"received"', f'"received"\nfiles = [{{name = "../a", sha256 = "{"0" * 64}"}}]', "plain"),
        ("title", "title = ", "TOML"),
    ],
)
def test_a_damaged_log_is_refused_by_file_and_field(
    old: str, new: str, why: str, tmp_path: Path
) -> None:
    path = tmp_path / "one.md"
    path.write_text(GOOD, "utf-8")
    log.read_request(path)
    assert old in GOOD
    path.write_text(GOOD.replace(old, new, 1), "utf-8")
    with pytest.raises(InputError, match=re.escape(why)) as refused:
        log.read_request(path)
    assert str(path) in str(refused.value)


def test_the_requester_never_gets_into_the_log(tmp_path: Path) -> None:
    request = log.Request("one", "t", "kr-oida", "b", notes=f"from {FIELDS['contact']}")
    with pytest.raises(InputError, match="personal data"):
        log.write_request(tmp_path, request, personal=[FIELDS["contact"]])
    assert not list(tmp_path.iterdir())
    path = log.write_request(tmp_path, replace(request, notes=""), personal=[FIELDS["contact"]])
    before = path.read_bytes()
    with pytest.raises(InputError, match="personal data"):
        log.add_event(
            path, log.Event(TODAY, "sent", FIELDS["name"] * 2), personal=[FIELDS["name"] * 2]
        )
    assert path.read_bytes() == before
    ignored = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    assert f"data_requests/{letters.PERSONAL_FILE}" in ignored
    assert "private/" in ignored  # where letters and answers go


def test_the_logs_words_are_those_of_the_law() -> None:
    assert set(log.WORDS) == set(log.LOG_EVENTS)


@pytest.fixture(scope="module")
def simulated() -> list[log.Request]:
    return simulated_requests.simulate_requests(TODAY, LAWS, gaps.load_gaps())


def test_what_stands_late_and_refused(simulated: list[log.Request]) -> None:
    assert all(each.simulated for each in simulated)
    state = status.status(simulated, LAWS, today=TODAY)
    assert state.schema == pl.Schema(status.STATUS)
    rows = {row["request"]: row for row in state.iter_rows(named=True)}
    # by hand: received on Wed 4 November, day 1; ten working days end on Tue 17 November
    firms = rows["simulated-firms"]
    assert (firms["due"], firms["late"], firms["days_left"]) == (dt.date(2026, 11, 17), 7, -7)
    assert rows["simulated-decision"]["next_step"] is None  # answered in full
    assert rows["simulated-mou-text"]["next_step"] == "objection-decision"
    assert rows["simulated-contracts"]["late"] is None
    late = status.overdue(simulated, LAWS, today=TODAY)
    assert set(late["whose"]) == {"body"}
    assert "simulated-firms" in late["request"].to_list()
    before = status.overdue(simulated, LAWS, today=dt.date(2026, 11, 17))
    assert "simulated-firms" not in before["request"].to_list()
    refused = status.refusals(simulated, LAWS)
    assert {"9-1-5", "9-1-7", "35-4-1"} <= set(refused["exemption"])
    assert refused["article"].null_count() == 0
    odd = replace(simulated[0], history=(log.Event(TODAY, "refused", exemptions=("9-1-99",)),))
    with pytest.raises(InputError, match="no exemption"):
        status.refusals([odd], LAWS)
    with pytest.raises(InputError, match="no procedure"):
        status.due([replace(odd, procedure="xx")], LAWS, today=TODAY)


def test_an_answer_is_kept_read_and_joined(
    tmp_path: Path,
    simulated: list[log.Request],
    ledger: pl.DataFrame,
    capsys: pytest.CaptureFixture[str],
) -> None:
    own = next(each for each in simulated if each.id == "simulated-firms")
    entry = log.write_request(tmp_path / "log", own)
    file, case = tmp_path / "list.csv", tmp_path / "case.duckdb"
    file.write_text("firm,role\nExample A,simulated\n", "utf-8")
    changed = [log.Change(TODAY, "C16", "no document", "a document")]
    with open_case(case, write=True) as db:
        claim_ledger.store_claims(db, ledger, claim_ledger.load_links())
    done = answer_files.log_answer(
        entry, log.Event(TODAY, "answered"), [file], tmp_path / "kept", case=case, changes=changed
    )
    assert (tmp_path / "kept" / own.id / "list.csv").read_bytes() == file.read_bytes()
    assert log.read_request(entry) == done.request
    with open_case(case, write=True) as db:
        joined = query_frame(db, "select * from request_documents")
        about = query_frame(db, "select * from request_claims order by claim_id")
        both = query_frame(
            db,
            "select c.after, p.text from request_changes c join request_documents d using (request)"
            " join pages p using (document)",
        )
        assert status.store_requests(db, [done.request]) == 1  # again: nothing twice
        assert query_frame(db, "select count(*) as n from request_events")["n"].item() == 4
    assert joined.row(0, named=True)["ingested"]
    assert about["claim_id"].to_list() == sorted(own.claims)
    assert about["subject"].null_count() == 0
    assert both["after"].to_list() == ["a document"]
    assert "Example A" in both["text"][0]
    # the case file's own claims and black boxes are those that count
    with open_case(case, write=True) as db:
        digest = done.request.history[-1].files[0].sha256
        db.execute("update claims set document = ? where claim_id = 'C16'", [digest])
        db.execute("insert into notes values (?, 1, 'redaction', 'a box', 'test', 1)", [digest])
    assert main(["requests", "gaps", "--case", str(case)]) == 0
    assert "1 of redacted documents" in capsys.readouterr().out
    # other bytes under the same name are another answer: nothing is overwritten
    file.write_text("changed", "utf-8")
    before = entry.read_bytes()
    with pytest.raises(InputError, match="rename"):
        answer_files.log_answer(entry, log.Event(TODAY, "message"), [file], tmp_path / "kept")
    assert entry.read_bytes() == before


# every field that okfde/froide's serializers write (froide/foirequest/api/serializers.py)
MESSAGE = {
    **dict.fromkeys(imports._KNOWN["froide"]["event"]),
    "is_response": False,
    "is_draft": False,
    "is_escalation": False,
    "timestamp": "2021-10-21T23:30:00+02:00",
    "subject": "Kameras am Flughafen [#231]",
    "sender": "A Person",
    "attachments": [],
}
ATTACHMENT = {"id": 9, "name": "antwort.pdf", "filetype": "application/pdf", "size": 1234}
FROIDE = {
    **dict.fromkeys(imports._KNOWN["froide"]["request"]),
    "id": 231,
    "url": "/anfrage/kameras-am-flughafen/",
    "title": "Kameras am Flughafen",
    "status": "resolved",
    "resolution": "partially_successful",
    "refusal_reason": "§ 3 Nr. 1",
    "due_date": "2021-11-23T00:00:00+01:00",
    "resolved_on": "2021-12-01T00:30:00+01:00",
    "costs": 0.0,
    "user": 77,
    "public_body": {"id": 5, "name": "Bundespolizeipräsidium"},
    "law": {"id": 2, "name": "Informationsfreiheitsgesetz des Bundes", "law_type": "IFG"},
    "messages": [
        MESSAGE,
        MESSAGE | {"is_draft": True, "timestamp": "2021-10-22T09:00:00+02:00"},
        MESSAGE
        | {
            "is_response": True,
            "timestamp": "2021-11-30T10:00:00Z",
            "attachments": [ATTACHMENT],
            "sender": "B Person",
        },
    ],
}
# as RightToKnow's feed was kept by a client of it (DetentionLogs/detentionlogs, the spec of
# lib/api/right_to_know), its times in the form of old Rails, users and ids of bodies left out
FEED_EVENT = {
    **dict.fromkeys(imports._KNOWN["alaveteli"]["event"]),
    "id": 1182,
    "event_type": "sent",
    "created_at": "2013/06/18 10:18:19 +1000",
    "calculated_state": "waiting_response",
    "described_state": "waiting_response",
    "display_status": "Clarification",
    "info_request": {
        "id": 224,
        "title": "FOI Request for Detail Incident Report 1-48686B",
        "url_title": "foi_request_for_detail_incident_92",
        "law_used": "foi",
        "prominence": "normal",
        "described_state": "waiting_response",
    },
    "public_body": {"id": 786, "name": "Department of Immigration and Citizenship"},
}
ALAVETELI = {
    **dict.fromkeys(imports._KNOWN["alaveteli"]["request"]),
    **FEED_EVENT["info_request"],  # type: ignore[dict-item]
    "user": {"id": 242, "name": "C Person"},
    "public_body": FEED_EVENT["public_body"],
    "info_request_events": [
        FEED_EVENT,
        {"event_type": "response", "created_at": "2013-07-01T23:59:00.000+10:00",
         "calculated_state": "rejected"},
        {"event_type": "followup_sent", "created_at": "2013-07-02T00:01:00+10:00",
         "calculated_state": "internal_review"},
        {"event_type": "edit", "created_at": "2013-07-03T12:00:00+10:00"},
    ],
}  # fmt: skip


def imported(tmp_path: Path, export: object, **how: Any) -> log.Request:
    path = tmp_path / "export.json"
    path.write_text(export if isinstance(export, str) else json.dumps(export), "utf-8")
    return imports.read_export(path, how.pop("procedure", "de-ifg"), **how)


def test_a_history_comes_from_froide(tmp_path: Path) -> None:
    request = imported(tmp_path, FROIDE | {"new_field": {"a": 1}})
    told = [(str(each.date), each.event) for each in request.history]
    assert told == [("2021-10-21", "sent"), ("2021-11-30", "message"), ("2021-12-01", "partly")]
    assert "antwort.pdf" in request.history[1].note
    assert request.id == "froide-231"
    assert request.body == "Bundespolizeipräsidium"
    assert "unknown field of the request, new_field: " in request.notes
    assert "Informationsfreiheitsgesetz des Bundes" in request.notes
    assert "§ 3 Nr. 1" in request.notes
    written = log.write_request(tmp_path / "log", request)
    assert log.read_request(written) == request
    assert "Person" not in written.read_text("utf-8")  # neither users nor senders
    # the day is that of the place: half past eleven in Berlin is the next day in Seoul
    moved = imported(tmp_path, FROIDE, zone="Asia/Seoul")
    assert str(moved.history[0].date) == "2021-10-22"
    open_ = imported(tmp_path, FROIDE | {"resolved_on": None})
    assert (str(open_.history[-1].date), open_.history[-1].event) == ("2021-11-30", "partly")
    assert "no day is given" in open_.history[-1].note


def test_a_history_comes_from_alaveteli(tmp_path: Path) -> None:
    request = imported(tmp_path, ALAVETELI, request_id="incident-92")
    told = [(str(each.date), each.event) for each in request.history]
    assert told == [
        ("2013-06-18", "sent"),
        ("2013-07-01", "refused"),
        ("2013-07-02", "appealed"),
        ("2013-07-03", "message"),
    ]
    assert request.id == "incident-92"
    assert "Person" not in str(request)
    feed = imported(tmp_path, [FEED_EVENT])
    assert feed.title == "FOI Request for Detail Incident Report 1-48686B"
    assert feed.history == request.history[:1]
    utc = imported(tmp_path, ALAVETELI, zone="UTC")
    assert str(utc.history[2].date) == "2013-07-01"


@pytest.mark.parametrize(
    ("export", "why"),
    [
        ("{", "not JSON"),
        ("[]", "not a request"),
        ('{"a": NaN}', "not a JSON number"),
        ("[" * 40 + "]" * 40, "nested deeper"),
        (json.dumps({"a": "[" * 40}), "not a request"),  # brackets in a text are none
        (json.dumps(FROIDE | {"messages": [1]}), "'messages' must be a list"),
        (json.dumps(FROIDE | {"messages": [MESSAGE] * 5001}), "more than 5,000"),
        (json.dumps(FROIDE | {"public_body": None}), "'public_body' must be an object"),
        (json.dumps(FROIDE | {"id": "../x"}), "'id' must be a whole number"),
        (json.dumps(FROIDE | {"title": ""}), "'title'"),
        (json.dumps(FROIDE | {"messages": [MESSAGE | {"timestamp": 5}]}), "is not a time"),
        (json.dumps(FROIDE | {"messages": [MESSAGE | {"timestamp": "2021-10-21T10:00"}]}), "zone"),
        (json.dumps(FROIDE | {"messages": [MESSAGE | {"is_draft": "no"}]}), "is_draft"),
        (json.dumps(FROIDE | {"resolved_on": "9" * 400}), "is not a time"),
        (json.dumps([FEED_EVENT, FEED_EVENT | {"info_request": {"id": 1}}]), "several requests"),
    ],
)
def test_an_export_of_no_sense_is_refused(export: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=re.escape(why)):
        imported(tmp_path, export)


def test_a_huge_export_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "MAX_BYTES", 100)
    with pytest.raises(InputError, match="larger than"):
        imported(tmp_path, FROIDE)
    with pytest.raises(InputError, match="time zone"):
        imported(tmp_path, "[]", zone="Mars/Olympus")


def test_no_module_of_requests_knows_the_network() -> None:
    banned = {
        "socket",
        "ssl",
        "http",
        "urllib",
        "smtplib",
        "ftplib",
        "requests",
        "aiohttp",
        "httpx",
    }
    files = [
        *(ROOT / "lib/onetomany/requests").glob("*.py"),
        ROOT / "lib/onetomany/cli/requests.py",
    ]
    assert len(files) > 8
    for path in files:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            assert not banned & {name.split(".")[0] for name in names}, path


def test_the_command_makes_a_letter_and_follows_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    me = tmp_path / "me.toml"
    personal = [name for name, each in letter_templates.letter_fields().items() if each.personal]
    me.write_text("".join(f'{name} = "{FIELDS[name]}"\n' for name in personal), "utf-8")
    where = ["--log", str(tmp_path / "log")]
    new = ["requests", "new", "cameras", *where, "--requester", str(me), "--date", "2026-11-24"]
    new += ["--out", str(tmp_path / "letters")]
    assert main(new) == 1
    assert "lacks 2 of its fields" in capsys.readouterr().err
    filled = ["--field", "fee_reduction=none", "--field", "fee_limit=1만 원"]
    assert main([*new, *filled]) == 0
    name = "2026-11-24-kr-oida-cameras"
    made = {path.suffix for path in (tmp_path / "letters").iterdir()}
    assert made == {".md", ".docx", ".pdf"}
    entry = (tmp_path / "log" / f"{name}.md").read_text("utf-8")
    assert "인천국제공항공사" in entry
    assert not [name for name in personal if FIELDS[name] in entry]
    assert main([*new, "--field", "name=x"]) == 1
    assert "requester.toml" in capsys.readouterr().err
    told = ["requests", "answer", name, "received", *where, "--date", "2026-11-25"]
    assert main(told) == 0
    assert main(["requests", "overdue", *where, "--today", "2026-12-08"]) == 0
    assert "0 overdue" in capsys.readouterr().out
    assert main(["requests", "overdue", *where, "--today", "2026-12-09"]) == 0
    assert "2026-12-08" in capsys.readouterr().out
    for action in (["status"], ["deadlines", name], ["calendar", "--out", str(tmp_path / "c.ics")]):
        assert main(["requests", *action, *where, "--today", "2026-12-09"]) == 0
    assert b"BEGIN:VEVENT" in (tmp_path / "c.ics").read_bytes()
    again = ["requests", "export", name, *where, "--requester", str(me)]
    assert main([*again, "--out", str(tmp_path / "again")]) == 0
    for path in (tmp_path / "letters").iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()
    file = tmp_path / "froide.json"
    file.write_text(json.dumps(FROIDE), "utf-8")
    assert main(["requests", "import", str(file), "--procedure", "de-ifg", *where]) == 0
    assert (tmp_path / "log" / "froide-231.md").exists()
    assert main(["requests", "gaps"]) == 0
    assert "records_people" in capsys.readouterr().out


def test_the_log_of_this_repository_reads_and_holds_nothing_simulated() -> None:
    assert not [
        each for each in log.read_requests(ROOT / "data_requests" / "log") if each.simulated
    ]


def test_charts_draw_what_is_late_and_say_what_is_simulated(simulated: list[log.Request]) -> None:
    titles = pl.DataFrame(
        {"request": [each.id for each in simulated], "title_en": "t", "title_ko": "제목"}
    ).with_columns(title_en=pl.col("request"))
    late = charts.request_timeline_chart(
        status.events(simulated),
        status.due(simulated, LAWS, today=TODAY),
        titles,
        today=TODAY,
        simulated=simulated_requests.NOT_REAL,
    ).to_dict()
    assert any("SIMULATED" in line for line in late["title"]["subtitle"])
    assert "2 decisions late" in late["title"]["text"]
    found = status.waits(LAWS, TODAY)
    assert (found["longest"] >= found["due"]).all()
    waits = charts.waits_chart(found, received=TODAY).to_dict()
    assert str(TODAY) in waits["title"]["text"]
    rows = [row for each in waits["datasets"].values() for row in each]
    assert len(rows) == len(LAWS)
    # what is longer is cut at the axis (labelLimit)
    assert max(len(line) for row in rows for line in plain(row["row"]).split("\n")) <= 60
