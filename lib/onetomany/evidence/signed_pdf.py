"""The signatures of a PDF, read by a process of its own with limits, which reaches no network.

A PDF in a received bundle is a stranger's. The library that reads it is Python throughout, so a
hook on Python's events refuses every connection, program and file written; memory and time are
limited by the system. `python -I -m onetomany.evidence.signed_pdf` takes the roots (PEM) and the
PDF on standard input and gives JSON.
"""

import io
import json
import logging
import re
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import Any

from onetomany.errors import InputError
from onetomany.printing import shortened
from onetomany.sources.processes import python_command, safe_environment

SECONDS, MEMORY = 30, 1 << 30
MOST = 50  # signatures of one file
# a signature gives its range in plain form; in a name any letter may be written as its number
_RANGE = re.compile(
    b"/" + b"".join(b"(?:%c|#%02x|#%02X)" % (each, each, each) for each in b"ByteRange")
)
_REFUSED = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "urllib",
            "http.", "ftplib", "smtplib")  # fmt: skip


@dataclass(frozen=True)
class Signature:
    """A signature in a PDF; `fault` says why it is not valid, empty if it is."""

    signer: str
    mark: str  # SHA-256 of the certificate (DER)
    when: str  # by the signer's own clock
    whole: bool
    covers: str  # its coverage, if not the whole file
    trusted: bool  # whether the certificate chains to a given root
    fault: str


def read_pdf_signatures(content: bytes, roots: bytes | None) -> list[Signature]:
    """Return the signatures of a PDF; `roots` (PEM) are the certificates that the reader trusts.

    Raises InputError if it can't be read within the limits.
    """
    if not may_be_signed(content):
        return []
    head = b"%d\n" % len(roots or b"")
    try:
        done = subprocess.run(
            python_command("-m", "onetomany.evidence.signed_pdf"),
            input=head + (roots or b"") + content,
            env=safe_environment(),
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        answer = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise InputError(f"it takes more than {SECONDS} seconds") from None
    except ValueError:
        raise InputError("it takes more memory than is allowed, or is damaged") from None
    if "error" in answer:
        raise InputError(shortened(answer["error"]))
    for each in answer["signatures"]:
        each |= {name: shortened(text) for name, text in each.items() if isinstance(text, str)}
    return [Signature(**each) for each in answer["signatures"]]


def may_be_signed(content: bytes) -> bool:
    """Return whether a PDF has the plain mark that each signature must have."""
    return bool(_RANGE.search(content))


def main() -> int:
    """Read the signatures of the PDF on standard input, within limits."""
    given = sys.stdin.buffer
    roots = given.read(int(given.readline()))
    content = given.read()
    logging.disable(logging.CRITICAL)
    _restrict_reader()
    try:
        answer: dict[str, Any] = {"signatures": [asdict(each) for each in _found(content, roots)]}
    except (Exception, RecursionError) as error:  # whatever a damaged file leads the library into
        answer = {"error": f"{type(error).__name__}: {str(error)[:300]}"}
    print(json.dumps(answer))
    return 0


def _restrict_reader() -> None:
    """Limit memory and time of this process; refuse it connections, programs and writing."""
    # modules that the library imports only when needed
    import pyhanko_certvalidator.registry  # noqa: F401

    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        if sys.platform == "linux":
            resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    sys.addaudithook(_refuse)


def _refuse(event: str, args: tuple[Any, ...]) -> None:
    # asyncio, by which the library works, makes a pair of sockets that lead nowhere
    if event.startswith(_REFUSED) and event not in ("socket.__new__", "socket.socketpair"):
        raise PermissionError(f"it asked for {event}: nothing is fetched for a signature")
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        raise PermissionError("it asked for a file to be written")


def _found(content: bytes, roots: bytes) -> list[Signature]:
    from asn1crypto import pem, x509
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko_certvalidator import ValidationContext

    trusted = [
        x509.Certificate.load(der)
        for _, _, der in (pem.unarmor(roots, multiple=True) if roots else ())
    ]
    signatures = PdfFileReader(io.BytesIO(content)).embedded_regular_signatures
    if len(signatures) > MOST:
        raise InputError(f"it has more than {MOST} signatures")
    found = []
    for each in signatures:
        context = ValidationContext(trust_roots=trusted, allow_fetching=False)
        found.append(_read_one(each, context))
    return found


def _read_one(embedded: Any, context: Any) -> Signature:
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.settings import KeyUsageConstraints

    certificate = embedded.signer_cert
    facts = {"signer": certificate.subject.human_friendly, "mark": certificate.sha256.hex()}
    usage = KeyUsageConstraints(
        key_usage={"digital_signature", "non_repudiation"}, match_all_key_usages=False
    )
    try:
        status = validate_pdf_signature(embedded, context, key_usage_settings=usage)
    except Exception as error:  # whatever a damaged signature leads the library into
        return Signature(**facts, when="", whole=False, covers="", trusted=False,
                         fault=str(error) or type(error).__name__)  # fmt: skip
    level = status.modification_level
    fault = ""
    if not status.intact:
        fault = "the bytes that it covers were changed"
    elif not status.valid:
        fault = "it was not made with the key of its certificate"
    elif not status.docmdp_ok or level is None or level.name == "OTHER":
        fault = "the document was changed after it was signed"
    coverage = status.coverage.name if status.coverage else "NOTHING"
    whole = coverage == "ENTIRE_FILE"
    return Signature(
        **facts,
        when=str(status.signer_reported_dt or "no stated time"),
        whole=whole,
        covers=""
        if whole
        else f"an earlier state ({coverage.lower()}, later changes: "
        f"{level.name.lower() if level else 'unknown'})",
        trusted=bool(status.trusted),
        fault=fault,
    )


if __name__ == "__main__":
    sys.exit(main())
