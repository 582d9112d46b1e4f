"""What a text names: by a hand-made key, by round trips, and with every span in its place."""

# ruff: noqa: E501  (lines of the documents stand as they are)
from __future__ import annotations

import re
import time
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import labelled_mentions as labelled
from onetomany.documents import case_mentions, indexing
from onetomany.documents.case_file import open_case
from onetomany.errors import InputError
from onetomany.mentions import citations, numerals, quantities, tagger
from onetomany.mentions.lists import data_rows
from onetomany.mentions.name_patterns import pattern_of_names

# read by hand; forms as government releases, decisions and newspapers of the case write them
QUANTITIES = [
    ("5,760만 건", 57_600_000, "records", None),
    ("5천760만건", 57_600_000, "records", None),
    ("5760만여 명", 57_600_000, "persons", "over"),
    ("5,764만여 건", 57_640_000, "records", "over"),
    ("1억 2천만 건", 120_000_000, "records", None),
    ("1억2000만여명", 120_000_000, "persons", "over"),
    ("1억 2,000만 건", 120_000_000, "records", None),
    ("1억 7천 7백만 건", 177_000_000, "records", None),
    ("약 1억7천여만건", 170_000_000, "records", "over"),
    ("1억7천만건 이상", 170_000_000, "records", "at least"),
    ("약 3억2000만 건", 320_000_000, "records", "about"),
    ("1억 7천만 장", 170_000_000, "images", None),
    ("450억원", 45_000_000_000, "KRW", None),
    ("440억 원", 44_000_000_000, "KRW", None),
    ("80억 원", 8_000_000_000, "KRW", None),
    ("100만 원", 1_000_000, "KRW", None),
    ("백만 원", 1_000_000, "KRW", None),
    ("1조 2,000억 원", 1_200_000_000_000, "KRW", None),
    ("37억5000만원", 3_750_000_000, "KRW", None),
    ("₩1,000,000", 1_000_000, "KRW", None),
    ("KRW 1m", 1_000_000, "KRW", None),
    ("KRW 44 billion", 44_000_000_000, "KRW", None),
    ("44 billion won", 44_000_000_000, "KRW", None),
    ("1.5억 명", 150_000_000, "persons", None),
    ("3천만 명 이상", 30_000_000, "persons", "at least"),
    ("20여 명", 20, "persons", "over"),
    ("최소 24곳", 24, "places", "at least"),
    ("16개 기업", 16, "firms", None),
    ("24개 기업", 24, "firms", None),
    ("11개 컨소시엄", 11, "consortia", None),
    ("2,022㎡", 2022, "m2", None),
    ("수백 대", 100, "machines", "several"),
    ("수천만 건", 10_000_000, "records", "several"),
    ("오천칠백육십만 건", 57_600_000, "records", None),
    ("일억 이천만 명", 120_000_000, "persons", None),
    ("만 명", 10_000, "persons", None),
    ("1만2천 건", 12_000, "records", None),
    ("57.6 million records", 57_600_000, "records", None),
    ("57.64 million", 57_640_000, None, None),
    ("more than 100 million photos", 100_000_000, "images", "over"),
    ("at least 8 companies", 8, "firms", "at least"),
    ("approximately 170 million photographs", 170_000_000, "images", "about"),
    ("12,120 faces", 12_120, "images", None),
    ("98.5 %", 98.5, "percent", None),
    ("17세 이상", 17, "age", "at least"),
]
DATES = [
    ("2019-04-30", "2019-04-30"),
    ("2019. 4. 30.", "2019-04-30"),
    ("2019.4.30", "2019-04-30"),
    ("2005.02.03.", "2005-02-03"),
    ("2019년 4월 30일", "2019-04-30"),
    ("2021년12월31일", "2021-12-31"),
    ("'19.4.30", "2019-04-30"),
    ("’22. 4. 27.", "2022-04-27"),
    ("April 30, 2019", "2019-04-30"),
    ("30 April 2019", "2019-04-30"),
    ("Nov. 9, 2021", "2021-11-09"),
    ("2019/04/30", "2019-04-30"),
    ("2021년 10월", "2021-10"),
    ("2021. 10.", "2021-10"),
    ("May 2019", "2019-05"),
    ("2022년", "2022"),
    ("‘20년", "2020"),
    ("4월 30일", "--04-30"),
    ("2020년 2월 29일", "2020-02-29"),
]
LAWS = [
    ("개인정보 보호법 제23조제1항", "pipa 23(1)"),
    ("개인정보보호법 제26조 제2항", "pipa 26(2)"),
    ("「개인정보 보호법」 제15조제3항", "pipa 15(3)"),
    ("개인정보 보호법 시행령 제18조제3호", "pipa-decree 18 item 3"),
    ("출입국관리법 제12조의2", "immigration 12-2"),
    ("출입국관리법 제3조 제2항", "immigration 3(2)"),
    ("출입국관리법 §3②", "immigration 3(2)"),
    ("Article 15(3) of the Personal Information Protection Act", "pipa 15(3)"),
    ("Immigration Act, Article 12-2(1)", "immigration 12-2(1)"),
    ("PIPA 26(2)", "pipa 26(2)"),
    ("제15조제3항", "? 15(3)"),
    ("Article 23(1)", "? 23(1)"),
    ("「국가재정법」 제38조", "국가재정법 38"),
    ("헌법재판소법 제68조제1항", "constitutional-court-act 68(1)"),
]
ORGANISATIONS = [
    ("법무부", "moj"),
    ("과학기술정보통신부", "msit"),
    ("과기정통부", "msit"),
    ("NIPA", "nipa"),
    ("개인정보 보호위원회", "pipc"),
    ("개인정보위", "pipc"),
    ("헌재", "constitutional-court"),
    ("민주사회를 위한 변호사모임", "minbyun"),
    ("Ministry of Justice", "moj"),
    ("(주)씨유박스", "cubox"),
    ("㈜한빛영상", "한빛영상"),
    ("Hanbit Vision Inc", "Hanbit Vision"),
]
KEY = [
    *(("quantity", text, value, (unit, how)) for text, value, unit, how in QUANTITIES),
    *(("date", text, normal, None) for text, normal in DATES),
    *(("law", text, normal, None) for text, normal in LAWS),
    *(("organisation", text, normal, None) for text, normal in ORGANISATIONS),
]
FRAMES = ["{}", "지난 {}에 따르면", "확인 결과 {}, 그리고 뒤", "it was {} as said", "\n{}\n"]


