"""The simulated terminal against the time it simulates: ratios to real time, in CPU seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from onetomany import faces, sources, terminal
from onetomany.faces import synthetic

HOUR, DAY = 3600.0, 86_400.0
T = TypeVar("T")


def run(folder: Path) -> None:
    layout = terminal.load_layout()
    people = terminal.draw_passengers(layout, 1000, 1)
    (places, visits), walked = _timed(lambda: terminal.walk_passengers(layout, people, 1))
    span = float(places["t"].max() - places["t"].min())  # type: ignore[operator]
    seen, sighted = _timed(
        lambda: terminal.fine_sightings(places, layout, 1, terminal.walking.RATE)
    )
    waited = (visits["t_served"] - visits["t_in"]).sum() / len(people)
    minutes = terminal.door_to_gate(visits, layout)["minutes"].median()
    boarded = len(visits.filter(stage="gate"))
    print("the simulated terminal, ratios to real time")
    print(f"  bodies: 1,000 passengers arrive in an hour, {boarded:,} reach their gate")
    print(
        f"    walked, {span / HOUR:.2f} h until the last    {walked:8.1f} s   {span / walked:8,.0f} x"
    )
    print(f"    {len(places):,} places to {len(seen):,} sightings {sighted:6.1f} s")
    print(f"    a passenger waits {waited:.0f} s in all; at most {_most(places)} inside at once")
    print(f"    from door to gate {minutes:.0f} minutes (median), staff as planned")

    test, took = _timed(lambda: terminal.simulate(layout, 600, 2))
    print(f"    a whole run of 600 in an hour   {took:8.1f} s, {len(test.sightings):,} sightings")

    (_, visits), flowed = _timed(lambda: terminal.simulate_day(layout, 100_000, 1))
    wings = terminal.wings_for(layout, 100_000)
    print(f"  flow: a day of 100,000 passengers in {wings} wings")
    print(f"    {len(visits):,} visits                {flowed:8.1f} s   {DAY / flowed:8,.0f} x")
    seen, sighted = _timed(lambda: terminal.coarse_sightings(visits, layout, 1))
    print(f"    {len(seen):,} sightings             {sighted:8.1f} s")
    model = synthetic.fit_template_model(faces.usable(faces.embed(sources.open_images("orl"))))
    vectors, made = _timed(lambda: terminal.sighting_templates(model, seen, 1))
    print(f"    their templates, {vectors.nbytes / 1e6:,.0f} MB       {made:8.1f} s")


def _most(places: object) -> int:
    return int(places.group_by("t").len()["len"].max())  # type: ignore[attr-defined]


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    start = time.process_time()  # other work on the machine doesn't count
    result = work()
    return result, time.process_time() - start
