"""The command that prepares a workshop."""

import argparse

from onetomany.printing import print_line as print
from .command import CommandParser, Run


def workshop_command(parser: CommandParser) -> Run:
    """Copy the chapters for participants, or the whole kit for a machine without network."""
    parser.add_path("out", "DIR", "new folder for the copies")
    parser.add_notebooks()
    parser.add_language("language of the copies, or both", "both")
    parser.add_flag("--show-code", "show the code instead of folding it away")
    parser.add_path(
        "--offline",
        "LOCK",
        "copy the whole kit with the packages that this file lists, an output of 'uv export' (see "
        "'make workshop')",
    )
    return _workshop


def _workshop(args: argparse.Namespace) -> None:
    from onetomany.workshop import write_handout, write_offline

    folded = not args.show_code
    if args.offline:
        project = args.notebooks.resolve().parent
        lock = args.offline.read_text(encoding="utf-8")
        folder = write_offline(project, lock, args.out, args.language, folded=folded)
        print(f"{folder}: copy it, then run 'sh install.sh' in it")
    else:
        start, *chapters = write_handout(args.notebooks, args.out, args.language, folded=folded)
        print(f"{len(chapters)} chapters; open them with: onetomany lab --notebooks {args.out}")
        print(start)
