"""The reckoner: its figures are the hand-worked ones and chapter 04's, and nonsense is refused."""

from __future__ import annotations

import csv
from datetime import date
from math import inf, nan
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from onetomany import accuracy
from onetomany.accuracy import full
from onetomany.accuracy.accuracy_claims import meanings_of_accuracy
from onetomany.accuracy.alarm_rates import PEOPLE_DIFFER, fpir_of_fmr
from onetomany.accuracy.intervals import clopper_pearson
from onetomany.accuracy.programme_inputs import (
    NAMES,
    ProgrammeInput,
    disclosed_inputs,
    reckoner_inputs,
    reference_inputs,
)
from onetomany.accuracy.reckoner import Reckoning, reckon
from onetomany.accuracy.reckoner_words import describe_reckoning
from onetomany.claims import disclosures
from onetomany.errors import InputError, OneToManyError
from onetomany.sources import case, disclosed
from onetomany.sources.disclosed_counts import DATA, disclosed_counts

KEY = list(csv.DictReader((Path(__file__).parent / "data/reckoner_key.csv").open(encoding="utf-8")))
FIGURES = ("alarms_a_day", "right_of_ten", "wrong_a_year")
PROGRAMMES = {row["id"]: row for row in disclosed_counts().iter_rows(named=True)}
REFERENCES = reference_inputs()


def value(found: Reckoning, figure: str, end: str = "value") -> float:
    number = found.figure(figure)[end]
    assert number is not None
    return number


# --- the key


def test_the_key_has_25_programmes_and_their_disclosed_facts() -> None:
    assert len(KEY) == 25
    assert {row["id"] for row in KEY} == set(PROGRAMMES)
    for row in KEY:
        own = PROGRAMMES[row["id"]]
        assert (row["publisher"], row["url"]) == (own["publisher"], own["url"])
        for name in ("days", "gallery_size", "searches", "alerts", "confirmed", "false_alerts",
                     "fpir", "fnir"):  # fmt: skip
            assert (float(row[name]) if row[name] else None) == own[name], (row["id"], name)
        assert len(row["arithmetic"].split()) > 5


@pytest.mark.parametrize("row", KEY, ids=lambda row: row["id"])
def test_figures_are_the_hand_worked_ones(row: dict[str, str]) -> None:
    found = reckon(disclosed_inputs(PROGRAMMES[row["id"]]))
    for figure in FIGURES:
        for end, name in (("value", ""), ("low", "_low"), ("high", "_high")):
            by_hand = row[figure + name]
            ours = found.figure(figure)[end]
            assert ours == (
                pytest.approx(float(by_hand), rel=3e-4, abs=1e-9) if by_hand else None
            ), (figure, end)


def test_the_ranges_of_the_key_are_those_of_the_sources() -> None:
    share, miss, alarm = (REFERENCES[name] for name in ("wanted_share", "fnir", "fpir"))
    assert (share.least, share.value, share.most) == pytest.approx(
        (39 / 51_100_000, 4 / 15_600, 10 / 12_120)
    )
    assert (miss.least, miss.value, miss.most) == pytest.approx((0.0014, 0.0282, 0.74628))
    assert (alarm.least, alarm.value, alarm.most) == pytest.approx(
        (534 / 225_972_004, 0.003, 0.0067)
    )


def test_counts_shared_with_chapter_12_are_the_same_there() -> None:
    table = disclosures.deployments(disclosed.holyhead(), disclosed.reported())
    shared = table.filter(pl.col("id").is_in(list(PROGRAMMES)))
    assert len(shared) >= 9
    for row in shared.iter_rows(named=True):
        own = PROGRAMMES[row["id"]]
        pairs = {"faces": "searches", "alerts": "alerts", "false_alerts": "false_alerts",
                 "true_alerts": "confirmed"}  # fmt: skip
        for theirs, ours in pairs.items():
            if row[theirs] is not None and own[ours] is not None:
                assert row[theirs] == own[ours], (row["id"], theirs)
        assert (own["period_start"], own["period_end"]) == (row["first_day"], row["last_day"])


def test_the_intervals_are_those_of_chapter_12() -> None:
    rates = disclosures.false_alerts(
        disclosures.deployments(disclosed.holyhead(), disclosed.reported())
    )
    year = rates.filter(id="met-2024-2025", per="face").row(0, named=True)
    found = reckon(disclosed_inputs(PROGRAMMES["met-2024-2025"]))
    ends = [value(found, "false_alarm_rate", f"interval_{end}") for end in ("low", "high")]
    assert ends == pytest.approx([year["low"], year["high"]])
    yearly = value(found, "wrong_a_year", "interval_high")
    assert yearly == pytest.approx(year["high"] * 3_147_436 / 395 * 365)


