"""Outlook's mailboxes (PST, OST) by [MS-PST]: each mail becomes a member, written as EML.

Mails are taken from the list of all nodes, so one whose folder is damaged is found too. The EML
contains the mailbox's own data; heads that it lacks are left out.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from . import outlook
from .compound import inflate_object
from .outlook import Properties, Recipient, Value
from .reading import Damaged, Reading, Refused

MAGIC = b"!BDN"
_MAIL, _FOLDER, _ATTACHMENT = 0x04, 0x02, 0x05  # kinds of nodes
_RECIPIENTS, _NAME, _PAGE, _CLASS = 0x0692, 0x3001, 0x3FFD, 0x001A
_INLINE = (0x02, 0x03, 0x0B)  # types of properties that need no place of their own
_DEPTH = 20  # of trees and of folders
# the table by which 'compressible encryption' replaces bytes ([MS-PST] 5.1), for reading
_PERMUTED = bytes.fromhex(
    "47f1b4e60b6a7248854e9eebe2f89453e0bba002e85a09abdbe3bac67cc310dd39059630f53760828cc9134a"
    "6b1df3fb8f2697ca911701c4322d6e3195ffd923d1005e79dc443b1a28c5615720903d83b943be67d2464276"
    "c06d5b7eb20f16293ca903540dda5ddff6b7c762cd8d06d3695c86d614f7a56675acb1e94521700c879f74a4"
    "224c6fbf1f56aa2eb3783350b0a392bccf191ca763cb1e4d3e4b1b9b4fe7f0eead3ab55904ea40552551e57a"
    "893868527bfc27aed7bdfa07f4cc8e5fef359c842b15d5773449b6120a7f7188fd9d18417d93d8582ccefe24"
    "afdeb836c8a180a69998a82f0e816573e4c2a28ad4e111d0088b2af2ed9a643fc16cf9ec"
)


class _Node(NamedTuple):
    data: int
    sub: int
    parent: int = 0


class _Store:
    """The blocks and nodes of a mailbox: Unicode (version 23), with large pages (36), or ANSI."""

    def __init__(self, held: bytes, reading: Reading) -> None:
        if len(held) < 564 or not held.startswith(MAGIC):
            raise Refused("The file lacks the head of an Outlook mailbox.")
        (version,) = struct.unpack_from("<H", held, 10)
        self.held, self.reading = held, reading
        self.wide, self.large = version >= 23, version >= 36
        self.word = "Q" if self.wide else "I"
        self.size = 8 if self.wide else 4  # bytes of a number
        if held[513 if self.wide else 461] == 2:
            raise Refused("The mailbox has 'high encryption', which is not read: export its "
                          "mails from Outlook again without it.")  # fmt: skip
        self.coded = held[513 if self.wide else 461] == 1
        nodes, blocks = (224, 240) if self.wide else (188, 196)
        self.nodes: dict[int, _Node] = {}
        self.blocks: dict[int, tuple[int, int, int]] = {}
        for entry in self.leaves(self.numbers(held, nodes)[0]):
            number, data, sub, parent = struct.unpack_from(f"<3{self.word}I", entry)
            self.nodes[number & 0xFFFFFFFF] = _Node(data, sub, parent)
        for entry in self.leaves(self.numbers(held, blocks)[0]):
            block, place, stored, full = struct.unpack_from(f"<2{self.word}HH", entry)
            self.blocks[block & ~1] = (place, stored, full if self.large else stored)

    def numbers(self, held: bytes, place: int, many: int = 1) -> tuple[int, ...]:
        """Return so many numbers of the mailbox's own width."""
        return struct.unpack_from(f"<{many}{self.word}", held, place)

    def leaves(self, place: int, depth: int = 0) -> Iterator[bytes]:
        """Yield the entries of a tree of pages; a damaged page ends its branch, and is reported."""
        page, end = (4096, 4056) if self.large else (512, 488 if self.wide else 496)
        held = self.held[place : place + page]
        many, size, level = 0, 0, 0
        if len(held) == page and depth <= _DEPTH:
            form = "<HHBB" if self.large else "<4B"
            many, _, size, level = struct.unpack_from(form, held, end)
        if not size or many * size > end:
            self.reading.skip("a page of the mailbox's index, which is damaged")
            return
        self.reading.check_time()
        for number in range(many):
            entry = held[number * size : (number + 1) * size]
            if level:
                yield from self.leaves(self.numbers(entry, 2 * self.size)[0], depth + 1)
            else:
                yield entry

    def raw(self, block: int) -> bytes:
        """Return one block's bytes. Raises Damaged if it is not there."""
        if (block & ~1) not in self.blocks:
            raise Damaged("a part of it is missing")
        place, stored, full = self.blocks[block & ~1]
        held = self.held[place : place + stored]
        if full != stored:
            held = inflate_object(held, full + 1)
        if self.coded and not block & 2:
            held = held.translate(_PERMUTED)
        return held

    def data(self, block: int, depth: int = 0) -> list[bytes]:
        """Return the blocks of a node's data in their order."""
        if not block:
            return []
        held = self.raw(block)
        if not block & 2:
            return [held]
        if depth > 2 or len(held) < 8 or held[0] != 1:
            raise Damaged("a list of its parts is damaged")
        (many,) = struct.unpack_from("<H", held, 2)
        inner = self.numbers(held, 8, many)
        return [found for each in inner for found in self.data(each, depth + 1)]

    def below(self, block: int, depth: int = 0) -> dict[int, _Node]:
        """Return the nodes within a node by their number."""
        if not block:
            return {}
        held, found = self.raw(block), dict[int, _Node]()
        kind, level, many = struct.unpack_from("<BBH", held)
        if kind != 2 or depth > 2:
            raise Damaged("a list of its content is damaged")
        width = 2 if level else 3
        for number in range(many):
            name, *inner = self.numbers(held, self.size * (1 + number * width), width)
            if level:
                found |= self.below(inner[0], depth + 1)
            else:
                found[name & 0xFFFFFFFF] = _Node(*inner)
        return found


