"""Index the pages of a case file: find their mentions, and their words for the search.

One caged process per document finds both (`language`); results are stored as they arrive.
"""

import duckdb

from onetomany.mentions.tagger import check_mention_rows
from onetomany.progress import ProgressBar
from .case_mentions import pages_without_mentions, store_mentions
from .language import Page, in_batches, in_cages, token_columns
from .search import rebuild_index, store_words, unindexed_pages

BATCH = 500  # pages stored at a time: a statement costs as much as ten pages
KINDS = ("mentions", "words")
_CHECKS = {"mentions": check_mention_rows, "words": token_columns}
_UNREAD = {"mentions": pages_without_mentions, "words": unindexed_pages}
_STORE = {"mentions": store_mentions, "words": store_words}


def index_case(
    db: duckdb.DuckDBPyConnection,
    *,
    kinds: tuple[str, ...] = KINDS,
    progress: bool = True,
    workers: int | None = None,
) -> tuple[int, ...]:
    """Find mentions and index words in new and changed pages; return the numbers of pages.

    The first number counts pages read for mentions, the second pages indexed for the search; with
    one of KINDS there is only its own. `db` must be open for writing; `workers` processes search,
    by default one per core.
    """
    missing = {kind: _UNREAD[kind](db) for kind in kinds}
    pages: dict[tuple[str, int], Page] = {}
    wanted: dict[tuple[str, int], tuple[str, ...]] = {}
    for kind, of_it in missing.items():
        for page in of_it:
            pages[page[:2]] = page
            wanted[page[:2]] = (*wanted.get(page[:2], ()), kind)
    # a file may be a whole book: progress is counted in characters
    total = sum(len(text) for _, _, text in pages.values())
    with ProgressBar(
        total=total, unit="char", unit_scale=True, desc="indexing", disable=not progress
    ) as bar:
        for asked in dict.fromkeys(wanted.values()):
            todo = [page for key, page in sorted(pages.items()) if wanted[key] == asked]
            checks = {kind: _CHECKS[kind] for kind in asked}
            for parts in in_batches(in_cages(todo, checks, bar.update, workers), BATCH):
                for kind in asked:
                    _STORE[kind](db, parts)
    if "words" in kinds:
        rebuild_index(db, progress=progress)
    return tuple(len(of_it) for of_it in missing.values())
