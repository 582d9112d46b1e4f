"""Compile the commenter's list: bits, people left, source and assumption of each fact.

A reader of the article listed facts that anyone might know of him: his hours at work, his nights at
home, jeans 34-34, make and model of his car, the same restaurant every other Tuesday, a
prescription, trips with dates. Each figure is computed in the run from tables of the kit, or
published.
"""

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import polars as pl

from onetomany.accuracy.reckoner_words import short_number
from onetomany.errors import InputError
from onetomany.sources import travellers
from .mosaic import habits

FACT_LIST = {
    "fact_en": pl.String,
    "fact_ko": pl.String,
    "bits_low": pl.Float64,  # null if the size of the population isn't known
    "bits_high": pl.Float64,  # null: no upper limit is known
    "left_low": pl.Float64,  # people left, of `of`
    "left_high": pl.Float64,
    "of": pl.Float64,  # the population; null if unknown
    "of_en": pl.String,
    "of_ko": pl.String,
    "source": pl.String,
    "source_ko": pl.String,  # null: the same, since it is a title
    "url": pl.String,  # of the publication; null if computed in the run
    "assumption_en": pl.String,
    "assumption_ko": pl.String,
    "simulated": pl.Boolean,
}
PICKED = {
    "group": pl.String,  # a person has one value of each group
    "fact": pl.String,  # in both languages
    "share": pl.Float64,
    "of_en": pl.String,  # the people among whom it is counted
    "of_ko": pl.String,
    "source": pl.String,
}
MILLION = 1_000_000
_two_digits = partial(short_number, digits=2, whole=False)
INCH = 2.54  # cm


def fact_list(
    published: pl.DataFrame, receipts: pl.DataFrame, body: pl.DataFrame, arrived: pl.DataFrame
) -> pl.DataFrame:
    """Return the list (FACT_LIST), in the commenter's order.

    Takes `sources.everyday.published_facts`, the tables 'receipts' and 'body' of
    `sources.microdata`, and `crowds.crowds` of simulated arrivals by every combination of columns.
    Published shares are turned into people left of a million. Raises InputError if a published fact
    or a combination is missing.
    """
    home, car, medicine = (
        _published(published, name) for name in ("home_and_work", "car", "prescription")
    )
    rows = [home, _jeans(body), car, _every_other_week(receipts), medicine, *_trips(arrived)]
    return pl.DataFrame([{"simulated": False} | row for row in rows], schema=FACT_LIST)


def _waist_34(body: pl.DataFrame) -> tuple[float, int]:
    """Return the share of men whose waist is 33 up to 35 inches, and how many men were measured."""
    men = body.filter(sex="Male")["waist_cm"].drop_nulls() / INCH
    share = float(men.is_between(33, 35, closed="left").mean() or 0.0)  # type: ignore[arg-type]
    if not share:
        raise InputError("The table contains no man with such a waist, so jeans can't be counted.")
    return share, len(men)


def everyday_facts(published: pl.DataFrame, body: pl.DataFrame) -> pl.DataFrame:
    """Return facts with one share each, to choose from (PICKED).

    Nationality, sex and age are those of foreign arrivals in Korea (`travellers.margins`); car,
    medicine and waist as in `fact_list`. Each is counted among different people.
    """
    margins = travellers.margins()
    rows = [
        (margin, f"{_MARGINS[margin]}: {value}", share, *_ARRIVALS, travellers.SOURCE)
        for margin in _MARGINS
        for value, share in margins.filter(margin=margin)
        .with_columns(share=pl.col("arrivals") / pl.col("arrivals").sum())
        .sort("share", descending=True)
        .select("value", "share")
        .iter_rows()
    ]
    for each in published.drop_nulls("share_low").iter_rows(named=True):
        rows += [
            (
                each["id"],
                f"{each[f'{end}_en']} {each[f'{end}_ko']}",
                each[f"share_{end}"],
                each["of_en"],
                each["of_ko"],
                each["source"],
            )
            for end in ("low", "high")
        ]
    share, men = _waist_34(body)
    of = (f"{men:,} men of a US survey", f"미국 조사의 남성 {men:,}명")
    rows.append(("waist", "waist 34 inches 허리 34인치", share, *of, _NHANES))
    return pl.DataFrame(rows, schema=PICKED, orient="row")


def describe_facts(listed: pl.DataFrame) -> list[tuple[str, str]]:
    """Return a sentence in English and Korean for each fact of the list, for `prose.say`."""
    said = []
    for row in listed.iter_rows(named=True):
        shown = _two_digits if row["simulated"] else "{:,.0f}".format
        low, high = shown(row["left_low"]), shown(row["left_high"])
        of = f"{shown(row['of'])} " if row["of"] else ""
        bits, bits_ko = _bits(row)
        source, source_ko = (
            f"[{name}]({row['url']})" if row["url"] else name
            for name in (row["source"], row["source_ko"] or row["source"])
        )
        simulated = ("In a simulation: ", "모의 자료: ") if row["simulated"] else ("", "")
        said.append(
            (
                f"{simulated[0]}**{row['fact_en']}**: {bits}; {low} to {high} left of {of}"
                f"{row['of_en']}. Assumed: {row['assumption_en']} Source: {source}.",
                f"{simulated[1]}**{row['fact_ko']}**: {bits_ko}. {row['of_ko']} {of}가운데 남는 "
                f"수는 {low}~{high}. 가정: {row['assumption_ko']} 출처: {source_ko}.",
            )
        )
    return said


