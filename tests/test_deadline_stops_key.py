"""Clocks that stop: a key made by hand from the laws' words, before the code was run on it."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from onetomany.requests.deadlines import HISTORY, deadlines
from onetomany.requests.procedures import procedures

LAWS = procedures()
with (Path(__file__).parent / "data" / "deadlines_stops_key.csv").open(encoding="utf-8") as file:
    KEY = list(csv.DictReader(file))
STOPPING = {"clarified", "fee_paid", "translated", "third_party_heard", "extended", "transferred"}


def history(written: str) -> pl.DataFrame:
    """From 'received:2026-03-02; extended:2026-03-20:size:2026-05-01'."""
    rows = []
    for event in written.split("; "):
        name, day, extension, until = (*event.split(":"), "", "")[:4]
        last = dt.date.fromisoformat(until) if until else None
        rows.append((name, dt.date.fromisoformat(day), extension or None, last, False))
    schema = {name: HISTORY[name] for name in ("event", "date", "extension", "until", "granted")}
    return pl.DataFrame(rows, schema=schema, orient="row")


@pytest.mark.parametrize("row", KEY, ids=lambda row: f"{row['case']}-{row['procedure']}")
def test_dates_with_stops_are_those_of_the_hand_made_key(row: dict[str, str]) -> None:
    found = deadlines(
        LAWS[row["procedure"]],
        history(row["events"]),
        today=dt.date.fromisoformat(row["today"]),
        region=row["region"] or None,
    )
    due = found.filter(step=row["step"]).row(0, named=True)
    assert (str(due["due"]), due["state"]) == (row["due"], row["state"]), (
        f"{row['rule']}; {row['why']}; {due['rule_en']}"
    )


def test_the_key_has_its_reasons_and_every_stop_of_every_law() -> None:
    assert len(KEY) >= 60
    assert all(row["rule"] and row["why"] for row in KEY)
    told = [{each.split(":")[0] for each in row["events"].split("; ")} for row in KEY]
    assert sum(bool(each & STOPPING) for each in told) >= 50
    asked = {
        (row["procedure"], name) for row, names in zip(KEY, told, strict=True) for name in names
    }
    for law in LAWS.values():
        for stop in law.stops:
            assert (law.id, stop.starts) in asked, f"{law.id} {stop.id} is in no case"
            assert (law.id, stop.ends) in asked, f"{law.id} {stop.id} is answered in no case"
