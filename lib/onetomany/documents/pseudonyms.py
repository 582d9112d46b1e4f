"""Pseudonyms for what leaves the house: officials and third parties, the key kept apart.

A pseudonym is a keyed hash (HMAC-SHA-256, RFC 2104) of a name, so that the same name has the same
pseudonym in every table and export of a case and nobody without the key can test a guess. The key
and the table of names lie beside the case file, readable by its owner only, and are never
exported. This is pseudonymisation, not anonymisation: the words around a name may tell who it is.
"""

from __future__ import annotations

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

from ..errors import InputError, IntegrityError
from ..mentions import persons
from ..sources.tables import csv_text
from .case_file import key_file, names_file
from .reading import composed

LETTERS = {"person": "P", "address": "E", "telephone": "T", "number": "R", "folder": "F"}
NAMES = {
    "pseudonym": pl.String,  # a letter for its kind and 10 of base 32: P-7K2QX4N6AB
    "kind": pl.String,  # person, address, telephone, number, folder
    "name": pl.String,  # in the form of persons.normal
}


def key_of(case: Path) -> bytes:
    """The key of a case, made on first use: 32 random bytes, readable by the owner only.

    Raises IntegrityError where the file is no such key, InputError where others can read it.
    """
    path = key_file(case)
    if not path.exists():
        _write_private(path, secrets.token_hex(32) + "\n")
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise InputError(f"Others can read {path}: 'chmod 600' it, and think who has seen it.")
    text = path.read_text("ascii", errors="replace").strip()
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise IntegrityError(f"{path} is no key of this kit: 64 hexadecimal digits are due.")
    return bytes.fromhex(text)


def pseudonym(key: bytes, kind: str, name: str) -> str:
    """The pseudonym of a name in its normal form: the same for the same key, kind and name."""
    digest = hmac.digest(key, f"{kind}\0{name}".encode(), "sha256")
    return f"{LETTERS[kind]}-{base64.b32encode(digest)[:10].decode()}"


def public_office() -> pl.DataFrame:
    """Who acts in public office and may stay named where the user says so, each with a source."""
    rows = pl.read_csv((persons.DATA / "public_office.csv").read_bytes(), infer_schema=False)
    return rows.with_columns(pl.col("name_romanised").fill_null(""))


class Replacer:
    """Replaces names and numbers in texts; `used` collects what was replaced, by pseudonym."""

    def __init__(
        self,
        key: bytes,
        known: Collection[str] = (),
        stay: Collection[str] = (),
        folders: Collection[str] = (),
    ) -> None:
        self._key, self._known, self._stay = key, set(known) - set(stay), set(stay)
        # a folder within another first
        self._folders = sorted(map(composed, folders), key=len, reverse=True)
        self.used: dict[str, tuple[str, str]] = {}

    def of(self, kind: str, name: str) -> str:
        """The pseudonym of one name; remembers it."""
        short = pseudonym(self._key, kind, name)
        if self.used.setdefault(short, (kind, name)) != (kind, name):
            raise IntegrityError(f"Two names have the pseudonym {short}: make a new key.")
        return short

    def spans(self, texts: Sequence[str | None]) -> pl.DataFrame:
        """What is replaced in texts: persons.PERSONS and `new`, the pseudonym."""
        found = persons.find(texts, self._known).filter(~pl.col("name").is_in(list(self._stay)))
        new = [self.of(*row) for row in found.select("kind", "name").iter_rows()]
        return found.with_columns(pl.Series("new", new, dtype=pl.String))

    def texts(self, texts: Sequence[str | None]) -> list[str | None]:
        """Texts with every name and number replaced, and every folder that was ingested.

        The path of a folder may tell whose machine it was.
        """
        # names of files that a Mac made are spelt in letters, those in texts in syllables
        out: list[str | None] = [text and composed(text) for text in texts]
        for folder in self._folders:
            if any(text and folder in text for text in out):
                short = self.of("folder", folder)
                out = [text and text.replace(folder, short) for text in out]
        return rewritten(out, self.spans(out))

    def author(self, value: str) -> str:
        """A field that holds a name and nothing else, such as a document's author."""
        parts = [(name, mail) for name, mail in getaddresses([value]) if name or mail]
        if "@" not in value or not parts:
            name = persons.normal(value)
            return value if name in self._stay else self.of("person", name)
        return ", ".join(
            " ".join(
                [self.of("person", persons.normal(name))] * bool(name)
                + [f"<{self.of('address', mail.casefold())}>"] * bool(mail)
            )
            for name, mail in parts
        )

    def metadata(self, value: Any, field: str = "") -> Any:
        """What a file says of itself, as parsed JSON: fields of authors whole, others as texts."""
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


def rewritten(texts: Sequence[str | None], spans: pl.DataFrame) -> list[str | None]:
    """Texts with `new` in place of each of their spans."""
    changed = list(texts)
    for (place,), own in spans.group_by("text_id", maintain_order=True):
        text, parts, last = texts[int(str(place))] or "", [], 0
        for start, end, new in own.select("start", "end", "new").iter_rows():
            parts += [text[last:start], new]
            last = end
        changed[int(str(place))] = "".join([*parts, text[last:]])
    return changed


def moved(at: Sequence[int], spans: pl.DataFrame, *, end: bool) -> list[int]:
    """Where places of one text are after its spans were rewritten.

    A place within a span goes to the pseudonym's beginning, or with `end` to its end, so that what
    was cut through a name holds all of the pseudonym.
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
    _write_private(names_file(case), csv_text(pl.DataFrame(rows, schema=NAMES, orient="row")))


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, beside and then renamed."""
    beside = path.with_name(path.name + ".part")
    beside.unlink(missing_ok=True)
    try:
        with os.fdopen(
            os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(text)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
