"""Commands on disclosed documents."""

from __future__ import annotations

import argparse
from pathlib import Path

from onetomany.cli.command import Run
from onetomany.errors import InputError


def ingest(parser: argparse.ArgumentParser) -> Run:
    """Read a folder of documents into a case file; what is there already is not read again."""
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--case", type=Path, default=Path("case.duckdb"), metavar="FILE")
    parser.add_argument("--workers", type=int, metavar="N", help="processes; default: one a core")
    parser.add_argument("--retry", action="store_true", help="try again what failed before")
    parser.add_argument(
        "--ocr",
        choices=("auto", "off"),
        default="auto",
        help="read pages that are pictures by Tesseract where it is installed (default), or don't",
    )
    parser.add_argument(
        "--parquet",
        type=Path,
        metavar="DIR",
        help="also write the tables there, with pseudonyms for persons",
    )
    parser.add_argument(
        "--officials", action="store_true", help="let those in public office stay named there"
    )
    parser.add_argument("--names", action="store_true", help="let everybody stay named there")

    def run(args: argparse.Namespace) -> int:
        from onetomany.documents.case_file import export_parquet
        from onetomany.documents.ingest import ingest as read_folder
        from onetomany.documents.pseudonyms import key_file, names_file

        if args.workers is not None and args.workers < 1:
            raise InputError("--workers needs a number of 1 or more.")
        done = read_folder(
            args.folder,
            args.case,
            workers=args.workers,
            retry=args.retry,
            ocr=args.ocr == "auto",
        )
        print(
            f"{args.case}: {done.files:,} files; {done.read:,} documents read ({done.pages:,} "
            f"pages), {done.partly:,} partly, {done.failed:,} not, {done.held:,} known before "
            f"({done.seconds:.0f} s)"
        )
        print(f"{done.duplicates:,} copies, {done.near_duplicates:,} near-duplicates")
        if said := done.scans.said():
            print(said)
        for path, why in done.failures.select("path", "why").iter_rows():
            print(f"  {path}: {why}")
        for kind, text, count in done.notes.iter_rows():
            print(f"  {kind}: {text}" + (f" ({count} times)" if count > 1 else ""))
        if args.parquet:
            written = export_parquet(
                args.case, args.parquet, names=args.names, officials=args.officials
            )
            for path in written:
                print(f"wrote {path}")
            if args.names:
                print("WARNING: these tables name persons. Don't pass them on as they are.")
            else:
                print(
                    f"Persons have pseudonyms; {key_file(args.case)} and {names_file(args.case)} "
                    "undo them: keep both to yourself. Some names are missed: read before you "
                    "pass anything on."
                )
        return 0

    return run
