"""Galleries: templates with attributes, searched one to many."""

from .cells import Band, pack, unpack
from .compressed import CompressedEngine, lists_for
from .engine import Engine
from .exact import ExactEngine
from .gallery import Gallery, gallery_of
from .open import open_engine
from .threshold import Threshold

__all__ = [
    "Band",
    "CompressedEngine",
    "Engine",
    "ExactEngine",
    "Gallery",
    "Threshold",
    "gallery_of",
    "lists_for",
    "open_engine",
    "pack",
    "unpack",
]
