"""The cage's tasks on texts: mentions (MENTIONS), words (WORDS), a reader's pattern (PATTERNS).

Patterns and Korean morphology run over what strangers wrote, and a text can be made so that they
take for ever. So each document's texts go to a process of their own, with limits. The document of
a request is a JSON list of texts; the answer is rows of plain values, in bounded parts.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from itertools import groupby
from queue import SimpleQueue
from typing import Any

from ..cage.keeper import Frames, Keeper, Trouble, lasting, unnamed_file
from ..cage.zygote import Handler, Send
from ..errors import InputError

MENTIONS = "onetomany.documents.language:load_mentions"
WORDS = "onetomany.documents.language:load_words"
PATTERNS = "onetomany.documents.language:load_patterns"
SECONDS, MEMORY = 30.0, 2 << 30  # of one request
PAGES, CHARACTERS = 100, 1_000_000  # of one request; a longer page is a request by itself
ANSWER = 256 << 20  # bytes of one answer
FRAME, ROWS = 4 << 20, 5_000  # bytes and rows of a part of it
_SAMPLE = "2019년 4월 30일 개인정보 보호법 제15조 법무부 5,760만 건 In April 2019"
Page = tuple[str, int, str]  # document, page, text
Part = tuple[list[Page], Any, str]  # pages of one document, what came of them, what went wrong


def load_mentions() -> Handler:
    """Load the patterns and lists of mentions."""
    from .mentions import rows_in

    return _handler(rows_in)


def load_words() -> Handler:
    """Load Korean morphology."""
    from . import nouns

    kiwi = nouns.alone()
    # what documents of such cases say again and again is cut once, not in each fork
    for line in _own_texts():
        nouns.recut(line, kiwi.tokenize(line))
    return _handler(
        lambda texts: [
            (number, *token)
            for number, text in enumerate(texts)
            for token in nouns.recut(text, kiwi.tokenize(text))
        ]
    )


def _own_texts() -> Iterator[str]:
    """Lines of the kit's own lists and of its case, for their words."""
    kit = resources.files("onetomany")
    for place in ("documents/data/bodies.csv", "documents/data/laws.csv",
                  "sources/data/case/claims.csv", "sources/data/case/timeline.csv"):  # fmt: skip
        # the case's own rows come first; the general lists after them would only cost time
        yield from kit.joinpath(place).read_text("utf-8").splitlines()[:60]


def load_patterns() -> Handler:
    """Load nothing but Python's own expressions; the first text is the pattern."""

    def places(texts: list[str]) -> list[Any]:
        compiled = re.compile(texts[0], re.IGNORECASE)
        return [
            (number, *match.span())
            for number, text in enumerate(texts[1:])
            for match in compiled.finditer(text)
        ]

    return _handler(places)


def pattern_places(regex: str, texts: list[str]) -> list[list[tuple[int, int]]]:
    """Return where an expression fits in each text, [start, end).

    Some expressions take for ever on a text that was made for it. Raises InputError then.
    """
    found, why = _ask(lasting(PATTERNS), [regex, *texts], _spans)
    if why:
        raise InputError(f"'{regex}' can't be searched for: {why}. Give a simpler pattern.")
    places: list[list[tuple[int, int]]] = found
    return places


def _spans(rows: list[Any], texts: list[str]) -> list[list[tuple[int, int]]]:
    places: list[list[tuple[int, int]]] = [[] for _ in texts[1:]]
    for number, start, end in rows:
        if number < 0:
            raise ValueError("no text")
        _check_place(start, end, texts[number + 1])
        places[number].append((start, end))
    return places


def _check_place(start: Any, end: Any, text: str) -> None:
    if type(start) is not int or type(end) is not int or not 0 <= start <= end <= len(text):
        raise ValueError("no place in the text")


def _handler(work: Callable[[list[str]], list[Any]]) -> Handler:
    work([_SAMPLE, ""])

    def handle(content: bytes, request: dict[str, Any], send: Send) -> None:
        rows = work(json.loads(content))
        for first in range(0, len(rows), ROWS):
            part = json.dumps(rows[first : first + ROWS], ensure_ascii=False)
            send(b"L", part.encode("utf-8", "replace"))

    return handle


