"""Sign PDF files with a PKCS #12 file (PAdES-B-B), and report signatures found.

A lawyer's or a notary's certificate names a person, which the kit's own Ed25519 key does not. An
invisible signature is added at the end of the file, as an incremental update: existing bytes,
PDF/A and PDF/UA metadata and tags remain. Nothing is fetched: the reader must decide whether a
certificate was revoked and its issuer is to be trusted. The signing time is by the signer's own
clock; so two runs give two different signed files.
"""

import io
import os
import re
import time
from pathlib import Path
from typing import Any

from onetomany.errors import InputError
from onetomany.sources.files import sha256_of
from . import additions, signed_pdf
from .bundle_layout import SEAL, SIGNED
from .contents import MAX_TEXT
from .opened import ASK, BundleFinding, Opened
from .signed_pdf import Signature

PASSPHRASE = "ONETOMANY_PDF_KEY_PASSPHRASE"
KIND = "certificate-completed"
MOST, LONGEST = 20, 120  # PDF files of a bundle whose signatures are checked; seconds for all
_OTHER_TOOL = (
    "open the file in a PDF reader that checks signatures, and ask the person who signed it"
)


def sign(content: bytes, key: Path) -> bytes:
    """Return the PDF with a signature by the key and certificate of a PKCS #12 file.

    The passphrase is read from the environment variable PASSPHRASE. Raises InputError if the file
    can't be read, or the PDF can't be signed without losing its standards and tags.
    """
    from pyhanko.sign import fields, signers

    signer = read_signer(key)
    try:
        writer = _writer(content)
        taken = {name for name, *_ in fields.enumerate_sig_fields(writer.prev)}
        name = next(f"Signature{n}" for n in range(1, 1000) if f"Signature{n}" not in taken)
        facts = signers.PdfSignatureMetadata(
            field_name=name, md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES
        )
        made = signers.sign_pdf(writer, facts, signer=signer).getvalue()
    except Exception as error:  # the library raises whatever a damaged file leads it into
        raise InputError(f"The PDF can't be signed: {error}.") from error
    if lost := sorted(standards(content) - standards(made)):
        raise InputError(f"The PDF can't be signed, because signing would lose {', '.join(lost)}.")
    return bytes(made)


def standards(content: bytes) -> set[str]:
    """Return the PDF/A and PDF/UA features that a PDF claims and has, as a set of words.

    They are read from its own metadata and structure; no validator is run.
    """
    from pyhanko.pdf_utils.reader import PdfFileReader

    root = PdfFileReader(io.BytesIO(content)).root
    metadata = bytes(root["/Metadata"].data) if "/Metadata" in root else b""
    found = {
        f"{name} {value.decode()}"
        for name, value in re.findall(rb"(pdfaid:\w+|pdfuaid:\w+)>([\w.]+)<", metadata)
        for name in [name.decode()]
    }
    found |= {key for key in ("/OutputIntents", "/Lang", "/StructTreeRoot") if key in root}
    if "/MarkInfo" in root and root["/MarkInfo"].get("/Marked"):
        found.add("tags")
    if metadata:
        found.add("metadata")
    return found


def add_certificate(
    bundle: Path, completed: Path, *, pdf_key: Path | None, key: Path, who: str
) -> str:
    """Add a completed certificate to a bundle, signed here or elsewhere; return its name there.

    With `pdf_key` (PKCS #12) it is signed here. Raises InputError if there is no valid signature,
    or the folder is not a bundle.
    """
    try:
        content = completed.read_bytes()
    except OSError as error:
        raise InputError(f"{completed} can't be read: {error.strerror}.") from error
    if not content.startswith(b"%PDF"):
        raise InputError(f"{completed} is not a PDF: nothing was added.")
    if pdf_key:
        content = sign(content, pdf_key)
    found = signed_pdf.read_pdf_signatures(content, None)
    if not found:
        raise InputError(
            f"Nothing was added: {completed} has no signature. Give a key with --pdf-key."
        )
    if broken := [each for each in found if each.fault]:
        raise InputError(
            f"{completed}: the signature of {broken[0].signer} is not valid "
            f"({broken[0].fault}), so nothing was added."
        )
    name = f"{KIND}-{additions.next_number(bundle, KIND)}.pdf"
    signers = ", ".join(each.signer for each in found)
    what = f"added the completed certificate, signed by {signers}"
    additions.add_files(bundle, {name: content}, who=who, what=what, key=key)
    return f"{SEAL}/{name}"


