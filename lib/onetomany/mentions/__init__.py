"""Find dates, laws, quantities, organisations and persons in texts; no case file is needed."""

from onetomany.extras import require_extra
from onetomany.lazy import offer

require_extra("casework")

__all__ = ["citations", "numerals", "organisations", "persons", "quantities", "tagger"]

__getattr__, __dir__ = offer(__name__, {}, tuple(__all__))
