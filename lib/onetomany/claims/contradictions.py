"""Find pairs of claims that can't both be true, by SQL, and count them."""

from dataclasses import dataclass

import polars as pl

from onetomany.errors import InputError
from .claim_ledger import LEDGER, speaker_kinds
from .claim_queries import arithmetic_queries, ask_claims, load_query

# kinds of pairs that can't both be true ...
CONTRADICTING = (
    "value",  # two numbers, places, answers that exclude each other
    "unit",  # one number, of records here and of persons there
    "period",  # two windows that begin or end at different times
    "date",  # two dates of one event
    "part outside the whole",  # a part's window is wider than the whole's
    "part above the whole",
)
# ... and kinds of pairs that differ and can both be true
COMPATIBLE = (
    "rounding",  # each number, rounded, covers the other
    "cut off",  # the shorter number is the longer one truncated, not rounded
    "within tolerance",
    "part of the time",  # a smaller number, for a shorter time
    "other time",  # the claims are about different times
    "closer",  # one place lies within the other
    "fuller",  # one lists everything the other lists, and more
)
# who contradicts whom, strongest first; only pairs of the first kind belong in a headline
BETWEEN = (
    "officials",  # two public bodies, or one body and itself
    "officials and others",  # a public body, and the press or a civic group
    "others",  # neither is a public body
    "copies",  # somebody else's number, passed on rounded or with another unit
)
_CITED = (
    "said_by", "source", "date", "url", "document", "page", "char_start", "char_end", "quote",
)  # fmt: skip
CONTRADICTIONS = {
    "claim_a": pl.String,
    "claim_b": pl.String,
    "kind": pl.String,  # one of CONTRADICTING or COMPATIBLE
    "contradiction": pl.Boolean,
    "rank": pl.Int64,  # 1 for the first of BETWEEN, and so on
    "between": pl.String,  # one of BETWEEN
    "subject_a": pl.String,
    "subject_b": pl.String,  # differs from a's only between a part and its whole
    "attribute": pl.String,
    "value_a": pl.String,
    "unit_a": pl.String,
    "value_b": pl.String,
    "unit_b": pl.String,
    "same_speaker": pl.Boolean,
    # both citations; document, page, characters and quote if the source is in the case file
    **{f"{name}_{side}": LEDGER.get(name, pl.String) for side in ("a", "b") for name in _CITED},
}