def mentions_of(blocks: pl.DataFrame) -> pl.DataFrame:
    texts = blocks["text"].fill_null("").to_list()
    return tagger.mentions_frame(tagger.mention_rows(texts), blocks)


def found(text: str) -> pl.DataFrame:
    return mentions_of(pl.DataFrame({"block_id": ["b"], "text": [text]}))


def test_the_key_is_long_enough_and_says_nothing_twice() -> None:
    assert len(KEY) >= 60
    assert len({text for _, text, *_ in KEY}) == len(KEY)


@pytest.mark.parametrize(("kind", "text", "normal", "rest"), KEY, ids=[row[1] for row in KEY])
def test_the_hand_made_key(kind: str, text: str, normal: str | float, rest: tuple | None) -> None:
    for frame in FRAMES:
        written = frame.format(text)
        row = found(written).filter(kind=kind)
        assert row.height == 1, (written, found(written))
        row = row.row(0, named=True)
        # a closing dot may belong to the sentence
        assert row["text"].rstrip(". ") == text.rstrip(". ")
        if kind == "quantity":
            assert (row["value"], (row["unit"], row["approximation"])) == (normal, rest)
        else:
            assert row["normal"] == normal


@pytest.mark.parametrize(
    "text",
    [
        "2021. 13. 40.",
        "2019년 2월 30일",
        "30 February 2019",
        "버전 2.1.3",
        "1:1",
        "제7회",
        "그것만 원한다",
        "이 건은",
        "전화 02-1234-5678",
        "법 없이",
    ],
)
def test_what_is_no_mention_is_left_alone(text: str) -> None:
    rows = found(text).filter(pl.col("kind").is_in(["date", "quantity", "law"]))
    full = rows.filter(pl.col("normal").str.len_chars() >= 7)
    assert full.height == 0, rows


