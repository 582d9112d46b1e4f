"""Search galleries one to many: templates with attributes, in one of several engines."""

from onetomany.lazy import offer

_OFFERED = {  # by module; imported when first used
    "cells": ("Band", "pack", "unpack"),
    "coding": ("lists_for",),
    "compressed": ("CompressedEngine",),
    "engine": ("Engine",),
    "exact": ("ExactEngine",),
    "gallery": ("Gallery", "gallery_of"),
    "open": ("open_engine",),
    "threshold": ("Threshold",),
}
__all__, __getattr__, __dir__ = offer(__name__, _OFFERED)
