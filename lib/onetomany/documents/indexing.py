"""What is looked for in a case file's pages once: mentions, and words for the search.

Both are found in one caged process a document (`language`), and stored as they come.
"""

from __future__ import annotations

import duckdb
from tqdm.auto import tqdm

from ..mentions.tagger import checked
from . import case_mentions, search
from .language import Page, in_batches, in_cages, token_columns

BATCH = 500  # pages stored at a time: a statement costs as much as ten
_CHECKS = {"mentions": checked, "words": token_columns}
_ROOMS = {"mentions": case_mentions, "words": search}


def index_case(db: duckdb.DuckDBPyConnection, *, progress: bool = True) -> tuple[int, int]:
    """Find mentions and index words in pages that are new or have changed; return how many pages.

    The first number is of pages read for mentions, the second of pages indexed for the search.
    Needs a connection that may write.
    """
    found = _index(db, ("mentions", "words"), progress=progress)
    return found["mentions"], found["words"]


def index_mentions(db: duckdb.DuckDBPyConnection, *, progress: bool = True) -> int:
    """Find mentions in pages that are new or have changed; return how many pages were read."""
    return _index(db, ("mentions",), progress=progress)["mentions"]


def index_words(db: duckdb.DuckDBPyConnection, *, progress: bool = True) -> int:
    """Index the words of pages that are new or have changed; return how many pages were."""
    return _index(db, ("words",), progress=progress)["words"]


def _index(
    db: duckdb.DuckDBPyConnection, kinds: tuple[str, ...], *, progress: bool
) -> dict[str, int]:
    missing = {kind: _ROOMS[kind].missing(db) for kind in kinds}
    pages: dict[tuple[str, int], Page] = {}
    wanted: dict[tuple[str, int], tuple[str, ...]] = {}
    for kind, of_it in missing.items():
        for page in of_it:
            pages[page[:2]] = page
            wanted[page[:2]] = (*wanted.get(page[:2], ()), kind)
    # a file can be a book: what is left to do is told in characters
    total = sum(len(text) for _, _, text in pages.values())
    with tqdm(
        total=total, unit="char", unit_scale=True, desc="indexing", disable=not progress
    ) as bar:
        for asked in dict.fromkeys(wanted.values()):
            todo = [page for key, page in sorted(pages.items()) if wanted[key] == asked]
            checks = {kind: _CHECKS[kind] for kind in asked}
            for parts in in_batches(in_cages(todo, checks, bar.update), BATCH):
                for kind in asked:
                    _ROOMS[kind].store(db, parts)
    if "words" in kinds:
        search.rebuild(db, progress=progress)
    return {kind: len(of_it) for kind, of_it in missing.items()}