class _Heap:
    """The values of one node: properties, or rows of a table."""

    def __init__(self, store: _Store, node: _Node) -> None:
        self.store = store
        self.blocks = store.data(node.data)
        self.nodes = store.below(node.sub)
        if not self.blocks or len(self.blocks[0]) < 12 or self.blocks[0][2] != 0xEC:
            raise Damaged("its values are damaged")
        self.kind = self.blocks[0][3]
        (self.root,) = struct.unpack_from("<I", self.blocks[0], 4)

    def item(self, place: int) -> bytes:
        shift = 19 if self.store.large else 16
        block, index = place >> shift, place >> 5 & ((1 << (shift - 5)) - 1)
        if not place:
            return b""
        if block >= len(self.blocks):
            raise Damaged("a value is outside of it")
        held = self.blocks[block]
        (table,) = struct.unpack_from("<H", held)
        begin, end = struct.unpack_from("<HH", held, table + 4 + 2 * (index - 1))
        return held[begin:end]

    def pieces(self, place: int) -> list[bytes]:
        """Return a value by its place in the heap, or in a node of its own."""
        if place & 0x1F:
            node = self.nodes.get(place)
            return self.store.data(node.data) if node else []
        return [self.item(place)]

    def tree(self, place: int) -> Iterator[tuple[bytes, bytes]]:
        """Yield keys and values of a tree within the heap."""
        head = self.item(place)
        if len(head) < 8 or head[0] != 0xB5:
            raise Damaged("its list of values is damaged")
        key, size, levels = head[1:4]
        places = [struct.unpack_from("<I", head, 4)[0]]
        for _ in range(min(levels, _DEPTH)):
            held = b"".join(self.item(each) for each in places)
            starts = range(0, len(held) - 3, key + 4)
            places = [struct.unpack_from("<I", held, at + key)[0] for at in starts]
        for each in places:
            held = self.item(each)
            for at in range(0, len(held) - key - size + 1, key + size):
                yield held[at : at + key], held[at + key : at + key + size]

    def value(self, kind: int, place: int) -> Value | None:
        """Return a property's value, in its place or found there; None for an unknown type."""
        if kind in _INLINE:
            return place
        if kind not in (0x0D, 0x14, 0x1E, 0x1F, 0x40, 0x102):
            return None
        held = b"".join(self.pieces(place))
        if kind == 0x1F:
            return held.decode("utf-16-le", "replace").rstrip("\0")
        if kind == 0x40:
            return outlook.time_of(int.from_bytes(held[:8], "little"))
        return int.from_bytes(held[:4], "little") if kind == 0x0D else held

    def properties(self) -> dict[int, Value]:
        found: dict[int, Value] = {}
        for key, entry in self.tree(self.root):
            if (value := self.value(*struct.unpack("<HI", entry))) is not None:
                found[int.from_bytes(key, "little")] = value
        return found

    def rows(self) -> Iterator[dict[int, Value]]:
        """Yield the rows of a table."""
        head = self.item(self.root)
        if len(head) < 22 or head[0] != 0x7C:
            raise Damaged("a table in it is damaged")
        ends = struct.unpack_from("<4H", head, 2)
        (place,) = struct.unpack_from("<I", head, 14)
        columns = [struct.unpack_from("<HHHBB", head, 22 + 8 * each) for each in range(head[1])]
        for block in self.pieces(place):
            for at in range(0, len(block) - ends[3] + 1, ends[3] or len(block) + 1):
                row, found = block[at : at + ends[3]], dict[int, Value]()
                for kind, tag, offset, size, bit in columns:
                    if not row[ends[2] + bit // 8] >> (7 - bit % 8) & 1:
                        continue
                    held = int.from_bytes(row[offset : offset + size], "little")
                    read = kind in _INLINE or (kind in (0x1E, 0x1F, 0x102) and size == 4)
                    if read and (value := self.value(kind, held)) is not None:
                        found[tag] = value
                yield found


def read_pst(content: bytes, reading: Reading) -> None:
    """Make each mail of a mailbox a member; a page lists them. Raises Refused if it is none."""
    store = _Store(content, reading)
    page, names = reading.page(), dict[int, str]()
    others: dict[str, int] = {}
    failed = 0
    mails = [(number, node) for number, node in store.nodes.items() if number & 0x1F == _MAIL]
    for turn, (_, node) in enumerate(mails, 1):
        reading.check_time()
        if turn > reading.limits.members:
            raise Refused(f"The mailbox has {len(mails):,} mails; the first {turn - 1:,} were "
                "read: split "
                          "it by folders in Outlook.")  # fmt: skip
        try:
            held, eml = _mail(store, node, reading, 0)
        except (Damaged, struct.error, IndexError, RecursionError):
            failed += 1
            continue
        kind = outlook.text_value(held.get(_CLASS), held.get(_PAGE)) or "IPM.Note"
        if not kind.upper().startswith("IPM.NOTE"):
            others[kind] = others.get(kind, 0) + 1
        folder, when = _folder(store, node.parent, names), outlook.sent_time(held)
        told = [folder, when.isoformat(timespec="seconds") if when else "",
                outlook.message_sender(held), outlook.message_subject(held)]  # fmt: skip
        page.add("\t".join(" ".join(each.split()) for each in told), "row")
        reading.member(f"{folder or 'mailbox'}/mail {turn}.eml", eml)
    if failed:
        reading.note("unread", f"{failed} of {len(mails)} mails are damaged and were not read.")
    for kind, many in others.items():
        what = f"all but subject, body and attachments of items of the kind {kind}"
        reading.skip(what, many=many)
    if mails and failed == len(mails):
        raise Refused("None of the mails in the mailbox can be read.")


def _folder(store: _Store, number: int, names: dict[int, str]) -> str:
    """Return the path of a folder, from the names of its parents."""
    path, at = [], number
    for _ in range(_DEPTH):
        node = store.nodes.get(at)
        if node is None or at & 0x1F != _FOLDER or node.parent == at:
            break
        if at not in names:
            try:
                held = _Heap(store, node).properties()
                names[at] = outlook.text_value(held.get(_NAME), held.get(_PAGE)).replace("/", "_")
            except (Damaged, struct.error, IndexError):
                names[at] = "?"
        path.append(names[at])
        at = node.parent
    return "/".join(filter(None, reversed(path)))


def _mail(store: _Store, node: _Node, reading: Reading, depth: int) -> tuple[Properties, bytes]:
    """Return a mail's properties, and the mail as EML with its attachments."""
    if depth > reading.limits.depth:
        raise Damaged("mails within mails are nested too deeply")
    heap = _Heap(store, node)
    held = heap.properties()
    page = held.get(_PAGE)
    people: list[Recipient] = []
    if _RECIPIENTS in heap.nodes:
        rows = _Heap(store, heap.nodes[_RECIPIENTS]).rows()
        people = [found for row in rows if (found := outlook.recipient(row, page))]
    files: list[tuple[str, bytes] | None] = []
    for number, inner in heap.nodes.items():
        if number & 0x1F == _ATTACHMENT:
            try:
                files.append(_file(store, inner, page, len(files) + 1, depth))
            except (Damaged, struct.error, IndexError) as error:
                reading.note("unread", f"An attachment of a mail can't be read: {error}")
    return held, outlook.as_eml(held, people, [each for each in files if each], reading)


def _file(
    store: _Store, node: _Node, page: object, number: int, depth: int
) -> tuple[str, bytes] | None:
    heap = _Heap(store, node)
    held = heap.properties()
    name = outlook.attachment_name(held, page) or f"attachment {number}"
    data, embedded = held.get(outlook.DATA), held.get(outlook.METHOD) == outlook.EMBEDDED
    if embedded and isinstance(data, int) and data in heap.nodes:
        _, eml = _mail(store, heap.nodes[data], store.reading, depth + 1)
        return name.removesuffix(".msg") + ".eml", eml
    if isinstance(data, bytes):
        return name, data
    store.reading.skip("an attachment that a mail only points to, or of an unknown kind")
    return None
