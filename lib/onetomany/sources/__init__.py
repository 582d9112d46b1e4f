"""Open image sets, tables and model weights, each behind a datasheet.

Nothing is downloaded unless the user asks for it by name, and its SHA-256 is checked.
"""

from onetomany.lazy import offer

_OFFERED = {  # by module; imported when first used
    "cache": ("cache_dir",),
    "datasheets": ("Datasheet", "read_datasheet"),
    "images": ("ImageSet", "choose_images", "image_sets", "open_images", "prepare_folder"),
    "own_ids": ("is_pseudonym",),
    "weights": ("Model", "fetch_weights", "install_weights", "model", "models"),
}
__all__, __getattr__, __dir__ = offer(__name__, _OFFERED)
