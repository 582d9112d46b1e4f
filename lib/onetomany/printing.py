"""Print text from outside safely: characters that act on a terminal become escapes.

A file's name may clear the screen, reverse the order of its letters, or break a line and print "no
fault". Letters of every script stay unchanged; invisible characters are shown as escapes (Unicode
TR 36 and TR 39 list the known abuses).
"""

from __future__ import annotations

import contextlib
import sys
import unicodedata
from argparse import ArgumentParser
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

LONGEST = 400  # characters of a text from outside within a sentence
_MARKS = 6  # combining marks on one letter: more cover the lines above and below

# controls, format characters (bidi, zero width, tags), halves of surrogates, private use,
# unassigned, separators of lines and of paragraphs
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
# letters and marks without a shape: fillers of Hangul, grapheme joiner, Khmer and Mongolian ones,
# and the blank of Braille
_SHAPELESS = frozenset("\u115f\u1160\u3164\uffa0\u034f\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800")
_JOINER = "\u200d"


class Notice(NamedTuple):
    """A message to the reader in English and Korean."""

    en: str
    ko: str


def add_notice(notices: list[Notice], en: str, ko: str) -> None:
    """Add a message to those for the reader."""
    notices.append(Notice(en, ko))


Notify: TypeAlias = Callable[[str, str], None]  # takes a message in English and Korean


def printable(text: object) -> str:
    """Return a text whose invisible characters and terminal controls are escapes.

    Bytes of a file name that are not UTF-8 (surrogates U+DC80 to U+DCFF in Python) become `\\xb9`.
    A joiner stays inside an emoji, a variation selector after the character that it varies.

    >>> printable("a\\x1b[2Jb 한글")
    'a\\\\x1b[2Jb 한글'
    """
    text = str(text)
    if text.isascii() and text.isprintable():
        return text
    shown: list[str] = []
    marks = 0
    for place, letter in enumerate(text):
        kind = unicodedata.category(letter)
        marks = marks + 1 if kind in ("Mn", "Me") else 0
        if letter == _JOINER:
            keep = _pictures(text, place)
        elif _selects(letter):
            keep = place > 0 and shown[-1] == text[place - 1] and not _selects(text[place - 1])
        else:
            keep = kind not in _UNSEEN and letter not in _SHAPELESS and marks <= _MARKS
        shown.append(letter if keep else _escape(letter))
    return "".join(shown)


def shortened(text: object, most: int = LONGEST) -> str:
    """Return a name in printable form, without its middle if it is longer than `most`.

    Several spaces become one: they could push a false message onto a line of its own.
    """
    shown = " ".join(part for part in printable(text).split(" ") if part)
    if len(shown) <= most:
        return shown
    head = most * 2 // 3
    left_out = len(shown) - most
    return f"{shown[:head]}[… {left_out:,} …]{shown[head + left_out :]}"


def print_line(line: object = "", *, file: SupportsWrite[str] | None = None) -> None:
    """Print one line that can't act on the terminal or begin another line.

    Characters missing from the terminal's encoding are escaped too.
    """
    stream = file or sys.stdout
    encoding = getattr(stream, "encoding", None) or "utf-8"
    with contextlib.suppress(LookupError):
        line = printable(line).encode(encoding, "backslashreplace").decode(encoding)
    stream.write(f"{line}\n")


class SafeParser(ArgumentParser):
    """An argument parser that prints its messages safely: they may contain file names."""

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        for line in message.removesuffix("\n").split("\n") if message else ():
            print_line(line, file=file or sys.stderr)


def _escape(letter: str) -> str:
    code = ord(letter)
    if 0xDC80 <= code <= 0xDCFF:  # os.fsdecode represents an undecodable byte so
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x100:
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(letter, f"\\x{code:02x}")
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _selects(letter: str) -> bool:
    return "\ufe00" <= letter <= "\ufe0f" or "\U000e0100" <= letter <= "\U000e01ef"


def _pictures(text: str, place: int) -> bool:
    """Return whether a joiner is between two pictures, as in the emoji of a family."""
    before = text[:place].rstrip("\ufe0f")[-1:]
    after = text[place + 1 : place + 2]
    return all(each and unicodedata.category(each) in ("So", "Sk") for each in (before, after))
