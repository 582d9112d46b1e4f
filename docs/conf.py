"""How `make docs` builds these pages: Sphinx, without the network. See docs/index.md."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from inspect import cleandoc, ismodule
from pathlib import Path
from typing import Any

import onetomany
from onetomany.lazy import places_of

HERE = Path(__file__).parent

project = "One-to-Many"
copyright = "the contributors to One-to-Many"
release = onetomany.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_heading_anchors = 4
exclude_patterns = ["_build"]
# `make report` takes these along, and the pages of the API: a third of the bytes
IN_REPORT = {"index", "architecture", "door", "glossary", "safety"}
if tags.has("report"):  # type: ignore[name-defined]  # noqa: F821 - Sphinx's, by `-t report`
    exclude_patterns += [each.name for each in HERE.glob("*.md") if each.stem not in IN_REPORT]
    html_use_index = html_domain_indices = False
ELSEWHERE = "These pages come with a report; `docs/index.md` of the kit lists all."
html_theme = "furo"
html_title = f"One-to-Many {release}"
html_copy_source = False
# the docstrings write code in single backticks
default_role = "code"
autodoc_typehints = "description"
autodoc_typehints_format = "short"
autodoc_member_order = "alphabetical"
autodoc_preserve_defaults = True
# pages name files of the repository, which no page here shows
suppress_warnings = ["myst.xref_missing", "myst.header", "docutils", "ref.ref"]
suppress_warnings += ["toc.excluded", "toc.not_readable"]


def write_api_pages(app: Any) -> None:
    """Write a page for the door and one for each room, from what they offer."""
    folder = HERE / "api"
    folder.mkdir(exist_ok=True)
    names = [name for _, _, name in places_of(onetomany.DOOR)]
    _write(folder / "door.md", "import onetomany as otm", "onetomany", names)
    for room in onetomany.ROOMS:
        package = import_module(f"onetomany.{room}")
        offered = list(getattr(package, "__all__", []))
        _write(folder / f"{room}.md", f"onetomany.{room}", package.__name__, offered)


def _write(path: Path, title: str, package: str, names: list[str]) -> None:
    module = sys.modules[package]
    lines = [f"# {title}", "", "```{eval-rst}", f".. py:currentmodule:: {package}", ""]
    # an indented block after a colon is a table or a listing
    lines += [re.sub(r":\n\n(?= )", "::\n\n", cleandoc(module.__doc__ or "")), ""]
    # modules last: after one, a name alone would be looked for in it
    for name in sorted(names, key=lambda each: (ismodule(getattr(module, each)), each.lower())):
        value = getattr(module, name)
        if ismodule(value):
            lines += [f".. automodule:: {value.__name__}", "   :members:", ""]
        else:
            kind = "class" if isinstance(value, type) else "function"
            kind = kind if callable(value) else "data"
            lines += [f".. auto{kind}:: {name}", *["   :members:"] * (kind == "class"), ""]
    text = "\n".join([*lines, "```", ""])
    if not path.exists() or path.read_text("utf-8") != text:
        path.write_text(text, encoding="utf-8")


def name_carried_pages(app: Any, name: str, source: list[str]) -> None:
    """Leave out of a report's index the pages that the report doesn't take along."""
    if name == "index" and app.tags.has("report"):
        carried = re.compile(rf"\]\(({'|'.join(IN_REPORT)})\.md\)")
        lines = source[0].replace("Start with the [README](../README.md).", ELSEWHERE).splitlines()
        source[0] = "\n".join(
            line for line in lines if not line.startswith(("- ", "**")) or carried.search(line)
        )


def setup(app: Any) -> None:
    """Make the API pages before Sphinx reads the folder."""
    app.connect("builder-inited", write_api_pages)
    app.connect("source-read", name_carried_pages)
