"""A task that does nothing: by it the kit learns what confines a process here."""

from __future__ import annotations

from typing import Any

from .zygote import Handler, Send


def load_nothing() -> Handler:
    """Return a handler that answers nothing."""

    def handle(content: bytes, request: dict[str, Any], send: Send) -> None:
        pass

    return handle
