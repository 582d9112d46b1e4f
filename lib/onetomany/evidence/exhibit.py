"""Make a bundle's payload from notebooks: run, redact, number, set, and lay out.

Times and facts of the machine are in log/ and validation/ only. Everything else has the same bytes
in two runs of one commit, except items marked 'varies'.
"""

import io
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import nbformat
import polars as pl

from onetomany import __version__
from onetomany.cases.case_folder import read_case
from onetomany.errors import InputError
from onetomany.report import chapters_of, chosen
from onetomany.report.blocks import read_chapter
from onetomany.report.case_pages import COPY, copy_case_tables, write_own_case
from onetomany.report.execute import Notebook, run_chapters
from onetomany.report.website import Exhibit, picture, write_site
from onetomany.sources.commits import day_of_commit
from onetomany.sources.tables import csv_text
from . import methods, pages, validation
from .cited import cited_sources
from .figures import Figure, list_item_files, read_figures
from .record import DataUse, RunRecord, new_identifier
from .redaction import RedactionRule, redact
from .reproduce import RELATIVE
from .run_log import keep_log, run_log_text, run_times
from .typesetting import Document

SERIES = "A"  # exhibits are, ...
LEFT_OUT = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml",
            "application/pdf")  # fmt: skip

_LISTED = ("cell", "title", "title_ko", "source", "simulated", "sample", "interval", "rows")
_TITLE = ("Exhibit from One-to-Many", "One-to-Many 증거")
_METHODS = ("Methods statement", "방법 설명서")


@dataclass(frozen=True)
class ExhibitPayload:
    """A payload folder and the facts of its run.

    `figures` lists the compared files (figures.LISTED and `exhibit`), `redactions` how much each
    rule took out of which notebook, `left_out` the pictures that were not let in.
    """

    folder: Path
    chapters: tuple[str, ...]
    title: str
    title_ko: str
    question: str
    started: datetime
    ended: datetime
    commit: str
    data: tuple[DataUse, ...]
    figures: pl.DataFrame
    redactions: pl.DataFrame
    left_out: tuple[str, ...]

    def record(
        self, *, operator: str, organisation: str, licence: str, command: Sequence[str]
    ) -> RunRecord:
        """Return the record of the run that `bundle.seal` keeps."""
        own = {each.name: getattr(self, each.name) for each in fields(RunRecord)
               if hasattr(self, each.name)}  # fmt: skip
        return RunRecord(
            **own,
            identifier=new_identifier(self.commit, self.chapters, self.started),
            command=tuple(command),
            version=__version__,
            operator=operator,
            organisation=organisation,
            licence=licence,
        )


def build_payload(
    notebooks: Path,
    out: Path,
    only: Sequence[str] | None = None,
    rules: Sequence[RedactionRule] = (),
    tests: Path | None = None,
    *,
    case: Path | None = None,
) -> ExhibitPayload:
    """Run the chapters in clean kernels and lay out a bundle's payload in `out`, a new folder.

    `only` names chapters by number; `case` is a case folder, whose chapter is run instead, and
    whose tables go into the bundle; `rules` are a redaction list; `tests` is the result of a test
    run (see `validation`). Raises InputError if `out` contains anything, or a chapter shows
    possible templates.
    """
    notebooks = Path(notebooks).resolve()
    _refuse_taken(Path(out))
    with tempfile.TemporaryDirectory() as made, keep_log() as lines:
        paths = chapters_of(notebooks)
        if case is not None:
            paths = [write_own_case(notebooks, Path(made), read_case(case))]
        executed = run_chapters(chosen(paths, only), home=notebooks)
        tables = Path(made) / COPY if case is not None else None
        return write_payload(
            executed, notebooks, out, rules=rules, log=lines, tests=tests, tables=tables
        )


def write_payload(
    executed: Mapping[str, Notebook],
    notebooks: Path,
    out: Path,
    *,
    rules: Sequence[RedactionRule] = (),
    log: Sequence[str] = (),
    tests: Path | None = None,
    tables: Path | None = None,
) -> ExhibitPayload:
    """Lay out the payload of executed notebooks (by stem) from the folder `notebooks`.

    `tables` is a copy of a case's tables that the notebooks read; it goes into the payload.
    """
    out = Path(out).resolve()
    _refuse_taken(out)
    beside = out.with_name(f".{out.name}.unfinished")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        payload = _write(executed, Path(notebooks), beside, rules, log, tests=tests, tables=tables)
        if out.exists():
            out.rmdir()
        beside.rename(out)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return replace(payload, folder=out)


