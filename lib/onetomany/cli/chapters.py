"""Commands that run or open the notebooks."""

from __future__ import annotations

import argparse
import logging
import re
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from onetomany.cli.command import Run
from onetomany.errors import InputError
from onetomany.printing import print_line as print
from onetomany.sources.cache import cache_dir
from onetomany.sources.kit_files import kit_folder
from onetomany.sources.processes import python_command, safe_environment


def report(parser: argparse.ArgumentParser) -> Run:
    """Execute the notebooks and export them as one HTML site."""
    parser.add_argument("--only", metavar="01,02", help="execute these chapters, keep the others")
    _add_images(parser, "run chapters 01 to 03 on this folder of your own pictures")
    parser.add_argument("--notebooks", type=Path, default=kit_folder("notebooks"), metavar="DIR")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="default: build/report, or build/report-NAME"
    )
    parser.add_argument(
        "--exercises", action="store_true", help="also show those of the workshop, answers folded"
    )
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="also show what cells write to stderr"
    )

    def run(args: argparse.Namespace) -> int:
        from onetomany.report import build_report
        from onetomany.sources.images import activity

        if args.verbose:
            logging.basicConfig(format="%(message)s")
            logging.getLogger("onetomany").setLevel(logging.INFO)
        started = time.monotonic()
        only = args.only.replace(" ", "").split(",") if args.only else None
        with activity("workshop" if args.exercises else "report"):
            default = _chosen(args) or Path("build/report")
            index = build_report(
                args.notebooks, args.out or default, only, exercises=args.exercises
            )
        print(f"{index} ({time.monotonic() - started:.0f} s)")
        return 0

    return run


def _add_images(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument(
        "--images", type=Path, metavar="FOLDER", help=f"{what} (see 'onetomany datasheet')"
    )
    parser.add_argument(
        "--weak-isolation",
        action="store_true",
        help="read your own pictures where the system can't confine what decodes them",
    )


def _chosen(args: argparse.Namespace) -> Path | None:
    """Choose the user's own pictures where there are any, and say what is not used of them.

    Returns where a report on them goes by default.
    """
    from onetomany.cage import accept_weak_isolation
    from onetomany.sources import choose_images

    if args.weak_isolation:
        accept_weak_isolation()
    if not args.images:
        return None
    images = choose_images(args.images)
    left_out = images.account["reason"].drop_nulls()
    print(f"{images.datasheet.title}: {len(images.files):,} pictures are used.")
    if len(left_out):
        print(f"{len(left_out):,} files are not; {args.images / 'ids.csv'} names them:")
    for reason, many in left_out.value_counts(sort=True).iter_rows():
        print(f"  {many:,}  {reason}")
    name = re.sub(r"[^\w-]+", "-", images.datasheet.name)
    return Path("build") / f"report-{name}"


def lab(parser: argparse.ArgumentParser) -> Run:
    """Open the notebooks in JupyterLab."""
    _add_images(parser, "open this folder of your own pictures in chapters 01 to 03")
    parser.add_argument("--notebooks", type=Path, default=Path("notebooks"), metavar="DIR")
    parser.add_argument("jupyter", nargs="*", help="after --: options for JupyterLab itself")

    def run(args: argparse.Namespace) -> int:
        from onetomany.workshop import START

        _chosen(args)
        folder = args.notebooks.resolve()
        if not folder.is_dir():
            raise InputError(
                f"There is no folder {folder}: name one with --notebooks, or copy the chapters "
                "with 'onetomany workshop DIR'."
            )
        # one card a chapter
        return open_lab(folder, START if (folder / START).exists() else None, args.jupyter)

    return run


def open_lab(
    folder: Path, start: str | None, jupyter: Sequence[str], *, alone: bool = False
) -> int:
    """Open JupyterLab on a folder, at a file of it; returns its exit code.

    `jupyter` are options for JupyterLab itself, which win. `alone` shows no other file beside it.
    """
    options = [f"--ServerApp.root_dir={folder}"]
    options += ["--ServerApp.kernel_spec_manager_class=onetomany.report.kernels.LabKernels"]
    if start:
        options += [f"--LabApp.default_url=/{'doc' if alone else 'lab'}/tree/{start}"]
    command = python_command("-m", "jupyterlab", *options, *jupyter)
    # It reads configuration where it is started, too: in a folder with nothing in it
    with tempfile.TemporaryDirectory(prefix="onetomany-lab-") as empty:
        return subprocess.call(command, cwd=empty, env=_lab_environment())


def _lab_environment() -> dict[str, str]:
    """Only the kit's own configuration, and a place of its own for what Lab remembers.

    Files in the home folder may have come out of somebody's archive. The configuration keeps Lab
    from asking for news and updates: the network may be off.
    """
    own = cache_dir() / "lab"
    return safe_environment(
        JUPYTER_CONFIG_PATH=str(Path(__file__).parents[1] / "lab"),
        JUPYTER_CONFIG_DIR=str(own / "config"),
        JUPYTER_DATA_DIR=str(own / "data"),
        JUPYTER_PREFER_ENV_PATH="1",
        IPYTHONDIR=str(own / "ipython"),
    )
