"""Faces to templates, through deepface. Takes opened image sets only."""

from .aligning import CROPS, MATCHERS
from .embedding import Settings, embed, failure_to_enrol, schema, usable

__all__ = ["CROPS", "MATCHERS", "Settings", "embed", "failure_to_enrol", "schema", "usable"]
