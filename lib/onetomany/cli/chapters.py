"""Commands that run or open the notebooks."""

from __future__ import annotations

import argparse
import logging
import os
import subprocess
import sys
import time
from pathlib import Path

from onetomany.cli.command import Run
from onetomany.errors import InputError
from onetomany.printing import print_line as print


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
        root = f"--ServerApp.root_dir={folder}"
        command = [sys.executable, "-m", "jupyterlab", root, *args.jupyter]
        if (folder / START).exists():  # one card a chapter; jupyter's own options win
            command.insert(4, f"--LabApp.default_url=/lab/tree/{START}")
        # Our configuration keeps Lab from asking for news and updates: the network may be off
        config = [str(Path(__file__).parents[1] / "lab"), os.environ.get("JUPYTER_CONFIG_PATH", "")]
        own = {
            "JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, config)),
            # this environment's kernel before one of the same name in the home folder
            "JUPYTER_PREFER_ENV_PATH": "1",
        }
        return subprocess.call(command, env=os.environ | own)

    return run
