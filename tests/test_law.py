"""The law as of a date, set against the project's events, and the three dates of everything."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

import polars as pl
import pytest
import vl_convert
from hypothesis import given, settings
from hypothesis import strategies as st

import specimens
from onetomany.charts import claims as claim_charts
from onetomany.charts import law as charts
from onetomany.claims import claim_ledger, law, timeline
from onetomany.documents import indexing
from onetomany.documents.case_file import open_case
from onetomany.documents.ingest import ingest
from onetomany.errors import InputError
from onetomany.mentions.tagger import mention_rows
from onetomany.sources import case

MEMORANDUM = date(2019, 4, 30)


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    return law.load_provisions()


@pytest.fixture(scope="module")
def relied() -> pl.DataFrame:
    return law.reliances_in_force()


def states(on: date) -> dict[str, str]:
    return dict(law.provisions_in_force(on).select("provision", "state").iter_rows())


# --- the data ------------------------------------------------------------------------------------


def test_every_version_has_a_source_a_gist_in_both_languages_and_says_how_its_start_is_known(
    rows: pl.DataFrame,
) -> None:
    assert rows.schema == pl.Schema(law.PROVISIONS)
    assert rows["gist_ko"].str.contains(r"\p{Hangul}").all()
    assert not rows["gist_en"].str.contains(r"\p{Hangul}").any()
    assert rows["note_en"].null_count() == 0
    # what rests on our counting alone is never given out as said by a second source
    at_latest = rows.filter(from_how="at latest")
    assert set(at_latest["confidence"]) == {"C"}
    assert at_latest["note_en"].str.contains("was not found").all()


def test_the_issues_provisions_are_there(rows: pl.DataFrame) -> None:
    named = {"pipa 15(3)", "pipa 17(1)", "pipa 18", "pipa 23(1)", "pipa 26(2)", "pipa-decree 14-2"}
    named |= {"pipa-decree 18(3)", "immigration 3(2)", "immigration 6(3)", "immigration 12-2(1)"}
    assert named <= set(rows["provision"])
    assert rows["provision"].str.starts_with("immigration 28").any()


def test_days_that_other_texts_name_agree_with_those_counted_from_addenda(
    rows: pl.DataFrame,
) -> None:
    # each decree names its own first day; the act that it carries out was counted from its addendum
    starts = dict(rows.select("act", "in_force_from").iter_rows())
    assert starts["Act 16930"] == starts["Decree 30892"] == date(2020, 8, 5)
    assert starts["Act 19234"] == starts["Decree 33723"] == date(2023, 9, 15)


def test_provisions_are_written_as_the_reader_of_laws_writes_them(rows: pl.DataFrame) -> None:
    found = mention_rows(["개인정보 보호법 제15조제3항, 제28조의12"])
    assert {normal for _, _, _, _, normal, *_ in found} <= set(rows["provision"])


# --- as of a date --------------------------------------------------------------------------------


def test_article_15_3_came_after_fifteen_months_of_the_project(relied: pl.DataFrame) -> None:
    begun = case.case_timeline().filter(pl.col("event_en").str.contains("agree on a pilot"))
    assert begun["when"].to_list() == [MEMORANDUM]
    row = relied.filter(provision="pipa 15(3)").row(0, named=True)
    assert row["acts_from"] == MEMORANDUM
    assert row["first_from"] == date(2020, 8, 5)
    # by hand: to 30 July 2020 fifteen months, then six days
    assert (row["months_before"], row["days_before"]) == (15, 463)
    assert row["days_of_acts"] == row["days_before"] + row["days_in_force"] == 977
    assert "463 of 977 days, 15 full months" in row["open_en"]
    assert "977일 가운데 처음 463일(15개월" in row["open_ko"]


def test_what_speaks_for_the_other_side_is_told_just_as_plainly(relied: pl.DataFrame) -> None:
    # for the same fifteen months the Decree did not yet call templates sensitive data
    row = relied.filter(provision="pipa-decree 18(3)").row(0, named=True)
    assert (row["months_before"], row["days_before"]) == (15, 463)
    # and the rules that the commission leans on were in force throughout
    throughout = relied.filter(pl.col("reliance_id").is_in(["R01", "R02", "R09"]))
    assert throughout["days_in_force"].to_list() == [977] * 3
    assert throughout["open_en"].null_count() == 3


def test_the_day_before_and_the_day_itself() -> None:
    before, after = states(date(2020, 8, 4)), states(date(2020, 8, 5))
    for provision in ("pipa 15(3)", "pipa 17(4)", "pipa-decree 14-2", "pipa-decree 18(3)"):
        assert (before[provision], after[provision]) == ("not yet", "in force")
    assert before["pipa 26(2)"] == "in force"
    on_day = (
        law.provisions_in_force(date(2020, 8, 5)).filter(provision="pipa 18").row(0, named=True)
    )
    assert (on_day["version"], on_day["act"]) == (2, "Act 16930")


def test_what_was_not_found_is_said_to_be_unknown() -> None:
    assert states(date(2005, 2, 3))["immigration 3(2)"] == "not known"
    assert states(date(2010, 11, 15))["immigration 3(2)"] == "in force"
    assert states(date(2005, 2, 3))["pipa 15(1)"] == "not yet"


def test_an_event_known_by_its_month_is_not_decided_where_the_rule_changed_in_it() -> None:
    events = pl.DataFrame({"date": ["2020-08", "2023-09", "2020-09"], "event_en": ["a", "b", "c"]})
    found = law.provisions_in_force(events)
    answers = {
        (row["id"][-1], row["provision"]): row["state"] for row in found.iter_rows(named=True)
    }
    assert answers["a", "pipa 15(3)"] == "not known"
    assert answers["b", "pipa 15(1)"] == "changed within"
    assert answers["c", "pipa 15(3)"] == "in force"


def test_every_event_meets_every_provision_that_was_named() -> None:
    events = case.case_timeline()
    found = law.provisions_in_force(events).filter(pl.col("relied_on_by").is_not_null())
    assert found.schema == pl.Schema(law.AS_OF)
    assert found.height == events.height * found["provision"].n_unique()
    assert found["relied_on_by"].null_count() == 0
    # nobody is known to have named it, so it isn't among them
    assert "pipa 28-2" not in set(found["provision"])
    words = " ".join(found["state"].unique()) + " ".join(
        law.reliances_in_force()["open_en"].drop_nulls()
    )
    assert not any(word in words.lower() for word in ("unlawful", "illegal", "violat"))


@settings(deadline=None, max_examples=8)
@given(st.dates(date(2009, 1, 1), date(2028, 1, 1)))
def test_the_query_agrees_with_a_loop_over_the_rows(on: date) -> None:
    found = law.provisions_in_force(on)
    for provision, versions in law.load_provisions().group_by("provision"):
        at = [
            row["version"]
            for row in versions.iter_rows(named=True)
            if row["in_force_from"] <= on <= (row["in_force_to"] or date.max)
        ]
        answer = found.filter(provision=provision[0]).row(0, named=True)
        assert answer["version"] == (at[0] if at else None)
        assert (answer["state"] == "in force") == bool(at)


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"in_force_from": "2020-08-04"}, "counted wrongly"),
        ({"in_force_from": "soon"}, "can't be read"),
        ({"url": ""}, "no source"),
        ({"confidence": "sure"}, "no confidence"),
        ({"from_how": "known"}, "from_how"),
        ({"in_force_to": "2020-08-01"}, "ends before"),
    ],
)
def test_bad_rows_are_refused(tmp_path: Path, change: dict[str, str], why: str) -> None:
    lines = list(csv.DictReader(io.StringIO((law.DATA / "provisions.csv").read_text("utf-8"))))
    (row,) = (line for line in lines if line["provision"] == "pipa 15(3)")
    row.update(change)
    with (tmp_path / "provisions.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(row))
        writer.writeheader()
        writer.writerows(lines)
    with pytest.raises(InputError, match=why):
        law.load_provisions(tmp_path)


def test_events_without_dates_are_refused() -> None:
    with pytest.raises(InputError, match="lack the columns date"):
        law.provisions_in_force(pl.DataFrame({"event_en": ["a"]}))
    with pytest.raises(InputError, match="can't be read"):
        law.provisions_in_force(pl.DataFrame({"date": ["soon"], "event_en": ["a"]}))


# --- three dates ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dated() -> pl.DataFrame:
    return pl.concat(
        [timeline.of_events(case.case_timeline()), timeline.of_claims(claim_ledger.load_claims())]
    )


def test_three_dates_are_never_taken_for_one_another(dated: pl.DataFrame) -> None:
    assert dated.schema == pl.Schema(timeline.THREE_DATES)
    assert dated.filter(kind="event").height == case.case_timeline().height
    assert dated.filter(kind="claim").height == claim_ledger.load_claims().height
    # the first complaint is known from a report of years later: when it came out, isn't
    complaint = dated.filter(pl.col("what").str.starts_with("First constitutional")).row(
        0, named=True
    )
    assert (complaint["event_date"], complaint["document_date"]) == ("2021-12-24", "2026-02-26")
    assert complaint["disclosure_date"] is None
    assert complaint["days_later"] is None
    # dated 20 December 2021, public on 17 May 2022, by hand: 11 + 31 + 28 + 31 + 30 + 17 days
    windows = dated.filter(id="2021-12-20").row(0, named=True)
    assert windows["days_later"] == 148
    # most claims speak of no one day, and none is made up
    assert dated.filter(kind="claim")["event_date"].null_count() > 40


def test_a_month_never_makes_the_wait_longer() -> None:
    rows = pl.DataFrame(
        {"date": ["2021-10", "2021"], "event_en": ["a", "b"], "event_ko": ["가", "나"]}
        | {"document_date": [None, None], "disclosure_date": ["2021-11", "2022"], "url": ["", ""]},
        schema_overrides={"document_date": pl.String},
    )
    assert timeline.of_events(rows)["days_later"].to_list() == [1, 1]
    bad = rows.with_columns(disclosure_date=pl.lit("soon"))
    with pytest.raises(InputError, match="disclosure_date, soon"):
        timeline.of_events(bad)


def test_documents_say_when_they_were_made_and_the_user_when_they_came_out(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.eml").write_text(
        "From: a@example.org\nDate: Wed, 20 Oct 2021 10:00:00 +0900\n\nMade on 2019-04-30.\n"
    )
    (folder / "b.txt").write_text("2020년 8월 5일")
    (folder / "c.pdf").write_bytes(specimens.pdf(lambda page: page.drawString(9, 9, "In 2011"), 11))
    ingest(folder, tmp_path / "case.duckdb", workers=1)
    with open_case(tmp_path / "case.duckdb", write=True) as db:
        indexing.index_mentions(db, progress=False)
        came = pl.DataFrame({"path": ["a.eml"], "disclosure_date": ["2022-05-17"]})
        found = timeline.of_documents(db, came)
        assert found.select("what", "event_date", "document_date", "disclosure_date").rows() == [
            ("c.pdf", None, "2000-01-01", None),
            ("a.eml", None, "2021-10-20", "2022-05-17"),
            ("b.txt", None, None, None),
        ]
        said = timeline.of_mentions(db)
        assert ("2019-04-30", "2021-10-20", None) in said.select(
            "event_date", "document_date", "disclosure_date"
        ).rows()
        every = ", ".join(map(str, range(1, 12)))
        assert f"c.pdf, p. {every}" in said["what"].to_list()
        with pytest.raises(InputError, match=r"d\.pdf, which isn't"):
            timeline.of_documents(db, came.with_columns(path=pl.lit("d.pdf")))
        with pytest.raises(InputError, match="lack the columns disclosure_date"):
            timeline.of_documents(db, came.select("path"))


def test_the_table_of_three_dates_says_which_are_unknown(dated: pl.DataFrame) -> None:
    shown = dated.drop_nulls("event_date")
    table = claim_charts.three_dates_table(shown)
    dates = table.frame.select("event 일어난 날", "written 기록된 날", "public 공개된 날")
    nulls = shown.select("event_date", "document_date", "disclosure_date").null_count()
    unknown = dates.select((pl.all() == "not known 모름").sum())
    assert unknown.row(0) == nulls.row(0)
    assert sum(nulls.row(0)) > 0
    assert "첫 번째 헌법소원 청구" in table.body


# --- the chart -----------------------------------------------------------------------------------


def test_the_chart_draws_every_version_and_the_project(rows: pl.DataFrame) -> None:
    chart = charts.provisions_chart(rows, case.case_timeline(), law.reliances_in_force())
    assert vl_convert.vegalite_to_png(chart.to_json())
    text = chart.to_json(ensure_ascii=False)
    for provision in rows["provision"].unique():
        assert provision in text
    assert "개인정보 보호법" in text
    assert str(MEMORANDUM) in text
