"""Lay executed notebooks out as a site in a new folder; then replace the old site."""

import hashlib
import io
import json
import platform
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import altair
import jinja2
import nbformat
import vl_convert
from markupsafe import Markup

import onetomany
from onetomany.charts.languages import marked_spec, plain_spec
from onetomany.errors import InputError, OneToManyError
from onetomany.sources.cache import cache_dir
from onetomany.sources.case_summary import case_summary
from onetomany.sources.files import whole_folder, write_whole
from .blocks import read_chapter
from .chapter import Chapter, gathered_code
from .execute import Notebook
from .fonts import font_folder, fonts_css, licence_note
from .glossary import NoMarker, TermMarker
from .side_pages import STAMP, STAMP_KO, chapters_by_theme, listed_figures, print_styles
from .summary import ChapterFinding, read_findings
from .under_chart import chart_csv, figure_citation, figure_number

# A page may use: the files in its folder (a page opened from a folder has no 'self' in every
# browser, so file: is named too), its fonts and pictures as data. Scripts run from files alone and
# evaluate no text: Vega reads its expressions by its own interpreter (site.js). Style attributes
# are allowed, not style sheets: Vega places tooltips by them, and `clean` lets none of a notebook's
# in.
POLICY = (
    "default-src 'none'; script-src 'self' file:; style-src-elem 'self' file:; "
    "style-src 'self' file:; style-src-attr 'unsafe-inline'; img-src 'self' file: data:; "
    "font-src data:; connect-src 'none'; form-action 'none'; base-uri 'none'"
)

_HERE = Path(__file__).parent
_COMPRESSION = 6  # of stills: higher takes twice as long and saves two percent
_DOCS = "docs"  # the folder of the kit's own pages in English, if they were built
_EXECUTED = "executed"  # the folder of the notebooks as run; also marks a site as ours
_PACKAGES = ("altair", "deepface", "dlib-bin", "duckdb", "faiss-cpu", "onnxruntime", "polars")
# "6.4.1" -> "6.4": the version whose specs this altair writes, as vl_convert names it
_VEGALITE = ".".join(altair.SCHEMA_VERSION.lstrip("v").split(".")[:2])


def executed_chapters(out: Path) -> dict[str, Notebook]:
    """Return a site's notebooks by stem. Raises InputError if the folder isn't our site."""
    if not out.exists():
        return {}
    if not out.is_dir() or (any(out.iterdir()) and not (out / _EXECUTED).is_dir()):
        raise InputError(f"{out} contains other files: name a new folder with --out.")
    return {
        path.stem: nbformat.read(path, as_version=4)
        for path in sorted((out / _EXECUTED).glob("*.ipynb"))
    }


@dataclass(frozen=True)
class Exhibit:
    """Captions and notice of a site that is an exhibit.

    `captions` are by kind and number ('figure-02-3', 'table-02-1', 'statement-02-4'); `executed` is
    the path from the site to the notebooks, which are then outside of it.
    """

    captions: Mapping[str, Sequence[str]]
    notice: tuple[str, str]
    executed: str


def write_site(
    executed: dict[str, Notebook],
    notebooks: Path,
    out: Path,
    exhibit: Exhibit | None = None,
    *,
    exercises: bool = False,
    docs: Path | None = None,
) -> Path:
    """Write all pages and assets, and replace `out` only when the last of them is there.

    `docs` are the pages that `make docs` builds; without them, those already in `out` stay.
    """
    kept = docs or (out / _DOCS if (out / _DOCS).is_dir() else None)
    with whole_folder(out, replace=True) as new:
        if kept:
            shutil.copytree(kept, new / _DOCS, ignore=shutil.ignore_patterns(".*"))
        _write(executed, notebooks, new, exhibit, exercises)
    return out / "index.html"