def test_an_article_takes_the_law_that_stands_at_it_or_none() -> None:
    text = "출입국관리법 제3조·제6조 및 같은 법 시행령 제28조, 개인정보 보호법 제17조, 제18조"
    laws = found(text).filter(kind="law")
    assert laws["normal"].to_list() == [
        "immigration 3",
        "immigration 6",
        "immigration-decree 28",
        "pipa 17",
        "pipa 18",
    ]
    assert laws["note"].is_not_null().to_list() == [False, True, True, False, True]
    # a law of one block says nothing about the next, nor one named anywhere before in its block
    two = pl.DataFrame(
        {"block_id": ["a", "b"], "text": ["개인정보 보호법", "제15조, 같은 법 제3조"]}
    )
    assert mentions_of(two)["normal"].to_list() == ["pipa", "? 15", "? 3"]
    far = found("형법 제355조의 횡령이 문제된다. 피고는 제12조를 든다.").filter(kind="law")
    assert far["normal"].to_list() == ["형법 355", "? 12"]


@pytest.mark.parametrize(
    ("text", "laws"),
    [
        ("이혼시 재산분할은 민법 제839조의2에 근거한다.", ["민법 839-2"]),
        ("｢법인세법 시행령｣ 제97조의4제2항 및 같은 영 제42조", ["법인세법시행령 97-4(2)", "법인세법시행령 42"]),
        ("법인령§42②(2)의 요건", ["법인령 42(2)2"]),
        ("제22조제1항제1호의2", ["? 22(1)1-2"]),
        ("식품 등의 표시·광고에 관한 법률 제8조", ["식품등의표시·광고에관한법률 8"]),
        ("국세기본법 제35조, 상고심절차에 관한 특례법 제4조", ["국세기본법 35", "상고심절차에관한특례법 4"]),
        # whose words begin a name can't be told: none is made up
        ("홍길동의 항만지역 발전법 제3조", ["? 3"]),
        ("피고인에 대한 항만범죄 처벌에 관한 법률 제3조", ["? 3"]),
        ("보호법 제3조와 이 법 제5조, 위 방법 제2조", ["? 3", "? 5", "? 2"]),
        ("자동차관리법 제2조에 따르고 항만 운영법을 본 뒤 같은 법 제3조", ["자동차관리법 2", "항만운영법 3"]),
        ("제1조사국, 제2조합, 제3조정위원회, 839조 원", []),
        # a line's end may cut a name: 형사소 / 송법
        ("민사 분쟁을 다투는 사건에서는 형사소\n송법 제199조", ["형사소송법 199"]),
        ("어떤 사건에 적용되는 조항으로는 우주항만운송\n사업법 제19조", ["? 19"]),
        ("Articles 7 and 8 of the Charter of Fundamental Rights of the European Union", ["eu-charter 7", "eu-charter 8"]),
        ("section 35(1)(a) of the Harbour Records Act 2011", ["harbour-records-act-2011 35(1)a"]),
        ("Article 6(1)(e) GDPR, Article 9 of this Act", ["gdpr 6(1)e", "? 9"]),
        ("GDPR, Article 6(1)(e)", ["gdpr 6(1)e"]),
    ],
)  # fmt: skip
def test_the_law_of_an_article_is_right_or_unknown(text: str, laws: list[str]) -> None:
    assert found(text).filter(kind="law")["normal"].to_list() == laws


LABELLED = [*labelled.LAWS, *labelled.HELD_OUT_LAWS]


