"""Sentences with computed numbers in them, in both languages."""

from __future__ import annotations

import html
import re

from IPython.display import display


def say(en: str, ko: str) -> None:
    """Show a sentence in English with its Korean twin; `**bold**` marks what to look at.

    Each carries its language, so that the report can show either or both.
    """
    shown = "".join(
        f'<p lang="{lang}">{_marked(text)}</p>' for lang, text in (("en", en), ("ko", ko))
    )
    plain = f"{en}\n{ko}".replace("**", "")
    display({"text/html": f'<div class="say">{shown}</div>', "text/plain": plain}, raw=True)


def _marked(text: str) -> str:
    return re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html.escape(text, quote=False))
