"""A bundle opened for checking: its files hashed, its facts read, nothing trusted."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import contents
from .contents import Hashed

MAX_OBJECTS = 2_000_000  # in a file of JSON: a hundred thousand files need a fifth of that
AGAIN = "get the bundle again from the person who sealed it; this copy was changed"
ASK = "ask the person who sealed it how this happened; until then don't rely on the bundle"
MADE_WITH = (
    "don't rely on it: the person who changed it could make new manifests, but not the signature"
)


@dataclass(frozen=True)
class BundleFinding:
    """A fault or note: `file` (path in the bundle), `line` in it (None: all of it), advice."""

    file: str
    what: str
    todo: str
    line: int | None = None
    level: str = "fault"


@dataclass
class Opened:
    """A bundle's files (path -> size and hashes) and the fields of bag-info.txt, with lines.

    `public_key`, `signers` and `roots` are the reader's own, in PEM: the sealer's key, keys of
    people who added to the bundle, certificates of time-stamp authorities. `refused` are the paths
    that were not hashed, `troubles` the problems met while reading.
    """

    root: Path
    public_key: bytes | None
    roots: bytes | None
    files: dict[str, Hashed]
    signers: tuple[bytes, ...] = ()
    refused: set[str] = field(default_factory=set)
    info: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    troubles: list[BundleFinding] = field(default_factory=list)

    def read(self, path: str) -> bytes | None:
        """Read a listed file; if it can't be read, add a finding to `troubles` and return None.

        That includes a file larger than allowed, or changed since it was hashed.
        """
        if path not in self.files:
            return None
        what = f"too large to be read: more than {contents.MAX_TEXT:,} bytes"
        if self.files[path].size <= contents.MAX_TEXT:
            try:
                with contents.open_file(self.root / path) as file:
                    content = file.read(contents.MAX_TEXT + 1)
            except OSError as error:
                what = contents.why_unread(error)
            else:
                if hashlib.sha256(content).hexdigest() == self.files[path].hashes["sha256"]:
                    return content
                what = "it changed while it was checked: leave the bundle alone, and check again"
        self.troubles.append(BundleFinding(path, what, AGAIN))
        return None

    def value(self, name: str) -> str:
        """Return a field of bag-info.txt; empty unless it is there exactly once."""
        values = self.info.get(name, [])
        return values[0][0] if len(values) == 1 else ""

    def line(self, name: str) -> int | None:
        """Return the first line of bag-info.txt that gives a field."""
        return self.info.get(name, [("", None)])[0][1]

    def is_refused(self, path: str) -> bool:
        """Return whether a path, or a folder above it, was reported and not looked into."""
        parts = path.split("/")
        above = {"/".join(parts[:n]) for n in range(1, len(parts) + 1)}
        return not self.refused.isdisjoint(above | {f"{each}/" for each in above})

    def read_info(self) -> list[BundleFinding]:
        """Read bag-info.txt, a name and a value a line; return the faults of its lines too."""
        name = "bag-info.txt"
        try:
            lines = (self.read(name) or b"").decode().split("\n")
        except UnicodeDecodeError:
            return [BundleFinding(name, "it is not text in UTF-8", AGAIN)]
        found = []
        if lines.pop():
            what = "the last line is cut off"
            found.append(BundleFinding(name, what, AGAIN, line=len(lines) + 1))
        for number, line in enumerate(lines, 1):
            label, colon, value = line.partition(": ")
            if colon and label:
                self.info.setdefault(label, []).append((value, number))
            else:
                found.append(
                    BundleFinding(name, "this line is not a name and a value", AGAIN, line=number)
                )
        return found


def read_json(text: bytes) -> Any:
    """Read JSON without duplicate keys, which two readers might take differently.

    It must be UTF-8, without lone surrogates, with at most MAX_OBJECTS lists and objects, which
    cost far more memory than their text. Raises ValueError.
    """
    if text.count(b"{") + text.count(b"[") > MAX_OBJECTS:
        raise ValueError(f"more than {MAX_OBJECTS:,} lists and objects")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) != len(pairs):
            raise ValueError("a key occurs twice")
        return dict(pairs)

    try:
        value = json.loads(text.decode(), object_pairs_hook=once)
        if b"\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeDecodeError:
        raise ValueError("it is not text in UTF-8") from None
    except UnicodeEncodeError:
        raise ValueError("it contains half a character (a lone surrogate)") from None
    except RecursionError:
        raise ValueError("nested too deep") from None
    return value
