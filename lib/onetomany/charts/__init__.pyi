"""What this package offers; `make generate` writes it from __init__.py."""

from . import accuracy
from . import assessment
from . import attack
from . import axes
from . import behaviour
from . import cards
from . import case
from . import cases
from . import claims
from . import columns
from . import daily_flags
from . import dials
from . import differentials
from . import disclosed
from . import elsewhere
from . import elsewhere_tables
from . import evidence
from . import face_join
from . import film
from . import fixed_fpir
from . import languages
from . import law
from . import marks
from . import measured
from . import mosaic
from . import persistent_key
from . import presenter
from . import reader_table
from . import real
from . import realism
from . import reckoner
from . import reidentification
from . import requests
from . import scale
from . import service
from . import sliders
from . import table_formats
from . import terminal
from . import theme
from . import threshold
from . import tracking
from . import transfer

__all__ = [
    "accuracy",
    "assessment",
    "attack",
    "axes",
    "behaviour",
    "cards",
    "case",
    "cases",
    "claims",
    "columns",
    "daily_flags",
    "dials",
    "differentials",
    "disclosed",
    "elsewhere",
    "elsewhere_tables",
    "evidence",
    "face_join",
    "film",
    "fixed_fpir",
    "languages",
    "law",
    "marks",
    "measured",
    "mosaic",
    "persistent_key",
    "presenter",
    "reader_table",
    "real",
    "realism",
    "reckoner",
    "reidentification",
    "requests",
    "scale",
    "service",
    "sliders",
    "table_formats",
    "terminal",
    "theme",
    "threshold",
    "tracking",
    "transfer",
]