def in_cages(
    task: str, pages: Sequence[Page], check: Callable[[Any, list[str]], Any]
) -> Iterator[Part]:
    """Yield pages of one document, what `check` makes of the answer for them, and what went wrong.

    `task` is MENTIONS or WORDS. `check` gets the answer and the texts; it raises ValueError or
    TypeError if they don't fit. Where a request fails, its answer is None, and so are those for the
    rest of its document.
    """
    documents = [list(of_it) for _, of_it in groupby(pages, key=lambda page: page[0])]
    many = min(os.cpu_count() or 1, len(documents))
    keepers: SimpleQueue[Keeper] = SimpleQueue()
    for number in range(many):
        keepers.put(lasting(task, number))

    def document(of_it: list[Page]) -> list[Part]:
        keeper, done, why = keepers.get(), [], ""
        try:
            for part in _parts(of_it):
                found = None
                if not why:
                    found, why = _ask(keeper, [text for _, _, text in part], check)
                done.append((part, found, why))
        finally:
            keepers.put(keeper)
        return done

    if documents:
        with ThreadPoolExecutor(many) as pool:
            for done in pool.map(document, documents):
                yield from done


def in_batches(parts: Iterable[Part], size: int) -> Iterator[list[Part]]:
    """Yield parts of `in_cages` until they have so many pages: a statement costs as much as ten."""
    batch: list[Part] = []
    for part in parts:
        batch.append(part)
        if sum(len(pages) for pages, _, _ in batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch


def _parts(pages: list[Page]) -> Iterator[list[Page]]:
    part: list[Page] = []
    size = 0
    for page in pages:
        if part and (len(part) >= PAGES or size + len(page[2]) > CHARACTERS):
            yield part
            part, size = [], 0
        part.append(page)
        size += len(page[2])
    if part:
        yield part


def _ask(
    keeper: Keeper, texts: list[str], check: Callable[[Any, list[str]], Any]
) -> tuple[Any, str]:
    """What came of some texts, and what went wrong; one of them is empty."""

    def take(frames: Frames) -> Any:
        rows: list[Any] = []
        most = len(texts) + sum(map(len, texts))  # no character begins two
        for kind, length in frames:
            if kind != b"L" or length > FRAME:
                raise Trouble("its answer makes no sense")
            try:
                part = json.loads(frames.read(length))
                if any(isinstance(value, list | dict) for row in part for value in row):
                    raise ValueError("no row of plain values")
                rows += part
            except (ValueError, TypeError, RecursionError) as error:
                raise Trouble("its answer makes no sense") from error
            if len(rows) > most:
                raise Trouble("its answer has more rows than the text has characters")
        try:
            return check(rows, texts)
        except Exception as error:  # whatever rows of no sense lead it into
            raise Trouble("its answer makes no sense") from error

    content = json.dumps(texts, ensure_ascii=False).encode("utf-8", "replace")
    file = unnamed_file()
    try:
        with os.fdopen(os.dup(file), "wb") as out:
            out.write(content)
        os.lseek(file, 0, os.SEEK_SET)
        outcome = keeper.ask(
            file,
            {},
            take,
            seconds=SECONDS,
            memory=MEMORY,
            most=len(content),
            answer=ANSWER,
        )
    finally:
        os.close(file)
    if outcome.kept is not None and not outcome.ended.code:
        return outcome.kept, ""
    if outcome.ended.code:
        return None, f"it took longer than {SECONDS:.0f} s or more than {MEMORY >> 20:,} MB"
    return None, outcome.trouble or "it gave no answer"


def token_places(rows: list[Any], texts: list[str]) -> list[list[tuple[str, str, int, int]]]:
    """Check rows of WORDS; return the tokens (form, tag, start, end) of each text."""
    tokens: list[list[tuple[str, str, int, int]]] = [[] for _ in texts]
    for number, form, tag, start, end in rows:
        if not isinstance(form, str) or not isinstance(tag, str) or number < 0:
            raise ValueError("no token")
        _check_place(start, end, texts[number])
        tokens[number].append((form, tag, start, end))
    return tokens
