"""Commands on disclosed documents."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onetomany.errors import InputError
from onetomany.printing import print_line as print
from .command import CommandParser, Run, case_file, case_folder, named_lake
from .reading import capture_line

if TYPE_CHECKING:
    import polars as pl

    from onetomany.cases.case_folder import Case
    from onetomany.documents.cluster import Cluster
    from onetomany.documents.ingest import Ingested
    from onetomany.documents.lake import Lake


def _add_reading(parser: CommandParser) -> None:
    """Add the options on how documents are read."""
    text = "scanned pages: auto reads them with Tesseract if it is installed (default); off doesn't"
    parser.add_choice("--ocr", ("auto", "off"), text, "auto")
    parser.add_repeated(
        "--password",
        "WORD",
        "try this password on protected documents, also on those that failed before; repeat for "
        "several; other users of this computer can see it while the command runs",
    )
    parser.add_path("--passwords", "FILE", "try the passwords in this file: UTF-8 text, one a line")
    parser.add_option(
        "--ocr-languages",
        "NAMES",
        "languages of scanned pages by Tesseract's names, such as kor+eng+jpn (default: "
        "kor+eng); pages that were read before are not read again",
        default="",
    )
    parser.add_option(
        "--cluster",
        "ADDRESS",
        "read on several computers, the workers of the dask scheduler at this address, such as "
        "tls://host:8786 (docs/several-people.md); the case file is written here",
        default="",
    )


def _add_export(parser: CommandParser) -> None:
    """Add the options on other products of a case file."""
    parser.add_path(
        "--parquet",
        "DIR",
        "also write the case file's tables to this folder, with pseudonyms for people",
    )
    parser.add_flag("--officials", "with --parquet: keep the names of public officials")
    parser.add_flag("--names", "with --parquet: keep all names")
    parser.add_lake(
        "also publish the case file for others in this lake, a shared database: "
        "'postgres:host=HOST dbname=NAME', without a password (docs/several-people.md)"
    )


def ingest_command(parser: CommandParser) -> Run:
    """Read a folder of documents into a case file for search; if interrupted, run it again."""
    text = "folder of documents, read with its sub-folders (default: sources in the case folder)"
    parser.add_path("folder", "FOLDER", text, nargs="?")
    parser.add_case()
    parser.add_option(
        "--workers", "N", "read N documents at once (default: one per core)", kind=int
    )
    parser.add_flag("--retry", "also read again the documents that failed before")
    _add_reading(parser)
    parser.add_weak_isolation()
    parser.add_flag(
        "--no-index", "read only: don't look for names and places, and make no search index"
    )
    _add_export(parser)
    return _ingest


def _ingest(args: argparse.Namespace) -> None:
    from onetomany.cases.database import sources_folder
    from onetomany.documents import indexing
    from onetomany.documents.attention import needing_attention
    from onetomany.documents.case_file import open_case
    from onetomany.documents.lake import check_lake, publish_case
    from onetomany.prose import counted

    home = case_folder(args.case)
    args.folder = args.folder or (sources_folder(home) if home else None)
    if args.folder is None:
        raise InputError("Name the folder that contains the documents: onetomany ingest FOLDER.")
    lake = named_lake(args)
    if lake and args.no_index:
        raise InputError("--lake also publishes the search index: leave out --no-index.")
    if lake:
        check_lake(lake)  # now, rather than after hours of reading
    done = _read_folder(args)
    head = [
        f"{args.case}: {counted(done.files, 'file')}; {counted(done.read, 'document')} read "
        f"({counted(done.pages, 'page')}), {done.partly:,} read in part, {done.failed:,} failed, "
        f"{done.held:,} read before ({done.seconds:.0f} s)",
        f"{counted(done.duplicates, 'copy', 'copies')}, "
        f"{counted(done.near_duplicates, 'near-duplicate')}",
    ]
    if said := done.scans.said():
        head.append(said)
    with open_case(args.case, write=not args.no_index) as db:
        if not args.no_index:
            mentioned, indexed = indexing.index_case(db, workers=args.workers)
            searched = counted(mentioned, "page")
            head.append(f"{searched} read for names and places, {indexed:,} indexed for search")
        found = needing_attention(db, args.folder)
    if home:
        head.append(_stored(home))
    _print_summary(args.case, head, found)
    if lake:
        print(f"{args.lake}: {publish_case(args.case, lake).said()}")
    if args.parquet:
        _write_parquet(args)


def _stored(home: Path) -> str:
    """Store the claims and requests of a case folder in its case file; return how many."""
    from onetomany.cases.case_folder import read_case
    from onetomany.cases.database import store_case

    claims, requests = store_case(read_case(home))
    return f"{claims:,} claims and {requests:,} requests of {home} are in the case file"


def _read_folder(args: argparse.Namespace) -> Ingested:
    """Read the folder, on this machine or on a cluster."""
    from onetomany.documents.ingest import ingest as read_folder
    from onetomany.documents.scans import LANGUAGES, checked_languages
    from onetomany.documents.workers import given_passwords

    if args.workers is not None and args.workers < 1:
        raise InputError(f"--workers is {args.workers}: give 1 or more.")
    if args.cluster and args.workers:
        raise InputError("With --cluster the workers of the cluster read: leave out --workers.")
    words = given_passwords(args.password, args.passwords, args.folder)
    languages = LANGUAGES
    if args.ocr_languages and args.ocr == "off":
        raise InputError("--ocr-languages has no effect with --ocr off: leave out one of the two.")
    if args.ocr_languages:
        languages = checked_languages(args.ocr_languages)
    with _cluster(args) as readers:
        return read_folder(
            args.folder,
            args.case,
            workers=args.workers,
            retry=args.retry or bool(words),
            passwords=words,
            readers=readers,
            ocr=args.ocr == "auto",
            ocr_languages=languages,
            weak_isolation=args.weak_isolation,
        )


@contextlib.contextmanager
def _cluster(args: argparse.Namespace) -> Iterator[Cluster | None]:
    """Connect to the cluster that the options name; None without one."""
    if not args.cluster:
        yield None
        return
    from onetomany.documents.cluster import Cluster

    with contextlib.closing(Cluster(args.cluster, weak_isolation=args.weak_isolation)) as cluster:
        if cluster.warning:
            print(f"WARNING: {cluster.warning}", file=sys.stderr)
        yield cluster


def _write_parquet(args: argparse.Namespace) -> None:
    """Write the case's tables as parquet, and say which names they reveal."""
    from onetomany.documents.case_export import export_parquet
    from onetomany.documents.case_file import key_file, names_file

    written = export_parquet(args.case, args.parquet, names=args.names, officials=args.officials)
    for path in written:
        print(f"wrote {path}")
    if args.names:
        print("WARNING: these tables name people. Don't pass them on unchanged.")
    else:
        print(
            f"People have pseudonyms. {key_file(args.case)} and {names_file(args.case)} "
            "reveal the names: keep both files to yourself. Some names are missed: read the "
            "tables before you pass them on."
        )


