"""RFC 3161 time-stamps over a bundle's tag manifest: the request made, an answer checked.

The kit contacts nobody. It writes the request as a file; whoever wants a time-stamp sends it to an
authority of their choice and brings the answer back as a file. A time-stamp shows that the tag
manifest existed at that time, in the authority's word; not who made it, nor that it is true.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from onetomany.errors import InputError


@dataclass(frozen=True)
class Stamp:
    """A checked time-stamp: when, and by whom (the subject of the certificate that signed)."""

    when: datetime
    authority: str


def request(signed: bytes) -> bytes:
    """A time-stamp request (DER) for these bytes by SHA-256, asking for the certificates.

    It has no nonce: that guards against an old answer to the same hash, and an older time for the
    same bytes would be no less true. So the same bytes give the same request.
    """
    builder = TimestampRequestBuilder(nonce=False).data(signed)
    made = builder.hash_algorithm(HashAlgorithm.SHA256).build()
    return bytes(made.as_bytes())


def check(answer: bytes, signed: bytes, roots: Sequence[x509.Certificate]) -> Stamp:
    """Check a TSA's answer (DER) over these bytes against root certificates.

    Raises InputError saying why it does not hold: no answer, refused by the authority, for other
    bytes, a certificate that isn't meant for time-stamps or doesn't lead to a root.
    """
    if not roots:
        raise InputError("no root certificate of the time-stamp authority is given")
    try:
        response = decode_timestamp_response(answer)
        info = response.tst_info
    except Exception as error:  # the parser is native code: what it raises is not declared
        raise InputError("it is no time-stamp answer, or the authority refused") from error
    builder = VerifierBuilder()
    for root in roots:
        builder = builder.add_root_certificate(root)
    try:
        builder.build().verify_message(response, signed)
    except (VerificationError, ValueError) as error:
        raise InputError(f"it does not hold for the tag manifest ({error})") from error
    subjects = [
        x509.load_der_x509_certificate(bytes(der)) for der in response.signed_data.certificates
    ]
    signers = {(each.issuer, each.serial_number) for each in response.signed_data.signer_infos}
    name = next(
        (
            each.subject.rfc4514_string()
            for each in subjects
            if (each.issuer, each.serial_number) in signers
        ),
        "",
    )
    return Stamp(info.gen_time, name)


def read_roots(pem: bytes) -> list[x509.Certificate]:
    """Root certificates in PEM. Raises InputError where there is none."""
    try:
        found = x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise InputError("it can't be read as certificates in PEM") from error
    return found


def roots_pem(roots: Sequence[x509.Certificate]) -> bytes:
    """The certificates as PEM, as they are kept beside the time-stamp."""
    return b"".join(root.public_bytes(Encoding.PEM) for root in roots)


def root_hash(root: x509.Certificate) -> str:
    """SHA-256 of a certificate's DER form, as `openssl x509 -fingerprint -sha256` (no colons)."""
    return hashlib.sha256(root.public_bytes(Encoding.DER)).hexdigest()
