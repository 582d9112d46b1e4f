"""What a search keeps of a text: morphemes that mean something, Latin words by their stems."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

import duckdb

from . import nouns

# nouns, numerals, roots, verbs, adjectives, adverbs, Latin, digits, Chinese; no particles, endings
_KEPT = ("NNG", "NNP", "NNB", "NR", "XR", "VV", "VA", "MAG", "SL", "SN", "SH", "W_EMAIL", "W_URL")
_LATIN = re.compile(r"(?:[^\W\d_]\.){2,}|[^\W\d_]+")


def placed_tokens(
    db: duckdb.DuckDBPyConnection, texts: Iterable[str]
) -> list[list[tuple[str, int, int]]]:
    """Cut the reader's own texts, such as a query, into tokens with their places."""
    held = list(texts)
    cut = nouns.kiwi().tokenize(held)
    return stemmed(db, [nouns.recut(text, of) for text, of in zip(held, cut, strict=True)])


def stemmed(
    db: duckdb.DuckDBPyConnection, tokens_of: list[list[tuple[str, str, int, int]]]
) -> list[list[tuple[str, int, int]]]:
    """Return the tokens that mean something; Latin words stemmed, all in lower case."""
    kept = [
        [
            (form.lower(), start, end)
            for form, tag, start, end in _latin_words(each)
            if tag in _KEPT and form and not re.search(r"\s", form)
        ]
        for each in tokens_of
    ]
    # a text with a Latin word has all of its tokens stemmed, which leaves Korean as it is
    latin = [any(re.fullmatch("[a-z]+", form) for form, _, _ in each) for each in kept]
    words = {form for each, any_ in zip(kept, latin, strict=True) if any_ for form, _, _ in each}
    ordered = sorted(words)
    (stems,) = db.execute(
        "select list_transform(?::varchar[], lambda w: stem(w, 'english'))", [ordered]
    ).fetchone() or ([],)
    stem = dict(zip(ordered, stems, strict=True))
    return [
        [(stem[form] if any_ else form, start, end) for form, start, end in each]
        for each, any_ in zip(kept, latin, strict=True)
    ]


def _latin_words(
    tokens: list[tuple[str, str, int, int]],
) -> Iterator[tuple[str, str, int, int]]:
    """Yield tokens with each run of Latin ones cut into words: a full stop belongs to none.

    kiwipiepy leaves it at the word, and then cuts that word anywhere. Initials (U.S.) stay one.
    """
    for (latin, _), run in groupby(_with_runs(tokens), key=lambda each: each[0]):
        own = [token for _, token in run]
        if not latin:
            yield from own
            continue
        text, at = "".join(form for form, _, _, _ in own), own[0][2]
        for word in _LATIN.finditer(text):
            yield word[0], "SL", at + word.start(), at + word.end()


def _with_runs(
    tokens: list[tuple[str, str, int, int]],
) -> Iterator[tuple[tuple[bool, int], tuple[str, str, int, int]]]:
    """Yield tokens with what tells runs apart: whether it is Latin, and a number for each run."""
    number, last = 0, -1
    for token in tokens:
        form, tag, start, end = token
        latin = tag == "SL" and len(form) == end - start
        number += not latin or start != last
        last = end if latin else -1
        yield (latin, number), token
