"""Simulate a log of requests as an example of a log: none of them was ever made.

Each request says so in its file (`simulated`), and so must a chart of them. Dates are counted back
from a given day, so that deadlines are running.
"""

import datetime as dt
from collections.abc import Mapping

import polars as pl

from onetomany.requests.days import working_days
from onetomany.requests.deadlines import deadline
from onetomany.requests.laws import Procedure
from onetomany.requests.log import Change, Event, Request

NOT_REAL = "requests that were never sent 보낸 적 없는 청구"


def simulate_requests(
    today: dt.date, laws: Mapping[str, Procedure], rows: pl.DataFrame
) -> list[Request]:
    """Return seven simulated requests for gaps, received up to 60 days before `today`.

    `laws` are the procedures by key, `rows` is `gaps.load_gaps`. One request each is answered
    in full, answered in part, refused and appealed, late, refused under the other law, just
    received, and waiting for its answer.
    """
    told, changed = _histories(today, laws)
    return [
        _request(rows.filter(gap=gap).row(0, named=True), history, changed.get(gap, []))
        for gap, history in told.items()
    ]


def _histories(
    today: dt.date, laws: Mapping[str, Procedure]
) -> tuple[dict[str, list[Event]], dict[str, list[Change]]]:
    """Return the events and the changes of each gap's request."""
    kr = working_days(laws["kr-oida"])

    def ago(days: int) -> dt.date:
        return kr.next_working(today - dt.timedelta(days=days))

    def in_time(received: dt.date, law: str = "kr-oida") -> dt.date:
        return min(deadline(laws[law], "decision", received).date, today)

    extended, full, refused = (in_time(ago(days)) for days in (55, 48, 40))
    part = kr.next_working(extended + dt.timedelta(days=9))
    own = in_time(ago(30), "kr-pipa-35")
    told: dict[str, list[Event]] = {
        "contracts": [
            Event(ago(55), "received"),
            Event(extended, "extended", extension="decision-extension"),
            Event(part, "partly", "prices and names blacked out", exemptions=("9-1-7", "9-1-6")),
        ],
        "decision": [Event(ago(48), "received"), Event(full, "answered", "the whole text")],
        "mou_text": [
            Event(ago(40), "received"),
            Event(refused, "refused", "said to be under review", exemptions=("9-1-5",)),
            Event(kr.next_working(refused + dt.timedelta(days=6)), "appealed"),
        ],
        "final_report": [Event(ago(35), "received")],
        "own_data": [
            Event(ago(30), "received"),
            Event(own, "refused", "immigration control", exemptions=("35-4-1",)),
        ],
        "firms": [Event(ago(20), "received")],
        "cameras": [Event(today, "received")],
    }
    return told, _changes(part, full)


def _changes(part: dt.date, full: dt.date) -> dict[str, list[Change]]:
    """Return the changes of the ledger by what came on two days: in part, and in full."""
    return {
        "contracts": [Change(part, "C38.1", "one source", "one source, and a document with gaps")],
        "decision": [
            Change(full, "C36", "no document", "read in the document"),
            Change(full, "C37", "contradicted", "read in the document, of other purposes"),
        ],
    }


def _request(row: Mapping[str, str], history: list[Event], changed: list[Change]) -> Request:
    first = history[0].date
    return Request(
        id=f"simulated-{row['gap'].replace('_', '-')}",
        title=row["what_en"],
        procedure=row["procedure"],
        body=row["body_ko"],
        template=row["template"],
        language="ko",
        simulated=True,
        gaps=(row["gap"],),
        claims=tuple(row["claims"].split(";")),
        history=(Event(first, "drafted"), Event(first, "sent"), *history),
        changes=tuple(changed),
        notes=f"SIMULATED 모의 자료: {NOT_REAL}",
    )
