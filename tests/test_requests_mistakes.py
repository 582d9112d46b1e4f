"""What a user gets wrong with `onetomany requests` is told in a sentence, and changes nothing."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from onetomany.claims import claim_ledger
from onetomany.cli import main
from onetomany.documents.case_file import open_case
from onetomany.errors import InputError, near
from onetomany.requests import answer_files, gaps, imports, log, status
from onetomany.requests.procedures import procedures
from onetomany.sources.files import write_whole

ROOT = Path(__file__).parents[1]
TODAY = dt.date(2026, 11, 24)


def held(*history: log.Event, **more: Any) -> log.Request:
    known = {"title": "t", "procedure": "kr-oida", "body": "b"}
    return log.Request(id="one", history=history, **known | more)


@pytest.fixture
def entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A request that the body has received; the working folder is the repository."""
    monkeypatch.chdir(ROOT)
    day = dt.date(2026, 1, 5)
    return log.write_request(
        tmp_path / "log", held(log.Event(day, "sent"), log.Event(day, "received"))
    )


def told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, action: str, *words: str
) -> tuple[int, str]:
    code = main(["requests", action, *words, "--log", str(tmp_path / "log")])
    return code, "".join(capsys.readouterr())


FILE = ("one", "partly")
ANSWER = (*FILE, "--date", "2026-01-16")


