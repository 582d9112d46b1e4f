"""XML and zip parts of untrusted documents: no entity, no DTD, no network, no bomb."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from lxml import etree

from .protected import zip_member
from .reading import Damaged, Limits, Reading, Refused


def parse(content: bytes, what: str) -> Any:
    """The root of an XML part.

    Raises Damaged where it is no XML, Refused for a DTD, which none of the formats uses.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
        huge_tree=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise Damaged(f"{what} is no well-formed XML: {error.msg}") from error
    if root.getroottree().docinfo.doctype:
        raise Refused(f"{what} declares a DTD: entities and outside references are refused.")
    return root


class Parts:
    """The parts of a zip-based document, each inflated within the limits."""

    def __init__(self, content: bytes, limits: Limits, passwords: tuple[str, ...] = ()) -> None:
        try:
            self.zip = zipfile.ZipFile(io.BytesIO(content))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError) as error:
            raise Refused(f"It is no whole zip file: {error}") from error
        self.limits, self.inflated, self.passwords = limits, 0, passwords
        infos = self.zip.infolist()
        if len(infos) > limits.members:
            raise Refused(f"It holds more than {limits.members:,} members.")
        self.names = [info.filename for info in infos]
        self.infos = dict(zip(self.names, infos, strict=True))

    def __contains__(self, name: str) -> bool:
        return name in self.infos

    def read(self, name: str) -> bytes:
        """A part's bytes.

        Raises Damaged where it can't be unpacked or is encrypted, Refused for a bomb.
        """
        return self.unpack(self.infos[name])

    def unpack(self, info: zipfile.ZipInfo) -> bytes:
        """The bytes of one of the members, of which several may have one name; raises as `read`."""
        name = info.filename
        left = self.limits.expanded - self.inflated
        # never trust the size that is stated: read no more than is allowed
        bound = max(1 << 20, info.compress_size * self.limits.ratio)
        most = min(left, bound)
        try:
            if info.flag_bits & 1:
                content = zip_member(self.zip, info, most, self.passwords)
            else:
                with self.zip.open(info) as file:
                    content = file.read(most + 1)
        except Damaged as damaged:
            raise Damaged(f"{name} can't be unpacked: {damaged}.") from damaged
        except Exception as error:
            raise Damaged(f"{name} can't be unpacked: {error}") from error
        if len(content) > most:
            why = "all members together" if left < bound else f"{name}, {self.limits.ratio} to 1"
            raise Refused(f"It expands too far ({why}): refused as a zip bomb.")
        self.inflated += len(content)
        return content

    def xml(self, name: str) -> Any:
        return parse(self.read(name), name)

    def side(self, name: str, reading: Reading) -> Any:
        """The root of a part that isn't the text itself; () and a note where it is damaged."""
        try:
            return self.xml(name)
        except Damaged as damaged:
            reading.note("unread", str(damaged))
            return ()


def local(element: Any) -> str:
    """An element's name without its namespace; '' for comments and the like."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: Any, name: str) -> str | None:
    """An attribute whatever its namespace."""
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] == name:
            return str(value)
    return None


def clamped(text: str | None, otherwise: int = 1, most: int = 100_000) -> int:
    """A count that a document states, held within reason."""
    try:
        return max(0, min(int(text or otherwise), most))
    except ValueError:
        return otherwise
