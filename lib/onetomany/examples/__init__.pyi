"""What this package offers; `make generate` writes it from __init__.py."""

from . import sample_bundle
from . import simulated_requests
from . import specimen_documents

__all__ = [
    "sample_bundle",
    "simulated_requests",
    "specimen_documents",
]
