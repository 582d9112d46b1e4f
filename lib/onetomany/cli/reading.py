"""Commands on a case file: search, tags, tables and the reading desk."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onetomany.errors import InputError
from onetomany.printing import print_line as print
from onetomany.printing import shortened
from .command import CommandParser, Run, case_folder, open_case_or_lake

if TYPE_CHECKING:
    import duckdb
    import polars as pl

NAME = 160  # characters of a path on the screen: two lines of a terminal


def search_command(parser: CommandParser) -> Run:
    """Find pages with all the words, or with names from a list."""
    text = """all in quotes if several: 'one two "a phrase" -excluded' finds pages with all of it"""
    parser.add_option("words", "WORDS", text, nargs="?")
    parser.add_case()
    how = parser.add_mutually_exclusive_group()
    for name, text in (
        ("--any", "find pages with any of the words, the best first"),
        ("--phrase", "find the words next to each other, in this order"),
        ("--regex", "take WORDS as a regular expression (RE2)"),
    ):
        how.add_argument(name, action="store_true", help=text)
    text = "look for each name in the first column of this table, instead of WORDS"
    how.add_argument("--list", type=Path, metavar="CSV", help=text)
    parser.add_path(
        "--report", "CSV", "with --list: file for the hits (default: NAME of the list.hits.csv)"
    )
    parser.add_option("--limit", "N", "show at most N pages (default: 20)", kind=int, default=20)
    _add_filters(parser)
    parser.add_lake(
        "search the documents that several people have published in this lake, not a case file"
    )
    parser.add_path(
        "--pictures", "DIR", "write pictures of the pages to this folder, with the hits marked"
    )
    parser.add_weak_isolation()
    return _search


def _search(args: argparse.Namespace) -> None:
    if args.limit < 1:
        raise InputError(f"--limit is {args.limit}: give 1 or more.")
    if args.pictures and args.lake:
        raise InputError(
            "--pictures needs the original files, and a lake doesn't contain them: search the case "
            "file of the person who has the files."
        )
    if (args.words is None) == (args.list is None):
        raise InputError("Give words to search for, or a list of names with --list.")
    filters = _filters(args)
    if args.list:
        _search_list(args, filters)
        return
    with open_case_or_lake(args) as db:
        hits, said = _hits(db, args, filters)
        held = _held(db, hits)
    print(said)
    _print_hits(args, hits, *held)


def _add_filters(parser: CommandParser) -> None:
    for name, metavar, text in (
        (
            "--path",
            "TEXT",
            "only files whose path contains this text, or matches a pattern such as 'a*.pdf'",
        ),
        ("--kind", "KINDS", "only these kinds, such as pdf,hwp,mail,sheet or a file ending"),
        ("--after", "DATE", "only documents of this date or later: 2019, 2019-04 or 2019-04-30"),
        ("--before", "DATE", "only documents of this date or earlier"),
        ("--sender", "TEXT", "only mails from this sender and their attachments"),
        ("--tag", "TAG", "only pages with this tag"),
    ):
        parser.add_option(name, metavar, text, default="")


def _filters(args: argparse.Namespace) -> Any:
    from onetomany.documents.query import Filters, kinds_of

    filters = Filters(
        args.path, kinds_of(args.kind), args.after, args.before, args.sender, args.tag
    )
    if filters.said() and (args.any or args.phrase or args.regex):
        raise InputError(
            "Filters don't work with --any, --phrase or --regex: give words or --list."
        )
    return filters


def _hits(
    db: duckdb.DuckDBPyConnection, args: argparse.Namespace, filters: Any
) -> tuple[pl.DataFrame, str]:
    """Return the hits and a sentence with their number."""
    from onetomany.documents import finding
    from onetomany.documents import search as searching

    if not (args.any or args.phrase or args.regex):
        found = finding.find_pages(db, args.words, filters=filters, limit=args.limit)
        return found.hits, found.said()
    exact = searching.search_phrase if args.phrase else searching.search_pattern
    find = searching.search_words if args.any else exact
    hits = find(db, args.words, limit=args.limit)
    more = ", perhaps more: raise --limit" if len(hits) == args.limit else ""
    return hits, f"Pages found: {len(hits)}{more}"


def _held(
    db: duckdb.DuckDBPyConnection, hits: pl.DataFrame
) -> tuple[dict[str, str], pl.DataFrame, pl.DataFrame]:
    """Return paths, captures and readers' remarks of the documents with hits."""
    import polars as pl

    from onetomany.documents import captures, remarks

    documents = hits["document"].to_list()
    query = "select document, path from documents where document in (select unnest(?))"
    paths = dict(db.execute(query, [documents]).fetchall())
    held = captures.captures(db).filter(pl.col("document").is_in(documents))
    return paths, held, remarks.page_remarks(db)


