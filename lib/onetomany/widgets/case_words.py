"""Write the HTML of a case's start page in English and Korean (data/words.toml has the words).

Everything from the case folder goes through `escaped`.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import groupby

from onetomany.cases.to_do import GROUPS, SPEAKER, CaseTask
from onetomany.sources.kit_files import packaged_text
from .desk_words import KOREAN, WIDGET_WORDS, escaped

MOST = 60  # tasks shown
CASE_STYLE = f"<style>\n{packaged_text(__package__, 'case.css')}</style>"


def case_word(key: str, language: str) -> str:
    """Return a word of the page in a language, 'en' or 'ko'."""
    return str(WIDGET_WORDS["case"][key][language == KOREAN])


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
