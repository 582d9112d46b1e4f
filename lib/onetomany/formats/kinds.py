"""The kind of a file, by its content and then by its name, and the extractor that reads it."""

import io
import re
import zipfile
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.metadata import version

from onetomany.cage.magic_bytes import GZIP, OLE, PDF, SEVEN_ZIP, TAR, ZIP, media_type_by_magic
from .reading import NO_TEXT, Reading, Refused
from .warc import is_warc

Extractor = Callable[[bytes, Reading], None]
_version = cache(version)  # it is looked up in files: as long as reading a page takes


@cache
def extractor(named: str) -> Extractor:
    """Return the function that `EXTRACTORS` names, loaded with its libraries."""
    module, function = named.split(".")
    loaded: Extractor = getattr(import_module(f".{module}", __package__), function)
    return loaded


_OFFICE = "application/vnd.openxmlformats-officedocument."
_BINARY = "application/vnd.ms-excel.sheet.binary.macroenabled.12"
_OPEN = "application/vnd.oasis.opendocument"
_TNEF = "application/vnd.ms-tnef"
_PACKED = (SEVEN_ZIP, "application/vnd.rar", "application/x-cab",
           "application/x-lzh")  # fmt: skip
# media type: module and function, and the package whose version is stored with the rows. They are
# loaded at first use: a caged process pays for all that it has loaded
EXTRACTORS: dict[str, tuple[str, str]] = {
    PDF: ("pdf.read_pdf", "pypdfium2"),
    "application/x-hwp": ("hwp.read_hwp", "python-hwpx"),
    "application/hwp+zip": ("hwp.read_hwpx", "lxml"),
    "application/x-hwpml": ("hwp.read_hwpml", "lxml"),
    _OFFICE + "wordprocessingml.document": ("office.read_docx", "lxml"),
    _OFFICE + "spreadsheetml.sheet": ("xlsx.read_xlsx", "openpyxl"),
    "application/vnd.ms-excel": ("binary_sheets.read_xls", "python-calamine"),
    _BINARY: ("binary_sheets.read_xlsb", "python-calamine"),
    _OFFICE + "presentationml.presentation": ("slides.read_pptx", "lxml"),
    "application/msword": ("legacy.read_doc", "undoc"),
    "application/vnd.ms-powerpoint": ("legacy.read_ppt", "undoc"),
    "application/mbox": ("mail.read_mbox", "python"),
    _OPEN: ("opendocument.read_odf", "lxml"),
    "application/vnd.ms-outlook-pst": ("pst.read_pst", "python"),
    "text/csv": ("plain.read_csv", "python"),
    "message/rfc822": ("mail.read_eml", "python"),
    "application/vnd.ms-outlook": ("outlook.read_msg", "olefile"),
    _TNEF: ("tnef.read_tnef", "python"),
    "text/html": ("markup.read_html", "lxml"),
    "text/plain": ("plain.read_text", "python"),
    "application/rtf": ("rtf.read_rtf", "striprtf"),
    ZIP: ("archive.read_zip", "python"),
    **dict.fromkeys((TAR, GZIP, "application/x-bzip2", "application/x-xz"),
                    ("archive.read_tar", "python")),
    **dict.fromkeys(_PACKED, ("archive.read_packed", "archi")),
    "application/warc": ("web_archive.read_warc", "warcio"),
    "application/wacz": ("wacz.read_wacz", "python"),
    "multipart/related": ("mhtml.read_mhtml", "lxml"),
    **{f"image/{kind}": ("archive.read_picture", "pillow")
       for kind in ("png", "jpeg", "tiff", "gif", "bmp", "webp")},
}  # fmt: skip
_ENDINGS = {
    "csv": "text/csv", "tsv": "text/csv", "eml": "message/rfc822", "htm": "text/html",
    "html": "text/html", "xhtml": "text/html", "mht": "multipart/related",
    "mhtml": "multipart/related",
    "txt": "text/plain", "md": "text/plain", "log": "text/plain", "text": "text/plain",
    "pdf": PDF, "hwp": "application/x-hwp", "hwpx": "application/hwp+zip",
    "hml": "application/x-hwpml",
    "docx": _OFFICE + "wordprocessingml.document", "xlsx": _OFFICE + "spreadsheetml.sheet",
    "xlsm": _OFFICE + "spreadsheetml.sheet", "xls": "application/vnd.ms-excel",
    "xlsb": _BINARY, "doc": "application/msword", "ppt": "application/vnd.ms-powerpoint",
    "pptx": _OFFICE + "presentationml.presentation", "mbox": "application/mbox",
    "tar": TAR, "tgz": GZIP, "gz": GZIP,
    "pst": "application/vnd.ms-outlook-pst", "ost": "application/vnd.ms-outlook-pst",
    **dict.fromkeys(("odt", "ods", "odp", "odg", "ott", "ots", "otp"), _OPEN),
    "msg": "application/vnd.ms-outlook", "zip": ZIP, "png": "image/png",
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "tif": "image/tiff", "tiff": "image/tiff",
    "gif": "image/gif", "bmp": "image/bmp", "webp": "image/webp",
    "warc": "application/warc", "wacz": "application/wacz",
}  # fmt: skip
_MAIL = re.compile(rb"\A(?:[A-Za-z][-A-Za-z0-9]*:[^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*){3,}")
_MBOX = re.compile(rb"\AFrom [^\r\n]+\r?\n[A-Za-z][-A-Za-z0-9]*:")
_MAIL_FIELDS = re.compile(rb"(?im)^(?:from|received|message-id|mime-version|subject):")
# a page that a browser saved says so in its head, whatever its file is called
_SAVED = re.compile(rb"(?im)^(?:snapshot-content-location:|from:[ \t]*\"?<?saved by )")
_RELATED = re.compile(rb"(?im)^content-type:[ \t]*multipart/related")
_POSTED = re.compile(rb"(?im)^(?:to|cc|received|message-id|delivered-to):")
_HTML = re.compile(rb"(?is)\s*(?:<!doctype html|<html|<\?xml[^>]*>\s*<html)")
_PARTS = (
    ("word/document.xml", _OFFICE + "wordprocessingml.document"),
    ("xl/workbook.xml", _OFFICE + "spreadsheetml.sheet"),
    ("Contents/content.hpf", "application/hwp+zip"),
    ("Contents/section0.xml", "application/hwp+zip"),
    ("ppt/presentation.xml", _OFFICE + "presentationml.presentation"),
    ("xl/workbook.bin", _BINARY),
    ("content.xml", _OPEN),
)
_LOCKED = "application/vnd.ms-office.encrypted"
_REFUSED = {
    _LOCKED: "The file is an encrypted Office document that the kit can't open: ask for an "
    "open copy.",
    "application/x-alz": "The file is an ALZip archive (.alz), for which there is no open reader: "
    "unpack it with ALZip or Bandizip and ingest its files.",
    "application/x-egg": "The file is an ALZip archive (.egg), for which there is no open reader: "
    "unpack it with ALZip or Bandizip and ingest its files.",
    "application/warc+zstd": "The file is a WARC packed by Zstandard: unpack it with 'zstd -d'.",
}
# wrappers whose key is on the authority's own server
_REFUSED |= {
    f"application/x-drm; by={maker}": f"It is locked by DRM ({said}), and only that body's own "
    "computers open it: ask the body for an open copy."
    for maker, said in (
        ("MarkAny", "MarkAny Document SAFER"), ("Fasoo", "Fasoo"),
        ("SoftCamp", "SoftCamp Document Security"), ("NASCA", "NASCA"),
    )
}  # fmt: skip
# kinds that may ask for a password
_LOCKABLE = (PDF, "application/msword", "application/vnd.ms-excel",
             "application/vnd.ms-powerpoint", _OPEN)  # fmt: skip