def names_bundle(completed: bytes, bundle: Path) -> bool:
    """Return whether a PDF's text gives the SHA-256 of this bundle's tag manifest."""
    import pypdfium2

    try:
        with pypdfium2.PdfDocument(completed) as document:
            text = "".join(page.get_textpage().get_text_range() for page in document)
    except pypdfium2.PdfiumError:
        return False
    # it is broken over lines, and by spaces of no width
    return sha256_of(bundle / SIGNED) in re.sub(r"[^0-9a-f]", "", text)


def check_pdf_signatures(one: Opened) -> list[BundleFinding]:
    """Report each signature of each PDF in a bundle: valid or not, by whom, its coverage."""
    found: list[BundleFinding] = []
    looked_at, started = 0, time.monotonic()
    for path in one.files:
        if not path.lower().endswith(".pdf"):
            continue
        content = one.read(path) if one.files[path].size <= MAX_TEXT else b""
        if content and not signed_pdf.may_be_signed(content):
            continue
        looked_at += 1
        if not content or looked_at > MOST or time.monotonic() - started > LONGEST:
            why = "too large, or one of too many: its PDF signatures were not checked"
            found.append(BundleFinding(path, why, _OTHER_TOOL, level="note"))
            continue
        try:
            signatures = signed_pdf.read_pdf_signatures(content, one.roots)
        except InputError as error:
            found.append(BundleFinding(path, f"its PDF signature can't be read: {error}", ASK))
            continue
        found += [_finding(path, each, one.roots is not None) for each in signatures]
    return found


def _finding(path: str, signature: Signature, asked: bool) -> BundleFinding:
    whose = f"the PDF signature of {signature.signer} (certificate SHA-256 {signature.mark})"
    if signature.fault:
        return BundleFinding(path, f"{whose} is not valid: {signature.fault}", ASK)
    covers = "covers the whole file" if signature.whole else f"covers {signature.covers}"
    what = f"{whose} is intact and {covers}; it says that it was made at {signature.when}"
    if signature.trusted:
        return BundleFinding(
            path, f"{what}; its certificate chains to a root that you gave", "none", level="note"
        )
    if asked:
        what += "; its certificate does not chain to the roots that you gave"
    todo = (
        "whether its certificate is to be trusted is yours to decide: compare the number with the "
        "signer's, or give the issuer's root with --roots; revocation was not looked up"
    )
    return BundleFinding(path, what, todo, level="note")


def read_signer(key: Path) -> Any:
    """Return the library's signer of a PKCS #12 file. Raises InputError if it can't be opened."""
    from pyhanko.sign import signers

    secret = os.environ.get(PASSPHRASE, "")
    try:
        found = signers.SimpleSigner.load_pkcs12_data(
            key.read_bytes(), other_certs=[], passphrase=secret.encode() or None
        )
    except OSError as error:
        raise InputError(f"{key} can't be read: {error.strerror}.") from error
    except Exception as error:  # the library raises whatever a damaged file leads it into
        raise InputError(_no_key(key)) from error
    if found is None:
        raise InputError(_no_key(key))
    return found


def _no_key(key: Path) -> str:
    return (
        f"{key} can't be opened as PKCS #12 with a key and a certificate: check the file, and its "
        f"passphrase in the variable {PASSPHRASE}."
    )


def _writer(content: bytes) -> Any:
    """Return a writer of incremental updates that keeps metadata and version.

    The library's own would rewrite the XMP metadata in a form that PDF/A's validators refuse, and
    raise the version to 2.0, which PDF/A-2 does not allow.
    """
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    class Unchanged(IncrementalPdfFileWriter):  # type: ignore[misc, unused-ignore]
        def _update_meta(self) -> None:
            pass

        def ensure_output_version(self, version: tuple[int, int]) -> None:
            pass

        def register_extension(self, ext: Any) -> None:
            if str(ext.base_version) == "/1.7":
                super().register_extension(ext)

    return Unchanged(io.BytesIO(content))
