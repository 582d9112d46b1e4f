"""Read the lists beside this module, by which names and words are recognised."""

from __future__ import annotations

import csv
import io
import tomllib
from functools import cache
from importlib import resources

DATA = resources.files("onetomany.mentions") / "data"


def data_rows(file: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file in `data`, by column name."""
    return list(csv.DictReader(io.StringIO((DATA / file).read_text("utf-8"))))


def row_names(row: dict[str, str]) -> list[str]:
    """Return the English and the Korean name in a row, and its other names."""
    return [*filter(None, (row["name_en"], row["name_ko"], *row["aliases"].split("|")))]


def word_set(*lines: str) -> frozenset[str]:
    """Return the words of lines, without their order.

    >>> sorted(word_set("court office", "office"))
    ['court', 'office']
    """
    return frozenset(word for line in lines for word in line.split())


@cache
def _word_lists() -> dict[str, dict[str, str]]:
    return tomllib.loads((DATA / "word_lists.toml").read_text("utf-8"))


def listed_words(name: str) -> frozenset[str]:
    """Return the words of a list in `data/word_lists.toml`, by its module and name.

    >>> "Court" in listed_words("english_bodies.of_heads")
    True
    """
    module, _, own = name.partition(".")
    return word_set(_word_lists()[module][own])
