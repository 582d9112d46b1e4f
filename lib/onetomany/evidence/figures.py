"""Read the items of an executed chapter: its charts, tables and computed sentences.

Each item has the number of the chapter's page (Figure 02-3, Table 02-1, Statement 02-4) and the
files by which two runs are compared: of a chart its specification and data, of a table its data,
of a statement its words. Equal content gives equal bytes.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import polars as pl
from lxml import html

from onetomany.errors import InputError
from onetomany.report.chapter import Chapter, NotebookBlock, NotebookCell
from onetomany.report.shown import TEMPLATE, unpack_frame
from onetomany.sources.tables import csv_text

VARIES = "varies"  # the tag of cells that show the machine's speed, the day or the like

Kind = Literal["figure", "table", "statement"]
NAMES: dict[Kind, tuple[str, str]] = {
    "figure": ("Figure", "그림"),
    "table": ("Table", "표"),
    "statement": ("Statement", "진술"),
}
LISTED = {  # a row a file
    "number": pl.String,  # 02-3
    "kind": pl.String,  # figure, table, statement
    "cell": pl.Int64,  # the code cell that gave it, as JupyterLab counts
    "title": pl.String,
    "title_ko": pl.String,
    "file": pl.String,  # in the payload
    "rows": pl.Int64,  # of data
    "sha256": pl.String,  # of the file
    "varies": pl.Boolean,
    "simulated": pl.Boolean,
}

_SIMULATED, _SOURCE = "SIMULATED 모의 자료: ", "Source 출처: "
_SENTENCE = re.compile(r"(?<=[.])\s+(?=[A-Z가-힣])")
_INTERVAL = re.compile(  # or why there is none
    r"95\s?%|\bintervals?\b|\b(all|each)\b[^.;]*\bcounted\b|\b(rates|figures) alone\b", re.I
)
_BRACKET = re.compile(
    r"\([^()]*95\s?%[^()]*\)|\([\d.,]+\s?%? ?(?:to|–|~) ?[\d.,]+\s?%?\)"
    r"|\([^()]*\d\s?% (?:to|–|~) ?[\d.]+\s?%[^()]*\)"
)
_COUNTED = re.compile(
    r"(?<![\d.,])(?:[1-9]\d*(?:,\d{3})*|[\d.]+ (?:million|billion)) "
    r"(?:(?:different|other|real|simulated|synthetic|enrolled|non-mated|mated|published|made-up) )?"
    r"(?:people|persons|subjects|images|pictures|records|passengers|travellers|probes|searches|"
    r"pairs|comparisons|templates|cameras|arrivals|countries|algorithms|claims|documents|"
    r"sightings|tracks|alarms|flags|entries|agencies|faces|alerts|"
    r"rows|cells|files|days|households|coupons|changes|requests|deadlines|values|numbers|newcomers|figures)\b"
)
TOKEN = re.compile(r"[-−+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?(?:\s?%)?")


@dataclass(frozen=True)
class Figure:
    """An item. `data` are its frames; a chart's `spec` names them data-1, data-2."""

    number: str
    kind: Kind
    cell: int
    title: str
    title_ko: str
    text: str  # of a statement its words; of a chart its description for those who can't see it
    text_ko: str = ""
    section: str = ""  # the heading above it
    section_ko: str = ""
    source: str = ""
    simulated: str = ""
    sample: str = ""  # the counts that it states
    interval: str = ""  # the interval that it states
    varies: bool = False
    as_shown: bool = False  # a table whose cells are its text: the frame itself was not kept
    spec: dict[str, Any] | None = None
    data: tuple[pl.DataFrame, ...] = ()
    drawn: dict[str, Any] | None = None  # the specification with its data in it, to draw

    @property
    def label(self) -> str:
        return f"{NAMES[self.kind][0]} {self.number}"

    @property
    def label_ko(self) -> str:
        return f"{NAMES[self.kind][1]} {self.number}"

    @property
    def rows(self) -> int:
        return sum(frame.height for frame in self.data)

    @property
    def tokens(self) -> list[str]:
        """Return the numbers in a statement, as it writes them."""
        return TOKEN.findall(self.text) if self.kind == "statement" else []

    @property
    def stem(self) -> str:
        """Return the path of its files in the payload, without their ending."""
        return f"{self.kind}s/{self.number}"

    @cached_property
    def tables(self) -> dict[str, pl.DataFrame]:
        """Return its data by the stem of their files, numbered if there are several."""
        several = len(self.data) > 1
        return {
            f"{self.stem}-{n}" if several else self.stem: frame
            for n, frame in enumerate(self.data, 1)
        }

    @cached_property
    def files(self) -> dict[str, bytes]:
        """Return the files compared between runs, by path in the payload."""
        if self.kind == "statement":
            return {f"{self.stem}.txt": f"{self.text}\n{self.text_ko}\n".encode()}
        spec = {f"{self.stem}.json": _canonical(self.spec)} if self.spec else {}
        return spec | {f"{stem}.csv": _csv_bytes(frame) for stem, frame in self.tables.items()}

    @property
    def hashes(self) -> dict[str, str]:
        return {path: hashlib.sha256(content).hexdigest() for path, content in self.files.items()}


