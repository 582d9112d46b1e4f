"""The shipped cases: complete, sourced, in both languages, their pairs judged, their sums right."""

from __future__ import annotations

import math
import re
import shutil
import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from onetomany.cases import to_do
from onetomany.cases.case_folder import SHIPPED as HOME
from onetomany.cases.case_folder import read_case, shipped_cases
from onetomany.cases.columns import TABLES
from onetomany.claims import contradictions, law
from onetomany.claims.claim_ledger import LEDGER, LINKS, read_ledger
from onetomany.errors import InputError
from onetomany.requests.letter_templates import templates
from onetomany.sources import case, disclosed

CASES = HOME
DATA = Path(__file__).parent / "data"
SOLVED = DATA / "teaching-solved"
SHIPPED = [CASES / name for name in ("holyhead-london", "massachusetts", "teaching")]
FOLDERS = [*SHIPPED, SOLVED]
BODIES = ["name", "kind", "name_ko", "role_en", "role_ko", "url"]
INPUTS = {"gallery_size", "searches", "alerts", "confirmed"}
KEY = pl.read_csv(DATA / "shipped_pairs.csv", infer_schema=False)


def named(folder: Path) -> str:
    return folder.name


each_folder = pytest.mark.parametrize("folder", FOLDERS, ids=named)


def rows(folder: Path, name: str) -> pl.DataFrame:
    return pl.read_csv((folder / f"{name}.csv").read_bytes(), infer_schema=False)


def links(folder: Path) -> pl.DataFrame:
    return rows(folder, "order") if (folder / "order.csv").exists() else pl.DataFrame(schema=LINKS)


def about(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "case.toml").read_text(encoding="utf-8"))


@cache
def pairs(folder: Path) -> pl.DataFrame:
    return contradictions.find_contradictions(read_ledger(folder / "claims.csv"), links(folder))


@each_folder
def test_files_are_utf8_with_plain_line_ends_and_their_columns(folder: Path) -> None:
    for path in folder.iterdir():
        content = path.read_bytes()
        assert b"\r" not in content
        assert content.endswith(b"\n")
        assert not content.startswith(b"\xef\xbb\xbf")
        content.decode("utf-8")
    assert rows(folder, "events").columns == list(case.TIMELINE)
    assert rows(folder, "numbers").columns == list(case.NUMBERS)
    assert rows(folder, "bodies").columns == BODIES
    assert rows(folder, "provisions").columns == list(law.PROVISIONS)
    own = set(rows(folder, "claims").columns) - {"value_en", "value_ko", "reading"}
    assert own <= set(LEDGER)


@each_folder
def test_the_reader_of_cases_takes_them_and_finds_no_fault(folder: Path) -> None:
    found = read_case(folder)
    assert found.claims.height == rows(folder, "claims").height
    assert found.numbers["value"].null_count() == 0
    tasks = to_do.check_case(folder)
    # left to do in a shipped case: questions between speakers
    others = [task for task in tasks if task.group != to_do.CLASH]
    assert [task.where for task in others] == []
    assert folder == SOLVED or folder.name in shipped_cases()


@each_folder
def test_each_row_has_a_source_and_a_confidence(folder: Path) -> None:
    for name, address in (("claims", "source_url"), ("events", "url"), ("numbers", "url")):
        table = rows(folder, name)
        assert table[address].str.contains(r"^https?://\S+$").all(), name
        assert table["confidence"].is_in(case.CONFIDENCES).all(), name
        assert table["source" if name == "claims" else "publisher"].null_count() == 0, name
    assert about(folder)["url"].startswith("http")


@each_folder
def test_what_a_reader_sees_is_in_english_and_in_korean(folder: Path) -> None:
    shown = {"claims": "value", "events": "event", "numbers": "what", "bodies": "role"}
    for name, column in shown.items():
        table = rows(folder, name)
        assert table[f"{column}_en"].null_count() == 0, name
        korean = table[f"{column}_ko"]
        # a figure and its unit may be the same in both, such as '549 + 347 + 85 = 981'
        assert (korean.str.contains("[가-힣]") | (korean == table[f"{column}_en"])).all(), name
    assert rows(folder, "bodies")["name_ko"].null_count() == 0
    told = about(folder)
    for field in ("title", "place", "said"):
        assert re.search("[가-힣]", told[f"{field}_ko"])
        assert told[f"{field}_en"]
        assert not re.search("[가-힣]", told[f"{field}_en"])


