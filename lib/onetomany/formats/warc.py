"""The records of a WARC file (ISO 28500), whole, cut off or damaged, one after another.

warcio reads the heads of records. Where each record begins is found here, since a damaged record
must not end the reading: the next one is looked for, and the damage is reported.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .inflating import GZIP, Ending, inflate
from .reading import Reading, Refused

_GZIP = b"\x1f\x8b\x08"
_HEAD = 1 << 16  # bytes: the longest head of a record
_SPACE = re.compile(rb"[\r\n\t \0]*")
_NEXT = re.compile(rb"(?:\A|(?<=[\r\n]))WARC/[01]\.\d+\r?\n")
_INNER = re.compile(rb"WARC/[01]\.\d+\r?\n")
_ONCE = ("warc-type", "warc-record-id", "warc-date", "content-length", "warc-target-uri")


@dataclass(frozen=True)
class Record:
    """One record: its place in the file, the fields of its head, and its block.

    `offset` is that of its gzip member if the file is compressed. `length` is the stated one; a
    shorter block is cut off.
    """

    offset: int
    fields: Any  # warcio's StatusAndHeaders
    block: bytes
    length: int

    @property
    def type(self) -> str:
        return str(self.fields.get_header("WARC-Type") or "").strip().lower()

    @property
    def truncated(self) -> bool:
        return len(self.block) < self.length

    def header(self, name: str) -> str:
        """Return a field of the head, '' if there is none."""
        return str(self.fields.get_header(name) or "").strip()


@dataclass
class UnpackBudget:
    """How many bytes may still be unpacked: of all together, and of one part by its ratio."""

    reading: Reading
    unpacked: int = 0

    def most(self, packed: int) -> int:
        """Return the bytes that a part may expand to."""
        limits = self.reading.limits
        return min(max(1 << 20, packed * limits.ratio), max(0, limits.expanded - self.unpacked))


@dataclass
class Damage:
    """The faults of a file, by kind, with their places: one note for each kind."""

    places: dict[str, list[int]] = field(default_factory=dict)

    def add(self, what: str, offset: int) -> None:
        self.places.setdefault(what, []).append(offset)

    def report(self, reading: Reading) -> None:
        for what, offsets in self.places.items():
            more = f" and {len(offsets) - 3:,} more" if len(offsets) > 3 else ""
            shown = ", ".join(f"{offset:,}" for offset in offsets[:3])
            reading.note("unread", f"{what} (at byte {shown}{more}).")


def is_warc(head: bytes) -> bool:
    """Tell whether a file's first bytes begin a WARC, also a compressed one."""
    if head.startswith(_GZIP):
        head = inflate(head, GZIP, 64).content
    return re.match(rb"WARC/[01]\.\d+\r?\n", head) is not None


def read_records(content: bytes, budget: UnpackBudget, damage: Damage) -> Iterator[Record]:
    """Yield every record that can be read. Raises Refused if the limits of time are reached."""
    if not content.startswith(_GZIP):
        yield from _parsed(content, 0, budget.reading, damage)
        return
    for offset, text in _unpacked(content, budget, damage):
        for record in _parsed(text, offset, budget.reading, damage):
            yield Record(offset, record.fields, record.block, record.length)


def _unpacked(content: bytes, budget: UnpackBudget, damage: Damage) -> Iterator[tuple[int, bytes]]:
    """Yield the members of a gzip file, usually one a record; after a damaged one, the next."""
    at, lost = 0, False
    while 0 <= at < len(content):
        budget.reading.check_time()
        text, end, fault = _inflated(content, at, budget)
        if text.startswith(b"WARC/"):
            lost = False
            yield at, text
        elif text.strip() and not lost:
            fault = fault or "Bytes outside of records were skipped"
        if fault and not lost:
            damage.add(fault, at)
        if budget.unpacked >= budget.reading.limits.expanded:
            raise Refused("The records expand too far together: the rest was not read.")
        lost = lost or bool(fault)
        at = _next_member(content, at + 1, budget.reading) if fault else end
        if 0 <= at < len(content) and not content.startswith(_GZIP, at):
            if _SPACE.fullmatch(content, at):
                return
            damage.add("Bytes outside of records were skipped", at)
            at, lost = _next_member(content, at, budget.reading), True


