"""Split nouns the same way everywhere, regardless of their context.

kiwipiepy weighs a word by its neighbours: 법무법인 is one noun in a sentence and two alone, 실증랩
is 실증 + 랩 in one place and 실 + 증 + 랩 in another. A search would then miss words on the page.
So adjacent nouns are split once more without context, and long nouns into shorter ones if possible.
인천공항 and 인천 공항, 개인정보보호위원회 and 개인정보 보호위원회 are then alike.
"""

import re
from functools import cache, lru_cache
from typing import Any

NOUNS = ("NNG", "NNP", "XR")
_TOUCHING = (*NOUNS, "XPN", "XSN")  # with prefixes and suffixes, which aren't kept
LONG = 4  # syllables: a noun of this length may consist of two
# kiwipiepy's ids of common and proper nouns that its dictionary lacks
GUESSED = (2, 3)
WORKERS = 2  # threads of the tokenizer
Piece = tuple[str, int, int]  # a noun with start and end


@cache
def kiwi() -> Any:
    # half a second to import, one to start
    from kiwipiepy import Kiwi

    # names of two words, such as 보비 비, would double the loading; a search finds each word
    return Kiwi(num_workers=WORKERS, load_multi_dict=False)


def alone() -> Any:
    """Return a tokenizer without threads, for a process that may not start any."""
    global WORKERS  # noqa: PLW0603
    WORKERS = 1
    return kiwi()


def recut(text: str, tokens: list[Any]) -> list[tuple[str, str, int, int]]:
    """Return tokens as form, tag, start and end, with runs of nouns split without context."""
    out: list[tuple[str, str, int, int]] = []
    run: list[tuple[str, str, int, int]] = []

    def close() -> None:
        if run and any(tag in NOUNS for _, tag, _, _ in run):
            begin, surface = run[0][2], text[run[0][2] : run[-1][3]]
            pieces = cut(surface) if re.fullmatch("[가-힣]{2,40}", surface) else None
            if pieces:
                run[:] = [(form, "NNG", begin + a, begin + b) for form, a, b in pieces]
        out.extend(run)
        run.clear()

    for token in tokens:
        # some forms have blanks, which separate tokens in the index
        form = token.form.replace(" ", "")
        place = (form, token.tag.partition("-")[0], token.start, token.start + token.len)
        if run and (place[1] not in _TOUCHING or place[2] != run[-1][3]):
            close()
        if place[1] in _TOUCHING:
            run.append(place)
        else:
            out.append(place)
    close()
    return out


@lru_cache(maxsize=1 << 17)  # the words that documents repeat
def cut(surface: str) -> tuple[Piece, ...] | None:
    """Return the nouns of a run of Hangul on its own; None if it is not only nouns.

    A noun with its prefix is returned as well as the noun: a search for 비공개 (not disclosed) puts
    pages with this word before those with 공개 (disclosed).
    """
    tokens = _tokens(surface)
    if tokens is None:
        return None
    pieces: list[Piece] = []
    prefixed: int | None = None
    for token in tokens:
        tag, start, end = token.tag.partition("-")[0], token.start, token.start + token.len
        if tag in NOUNS:
            if prefixed is not None:
                pieces.append((surface[prefixed:end], prefixed, end))
            halves = _halves(token.form) if end - start >= LONG else None
            for half in halves or ():
                # each half is shorter, so this ends
                held = cut(half) or ((half, 0, len(half)),)
                pieces += [(each, start + a, start + b) for each, a, b in held]
                start += len(half)
            if halves is None:
                pieces.append((token.form, start, end))
        prefixed = token.start if tag == "XPN" else None
    return tuple(pieces)


def _tokens(surface: str) -> list[Any] | None:
    found: list[Any] = kiwi().tokenize(surface)
    whole = all(
        each.tag.partition("-")[0] in _TOUCHING
        and surface[each.start : each.start + each.len] == each.form
        for each in found
    )
    return found if whole else None


def _halves(noun: str) -> tuple[str, str] | None:
    """Return two nouns that form a long one, with the fewest parts; None if there are none."""
    best: tuple[int, str, str] | None = None
    for at in range(2, len(noun) - 1):
        sides = (noun[:at], noun[at:])
        found = [_tokens(side) for side in sides]
        if all(each is not None and all(map(_known, each)) for each in found):
            many = sum(len(each or ()) for each in found)
            if best is None or many < best[0]:
                best = (many, *sides)
    return best and best[1:]


def _known(token: Any) -> bool:
    """Tell whether it is a dictionary noun of two syllables or more; others are wrong splits."""
    return token.tag.partition("-")[0] in NOUNS and token.len > 1 and token.id not in GUESSED
