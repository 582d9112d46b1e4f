"""Programmes elsewhere: rows refused with their place, counts by hand, tables, map and page."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from onetomany.charts import elsewhere as charts
from onetomany.charts import elsewhere_tables as tables
from onetomany.claims import programmes as analysis
from onetomany.errors import InputError
from onetomany.report.clean import clean_html, refused_chart
from onetomany.sources import disclosed
from onetomany.sources import elsewhere as source

HANGUL = re.compile("[가-힣]")


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return source.programmes()


@pytest.fixture(scope="module")
def figures() -> pl.DataFrame:
    return source.foreign_figures()


def changed(tmp_path: Path, name: str, old: str, new: str) -> Path:
    """Return a copy of the tables in which one text of one file is another."""
    folder = tmp_path / "elsewhere"
    shutil.copytree(Path(str(source.DATA)), folder)
    file = folder / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


# --- the tables ----------------------------------------------------------------------------------


def test_the_table_has_the_programmes_that_were_brought_in(table: pl.DataFrame) -> None:
    # more may follow; tests/test_docs.py compares the counts that pages state
    assert len(table) >= 84
    assert table["country"].n_unique() >= 41
    assert table.filter(core="yes").height >= 60
    assert source.programme_sources()["copy"].any()


def test_every_text_is_in_both_languages(table: pl.DataFrame, figures: pl.DataFrame) -> None:
    for frame in (table, figures, source.foreign_rates(), source.commented_topics()):
        for name in (each for each in frame.columns if each.endswith("_en")):
            korean = frame[name.replace("_en", "_ko")]
            assert (frame[name].is_null() == korean.is_null()).all(), name
            assert not frame[name].str.contains("[가-힣]").any(), name
            spelled = korean.drop_nulls().filter(korean.drop_nulls().str.contains("[A-Za-z가-힣]"))
            assert spelled.str.contains("[가-힣]").mean() > 0.95, name


def test_rows_that_the_kit_has_tables_of_point_to_them(table: pl.DataFrame) -> None:
    pointing = dict(table.drop_nulls("kit_chapter").select("id", "kit_chapter").iter_rows())
    assert pointing == {"KR-INCHEON": "00", "GB-HOLYHEAD": "12", "GB-MET-LFR": "12"}
    own = table.filter(pl.col("id").is_in(list(pointing)))
    assert own["affected"].is_null().all()
    # nothing of chapter 12's deployments is stored a second time
    year = disclosed.reported().filter(id="met-2024-2025").row(0, named=True)
    values = source.foreign_figures()["value"].to_list()
    assert not {float(year[each]) for each in ("faces", "alerts", "arrests")} & set(values)


WRONG = {
    "consent": (
        "programmes",
        ",opt-in,",
        ",opted,",
        r"line \d+ \(.+\), column consent: 'opted' is not",
    ),
    "function": (
        "programmes",
        "1:N;tracking",
        "1:N;trail",
        "column functions: '.*1:N;trail.*' is not",
    ),
    "outcome": (
        "programmes",
        "regulator: unlawful",
        "regulator: bad",
        "outcome: 'regulator: bad' is",
    ),
    "date": (
        "programmes",
        "2025-11-25",
        "2025-11-31",
        r"column \w+_date: '2025-11-31' is not a date",
    ),
    "id": ("programmes", "KE-POLICE,", "IN-DELHI,", "column id: 'IN-DELHI' is used twice"),
    "country": ("programmes", ",KE,", ",XX,", "column country: 'XX' is not one of"),
    "korean": ("programmes", "6개 도시(계획)", "", "column place_ko: is in one language only"),
    "number": ("programmes", "62000", "many", "column affected: 'many' is not a number"),
    "stray": (
        "sources",
        "KE-POLICE",
        "KE-POLIZE",
        "programme: 'KE-POLIZE' is not one of .*similar",
    ),
    "address": (
        "sources",
        "https://",
        "",
        "line 2 .* column url: .* is not the address of a source",
    ),
    "columns": ("sources", "copy\n", "copies\n", "its columns must be"),
    "publisher": ("figures", ",Seoul Shinmun,", ",,", "line 2 .* column publisher: is empty"),
    "period": (
        "figures",
        "to 2025-07-31",
        "to 2025-07-32",
        "period: 'to 2025-07-32' is not a date",
    ),
    "count": (
        "figures",
        ",12475,120149,",
        ",120149,12475,",
        "column count: .* is more than its whole",
    ),
    "unit": ("figures", ",alarms a month,", ",bleeps,", "unit: 'bleeps' is not in words.csv"),
    "tile": ("jurisdictions", ",0,1\n", ",0,2\n", "column column: .* another jurisdiction's tile"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_row_is_refused_with_file_line_and_column(fault: str, tmp_path: Path) -> None:
    name, old, new, said = WRONG[fault]
    folder = changed(tmp_path, f"{name}.csv", old, new)
    read = source.foreign_figures if name == "figures" else source.programmes
    with pytest.raises(InputError, match=rf"^{name}\.csv.*{said}"):
        read(folder)


def test_a_programme_without_its_sources_is_refused(tmp_path: Path) -> None:
    folder = changed(tmp_path, "sources.csv", "KR-SES,", "KR-KAC-PALM,")
    lines = (folder / "sources.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    left = [line for line in lines if not line.startswith("KR-SES,")]
    (folder / "sources.csv").write_text("".join([*left, lines[-1]]), encoding="utf-8")
    with pytest.raises(
        InputError, match=r"programmes\.csv, line \d+ \(KR-SES\), column id: .*no source"
    ):
        source.programmes(folder)
    one = next(line for line in lines if line.startswith("KR-SES,"))
    (folder / "sources.csv").write_text("".join([*left, one]), encoding="utf-8")
    with pytest.raises(InputError, match=r"\(KR-SES\), column confidence: 'V2' needs two sources"):
        source.programmes(folder)


@given(st.dates(), st.sampled_from(["%Y-%m-%d", "%Y-%m", "%Y"]))
def test_every_real_date_is_read_at_any_precision(day: object, form: str) -> None:
    text = f"{day:{form}}".zfill(len(f"{day}"[: {"%Y": 4, "%Y-%m": 7}.get(form, 10)]))
    source._dated(pl.DataFrame({"id": ["a"], "date": [text]}), "a.csv", "date")
    with pytest.raises(InputError, match=r"a\.csv, line 2 \(a\), column date"):
        source._dated(pl.DataFrame({"id": ["a"], "date": [text + "-40"]}), "a.csv", "date")


# --- the analyses --------------------------------------------------------------------------------


def test_counts_add_up_to_the_table(table: pl.DataFrame) -> None:
    for counts in (analysis.consent_by_setting(table), analysis.claims_by_ruling(table)):
        assert counts["programmes"].sum() == len(table)
    streets = table.filter(pl.col("setting") == "street")
    cell = analysis.consent_by_setting(table).filter(setting="street", consent="none")
    assert cell["programmes"].item() == (streets["consent"] == "none").sum() >= 18
    few = analysis.consent_by_setting(table.head(3))
    assert few["programmes"].sum() == 3


def test_rulings_on_claimed_consent_counted_by_hand(table: pl.DataFrame) -> None:
    # the programmes read by November 2026
    claimed = analysis.claimed_consent(table.head(84))
    assert len(claimed) == 19
    assert set(claimed.filter("fell")["id"]) == {
        "ES-AENA", "IT-LINATE", "FR-PACA-LYCEES", "SE-SKELLEFTEA", "AU-7ELEVEN",
    }  # fmt: skip
    assert set(claimed.filter(pl.col("ruled") & ~pl.col("fell"))["id"]) == {
        "FR-ADP-2016",
        "FR-PARAFE",
    }
    # an audit, a pending case and a camera owner's consent are none
    assert not {"US-RING", "NL-CAMERA-IN-BEELD", "US-TSA-CAT2"} & set(claimed["id"])
    lawful = table.with_columns(
        outcome=pl.when(id="ES-AENA").then(pl.lit("pending")).otherwise("outcome"),
        ruling=pl.when(id="ES-AENA").then(pl.lit("open")).otherwise("ruling"),
    )
    assert analysis.claimed_consent(lawful)["ruled"].sum() == 6


def test_programmes_are_selected_by_known_words_alone(table: pl.DataFrame) -> None:
    found = analysis.select_programmes(table, setting="airport", function="tracking")
    assert set(found["id"]) == {"KR-INCHEON", "FR-ADP-2016", "CA-CBSA-FOTM"}
    assert analysis.select_programmes(table).equals(table)
    nobody = analysis.select_programmes(table, setting="border", consent="none")
    assert nobody.is_empty()
    with pytest.raises(InputError, match=r"No programme has the functions 'trackin'.*tracking"):
        analysis.select_programmes(table, function="trackin")


def test_a_share_is_its_count_over_its_whole(figures: pl.DataFrame) -> None:
    asked = analysis.uptake(figures)
    both = asked.filter("counted")
    assert both.height >= 4
    assert (both["share"] - both["count"] / both["of"]).abs().max() == 0
    rest = asked.filter(~pl.col("counted"))
    assert (rest["share"] - rest["value"] / 100).abs().max() == pytest.approx(0)
    dubai = asked.filter(pl.col("row_en").str.contains("Dubai"), period="2018")
    assert (dubai["share"].item(), dubai["value"].item()) == (pytest.approx(0.2200, abs=1e-4), 22.3)
    assert asked["share"].is_sorted()
    assert not asked["measure_en"].str.contains("survey").any()


def test_rates_lie_within_their_intervals(figures: pl.DataFrame) -> None:
    rates = analysis.disclosed_rates(figures, source.foreign_rates())
    assert (rates["low"] < rates["share"]).all()
    assert (rates["share"] < rates["high"]).all()
    pearson = rates.row(0, named=True)
    assert (pearson["count"], pearson["of"]) == (47, 2_951_540)
    assert 1e6 * pearson["share"] == pytest.approx(15.9, abs=0.05)
    turned = (
        source.foreign_rates()
        .head(1)
        .select("rate_en", "rate_ko", pl.col("of").alias("count"), pl.col("count").alias("of"))
    )
    with pytest.raises(InputError, match="2951540 of 47 isn't a share"):
        analysis.disclosed_rates(figures, turned)


def test_durations_keep_their_order(figures: pl.DataFrame) -> None:
    kept = analysis.retention_durations(figures)
    assert kept["hours"].is_sorted()
    assert (kept["hours"][0], kept["hours"][-1]) == (3, 75 * 365.25 * 24)
    weeks = figures.with_columns(
        unit=pl.when(table="retention_airport").then(pl.lit("weeks")).otherwise("unit")
    )
    with pytest.raises(InputError, match=r"retention_airport_01 is in weeks: use hours, months"):
        analysis.retention_durations(weeks)


def test_every_topic_of_the_comments_has_a_programme(table: pl.DataFrame) -> None:
    named = analysis.named_programmes(table, source.commented_topics())
    assert named["topic_en"].n_unique() == 8
    assert named["asked_en"].null_count() == 0
    with pytest.raises(InputError, match=r"No programme has the id 'CA-CBSA' \(similar: CA-CBSA-"):
        analysis.side_by_side(table, ["CA-CBSA"])


# --- tables and charts ---------------------------------------------------------------------------


def test_the_table_keeps_every_row_date_source_and_doubt(table: pl.DataFrame) -> None:
    sources = source.programme_sources()
    made = tables.programmes_table(analysis.with_sources(table, sources), source="s")
    page = html.fromstring(clean_html(made.body))
    rows = page.xpath("//tbody/tr[not(contains(@class, 'group'))]")
    assert len(rows) == len(table) == made.frame.height
    assert sorted(page.xpath("//tbody//a/@href")) == sorted(sources["url"])
    text = page.text_content()
    for cell in (
        *table["status_date"],
        *table["doubt_en"].drop_nulls(),
        *table["doubt_ko"].drop_nulls(),
    ):
        assert cell in text
    links = [each.text_content() for each in page.xpath("//tbody//a")]
    for mark in ("read in a copy", "사본으로 읽음"):
        assert sum(mark in each for each in links) == sources["copy"].sum() == 10
    addresses = [each for cell in made.frame["address 주소"] for each in cell.split("\n")]
    assert sorted(addresses) == sorted(sources["url"])


def test_the_menus_have_the_tags_of_the_rows(table: pl.DataFrame) -> None:
    spec = charts.programme_map_chart(table, source="s").to_dict()
    assert refused_chart(spec) is None
    menus = {each["name"]: set(each["bind"]["options"]) - {""} for each in spec["params"]}
    assert set(menus) == {
        f"filter_{n}" for n in ("region", "setting", "functions", "consent", "ruling")
    }
    made = tables.programmes_table(
        analysis.with_sources(table, source.programme_sources()), source="s"
    )
    rows = html.fromstring(clean_html(made.body)).xpath("//tbody/tr[not(contains(@class,'group'))]")
    classes = [set(row.get("class").split()) - {"more"} for row in rows]  # below the fold
    assert set().union(*classes) == set().union(*menus.values())
    tracking = sum("functions-tracking" in each for each in classes)
    assert tracking == table["functions"].str.contains("tracking").sum() > 0


def test_titles_say_the_counts_of_the_frames(table: pl.DataFrame, figures: pl.DataFrame) -> None:
    half = table.filter(pl.col("ruling") != "fell")
    titles = {
        name: charts.programme_map_chart(frame, source="s").to_dict()["title"]["text"]
        for name, frame in (("all", table), ("half", half))
    }
    assert titles["all"].startswith("In 13 of 41 jurisdictions of this table")
    assert titles["half"].startswith("In 0 of ")
    kept = charts.retention_chart(analysis.retention_durations(figures), source="s").to_dict()
    assert "3 hours to 75 years" in kept["title"]["text"]
    grid = charts.claims_by_ruling_chart(
        analysis.claims_by_ruling(table), analysis.claimed_consent(table), source="s"
    )
    assert "of 7 judged, 5" in grid.to_dict()["title"]["text"]
