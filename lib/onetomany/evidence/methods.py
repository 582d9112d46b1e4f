"""Write the methods statement from the run: questions, data, functions called, rates, limits.

Questions and limits come from the chapters, datasheets from the kit, the methods from the
functions that the chapters call (data/methods.toml), rates from tables and sentences of the
run. Nothing is written by hand for a run.
"""

import ast
import functools
import importlib
import platform
import re
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import polars as pl

import onetomany
from onetomany.report.chapter import Chapter
from onetomany.sources.kit_files import packaged_files, packaged_toml
from .figures import Figure
from .typesetting import Part, fixed_pair, grid, grids, heading, pair, points

PACKAGES = (
    "altair", "deepface", "dlib-bin", "duckdb", "faiss-cpu", "jupedsim", "lir", "nbclient",
    "numpy", "onnxruntime", "polars", "scikit-learn", "scipy", "trackers", "typst",
    "vl-convert-python",
)  # fmt: skip
# rooms whose functions draw charts, print sentences or make widgets
SHOWING = ("charts", "prose", "widgets")
_SAID = {
    "title": "제목", "publisher": "펴낸 곳", "source": "출처", "kind": "종류", "collected": "수집",
    "covers": "범위", "licence": "이용 허락", "terms": "이용 조건", "credit": "저작자 표시",
    "consent_basis": "동의의 근거", "training_data": "학습 자료", "seen": "찍힌 사람",
    "limits": "한계", "caution": "주의", "written": "작성",
}  # fmt: skip
_RATE = re.compile(r"\d\s?%|\d\.\d|\d:\d")


@dataclass(frozen=True)
class ShownDatasheet:
    """A datasheet of the kit: its file in the package, its name, its fields, who shows its data."""

    file: str
    name: str
    fields: dict[str, Any]
    chapters: tuple[str, ...]


def datasheets(texts: dict[str, str]) -> list[ShownDatasheet]:
    """Return the datasheets of all data whose title, name or address is in a chapter.

    `texts` contains the code and outputs of each chapter, by stem. Every chart of the kit names its
    data in its source line. Tables without such a name are found by the functions that read them
    (`read_by`).
    """
    found = []
    for file, name, fields in _held():
        given = (fields.get(key) for key in ("title", "url"))  # a title may be in two languages
        marks = [each for each in given if isinstance(each, str)] + _names(fields)
        chapters = [
            stem
            for stem, text in texts.items()
            if _named(file, fields, marks, text)
            or any(_called(function, text) for function in fields.get("read_by", ()))
        ]
        if chapters:
            found.append(ShownDatasheet(file, name, fields, tuple(chapters)))
    return found


def all_sheets() -> list[ShownDatasheet]:
    """Return every datasheet of the package, used or not."""
    return [ShownDatasheet(file, name, fields, ()) for file, name, fields in _held()]


def _named(file: str, fields: dict[str, Any], marks: Sequence[str | None], text: str) -> bool:
    # a sheet that only quotes a publication is not data of a chapter that cites the page
    data = "licence" in fields or _imported(file.partition("/")[0], text)
    return data and any(mark in text for mark in marks if mark)


def _called(function: str, text: str) -> bool:
    """Return whether a chapter imports a function's module from its room and calls it."""
    room, module, name = function.rsplit(".", 2)
    brought = re.search(rf"from {re.escape(room)} import [^\n\\]*\b{module}\b", text)
    return bool(brought and re.search(rf"\b{module}\.{name}\(", text))


def _imported(room: str, text: str) -> bool:
    return bool(re.search(rf"\bonetomany\.{room}\b|from onetomany import [^\n\\]*\b{room}\b", text))


def sheet_file(file: str) -> bytes:
    """Return the bytes of a datasheet's file in the package."""
    return resources.files("onetomany").joinpath(file).read_bytes()


