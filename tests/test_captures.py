"""Pages of the web, captured by tools that are not ours, read with their addresses and hashes."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import quopri
import random
import re
import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from selenium.webdriver import Chrome
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

import websites
from onetomany.cli import main
from onetomany.documents import case_file, indexing, search
from onetomany.documents.ingest import ingest
from onetomany.formats.kinds import extract
from onetomany.formats.reading import Limits, Reading, Refused
from onetomany.formats.web_archive import _iso_date
from websites import SAID, UTF8, as_chunks, html

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site() -> Any:
    with websites.website() as address:
        yield address


PATHS = ("/euckr.html", "/old", "/gz.html", "/br.html", "/chunked.html", "/a.pdf", "/gone.html")
WORDS = {
    "/euckr.html": "이유씨케이알",
    "/utf8.html": "유티에프",
    "/gz.html": "압축된",
    "/br.html": "브로틀리",
    "/chunked.html": "조각난",
    "/gone.html": "사라진",
}


def ask(case: Path, query: str, *values: object) -> pl.DataFrame:
    with case_file.open_case(case) as db:
        return case_file.query_frame(db, query, *values)


@pytest.fixture(scope="module")
def by_wget(tmp_path_factory: pytest.TempPathFactory, site: str) -> Path:
    """A case of what wget captured, as WARC and packed as WACZ by the package wacz."""
    base = tmp_path_factory.mktemp("wget")
    folder = base / "folder"
    folder.mkdir()
    wget = websites.wget()
    wget.capture(folder, "site", *(site + path for path in PATHS))
    inner = wget.capture(base, "packed", site + "/euckr.html", site + "/utf8.html")
    websites.wacz(inner, folder / "packed.wacz", site + "/utf8.html")
    ingest(folder, base / "case.duckdb", workers=1)
    with case_file.open_case(base / "case.duckdb", write=True) as db:
        indexing.index_case(db, progress=False, kinds=("words",))
    return base / "case.duckdb"


def test_wgets_pages_are_found_with_address_date_and_digests(by_wget: Path, site: str) -> None:
    archive = by_wget.parent / "folder" / "site.warc.gz"
    document = hashlib.sha256(archive.read_bytes()).hexdigest()
    rows = ask(by_wget, "SELECT * FROM captures WHERE document = ?", document)
    with archive.open("rb") as file:
        recorded = {
            record.rec_headers.get_header("WARC-Target-URI"): (
                record.rec_headers.get_header("WARC-Payload-Digest"),
                record.rec_headers.get_header("WARC-Date"),
                record.raw_stream.read(),
            )
            for record in ArchiveIterator(file)
            if record.rec_type == "response"
        }
    answers = websites.answers()
    for path, words in WORDS.items():
        row = rows.filter(address=site + path).row(0, named=True)
        digest, when, stored = recorded[site + path]
        assert row["payload_digest"] == digest
        sha1 = base64.b32encode(hashlib.sha1(stored).digest()).decode()
        assert row["digest_agrees"] is (digest == f"sha1:{sha1}") is True
        assert datetime.fromisoformat(row["captured"]) == datetime.fromisoformat(when)
        assert row["captured"].endswith("+00:00")
        assert row["status"] == answers[path][0]
        assert row["payload_sha256"] == hashlib.sha256(answers[path][2]).hexdigest()
        with case_file.open_case(by_wget) as db:
            hits = search.search_words(db, words)
        assert row["member"] in hits["document"].to_list()
        text = ask(by_wget, "SELECT text FROM pages WHERE document = ?", row["member"])
        assert SAID in text["text"].item()
    # wget hashes a chunked payload as it was sent, with the lengths of its chunks in it
    chunked = rows.filter(address=site + "/chunked.html").row(0, named=True)
    assert chunked["digest_of"] == "as stored"
    paper = rows.filter(address=site + "/a.pdf")["member"].item()
    assert ask(by_wget, "SELECT media_type FROM documents WHERE document = ?", paper).item() == (
        "application/pdf"
    )
    assert case_file.original_file(by_wget, paper).read_bytes() == answers["/a.pdf"][2]
    old = rows.filter(address=site + "/old").row(0, named=True)
    assert (old["status"], old["final_address"], old["member"]) == (302, site + "/utf8.html", None)


def test_a_hit_of_a_search_is_cited_by_address_date_and_hashes(
    by_wget: Path, site: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["search", WORDS["/gz.html"], "--case", str(by_wget)]) == 0
    said = capsys.readouterr().out
    content = (by_wget.parent / "folder" / "site.warc.gz").read_bytes()
    row = ask(by_wget, "SELECT * FROM captures WHERE address = ?", site + "/gz.html")
    assert (
        f"captured: {site}/gz.html, {row['captured'].item()}, in site.warc.gz (SHA-256 "
        f"{hashlib.sha256(content).hexdigest()}), payload {row['payload_digest'].item()}"
    ) in said
    # a page that came in a WACZ is cited by the WACZ, which is what a person has
    assert main(["search", WORDS["/utf8.html"], "--case", str(by_wget)]) == 0
    packed = (by_wget.parent / "folder" / "packed.wacz").read_bytes()
    assert f"in packed.wacz (SHA-256 {hashlib.sha256(packed).hexdigest()})" in (
        capsys.readouterr().out
    )


def test_a_wacz_of_the_package_wacz_is_read_and_its_hashes_checked(
    by_wget: Path, site: str
) -> None:
    packed = by_wget.parent / "folder" / "packed.wacz"
    outer = hashlib.sha256(packed.read_bytes()).hexdigest()
    with zipfile.ZipFile(packed) as file:
        listed = json.loads(file.read("datapackage.json"))["resources"]
        inner = {name: file.read(name) for name in file.namelist()}
    for each in listed:
        assert each["hash"] == "sha256:" + hashlib.sha256(inner[each["path"]]).hexdigest()
    row = ask(by_wget, "SELECT * FROM documents WHERE document = ?", outer).row(0, named=True)
    assert (row["media_type"], row["status"]) == ("application/wacz", "read")
    assert json.loads(row["metadata"])["hashes that agree"] == str(len(listed) + 1)
    assert ask(
        by_wget, "SELECT text FROM notes WHERE document = ? AND kind = 'digest'", outer
    ).is_empty()
    text = ask(by_wget, "SELECT text FROM pages WHERE document = ?", outer)["text"].item()
    assert site + "/utf8.html" in text
    archive = next(name for name in inner if name.startswith("archive/"))
    held = hashlib.sha256(inner[archive]).hexdigest()
    rows = ask(by_wget, "SELECT * FROM captures WHERE document = ?", held)
    assert {site + "/utf8.html", site + "/euckr.html"} <= set(rows["address"])
    assert rows["digest_agrees"].all(ignore_nulls=False)
    path = ask(by_wget, "SELECT path FROM files WHERE document = ? AND parent = ?", held, outer)
    assert path.item() == f"packed.wacz!/{archive}"


def test_chromiums_mhtml_is_read_with_its_frame(driver: Chrome, tmp_path: Path, site: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for path in ("/utf8.html", "/euckr.html"):
        driver.get(site + path)
        saved = driver.execute_cdp_cmd("Page.captureSnapshot", {"format": "mhtml"})["data"]
        (folder / f"{path[1:-5]}.mhtml").write_bytes(saved.encode("utf-8"))
        assert websites.SAID not in saved  # it stands there in quoted-printable
    (folder / "no ending").write_bytes((folder / "utf8.mhtml").read_bytes() + b"\r\n")
    case = tmp_path / "case.duckdb"
    ingest(folder, case, workers=1)
    rows = ask(
        case,
        "SELECT captures.*, text, path FROM captures JOIN pages USING (document, page) "
        "JOIN files USING (document)",
    )
    kinds = ask(case, "SELECT DISTINCT media_type FROM documents")["media_type"].to_list()
    assert kinds == ["multipart/related"]
    for path in ("/utf8.html", "/euckr.html"):
        row = rows.filter(path=f"{path[1:-5]}.mhtml", kind="mhtml").row(0, named=True)
        assert row["address"] == site + path
        assert SAID in row["text"]
        assert WORDS[path] in row["text"]
        when = datetime.fromisoformat(row["captured"])
        assert abs(datetime.now(when.tzinfo) - when) < timedelta(minutes=5)
        assert row["dated_by"] == "Date"
        assert (row["payload_digest"], row["digest_agrees"]) == (None, None)
        part = _html_part((folder / f"{path[1:-5]}.mhtml").read_bytes(), site + path)
        assert row["payload_sha256"] == hashlib.sha256(part).hexdigest()
    frame = rows.filter(path="utf8.mhtml", kind="frame").row(0, named=True)
    assert (frame["page"], frame["text"]) == (2, "틀 안의 글")
    notes = ask(case, "SELECT text FROM notes")["text"].to_list()
    assert any("word of the program" in note for note in notes)
    assert any("image/gif (1)" in note for note in notes)


def _html_part(saved: bytes, address: str) -> bytes:
    """The HTML of a saved page by hand: its part's body with quoted-printable undone."""
    place = b"\r\nContent-Location: " + re.escape(address.encode()) + b"\r\n\r\n"
    body = re.search(place + b"(.*?)\r\n------MultipartBoundary", saved, re.DOTALL)
    assert body
    return quopri.decodestring(body[1])


