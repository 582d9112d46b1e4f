"""Write the chapter of a case as a notebook that has its parameters (papermill's convention).

`notebooks/case/case.ipynb` is the chapter. Its cell tagged `parameters` names the case; the cell
that is put after it, tagged `injected-parameters`, names another one. A user's folder is copied
beside the notebook without its documents, so that the chapter can be run again from a bundle and
names no folder of the user's machine.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import nbformat

from onetomany.cases.about import ABOUT
from onetomany.cases.case_folder import SHIPPED, Case, read_case, shipped_cases
from onetomany.cases.case_tables import LARGEST
from onetomany.cases.columns import TABLES
from onetomany.errors import OneToManyError
from onetomany.sources.files import read_received, write_whole
from .execute import Notebook

STEM = "case-"  # of the chapters of cases: case-incheon
COPY = "case"  # the folder of the copied tables
_TEMPLATE = Path("case") / "case.ipynb"


def has_case_chapter(notebooks: Path) -> bool:
    """Return whether a folder of notebooks has the chapter for cases."""
    return (notebooks / _TEMPLATE).is_file()


def write_case_chapters(
    notebooks: Path, out: Path, names: Sequence[str] | None = None
) -> list[Path]:
    """Write the chapters of the shipped cases into `out`; return their paths in order.

    `names` chooses some; the Incheon case comes first.
    """
    chosen = [name for name in shipped_cases() if names is None or name in names]
    chosen.sort(key=lambda name: (name != "incheon", name))
    return [_write(notebooks, out, read_case(name), name) for name in chosen]


def write_own_case(notebooks: Path, out: Path, case: Case) -> Path:
    """Write the chapter of a user's case into `out`, with a copy of its tables."""
    if case.folder.is_relative_to(SHIPPED):
        return _write(notebooks, out, case, case.folder.name)
    copy_case_tables(case.folder, out / COPY)
    return _write(notebooks, out, case, COPY)


def copy_case_tables(folder: Path, out: Path) -> None:
    """Copy case.toml and the tables of a case folder, which may be a stranger's, and nothing else.

    Without such files `out` is not made. Raises InputError for a link, a device or a file over the
    limit.
    """
    for name in (ABOUT, *(table.file for table in TABLES)):
        path = folder / name
        if path.is_symlink() or path.exists():
            write_whole(out / name, read_received(path, LARGEST, links=False))


def _write(notebooks: Path, out: Path, case: Case, named: str) -> Path:
    notebook: Notebook = nbformat.read(notebooks / _TEMPLATE, as_version=4)
    titles = {
        f"TITLE_{code.upper()}": _plain(case.about.text("title", code)) for code in ("en", "ko")
    }
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for mark, title in titles.items():
                cell.source = cell.source.replace(mark, title)
    at = [
        n for n, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", [])
    ]
    if not at:
        raise OneToManyError(f"{_TEMPLATE} has no cell tagged 'parameters'.")
    cell = nbformat.v4.new_code_cell(
        f"# Parameters\ncase_folder = {named!r}", id="case-parameters",
        metadata={"tags": ["injected-parameters"]},
    )  # fmt: skip
    notebook.cells.insert(at[0] + 1, cell)
    path = out / f"{STEM}{case.about.name}.ipynb"
    nbformat.write(notebook, path)
    return path


def _plain(title: str) -> str:
    """Return a title whose characters mean nothing to Markdown or HTML."""
    return re.sub(r"([\\`*_{}\[\]()#+!|<>&~$])", r"\\\1", " ".join(title.split()))