# --- chapter 04, with the same inputs


def test_figures_are_those_of_chapter_04() -> None:
    numbers = case.case_numbers()
    passengers, records = case.passengers_a_day(numbers, 2019), case.records_given(numbers)
    rates = full.stored_run().rates()
    counts = accuracy.false_candidates(rates, passengers)
    for row in counts.filter(gallery_size=int(records)).iter_rows(named=True):
        found = reckon(
            {"searches": passengers, "gallery_size": records, "fmr": row["fmr"], "wanted_share": 0}
        )
        assert value(found, "false_candidates_a_day") == pytest.approx(row["candidates"])
        free = accuracy.independent(row["fmr"], records)["fpir"][0]
        assert value(found, "false_alarm_rate") == pytest.approx(free)
        assert value(found, "alarms_a_day") == pytest.approx(free * passengers)
        # and with the FPIR that the chapter measured
        own = rates.filter(gallery_size=int(records), fmr=row["fmr"]).row(0, named=True)
        measured = reckon({"searches": passengers, "wanted_share": 0, "fpir": own["fpir"]})
        assert value(measured, "alarms_a_day") == pytest.approx(row["travellers"])


@pytest.mark.parametrize("base_rate", [1e-6, 1e-4, 1e-2])
def test_right_alarms_are_chapter_04s_precision(base_rate: float) -> None:
    rates = full.stored_run().rates()
    table = accuracy.precision_by_size(rates, base_rate)
    assert len(table) > 20
    for row, own in zip(rates.iter_rows(named=True), table.iter_rows(named=True), strict=True):
        found = reckon({"wanted_share": base_rate, "fpir": row["fpir"], "fnir": row["fnir"]})
        assert value(found, "right_of_ten") == pytest.approx(10 * own["precision"])
        ranges = {
            "fpir": ProgrammeInput(row["fpir"], low=row["fpir_low"], high=row["fpir_high"]),
            "fnir": ProgrammeInput(row["fnir"], low=row["fnir_low"], high=row["fnir_high"]),
        }
        spread = reckon({"wanted_share": base_rate, **ranges})
        assert value(spread, "right_of_ten", "low") == pytest.approx(10 * own["low"])
        assert value(spread, "right_of_ten", "high") == pytest.approx(10 * own["high"])


def test_how_people_differ_is_what_chapter_04s_run_shows() -> None:
    shown = []
    for row in full.stored_run().rates().iter_rows(named=True):
        if 0.1 <= row["fpir"] <= 0.95:
            fmr, size, fpir = row["fmr"], row["gallery_size"], row["fpir"]
            shown.append(
                brentq(
                    lambda cv, a=fmr, n=size, f=fpir: (
                        accuracy.independent(a, n, cv=cv)["fpir"][0] - f
                    ),
                    0,
                    30,
                )
            )
    assert len(shown) > 8
    assert round(max(shown), 1) == PEOPLE_DIFFER


# --- properties

rate = st.floats(1e-7, 0.999)
traffic = st.floats(1, 1e6)


@settings(max_examples=25, deadline=None)
@given(traffic, rate, rate, rate)
def test_alarms_are_right_or_wrong_and_ranges_contain_the_value(
    searches: float, share: float, fpir: float, fnir: float
) -> None:
    found = reckon({"searches": searches, "wanted_share": share, "fpir": fpir, "fnir": fnir})
    alarms, right, wrong = (value(found, name) for name in FIGURES)
    assert alarms * (1 - right / 10) == pytest.approx(wrong / 365, rel=1e-6, abs=1e-9)
    unknown = reckon({"searches": searches, "fpir": fpir})
    for name in FIGURES:
        low, middle, high = (value(unknown, name, end) for end in ("low", "value", "high"))
        assert low <= middle * (1 + 1e-12)
        assert middle <= high * (1 + 1e-12)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 500), st.data())
def test_counts_add_up(alerts: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, alerts))
    wrong = data.draw(st.integers(0, alerts - right))
    found = reckon({"alerts": alerts, "confirmed": right, "false_alerts": wrong})
    assert value(found, "right_of_ten") == pytest.approx(10 * right / alerts)
    assert value(found, "right_of_ten", "high") == pytest.approx(10 * (1 - wrong / alerts))
    assert value(found, "wrong_a_year") == pytest.approx(365 * (alerts - right))
    ends = [value(found, "right_of_ten", f"interval_{end}") for end in ("low", "high")]
    assert ends[0] <= 10 * right / alerts <= ends[1] + 1e-9
    high = clopper_pearson(alerts - right, alerts).high
    assert ends[0] == pytest.approx(10 * (1 - high), abs=1e-9)


