"""One executed notebook, taken apart into the blocks that a page shows."""

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbconvert.filters import Highlight2HTML, ansi2html
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from onetomany.confidence import PERCENT
from onetomany.errors import OneToManyError
from onetomany.prose import RECKONER, STORY
from .chapter import Chapter, Heading, NotebookBlock, NotebookCell
from .clean import clean_html, refused_chart, refused_html
from .execute import Notebook
from .glossary import page_terms
from .shown import PARQUET
from .tags import EXERCISE

# "v5+json" as JupyterLab names it, "v6.json" as altair does
VEGALITE = re.compile(r"application/vnd\.vegalite\.v\d+[+.]json")
FONT = "Noto Sans KR, sans-serif"  # the one that travels with the site
_PRE = '<pre tabindex="0">'  # may scroll sideways: the keyboard must reach it
WIDGET = "application/vnd.jupyter.widget-view+json"

_NUMBER = re.compile(r"[-−+]?\d[\d,_.]*(?:e[-+]?\d+)?\s?%?|–|&hellip;|")


def read_chapter(
    stem: str, notebook: Notebook, folder: Path, *, exercises: bool = False
) -> Chapter:
    """Read an executed notebook; `folder` has the images that its text shows.

    Exercises and their answers are left out unless asked for: they are not part of the argument.
    """
    reader = _Reader(stem, folder)
    cells = list(reader.cells(notebook, exercises))
    chapter = Chapter(stem, cells, dict(notebook.metadata.get("onetomany", {})), title=stem)
    twins = [block for cell in cells for block in cell.blocks if block.kind == "twin"]
    if twins:
        english, korean = twins[0].body, twins[0].korean
        chapter.title, chapter.title_ko = _title(english) or stem, _title(korean)
        chapter.question = _point("The question", english) or _first("p", english)
        chapter.question_ko = _point("질문", korean) or _first("p", korean)
        chapter.takes = _point("How long it takes", english)
        chapter.takes_ko = _point("걸리는 시간", korean)
        chapter.limits = _point("What it can't show", english)
        chapter.limits_ko = _point("보여 줄 수 없는 것", korean)
    for twin in twins:
        pairs = zip(_h2(twin.body), _h2(twin.korean), strict=False)
        chapter.headings += [Heading(a, b, en, ko) for (a, en), (b, ko) in pairs]
    return chapter


