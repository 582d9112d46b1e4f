"""One-to-Many: check a face identification and tracking system from outside.

`import onetomany as otm` offers the first functions that a notebook needs, and every room by its
name (`otm.accuracy.wilson`). Each is loaded at its first use. `DOOR` says where each name is
defined; docs/door.md shows each in use:

    faces         open_images, embed, usable, gallery_of
    errors        compare_all, error_rates, threshold_at_fmr
    a programme   reckon
    a terminal    load_layout, simulate, associate
    tables        risk
    documents     ingest, open_case, search
    claims        load_claims, load_links, find_contradictions
    requests      gaps, letter
    evidence      exhibit, verify
    in a chapter  say, build_report
"""

import sys

if sys.argv[:1] == ["-m"]:  # `python -m onetomany.cli` puts the working directory first
    from .start import forget_working_directory

    forget_working_directory()

from .lazy import offer

__version__ = "0.2.0"

DOOR = {  # by module; imported when first used
    "accuracy.reckoner": ("reckon",),
    "accuracy.verification": ("compare_all", "error_rates", "threshold_at_fmr"),
    "claims.claim_ledger": ("load_claims", "load_links"),
    "claims.contradictions": ("find_contradictions",),
    "documents.case_file": ("open_case",),
    "documents.finding": ("find_pages as search",),
    "documents.ingest": ("ingest",),
    "evidence.making": ("make_exhibit as exhibit",),
    "evidence.verify": ("verify",),
    "faces.embedding": ("embed", "usable"),
    "gallery.gallery": ("gallery_of",),
    "prose": ("say",),
    "reidentification.assessment": ("assess as risk",),
    "report": ("build_report",),
    "requests.gaps": ("rank_gaps as gaps",),
    "requests.letters": ("letter",),
    "sources.images": ("open_images",),
    "terminal.layout": ("load_layout",),
    "terminal.run": ("simulate",),
    "tracking.association": ("associate",),
}
ROOMS = (
    "accuracy",
    "behaviour",
    "cage",
    "cases",
    "charts",
    "claims",
    "documents",
    "evidence",
    "examples",
    "faces",
    "formats",
    "gallery",
    "mentions",
    "reidentification",
    "report",
    "requests",
    "sources",
    "terminal",
    "tracking",
    "widgets",
    "workshop",
)

__all__, __getattr__, __dir__ = offer(__name__, DOOR, ROOMS)
__all__ += ["__version__"]
