"""Galleries: templates with attributes, searched one to many."""

from .engine import Engine, ExactEngine
from .gallery import Gallery, gallery_of
from .threshold import Threshold

__all__ = ["Engine", "ExactEngine", "Gallery", "Threshold", "gallery_of"]
