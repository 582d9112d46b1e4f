"""Web archives: WARC (ISO 28500), and WACZ, a ZIP of them. Pages become documents of their own.

Each record that carries or points to a payload is a row of `captures`. Pages (HTML, PDF, text,
office files) become member documents, content coding undone, so that the extractors of their kind
read them; pictures, scripts and the like are listed and not read.
"""

import contextlib
import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from .reading import Page, Reading, Refused, clean
from .warc import Damage, Record, UnpackBudget, read_records
from .web_payload import Payload, digest_agrees, http_payload, plain_payload

# media type of a page, and the ending that its extractor knows
PAGES = {
    "text/html": "html", "application/xhtml+xml": "html", "text/plain": "txt",
    "text/markdown": "md", "text/csv": "csv", "application/pdf": "pdf", "application/x-pdf": "pdf",
    "application/rtf": "rtf", "text/rtf": "rtf", "application/msword": "doc",
    "application/vnd.ms-excel": "xls", "application/x-hwp": "hwp", "application/haansofthwp": "hwp",
    "application/vnd.hancom.hwp": "hwp", "application/vnd.hancom.hwpx": "hwpx",
    "application/hwp+zip": "hwpx", "message/rfc822": "eml",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}  # fmt: skip
# types that servers give to downloads of unknown kind, as Korean notice boards do
_ANY = re.compile(r"|.*/(?:octet-stream|x-msdownload|download|force-download|x-download|unknown)")
_STARTS = ((b"%PDF-", "pdf"), (b"\xd0\xcf\x11\xe0", "hwp"), (b"PK\x03\x04", "zip"))
_OFFICE = re.compile(r"\.(pdf|hwpx?|docx?|xlsx?|rtf|csv|txt|zip)\b", re.IGNORECASE)
_HOPS = 10  # redirects that are followed
_SAID_INCOMPLETE = (
    ("WARC-Truncated", "The tool that captured a page says that it did not keep all of it"),
    ("WARC-Segment-Number", "A payload is split over several records, which are not joined"),
)
_KINDS = ("response", "revisit", "resource", "conversion")


def read_warc(content: bytes, reading: Reading) -> None:
    """Read the records of a WARC file; pages become members, every payload a row of captures."""
    budget, damage = UnpackBudget(reading), Damage()
    archive = Archive(reading, budget, damage)
    try:
        for record in read_records(content, budget, damage):
            archive.take(record)
    finally:
        archive.finish()


