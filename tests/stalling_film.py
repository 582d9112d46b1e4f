"""A task for the cage that a hostile film might make of the decoder: a frame, then silence."""

from __future__ import annotations

import json
import time
from typing import Any

from onetomany.cage.film_decoder import HEAD, PIXELS, SECONDS, TIME
from onetomany.cage.zygote import Handler, Send


def load() -> Handler:
    """Return a handler that answers `request["last"]` frames of 8 x 8 pixels, then hangs."""

    def handle(content: bytes, request: dict[str, Any], send: Send) -> None:
        head = {"stored": [8, 8], "size": [8, 8], "rate": [25.0, 10.0], "turned": 0}
        send(HEAD, json.dumps(head).encode())
        for _ in range(400):  # more than a buffer holds
            send(TIME, SECONDS.pack(0.0))
            send(PIXELS, bytes(8 * 8 * 3))
        time.sleep(3600)

    return handle