def test_laws_of_real_documents_are_right_or_unknown_never_wrong() -> None:
    """Each citation that people read in the quotes, by hand: law and article both."""
    known = 0
    for source, quote, laws in LABELLED:
        read = found(quote).filter(kind="law")["normal"].to_list()
        assert len(read) == len(laws), (source, quote, read)
        for mine, theirs in zip(read, laws, strict=True):
            unsure = mine == "? " + theirs.partition(" ")[2]
            assert mine == theirs or unsure, (source, quote, mine, theirs)
            known += mine == theirs
    total = sum(len(laws) for _, _, laws in LABELLED)
    assert total >= 60
    assert known / total >= 0.95
    assert len({source for source, *_ in LABELLED}) >= 5


def test_organisations_of_real_documents_are_found() -> None:
    hit = false = missed = 0
    for _, quote, names in [*labelled.ORGANISATIONS, *labelled.HELD_OUT_ORGANISATIONS]:
        read = Counter(
            re.sub(r"\s", "", text)
            for text in found(quote).filter(kind="organisation")["text"].to_list()
        )
        theirs = Counter(re.sub(r"\s", "", name) for name in names)
        hit += (read & theirs).total()
        false += (read - theirs).total()
        missed += (theirs - read).total()
    assert hit / (hit + missed) >= 0.8
    assert hit / (hit + false) >= 0.95


@pytest.mark.parametrize(
    "text",
    [
        "이 조건을 충족한 자는 조회를 요청할 수 있다. 조세 감면. 구조원칙. 만일 원고가 이를 다투면.",
        "이천 장애인 국가대표 선수촌. 조직 개편. 조사 대상. 조명 설치. 천명하였다. 조장하였다.",
        "백인 남성, 만장일치, 천만에, 천장이, 억류된, 만회하였다, 수조에, 만인의, 십대",
        "(단위: 백만원) 단위 : 천원 [천원]\n백만원\n",
        "000원 ○○원 **원 00백만원 0천원 5○○만원 1**만원 약 조원 약 억원",
        "3장애인 12 원고 4대강 10 인천 3 회사 2 대학 839조의2 제2조 원칙 50%p",
    ],
)
def test_words_units_and_masks_are_no_quantities(text: str) -> None:
    assert found(text).filter(kind="quantity").is_empty()


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("5조 3천억원", "5300000000000 KRW"),
        ("300백만원", "300000000 KRW"),
        ("금 삼천만원정", "30000000 KRW"),
        ("US$ 3.5백만", "3500000 USD"),
        ("57백만건", "57000000 records"),
        ("€3.5 million", "3500000 EUR"),
        ("£5m", "5000000 GBP"),
        ("0원", "0 KRW"),
        ("벌금 백만원에 처한다", "1000000 KRW"),
    ],
)
def test_money_in_other_forms(text: str, normal: str) -> None:
    assert found(text).filter(kind="quantity")["normal"].to_list() == [normal]


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("2021. 10. 21.(목) ~ 10. 25.(월)", ["2021-10-21", "2021-10-25"]),
        ("’25. 8. 1.(금) ~ 8. 14.(목) 17시까지", ["2025-08-01", "2025-08-14T17:00"]),
        ("2019년 3월~5월, 2019년 4월 30일부터 5월 3일까지", ["2019-03", "2019-05", "2019-04-30", "2019-05-03"]),
        ("’22~’24년, '20년 이후", ["2022", "2024", "2020"]),
        ("’10. 2  방한, ’10. 11. 9 국무회의", ["2010-02", "2010-11-09"]),
        ("2015. 11. 16. 14:08경", ["2015-11-16T14:08"]),
        ("from 3 to 5 May 2019, May 3–5, 2019", ["2019-05-03", "2019-05-05"] * 2),
        ("April to June 2019, 2003–2007", ["2019-04", "2019-06", "2003", "2007"]),
        ("21년 10월 21일, 20211021", ["2021-10-21", "2021-10-21"]),
        ("징역 10년 6월, 징역 1년 6월, 제3. 4. 항, 10.21%", []),
    ],
)  # fmt: skip
def test_ranges_short_years_and_times(text: str, dates: list[str]) -> None:
    rows = found(text).filter(kind="date")
    assert rows["normal"].to_list() == dates


