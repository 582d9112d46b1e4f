"""The cage's tasks on texts: mentions (MENTIONS), words (WORDS), a reader's pattern (PATTERNS).

Patterns and Korean morphology run over what strangers wrote, and a text can be made so that they
take for ever. So each document's texts go to a process of their own, with limits. The document of
a request is a JSON list of texts; the answer is JSON too.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from queue import SimpleQueue
from typing import Any

from ..cage.keeper import Frames, Keeper, Trouble, lasting
from ..cage.zygote import Handler, Send
from ..errors import InputError

MENTIONS = "onetomany.documents.language:load_mentions"
WORDS = "onetomany.documents.language:load_words"
PATTERNS = "onetomany.documents.language:load_patterns"
SECONDS, MEMORY = 30.0, 2 << 30  # of one request
PAGES, CHARACTERS = 100, 1_000_000  # of one request; a longer page is a request by itself
ANSWER = 64 << 20  # bytes of one answer
_SAMPLE = "2019년 4월 30일 개인정보 보호법 제15조 법무부 5,760만 건 In April 2019"
Page = tuple[str, int, str]  # document, page, text


def load_mentions() -> Handler:
    """Load the patterns and lists of mentions."""
    from .mentions import rows_in

    return _handler(rows_in)


def load_words() -> Handler:
    """Load Korean morphology."""
    from . import nouns

    kiwi = nouns.alone()
    return _handler(lambda texts: [nouns.recut(text, kiwi.tokenize(text)) for text in texts])


def load_patterns() -> Handler:
    """Load nothing but Python's own expressions; the first text is the pattern."""

    def places(texts: list[str]) -> list[Any]:
        compiled = re.compile(texts[0], re.IGNORECASE)
        return [[match.span() for match in compiled.finditer(text)] for text in texts[1:]]

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


def _spans(answer: Any, texts: list[str]) -> list[list[tuple[int, int]]]:
    if not isinstance(answer, list) or len(answer) != len(texts) - 1:
        raise ValueError("not a list for each text")
    checked = []
    for places, text in zip(answer, texts[1:], strict=True):
        if not all(0 <= start <= end <= len(text) for start, end in places):
            raise ValueError("no place")
        checked.append([(int(start), int(end)) for start, end in places])
    return checked


def _handler(work: Callable[[list[str]], Any]) -> Handler:
    work([_SAMPLE, ""])

    def handle(content: bytes, request: dict[str, Any], send: Send) -> None:
        answer = work(json.loads(content))
        send(b"L", json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace"))

    return handle


def in_cages(
    task: str, pages: Sequence[Page], check: Callable[[Any, list[str]], Any]
) -> Iterator[tuple[list[Page], Any, str]]:
    """Yield pages of one document, what `check` makes of the answer for them, and what went wrong.

    `task` is MENTIONS or WORDS. `check` gets the answer and the texts; it raises ValueError or
    TypeError if they don't fit. Where a request fails, its answer is None, and so are those for the
    rest of its document.
    """
    documents = [list(of_it) for _, of_it in groupby(pages, key=lambda page: page[0])]
    many = min(os.cpu_count() or 1, len(documents))
    keepers: SimpleQueue[Keeper] = SimpleQueue()
    for number in range(many):
        keeper = lasting(task, number)
        keeper.start()  # here: a container ends with the thread that started it
        keepers.put(keeper)

    def document(of_it: list[Page]) -> list[tuple[list[Page], Any, str]]:
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
        for kind, length in frames:
            if kind != b"L":
                raise Trouble("its answer makes no sense")
            try:
                return check(json.loads(frames.read(length)), texts)
            except (ValueError, TypeError, RecursionError) as error:
                raise Trouble("its answer makes no sense") from error
        raise Trouble("it gave no answer")

    content = json.dumps(texts, ensure_ascii=False).encode("utf-8", "replace")
    most = min(ANSWER, 1_000_000 + 400 * sum(map(len, texts)))
    file = os.memfd_create("texts") if hasattr(os, "memfd_create") else _unnamed()
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
            answer=most,
        )
    finally:
        os.close(file)
    if outcome.kept is not None and not outcome.ended.code:
        return outcome.kept, ""
    if outcome.ended.code:
        return None, f"it took longer than {SECONDS:.0f} s or more than {MEMORY >> 20:,} MB"
    return None, outcome.trouble or "it gave no answer"


def _unnamed() -> int:
    """An open file without a name, on systems that have no memory files."""
    import tempfile

    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def token_places(answer: Any, texts: list[str]) -> list[list[tuple[str, str, int, int]]]:
    """Check that an answer is a list of tokens (form, tag, start, end) for each text."""
    if not isinstance(answer, list) or len(answer) != len(texts):
        raise ValueError("not a list for each text")
    checked = []
    for tokens, text in zip(answer, texts, strict=True):
        rows = []
        for form, tag, start, end in tokens:
            if not (isinstance(form, str) and isinstance(tag, str) and 0 <= start <= end):
                raise ValueError("no token")
            if type(start) is not int or type(end) is not int or end > len(text):
                raise ValueError("no place")
            rows.append((form, tag, start, end))
        checked.append(rows)
    return checked
