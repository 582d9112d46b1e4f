"""Make one pattern for lists of names, so that a text is searched in one pass.

Names with the same beginning share it (a trie), and the pattern begins with plain letters, so that
Python's engine skips other characters. A plain alternation would be tried name by name at each
character of a text.
"""

import re
from collections.abc import Iterable
from typing import Any

Trie = dict[str, Any]
_ENDS = "ends"  # of a node where names end: the pattern that must follow each


def pattern_of_names(*lists: tuple[Iterable[str], str, str]) -> str:
    """Return a pattern that matches any name of the lists, the longest one first.

    A list is its names, the pattern for a blank in them, and the pattern that must follow a name.

    >>> pattern_of_names((["Home Office", "Home"], r"\\s", ""))
    'Home(?:\\\\sOffice|)'
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
    """Return the pattern below a node of the trie, longer names before shorter ones."""
    ways = [atom + _below(below) for atom, below in node.items() if atom != _ENDS]
    ways += sorted(set(node.get(_ENDS, ())), reverse=True)
    return ways[0] if len(ways) == 1 else f"(?:{'|'.join(ways)})"
