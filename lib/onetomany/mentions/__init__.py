"""Find dates, laws, quantities, organisations and persons in texts; no case file is needed."""

from onetomany.extras import require_extra

require_extra("casework")

__all__ = [
    "citations",
    "numerals",
    "organisations",
    "persons",
    "quantities",
    "tagger",
]
