"""Controls for JupyterLab: those of the chapters, and the reading desk of a case file.

Each is loaded when it is asked for: the desk needs none of the chapters' libraries.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .chapters import (
        candidate_browser,
        crowd_picker,
        link_slider,
        rule_slider,
        threshold_slider,
    )
    from .desk import reading_desk
    from .letters import letter_form
    from .walks import walks_form

__all__ = [
    "candidate_browser",
    "crowd_picker",
    "letter_form",
    "link_slider",
    "reading_desk",
    "rule_slider",
    "threshold_slider",
    "walks_form",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    own = {"reading_desk": ".desk", "walks_form": ".walks", "letter_form": ".letters"}
    module = own.get(name, ".chapters")
    return getattr(import_module(module, __name__), name)
