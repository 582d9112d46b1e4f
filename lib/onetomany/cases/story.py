"""Tell a case from its files: a sentence or frame for each part of its chapter.

Each sentence follows the data of the case. A part that nothing fills is named with the file that
would fill it.
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from ..claims import contradictions
from ..claims.programmes import with_sources
from ..errors import InputError
from ..requests import gaps
from ..sources.elsewhere import programme_sources, programmes
from .case_folder import Case

Pair = tuple[str, str]  # English and Korean

# the part of the chapter that each file fills
PARTS: dict[str, Pair] = {
    "claims": (
        "the claims, and which can't be true together",
        "무엇이 주장되었고 무엇이 함께 참일 수 없는지",
    ),
    "events": ("the events in order", "사건의 순서"),
    "numbers": ("the disclosed figures and their consequences", "공개된 수치와 그 뜻"),
    "gaps": ("which documents are missing, and whom to ask", "빠진 문서와 물어볼 기관"),
    "provisions": ("the law", "관련 법"),
}


_BETWEEN: dict[str, Pair] = {
    "officials": ("between public bodies", "공적 기관끼리"),
    "officials and others": (
        "between a public body and the press or a civic group",
        "공적 기관과 언론·시민단체",
    ),
    "others": ("between the press and civic groups", "언론과 시민단체끼리"),
    "copies": ("by a number passed on with another unit", "단위를 바꾸어 옮긴 것"),
}


class CaseFinding(NamedTuple):
    """The arguments of `prose.finding` for a case."""

    status: str
    figure: Pair
    sentence: Pair
    limit: Pair


def case_finding(case: Case) -> CaseFinding:
    """Return the finding of a case: its contradictions, or the most that its files have.

    >>> from onetomany.cases.case_folder import read_case
    >>> case_finding(read_case("incheon")).figure[0]
    '4 contradictions'
    """
    found = case_contradictions(case)
    count = contradictions.count_pairs(case.claims, found)
    officials = count.between["officials"]
    mixed = count.between["officials and others"]
    limit = (
        f"{count.claims} claims by {count.speakers} speakers were compared. A contradiction is a "
        "question, not an answer.",
        f"{count.speakers}곳의 주장 {count.claims}개를 견주었다. 모순은 답이 아니라 물어볼 거리다.",
    )
    if officials or mixed:
        many = officials or mixed
        whom = ("between public bodies", "공적 기관끼리 한 말") if officials else (
            "between a public body and the press or a civic group",
            "공적 기관의 말과 언론·시민단체의 말",
        )  # fmt: skip
        return CaseFinding(
            "documented",
            (f"{many} contradiction{'s' * (many > 1)}", f"모순 {many}쌍"),
            (
                f"{whom[0]}: pairs of statements that can't both be true.",
                f"{whom[1]} 가운데 함께 참일 수 없는 것이다.",
            ),
            limit,
        )
    if count.claims:
        return CaseFinding(
            "documented",
            (f"{count.claims} claim{'s' * (count.claims > 1)}", f"주장 {count.claims}개"),
            (
                "were recorded; no public body contradicts another or the press.",
                "가 기록되어 있다. 공적 기관끼리, 또는 언론과 어긋나는 말은 없다.",
            ),
            limit,
        )
    return CaseFinding(
        "documented",
        (f"{case.events.height} events", f"사건 {case.events.height}개"),
        ("are recorded, and no claim yet.", "가 기록되어 있고, 주장은 아직 없다."),
        (
            "Add claims to claims.csv: this chapter then compares them.",
            "claims.csv에 주장을 적으면 이 장이 서로 견준다.",
        ),
    )


def case_opening(case: Case) -> Pair:
    """Return a case's place, operators and purpose, with the source, as sentences."""
    about, korean = case.about, dict(case.bodies.select("name", "name_ko").iter_rows())
    source = f" ([{about.publisher}]({about.url}))" if about.publisher and about.url else ""
    place, operators = (about.text("place", code) for code in ("en", "ko")), about.operators
    here, here_ko = place
    run_by = f" Run by {', '.join(operators)}." if operators else ""
    names_ko = ", ".join(korean.get(name) or name for name in operators)
    said, said_ko = (about.text("said", code) for code in ("en", "ko"))
    return (
        f"**{here or about.country}.**{run_by}"
        + (f" It is said to do this: {said}{source}" if said else ""),
        f"**{here_ko or about.country}.**"
        + (f" 운영: {names_ko}." if operators else "")
        + (f" 알려진 기능: {said_ko}{source}" if said_ko else ""),
    )


def missing_part(case: Case, name: str) -> Pair | None:
    """Return which file would fill a part of the chapter; None if it has rows already.

    `name` is a key of PARTS.
    """
    if case.table(name).height:
        return None
    what, what_ko = PARTS[name]
    return (
        f"Nothing to show yet: rows in {name}.csv would show {what}.",
        f"아직 보여 줄 것이 없다. {name}.csv에 행을 적으면 {what_ko} 보여 준다.",
    )


