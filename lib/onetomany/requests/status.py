"""Report the state of every request: its deadlines, delays, refusals and changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

import duckdb
import polars as pl

from onetomany.documents.case_file import transaction
from onetomany.errors import InputError
from .deadlines import DEADLINES, deadline, deadlines
from .laws import Procedure
from .log import GRANTS, LOG_EVENTS, WORDS, Event, Request

EVENT_ROWS = {
    "request": pl.String,
    "event_no": pl.Int32,  # from 1, as written
    "date": pl.Date,
    "event": pl.String,  # of log.LOG_EVENTS
    "legal_event": pl.String,  # of laws.EVENTS, or null
    "extension": pl.String,
    "until": pl.Date,  # last day of an extension, if the law leaves its length open
    "note": pl.String,
}
DUE = {"request": pl.String, "title": pl.String, "body": pl.String, **DEADLINES}
STATUS = {
    "request": pl.String,
    "title": pl.String,
    "body": pl.String,
    "procedure": pl.String,
    "simulated": pl.Boolean,
    "since": pl.Date,  # of the state
    "state": pl.String,  # the last event but a message
    "state_en": pl.String,
    "state_ko": pl.String,
    "next_step": pl.String,  # the next open deadline; null without one
    "next_en": pl.String,
    "next_ko": pl.String,
    "whose": pl.String,
    "due": pl.Date,
    "days_left": pl.Int64,  # negative: late
    "late": pl.Int64,  # days that the body is, or was when it decided, behind its first decision
}
WAITS = {
    "procedure": pl.String,
    "name_en": pl.String,
    "name_ko": pl.String,
    "due": pl.Date,
    "longest": pl.Date,  # with every extension of the decision whose length the law sets
    "open": pl.Boolean,  # there is another, whose length the body names
    "rule_en": pl.String,  # of the longest
    "rule_ko": pl.String,
    "article": pl.String,
    "verified": pl.String,
}
REFUSALS = {
    "request": pl.String,
    "title": pl.String,
    "body": pl.String,
    "date": pl.Date,
    "event": pl.String,
    "exemption": pl.String,
    "article": pl.String,
    "ground_en": pl.String,
    "ground_ko": pl.String,
    "answer_en": pl.String,
    "answer_ko": pl.String,
}
CHANGES = {
    "request": pl.String,
    "date": pl.Date,
    "claim_id": pl.String,
    "before": pl.String,
    "after": pl.String,
    "note": pl.String,
}


def events(requests: Sequence[Request]) -> pl.DataFrame:
    """Return every event of every request in the log: a frame of EVENT_ROWS."""
    rows = [
        {
            "request": request.id,
            "event_no": number,
            "date": each.date,
            "event": each.event,
            "legal_event": LOG_EVENTS[each.event] or None,
            "extension": each.extension or None,
            "until": each.until,
            "note": each.note or None,
        }
        for request in requests
        for number, each in enumerate(request.history, 1)
    ]
    return pl.DataFrame(rows, schema=EVENT_ROWS)


def due(
    requests: Sequence[Request], laws: Mapping[str, Procedure], *, today: dt.date
) -> pl.DataFrame:
    """Return every deadline of every request, done or not, with its rule: a frame of DUE.

    Raises InputError if a request's procedure is not in `laws`.
    """
    found = [pl.DataFrame(schema=DUE)]
    for request in requests:
        history = events([request]).drop_nulls("legal_event")
        granted = pl.col("event").is_in(GRANTS)
        legal = history.select("date", "extension", "until", event="legal_event", granted=granted)
        law = _law(request, laws)
        try:
            running = deadlines(law, legal, today=today, region=request.region or None)
        except InputError as error:
            raise InputError(f"{error} This is in request '{request.id}'.") from error
        said = {"request": request.id, "title": request.title, "body": request.body}
        found.append(
            running.with_columns(pl.lit(v).alias(k) for k, v in said.items()).select(list(DUE))
        )
    return pl.concat(found)


def not_counted(request: Request, *, today: dt.date) -> str:
    """Return why no deadline of a decision can be counted, with a remedy; '' if one can.

    In every law here it runs from the day on which the authority received the request, or received
    the clarification it asked for. '' also if the request is closed.
    """
    told = {each.event for each in request.history if each.date <= today}
    if told & {"received", "clarified", "closed", "withdrawn"}:
        return ""
    lacks = "no event 'received'" if "sent" in told else "neither an event 'sent' nor 'received'"
    return (
        f"Request '{request.id}' has {lacks} up to {today}, so no deadline of a decision can "
        f"be counted: once you know the day on which the body received it, add it with "
        f"'onetomany requests "
        f"answer {request.id} received --date YYYY-MM-DD'."
    )


def waits(laws: Mapping[str, Procedure], received: dt.date) -> pl.DataFrame:
    """Return the time that each law allows for a request received on a day: a frame of WAITS."""
    rows = []
    for name, law in laws.items():
        found = deadline(law, "decision", received)
        more = [each.id for each in law.extensions if each.step == "decision"]
        longest = deadline(law, "decision", received, extensions=more)
        rows.append(
            {"procedure": name, "name_en": law.name.en, "name_ko": law.name.ko}
            | {"due": found.date, "longest": longest.date}
            | {"open": any(each.announced for each in law.extensions if each.step == "decision")}
            | {key: getattr(longest, key) for key in ("rule_en", "rule_ko", "article", "verified")}
        )
    return pl.DataFrame(rows, schema=WAITS)


def status(
    requests: Sequence[Request], laws: Mapping[str, Procedure], *, today: dt.date
) -> pl.DataFrame:
    """Return a row per request: its last event, the next deadline and whose it is (`STATUS`).

    Next is an action due from an authority, or one still open to a requester who didn't get
    everything. Events after `today` are ignored. Raises InputError as `due`.
    """
    rows = [_state(each, due([each], laws, today=today), today) for each in requests]
    return pl.DataFrame(rows, schema=STATUS)


def _state(request: Request, running: pl.DataFrame, today: dt.date) -> dict[str, Any]:
    """Return a request's row of STATUS, without the columns that are null."""
    row: dict[str, Any] = {"request": request.id}
    row |= {name: getattr(request, name) for name in ("title", "body", "procedure", "simulated")}
    past = [each for each in request.history if each.date <= today and each.event != "message"]
    for last in sorted(past, key=lambda each: each.date)[-1:]:
        english, korean = WORDS[last.event]
        row |= {"since": last.date, "state": last.event, "state_en": english, "state_ko": korean}
    # an authority's missed deadline stays due; a missed appeal is lost
    due_now = (pl.col("whose") == "body") | (pl.col("due") >= today)
    waiting = running.filter(pl.col("done").is_null(), due_now, limit="latest")
    for step in waiting.sort("due", maintain_order=True).head(1).iter_rows(named=True):
        row |= {"next_step": step["step"], "next_en": step["label_en"], "next_ko": step["label_ko"]}
        row |= {"whose": step["whose"], "due": step["due"]}
        row |= {"days_left": (step["due"] - today).days}
    for step in running.filter(step="decision").iter_rows(named=True):
        late = ((step["done"] or today) - step["due"]).days
        row |= {"late": late} if late > 0 else {}
    return row