@dataclass
class Archive:
    """Gather the records of one file, in its order."""

    reading: Reading
    budget: UnpackBudget
    damage: Damage
    rows: list[dict[str, Any]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    notes: Counter[tuple[str, str]] = field(default_factory=Counter)

    def take(self, record: Record) -> None:
        """Take a record: a row of captures, a member document, or a count."""
        self.counts[record.type or "no type"] += 1
        if record.type == "warcinfo":
            for line in record.block[:4096].decode("utf-8", "replace").splitlines():
                name, _, value = line.partition(":")
                if value.strip():
                    self.reading.metadata.setdefault(f"warcinfo {name.strip().lower()}", value)
        if record.type not in _KINDS or not (address := record.header("WARC-Target-URI")):
            return
        self.reading.count(0, cells=10)  # the number of rows is limited too
        payload = self._payload(record)
        row = self._row(record, address[:8192], payload)
        self.rows.append(row)
        if record.truncated:
            self.tell("unread", "A captured page is cut off: the part that is there was read")
        for name, why in _SAID_INCOMPLETE:
            if record.header(name):
                self.tell("unread", why)
        if record.type == "revisit":
            return
        for fault in payload.faults:
            self.tell("unread", fault)
        self._check(record, payload, row)
        if ending := _page_ending(payload, address):
            self._keep(row, payload, ending)

    def _payload(self, record: Record) -> Payload:
        media_type, revisit = record.header("Content-Type"), record.type == "revisit"
        http = "application/http" in media_type.lower()
        if http and revisit and not record.block:
            return plain_payload(b"", "")
        if http or ((revisit or record.type == "response") and record.block.startswith(b"HTTP/")):
            return http_payload(record.block, self.budget.most(len(record.block)))
        return plain_payload(record.block, media_type)

    def _row(self, record: Record, address: str, payload: Payload) -> dict[str, Any]:
        if not (captured := _iso_date(record.header("WARC-Date"))):
            self.tell("capture", "A record has no date of capture that can be read")
        where = payload.location if payload.status and 300 <= payload.status < 400 else None
        digest = record.header("WARC-Payload-Digest")
        if not digest and record.type in ("resource", "conversion"):
            digest = record.header("WARC-Block-Digest")  # their block is the payload
        return capture_row(
            len(self.rows) + 1, record.type, address,
            final_address=_joined(address, where) if where else None, captured=captured,
            dated_by="WARC-Date", status=payload.status, media_type=payload.media_type or None,
            payload_digest=digest or None, record=record.header("WARC-Record-ID") or None,
            record_offset=record.offset,
            refers_to=record.header("WARC-Refers-To") or None,
            refers_to_address=record.header("WARC-Refers-To-Target-URI") or None,
            refers_to_date=_iso_date(record.header("WARC-Refers-To-Date")),
        )  # fmt: skip

    def _check(self, record: Record, payload: Payload, row: dict[str, Any]) -> None:
        """Recalculate the digests that the file records."""
        row["payload_sha256"] = hashlib.sha256(payload.body).hexdigest()
        if digest_agrees(record.header("WARC-Block-Digest"), record.block) is False:
            self.tell("digest", "A block digest does not agree with its record, head and payload")
        if digest := row["payload_digest"]:
            row["digest_agrees"], row["digest_of"] = payload.agrees(digest)
            if row["digest_agrees"] is None:
                self.tell("digest", "A payload digest is of a kind that the kit can't recalculate")
            elif not row["digest_agrees"]:
                self.tell("digest", "A payload digest does not agree with the payload: it was "
                          "changed or damaged after the digest was made, or the tool hashed other "
                          "bytes")  # fmt: skip
        elif payload.stored:
            self.tell("digest", "A record states no payload digest: the SHA-256 is this kit's own")

    def _keep(self, row: dict[str, Any], payload: Payload, ending: str) -> None:
        """Hand a page on as a member document, within the limits of an archive."""
        limits, reading = self.reading.limits, self.reading
        if not payload.content:
            return
        if len(reading.members) >= limits.members:
            self.tell(
                "limit",
                f"The archive has more than {limits.members:,} pages: the rest are not read",
            )
            return
        self.budget.unpacked += len(payload.content) if payload.content is not payload.body else 0
        if self.budget.unpacked > limits.expanded:
            self.tell("limit", "The pages expand too far together: the rest are not read")
            return
        row["member"] = hashlib.sha256(payload.content).hexdigest()
        name = member_name(row["capture"], row["address"], payload.charset, ending)
        reading.member(name, payload.content)

    def tell(self, kind: str, text: str) -> None:
        """Count a note, which is written once with how many records it is about."""
        self.notes[kind, text] += 1

    def finish(self) -> None:
        """Write the rows, with redirects followed and revisits resolved, and the notes."""
        _follow_redirects(self.rows)
        originals = _by_record_and_digest(self.rows)
        for row in self.rows:
            if row["kind"] == "revisit":
                self._revisit(row, originals)
        for row in self.rows:
            self.reading.row("captures", **row)
        others = Counter(row["media_type"] or "no media type" for row in self.rows
                         if not row["member"] and row["kind"] != "revisit")  # fmt: skip
        if others:
            said = ", ".join(f"{kind} ({count:,})" for kind, count in others.most_common(8))
            self.reading.note("unread", f"Listed in captures and not read: {said}.")
        for (kind, text), count in self.notes.items():
            more = f" ({count:,} records)" if count > 1 else ""
            self.reading.note(kind, f"{text}{more}.")
        self.damage.report(self.reading)
        for kind, count in self.counts.items():
            self.reading.metadata[f"records: {kind[:40]}"] = str(count)
        # last, since a limit that was reached already is met again here
        with contextlib.suppress(Refused):
            _list_captures(self.rows, self.reading.page())

    def _revisit(self, row: dict[str, Any], originals: dict[object, dict[str, Any]]) -> None:
        """Point a revisit to the capture that has the same payload, as it states."""
        wanted = row["refers_to_address"] or row["address"]
        first = originals.get(row["refers_to"]) or originals.get((wanted, row["payload_digest"]))
        if first is None:
            self.tell("capture", "A revisit points to a capture that is not in this file")
            return
        if row["payload_digest"] and first["payload_digest"] != row["payload_digest"]:
            self.tell("digest", "A revisit and the capture it points to have different digests")
            return
        for name in ("member", "payload_sha256", "digest_agrees", "digest_of"):
            row[name] = first[name]
        row["media_type"] = row["media_type"] or first["media_type"]


def _by_record_and_digest(rows: list[dict[str, Any]]) -> dict[object, dict[str, Any]]:
    """Return the first capture of each record identifier, and of each address and digest."""
    found: dict[object, dict[str, Any]] = {}
    for row in rows:
        if row["kind"] != "revisit":
            if row["record"]:
                found.setdefault(row["record"], row)
            if row["payload_digest"]:
                found.setdefault((row["address"], row["payload_digest"]), row)
    return found


def capture_row(number: int, kind: str, address: str, **values: Any) -> dict[str, Any]:
    """Return a row of `captures` with every column, null if not given."""
    names = (
        "final_address", "captured", "dated_by", "status", "media_type", "page", "payload_digest",
        "digest_of", "digest_agrees", "payload_sha256", "member", "record", "record_offset",
        "refers_to", "refers_to_address", "refers_to_date",
    )  # fmt: skip
    row = {"capture": number, "kind": kind, "address": address} | dict.fromkeys(names) | values
    return {name: clean(v)[:8192] if isinstance(v, str) else v for name, v in row.items()}


def _iso_date(text: str) -> str | None:
    """Return a WARC's date as ISO 8601 with its offset; None if it isn't a date.

    WARC-Date is in UTC by the standard; a time without any offset is taken so. A date that is
    less precise, as WARC 1.1 allows, stays as it is.
    """
    if re.fullmatch(r"\d{4}(?:-\d\d){0,2}", text.strip()):
        return text.strip()
    try:
        when = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    shown = when.isoformat()
    return shown if when.tzinfo else f"{shown}+00:00"


def _page_ending(payload: Payload, address: str) -> str:
    """Return the file ending of a page, '' if it isn't one."""
    head = payload.content[:1024]
    if ending := PAGES.get(payload.media_type, ""):
        return ending
    if not _ANY.fullmatch(payload.media_type):
        return ""
    if re.match(rb"(?is)\s*(?:<!doctype html|<html)", head):
        return "html"
    named = _OFFICE.search(unquote(payload.file_name)) or _OFFICE.search(_host_and_path(address)[1])
    begins = next((ending for start, ending in _STARTS if head.startswith(start)), "")
    return named[1].lower() if named and (begins or payload.file_name) else begins


def member_name(number: int, address: str, charset: str | None, ending: str) -> str:
    """Return the name of a captured page among the members of its archive.

    A charset that the server stated is part of the name: `kinds` reads it from there, since the
    page's own bytes need not say it.
    """
    host, path = _host_and_path(address)
    last = path.rstrip("/").rpartition("/")[2]
    stem = re.sub(r"[^\w.-]+", "_", f"{host} {unquote(last)}")[:80].strip("_.")
    stem = stem.removesuffix(f".{ending}")
    said = f".charset={charset}" if charset and ending in ("html", "txt", "md", "csv") else ""
    return f"{number:05d} {stem}{said}.{ending}"


def _host_and_path(address: str) -> tuple[str, str]:
    try:
        parts = urlsplit(address)
        return parts.hostname or "", parts.path
    except ValueError:
        return "", ""


def _joined(address: str, location: str) -> str | None:
    try:
        return urljoin(address, location)[:8192]
    except ValueError:
        return None


def _follow_redirects(rows: list[dict[str, Any]]) -> None:
    """Give each redirect its last address, as far as the file contains the hops."""
    onward = {row["address"]: row["final_address"] for row in rows if row["final_address"]}
    for row in rows:
        seen = {row["address"]}
        while (target := row["final_address"]) in onward and len(seen) < _HOPS:
            if target in seen:
                break
            seen.add(target)
            row["final_address"] = onward[target]


def _list_captures(rows: list[dict[str, Any]], page: Page) -> None:
    """Write the pages of an archive as its own text: date, status, address."""
    for row in rows:
        if row["member"] or row["final_address"]:
            onward = f" -> {row['final_address']}" if row["final_address"] else ""
            parts = (row["captured"], row["status"] or row["kind"], row["address"] + onward)
            page.add(" ".join(str(part) for part in parts if part), "row")
