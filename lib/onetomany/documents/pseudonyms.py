"""Replace names of persons and identifying numbers by pseudonyms.

A pseudonym is a keyed hash (HMAC-SHA-256, RFC 2104) of a name. So a name has the same pseudonym in
all tables and exports of a case, and a guess can't be tested without the key. The key and the table
of names are kept beside the case file, readable by its owner only, and never exported. This is
pseudonymisation, not anonymisation: the words around a name may reveal the person.
"""

import base64
import hmac
import os
import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from email.utils import getaddresses
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from onetomany.errors import InputError, IntegrityError
from onetomany.formats.reading import composed
from onetomany.mentions import persons
from onetomany.mentions.lists import DATA
from onetomany.sources.files import whole_file
from onetomany.sources.tables import csv_text
from .case_file import key_file, names_file

LETTERS = {"person": "P", "address": "E", "telephone": "T", "number": "R", "folder": "F"}
NAMES = {
    "pseudonym": pl.String,  # a letter for its kind and 10 of base 32: P-7K2QX4N6AB
    "kind": pl.String,  # person, address, telephone, number, folder
    "name": pl.String,  # in the form of persons.normal_name
}


def pseudonym_key(case: Path) -> bytes:
    """Return the key of a case, made on first use: 32 random bytes, readable by the owner only.

    Raises IntegrityError if the file isn't a valid key, InputError if others can read it.
    """
    path = key_file(case)
    if not path.exists():
        with whole_file(path, private=True) as beside:
            beside.write_text(secrets.token_hex(32) + "\n", encoding="utf-8")
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise InputError(
            f"Other users can read {path}: run 'chmod 600' on it, and ask who may have seen it."
        )
    text = path.read_text("ascii", errors="replace").strip()
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise IntegrityError(f"{path} is not a valid key: expected 64 hexadecimal digits.")
    return bytes.fromhex(text)


def pseudonym(key: bytes, kind: str, name: str) -> str:
    """Return the pseudonym of a name in normal form, the same for the same key and kind.

    >>> pseudonym(bytes(32), "person", "kim min-ji")[:2]
    'P-'
    """
    digest = hmac.digest(key, f"{kind}\0{name}".encode(), "sha256")
    return f"{LETTERS[kind]}-{base64.b32encode(digest)[:10].decode()}"


def public_office() -> pl.DataFrame:
    """Load the holders of public office who may keep their names, each with a source."""
    rows = pl.read_csv((DATA / "public_office.csv").read_bytes(), infer_schema=False)
    return rows.with_columns(pl.col("name_romanised").fill_null(""))


class Replacer:
    """Replace names and numbers in texts; `used` collects them by pseudonym.

    `known` names are replaced also without a cue, those of `stay` never. `folders` are paths that
    may reveal whose machine it was.
    """

    def __init__(
        self,
        key: bytes,
        known: Collection[str] = (),
        stay: Collection[str] = (),
        folders: Collection[str] = (),
    ) -> None:
        self._key, self._known, self._stay = key, set(known) - set(stay), set(stay)
        # nested folders before their parents
        self._folders = sorted(map(composed, folders), key=len, reverse=True)
        self.used: dict[str, tuple[str, str]] = {}

    def of(self, kind: str, name: str) -> str:
        """Return the pseudonym of a name and remember it."""
        short = pseudonym(self._key, kind, name)
        if self.used.setdefault(short, (kind, name)) != (kind, name):
            raise IntegrityError(f"Two names have the pseudonym {short}: make a new key.")
        return short

    def spans(self, texts: Sequence[str | None]) -> pl.DataFrame:
        """Return the spans to replace: persons.PERSONS and `new`, the pseudonym."""
        found = persons.find_persons(texts, self._known).filter(
            ~pl.col("name").is_in(list(self._stay))
        )
        new = [self.of(*row) for row in found.select("kind", "name").iter_rows()]
        return found.with_columns(pl.Series("new", new, dtype=pl.String))

    def texts(self, texts: Sequence[str | None]) -> list[str | None]:
        """Return texts with names, numbers and ingested folders replaced."""
        # macOS spells file names in letters (NFD), texts have syllables (NFC)
        out: list[str | None] = [text and composed(text) for text in texts]
        for folder in self._folders:
            if any(text and folder in text for text in out):
                short = self.of("folder", folder)
                out = [text and text.replace(folder, short) for text in out]
        return replace_spans(out, self.spans(out))

    def author(self, value: str) -> str:
        """Return the replacement of a field that is a name, such as a document's author."""
        parts = [(name, mail) for name, mail in getaddresses([value]) if name or mail]
        if "@" not in value or not parts:
            name = persons.normal_name(value)
            return value if name in self._stay else self.of("person", name)
        return ", ".join(
            " ".join(
                [self.of("person", persons.normal_name(name))] * bool(name)
                + [f"<{self.of('address', mail.casefold())}>"] * bool(mail)
            )
            for name, mail in parts
        )

    def metadata(self, value: Any, field: str = "") -> Any:
        """Replace names in parsed JSON: fields for authors whole, others as texts."""
        if isinstance(value, dict):
            return {name: self.metadata(each, str(name)) for name, each in value.items()}
        if isinstance(value, list):
            return [self.metadata(each, field) for each in value]
        if not isinstance(value, str) or not value:
            return value
        if re.search(
            r"(?i)author|creator|modified_?by|saved_?by|manager|owner|sender|from$", field
        ):
            return self.author(value)
        return self.texts([value])[0]


def replace_spans(texts: Sequence[str | None], spans: pl.DataFrame) -> list[str | None]:
    """Return texts with each of their spans replaced by its `new`."""
    changed = list(texts)
    for (place,), own in spans.group_by("text_id", maintain_order=True):
        text, parts, last = texts[int(str(place))] or "", [], 0
        for start, end, new in own.select("start", "end", "new").iter_rows():
            parts += [text[last:start], new]
            last = end
        changed[int(str(place))] = "".join([*parts, text[last:]])
    return changed


def moved_places(at: Sequence[int], spans: pl.DataFrame, *, end: bool) -> list[int]:
    """Return the places of a text after its spans were replaced.

    A place inside a span moves to the start of the pseudonym, with `end` to its end. So a passage
    that began or ended within a name contains the whole pseudonym.
    """
    starts, ends = spans["start"].to_numpy(), spans["end"].to_numpy()
    grown = np.concatenate(
        [[0], np.cumsum(spans["new"].str.len_chars().to_numpy() - (ends - starts))]
    )
    places = np.asarray(at, dtype=np.int64)
    before = np.searchsorted(ends, places, side="right")
    inside = np.concatenate([starts, [np.iinfo(np.int64).max]])[before] < places
    here = np.concatenate([starts, [0]])[before] + grown[before]
    long = np.concatenate([spans["new"].str.len_chars().to_numpy(), [0]])[before]
    result = np.where(inside, here + (long if end else 0), places + grown[before])
    return [int(place) for place in result]


def write_names(case: Path, used: Mapping[str, tuple[str, str]]) -> None:
    """Write the table of names (NAMES) beside a case file, readable by its owner only."""
    rows = [(short, *found) for short, found in sorted(used.items())]
    table = pl.DataFrame(rows, schema=NAMES, orient="row")
    with whole_file(names_file(case), private=True) as beside:
        beside.write_text(csv_text(table), encoding="utf-8", newline="")
