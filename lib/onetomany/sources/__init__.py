"""Open image sets, tables and model weights, each behind a datasheet.

Besides `documents`, no other room reads files or addresses from outside the kit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from onetomany.lazy import offer

__all__ = [
    "Datasheet",
    "ImageSet",
    "Model",
    "cache_dir",
    "choose_images",
    "fetch_weights",
    "image_sets",
    "install_weights",
    "is_pseudonym",
    "model",
    "models",
    "open_images",
    "prepare_folder",
    "read_datasheet",
]

if TYPE_CHECKING:
    from .cache import cache_dir
    from .datasheets import Datasheet, read_datasheet
    from .images import ImageSet, choose_images, image_sets, open_images, prepare_folder
    from .own_ids import is_pseudonym
    from .weights import Model, fetch_weights, install_weights, model, models
else:
    # most of these bring polars, which `onetomany --help` does not need
    _PLACES = {
        "Datasheet": "datasheets",
        "ImageSet": "images",
        "Model": "weights",
        "cache_dir": "cache",
        "choose_images": "images",
        "fetch_weights": "weights",
        "image_sets": "images",
        "install_weights": "weights",
        "is_pseudonym": "own_ids",
        "model": "weights",
        "models": "weights",
        "open_images": "images",
        "prepare_folder": "images",
        "read_datasheet": "datasheets",
    }
    __getattr__, __dir__ = offer(__name__, _PLACES)
