"""What an unreversed key links, what a small space means, renewals, and what is refused unread."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onetomany.accuracy import open_set_rates
from onetomany.errors import InputError
from onetomany.faces import synthetic
from onetomany.reidentification import persistent_key
from onetomany.sources import arrivals, travellers
from onetomany.sources.identifiers import _is_registration_number, refuse_identifiers

WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)


@pytest.fixture(scope="module")
def people() -> pl.DataFrame:
    return travellers.draw_travellers(3000, np.random.default_rng(1), koreans=0.3)


# --- the key as it is ----------------------------------------------------------------------------


@settings(deadline=None, max_examples=80)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 2), st.booleans()), min_size=1, max_size=25
    )
)
def test_linkage_is_a_plain_count(rows: list[tuple[int, int, bool]]) -> None:
    person = [one for one, _, _ in rows]
    key = [None if gap else one * 10 + passport for one, passport, gap in rows]
    table = pl.DataFrame({"person": person, "passport_key": pl.Series(key, dtype=pl.Int64)})
    found = persistent_key.key_linkage(table).row(0, named=True)
    number = {value: key.count(value) for value in key if value is not None}
    assert found["rows"] == len(rows)
    assert found["keys"] == len(number)
    assert found["keys_linking"] == sum(count > 1 for count in number.values())
    assert found["rows_linked"] == sum(count for count in number.values() if count > 1)
    assert found["share_linked"] == pytest.approx(found["rows_linked"] / len(rows))
    assert found["longest"] == max(number.values(), default=0)
    own: dict[int, set[int]] = {one: set() for one in person}
    for one, value in zip(person, key, strict=True):
        own[one] |= set() if value is None else {value}
    assert found["people"] == len(own)
    assert found["people_followed"] == sum(
        any(number[value] > 1 for value in values) for values in own.values()
    )
    assert found["people_split"] == sum(len(values) > 1 for values in own.values())
    pairs = [(a, b) for a, b in combinations(range(len(rows)), 2) if person[a] == person[b]]
    linked = sum(key[a] is not None and key[a] == key[b] for a, b in pairs)
    if pairs:
        assert found["pairs_linked"] == pytest.approx(linked / len(pairs))
    else:
        assert found["pairs_linked"] is None


def test_without_the_truth_only_the_key_is_counted() -> None:
    table = arrivals.draw_arrivals(arrivals.disclosed_plan(5000))
    known = persistent_key.key_linkage(table)
    blind = persistent_key.key_linkage(table.drop("person"))
    shared = ["rows", "keys", "keys_linking", "rows_linked", "share_linked", "longest"]
    assert blind.select(shared).equals(known.select(shared))
    assert blind["people"][0] is None
    with pytest.raises(InputError, match="column 'key'"):
        persistent_key.key_linkage(table, "key")


def test_more_trips_link_more_and_longer_passports_split_less() -> None:
    few, many = (
        persistent_key.key_linkage(
            arrivals.draw_arrivals(arrivals.disclosed_plan(30_000, mean_trips=trips))
        )
        for trips in (1.5, 6.0)
    )
    assert few["share_linked"][0] + 0.3 < many["share_linked"][0]
    for_life = persistent_key.key_linkage(
        arrivals.draw_arrivals(arrivals.disclosed_plan(30_000, validity=2000.0))
    )
    assert for_life["pairs_linked"][0] > 0.97


# --- reversal ------------------------------------------------------------------------------------


def test_a_small_space_gives_every_number_back() -> None:
    found = persistent_key.reverse_small_space(3, numbers=500, seed=4)
    assert found.values == 26_000
    assert found.found == found.numbers <= 500
    assert found.rate == pytest.approx(found.values / found.seconds)
    for digits in (0, 7):
        with pytest.raises(InputError, match="1 to 6 digits"):
            persistent_key.reverse_small_space(digits)


def test_what_is_not_in_the_space_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers are found by trying, not by having been told: one letter less, fewer found."""
    whole = persistent_key._space
    monkeypatch.setattr(persistent_key, "_space", lambda digits: list(whole(digits))[:13])
    found = persistent_key.reverse_small_space(2, numbers=400, seed=1)
    assert 0.3 < found.found / found.numbers < 0.7


def test_times_are_values_over_the_measured_rate() -> None:
    measured = persistent_key.Reversal(26_000, 0.02, 100, 100)
    times = persistent_key.reversal_times(measured, {"letter + 8 digits": 26e8})
    assert times["measured"].to_list() == [True] + [False] * 5
    by = {row["scheme"]: row for row in times.filter(~pl.col("measured")).iter_rows(named=True)}
    assert by["SHA-256"]["seconds"] == pytest.approx(26e8 / 1.3e6)
    assert by["SHA-256 and a known salt, each record"]["seconds"] == by["SHA-256"]["seconds"]
    assert by["PBKDF2, 100,000 rounds"]["seconds"] > 1000 * by["SHA-256"]["seconds"]
    assert by["HMAC, key unknown"]["values"] == 2.0**128
    assert by["HMAC, key unknown"]["seconds"] > 1e20 * by["HMAC, key known"]["seconds"]


