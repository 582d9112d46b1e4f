"""The command on a table's risk of re-identification."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from onetomany.cli.command import Run
from onetomany.printing import print_line as print
from onetomany.printing import shortened

if TYPE_CHECKING:
    import polars as pl

SHOWN = 10  # records and columns that are listed


def risk(parser: argparse.ArgumentParser) -> Run:
    """Who stands out in a table of people, by row and never by value, and what to give up."""
    parser.add_argument("table", type=Path, metavar="FILE", help="CSV, XLSX or Parquet")
    parser.add_argument(
        "--columns", metavar="A,B", help="what somebody else may know; default: all but keys"
    )
    parser.add_argument("--sheet", metavar="NAME", help="of an XLSX file; default: the first")
    parser.add_argument("--encoding", metavar="NAME", help="of a text; default: UTF-8, 16, CP949")
    parser.add_argument("--dates", choices=("day-first", "month-first"), help="of 03/04/2019")
    parser.add_argument(
        "--population", type=int, metavar="N", help="people of whom the table is a random sample"
    )
    parser.add_argument(
        "--drop-identifiers", action="store_true", help="leave out columns that name people"
    )
    parser.add_argument("--out", type=Path, metavar="CSV", help="every record's class size")

    def run(args: argparse.Namespace) -> int:
        from onetomany.reidentification import standing_out as alone
        from onetomany.reidentification.own_table import own_table
        from onetomany.reidentification.risk import anonymity

        opened = own_table(
            args.table,
            sheet=args.sheet,
            encoding=args.encoding,
            dates=args.dates,
            drop_identifiers=args.drop_identifiers,
        )
        for notice in opened.notices:
            print(notice.en)
        columns, keys = (
            ([name.strip() for name in args.columns.split(",")], [])
            if args.columns
            else alone.quasi_identifiers(opened.frame)
        )
        for key in keys:
            print(f"Column '{shortened(key)}' differs in every record and is not counted.")
        found = anonymity(opened.frame, columns)
        print(f"By {', '.join(map(shortened, columns))}:")
        print(
            f"{found.records:,} records in {found.classes:,} classes; k = {found.k:,}; "
            f"{_records(found.unique)} ({found.uniqueness:.1%}) alone with these values."
        )
        sized = alone.standing_out(opened.frame, columns)
        _print_records(sized)
        for row in alone.without_each(opened.frame, columns).head(SHOWN).iter_rows(named=True):
            print(
                f"Without '{shortened(row['column'])}': {_records(row['unique'])} alone, "
                f"k = {row['k']:,}."
            )
        if args.population:
            _print_population(opened.frame, columns, args.population)
        if args.out:
            from onetomany.sources.files import write_whole
            from onetomany.sources.tables import csv_text

            write_whole(args.out, csv_text(sized.sort("record")).encode())
            print(f"Every record's class size: {args.out}")
        return 0

    return run


def _records(many: int) -> str:
    return f"{many:,} record" if many == 1 else f"{many:,} records"


def _print_records(sized: pl.DataFrame) -> None:
    few = sized.filter(sized["class_size"] == sized["class_size"].min()).head(SHOWN)
    size = int(few["class_size"][0])
    listed = ", ".join(f"{record:,}" for record in few["record"])
    what = "alone" if size == 1 else f"one of {size:,} alike"
    print(f"Record {listed}: {what} (at most {SHOWN} are listed; values are never shown).")


def _print_population(frame: pl.DataFrame | pl.LazyFrame, columns: list[str], people: int) -> None:
    from onetomany.reidentification.population import population_uniqueness

    rows = population_uniqueness(frame, columns, people)
    row = rows.filter(model="dankar").row(0, named=True)
    share = "not known" if row["uniqueness"] is None else f"{row['uniqueness']:.1%}"
    reach = "no interval" if row["low"] is None else f"95 %: {row['low']:.1%} to {row['high']:.1%}"
    print(
        f"If the table is a random sample of {people:,} people, by a model {share} of them are "
        f"unique ({reach}, for the sample's chance alone)."
    )
