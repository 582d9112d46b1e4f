"""What decides whether tracking works: each dial moved by itself, over several simulated hours.

Writes lib/onetomany/sources/data/dials: `dials.csv`, a row for each dial, setting, seed and method,
and `run.json` with the command, date and version. Rows are written as they are made; a setting
that is already there is not computed again. `python -m benchmarks.dials [minutes]`.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
import polars as pl

from onetomany import faces, sources, terminal
from onetomany.faces import synthetic
from onetomany.tracking import (
    association,
    clocks,
    evaluation,
    likelihood,
    threshold_linking,
    transit,
    visits,
)

FOLDER = Path(__file__).parents[1] / "lib" / "onetomany" / "sources" / "data" / "dials"
SEEDS = (51, 52, 53, 54, 55)
CALIBRATION = 50
KEYS = ("dial", "setting", "seed")
KEPT = ("method", "idf1", "mixed", "broken", "passengers", "sightings")
WIDER, FURTHER = 1.6, 2.0  # fields of view and ranges, so that views overlap
PERFECT = 0.02  # noise of faces that hardly stray


@lru_cache(maxsize=2)
def _hour(passengers: int, seed: int) -> terminal.SimulatedRun:
    return terminal.simulate(terminal.load_layout(), passengers, seed)


@lru_cache(maxsize=1)
def _model() -> synthetic.TemplateModel:
    return synthetic.fit_template_model(faces.usable(faces.embed(sources.open_images("orl"))))


@lru_cache(maxsize=6)
def _learned(passengers: int, tmr: float, wide: bool = False, share: float = 0.0):
    """Noise, likelihoods, travel times and threshold of a calibration run.

    A `tmr` of 1 is perfect faces; `share` of the noise is common to the images of a visit.
    """
    known = _seen(passengers, CALIBRATION, wide)
    noise = PERFECT
    if tmr < 1:
        noise = terminal.noise_for(_model(), known, tmr, 1e-4, seed=1, tolerance=0.005)
    vectors = visits.visit_templates(_model(), known, CALIBRATION, noise=noise, share=share)
    face = likelihood.fit_face(likelihood.score_sighting_pairs(known, vectors, 1, pairs=30_000))
    cut = threshold_linking.calibrated_threshold(known, vectors)
    return noise, face, clocks.fit_travel_times(known), cut


@lru_cache(maxsize=4)
def _seen(passengers: int, seed: int, wide: bool = False) -> pl.DataFrame:
    if not wide:
        return _hour(passengers, seed).sightings
    layout = terminal.load_layout()
    cameras = tuple(
        replace(
            each,
            range=each.range * FURTHER,
            field_of_view=min(170.0, each.field_of_view * WIDER),
        )
        for each in layout.cameras
    )
    walked = _hour(passengers, seed).trajectories
    return terminal.fine_sightings(
        walked, replace(layout, cameras=cameras), seed, terminal.walking.RATE
    )


def _steps(learned: int, seed: int, crowd: int, wide: bool = False) -> transit.TransitModel:
    """Steps between the cameras of the calibration run and of the hour that is linked."""
    return transit.fit_transit(_seen(learned, CALIBRATION, wide), places=_seen(crowd, seed, wide))


Plan = dict[str, float]
FIRST: tuple[tuple[str, str, Plan], ...] = (
    ("face quality", "TMR 98%", {"tmr": 0.98, "rival": 1}),
    ("face quality", "TMR 73%", {"tmr": 0.73, "rival": 1}),
    ("face quality", "TMR 40%", {"tmr": 0.40, "rival": 1}),
    ("clocks", "sd 3 s", {"off": 3}),
    ("clocks, estimated", "sd 3 s", {"off": 3, "estimated": 1}),
    ("clocks", "sd 1 s", {"off": 1}),
    ("clocks", "sd 30 s", {"off": 30}),
    # left as it is, `associate` refuses it by name
    ("clocks, estimated", "one camera 9 h", {"hours": 9, "estimated": 1}),
)
THEN: tuple[tuple[str, str, Plan], ...] = (
    ("views", "overlapping", {"tmr": 0.98, "wide": 1}),
    ("views", "overlapping, perfect faces", {"tmr": 1, "wide": 1}),
    ("visits", "half, known", {"tmr": 0.40, "share": 0.5, "told": 0.5, "rival": 1}),
    ("visits", "half, not known", {"tmr": 0.40, "share": 0.5}),
    ("visits", "80%, known", {"tmr": 0.40, "share": 0.8, "told": 0.8, "rival": 1}),
    ("visits", "80%, not known", {"tmr": 0.40, "share": 0.8}),
    ("crowd", "700 passengers", {"tmr": 0.40, "crowd": 700, "learned": 700, "rival": 1}),
    ("calibration crowd", "700 by 250", {"tmr": 0.40, "crowd": 700}),
)


def _rows(seed: int, plan: Plan) -> list[dict[str, object]]:
    crowd, wide = int(plan.get("crowd", 250)), bool(plan.get("wide"))
    tmr = plan.get("tmr", 0.98)
    learned = int(plan.get("learned", 250))
    noise, face, times, cut = _learned(learned, tmr, wide, plan.get("told", 0.0))
    rows, share = _seen(crowd, seed, wide), plan.get("share", 0.0)
    own = visits.visit_templates(_model(), rows, seed, noise=noise, share=share)
    steps = _steps(learned, seed, crowd, wide)
    rng = np.random.default_rng(seed)
    ahead = rng.normal(0, plan.get("off", 0), len(steps.cameras))
    if "hours" in plan:
        ahead[rng.integers(len(ahead))] += 3600 * plan["hours"]
    offsets = pl.DataFrame({"camera_id": steps.cameras, "offset": -ahead})
    off = clocks.set_clocks(rows, offsets)
    if plan.get("estimated"):
        found, _ = clocks.associate_setting_clocks(off, own, face, steps, times)
    else:
        found = association.associate(off, own, face, steps)
    kinds = (
        [found, threshold_linking.link_by_threshold(rows, own, cut)]
        if plan.get("rival")
        else [found]
    )
    return [evaluation.track_errors(rows, each).select(KEPT).row(0, named=True) for each in kinds]


def _simulation() -> str:
    """The SHA-256 of the terminal's code and data: rows of another simulation are not reused."""
    digest = hashlib.sha256()
    folder = Path(terminal.__file__).parent
    for file in sorted([*folder.glob("*.py"), *folder.glob("data/*.toml")]):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def run(minutes: float = 240.0) -> None:
    end, path = time.monotonic() + 60 * minutes, FOLDER / "dials.csv"
    FOLDER.mkdir(parents=True, exist_ok=True)
    stored = FOLDER / "run.json"
    before = json.loads(stored.read_text(encoding="utf-8")) if stored.exists() else {}
    same = before.get("simulation") == _simulation()
    have = pl.read_csv(path) if path.exists() and same else None
    done = set(have.select(KEYS).iter_rows()) if have is not None else set()
    rows = have.to_dicts() if have is not None else []
    plans = [(seed, *each) for part in (FIRST, THEN) for seed in SEEDS for each in part]
    for seed, dial, setting, plan in plans:
        if (dial, setting, seed) in done or time.monotonic() > end:
            continue
        label = dict(zip(KEYS, (dial, setting, seed), strict=True))
        rows += [label | each for each in _rows(seed, plan)]
        pl.DataFrame(rows).write_csv(path, float_precision=4)
        about = {
            "simulated": True,
            "command": "python -m benchmarks.dials",
            "date": datetime.now(UTC).date().isoformat(),
            "version": version("onetomany"),
            "simulation": _simulation(),
            "seeds": [*SEEDS],
            "calibration seed": CALIBRATION,
        }
        stored.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    run(*map(float, sys.argv[1:]))