# By warcio's own writer: every type of record, and what damages one


class Writer:
    """A WARC in memory, by warcio's writer."""

    def __init__(self, *, packed: bool = True, digests: bool = True) -> None:
        self.out = io.BytesIO()
        self.writer = WARCWriter(self.out, gzip=packed)
        if not digests:
            self.writer.curr_warc_date = self.writer.curr_warc_date
            self.writer.ensure_digest = lambda *_args, **_named: None

    def add(
        self,
        address: str,
        body: bytes,
        kind: str = "response",
        content_type: str = "text/html",
        *,
        fields: dict[str, str] | None = None,
        warc: dict[str, str] | None = None,
        status: str = "200 OK",
    ) -> str:
        """Add a record; its identifier."""
        head = None
        if kind in ("response", "revisit", "request"):
            said = [("Content-Type", content_type), *(fields or {}).items()]
            head = StatusAndHeaders(status, said, protocol="HTTP/1.1")
        date = {"WARC-Date": "2021-10-21T09:30:00Z"}
        record = self.writer.create_warc_record(
            address,
            kind,
            payload=io.BytesIO(body),
            length=len(body),
            http_headers=head,
            warc_content_type=content_type if head is None else "",
            warc_headers_dict=date | (warc or {}),
        )
        self.writer.write_record(record)
        return str(record.rec_headers.get_header("WARC-Record-ID"))

    @property
    def content(self) -> bytes:
        return self.out.getvalue()


