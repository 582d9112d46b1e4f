"""The cage's tasks that read documents: `load_light` without office formats, `load_all` with them.

A caged process costs its loaded libraries at each document, so PDF, mail, pages and texts are read
by one that has loaded no office library. The answer is a series of frames: F, the document's facts;
J, rows of tables; S, a long text that rows after it point to; N and M, a member's name and bytes.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from onetomany.cage.magic_bytes import GZIP, OLE, PDF, ZIP, media_type_by_magic
from onetomany.cage.zygote import Handler, Send
from .reading import Limits, Reading, Refused

Extract = Callable[[bytes, str, Reading], None]
LONG = 4096  # characters of a text from which it is a frame of its own
CHUNK = 1 << 20  # most bytes of a frame of rows: it bounds the cost of parsing one
_ROWS = 512
_ROUNDS = 10  # after eight runs Python has fitted a function to its types
# endings of files that the light process reads; everything else goes to the other
_LIGHT_ENDINGS = ("pdf", "txt", "md", "log", "text", "csv", "tsv", "eml", "htm", "html", "xhtml")

# PDFium loads a font when a document first asks for it, and keeps it
_FONTS = ("Helvetica", "Helvetica-Bold", "Times-Roman", "Times-Bold", "Times-Italic", "Courier")
_KOREAN = (
    "<</Type/Font/Subtype/Type0/BaseFont/HYSMyeongJo-Medium/Encoding/UniKS-UCS2-H/DescendantFonts"
    "[<</Type/Font/Subtype/CIDFontType2/BaseFont/HYSMyeongJo-Medium/CIDSystemInfo<</Registry"
    "(Adobe)/Ordering(Korea1)/Supplement 1>>/DW 1000>>]>>"
)


def _pdf() -> bytes:
    """Return a typical page: lines of text in common fonts, and a ruled table."""
    fonts = "".join(
        f"/F{number}<</Type/Font/Subtype/Type1/BaseFont/{name}/Encoding/WinAnsiEncoding>>"
        for number, name in enumerate(_FONTS)
    )
    lines = [
        f"BT/F{row % len(_FONTS)} 10 Tf 60 {780 - 14 * row} Td({row}. Some words of a line)Tj ET"
        for row in range(24)
    ]
    lines += [
        f"BT/K 10 Tf 60 {440 - 14 * row} Td<{'가나다라 마바사'.encode('utf-16-be').hex()}>Tj ET"
        for row in range(12)
    ]
    lines += [f"BT/F0 10 Tf {place} 105 Td(cell)Tj ET" for place in (70, 190)]
    lines += [f"60 {place} m 300 {place} l S" for place in (100, 120, 140)]
    lines += [f"{place} 100 m {place} 140 l S" for place in (60, 180, 300)]
    drawn = "\n".join(lines)
    parts = (
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        f"/Resources<</Font<<{fonts}/K {_KOREAN}>>>>>>",
        f"<</Length {len(drawn)}>>stream\n{drawn}\nendstream",
    )
    numbered = "".join(f"{n} 0 obj\n{part}\nendobj\n" for n, part in enumerate(parts, 1))
    return f"%PDF-1.4\n{numbered}trailer<</Root 1 0 R>>".encode()


# a document of each kind that a library begins with by loading something
_FIRST = {
    "a.pdf": _pdf(),
    "a.txt": "가나다".encode("cp949"),
    "a.csv": b"a,b\n1,2\n",
    "a.html": b"<!doctype html><title>t</title><p>a<table><tr><td>b</table>",
    "a.eml": b"From: a@example.org\nDate: Wed, 20 Oct 2021 10:15:00 +0900\nSubject: a\n\nb\n",
}


def is_light(name: str, beginning: bytes) -> bool:
    """Return whether the light process reads a file; a wrong guess does no harm."""
    kind = media_type_by_magic(beginning)
    light = name.rpartition(".")[2].lower() in _LIGHT_ENDINGS and kind not in (ZIP, OLE, GZIP)
    return kind == PDF or light


def load_light() -> Handler:
    """Load the readers of PDF, mail, HTML, CSV and texts."""
    from .kinds import extract
    from .pdf_tables import table_finder

    table_finder()  # it starts threads, which no fork may
    _warm(extract)
    return document_handler(extract)


def load_all() -> Handler:
    """Load every extractor."""
    import hwpx.hwp5.package  # noqa: F401
    import openpyxl  # noqa: F401
    import python_calamine  # noqa: F401
    import undoc  # type: ignore[import-untyped]  # noqa: F401
    from PIL import Image

    from .kinds import EXTRACTORS, extractor

    Image.init()
    for named, _ in EXTRACTORS.values():
        extractor(named)
    return load_light()


def _warm(extract: Extract) -> None:
    """Read some documents, so that forks don't repeat the work of a first time."""
    for name, content in [*_FIRST.items()] * _ROUNDS:
        reading = Reading()
        extract(content, name, reading)
        reading.finish()
        list(_frames(reading))


