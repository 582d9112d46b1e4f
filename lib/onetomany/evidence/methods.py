"""Write the methods statement from the run: questions, data, functions called, rates, limits.

Questions and limits come from the chapters, datasheets from the kit, the methods from the
functions that the chapters call (data/methods.toml), rates from tables and sentences of the
run. Nothing is written by hand for a run.
"""

from __future__ import annotations

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
from importlib.resources.abc import Traversable
from typing import Any

import polars as pl

import onetomany
from onetomany.evidence.figures import Figure
from onetomany.evidence.typesetting import Part, grid, grids, heading, pair, points
from onetomany.report.chapter import Chapter

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
def method_sentences() -> dict[str, tuple[str, str, str]]:
    """Return English sentence, Korean sentence and reference by function (data/methods.toml).

    >>> method_sentences()["onetomany.accuracy.wilson"][2]
    'Wilson, JASA 22:158 (1927)'
    """
    file = resources.files("onetomany.evidence") / "data" / "methods.toml"
    return {
        f"onetomany.{function}": (english, korean, group["reference"])
        for group in tomllib.loads(file.read_text("utf-8"))["followed"]
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
    yield pair(
        "Data with a datasheet in the kit that a chapter names, or that a function called there "
        "reads. Datasheets are quoted word for word; the files are in datasheets/.",
        "장에 이름이 나오거나 장에서 부른 함수가 읽는 자료 가운데 데이터시트가 있는 것이다. "
        "데이터시트의 글은 영문 그대로 옮겼다. 파일은 datasheets/에 있다.",
    )
    for sheet in sheets:
        title = sheet.fields.get("title") or sheet.fields.get("name") or sheet.name
        yield heading(2, f"{title} ({sheet.name})", f"{', '.join(sheet.chapters)}에서 씀")
        said = [
            (f"{key} {korean}", str(sheet.fields[key]))
            for key, korean in _SAID.items()
            if sheet.fields.get(key)
        ]
        said.append(("used in 쓰인 장", ", ".join(sheet.chapters)))
        head = ["field 항목", "text of the datasheet 데이터시트의 글"]
        yield grid(pl.DataFrame(said, schema=head, orient="row"))


def _files(sources: pl.DataFrame) -> Iterator[Part]:
    held = sources.filter(pl.col("path").str.starts_with("onetomany/"), pl.col("sha256") != "")
    yield heading(2, "Files of the kit", "도구의 자료 파일")
    if held.is_empty():
        yield pair("The chapters read none.", "장에서 읽은 것이 없다.")
        return
    yield pair(
        "Tables and other files of the kit that belong to the data the chapters read. A table "
        "gathered from publications names its source in each row. All cited sources are in "
        "sources.csv.",
        "장에서 읽은 자료에 딸린, 도구에 들어 있는 표와 파일이다. 공표된 글에서 모은 표에는 "
        "행마다 출처가 있다. 인용한 출처 전부는 sources.csv에 있다.",
    )
    head = {"path": "file 파일", "sha256": "SHA-256", "cited_in": "used in 쓰인 장"}
    yield from grids(held.select(*head).rename(head))


def _method(chapters: Sequence[Chapter]) -> Iterator[Part]:
    yield pair(
        "The functions of the kit that each chapter calls, what each does, and the publication it "
        "follows. Functions that only draw or print are not listed. The code is in notebooks/.",
        "장마다 부르는 함수와 그 함수가 하는 일, 따르는 문헌이다. 그림을 그리거나 문장을 보이기만 "
        "하는 함수는 적지 않는다. 코드는 notebooks/에 있다.",
    )
    head = ["function 함수", "what it does", "하는 일", "reference 근거"]
    missing = ("Not described here.", "여기에 설명이 없다.", "–")
    for chapter in chapters:
        rows = [
            (name.removeprefix("onetomany."), *method_sentences().get(name, missing))
            for name in used_functions(chapter)
        ]
        given = ", ".join(seeds(chapter))
        if rows or given:
            yield heading(2, f"{chapter.number} {chapter.title}", chapter.title_ko)
        yield from grids(pl.DataFrame(rows, schema=head, orient="row"))
        if given:
            yield pair(f"Seeds: {given}.", f"난수 씨앗: {given}.")


def _rates(figures: Sequence[Figure]) -> Iterator[Part]:
    yield pair(
        "Every sentence, figure and table of the run that gives an interval or bounds, in its own "
        "words; and every sentence that says why it has none. Full counts, published totals and "
        "arithmetic have no sampling error. The item says which kind of bounds it gives: an "
        "interval for sampling error, a spread, or the least and most that are possible. The "
        "values are in the data named.",
        "구간이나 상한과 하한을 밝힌 문장, 그림, 표를 모두 그 표현대로 옮겼다. 구간이 없는 "
        "까닭을 밝힌 문장도 있다. 전수 집계, 공표된 합계, 산수에는 표본 오차가 없다. 표본 "
        "오차의 구간인지, 흩어진 정도인지, 가능한 최소와 최대인지는 항목에 적혀 있다. 값은 "
        "항목에 적힌 자료 파일에 있다.",
    )
    said = [
        (each.text, each.text_ko, each)
        for each in figures
        if each.kind == "statement" and each.interval and _RATE.search(each.text)
    ]
    if said:
        yield points(*((f"{each.label}: {en}", f"{each.label_ko}: {ko}") for en, ko, each in said))
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
    if not said and not tabled:
        yield pair("None of the chapters gives an interval.", "구간을 밝힌 장이 없다.")


def _versions(commit: str) -> Iterator[Part]:
    yield pair(
        f"Commit {commit or 'unknown: the notebooks lay in no repository'}. Two runs of one commit "
        "give the same bytes for every figure's data and specification, but for the items marked "
        f"'varies'. All packages and their hashes: environment/ in the bundle. {platform.system()} "
        f"on {platform.machine()}.",
        f"커밋 {commit or '알 수 없음(저장소 밖의 노트북)'}. 같은 커밋으로 두 번 실행하면 "
        "'실행마다 다름'으로 표시된 것을 빼고 모든 그림의 자료와 명세가 바이트까지 같다. "
        f"꾸러미 전부와 해시는 묶음의 environment/에 있다. {platform.system()}, "
        f"{platform.machine()}.",
    )
    head = ["component 구성 요소", "version 버전"]
    yield grid(pl.DataFrame(list(versions().items()), schema=head, orient="row"))


def _held() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield every datasheet of the package: a file, or a table in a file of several."""
    root = resources.files("onetomany")
    for path in _toml_files(root, ""):
        raw = tomllib.loads(root.joinpath(path).read_text(encoding="utf-8"))
        if "licence" in raw:
            yield path, raw.get("name") or path.rsplit("/", 1)[-1].removesuffix(".toml"), raw
            continue
        for name, value in raw.items():
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, dict) and ("licence" in each or "publisher" in each):
                    yield path, each.get("name") or name, each


def _toml_files(folder: Traversable, inside: str) -> Iterator[str]:
    for each in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if each.is_dir() and each.name != "__pycache__":
            yield from _toml_files(each, f"{inside}{each.name}/")
        elif each.name.endswith(".toml") and "/data/" in f"/{inside}":
            yield f"{inside}{each.name}"


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
