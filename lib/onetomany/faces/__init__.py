"""Faces to templates, through deepface. Takes opened image sets only."""

from .embed import Settings, embed, failure_to_enrol, schema

__all__ = ["Settings", "embed", "failure_to_enrol", "schema"]