@each_folder
def test_every_speaker_is_a_body_and_every_body_speaks(folder: Path) -> None:
    bodies = rows(folder, "bodies")
    speakers = {*rows(folder, "claims")["said_by"], *rows(folder, "numbers")["said_by"]}
    assert set(bodies["name"]) == speakers
    assert bodies["name"].is_unique().all()
    assert bodies["kind"].is_in(["official", "press", "civic", "company", "other"]).all()
    assert set(about(folder)["operators"]) <= set(bodies["name"])


@each_folder
def test_dates_are_as_precise_as_they_say(folder: Path) -> None:
    events = rows(folder, "events")
    length = {"day": 10, "month": 7, "year": 4}
    assert events["date"].str.len_chars().to_list() == [length[p] for p in events["date_precision"]]
    assert events["date"].to_list() == sorted(events["date"])
    assert events["strand"].is_in(["law", "project", "disclosure", "oversight", "court"]).all()
    first = (events["date"] + "-01-01").str.head(10).str.to_date("%Y-%m-%d", strict=False)
    assert first.null_count() == 0


def test_the_cases_have_the_size_that_a_reader_can_take_in() -> None:
    for folder in SHIPPED:
        assert 12 <= rows(folder, "claims").height <= 40, folder
        assert 10 <= rows(folder, "events").height <= 25, folder
        assert 8 <= rows(folder, "numbers").height <= 30, folder
        assert rows(folder, "numbers")["id"].is_unique().all()


@each_folder
def test_numbers_can_be_reckoned_with(folder: Path) -> None:
    numbers = rows(folder, "numbers")
    values = numbers["value"].cast(pl.Float64)
    assert values.is_finite().all()
    marked = numbers.filter(pl.col("input").is_not_null())
    assert set(marked["input"]) <= INPUTS
    # two searches in one folder would reckon a mixture of programmes
    assert marked["input"].is_unique().all()


def test_counts_of_massachusetts_are_those_of_the_log() -> None:
    entries = disclosed.massachusetts()
    by_year = entries.group_by(pl.col("month").dt.year()).len()
    counted: dict[str, int] = {
        "log_entries": entries.height,
        "log_searches": entries.filter(kind=disclosed.SEARCH).height,
        "log_images": entries["images_searched"].sum(),
        "log_matches": entries["matches_returned"].sum(),
        **{f"log_entries_{year}": count for year, count in by_year.iter_rows()},
        **{
            f"log_{level.lower()}": entries.filter(level=level).height
            for level in ("Federal", "State", "Local")
        },
    }
    told = rows(CASES / "massachusetts", "numbers")
    given = dict(
        told.filter(pl.col("id").str.starts_with("log_")).select("id", "value").iter_rows()
    )
    assert {name: int(value) for name, value in given.items()} == counted
    ledger = {row["claim_id"]: row for row in rows(CASES / "massachusetts", "claims").to_dicts()}
    images = dict(
        entries.group_by(pl.col("month").dt.year()).agg(pl.sum("images_searched")).iter_rows()
    )
    assert (int(ledger["M20"]["value"]), int(ledger["M21"]["value"])) == (
        images[2016],
        images[2017],
    )
    for year, numbered, counts in ((2016, "M23", "M24"), (2019, "M25", "M26")):
        own = entries.filter(pl.col("month").dt.year() == year)
        assert int(ledger[counts]["value"]) == own.height
        assert int(ledger[numbered]["value"]) == own["number"].max()
    assert round(100 * counted["log_federal"] / counted["log_entries"]) == int(
        ledger["M17"]["value"]
    )


