"""Show sentences with computed numbers, in both languages."""

from __future__ import annotations

import html
import re

from IPython.display import display

_LINK = re.compile(r"\[([^\[\]]+)\]\((https://[^\s()<>\"]+)\)")


def say(en: str, ko: str) -> None:
    """Show a sentence in English, then in Korean.

    `**bold**` is emphasis and `[NIST](https://...)` a link. A text of several lines, such as a
    letter, is one output with a paragraph for each line. Each output carries its language, so the
    report can show both or one. It is HTML, because Markdown does not recognise the emphasis in
    '**2.3%**에서'.
    """
    for lang, text in (("en", en), ("ko", ko)):
        marked = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html.escape(text, quote=False))
        marked = _LINK.sub(r'<a href="\2">\1</a>', marked)
        data = {
            "text/html": "\n".join(
                f'<p lang="{lang}">{line}</p>' for line in marked.splitlines() if line.strip()
            ),
            "text/plain": _LINK.sub(r"\1 (\2)", text.replace("**", "")),
        }
        display(data, metadata={"text/html": {"lang": lang}}, raw=True)


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun.

    >>> counted(1, "picture"), counted(4000, "picture"), counted(2, "person", "people")
    ('1 picture', '4,000 pictures', '2 people')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def two_digits(value: float) -> str:
    """Return a simulated figure to two digits, such as '0.46', '32' or '13,000'.

    >>> two_digits(12_871.4)
    '13,000'
    """
    return f"{float(f'{value:.2g}'):,.10g}"
