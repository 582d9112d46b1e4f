"""Turn the faces of opened image sets into templates, through deepface."""

from .aligning import CROPS, MATCHERS
from .embedding import Settings, embed, failure_to_enrol, require_templates, schema, usable

__all__ = [
    "CROPS",
    "MATCHERS",
    "Settings",
    "embed",
    "failure_to_enrol",
    "require_templates",
    "schema",
    "usable",
]
