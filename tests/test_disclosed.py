"""What others disclosed: tables against their source, gaps kept, bounds that hold, charts."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pylopdf_fonts_ko
import pytest
import vl_convert
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from onetomany.accuracy.intervals import clopper_pearson, wilson
from onetomany.charts import disclosed as charts
from onetomany.claims import disclosures
from onetomany.documents.case_file import open_case, query_frame
from onetomany.documents.ingest import ingest
from onetomany.errors import InputError, OneToManyError
from onetomany.examples import specimen_documents
from onetomany.sources import case
from onetomany.sources import disclosed as source

vl_convert.register_font_directory(str(Path(pylopdf_fonts_ko.__file__).parent))

# read by hand in the original: year, number in the log, day, agency, images, matches
READ_BY_HAND = [
    (2016, 1, 1, "4", "H.S.I", 2, 0),
    (2016, 54, 5, "24/25", "Comm. Of Probation", 1, 1),
    (2016, 64, 6, "9", "Middlesex Sheriff's Office", 1, 7),
    (2016, 145, 11, "2", "M.S.P", 5, None),
    (2017, 95, 5, "3", "M.S.P", 1, 0),  # this and the next four stand askew in the transcript
    (2017, 112, 5, "25", "D.O.J", 1, 0),
    (2017, 132, 7, "3", "MassDOT", 6, 0),
    (2018, 103, 7, "25", "M.S.P / P.D", 2, 0),
    (2018, 160, 11, "14", "D.E.A", 1, 5),
    (2017, 104, 5, "11", "D.H.S", 18, 2),
    (2017, 116, 6, "(…)", "Weymouth PD", None, 0),
    (2018, 164, 11, "19", "D.O.J", 1, 6),
    (2019, 38, 5, "2", "Enforcement", 1, 0),
    (2019, 51, 8, "27", "D.E.A", 1, 1),
]
DISAGREE = {
    "ma_numbers",
    "ma_meaning",
    "hh_cameras",
    "met_arrests",
    "oc_share",
    "swp_share",
    "swp_later_alerts",
    "swp_twice",
}


@pytest.fixture(scope="module")
def entries() -> pl.DataFrame:
    return source.massachusetts()


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return disclosures.deployments(source.holyhead(), source.reported())


@pytest.fixture(scope="module")
def rates(table: pl.DataFrame) -> pl.DataFrame:
    return disclosures.false_alerts(table)


def copied(folder: Path) -> Path:
    shutil.copytree(Path(str(source.DATA)), folder)
    return folder


# --- the tables ----------------------------------------------------------------------------------


def test_the_log_holds_what_was_read_in_the_original(entries: pl.DataFrame) -> None:
    log = source.log()
    assert (len(log), len(entries)) == (612, 608)
    assert (entries["images_searched"].sum(), entries["matches_returned"].sum()) == (1032, 205)
    kinds = dict(entries["kind"].value_counts().iter_rows())
    assert kinds == {"search": 524, "photo array": 62, "no image": 14, "not filled": 8}
    both = log.join(entries, on="place", suffix="_read")
    for year, number, month, day, agency, images, matches in READ_BY_HAND:
        row = both.filter(year=year, number=number).row(0, named=True)
        assert (row["month"], row["day"], row["agency"]) == (month, day, agency)
        assert (row["images_searched_read"], row["matches_returned_read"]) == (images, matches)


def test_the_running_numbers_are_those_of_the_log(entries: pl.DataFrame) -> None:
    last = {2016: 162, 2017: 212, 2018: 182, 2019: 51}
    for year, end in last.items():
        own = entries.filter(pl.col("month").dt.year() == year)["number"].drop_nulls().to_list()
        assert own == [n for n in range(1, end + 1) if (year, n) != (2019, 37)]


def test_officers_are_not_named() -> None:
    log = source.log()
    assert not {"officer", "office", "notes", "other"} & set(log.columns)
    words = log.select(pl.concat_str(pl.all().cast(pl.String), separator=" ", ignore_nulls=True))
    assert not words.to_series().str.contains(r"(?i)\b(det|tpr|trooper|sgt|lt|tfo|officer)\b").any()


def test_gaps_are_told_and_counted() -> None:
    gaps = source.disclosed_gaps()
    counted = {row["where"]: row["rows"] for row in gaps.iter_rows(named=True) if row["rows"] == 1}
    assert counted["2016-03"] == counted["2019: 37"] == counted["148"] == 1
    lost = gaps.row(0, named=True)
    assert lost["rows"] == 1
    assert "lost" in lost["what_en"]
    assert gaps.filter(where="2016-12, 2019-06, 2019-07")["rows"].to_list() == [3]
    assert gaps["rows"].null_count() == 3  # what nobody can count is said without a number
    assert gaps["what_ko"].str.contains("[가-힣]").all()
    assert set(gaps["table"]) == set(source.TABLES)


@pytest.mark.parametrize("name", source.TABLES)
def test_every_table_has_its_source_and_licence(name: str, tmp_path: Path) -> None:
    sheet = source.disclosed_sheet(name)
    assert re.search("BSD|Open Government|facts", sheet.licence)
    assert re.search("[가-힣]", sheet.credit)
    folder = copied(tmp_path / "data")
    sheets = folder / "sheets.toml"
    sheets.write_text(sheets.read_text().replace(f'licence = "{sheet.licence}"', 'licence = ""'))
    with pytest.raises(OneToManyError, match=rf"does not give the licence of the table '{name}'"):
        source.disclosed_sheet(name, folder)


def test_every_row_that_was_told_has_a_source_of_its_own() -> None:
    for frame in (source.reported(), source.published_totals()):
        assert frame["url"].str.contains("^https?://").all()
        assert frame["publisher"].null_count() == 0
    licence = Path(str(source.DATA)) / "LICENSE-massachusetts.txt"
    assert "Copyright (c) 2019, ACLU of Massachusetts" in licence.read_text()


def test_what_cannot_be_a_count_is_refused(tmp_path: Path) -> None:
    folder = copied(tmp_path / "data")
    file = folder / "holyhead.csv"
    whole = file.read_text()
    file.write_text(whole.replace("450,1,1,1,0", "450,1,1,1,1"))
    with pytest.raises(OneToManyError, match=r"holyhead\.csv, line 4"):
        source.holyhead(folder)
    file.write_text(whole.replace("faces", "people", 1))
    with pytest.raises(OneToManyError, match="its columns must be"):
        source.holyhead(folder)
    log = folder / "massachusetts.csv"
    log.write_text(log.read_text().replace("1,1,2016,1,4,", "1,1,2016,13,4,", 1))
    with pytest.raises(OneToManyError, match=r"massachusetts\.csv, line 2"):
        source.massachusetts(folder)


# --- the analysis --------------------------------------------------------------------------------


def test_a_lost_month_is_a_gap_and_not_a_zero(entries: pl.DataFrame) -> None:
    months = disclosures.by_month(entries, source.months())
    assert months["month"].n_unique() == 44
    missing = months.filter(pl.col("entries").is_null())["month"].unique().sort().to_list()
    assert missing == [date(2016, 3, 1), date(2016, 12, 1), date(2019, 6, 1), date(2019, 7, 1)]
    assert months["entries"].sum() == len(entries)
    moved = entries.with_columns(month=pl.lit(date(2016, 3, 1)))
    with pytest.raises(InputError, match="marks 2016-03 as missing, but has entries"):
        disclosures.by_month(moved, source.months())


def test_who_asked(entries: pl.DataFrame) -> None:
    agencies = disclosures.by_agency(entries)
    assert agencies["entries"].sum() == 608
    assert agencies.head(2).select("body", "entries").rows() == [
        ("Massachusetts State Police", 177),
        ("Boston PD", 106),
    ]
    top = disclosures.concentration(entries).row(0, named=True)
    assert (top["agencies"], top["low"], top["high"]) == (83, 437 / 608, 444 / 608)
    assert top["low"] <= top["share"] <= top["high"]
    levels = disclosures.by_level(entries)
    assert dict(levels.select("level", "entries").iter_rows())["Federal"] == 115
    assert levels["share"].sum() == pytest.approx(1)
    with pytest.raises(InputError, match="names 83 agencies"):
        disclosures.concentration(entries, 84)


def test_matches_by_hand(entries: pl.DataFrame) -> None:
    found = disclosures.search_outcomes(entries)
    assert found["searches"].to_list() == [389, 98, 36]
    assert found["unknown"].to_list() == [9] * 3
    assert found["least"].to_list() == [389 / 532, 98 / 532, 36 / 532]
    assert disclosures.search_outcomes(entries, photo_arrays=True)["unknown"].to_list() == [71] * 3
    with_months = disclosures.search_outcomes(entries, missing=128)
    assert with_months["most"].to_list() == [(n + 137) / 660 for n in (389, 98, 36)]
    with pytest.raises(InputError, match="missing entries of 0 or more"):
        disclosures.search_outcomes(entries, missing=-1)
    listed = disclosures.others_listed(entries).sum().row(0, named=True)
    assert (listed["searches"], listed["records"]) == (134, 205)
    assert (listed["others"], listed["others_if_one"], listed["listing"]) == (53, 71, 27)
    shares = disclosures.others_share(entries)
    assert shares.select("count", "of").rows() == [(53, 205), (27, 134)]


def test_intervals_are_by_agency(entries: pl.DataFrame) -> None:
    """Requests of one agency are alike: taken as independent, the interval is too narrow."""
    state = disclosures.by_level(entries).filter(level="State").row(0, named=True)
    naive = wilson(state["entries"], len(entries))
    assert state["high"] - state["low"] > 3 * (naive[1] - naive[0])
    assert state["method"] == "by agency, 90 agencies"
    assert disclosures.by_level(entries).equals(disclosures.by_level(entries))


def drawn(seed: int) -> pl.DataFrame:
    """A small log, with blanks."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(4, 40))
    kinds = rng.choice([*source.KINDS, "search"], size)
    kinds[0] = "search"
    matches = [
        None if kind in ("photo array", "not filled") or (n and rng.random() < 0.2) else int(found)
        for n, (kind, found) in enumerate(zip(kinds, rng.integers(0, 5, size), strict=True))
    ]
    return pl.DataFrame(
        {
            "place": range(size),
            "body": rng.choice(["a", "b", "c"], size),
            "kind": kinds,
            "images_searched": [
                int(n) if k == "search" else None
                for n, k in zip(rng.integers(1, 5, size), kinds, strict=True)
            ],
            "matches_returned": matches,
        }
    )


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000), st.booleans())
def test_however_blanks_are_filled_the_share_is_within_the_bounds(seed: int, wide: bool) -> None:
    log = drawn(seed)
    found = disclosures.search_outcomes(log, photo_arrays=wide)
    assert found["share"].sum() == pytest.approx(1)
    rng = np.random.default_rng(seed)
    unclear = ["not filled", "photo array"] if wide else ["not filled"]
    blank = pl.col("kind").is_in(unclear) | (
        (pl.col("kind") == "search") & pl.col("matches_returned").is_null()
    )
    for _ in range(4):
        was_search = pl.Series(rng.random(len(log)) < rng.random())
        filled = pl.Series(rng.choice([0, 0, 1, 2], len(log)))
        told = log.with_columns(
            kind=pl.when(blank & was_search)
            .then(pl.lit("search"))
            .when(blank)
            .then(pl.lit("no image"))
            .otherwise("kind"),
            matches_returned=pl.when(blank).then(filled).otherwise("matches_returned"),
        )
        truth = disclosures.search_outcomes(told)
        assert (truth["share"] >= found["least"] - 1e-12).all()
        assert (truth["share"] <= found["most"] + 1e-12).all()


