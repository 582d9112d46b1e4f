"""Tell a case from its files: a sentence or frame for each part of its chapter.

Each sentence follows the data of the case. A part that nothing fills is named with the file that
would fill it.
"""

from typing import NamedTuple

import polars as pl

from onetomany.claims import contradictions
from onetomany.claims.programmes import with_sources
from onetomany.errors import InputError
from onetomany.requests import gaps
from onetomany.sources.elsewhere import category_words, programme_sources, programmes
from onetomany.sources.kit_files import packaged_toml
from .case_folder import Case

Pair = tuple[str, str]  # English and Korean

_TEXTS = packaged_toml(__package__, "story.toml")
PARTS: dict[str, list[str]] = _TEXTS["parts"]


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
    if not count.claims:
        figure = _told("events", many=case.events.height)
        return CaseFinding("documented", figure, _told("no_claim"), _told("add_claims"))
    limit = _told("compared", claims=count.claims, speakers=count.speakers)
    if many := officials or mixed:
        figure = _told("contradictions", many=many, s="s" * (many > 1))
        sentence = _told("between_officials" if officials else "with_others")
    else:
        figure = _told("claims", many=count.claims, s="s" * (count.claims > 1))
        sentence = _told("no_clash")
    return CaseFinding("documented", figure, sentence, limit)


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
    return _told("missing", name=name, what=what, what_ko=what_ko)


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
    sides = [(n, _TEXTS["between"][name]) for name, n in count.between.items() if n]
    whom = f": {', '.join(f'{n} {words[0]}' for n, words in sides)}" if sides else ""
    whom_ko = f"({', '.join(f'{words[1]} {n}쌍' for n, words in sides)})" if sides else ""
    many = count.compatible
    also, also_ko = _told("compatible_pairs", many=many) if many else ("", "")
    return _told(
        "clashing_pairs" if count.pairs else "no_pairs",
        pairs=count.pairs,
        s="s" * (count.pairs != 1),
        whom=whom,
        whom_ko=whom_ko,
        also=also,
        also_ko=also_ko,
        claims=count.claims,
        speakers=count.speakers,
    )


def similar_in_words(case: Case, similar: pl.DataFrame) -> Pair:
    """Return how many programmes of the table do the same elsewhere, and in the same country."""
    if not case.about.functions:
        return _told("no_function")
    words = category_words("function")
    english, korean = zip(*(words[each] for each in case.about.functions), strict=True)
    return _told(
        "similar",
        many=similar.height,
        places=similar["country"].n_unique(),
        functions=", ".join(english),
        functions_ko=", ".join(korean),
        own=similar.filter("own").height,
    )


def _told(name: str, /, **facts: object) -> Pair:
    """Return a sentence of data/story.toml in both languages, the facts filled in."""
    english, korean = (text.format_map(facts) for text in _TEXTS[name])
    return english, korean
