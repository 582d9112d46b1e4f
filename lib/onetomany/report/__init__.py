"""From notebooks to one HTML site that opens from a USB stick, with the network off.

Two steps: `execute` runs the notebooks in a clean kernel, `site` renders every executed notebook
there is. The executed notebooks stay in the site, as evidence of what was run; so a build of one
chapter needs nothing but them to lay out the others again.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from onetomany.errors import InputError

__all__ = ["build_report", "chapters_of", "chosen"]


def build_report(
    notebooks: Path, out: Path, only: Sequence[str] | None = None, *, exercises: bool = False
) -> Path:
    """Execute the notebooks of a folder, export the site to `out`, return its index.html.

    `only` names the chapters to execute ("01", "02"); the others stay as they were exported
    before. Nothing in `out` changes until everything has run. `exercises` also shows those of the
    workshop, with their answers folded away.

    Where a user's own pictures were chosen (`sources.choose_images`), only the chapters that
    measure them run, and the start page says whose they are and what became of every file. Raises
    InputError where `out` holds a report about other pictures, or too few faces can be compared.
    """
    # here, not above: every kernel that runs a chapter loads `shown` of this package, and these
    # would cost it seconds
    from onetomany.extras import require_extra

    require_extra("report")
    from onetomany.report import pictures
    from onetomany.report.execute import run_chapters
    from onetomany.report.site import executed_chapters, write_site

    notebooks, out = Path(notebooks).resolve(), Path(out).resolve()
    paths = chapters_of(notebooks)
    before = executed_chapters(out)
    own = pictures.own_set()
    for notebook in before.values():
        if notebook.metadata.get("onetomany", {}).get("images", {}).get("set") != own:
            raise InputError(f"{out} holds a report about other pictures: name another with --out.")
    if own:
        only = pictures.chapters_for(list(only) if only else None)
        pictures.check_pairs()
    fresh = run_chapters(chosen(paths, only))
    if own:
        told = pictures.record() | {"set": own}
        for notebook in fresh.values():
            notebook.metadata["onetomany"]["images"] = told
    kept = {path.stem: before[path.stem] for path in paths if path.stem in before}
    executed = {**kept, **fresh}
    ordered = {stem: executed[stem] for stem in sorted(executed)}
    return write_site(ordered, notebooks, out, exercises=exercises)


def chapters_of(notebooks: Path) -> list[Path]:
    """The notebooks of a folder in order; InputError where there are none."""
    paths = sorted(notebooks.glob("*.ipynb"))
    if not paths:
        raise InputError(f"There are no notebooks (*.ipynb) in {notebooks}.")
    return paths


def chosen(paths: list[Path], only: Sequence[str] | None) -> list[Path]:
    """Those whose numbers `only` names, all where it is None; InputError where one is unknown."""
    if only is None:
        return paths
    by_number: dict[str, list[Path]] = {}
    for path in paths:
        by_number.setdefault(path.stem.split("_")[0], []).append(path)
    unknown = [number for number in only if number not in by_number]
    if unknown or not only:
        raise InputError(
            f"There is no chapter {', '.join(unknown) or 'named'}; "
            f"the chapters are {', '.join(by_number)}."
        )
    return [path for number in dict.fromkeys(only) for path in by_number[number]]
