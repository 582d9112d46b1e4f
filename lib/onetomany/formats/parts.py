"""XML and zip parts of untrusted documents: no entity, no DTD, no network, no bomb."""

import io
import zipfile
from typing import Any

from lxml import etree

from .protected import zip_member
from .reading import Damaged, Limits, Reading, Refused


def parse(content: bytes, what: str) -> Any:
    """Return the root of an XML part.

    Raises Damaged if it is not XML, Refused for a DTD, which none of the formats uses.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
        huge_tree=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise Damaged(f"{what} is not well-formed XML: {error.msg}") from error
    if root.getroottree().docinfo.doctype:
        raise Refused(f"{what} declares a DTD: entities and outside references are refused.")
    return root


class Parts:
    """The parts of a zip-based document, each inflated within the limits."""

    def __init__(self, content: bytes, limits: Limits, passwords: tuple[str, ...] = ()) -> None:
        try:
            self.zip = zipfile.ZipFile(io.BytesIO(content))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError) as error:
            raise Refused(f"The file is not a whole ZIP file: {error}") from error
        self.limits, self.inflated, self.passwords = limits, 0, passwords
        infos = self.zip.infolist()
        if len(infos) > limits.members:
            raise Refused(f"The file contains more than {limits.members:,} files.")
        self.names = [info.filename for info in infos]
        self.infos = dict(zip(self.names, infos, strict=True))

    def __contains__(self, name: str) -> bool:
        return name in self.infos

    def read(self, name: str) -> bytes:
        """Return a part's bytes.

        Raises Damaged if it can't be unpacked or is encrypted, Refused for a bomb.
        """
        return self.unpack(self.infos[name])

    def unpack(self, info: zipfile.ZipInfo) -> bytes:
        """Return a member's bytes; several may have one name. Raises as `read` does."""
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
            raise Refused(f"The file expands too far ({why}), as a ZIP bomb does: not read.")
        self.inflated += len(content)
        return content

    def xml(self, name: str) -> Any:
        return parse(self.read(name), name)

    def side(self, name: str, reading: Reading) -> Any:
        """Return the root of a secondary part; () and a note if it is damaged."""
        try:
            return self.xml(name)
        except Damaged as damaged:
            reading.note("unread", str(damaged))
            return ()


def local(element: Any) -> str:
    """Return an element's name without its namespace; '' for comments and the like."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: Any, name: str) -> str | None:
    """Return an attribute in any namespace."""
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] == name:
            return str(value)
    return None


def clamped(text: str | None, otherwise: int = 1, most: int = 100_000) -> int:
    """Return a count that a document states, limited to 0 and `most`."""
    try:
        return max(0, min(int(text or otherwise), most))
    except ValueError:
        return otherwise


def spanned(text: str | None) -> int:
    """Return over how many rows or columns a cell says that it reaches: 1 to 1,000."""
    return max(1, clamped(text, most=1000))
