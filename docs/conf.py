"""How `make docs` builds these pages: Sphinx, without the network. See docs/index.md."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from inspect import cleandoc, ismodule
from pathlib import Path
from typing import Any

import onetomany

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
    _write(folder / "door.md", "import onetomany as otm", "onetomany", list(onetomany.DOOR))
    for room in onetomany.ROOMS:
        package = import_module(f"onetomany.{room}")
        offered = list(getattr(package, "__all__", []))
        _write(folder / f"{room}.md", f"onetomany.{room}", package.__name__, offered)


def _write(path: Path, title: str, package: str, names: list[str]) -> None:
    module = sys.modules[package]
    lines = [f"# {title}", "", "```{eval-rst}", f".. py:currentmodule:: {package}", ""]
    # an indented block after a colon is a table or a listing
    lines += [re.sub(r":\n\n(?= )", "::\n\n", cleandoc(module.__doc__ or "")), ""]
    for name in sorted(names, key=str.lower):
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


def setup(app: Any) -> None:
    """Make the API pages before Sphinx reads the folder."""
    app.connect("builder-inited", write_api_pages)
