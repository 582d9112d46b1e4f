"""Arrange the pages of an exhibit: the parts of its PDF, and the captions of its HTML."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from onetomany.confidence import PERCENT, PERCENT_KO
from onetomany.report.chapter import Chapter
from onetomany.report.side_pages import STAMP, STAMP_KO
from onetomany.sources.tables import NOTE
from . import typesetting
from .figures import Figure
from .printed import TURNED, lay_out

TRUTH = (
    "A hash shows that two files are the same. A time-stamp shows that a file existed at a time. "
    "Neither shows that the content of a file is true.",
    "해시는 두 파일이 같음을 보인다. 타임스탬프는 그 시각에 파일이 있었음을 보인다. 둘 다 파일에 "
    "적힌 것이 참임을 보이지는 않는다.",
)
COUNTS = "N (counts it states) 밝힌 수"
NO_COUNT = "the item names no count 수를 밝히지 않음"
NO_INTERVAL = f"the item names no {PERCENT} interval {PERCENT_KO} 구간을 밝히지 않음"
NOT_COMPARED = "shows the machine's speed or the like; it differs from run to run 실행마다 다름"

Exhibits = Sequence[tuple[str, Chapter, Sequence[Figure]]]  # A-1, its chapter, its items


def exhibit_parts(
    exhibits: Exhibits, pictures: Mapping[str, bytes]
) -> tuple[list[typesetting.Part], dict[str, bytes]]:
    """Return the parts of the exhibit's PDF, and the pictures that they name.

    `pictures` are the charts as SVG by `picture_name`. If a chart's letters would be too small on a
    page, it goes on a turned page, or in parts on several (printed.lay_out).
    """
    shown: dict[str, bytes] = {}
    parts: list[typesetting.Part] = [
        typesetting.heading(1, "The exhibits", "증거 목록"),
        _contents(exhibits),
    ]
    parts += _how_to_read()
    for name, chapter, figures in exhibits:
        parts += _exhibit(name, chapter, figures, pictures, shown)
    parts += [
        typesetting.heading(
            1,
            "Figures, tables and statements with their hashes",
            "그림, 표, 진술과 해시",
            page=True,
        ),
        typesetting.fixed_pair("hashes"),
    ]
    for name, _, figures in exhibits:
        parts += [typesetting.heading(2, f"Exhibit {name}", f"증거 {name}"), _hash_list(figures)]
    return parts, shown


def lede(commit: str) -> list[dict[str, str]]:
    """Return the sentences under the title."""
    return [
        {"en": f"{STAMP[0].upper()}{STAMP[1:]}.", "ko": f"{STAMP_KO}."},
        {"en": TRUTH[0], "ko": TRUTH[1]},
        {
            "en": f"Computed from the notebooks at commit {commit or '(none known)'}.",
            "ko": f"커밋 {commit or '(알 수 없음)'}의 노트북을 실행해 얻었다.",
        },
    ]


def captions(exhibits: Exhibits) -> dict[str, list[str]]:
    """Return the lines over each item of the HTML exhibit, by 'figure-02-3' or the like."""
    lines = {}
    for name, _, figures in exhibits:
        made = simulations(figures)
        for each in figures:
            first = f"Exhibit {name}, {each.label} · 증거 {name}, {each.label_ko}"
            rest = [f"{key}: {value}" for key, value in notes(each, made)]
            lines[f"{each.kind}-{each.number}"] = [first, *rest]
    return lines


def notes(figure: Figure, made: Sequence[str]) -> list[tuple[str, str]]:
    """Return the notes under an item: counts, interval, source, simulated parts, its data.

    `made` lists the simulations that the charts of its chapter name: a table or a sentence doesn't
    say by itself whether it depends on them, and must not be taken for a measurement.
    """
    said = []
    if figure.kind != "statement" or figure.sample:
        rows = f"rows of data 자료의 행: {figure.rows:,}"
        said.append((COUNTS, figure.sample or f"{NO_COUNT}; {rows}"))
    # words alone have none, nor has a text of several lines, such as a letter
    result = figure.tokens and "\n" not in figure.text
    if figure.interval or figure.kind != "statement" or result:
        said.append(("Interval 구간", figure.interval or NO_INTERVAL))
    if figure.simulated:
        said.append(("SIMULATED 모의 자료", figure.simulated))
    elif made and figure.kind != "figure":
        said.append(("Simulated in this chapter 이 장의 모의 자료", "; ".join(made)))
    said.append(("Source 출처", figure.source))
    if figure.varies:
        said.append(("Varies 변동", NOT_COMPARED))
    if figure.as_shown:
        said.append(("Data 자료", "the cells as shown; no frame was kept 보인 그대로의 칸"))
    for path, digest in figure.hashes.items():
        said.append((path, f"SHA-256 {digest}"))
    return said


def simulations(figures: Sequence[Figure]) -> list[str]:
    """Return the simulations that the charts of a chapter name, each once."""
    return list(dict.fromkeys(each.simulated for each in figures if each.simulated))


def picture_name(figure: Figure, part: int = 0) -> str:
    """Return the file name of a figure's picture, or of one of its parts."""
    return f"figure-{figure.number}.{part}.svg" if part else f"figure-{figure.number}.svg"