def _write(
    executed: dict[str, Notebook],
    notebooks: Path,
    new: Path,
    exhibit: Exhibit | None,
    exercises: bool,
) -> None:
    chapters = [
        read_chapter(stem, notebook, notebooks, exercises=exercises)
        for stem, notebook in executed.items()
    ]
    # an exhibit has numbered items and nothing beside them
    findings = {
        each.stem: [] if exhibit else read_findings(each, executed[each.stem]) for each in chapters
    }
    charts = new / "assets" / "charts"
    charts.mkdir(parents=True)
    for chapter in chapters:
        _write_charts(chapter, charts, tables=not exhibit)
    for card in _cards(findings):
        if card.chart:
            name = f"{card.chapter.stem}.ipynb: chart {card.chart.number}"
            write_whole(charts / f"{card.name}.svg", picture(name, card.chart.spec, "svg"))
    if not exhibit:
        (new / _EXECUTED).mkdir()
        for stem, notebook in executed.items():
            nbformat.write(notebook, new / _EXECUTED / f"{stem}.ipynb")
    templates = _templates(exhibit, docs=(new / _DOCS).is_dir())
    pages = _pages(templates, chapters, findings, beside=not exhibit)
    for file, page in pages.items():
        (new / file).write_text(page, encoding="utf-8")
    _write_assets(chapters, new / "assets", "".join(pages.values()))


def _cards(findings: dict[str, list[ChapterFinding]]) -> list[ChapterFinding]:
    """Return the findings that the summary page shows."""
    return [each for found in findings.values() for each in found if each.on_summary]


def _templates(exhibit: Exhibit | None, *, docs: bool) -> jinja2.Environment:
    """Return the templates with the values that all pages of a site share."""
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    templates.filters.update(
        script_json=_script_json,
        untitled=_untitled,
        gathered=list if exhibit else gathered_code,
        marked=marked_spec,
        cited=figure_citation,
        figure_number=figure_number,
    )
    templates.globals.update(
        policy=POLICY,
        stamp=STAMP,
        stamp_ko=STAMP_KO,
        executed=exhibit.executed if exhibit else _EXECUTED,
        docs=docs,
        captions=exhibit.captions if exhibit else {},
        notice=exhibit.notice if exhibit else None,
        terms=NoMarker(),
    )
    return templates


def _pages(
    templates: jinja2.Environment,
    chapters: list[Chapter],
    findings: dict[str, list[ChapterFinding]],
    *,
    beside: bool,
) -> dict[str, str]:
    """Return the HTML of every page by file name; `beside`: also those beside the chapters."""
    marker, cards = TermMarker if beside else NoMarker, _cards(findings)
    pages = {
        f"{chapter.stem}.html": templates.get_template("chapter.html").render(
            chapter=chapter,
            before=before,
            after=after,
            findings=findings[chapter.stem],
            terms=marker(),
        )
        for before, chapter, after in zip(
            [None, *chapters], chapters, [*chapters[1:], None], strict=False
        )
    }
    case = case_summary() if cards else None
    if beside:
        listed = [(each, listed_figures(each), findings[each.stem]) for each in chapters]
        for name in ("figures.html", "slides.html"):
            pages[name] = templates.get_template(name).render(chapters=listed, case=case)
    pages["index.html"] = templates.get_template("index.html").render(
        chapters=chapters,
        themes=chapters_by_theme(chapters),
        beside=beside,
        cards=cards,
        case=case,
        links={chapter.number: f"{chapter.stem}.html" for chapter in chapters},
        versions=_versions(),
        pictures=_pictures(chapters),
        terms=marker(),
    )
    return pages


def _write_charts(chapter: Chapter, charts: Path, *, tables: bool) -> None:
    """Write the stills of a chapter's charts and, with `tables`, their data."""
    for block in chapter.charts:
        still = picture(f"{chapter.stem}.ipynb: chart {block.number}", block.spec)
        file = charts / f"{chapter.number}-{block.number}"
        file.with_suffix(".png").write_bytes(still)
        if tables:
            file.with_suffix(".csv").write_bytes(chart_csv(block.spec))