@settings(max_examples=15, deadline=None)
@given(rate, st.floats(1, 1e8))
def test_people_who_differ_raise_fewer_alarms_than_the_ceiling(fmr: float, size: float) -> None:
    middle, low, high = fpir_of_fmr((fmr,) * 3, (size,) * 3)
    assert low <= middle + 1e-12
    assert middle == high
    assert middle == pytest.approx(accuracy.independent(fmr, size)["fpir"][0])


def test_between_the_corners_nothing_lies_outside() -> None:
    found = reckon({"searches": 1e4, "gallery_size": 1000, "fmr": 1e-5})
    for share in (1e-6, 1e-4, 5e-4):
        for miss in (0.01, 0.3, 0.7):
            inside = reckon(
                {"searches": 1e4, "gallery_size": 1000, "fmr": 1e-5, "wanted_share": share,
                 "fnir": miss}
            )  # fmt: skip
            for name in FIGURES:
                assert value(found, name, "low") <= value(inside, name, "low")
                assert value(inside, name, "high") <= value(found, name, "high")


# --- what is known decides


def test_confirmed_alarms_give_the_wanted_share() -> None:
    counts = {"searches": 10_000, "confirmed": 2, "fpir": 0.001, "fnir": 0.5}
    found = reckon(counts)
    # 4 of 10,000 are wanted, half are found
    wrong = (10_000 - 4) * 0.001
    assert value(found, "alarms_a_day") == pytest.approx(2 + wrong)
    assert value(found, "right_of_ten") == pytest.approx(20 / (2 + wrong))
    assert "wanted_share" not in found.used


def test_counts_of_an_unknown_period_give_shares_alone() -> None:
    undated = {name: ProgrammeInput(n, "x") for name, n in (("alerts", 11), ("searches", 12_120))}
    found = reckon({**undated, "false_alerts": ProgrammeInput(1, "x")})
    assert value(found, "right_of_ten") == pytest.approx(100 / 11)
    assert value(found, "false_alarm_rate") == pytest.approx(1 / 12_120)
    assert found.figure("alarms_a_day")["low"] is None
    open_ = reckon(undated)
    assert open_.figure("alarms_a_day")["low"] is None
    assert value(open_, "right_of_ten", "low") < 1


def test_without_traffic_or_alarms_nothing_a_day_is_invented() -> None:
    found = reckon({"fpir": 0.001, "fnir": 0.1, "wanted_share": 0.001})
    assert value(found, "right_of_ten") == pytest.approx(4.74, abs=0.01)
    assert found.figure("alarms_a_day")["high"] is None
    assert "neither alarms nor searches" in " ".join(each.en for each in describe_reckoning(found))


def test_disclosures_that_contradict_each_other_are_said_to() -> None:
    found = reckon({"alerts": 5, "searches": 100_000, "fpir": 0.001, "confirmed": 4})
    assert found.contradicted
    assert any("contradict each other" in each.en for each in describe_reckoning(found))
    assert any("서로 어긋난다" in each.ko for each in describe_reckoning(found))
    # 99 of the alarms may be of wanted people
    assert not reckon({"alerts": 100, "searches": 100_000, "fpir": 1e-3}).contradicted


def test_unknown_inputs_are_said_with_range_and_source() -> None:
    told = describe_reckoning(reckon({"searches": 5000}))
    ranged = next(each for each in told if each.en.startswith("Not disclosed"))
    for part in ("NIST", "1/423,000", "1/149", "kiosk", "7 programmes"):
        assert part in ranged.en, part
    for part in ("NIST", "1/149", "무인 기기", "7곳"):
        assert part in ranged.ko, part


# --- "99.9 % accurate"


def meaning(table: pl.DataFrame, name: str) -> dict[str, Any]:
    return table.row(by_predicate=pl.col("meaning") == name, named=True)


