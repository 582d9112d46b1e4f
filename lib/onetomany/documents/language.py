"""Find mentions, words and patterns in texts, in caged processes with limits.

The tasks are MENTIONS, TEXTS (mentions and words) and PATTERNS. Patterns and Korean morphology run
on texts by strangers, and a text can be made to keep them busy forever. So each document's texts go
to a process of their own. A request is a JSON list of texts; the answer is rows of plain values, in
parts of limited size.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from itertools import groupby
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from onetomany.cage.keeper import Frames, Keeper, Trouble, lasting, unnamed_file
from onetomany.cage.zygote import Handler, Send
from onetomany.errors import InputError

if TYPE_CHECKING:  # caged processes don't load it
    import polars as pl

MENTIONS = "onetomany.documents.language:load_mentions"
TEXTS = "onetomany.documents.language:load_texts"
PATTERNS = "onetomany.documents.language:load_patterns"
SECONDS, MEMORY = 30.0, 2 << 30  # of one request
PAGES, CHARACTERS = 100, 1_000_000  # of one request; a longer page is a request by itself
ANSWER = 256 << 20  # bytes of one answer
FRAME, ROWS = 4 << 20, 5_000  # bytes and rows of a part of it
TOKENS = 1_000  # of a row of words
# characters from which a second process is worth the loading of Korean morphology: it takes as long
# as the words and mentions of 0.75 million
WORTH_LOADING = 1_500_000
_SAMPLE = "2019년 4월 30일 개인정보 보호법 제15조 법무부 5,760만 건 In April 2019"
Page = tuple[str, int, str]  # document, page, text
Check = Callable[[Any, list[str]], Any]  # checks the rows of a process against the texts
Part = tuple[list[Page], dict[str, Any], dict[str, str]]  # pages of a document, found, failed


def load_mentions() -> Handler:
    """Load the patterns and lists of mentions."""
    from onetomany.mentions.tagger import mention_rows

    return _handler({"mentions": mention_rows})


def load_texts() -> Handler:
    """Load the patterns and lists of mentions, and Korean morphology.

    One process finds both in a document, since each process costs as much as a page's words.
    """
    from onetomany.mentions.tagger import mention_rows
    from . import nouns
    from .search_tokens import meaningful

    kiwi = nouns.alone()

    def words(texts: list[str]) -> list[Any]:
        """Return rows of many tokens: text number, forms, starts, ends, separated by spaces."""
        rows = []
        for number, text in enumerate(texts):
            tokens = meaningful(text, kiwi.tokenize(text))
            for first in range(0, len(tokens), TOKENS):
                columns = zip(*tokens[first : first + TOKENS], strict=True)
                rows.append((number, *(" ".join(map(str, column)) for column in columns)))
        return rows

    # common words of such cases are split once, not in each fork
    words(list(_own_texts()))
    return _handler({"mentions": mention_rows, "words": words})


def _own_texts() -> Iterator[str]:
    """Yield lines of the kit's own lists and of its case, for their words."""
    kit = resources.files("onetomany")
    for place in ("mentions/data/bodies.csv", "mentions/data/laws.csv",
                  "sources/data/cases/incheon/statements.csv",
                  "sources/data/cases/incheon/events.csv"):  # fmt: skip
        # the case's own rows come first; more would only cost time
        yield from kit.joinpath(place).read_text("utf-8").splitlines()[:60]


def load_patterns() -> Handler:
    """Load Python's regular expressions only; the first text is the pattern."""

    def places(texts: list[str]) -> list[Any]:
        compiled = re.compile(texts[0], re.IGNORECASE)
        return [
            (number, *match.span())
            for number, text in enumerate(texts[1:])
            for match in compiled.finditer(text)
        ]

    return _handler({"places": places})


def pattern_places(regex: str, texts: list[str]) -> list[list[tuple[int, int]]]:
    """Return the places [start, end) in each text that match an expression.

    Raises InputError if it takes too long: a text can be made to keep an expression busy forever.
    """
    found, why = _ask(lasting(PATTERNS), [regex, *texts], {"places": _spans})
    if why:
        raise InputError(f"'{regex}' can't be searched for: {why}. Give a simpler pattern.")
    places: list[list[tuple[int, int]]] = found["places"]
    return places


def _spans(rows: list[Any], texts: list[str]) -> list[list[tuple[int, int]]]:
    places: list[list[tuple[int, int]]] = [[] for _ in texts[1:]]
    for number, start, end in rows:
        whole = type(start) is type(end) is int
        if number < 0 or not (whole and 0 <= start <= end <= len(texts[number + 1])):
            raise ValueError("no place in the text")
        places[number].append((start, end))
    return places


def _handler(works: dict[str, Callable[[list[str]], list[Any]]]) -> Handler:
    for work in works.values():
        work([_SAMPLE, ""])

    def handle(content: bytes, request: dict[str, Any], send: Send) -> None:
        texts = json.loads(content)
        for place, kind in enumerate(request["kinds"]):
            rows = works[kind](texts)
            for first in range(0, len(rows), ROWS):
                part = json.dumps([place, rows[first : first + ROWS]], ensure_ascii=False)
                send(b"L", part.encode("utf-8", "replace"))

    return handle