def _write(
    executed: Mapping[str, Notebook],
    notebooks: Path,
    root: Path,
    rules: Sequence[RedactionRule],
    log: Sequence[str],
    *,
    tests: Path | None,
    tables: Path | None,
) -> ExhibitPayload:
    runs = {stem: dict(nb.metadata.get("onetomany", {})) for stem, nb in executed.items()}
    left_out = _write_notebooks(executed, root / "notebooks")
    if tables is not None:
        copy_case_tables(tables, root / "notebooks" / COPY)
    redactions = redact(root / "notebooks", rules)
    if redactions.height:
        _put(root / "redactions.csv", csv_text(redactions).encode())
    paths = sorted((root / "notebooks").glob("*.ipynb"))
    kept = {path.stem: nbformat.read(path, as_version=4) for path in paths}
    chapters = [read_chapter(stem, notebook, notebooks) for stem, notebook in kept.items()]
    exhibits = [
        (f"{SERIES}-{n}", chapter, read_figures(chapter)) for n, chapter in enumerate(chapters, 1)
    ]
    commit = next((run["commit"] for run in runs.values() if run.get("commit")), "")
    started, ended = run_times(runs)
    day = day_of_commit(notebooks, commit) or started.date()

    sheets = _write_documents(kept, exhibits, root, commit, day)
    _write_html(kept, exhibits, notebooks, root / "exhibits" / "html")
    tested = validation.find_results(notebooks.parent, commit, tests)
    validation.write_validation(root / validation.FOLDER, chapters, tested, commit, day)
    _put(root / "figures.json", _listed(exhibits, commit, left_out))
    _put(root / "log" / "run.log", run_log_text(runs, log).encode())
    data = tuple(_use(sheet) for sheet in sheets)
    facts = {"started": started, "ended": ended, "commit": commit, "data": data}
    return _described(root, exhibits, **facts, redactions=redactions, left_out=tuple(left_out))


def _write_html(
    kept: dict[str, Notebook], exhibits: pages.Exhibits, notebooks: Path, folder: Path
) -> None:
    site = Exhibit(pages.captions(exhibits), pages.TRUTH, executed="../../notebooks")
    write_site(kept, notebooks, folder, site)
    drawn = folder / "assets" / "charts"
    if not any(drawn.iterdir()):  # no manifest can list an empty folder
        drawn.rmdir()


def _described(folder: Path, exhibits: pages.Exhibits, **run: Any) -> ExhibitPayload:
    """Return a payload with the facts of its run, and the titles and files of its chapters."""
    chapters = [chapter for _, chapter, _ in exhibits]
    titles = ", ".join(f"{each.number} {each.title}" for each in chapters)
    titles_ko = ", ".join(f"{each.number} {each.title_ko}" for each in chapters)
    return ExhibitPayload(
        folder=folder,
        chapters=tuple(each.stem for each in chapters),
        title=f"{_TITLE[0]}: {titles}",
        title_ko=f"{_TITLE[1]}: {titles_ko}",
        question=" ".join(each.question for each in chapters if each.question),
        figures=pl.concat(
            list_item_files(items).with_columns(exhibit=pl.lit(name)) for name, _, items in exhibits
        ),
        **run,
    )


def _write_notebooks(executed: Mapping[str, Notebook], folder: Path) -> list[str]:
    """Write the notebooks without times, progress bars and pictures; return those left out."""
    left_out = []
    folder.mkdir(parents=True)
    for stem, original in sorted(executed.items()):
        notebook = nbformat.from_dict(json.loads(json.dumps(original)))
        notebook.metadata.pop("onetomany", None)
        for number, cell in enumerate(notebook.cells, 1):
            if cell.pop("attachments", None):
                left_out.append(f"{stem}.ipynb, cell {number} of all: attached files")
            if cell.cell_type != "code":
                continue
            cell.outputs = [each for each in cell.outputs if each.get("name") != "stderr"]
            for output in cell.outputs:
                for kind in LEFT_OUT:
                    if output.get("data", {}).pop(kind, None):
                        left_out.append(f"{stem}.ipynb, cell {number} of all: {kind}")
                        output.data["text/plain"] = (
                            "A picture that the exhibit leaves out. 증거에서 뺀 그림."
                        )
        nbformat.write(notebook, folder / f"{stem}.ipynb")
    return left_out


