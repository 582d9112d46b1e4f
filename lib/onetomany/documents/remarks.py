"""Store tags and remarks on pages, with author and time.

They stay when documents are read again.
"""

import re
from datetime import UTC, datetime

import duckdb
import polars as pl

from onetomany.errors import InputError
from onetomany.formats.reading import composed
from .catalogue import make_later_table
from .search import has_table

LONGEST = 10_000  # characters of a remark
REMARKS = {
    "remark_id": pl.Int64,
    "document": pl.String,
    "page": pl.Int64,
    "path": pl.String,
    "tag": pl.String,
    "remark": pl.String,
    "who": pl.String,
    "made_at": pl.Datetime,
    "same_text": pl.Boolean,  # whether the page's text is unchanged since then
}
_ALL = """
select remark_id, r.document, r.page, path, tag, remark, who, made_at,
       coalesce(md5(text) = text_md5, false)
from remarks r left join documents using (document)
left join pages p on p.document = r.document and p.page = r.page
where withdrawn_at is null order by path, r.page, remark_id
"""


def document_named(db: duckdb.DuckDBPyConnection, name: str) -> str:
    """Return the document with a path, or with a SHA-256 that begins with 8 or more digits.

    Raises InputError if there is none, or more than one.
    """
    digits = name.lower() if re.fullmatch(r"[0-9a-fA-F]{8,64}", name) else None
    rows = db.execute(
        "select document from documents where path = $name or starts_with(document, $digits) "
        "union select document from files where path = $name and not gone",
        {"name": name, "digits": digits},
    ).fetchall()
    if len(rows) == 1:
        return str(rows[0][0])
    if rows:
        raise InputError(f"{len(rows)} documents are called '{name}': give more digits of one.")
    raise InputError(
        f"The case has no document '{name}': give its path, or the digits that a "
        "search prints before it."
    )


def add_remark(
    db: duckdb.DuckDBPyConnection,
    document: str,
    page: int,
    *,
    who: str,
    tag: str = "",
    remark: str = "",
) -> int:
    """Store a tag, a remark, or both on a page; return its number.

    `db` must be open for writing. Raises InputError if the page doesn't exist, if there is nothing
    to store, or if no author is given.
    """
    tag, remark, who = (composed(each).strip() for each in (tag, remark, who))
    if not who:
        raise InputError("The author's name is missing: give a name or initials.")
    if not tag and not remark:
        raise InputError("There is nothing to store: give a tag or a remark.")
    if len(remark) > LONGEST or len(tag) > 100:
        raise InputError(
            f"The text is too long: a tag may have 100 characters, a remark {LONGEST:,}."
        )
    held = db.execute(
        "select md5(text) from pages where document = ? and page = ?", [document, page]
    ).fetchone()
    if held is None:
        raise InputError(f"The case has no page {page} of document {document[:12]}.")
    make_later_table(db, "remarks")  # with the first remark
    row = db.execute(
        "insert into remarks select coalesce(max(remark_id), 0) + 1, ?, ?, ?, ?, ?, ?, ?, null, "
        "null from remarks returning remark_id",
        [document, page, tag or None, remark or None, who, _now(), held[0]],
    ).fetchone()
    return int(row[0]) if row else 0


def withdraw_remark(db: duckdb.DuckDBPyConnection, number: int, *, who: str) -> None:
    """Mark a remark as withdrawn; its row stays, with the person and the time.

    Raises InputError if there is no remark with that number.
    """
    if not composed(who).strip():
        raise InputError(
            "The name of the person who withdraws is missing: give a name or initials."
        )
    done = None
    if has_table(db, "remarks"):
        done = db.execute(
            "update remarks set withdrawn_by = ?, withdrawn_at = ? "
            "where remark_id = ? and withdrawn_at is null returning remark_id",
            [composed(who).strip(), _now(), number],
        ).fetchone()
    if not done:
        raise InputError(f"There is no remark {number}: 'onetomany tag' lists them.")


def page_remarks(db: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Return the tags and remarks in force: a frame of REMARKS, by path and page."""
    rows = db.execute(_ALL).fetchall() if has_table(db, "remarks") else []
    return pl.DataFrame(rows, schema=REMARKS, orient="row")


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)
