"""What this package offers; `make generate` writes it from __init__.py."""

from . import claim_ledger as claim_ledger
from . import claim_queries as claim_queries
from . import contradictions as contradictions
from . import disclosures as disclosures
from . import law as law
from . import passages as passages
from . import programmes as programmes
from . import timeline as timeline
from . import web_sources as web_sources
