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

from typing import TYPE_CHECKING

from .lazy import offer

__version__ = "0.2.0"

__all__ = [
    "__version__",
    "accuracy",
    "associate",
    "behaviour",
    "build_report",
    "cage",
    "cases",
    "charts",
    "claims",
    "compare_all",
    "documents",
    "embed",
    "error_rates",
    "evidence",
    "examples",
    "exhibit",
    "faces",
    "find_contradictions",
    "formats",
    "gallery",
    "gallery_of",
    "gaps",
    "ingest",
    "letter",
    "load_claims",
    "load_layout",
    "load_links",
    "mentions",
    "open_case",
    "open_images",
    "reckon",
    "reidentification",
    "report",
    "requests",
    "risk",
    "say",
    "search",
    "simulate",
    "sources",
    "terminal",
    "threshold_at_fmr",
    "tracking",
    "usable",
    "verify",
    "widgets",
    "workshop",
]

# name -> "module:function", or the module alone if the function has the same name
DOOR = {
    "associate": "tracking.association",
    "build_report": "report",
    "compare_all": "accuracy.verification",
    "embed": "faces.embedding",
    "error_rates": "accuracy.verification",
    "exhibit": "evidence.making:make_exhibit",
    "find_contradictions": "claims.contradictions",
    "gallery_of": "gallery.gallery",
    "gaps": "requests.gaps:rank_gaps",
    "ingest": "documents.ingest",
    "letter": "requests.letters",
    "load_claims": "claims.claim_ledger",
    "load_layout": "terminal.layout",
    "load_links": "claims.claim_ledger",
    "open_case": "documents.case_file",
    "open_images": "sources.images",
    "reckon": "accuracy.reckoner",
    "risk": "reidentification.assessment:assess",
    "say": "prose",
    "search": "documents.finding:find_pages",
    "simulate": "terminal.run",
    "threshold_at_fmr": "accuracy.verification",
    "usable": "faces.embedding",
    "verify": "evidence.verify",
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

if TYPE_CHECKING:
    from . import (
        accuracy,
        behaviour,
        cage,
        cases,
        charts,
        claims,
        documents,
        evidence,
        examples,
        faces,
        formats,
        gallery,
        mentions,
        reidentification,
        report,
        requests,
        sources,
        terminal,
        tracking,
        widgets,
        workshop,
    )
    from .accuracy.reckoner import reckon
    from .accuracy.verification import compare_all, error_rates, threshold_at_fmr
    from .claims.claim_ledger import load_claims, load_links
    from .claims.contradictions import find_contradictions
    from .documents.case_file import open_case
    from .documents.finding import find_pages as search
    from .documents.ingest import ingest
    from .evidence.making import make_exhibit as exhibit
    from .evidence.verify import verify
    from .faces.embedding import embed, usable
    from .gallery.gallery import gallery_of
    from .prose import say
    from .reidentification.assessment import assess as risk
    from .report import build_report
    from .requests.gaps import rank_gaps as gaps
    from .requests.letters import letter
    from .sources.images import open_images
    from .terminal.layout import load_layout
    from .terminal.run import simulate
    from .tracking.association import associate
else:
    __getattr__, __dir__ = offer(__name__, DOOR, ROOMS)