def find_contradictions(
    claims: pl.DataFrame,
    links: pl.DataFrame,
    *,
    tolerance: float = 0.0,
    listing: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Find all pairs of claims on one thing that differ.

    `claims` and `links` are frames of `load_claims` and `load_links`. Two claims are compared if
    they have the same attribute and the same subject, or if one's subject is part of the other's.
    Two numbers contradict each other if their bounds (`numerals.numeral_bounds`) don't overlap and
    they differ by at least `tolerance`, a share of the larger number. `sql/contradictions.sql`
    decides; the words of a claim about other claims are not used. `listing` says who speaks for
    whom (`claim_ledger.speaker_kinds`).

    Returns a row for each pair (CONTRADICTIONS): `claim_a`, `claim_b`, `kind`, `contradiction`
    (false if both can be true), `between` (who speaks) and both values and citations.
    Contradictions come first, those between officials at the top.

    Raises InputError for a negative tolerance.

    >>> import onetomany as otm
    >>> pairs = otm.find_contradictions(otm.load_claims(), otm.load_links())
    >>> pairs["between"][0]
    'officials'
    """
    if not tolerance >= 0:
        raise InputError(
            f"The tolerance is {tolerance}: give 0 or more, such as 0.01 for one percent."
        )
    found = ask_claims(load_query("contradictions.sql"), claims, links, tolerance=tolerance)
    if found.is_empty():
        return pl.DataFrame(schema=CONTRADICTIONS)
    return _ranked(found, listing).select(
        pl.col(name).cast(kind) for name, kind in CONTRADICTIONS.items()
    )


def _ranked(found: pl.DataFrame, listing: pl.DataFrame | None) -> pl.DataFrame:
    """Add who contradicts whom, and sort the pairs by it."""
    kinds = speaker_kinds([*found["said_by_a"], *found["said_by_b"]], listing)
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
    """The number of claims in a ledger, and of pairs that can't both be true.

    `statements` are sentences of a source. `claims` were read from them; one statement may make
    several. The pairs of `between` add up to `pairs`. `compatible` pairs differ and can both be
    true.
    """

    statements: int
    claims: int
    speakers: int
    pairs: int
    between: dict[str, int]
    compatible: int


def count_pairs(claims: pl.DataFrame, found: pl.DataFrame) -> PairCount:
    """Count the claims of a ledger and the pairs found in it, by who contradicts whom.

    `found` comes from `find_contradictions`. Figures that the kit adds for its ratios (N.…) are
    not counted: no speaker made them. All chapters and the exhibit use this count.
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
    """Return the counts in words, in English and Korean, officials first."""
    officials, others, rest, copies = (count.between[name] for name in BETWEEN)
    return (
        f"**{officials}** pairs of official statements can't both be true. {others} more pairs set "
        f"an official statement against the press or a civic group, and {rest} set those against "
        f"each other. In {copies} a number was passed on with another unit. That makes "
        f"{count.pairs} pairs in {count.statements} statements by {count.speakers} bodies.",
        f"공적 기관끼리의 말 가운데 **{officials}**쌍은 함께 참일 수 없다. "
        f"공적 기관의 말이 언론이나 시민단체의 말과 어긋나는 것이 {others}쌍, "
        f"언론과 시민단체끼리 어긋나는 것이 {rest}쌍이다. {copies}쌍에서는 수를 옮기면서 단위가 "
        f"바뀌었다. {count.speakers}곳이 한 말 {count.statements}건에서 찾은 {count.pairs}쌍이다.",
    )


def count_by_question(found: pl.DataFrame, topics: pl.DataFrame) -> pl.DataFrame:
    """Count the contradicting pairs by contested question and by who contradicts whom.

    `topics` comes from `claim_ledger.load_topics`. Columns: topic_en, topic_ko, between, pairs and
    `all`, the question's pairs together; the questions with most pairs come first.

    >>> from onetomany.claims.claim_ledger import load_claims, load_links, load_topics
    >>> pairs = find_contradictions(load_claims(), load_links())
    >>> count_by_question(pairs, load_topics())["pairs"].sum()
    36
    """
    clash = _with_questions(found.filter("contradiction"), topics)
    counted = clash.group_by("topic_en", "topic_ko", "between", "rank").len("pairs")
    return (
        counted.with_columns(all=pl.col("pairs").sum().over("topic_en"))
        .sort("all", "topic_en", "rank", descending=[True, False, False])
        .select("topic_en", "topic_ko", "between", "all", pairs=pl.col("pairs").cast(pl.Int64))
    )


def word_pairs(found: pl.DataFrame, topics: pl.DataFrame, statements: pl.DataFrame) -> pl.DataFrame:
    """Return the contradictions with the question and the words of both sides, ready to show.

    `topics` comes from `claim_ledger.load_topics`, `statements` from `sources.case.case_claims`:
    the kit's words for a source's statement, which C25.1 and C25.2 share; or, for a case folder,
    from `cases.story.claims_in_words`. Columns: topic_en, topic_ko, those of CONTRADICTIONS, and
    said_en, said_ko and said_by_ko of sides a and b. They are null if there is no such statement.

    >>> from onetomany.claims.claim_ledger import load_claims, load_links, load_topics
    >>> from onetomany.sources.case import case_claims
    >>> pairs = find_contradictions(load_claims(), load_links())
    >>> word_pairs(pairs, load_topics(), case_claims())["topic_en"][0]
    'Could firms view it?'
    """
    shown = _with_questions(found.filter("contradiction"), topics)
    for side in "ab":
        said = statements.select(
            of="claim_id",
            **{f"said_en_{side}": "value_en", f"said_ko_{side}": "value_ko"},
            **{f"said_by_ko_{side}": "said_by_ko"},
        )
        claim, whole = pl.col(f"claim_{side}"), pl.col(f"claim_{side}").str.replace(r"\.\d+$", "")
        own = claim.is_in(statements["claim_id"].to_list())
        shown = shown.with_columns(of=pl.when(own).then(claim).otherwise(whole)).join(
            said, on="of", how="left", maintain_order="left"
        )
    return shown.drop("of")


def _with_questions(pairs: pl.DataFrame, topics: pl.DataFrame) -> pl.DataFrame:
    """Add the name of the contested question; one without a name is its subject and attribute."""
    named = topics.select("topic_en", "topic_ko", "attribute", subject_a="subject")
    bare = pl.format("{}: {}", "subject_a", "attribute")
    return pairs.join(
        named, on=["subject_a", "attribute"], how="left", maintain_order="left"
    ).with_columns(
        pl.coalesce("topic_en", bare), topic_ko=pl.coalesce("topic_ko", "topic_en", bare)
    )


def check_arithmetic(claims: pl.DataFrame, links: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Run the arithmetic checks of `sql/checks`; return each one's result by name.

    Each has columns of its own, `claim_ids` (separated by semicolons) and `holds` (whether the
    check passes).
    """
    return {each.name: ask_claims(each, claims, links) for each in arithmetic_queries()}