@pytest.mark.parametrize(
    "mistake",
    [
        ("answer", (*ANSWER, "--changed", "C38=a>b"), ("no claim 'C38'", "C38.1, C38.2")),
        ("answer", (*ANSWER, "--changed", "c27=a>b"), ("no claim 'c27'", "C27", ".csv")),
        ("answer", (*ANSWER, "--changed", "C27=a"), ("in quotes",)),
        ("answer", (*ANSWER, "--changed", "C27=a> "), ("CLAIM=BEFORE>AFTER",)),
        ("answer", ("one", "recieved"), ("no event 'recieved' (similar: received",)),
        ("answer", ("on", "received"), ("no request 'on'", "similar: one", "status")),
        ("answer", ("one", "extended"), ("--extension", "decision-extension")),
        ("answer", ("one", "answered", "--exemption", "9-1-5"), ("use 'partly'",)),
        ("answer", ("one", "received", "--date", "2026-01-05"), ("already", "add a note")),
        ("answer", (*FILE, "{tmp}/none.pdf"), ("none.pdf is not a file",)),
        ("answer", (*FILE, "{tmp}/a.txt", "{tmp}/a.txt"), ("named twice",)),
        ("answer", (*FILE, "{tmp}/a.txt", "{tmp}/b/a.txt"), ("b/a.txt has the name", "rename")),
        ("answer", (*FILE, "{tmp}/a.txt", "--case", "{tmp}/a.txt"), ("as a case file",)),
        ("new", ("camera",), ("similar: cameras", "requests gaps")),
        ("new", ("mou",), ("--procedure", "kr-oida")),
        ("new", ("cameras", "--requester", "{tmp}/me.toml", "--id", "My Id"), ("'My Id'", "a-z")),
        ("calendar", ("--out", "{tmp}"), ("is a folder: name a file in it",)),
        ("calendar", ("--out", "{tmp}/a.txt/c.ics"), ("c.ics can't be written",)),
        ("import", ("{tmp}/a.txt", "--procedure", "ifg"), ("give one of au-foi-1982", "de-ifg")),
        ("import", ("{tmp}/none.json", "--procedure", "de-ifg"), ("none.json can't be read: No ",)),
        (
            "import",
            ("{tmp}/a.json", "--procedure", "de-ifg", "--zone", "Berlin"),
            ("such as 'Europe/Berlin'",),
        ),
    ],
)
def test_a_mistake_is_told_and_changes_nothing(
    mistake: tuple[str, tuple[str, ...], tuple[str, ...]],
    entry: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    action, words, said = mistake
    (tmp_path / "a.json").write_text("{}", "utf-8")
    (tmp_path / "b").mkdir()
    (tmp_path / "a.txt").write_text("one", "utf-8")
    (tmp_path / "b" / "a.txt").write_text("other", "utf-8")
    fields = ("name", "birth_date", "address", "contact")
    (tmp_path / "me.toml").write_text("".join(f'{each} = "x"\n' for each in fields), "utf-8")
    words = tuple(each.replace("{tmp}", str(tmp_path)) for each in words)
    if action == "answer":
        words += ("--answers", str(tmp_path / "kept"))
    if action == "new":
        words += (
            "--field",
            "fee_reduction=none",
            "--field",
            "fee_limit=f",
            "--out",
            str(tmp_path / "out"),
        )
    before = entry.read_bytes()
    code, text = told(capsys, tmp_path, action, *words)
    assert code == 1
    for each in said:
        assert each in text
    assert entry.read_bytes() == before
    assert {each.name for each in (tmp_path / "log").iterdir()} == {"one.md"}
    assert not (tmp_path / "kept").exists()
    assert not (tmp_path / "out").exists()


def test_a_file_after_an_option_is_told_where_it_belongs(
    entry: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        told(capsys, tmp_path, "answer", *ANSWER, "list.csv")
    assert "write these words before the options: list.csv" in capsys.readouterr().err


def test_a_claim_is_looked_up_in_the_case_file_that_holds_claims(
    entry: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = tmp_path / "case.duckdb"
    own = claim_ledger.load_claims().filter(claim_id="C27")
    with open_case(case, write=True) as db:
        claim_ledger.store_claims(db, own, claim_ledger.load_links())
    words = (*ANSWER, "--case", str(case), "--changed")
    code, text = told(capsys, tmp_path, "answer", *words, "C28=a>b")
    assert (code, "no claim 'C28' (similar: C27" in text.replace(" in the ledger", "")) == (1, True)
    assert told(capsys, tmp_path, "answer", *words, " C27 =no document>read")[0] == 0
    change = log.read_request(entry).changes[0]
    assert (change.claim, change.before, change.after) == ("C27", "no document", "read")
    with pytest.raises(InputError, match=r"similar: C30\.1"):
        gaps.check_claims(["C27", "C30"], claim_ledger.load_claims())
    assert near("nothing alike", ["C1"]) == ""


def test_particulars_of_another_file_stay_out_of_the_log_too(
    entry: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "me.toml").write_text('name = "홍길동"\n', "utf-8")
    words = (*ANSWER, "--note", "홍길동 앞", "--requester", str(tmp_path / "me.toml"))
    code, text = told(capsys, tmp_path, "answer", *words)
    assert (code, "personal data" in text) == (1, True)
    assert "홍길동" not in entry.read_text("utf-8")


@pytest.mark.parametrize(
    ("event", "day", "said"),
    [
        ("received", "2026-11-10", "before 'sent'"),
        ("received", "2026-11-25", "in the future"),
        ("sent", "2026-11-21", "after 'refused'"),
        ("refused", "2026-11-11", "before 'sent'"),
        ("received", "2026-11-12", ""),
        ("message", "2026-11-01", ""),
        ("extended", "2026-11-01", ""),
        ("appealed", "2026-11-20", ""),
    ],
)
def test_an_unlikely_day_is_told(event: str, day: str, said: str) -> None:
    request = held(
        log.Event(dt.date(2026, 11, 12), "sent"), log.Event(dt.date(2026, 11, 20), "refused")
    )
    odd = answer_files.odd_date(request, log.Event(dt.date.fromisoformat(day), event), TODAY)
    assert (said in odd) if said else (odd == "")


def test_an_unlikely_day_is_taken_with_a_note(
    entry: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = told(capsys, tmp_path, "answer", "one", "refused", "--date", "2026-01-02")
    assert code == 0
    assert "Check the date: 'refused' on 2026-01-02 is before 'sent' on 2026-01-05." in text
    assert log.read_request(entry).history[-1].event == "refused"


def test_a_request_without_its_day_of_receipt_says_that_nothing_can_be_counted() -> None:
    sent, got = log.Event(TODAY, "sent"), log.Event(TODAY, "received")
    assert status.not_counted(held(sent, got), today=TODAY) == ""
    assert status.not_counted(held(sent, log.Event(TODAY, "withdrawn")), today=TODAY) == ""
    assert "neither an event 'sent' nor 'received'" in status.not_counted(held(), today=TODAY)
    # what has not happened yet counts no time
    early = status.not_counted(held(sent, got), today=TODAY - dt.timedelta(days=1))
    assert "neither" in early
    why = status.not_counted(held(sent), today=TODAY)
    assert "no event 'received' up to 2026-11-24" in why
    assert "requests answer one received --date" in why


BODY = {"id": 5, "name": "Bundespolizeipräsidium"}
REPLY = {"timestamp": "2021-11-30T10:00:00Z", "is_response": True}
FROIDE = {"id": 7, "title": "Kameras", "public_body": BODY, "messages": [REPLY]}
ALAVETELI = {"id": 8, "title": "Cameras", "public_body": BODY, "info_request_events": []}


@pytest.mark.parametrize("export", [FROIDE, ALAVETELI])
def test_an_import_that_lacks_what_deadlines_need_says_so(
    export: dict[str, Any], entry: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "export.json"
    file.write_text(json.dumps(export), "utf-8")
    code, text = told(capsys, tmp_path, "import", str(file), "--procedure", "de-ifg", "--id", "far")
    assert code == 0
    assert "'far' has neither an event 'sent' nor 'received'" in text
    assert "requests answer far received --date" in text
    assert "no deadline of a decision" in told(capsys, tmp_path, "deadlines", "far")[1]
    late = told(capsys, tmp_path, "overdue", "--today", "2026-02-01")[1]
    assert "without the event 'received': far" in late
    assert "one: Decision" in late
    assert told(capsys, tmp_path, "answer", "far", "received", "--date", "2021-10-22")[0] == 0
    assert "2021-11-22" in told(capsys, tmp_path, "deadlines", "far")[1]
    assert "without the event" not in told(capsys, tmp_path, "status")[1]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"messages": [], "resolution": "refused"}, "not when: it needs 'resolved_on'"),
        ({"messages": [{"is_response": True}]}, r"'messages\[0\]\.timestamp' is missing"),
    ],
)
def test_an_export_without_a_day_is_refused(
    change: dict[str, Any], why: str, tmp_path: Path
) -> None:
    file = tmp_path / "export.json"
    file.write_text(json.dumps(FROIDE | change), "utf-8")
    with pytest.raises(InputError, match=why):
        imports.read_export(file, "de-ifg")


def test_a_log_that_was_spoilt_by_hand_names_the_request() -> None:
    spoilt = held(log.Event(TODAY, "received"), log.Event(TODAY, "extended"))
    with pytest.raises(InputError, match=r"no name: .* in request 'one'"):
        status.due([spoilt], procedures(), today=TODAY)


def test_a_letter_to_read_along_is_in_one_language(
    entry: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fields = {"date": "2026-11-24", **gaps.gap_fields("cameras", "ko"), "period": "2020년"}
    fields |= {"fee_reduction": "none", "fee_limit": "f"}
    asked = held(template="cameras", language="ko", gaps=("cameras",), fields=fields)
    entry.unlink()
    log.write_request(tmp_path / "log", asked)
    me = tmp_path / "me.toml"
    names = ("name", "birth_date", "address", "contact")
    me.write_text("".join(f'{each} = "x"\n' for each in names), "utf-8")
    words = ("one", "--language", "en", "--requester", str(me), "--out", str(tmp_path))
    assert told(capsys, tmp_path, "export", *words)[0] == 0
    written = (tmp_path / "one.en.md").read_text("utf-8")
    assert gaps.gap_fields("cameras", "en")["system"] in written
    assert gaps.gap_fields("cameras", "en")["body"] in written
    assert gaps.gap_fields("cameras", "ko")["system"] not in written
    assert "2020년" in written  # the writer's own words stay


def test_a_file_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(InputError, match="can't be written: "):
        write_whole(tmp_path / "file" / "below", b"y")
    with pytest.raises(InputError, match="is a folder"):
        write_whole(tmp_path, b"y")
    assert (tmp_path / "file").read_bytes() == b"x"