def test_one_percentage_means_seven_things() -> None:
    inputs = {"searches": 10_000, "gallery_size": 5000, "wanted_share": 0.0005, "fnir": 0.1}
    table = meanings_of_accuracy(0.999, inputs)
    assert len(table) == 7
    own = meaning(table, "fpir")
    assert own["alarms_a_day"] == pytest.approx(10_000 * (0.9995 * 0.001 + 0.0005 * 0.9))
    assert own["right_of_ten"] == pytest.approx(10 * 4.5 / (4.5 + 9.995))
    fmr = 1 - 0.999**5000
    assert meaning(table, "fmr")["wrong_a_year"] == pytest.approx(10_000 * 0.9995 * fmr * 365)
    precise = meaning(table, "precision")
    assert precise["right_of_ten"] == pytest.approx(9.99)
    assert precise["alarms_a_day"] == pytest.approx(4.5 / 0.999)
    first = meaning(table, "rank_1")
    assert first["alarms_a_day"] == pytest.approx(10_000, rel=1e-3)
    assert first["right_of_ten"] == pytest.approx(10 * 0.0005 * 0.999, rel=1e-3)
    # 0.5 of the 10 errors a day are misses
    decided = meaning(table, "decisions")
    assert decided["wrong_a_year"] == pytest.approx(9.5 * 365)
    silent = meaning(table, "tpir")
    assert silent["alarms_a_day_low"] < 5.1  # 4.995 right ones and next to no false ones
    assert silent["alarms_a_day_high"] > 60


def test_disclosed_alarms_rule_meanings_out() -> None:
    counts = {"searches": 10_000, "gallery_size": 5000, "alerts": 12}
    fits = dict(meanings_of_accuracy(0.999, counts).select("meaning", "fits").iter_rows())
    assert fits["fmr"] is False
    assert fits["rank_1"] is False
    assert fits["fpir"] is True
    assert set(meanings_of_accuracy(0.999, {"searches": 10})["fits"]) == {None}


def test_without_a_list_the_rate_of_pairs_implies_nothing() -> None:
    row = meaning(meanings_of_accuracy(0.999, {"searches": 10_000}), "fmr")
    assert row["alarms_a_day_high"] is None


@pytest.mark.parametrize("error", [2e-4, 1e-3, 0.1])
def test_decisions_never_leave_their_range(error: float) -> None:
    row = meaning(meanings_of_accuracy(1 - error, {"searches": 1000}), "decisions")
    share, miss = REFERENCES["wanted_share"], REFERENCES["fnir"]
    for n in range(101):
        for m in range(101):
            b = share.least * (share.most / share.least) ** (n / 100)
            missed = min(b * (miss.least + (miss.most - miss.least) * m / 100), error)
            alarms = 1000 * (b - missed + error - missed)
            assert row["alarms_a_day_low"] <= alarms * (1 + 1e-9)
            assert alarms <= row["alarms_a_day_high"] * (1 + 1e-9)


@pytest.mark.parametrize("claimed", [0, 99.9, -1, nan])
def test_an_accuracy_must_be_a_share(claimed: float) -> None:
    with pytest.raises(InputError, match=r"write 99\.9 % as 0\.999"):
        meanings_of_accuracy(claimed, {"searches": 10})