def in_cages(
    pages: Sequence[Page],
    checks: Mapping[str, Check],
    done_with: Callable[[int], object] = lambda characters: None,
    workers: int | None = None,
) -> Iterator[Part]:
    """Yield pages of one document with their checked answers and their failures.

    The keys of `checks` name the searches: 'mentions', 'words'. Each key is in the answers or in
    the failures. A check gets the rows and the texts, and raises ValueError or TypeError if they
    don't match. After a failure the same kind isn't tried again in the same document.
    `done_with` gets the number of characters of each finished request, for the progress bar.
    `workers` processes search, by default one per core.
    """
    documents = [list(of_it) for _, of_it in groupby(pages, key=lambda page: page[0])]
    characters = sum(len(text) for _, _, text in pages)
    most = workers or os.cpu_count() or 1
    many = min(most, len(documents), 1 + characters // WORTH_LOADING)
    task = TEXTS if "words" in checks else MENTIONS
    keepers: SimpleQueue[Keeper] = SimpleQueue()
    for number in range(many):
        keepers.put(lasting(task, number))

    def document(of_it: list[Page]) -> list[Part]:
        keeper, done = keepers.get(), []
        failed: dict[str, str] = {}
        try:
            for part in _parts(of_it):
                asked = {kind: check for kind, check in checks.items() if kind not in failed}
                found, why = _together_or_apart(keeper, [text for _, _, text in part], asked)
                failed |= why
                done.append((part, found, dict(failed)))
                done_with(sum(len(text) for _, _, text in part))
        finally:
            keepers.put(keeper)
        return done

    if documents:
        with ThreadPoolExecutor(many) as pool:
            for done in pool.map(document, documents):
                yield from done


def _together_or_apart(
    keeper: Keeper, texts: list[str], checks: Mapping[str, Check]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Ask one process for all kinds; if that fails, ask for each kind separately."""
    found, why = _ask(keeper, texts, checks) if checks else ({}, "")
    if not why or len(checks) == 1:
        return found, dict.fromkeys(checks, why) if why else {}
    failed: dict[str, str] = {}
    for kind, check in checks.items():
        alone, own = _together_or_apart(keeper, texts, {kind: check})
        found |= alone
        failed |= own
    return found, failed


def in_batches(parts: Iterable[Part], size: int) -> Iterator[list[Part]]:
    """Yield parts of `in_cages` in batches of at least `size` pages, to save statements."""
    batch: list[Part] = []
    for part in parts:
        batch.append(part)
        if sum(len(pages) for pages, _, _ in batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch


def _parts(pages: list[Page]) -> Iterator[list[Page]]:
    """Yield pages in parts of one request each."""
    part: list[Page] = []
    for page in pages:
        size = sum(len(text) for _, _, text in [*part, page])
        if part and (len(part) >= PAGES or size > CHARACTERS):
            yield part
            part = []
        part.append(page)
    if part:
        yield part


def _ask(
    keeper: Keeper, texts: list[str], checks: Mapping[str, Check]
) -> tuple[dict[str, Any], str]:
    """Return the answers for some texts by kind, and the failure; one of them is empty."""
    content = json.dumps(texts, ensure_ascii=False).encode("utf-8", "replace")
    with os.fdopen(unnamed_file(), "w+b") as file:
        file.write(content)
        file.seek(0)
        outcome = keeper.ask(
            file.fileno(), {"kinds": [*checks]}, lambda frames: _taken(frames, texts, checks),
            seconds=SECONDS, memory=MEMORY, most=len(content), answer=ANSWER,
        )  # fmt: skip
    if outcome.ended.code:
        return {}, f"it took longer than {SECONDS:.0f} s or more than {MEMORY >> 20:,} MB"
    if outcome.kept is None:
        return {}, outcome.trouble or "the program that searches gave no answer"
    return outcome.kept, ""


def _taken(frames: Frames, texts: list[str], checks: Mapping[str, Check]) -> dict[str, Any]:
    """Return the checked answers of a process by kind. Raises Trouble where they make no sense."""
    rows: list[list[Any]] = [[] for _ in checks]
    most = len(texts) + sum(map(len, texts))  # no two begin at one character
    for kind, length in frames:
        if kind != b"L" or length > FRAME:
            raise Trouble("the program that searches gave no usable answer")
        try:
            place, part = json.loads(frames.read(length))
            if any(isinstance(value, list | dict) for row in part for value in row):
                raise ValueError("no row of plain values")
            if place not in range(len(rows)):
                raise ValueError("nothing that was asked for")
            rows[place] += part
        except (ValueError, TypeError, RecursionError) as error:
            raise Trouble("the program that searches gave no usable answer") from error
        if len(rows[place]) > most:
            raise Trouble("its answer has more rows than the text has characters")
    try:
        return {
            kind: check(found, texts)
            for (kind, check), found in zip(checks.items(), rows, strict=True)
        }
    except Exception as error:  # forged rows may cause any error
        raise Trouble("the program that searches gave no usable answer") from error


def token_columns(rows: list[Any], texts: list[str]) -> pl.DataFrame:
    """Check rows of words; return them as a frame of tokens (`search_tokens`)."""
    import numpy as np
    import polars as pl

    numbers, forms, counts = [], [], []
    places: list[list[Any]] = [[], []]
    for number, form, starts, ends in rows:
        if type(number) is not int or not 0 <= number < len(texts):
            raise ValueError("no text")
        some = form.split(" ")
        numbers.append(number)
        forms += some
        counts.append(len(some))
        for side, written in zip(places, (starts, ends), strict=True):
            side.append(np.array(written.split(" "), np.int32))
            if len(side[-1]) != len(some):
                raise ValueError("a token without its place")
    start, end = (np.concatenate([np.empty(0, np.int32), *side]) for side in places)
    text = np.repeat(np.array(numbers, np.int32), counts)
    size = np.array([len(each) for each in texts], np.int32)[text]
    if not ((start >= 0) & (start <= end) & (end <= size)).all():
        raise ValueError("no place in the text")
    form = pl.Series("form", forms, pl.String)
    if not form.str.contains(r"^\S+$").all():
        raise ValueError("no token")
    return pl.DataFrame({"text": text, "form": form, "start": start, "end": end})
