"""Sentences with computed numbers in them, in both languages."""

from __future__ import annotations

from IPython.display import display


def say(en: str, ko: str) -> None:
    """Show a sentence in English, then in Korean; Markdown's `**bold**` marks what to look at.

    Each carries its language, so that the report can lay the two side by side or show one.
    """
    for lang, text in (("en", en), ("ko", ko)):
        data = {"text/markdown": text, "text/plain": text.replace("**", "")}
        display(data, metadata={"text/markdown": {"lang": lang}}, raw=True)
