"""Captures of web sources: list the missing ones, and add the options of an exhibit."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from onetomany.cli.command import CommandParser, Run
from onetomany.errors import InputError
from onetomany.printing import print_line as print

if TYPE_CHECKING:
    from onetomany.evidence.redaction import RedactionRule

# how to make a capture with other tools: this kit opens no page
HOW_EN = """\
How to make a capture. The kit opens no page itself: save the page, then ingest the file.
  1. ArchiveWeb.page, an extension for Chrome and similar browsers, or a desktop app: start
     recording, open the page, scroll to its end, stop, and download the recording as WACZ. The best
     of the three: it contains the server's bytes, with hashes and dates.
  2. wget: wget --page-requisites --span-hosts --delete-after --warc-file=NAME "ADDRESS"
     writes NAME.warc.gz. Good for plain pages; a page that needs scripts stays empty.
  3. Save as "Webpage, Single File" in Chrome or Edge: an .mhtml file. Quick. It contains the page
     as the browser rewrote it, without the server's bytes, and the browser wrote its date.
Then: onetomany ingest FOLDER --case FILE, and run this list again. If a page is gone or changed,
capture the copy in a public web archive instead, and say so: its address differs.
Don't change the capture. Note who made it, when and on which machine. Look at it before you
publish it: pages name people and belong to their publishers.
"""
HOW_KO = """\
웹 페이지를 보존하는 방법. 이 도구는 페이지를 직접 열지 않는다. 사용자가 저장한 파일을 읽어 들인다.
  1. ArchiveWeb.page(크롬 계열 확장 프로그램 또는 데스크톱 앱): 기록을 시작하고, 페이지를 열어
     끝까지 내린 뒤, 기록을 멈추고 WACZ로 내려받는다. 셋 가운데 가장 좋다. 서버가 보낸 그대로를
     해시와 날짜와 함께 담는다.
  2. wget: wget --page-requisites --span-hosts --delete-after --warc-file=이름 "주소"
     이름.warc.gz 파일이 생긴다. 단순한 페이지에 알맞다. 스크립트로 그리는 페이지는 비어 있다.
  3. 크롬이나 엣지에서 '웹페이지, 단일 파일'로 저장: .mhtml 파일이 생긴다. 빠르다. 다만 브라우저가
     고쳐 쓴 페이지여서 서버가 보낸 바이트가 없고, 날짜도 브라우저가 적은 것이다.
그다음 onetomany ingest 폴더 --case 파일을 실행하고 이 목록을 다시 뽑는다. 페이지가 사라졌거나
바뀌었으면 공개 웹 아카이브의 사본을 저장하고 그 사실을 밝힌다. 주소가 다르기 때문이다.
저장한 파일은 고치지 말고, 누가 언제 어느 컴퓨터에서 저장했는지 적어 둔다. 살펴보지 않고
공개하지 않는다. 페이지에는 사람 이름이 있고, 저작권은 발행처에 있다.
"""


def capture_list_command(parser: CommandParser) -> Run:
    """List the web sources of the case that have no capture yet, and how to make one."""
    parser.add_path("--case", "FILE", "the case file (default: case.duckdb, if it exists)")
    parser.add_path("--csv", "FILE", "also write all addresses to this file")

    def run(args: argparse.Namespace) -> int:
        from onetomany.claims import web_sources
        from onetomany.documents.case_file import open_case
        from onetomany.sources.files import write_whole
        from onetomany.sources.tables import csv_text

        case = args.case or Path("case.duckdb")
        if args.case or case.is_file():
            with open_case(case) as db:
                listed = web_sources.cited_addresses(db)
        else:
            print(f"There is no {case} here: no capture is known. 사건 파일이 없어 보존본도 없다.")
            listed = web_sources.cited_addresses()
        left = web_sources.uncaptured_addresses(listed)
        for row in left.iter_rows(named=True):
            counts = [f"{row[kind]} {kind}" for kind in web_sources.COUNTS if row[kind]]
            print(row["address"])
            print(f"    {', '.join(counts)}")
            if row["file"]:
                print(
                    f"    the capture of {row['captured']} in {row['file']} is an error page: HTTP "
                    f"{row['status']}"
                )
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
            for line in f"{HOW_EN}\n{HOW_KO}".splitlines():
                print(line)
        if args.csv:
            write_whole(args.csv, csv_text(listed).encode("utf-8"))
            print(f"wrote {args.csv}")
        return 0

    return run


def add_options(parser: CommandParser) -> None:
    """Add the options of an exhibit that name captures or put them into the bundle."""
    text = "case folder: seal its chapter and tables; case file: name its captures of web sources"
    parser.add_path("--case", "FOLDER|FILE", text)
    parser.add_flag(
        "--carry-captures",
        "also put the captures' files into the bundle: they are whole pages, belong to their "
        "publishers and name people",
    )


def check_options(args: argparse.Namespace) -> None:
    """Check the capture options before anything runs.

    Raises InputError if there is no case file, or if it is not one.
    """
    from onetomany.documents.case_file import open_case

    if args.carry_captures and not args.case:
        raise InputError("--carry-captures needs the case file with the captures: --case FILE.")
    if args.case:
        with open_case(args.case):
            pass  # raises InputError if it is not a case file


def print_captures(payload: Path, case: Path, *, carry: bool) -> list[RedactionRule]:
    """Name the captures of the payload's web sources; print which files go into the bundle."""
    from onetomany.evidence.captured import name_captures as name

    done = name(payload, case, carry=carry)
    print(f"{done.named} of {done.sources} web sources have a capture: named in data/sources.csv")
    for file, sha256 in done.carried.items():
        print(f"carried: data/{file} (SHA-256 {sha256})")
    for file, what, pages in done.personal:
        print(f"CAREFUL: {pages} pages of data/{file} seem to contain {what}")
    if done.named and not done.carried:
        print(
            "The captures' files are not in the bundle, because publishers and the people named "
            "have rights in them. Keep the files, or add them with --carry-captures."
        )
    return done.rules
