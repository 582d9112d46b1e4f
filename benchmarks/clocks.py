"""How often the standard errors of estimated clock offsets cover the truth: five simulated hours.

250 passengers, TMR .98, clocks off by a standard deviation of 3 s; the runs of `benchmarks.dials`.
`python -m benchmarks.clocks` prints a line for each seed.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from benchmarks import dials
from onetomany import terminal
from onetomany.tracking import clocks


def run() -> None:
    """Print how many offsets lie within 1.96 standard errors of the truth."""
    noise, face, times, _ = dials._learned(250, 0.98)
    whole = []
    for seed in dials.SEEDS:
        seen = dials._seen(250, seed)
        own = terminal.sighting_templates(dials._model(), seen, seed, noise=noise)
        steps = dials._steps(250, seed, 250)
        cameras = pl.DataFrame({"camera_id": steps.cameras})
        ahead = np.random.default_rng(seed).normal(0, 3, len(cameras))
        off = clocks.set_clocks(seen, cameras.with_columns(offset=-ahead))
        found = clocks.associate_setting_clocks(off, own, face, steps, times)[1]
        ahead = ahead[cameras["camera_id"].is_in(found["camera_id"].to_list()).to_numpy()]
        known = found["offset"].is_not_null().to_numpy()
        largest = known & (found["group"] == 0).to_numpy()
        miss = (found["offset"].to_numpy() - ahead + np.median(ahead[largest]))[known]
        error = found["error"].to_numpy()[known]
        held = np.abs(miss) <= 1.96 * error
        whole += held.tolist()
        print(
            f"seed {seed}: {held.sum()} of {len(held)} covered; off by {np.median(np.abs(miss)):.2f} "
            f"s in the median, {np.abs(miss).max():.2f} at most; median error {np.median(error):.2f}",
            flush=True,
        )
    print(f"all: {sum(whole)} of {len(whole)} covered")


if __name__ == "__main__":
    run()
