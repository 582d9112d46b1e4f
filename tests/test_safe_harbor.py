"""HIPAA's Safe Harbor list: each of the 18 seen by name and content, and never a value."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onetomany.cli import main
from onetomany.errors import InputError
from onetomany.reidentification.assessment import assess
from onetomany.reidentification.classes import classes
from onetomany.reidentification.risk_findings import (
    column_finding,
    k_map_finding,
    safe_harbor_finding,
)
from onetomany.reidentification.safe_harbor import SAFE_HARBOR, safe_harbor, safe_harbor_rule

LETTERS = "ABCDEFGHIJKLMNOPQR"


def seen(**columns: object) -> list[tuple[str, str, str, int]]:
    found = safe_harbor(pl.DataFrame(columns), year=2024)
    return found.select("identifier", "column", "seen_in", "records").rows()


def test_the_rule_has_its_eighteen_and_a_source() -> None:
    rule = safe_harbor_rule()
    assert "".join(each["letter"] for each in rule["identifier"]) == LETTERS
    assert len(set(rule["zip3"]["restricted"])) == 17
    assert all(len(code) == 3 for code in rule["zip3"]["restricted"])
    assert rule["zip3"]["url"].startswith("https://www.hhs.gov/")
    assert all(each["en"] and each["ko"] and each["names"] for each in rule["identifier"])


@pytest.mark.parametrize(
    ("letter", "name"),
    [
        ("A", "Patient Name"), ("A", "lastName"), ("A", "성명"), ("B", "street"), ("B", "County"),
        ("C", "date-of-birth"), ("C", "생년월일"), ("D", "mobile_no"), ("E", "Fax Number"),
        ("F", "E-mail"), ("G", "SSN"), ("H", "patientId"), ("I", "policy number"),
        ("J", "account_no"), ("K", "license_number"), ("L", "VIN"), ("M", "device serial"),
        ("N", "website"), ("O", "ip_address"), ("P", "fingerprint"), ("Q", "photo_path"),
        ("R", "employee id"),
    ],
)  # fmt: skip
def test_names_of_columns(letter: str, name: str) -> None:
    assert seen(**{name: ["x", "y", None]}) == [(letter, name, "name", 2)]


@pytest.mark.parametrize(
    ("letter", "value"),
    [
        ("B", "12 North Main Street"), ("C", "2024-03-05"), ("C", "3/5/2024"), ("C", "March 2024"),
        ("D", "(415) 555-2671"), ("D", "+44 20 7946 0000"), ("F", "who@example.org"),
        ("G", "078-05-1120"), ("I", "1EG4-TE5-MK73"), ("J", "GB29 NWBK 6016 1331 9268 19"),
        ("L", "1HGCM82633A004352"), ("M", "00:1A:2B:3C:4D:5E"), ("N", "see www.example.org/a"),
        ("O", "192.168.0.17"), ("O", "2001:db8::8a2e:370:7334"), ("Q", "face_01.JPG"),
        ("R", "123e4567-e89b-12d3-a456-426614174000"), ("R", "d41d8cd98f00b204e9800998ecf8427e"),
    ],
)  # fmt: skip
def test_contents_of_columns(letter: str, value: str) -> None:
    rows = seen(remark=["none", value, None])
    assert (letter, "remark", "content", 1) in rows
    assert {each for each, *_ in rows} == {letter}


@pytest.mark.parametrize(
    "name",
    [
        "drug_name",
        "hospital",
        "country",
        "state",
        "age_group",
        "test",
        "dose",
        "link",
        "update",
    ],
)
def test_columns_that_name_nobody(name: str) -> None:
    assert seen(**{name: ["a", "b", "a"]}) == []


def test_ages_and_years_of_birth() -> None:
    assert seen(age=[89, 90, 101, None]) == [("C", "age", "content", 2)]
    assert seen(age=["89", "90.5", "90+"]) == [("C", "age", "content", 1)]
    assert seen(birthYear=[1933, 1934, 1935]) == [("C", "birthYear", "content", 2)]
    assert seen(age_group=["90+", "80-89"]) == []
    assert seen(discharge_date=[2019, 2020]) == []  # years may stay
    assert seen(admitted=[date(2024, 1, 2), None]) == [("C", "admitted", "content", 1)]
    assert seen(when=[20240305, 20240306]) == [("C", "when", "content", 2)]


def test_zip_codes() -> None:
    assert seen(zip=["03601", "941", "00000", None]) == [("B", "zip", "content", 1)]
    assert seen(zip3=["036", "941", "000"]) == [("B", "zip3", "content", 1)]
    assert seen(zip3=[36, 941]) == [("B", "zip3", "content", 1)]  # without its zero
    assert seen(zip=[3601, 94110]) == [("B", "zip", "content", 2)]
    assert seen(zip=["036**", "94110-1234"]) == [
        ("B", "zip", "content", 1), ("B", "zip", "content", 1),
    ]  # fmt: skip
    assert seen(postcode=["SW1A 1AA"]) == [("B", "postcode", "name", 1)]


def test_a_column_that_differs_everywhere_is_a_key() -> None:
    assert seen(code=list(range(30))) == [("R", "code", "content", 30)]
    assert seen(code=list(range(5))) == []  # so few differ by chance
    assert seen(weight=[n / 7 for n in range(30)]) == []
    with pytest.raises(InputError, match="no records"):
        safe_harbor(pl.DataFrame({"a": []}), year=2024)


secrets = st.one_of(
    st.from_regex(r"\A[0-8]\d{2}-\d{2}-\d{4}\Z"),
    st.from_regex(r"\A010-\d{4}-\d{4}\Z"),
    st.from_regex(r"\A[a-z]{3,9}@[a-z]{3,9}\.org\Z"),
    st.from_regex(r"\A(19|20)\d\d-0[1-9]-[12]\d\Z"),
    st.from_regex(r"\A[MS]\d{8}\Z"),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(secrets, min_size=1, max_size=5, unique=True), st.booleans())
def test_no_value_is_told(values: list[str], as_name: bool) -> None:
    table = pl.DataFrame({values[0] if as_name else "remark": values, "age": [91] * len(values)})
    found = safe_harbor_finding(table, 2024)
    told = " ".join([found.en, found.ko, *map(str, found.frame.rows())])
    assert found.frame.schema == SAFE_HARBOR
    assert len(found.frame) >= 2
    # a date is no number that names somebody: a column may be called so
    assert not any(value in told for value in values[as_name and len(values[0]) == 10 :])


# -- findings


def people() -> pl.DataFrame:
    ages = [20 + n % 40 for n in range(200)]
    return pl.DataFrame({"age": ages, "sex": ["F", "M"] * 100, "one": ["x"] * 199 + ["rare"]})


def test_findings_name_the_column_and_both_languages() -> None:
    found = column_finding(people(), ["age", "sex", "one"], 20_000)
    assert found is not None
    assert found.frame["column"][0] == "one"
    assert "1 of 200 records" in found.en
    assert "'one' gives away most" in found.en
    assert "1 % of the population" in found.en
    assert "기록 200건 가운데 1건" in found.ko
    nobody = column_finding(people().head(80), ["age", "sex"])
    assert nobody is not None
    assert nobody.en == "No set of up to 2 columns singles out a record."
    assert column_finding(people(), ["age"]) is None


def test_findings_of_a_sample_say_how_far_the_model_is_off() -> None:
    sizes = classes(people(), ["age", "sex", "one"])["size"].to_numpy()
    found = k_map_finding(sizes, 20_000)
    share = found.frame.filter(model="negative binomial")["share"].item()
    assert f"{share:.1%}" in found.en
    assert "points off on average" in found.en
    assert f"{share:.1%}" in found.ko
    assert len(assess(people(), ["age", "sex"], population=20_000).findings) == 3
    assert "No column looks like" in safe_harbor_finding(people(), 2024).en


def test_the_command_tells_the_findings(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "people.csv"
    people().with_columns(zip3=pl.lit("036")).write_csv(file)
    asked = ["risk", str(file), "--population", "20000", "--safe-harbor", "2024"]
    assert main(asked) == 0
    told = capsys.readouterr().out
    assert "Column 'one' gives away most" in told
    assert "fewer than 5 of them" in told
    assert "(B) Geographic subdivisions smaller than a state: 'zip3'" in told
    assert "036" not in told
