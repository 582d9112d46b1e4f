"""The command that measures the risk of re-identification in a table."""

from __future__ import annotations

import argparse
import csv
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onetomany.errors import InputError
from onetomany.printing import print_line as print
from onetomany.printing import shortened
from .command import CommandParser, Run

if TYPE_CHECKING:
    import polars as pl

    from onetomany.reidentification.assessment import Assessment
    from onetomany.reidentification.own_table import OwnTable
    from onetomany.reidentification.risk_findings import Finding


def risk_command(parser: CommandParser) -> Run:
    """Find who can be singled out in a table of people, and which columns to remove."""
    parser.add_path("table", "FILE", "a table: CSV, TSV, XLSX, XLS, ODS or Parquet")
    parser.add_option("--columns", "A,B", "columns that others may know (default: all but keys)")
    parser.add_option("--sheet", "NAME", "sheet of a spreadsheet (default: the first)")
    parser.add_option("--encoding", "NAME", "of a text file (default: tries UTF-8, UTF-16, CP949)")
    parser.add_choice("--dates", ("day-first", "month-first"), "how to read 03/04/2019")
    _add_known(parser)
    parser.add_option("--population", "N", "the table is a random sample of N people", kind=int)
    parser.add_flag("--drop-identifiers", "leave out columns with names or numbers of people")
    text = "check the HIPAA Safe Harbor list, for a table of this year"
    parser.add_option("--safe-harbor", "YEAR", text, kind=int)
    parser.add_weak_isolation()
    parser.add_path("--report", "HTML", "write a page with charts, without any value")
    parser.add_path("--out", "CSV", "write how many records share each record's values")

    return _run


def _run(args: argparse.Namespace) -> None:
    from onetomany.extras import require_extra
    from onetomany.reidentification.hidden_values import hide_values

    if args.report:  # before an hour's work, not after it
        require_extra("report")
    if args.recoded and not args.reach:
        raise InputError("--recoded needs --reach K, the size of the smallest group.")
    with hide_values(args.table.name):
        _count(args)


def _count(args: argparse.Namespace) -> None:
    from onetomany.reidentification.assessment import FIRST, assess, describe_assessment
    from onetomany.reidentification.own_table import own_name, own_table

    for option in ("sensitive", "weight", "household"):
        setattr(args, option, own_name(getattr(args, option) or "") or None)
    opened = own_table(args.table, sheet=args.sheet, **_reading(args))
    for notice in opened.notices:
        print(notice.en)
    aside = [each for each in (args.sensitive, args.weight, args.household) if each]
    found = assess(opened.frame, _chosen(args), population=args.population, aside=aside)
    found = replace(found, findings=(*found.findings, *_findings(args, opened, found)))
    for sentence in describe_assessment(found):
        print(sentence.en)
    for row in found.without.head(FIRST).iter_rows(named=True):
        print(f"Without '{shortened(row['column'])}': {row['unique']:,} alone, k = {row['k']:,}.")
    _write(args, opened, found)


def _chosen(args: argparse.Namespace) -> list[str]:
    """Return the columns of --columns; a name with a comma is given in quotation marks."""
    if not args.columns:
        return []
    from onetomany.reidentification.own_table import own_name

    names = next(csv.reader([args.columns], skipinitialspace=True))
    return [own_name(name.strip()) for name in names]


def _add_known(parser: CommandParser) -> None:
    """Add the options on knowledge from outside the table."""
    parser.add_argument("--sensitive", metavar="COLUMN", help="what a group gives away of it")
    parser.add_path("--taxonomy", "CSV", "its values and their coarser terms, one a column")
    parser.add_argument("--weight", metavar="COLUMN", help="survey weights: records named rightly")
    parser.add_argument("--household", metavar="COLUMN", help="with --weight: households found")
    parser.add_path("--everyone", "FILE", "a table of the whole population: k-map")
    parser.add_path("--changed", "FILE", "a protected copy, row by row: found again")
    parser.add_argument("--reach", type=int, metavar="K", help="what groups of K or more cost")
    parser.add_path("--recoded", "CSV", "with --reach: write the locally recoded table")
    parser.add_argument("--record", type=int, metavar="N", help="columns that single it out")


def _reading(args: argparse.Namespace) -> dict[str, Any]:
    """Return how every table of the command is read."""
    return {
        "encoding": args.encoding,
        "dates": args.dates,
        "drop_identifiers": args.drop_identifiers,
    }


def _findings(args: argparse.Namespace, opened: OwnTable, found: Assessment) -> list[Finding]:
    """Return a finding for each option on knowledge from outside the table."""
    from onetomany.reidentification import release_findings as release
    from onetomany.reidentification.own_table import own_table
    from onetomany.reidentification.risk_findings import safe_harbor_finding

    if args.taxonomy and not args.sensitive:
        raise InputError("--taxonomy needs --sensitive COLUMN, whose values it orders.")
    if args.household and not args.weight:
        raise InputError("--household needs --weight COLUMN, the survey weights.")

    def other(path: Path) -> pl.LazyFrame:
        return own_table(path, **_reading(args)).frame.lazy()

    table, columns, findings = opened.frame, found.columns, []
    if args.safe_harbor:
        findings.append(safe_harbor_finding(table, args.safe_harbor))
    if args.sensitive:
        taxonomy = other(args.taxonomy).collect() if args.taxonomy else None
        findings.append(release.sensitive_finding(table, columns, args.sensitive, taxonomy))
    if args.weight:
        findings.append(release.survey_finding(table, columns, args.weight, args.household))
    if args.everyone:
        findings.append(release.everyone_finding(table, columns, other(args.everyone)))
    if args.changed:
        findings.append(release.changed_finding(table, other(args.changed), columns))
    if args.reach:
        findings.append(release.reach_finding(table, columns, args.reach))
    if args.record is not None:
        findings.append(release.record_finding(table, columns, args.record))
    return findings


def _write(args: argparse.Namespace, opened: OwnTable, found: Assessment) -> None:
    from onetomany.sources.files import write_whole
    from onetomany.sources.tables import csv_text

    if args.report:
        from datetime import date

        from onetomany.report.table_page import table_page
        from onetomany.sources.files import sha256_of

        page = table_page(
            args.table.name, sha256_of(args.table), found, opened.notices, day=date.today()
        )
        write_whole(args.report, page.encode())
        print(f"A page with charts, without any value: {args.report}")
    if args.recoded:
        from onetomany.reidentification.local_recoding import recode_locally

        recoded = recode_locally(opened.frame, found.columns, args.reach)
        write_whole(args.recoded, csv_text(recoded.frame).encode())
        print(f"The table with {recoded.k:,} or more alike in every group: {args.recoded}")
    if args.out:
        write_whole(args.out, csv_text(found.sized.sort("record")).encode())
        print(f"Every record's class size: {args.out}")