@settings(deadline=None, max_examples=20)
@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 8), st.integers(0, 6)), min_size=1))
def test_no_truth_has_fewer_others_than_the_bound(searches: list[tuple[int, int, int]]) -> None:
    """Images, people returned, people among them who were sought: whatever these are."""
    log = pl.DataFrame(
        {
            "kind": ["search"] * len(searches),
            "images_searched": [images for images, _, _ in searches],
            "matches_returned": [people for _, people, _ in searches],
        }
    )
    others = sum(people - min(images, people, sought) for images, people, sought in searches)
    bound = disclosures.others_listed(log).sum().row(0, named=True)
    assert bound["others"] <= others <= bound["records"]
    best = sum(people - min(images, people) for images, people, _ in searches)
    assert bound["others"] == best  # and some truth reaches it


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 5000), st.data())
def test_the_exact_interval_is_exact(trials: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, trials))
    found = clopper_pearson(count, trials)
    assert found.low <= count / trials <= found.high
    if count:
        assert stats.binom.sf(count - 1, trials, found.low) == pytest.approx(0.025, rel=1e-4)
    if count < trials:
        assert stats.binom.cdf(count, trials, found.high) == pytest.approx(0.025, rel=1e-4)
    assert clopper_pearson(0, trials).high == pytest.approx(1 - 0.025 ** (1 / trials))
    with pytest.raises(InputError, match="isn't a share"):
        clopper_pearson(trials + 1, trials)