def test_counts_of_holyhead_are_those_of_the_disclosed_table() -> None:
    table = disclosed.holyhead()
    given = dict(rows(CASES / "holyhead-london", "numbers").select("id", "value").iter_rows())
    assert int(given["holyhead_faces"]) == table["faces"].sum()
    assert int(given["holyhead_alerts"]) == table["alerts"].sum()
    assert int(given["holyhead_confirmed"]) == table["true_alerts"].sum()
    assert int(given["holyhead_arrests"]) == table["arrests"].sum()
    last = table.filter(pl.col("first_day") >= date(2025, 11, 27))
    assert int(given["holyhead_faces_last"]) == last["faces"].sum()
    assert last["alerts"].sum() == table["alerts"].sum()
    each = [int(given[f"holyhead_faces_{place}"]) for place in table["deployment"]]
    assert each == table["faces"].to_list()
    # the newspaper's 15 cameras are the sum over the deployments
    assert table["cameras"].sum() == 15
    assert {float(given["holyhead_threshold"])} == set(table["threshold"])
    assert {int(given["holyhead_watchlist"]), int(given["holyhead_watchlist_first"])} < set(
        table["watchlist"]
    )


def test_quotients_and_sums_of_london_and_toronto_hold() -> None:
    london = rows(CASES / "holyhead-london", "numbers").select("id", "value")
    given = {name: float(value) for name, value in london.iter_rows()}
    value = dict(rows(CASES / "holyhead-london", "claims").select("claim_id", "value").iter_rows())
    faces, alerts, false = given["met_faces"], given["met_alerts"], given["met_false"]
    assert math.isclose(100 * false / faces, float(value["L20"]), rel_tol=0.1)
    assert round(100 * false / alerts, 2) == float(value["L21"])
    assert math.isclose(100 / 33_000, float(value["L22"]), rel_tol=0.02)
    assert alerts - given["met_arrests"] == given["met_no_arrest"]
    assert int(value["L24"]) == 549 + 347 + 85
    assert 100 * given["met_2020_false"] / given["met_2020_alerts"] == float(value["L12"])
    toronto = dict(rows(SOLVED, "numbers").select("id", "value").iter_rows())
    travellers = int(toronto["travellers"])
    assert round(travellers / int(toronto["days"])) == int(toronto["travellers_a_day"])
    per_million = 1e6 * int(toronto["matches"]) / travellers
    assert round(per_million, 1) == float(toronto["matches_per_million"])


@each_folder
def test_every_pair_that_is_found_was_judged_and_every_judged_pair_is_found(folder: Path) -> None:
    found = pairs(folder).filter("contradiction")
    key = KEY.filter(case=folder.name)
    wanted = set(key.select("claim_a", "claim_b", "kind").iter_rows())
    assert set(found.select("claim_a", "claim_b", "kind").iter_rows()) == wanted
    assert key["judgement"].is_in(["real", "denominator", "settled", "arguable"]).all()


