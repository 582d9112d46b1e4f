"""Write deadlines as a calendar file (iCalendar, RFC 5545) of all-day events."""

import datetime as dt
import hashlib

import icalendar
import polars as pl

from onetomany.errors import InputError
from .deadlines import DEADLINES

NEEDED = ("request", "title", *DEADLINES)


def ics(due: pl.DataFrame, *, stamp: dt.date) -> bytes:
    """Return the open deadlines of `due` as the content of an .ics file.

    `due` has the columns of `deadlines.DEADLINES`, with `request` (id) and `title` before them. An
    event keeps its UID while its request, step and start stay the same, so a calendar program moves
    it instead of adding another. `stamp` is the day of writing (DTSTAMP): the same deadlines and
    stamp give the same bytes.

    Raises InputError if columns are missing.
    """
    if missing := set(NEEDED) - set(due.columns):
        raise InputError(
            f"The table of deadlines has no column {', '.join(sorted(missing))}: see DEADLINES."
        )
    made = icalendar.Calendar()
    made.add("prodid", "-//One-to-Many//requests//EN")
    made.add("version", "2.0")
    moment = dt.datetime.combine(stamp, dt.time(), tzinfo=dt.UTC)
    for row in (
        due.filter(pl.col("done").is_null() & (pl.col("state") != "stopped"))
        .sort("due", "request", "step")
        .to_dicts()
    ):
        event = icalendar.Event()
        key = f"{row['request']}/{row['step']}/{row['starts']}"
        event.add("uid", f"{hashlib.sha256(key.encode()).hexdigest()[:32]}@onetomany")
        event.add("dtstamp", moment)
        event.add("dtstart", row["due"])
        event.add("dtend", row["due"] + dt.timedelta(days=1))
        after = ("after this day: ", "이 날 뒤: ") if row["limit"] == "earliest" else ("", "")
        event.add(
            "summary", f"{row['title']}: {after[0]}{row['label_en']} / {after[1]}{row['label_ko']}"
        )
        event.add("description", f"{row['rule_en']}\n\n{row['rule_ko']}\n\n{row['url']}")
        event.add("categories", [row["whose"]])
        event.add("transp", "TRANSPARENT")
        made.add_component(event)
    return bytes(made.to_ical())
