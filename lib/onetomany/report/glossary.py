"""Explain the field's terms on a page: the first use of each, in each language's text.

`data/glossary.csv` has the terms; `docs/glossary.md` has the same rows. A term with a pattern is
marked on pages; one without is too common a word. Words and explanations come from that file alone:
a notebook decides only where a term is used.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polars as pl
from markupsafe import Markup, escape

LANGUAGES = ("en", "ko")
# a tag, with ">" inside its quoted attributes
_TAG = re.compile(r'(<(?:[^>"]|"[^"]*")*>)')
# nobody looks for an explanation there, or the words are somebody else's
_LEFT_OUT = re.compile(r"<(/?)(?:h[1-6]|a|code|pre|kbd|samp|table|summary|button|blockquote|q)\b")
# English words end where they end, Korean ones before their particles
_BOUNDS = {"en": (r"(?<![\w-])", r"s?(?![\w-])"), "ko": (r"(?<!\w)", r"(?![A-Za-z0-9])")}


@dataclass(frozen=True)
class Term:
    """One term in one language: its word, the words that are found, and its meaning."""

    id: str
    lang: str
    word: str
    patterns: tuple[str, ...]
    meaning: str


@cache
def _glossary_rows() -> pl.DataFrame:
    """Return the glossary, a row a term, as `docs/glossary.md` shows it, with the patterns."""
    return pl.read_csv(Path(__file__).parent / "data" / "glossary.csv").fill_null("")


@cache
def page_terms() -> tuple[Term, ...]:
    """Return the terms that pages mark, English and Korean.

    >>> next(term.patterns for term in page_terms() if term.id == "term-en-fmr")
    ('FMR', 'false match rate')
    """
    return tuple(
        Term(
            id="-".join(["term", lang, *re.findall(r"\w+", row["term"].casefold())]),
            lang=lang,
            word=row["term"] if lang == "en" else row["korean"],
            patterns=tuple(row[f"pattern_{lang}"].split("|")),
            meaning=row[f"meaning_{lang}"],
        )
        for row in _glossary_rows().iter_rows(named=True)
        for lang in LANGUAGES
        if row[f"pattern_{lang}"]
    )


class TermMarker:
    """Marks the terms of one page, each where it is used first; `used` lists them in that order."""

    def __init__(self) -> None:
        self.used: list[Term] = []

    def mark(self, body: str, lang: str) -> Markup:
        """Return clean HTML with the terms marked that this page hasn't used before.

        Text of another language stays as it is.

        >>> TermMarker().mark("<p>The FMR.</p>", "en").startswith('<p>The <span class="term"')
        True
        """
        if lang not in LANGUAGES:
            return Markup(body)
        parts, outside = _TAG.split(body), 0
        for i, part in enumerate(parts):
            if left_out := _LEFT_OUT.match(part):
                outside += -1 if left_out.group(1) else 1
            elif not outside and not part.startswith("<"):
                parts[i] = _pattern(lang).sub(lambda match: self._marked(match, lang), part)
        return Markup("".join(parts))

    def mark_text(self, text: str, lang: str) -> Markup:
        """Return plain text as HTML, its terms marked."""
        return self.mark(str(escape(text)), lang)

    def _marked(self, match: re.Match[str], lang: str) -> str:
        word = match.group(1)
        known = _by_pattern(lang)
        term = known.get(word) or known[word[0].lower() + word[1:]]
        if term in self.used:
            return match.group()
        self.used.append(term)
        return (
            '<span class="term" role="button" tabindex="0" data-term '
            f'aria-describedby="{term.id}">{match.group()}</span>'
        )


class NoMarker(TermMarker):
    """Marks nothing: an exhibit shows its words as they are."""

    def mark(self, body: str, lang: str) -> Markup:
        """Return the HTML as it is."""
        return Markup(body)


@cache
def _by_pattern(lang: str) -> dict[str, Term]:
    return {word: term for term in page_terms() if term.lang == lang for word in term.patterns}


@cache
def _pattern(lang: str) -> re.Pattern[str]:
    """Find any term of a language; a longer one before the shorter ones that it contains."""
    words = sorted(_by_pattern(lang), key=len, reverse=True)
    before, after = _BOUNDS[lang]
    return re.compile(f"{before}({'|'.join(map(_capital, words))}){after}")


def _capital(word: str) -> str:
    """Return a word's pattern: a small first letter may be a capital, as a sentence begins."""
    first = f"[{word[0]}{word[0].upper()}]" if word[0].islower() else re.escape(word[0])
    return first + re.escape(word[1:])
