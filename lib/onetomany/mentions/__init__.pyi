"""What this package offers; `make generate` writes it from __init__.py."""

from . import citations
from . import numerals
from . import organisations
from . import persons
from . import quantities
from . import tagger

__all__ = [
    "citations",
    "numerals",
    "organisations",
    "persons",
    "quantities",
    "tagger",
]