def overdue(
    requests: Sequence[Request], laws: Mapping[str, Procedure], *, today: dt.date
) -> pl.DataFrame:
    """Return the deadlines that authorities have missed and not met since, oldest first.

    Rows are those of `due`.
    """
    running = due(requests, laws, today=today)
    return running.filter(pl.col("overdue") & (pl.col("whose") == "body")).sort("due", "request")


def refusals(requests: Sequence[Request], laws: Mapping[str, Procedure]) -> pl.DataFrame:
    """Return each refusal with its ground and a requester's usual reply: REFUSALS.

    Raises InputError if a request names a ground that its procedure doesn't have.
    """
    rows = [
        {"request": request.id, "title": request.title, "body": request.body}
        | {"date": each.date, "event": each.event, "exemption": ground.id}
        | {"ground_en": ground.en, "ground_ko": ground.ko}
        | {name: getattr(ground, name) for name in ("article", "answer_en", "answer_ko")}
        for request in requests
        for each in request.history
        for ground in map(_law(request, laws).exemption, each.exemptions)
    ]
    return pl.DataFrame(rows, schema=REFUSALS)


def changes(requests: Sequence[Request]) -> pl.DataFrame:
    """Return the changes that answers made in the ledger of claims: a frame of CHANGES."""
    rows = [
        {"request": request.id, "claim_id": each.claim}
        | {name: getattr(each, name) for name in ("date", "before", "after", "note")}
        for request in requests
        for each in request.changes
    ]
    return pl.DataFrame(rows, schema=CHANGES)


def store_requests(db: duckdb.DuckDBPyConnection, requests: Sequence[Request]) -> int:
    """Store requests in a case file (tables of `schema.sql`), replacing those of the same id.

    The view `request_documents` joins files with `documents` by SHA-256, `request_claims` joins
    changes with `claims`. `db` must be open for writing. Returns the number of requests in the case
    file.
    """
    with transaction(db):
        db.execute(resources.files(__package__).joinpath("schema.sql").read_text("utf-8"))
        names = [each.id for each in requests]
        for table, rows in _tables(requests).items():
            db.execute(f"delete from {table} where request in (select unnest(?))", [names])
            if rows:
                marks = ", ".join("?" for _ in rows[0])
                db.executemany(f"insert into {table} values ({marks})", rows)
        held = db.execute("select count(*) from requests").fetchone()
    return int(held[0]) if held else 0


def _tables(requests: Sequence[Request]) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of each table of `schema.sql`, with columns in its order."""
    named: list[tuple[str, int, Event]] = [
        (request.id, number, each)
        for request in requests
        for number, each in enumerate(request.history, 1)
    ]
    optional = ("template", "language", "reference", "source")
    return {
        "requests": [
            (
                *(each.id, each.title, each.procedure, each.body),
                *(getattr(each, name) or None for name in optional),
                *(each.simulated, each.notes or None),
            )
            for each in requests
        ],
        "request_events": events(requests).rows(),
        "request_exemptions": [(*key, one) for *key, each in named for one in each.exemptions],
        "request_files": [(*key, f.name, f.sha256) for *key, each in named for f in each.files],
        "request_about": [
            (each.id, kind, one)
            for each in requests
            for kind, ids in (("gap", each.gaps), ("claim", each.claims))
            for one in ids
        ],
        "request_changes": changes(requests).rows(),
    }


def _law(request: Request, laws: Mapping[str, Procedure]) -> Procedure:
    if request.procedure not in laws:
        raise InputError(
            f"Request '{request.id}': there is no procedure '{request.procedure}', only "
            f"{', '.join(laws)}."
        )
    return laws[request.procedure]
