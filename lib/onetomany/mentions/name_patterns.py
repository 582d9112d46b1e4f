"""One pattern for lists of names, which a text is searched for in one pass.

Names that begin alike share their beginning (a trie), and the pattern begins with letters as they
stand, so that Python's engine skips what can begin no name: a plain alternation is tried at every
character of a text, name by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

Trie = dict[str, Any]
_ENDS = "ends"  # where names end: what must follow each


def any_of(*lists: tuple[Iterable[str], str, str]) -> str:
    """Return the pattern of any name of some lists, the longest of those that begin alike.

    A list is its names, the pattern of a blank in them, and the pattern of what follows a name.
    """
    trie: Trie = {}
    for names, blank, after in lists:
        for name in names:
            node = trie
            for letter in name:
                node = node.setdefault(blank if letter == " " else re.escape(letter), {})
            node.setdefault(_ENDS, []).append(after)
    return "|".join(atom + _below(node) for atom, node in trie.items())


def _below(node: Trie) -> str:
    """What may follow in a trie, longer names before shorter ones."""
    ways = [atom + _below(below) for atom, below in node.items() if atom != _ENDS]
    ways += sorted(set(node.get(_ENDS, ())), reverse=True)
    return ways[0] if len(ways) == 1 else f"(?:{'|'.join(ways)})"