def case_contradictions(case: Case) -> pl.DataFrame:
    """Return all pairs of a case's claims that differ: `contradictions.CONTRADICTIONS`."""
    return contradictions.find_contradictions(case.claims, case.links, listing=case.bodies)


def claims_in_words(case: Case) -> pl.DataFrame:
    """Return a case's claims in words, for `contradictions.word_pairs`.

    Columns: claim_id, value_en, value_ko (each in the other language if it lacks one; null if
    claims.csv has no words) and said_by_ko, the speaker's Korean name.
    """
    names = case.bodies.select("name", said_by_ko=pl.coalesce("name_ko", "name"))
    return (
        case.table("claims")
        .join(names, left_on="said_by", right_on="name", how="left", maintain_order="left")
        .select(
            "claim_id",
            "said_by_ko",
            value_en=pl.coalesce("value_en", "value_ko"),
            value_ko=pl.coalesce("value_ko", "value_en"),
        )
    )


def korean_names(case: Case) -> dict[str, str]:
    """Return the Korean names of a case's speakers, those that it gives."""
    named = case.bodies.select("name", "name_ko").drop_nulls()
    return dict(named.iter_rows())


def hidden_rows(case: Case, found: pl.DataFrame) -> pl.DataFrame:
    """Return the missing documents, those that would settle most contradictions first."""
    known = set(case.claims["claim_id"].to_list())
    for gap, claims in case.gaps.select("gap", "claims").iter_rows():
        for claim in (each.strip() for each in (claims or "").split(";") if each.strip()):
            if claim not in known:
                raise InputError(f"gaps.csv, gap '{gap}': there is no claim {claim} in claims.csv.")
    ranked = gaps.rank_gaps(case.claims, found, case.gaps)
    return ranked.filter(pl.col("gap").is_not_null())


def similar_programmes(case: Case) -> pl.DataFrame:
    """Return programmes elsewhere with a function of this case, with their sources.

    They come from `sources.elsewhere`, which is no sample. Those of the case's own country come
    first.
    """
    listed = programmes().with_columns(own=pl.col("country") == case.about.country)
    wanted = pl.col("functions").str.split(";").list.set_intersection(list(case.about.functions))
    kept = listed.filter(wanted.list.len() > 0) if case.about.functions else listed.head(0)
    kept = kept.sort("own", "status_date", descending=[True, True], nulls_last=True)
    return with_sources(kept, programme_sources())


def pairs_in_words(case: Case, found: pl.DataFrame) -> Pair:
    """Return how many pairs of claims contradict each other, and who contradicts whom."""
    count = contradictions.count_pairs(case.claims, found)
    sides = [(n, _BETWEEN[name]) for name, n in count.between.items() if n]
    whom = f": {', '.join(f'{n} {words[0]}' for n, words in sides)}" if sides else ""
    whom_ko = f"({', '.join(f'{words[1]} {n}쌍' for n, words in sides)})" if sides else ""
    plural = "s" * (count.pairs != 1)
    pairs = (f"**{count.pairs}** pair{plural} of statements can't both be true{whom}."
             if count.pairs else "No statement contradicts another.")  # fmt: skip
    also, also_ko = "", ""
    if count.compatible:
        also = f" Pairs that differ and can both be true: {count.compatible}."
        also_ko = f" 다르지만 함께 참일 수 있는 것은 {count.compatible}쌍이다."
    return (
        f"{pairs}{also} All pairs of {count.claims} claims by {count.speakers} speakers were "
        "compared and counted.",
        f"함께 참일 수 없는 말은 **{count.pairs}**쌍이다{whom_ko}.{also_ko} {count.speakers}곳의 "
        f"주장 {count.claims}개를 모두 견주어 세었다.",
    )


def similar_in_words(case: Case, similar: pl.DataFrame) -> Pair:
    """Return how many programmes of the table do the same elsewhere, and in the same country."""
    if not case.about.functions:
        return (
            "case.toml names no function of the system, so nothing is compared with it.",
            "case.toml에 이 시스템의 기능이 적혀 있지 않아 견줄 것이 없다.",
        )
    own, places = similar.filter("own").height, similar["country"].n_unique()
    functions = ", ".join(case.about.functions)
    return (
        f"{similar.height} programmes of the kit's table, in {places} jurisdictions, share a "
        f"function with this one ({functions}); {own} of them are in the same country. The table "
        "is no sample: these counts say nothing of other places.",
        f"이 도구의 표에서 같은 기능({functions})을 가진 사업은 관할 {places}곳에 "
        f"{similar.height}개이며, 그 가운데 {own}개가 같은 나라에 있다. "
        "표본이 아니므로 다른 곳에 관해서는 말해 주지 않는다.",
    )
