"""Commands on disclosed documents."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from onetomany.cli.command import Run
from onetomany.cli.reading import capture_line
from onetomany.errors import InputError
from onetomany.printing import print_line as print


def ingest(parser: argparse.ArgumentParser) -> Run:
    """Read a folder of documents into a case file that can be searched; goes on where it was."""
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
        "--password",
        action="append",
        default=[],
        metavar="WORD",
        help="try this on documents that ask for a password, also on those that failed before; may "
        "be given again; others on this machine can see it while the command runs",
    )
    parser.add_argument(
        "--passwords", type=Path, metavar="FILE", help="the same from a file, one a line (UTF-8)"
    )
    parser.add_argument(
        "--ocr-languages",
        default="",
        metavar="NAMES",
        help="as Tesseract names them, such as kor+eng+jpn (default kor+eng); pages that it has "
        "read before stay as they are",
    )
    parser.add_argument(
        "--weak-isolation",
        action="store_true",
        help="read also where this system can't confine the programs that read documents",
    )
    parser.add_argument(
        "--no-index", action="store_true", help="neither look for mentions nor make it searchable"
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
        from onetomany.documents import indexing
        from onetomany.documents.attention import needing_attention
        from onetomany.documents.case_export import export_parquet
        from onetomany.documents.case_file import key_file, names_file, open_case
        from onetomany.documents.ingest import ingest as read_folder
        from onetomany.documents.passwords import given_passwords
        from onetomany.documents.scans import LANGUAGES, checked_languages

        if args.workers is not None and args.workers < 1:
            raise InputError("--workers needs a number of 1 or more.")
        words = given_passwords(args.password, args.passwords, args.folder)
        languages = LANGUAGES
        if args.ocr_languages and args.ocr == "off":
            raise InputError("--ocr-languages is of no use with --ocr off: leave one out.")
        if args.ocr_languages:
            languages = checked_languages(args.ocr_languages)
        done = read_folder(
            args.folder,
            args.case,
            workers=args.workers,
            retry=args.retry or bool(words),
            passwords=words,
            ocr=args.ocr == "auto",
            ocr_languages=languages,
            weak_isolation=args.weak_isolation,
        )
        head = [
            f"{args.case}: {done.files:,} files; {done.read:,} documents read ({done.pages:,} "
            f"pages), {done.partly:,} partly, {done.failed:,} not, {done.held:,} known before "
            f"({done.seconds:.0f} s)",
            f"{done.duplicates:,} copies, {done.near_duplicates:,} near-duplicates",
        ]
        if said := done.scans.said():
            head.append(said)
        with open_case(args.case, write=not args.no_index) as db:
            if not args.no_index:
                mentioned, indexed = indexing.index_case(db)
                head.append(
                    f"{mentioned:,} pages read for mentions, {indexed:,} indexed for search"
                )
            found = needing_attention(db, args.folder)
        _print_summary(args.case, head, found)
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


def _print_summary(case: Path, head: list[str], found: pl.DataFrame) -> None:
    """Print what a run did and what needs attention, on one screen; the rest is in a file."""
    from onetomany.documents.attention import (
        SCREEN,
        attention_lines,
        terminal_columns,
        write_attention,
    )

    file = write_attention(case, found)
    last = "Nothing needs attention."
    if found.height:
        last = f"All of this, with pages and reasons: {file}"
    columns, lines = SCREEN
    taken = sum(-(-terminal_columns(line) // columns) for line in (*head, last))
    for line in (*head, *attention_lines(found, lines - taken), last):
        print(line)


# what a claim's quotation is found to be in the capture of its source
_PASSAGES = {
    "exact": "quoted as it stands there",
    "other blanks": "quoted as it stands there but for blanks",
    "not found": "THE QUOTATION IS NOT FOUND THERE",
    "no text": "the capture has no text",
    "no quotation": "source captured",
}


def _cited(pair: Mapping[str, Any], side: str) -> str:
    """One side of a contradiction with its citation, in the case file where it stands there."""
    from onetomany.claims.claim_ledger import WORDS

    unit = pair[f"unit_{side}"]
    said = pair[f"value_{side}"] + ("" if unit in WORDS else f" {unit}")
    place = [pair[f"{name}_{side}"] for name in ("said_by", "date", "source", "url")]
    if document := pair[f"document_{side}"]:
        place.append(f"document {document[:12]}, page {pair[f'page_{side}']}")
    return f"{pair[f'claim_{side}']:6} {said}: {', '.join(filter(None, place))}"


_BETWEEN = {
    "officials": "officials against officials",
    "officials and others": "officials against the press or civic groups",
    "others": "between others",
    "copies": "copies of a number with another unit, and rounding",
}


def claims(parser: argparse.ArgumentParser) -> Run:
    """Find which claims can't be true together, with both citations; the case's, or your own."""
    parser.add_argument(
        "ledger",
        type=Path,
        nargs="?",
        metavar="CSV",
        help="your own claims: claim_id, subject, attribute, value, unit, said_by, and what "
        "docs/claims.md names more; default: those of the case",
    )
    parser.add_argument("--case", type=Path, metavar="FILE", help="also put them into a case file")
    parser.add_argument(
        "--tolerance",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="numbers closer than this share of the larger agree (default 0)",
    )

    def run(args: argparse.Namespace) -> int:
        from onetomany.claims import claim_ledger as ledgers
        from onetomany.claims import contradictions
        from onetomany.documents import captures
        from onetomany.documents.case_file import open_case

        held = ledgers.read_ledger(args.ledger) if args.ledger else ledgers.ledger()
        found = contradictions.find(held, ledgers.links(), tolerance=args.tolerance)
        clashing = found.filter("contradiction")
        between = None
        for pair in clashing.iter_rows(named=True):
            if pair["between"] != between:
                between = pair["between"]
                print(f"-- {_BETWEEN[between]}")
            both = dict.fromkeys((pair["subject_a"], pair["subject_b"]))
            print(f"{' and '.join(both)}, {pair['attribute']} ({pair['kind']}):")
            for side in ("a", "b"):
                print(f"    {_cited(pair, side)}")
        print(
            f"{contradictions.count_pairs(held, found).claims} claims: {clashing.height} pairs "
            "can't be true together, "
            f"{found.height - clashing.height} differ and can."
        )
        results = contradictions.checks(held, ledgers.links())
        for query in ledgers.queries():
            rows = results[query.name]
            if rows.is_empty():
                print(f"{query.title_en} Nothing to ask it of.")
                continue
            wrong = rows.filter(~pl.col("holds"))
            print(f"{query.title_en} {wrong.height} of {rows.height} don't hold.")
            for claim_ids in wrong["claim_ids"]:
                print(f"    {claim_ids}")
        if args.case:
            with open_case(args.case, write=True) as db:
                held, cited = captures.resolve_claims(db, held)
                many = ledgers.load(db, held, ledgers.links())
            for source in cited.iter_rows(named=True):
                print(
                    f"{source['claim_id']:6} {_PASSAGES[source['passage']]}: {capture_line(source)}"
                )
            print(f"{args.case}: {many} claims in its table 'claims'")
            print(f"{cited.height} of them have a capture of their source in the case file.")
        return 0

    return run