def _print_summary(case: Path, head: list[str], found: pl.DataFrame) -> None:
    """Print a run's counts and the files that need attention on one screen; write all to a file."""
    from onetomany.documents import attention

    file = attention.write_attention(case, found)
    last = "Nothing needs attention."
    if found.height:
        last = f"All of this, with pages and reasons: {file}"
    columns, lines = attention.SCREEN
    taken = sum(-(-attention.terminal_columns(line) // columns) for line in (*head, last))
    for line in (*head, *attention.attention_lines(found, lines - taken), last):
        print(line)


# how a claim's quotation compares with the capture of its source
_PASSAGES = {
    "exact": "quoted word for word",
    "other blanks": "quoted word for word, except for spaces",
    "not found": "THE QUOTATION IS NOT IN THE SOURCE",
    "no text": "the capture has no text",
    "no quotation": "source captured",
}


def _cited(pair: Mapping[str, Any], side: str) -> str:
    """Return one side of a contradiction with its citation, and its place in the case file."""
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


def _claims_of_lake(lake: Lake) -> pl.DataFrame:
    """Return the claims of all who have published to a lake, as a ledger."""
    from onetomany.claims.claim_ledger import check_ledger
    from onetomany.documents.lake import open_lake, shared_claims

    with open_lake(lake) as db:
        claims = shared_claims(db)
    if claims.is_empty():
        raise InputError(
            f"The lake {lake.address} has no claims: store some with 'onetomany claims CSV --case "
            "FILE', and run 'onetomany ingest' with --lake."
        )
    return check_ledger(claims)


def _print_pairs(clashing: pl.DataFrame) -> None:
    between = None
    for pair in clashing.iter_rows(named=True):
        if pair["between"] != between:
            between = pair["between"]
            print(f"-- {_BETWEEN[between]}")
        both = dict.fromkeys((pair["subject_a"], pair["subject_b"]))
        print(f"{' and '.join(both)}, {pair['attribute']} ({pair['kind']}):")
        for side in ("a", "b"):
            print(f"    {_cited(pair, side)}")


def _print_arithmetic(claims: pl.DataFrame, links: pl.DataFrame) -> None:
    from onetomany.claims import claim_queries

    for query in claim_queries.arithmetic_queries():
        rows = claim_queries.ask_claims(query, claims, links)
        if rows.is_empty():
            print(f"{query.title_en} There is no claim to check.")
            continue
        wrong = rows.filter(holds=False)
        print(f"{query.title_en} {wrong.height} of {rows.height} fail.")
        for claim_ids in wrong["claim_ids"]:
            print(f"    {claim_ids}")


def _chosen_claims(args: argparse.Namespace) -> tuple[pl.DataFrame, Case | None]:
    """Return the claims that the options name, and their case folder if they have one.

    `args.case` becomes the folder's case file.
    """
    from onetomany.cases.case_folder import read_case
    from onetomany.cases.database import case_database
    from onetomany.claims import claim_ledger as ledgers

    if args.lake and (args.ledger or args.case):
        raise InputError("--lake reads published claims: leave out the CSV file and --case.")
    if lake := named_lake(args):
        return _claims_of_lake(lake), None
    if args.ledger:
        return ledgers.read_ledger(args.ledger), None
    if home := case_folder(args.case):
        own = read_case(home)
        args.case = case_database(own)
        return own.claims, own
    return ledgers.load_claims(), None


def claims_command(parser: CommandParser) -> Run:
    """List claims that contradict each other, with both citations; your own or the case's."""
    parser.add_path(
        "ledger",
        "CSV",
        "your own claims, with the columns claim_id, subject, attribute, value, unit, said_by and "
        "others (docs/claims.md) (default: the claims of the case folder, or of the Incheon case)",
        nargs="?",
    )
    text = "case folder, to read its claims; or case file, to store the claims in it"
    parser.add_option("--case", "FOLDER|FILE", text, kind=case_file)
    parser.add_lake(
        "read the claims that several people have published in this lake, instead of CSV"
    )
    text = "two numbers agree if they differ by less than this share of the larger (default: 0)"
    parser.add_option("--tolerance", "SHARE", text, kind=float, default=0.0)
    return _claims


def _claims(args: argparse.Namespace) -> None:
    from onetomany.cases.database import store_case_claims
    from onetomany.claims import claim_ledger as ledgers
    from onetomany.claims import contradictions
    from onetomany.documents import captures
    from onetomany.documents.case_file import open_case

    held, own = _chosen_claims(args)
    links = own.links if own else ledgers.load_links()
    listing = own.bodies if own else None
    found = contradictions.find_contradictions(
        held, links, tolerance=args.tolerance, listing=listing
    )
    clashing = found.filter("contradiction")
    _print_pairs(clashing)
    print(
        f"Claims: {contradictions.count_pairs(held, found).claims}. Pairs that contradict each "
        f"other: {clashing.height}. Pairs that differ without contradiction: "
        f"{found.height - clashing.height}."
    )
    _print_arithmetic(held, links)
    if args.case:
        with open_case(args.case, write=True) as db:
            if own:
                many, cited = store_case_claims(db, own)
            else:
                held, cited = captures.resolve_claims(db, held)
                many = ledgers.store_claims(db, held, links)
        for source in cited.iter_rows(named=True):
            print(f"{source['claim_id']:6} {_PASSAGES[source['passage']]}: {capture_line(source)}")
        print(f"{args.case}: claims in the table 'claims': {many}")
        print(f"Claims with a capture of their source in the case file: {cited.height}")
