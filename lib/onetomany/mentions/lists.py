"""Read the lists beside this module, by which names and words are recognised."""

from functools import cache
from importlib import resources

from onetomany.sources.kit_files import packaged_rows, packaged_toml

DATA = resources.files("onetomany.mentions") / "data"


def data_rows(file: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file in `data`, by column name."""
    return packaged_rows("onetomany.mentions", file)


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
    return packaged_toml("onetomany.mentions", "word_lists.toml")


def listed_words(name: str) -> frozenset[str]:
    """Return the words of a list in `data/word_lists.toml`, by its module and name.

    >>> "Court" in listed_words("english_bodies.of_heads")
    True
    """
    module, _, own = name.partition(".")
    return word_set(_word_lists()[module][own])