def read(content: bytes, name: str = "x.warc.gz", **limits: Any) -> Reading:
    reading = Reading(Limits(**limits))
    extract(content, name, reading)
    reading.finish()
    return reading


def captured(reading: Reading) -> pl.DataFrame:
    return pl.DataFrame(reading.columns["captures"], infer_schema_length=None)


def notes(reading: Reading, kind: str) -> str:
    rows = reading.columns.get("notes", {"kind": [], "text": []})
    pairs = zip(rows["kind"], rows["text"], strict=True)
    return "\n".join(text for each, text in pairs if each == kind)


PAGE = html("한 쪽", meta=UTF8).encode()


@pytest.mark.parametrize("packed", [True, False])
def test_every_type_of_record_is_taken_for_what_it_is(packed: bool) -> None:
    made = Writer(packed=packed)
    info = made.writer.create_warcinfo_record("x.warc", {"software": "a tool 1.0"})
    made.writer.write_record(info)
    first = made.add("https://a.example/1", PAGE)
    made.add("https://a.example/1", b"", "request")
    digest = "sha1:" + base64.b32encode(hashlib.sha1(PAGE).digest()).decode()
    pointing = {
        "WARC-Refers-To": first,
        "WARC-Refers-To-Target-URI": "https://a.example/1",
        "WARC-Refers-To-Date": "2021-10-21T09:30:00Z",
        "WARC-Payload-Digest": digest,
        "WARC-Date": "2022-01-02T03:04:05Z",
        "WARC-Profile": "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
    }
    made.add("https://a.example/1", b"", "revisit", warc=pointing)
    lost = pointing | {"WARC-Refers-To": "<urn:uuid:0>", "WARC-Payload-Digest": "sha1:" + "A" * 32}
    made.add("https://a.example/2", b"", "revisit", warc=lost)
    made.add("urn:text:https://a.example/1", "옮긴 글".encode(), "conversion", "text/plain")
    made.add("https://a.example/r.html", PAGE, "resource", "text/html; charset=utf-8")
    made.add("https://a.example/1", b"fetchTimeMs: 5", "metadata", "application/warc-fields")
    made.add("https://a.example/p.png", b"\x89PNG", content_type="image/png")
    reading = read(made.content, "x.warc")
    rows = captured(reading)
    assert rows["kind"].to_list() == [
        "response", "revisit", "revisit", "conversion", "resource", "response",
    ]  # fmt: skip
    page = hashlib.sha256(PAGE).hexdigest()
    text = hashlib.sha256("옮긴 글".encode()).hexdigest()
    assert rows["member"].to_list() == [page, page, None, text, page, None]
    again = rows.row(1, named=True)
    assert again["captured"] == "2022-01-02T03:04:05+00:00"
    assert (again["refers_to"], again["refers_to_address"]) == (first, "https://a.example/1")
    assert again["refers_to_date"] == "2021-10-21T09:30:00+00:00"
    assert "not in this file" in notes(reading, "capture")
    assert "image/png (1)" in notes(reading, "unread")
    assert reading.metadata["records: request"] == "1"
    assert reading.metadata["warcinfo software"].strip() == "a tool 1.0"
    assert len(reading.members) == 3
    for row in rows.filter(kind="response").iter_rows(named=True):
        assert row["digest_agrees"]