class _Reader:
    """Numbers blocks in order, so that ids are the same from build to build."""

    def __init__(self, stem: str, folder: Path) -> None:
        self.stem, self.folder = stem, folder
        self.number = 0  # of the code cell being read
        self.counted: dict[str, int] = {}
        # ids that a page uses itself: no heading may be taken for a term's meaning
        self.anchors = {"main", "expert", *(term.id for term in page_terms())}

    def cells(self, notebook: Notebook, exercises: bool) -> Iterator[NotebookCell]:
        waiting: NotebookBlock | None = None  # an English block whose Korean twin must come next
        for cell in notebook.cells:
            tags = cell.metadata.get("tags", [])
            runs = cell.cell_type == "code" and bool(cell.source.strip())
            self.number += runs
            if EXERCISE in tags and not exercises:
                continue
            if cell.cell_type == "markdown":
                lang = next((tag for tag in ("en", "ko") if tag in tags), "")
                block = self.prose(cell.source, lang, cell.get("attachments"))
                if lang == "ko" and waiting:
                    yield NotebookCell(_twins(waiting, block), tags=tuple(tags))
                    waiting = None
                    continue
                self.refuse_single(waiting)
                waiting = block if lang == "en" else None
                if not waiting:
                    yield NotebookCell([block], tags=tuple(tags))
            elif runs and "lab-only" not in tags:
                self.refuse_single(waiting)
                waiting = None
                blocks = _paired(list(self.outputs(cell)))
                for block in blocks:
                    if block.kind == "twin":  # a sentence that the code wrote
                        block.number = self.count("statement")
                yield NotebookCell(
                    blocks,
                    clean_html(Highlight2HTML(pygments_lexer="ipython3")(cell.source)).replace(
                        "<pre>", _PRE
                    ),
                    cell.source,
                    self.number,
                    tuple(tags),
                )
        self.refuse_single(waiting)

    def refuse_single(self, block: NotebookBlock | None) -> None:
        if block:
            start = re.sub(r"\s+", " ", _plain(block.body))[:40]
            raise OneToManyError(
                f'{self.stem}.ipynb: the "en" cell "{start}" has no "ko" cell after it.'
            )

    def count(self, kind: str) -> int:
        self.counted[kind] = self.counted.get(kind, 0) + 1
        return self.counted[kind]

    def prose(self, source: str, lang: str, attachments: Any = None) -> NotebookBlock:
        renderer = IPythonRenderer(
            escape=False,
            embed_images=True,
            exclude_anchor_links=True,
            path=str(self.folder),
            attachments=attachments,
        )
        body = self.safe(MarkdownWithMath(renderer=renderer).render(source))
        body = re.sub(r'(href="[^":]+)\.ipynb(["#])', r"\1.html\2", body)
        body = re.sub(r"<(h[1-6])>(.*?)</h", self.anchored, body)
        body = body.replace("<table>", '<div class="scroll" tabindex="0"><table>')
        body = body.replace("</table>", "</table></div>")
        body = body.replace("<pre>", _PRE)
        return NotebookBlock("prose", body, lang)

    def anchored(self, match: re.Match[str]) -> str:
        """Give a heading the id that links in the notebook use, once on a page."""
        tag, text = match.groups()
        base = anchor = re.sub(r"\s+", "-", _plain(text).strip())
        if anchor in self.anchors:
            anchor = f"{base}-{self.count(base) + 1}"
        self.anchors.add(anchor)
        return f'<{tag} id="{html.escape(anchor)}">{text}</h'

    def outputs(self, cell: Any) -> Iterator[NotebookBlock]:
        text = ""
        for output in cell.outputs:
            if output.output_type == "stream":
                text += output.text if output.name == "stdout" else ""
                continue
            if text.strip():
                yield NotebookBlock("text", clean_html(ansi2html(text.rstrip())))
            text = ""
            if output.output_type == "error":
                yield NotebookBlock("error", html.escape(f"{output.ename}: {output.evalue}"))
            else:
                yield from self.data(output.data, output.get("metadata", {}))
        if text.strip():
            yield NotebookBlock("text", clean_html(ansi2html(text.rstrip())))

    def data(
        self, data: Any, metadata: Any
    ) -> Iterator[NotebookBlock]:  # the richest form, and only it
        if WIDGET in data:
            return
        if isinstance(numbers := data.get(RECKONER), dict):  # shown as text, never as HTML
            count = self.count("reckoner")
            yield NotebookBlock("reckoner", label=PERCENT, number=count, spec=numbers)
            return
        if isinstance(told := data.get(STORY), dict):
            yield NotebookBlock("story", number=self.count("story"), spec=told)
            return
        chart = next((mime for mime in data if VEGALITE.fullmatch(mime)), None)
        if chart:
            yield self.chart(data[chart])
        elif "text/html" in data:
            body = re.sub(r"<style.*?</style>", "", data["text/html"], flags=re.DOTALL)
            if lang := metadata.get("text/html", metadata).get("lang", ""):
                yield NotebookBlock("prose", self.safe(body), lang)
                return
            kind = "table" if "<table" in body else "html"
            if 'class="dataframe"' in body:
                body = _frame(body)
            frame = data.get(PARQUET, "")
            yield NotebookBlock(kind, self.safe(body), number=self.count(kind), frame=frame)
        elif "text/markdown" in data:
            lang = metadata.get("text/markdown", metadata).get("lang", "")
            yield self.prose(data["text/markdown"], lang)
        elif image := next((mime for mime in ("image/png", "image/jpeg") if mime in data), None):
            alt = metadata.get(image, {}).get("alt", f"Image of cell [{self.number}]")
            source = f"data:{image};base64,{data[image].replace(chr(10), '')}"
            yield NotebookBlock("image", source, label=alt, number=self.count("image"))
        elif "text/plain" in data:
            yield NotebookBlock("text", clean_html(ansi2html(data["text/plain"])))

    def chart(self, spec: dict[str, Any]) -> NotebookBlock:
        if fault := refused_chart(spec):
            raise self.refusal(fault)
        # $schema is a link, usermeta could switch the link to an online editor on again
        spec = {key: value for key, value in spec.items() if key not in ("$schema", "usermeta")}
        spec["config"] = {"font": FONT, **spec.get("config", {})}
        number = self.count("chart")
        label = spec.get("description") or f"Chart {number}"
        return NotebookBlock("chart", label=label, number=number, spec=spec)

    def safe(self, body: str) -> str:
        """Let through only HTML that loads nothing from elsewhere and runs nothing.

        The page's own additions (ids, boxes that scroll) are added later.
        """
        if "vegaEmbed" in body:
            raise self.refusal(
                "a chart drawn by altair's default renderer, which loads scripts from the network; "
                "import a module of onetomany.charts before drawing"
            )
        if found := refused_html(body):
            raise self.refusal(f"HTML that a self-contained page can't contain, {found}")
        return clean_html(body)

    def refusal(self, what: str) -> OneToManyError:
        return OneToManyError(f"{self.stem}.ipynb, at cell [{self.number}]: {what}.")


