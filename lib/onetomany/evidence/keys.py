"""Sign a bundle's tag manifest with Ed25519 (RFC 8032); openssl alone can check it.

The tag manifest lists the payload manifests, which list every file: one signature covers all.
The private key stays with its owner. A signature shows that the key's owner signed these bytes.
Who the owner is must be learnt by another channel, so the fingerprint is shown.
"""

import hashlib
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from onetomany.errors import InputError, reason_of

PASSPHRASE = "ONETOMANY_KEY_PASSPHRASE"  # read if a key is encrypted and none is given
SIGNATURE_BYTES = 64

_P = 2**255 - 19  # the field of Ed25519
# y of the eight points whose order divides 8 (RFC 8032, 5.1; the tests multiply them out). Under
# such a key, signatures can be made that fit many messages, by somebody who has no private key
_ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER = {0, 1, _P - 1, _ORDER_8, _P - _ORDER_8}


def make_key(path: Path, *, passphrase: str | None = None) -> str:
    """Make a private key (PEM, PKCS #8, readable by its owner only); return its fingerprint.

    Raises InputError if there is a file already, since a key is never overwritten, or if it can't
    be written; no part of it remains.
    """
    key = Ed25519PrivateKey.generate()
    lock = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)
    # whole or not at all: half of a key on a full disk would look like one
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(pem)
                file.flush()
                os.fsync(file.fileno())
            os.link(beside, path)  # which, unlike a renaming, replaces nothing
        finally:
            beside.unlink()
    except OSError as error:
        if os.path.lexists(path):
            why = f"{path} already exists, and a key is never overwritten: name a new file."
            raise InputError(why) from None
        raise InputError(f"The key {path} can't be made: {error.strerror or error}.") from error
    return fingerprint(public_pem(key))


def passphrase() -> str | None:
    """Return the passphrase of private keys, from the environment; None if none is set."""
    return os.environ.get(PASSPHRASE) or None


def read_private(path: Path) -> Ed25519PrivateKey:
    """Read a private key in PEM. Raises InputError if it can't be read or isn't Ed25519."""
    secret = passphrase()
    try:
        pem = path.read_bytes()
        try:
            key = load_pem_private_key(pem, secret.encode() if secret else None)
        except TypeError:  # raised both for a passphrase too many and for one too few
            key = load_pem_private_key(pem, None)
    except TypeError:
        raise InputError(
            f"The key {path} is encrypted: put its passphrase in {PASSPHRASE}."
        ) from None
    except OSError as error:
        raise InputError(f"The key {path} can't be read: {reason_of(error)}.") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError(
            f"{path} can't be read as a private key in PEM: make one with 'onetomany key'."
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError(
            f"{path} is not an Ed25519 key: make one with 'onetomany key {path.name}', or with "
            "'openssl genpkey -algorithm ed25519'."
        )
    return key


def public_pem(key: Ed25519PrivateKey) -> bytes:
    """Return the public key in PEM, as the bundle carries it."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _read_public(pem: bytes) -> Ed25519PublicKey:
    """Read a public key in PEM. Raises InputError if it is not Ed25519, or of small order."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError("it can't be read as a public key in PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise InputError("it is not an Ed25519 key")
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    if y >= _P:
        raise InputError("it is an Ed25519 key written in a way that RFC 8032 forbids")
    if y in _SMALL_ORDER:
        raise InputError("it is an Ed25519 key of small order, with which anybody can sign")
    return key


def fingerprint(pem: bytes) -> str:
    """Return the SHA-256 of the DER form, as `openssl pkey -pubin -outform DER | sha256sum`."""
    der = _read_public(pem).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def try_fingerprint(pem: bytes) -> str | None:
    """Return the fingerprint of a public key; None if it is not one."""
    return None if why_no_key(pem) else fingerprint(pem)


def why_no_key(pem: bytes) -> str:
    """Return why a public key can't be used to check; empty if it can."""
    try:
        _read_public(pem)
    except InputError as error:
        return str(error)
    return ""


def signature_fits(pem: bytes, signature: bytes, signed: bytes) -> bool:
    """Return whether the key's owner signed these bytes with this signature."""
    check = _read_public(pem).verify
    try:
        check(signature, signed)
    except InvalidSignature:
        return False
    return True