def test_nothing_takes_a_hash_from_outside() -> None:
    """The demonstration reverses only what it made up itself."""
    known = hashlib.sha256(b"A00001").hexdigest()
    with pytest.raises(TypeError):
        persistent_key.reverse_small_space(3, hashes=[known])  # type: ignore[call-arg]


# --- renewal -------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [(), ("nationality",), ("nationality", "sex", "birth_year")])
def test_searches_across_a_renewal_are_those_of_a_plain_search(
    model: synthetic.TemplateModel, people: pl.DataFrame, columns: tuple[str, ...]
) -> None:
    renewed, total = 150, len(people)
    found, searched = persistent_key._renewal_searches(
        model, people, renewed, columns=columns, seed=2
    )
    drawn = synthetic.draw_people(model, total, 2)
    old = synthetic.draw_images(model, drawn, 1, 2)[: total - renewed]
    new = synthetic.draw_images(model, drawn, 1, 2, session=2)
    who = [*range(renewed), *range(total - renewed, total)]
    cell = [tuple(row) for row in people.select(columns).rows()] if columns else [()] * total
    sizes = []
    for row, one in zip(found.iter_rows(named=True), who, strict=True):
        allowed = np.array([cell[other] == cell[one] for other in range(total - renewed)])
        sizes.append(allowed.sum())
        scores = np.where(allowed, old @ new[one], -np.inf)
        assert row["mated"] == (one < renewed)
        if row["mated"]:
            assert row["mate_score"] == pytest.approx(scores[one], abs=1e-5)
            best = np.delete(scores, one).max(initial=-np.inf)
            assert row["mate_rank"] == 1 + (best > scores[one])
        else:
            best = scores.max()
            assert row["mate_rank"] is None
        assert row["other_score"] == pytest.approx(best, abs=1e-5)
    assert searched == pytest.approx(np.mean(sizes))


def test_the_face_links_again_and_columns_take_false_links_away(
    model: synthetic.TemplateModel, people: pl.DataFrame
) -> None:
    cut = 0.94
    found = persistent_key.relinked(model, people, 500, cut, seed=3)
    assert found.schema == pl.Schema(persistent_key.RELINKED)
    assert (found["relinked_low"] <= found["relinked"]).all()
    assert (found["relinked"] <= found["relinked_high"]).all()
    assert found["relinked"].min() > 0.5  # type: ignore[operator]
    assert (found["false_links"].diff().drop_nulls() <= 0).all()
    assert found["false_links"][0] > 3 * found["false_links"][3]
    assert (found["searched"].diff().drop_nulls() < 0).all()
    searches, _ = persistent_key._renewal_searches(model, people, 500, seed=3)
    rates = open_set_rates(searches, [cut])
    assert found["relinked"][0] == pytest.approx(1 - rates["fnir"][0])
    assert found["false_links"][0] == rates["fpir"][0]
    with pytest.raises(InputError, match="half of the 3000"):
        persistent_key._renewal_searches(model, people, 1501)


# --- what is refused -----------------------------------------------------------------------------


def number_of(born: date, code: int, serial: int) -> str:
    """A made-up registration number with its check digit, by hand."""
    digits = f"{born:%y%m%d}{code}{serial:05}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, WEIGHTS, strict=True))
    check = (11 - total % 11) % 10
    return digits + str((check + 2) % 10 if code >= 5 else check)


people_born = st.builds(
    number_of,
    st.dates(date(1930, 1, 1), date(2019, 12, 31)),
    st.integers(1, 8),
    st.integers(0, 99_999),
)


def refused(values: list[object], what: str, dtype: object = None) -> None:
    frame = pl.DataFrame({"fine": 1, "held": pl.Series(values, dtype=dtype)})  # type: ignore[arg-type]
    with pytest.raises(InputError) as caught:
        refuse_identifiers(frame)
    assert what in str(caught.value)
    assert "'held'" in str(caught.value)
    for value in values:
        assert value is None or len(str(value)) < 5 or str(value).strip() not in str(caught.value)


@settings(deadline=None, max_examples=60)
@given(number=people_born, words=st.sampled_from(["", "id ", "주민 "]))
def test_registration_numbers_are_refused(number: str, words: str) -> None:
    refused([f"{words}{number[:6]}-{number[6:]}", "x"], "resident registration")
    refused([number, None], "resident registration")
    if number[0] != "0" or number[1] != "0":  # of those born in 2000 numbers keep too little
        refused([int(number)], "resident registration")
        refused([float(number), None], "resident registration")
    refused([number], "resident registration", pl.Categorical)
    assert pl.select(_is_registration_number(pl.lit(number))).item()


