"""Sources on the web and their captures: find the capture of an address, and a quotation in it.

A claim that names an address can point to a capture of it in the case file. Two addresses are
taken for the same by `normal_address`, which is strict: it undoes differences of spelling, and no
difference that may lead to another page.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urlsplit

import duckdb
import polars as pl

from onetomany.formats.reading import composed
from .case_file import query_frame

# one row a capture, with the text read from it and the file that it came in
CAPTURES: dict[str, pl.DataType | type[pl.DataType]] = {
    "address": pl.String,
    "final_address": pl.String,
    "captured": pl.String,
    "dated_by": pl.String,
    "kind": pl.String,
    "status": pl.Int64,
    "media_type": pl.String,
    "payload_digest": pl.String,
    "digest_agrees": pl.Boolean,
    "payload_sha256": pl.String,
    "capture_document": pl.String,  # the WARC or MHTML file
    "capture": pl.Int64,
    "document": pl.String,  # whose text is that of the page; null if none was read
    "page": pl.Int64,
    "file": pl.String,  # the file in the folder: the WACZ, if the WARC is in one
    "file_sha256": pl.String,
    "normal": pl.String,
}
# a document belongs to a capture only if it is a member of that very file: a file may say
# anything, also the SHA-256 of somebody else's document
_CAPTURES = """
with roots as (
    select document, parent, folder, path, split_part(path, '!/', 1) as root from files
), members as (
    select distinct parent, document from files where parent is not null
)
select c.address, c.final_address, c.captured, c.dated_by, c.kind, c.status, c.media_type,
    c.payload_digest, c.digest_agrees, c.payload_sha256, c.document as capture_document, c.capture,
    case when c.page is not null then c.document else m.document end as document,
    coalesce(c.page, case when m.document is not null then 1 end) as page,
    min(r.root) as file, min_by(outer_file.document, r.root) as file_sha256
