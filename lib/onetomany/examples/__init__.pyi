"""What this package offers; `make generate` writes it from __init__.py."""

from . import sample_bundle as sample_bundle
from . import simulated_requests as simulated_requests
from . import specimen_documents as specimen_documents
