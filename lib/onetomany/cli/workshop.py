"""The command that prepares a workshop."""

from __future__ import annotations

import argparse
from pathlib import Path

from onetomany.cli.command import NOTEBOOKS, Run
from onetomany.printing import print_line as print


def workshop_command(parser: argparse.ArgumentParser) -> Run:
    """Copy the chapters for participants, or the whole kit for a machine without network."""
    parser.add_argument("out", type=Path, metavar="DIR", help="a new folder")
    parser.add_argument(
        "--notebooks", type=Path, default=Path("notebooks"), metavar="DIR", help=NOTEBOOKS
    )
    parser.add_argument(
        "--offline",
        type=Path,
        metavar="LOCK",
        help="copy the whole kit and all packages in this output of 'uv export' ('make workshop' "
        "does it)",
    )

    def run(args: argparse.Namespace) -> int:
        from onetomany.workshop import write_handout, write_offline

        if args.offline:
            project = args.notebooks.resolve().parent
            lock = args.offline.read_text(encoding="utf-8")
            print(
                f"{write_offline(project, lock, args.out)}: copy it, then run 'sh install.sh' in it"
            )
        else:
            start, *chapters = write_handout(args.notebooks, args.out)
            print(f"{len(chapters)} chapters; open them with: onetomany lab --notebooks {args.out}")
            print(start)
        return 0

    return run
