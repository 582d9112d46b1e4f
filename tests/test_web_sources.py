"""From an address to its capture: claims, searches, the list of what is missing, the exhibit."""

from __future__ import annotations

import csv
import hashlib
import json
import urllib.parse
from collections import Counter
from pathlib import Path

import nbformat
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import payloads
from onetomany.cases import case_folder
from onetomany.claims import claim_ledger, web_sources
from onetomany.cli import main
from onetomany.documents import captures, case_file
from onetomany.documents.ingest import ingest
from onetomany.errors import InputError, IntegrityError
from onetomany.evidence import bundle, captured, methods, screening
from onetomany.evidence.cited import CITED, cited_sources
from onetomany.evidence.figures import Figure
from onetomany.evidence.verify import verify
from test_captures import Writer
from websites import SAID, UTF8, html

pytestmark = pytest.mark.real

ADDRESS = "https://news.example/article?id=7"
GONE = "https://hackaday.com/2021/12/01/korean-facial-recognition-project-faces-opposition/"
DESK = "https://desk.example/"
KHAN = "https://www.khan.co.kr/article/202602261659001"

SAME = [
    ("http://news.example/a", "https://news.example/a"),
    ("https://NEWS.example:443/a#top", "https://news.example/a"),
    ("http://news.example:80", "http://news.example/"),
    ("https://법무부.example/글?쪽=1", "https://xn--v92b7ygu.example/%EA%B8%80?%EC%AA%BD=1"),
    ("https://a.example/%7euser/%ea%b8%80", "https://a.example/~user/글"),
]
OTHER = [
    ("https://www.news.example/a", "https://news.example/a"),
    ("https://news.example/a/", "https://news.example/a"),
    ("https://news.example/a?x=1&y=2", "https://news.example/a?y=2&x=1"),
    ("https://news.example/a%2Fb", "https://news.example/a/b"),
    ("https://news.example:8080/a", "https://news.example/a"),
    ("https://news.example/A", "https://news.example/a"),
    ("https://news.example/a", "https://news.example/b"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_address_are_the_same(one: str, other: str) -> None:
    assert captures.normal_address(one) == captures.normal_address(other) != ""


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_what_may_be_another_page_is_not_taken_for_the_same(one: str, other: str) -> None:
    assert captures.normal_address(one) != captures.normal_address(other)


@pytest.mark.parametrize("bad", ["", "no address", "http://", "https://[::1", "https://a:b/"])
def test_what_is_no_address_matches_nothing(bad: str) -> None:
    assert captures.normal_address(bad) == ""


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_path_in_any_spelling_keeps_its_normal_form(path: str, query: str) -> None:
    plain = f"https://a.example/{urllib.parse.quote(path, safe='')}"
    plain += f"?{urllib.parse.quote(query, safe='')}"
    normal = captures.normal_address(plain)
    lower = "".join(
        part.lower() if place % 2 else part
        for place, part in enumerate(captures.re.split("(%[0-9A-F]{2})", plain))
    )
    assert captures.normal_address(lower) == normal
    assert captures.normal_address("https:" + normal) == normal


def warc(*pages: tuple[str, str, bytes], status: str = "200 OK") -> bytes:
    made = Writer()
    for address, date, body in pages:
        made.add(address, body, warc={"WARC-Date": date}, status=status)
    return made.content


def page(words: str) -> bytes:
    return html(words, meta=UTF8).encode()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case with one page captured three times, one of the kit's own sources, and an error."""
    base = tmp_path_factory.mktemp("captured")
    folder = base / "folder"
    folder.mkdir()
    moved = Writer()
    when = {"WARC-Date": "2021-11-01T00:00:00Z"}
    moved.add("https://news.example/old", b"", fields={"Location": "/article?id=7"}, warc=when,
              status="301 Moved")  # fmt: skip
    moved.add(ADDRESS, page("둘째"), warc=when)
    (folder / "second.warc.gz").write_bytes(moved.content)
    (folder / "first.warc.gz").write_bytes(
        warc(
            (ADDRESS, "2021-10-21T09:00:00Z", page("첫째")),
            (KHAN, "2026-03-01T00:00:00Z", page("경향")),
        )
    )
    (folder / "third.warc.gz").write_bytes(
        warc((ADDRESS, "2024-01-01T00:00:00Z", page("없음")), status="404 Not Found")
    )
    (folder / "gone.warc").write_bytes(
        warc((GONE, "2026-03-01T00:00:00Z", page("사라진")), status="404 Not Found")
    )
    body = html("연락처", meta=UTF8, more="<p>담당 010-2345-6789, kim@moj.kr</p>").encode()
    (folder / "desk.warc.gz").write_bytes(warc((DESK, "2021-10-21T09:00:00Z", body)))
    ingest(folder, base / "case.duckdb", workers=1)
    return base / "case.duckdb"


def test_the_nearest_good_capture_is_taken_and_redirects_are_followed(built: Path) -> None:
    with case_file.open_case(built) as db:
        held = captures.captures(db)
    sha256 = {
        name: hashlib.sha256((built.parent / "folder" / name).read_bytes()).hexdigest()
        for name in ("first.warc.gz", "second.warc.gz", "third.warc.gz")
    }
    for near, name, words in (
        ("2021-10", "first.warc.gz", "첫째"),
        (None, "first.warc.gz", "첫째"),
        ("2021-12-31", "second.warc.gz", "둘째"),
        ("2024-01-01", "second.warc.gz", "둘째"),  # the nearest is an error page
    ):
        found = captures.nearest_capture(held, ADDRESS + "#part", near)
        assert found
        assert (found["file"], found["file_sha256"]) == (name, sha256[name])
        assert found["document"] == hashlib.sha256(page(words)).hexdigest()
    old = captures.nearest_capture(held, "http://news.example/old", "2021")
    assert old
    assert old["document"] == hashlib.sha256(page("둘째")).hexdigest()
    assert captures.nearest_capture(held, "https://news.example/article", "2021") is None


def test_a_capture_can_claim_no_document_that_did_not_come_out_of_it(
    built: Path, tmp_path: Path
) -> None:
    """A hostile parser's answer names another document: the capture then has no text."""
    case = tmp_path / "case.duckdb"
    case.write_bytes(built.read_bytes())
    with case_file.open_case(case, write=True) as db:
        other = hashlib.sha256(page("경향")).hexdigest()
        db.execute("UPDATE captures SET member = ? WHERE status = 404", [other])
        rows = captures.captures(db).filter(pl.col("status") == 404)
    assert rows["document"].to_list() == [None, None]


def ledger(path: Path) -> Path:
    """A reader's own claims: four quotations of captured pages, and one of no capture."""
    names = ("claim_id", "subject", "attribute", "value", "unit", "said_by", "source_url", "quote",
             "disclosure_date")  # fmt: skip
    spaced = SAID.replace(" ", "\n  ", 2)
    rows = [
        ("M1", "a", "b", "yes", "answer", "법무부", ADDRESS, SAID, "2021-10-21"),
        ("M2", "a", "c", "yes", "answer", "법무부", ADDRESS, spaced, "2021-12"),
        ("M3", "a", "d", "yes", "answer", "법무부", ADDRESS, "아무도 하지 않은 말", "2021-10-21"),
        ("M4", "a", "e", "yes", "answer", "법무부", KHAN, "", ""),
        ("M5", "a", "f", "yes", "answer", "법무부", "https://none.example/", SAID, ""),
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([names, *rows])
    return path


def test_claims_given_by_address_point_to_the_capture_and_their_words_in_it(
    built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = tmp_path / "case.duckdb"
    case.write_bytes(built.read_bytes())
    assert main(["claims", str(ledger(tmp_path / "own.csv")), "--case", str(case)]) == 0
    said = capsys.readouterr().out
    with case_file.open_case(case) as db:
        rows = case_file.query_frame(
            db,
            "SELECT claim_id, claims.document, claims.page, substr(text, char_start + 1, "
            "char_end - char_start) AS words FROM claims LEFT JOIN pages USING (document, page) "
            "WHERE claim_id LIKE 'M%' ORDER BY claim_id",
        )
    first, second, khan = (hashlib.sha256(page(w)).hexdigest() for w in ("첫째", "둘째", "경향"))
    assert rows["document"].to_list() == [first, second, first, khan, None]
    assert rows["page"].to_list() == [1, 1, 1, 1, None]
    assert rows["words"].to_list() == [SAID, SAID, None, None, None]
    assert "M1     quoted word for word: https://news.example/article?id=7, 2021-10-21T09" in said
    assert "M2     quoted word for word, except for spaces" in said
    assert "M3     THE QUOTATION IS NOT IN THE SOURCE" in said
    assert "M4     source captured" in said
    assert "M5 " not in said
    digest = hashlib.sha256((built.parent / "folder" / "first.warc.gz").read_bytes()).hexdigest()
    assert f"in first.warc.gz (SHA-256 {digest})" in said
    assert "capture of their source in the case file: 4" in said


def test_a_claim_with_a_document_of_its_own_keeps_it(built: Path) -> None:
    own = claim_ledger.check_ledger(
        pl.DataFrame(
            {
                "claim_id": ["X"],
                "subject": ["a"],
                "attribute": ["b"],
                "value": ["yes"],
                "unit": ["answer"],
                "said_by": ["c"],
                "source_url": [ADDRESS],
                "document": ["f" * 64],
                "page": [3],
            }
        )
    )
    with case_file.open_case(built) as db:
        kept, cited = captures.resolve_claims(db, own)
    assert kept.equals(own)
    assert cited.is_empty()


def test_capture_list_names_what_is_missing_most_claims_first(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    listing = tmp_path / "list.csv"
    assert main(["capture-list", "--case", str(built), "--csv", str(listing)]) == 0
    said = capsys.readouterr().out
    assert KHAN not in said.splitlines()
    for words in ("ArchiveWeb.page", "wget", "--warc-file", "단일 파일", "Single File", "WACZ"):
        assert words in said
    rows = pl.read_csv(listing)
    assert rows.columns == list(web_sources.ADDRESSES)
    assert rows["claims"].is_sorted(descending=True)
    incheon = pl.read_csv(case_folder.SHIPPED / "incheon" / "statements.csv")["url"]
    others = [
        case_folder.read_case(name).table("claims")["source_url"].drop_nulls()
        for name in case_folder.shipped_cases()
        if name != "incheon"
    ]
    cited = pl.concat([each.alias("url") for each in (incheon, *others)])
    # a page in two spellings is one page, listed by its first
    counted = Counter(captures.normal_address(each) or each for each in cited)
    listed = {
        captures.normal_address(address) or address: claims
        for address, claims in rows.select("address", "claims").iter_rows()
        if claims
    }
    assert listed == counted
    row = rows.filter(address=KHAN).row(0, named=True)
    assert row["captured"] == "2026-03-01T00:00:00+00:00"
    assert (
        row["file_sha256"]
        == hashlib.sha256((built.parent / "folder" / "first.warc.gz").read_bytes()).hexdigest()
    )
    missing = rows.height - rows["sha256"].drop_nulls().len() - 1
    assert f"{rows.height} addresses: {missing} need a capture, 1 have one" in said
    # without a case file everything that has no hash is missing
    monkeypatch.chdir(tmp_path)
    assert main(["capture-list"]) == 0
    assert KHAN in capsys.readouterr().out.splitlines()
    assert main(["capture-list", "--case", "nowhere.duckdb"]) == 1


def test_an_error_page_is_no_capture(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with case_file.open_case(built) as db:
        listed = web_sources.cited_addresses(db)
    assert GONE in web_sources.uncaptured_addresses(listed)["address"].to_list()
    assert web_sources.captured_addresses(listed)["address"].to_list() == [KHAN]
    assert main(["capture-list", "--case", str(built)]) == 0
    assert "in gone.warc is an error page: HTTP 404" in capsys.readouterr().out


# The exhibit


@pytest.fixture
def payload(tmp_path: Path) -> Path:
    """A payload's listing, as `exhibit` writes it: one captured address, one not, one document."""
    frame = pl.DataFrame({"url": [ADDRESS, "https://none.example/"], "title": ["기사", "none"]})
    other = pl.DataFrame({"document": ["a.pdf"], "sha256": ["0" * 64], "page": [1]})
    item = Figure("1-1", "table", 1, "", "", "", data=(frame, other))
    folder = tmp_path / "payload"
    folder.mkdir()
    (folder / "sources.csv").write_bytes(cited_sources([item], [], {}).write_csv().encode())
    return folder


def listed(payload: Path) -> pl.DataFrame:
    return pl.read_csv(payload / "sources.csv", schema=CITED).fill_null("")


def test_the_exhibit_names_captures_with_their_hashes_and_carries_none(
    built: Path, payload: Path
) -> None:
    done = captured.name_captures(payload, built)
    assert (done.sources, done.named, done.carried, done.rules) == (2, 1, {}, [])
    assert [each.name for each in payload.iterdir()] == ["sources.csv"]
    rows = listed(payload)
    mine = rows.filter(path=ADDRESS)
    assert mine["capture_file"].to_list() == ["first.warc.gz", "second.warc.gz", "third.warc.gz"]
    for row in mine.iter_rows(named=True):
        content = (built.parent / "folder" / row["capture_file"]).read_bytes()
        assert row["capture_sha256"] == hashlib.sha256(content).hexdigest()
        assert row["payload_digest"].startswith("sha1:")
        assert (row["digest_check"], row["carried"], row["title"]) == ("agrees", "", "기사")
    assert mine["captured"][0] == "2021-10-21T09:00:00+00:00"
    assert rows.filter(path="https://none.example/")["capture_sha256"].to_list() == [""]
    assert rows.filter(path="a.pdf").height == 1


def test_a_capture_is_carried_with_a_permission_and_the_gate_lets_only_that_in(
    built: Path, payload: Path
) -> None:
    done = captured.name_captures(payload, built, carry=True)
    assert len(done.carried) == 3
    for file, sha256 in done.carried.items():
        assert hashlib.sha256((payload / file).read_bytes()).hexdigest() == sha256
        assert file == f"captures/{sha256}.warc.gz"
    assert listed(payload).filter(path=ADDRESS)["carried"].to_list() == [
        f"captures/{each}.warc.gz"
        for each in listed(payload).filter(path=ADDRESS)["capture_sha256"]
    ]
    assert screening._screen_payload(payload, [], done.rules).is_empty()
    unread = screening._screen_payload(payload, [])
    assert set(unread["file"]) == set(done.carried)
    # the permission is for these bytes, in that folder
    changed = payload / next(iter(done.carried))
    changed.write_bytes(changed.read_bytes() + b"\0")
    assert screening._screen_payload(payload, [], done.rules).height == 1
    changed.rename(payload / "other.gz")
    assert screening._screen_payload(payload, [], done.rules)["file"].to_list() == ["other.gz"]
    assert all(rule.allows and rule.exact in rule.reason for rule in done.rules)


def test_a_bundle_with_carried_captures_verifies_and_its_log_says_why(
    built: Path, payload: Path, tmp_path: Path
) -> None:
    done = captured.name_captures(payload, built, carry=True)
    whole = payload
    for chapter in payloads.CHAPTERS:
        (whole / "notebooks").mkdir(exist_ok=True)
        nbformat.write(nbformat.v4.new_notebook(), whole / "notebooks" / f"{chapter}.ipynb")
    with pytest.raises(InputError, match="can't be looked into"):
        bundle.seal(whole, tmp_path / "no", payloads.record(), key=None, created=payloads.CREATED)
    out = bundle.seal(
        whole,
        tmp_path / "bundle",
        payloads.record(),
        key=None,
        created=payloads.CREATED,
        rules=done.rules,
    )
    assert verify(out).filter(level="fault").is_empty()
    log = (out / "data" / "custody.jsonl").read_text("utf-8")
    assert all(f"the capture {sha256} of a cited page" in log for sha256 in done.carried.values())
    crate = json.loads((out / "data" / "ro-crate-metadata.json").read_text("utf-8"))["@graph"]
    for file, sha256 in done.carried.items():
        (entry,) = [each for each in crate if each["@id"] == file]
        assert (entry["sha256"], entry["encodingFormat"]) == (sha256, "application/warc")
        assert entry["name"].startswith("Capture of a page")
        (out / "data" / file).write_bytes(b"another")
        assert f"data/{file}" in verify(out).filter(level="fault")["file"].to_list()


def test_a_datasheet_may_permit_it_for_its_own_addresses(
    built: Path, payload: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert captured._permitted_addresses() == set()
    sheet = methods.ShownDatasheet(
        "x/data/s.toml", "s", {"url": ADDRESS, "captures_in_exhibit": True}, ()
    )
    monkeypatch.setattr(captured, "all_sheets", lambda: [sheet])
    assert len(captured.name_captures(payload, built).carried) == 3


def test_what_pages_of_a_carried_capture_seem_to_contain_is_reported(
    built: Path, payload: Path, tmp_path: Path
) -> None:
    listing = payload / "sources.csv"
    listing.write_bytes(listing.read_bytes().replace(ADDRESS.encode(), DESK.encode()))
    before = listing.read_bytes()
    done = captured.name_captures(payload, built, carry=True)
    assert {what for _, what, _ in done.personal} == {"a mobile number", "an e-mail address"}
    # a file that was changed since, or is gone, is not carried
    file, aside = built.parent / "folder" / "desk.warc.gz", tmp_path / "aside"
    file.rename(aside)
    listing.write_bytes(before)
    with pytest.raises(InputError, match="no longer"):
        captured.name_captures(payload, built, carry=True)
    file.write_bytes(aside.read_bytes() + b"\0")
    with pytest.raises(IntegrityError, match="has changed"):
        captured.name_captures(payload, built, carry=True)
    assert listing.read_bytes() == before
    aside.replace(file)