def _bits(row: Mapping[str, Any]) -> tuple[str, str]:
    if row["bits_low"] is None:
        return "no bits, since the population isn't given", "모집단의 크기가 없어 비트는 알 수 없다"
    shown = _two_digits if row["simulated"] else "{:.1f}".format
    low = shown(row["bits_low"])
    if row["bits_high"] is None:
        return f"{low} bits or more", f"{low}비트 이상"
    high = shown(row["bits_high"])
    return f"{low} to {high} bits", f"{low}~{high}비트"


def _published(facts: pl.DataFrame, name: str) -> dict[str, Any]:
    found = facts.filter(id=name)
    if len(found) != 1:
        raise InputError(f"There is no published figure for '{name}'.")
    row = found.row(0, named=True)
    same = {key: row[key] for key in row if key in FACT_LIST}
    if row["share_low"] is None:
        return same
    return same | {
        "bits_low": -math.log2(row["share_high"]),
        "bits_high": -math.log2(row["share_low"]),
        "left_low": row["share_low"] * MILLION,
        "left_high": row["share_high"] * MILLION,
        "of": MILLION,
    }


def _jeans(body: pl.DataFrame) -> dict[str, Any]:
    """Return bounds for jeans: without a published table of lengths, all or none may remain."""
    share, men = _waist_34(body)
    return {
        "fact_en": "jeans 34-34",
        "fact_ko": "청바지 34-34 사이즈",
        "bits_low": -math.log2(share),
        "left_low": 0.0,
        "left_high": share * MILLION,
        "of": MILLION,
        "of_en": "men of the United States",
        "of_ko": "미국 남성",
        "source": _NHANES,
        "source_ko": _NHANES_KO,
        "assumption_en": "A waist of 33 up to 35 inches, counted without weights among "
        f"{men:,} men. No table of lengths was found, so only the most people left is "
        "known.",
        "assumption_ko": "허리둘레 33인치 이상 35인치 미만. 가중치 없이 남성 "
        f"{men:,}명에서 세었다. 다리 길이는 읽을 수 있는 표가 없어, 남는 사람은 상한만 알 수 있다.",
    }


def _every_other_week(receipts: pl.DataFrame) -> dict[str, Any]:
    found, total = habits(receipts), receipts["household"].n_unique()
    if not len(found):
        raise InputError("No household has such a habit, so it can't be counted.")
    low, high = (float(found["crowd"].quantile(share, "nearest") or 1) for share in (0.05, 0.95))
    return {
        "fact_en": "the same restaurant every other Tuesday",
        "fact_ko": "격주 화요일마다 가는 같은 식당",
        **_left(low, high, total),
        "of_en": "households of the Complete Journey",
        "of_ko": "Complete Journey 자료의 가구",
        "source": "84.51°, The Complete Journey (this run); one of the two packages that carry it "
        "calls it simulated",
        "source_ko": "84.51°, The Complete Journey(이번 실행). 이를 담은 두 패키지 가운데 하나는 "
        "모의 자료라고 한다",
        "assumption_en": "A shop replaces the restaurant, any weekday Tuesday: "
        f"{len(found)} households were in one store on one weekday on 26 days or more. Frequent "
        "shoppers of one retailer; in a city more people share the habit.",
        "assumption_ko": "식당 대신 가게, 화요일 대신 아무 요일로 보았다. 한 가게에 한 요일에 26일 "
        f"이상 간 가구는 {len(found)}곳이다. 한 소매점의 단골이며, 도시 전체에서는 습관이 같은 "
        "사람이 더 많다.",
    }


def _trips(arrived: pl.DataFrame) -> list[dict[str, Any]]:
    asked = {
        "arrival_date": ("the date of one trip", "여행 한 번의 날짜"),
        "nationality + birth_year + arrival_date": (
            "a trip's date, nationality and year of birth",
            "여행 날짜에 국적과 출생 연도까지",
        ),
    }
    rows = []
    for columns, (en, ko) in asked.items():
        found = arrived.filter(columns=columns)
        if len(found) != 1:
            raise InputError(f"The crowds have no row for '{columns}'.")
        row = found.row(0, named=True)
        rows.append(
            {
                "fact_en": en,
                "fact_ko": ko,
                **_left(float(row["low"]), float(row["high"]), row["rows"]),
                "of_en": "simulated records of arrival",
                "of_ko": "모의 입국 기록",
                "source": f"Simulated from published margins ({travellers.SOURCE_PAIR[0]})",
                "source_ko": f"공표된 합계로 모의({travellers.SOURCE_PAIR[1]})",
                "assumption_en": "Nationality, sex and age independent; dates even within a year.",
                "assumption_ko": "국적, 성별, 나이는 서로 독립이고 날짜는 한 해 안에서 고르다고 "
                "가정했다.",
                "simulated": True,
            }
        )
    return rows


def _left(low: float, high: float, total: int) -> Mapping[str, float]:
    return {
        "bits_low": math.log2(total / high),
        "bits_high": math.log2(total / low),
        "left_low": low,
        "left_high": high,
        "of": float(total),
    }


_MARGINS = {"nationality": "nationality 국적", "sex": "sex 성별", "age": "age 나이"}
_ARRIVALS = ("foreign arrivals in Korea", "한국에 입국한 외국인")
_NHANES = "National Center for Health Statistics, NHANES 2017-2018 (this run)"
_NHANES_KO = "National Center for Health Statistics, NHANES 2017-2018(이번 실행)"
