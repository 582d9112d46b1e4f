"""Documents as PDF/A-2a with tags (PDF/UA-1), set by typst from parts; and the same as Markdown.

A part is a dict with a `kind`: heading, pair (a paragraph in both languages), points, statement,
figure, table, grid (a table without a number), list (names with their pages). Its words are data
to typst, never markup. The same parts give the same bytes.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import polars as pl
import typst

from onetomany.errors import OneToManyError
from onetomany.report.fonts import font_folder
from onetomany.report.side_pages import STAMP, STAMP_KO
from onetomany.sources.kit_files import packaged_toml

STANDARDS = ["a-2a", "ua-1"]
MOST_ROWS = 40  # of a table in print; all of them are in its CSV
LINE, INSET, LETTER = 482.0, 6.0, 0.56  # points of a line and around a cell; a letter's width in em

Part = dict[str, Any]


@dataclass(frozen=True)
class Document:
    """A document: its title, the sentences below it (`en` and `ko` of each), and its parts."""

    title: str
    title_ko: str
    lede: Sequence[Mapping[str, str]]
    parts: Sequence[Part]

    def write(self, stem: Path, foot: str, day: date) -> None:
        """Write it as `stem`.md and `stem`.pdf."""
        stem.with_suffix(".md").write_text(self.markdown(), encoding="utf-8")
        stem.with_suffix(".pdf").write_bytes(self.pdf(foot, day))

    def pdf(self, foot: str, day: date, pictures: Mapping[str, bytes] | None = None) -> bytes:
        """Set it as PDF. `pictures` are SVG files by the name that a figure's `image` gives.

        `day` is the document's date, in its text and its metadata. Raises OneToManyError if the
        document can't be set, or would break the standards.
        """
        about = {"foot": foot, "date": day.isoformat(), "stamp": STAMP, "stamp_ko": STAMP_KO}
        content = json.dumps(vars(self) | about, ensure_ascii=False)
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            template = resources.files("onetomany.evidence") / "data" / "document.typ"
            (root / "document.typ").write_bytes(template.read_bytes())
            (root / "content.json").write_text(content, "utf-8")
            for name, picture in (pictures or {}).items():
                (root / name).write_bytes(picture)
            try:
                made = typst.compile(
                    str(root / "document.typ"),
                    root=folder,
                    font_paths=[str(font_folder())],
                    ignore_system_fonts=True,
                    pdf_standards=STANDARDS,
                    timestamp=int(datetime.combine(day, time(), UTC).timestamp()),
                )
            except typst.TypstError as error:
                raise OneToManyError(f"'{self.title}' can't be set as PDF: {error}") from error
        return bytes(made)

    def markdown(self) -> str:
        """Return it as Markdown: English, then Korean, part by part."""
        lines = [f"# {self.title} · {self.title_ko}", "", f"*{STAMP} · {STAMP_KO}*"]
        for each in self.lede:
            lines += ["", each["en"], "", each["ko"]]
        for part in self.parts:
            lines.append("")
            if part["kind"] == "heading":
                lines.append(f"{'#' * (part['level'] + 1)} {part['en']} · {part['ko']}")
            elif part["kind"] == "pair":
                lines += [part["en"], "", part["ko"]]
            elif part["kind"] == "points":
                lines += [f"- {each['en']}\n  {each['ko']}" for each in part["items"]]
            elif part["kind"] == "statement":
                lines += [
                    f"**{part['label']} · {part['label_ko']}**",
                    "",
                    part["en"],
                    "",
                    part["ko"],
                ]
            elif part["kind"] in ("table", "grid"):
                if part["kind"] == "table":
                    lines += [f"**{part['label']} · {part['label_ko']}** {part['title']}", ""]
                lines.append(_row(part["head"]))
                lines.append("|" + "---|" * len(part["head"]))
                lines += [_row(row) for row in part["rows"]]
            for name, text in part.get("notes", ()):
                lines += ["", f"{name}: {text}"]
        return "\n".join(lines) + "\n"


def heading(level: int, en: str, ko: str, at: str = "", page: bool = False) -> Part:
    part = {"kind": "heading", "level": level, "en": en, "ko": ko, "page": page}
    return part | ({"at": at} if at else {})


def pair(en: str, ko: str) -> Part:
    return {"kind": "pair", "en": en, "ko": ko}


@cache
def document_sentences() -> dict[str, Any]:
    """Return the fixed sentences of documents by name, in English and Korean (data/prose.toml)."""
    return packaged_toml(__package__, "prose.toml")


def fixed_pair(name: str, **facts: str) -> Part:
    """Return a paragraph of `document_sentences`, its blanks filled with facts."""
    en, ko = document_sentences()[name]
    return pair(en.format_map(facts), ko.format_map(facts))


def points(*items: tuple[str, str]) -> Part:
    return {"kind": "points", "items": [{"en": en, "ko": ko} for en, ko in items]}


def grid(frame: pl.DataFrame) -> Part:
    """Return a frame for print: its first MOST_ROWS rows, floats to six digits, fitted columns."""
    shown = frame.head(MOST_ROWS)
    columns = {name: [_text(value) for value in shown[name].to_list()] for name in shown.columns}
    least = [
        max(
            *(_longest(word) for word in name.replace("_", "_ ").split(" ")),
            *(_longest(word) for value in values for word in value.split(" ")),
            3,
        )
        for name, values in columns.items()
    ]
    wanted = [
        max(need, letters(name), min(_usual([letters(value) for value in values]), 70))
        for need, (name, values) in zip(least, columns.items(), strict=True)
    ]
    size = next((s for s in (8.0, 7.0, 6.0) if sum(least) <= _room(s, len(least))), 5.0)
    room = _room(size, len(least))
    spare = max(room - sum(least), 0.0)
    more = max(sum(wanted) - sum(least), 1)
    share = min(1.0, spare / more)
    across = [need + (want - need) * share for need, want in zip(least, wanted, strict=True)]
    scale = min(1.0, room / sum(across))
    return {
        "kind": "grid",
        "head": shown.columns,
        "rows": [list(row) for row in zip(*columns.values(), strict=True)],
        "widths": [round(each * scale * size * LETTER + INSET, 1) for each in across],
        "numeric": [dtype.is_numeric() for dtype in shown.dtypes],
        "size": size,
    }


def grids(frame: pl.DataFrame) -> Iterator[Part]:
    """Yield a frame as grids of up to MOST_ROWS rows, so that print shows every row."""
    for rows in frame.iter_slices(MOST_ROWS) if frame.height else ():
        yield grid(rows)


def _room(size: float, columns: int) -> float:
    """Return how many letters of a size fit into a line, without the columns' insets."""
    return (LINE - columns * INSET) / (size * LETTER)


def letters(value: str) -> float:
    """Return the width in letters; a Hangul syllable counts as two."""
    return sum(2 if letter >= "ᄀ" else 1 for letter in value)


def _usual(widths: list[float]) -> float:
    """Return the width that four of five values stay under, so that one can't crowd the rest."""
    return sorted(widths)[len(widths) * 4 // 5] if widths else 0.0


def _longest(word: str) -> float:
    """Return the widest unbreakable piece of a word; addresses and Hangul break anywhere."""
    if word.startswith("http") or len(word) > 44:
        return 16
    return min(letters(word), 10) if any(letter >= "ᄀ" for letter in word) else len(word)


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
