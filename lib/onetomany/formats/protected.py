"""Documents with a password: the copy that the user's password opens is a document within.

The opened copy is a member, so that OCR, pictures of pages and search treat it like any other;
the received file stays unchanged. Only the caged process knows the passwords.
"""

import hashlib
import hmac
import io
import re
import zipfile
import zlib
from types import SimpleNamespace
from typing import Any

from .reading import Damaged, Reading, Refused

LOCKED = "The file needs a password{}: give it with --password, or ask for an open copy."
# Excel itself locks workbooks by this word, which opens them without asking
_COMMON = ("VelvetSweatshop",)
_AES = 99  # WinZip's way of encryption, as a method of compression


def add_opened_copy(content: bytes, name: str, reading: Reading) -> bool:
    """Add the copy that a password opens as a member; False if the document asks for none.

    Raises Refused if none of the passwords fits.
    """
    plain = _opened(content, reading)
    if plain is None:
        return False
    inner = name.replace("\\", "/").rpartition("/")[2] or "document"
    reading.member(inner, plain)
    reading.note(
        "encrypted",
        "The file is protected by a password. The document within it is the copy "
        "that a password opened; check signatures on this file, not on the copy.",
    )
    return True


def _opened(content: bytes, reading: Reading) -> bytes | None:
    if content.startswith(b"%PDF-"):
        return _pdf(content, reading.passwords) if b"/Encrypt" in content else None
    if content.startswith(b"PK"):
        return _open_document(content, reading.passwords)
    return _office(content, reading.passwords)


def password_refusal(passwords: tuple[str, ...]) -> Refused:
    """Return the refusal of a document that no password opens."""
    return Refused(LOCKED.format(", and none of those given fits" if passwords else ""))


