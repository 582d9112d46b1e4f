"""Split texts into the tokens of the search: Korean morphemes with a meaning, Latin stems."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from . import nouns

if TYPE_CHECKING:  # caged processes load neither
    import duckdb
    import polars as pl

# nouns, numerals, roots, verbs, adjectives, adverbs, Latin, digits, Chinese; no particles, endings
_KEPT = frozenset(
    ("NNG", "NNP", "NNB", "NR", "XR", "VV", "VA", "MAG", "SL", "SN", "SH", "W_EMAIL", "W_URL")
)
_LATIN = re.compile(r"(?:[^\W\d_]\.){2,}|[^\W\d_]+")


def meaningful(text: str, tokens: list[Any]) -> list[tuple[str, int, int]]:
    """Return the morphemes of a text that have a meaning, in lower case, with their places."""
    return [
        (form.lower(), start, end)
        for form, tag, start, end in _latin_words(nouns.recut(text, tokens))
        if tag in _KEPT and form and len(form.split()) == 1
    ]


def token_frame(rows: list[tuple[int, str, int, int]]) -> pl.DataFrame:
    """Return rows as a frame of tokens: number of the text, form, start and end."""
    import polars as pl

    schema = {"text": pl.Int32, "form": pl.String, "start": pl.Int32, "end": pl.Int32}
    return pl.DataFrame(rows, schema=schema, orient="row")


def placed_tokens(
    db: duckdb.DuckDBPyConnection, texts: Iterable[str]
) -> list[list[tuple[str, int, int]]]:
    """Split the reader's own texts, such as a query, into tokens with their places."""
    held = list(texts)
    cut = nouns.kiwi().tokenize(held)
    rows = [
        (number, *token)
        for number, (text, tokens) in enumerate(zip(held, cut, strict=True))
        for token in meaningful(text, tokens)
    ]
    found = stemmed(db, token_frame(rows))
    placed: list[list[tuple[str, int, int]]] = [[] for _ in held]
    for number, form, start, end in found.iter_rows():
        placed[number].append((form, start, end))
    return placed


def stemmed(db: duckdb.DuckDBPyConnection, tokens: pl.DataFrame) -> pl.DataFrame:
    """Return a frame of tokens with Latin words stemmed."""
    import polars as pl

    # a text with a Latin word has all of its tokens stemmed, which leaves Korean as it is
    latin = pl.col("form").str.contains("^[a-z]+$").any().over("text")
    words = tokens.filter(latin)["form"].unique().sort()
    (stems,) = db.execute(
        "select list_transform(?::varchar[], lambda w: stem(w, 'english'))", [words.to_list()]
    ).fetchone() or ([],)
    stem = pl.col("form").replace(words, pl.Series(stems, dtype=pl.String))
    return tokens.with_columns(form=pl.when(latin).then(stem).otherwise("form"))


def _latin_words(tokens: list[tuple[str, str, int, int]]) -> Iterator[tuple[str, str, int, int]]:
    """Yield tokens, with runs of Latin ones split into words without full stops.

    kiwipiepy keeps the full stop with the word and then splits that word at random. Initials (U.S.)
    stay together.
    """
    run: list[tuple[str, str, int, int]] = []
    for token in tokens:
        form, tag, start, end = token
        latin = tag == "SL" and len(form) == end - start
        if run and not (latin and start == run[-1][3]):
            yield from _split(run)
            run = []
        if latin:
            run.append(token)
        else:
            yield token
    yield from _split(run)


def _split(run: list[tuple[str, str, int, int]]) -> Iterator[tuple[str, str, int, int]]:
    """Yield the words of Latin tokens that follow each other without a blank."""
    if len(run) == 1 and run[0][0].isalpha():  # most are one word
        yield run[0]
    elif run:
        text, at = "".join(form for form, _, _, _ in run), run[0][2]
        for word in _LATIN.finditer(text):
            yield word[0], "SL", at + word.start(), at + word.end()
