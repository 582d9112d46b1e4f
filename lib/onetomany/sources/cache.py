"""The one folder for computed files: templates, weights, galleries."""

import os
from pathlib import Path

import platformdirs


def cache_dir() -> Path:
    """Return the cache folder: $ONETOMANY_CACHE, or the user's cache folder of the system."""
    root = os.environ.get("ONETOMANY_CACHE")
    path = Path(root).expanduser() if root else platformdirs.user_cache_path("onetomany")
    path.mkdir(parents=True, exist_ok=True)
    return path.resolve()
