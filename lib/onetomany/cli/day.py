"""The command that simulates a whole day at the fictional terminal."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onetomany.printing import print_line as print
from .command import CommandParser, Run

if TYPE_CHECKING:
    from onetomany.terminal import SimulatedRun as Part

_SHARES = {
    "masked": "people who wear a mask",
    "returning": "groups that go out after check-in and come in again",
    "families": "groups that are families of three or four",
    "wheelchairs": "passengers in a wheelchair",
}


def day_command(parser: CommandParser) -> Run:
    """Simulate a day at a fictional terminal: queues for all, walking people in one hall."""
    parser.description = """\
Simulate a day at a fictional terminal. All people in it are invented. A queueing model moves all
passengers. In one hall, during its busiest minutes, people walk one by one. The command writes the
people, visits and sightings of both parts. It also writes levels.csv: waits, crowding and the time
from door to gate, next to published ranges. On a quiet machine 100,000 passengers take about half a
minute, and 30 minutes of a hall one to two minutes. If stopped, run the same command again: it
resumes."""
    parser.add_option(
        "--passengers", "N", "passengers of the day (default: 100000)", kind=int, default=100_000
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="random seed (default: 1)")
    parser.add_option(
        "--minutes",
        "N",
        "minutes that are simulated in the hall (default: 30)",
        kind=float,
        default=30,
    )
    parser.add_path("--plan", "PLAN.TOML", "floor plan of the terminal (default: that of the kit)")
    for name, what in _SHARES.items():
        parser.add_option(
            f"--{name}", "SHARE", f"share of {what}, 0 to 1 (default: 0)", kind=float, default=0
        )
    parser.add_option(
        "--staff", "N", "number of staff who walk in the hall (default: 0)", kind=int, default=0
    )
    parser.add_path("--out", "DIR", "folder for the results (default: day)", Path("day"))
    return _day


def _day(args: argparse.Namespace) -> None:
    import polars as pl

    from onetomany import terminal
    from onetomany.sources.files import write_whole
    from onetomany.sources.tables import csv_text

    shares = {name: getattr(args, name) for name in _SHARES}
    found = terminal.simulate_whole_day(
        args.out,
        args.passengers,
        args.seed,
        plan=args.plan,
        scenario=terminal.Scenario(staff=args.staff, **shares),
        minutes=args.minutes,
        tell=print,
    )
    layout = terminal.load_layout(args.plan)
    tables = []
    fullest = terminal.busiest_hour(found.flow)
    for name, part in (("day", found.flow), ("busiest hour", fullest), ("hall", found.hall)):
        levels = terminal.levels_of_service(part, layout)
        print(_heading(name, part))
        for row in levels.drop_nulls("value").iter_rows(named=True):
            print(f"  {_line(row)}")
        tables.append(levels.select(pl.lit(name).alias("part"), pl.all()))
    write_whole(args.out / "levels.csv", csv_text(pl.concat(tables)).encode())
    print(f"wrote levels.csv to {args.out}")


def _heading(name: str, part: Part) -> str:
    people = part.people.filter(role="passenger")
    persons = people["person_id"].n_unique()
    what = {
        "day": "In a simulation of 24 hours, without crowding",
        "busiest hour": f"Its busiest hour, {part.first_arrival}, in "
        f"{part.people['wing'].n_unique()} wings",
        "hall": f"In a simulation of one hall from {part.first_arrival}, walked one by one",
    }[name]
    left = part.left_inside
    return (
        f"{what}: {persons:,} passengers, {len(part.sightings):,} sightings, "
        f"{left:,} still inside when it ended."
    )


def _line(row: dict[str, Any]) -> str:
    published = "no published range"
    if row["low"] is not None:
        published = f"published {row['low']:g} to {row['high']:g} ({row['source']})"
    value = f"{float(format(row['value'], '.2g')):,g}"
    return f"{row['en']}: {' '.join([value, row['unit']]).strip()}; {published}"
