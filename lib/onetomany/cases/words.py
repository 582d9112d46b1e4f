"""Name the columns and choices of a case folder in English and Korean, for people.

`data/words.toml` has the words.
"""

from functools import cache
from typing import Any

from onetomany.sources.kit_files import packaged_toml
from .columns import CaseTable

Words = tuple[str, str]  # English and Korean


def case_column_label(table: CaseTable, column: str, language: str) -> str:
    """Return a column's name for people in a language, 'en' or 'ko'.

    >>> from onetomany.cases.columns import case_table
    >>> case_column_label(case_table("numbers"), "value", "ko")
    '수'
    """
    return str(_of(_words()["label"], table, column, [column, column])[language == "ko"])


def column_about(table: CaseTable, column: str, language: str) -> str:
    """Return the description of a column, in a language.

    >>> from onetomany.cases.columns import case_table
    >>> column_about(case_table("claims"), "page", "en")
    'the page in the document, from 1'
    """
    about = next(each.about for each in table.columns if each.name == column)
    return str(_of(_words()["about_ko"], table, column, about)) if language == "ko" else about


def choice_label(column: str, choice: str, language: str) -> str:
    """Return a choice of a column in words.

    >>> choice_label("strand", "law", "ko")
    '법'
    """
    return str(_words()["choice"].get(column, {}).get(choice, [choice] * 2)[language == "ko"])


@cache
def task_sentences() -> dict[str, dict[str, list[str]]]:
    """Return the sentences of tasks by name, in English and Korean (data/tasks.toml)."""
    return packaged_toml(__package__, "tasks.toml")


def task_words(name: str, /, **facts: object) -> tuple[Words, Words]:
    """Return fault and remedy of a task, each in English and Korean, with the facts filled in."""
    texts = task_sentences()[name]
    (what, what_ko), (todo, todo_ko) = (
        [text.format_map(facts) for text in texts[part]] for part in ("what", "todo")
    )
    return (what, what_ko), (todo, todo_ko)


def _of(words: dict[str, Any], table: CaseTable, column: str, otherwise: Any) -> Any:
    return words.get(f"{table.name}.{column}", words.get(column, otherwise))


@cache
def _words() -> dict[str, Any]:
    return packaged_toml(__package__, "words.toml")
