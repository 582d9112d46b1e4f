"""Make specimens, simulated logs and a sample bundle for the chapters to show.

No other room imports these. Each says on its face that it is a specimen, simulated or a sample.
"""

from onetomany.extras import require_extra
from onetomany.lazy import offer

require_extra("casework")

_MODULES = ("sample_bundle", "simulated_requests", "specimen_documents")
__all__, __getattr__, __dir__ = offer(__name__, {}, _MODULES)
