"""What this package offers; `make generate` writes it from __init__.py."""

from . import reproduce
from . import verify
from .bundle import seal
from .exhibit import build_payload, write_payload
from .keys import make_key
from .making import make_exhibit
from .record import RunRecord
from .redaction import read_redactions

__all__ = [
    "RunRecord",
    "build_payload",
    "make_exhibit",
    "make_key",
    "read_redactions",
    "reproduce",
    "seal",
    "verify",
    "write_payload",
]
