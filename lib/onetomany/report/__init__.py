"""Turn notebooks into one HTML site that opens from a USB stick without a network.

`execute` runs the notebooks in a clean kernel; `website` renders every executed notebook. They stay
in the site as evidence of the run, so the other chapters can be laid out again without running
them.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from onetomany.errors import InputError

__all__ = ["build_case_report", "build_report", "chapters_of", "chosen"]


def build_report(
    notebooks: Path,
    out: Path,
    only: Sequence[str] | None = None,
    *,
    exercises: bool = False,
    docs: Path | None = None,
) -> Path:
    """Execute the notebooks of a folder, export the site to `out`, return its index.html.

    `only` names the chapters to execute ("01", "02"); the others stay as they were exported before.
    Nothing in `out` changes until everything has run. `exercises` also shows those of the workshop,
    with their answers folded away. `docs` are the kit's own pages, which the site takes along
    (`write_site`).

    If a user's own pictures were chosen (`sources.choose_images`), only the chapters that measure
    them run, and the start page says whose they are and the result for every file.

    Raises InputError if `out` contains a report about other pictures, too few faces can be
    compared, or `docs` has no index.html.

    >>> from pathlib import Path
    >>> import onetomany as otm
    >>> chapters = Path(otm.examples.__path__[0]) / "data"
    >>> otm.build_report(chapters, Path("site")).name
    'index.html'
    """
    # here, not above: every kernel loads this package for `shown`, and these would cost it seconds
    from onetomany.extras import require_extra

    require_extra("report")
    from . import picture_record
    from .case_pages import has_case_chapter, write_case_chapters
    from .execute import run_chapters
    from .website import executed_chapters, write_site

    notebooks, out = Path(notebooks).resolve(), Path(out).resolve()
    paths = chapters_of(notebooks)
    if docs and not (docs / "index.html").is_file():
        raise InputError(f"There is no index.html in {docs}: build these pages with 'make docs'.")
    before = executed_chapters(out)
    own = picture_record.own_set()
    told = (each.metadata.get("onetomany", {}).get("images", {}) for each in before.values())
    if any(images.get("set") != own for images in told):
        raise InputError(f"{out} contains a report about other pictures: name another folder.")
    if own:
        only = picture_record.chapters_for(list(only) if only else None)
        picture_record.check_pairs()
    with tempfile.TemporaryDirectory() as made:
        if has_case_chapter(notebooks):
            paths += write_case_chapters(notebooks, Path(made))
        fresh = run_chapters(chosen(paths, only), home=notebooks)
    if own:
        record = picture_record.record() | {"set": own}
        for notebook in fresh.values():
            notebook.metadata["onetomany"]["images"] = record
    kept = {path.stem: before[path.stem] for path in paths if path.stem in before}
    ordered = dict(sorted((kept | fresh).items()))
    return write_site(ordered, notebooks, out, exercises=exercises, docs=docs)


def build_case_report(notebooks: Path, folder: Path, out: Path) -> Path:
    """Execute the chapter of a case folder, export the site to `out`, return its index.html.

    The folder's own notebooks are not run. Raises InputError for a table that can't be used.
    """
    from onetomany.cases.case_folder import read_case
    from onetomany.extras import require_extra

    require_extra("report")
    from .case_pages import write_own_case
    from .execute import run_chapters
    from .website import executed_chapters, write_site

    notebooks, out = Path(notebooks).resolve(), Path(out).resolve()
    executed_chapters(out)
    with tempfile.TemporaryDirectory() as made:
        path = write_own_case(notebooks, Path(made), read_case(folder))
        executed = run_chapters([path], home=notebooks)
    return write_site(executed, notebooks, out)


def chapters_of(notebooks: Path) -> list[Path]:
    """Return the notebooks of a folder in order. Raises InputError if there are none."""
    paths = sorted(notebooks.glob("*.ipynb"))
    if not paths:
        raise InputError(f"There are no notebooks (*.ipynb) in {notebooks}.")
    return paths


def chosen(paths: list[Path], only: Sequence[str] | None) -> list[Path]:
    """Return the chapters that `only` names, or all. Raises InputError for an unknown number."""
    if only is None:
        return paths
    by_number: dict[str, list[Path]] = {}
    for path in paths:
        by_number.setdefault(path.stem.split("_")[0], []).append(path)
    unknown = [number for number in only if number not in by_number]
    if unknown or not only:
        raise InputError(
            f"There is no chapter {', '.join(unknown) or 'named'}: "
            f"the chapters are {', '.join(by_number)}."
        )
    return [path for number in dict.fromkeys(only) for path in by_number[number]]