@pytest.mark.parametrize(
    "piece",
    ["a", "제1", "「", "제1조, ", "같은 법 제1조 ", "백 ", "1억 ", "Ministry of A "],
)
def test_no_text_makes_the_patterns_slow(piece: str) -> None:
    """Twice the text takes about twice the time: compared in the same run."""

    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        begun = time.process_time()
        tagger.mention_rows([text])
        return time.process_time() - begun

    seconds(1_000)
    small = max(seconds(10_000), 0.01)
    assert seconds(80_000) / small < 8 * 4


def test_a_missing_man_is_doubted_not_corrected() -> None:
    """A newspaper of 2022-04-27 printed 1억7000여건 for 1억7000만여건."""
    assert quantities.parse_quantity("1억7000여건").value == 100_007_000
    assert quantities.parse_quantity("1억7000여건").doubt == "만 may be missing"
    assert quantities.parse_quantity("1억 7,000만여건").doubt is None


# letters that patterns could trip over: scripts, digits, marks, nulls, characters off the BMP
LETTERS = "법무부제조항억만천건명원년월일의여약0123456789.,-/'’()「」①§% \n\0aArticleM𠀀é😀"
TEXTS = st.lists(
    st.text(LETTERS, max_size=60) | st.sampled_from([text for _, text, *_ in KEY]), max_size=6
).map(" ".join)


@settings(deadline=None, max_examples=150)
@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_every_mention_is_the_text_at_its_place(texts: list[str]) -> None:
    blocks = pl.DataFrame({"block_id": [f"b{i}" for i in range(len(texts))], "text": texts})
    rows = mentions_of(blocks)
    assert rows.schema == pl.Schema(tagger.MENTIONS)
    assert set(rows["kind"]) <= set(tagger.KINDS)
    by_id = dict(zip(blocks["block_id"], texts, strict=True))
    last: dict[str, int] = {}
    for row in rows.iter_rows(named=True):
        text = by_id[row["block_id"]].replace("\0", " ")
        assert text[row["start"] : row["end"]] == row["text"]
        assert row["start"] < row["end"]
        assert row["start"] >= last.get(row["block_id"], 0)  # in order, never overlapping
        last[row["block_id"]] = row["end"]


@settings(deadline=None, max_examples=60)
@given(st.lists(TEXTS, min_size=2, max_size=5))
def test_a_block_is_read_alike_alone_and_among_others(texts: list[str]) -> None:
    names = [f"b{i}" for i in range(len(texts))]
    together = mentions_of(pl.DataFrame({"block_id": names, "text": texts}))
    alone = [
        mentions_of(pl.DataFrame({"block_id": [name], "text": [text]}))
        for name, text in zip(names, texts, strict=True)
    ]
    assert together.equals(pl.concat(alone))


def in_korean(value: int, style: str) -> str:
    """Write a whole number below 10^16 as 1억 7,760만 (mixed) or 일억 칠천칠백육십만 (spelt)."""
    words = []
    for unit, size in (("조", 10**12), ("억", 10**8), ("만", 10**4), ("", 1)):
        group = value // size % 10_000
        if group:
            words.append((f"{group:,}" if style == "mixed" else spelt(group)) + unit)
    return " ".join(words)


