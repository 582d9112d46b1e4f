"""What this package offers; `make generate` writes it from __init__.py."""

from .kinds import extract as extract
from .kinds import media_type as media_type
from .reading import Limits as Limits
from .reading import Reading as Reading
from .reading import Refused as Refused
