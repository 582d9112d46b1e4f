"""Write the texts of a chart's rows: names of kinds, numbers as text, a description."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import polars as pl


def in_order(frame: pl.DataFrame, column: str) -> list[Any]:
    """Return the values of a column, each once, in the order of the rows."""
    return frame[column].unique(maintain_order=True).to_list()


def either(condition: pl.Expr | str, first: str, second: str) -> pl.Expr:
    """Return the first text in rows with the condition, the second in others."""
    return pl.when(condition).then(pl.lit(first)).otherwise(pl.lit(second))


def as_text(column: pl.Expr | str, form: str | Callable[[Any], str]) -> pl.Expr:
    """Return a column as text: by a format such as "{:,}", or by a function."""
    written = form.format if isinstance(form, str) else form
    values = pl.col(column) if isinstance(column, str) else column
    return values.map_elements(written, return_dtype=pl.String)


def each_row(frame: pl.DataFrame, form: str, between: str = "; ") -> str:
    """Return a text of all rows, for a description: `form` filled with the columns of each.

    >>> each_row(pl.DataFrame({"name": ["a", "b"], "share": [0.5, 1]}), "{name}: {share:.0%}")
    'a: 50%; b: 100%'
    """
    return between.join(form.format_map(row) for row in frame.iter_rows(named=True))


def kind_words(kinds: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Return the words of kinds by key."""
    return {key: words for key, (words, _) in kinds.items()}


def place_of(column: str, kinds: Iterable[str]) -> pl.Expr:
    """Return the place of each row's kind among `kinds`, from 0: the order of stacked bars."""
    return pl.col(column).replace_strict({kind: place for place, kind in enumerate(kinds)})
