"""An export of Alaveteli says more than one outcome: which is the review's, and what is missing."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

from onetomany.requests import imports, status
from onetomany.requests.log import Request
from onetomany.requests.procedures import procedures


def thread(folder: Path, *events: tuple[str, str, str | None]) -> Request:
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
    file = folder / "thread.json"
    file.write_text(json.dumps(export))
    return imports.read_export(file, "uk-foia-2000")


def test_an_outcome_after_an_appeal_is_that_of_the_review(tmp_path: Path) -> None:
    found = thread(
        tmp_path,
        ("sent", "2026-03-02", "waiting_response"),
        ("response", "2026-03-20", "rejected"),
        ("followup_sent", "2026-03-25", "internal_review"),
        ("response", "2026-04-10", "partially_successful"),
    )
    told = [each.event for each in found.history]
    assert told == ["sent", "refused", "appealed", "appeal_decided"]
    laws = procedures()
    due = status.due([found], laws, today=dt.date(2026, 6, 30))
    review = due.filter(step="review")
    assert review["state"].to_list() == ["done"]
    # a mere acknowledgement decides no review
    waiting = thread(
        tmp_path,
        ("sent", "2026-03-02", "waiting_response"),
        ("response", "2026-03-20", "rejected"),
        ("followup_sent", "2026-03-25", "internal_review"),
        ("response", "2026-03-27", "internal_review"),
    )
    assert [each.event for each in waiting.history][-1] == "message"


def test_a_request_sent_again_and_what_no_export_tells(tmp_path: Path) -> None:
    found = thread(
        tmp_path, ("sent", "2026-03-02", "waiting_response"), ("resent", "2026-03-09", None)
    )
    assert [(each.event, each.note) for each in found.history] == [
        ("sent", ""),
        ("sent", "sent again"),
    ]
    assert "extensions, fees, transfers and third parties" in found.notes