_OLE = (("EncryptedPackage", _LOCKED), ("WordDocument", "application/msword"),
        ("PowerPoint Document", "application/vnd.ms-powerpoint"),
        ("FileHeader", "application/x-hwp"),
        ("Workbook", "application/vnd.ms-excel"),
        ("Book", "application/vnd.ms-excel"),
        ("__properties_version1.0", "application/vnd.ms-outlook"))  # fmt: skip


_TEXTS = ("text/csv", "text/html", "message/rfc822", "text/plain", "multipart/related")


def media_type(content: bytes, name: str) -> str:
    """Return the media type; application/octet-stream if neither content nor name shows it."""
    ending = _ENDINGS.get(name.rpartition(".")[2].lower(), "")
    # before all others: a capture of a PDF has one in it
    if kind := _captured_kind(content, name.lower(), named=ending in _TEXTS):
        return kind
    if content.startswith(b"\x78\x9f\x3e\x22"):
        return _TNEF
    kind = media_type_by_magic(content)
    if kind == ZIP:
        return _zip_kind(content, ending)
    if kind == OLE:
        return _ole_kind(content, ending)
    if kind:
        return kind
    # other bytes may precede a PDF; a text may mention one, and an archive contain one
    pdf = b"%PDF-" in content[:1024] and ending not in _TEXTS
    return PDF if pdf else _text_kind(content, ending)


