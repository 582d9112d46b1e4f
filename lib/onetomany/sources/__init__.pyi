"""What this package offers; `make generate` writes it from __init__.py."""

from .cache import cache_dir
from .datasheets import Datasheet, read_datasheet
from .images import ImageSet, choose_images, image_sets, open_images, prepare_folder
from .own_ids import is_pseudonym
from .weights import Model, fetch_weights, install_weights, model, models

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