def test_false_alerts_with_what_is_not_told(table: pl.DataFrame, rates: pl.DataFrame) -> None:
    assert len(table) == 12
    row = {(each["id"], each["per"]): each for each in rates.iter_rows(named=True)}
    port = row["ie-2025-11", "face"]
    assert (port["false_most"], port["trials"], port["told"]) == (0, 7512, True)
    assert port["high"] == pytest.approx(1 - 0.025 ** (1 / 7512))
    assert row["ie-2025-11", "alert"]["high"] == pytest.approx(1 - 0.025**0.5)
    # not told: none to all; told so that it doesn't add up: both
    untold = row["nwp-2024-09-07", "alert"]
    assert (untold["false_least"], untold["false_most"], untold["told"]) == (0, 11, False)
    assert (untold["low"], untold["high"]) == (0, 1)
    later = row["swp-2017-later", "alert"]
    assert (later["false_least"], later["false_most"], later["told"]) == (2632 - 173, 2554, False)
    assert row["met-trials", "alert"]["false_most"] == 42 - 8
    assert ("swp-2023-2024", "alert") not in row
    assert (rates["low"] <= rates["false_least"] / rates["trials"] + 1e-12).all()
    assert (rates["high"] >= rates["false_most"] / rates["trials"] - 1e-12).all()


