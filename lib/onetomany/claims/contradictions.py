"""Which claims can't both be true, found by SQL, and how well that agrees with a hand-made key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from ..errors import InputError
from .claim_ledger import LEDGER, ask, queries, query, speaker_kinds

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
# who contradicts whom, most telling first; only pairs of the first kind belong in a headline
BETWEEN = (
    "officials",  # two public bodies, or one and itself
    "officials and others",  # a public body, and the press or a civic group
    "others",  # neither is a public body
    "copies",  # the number of another with its unit changed, or rounded
)
_CITED = ("said_by", "source", "date", "url", "document", "page", "char_start", "char_end")
CONTRADICTIONS = {
    "claim_a": pl.String,
    "claim_b": pl.String,
    "kind": pl.String,  # one of CONTRADICTING or COMPATIBLE
    "contradiction": pl.Boolean,
    "rank": pl.Int64,  # 1 for the first of BETWEEN, and so on
    "between": pl.String,  # one of BETWEEN
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
    """Return every two claims on one thing that differ: a frame of CONTRADICTIONS.

    Contradictions come first, those between officials before all others (BETWEEN).

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
    return _ranked(found).select(pl.col(name).cast(kind) for name, kind in CONTRADICTIONS.items())


def _ranked(found: pl.DataFrame) -> pl.DataFrame:
    """Say of each pair who contradicts whom, and order the pairs by it."""
    kinds = speaker_kinds([*found["said_by_a"], *found["said_by_b"]])
    official = [
        pl.col(f"said_by_{side}").replace_strict(kinds, default=None) == "official" for side in "ab"
    ]
    both, either = pl.all_horizontal(official), pl.any_horizontal(official)
    copied = pl.col("kind").is_in(["rounding", "cut off"]) | ((pl.col("kind") == "unit") & ~both)
    rank = pl.when(copied).then(4).when(both).then(1).when(either).then(2).otherwise(3)
    ranked = found.with_columns(rank=rank.cast(pl.Int64))
    names = dict(enumerate(BETWEEN, 1))
    return ranked.with_columns(between=pl.col("rank").replace_strict(names)).sort(
        "contradiction", "rank", descending=[True, False], maintain_order=True
    )


@dataclass(frozen=True)
class PairCount:
    """How many claims a ledger has, and how many pairs of them can't be true together.

    `statements` are sentences of a source, `claims` what was read from them: one statement may
    say several things. The pairs of `between` add up to `pairs`; `compatible` differ and can.
    """

    statements: int
    claims: int
    speakers: int
    pairs: int
    between: dict[str, int]
    compatible: int


def count_pairs(claims: pl.DataFrame, found: pl.DataFrame) -> PairCount:
    """PairCount the claims of a ledger, and the pairs that `find` returned for it, by who speaks.

    Figures that the kit adds for its ratios (N.…) are no claims of a speaker. Every chapter and
    the exhibit count by this function.
    """
    said = claims.filter(~pl.col("claim_id").str.starts_with("N."))
    clash = found.filter("contradiction")
    return PairCount(
        statements=said["claim_id"].str.replace(r"\.\d+$", "").n_unique(),
        claims=said.height,
        speakers=said["said_by"].n_unique(),
        pairs=clash.height,
        between={name: clash.filter(between=name).height for name in BETWEEN},
        compatible=found.height - clash.height,
    )


def headline(count: PairCount) -> tuple[str, str]:
    """Return what the pairs come to in one sentence each, English and Korean: officials first."""
    officials, others, rest, copies = (count.between[name] for name in BETWEEN)
    return (
        f"**{officials}** pairs of official statements can't both be true. {others} more set an "
        f"official statement against the press or a civic group, {rest} set those against each "
        f"other, and in {copies} a number was passed on with another unit: {count.pairs} pairs "
        f"in {count.statements} statements by {count.speakers} bodies, read as {count.claims} "
        f"claims. {count.compatible} pairs differ and can both be true. All pairs were compared "
        "and counted: no interval.",
        f"공적 기관끼리의 말 가운데 **{officials}**쌍은 함께 참일 수 없다. "
        f"공적 기관의 말과 언론·시민단체의 말이 어긋나는 것이 {others}쌍, "
        f"언론과 시민단체끼리가 {rest}쌍, 옮기면서 단위가 바뀐 것이 {copies}쌍이다. "
        f"{count.speakers}곳의 말 {count.statements}건을 주장 {count.claims}개로 읽어 "
        "모두 견주었다. "
        f"모순은 {count.pairs}쌍이고, {count.compatible}쌍은 다르지만 함께 참일 수 있다. "
        "모두 센 것이라 구간이 없다.",
    )


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