def _twins(english: NotebookBlock, korean: NotebookBlock) -> list[NotebookBlock]:
    """Lay two texts side by side, section by section where both have as many."""
    bodies = [re.split(r"(?=<h[23]\b)", block.body.strip()) for block in (english, korean)]
    parts = [[part for part in body if part] for body in bodies]
    if len(parts[0]) != len(parts[1]):
        return [NotebookBlock("twin", english.body, korean=korean.body)]
    return [NotebookBlock("twin", en, korean=ko) for en, ko in zip(*parts, strict=True)]


def _paired(blocks: list[NotebookBlock]) -> list[NotebookBlock]:
    """Lay sentences that the code wrote in both languages side by side too."""
    paired: list[NotebookBlock] = []
    for block in blocks:
        if block.lang == "ko" and paired and paired[-1].lang == "en":
            paired[-1:] = _twins(paired[-1], block)
        else:
            paired.append(block)
    return paired


def _frame(body: str) -> str:
    """Return a polars frame as a table for readers.

    No type names and no quotes, – for a missing value, numbers to the right. Its size is given only
    if rows or columns are left out.
    """
    body = re.sub(r"<tr>(<td>[^<]*</td>)+</tr></thead>", "</thead>", body)
    body = body.replace("<td>null</td>", "<td>–</td>")
    # a text that was cut has no closing quote
    body = re.sub(r"<td>&quot;(.*?)(?:&quot;)?</td>", r"<td>\1</td>", body, flags=re.DOTALL)
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    values = [re.findall(r"<td>(.*?)</td>", row, re.DOTALL) for row in rows[1:]]
    numeric = [all(map(_NUMBER.fullmatch, column)) for column in zip(*values, strict=True)]

    right_aligned = ' class="number"'

    def row(match: re.Match[str]) -> str:
        cells = re.findall(r"<(t[dh])>(.*?)</t", match.group(1), re.DOTALL)
        right = numeric or [False] * len(cells)
        return "".join(
            f"<{tag}{right_aligned * number}>{text}</{tag}>"
            for (tag, text), number in zip(cells, right, strict=True)
        ).join(("<tr>", "</tr>"))

    body = re.sub(r"<tr>(.*?)</tr>", row, body, flags=re.DOTALL)
    body = re.sub(r"<td>(https?://[^<\s]+)</td>", r'<td><a href="\1">\1</a></td>', body)
    size = r"<small>shape: \(([\d_]+), ([\d_]+)\)</small>"
    shown = r"<small>\1 rows 행, \2 columns 열</small>" if "&hellip;" in body else ""
    return re.sub(size, shown, body)


def _plain(body: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", body)).strip()


def _title(body: str) -> str:
    """Return the heading without the chapter's number, which the page shows next to it."""
    return re.sub(r"^\d+ · ", "", _first("h1", body))


def _point(name: str, body: str) -> str:
    """Return the text of one point in a chapter's opening list."""
    match = re.search(rf"<li><strong>{name}\.</strong>(.*?)</li>", body, re.DOTALL)
    return _plain(match.group(1)) if match else ""


def _first(tag: str, body: str) -> str:
    match = re.search(rf"<{tag}\b[^>]*>(.*?)</{tag}>", body, re.DOTALL)
    return _plain(match.group(1)) if match else ""


def _h2(body: str) -> list[tuple[str, str]]:
    return [
        (anchor, _plain(text)) for anchor, text in re.findall(r'<h2 id="(.*?)">(.*?)</h2', body)
    ]