def test_digests_of_any_kind_are_recalculated_and_wrong_ones_told() -> None:
    packed = gzip.compress(PAGE)
    forms = {
        "as stored": (as_chunks(packed), {"Transfer-Encoding": "chunked"}),
        "transfer coding undone": (packed, {}),
        "all codings undone": (PAGE, {}),
    }
    body = as_chunks(packed)
    both = {"Content-Encoding": "gzip", "Transfer-Encoding": "chunked"}
    for said, (hashed, _) in forms.items():
        spellings = {
            "sha1:" + base64.b32encode(hashlib.sha1(hashed).digest()).decode(),
            "sha1:" + hashlib.sha1(hashed).hexdigest(),
            "sha256:" + hashlib.sha256(hashed).hexdigest(),
            "SHA-256:" + base64.b32encode(hashlib.sha256(hashed).digest()).decode().rstrip("="),
            "sha256:" + base64.b64encode(hashlib.sha256(hashed).digest()).decode(),
            "md5:" + hashlib.md5(hashed).hexdigest(),
            "sha512:" + hashlib.sha512(hashed).hexdigest().upper(),
        }
        for spelling in spellings:
            made = Writer()
            made.add(
                "https://a.example/", body, fields=both, warc={"WARC-Payload-Digest": spelling}
            )
            row = captured(read(made.content)).row(0, named=True)
            assert (row["digest_agrees"], row["digest_of"]) == (True, said), spelling
            assert row["payload_digest"] == spelling
            assert row["payload_sha256"] == hashlib.sha256(packed).hexdigest()
            assert row["member"] == hashlib.sha256(PAGE).hexdigest()
    for wrong, agrees, told in (
        ("sha1:" + "A" * 32, False, "does not agree"),
        ("sha256:" + "0" * 64, False, "does not agree"),
        ("sha1:nothing of the kind", False, "does not agree"),
        ("blake9:1234", None, "can't recalculate"),
        ("nothing", None, "can't recalculate"),
    ):
        made = Writer()
        made.add("https://a.example/", PAGE, warc={"WARC-Payload-Digest": wrong})
        reading = read(made.content)
        row = captured(reading).row(0, named=True)
        assert (row["digest_agrees"], row["digest_of"]) == (agrees, None)
        assert told in notes(reading, "digest")
    made = Writer(digests=False)
    made.add("https://a.example/", PAGE)
    reading = read(made.content)
    assert captured(reading)["payload_digest"].item() is None
    assert "no payload digest" in notes(reading, "digest")


def many(count: int = 20, *, packed: bool = True) -> tuple[bytes, list[int]]:
    """A WARC of as many pages, and where each record begins."""
    made, starts = Writer(packed=packed), []
    for number in range(count):
        starts.append(made.out.tell())
        made.add(f"https://a.example/{number}", html(f"쪽 {number}", meta=UTF8).encode())
    return made.content, starts


