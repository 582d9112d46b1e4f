"""A small payload of real outputs: a notebook is run, and its charts, tables and text written."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import polars as pl
import vl_convert

from onetomany import __version__
from onetomany.evidence import custody, typesetting
from onetomany.evidence.record import DataUse, RunRecord, new_identifier
from onetomany.report.execute import run_chapters
from onetomany.report.fonts import font_folder
from onetomany.sources.files import sha256_of
from sample_notebook import everything, write_notebook

CREATED = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
STARTED, ENDED = datetime(2026, 11, 24, 9, 0, tzinfo=UTC), datetime(2026, 11, 24, 9, 2, tzinfo=UTC)
CHAPTERS = ("01_sample", "02_sample")
ORL = DataUse("orl", "The Database of Faces", "research use", "AT&T Laboratories", False, False)


def record(**changes: object) -> RunRecord:
    values: dict[str, object] = {
        "identifier": new_identifier("abc", CHAPTERS, STARTED),
        "title": "How often is the wrong person named?",
        "title_ko": "얼마나 자주 엉뚱한 사람을 가리키는가",
        "question": "How often does a threshold let the wrong pair through?",
        "chapters": CHAPTERS,
        "command": ("onetomany", "exhibit", "--chapters", "01,02"),
        "started": STARTED,
        "ended": ENDED,
        "commit": "",
        "version": __version__,
        "operator": "Kim Operator",
        "organisation": "A Newsroom",
        "licence": "https://creativecommons.org/licenses/by/4.0/",
        "data": (ORL,),
    }
    return RunRecord(**values | changes)  # type: ignore[arg-type]


def make_payload(folder: Path, work: Path) -> Path:
    """Run the sample notebook once, and lay what came of it out as a payload of 25 files."""
    sample = work / f"{CHAPTERS[0]}.ipynb"
    write_notebook(sample, everything())
    notebook = run_chapters([sample])[CHAPTERS[0]]
    notebook.metadata["onetomany"]["commit"] = ""  # the sample lies outside of any repository
    for part in ("notebooks", "figures", "tables", "exhibits", "methods"):
        (folder / part).mkdir(parents=True)
    for chapter in CHAPTERS:
        nbformat.write(notebook, folder / "notebooks" / f"{chapter}.ipynb")
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    specs = [
        data
        for output in outputs
        for kind, data in output.get("data", {}).items()
        if "vegalite" in kind
    ]
    vl_convert.register_font_directory(str(font_folder()))
    for number in (1, 2, 3):
        spec, name = dict(specs[0], width=200 + 20 * number), folder / "figures" / f"01-{number}"
        svg = vl_convert.vegalite_to_svg(spec, vl_version="6.4")
        name.with_suffix(".vl.json").write_text(json.dumps(spec, indent=1), encoding="utf-8")
        name.with_suffix(".svg").write_text(svg, encoding="utf-8")
        name.with_suffix(".png").write_bytes(vl_convert.svg_to_png(svg))
        data = pl.DataFrame(next(iter(spec["datasets"].values()))).with_columns(number=number)
        data.write_csv(name.with_suffix(".csv"))
    data.write_parquet(folder / "tables" / "01-1.parquet")
    data.head(3).write_csv(folder / "tables" / "표 01-1.csv")
    parts = [typesetting.heading(1, "Result", "결과"), typesetting.grid(data.head(4))]
    about = {"title": "Exhibit 1", "title_ko": "증거물 1"}
    pdf = typesetting.pdf(**about, lede=[], parts=parts, foot="1", day=CREATED.date())  # type: ignore[arg-type]
    (folder / "exhibits" / "exhibit.pdf").write_bytes(pdf)
    (folder / "exhibits" / "exhibit.html").write_text(f"<p>Exhibit 1</p>{svg}", encoding="utf-8")
    text = typesetting.markdown(**about, lede=[], parts=parts)  # type: ignore[arg-type]
    (folder / "methods" / "methods.md").write_text(text, encoding="utf-8")
    (folder / "redactions.csv").write_text("rule,file,count\n", encoding="utf-8")
    (folder / "sources.csv").write_text(
        f"path,sha256,pages\noriginals/audit.pdf,{sha256_of(sample)},3-5\n", encoding="utf-8"
    )
    custody.append(
        folder / "custody.jsonl",
        who="Kim Operator",
        what="ran the chapters",
        when=ENDED,
        files={
            f"notebooks/{CHAPTERS[0]}.ipynb": sha256_of(folder / f"notebooks/{CHAPTERS[0]}.ipynb")
        },
    )
    return folder