def spelt(group: int) -> str:
    """Spell 1 to 9,999 in Hangul, without a leading one (백, not 일백)."""
    digits = [(unit, group // size % 10) for unit, size in
              (("천", 1000), ("백", 100), ("십", 10), ("", 1))]  # fmt: skip
    return "".join(
        ("영일이삼사오육칠팔구"[digit] if digit > 1 or not unit else "") + unit
        for unit, digit in digits
        if digit
    )


@settings(deadline=None, max_examples=200)
@given(st.integers(1, 10**16 - 1), st.sampled_from(["mixed", "spelt"]))
def test_numbers_come_back_from_korean(value: int, style: str) -> None:
    text = in_korean(value, style)
    assert numerals.parse_numeral(text) == value
    # of trillions alone 구조 건 and 이조 명 are other words
    bare = value % 10**12 == 0 and value < 10**13
    if style == "mixed" or (value >= 10 and not bare):
        assert quantities.parse_quantity(f"{text} 건") == quantities.Quantity(
            value, "records", None
        )
    assert quantities.parse_quantity(f"약 {value:,}명") == quantities.Quantity(
        value, "persons", "about"
    )


@settings(deadline=None, max_examples=100)
@given(st.integers(1, 10**15), st.sampled_from([None, *numerals.APPROXIMATIONS]))
def test_bounds_hold_what_they_are_said_of(value: int, how: str | None) -> None:
    low, high = numerals.numeral_bounds(value, how)
    assert low < high
    if how not in ("under", "several"):
        assert low <= value < high
    if how == "under":
        assert high == value


def test_bounds_tell_rounding_from_difference() -> None:
    """57.60 and 57.64 million may be one number; 44 and 45 billion, 8 and 24 firms can't be."""

    def meet(one: int, other: int) -> bool:
        (a, b), (c, d) = numerals.numeral_bounds(one), numerals.numeral_bounds(other)
        return a < d and c < b

    assert meet(57_600_000, 57_640_000)
    assert meet(62_000_000, 62_300_000)
    assert not meet(44_000_000_000, 45_000_000_000)
    assert not meet(8, 24)
    assert not meet(170_000_000, 177_600_000)
    # 약 1억7천여만: from 170 up to 180 million
    assert numerals.numeral_bounds(170_000_000, "over") == (170_000_000, 180_000_000)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("민간 기업 24개에 주었다", "firms"),
        ("기업 수는 24개다", "firms"),
        ("업체 24곳", "firms"),
        ("컨소시엄 약 8개", "consortia"),
        ("기업이 24개의 문서를 썼다", "items"),
        ("공항 24곳", "places"),
    ],
)
def test_what_is_counted_may_stand_before_its_number(text: str, unit: str) -> None:
    found = mentions_of(pl.DataFrame({"block_id": ["0"], "text": [text]}))
    assert found.filter(kind="quantity")["unit"].to_list() == [unit]


def test_what_is_no_quantity_is_refused() -> None:
    for text in ("약 20~60초", "법무부", "", "5,760", "57 and 58 records"):
        with pytest.raises(InputError, match="isn't one quantity"):
            quantities.parse_quantity(text)
    with pytest.raises(InputError, match="isn't a numeral"):
        numerals.parse_numeral("열둘")
    with pytest.raises(InputError, match="side by side"):
        numerals.parse_numeral("오칠")
    with pytest.raises(InputError, match="isn't one of"):
        numerals.numeral_bounds(5, "perhaps")


def test_an_empty_corpus_has_no_mentions() -> None:
    empty = mentions_of(
        pl.DataFrame(
            {"block_id": [], "text": []}, schema={"block_id": pl.String, "text": pl.String}
        )
    )
    assert empty.schema == pl.Schema(tagger.MENTIONS)
    assert mentions_of(
        pl.DataFrame({"block_id": ["a"], "text": [None]}, schema_overrides={"text": pl.String})
    ).is_empty()


