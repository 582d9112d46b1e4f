"""Tracking across cameras: how far tracks are wrong by the quality of faces, and what a million cost.

Writes docs/tracking-across-measured.md. Passengers walk through the simulated terminal; likelihoods
are fitted on a run of their own. Beside the path cover stands the threshold method ("naive"), at
the threshold that the same calibration run sets. For growth, a day's flow in copies of the terminal,
each size in a process of its own: `python -m benchmarks.association` runs this benchmark alone.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl
from tqdm import tqdm

from onetomany import faces, sources, terminal
from onetomany.faces import synthetic
from onetomany.reidentification import unicity
from onetomany.tracking import association, evaluation, likelihood, threshold_linking, transit

PAGE = Path(__file__).parents[1] / "docs" / "tracking-across-measured.md"
PASSENGERS, SEEDS, CALIBRATION = 700, (101, 102, 103), 100
RATES = (0.98, 0.73, 0.40, 0.16)  # single-image TMR at FMR 1e-4
FMR = 1e-4
NAMES = {"path cover": "path cover", "naive": "calibrated threshold", "truth": "truth"}
# passengers of a day and of its calibration day, copies of the terminal
SIZES = ((1_100, 1), (11_200, 1), (113_000, 8))


def run(folder: Path) -> None:
    page = _page(*_errors(), _growth(folder))
    PAGE.write_text(page, encoding="utf-8")
    print(page)


def _errors() -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """`evaluation.ERRORS`, `likelihood.COST` and `unicity.UNICITY` by face quality and seed."""
    model = _model()
    layout = terminal.load_layout()
    calibration = terminal.simulate(layout, PASSENGERS, CALIBRATION).sightings
    tests = {seed: terminal.simulate(layout, PASSENGERS, seed).sightings for seed in SEEDS}
    errors, costs, points = [], [], []
    for rate in tqdm(RATES, desc="face qualities"):
        noise = terminal.noise_for(model, calibration, rate, FMR, seed=1)
        vectors = terminal.sighting_templates(model, calibration, CALIBRATION, noise=noise)
        face = likelihood.fit_face(likelihood.score_sighting_pairs(calibration, vectors, 1))
        cut = threshold_linking.calibrated_threshold(calibration, vectors)
        for seed, sightings in tests.items():
            label = {"tmr": pl.lit(rate), "seed": pl.lit(seed)}
            own = terminal.sighting_templates(model, sightings, seed, noise=noise)
            held_out = likelihood.score_sighting_pairs(sightings, own, 2)
            costs.append(likelihood.calibration_cost(face, held_out).with_columns(**label))
            steps = transit.fit_transit(calibration, places=sightings)
            found = association.associate(sightings, own, face, steps)
            naive = threshold_linking.link_by_threshold(sightings, own, cut)
            errors += [
                evaluation.track_errors(sightings, each).with_columns(**label)
                for each in (found, naive)
            ]
            for method, tracks in (
                ("truth", None),
                ("path cover", found.tracks),
                ("naive", naive.tracks),
            ):
                table = unicity.unicity(sightings, tracks, points=(1, 2, 3, 4), time=300)
                points.append(table.with_columns(method=pl.lit(method), **label))
    return pl.concat(errors), pl.concat(costs), pl.concat(points)


def _model() -> synthetic.TemplateModel:
    return synthetic.fit_template_model(faces.usable(faces.embed(sources.open_images("orl"))))


def _growth(folder: Path) -> list[dict[str, float]]:
    """Each size in a process of its own, so that the most memory is its own too."""
    np.savez(folder / "model.npz", **{k: np.asarray(v) for k, v in vars(_model()).items()})
    found = []
    for size in SIZES:
        command = [sys.executable, "-m", "benchmarks.association", str(folder), *map(str, size)]
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
        found.append(json.loads(answer.stdout.splitlines()[-1]))
    return found


def _one_size(folder: Path, passengers: int, wings: int) -> None:
    held = {k: v if v.ndim else v.item() for k, v in np.load(folder / "model.npz").items()}
    model, layout = synthetic.TemplateModel(**held), terminal.load_layout()
    known = terminal.simulate_coarsely(layout, passengers, 11, wings=wings).sightings
    rows = terminal.simulate_coarsely(layout, passengers, 5, wings=wings).sightings
    noise = terminal.noise_for(model, known, 0.98, FMR, seed=1)
    vectors = terminal.sighting_templates(model, known, 11, noise=noise)
    face = likelihood.fit_face(likelihood.score_sighting_pairs(known, vectors, 1))
    steps = transit.fit_transit(known, places=rows)
    vectors = terminal.sighting_templates(model, rows, 5, noise=noise)
    association.associate(rows.head(2000), vectors, face, steps)  # what is compiled is compiled
    start, used = time.perf_counter(), time.process_time()
    found = association.associate(rows, vectors, face, steps)
    seconds, processor = time.perf_counter() - start, time.process_time() - used
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    row = evaluation.track_errors(rows, found).row(0, named=True)
    said = {key: row[key] for key in ("sightings", "pair_precision", "idf1", "mixed")}
    cameras = rows["camera_id"].n_unique()
    costs = {"seconds": seconds, "processor": processor, "gigabytes": peak / 1e9}
    print(json.dumps(said | {"cameras": cameras} | costs))


def _page(
    errors: pl.DataFrame, costs: pl.DataFrame, points: pl.DataFrame, growth: list[dict[str, float]]
) -> str:
    lines = [
        "# Tracking across cameras, measured",
        "",
        "Written by `python -m benchmarks.association`; SIMULATED: passengers, cameras and faces are "
        f"nobody's. {PASSENGERS} passengers a run, seeds {', '.join(map(str, SEEDS))}; likelihoods "
        f"fitted on a run of its own (seed {CALIBRATION}), from which the calibrated threshold is "
        "taken too. Precision and recall over all pairs of sightings in one track; "
        "[methods](tracking-across.md).",
        "",
        "## Errors",
        "",
        f"| TMR at FMR 1e-4 | seed | method | precision | recall | best precision at recall {evaluation.RECALL:.2f} | "
        "IDF1 | links right | links' mean probability | passengers mixed (95 %) | broken |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    order = ["tmr", "method", "seed"]
    for row in errors.sort(order, descending=[True, True, False]).iter_rows(named=True):
        at, sure = row["precision_at_recall"], row["mean_probability"]
        lines.append(
            f"| {row['tmr']:.2f} | {row['seed']} | {NAMES[row['method']]} | {row['pair_precision']:.4f} | "
            f"{row['pair_recall']:.4f} | {'never reached' if at is None else f'{at:.4f}'} | {row['idf1']:.4f} | "
            f"{row['link_precision']:.4f} | {'none given' if sure is None else f'{sure:.4f}'} | "
            f"{row['mixed']:.2%} ({row['mixed_low']:.2%} to {row['mixed_high']:.2%}) | {row['broken']:.1%} |"
        )
    lines += [
        "",
        "## Calibration on people not seen before",
        "",
        "| TMR | images a side | Cllr | Cllr_min | largest difference of the seeds | log10 LR from, to |",
        "|---|---|---|---|---|---|",
    ]
    grouped = costs.group_by("tmr", "images").agg(
        pl.col("cllr", "cllr_min").mean(),
        pl.col("difference", "highest").max(),
        pl.col("lowest").min(),
    )
    for row in grouped.sort("tmr", "images", descending=[True, False]).iter_rows(named=True):
        lines.append(
            f"| {row['tmr']:.2f} | {row['images']} | {row['cllr']:.4f} | {row['cllr_min']:.4f} | "
            f"{row['difference']:.4f} | {row['lowest']:.2f}, {row['highest']:.2f} |"
        )
    lines += [
        "",
        "## Points that single a person out",
        "",
        "Cells of five minutes and one camera; mean of the seeds. The truth doesn't depend on faces.",
        "",
        "| TMR | tracks | points | singled out | somebody else | several | none | of the day revealed |",
        "|---|---|---|---|---|---|---|---|",
    ]
    shares = ("singled_out", "wrong", "several", "none", "revealed")
    grouped = points.group_by("tmr", "method", "points").agg(pl.col(*shares).mean())
    for row in grouped.sort("tmr", "method", "points", descending=[True, True, False]).iter_rows(
        named=True
    ):
        told = " | ".join("" if row[name] is None else f"{row[name]:.3f}" for name in shares)
        lines.append(f"| {row['tmr']:.2f} | {NAMES[row['method']]} | {row['points']} | {told} |")
    lines += [
        "",
        "## Growth",
        "",
        "A day's flow, TMR .98, calibrated on another day as busy; seconds of `associate` by the "
        "clock and of processor time, the peak memory of the process.",
        "",
        "| sightings | cameras | seconds | processor | per 1,000 | GB | precision | IDF1 | mixed |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in growth:
        lines.append(
            f"| {row['sightings']:,} | {row['cameras']} | {row['seconds']:.1f} | "
            f"{row['processor']:.1f} | {row['processor'] / row['sightings'] * 1000:.3f} | {row['gigabytes']:.2f} | "
            f"{row['pair_precision']:.4f} | {row['idf1']:.4f} | {row['mixed']:.2%} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _one_size(Path(sys.argv[1]), *map(int, sys.argv[2:]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            run(Path(folder))
