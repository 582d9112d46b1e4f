"""A bundle opened for checking: its files hashed, its facts read, nothing trusted."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onetomany.evidence import contents
from onetomany.evidence.contents import Hashed

AGAIN = "get the bundle again from who sealed it; this copy is not what was sealed"
ASK = "ask who sealed it how this came about; don't rely on the bundle before"
MADE_WITH = "don't rely on it: whoever changed it could make new manifests, but not the signature"


@dataclass(frozen=True)
class Finding:
    """What is wrong: `file` (path in the bundle), `line` in it (None: the whole), what to do."""

    file: str
    line: int | None
    what: str
    todo: str
    level: str = "fault"


@dataclass
class Opened:
    """A bundle's files (path -> size and hashes) and the fields of bag-info.txt, with lines.

    `public_key` and `roots` are what the reader brings, in PEM.
    """

    root: Path
    public_key: bytes | None
    roots: bytes | None
    files: dict[str, Hashed]
    info: dict[str, list[tuple[str, int]]] = field(default_factory=dict)

    def read(self, path: str) -> bytes | None:
        """A listed file's content; None where it is missing or too large to be what it should."""
        if path not in self.files or self.files[path].size > contents.MAX_TEXT:
            return None
        return (self.root / path).read_bytes()

    def value(self, name: str) -> str:
        """A field of bag-info.txt; empty where it isn't there exactly once."""
        values = self.info.get(name, [])
        return values[0][0] if len(values) == 1 else ""

    def read_info(self) -> list[Finding]:
        """Read bag-info.txt, a name and a value a line; what is wrong with its lines."""
        name = "bag-info.txt"
        try:
            lines = (self.read(name) or b"").decode().splitlines()
        except UnicodeDecodeError:
            return [Finding(name, None, "it is not text in UTF-8", AGAIN)]
        found = []
        for number, line in enumerate(lines, 1):
            label, colon, value = line.partition(": ")
            if colon and label:
                self.info.setdefault(label, []).append((value, number))
            else:
                found.append(Finding(name, number, "this line is not a name and a value", AGAIN))
        return found


def read_json(text: bytes) -> Any:
    """JSON in which no key stands twice: two readers might take different ones.

    Raises ValueError.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) != len(pairs):
            raise ValueError("a key stands twice")
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=once)
    except RecursionError:
        raise ValueError("nested too deep") from None