def _captured_kind(content: bytes, name: str, *, named: bool) -> str:
    if _is_saved_page(content[:8192], named=named):
        return "multipart/related"
    if name.endswith(".warc.zst"):
        return "application/warc+zstd"
    packed = name.endswith(".warc.gz") and content.startswith(b"\x1f\x8b")
    return "application/warc" if packed or is_warc(content[:4096]) else ""


def _zip_kind(content: bytes, ending: str) -> str:
    try:
        names = set(zipfile.ZipFile(io.BytesIO(content)).namelist())
    except Exception:
        # damaged: the extractor that its name points to says how
        return ending or ZIP
    if "datapackage.json" in names and any(".warc" in each for each in names):
        return "application/wacz"
    kind = next((kind for part, kind in _PARTS if part in names), ZIP)
    # any archive may contain a content.xml
    return ZIP if kind == _OPEN and "mimetype" not in names else kind


def _ole_kind(content: bytes, ending: str) -> str:
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(content)) as ole:
            return next((kind for stream, kind in _OLE if ole.exists(stream)), ending or _UNKNOWN)
    except Exception:
        return ending or _UNKNOWN


_UNKNOWN = "application/octet-stream"


def _text_kind(content: bytes, ending: str) -> str:
    head = content[:8192]
    page = _HTML.match(head)
    # a mailbox is often without an ending, or named .txt or .eml
    if _MBOX.match(head) and len(_MAIL_FIELDS.findall(head)) >= 2:
        return "application/mbox"
    if ending in _TEXTS and not (page and ending == "multipart/related"):
        return ending
    if page:
        return "text/html"
    if _MAIL.match(head) and len(_MAIL_FIELDS.findall(head)) >= 2:
        return "message/rfc822"
    if ending:
        return ending
    odd = sum(byte < 9 or 13 < byte < 32 for byte in head)
    marked = head.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"))
    return "text/plain" if head and (marked or odd * 50 < len(head)) else _UNKNOWN


def _is_saved_page(head: bytes, *, named: bool) -> bool:
    if not _MAIL.match(head):
        return False
    fields = re.split(rb"\r?\n\r?\n", head, maxsplit=1)[0]
    unposted = bool(_RELATED.search(fields)) and not _POSTED.search(fields)
    return bool(_SAVED.search(fields)) or (unposted and not named)


# how a member of a web archive is named if its server stated an encoding (`web_archive`)
_CHARSET = re.compile(r"!/\d{5} [^/]*\.charset=([-\w]+)\.[a-z]+\Z")


def extract(content: bytes, name: str, reading: Reading) -> None:
    """Read a document into `reading`. Raises Refused for kinds that are not read."""
    kind = media_type(content, name)
    reading.facts["media_type"] = kind
    if (reading.passwords and kind in _LOCKABLE) or kind == _LOCKED:
        from .protected import add_opened_copy

        reading.facts["extractor"] = f"protected: msoffcrypto-tool {_version('msoffcrypto-tool')}"
        if add_opened_copy(content, name, reading):
            return
    if kind in _REFUSED:
        reading.facts["extractor"] = "none"
        raise Refused(_REFUSED[kind])
    if kind not in EXTRACTORS:
        reading.facts["extractor"] = "none"
        raise Refused(f"{name} is of no kind that the kit reads (its content says {kind}).")
    if said := _CHARSET.search(name):
        reading.declared = said[1]
    named, package = EXTRACTORS[kind]
    used = package if package == "python" else f"{package} {_version(package)}"
    reading.facts["extractor"] = f"{named.partition('.read_')[2]}: {used}"
    if not content:
        raise Refused("The file is empty.")
    extractor(named)(content, reading)
    _tell_empty(kind, reading)


def _tell_empty(kind: str, reading: Reading) -> None:
    """Leave a note at a document of which no text came out, unless OCR is going to read it."""
    waiting = NO_TEXT in reading.columns.get("notes", {}).get("text", [])
    if not reading.characters and not waiting and not kind.startswith("image/"):
        inside = ", only the documents within it" if reading.members else ""
        reading.note("empty", f"No text was found in it{inside}: it is empty, or its content is "
                     "in a form that is not read.")  # fmt: skip
