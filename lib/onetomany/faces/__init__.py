"""Faces to templates, through deepface. Takes opened image sets only."""

from .embedding import Settings, embed, failure_to_enrol, schema, usable

__all__ = ["Settings", "embed", "failure_to_enrol", "schema", "usable"]