def test_a_case_file_is_filled_once_and_again_where_its_text_changed(tmp_path: Path) -> None:
    text = "첫 줄.\n법무부는 2019. 4. 30. 개인정보 보호법 제17조, 제18조에 따라 약 450억원을 쓴다."
    split = text.index("\n") + 1
    with open_case(tmp_path / "case.duckdb", write=True) as db:
        page = "insert into pages values (?, 1, null, false, 1, 1, 'pt', ?, 'text', 'x', 1)"
        db.execute(page, ["a" * 64, text])
        db.execute(page, ["b" * 64, "아무것도 없다"])
        for number, (start, end) in enumerate([(0, split - 1), (split, len(text))], 1):
            db.execute(
                "insert into blocks values (?, 1, ?, 'paragraph', ?, null, null, null, null, ?, ?, "
                "null, null, 'x', 1)",
                ["a" * 64, number, text[start:end], start, end],
            )
        assert indexing.index_mentions(db, progress=False) == 2
        assert indexing.index_mentions(db, progress=False) == 0
        rows = db.execute(
            "select kind, normal, block, value, approximation, note from mentions order by 1, 2"
        ).fetchall()
        assert rows == [
            ("date", "2019-04-30", 2, None, None, None),
            ("law", "pipa 17", 2, None, None, None),
            ("law", "pipa 18", 2, None, None, citations.CONTINUED),
            ("money", "45000000000 KRW", 2, 45e9, "about", None),
            ("organisation", "moj", 2, None, None, None),
        ]
        spans = "substr(pages.text, char_start + 1, char_end - char_start) = mentions.text"
        assert db.execute(
            f"select bool_and({spans}), count(*) from mentions join pages using (document, page)"
        ).fetchone() == (True, 5)
        pairs = case_mentions.mentioned_together(db, "organisation", "law").rows()
        assert pairs == [("moj", "pipa 17", 1, 1), ("moj", "pipa 18", 1, 1)]
        # as case_file.forget_document leaves it, when a document is to be read again
        db.execute("delete from mentions")
        assert indexing.index_mentions(db, progress=False) == 1
        db.execute("update pages set text = 'NIPA' where document = ?", ["b" * 64])
        assert indexing.index_mentions(db, progress=False) == 1
        assert db.execute("select count(*) from mentions").fetchone() == (6,)
        db.execute("delete from pages where document = ?", ["a" * 64])
        assert indexing.index_mentions(db, progress=False) == 0
        assert db.execute("select normal from mentions").fetchall() == [("nipa",)]


def test_every_name_of_the_lists_is_found() -> None:
    for file, key, kind in (("bodies.csv", "body", "organisation"), ("laws.csv", "law", "law")):
        rows = data_rows(file)
        assert len({row[key] for row in rows}) == len(rows)
        for row in rows:
            names = [row["name_en"], row["name_ko"], *(row["aliases"] or "").split("|")]
            for name in filter(None, names):
                first = found(f"({name})").filter(kind=kind)
                assert first["normal"].to_list() == [row[key]], (name, first)
                assert re.sub(r"\s", "", first["text"][0]) == re.sub(r"\s", "", name)


@settings(deadline=None)
@given(
    st.lists(
        st.text("가나 a", min_size=1, max_size=4).filter(lambda n: n == n.strip() and n),
        min_size=1,
        max_size=6,
    ),
    st.lists(st.text("bc", min_size=1, max_size=3), max_size=4),
    st.text("가나abc \n", max_size=30),
)
def test_one_pattern_of_many_names_finds_what_each_does(
    korean: list[str], latin: list[str], text: str
) -> None:
    """The longest name first, as an alternation of all by length would."""
    pattern = re.compile(pattern_of_names((korean, r"\s?", ""), (latin, r"\s+", "(?![a-z])")))
    plain = [
        *((re.escape(name).replace(r"\ ", r"\s?"), len(name)) for name in korean),
        *((re.escape(name) + "(?![a-z])", len(name)) for name in latin),
    ]
    for start in range(len(text) + 1):
        ends = [m.end() for each, _ in plain if (m := re.compile(each).match(text, start))]
        one = pattern.match(text, start)
        assert (one is not None) == bool(ends)
        assert one is None or one.end() in ends