def _write_figures(figures: Sequence[Figure], root: Path) -> dict[str, bytes]:
    """Write specifications, data and pictures, item by item, under the names in the PDF."""
    pictures = {}
    for each in figures:
        for path, content in each.files.items():
            _put(root / path, content)
        for stem, frame in each.tables.items():
            file = io.BytesIO()
            frame.write_parquet(file, compression="zstd", statistics=False)
            _put(root / f"{stem}.parquet", file.getvalue())
        if each.drawn:
            drawn = picture(each.label, each.drawn, "svg")
            _put(root / f"{each.stem}.svg", drawn)
            pictures[pages.picture_name(each)] = drawn
    return pictures


def _write_documents(
    kept: Mapping[str, Notebook], exhibits: pages.Exhibits, root: Path, commit: str, day: date
) -> list[methods.ShownDatasheet]:
    """Write figures, datasheets, sources, and both documents; return the datasheets."""
    figures = [each for _, _, items in exhibits for each in items]
    pictures = _write_figures(figures, root)
    texts = {stem: _text_of(notebook) for stem, notebook in kept.items()}
    sheets = methods.datasheets(texts)
    for file in sorted({sheet.file for sheet in sheets}):
        _put(root / "datasheets" / file.replace("/data/", "/"), methods.sheet_file(file))
    cited = cited_sources(figures, sheets, texts)
    _put(root / "sources.csv", csv_text(cited).encode())
    chapters = [chapter for _, chapter, _ in exhibits]
    said = methods.methods_statement(chapters, figures, sheets, commit, cited)
    foot, lede = f"One-to-Many {__version__}, commit {commit or 'unknown'}", pages.lede(commit)
    parts, shown = pages.exhibit_parts(exhibits, pictures)
    set_pdf = Document(*_TITLE, lede, parts).pdf(foot, day, shown)
    _put(root / "exhibits" / "exhibit.pdf", set_pdf)
    (root / "methods").mkdir(parents=True)
    Document(*_METHODS, lede, said).write(root / "methods" / "methods", foot, day)
    return sheets


def _listed(exhibits: pages.Exhibits, commit: str, left_out: Sequence[str]) -> bytes:
    """Return figures.json: every item, its files and hashes, and how two runs are compared."""
    items = [
        {"number": each.number, "kind": each.kind, "exhibit": name, "chapter": chapter.stem}
        | {part: getattr(each, part) for part in _LISTED}
        | {"numbers": each.tokens, "as_shown": each.as_shown, "varies": each.varies}
        | {"files": each.hashes}
        for name, chapter, figures in exhibits
        for each in figures
    ]
    whole = {
        "commit": commit,
        "versions": methods.versions(),
        "seeds": {chapter.stem: methods.seeds(chapter) for _, chapter, _ in exhibits},
        "tolerance": {"counts": "equal", "other numbers, relative": RELATIVE},
        "left_out": list(left_out),
        "figures": items,
    }
    return (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode()


def _use(sheet: methods.ShownDatasheet) -> DataUse:
    told = sheet.fields
    return DataUse(
        name=sheet.name,
        title=str(told.get("title") or told.get("name") or sheet.name),
        licence=str(told.get("licence") or "not stated"),
        credit=str(told.get("credit") or told.get("publisher") or told.get("source") or ""),
        faces_in_exhibit=bool(told.get("faces_in_exhibit", False)),
        templates_in_exhibit=bool(told.get("templates_in_exhibit", False)),
    )


def _text_of(notebook: Notebook) -> str:
    """Return a notebook's sources and outputs as one text."""
    outputs = [cell.get("outputs", []) for cell in notebook.cells]
    return "\n".join(cell.source for cell in notebook.cells) + json.dumps(
        outputs, ensure_ascii=False
    )


def _refuse_taken(out: Path) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} contains other files: name a new folder.")


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