def read_figures(chapter: Chapter) -> list[Figure]:
    """Return the items of a chapter in the order of its page.

    Raises InputError if a chart may contain templates: none goes into an exhibit. (`report.shown`
    never keeps a frame that may contain some.)
    """
    return list(_Reader(chapter).items())


def list_item_files(figures: Sequence[Figure]) -> pl.DataFrame:
    """List the files of the items, schema LISTED."""
    own = ("number", "kind", "cell", "title", "title_ko", "varies")
    rows = [
        {name: getattr(each, name) for name in own}
        | {"file": path, "sha256": digest, "simulated": bool(each.simulated)}
        | {"rows": heights.get(path)}
        for each in figures
        for heights in [{f"{stem}.csv": frame.height for stem, frame in each.tables.items()}]
        for path, digest in each.hashes.items()
    ]
    return pl.DataFrame(rows, schema=LISTED)


def _csv_bytes(frame: pl.DataFrame) -> bytes:
    """Write a frame as CSV in one form: UTF-8, text quoted, missing values empty, floats exact.

    Texts that a spreadsheet takes for formulas are marked (`sources.tables`).
    """
    nested = [name for name, dtype in frame.schema.items() if dtype.is_nested()]
    flat = frame.with_columns(
        pl.Series(name, [_json(value) for value in frame[name].to_list()], pl.String)
        for name in nested
    )
    return csv_text(flat, quote_style="non_numeric").encode()


def _canonical(spec: Any) -> bytes:
    """Write a specification in one form: JSON with sorted keys, a line a key."""
    text = json.dumps(spec, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False)
    return (text + "\n").encode()


class _Reader:
    """Reads a chapter's page in order and remembers the current heading."""

    def __init__(self, chapter: Chapter) -> None:
        self.chapter = chapter
        self.section, self.section_ko = chapter.title, chapter.title_ko

    def items(self) -> Iterator[Figure]:
        for cell in self.chapter.cells:
            for block in cell.blocks:
                if not cell.code:
                    self.section = _last_heading(block.body) or self.section
                    self.section_ko = _last_heading(block.korean) or self.section_ko
                elif item := self.item(cell, block):
                    yield replace(
                        item,
                        varies=VARIES in cell.tags,
                        section=self.section,
                        section_ko=self.section_ko,
                    )

    def item(self, cell: NotebookCell, block: NotebookBlock) -> Figure | None:
        readers = {"chart": self.chart, "table": self.table, "twin": self.statement}
        if block.kind not in readers:
            return None
        try:
            return readers[block.kind](cell, block)
        except InputError as error:
            raise InputError(f"{self.chapter.stem}.ipynb, cell [{cell.number}]: {error}") from error

    def figure(self, cell: NotebookCell, block: NotebookBlock, kind: Kind, **facts: Any) -> Figure:
        """Return an item, by default with its section's title and this run as source."""
        known = {
            "title": self.section,
            "title_ko": self.section_ko,
            "source": f"{self.chapter.stem}.ipynb, cell [{cell.number}], this run",
        }
        number = f"{self.chapter.number}-{block.number}"
        return Figure(number=number, kind=kind, cell=cell.number, **known | facts)

    def chart(self, cell: NotebookCell, block: NotebookBlock) -> Figure:
        spec, frames = _without_data(block.spec)
        title = spec.get("title") or {}
        title = title if isinstance(title, dict) else {"text": title}
        lines = _lines(title.get("subtitle"))
        source = _after(_SOURCE, lines)
        alt = spec.get("description", "")
        clauses = [part for each in _SENTENCE.split(alt) for part in each.split("; ")]
        said = [*re.split(r"[;,] ", source), *clauses]
        korean = (line for line in lines if not line.startswith((_SIMULATED, _SOURCE)))
        return self.figure(
            cell,
            block,
            "figure",
            title=" ".join(_lines(title.get("text"))) or self.section,
            title_ko=next(korean, self.section_ko),
            text=alt,
            source=source,
            simulated=_after(_SIMULATED, lines),
            sample=_counts(f"{source}. {alt}"),
            interval="; ".join(filter(None, (_intervals(said), _limit_columns(frames)))),
            spec=spec,
            data=frames,
            drawn=block.spec,
        )

    def table(self, cell: NotebookCell, block: NotebookBlock) -> Figure:
        frame = unpack_frame(block.frame) if block.frame else _cells_of(block.body)
        facts = {"interval": _limit_columns((frame,)), "as_shown": not block.frame}
        return self.figure(cell, block, "table", text="", data=(frame,), **facts)

    def statement(self, cell: NotebookCell, block: NotebookBlock) -> Figure:
        english, korean = _paragraphs(block.body), _paragraphs(block.korean)
        # several lines are a text that is shown, such as a letter: no result, so no N
        result, result_ko = ("", "") if "\n" in english else (english, korean)
        return self.figure(
            cell,
            block,
            "statement",
            text=english,
            text_ko=korean,
            sample=_counts(result),
            interval=_intervals(_SENTENCE.split(result)) or _intervals(_SENTENCE.split(result_ko)),
        )


