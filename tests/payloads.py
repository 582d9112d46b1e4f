"""A small payload of real outputs: what the kit computes and draws, laid out as an exhibit's."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import altair as alt
import nbformat
import polars as pl
import vl_convert

from onetomany import __version__
from onetomany.accuracy import independent
from onetomany.evidence import custody, typesetting
from onetomany.evidence.record import DataUse, RunRecord, new_identifier
from onetomany.report.fonts import font_folder
from onetomany.report.shown import PARQUET, pack_frame
from onetomany.sources.files import sha256_of

CREATED = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
STARTED, ENDED = datetime(2026, 11, 24, 9, 0, tzinfo=UTC), datetime(2026, 11, 24, 9, 2, tzinfo=UTC)
COMMIT = "0123456789ab"
CHAPTERS = ("02_one_to_many", "04_at_the_disclosed_scale")
OPERATOR = "Kim Operator"
ORL = DataUse("orl", "The Database of Faces", "research use", "AT&T Laboratories", False, False)


def record(**changes: object) -> RunRecord:
    values: dict[str, object] = {
        "identifier": new_identifier(COMMIT, CHAPTERS, STARTED),
        "title": "How often is the wrong person named?",
        "title_ko": "얼마나 자주 엉뚱한 사람을 가리키는가",
        "question": "How often does a threshold let the wrong pair through?",
        "chapters": CHAPTERS,
        "command": ("onetomany", "exhibit", "--only", "02,04"),
        "started": STARTED,
        "ended": ENDED,
        "commit": COMMIT,
        "version": __version__,
        "operator": OPERATOR,
        "organisation": "A Newsroom",
        "licence": "https://creativecommons.org/licenses/by/4.0/",
        "data": (ORL,),
    }
    return RunRecord(**values | changes)  # type: ignore[arg-type]


def make_payload(folder: Path) -> Path:
    """Expected false positives by gallery size, drawn for three error rates: 25 files."""
    for part in ("notebooks", "figures", "tables", "exhibits", "methods"):
        (folder / part).mkdir(parents=True)
    vl_convert.register_font_directory(str(font_folder()))
    cells = []
    for number, fmr in enumerate((1e-4, 1e-5, 1e-6), 1):
        curve = independent([fmr], [10**power for power in range(3, 9)])
        chart = (
            alt.Chart(curve, title=f"FMR {fmr} 오일치율")
            .mark_line()
            .encode(x=alt.X("gallery_size:Q", scale=alt.Scale(type="log")), y="fpir:Q")
        )
        spec = chart.to_dict()
        svg = vl_convert.vegalite_to_svg(spec, vl_version="6.4")
        at = folder / "figures" / f"02-{number}"
        at.with_suffix(".vl.json").write_text(json.dumps(spec, indent=1), encoding="utf-8")
        at.with_suffix(".svg").write_text(svg, encoding="utf-8")
        at.with_suffix(".png").write_bytes(vl_convert.svg_to_png(svg))
        curve.write_csv(at.with_suffix(".csv"))
        curve.write_parquet(folder / "tables" / f"표 02-{number}.parquet")
        cells.append(_shown(number, curve, spec))
    for chapter in CHAPTERS:
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"title": chapter})
        nbformat.write(notebook, folder / "notebooks" / f"{chapter}.ipynb")
    parts = [typesetting.heading(1, "Result", "결과"), typesetting.grid(curve)]
    document = typesetting.Document("Exhibit A-1", "증거 A-1", [], parts)
    (folder / "exhibits" / "exhibit.pdf").write_bytes(document.pdf("A-1", CREATED.date()))
    (folder / "exhibits" / "exhibit.html").write_text(f"<p>Exhibit A-1</p>{svg}", encoding="utf-8")
    (folder / "methods" / "methods.md").write_text(document.markdown(), encoding="utf-8")
    (folder / "redactions.csv").write_text("rule,file,count\n", encoding="utf-8")
    (folder / "sources.csv").write_text(f"path,sha256,pages\naudit.pdf,{'0' * 64},3-5\n", "utf-8")
    log = folder / "custody.jsonl"
    for chapter in CHAPTERS:
        path = f"notebooks/{chapter}.ipynb"
        hashed = {path: sha256_of(folder / path)}
        custody.append_entry(log, who=OPERATOR, what=f"ran {chapter}", when=ENDED, files=hashed)
    return folder


def _shown(number: int, curve: pl.DataFrame, spec: dict[str, object]) -> nbformat.NotebookNode:
    """A cell with a frame, as `report.shown` carries it, and a chart."""
    data = {"text/plain": str(curve), PARQUET: pack_frame(curve)}
    outputs = [
        nbformat.v4.new_output("execute_result", data, execution_count=1),
        nbformat.v4.new_output("display_data", {"application/vnd.vegalite.v6+json": spec}),
    ]
    cell = nbformat.v4.new_code_cell("curve", outputs=outputs, execution_count=1)
    cell["id"] = f"cell-{number}"
    return cell