@pytest.mark.parametrize("packed", [True, False])
def test_a_damaged_archive_loses_only_what_is_damaged(packed: bool) -> None:
    whole, starts = many(packed=packed)
    name = "x.warc.gz" if packed else "x.warc"
    assert captured(read(whole, name)).height == 20
    for cut in (1, 40, len(whole) - starts[19] - 300):
        reading = read(whole[:-cut], name)
        assert captured(reading).height == 20 if cut == 1 else captured(reading).height >= 19
        if cut > 4:
            assert "cut off" in notes(reading, "unread")
    # one in the middle is overwritten, and one is missing in part
    for damaged in (
        whole[: starts[7]] + b"\xff" * 200 + whole[starts[7] + 200 :],
        whole[: starts[7] + 100] + whole[starts[8] :],
        whole[: starts[8]] + b"garbage between records\r\n" * 3 + whole[starts[8] :],
    ):
        reading = read(damaged, name)
        addresses = set(captured(reading)["address"])
        expected = {f"https://a.example/{n}" for n in range(20) if n != 7}
        assert expected <= addresses
        assert notes(reading, "unread")
    assert captured(read(whole + b"\0" * 999, name)).height == 20
    # marks of gzip, and heads of records, without end: looked at once each
    for many_times in (
        b"\x1f\x8b\x08" * 100_000,
        b"WARC/1.0\r\nContent-Length: 9999\r\n\r\n" * 9999,
    ):
        assert captured(read(whole + many_times, name, seconds=30.0)).height == 20


def test_a_stated_length_that_is_wrong_does_not_swallow_the_next_record() -> None:
    whole, starts = many(3, packed=False)
    second = whole[starts[1] : starts[2]]
    length = int(second.partition(b"Content-Length: ")[2].split(b"\r\n")[0])
    for wrong in (length + 50, length * 100, length - 50, 0):
        changed = second.replace(b"Content-Length: %d" % length, b"Content-Length: %d" % wrong)
        reading = read(whole[: starts[1]] + changed + whole[starts[2] :], "x.warc")
        assert {"https://a.example/0", "https://a.example/2"} <= set(captured(reading)["address"])
        assert "not as long as it states" in notes(reading, "unread") or "cut off" in notes(
            reading, "unread"
        )


def test_one_gzip_of_all_records_is_read_too() -> None:
    whole, _ = many(packed=False)
    assert captured(read(gzip.compress(whole))).height == 20


def test_bombs_and_limits_are_told_and_the_rest_is_read() -> None:
    made = Writer()
    made.add("https://a.example/first", PAGE)
    made.add("https://a.example/bomb", b"a" * (16 << 20))
    bomb = gzip.compress(b"b" * (16 << 20))
    made.add("https://a.example/inner", bomb, fields={"Content-Encoding": "gzip"})
    squeezed = brotli_bomb()
    made.add("https://a.example/brotli", squeezed, fields={"Content-Encoding": "br"})
    made.add("https://a.example/last", PAGE)
    reading = read(made.content)
    rows = captured(reading)
    assert {"https://a.example/first", "https://a.example/last"} <= set(rows["address"])
    assert "bomb" in notes(reading, "unread")
    assert rows.filter(pl.col("address").str.ends_with("inner"))["member"].item() is None
    assert rows.filter(pl.col("address").str.ends_with("brotli"))["member"].item() is None
    assert len(reading.members) == 2
    whole, _ = many(30)
    few = read(whole, members=5)
    assert (captured(few).height, len(few.members)) == (30, 5)
    assert "more than 5 pages" in notes(few, "limit")
    small = Reading(Limits(expanded=5000))
    with pytest.raises(Refused, match="too far together"):
        extract(whole, "x.warc.gz", small)
    small.finish()
    assert 0 < captured(small).height < 30
    rows_only = Reading(Limits(cells=100))
    with pytest.raises(Refused, match="cells"):
        extract(whole, "x.warc.gz", rows_only)
    assert captured(rows_only).height == 10