def _without_data(spec: dict[str, Any]) -> tuple[dict[str, Any], tuple[pl.DataFrame, ...]]:
    """Return a specification that names its data, and the data; data-1 is the first frame.

    Names that a library made from a hash or counter of its own are replaced by the order of the
    data, so that equal charts have equal specifications.
    """
    held: dict[str, list[Any]] = spec.get("datasets", {})
    frames: list[pl.DataFrame] = []
    names: dict[str, str] = {}

    def add(rows: Any) -> str:
        frames.append(_frame_of(rows))
        return f"data-{len(frames)}"

    def walk(part: Any) -> Any:
        if isinstance(part, list):
            return [walk(each) for each in part]
        if not isinstance(part, dict):
            return part
        out = {}
        for key in sorted(part):
            value = part[key]
            if key == "data" and isinstance(value, dict) and "values" in value:
                rest = {name: each for name, each in value.items() if name != "values"}
                out[key] = rest | {"name": add(value["values"])}
            elif key == "data" and isinstance(value, dict) and value.get("name") in held:
                name = value["name"]
                if name not in names:
                    names[name] = add(held[name])
                out[key] = value | {"name": names[name]}
            else:
                out[key] = walk(value)
        return out

    bare = walk({key: value for key, value in spec.items() if key != "datasets"})
    return bare, tuple(frames)


def _frame_of(rows: Any) -> pl.DataFrame:
    """Return the rows of a chart's data (JSON) as a frame; columns of mixed kinds become text.

    Raises InputError if a row has as many numbers as a template.
    """
    listed = rows if isinstance(rows, list) else [rows]
    listed = [row if isinstance(row, dict) else {"data": row} for row in listed]
    if any(_like_template(row) for row in listed):
        raise InputError(
            f"a chart has rows of {TEMPLATE} numbers or more, as a template does; draw it "
            "without them."
        )
    names = list(dict.fromkeys(name for row in listed for name in row))
    return pl.DataFrame([_column(name, [row.get(name) for row in listed]) for name in names])


def _cells_of(body: str) -> pl.DataFrame:
    """Return the cells of an HTML table as text, if its frame was not kept."""
    rows = [
        [" ".join(cell.text_content().split()) for cell in row.xpath("./td|./th")]
        for row in html.fromstring(body).xpath(".//tr")
    ]
    width = max(map(len, rows), default=0)
    head, *rest = [row + [""] * (width - len(row)) for row in rows] or [[]]
    names = [f"{name or 'column'}_{n}" if head.count(name) > 1 or not name else name
             for n, name in enumerate(head, 1)]  # fmt: skip
    return pl.DataFrame({name: [row[n] for row in rest] for n, name in enumerate(names)})


def _like_template(row: dict[str, Any]) -> bool:
    lists = [row.values(), *(value for value in row.values() if isinstance(value, list))]
    return any(sum(isinstance(each, float) for each in values) >= TEMPLATE for values in lists)


def _column(name: str, values: list[Any]) -> pl.Series:
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float} or (len(kinds) <= 1 and kinds <= {str, bool}):
        return pl.Series(name, values, pl.Float64 if float in kinds else None)
    return pl.Series(name, [_json(value) for value in values], pl.String)


def _json(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def _lines(text: Any) -> list[str]:
    return [text] if isinstance(text, str) else list(text or [])


def _after(mark: str, lines: list[str]) -> str:
    return next((line.removeprefix(mark) for line in lines if line.startswith(mark)), "")


def _counts(text: str) -> str:
    return "; ".join(dict.fromkeys(_COUNTED.findall(text)))


def _intervals(sentences: list[str]) -> str:
    """Return the brackets that give an interval, or else the sentences about intervals."""
    brackets = [each[1:-1] for sentence in sentences for each in _BRACKET.findall(sentence)]
    said = brackets or [each for each in sentences if _INTERVAL.search(each)]
    return "; ".join(dict.fromkeys(said))


def _limit_columns(frames: tuple[pl.DataFrame, ...]) -> str:
    """Return the columns of lower and upper values of an interval, spread or bound."""
    names = dict.fromkeys(
        name
        for frame in frames
        for name in frame.columns
        if name in ("low", "high") or name.endswith(("_low", "_high"))
    )
    return f"bounds in columns {', '.join(names)}" if names else ""


def _last_heading(body: str) -> str:
    found = re.findall(r"<h[1-3]\b[^>]*>(.*?)</h[1-3]>", body, re.DOTALL)
    return re.sub(r"^\d+ · ", "", _plain(found[-1])) if found else ""


def _paragraphs(body: str) -> str:
    """Write each paragraph as a line: a letter shown as one statement keeps its lines."""
    return "\n".join(map(_plain, re.split(r"(?<=</p>)\s*(?=<p\b)", body)))


def _plain(body: str) -> str:
    text = html.fromstring(f"<div>{body}</div>").text_content()
    return " ".join(text.split())
