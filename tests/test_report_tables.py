"""The pages that readers get: every table in words, in the language that is chosen."""

from __future__ import annotations

from pathlib import Path

import pytest

from measured_pages import PAGES

BADGE = (
    '<span class="badge data"><span lang="en">Real data</span><span lang="ko">실제</span></span>'
)
FINE = f"""
<table class="reader"><caption>{BADGE} <span lang="en">A title</span><span lang="ko">제목</span>
</caption><thead><tr><th><span lang="en">Rows</span> <span lang="ko">행</span></th></tr></thead>
<tbody><tr><td>1,234</td></tr><tr><td><a href="https://a.kr"><span class="name">Law of things</span>
</a></td></tr><tr><td><code>file_name.csv</code></td></tr><tr><td><span lang="ko-KR">한국어</span>
</td></tr></tbody></table>
"""


def kinds(body: str) -> set[str]:
    page = f'<html lang="en"><body><article>{body}</article></body></html>'
    return {kind for kind, _ in PAGES.page_faults(page)}


def test_a_presented_table_has_no_fault() -> None:
    assert kinds(FINE) == set()


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (">Rows<", ">row_count<", "raw header"),
        ("1,234", "https://a.example/b", "bare address"),
        ("1,234", "null", "null"),
        ("1,234", "None", "null"),
        ("1,234", "NaN", "null"),
        ("1,234", "1.7e8", "exponent"),
        ("1,234", "false", "Boolean"),
        ("1,234", "holds false", "Boolean"),
        ("1,234", "said by nobody", "table without ko"),
        ("1,234", "없음", "table without en"),
        ('<span lang="ko">행</span>', "records", "table without ko"),
        (BADGE, "", "no status"),
        ('class="reader"', 'class="dataframe"', "raw frame"),
        ("</table>", "</table><h2>Only English here</h2>", "words without ko"),
        ("</table>", "</table><button>둘 다</button>", "words without en"),
    ],
)
def test_each_fault_is_found(old: str, new: str, kind: str) -> None:
    assert FINE.count(old) >= 1
    assert kind in kinds(FINE.replace(old, new, 1))


def test_what_is_hidden_is_not_measured() -> None:
    hidden = '<div lang="ko"><table><tr><td>값</td></tr></table></div>'
    assert kinds(hidden) == set()


@pytest.mark.kernel
def test_every_page_of_the_report_is_without_a_fault(report: Path) -> None:
    assert [fault for fault in PAGES.faults(report) if fault] == []
    tables = sum(
        path.read_text(encoding="utf-8").count('<table class="reader">')
        for path in report.glob("*.html")
    )
    assert tables >= 40