def methods_statement(
    chapters: Sequence[Chapter],
    figures: Sequence[Figure],
    sheets: Sequence[ShownDatasheet],
    commit: str,
    sources: pl.DataFrame,
) -> list[Part]:
    """Return the parts of the statement, for `typesetting.pdf` and `typesetting.markdown`.

    `sources` are the run's sources (`cited.CITED`); the kit's own data files among them are named.
    """
    parts = [heading(1, "Questions", "질문")]
    for chapter in chapters:
        parts += [
            heading(2, f"{chapter.number} {chapter.title}", chapter.title_ko or chapter.title),
            pair(chapter.question, chapter.question_ko),
        ]
    parts += [heading(1, "Data", "자료"), *_data(sheets), *_files(sources)]
    parts += [heading(1, "Method", "방법"), *_method(chapters)]
    parts += [heading(1, "Error rates and intervals", "오류율과 구간"), *_rates(figures)]
    parts.append(heading(1, "Limits", "한계"))
    for chapter in chapters:
        if chapter.limits:
            parts.append(heading(2, f"{chapter.number} {chapter.title}", chapter.title_ko))
            parts.append(pair(chapter.limits, chapter.limits_ko))
    parts += [heading(1, "Versions", "버전"), *_versions(commit)]
    return parts


def used_functions(chapter: Chapter) -> list[str]:
    """Return the kit's functions and classes that a chapter calls, sorted, by their full names.

    Functions that draw charts, show sentences or make widgets (`SHOWING`) are left out.
    """
    called: set[str] = set()
    imported: dict[str, str] = {}
    for tree in _trees(chapter):
        imported |= _imports(tree)
        for node in ast.walk(tree):
            name = _dotted(node.func) if isinstance(node, ast.Call) else ""
            first, _, rest = name.partition(".")
            if first in imported:
                called.add(f"{imported[first]}.{rest}".rstrip("."))
    return sorted(name for name in called if name.split(".")[1] not in SHOWING and _callable(name))


@functools.cache
def _method_sentences() -> dict[str, tuple[str, str, str]]:
    """Return English sentence, Korean sentence and reference by function (data/methods.toml).

    >>> _method_sentences()["onetomany.accuracy.wilson"][2]
    'Wilson, JASA 22:158 (1927)'
    """
    return {
        f"onetomany.{function}": (english, korean, group["reference"])
        for group in packaged_toml(__package__, "methods.toml")["followed"]
        for function, (english, korean) in group["functions"].items()
    }


def seeds(chapter: Chapter) -> list[str]:
    """Return the seeds in a chapter's code, as it writes them."""
    found: dict[str, None] = {}
    for tree in _trees(chapter):
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg and "seed" in node.arg:
                found[f"{node.arg}={ast.unparse(node.value)}"] = None
            elif isinstance(node, ast.Call) and _dotted(node.func).endswith("default_rng"):
                found[ast.unparse(node)] = None
    return list(found)


def versions() -> dict[str, str]:
    """Return the versions of this kit, Python, and the libraries that compute and draw."""
    own = {"onetomany": onetomany.__version__, "Python": platform.python_version()}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):  # of an extra that this run did without
            own[name] = version(name)
    return own


def _data(sheets: Sequence[ShownDatasheet]) -> Iterator[Part]:
    yield fixed_pair("data")
    for sheet in sheets:
        title = sheet.fields.get("title") or sheet.fields.get("name") or sheet.name
        yield heading(2, f"{title} ({sheet.name})", f"{', '.join(sheet.chapters)}에서 씀")
        quoted = [
            (f"{key} {korean}", str(sheet.fields[key]))
            for key, korean in _SAID.items()
            if sheet.fields.get(key)
        ]
        quoted.append(("used in 쓰인 장", ", ".join(sheet.chapters)))
        head = ["field 항목", "text of the datasheet 데이터시트의 글"]
        yield grid(pl.DataFrame(quoted, schema=head, orient="row"))


