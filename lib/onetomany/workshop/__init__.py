"""The kit in a classroom: exercises with hidden answers, and a folder that needs no network.

A chapter's exercises stand at its end. Their cells are tagged `exercise`, those of the answers
`answer` too. Answers are code, run with the chapter, so that none can be out of date; a report
leaves both out unless it is asked for them.
"""

from __future__ import annotations

from onetomany.workshop.handout import START, start_page, write_handout
from onetomany.workshop.offline import write_offline

__all__ = ["START", "start_page", "write_handout", "write_offline"]