@settings(deadline=None, max_examples=40)
@given(born=st.dates(date(2020, 10, 5), date(2026, 12, 31)), tail=st.integers(0, 999_999))
def test_numbers_without_a_check_digit_are_refused_too(born: date, tail: int) -> None:
    refused([f"{born:%y%m%d}3{tail:06}"] * 3, "resident registration")
    refused([f"{born:%y%m%d}-4{tail:06}"] + ["-"] * 999, "resident registration")


@settings(deadline=None, max_examples=60)
@given(
    start=st.sampled_from(["010", "011", "016", "019", "+82 10", "+82-10", "82 (0)10", "+8210"]),
    mark=st.sampled_from(["-", " ", ".", ""]),
    one=st.integers(1000, 9999),
    two=st.integers(0, 9999),
)
def test_mobile_numbers_are_refused(start: str, mark: str, one: int, two: int) -> None:
    number = f"{start}{mark}{one}{mark}{two:04}"
    refused(["zzzzzz", f"call {number}, please"], "mobile")
    refused([number], "mobile")
    if start == "010":
        refused([int(f"10{one}{two:04}")], "mobile")


@settings(deadline=None, max_examples=60)
@given(
    letter=st.sampled_from("MSRODmsrod"),
    digits=st.integers(0, 99_999_999),
    middle=st.sampled_from("ABCXYZ"),
)
def test_passport_numbers_are_refused(letter: str, digits: int, middle: str) -> None:
    text = f"{digits:08}"
    refused([f"{letter}{text}", "none"], "passport")
    refused([f"{letter}{text[:3]}{middle}{text[4:]}"], "passport")
    refused(["x", f"(no. {letter}{text})"], "passport")


@pytest.mark.parametrize(
    "name", ["passport_no", "Passport Number", "여권번호", "주민등록번호", "RRN", "휴대폰번호"]
)
def test_some_names_are_enough(name: str) -> None:
    with pytest.raises(InputError, match="by its name"):
        refuse_identifiers(pl.DataFrame({name: ["AB1234567"]}))


def test_one_number_among_a_million_words_is_enough() -> None:
    values = pl.Series(["flight"] * 200_000 + ["010-2345-6789"])
    with pytest.raises(InputError, match="mobile"):
        refuse_identifiers(pl.DataFrame({"note": values}))


def test_ordinary_columns_pass() -> None:
    rng = np.random.default_rng(0)
    day = pl.date_range(date(2018, 1, 1), date(2020, 12, 31), eager=True)[:1000]
    seconds = day.cast(pl.Datetime("ms")).dt.epoch("s")
    refuse_identifiers(
        pl.DataFrame(
            {
                "year": rng.integers(1900, 2021, 1000),
                "date": day,
                "date_text": day.cast(pl.String),
                "plain_date": day.dt.strftime("%Y%m%d"),
                "date_number": day.dt.strftime("%Y%m%d").cast(pl.Int64),
                "stamp": day.cast(pl.Datetime).dt.strftime("%Y%m%d%H%M%S"),
                "epoch_s": seconds,
                "epoch_ms": seconds * 1000,
                "flight": [f"KE{number}" for number in rng.integers(1, 9999, 1000)],
                "postal": [f"{number:05}" for number in rng.integers(1000, 63_999, 1000)],
                "old_postal": [f"{a}-{b}" for a, b in rng.integers(100, 799, (1000, 2))],
                "thirteen": rng.integers(10**12, 10**13, 1000),
                "thirteen_text": rng.integers(10**12, 10**13, 1000).astype(str),
                "isbn": [f"978{number}" for number in rng.integers(10**9, 10**10, 1000)],
                "code": [f"AB{number}" for number in rng.integers(10**7, 10**8, 1000)],
                "hash": [hashlib.sha256(bytes([n % 256])).hexdigest() for n in range(1000)],
                "amount": rng.random(1000) * 1e6,
                "nothing": [None] * 1000,
                "flag": [True, False] * 500,
            }
        )
    )
    refuse_identifiers(arrivals.draw_arrivals(arrivals.disclosed_plan(20_000)))
    refuse_identifiers(pl.DataFrame({"empty": []}))


def test_what_is_refused_by_mistake_is_what_the_documents_say() -> None:
    """Kept here so that docs/arrivals.md stays right about it."""
    refused(["S12345678"], "passport")  # a product's or a student's number of that form
    days = [date(2002, 1, 1) + timedelta(days=day) for day in range(300)]
    seconds = [int((day - date(1970, 1, 1)).total_seconds()) for day in days]
    refused(seconds, "mobile")  # seconds since 1970, of September 2001 to November 2004
