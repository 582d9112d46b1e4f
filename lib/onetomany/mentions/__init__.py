"""Find dates, laws, quantities, organisations and persons in texts; no case file is needed."""

from onetomany.extras import require_extra
from onetomany.lazy import offer

require_extra("casework")

_MODULES = ("citations", "numerals", "organisations", "persons", "quantities", "tagger")
__all__, __getattr__, __dir__ = offer(__name__, {}, _MODULES)
