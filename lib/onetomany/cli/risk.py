"""The command that measures the risk of re-identification in a table."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from onetomany.cli.command import Run, add_path, add_weak_isolation
from onetomany.printing import print_line as print
from onetomany.printing import shortened

if TYPE_CHECKING:
    from onetomany.reidentification.assessment import Assessment
    from onetomany.reidentification.own_table import OwnTable


def risk_command(parser: argparse.ArgumentParser) -> Run:
    """Find who can be singled out in a table of people, and which columns to remove."""
    add_path(parser, "table", "FILE", "a table: CSV, TSV, XLSX, XLS, ODS or Parquet")
    parser.add_argument(
        "--columns", metavar="A,B", help="columns that others may know (default: all but keys)"
    )
    parser.add_argument(
        "--sheet", metavar="NAME", help="sheet of a spreadsheet (default: the first)"
    )
    parser.add_argument(
        "--encoding", metavar="NAME", help="of a text file (default: tries UTF-8, UTF-16, CP949)"
    )
    parser.add_argument(
        "--dates", choices=("day-first", "month-first"), help="how to read 03/04/2019"
    )
    parser.add_argument(
        "--population", type=int, metavar="N", help="the table is a random sample of N people"
    )
    parser.add_argument(
        "--drop-identifiers",
        action="store_true",
        help="leave out columns with names or numbers of people",
    )
    parser.add_argument(
        "--safe-harbor",
        type=int,
        metavar="YEAR",
        help="check the HIPAA Safe Harbor list, for a table of this year",
    )
    add_weak_isolation(parser)
    add_path(parser, "--report", "HTML", "write a page with charts, without any value")
    add_path(parser, "--out", "CSV", "write how many records share each record's values")

    def run(args: argparse.Namespace) -> int:
        from onetomany.cage import accept_weak_isolation
        from onetomany.reidentification.assessment import FIRST, assess, sentences
        from onetomany.reidentification.own_table import own_table
        from onetomany.reidentification.risk_findings import safe_harbor_finding

        if args.weak_isolation:
            accept_weak_isolation()
        opened = own_table(
            args.table,
            sheet=args.sheet,
            encoding=args.encoding,
            dates=args.dates,
            drop_identifiers=args.drop_identifiers,
        )
        for notice in opened.notices:
            print(notice.en)
        columns = [name.strip() for name in args.columns.split(",")] if args.columns else []
        found = assess(opened.frame, columns, population=args.population)
        for sentence in sentences(found):
            print(sentence.en)
        for row in found.without.head(FIRST).iter_rows(named=True):
            print(
                f"Without '{shortened(row['column'])}': {row['unique']:,} alone, k = {row['k']:,}."
            )
        if args.safe_harbor:
            print(safe_harbor_finding(opened.frame, args.safe_harbor).en)
        _write(args, opened, found)
        return 0

    return run


def _write(args: argparse.Namespace, opened: OwnTable, found: Assessment) -> None:
    from onetomany.sources.files import write_whole

    if args.report:
        from datetime import date

        from onetomany.report.table_page import table_page
        from onetomany.sources.files import sha256_of

        page = table_page(
            args.table.name, sha256_of(args.table), found, opened.notices, day=date.today()
        )
        write_whole(args.report, page.encode())
        print(f"A page with charts, without any value: {args.report}")
    if args.out:
        from onetomany.sources.tables import csv_text

        write_whole(args.out, csv_text(found.sized.sort("record")).encode())
        print(f"Every record's class size: {args.out}")
