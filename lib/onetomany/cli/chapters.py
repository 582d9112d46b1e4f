"""Commands that run or open the notebooks."""

from __future__ import annotations

import argparse
import logging
import subprocess
import tempfile
import time
from pathlib import Path

from onetomany.cli.command import Run
from onetomany.errors import InputError
from onetomany.printing import print_line as print
from onetomany.sources.cache import cache_dir
from onetomany.sources.processes import python_command, safe_environment


def report(parser: argparse.ArgumentParser) -> Run:
    """Execute the notebooks and export them as one HTML site."""
    parser.add_argument("--only", metavar="01,02", help="execute these chapters, keep the others")
    parser.add_argument("--notebooks", type=Path, default=Path("notebooks"), metavar="DIR")
    parser.add_argument("--out", type=Path, default=Path("build/report"), metavar="DIR")
    parser.add_argument(
        "--exercises", action="store_true", help="also show those of the workshop, answers folded"
    )
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="also show what cells write to stderr"
    )

    def run(args: argparse.Namespace) -> int:
        from onetomany.report import build_report

        if args.verbose:
            logging.basicConfig(format="%(message)s")
            logging.getLogger("onetomany").setLevel(logging.INFO)
        started = time.monotonic()
        only = args.only.replace(" ", "").split(",") if args.only else None
        index = build_report(args.notebooks, args.out, only, exercises=args.exercises)
        print(f"{index} ({time.monotonic() - started:.0f} s)")
        return 0

    return run


def lab(parser: argparse.ArgumentParser) -> Run:
    """Open the notebooks in JupyterLab."""
    parser.add_argument("--notebooks", type=Path, default=Path("notebooks"), metavar="DIR")
    parser.add_argument("jupyter", nargs="*", help="after --: options for JupyterLab itself")

    def run(args: argparse.Namespace) -> int:
        from onetomany.workshop import START

        folder = args.notebooks.resolve()
        if not folder.is_dir():
            raise InputError(f"There is no folder {folder}; name one with --notebooks.")
        options = [f"--ServerApp.root_dir={folder}"]
        options += ["--ServerApp.kernel_spec_manager_class=onetomany.report.kernels.LabKernels"]
        if (folder / START).exists():  # one card a chapter; jupyter's own options win
            options += [f"--LabApp.default_url=/lab/tree/{START}"]
        command = python_command("-m", "jupyterlab", *options, *args.jupyter)
        # It reads configuration where it is started, too: in a folder with nothing in it
        with tempfile.TemporaryDirectory(prefix="onetomany-lab-") as empty:
            return subprocess.call(command, cwd=empty, env=_lab_environment())

    return run


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
