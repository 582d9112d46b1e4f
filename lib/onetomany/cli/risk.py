"""The command on a table's risk of re-identification."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from onetomany.cli.command import Run
from onetomany.printing import print_line as print
from onetomany.printing import shortened

if TYPE_CHECKING:
    from onetomany.reidentification.assessment import Assessment
    from onetomany.reidentification.own_table import OwnTable


def risk(parser: argparse.ArgumentParser) -> Run:
    """Who stands out in a table of people, by row and never by value, and what to give up."""
    parser.add_argument(
        "table", type=Path, metavar="FILE", help="CSV, TSV, XLSX, XLS, ODS or Parquet"
    )
    parser.add_argument(
        "--columns", metavar="A,B", help="what somebody else may know; default: all but keys"
    )
    parser.add_argument("--sheet", metavar="NAME", help="of a spreadsheet; default: the first")
    parser.add_argument("--encoding", metavar="NAME", help="of a text; default: UTF-8, 16, CP949")
    parser.add_argument("--dates", choices=("day-first", "month-first"), help="of 03/04/2019")
    parser.add_argument(
        "--population", type=int, metavar="N", help="people of whom the table is a random sample"
    )
    parser.add_argument(
        "--drop-identifiers", action="store_true", help="leave out columns that name people"
    )
    parser.add_argument(
        "--safe-harbor", type=int, metavar="YEAR", help="check HIPAA's list; the table's year"
    )
    parser.add_argument(
        "--weak-isolation",
        action="store_true",
        help="read spreadsheets also where the system can't confine their reader",
    )
    parser.add_argument("--report", type=Path, metavar="HTML", help="a page with charts")
    parser.add_argument("--out", type=Path, metavar="CSV", help="every record's class size")

    def run(args: argparse.Namespace) -> int:
        from onetomany.cage import accept_weak_isolation
        from onetomany.extras import require_extra
        from onetomany.reidentification.assessment import FIRST, assess, sentences
        from onetomany.reidentification.own_table import own_table
        from onetomany.reidentification.risk_findings import safe_harbor_finding

        if args.report:  # before an hour's work, not after it
            require_extra("report")
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