from captures c
left join members m on m.parent = c.document and m.document = c.member
left join roots r on r.document = c.document
left join files outer_file on outer_file.folder = r.folder and outer_file.path = r.root
group by all
order by c.address, c.captured, c.document, c.capture
"""
PASSAGES = ("exact", "other blanks", "not found", "no text", "no quotation")


def normal_address(address: str) -> str:
    """Return an address in a normal form for comparing; '' if it is not one.

    The same are: http and https, letters of the host in either case, its international and its
    ASCII form, a stated standard port, a fragment (#...), an empty path and /, and any way of
    writing a letter by %. Not the same are: with www. and without, with a slash at the end of a
    longer path and without, another order of the query, m. for telephones.
    """
    try:
        parts = urlsplit(address.strip())
        host = (parts.hostname or "").rstrip(".")
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme.lower() not in ("http", "https") or not host:
        return "" if host or parts.scheme.lower() in ("", "http", "https") else parts.geturl()
    try:
        host = host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        host = host.lower()
    shown = f"{host}:{port}" if port not in (None, 80, 443) else host
    query = f"?{_letters(parts.query)}" if parts.query else ""
    return f"//{shown}{_letters(parts.path) or '/'}{query}"


def _letters(text: str) -> str:
    """Return a path or query in one spelling: letters plain, others by % in capitals."""

    def one(match: re.Match[str]) -> str:
        # separators keep their form: %2F is not /
        return quote(unquote_to_bytes(match[0]), safe="-._~")

    spelled = re.sub(r"(?:%[0-9A-Fa-f]{2})+", one, unicodedata.normalize("NFC", text))
    return quote(spelled, safe="%!$&'()*+,;=:@/?-._~[]")


def captures(db: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Return every capture of a case file, with its text's document and its file: CAPTURES."""
    rows = query_frame(db, _CAPTURES)
    rows = rows.with_columns(
        normal=pl.Series([normal_address(each) for each in rows["address"]], dtype=pl.String)
    )
    return rows.select(pl.col(name).cast(kind) for name, kind in CAPTURES.items())


def captures_of_address(held: pl.DataFrame, address: str) -> pl.DataFrame:
    """Return the captures of an address (rows of CAPTURES); a redirect counts as its target."""
    normal = normal_address(address)
    if not normal:
        return held.clear()
    found = held.filter(pl.col("normal") == normal)
    led = found.filter(pl.col("final_address").is_not_null())
    ends = pl.DataFrame(
        {
            "normal": [normal_address(each) for each in led["final_address"]],
            "capture_document": led["capture_document"],
        },
        schema={"normal": pl.String, "capture_document": pl.String},
    ).unique()
    targets = held.join(ends, on=["normal", "capture_document"], how="semi")
    return pl.concat([found, targets]).unique(maintain_order=True)


def nearest_capture(
    held: pl.DataFrame, address: str, near: str | None = None
) -> dict[str, Any] | None:
    """Return the capture of an address that a citation should rest on; None if there is none.

    One whose text was read goes before one without, an answer without error before others; among
    these the one nearest to `near` (a date as precise as it is), by default the earliest.
    """
    found = captures_of_address(held, address)
    if found.is_empty():
        return None
    wanted = _instant(near)

    def worth(row: dict[str, Any]) -> tuple[bool, bool, float, str, int]:
        when = _instant(row["captured"])
        known = wanted is not None and when is not None
        away = abs((when - wanted).total_seconds()) if known and when and wanted else 0.0
        good = row["status"] is None or row["status"] < 300
        return not row["document"], not good, away, row["captured"] or "~", row["capture"]

    return min(found.iter_rows(named=True), key=worth)


def _instant(text: str | None) -> datetime | None:
    """Return the first instant that a date of a year, month, day or second may mean."""
    filled = (text or "") + ("0001-01-01"[len(text or "") :] if len(text or "") < 10 else "")
    try:
        when = datetime.fromisoformat(filled)
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Passage:
    """The place of a quotation in a text, in code points; `how` is one of PASSAGES."""

    how: str
    page: int | None = None
    start: int | None = None
    end: int | None = None


def passage(db: duckdb.DuckDBPyConnection, document: str | None, quote: str | None) -> Passage:
    """Find a quotation in a document's pages: verbatim, then with other blanks."""
    if not (quote or "").strip():
        return Passage("no quotation")
    pages = query_frame(
        db, "select page, text from pages where document = ? order by page", document
    )
    if pages.is_empty() or not any(pages["text"]):
        return Passage("no text")
    words = composed((quote or "").strip())
    for page, text in pages.iter_rows():
        if (at := text.find(words)) >= 0:
            return Passage("exact", page, at, at + len(words))
    spaced = re.compile(r"\s+".join(re.escape(word) for word in words.split()))
    for page, text in pages.iter_rows():
        if found := spaced.search(text):
            return Passage("other blanks", page, *found.span())
    return Passage("not found")


CITED = {
    "claim_id": pl.String,
    "address": pl.String,
    "captured": pl.String,
    "document": pl.String,
    "page": pl.Int64,
    "payload_digest": pl.String,
    "payload_sha256": pl.String,
    "digest_agrees": pl.Boolean,
    "file": pl.String,
    "file_sha256": pl.String,
    "passage": pl.String,  # one of PASSAGES
}


def resolve_claims(
    db: duckdb.DuckDBPyConnection, claims: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Point claims whose source is an address to its capture in the case file.

    `claims` is a frame of `claims.LEDGER`. A claim with no document gets that of the capture
    nearest to its date, and the place of its quotation there. Returns the claims, and the capture
    of each (CITED).
    """
    held = captures(db)
    rows, cited = claims.to_dicts(), []
    for row in rows:
        if not row["source_url"]:
            continue
        near = row["disclosure_date"] or row["document_date"] or row["as_of"]
        found = nearest_capture(held, row["source_url"], near)
        if found is None or row["document"] not in (None, found["document"]):
            continue
        place = passage(db, found["document"], row["quote"])
        if row["document"] is None and found["document"]:
            row["document"], row["page"] = found["document"], place.page or found["page"]
            row["char_start"], row["char_end"] = place.start, place.end
        cited.append(
            {name: found.get(name) for name in CITED}
            | {"claim_id": row["claim_id"], "page": row["page"], "passage": place.how}
        )
    return pl.DataFrame(rows, schema=claims.schema), pl.DataFrame(cited, schema=CITED)
