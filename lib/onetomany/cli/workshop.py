"""The command that makes what a workshop needs."""

from __future__ import annotations

import argparse
from pathlib import Path

from onetomany.cli.command import Run
from onetomany.printing import print_line as print
from onetomany.sources.kit_files import kit_folder


def workshop(parser: argparse.ArgumentParser) -> Run:
    """Copy the chapters for participants, or all there is for a machine without network."""
    parser.add_argument("out", type=Path, metavar="DIR", help="a new folder")
    parser.add_argument("--notebooks", type=Path, default=kit_folder("notebooks"), metavar="DIR")
    parser.add_argument(
        "--offline",
        type=Path,
        metavar="LOCK",
        help="also wheels of all packages, from this output of 'uv export' (see 'make workshop')",
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