def _write_assets(chapters: list[Chapter], assets: Path, text: str) -> None:
    """Write scripts, styles, and fonts with the letters of `text`."""
    for path in (_HERE / "assets").iterdir():
        shutil.copyfile(path, assets / path.name)
    vega = _vega()
    written = {f"print-{chapter.number}.css": print_styles(chapter) for chapter in chapters} | {
        "vega.js": vega,
        "vega.css": _vega_styles(vega),
        # chart specs may write a letter as \uXXXX, but script_json doesn't
        "fonts.css": fonts_css(text),
        "FONTS-LICENSE.txt": licence_note(),
    }
    for name, content in written.items():
        (assets / name).write_text(content, encoding="utf-8")


def _pictures(chapters: Sequence[Chapter]) -> list[dict[str, Any]]:
    """Return whose pictures the chapters measured, if a user's own (`report.picture_record`)."""
    told = [chapter.run["images"] for chapter in chapters if "images" in chapter.run]
    return told[-1:]


def _untitled(body: str) -> str:
    return re.sub(r"<h1\b.*?</h1>", "", body, count=1, flags=re.DOTALL)


def _script_json(value: Any) -> Markup:
    """Write JSON for a <script>: "</script>" or "<!--" in a string must not end or hide it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))


def picture(
    name: str, spec: dict[str, Any], form: Literal["png", "svg"] = "png", *, keep: bool = True
) -> bytes:
    """Draw a chart as a still, for print and for browsers without scripts.

    `name` names the chart in the error if it can't be drawn (OneToManyError). Without `keep` no
    copy stays in the cache.
    """
    spec = plain_spec(spec)
    text = json.dumps(spec, sort_keys=True)
    made_by = f"{vl_convert.__version__} {_VEGALITE} {_COMPRESSION}"
    key = hashlib.sha256(f"{made_by} {text}".encode()).hexdigest()
    cached = cache_dir() / "report" / f"{key[:24]}.{form}"
    drawn: bytes
    if not cached.exists():
        vl_convert.register_font_directory(str(font_folder()))
        options: Any = {"vl_version": _VEGALITE, "allowed_base_urls": []}
        try:
            if form == "svg":
                drawn = vl_convert.vegalite_to_svg(spec, **options).encode()
            elif "<image" in (lines := picture(name, spec, "svg", keep=keep).decode()):
                # in a text of its own a picture could name a file of this machine
                drawn = _compressed(vl_convert.vegalite_to_png(spec, scale=2, **options))
            else:
                # as vl-convert does; a chart needed in both forms is laid out once, which takes
                # the longer part
                drawn = _compressed(vl_convert.svg_to_png(lines, scale=2))
        except ValueError as error:
            raise OneToManyError(f"{name} can't be drawn: {error}") from error
        if not keep:
            return drawn
        write_whole(cached, drawn)
    return cached.read_bytes()


def _compressed(png: bytes) -> bytes:
    """Return a PNG with the same pixels in a third of the bytes: vl-convert compresses little."""
    from PIL import Image as pillow

    with pillow.open(io.BytesIO(png)) as image:
        made, dpi = io.BytesIO(), image.info.get("dpi")
        given = {"dpi": dpi} if dpi else {}
        image.save(made, "PNG", compress_level=_COMPRESSION, **given)
    return made.getvalue()


def _vega() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one plain script, which runs from file:// too."""
    cached = cache_dir() / "report" / f"vega-{_VEGALITE}-{vl_convert.__version__}.js"
    if not cached.exists():
        bundle = vl_convert.javascript_bundle(vl_version=_VEGALITE)
        write_whole(cached, f"(() => {{\n{bundle}\n}})();\n".encode())  # its names stay its own
    return cached.read_text(encoding="utf-8")


def _vega_styles(script: str) -> str:
    """Return the style sheets that Vega-Embed's script would write into a page.

    The page's policy allows style sheets only in files.
    """
    found = re.findall(
        r"""(['"])((?:\.vega-embed|#vg-tooltip-element) \{.*?\})(?:\\n)?\1""", script
    )
    if len(found) != 2:
        raise OneToManyError("The style sheets of vega-embed have changed: see report/website.py.")
    return "".join(text.replace("\\n", "\n") + "\n" for _, text in found)


def _versions() -> dict[str, str]:
    found = {"onetomany": onetomany.__version__, "Python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
