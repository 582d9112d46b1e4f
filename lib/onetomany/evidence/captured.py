"""Name the captures of web sources in an exhibit; carry their files only if permitted.

A capture contains whole pages. They belong to their publishers, name people whom the case is not
about, and are often more than the cited page. So sources.csv lists the capture with its hashes:
anyone who has the file can check it. The file itself goes in only with a permission: of the
datasheet that gives the address (`captures_in_exhibit = true`), or of the person who seals.
"""

import shutil
from collections import Counter
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import duckdb
import polars as pl

from onetomany.documents import captures
from onetomany.documents.case_file import open_case, original_file, query_frame
from onetomany.errors import InputError
from onetomany.sources.files import whole_file, write_whole
from onetomany.sources.tables import csv_text
from .cited import CITED
from .methods import all_sheets
from .redaction import RedactionRule
from .screening import PERSONAL

FOLDER = "captures"
_ENDINGS = (".warc.gz", ".warc", ".wacz", ".mhtml", ".mht")


@dataclass
class Named:
    """Counts of a payload's web sources and their captures.

    `rules` let the carried files through the gate before sealing, each by its SHA-256; the custody
    log gives their reasons. `personal` lists the personal data that their pages seem to contain:
    file, kind, number of pages.
    """

    sources: int = 0
    named: int = 0
    carried: dict[str, str] = field(default_factory=dict)  # file in the payload: its SHA-256
    rules: list[RedactionRule] = field(default_factory=list)
    personal: list[tuple[str, str, int]] = field(default_factory=list)


def name_captures(payload: Path, case: Path, *, carry: bool = False) -> Named:
    """Complete a payload's sources.csv with the captures that a case file has of its addresses.

    A source with two captures has two rows. With `carry` the files go into captures/, otherwise
    only those that a datasheet permits. Raises InputError if a capture's file is gone, and
    IntegrityError if it has changed.
    """
    listing = payload / "sources.csv"
    sources = pl.read_csv(listing.read_bytes(), schema=CITED).fill_null("")
    done, rows = Named(), []
    with open_case(case) as db:
        held = captures.captures(db)
        permitted = _permitted_addresses()
        for row in sources.iter_rows(named=True):
            web = not row["sha256"] and captures.normal_address(row["path"])
            found = captures.captures_of_address(held, row["path"]) if web else held.clear()
            done.sources += bool(web)
            done.named += found.height > 0
            allowed = carry or captures.normal_address(row["path"]) in permitted
            for capture in found.iter_rows(named=True):
                origin = (capture["file"], capture["file_sha256"])
                place = _carry(payload, case, *origin, done) if allowed else ""
                rows.append(row | _columns(capture) | {"carried": place})
            if found.is_empty():
                rows.append(row)
        for file, sha256 in done.carried.items():
            done.personal += [(file, *each) for each in _personal(db, sha256)]
    write_whole(listing, csv_text(pl.DataFrame(rows, schema=CITED)).encode())
    return done


def _columns(capture: dict[str, object]) -> dict[str, str]:
    digest = str(capture["payload_digest"] or f"sha256:{capture['payload_sha256'] or ''}")
    agrees = {True: "agrees", False: "DOES NOT AGREE", None: "this kit's own"}
    if capture["payload_digest"] and capture["digest_agrees"] is None:
        checked = "not checked"
    else:
        checked = agrees[capture["digest_agrees"]]  # type: ignore[index]
    return {
        "captured": str(capture["captured"] or ""),
        "capture_file": str(capture["file"] or ""),
        "capture_sha256": str(capture["file_sha256"] or ""),
        "payload_digest": digest,
        "digest_check": checked,
    }


def _carry(payload: Path, case: Path, file: str, sha256: str, done: Named) -> str:
    """Copy a capture's file into the payload, by its SHA-256."""
    ending = next((each for each in _ENDINGS if file.lower().endswith(each)), "")
    place = f"{FOLDER}/{sha256}{ending}"
    if place not in done.carried:
        if not file or not sha256:
            raise InputError("A capture's file is in no folder of the case file: ingest it again.")
        source = original_file(case, sha256)
        (payload / FOLDER).mkdir(exist_ok=True)
        with whole_file(payload / place) as beside:
            shutil.copyfile(source, beside)
        done.carried[place] = sha256
        reason = f"the capture {sha256} of a cited page is carried whole, as it was made"
        done.rules.append(RedactionRule("capture", exact=sha256, reason=reason))
    return place


def _personal(db: duckdb.DuckDBPyConnection, sha256: str) -> list[tuple[str, int]]:
    """Return the kinds of personal data that a capture's pages seem to contain, with pages."""
    texts = query_frame(
        db,
        "with recursive inside as ( select ?::varchar as document union "
        "select files.document from files join inside on files.parent = inside.document) "
        "select distinct document, page, text from pages join inside using (document)",
        sha256,
    )
    counts = Counter(
        kind
        for text in texts["text"]
        for kind, pattern in PERSONAL.items()
        if pattern.search(text or "")
    )
    return sorted(counts.items())


def _permitted_addresses() -> set[str]:
    """Return the addresses (normal form) whose datasheet permits to carry their captures."""
    root, found = resources.files("onetomany"), set()
    for sheet in all_sheets():
        if sheet.fields.get("captures_in_exhibit") is not True:
            continue
        found.add(captures.normal_address(str(sheet.fields.get("url", ""))))
        folder = sheet.file.rpartition("/")[0]
        for name in sheet.fields.get("tables", []):
            frame = pl.read_csv(root.joinpath(folder, name).read_bytes(), infer_schema=False)
            for column in frame.columns:
                if column == "url" or column.startswith("url_"):
                    found |= {captures.normal_address(each) for each in frame[column].drop_nulls()}
    return found - {""}
