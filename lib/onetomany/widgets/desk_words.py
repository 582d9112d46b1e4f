"""Write the HTML of the reading desk in English and Korean (data/words.toml has the words).

Everything from a document goes through `escaped`.
"""

import html
from collections.abc import Mapping, Sequence
from typing import Any

from onetomany.documents.finding import marked_parts
from onetomany.documents.search import Span
from onetomany.printing import LONGEST, printable, shortened
from onetomany.sources.kit_files import packaged_text, packaged_toml

ENGLISH, KOREAN = "en", "ko"
WIDGET_WORDS: Mapping[str, Any] = packaged_toml(__package__, "words.toml")
LABELS, UNITS, KINDS = WIDGET_WORDS["desk"], WIDGET_WORDS["unit"], WIDGET_WORDS["kind"]
STYLE = f"<style>\n{packaged_text(__package__, 'desk.css')}</style>"
WINDOW = 6_000  # characters of a page's text that are shown around a passage


def escaped(text: object, most: int = LONGEST) -> str:
    """Return a text from outside as HTML: escaped, shortened, invisible characters shown."""
    return html.escape(shortened(text, most))


def said_html(text: object, *, alert: bool = False, most: int = 1000) -> str:
    """Return a sentence for the reader as HTML; with `alert` it is an error."""
    look, role = (" desk-clash", "alert") if alert else ("", "status")
    return f'<div class="desk-text{look}" role="{role}">{escaped(text, most)}</div>'


def marked(text: str, spans: Sequence[Span], start: int, own: Span | None = None) -> str:
    """Return part of a page as HTML with hits and the selected passage marked."""
    pieces = []
    for part, hit in marked_parts(text, [*spans, own] if own else spans, start):
        words = html.escape("\n".join(map(printable, part.split("\n")))).replace("\n", "<br>")
        inside = own is not None and own[0] <= start < own[1]
        start += len(part)
        chosen = ' class="desk-passage"' if inside else ""
        pieces.append(f"<mark{chosen}>{words}</mark>" if hit else words)
    return "".join(pieces)


def page_body(text: str, spans: Sequence[Span], own: Span | None, korean: bool) -> str:
    """Return the text around the selected passage, and how much of the page is left out."""
    middle = own[0] if own else spans[0][0] if spans else 0
    first = max(0, middle - WINDOW // 2)
    part = text[first : first + WINDOW]
    body = marked(part, spans, first, own)
    if left_out := len(text) - len(part):
        many = (
            f"{left_out:,}자는 보이지 않습니다."
            if korean
            else f"{left_out:,} characters not shown."
        )
        body += f'<p class="desk-place">{many}</p>'
    return f'<div class="desk-text desk-body" tabindex="0">{body}</div>'


def cited(claim: Mapping[str, Any], names: Mapping[str, str], korean: bool) -> str:
    """Return a claim with its citation: who said it, in which document and words."""
    unit = claim["unit"] or ""
    unit = UNITS.get(unit, unit) if korean else unit
    head = f"<b>{escaped(claim['claim_id'])}</b> {escaped(claim['value'])} {escaped(unit)}"
    said = [claim["said_by"], claim["document_date"]]
    if document := claim["document"]:
        name = names.get(document, claim["source"] or document[:12])
        place = f"{claim['page']}쪽" if korean else f"page {claim['page']}"
        if claim["char_start"] is not None:
            place += (
                f", {'글자' if korean else 'characters'} {claim['char_start']}-{claim['char_end']}"
            )
        said += [name, place, f"SHA-256 {document[:12]}"]
    else:
        said += [claim["source"], claim["source_url"]]
    where = ", ".join(escaped(each) for each in said if each)
    quote = f"<blockquote>{escaped(claim['quote'], 1000)}</blockquote>" if claim["quote"] else ""
    return f'{head}<br><span class="desk-place">{where}</span>{quote}'


def clash(
    pair: Mapping[str, Any], claims: Mapping[str, Any], names: Mapping[str, str], korean: bool
) -> str:
    """Return two claims that contradict each other, each with its citation."""
    of = f"{escaped(pair['subject_a'])}, {escaped(pair['attribute'])}"
    head = f"서로 어긋나는 주장: {of}" if korean else f"These claims contradict each other: {of}"
    both = "".join(
        f"<div>{cited(claims[pair[f'claim_{side}']], names, korean)}</div>" for side in ("a", "b")
    )
    return f'<div class="desk-clash" role="alert"><b>{head}</b>{both}</div>'
