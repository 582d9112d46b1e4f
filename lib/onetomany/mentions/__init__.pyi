"""What this package offers; `make generate` writes it from __init__.py."""

from . import citations as citations
from . import numerals as numerals
from . import organisations as organisations
from . import persons as persons
from . import quantities as quantities
from . import tagger as tagger
