"""Published figures about everyday facts, each with its publisher, title, date read, assumption."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any

import polars as pl

from onetomany.errors import InputError

PUBLISHED = {
    "id": pl.String,
    "fact_en": pl.String,
    "fact_ko": pl.String,
    "share_low": pl.Float64,  # the share of people of whom it is true; null: only a crowd is given
    "share_high": pl.Float64,
    "low_en": pl.String,  # the population with the low share; below, with the high one
    "low_ko": pl.String,
    "high_en": pl.String,
    "high_ko": pl.String,
    "left_low": pl.Float64,  # the size of the crowd, as published; null if a share is given
    "left_high": pl.Float64,
    "of_en": pl.String,  # people of whom it is counted
    "of_ko": pl.String,
    "source": pl.String,
    "url": pl.String,
    "read": pl.Date,
    "assumption_en": pl.String,
    "assumption_ko": pl.String,
}


def published_facts() -> pl.DataFrame:
    """Read the published figures that the kit carries (PUBLISHED).

    >>> published_facts().filter(id="car")["share_low"].round(3).to_list()
    [0.018]
    """
    path = resources.files("onetomany.sources") / "data" / "everyday" / "facts.toml"
    return parse_facts(tomllib.loads(path.read_text(encoding="utf-8")))


def parse_facts(raw: Mapping[str, Any]) -> pl.DataFrame:
    """Return the figures of a parsed `facts.toml` (PUBLISHED).

    Each has a `share`, a `count` with its `total`, or the size of a crowd (`left`): a low and a
    high number. Raises InputError naming the fact without one of them, or with a field missing.
    """
    return pl.DataFrame([_row(each) for each in raw.get("fact", [])], schema=PUBLISHED)


def _row(given: Mapping[str, Any]) -> dict[str, Any]:
    name = given.get("id", "without an id")
    needed = ("en", "ko", "of_en", "of_ko", "publisher", "title", "url", "read")
    missing = [
        field for field in (*needed, "assumption_en", "assumption_ko") if not given.get(field)
    ]
    if missing:
        raise InputError(f"The everyday fact '{name}' has no {', '.join(missing)}: fill it in.")
    total = given.get("total", 1)
    share = given.get("share") or [number / total for number in given.get("count", ())]
    left = given.get("left")
    ends = ("low_en", "low_ko", "high_en", "high_ko")
    low, high = share or left or (1, 0)
    named = all(given.get(end) for end in ends)
    if not low <= high or (share and not (0 < low <= high <= 1 and named)):
        raise InputError(
            f"The everyday fact '{name}' needs a share or a count with its total, each as a low "
            f"and a high number with {', '.join(ends)}, or the sizes of a crowd."
        )
    kept = ("of_en", "of_ko", "url", "read", "assumption_en", "assumption_ko")
    both = {"share_low": low, "share_high": high} if share else {"left_low": low, "left_high": high}
    return {
        "id": name,
        "fact_en": given["en"],
        "fact_ko": given["ko"],
        "source": f"{given['publisher']}, {given['title']}; read {given['read']}",
        **{field: given.get(field) for field in (*ends, *kept)},
        **both,
    }
