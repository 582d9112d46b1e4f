"""Pages beside the chapters: their order by theme, a list of figures, slides, and print styles."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from onetomany.sources.case_summary import Pair
from .chapter import Chapter
from .under_chart import figure_number, figure_title, made_when

# Themes of the kit's own chapters, in the order in which a reader meets them
THEMES: tuple[tuple[Pair, tuple[str, ...]], ...] = (
    (("What happened, and what is hidden", "무슨 일이 있었고 무엇이 감춰졌나"), ("00", "09", "10")),
    (("One face against everyone", "얼굴 하나와 모두의 얼굴"), ("01", "02", "03", "04")),
    (("Following people and flagging them", "사람을 뒤쫓고 지목하는 일"), ("05", "06")),
    (("Who can be singled out", "누가 드러나는가"), ("07",)),
    (("Elsewhere, and your own programme", "다른 곳, 그리고 당신의 사업"), ("12", "13", "14")),
    (("Workbench: documents and evidence", "작업대: 문서와 증거"), ("08", "11")),
)
OTHERS: Pair = ("More chapters", "그 밖의 장")
STAMP = "research simulation, not facial comparison"
STAMP_KO = "연구용 모의실험이며 얼굴 감정이 아님"


@dataclass(frozen=True)
class ListedFigure:
    """A chart in the list of figures."""

    number: str  # "4.3"
    title: Pair
    place: str  # its address in the site
    file: str  # of its PNG and CSV, without an ending


def chapters_by_theme(chapters: Sequence[Chapter]) -> list[tuple[Pair, list[Chapter]]]:
    """Return the themes that have chapters, with these; chapters of no theme come last."""
    known = {number for _, numbers in THEMES for number in numbers}
    grouped = [
        (theme, [each for each in chapters if each.number in numbers]) for theme, numbers in THEMES
    ]
    rest = [each for each in chapters if each.number not in known and not each.is_case]
    return [(theme, listed) for theme, listed in [*grouped, (OTHERS, rest)] if listed]


def listed_figures(chapter: Chapter) -> list[ListedFigure]:
    """Return the charts of a chapter as the list of figures names them."""
    return [
        ListedFigure(
            figure_number(chapter, chart),
            figure_title(chart, chapter),
            f"{chapter.stem}.html#chart-{chapter.number}-{chart.number}",
            f"assets/charts/{chapter.number}-{chart.number}",
        )
        for chart in chapter.charts
    ]


def print_styles(chapter: Chapter) -> str:
    """Return the style sheet that prints stamp, chapter, date, commit and page on each page.

    Which language is shown decides by the name of a page: `site.css` gives one to the body.
    """
    made = made_when(chapter)
    sheets = []
    for page, at in (("en", 0), ("ko", 1), ("both", 0)):
        stamps = (STAMP, STAMP_KO)
        stamp = " · ".join(stamps) if page == "both" else stamps[at]
        title = (chapter.title, chapter.title_ko or chapter.title)[at]
        name = f"{('One-to-Many', '일대다')[at]} · {chapter.label[at]} {title}"
        sheets.append(
            f"@page {page} {{\n"
            f"  @top-left {{ content: {_css_text(stamp)}; }}\n"
            f"  @bottom-left {{ content: {_css_text(name)}; }}\n"
            f"  @bottom-center {{ content: {_css_text(made)}; }}\n"
            '  @bottom-right { content: counter(page) " / " counter(pages); }\n'
            "}\n"
        )
    return "".join(sheets)


def _css_text(text: str) -> str:
    """Return a text as CSS writes it: a title from a notebook can't end it."""
    return '"' + re.sub(r"[^\w .,·:-]", lambda m: f"\\{ord(m[0]):x} ", text) + '"'
