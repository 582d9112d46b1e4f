"""The case as data: sourced, dated, consistent with itself; and its notebook."""

import re
import shutil
from pathlib import Path

import nbformat
import polars as pl
import pytest

from onetomany.charts import case as charts
from onetomany.errors import OneToManyError
from onetomany.sources import case

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "00_the_case.ipynb"
READERS = {
    "events.csv": case.case_timeline,
    "numbers.csv": case.case_numbers,
    "statements.csv": case.case_claims,
}


@pytest.fixture
def folder(tmp_path):
    """A copy of the data that a test may spoil."""
    for name in READERS:
        with case.DATA.joinpath(name).open("rb") as source, (tmp_path / name).open("wb") as copy:
            shutil.copyfileobj(source, copy)
    return tmp_path


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_every_row_has_a_source_and_none_is_recalled(read):
    frame = read()
    assert frame.height > 20
    assert frame["url"].str.contains(r"^https?://").all()
    assert set(frame["confidence"]) <= {"V2", "V1", "C"}


def test_events_are_dated_in_order_and_told_twice():
    events = case.case_timeline()
    assert events["when"].null_count() == 0
    by_day = events.filter(date_precision="day")["when"]
    assert by_day.is_sorted()
    assert events["event_ko"].str.contains(r"\p{Hangul}").all()
    assert not events["event_en"].str.contains(r"\p{Hangul}").any()


def test_the_division_is_that_of_the_rows():
    figures = case.case_numbers()
    assert round(case.records_per_passenger(figures), 2) == 2.86
    doubled = pl.when(id="passengers_claimed").then(pl.col("value") * 2).otherwise("value")
    halved = case.records_per_passenger(figures.with_columns(value=doubled))
    assert halved == pytest.approx(case.records_per_passenger(figures) / 2)


def test_the_passengers_rebuilt_support_the_number_claimed():
    figures = case.case_numbers()
    rebuilt = case.passengers_in_window(figures)["counted"].sum()
    assert rebuilt == pytest.approx(case.figure_value(figures, "passengers_claimed"), rel=0.02)


def test_arrivals_cover_the_foreigners_window_and_no_more():
    figures = case.case_numbers()
    arrivals = case.arrivals_in_window(figures)
    days = sum(
        share * (366 if int(name[-4:]) % 4 == 0 else 365)
        for name, share in arrivals.select("id", "share").iter_rows()
    )
    assert days == pytest.approx(case.figure_value(figures, "window_foreigners"))
    assert case.records_per_arrival(figures) == pytest.approx(0.92, abs=0.005)


def test_the_length_of_a_window_is_that_of_its_dates():
    windows = case.case_numbers().filter(unit="days")
    counted = (windows["period_end"] - windows["period_start"]).dt.total_days() + 1
    assert counted.to_list() == windows["value"].to_list()


def test_parts_add_up():
    value = dict(case.case_numbers().select("id", "value").iter_rows())
    assert (
        value["foreigners_training"] + value["foreigners_validation"] == value["foreigners_records"]
    )
    # the airport's 17.86 million, rounded by one source to 8.94 and 8.92
    both = value["passengers_2022_arriving"] + value["passengers_2022_departing"]
    assert both == value["passengers_2022"]


def test_a_contradiction_names_two_claims_that_are_there():
    claims = case.case_claims()
    pairs = claims.with_columns(pl.col("contradicts").str.split(";")).explode("contradicts")
    pairs = pairs.drop_nulls("contradicts")
    assert set(pairs["contradicts"]) <= set(claims["claim_id"])
    assert (pairs["contradicts"] != pairs["claim_id"]).all()
    assert pairs.select(pl.col("conflict_en", "conflict_ko").null_count()).row(0) == (0, 0)
    assert claims["claim_id"].is_unique().all()


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("events.csv", "2019-04-11,day", "2019-04-31,day", "events.csv, line 5 (2019-04-31)"),
        ("events.csv", "2019-04-11,day", "2019-04,day", "events.csv, line 5 (2019-04)"),
        ("numbers.csv", "https://wowtv.co.kr", "ask around ", "line 2 (koreans_records)"),
        ("numbers.csv", ",57600000,", ",many,", "line 2 (koreans_records)"),
        ("numbers.csv", "2005-02-03", "2005-02-30", "line 2 (koreans_records)"),
        ("statements.csv", ",asserts,,,,V2", ",asserts,,,,R", "statements.csv, line 2 (C01)"),
        ("statements.csv", ",asserts,C01,", ",asserts,C99,", "statements.csv, line 3 (C02)"),
    ],
)
def test_a_doctored_file_is_refused_by_row(folder, name, old, new, message):
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(OneToManyError, match=re.escape(message)):
        READERS[name](folder)


def test_a_missing_column_and_a_missing_row_are_refused(folder):
    pl.read_csv(folder / "statements.csv").drop("url").write_csv(folder / "statements.csv")
    with pytest.raises(OneToManyError, match="its columns must be"):
        case.case_claims(folder)
    with pytest.raises(OneToManyError, match="no row 'nothing'"):
        case.figure_value(case.case_numbers(), "nothing")


def test_sql_finds_frames_by_name():
    found = case.query_frames(
        "select count(*) as n from c where unit = 'persons'", c=case.case_claims()
    )
    assert found.to_dicts() == [{"n": case.case_claims().filter(unit="persons").height}]


@pytest.mark.parametrize(
    ("count", "words"),
    [(177_600_000, "1억 7,760만"), (62_000_000, "6,200만"), (3e8, "3억"), (0, "0")],
)
def test_korean_counts(count, words):
    assert case.count_in_korean(count) == words


def test_charts_speak_both_languages_and_to_those_who_cannot_see():
    drawn = [
        charts.windows_chart(case.case_numbers()),
        charts.disagreements_chart(case.case_claims()),
    ]
    for chart in drawn:
        spec = chart.to_dict()
        assert re.search("[가-힣]", spec["title"]["subtitle"][0])
        assert "Source" in spec["title"]["subtitle"][-1]
        assert len(spec["description"]) > 80


def test_every_english_cell_has_its_korean_twin_and_nothing_has_run():
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    texts = [cell for cell in cells if cell.cell_type == "markdown"]
    tags = [tag for cell in texts for tag in cell.metadata["tags"] if tag in ("en", "ko")]
    assert tags == ["en", "ko"] * (len(texts) // 2)
    for cell, following in zip(cells, [*cells[1:], None], strict=True):
        if "en" in cell.metadata.get("tags", ()):
            assert "ko" in following.metadata["tags"]
        if cell.cell_type == "code":
            assert not cell.outputs
            assert cell.execution_count is None
