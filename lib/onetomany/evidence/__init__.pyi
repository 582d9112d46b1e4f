"""What this package offers; `make generate` writes it from __init__.py."""

from . import reproduce as reproduce
from . import verify as verify
from .bundle import seal as seal
from .exhibit import build_payload as build_payload
from .exhibit import write_payload as write_payload
from .keys import make_key as make_key
from .making import make_exhibit as make_exhibit
from .record import RunRecord as RunRecord
from .redaction import read_redactions as read_redactions