def _next_member(content: bytes, at: int, reading: Reading) -> int:
    """Return the start of the next gzip member that is a record; -1 if there is none."""
    while (at := content.find(_GZIP, at)) >= 0 and not is_warc(content[at : at + 1024]):
        reading.check_time()
        at += 1
    return at


_FAULTS = {
    Ending.WHOLE: "",
    Ending.CUT_OFF: "The file is cut off within its last record",
    Ending.DAMAGED: "A record can't be unpacked, or only in part",
    Ending.TOO_LARGE: "A record expands too far: refused as a bomb",
}


def _inflated(content: bytes, at: int, budget: UnpackBudget) -> tuple[bytes, int, str]:
    """Return the text of the gzip member at a place, the place of its end, and its fault."""
    member = inflate(content, GZIP, budget.most, at)
    budget.unpacked += len(member.content)
    too_large = member.ending is Ending.TOO_LARGE
    return b"" if too_large else member.content, member.end, _FAULTS[member.ending]


def _parsed(text: bytes, offset: int, reading: Reading, damage: Damage) -> Iterator[Record]:
    """Yield the records of a plain text, with resynchronisation after damaged ones."""
    at = _skipped(text, 0)
    while at < len(text):
        reading.check_time()
        record, begin = _record(text, at)
        if record is None:
            after = begin if begin > at else _following(text, at + 1)
            cut = after == len(text) and text.startswith(b"WARC/", at)
            what = "A record is cut off" if cut else "Bytes outside of records were skipped"
            damage.add(what, offset + at)
            at = after
            continue
        end = begin + record.length
        after = _skipped(text, end)
        if end < len(text) and not _NEXT.match(text, after) and after < len(text):
            # the stated length is wrong: the next record may begin before or behind its end
            what = "A record is not as long as it states, or is followed by other bytes"
            damage.add(what, offset + at)
            after = _following(text, begin)
        elif end > len(text):
            damage.add("A record is cut off", offset + at)
            after = _following(text, begin)
        end = min(end, after)
        yield Record(at, record.fields, text[begin:end], record.length)
        at = after


def _skipped(text: bytes, at: int) -> int:
    space = _SPACE.match(text, min(at, len(text)))
    return space.end() if space else at


def _following(text: bytes, at: int) -> int:
    found = _NEXT.search(text, at)
    return found.start() if found else len(text)


def _record(text: bytes, at: int) -> tuple[Record | None, int]:
    """Return the head of the record at a place, and the start of its block.

    None if there is none, with the place of another record if one is seen.
    """
    # here: whether something is a WARC is asked of every document
    from warcio.exceptions import ArchiveLoadFailed
    from warcio.recordloader import ArcWarcRecordLoader

    head = io.BytesIO(text[at : at + _HEAD])
    loader = ArcWarcRecordLoader()
    try:
        parsed = loader.parse_record_stream(head, known_format="warc", no_record_parse=True)
        length = int(parsed.rec_headers.get_header("Content-Length"))
    except (ArchiveLoadFailed, EOFError, TypeError, ValueError, AttributeError):
        return None, at
    # the head of another record within this one: its own end is missing
    if merged := _INNER.search(head.getvalue(), 1, head.tell()):
        return None, at + merged.start()
    named = [name.lower() for name, _ in parsed.rec_headers.headers]
    if length < 0 or head.tell() >= _HEAD or any(named.count(name) > 1 for name in _ONCE):
        return None, at
    return Record(at, parsed.rec_headers, b"", length), at + head.tell()
