"""How often detections that are one frame off are recognised in slow scenes, and right ones refused.

Scenes are SIMULATED: up to eleven people who creep or walk, straight on or with turns, seen for 60
to 400 frames by a detector that misses three in ten boxes, adds half as many false ones and shakes.
First and last frames say nothing here. `python -m benchmarks.mot_shifts` prints a table.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from onetomany.errors import InputError
from onetomany.tracking.comparison import simulated_detections
from onetomany.tracking.mot_faults import check_pair

SPEEDS = (0.1, 0.3, 1.0, 2.0)  # pixels a frame, sd of each direction; a box is 30 x 80 pixels
JITTERS = (0.05, 0.12, 0.2)  # of the box's size
SCENES = 20  # half of them with turns


def scene(seed: int, speed: float, *, turning: bool) -> pl.DataFrame:
    """Return the true boxes of one scene (frame, id, box, conf)."""
    rng = np.random.default_rng(seed)
    people, frames = int(rng.integers(1, 12)), int(rng.integers(60, 400))
    velocity = rng.normal(0, speed, (people, 1, 2)).repeat(frames, axis=1)
    if turning:
        velocity = velocity + np.cumsum(rng.normal(0, 0.1 * speed, velocity.shape), axis=1)
    place = rng.uniform(0, 900, (people, 1, 2)) + np.cumsum(velocity, axis=1)
    number, frame = (each.ravel() for each in np.indices((people, frames)))
    left, top = place.reshape(-1, 2).T
    return pl.DataFrame({"frame": frame, "id": number + 1, "left": left, "top": top}).with_columns(
        width=pl.lit(30.0), height=pl.lit(80.0), conf=pl.lit(1.0)
    )


def refused(detections: pl.DataFrame, truth: pl.DataFrame) -> bool:
    """Return whether `check_pair` refuses them."""
    try:
        check_pair(Path("det.txt"), detections, truth)
    except InputError:
        return True
    return False


def counts(speed: float, jitter: float) -> tuple[int, int]:
    """Return how many of SCENES are refused when one frame off, and when right."""
    found = [0, 0]
    for seed in range(SCENES):
        truth = scene(seed, speed, turning=seed % 2 == 1)
        seen = simulated_detections(truth, seed=seed + 500, missed=0.3, false=0.5, jitter=jitter)
        last = int(truth["frame"].max())  # type: ignore[arg-type]
        for place, shift in enumerate((1, 0)):
            moved = seen.with_columns(pl.col("frame") - shift)
            moved = moved.filter(pl.col("frame").is_between(2, last - 2))
            found[place] += refused(moved, truth)
    return found[0], found[1]


def run() -> None:
    """Print the table."""
    whole = np.zeros(2, np.int64)
    print("| pixels a frame | jitter | one off, refused | right, refused | scenes |")
    print("|---|---|---|---|---|")
    for speed in SPEEDS:
        for jitter in JITTERS:
            found = counts(speed, jitter)
            whole += found
            print(f"| {speed:g} | {jitter:g} | {found[0]} | {found[1]} | {SCENES} |", flush=True)
    print(f"| all | | {whole[0]} | {whole[1]} | {SCENES * len(SPEEDS) * len(JITTERS)} |")


if __name__ == "__main__":
    run()