@pytest.mark.parametrize("kind", ["warc.gz", "warc", "wacz", "mhtml"])
def test_damaged_files_end_in_an_answer(kind: str) -> None:
    """Bits flipped, pieces cut out and doubled: refused or read in part, and never a crash."""
    whole, _ = many(4, packed=kind != "warc")
    if kind == "wacz":
        whole = packed_by_hand({"archive/a.warc.gz": whole, "pages/pages.jsonl": b'{"url": "x"}'})
    if kind == "mhtml":
        whole = SAVED
    chance = random.Random(15)
    outcomes = set()
    for _ in range(120):
        damaged = bytearray(whole)
        for _ in range(chance.choice((1, 5, 40))):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        first, last = sorted(chance.randrange(len(damaged)) for _ in range(2))
        if chance.random() < 0.5:
            damaged[first:last] = chance.choice((b"", bytes(damaged[first:last]) * 2))
        reading = Reading()
        try:
            extract(bytes(damaged), f"x.{kind}", reading)
            outcomes.add("read")
        except Refused as refused:
            outcomes.add(f"refused: {refused}")
        reading.finish()
    assert "read" in outcomes
    assert all(len(each) > 20 for each in outcomes - {"read"})


def packed_by_hand(files: dict[str, bytes], **changed: Any) -> bytes:
    """A WACZ of files, with the hashes of all of them but what is `changed` in the package."""
    resources = [
        {"path": name, "hash": f"sha256:{hashlib.sha256(content).hexdigest()}"}
        | {"bytes": len(content)}
        for name, content in files.items()
    ]
    package = json.dumps({"resources": resources, "title": "t"} | changed).encode()
    digest = {"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(package).hexdigest()}"}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, content in files.items():
            file.writestr(name, content)
        file.writestr("datapackage.json", package)
        signed = {"signedData": {"software": "a tool", "signature": "AAAA", "publicKey": "BBBB"}}
        file.writestr("datapackage-digest.json", json.dumps(digest | signed))
    return out.getvalue()


def test_what_a_wacz_says_of_its_files_is_checked() -> None:
    whole, _ = many(2)
    files = {"archive/a.warc.gz": whole, "indexes/index.cdx": b"x"}
    good = read(packed_by_hand(files), "x.wacz")
    assert [name for name, _ in good.members] == ["archive/a.warc.gz"]
    assert good.metadata["hashes that agree"] == "3"
    assert notes(good, "digest") == ""
    assert "which the kit does not check" in notes(good, "signature")
    index = {"path": "indexes/index.cdx", "hash": "sha256:" + "0" * 64, "bytes": 5}
    gone = {"path": "archive/b.warc.gz", "hash": "sha256:" + "0" * 64}
    odd = read(packed_by_hand(files, resources=[index, gone, "nonsense", {"path": 5}]), "x.wacz")
    told = notes(odd, "digest")
    for words in ("its hash differs", "has 1 bytes", "not in the file", "so nothing confirms it"):
        assert words in told
    assert len(odd.members) == 1
    with pytest.raises(Refused, match="no web archive"):
        read(packed_by_hand({"archive/note.warc.txt": b"x"}), "x.wacz")
    changed = packed_by_hand(files).replace(b'"title": "t"', b'"title": "u"')
    assert "does not agree with datapackage.json" in notes(reread(changed), "digest")