def _print_hits(
    args: argparse.Namespace,
    hits: pl.DataFrame,
    paths: Mapping[str, str],
    captured: pl.DataFrame,
    said: pl.DataFrame,
) -> None:
    from onetomany.documents.finding import marked_parts

    for rank, hit in enumerate(hits.iter_rows(named=True), 1):
        document, page = hit["document"], hit["page"]
        spans = [(span["start"], span["end"]) for span in hit["spans"]]
        place = f"characters {spans[0][0]}-{spans[0][1]}"
        if more := len(spans) - 1:
            place += f" and {more} more"
        path = shortened(paths.get(document, "(no path)"), NAME)
        print(f"{document[:12]}  {path}, page {page}, {place} ({hit['score']:.3g})")
        parts = marked_parts(hit["snippet"], spans, hit["snippet_start"])
        passage = "".join(f"«{part}»" if inside else part for part, inside in parts)
        print(f"    {' '.join(passage.split())}")
        for capture in captured.filter(document=document, page=page).iter_rows(named=True):
            print(f"    captured: {capture_line(capture)}")
        for row in said.filter(document=document, page=page).iter_rows(named=True):
            print(f"    {_remark_line(row)}")
        if args.pictures:
            target = args.pictures / f"{rank:03d}-{document[:12]}-{page}.png"
            print(f"    {_draw(args.case, document, page, spans, target)}")


def _draw(case: Path, document: str, page: int, spans: list[tuple[int, int]], target: Path) -> str:
    """Draw a page into a file; return its name, or the reason why it can't be drawn."""
    from onetomany.documents.picture import page_picture
    from onetomany.sources.files import write_whole

    try:
        write_whole(target, page_picture(case, document, page, spans))
    except InputError as error:  # this kind of document can't be drawn: continue with the others
        return f"no picture: {error}"
    return str(target)


def capture_line(capture: Mapping[str, Any]) -> str:
    """Return a capture's citation: address, date, file with its hash, digest of the payload."""
    digest = capture["payload_digest"] or f"sha256:{capture['payload_sha256']} (this kit's own)"
    doubt = " (DOES NOT AGREE)" if capture["digest_agrees"] is False else ""
    return (
        f"{capture['address']}, {capture['captured'] or 'at an unknown time'}, in "
        f"{capture['file']} (SHA-256 {capture['file_sha256']}), payload {digest}{doubt}"
    )


def _search_list(args: argparse.Namespace, filters: Any) -> None:
    """Look for every name of a list; print counts and write every place to a file."""
    import polars as pl

    from onetomany.documents.name_search import find_names, name_summary, read_names
    from onetomany.sources.files import write_whole
    from onetomany.sources.tables import csv_text

    names = read_names(args.list)
    report = args.report or args.list.with_name(args.list.stem + ".hits.csv")
    with open_case_or_lake(args) as db:
        hits = find_names(db, names, filters=filters)
    write_whole(report, csv_text(hits).encode("utf-8-sig"))
    print(f"{'pages':>7} {'files':>6} {'times':>6} {'unsure':>6}  name")
    for row in name_summary(names, hits).iter_rows(named=True):
        counts = f"{row['pages']:>7,} {row['documents']:>6,} {row['times']:>6,} {row['unsure']:>6,}"
        also = f"  (also: {shortened(row['other'], NAME)})" if row["other"] else ""
        print(f"{counts}  {shortened(row['name'], NAME)}{also}")
    found = hits.filter(pl.col("times") > 0)["name"].n_unique()
    print(
        f"{found:,} of {len(names):,} names found. 'unsure' counts hits that may be another word: "
        "inside a longer word, or two Korean syllables with a space between. The other columns "
        "don't count them."
    )
    print(f"wrote {report}: one row per page")


def tag_command(parser: CommandParser) -> Run:
    """Store a tag or a remark on a page with your name and the time, or list all of them."""
    parser.add_option(
        "document",
        "DOCUMENT",
        "path or SHA-256 of the document (default: list all tags and remarks)",
        nargs="?",
    )
    parser.add_argument(
        "page", nargs="?", type=int, metavar="PAGE", help="number of the page, from 1"
    )
    parser.add_case()
    parser.add_argument(
        "--tag", default="", metavar="TAG", help="a word by which you find the page again"
    )
    parser.add_argument("--remark", default="", metavar="TEXT", help="a remark on the page")
    parser.add_argument("--by", default="", metavar="NAME", help="your name or initials")
    parser.add_option(
        "--withdraw", "N", "withdraw the tag or remark with the number N; needs --by", kind=int
    )
    return _tag