def document_handler(extract: Extract) -> Handler:
    """Return a handler that reads a document by `extract` and sends all that was read."""

    def handle(content: bytes, request: dict[str, Any], send: Send) -> None:
        reading = Reading(Limits(**request["limits"]))
        reading.passwords = tuple(request.get("passwords", ()))
        _read(extract, content, request["name"], reading)
        for kind, frame in _frames(reading):
            send(kind, frame)
        for inner, member in reading.members:
            send(b"N", inner.encode("utf-8", "replace"))
            send(b"M", member)

    return handle


def _read(extract: Extract, content: bytes, name: str, reading: Reading) -> None:
    limits = reading.limits
    facts = reading.facts | {"status": "read", "error": None}
    try:
        if len(content) > limits.bytes:
            raise Refused(f"The file is larger than {limits.bytes:,} bytes.")
        extract(content, name, reading)
    except Refused as refused:
        facts |= {"error": str(refused)}
    except MemoryError:
        facts |= {"error": f"Reading it took more than {limits.memory >> 20:,} MB of memory."}
    except RecursionError:
        facts |= {"error": "The parts of the file are nested too deeply."}
    except BaseException as error:
        # a damaged file may break any parser anywhere, and Rust's panics aren't Exceptions; the
        # error is reported, and the run goes on
        facts |= {"error": f"The file can't be read ({type(error).__name__}: {error})"[:500]}
    if facts["error"]:
        # the part that was read, or its members, are kept
        facts["status"] = "partly" if reading.characters or reading.members else "failed"
    reading.facts.update(facts)
    reading.facts.setdefault("pages", len(reading.pages))
    reading.finish()


def _frames(reading: Reading) -> Iterator[tuple[bytes, bytes]]:
    yield b"F", _json(reading.all_facts())
    texts = 0
    whole: dict[str, Any] = {}
    for table, columns in reading.columns.items():
        size = max(map(len, columns.values()), default=0)
        for first in range(0, size, _ROWS):
            rows = {name: values[first : first + _ROWS] for name, values in columns.items()}
            for values in rows.values():
                for place, value in enumerate(values):
                    if isinstance(value, str) and len(value) > LONG:
                        yield b"S", value.encode("utf-8", "replace")
                        values[place] = [texts]
                        texts += 1
            if size <= _ROWS:
                whole[table] = rows
            else:
                yield from _within(table, rows)
    # a document of few rows is one frame
    if len(frame := _json(whole)) <= CHUNK:
        yield b"J", frame
    else:
        for table, rows in whole.items():
            yield from _within(table, rows)


def _within(table: str, rows: dict[str, list[Any]]) -> Iterator[tuple[bytes, bytes]]:
    """Yield the rows of a table as frames, each within CHUNK."""
    frame = _json({table: rows})
    size = max(map(len, rows.values()), default=0)
    if len(frame) <= CHUNK or size < 2:
        yield b"J", frame
        return
    for part in (slice(size // 2), slice(size // 2, None)):
        yield from _within(table, {name: values[part] for name, values in rows.items()})


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
