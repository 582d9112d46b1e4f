"""One pattern for a list of names, which a text is searched for in one pass.

Names that begin alike share their beginning (a trie), and each begins with a letter as it stands,
so that Python's engine skips what can begin none of them: a plain alternation is tried at every
character of a text, name by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_HANGUL = re.compile("[가-힣]")
Trie = dict[str, "Trie"]
_LAST = ""  # where a name may end


def any_of(names: Iterable[str]) -> str:
    """Return the pattern of any of the names, the longest where several begin alike.

    A name may be spaced otherwise: in Korean, a blank may be missing; in either, it may be a line
    break. A name does not begin within a word, nor does a Latin one end within one.
    """
    trie: Trie = {}
    for name in names:
        node = trie
        for atom in _atoms(name):
            node = node.setdefault(atom, {})
        node[_LAST] = {}
    return "|".join(atom + _below(node) for atom, node in trie.items())


def _atoms(name: str) -> list[str]:
    """A name's letters and blanks as patterns, with the edges of words that it needs."""
    korean = bool(_HANGUL.search(name))
    first, rest = name[0], name[1:]
    before = rf"(?<![가-힣]{re.escape(first)})" if korean else rf"(?a:(?<!\w{re.escape(first)}))"
    blank = r"\s?" if korean else r"\s+"
    atoms = [re.escape(first), before]
    atoms += [blank if letter.isspace() else re.escape(letter) for letter in rest]
    return atoms if korean else [*atoms, r"(?a:(?!\w))"]


def _below(node: Trie) -> str:
    """What may follow in a trie, longer names before shorter ones."""
    ways = [atom + _below(below) for atom, below in node.items() if atom != _LAST]
    if not ways:
        return ""
    joined = "|".join(ways)
    if _LAST in node:
        return f"(?:{joined})?"
    return f"(?:{joined})" if len(ways) > 1 else joined
