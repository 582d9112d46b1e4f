"""Clocks that stop: cases reckoned by hand, and that no body is called late which waits."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onetomany.requests import imports, status
from onetomany.requests.calendar import ics
from onetomany.requests.days import working_days
from onetomany.requests.deadlines import deadlines
from onetomany.requests.procedures import procedures

LAWS = procedures()
UK, US = LAWS["uk-foia-2000"], LAWS["us-foia"]


def decision(law: str, events: dict[str, str], today: str) -> dict[str, object]:
    history = pl.DataFrame(
        {
            "event": [name.split("/")[0] for name in events],
            "date": [dt.date.fromisoformat(day) for day in events.values()],
        }
    )
    found = deadlines(LAWS[law], history, today=dt.date.fromisoformat(today))
    return found.filter(step="decision").row(0, named=True)


# asked on Thursday 2026-10-01: without a stop UK 2026-10-29, US 2026-10-30 (Columbus Day is off)
CASES = [
    ("uk-foia-2000", {}, "2026-10-29", "2026-10-29", "running"),
    ("uk-foia-2000", {}, "2026-10-29", "2026-10-30", "overdue"),
    # 20 working days from 20 October, when the clarification came
    ("uk-foia-2000", {"clarification_asked": "2026-10-12", "clarified": "2026-10-20"},
     "2026-11-17", "2026-11-17", "running"),
    ("uk-foia-2000", {"clarification_asked": "2026-10-12", "clarified": "2026-10-20"},
     "2026-11-17", "2026-11-18", "overdue"),
    # asked twice
    ("uk-foia-2000", {"clarification_asked": "2026-10-12", "clarified": "2026-10-20",
                      "clarification_asked/2": "2026-10-21", "clarified/2": "2026-10-22"},
     "2026-11-19", "2026-11-01", "running"),
    # not answered yet: as if it came today; St Andrew's Day, 30 November, is off in Scotland
    ("uk-foia-2000", {"clarification_asked": "2026-10-12"}, "2026-12-21", "2026-11-20", "stopped"),
    # asked when the time had passed: late already
    ("uk-foia-2000", {"clarification_asked": "2026-11-02"}, "2026-10-29", "2026-11-20", "overdue"),
    # the five working days from 12 to 16 October
    ("uk-foia-2000", {"fee_asked": "2026-10-12", "fee_paid": "2026-10-16"},
     "2026-11-05", "2026-11-05", "running"),
    ("uk-foia-2000", {"fee_asked": "2026-10-12"}, "2026-12-11", "2026-11-20", "stopped"),
    # a fee, and then a clarification: all runs anew
    ("uk-foia-2000", {"fee_asked": "2026-10-12", "fee_paid": "2026-10-16",
                      "clarification_asked": "2026-10-19", "clarified": "2026-10-20"},
     "2026-11-17", "2026-11-17", "running"),
    # decided while it stood still, and afterwards
    ("uk-foia-2000", {"clarification_asked": "2026-10-12", "decided": "2026-10-13"},
     "2026-11-10", "2026-11-20", "done"),
    ("uk-foia-2000", {"decided": "2026-10-13", "clarification_asked": "2026-10-14"},
     "2026-10-29", "2026-11-20", "done"),
    ("us-foia", {}, "2026-10-30", "2026-10-30", "running"),
    # 14 to 16 October are left out
    ("us-foia", {"clarification_asked": "2026-10-14", "clarified": "2026-10-16"},
     "2026-11-04", "2026-11-04", "running"),
    # an agency may ask once
    ("us-foia", {"clarification_asked": "2026-10-14", "clarified": "2026-10-16",
                 "clarification_asked/2": "2026-10-20", "clarified/2": "2026-10-22"},
     "2026-11-04", "2026-11-05", "overdue"),
    # but about fees besides
    ("us-foia", {"clarification_asked": "2026-10-14", "clarified": "2026-10-16",
                 "fee_asked": "2026-10-20", "fee_paid": "2026-10-21"},
     "2026-11-06", "2026-11-06", "running"),
]  # fmt: skip


@pytest.mark.parametrize(("law", "events", "due", "today", "state"), CASES)
def test_by_hand(law: str, events: dict[str, str], due: str, today: str, state: str) -> None:
    row = decision(law, {"received": "2026-10-01"} | events, today)
    assert (str(row["due"]), row["state"]) == (due, state)
    assert row["overdue"] == (state == "overdue")
    if state == "stopped":
        assert "has been stopped since 2026-10-12" in str(row["rule_en"])
        assert "멈춰 있다" in str(row["rule_ko"])


def test_a_clarified_thread_of_alaveteli_runs_from_the_clarification(tmp_path: Path) -> None:
    """It was told as overdue, the body being late by 13 days: it is not."""
    events = [
        ("sent", "2026-10-01", None),
        ("response", "2026-10-12", "waiting_clarification"),
        ("followup_sent", "2026-10-20", "waiting_response"),
    ]
    export = {
        "id": 1,
        "title": "Face recognition at ports",
        "public_body": {"name": "Home Office"},
        "info_request_events": [
            {
                "event_type": kind,
                "created_at": f"{day}T10:00:00.000+01:00",
                "calculated_state": state,
            }
            for kind, day, state in events
        ],
    }
    file = tmp_path / "thread.json"
    file.write_text(json.dumps(export))
    request = imports.read_export(file, "uk-foia-2000")
    told = [each.event for each in request.history]
    assert told == ["sent", "clarification_asked", "clarified"]
    for today, state in (("2026-11-17", "running"), ("2026-11-18", "overdue")):
        due = status.due([request], LAWS, today=dt.date.fromisoformat(today))
        (row,) = due.filter(step="decision").iter_rows(named=True)
        assert (str(row["due"]), row["state"]) == ("2026-11-17", state)
    assert "clarification" in row["rule_en"]


def test_what_stands_still_is_in_no_calendar() -> None:
    history = pl.DataFrame(
        {
            "event": ["received", "clarification_asked"],
            "date": [dt.date(2026, 10, 1), dt.date(2026, 10, 12)],
        }
    )
    found = deadlines(UK, history, today=dt.date(2026, 11, 20))
    assert found.filter(state="stopped").height == 1
    assert "BEGIN:VEVENT" not in ics_of(found.filter(state="stopped"))


def ics_of(due: pl.DataFrame) -> str:
    named = due.with_columns(request=pl.lit("r"), title=pl.lit("t"), simulated=pl.lit(False))
    return ics(named, stamp=dt.date(2026, 11, 20)).decode()


@settings(deadline=None, max_examples=60)
@given(st.dates(dt.date(2026, 1, 5), dt.date(2026, 9, 1)), st.integers(1, 14), st.integers(0, 30))
def test_pauses_leave_out_their_working_days_and_no_others(
    received: dt.date, after: int, long: int
) -> None:
    since, until = received + dt.timedelta(days=after), received + dt.timedelta(days=after + long)
    events = {"received": received, "fee_asked": since, "fee_paid": until}
    row = decision("uk-foia-2000", {k: str(v) for k, v in events.items()}, "2026-12-31")
    days, day, left = working_days(UK, None), received, 20
    while left:
        day += dt.timedelta(days=1)
        left -= days.works(day) and not since <= day <= until
    assert row["due"] == day
