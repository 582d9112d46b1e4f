"""Read file formats: each reader turns a file's bytes into pages, tables and notes.

They run in the cage (docs/cage.md): `media_type` tells a file's format, `extract` calls its reader,
which fills a `Reading` within `Limits`, or raises `Refused`.
"""

from onetomany.extras import require_extra
from onetomany.lazy import offer

require_extra("casework")

_OFFERED = {  # by module; imported when first used
    "kinds": ("extract", "media_type"),
    "reading": ("Limits", "Reading", "Refused"),
}
__all__, __getattr__, __dir__ = offer(__name__, _OFFERED)
