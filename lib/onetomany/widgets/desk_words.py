"""Write the words of the reading desk in English and Korean, and its HTML.

Everything from a document goes through `escaped`.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from ..documents.finding import marked_parts
from ..documents.search import Span
from ..printing import LONGEST, printable, shortened

ENGLISH, KOREAN = "en", "ko"
LABELS = {
    "search": ("Search", "검색"),
    "query": ("Words", "찾을 말"),
    "query_hint": (
        'words, "a phrase", -not this',
        '낱말, "이어진 구절", -뺄 말',
    ),
    "kind": ("Kind", "종류"),
    "any": ("any kind", "모든 종류"),
    "path": ("Path", "경로"),
    "after": ("From date", "이날부터"),
    "before": ("To date", "이날까지"),
    "sender": ("Sender", "보낸 사람"),
    "tag": ("Tag", "꼬리표"),
    "open": ("Open", "열기"),
    "blocks": ("Blocks", "문단"),
    "characters": ("Characters", "글자 위치"),
    "passage": ("Passage", "인용할 말"),
    "find": ("Find these words on the page", "이 말을 이 쪽에서 찾기"),
    "subject": ("Subject", "대상"),
    "attribute": ("What of it", "항목"),
    "value": ("Value", "값"),
    "unit": ("Unit", "단위"),
    "said_by": ("Said by", "말한 이"),
    "document_date": ("Written on", "쓴 날짜"),
    "save": ("Save as a claim", "주장으로 저장"),
    "undo": ("Take it back", "저장 취소"),
    "correct": ("Correct the saved claim", "저장한 주장 고치기"),
    "who": ("Your name", "작성자"),
    "remark": ("Remark", "메모"),
    "keep": ("Keep on this page", "이 쪽에 남기기"),
    "h_find": ("1. Search", "1. 검색"),
    "h_page": ("2. Page: choose a passage", "2. 쪽: 인용할 곳 고르기"),
    "h_claim": ("3. Claim", "3. 주장"),
    "h_remark": ("Tags and remarks", "꼬리표와 메모"),
}
UNITS = {
    "records": "건", "persons": "명", "images": "장", "firms": "개 기업",
    "consortia": "개 컨소시엄",
    "places": "곳", "cameras": "카메라 대수", "machines": "대", "passengers": "승객 수",
    "items": "개", "times": "회", "KRW": "원", "USD": "달러", "percent": "퍼센트", "m2": "㎡",
    "seconds": "초", "minutes": "분", "hours": "시간", "days": "일", "months": "개월",
    "years": "년", "age": "세(나이)", "date": "날짜", "dates": "기간", "place": "장소",
    "answer": "예/아니요", "fields": "항목 목록", "EUR": "유로", "GBP": "파운드", "JPY": "엔",
    "share": "비율", "faces": "얼굴 수", "alerts": "경보 수",
}  # fmt: skip
KINDS = {
    "pdf": "PDF", "hwp": "한글", "word": "워드 문서", "sheet": "표 계산", "slides": "발표 자료",
    "mail": "메일", "web": "웹 페이지", "text": "글", "picture": "그림",
}  # fmt: skip
STYLE = """<style>
.desk{max-width:100%;container-type:inline-size}
.desk .widget-label,.desk .widget-label-basic{width:auto;min-width:76px}
.desk h3{margin:12px 0 4px;font-size:15px;font-weight:600}
.desk-columns{display:flex;flex-flow:row wrap;gap:16px;align-items:flex-start}
.desk-columns>.desk-left{flex:1 1 300px;min-width:0}
.desk-columns>.desk-right{flex:2 1 420px;min-width:0}
.desk-row{display:flex;flex-flow:row wrap;gap:2px 8px}
.desk-row>*{flex:1 1 200px;min-width:0}
.desk-row>button{flex:0 0 auto}
.desk-text{line-height:1.5;overflow-wrap:anywhere;white-space:normal}
.desk-text mark{background:#fbe3a8;color:#000}
.desk-text mark.desk-passage{background:#ffd0b0;outline:1px solid #d55e00}
.desk-text .desk-place{color:var(--jp-ui-font-color2,#555);font-size:90%}
.desk-text blockquote{margin:2px 0 6px;padding-left:8px;border-left:3px solid #d55e00}
.desk-text .desk-clash{border:2px solid #d55e00;padding:6px 8px;margin:6px 0}
.desk-hit>button{align-self:flex-start}
.desk-hit{border-bottom:1px solid var(--jp-border-color2,#ccc);padding:2px 0}
.desk-body{max-height:320px;overflow:auto;padding:4px 8px;
border:1px solid var(--jp-border-color2,#ccc)}
.desk-sheet{position:relative;width:100%;overflow:hidden;
border:1px solid var(--jp-border-color1,#999)}
.desk-sheet>*{margin:0}
.desk-sheet img{width:100%!important;height:auto;display:block;max-width:none}
.desk-sheet>button.desk-block{position:absolute;margin:0;padding:0;min-width:0;background:transparent;
border:1px dashed rgba(0,114,178,.55);box-shadow:none}
.desk-sheet>button.desk-block:hover,.desk-sheet>button.desk-block:focus-visible{
background:rgba(0,114,178,.15);outline:2px solid #0072b2}
.desk-sheet>button.desk-chosen{border:0;outline:3px solid #d55e00;outline-offset:3px}
</style>"""
WINDOW = 6_000  # characters of a page's text that are shown around a passage


def escaped(text: object, most: int = LONGEST) -> str:
    """Return a text from outside as HTML: escaped, shortened, invisible characters shown."""
    return html.escape(shortened(text, most))


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
