"""Published figures about everyday facts, each with its publisher, title, date read, assumption."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from onetomany.errors import InputError
from .kit_files import packaged_toml

PUBLISHED = {
    **dict.fromkeys(("id", "fact_en", "fact_ko"), pl.String),
    # the share of people of whom it is true; null: only a crowd is given
    **dict.fromkeys(("share_low", "share_high"), pl.Float64),
    # the populations with the low share and with the high one
    **dict.fromkeys(("low_en", "low_ko", "high_en", "high_ko"), pl.String),
    # the size of the crowd, as published; null if a share is given
    **dict.fromkeys(("left_low", "left_high"), pl.Float64),
    **dict.fromkeys(("of_en", "of_ko"), pl.String),  # people of whom it is counted
    **dict.fromkeys(("source", "url"), pl.String),
    "read": pl.Date,
    **dict.fromkeys(("assumption_en", "assumption_ko"), pl.String),
}


def published_facts() -> pl.DataFrame:
    """Read the published figures that the kit carries (PUBLISHED).

    >>> published_facts().filter(id="car")["share_low"].round(3).to_list()
    [0.018]
    """
    return _parse_facts(packaged_toml("onetomany.sources", "everyday/facts.toml"))


def _parse_facts(raw: Mapping[str, Any]) -> pl.DataFrame:
    """Return the figures of a parsed `facts.toml`.

    Each has a `share`, a `count` with its `total`, or the size of a crowd (`left`): a low and a
    high number. Raises InputError naming the fact without one of them, or with a field missing.
    """
    return pl.DataFrame([_row(each) for each in raw.get("fact", [])], schema=PUBLISHED)


def _row(given: Mapping[str, Any]) -> dict[str, Any]:
    name = given.get("id", "without an id")
    kept = ("of_en", "of_ko", "url", "read", "assumption_en", "assumption_ko")
    needed = ("en", "ko", "publisher", "title", *kept)
    if missing := [field for field in needed if not given.get(field)]:
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
    both = {"share_low": low, "share_high": high} if share else {"left_low": low, "left_high": high}
    return {
        "id": name,
        "fact_en": given["en"],
        "fact_ko": given["ko"],
        "source": f"{given['publisher']}, {given['title']}; read {given['read']}",
        **{field: given.get(field) for field in (*ends, *kept)},
        **both,
    }