def test_published_figures_against_ours(entries: pl.DataFrame) -> None:
    published, holyhead, reported = source.published_totals(), source.holyhead(), source.reported()
    found = disclosures.check_published(published, entries, holyhead, reported)
    assert set(found.filter(~pl.col("agrees"))["id"]) == DISAGREE
    ours = dict(found.select("id", "ours").iter_rows())
    assert (ours["hh_faces"], ours["hh_alerts"], ours["hh_arrests"]) == (7512, 2, 1)
    assert (ours["met_arrests"], ours["swp_later_alerts"], ours["ma_meaning"]) == (981, 2727, 27)
    assert ours["met_alerts_rate"] == pytest.approx(0.0048146, rel=1e-4)
    stray = published.head(1).with_columns(id=pl.lit("unheard"))
    with pytest.raises(InputError, match="'unheard'"):
        disclosures.check_published(stray, entries, holyhead, reported)


# --- charts, and the corpus ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chart", "words"),
    [
        (
            "entries_by_month_chart",
            ["log lost 대장 분실", "no log 대장 없음", "photo array 사진 나열"],
        ),
        (
            "entries_by_agency_chart",
            ["Boston PD", "106 · 17.4 %", "5곳이 항목의 71.9%~73.0%", "federal 연방"],
        ),
        (
            "outcomes_chart",
            ["several matches 일치 여럿", "95 %, 기관 단위", "71 unclear"],
        ),
        ("others_listed_chart", ["at least 53 of 205", "적어도 53건은 남이다", ">19<"]),
        (
            "false_alerts_chart",
            ["10 of 3,147,436", "10 of 2,077", "2,459 to 2,554 of 2,632", "홀리헤드항"],
        ),
    ],
)
def test_charts_are_of_real_figures_in_both_languages(
    chart: str, words: list[str], entries: pl.DataFrame, table: pl.DataFrame, rates: pl.DataFrame
) -> None:
    frames = {
        "entries_by_month_chart": lambda: [disclosures.by_month(entries, source.months())],
        "entries_by_agency_chart": lambda: [
            disclosures.by_agency(entries),
            disclosures.concentration(entries),
        ],
        "outcomes_chart": lambda: [
            disclosures.search_outcomes(entries),
            disclosures.search_outcomes(entries, photo_arrays=True),
        ],
        "others_listed_chart": lambda: [disclosures.others_listed(entries)],
        "false_alerts_chart": lambda: [table, rates],
    }
    spec = getattr(charts, chart)(*frames[chart](), source="S").to_dict()
    subtitle = spec["title"]["subtitle"]
    assert re.search("[가-힣]", subtitle[0])
    assert subtitle[-1].startswith("Source 출처: S")
    assert not any("SIMULATED" in line for line in subtitle)
    assert len(spec["description"]) > 60
    svg = vl_convert.vegalite_to_svg(spec)
    for each in words:
        assert each in svg, each


def test_the_corpus_holds_the_tables_beside_specimens(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    files = specimen_documents.write_disclosed_tables(folder)
    specimen_documents.write_specimens(
        folder, case.case_claims().head(1)
    )  # lets them stand, and takes nothing else
    log = pl.read_csv(files[0], infer_schema=False)
    assert len(log) == 612
    assert log["month_marked"].drop_nulls().to_list()[0] == "LOST LOG"
    for file in files:
        assert specimen_documents.MARK not in file.read_text()
        rows = pl.read_csv(file, infer_schema=False)
        assert rows["source"].str.starts_with("https://").all()
        assert rows["licence"].null_count() == 0
    run = ingest(folder, tmp_path / "case.duckdb")
    assert (run.read, run.failed) == (3, 0)
    with open_case(tmp_path / "case.duckdb") as db:
        lost = query_frame(
            db,
            "select name from cells join documents using (document) where text = 'LOST LOG'",
        )
    assert lost["name"].to_list() == ["disclosed-massachusetts.csv"]
