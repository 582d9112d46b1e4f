"""Text of a stranger made safe to print: nothing in it moves the cursor or turns the line."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text with everything that a terminal may obey as escapes, at most 400 characters."""
    cut = text if len(text) <= 400 else f"{text[:397]}..."
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in cut
    )
