"""Write the words of a case's start page in English and Korean, and its HTML.

Everything from the case folder goes through `escaped`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby

from ..cases.to_do import GROUPS, SPEAKER, CaseTask
from .desk_words import KOREAN, escaped

MOST = 60  # tasks shown
_WORDS = {
    "documents": ("Documents", "문서"),
    "read": ("of them read", "그 가운데 읽은 것"),
    "claims": ("Claims", "주장"),
    "events": ("Events", "사건"),
    "numbers": ("Figures", "수치"),
    "bodies": ("Speakers", "말한 이"),
    "requests": ("Requests", "청구"),
    "fresh": (
        "The database case.duckdb agrees with the folder.",
        "데이터베이스 case.duckdb가 폴더와 일치합니다.",
    ),
    "stale": (
        "The database case.duckdb is not up to date: see the list below.",
        "데이터베이스 case.duckdb가 최신이 아닙니다. 아래 목록을 보세요.",
    ),
    "no_database": (
        "There is no database yet. Put documents into {folder}, then press the first button.",
        "데이터베이스가 아직 없습니다. {folder}에 문서를 넣고 첫 단추를 누르세요.",
    ),
    "unsure": (
        "Whether the database is up to date is checked once the faults below are repaired.",
        "아래 잘못을 고치면 데이터베이스가 최신인지 확인합니다.",
    ),
    "h_state": ("What is there", "지금 있는 것"),
    "h_todo": ("To do", "할 일"),
    "h_add": ("Add or change", "더하거나 고치기"),
    "h_read": ("Reading desk: claims from a marked passage", "문서를 읽고 인용해 주장 만들기"),
    "nothing": ("Nothing to do.", "할 일이 없습니다."),
    "left_out": ("And {many} more.", "그 밖에 {many}개."),
    "ingest": ("Read the documents", "문서 읽기"),
    "check": ("Check again", "다시 확인"),
    "report": ("Write the chapter", "장 쓰기"),
    "stop": ("Stop", "멈추기"),
    "ingesting": ("Reading files", "문서를 읽는 중"),
    "ocr": ("Reading scanned pages", "스캔한 쪽을 읽는 중"),
    "indexing": ("Making the index", "색인을 만드는 중"),
    "reporting": ("Writing the chapter, about a minute", "장을 쓰는 중, 1분쯤 걸립니다"),
    "ingested": ("The documents are read.", "문서를 다 읽었습니다."),
    "reported": (
        "The chapter is written. Open this file in a browser: {text}",
        "장을 썼습니다. 이 파일을 브라우저로 여세요: {text}",
    ),
    "stopped": (
        "Stopped. The documents read so far are kept; press the button again to continue.",
        "멈췄습니다. 읽은 것은 남아 있고, 단추를 다시 누르면 이어서 합니다.",
    ),
    "failed": ("It failed: {text}", "하지 못했습니다: {text}"),
    "form_claims": ("A claim", "주장"),
    "form_events": ("An event", "사건"),
    "form_numbers": ("A figure with its source", "출처가 있는 수치"),
    "form_bodies": ("A body that speaks", "말하는 기관"),
    "form_gaps": ("A missing document, and whom to ask", "빠진 문서와 물어볼 기관"),
    "form_provisions": ("A provision of law", "법 조항"),
    "row": ("Row", "행"),
    "new_events": ("a new event", "새 사건"),
    "new_gaps": ("a new missing document", "새로 빠진 문서"),
    "new_provisions": ("a new provision", "새 조항"),
    "delete": ("Delete this row", "이 행 지우기"),
    "really": ("Really delete it?", "정말 지웁니까?"),
    "deleted": ("Deleted from {file}: {id}.", "{file}에서 지웠습니다: {id}."),
    "gaps": ("Missing documents", "빠진 문서"),
    "provisions": ("Provisions", "법 조항"),
    "new_claims": ("a new claim", "새 주장"),
    "new_numbers": ("a new figure", "새 수치"),
    "new_bodies": ("a new body", "새 기관"),
    "more": ("More fields", "다른 칸"),
    "needed": ("* is needed.", "*는 꼭 채워야 합니다."),
    "one_of": ("So is the text in one of the two languages.", "글은 두 언어 가운데 하나면 됩니다."),
    "add": ("Add", "더하기"),
    "change": ("Save the change", "고친 것 저장"),
    "added": ("Added to {file}: {id}.", "{file}에 더했습니다: {id}."),
    "changed": ("Changed in {file}: {id}.", "{file}에서 고쳤습니다: {id}."),
    "empty": ("'{label}' is empty: fill it in.", "'{label}' 칸이 비어 있습니다. 채우세요."),
    "say_kind": (
        "Choose the kind of the new speaker.",
        "새로 적은 이가 어떤 종류인지 고르세요.",
    ),
    "press_read": ("press 'Read the documents'", "'문서 읽기'를 누르세요"),
    "use_form": ("use the form below", "아래 양식에 적으세요"),
    "not_saved": ("Not saved. {text}", "저장하지 못했습니다. {text}"),
    "marked": (
        "To make a claim from the words of a document, read it below and select the passage.",
        "문서에 적힌 말로 주장을 만들려면 아래에서 문서를 읽고 인용할 곳을 고르세요.",
    ),
}
CASE_STYLE = """<style>
.case-page{max-width:100%;container-type:inline-size}
.case-page h2{margin:4px 0;font-size:20px}
.case-page h3{margin:14px 0 4px;font-size:16px;font-weight:600}
.case-page .case-counts{display:flex;flex-flow:row wrap;gap:4px 20px;margin:0;padding:0;
list-style:none}
.case-page .case-counts b{font-size:18px}
.case-page .case-todo{margin:0 0 8px;padding-left:20px}
.case-page .case-todo li{margin:3px 0;overflow-wrap:anywhere}
.case-page h4{margin:8px 0 2px;font-size:14px}
.case-form .desk-row{align-items:flex-start}
.case-form .case-buttons>*{flex:0 0 auto}
.case-form .desk-row>*{flex:1 1 260px}
.case-form .widget-inline-hbox{flex-direction:column;align-items:stretch;height:auto}
.case-form .widget-inline-hbox>*{flex:0 0 auto;width:100%;max-width:100%;margin:0}
.case-form .widget-inline-hbox>select{height:32px}
.case-form .widget-label{width:auto!important;max-width:100%;text-align:left;
justify-content:flex-start;white-space:normal;height:auto;line-height:1.4;min-width:0}
.case-form textarea{min-height:3em}
.case-page .desk-clash{border:2px solid #d55e00;padding:6px 8px;margin:6px 0}
</style>"""


def case_word(key: str, language: str) -> str:
    """Return a word of the page in a language, 'en' or 'ko'."""
    return _WORDS[key][language == KOREAN]


def counts_html(counts: Mapping[str, int], database: str, language: str) -> str:
    """Return the number of rows of each kind, and a sentence about the database."""
    items = "".join(
        f"<li>{escaped(case_word(name, language))} <b>{many:,}</b></li>"
        for name, many in counts.items()
    )
    return (
        f'<ul class="case-counts desk-text">{items}</ul>'
        f'<p class="desk-text">{escaped(database)}</p>'
    )


def tasks_html(tasks: Sequence[CaseTask], language: str) -> str:
    """Return the tasks, grouped, the most pressing first."""
    if not tasks:
        return f'<p class="desk-text" role="status">{case_word("nothing", language)}</p>'
    many = {group: sum(task.group == group for task in tasks) for group in GROUPS}
    parts = []
    for group, members in groupby(tasks[:MOST], key=lambda task: task.group):
        name = GROUPS[group][language == KOREAN]
        head = name[:1].upper() + name[1:]
        rows = "".join(_task(task, language) for task in members)
        parts.append(f"<h4>{escaped(head)} ({many[group]})</h4><ul class='case-todo'>{rows}</ul>")
    if (left_out := len(tasks) - MOST) > 0:
        parts.append(f"<p>{case_word('left_out', language).format(many=left_out)}</p>")
    return f'<div class="desk-text">{"".join(parts)}</div>'


def _task(task: CaseTask, language: str) -> str:
    where, what, remedy = task.in_words(language)
    if re.search(r"'onetomany (ingest|claims)'$", task.remedy):
        remedy = case_word("press_read", language)
    elif task.group == SPEAKER or re.search(
        r"'onetomany add (claims|events|numbers|gaps|provisions)'", task.remedy
    ):
        remedy = case_word("use_form", language)
    where, what, remedy = (escaped(text) for text in (where, what, remedy))
    return f"<li><b>{where}</b>: {what}. <i>{remedy}.</i></li>"
