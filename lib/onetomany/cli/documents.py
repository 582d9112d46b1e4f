"""Commands on disclosed documents."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from onetomany.cli.command import Run
from onetomany.errors import InputError
from onetomany.printing import print_line as print
from onetomany.printing import shortened

NAME = 160  # characters of a path on the screen: two lines of a terminal


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
        from onetomany.documents import case_mentions
        from onetomany.documents import search as finding
        from onetomany.documents.case_file import export_parquet, key_file, names_file, open_case
        from onetomany.documents.ingest import ingest as read_folder

        if args.workers is not None and args.workers < 1:
            raise InputError("--workers needs a number of 1 or more.")
        done = read_folder(
            args.folder,
            args.case,
            workers=args.workers,
            retry=args.retry,
            ocr=args.ocr == "auto",
            weak_isolation=args.weak_isolation,
        )
        print(
            f"{args.case}: {done.files:,} files; {done.read:,} documents read ({done.pages:,} "
            f"pages), {done.partly:,} partly, {done.failed:,} not, {done.held:,} known before "
            f"({done.seconds:.0f} s)"
        )
        print(f"{done.duplicates:,} copies, {done.near_duplicates:,} near-duplicates")
        if said := done.scans.said():
            print(said)
        if not args.no_index:
            with open_case(args.case, write=True) as db:
                mentioned, indexed = case_mentions.fill(db), finding.index(db)
                left_out = case_mentions.unread(db)
            print(f"{mentioned:,} pages read for mentions, {indexed:,} indexed for search")
            for path, page, why in left_out.iter_rows():
                print(f"  {shortened(path, NAME)}, page {page}: {shortened(why)}")
        for path, why in done.failures.select("path", "why").iter_rows():
            print(f"  {shortened(path, NAME)}: {shortened(why)}")
        for kind, text, count in done.notes.iter_rows():
            more = f" ({count} times)" if count > 1 else ""
            print(f"  {kind}: {shortened(text)}{more}")
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


def search(parser: argparse.ArgumentParser) -> Run:
    """Find words in a case file: document, path, page and the place in its text."""
    parser.add_argument("words", metavar="WORDS")
    parser.add_argument("--case", type=Path, default=Path("case.duckdb"), metavar="FILE")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--phrase", action="store_true", help="side by side, as they stand")
    how.add_argument("--regex", action="store_true", help="a regular expression (RE2)")
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="pages shown at most")
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="draw the pages there, marked")
    parser.add_argument(
        "--weak-isolation",
        action="store_true",
        help="draw also where this system can't confine what draws",
    )

    def run(args: argparse.Namespace) -> int:
        from onetomany.cage import accept_weak_isolation
        from onetomany.documents import captures as captured
        from onetomany.documents import picture
        from onetomany.documents import search as finding
        from onetomany.documents.case_file import open_case
        from onetomany.sources.files import write_whole

        if args.weak_isolation:
            accept_weak_isolation()
        if args.limit < 1:
            raise InputError("--limit needs a number of 1 or more.")
        find = finding.phrase if args.phrase else finding.pattern if args.regex else finding.bm25
        with open_case(args.case) as db:
            hits = find(db, args.words, limit=args.limit)
            paths = dict(
                db.execute(
                    "select document, path from documents where document in (select unnest(?))",
                    [hits["document"].to_list()],
                ).fetchall()
            )
            held = captured.captures(db).filter(
                pl.col("document").is_in(hits["document"].implode())
            )
        for rank, hit in enumerate(hits.iter_rows(named=True), 1):
            document, page = hit["document"], hit["page"]
            first = hit["spans"][0]
            place = f"characters {first['start']}-{first['end']}"
            if more := len(hit["spans"]) - 1:
                place += f" and {more} more"
            path = shortened(paths.get(document, "no path"), NAME)
            print(f"{document[:12]}  {path}, page {page}, {place} ({hit['score']:.3g})")
            print(f"    {' '.join(hit['snippet'].split())}")
            for capture in held.filter(document=document, page=page).iter_rows(named=True):
                print(f"    captured: {_capture(capture)}")
            if args.pictures:
                spans = [(span["start"], span["end"]) for span in hit["spans"]]
                target = args.pictures / f"{rank:03d}-{document[:12]}-{page}.png"
                try:
                    drawn = picture.page_picture(args.case, document, page, spans)
                except InputError as error:
                    # other kinds of documents have no picture: the rest is still drawn
                    print(f"    no picture: {error}")
                    continue
                write_whole(target, drawn)
                print(f"    {target}")
        print(
            f"{len(hits)} pages"
            + (", perhaps of more: see --limit" if len(hits) == args.limit else "")
        )
        return 0

    return run


# what a claim's quotation is found to be in the capture of its source
_PASSAGES = {
    "exact": "quoted as it stands there",
    "other blanks": "quoted as it stands there but for blanks",
    "not found": "THE QUOTATION IS NOT FOUND THERE",
    "no text": "the capture has no text",
    "no quotation": "source captured",
}


def _capture(capture: Mapping[str, Any]) -> str:
    """A capture as it is cited: address, date, file with its hash, and the payload's digest."""
    digest = capture["payload_digest"] or f"sha256:{capture['payload_sha256']} (this kit's own)"
    doubt = " (DOES NOT AGREE)" if capture["digest_agrees"] is False else ""
    return (
        f"{capture['address']}, {capture['captured'] or 'at an unknown time'}, in "
        f"{capture['file']} (SHA-256 {capture['file_sha256']}), payload {digest}{doubt}"
    )


def _cited(pair: Mapping[str, Any], side: str) -> str:
    """One side of a contradiction with its citation, in the case file where it stands there."""
    from onetomany.documents.claims import WORDS

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
        from onetomany.documents import captures, contradictions
        from onetomany.documents import claims as ledgers
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
                print(f"{source['claim_id']:6} {_PASSAGES[source['passage']]}: {_capture(source)}")
            print(f"{args.case}: {many} claims in its table 'claims'")
            print(f"{cited.height} of them have a capture of their source in the case file.")
        return 0

    return run