def reread(content: bytes) -> Reading:
    """A WACZ whose bytes were changed within a ZIP: read with its checksums made anew."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as file, zipfile.ZipFile(out, "w") as new:
        for info in file.infolist():
            with file.open(info) as part:
                part._expected_crc = None  # type: ignore[attr-defined]
                new.writestr(info.filename, part.read())
    return read(out.getvalue(), "x.wacz")


SAVED = (
    "From: <Saved by Windows Internet Explorer 8>\r\nSubject: =?ks_c_5601-1987?B?w+LA1LG5?=\r\n"
    "Date: Thu, 21 Oct 2021 18:30:00 +0900\r\nMIME-Version: 1.0\r\n"
    'Content-Type: multipart/related; type="text/html"; boundary="b"\r\n\r\n'
    '--b\r\nContent-Type: text/html; charset="ks_c_5601-1987"\r\n'
    "Content-Transfer-Encoding: base64\r\nContent-Location: https://moj.example/글\r\n\r\n"
    + base64.encodebytes(html("저장한 쪽").encode("cp949")).decode().replace("\n", "\r\n")
    + '\r\n--b\r\nContent-Type: text/html; charset="utf-8"\r\nContent-Location: cid:frame\r\n'
    "Content-Transfer-Encoding: 8bit\r\n\r\n<p>틀</p>\r\n"
    "--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBO\r\n"
    "--b\r\nContent-Type: application/pdf\r\nContent-Location: https://moj.example/a.pdf\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQ=\r\n--b--\r\n"
).encode()


@pytest.mark.parametrize("name", ["x.mht", "x", "x.eml", "x.txt"])
def test_a_page_that_another_browser_saved_is_read_by_its_parts(name: str) -> None:
    reading = read(SAVED, name)
    assert reading.facts["media_type"] == "multipart/related"
    assert reading.facts["title"] == "출입국"
    assert [row["text"] for row in page_rows(reading)][1] == "틀"
    assert SAID in page_rows(reading)[0]["text"]
    (row,) = captured(reading).iter_rows(named=True)
    assert row["address"] == "https://moj.example/글"
    assert (row["captured"], row["page"]) == ("2021-10-21T18:30:00+09:00", 1)
    assert row["payload_sha256"] == hashlib.sha256(html("저장한 쪽").encode("cp949")).hexdigest()
    assert [content for _, content in reading.members] == [b"%PDF-1.4"]
    assert "image/png (1)" in notes(reading, "unread")


def page_rows(reading: Reading) -> list[dict[str, Any]]:
    return pl.DataFrame(reading.columns["pages"]).to_dicts()


def test_a_mail_with_pictures_stays_a_mail() -> None:
    mail = SAVED.replace(b"From: <Saved by Windows Internet Explorer 8>", b"From: a@b.example")
    mail = b"To: c@d.example\r\nMessage-ID: <1@b.example>\r\n" + mail
    for name in ("x", "x.eml"):
        assert read(mail, name).facts["media_type"] == "message/rfc822"
    assert read(html("그저 쪽", meta=UTF8).encode(), "x.mht").facts["media_type"] == "text/html"


def test_a_capture_of_a_pdf_is_no_pdf() -> None:
    made = Writer(packed=False)
    made.add("https://a.example/a.pdf", b"%PDF-1.4 short", "resource", "application/pdf")
    for name in ("x", "x.warc"):
        assert read(made.content, name).facts["media_type"] == "application/warc"
    saved = SAVED.replace(
        b"--b\r\nContent-Type: text/html", b"%PDF-1.4\r\n--b\r\nContent-Type: text/html", 1
    )
    assert read(saved, "x").facts["media_type"] == "multipart/related"


def test_dates_are_kept_as_precise_as_they_are() -> None:
    for said, kept in (
        ("2021-10-21T09:30:00Z", "2021-10-21T09:30:00+00:00"),
        ("2021-10-21T09:30:00.123456789Z", "2021-10-21T09:30:00.123456+00:00"),
        ("2021-10-21T18:30:00+09:00", "2021-10-21T18:30:00+09:00"),
        ("2021-10-21T09:30:00", "2021-10-21T09:30:00+00:00"),
        ("2021-10", "2021-10"),
        ("yesterday", None),
        ("", None),
    ):
        assert _iso_date(said) == kept
    made = Writer()
    made.add("https://a.example/", PAGE, warc={"WARC-Date": "0", "WARC-Truncated": "length"})
    reading = read(made.content)
    assert captured(reading)["captured"].item() is None
    assert "no date of capture" in notes(reading, "capture")
    assert "did not keep all of it" in notes(reading, "unread")


def test_a_page_with_a_broken_byte_keeps_its_declared_encoding(tmp_path: Path) -> None:
    body = html("이유씨케이알").encode("euc-kr").replace(b"<h1>", b"<h1>\xff\xff")
    made = Writer()
    made.add("https://a.example/", body, content_type="text/html; charset=EUC-KR")
    ((name, member),) = read(made.content).members
    assert member == body
    reading = read(member, f"x.warc.gz!/{name}")
    assert SAID in page_rows(reading)[0]["text"]
    assert "guessed" in notes(reading, "encoding")


def brotli_bomb() -> bytes:
    import brotli

    return bytes(brotli.compress(b"c" * (16 << 20)))
