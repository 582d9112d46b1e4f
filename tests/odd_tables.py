"""Values that no field of a TOML file expects, put into any place of it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import reduce
from operator import getitem
from typing import Any

import tomlkit
from hypothesis import strategies as st

ODD = st.one_of(
    st.booleans(),
    st.integers(-1, 1),
    st.integers(10**20, 10**400),
    st.floats(),
    st.text("ab \n{}가/", max_size=5),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.lists(st.integers(), max_size=2),
    st.lists(st.text("ab", max_size=2), max_size=2),
    st.lists(st.lists(st.floats(-9, 9), max_size=3), max_size=4),
    st.dictionaries(st.sampled_from(["id", "en", "name", "odd", "가"]), st.integers(), max_size=2),
)


def places(table: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the way to each value of a file."""
    entries = table.items() if isinstance(table, dict) else enumerate(table)
    for key, value in entries:
        yield (*at, key)
        if isinstance(value, dict | list):
            yield from places(value, (*at, key))


@st.composite
def damaged(draw: st.DrawFn, text: str) -> str:
    """Draw a TOML file in which a value is odd, missing, or under a misspelt name."""
    raw = tomllib.loads(text)
    *way, last = draw(st.sampled_from(list(places(raw))))
    table = reduce(getitem, way, raw)
    how = draw(st.sampled_from(["odd"] * 5 + ["missing", "misspelt"]))
    old = table[last]
    if how == "odd" or isinstance(last, int):
        table[last] = draw(ODD)
    else:
        del table[last]
        if how == "misspelt":
            table[f"{last}s"] = old
    return tomlkit.dumps(raw)
