"""A task for the cage that a hostile table might make of its reader: answers that lie."""

from __future__ import annotations

import json
import struct
from typing import Any

from onetomany.cage.number_tables import FAULT, HEAD, LINES, NUMBERS, TAIL, TEXTS
from onetomany.cage.zygote import Handler, Send

GOOD = {"encoding": "utf-8-sig", "separator": ",", "many": 1, "names": None}
END = {"remarks": 0, "texts": [], "commas": 0}


def _line(send: Send, numbers: bytes, texts: bytes, lines: bytes = struct.pack("<q", 1)) -> None:
    send(LINES, lines)
    send(NUMBERS, numbers)
    send(TEXTS, texts)


def load(lie: str) -> Handler:
    """Return a handler that tells one lie, whatever the table holds; blanks are underscores."""
    lie = lie.replace("_", " ")

    def handle(content: bytes, request: dict[str, Any], send: Send) -> None:
        head = {
            "two names": {"names": ["a", "b"]},
            "a name that is none": {"names": [["a"]]},
            "another separator": {"separator": "\x00"},
            "another encoding": {"encoding": "rot13"},
            "no columns": {"many": 0},
        }.get(lie, {})
        if lie != "no head":
            send(HEAD, b"[" * 9_000 if lie == "deep" else json.dumps(GOOD | head).encode())
        numbers = bytes(12 if lie == "half a number" else 8)
        texts = {"more cells": b"1\n2", "no text": b"\xff"}.get(lie, b"1")
        _line(send, numbers, texts, bytes(7) if lie == "half a line" else bytes(8))
        if lie == "another column":
            _line(send, numbers, texts, b"")
            send(TEXTS, texts)
        if lie == "a fault of its own":
            send(FAULT, json.dumps({"fault": "<b>you owe me</b>", "form": "\x1b[2J"}).encode())
        if lie == "a strange kind":
            send(b"?", b"")
        if lie == "too much":
            send(TEXTS, bytes(64 << 20))
        if lie != "no tail":
            send(TAIL, json.dumps(END).encode())

    return handle
