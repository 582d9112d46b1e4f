"""Copy the chapters for their users, and prepare a workshop that needs no network.

A chapter's exercises are at its end. Their cells have the tag `exercise`, their answers also
`answer`. Answers are code that runs with the chapter, so none is out of date. A report leaves both
out by default. A copy for a user has one language and folded code.
"""

# ruff: noqa: E402 - the sentence on the missing extra comes before the first import that lacks it
from onetomany.extras import require_extra

require_extra("report")

from .handout import BOTH, START, start_page, write_handout
from .offline import write_offline

__all__ = ["BOTH", "START", "start_page", "write_handout", "write_offline"]