# --- nonsense


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({}, "Nothing is known"),
        ({"fpr": 0.1}, "reckoner has no input 'fpr'"),
        ({"fpir": 1.5}, "a share is from 0 to 1"),
        ({"fnir": -0.1}, "a share is from 0 to 1"),
        ({"wanted_share": 50}, "a share is from 0 to 1"),
        ({"searches": 0}, "give 1 or more"),
        ({"searches": nan}, "must be a number"),
        ({"alerts": inf}, "must be a number"),
        ({"gallery_size": 0.5}, "give 1 or more"),
        ({"alerts": -1}, "give 0 or more"),
        ({"alerts": 5, "confirmed": 6}, "6 confirmed and only 5 alerts"),
        ({"alerts": 5, "false_alerts": 6}, "6 false_alerts and only 5 alerts"),
        ({"alerts": 5, "confirmed": 3, "false_alerts": 3}, "more than 5 alarms"),
        ({"alerts": 11, "searches": 10}, "11 alerts and only 10 searches"),
        ({"searches": ProgrammeInput(10, days=0.0)}, "cover 0 days"),
        ({"fpir": ProgrammeInput(0.1, low=0.2)}, "within its own range"),
        (
            {"alerts": ProgrammeInput(9, days=7.0), "confirmed": ProgrammeInput(1, days=30.0)},
            "the same period",
        ),
        (
            {"alerts": ProgrammeInput(900, days=7.0), "searches": ProgrammeInput(100, days=1.0)},
            "only 100 searches",
        ),
    ],
)
def test_nonsense_is_refused_in_one_sentence(inputs: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as refusal:
        reckon(inputs)
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert refusal.value.ko


@pytest.mark.parametrize("days", [0, 400, nan])
def test_a_year_has_its_days(days: float) -> None:
    with pytest.raises(InputError, match="from 1 to 366"):
        reckon({"alerts": 1}, days_a_year=days)


def test_fewer_days_a_year_mean_fewer_stops() -> None:
    counts = {"alerts": 10, "false_alerts": 4}
    assert value(reckon(counts, days_a_year=50), "wrong_a_year") == pytest.approx(200)


# --- a case's numbers


def numbers(*rows: dict[str, Any]) -> pl.DataFrame:
    blank = {
        "id": "a", "value": 1.0, "unit": "", "period_start": None, "period_end": None,
        "publisher": "The Force", "url": "https://a.example/x", "confidence": "V1", "input": None,
    }  # fmt: skip
    schema = {"period_start": pl.Date, "period_end": pl.Date, "value": pl.Float64,
              "input": pl.String}  # fmt: skip
    return pl.DataFrame([blank | row for row in rows], schema_overrides=schema)


def test_a_cases_numbers_become_inputs_with_their_sources() -> None:
    month = {"period_start": date(2025, 11, 1), "period_end": date(2025, 11, 30)}
    found = reckoner_inputs(
        numbers(
            {"id": "faces", "value": 60_000, "unit": "faces", "input": "searches", **month},
            {"id": "alerts", "value": 30, "unit": "alerts", "input": "alerts", **month},
            {"id": "right", "value": 12, "unit": "alerts", "input": "confirmed", **month},
            {"id": "rate", "value": 0.1, "unit": "%", "input": " fpir "},
            {"id": "other", "value": 9, "unit": "cameras"},
        )
    )
    assert list(found.given) == ["searches", "alerts", "confirmed", "fpir"]
    assert set(found.missing) == set(NAMES) - set(found.given)
    assert found.given["alerts"].days == 30
    assert found.given["fpir"].value == pytest.approx(0.001)
    assert found.given["alerts"].source == "The Force (V1)"
    assert found.given["alerts"].url == "https://a.example/x"
    assert found.given["alerts"].basis == "disclosed"
    reckoned = reckon(found.given)
    assert value(reckoned, "alarms_a_day") == 1
    assert value(reckoned, "right_of_ten") == 4
    assert reckoned.contradicted  # 2,000 faces a day x 0.1 % are two false alarms a day


@pytest.mark.parametrize(
    ("unit", "days"), [("passengers a day", 1), ("alerts per week", 7), ("faces/year", 365)]
)
def test_a_unit_tells_the_period(unit: str, days: float) -> None:
    found = reckoner_inputs(numbers({"value": 7.0, "unit": unit, "input": "searches"}))
    assert found.given["searches"].days == days


def test_numbers_without_the_column_give_nothing() -> None:
    found = reckoner_inputs(case.case_numbers().drop("input"))
    assert found.given == {}
    assert found.missing == tuple(NAMES)
    assert reckoner_inputs(numbers({"input": ""}, {"input": None})).given == {}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (({"id": "x", "input": "alarms"},), "row x, column input: 'alarms' is not an input"),
        (({"id": "x", "input": "fpir", "value": 99.0},), "row x: The FPIR"),
        (({"id": "x", "input": "searches", "value": None},), "row x: The faces searched"),
        (({"id": "x", "input": "fnir"}, {"id": "y", "input": "fnir"}), "rows x and y: both"),
        (
            ({"id": "x", "input": "alerts", "value": 3.0},
             {"id": "y", "input": "confirmed", "value": 4.0}),
            "4 confirmed and only 3 alerts",
        ),
    ],
)  # fmt: skip
def test_a_wrong_number_is_named_by_its_row(rows: tuple[dict[str, Any], ...], said: str) -> None:
    with pytest.raises(InputError) as refusal:
        reckoner_inputs(numbers(*rows))
    assert said in str(refusal.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (",395,", ",394,", "its days aren't its period"),
        ("met-trials,", "met-2020-02-27,", "its id is used twice"),
        (",CILIP,", ",,", "it has no source or no days"),
        ("publisher", "said", "its columns must be"),
    ],
)
def test_a_changed_table_of_programmes_is_refused(
    old: str, new: str, said: str, tmp_path: Path
) -> None:
    text = (DATA / "programmes.csv").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "programmes.csv").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(OneToManyError, match=said):
        disclosed_counts(tmp_path)