def _office(content: bytes, passwords: tuple[str, ...]) -> bytes | None:
    """Return an Office document without its password; None if it has none."""
    import msoffcrypto  # type: ignore[import-untyped]
    from msoffcrypto.format import doc97, ppt97, xls97  # type: ignore[import-untyped]

    for module in (doc97, ppt97, xls97):
        # it writes into temporary files, which a caged process may not make
        module.tempfile = SimpleNamespace(TemporaryFile=io.BytesIO)
    try:
        if not msoffcrypto.OfficeFile(io.BytesIO(content)).is_encrypted():
            return None
    except MemoryError:
        raise
    except Exception:
        return None  # the reader of its kind reports the fault
    for password in (*passwords, *_COMMON):
        out = io.BytesIO()
        try:
            file = msoffcrypto.OfficeFile(io.BytesIO(content))
            file.load_key(password=password)
            file.decrypt(out)
        except MemoryError:
            raise
        except Exception:
            continue  # each way of encryption has its own error for a wrong password
        if out.getvalue()[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
            return out.getvalue()
    raise password_refusal(passwords)


def _pdf(content: bytes, passwords: tuple[str, ...]) -> bytes | None:
    import pypdfium2
    import pypdfium2.raw as pdfium_c

    try:
        with pypdfium2.PdfDocument(content):
            return None  # it opens without one
    except pypdfium2.PdfiumError:
        pass
    for password in passwords:
        try:
            with pypdfium2.PdfDocument(content, password=password) as pdf:
                out = io.BytesIO()
                pdf.save(out, flags=pdfium_c.FPDF_REMOVE_SECURITY)
                return out.getvalue()
        except pypdfium2.PdfiumError:
            continue
    raise password_refusal(passwords)


def _open_document(content: bytes, passwords: tuple[str, ...]) -> bytes | None:
    """Return an OpenDocument file (1.2 and later, AES-256) without its password."""
    from .parts import parse

    try:
        held = zipfile.ZipFile(io.BytesIO(content))
        manifest = held.read("META-INF/manifest.xml")
    except Exception:
        return None
    if b"encryption-data" not in manifest:
        return None
    entries = {
        entry.get(key): entry
        for entry in parse(manifest, "manifest.xml").iter("{*}file-entry")
        for key in entry.attrib
        if key.endswith("full-path")
    }
    for password in passwords:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as file:
            try:
                for name in held.namelist():
                    if name == "META-INF/manifest.xml":
                        continue
                    inner = held.read(name)
                    if name in entries and len(entries[name]):
                        inner = _deciphered(inner, entries[name], password)
                    file.writestr(name, inner)
            except (Damaged, KeyError, ValueError, zlib.error):
                continue
        return out.getvalue()
    raise password_refusal(passwords)


def _deciphered(held: bytes, entry: Any, password: str) -> bytes:
    import base64

    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    said: dict[str, str] = {}
    for element in entry.iter():
        for key, value in element.attrib.items():
            said.setdefault(key.rpartition("}")[2], value)
    if not said.get("algorithm-name", "").endswith("aes256-cbc"):
        raise Damaged("it is encrypted in another way")
    start = hashlib.sha256(password.encode()).digest()
    salt, count = base64.b64decode(said["salt"]), min(int(said["iteration-count"]), 1_000_000)
    key = hashlib.pbkdf2_hmac("sha1", start, salt, count, 32)
    vector = base64.b64decode(said["initialisation-vector"])
    cipher = Cipher(algorithms.AES(key), modes.CBC(vector)).decryptor()
    return zlib.decompressobj(-15).decompress(cipher.update(held) + cipher.finalize(), 1 << 30)


def zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int,
               passwords: tuple[str, ...]) -> bytes:  # fmt: skip
    """Return an encrypted member, `most` bytes at most and one more.

    Raises Damaged if no password opens it.
    """
    for password in passwords:
        for spelled in dict.fromkeys((password.encode(), password.encode("cp949", "replace"))):
            try:
                if info.compress_type == _AES:
                    return _aes(archive, info, spelled, most)
                with archive.open(info, pwd=spelled) as file:
                    return file.read(most + 1)
            except MemoryError:
                raise
            except Exception:
                continue  # a wrong password shows as any kind of damage
    told = ", and none of those given fits" if passwords else ""
    raise Damaged(f"it is protected by a password{told}: give it by --password")


def _aes(archive: zipfile.ZipFile, info: zipfile.ZipInfo, password: bytes, most: int) -> bytes:
    """Return a member in WinZip's AE-1 or AE-2: AES in counter mode, with authentication."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    field = re.search(rb"\x01\x99\x07\0(..)AE(.)(..)", info.extra, re.DOTALL)
    if field is None or archive.fp is None:
        raise Damaged("its way of encryption is unknown")
    strength, method = field[2][0], int.from_bytes(field[3], "little")
    archive.fp.seek(info.header_offset)
    head = archive.fp.read(30)
    skipped = int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
    archive.fp.seek(info.header_offset + 30 + skipped)
    held = archive.fp.read(info.compress_size)
    size, length = 4 + 4 * strength, 8 + 8 * strength
    keys = hashlib.pbkdf2_hmac("sha1", password, held[:size], 1000, 2 * length + 2)
    body = held[size + 2 : -10]
    code = hmac.new(keys[length : 2 * length], body, "sha1").digest()[:10]
    if held[size : size + 2] != keys[-2:] or not hmac.compare_digest(code, held[-10:]):
        raise Damaged("the password doesn't fit")
    counters = b"".join(n.to_bytes(16, "little") for n in range(1, len(body) // 16 + 2))
    cipher = Cipher(algorithms.AES(keys[:length]), modes.ECB()).encryptor()
    stream = cipher.update(counters)[: len(body)]
    plain = (int.from_bytes(body, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(body), "big")
    if method == 0:
        return plain[: most + 1]
    if method == 8:
        return zlib.decompressobj(-15).decompress(plain, most + 1)
    raise Damaged("its way of compression is unknown")
