"""`onetomany risk`: what a table gives away if more is known, each option through the command."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from onetomany.cli import main
from onetomany.reidentification.assessment import assess
from onetomany.reidentification.classes import classes
from onetomany.reidentification.k_map import k_map_bands, k_map_of
from onetomany.reidentification.population import population_uniqueness
from onetomany.reidentification.release_findings import (
    changed_finding,
    reach_finding,
    record_finding,
    sensitive_finding,
    survey_finding,
)
from onetomany.report import table_page

SECRET = "gonorrhoea"
KEYS = ["--columns", "age,sex"]


def clinic() -> pl.DataFrame:
    """Twelve records: four groups by age and sex, one of a single record."""
    return pl.DataFrame(
        {
            "age": [30] * 4 + [40] * 4 + [50] * 3 + [61],
            "sex": ["F"] * 4 + ["M"] * 4 + ["F"] * 3 + ["M"],
            "illness": [SECRET] * 4 + ["flu", "cold"] * 2 + ["flu", "flu", SECRET] + ["cold"],
            "home": [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6],
            "weight": [10.0] * 12,
        }
    )


@pytest.fixture
def asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "clinic.csv"
    clinic().write_csv(file)

    def ask(*options: str) -> str:
        assert main(["risk", str(file), *options]) == 0
        said = capsys.readouterr().out
        assert SECRET not in said
        return said

    return ask


def test_a_sensitive_column_and_its_taxonomy(asked, tmp_path: Path) -> None:
    said = asked(*KEYS, "--sensitive", "illness")
    assert "in the worst group 100% of the records have the same value" in said
    assert "(l = 1)" in said
    # the group of the single cold: half the sum of |q - p| is 1 - 3/12
    assert "t = 0.75" in said
    taxonomy = tmp_path / "tree.csv"
    taxonomy.write_text(
        f"illness,kind,any\nflu,airways,all\ncold,airways,all\n{SECRET},other,all\n"
    )
    # the mean over two levels: 9/12 by illness, 5/12 by kind
    said = asked(*KEYS, "--sensitive", "illness", "--taxonomy", str(taxonomy))
    whole = sensitive_finding(clinic(), ["age", "sex"], "illness", pl.read_csv(taxonomy))
    assert f"t is {whole.frame['t'].max():.2f}" in said
    assert whole.frame["t"].max() == pytest.approx((7 / 12 + 7 / 12) / 2)
    assert SECRET not in whole.en + whole.ko
    assert "분류 체계" in whole.ko


def test_a_sensitive_column_is_no_column_to_look_at(asked) -> None:
    with_it, without = asked(), asked("--sensitive", "illness", "--weight", "weight")
    assert "age, sex, illness, home" in with_it
    assert "age, sex, home" in without


def test_survey_weights_and_households(asked) -> None:
    said = asked(*KEYS, "--weight", "weight")
    alone = survey_finding(clinic(), ["age", "sex"], "weight")
    expected = float((alone.frame["size"] * alone.frame["risk"]).sum())
    assert f"right for {expected:,.1f} of them" in said
    assert set(alone.frame.columns) == {"size", "risk"}
    said = asked(*KEYS, "--weight", "weight", "--household", "home")
    both = survey_finding(clinic(), ["age", "sex"], "weight", "home").frame
    assert both["own_risk"].sum() == pytest.approx(expected)
    assert both["risk"].sum() > 1.5 * expected
    assert f"it is {both['risk'].sum():,.1f}" in said


def test_a_table_of_everyone(asked, tmp_path: Path) -> None:
    everyone = tmp_path / "everyone.parquet"
    twins = pl.concat([clinic().filter(pl.col("age") < 61)] * 2 + [clinic().tail(1)])
    twins.write_parquet(everyone)
    said = asked(*KEYS, "--everyone", str(everyone))
    # groups of 4, 4, 3 and 1 among 8, 8, 6 and 1 people
    assert "1 of 12 records have the values of fewer than 5 people" in said
    assert "the rarest values are those of 1" in said
    assert f"{(4 / 8 + 4 / 8 + 3 / 6 + 1) / 12:.1%} of cases on average" in said
    assert "50% to 100% certainty" in said


def test_a_changed_copy(asked, tmp_path: Path) -> None:
    file, ages = tmp_path / "changed.csv", pl.col("age") + 1
    clinic().with_columns(ages).write_csv(file)
    said = asked(*KEYS, "--changed", str(file))
    # each group is nearest to its own changed records: one of 4, 4, 3, 1 by chance
    assert "finds 4.0 of 12 records (33.3%; 95 %" in said
    found = changed_finding(clinic(), clinic().with_columns(ages), ["age", "sex"])
    spread = float(np.std(clinic()["age"].to_numpy(), ddof=1))
    assert found.frame["il1s"][0] == pytest.approx(1 / np.sqrt(2) / spread)
    assert f"'age' {found.frame['il1s'][0]:.2f}" in said
    assert "IL1s" not in changed_finding(clinic(), clinic(), ["sex"]).en


def test_ways_to_reach_k_and_the_recoded_table(asked, tmp_path: Path) -> None:
    out = tmp_path / "recoded.csv"
    said = asked(*KEYS, "--reach", "3", "--recoded", str(out))
    assert "To have 3 or more alike in every group" in said
    assert "taking out records" in said
    assert "(1 records taken out)" in said
    recoded = pl.read_csv(out, infer_schema=False)
    assert classes(recoded, ["age", "sex"])["size"].min() >= 3
    assert recoded["illness"].to_list() == clinic()["illness"].to_list()
    losses = reach_finding(clinic(), ["age", "sex"], 3).frame
    assert losses["loss"].is_sorted()
    assert set(losses["method"]) >= {"local recoding", "suppression"}


def test_what_singles_one_record_out(asked) -> None:
    assert "Record 12 is singled out by: age." in asked(*KEYS, "--record", "12")
    assert "No set of up to 2 columns singles out record 1." in asked(*KEYS, "--record", "1")
    assert "12번 기록" in record_finding(clinic(), ["age", "sex"], 12).ko


def test_a_sample_in_bands_from_the_same_classes(asked) -> None:
    said = asked(*KEYS, "--population", "600")
    sizes = classes(clinic(), ["age", "sex"])["size"].to_numpy()
    bands = k_map_bands(sizes, 600)["records"].round().cast(pl.Int64)
    assert f"1: {bands[0]:,}; 2: {bands[1]:,}; 3–4: {bands[2]:,}" in said
    assert f"100+: {bands[-1]:,}." in said
    # 5 people have 0.1 records in such a sample: more than one is rarer than 1 %
    assert "ARX would ask for 3 or more records in each group" in said
    found = assess(clinic(), ["age", "sex"], population=600)
    whole = population_uniqueness(clinic(), ["age", "sex"], 600, groups=12).filter(model="dankar")
    assert found.estimate == whole.row(0, named=True)
    assert found.findings[1].frame.equals(k_map_of(sizes, 600))


def test_the_page_has_the_findings_too(
    asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        table_page, "_image", lambda spec: "data:,"
    )  # charts: tests/test_assessment
    page = tmp_path / "page.html"
    asked(*KEYS, "--sensitive", "illness", "--reach", "3", "--report", str(page))
    text = page.read_text(encoding="utf-8")
    assert "in the worst group 100%" in text
    assert "잃는 정보" in text
    assert SECRET not in text


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--taxonomy", "x.csv"], "column with --sensitive"),
        (["--household", "home"], "column with --weight"),
        (["--recoded", "x.csv"], "add --reach K"),
        (["--record", "13"], "There is no record 13: the table has records 1 to 12"),
        (["--sensitive", "illnes"], "no column 'illnes'"),
        (["--sensitive", "age"], "can't be sensitive and a quasi-identifier"),
    ],
)
def test_refusals(
    options: list[str], why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "clinic.csv"
    clinic().write_csv(file)
    assert main(["risk", str(file), *KEYS, *options]) != 0
    said = capsys.readouterr()
    assert why in said.err + said.out