def _tag(args: argparse.Namespace) -> None:
    from onetomany.documents import remarks
    from onetomany.documents.case_file import open_case

    if args.withdraw is not None:
        with open_case(args.case, write=True) as db:
            remarks.withdraw_remark(db, args.withdraw, who=args.by)
        print(f"Number {args.withdraw} is withdrawn.")
    elif args.document is None:
        with open_case(args.case) as db:
            held = remarks.page_remarks(db)
        for row in held.iter_rows(named=True):
            if not args.tag or row["tag"] == args.tag:
                path = shortened(row["path"] or row["document"][:12], NAME)
                print(f"{path}, page {row['page']}: {_remark_line(row)}")
        print(f"Tags and remarks: {held.height}")
    elif args.page is None:
        raise InputError("Name the page after the document: onetomany tag DOCUMENT PAGE.")
    else:
        if not args.case.exists():
            raise InputError(f"There is no case file {args.case}: name it with --case.")
        with open_case(args.case, write=True) as db:
            document = remarks.document_named(db, args.document)
            number = remarks.add_remark(
                db, document, args.page, who=args.by, tag=args.tag, remark=args.remark
            )
        print(f"Stored as number {number} on page {args.page} of document {document[:12]}.")


def _remark_line(row: Mapping[str, Any]) -> str:
    text = ": ".join(shortened(row[name]) for name in ("tag", "remark") if row[name])
    changed = "" if row["same_text"] else "; the page's text has changed since"
    return f"{row['remark_id']}. {text} ({shortened(row['who'])}, {row['made_at']} UTC{changed})"


def tables_command(parser: CommandParser) -> Run:
    """Write every table found in the documents as CSV, with an index of their places."""
    parser.add_case()
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for the files"
    )
    parser.add_option(
        "--document", "DOCUMENT", "only the tables of this document: path or SHA-256 (default: all)"
    )
    parser.add_lake(
        "read documents that several people have published in this lake, not a case file"
    )
    return _tables


def _tables(args: argparse.Namespace) -> None:
    import polars as pl

    from onetomany.documents.case_export import INDEX, write_tables
    from onetomany.documents.remarks import document_named

    with open_case_or_lake(args) as db:
        only = document_named(db, args.document) if args.document else None
        index = write_tables(db, args.out, only)
    left_out = index.filter(pl.col("file").is_null())
    print(f"{index.height - left_out.height:,} tables in {args.out}, listed in {INDEX}")
    for row in left_out.head(10).iter_rows(named=True):
        print(f"  {shortened(row['path'], NAME)}, page {row['page']}: {row['note']}")


def desk_command(parser: CommandParser) -> Run:
    """Open a case in JupyterLab: search and read documents, and record claims with forms."""
    parser.add_case()
    parser.add_language("language of the page, which you can change there")
    parser.add_weak_isolation()
    parser.add_argument("jupyter", nargs="*", help="options for JupyterLab itself, after --")
    return _desk


def _desk(args: argparse.Namespace) -> int:
    from onetomany.documents.case_file import open_case
    from onetomany.extras import require_extra
    from .chapters import open_lab

    require_extra("notebooks")
    home = case_folder(args.case)
    if home:
        from onetomany.cases.case_folder import read_case

        read_case(home)  # raises InputError now if its case.toml can't be read
    if not home or args.case.exists():
        with open_case(args.case):
            pass  # raises InputError now if it is not a case file
    # the desk shows text of the documents: its folder is deleted when it is closed
    with tempfile.TemporaryDirectory(prefix="onetomany-desk-") as folder:
        _write_desk(Path(folder), (home or args.case).resolve(), args.language, page=bool(home))
        # without the list of files: a phone has no room for it
        return open_lab(Path(folder), DESK, args.jupyter, alone=True)


DESK = "desk.ipynb"
_HOW = {
    "en": "# {title}\n\nPress ▶▶ above (Run All Cells). {kept} This page itself is deleted when "
    "JupyterLab ends.",
    "ko": "# {title}\n\n위의 ▶▶(모두 실행)을 누르세요. {kept} "
    "이 화면은 JupyterLab을 닫으면 지워집니다.",
}
_KEPT = {  # by language, and whether it is a case folder
    ("en", True): ("Case", "Your additions go into the text files of the case folder."),
    ("en", False): ("Reading desk", "Claims that you save go into the case file."),
    ("ko", True): ("사건", "더한 내용은 사건 폴더의 글 파일에 남습니다."),
    ("ko", False): ("문서 읽기", "저장한 주장은 사건 파일에 남습니다."),
}


def _write_desk(folder: Path, case: Path, language: str, *, page: bool) -> None:
    """Write the notebook that shows a case folder's page, or the desk on a case file."""
    import nbformat
    from nbformat import v4

    code = (
        "from onetomany import widgets\n\n"
        f"widgets.{'case_page' if page else 'reading_desk'}({str(case)!r}, language={language!r})"
    )
    title, kept = _KEPT[language, page]
    how = v4.new_markdown_cell(_HOW[language].format(title=title, kept=kept))
    folded = {"jupyter": {"source_hidden": True}}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [how, v4.new_code_cell(code, metadata=folded)]
    made = v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(made, folder / DESK)