def _exhibit(
    name: str,
    chapter: Chapter,
    figures: Sequence[Figure],
    pictures: Mapping[str, bytes],
    shown: dict[str, bytes],
) -> list[typesetting.Part]:
    parts = [
        typesetting.heading(
            1,
            f"Exhibit {name}. {chapter.number} {chapter.title}",
            f"증거 {name}. {chapter.title_ko}",
            at=f"exhibit-{name}",
            page=True,
        ),
        typesetting.heading(2, "The question", "질문"),
        typesetting.pair(
            chapter.question or chapter.title, chapter.question_ko or chapter.title_ko
        ),
        typesetting.heading(2, "Limits of everything in this exhibit", "이 증거 전체의 한계"),
        typesetting.pair(
            chapter.limits or "The chapter names none.",
            chapter.limits_ko or "이 장에는 적혀 있지 않다.",
        ),
    ]
    made = simulations(figures)
    if made:
        named = "; ".join(made)
        parts.append(typesetting.pair(f"Simulated here: {named}.", f"모의로 만든 것: {named}."))
    section = ""
    for figure in figures:
        above = []
        if figure.section != section:
            section = figure.section
            above = [typesetting.heading(2, section, figure.section_ko)]
        if figure.kind == "figure":
            parts += _pictures(figure, above, made, pictures[picture_name(figure)], shown)
        else:
            parts += [*above, _item(figure, made)]
    return parts


def _pictures(
    figure: Figure,
    above: Sequence[typesetting.Part],
    made: Sequence[str],
    picture: bytes,
    shown: dict[str, bytes],
) -> Iterator[typesetting.Part]:
    """Return a figure as one part or several; its heading moves to a turned page with it."""
    item = _item(figure, made)
    printed = lay_out(
        picture, (_height(item, above, typesetting.LINE), _height(item, above, TURNED[0]))
    )
    if not printed.turned:
        yield from above
    count = len(printed.parts)
    for n, (svg, width) in enumerate(printed.parts, 1):
        name = picture_name(figure, n if count > 1 else 0)
        shown[name] = svg
        part = item | {"kind": "figure", "image": name, "alt": _alt(figure, n, count)}
        part |= {"width": width, "turned": printed.turned, "above": []}
        if n == 1 and printed.turned:
            part["above"] = list(above)
        if count > 1:
            part["label"] = f"{figure.label}, part {n} of {count}"
            part["label_ko"] = f"{figure.label_ko}, {count}부분 중 {n}번째"
        if n > 1:
            part["at"] = f"{_anchor(figure)}.{n}"
        yield part


def _height(item: typesetting.Part, above: Sequence[typesetting.Part], line: float) -> float:
    """Estimate the points that a figure's words take on a page.

    On a turned page the notes have two columns.
    """
    columns = 2 if line > typesetting.LINE else 1
    title = f"{item['label']}, part 1 of 2 {item['label_ko']}, 2 1 {item['title']}"
    caption = _lines(f"{title} {item['title_ko']}", 9.5, line)
    lines = [_lines(f"{key}: {text}", 7.8, line / columns - 12) for key, text in item["notes"]]
    half = math.ceil(len(lines) / columns)
    noted = max(sum(lines[:half]), sum(lines[half:]))
    return 18 + 13.5 * caption + 10.5 * noted + 42 * len(above)


def _lines(text: str, size: float, line: float) -> int:
    return math.ceil(typesetting.letters(text) * size * typesetting.LETTER / line)


def _alt(figure: Figure, n: int, count: int) -> str:
    whole = figure.text or f"{figure.label}: {figure.title}"
    if count == 1:
        return whole
    if n == 1:
        return f"Part 1 of {count} of the chart {count}부분 중 1번째. {whole}"
    return (
        f"{figure.label}, part {n} of {count}: {figure.title}. Part 1 describes the whole chart. "
        f"{figure.label_ko}, {count}부분 중 {n}번째: {figure.title_ko}. 전체 설명은 1번째에 있음."
    )


def _item(figure: Figure, made: Sequence[str]) -> typesetting.Part:
    said: dict[str, Any] = {
        "at": _anchor(figure),
        **{part: getattr(figure, part) for part in ("label", "label_ko", "title", "title_ko")},
        # hashes are in the list at the end
        "notes": [[key, text] for key, text in notes(figure, made) if "/" not in key],
    }
    if figure.kind == "statement":
        return {"kind": "statement", **said, "en": figure.text, "ko": figure.text_ko}
    if figure.kind == "figure":
        return said
    frame = figure.data[0]
    if frame.height > (most := typesetting.MOST_ROWS):
        cut = f"rows 1 to {most} of {frame.height:,}; all in {figure.stem}.csv 일부만 보임"
        said["notes"].append(["Rows 행", cut])
    return {**typesetting.grid(frame), **said, "kind": "table"}


def _contents(exhibits: Exhibits) -> typesetting.Part:
    rows = [
        {
            "at": f"exhibit-{name}",
            "name": f"Exhibit {name}",
            "text": f"{chapter.number} {chapter.title} · {chapter.title_ko}",
            "files": [],
        }
        for name, chapter, _ in exhibits
    ]
    return {"kind": "list", "head": ["Exhibit 증거", "Chapter 장", "Page 쪽"], "rows": rows}


def _hash_list(figures: Sequence[Figure]) -> typesetting.Part:
    rows = [
        {
            "at": _anchor(each),
            "name": each.label,
            "text": f"{each.title} · {each.title_ko}" + (" (varies)" if each.varies else ""),
            "files": [f"{path}  {digest}" for path, digest in each.hashes.items()],
        }
        for each in figures
    ]
    return {"kind": "list", "head": ["Item 항목", "Title 제목", "Page 쪽"], "rows": rows}


def _how_to_read() -> list[typesetting.Part]:
    told = [(en, ko) for en, ko in typesetting.document_sentences()["how_to_read"]]
    return [
        typesetting.heading(1, "How to read this", "읽는 법"),
        typesetting.points(*told[:3], NOTE, *told[3:]),
    ]


def _anchor(figure: Figure) -> str:
    return f"{figure.kind}-{figure.number}"
