"""Run a bundle's notebooks in a container, in another process, and return their items.

The results are not trusted: their size, form and names are checked before they are used, and no
code of the bundle runs in the process that reads them.
"""

import base64
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from onetomany.errors import InputError, OneToManyError
from onetomany.printing import shortened
from onetomany.report import chapters_of
from onetomany.report.case_pages import COPY, copy_case_tables
from onetomany.sources.cache import cache_dir
from onetomany.sources.images import image_sets, open_images
from onetomany.sources.weights import models, weights_folder
from . import container
from .container import RunLimits
from .figures import NAMES
from .sbom import lock_files

LABEL = re.compile(rf"({'|'.join(name for name, _ in NAMES.values())}) [\w-]{{1,40}}")
PATH = re.compile(r"(figures|tables|statements)/[\w-]{1,60}(\.[a-z]{1,8}){1,2}")


@dataclass(frozen=True)
class Shown:
    """An item that the new run shows: `files` are its content by path in a payload."""

    label: str
    files: Mapping[str, bytes]


def run_again(notebooks: Path, *, unconfined: bool, limits: RunLimits) -> list[Shown]:
    """Run the notebooks of a folder in another process; return the items they show.

    Raises InputError if no container can be made, OneToManyError if the run fails.
    """
    why = "" if unconfined else container.container_problem()
    if why:
        raise InputError(f"{why}: {container.INSTALL}.")
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder)
        (given / "notebooks").mkdir()
        for path in chapters_of(notebooks):
            if path.is_symlink() or not path.is_file():
                raise InputError(f"{path} is not a regular file: get the bundle again.")
            shutil.copyfile(path, given / "notebooks" / path.name)
        copy_case_tables(notebooks / COPY, given / "notebooks" / COPY)
        program = ["-m", "onetomany.evidence.rerun"]
        if unconfined:
            answer = container.run([*program, str(given / "notebooks")], {}, limits, inside=False)
        else:
            own = [f"{container.INPUT}/cache", str(limits.memory), str(limits.processes * 8)]
            shown = _public_cache(given / "cache") | {container.INPUT: given}
            shown |= {str(path): path for path in lock_files()}  # a chapter may seal a bundle
            answer = container.run([*program, f"{container.INPUT}/notebooks", *own], shown, limits)
        return _shown(answer)


def _public_cache(folder: Path) -> dict[str, Path]:
    """Copy the public parts of the kit's cache into a folder, or give their place.

    These are templates of the sets that the kit itself contains, and registered weights: a
    stranger's code sees no template of the user's own image sets, no gallery.
    """
    folder.mkdir()
    public = pl.concat(open_images(name).files for name in image_sets())["sha256"].implode()
    for settings in sorted((cache_dir() / "templates").glob("*/")):
        parts = [pl.read_parquet(part) for part in sorted(settings.glob("*.parquet"))]
        if parts:
            kept = pl.concat(parts).filter(pl.col("image_sha256").is_in(public))
            (folder / "templates" / settings.name).mkdir(parents=True)
            kept.write_parquet(folder / "templates" / settings.name / "kept.parquet")
    inside = f"{container.WORK}/cache/{weights_folder().relative_to(cache_dir())}"
    names = {file.name for model in models().values() for file in model.files}
    return {
        f"{inside}/{name}": weights_folder() / name
        for name in sorted(names)
        if (weights_folder() / name).is_file()
    }


def _shown(answer: container.RunAnswer) -> list[Shown]:
    """Return the files of the run, each name checked. Raises OneToManyError if it failed."""
    found: dict[str, dict[str, bytes]] = {}
    for number, line in enumerate(answer.output.splitlines(), 1):
        label, path, content = _fields(line, number)
        if label == "error":
            raise OneToManyError(f"The run failed: {shortened(content.decode(errors='replace'))}")
        if not LABEL.fullmatch(label) or not PATH.fullmatch(path) or path in found.get(label, {}):
            raise OneToManyError(
                f"The answer of the run can't be read: line {number} is not a file of an item."
            )
        found.setdefault(label, {})[path] = content
    if answer.code:
        last = shortened(answer.said.strip().rsplit("\n", 1)[-1])
        raise OneToManyError(f"The run stopped early, with exit code {answer.code}: {last}")
    return [Shown(label, files) for label, files in found.items()]


def _fields(line: bytes, number: int) -> tuple[str, str, bytes]:
    """Return label, path and content of a line of the answer."""
    parts = line.split(b"\t", 3)
    try:
        label, path, content = parts
        return label.decode("ascii"), path.decode("ascii"), base64.b64decode(content, validate=True)
    except ValueError:
        raise OneToManyError(f"The answer of the run can't be read at line {number}.") from None