def _files(sources: pl.DataFrame) -> Iterator[Part]:
    held = sources.filter(pl.col("path").str.starts_with("onetomany/"), pl.col("sha256") != "")
    yield heading(2, "Files of the kit", "도구의 자료 파일")
    if held.is_empty():
        yield fixed_pair("no_files")
        return
    yield fixed_pair("files")
    head = {"path": "file 파일", "sha256": "SHA-256", "cited_in": "used in 쓰인 장"}
    yield from grids(held.select(*head).rename(head))


def _method(chapters: Sequence[Chapter]) -> Iterator[Part]:
    yield fixed_pair("method")
    head = ["function 함수", "what it does", "하는 일", "reference 근거"]
    missing = ("Not described here.", "여기에 설명이 없다.", "–")
    for chapter in chapters:
        rows = [
            (name.removeprefix("onetomany."), *_method_sentences().get(name, missing))
            for name in used_functions(chapter)
        ]
        given = ", ".join(seeds(chapter))
        if rows or given:
            yield heading(2, f"{chapter.number} {chapter.title}", chapter.title_ko)
        yield from grids(pl.DataFrame(rows, schema=head, orient="row"))
        if given:
            yield pair(f"Seeds: {given}.", f"난수 씨앗: {given}.")


def _rates(figures: Sequence[Figure]) -> Iterator[Part]:
    yield fixed_pair("rates")
    stated = [
        (each.text, each.text_ko, each)
        for each in figures
        if each.kind == "statement" and each.interval and _RATE.search(each.text)
    ]
    if stated:
        yield points(
            *((f"{each.label}: {en}", f"{each.label_ko}: {ko}") for en, ko, each in stated)
        )
    tabled = [
        {
            "item 항목": each.label,
            "title 제목": each.title,
            "interval 구간": each.interval,
            "N": each.sample or "–",
            "data 자료": " ".join(path for path in each.files if path.endswith(".csv")),
        }
        for each in figures
        if each.kind != "statement" and each.interval
    ]
    if tabled:
        yield from grids(pl.DataFrame(tabled))
    if not stated and not tabled:
        yield fixed_pair("no_rates")


def _versions(commit: str) -> Iterator[Part]:
    yield fixed_pair(
        "versions",
        commit=commit or "unknown: the notebooks lay in no repository",
        commit_ko=commit or "알 수 없음(저장소 밖의 노트북)",
        system=platform.system(),
        machine=platform.machine(),
    )
    head = ["component 구성 요소", "version 버전"]
    yield grid(pl.DataFrame(list(versions().items()), schema=head, orient="row"))


def _held() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield every datasheet of the package: a file, or a table in a file of several."""
    for path, file in packaged_files():
        if not path.endswith(".toml"):
            continue
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
        if "licence" in raw:
            yield path, raw.get("name") or path.rsplit("/", 1)[-1].removesuffix(".toml"), raw
            continue
        for name, value in raw.items():
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, dict) and ("licence" in each or "publisher" in each):
                    yield path, each.get("name") or name, each


def _names(fields: dict[str, Any]) -> list[str]:
    """Return the names by which code and charts cite data without a title."""
    several = [each.get("name", "") for each in fields.get("sequence", ())]
    own = fields.get("name", "")
    quoted = [f'"{own}"'] if "title" in fields else [f'"{own}"', f" {own};", f" {own},"]
    return [each for each in (*several, *(quoted if own else ())) if each]


def _trees(chapter: Chapter) -> Iterator[ast.Module]:
    for cell in chapter.cells:
        try:
            yield ast.parse(cell.source)
        except SyntaxError:  # a cell in IPython's own notation
            continue


def _imports(tree: ast.Module) -> dict[str, str]:
    found = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("onetomany"):
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return node.id if isinstance(node, ast.Name) else ""


def _callable(name: str) -> bool:
    """Return whether a dotted name leads to a function or class of the kit."""
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            value: Any = importlib.import_module(".".join(parts[:cut]))
        except ImportError:
            continue
        for attribute in parts[cut:]:
            value = getattr(value, attribute, None)
        return callable(value)
    return False
