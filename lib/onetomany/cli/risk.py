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
    parser.add_path(
        "table", "FILE", "table with one person a row: CSV, TSV, XLSX, XLS, ODS or Parquet"
    )
    parser.add_option(
        "--columns",
        "A,B",
        "columns that others may know (default: all, except columns that differ in each row)",
    )
    parser.add_option("--sheet", "NAME", "sheet of the spreadsheet (default: the first)")
    text = "encoding of a text file (default: UTF-8, UTF-16 or CP949, whichever fits)"
    parser.add_option("--encoding", "NAME", text)
    parser.add_choice(
        "--dates",
        ("day-first", "month-first"),
        "how to read a date such as 03/04/2019 (default: the date stays text)",
    )
    _add_known(parser)
    parser.add_option(
        "--population",
        "N",
        "number of people from which the table is a random sample (default: no estimate)",
        kind=int,
    )
    parser.add_flag(
        "--drop-identifiers",
        "leave out columns that name people, such as passport or telephone numbers",
    )
    text = "also look for the 18 identifiers of HIPAA Safe Harbor; YEAR is that of the table"
    parser.add_option("--safe-harbor", "YEAR", text, kind=int)
    parser.add_weak_isolation()
    parser.add_path("--report", "HTML", "write a page with charts; it shows no value of the table")
    parser.add_path("--out", "CSV", "write for each record how many records share its values")

    return _run


def _run(args: argparse.Namespace) -> None:
    from onetomany.extras import require_extra
    from onetomany.reidentification.hidden_values import hide_values
    from onetomany.sources.files import check_writable

    if args.report:  # before an hour's work, not after it
        require_extra("report")
    for out in filter(None, (args.report, args.recoded, args.out)):
        check_writable(out)
    if args.recoded and not args.reach:
        raise InputError("--recoded needs the size of the smallest group: add --reach K.")
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
        name = shortened(row["column"])
        print(f"Without '{name}', records alone: {row['unique']:,}; k = {row['k']:,}.")
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
    text = "also show how much a person's group reveals of this column"
    parser.add_option("--sensitive", "COLUMN", text)
    text = "with --sensitive: its values in the first column, coarser terms in the next ones"
    parser.add_path("--taxonomy", "CSV", text)
    text = "column of survey weights: also estimate how many records are named rightly"
    parser.add_option("--weight", "COLUMN", text)
    text = "with --weight: column of the household, to estimate how many households are found"
    parser.add_option("--household", "COLUMN", text)
    text = "table of the whole population: also count groups among everyone (k-map)"
    parser.add_path("--everyone", "FILE", text)
    text = "protected copy of the table, in the same order: also count records found again"
    parser.add_path("--changed", "FILE", text)
    text = "also show how much detail is lost if every group has K or more records"
    parser.add_option("--reach", "K", text, kind=int)
    parser.add_path(
        "--recoded", "CSV", "with --reach: write the table so protected (local recoding)"
    )
    text = "also list the columns that single out record N, counted from 1"
    parser.add_option("--record", "N", text, kind=int)


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
        raise InputError(
            "--taxonomy orders the values of a column: name the column with --sensitive COLUMN."
        )
    if args.household and not args.weight:
        raise InputError(
            "--household needs the survey weights: name their column with --weight COLUMN."
        )

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
        print(f"wrote {args.report}: a page with charts, without any value of the table")
    if args.recoded:
        from onetomany.reidentification.local_recoding import recode_locally

        recoded = recode_locally(opened.frame, found.columns, args.reach)
        write_whole(args.recoded, csv_text(recoded.frame).encode())
        print(f"wrote {args.recoded}: the table with {recoded.k:,} or more records in every group")
    if args.out:
        write_whole(args.out, csv_text(found.sized.sort("record")).encode())
        print(f"wrote {args.out}: for each record, how many share its values")
