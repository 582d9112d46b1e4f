"""Rank the documents that are still missing by the claims that they would settle.

Only one thing is judged by hand: which claims a document would settle (`gaps.csv` of a case
folder).
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import polars as pl

from onetomany.documents.case_file import query_frame
from onetomany.errors import InputError, near
from onetomany.sources.case import DATA, ArrowStream
from onetomany.sources.kit_files import packaged_text
from onetomany.sources.tables import require_columns
from .letter_templates import templates

TABLE = (
    "gap",
    "template",
    "procedure",
    "body_en",
    "body_ko",
    "claims",  # ids of the ledger, separated by semicolons
    "what_en",
    "what_ko",
    "why_en",
    "why_ko",
)
GAPS = {
    "gap": pl.String,  # null: claims that no row of gaps.csv would settle
    "contradicted": pl.Int64,  # contradicted claims
    "redacted": pl.Int64,  # claims with a redacted document
    "single_source": pl.Int64,  # claims of a single source
    "no_document": pl.Int64,  # claims whose original isn't in the case file
    "claims": pl.Int64,
    "claim_ids": pl.String,
    "template": pl.String,
    "procedure": pl.String,
    **{name: pl.String for name in TABLE if name.endswith(("_en", "_ko"))},
}
# subject of the case's own letters, if a template leaves it open
SYSTEM = {
    "en": {
        "system": "the AI Identification and Tracking System project at Incheon Airport",
        "period": "30 April 2019 to 31 March 2022",
    },
    "ko": {
        "system": "인천국제공항 인공지능 식별추적시스템 구축 사업",
        "period": "2019년 4월 30일부터 2022년 3월 31일까지",
    },
}
# columns of `unsupported_claims` that a page without a case file can count
_LACKS = {
    "no_document": ("no original document", "원본 문서가 없음"),
    "contradicted": ("contradicted by another", "다른 주장과 어긋남"),
    "single_source": ("one source only", "출처가 하나뿐"),
}


def load_gaps() -> pl.DataFrame:
    """Return the gaps of the Incheon case as text: the columns of TABLE.

    Raises InputError for a missing column, an empty cell, a repeated gap, or a template that
    doesn't exist or doesn't fit the gap.
    """
    path = DATA / "gaps.csv"
    rows = pl.read_csv(path.read_bytes(), infer_schema=False)
    require_columns(rows, TABLE, str(path))
    rows = rows.select(TABLE)
    known = templates()
    for row in rows.iter_rows(named=True):
        gap, own = row["gap"], known.get(row["template"] or "")
        if empty := [name for name in TABLE if not row[name]]:
            raise InputError(f"{path}, gap '{gap}': its {empty[0]} is empty.")
        if own is None or gap not in own.gaps or row["procedure"] not in own.procedures:
            raise InputError(
                f"{path}, gap '{gap}': template '{row['template']}' isn't there, doesn't name the "
                f"gap, or can't be sent under {row['procedure']}."
            )
    if rows["gap"].is_duplicated().any():
        raise InputError(f"{path}: a gap comes twice.")
    return rows


def unsupported_claims(
    ledger: pl.DataFrame, found: pl.DataFrame, notes: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Return the evidence that each claim lacks.

    Columns: claim_id, contradicted, redacted, single_source, no_document. Takes
    `load_claims` and `find_contradictions` of `onetomany.claims`, and `redactions` of a case file;
    without the last, `redacted` is false.
    """
    require_columns(ledger, ("claim_id", "document", "confidence"), "The claims")
    require_columns(found, ("claim_a", "claim_b", "contradiction"), "The contradictions")
    against = found.filter("contradiction")
    clashing = pl.concat([against["claim_a"], against["claim_b"]]).unique().to_list()
    hiding = [] if notes is None else notes["document"].to_list()
    return ledger.select(
        "claim_id",
        contradicted=pl.col("claim_id").is_in(clashing),
        redacted=pl.col("document").is_in(hiding).fill_null(False),
        # two or more independent sources are V2; a claim without a confidence counts as one source
        single_source=(pl.col("confidence") != "V2").fill_null(True),
        no_document=pl.col("document").is_null(),
    )


def count_lacks(lacking: pl.DataFrame) -> pl.DataFrame:
    """Count the claims that lack each kind of evidence, most first.

    Takes `unsupported_claims`. Columns: what_en, what_ko, claims and `of`, the number of claims.

    >>> from onetomany.claims.claim_ledger import load_claims, load_links
    >>> from onetomany.claims.contradictions import find_contradictions
    >>> claims = load_claims().head(3)
    >>> lacking = unsupported_claims(claims, find_contradictions(claims, load_links()))
    >>> count_lacks(lacking)["claims"].to_list()
    [3, 3, 2]
    """
    rows = [(*words, int(lacking[name].sum()), lacking.height) for name, words in _LACKS.items()]
    counted = pl.DataFrame(rows, schema=["what_en", "what_ko", "claims", "of"], orient="row")
    return counted.sort("claims", descending=True, maintain_order=True)


def redactions(db: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Return the documents of a case file with hidden passages: document, notes."""
    return query_frame(
        db,
        "select document, count(*) as notes from notes where kind = 'redaction' "
        "group by document order by document",
    )


def rank_gaps(
    ledger: pl.DataFrame, found: pl.DataFrame, rows: pl.DataFrame, notes: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Return the gaps by importance: a frame of GAPS.

    Takes the arguments of `unsupported_claims` and the rows of `load_gaps`. Gaps that would settle
    most contradicted claims come first, then most redacted ones, then claims of a single source,
    then claims without a document; a gap that names no claim comes after them. Contradicted claims
    that no row would settle are in the last row, whose gap is null: nobody has written a letter for
    them yet.

    Raises InputError if `rows` names a claim that isn't in the ledger.
    """
    require_columns(rows, TABLE, "The gaps")
    lacking = unsupported_claims(ledger, found, notes)
    named = rows.select("gap", pl.col("claims").str.split(";")).explode("claims")
    stray = named.filter(~pl.col("claims").is_in(ledger["claim_id"].to_list()))
    if stray.height:
        gap, claim = stray.row(0)
        raise InputError(f"gaps.csv, gap '{gap}': there is no claim {claim} in the ledger.")
    with duckdb.connect() as db:
        for name, frame in (("gaps", rows), ("lacking", lacking)):
            db.register("given", ArrowStream(frame))
            db.execute(f"create table {name} as from given")
        ranked = query_frame(db, packaged_text(__package__, "ranked_gaps.sql"))
    return ranked.select(pl.col(name).cast(kind) for name, kind in GAPS.items())


def check_claims(ids: Iterable[str], ledger: pl.DataFrame) -> None:
    """Raise InputError for an id that isn't in the ledger, naming similar ids."""
    known = ledger["claim_id"].to_list()
    for each in ids:
        if each not in known:
            raise InputError(
                f"There is no claim '{each}' in the ledger{near(each, known)}. The ids are in "
                f"the table 'claims' of a case file, and those of the Korean case in "
                "lib/onetomany/sources/data/cases/incheon/claims.csv."
            )


def gap_fields(gap: str, language: str) -> dict[str, str]:
    """Return the fields known for a gap's letter: body, system and period.

    Returns nothing for languages without the case's own words. Raises InputError for a gap that
    isn't in gaps.csv.
    """
    rows = load_gaps()
    own = rows.filter(pl.col("gap") == gap)
    if own.is_empty():
        raise InputError(f"There is no gap '{gap}': there are {', '.join(rows['gap'])}.")
    if language not in SYSTEM:
        return {}
    return {"body": own[f"body_{language}"][0], **SYSTEM[language]}
