"""Turn a passage that a reader marks on a page into a claim.

Document, page, block and words come from the case file; their meaning comes from the reader.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import polars as pl

from onetomany.documents.case_file import query_frame
from onetomany.errors import InputError
from onetomany.formats.reading import Box, boxed, composed
from . import contradictions
from .claim_ledger import LEDGER, LINKS, check_ledger, store_claims

EXTRACTOR, VERSION = "reading desk", 1
_ID = re.compile(r"R(\d+)")


@dataclass(frozen=True)
class PageBlock:
    """A block of a page: its number, its place in the page's text, and its box if it has one."""

    block: int
    kind: str
    start: int
    end: int
    box: Box | None


@dataclass(frozen=True)
class PageText:
    """A page as it can be cited; width and height are null if the format has no positions."""

    document: str
    page: int
    path: str
    media_type: str
    dated: str | None  # as the file states it
    text: str
    width: float | None
    height: float | None
    unit: str | None
    blocks: tuple[PageBlock, ...]

    def block_at(self, place: int) -> PageBlock | None:
        """Return the smallest block that contains a character, or None."""
        containing = [each for each in self.blocks if each.start <= place < each.end]
        return min(containing, key=lambda each: each.end - each.start, default=None)

    def box_of(self, start: int, end: int) -> Box | None:
        """Return the box around all blocks that a passage touches, or None."""
        return boxed(
            each.box for each in self.blocks if each.box and each.start < end and start < each.end
        )

    def locate(self, words: str, near: int = 0) -> tuple[int, int] | None:
        """Find words in the text, ignoring blanks; return [start, end), or None.

        If the words occur several times, the place nearest to `near` is returned.
        """
        wanted = re.sub(r"\s", "", composed(words))
        if not wanted:
            return None
        at = [place for place, letter in enumerate(self.text) if not letter.isspace()]
        packed = "".join(self.text[place] for place in at)
        found, first = [], packed.find(wanted)
        while first >= 0:
            found.append((at[first], at[first + len(wanted) - 1] + 1))
            first = packed.find(wanted, first + 1)
        return min(found, key=lambda span: abs(span[0] - near), default=None)


def page_text(db: duckdb.DuckDBPyConnection, document: str, page: int) -> PageText:
    """Return a page with its blocks; raise InputError if the case doesn't have it."""
    row = db.execute(
        "select path, media_type, coalesce(created, d.modified), p.text, width, height, unit "
        "from pages p join documents d using (document) where document = ? and page = ?",
        [document, page],
    ).fetchone()
    if row is None:
        raise InputError(f"The case has no page {page} of document {document[:12]}.")
    path, kind, dated, text, width, height, unit = row
    found = db.execute(
        "select block, kind, char_start, char_end, x0, y0, x1, y1 from blocks "
        "where document = ? and page = ? order by block",
        [document, page],
    ).fetchall()
    blocks = tuple(
        PageBlock(block, of, start, end, None if None in (x0, y0, x1, y1) else (x0, y0, x1, y1))
        for block, of, start, end, x0, y0, x1, y1 in found
        if 0 <= start < end <= len(text)  # a case file may come from somebody else
    )
    return PageText(document, page, path, kind, dated, text, width, height, unit, blocks)


def figures_in(
    db: duckdb.DuckDBPyConnection, page: PageText, start: int, end: int
) -> list[tuple[str, str]]:
    """Return the amounts and dates found in a passage, as (value, unit) for a claim."""
    rows = db.execute(
        "select kind, value, unit, approximation, normal from mentions where document = ? "
        "and page = ? and char_start >= ? and char_end <= ? order by char_start",
        [page.document, page.page, start, end],
    ).fetchall()
    found = []
    for kind, value, unit, how, normal in rows:
        if kind == "date" and normal:
            found.append((normal, "dates" if "/" in normal else "date"))
        elif value is not None and unit:
            found.append((f"{how} {value:.15g}" if how else f"{value:.15g}", unit))
    return list(dict.fromkeys(found))


def known_claims(db: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Return all claims of a case file: a frame of LEDGER."""
    rows = db.execute(f"select {', '.join(LEDGER)} from claims order by claim_id").fetchall()
    return pl.DataFrame(rows, schema=LEDGER, orient="row")


def claim_on(
    page: PageText, start: int, end: int, entered: Mapping[str, str | None], known: pl.DataFrame
) -> pl.DataFrame:
    """Make a claim from a passage: one row of LEDGER, with the next free number as its id.

    `entered` has the reader's subject, attribute, value, unit and said_by, and may have other
    columns of LEDGER. Raises InputError if the passage or one of the five is empty.
    """
    quote = page.text[start:end].strip()
    if not quote:
        raise InputError("No words are selected: choose a passage of the page first.")
    start += page.text[start:end].index(quote)
    given = {name: (value or "").strip() or None for name, value in entered.items()}
    for name in ("subject", "attribute", "value", "unit", "said_by"):
        if not given.get(name):
            raise InputError(f"The claim's {name.replace('_', ' ')} is empty: fill it in.")
    taken = [int(found[1]) for each in known["claim_id"] if (found := _ID.fullmatch(each))]
    block = page.block_at(start)
    row = {
        "source": page.path,
        **given,
        "claim_id": f"R{max(taken, default=0) + 1}",
        "document": page.document,
        "page": page.page,
        "block": block and block.block,
        "char_start": start,
        "char_end": start + len(quote),
        "quote": quote,
        "extractor": EXTRACTOR,
        "version": VERSION,
    }
    return check_ledger(pl.DataFrame([row], infer_schema_length=None))


def delete_claim(db: duckdb.DuckDBPyConnection, claim_id: str) -> None:
    """Delete a claim that was made on the desk; other claims stay.

    `db` must be open for writing.
    """
    db.execute("delete from claims where claim_id = ? and extractor = ?", [claim_id, EXTRACTOR])


def save_claim(db: duckdb.DuckDBPyConnection, claim: pl.DataFrame) -> pl.DataFrame:
    """Store a claim; return the pairs of `find_contradictions` that it belongs to.

    `db` must be open for writing.
    """
    store_claims(db, claim, pl.DataFrame(schema=LINKS))
    links = query_frame(
        db, "select from_id, kind, to_id from links where from_type = 'entity' order by all"
    )
    relations = pl.DataFrame(links.rows(), schema=LINKS, orient="row")
    own = claim["claim_id"][0]
    found = contradictions.find_contradictions(known_claims(db), relations)
    return found.filter((pl.col("claim_a") == own) | (pl.col("claim_b") == own))
