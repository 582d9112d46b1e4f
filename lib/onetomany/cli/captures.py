"""Captures of web sources: list the missing ones, and add the options of an exhibit."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from onetomany.errors import InputError
from onetomany.printing import print_line as print
from .command import CommandParser, Run

if TYPE_CHECKING:
    import polars as pl

    from onetomany.evidence.redaction import RedactionRule


def capture_list_command(parser: CommandParser) -> Run:
    """List the web sources of the case that have no capture yet, and how to make one."""
    parser.add_path(
        "--case", "FILE", "case file (default: case.duckdb in this folder, if it exists)"
    )
    parser.add_path("--csv", "FILE", "also write all addresses to this CSV file")
    return _capture_list


def _capture_list(args: argparse.Namespace) -> None:
    from onetomany.claims import web_sources
    from onetomany.documents.case_file import open_case
    from onetomany.sources.files import write_whole
    from onetomany.sources.kit_files import packaged_text
    from onetomany.sources.tables import csv_text

    case = args.case or Path("case.duckdb")
    if args.case or case.is_file():
        with open_case(case) as db:
            listed = web_sources.cited_addresses(db)
    else:
        print(
            f"There is no case file {case}, so no capture is known. 사건 파일이 없어 보존본을 "
            "알 수 없다."
        )
        listed = web_sources.cited_addresses()
    left = web_sources.uncaptured_addresses(listed)
    _print_addresses(left)
    captured = web_sources.captured_addresses(listed)
    hashed = listed.height - left.height - captured.height
    print(
        f"{listed.height} addresses: {left.height} need a capture, {captured.height} have one "
        f"in the case file, {hashed} have a recorded SHA-256."
    )
    print(
        f"주소 {listed.height}개: 보존 필요 {left.height}개, 사건 파일에 있음 "
        f"{captured.height}개, SHA-256 기록됨 {hashed}개."
    )
    if left.height:
        # how to make a capture with other tools: this kit opens no page
        for line in packaged_text("onetomany.cli", "capturing.txt").splitlines():
            print(line)
    if args.csv:
        write_whole(args.csv, csv_text(listed).encode("utf-8"))
        print(f"wrote {args.csv}")


def _print_addresses(left: pl.DataFrame) -> None:
    from onetomany.claims.web_sources import COUNTS

    for row in left.iter_rows(named=True):
        print(row["address"])
        print(f"    {', '.join(f'{row[kind]} {kind}' for kind in COUNTS if row[kind])}")
        if row["file"]:
            print(
                f"    the capture of {row['captured']} in {row['file']} is an error page: HTTP "
                f"{row['status']}"
            )


def add_options(parser: CommandParser) -> None:
    """Add the options of an exhibit that name captures or put them into the bundle."""
    text = "a case folder, to seal its chapter and tables; or a case file, to list its web captures"
    parser.add_path("--case", "FOLDER|FILE", text)
    parser.add_flag(
        "--carry-captures",
        "also put the captured pages into the bundle: their publishers own them, and they name "
        "people",
    )


def check_options(args: argparse.Namespace) -> None:
    """Check the capture options before anything runs.

    Raises InputError if there is no case file, or if it is not one.
    """
    from onetomany.documents.case_file import open_case

    if args.carry_captures and not args.case:
        raise InputError(
            "--carry-captures needs the case file that contains the captures: add --case FILE."
        )
    if args.case:
        with open_case(args.case):
            pass  # raises InputError if it is not a case file


def print_captures(payload: Path, case: Path, *, carry: bool) -> list[RedactionRule]:
    """Name the captures of the payload's web sources; print which files go into the bundle."""
    from onetomany.evidence.captured import name_captures as name

    done = name(payload, case, carry=carry)
    print(f"{done.named} of {done.sources} web sources have a capture: named in data/sources.csv")
    for file, sha256 in done.carried.items():
        print(f"captured page in the bundle: data/{file} (SHA-256 {sha256})")
    for file, what, pages in done.personal:
        print(f"CAREFUL: {pages} pages of data/{file} seem to contain {what}")
    if done.named and not done.carried:
        print(
            "The captured pages are not in the bundle, because publishers and the people named "
            "have rights in them. Keep the files, or add them with --carry-captures."
        )
    return done.rules
