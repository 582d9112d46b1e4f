"""Request RFC 3161 time-stamps over a bundle's tag manifest, and check the answers.

The kit contacts no one. It writes the request as a file; the user sends it to an authority of
their choice and brings the answer back as a file. By the authority's word, a time-stamp shows that
the tag manifest existed at that time; it doesn't show who made it or that it is true.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import rfc3161_client
from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from onetomany.errors import InputError


@dataclass(frozen=True)
class Stamp:
    """A checked time-stamp: when, and by whom (the subject of the certificate that signed)."""

    when: datetime
    authority: str


def timestamp_request(signed: bytes) -> bytes:
    """Return a time-stamp request (DER) for these bytes by SHA-256, asking for certificates.

    It has no nonce: that guards against an old answer to the same hash, and an older time for the
    same bytes would be no less true. So the same bytes give the same request.
    """
    builder = rfc3161_client.TimestampRequestBuilder(nonce=False).data(signed)
    made = builder.hash_algorithm(rfc3161_client.HashAlgorithm.SHA256).build()
    return bytes(made.as_bytes())


def check_timestamp(answer: bytes, signed: bytes, roots: Sequence[x509.Certificate]) -> Stamp:
    """Check a TSA's answer (DER) over these bytes against root certificates.

    Raises InputError with the reason: not an answer, refused by the authority, for other bytes, a
    certificate that isn't meant for time-stamps or doesn't lead to a root.
    """
    if not roots:
        raise InputError("no root certificate of the time-stamp authority is given")
    try:
        builder = rfc3161_client.VerifierBuilder()
        for root in dict.fromkeys(roots):
            builder = builder.add_root_certificate(root)
        response = rfc3161_client.decode_timestamp_response(_in_order(answer))
        info = response.tst_info
        builder.build().verify_message(response, signed)
        name = _signer(response)
    except rfc3161_client.VerificationError as error:
        raise InputError(f"it is not valid for the tag manifest ({error})") from error
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # native code reads it, and its panics are not Exceptions
        raise InputError("it is not a time-stamp answer, or the authority refused") from error
    return Stamp(info.gen_time, name)


def _signer(response: rfc3161_client.TimeStampResponse) -> str:
    """Return the subject of the certificate that signed the answer; empty if it has none."""
    signers = {(each.issuer, each.serial_number) for each in response.signed_data.signer_infos}
    for der in response.signed_data.certificates:
        found = x509.load_der_x509_certificate(bytes(der))
        if (found.issuer, found.serial_number) in signers:
            return found.subject.rfc4514_string()
    return ""


def read_roots(pem: bytes) -> list[x509.Certificate]:
    """Read root certificates in PEM. Raises InputError if there is none."""
    try:
        found = x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise InputError("it can't be read as certificates in PEM") from error
    return found


def roots_pem(roots: Sequence[x509.Certificate]) -> bytes:
    """Return the certificates as PEM, as they are kept with the time-stamp."""
    return b"".join(root.public_bytes(Encoding.PEM) for root in roots)


def root_hash(root: x509.Certificate) -> str:
    """Return the SHA-256 of the DER form, as `openssl x509 -fingerprint -sha256` (no colons)."""
    return hashlib.sha256(root.public_bytes(Encoding.DER)).hexdigest()


def _in_order(answer: bytes) -> bytes:
    """Return the answer with its certificates in the order that DER asks of a set.

    Authorities, including openssl's, send them in any order, which the parser refuses. No signature
    covers that order.
    """
    sent = tsp.TimeStampResp.load(answer)["time_stamp_token"]["content"]["certificates"]
    ordered = b"".join(sorted(each.dump() for each in sent))
    return answer.replace(sent.contents, ordered)
