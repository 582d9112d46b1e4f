"""Which claims can't both be true, found by SQL, and how well that agrees with a hand-made key."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from ..errors import InputError
from .claims import LEDGER, ask, queries, query

# what can't both be true ...
CONTRADICTING = (
    "value",  # two numbers, places, answers that exclude each other
    "unit",  # one number, of records here and of persons there
    "period",  # two windows that begin or end at different times
    "date",  # two dates of one event
    "part outside the whole",  # a part's window is wider than the whole's
    "part above the whole",
)
# ... and what differs and can
COMPATIBLE = (
    "rounding",  # each leaves open what the other says
    "cut off",  # the shorter number is the longer with its last digits left out, not rounded
    "within tolerance",
    "part of the time",  # less, of a shorter time
    "other time",  # the claims speak of different times
    "closer",  # one place lies within the other
    "fuller",  # one names all that the other names, and more
)
_CITED = ("said_by", "source", "date", "url", "document", "page", "char_start", "char_end")
CONTRADICTIONS = {
    "claim_a": pl.String,
    "claim_b": pl.String,
    "kind": pl.String,  # one of CONTRADICTING or COMPATIBLE
    "contradiction": pl.Boolean,
    "subject_a": pl.String,
    "subject_b": pl.String,  # another than a's only between a part and its whole
    "attribute": pl.String,
    "value_a": pl.String,
    "unit_a": pl.String,
    "value_b": pl.String,
    "unit_b": pl.String,
    "same_speaker": pl.Boolean,
    # both citations; document, page and characters where the source is in the case file
    **{f"{name}_{side}": LEDGER.get(name, pl.String) for side in ("a", "b") for name in _CITED},
}
PAIRS = {
    "claim_a": pl.String,
    "claim_b": pl.String,
    "found": pl.Boolean,
    "in_key": pl.Boolean,
}


def find(claims: pl.DataFrame, links: pl.DataFrame, *, tolerance: float = 0.0) -> pl.DataFrame:
    """Every two claims on one thing that differ: a frame of CONTRADICTIONS, contradictions first.

    `claims` and `links` are frames of `claims.LEDGER` and `claims.LINKS`. Two claims are compared
    that have subject and attribute in common, or one of whose subjects is part of the other's.
    Numbers exclude each other where what they leave open doesn't meet (`numerals.bounds`), and
    the distance is `tolerance` or more, a share of the larger number. `sql/contradictions.sql`
    decides; no claim's own word on what it contradicts is read.

    Raises InputError for a negative tolerance.
    """
    if not tolerance >= 0:
        raise InputError(
            f"A tolerance is 0 or more, such as 0.01 for one percent; not {tolerance}."
        )
    found = ask(query("contradictions.sql"), claims, links, tolerance=tolerance)
    if found.is_empty():
        return pl.DataFrame(schema=CONTRADICTIONS)
    return found.select(pl.col(name).cast(kind) for name, kind in CONTRADICTIONS.items())


def against_key(found: pl.DataFrame, key: Iterable[tuple[str, str]]) -> pl.DataFrame:
    """Pairs that were found, or that a person's key has, or both: a frame of PAIRS.

    `key` holds pairs of statements. Claims that are parts of one statement (C26.1, C26.2) count as
    it; a pair counts once. Precision is the share of `found` that is in the key, recall the other.
    """
    statement = {side: pl.col(f"claim_{side}").str.replace(r"\.\d+$", "") for side in ("a", "b")}
    pairs = found.filter("contradiction").select(
        claim_a=pl.min_horizontal(statement["a"], statement["b"]),
        claim_b=pl.max_horizontal(statement["a"], statement["b"]),
        found=pl.lit(True),
    )
    ordered = [(min(pair), max(pair), True) for pair in key]
    names = {"claim_a": pl.String, "claim_b": pl.String, "in_key": pl.Boolean}
    wanted = pl.DataFrame(ordered, schema=names, orient="row")
    return (
        pairs.unique()
        .join(wanted.unique(), on=["claim_a", "claim_b"], how="full", coalesce=True)
        .with_columns(pl.col("found", "in_key").fill_null(False))
        .sort("claim_a", "claim_b")
        .select(pl.col(name).cast(kind) for name, kind in PAIRS.items())
    )


def checks(claims: pl.DataFrame, links: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The arithmetic checks of `sql/checks`, by name: what each finds, its own columns.

    Every row names its claims in `claim_ids`, parted by semicolons, and says in `holds` whether
    the check does.
    """
    return {each.name: ask(each, claims, links) for each in queries()}