def test_the_page_on_the_cases_shows_every_judged_pair() -> None:
    page = (Path(__file__).parents[1] / "docs" / "cases.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"^\| (\w\d+), (\w\d+) \|.*\| (\w+): ", page, re.M))
    of = KEY.filter(pl.col("case") != "teaching-solved")
    assert shown == set(of.select("claim_a", "claim_b", "judgement").iter_rows())


def test_the_page_on_cases_names_every_table_and_the_columns_that_it_needs() -> None:
    page = (Path(__file__).parents[1] / "docs" / "cases.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\| `(\w+)\.csv`( \(optional\))? \| .* \| (.*) \|$", page, re.M)
    assert [
        (name, bool(optional), re.findall(r"`(\w+)`", needed)) for name, optional, needed in shown
    ] == [
        (table.name, table.optional, [each.name for each in table.columns if each.required])
        for table in TABLES
    ]


def test_a_half_filled_case_shows_nothing_and_the_filled_one_keeps_its_rows() -> None:
    half = CASES / "teaching"
    assert pairs(half).filter("contradiction").is_empty()
    for name in ("claims", "events", "numbers", "bodies"):
        left = rows(half, name).rows()
        assert set(left) < set(rows(SOLVED, name).rows()), name
    added = rows(SOLVED, "claims").height - rows(half, "claims").height
    for plan in ("workshop-case.md", "workshop-case.ko.md"):
        text = (Path(__file__).parents[1] / "docs" / plan).read_text(encoding="utf-8")
        planned = re.findall(r"^\| [1-5] \| .* \| (.+?) / (.+?) / (.+?) \|$", text, re.M)
        assert len(planned) == added, plan
        ledger = rows(SOLVED, "claims")
        assert set(planned) == set(
            ledger.tail(added).select("subject", "attribute", "value").iter_rows()
        )
        for address in re.findall(r"`(https?://\S+)`", text):
            assert address in ledger["source_url"].to_list()


def test_participants_see_contradictions_until_they_ask_for_documents(tmp_path: Path) -> None:
    work = tmp_path / "work"
    shutil.copytree(CASES / "teaching", work)
    assert to_do.check_case(work) == []
    shutil.copy(SOLVED / "claims.csv", work)
    groups = [task.group for task in to_do.check_case(work)]
    assert (groups.count(to_do.CLASH), groups.count(to_do.SPEAKER)) == (5, 4)
    shutil.copy(SOLVED / "bodies.csv", work)
    assert [task.group for task in to_do.check_case(work)] == [to_do.CLASH] * 5
    shutil.copy(SOLVED / "gaps.csv", work)
    left = to_do.check_case(work)
    assert [task.where for task in left] == ["claims.csv, T09 and T17"]


def test_minutes_of_the_workshop_add_up_to_ninety() -> None:
    for plan in ("workshop-case.md", "workshop-case.ko.md"):
        text = (Path(__file__).parents[1] / "docs" / plan).read_text(encoding="utf-8")
        steps = re.findall(r"^\| (\d):(\d\d) \| (\d+) \|", text, re.M)
        begins = [60 * int(hour) + int(minute) for hour, minute, _ in steps]
        lengths = [int(length) for *_, length in steps]
        assert begins == [sum(lengths[:place]) for place in range(len(lengths))], plan
        assert sum(lengths) == 90, plan


@each_folder
def test_the_law_can_be_read(folder: Path) -> None:
    found = law.load_provisions(folder)
    assert found.height == rows(folder, "provisions").height >= 1


@each_folder
def test_documents_to_ask_for_fit_a_letter_and_its_law(folder: Path) -> None:
    known, claims = templates(), rows(folder, "claims")["claim_id"].to_list()
    gaps = rows(folder, "gaps")
    assert gaps["gap"].is_unique().all()
    for row in gaps.iter_rows(named=True):
        assert all(row.values()), row["gap"]
        assert row["procedure"] in known[row["template"]].procedures, row["gap"]
        assert set(row["claims"].split(";")) <= set(claims), row["gap"]


@each_folder
def test_topics_and_order_name_what_the_claims_name(folder: Path) -> None:
    said = set(rows(folder, "claims").select("subject", "attribute").iter_rows())
    if (folder / "topics.csv").exists():
        topics = rows(folder, "topics")
        assert set(topics.select("subject", "attribute").iter_rows()) <= said
        clash = pairs(folder).filter("contradiction").select("subject_a", "attribute")
        assert set(clash.iter_rows()) <= set(topics.select("subject", "attribute").iter_rows())
    events = {f"{subject}/{attribute}" for subject, attribute in said}
    for first, kind, then in links(folder).iter_rows():
        assert kind == "comes before"
        assert {first, then} <= events


@pytest.mark.parametrize("folder", SHIPPED, ids=named)
def test_datasheets_count_the_rows(folder: Path) -> None:
    sheets = tomllib.loads((folder / "sheets.toml").read_text(encoding="utf-8"))
    told = {name: count for each in sheets.values() for name, count in each["records"].items()}
    assert told == {path.name: rows(folder, path.stem).height for path in folder.glob("*.csv")}
    claims = rows(folder, "claims")
    limits = sheets["claims"]["limits"]
    alone = claims.filter(confidence="V1").height
    assert f"{alone} of {claims.height} claims rest on one source" in limits


def test_days_of_a_ledger_are_read_from_text(tmp_path: Path) -> None:
    file = tmp_path / "claims.csv"
    head = "claim_id,subject,attribute,value,unit,said_by,period_start,period_end\n"
    row = "A1,list,entries,5,entries,Police,{},2020-12-31\n"
    file.write_text(head + row.format("2020-01-01"), encoding="utf-8")
    assert read_ledger(file)["period_start"].dtype == pl.Date
    file.write_text(head + row.format("2020-13-01"), encoding="utf-8")
    with pytest.raises(InputError, match=r"A1 \(row 2\): its period_start can't be read"):
        read_ledger(file)
