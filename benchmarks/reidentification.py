"""Equivalence classes against pycanon, at the disclosed size, over all combinations; and how far
estimates of population uniqueness are off where the truth is known.

Each measured part runs in a process of its own, so that its peak memory is its own. The tables
with nationality, sex, birth year, arrival date and port are simulated (`sources.arrivals`); Adult
is real.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl

from onetomany.reidentification import copula
from onetomany.reidentification.classes import classes, group_classes, matching
from onetomany.reidentification.population import population_uniqueness
from onetomany.reidentification.risk import anonymity
from onetomany.sources import arrivals
from onetomany.sources.microdata import microdata

ROWS = 1_000_000
TEN = [
    "age", "workclass", "education", "marital_status", "occupation",
    "relationship", "race", "sex", "hours_per_week", "native_country",
]  # fmt: skip
SETS = {
    "age, sex, race, native country": ["age", "sex", "race", "native_country"],
    "the six columns of CorrectMatch's example": [
        "age", "sex", "workclass", "relationship", "marital_status", "race",
    ],
    "eight columns": [
        "age", "sex", "race", "education", "marital_status", "occupation", "native_country",
        "hours_per_week",
    ],
}  # fmt: skip
FRACTIONS = (0.01, 0.05, 0.1, 0.3)
SAMPLES = 20

MEASURE = """
import json, resource, sys, time
from pathlib import Path
import polars as pl
from onetomany.sources import arrivals
task, path = sys.argv[1:]
if task == "classes":
    from onetomany.reidentification.risk import anonymity
    start = time.perf_counter()
    found = vars(anonymity(arrivals.scan_arrivals(Path(path)), list(arrivals.QUASI_IDENTIFIERS)))
else:
    from onetomany.reidentification.combinations import combinations
    table = pl.read_parquet(path)
    start = time.perf_counter()
    all_of_them = combinations(table, table.columns)
    found = {"combinations": len(all_of_them), "riskiest": all_of_them["uniqueness"][0]}
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
json.dump({**found, "seconds": seconds, "peak, GiB": peak}, sys.stdout)
"""


COUNT_IN_R = """
suppressMessages(library(data.table))
given <- commandArgs(TRUE)
table <- fread(given[1], colClasses = list(character = "arrival_date"))
columns <- names(table)
setDTthreads(0)
taken <- sapply(1:5, function(n) {
  spent <- system.time(found <<- table[, .N, by = columns])
  c(spent[["elapsed"]], spent[["user.self"]] + spent[["sys.self"]])
})
cat(nrow(found), min(taken[1, ]), min(taken[2, ]), as.character(packageVersion("data.table")))
"""


def run(folder: Path) -> None:
    _against_pycanon()
    _against_data_table(folder)
    _combinations(folder)
    _disclosed(folder)
    _accuracy()


def _against_pycanon() -> None:
    import pycanon.anonymity as pycanon

    real = microdata("adult").frame.select(TEN).with_columns(pl.col(pl.String).fill_null("?"))
    simulated = arrivals.draw_arrivals(arrivals.disclosed_plan(ROWS)).select(
        arrivals.QUASI_IDENTIFIERS
    )
    tables = {
        "simulated arrivals, 5 columns": simulated,
        "Adult's 10 columns, each drawn by itself": _apart(real),
        "Adult, 10 columns, records drawn again": real.sample(ROWS, with_replacement=True, seed=1),
    }
    print(f"k-anonymity of {ROWS:,} records (from a frame in memory; seconds)")
    for name, table in tables.items():
        frame, columns = table.to_pandas(), table.columns
        anonymity(table, columns)  # the first call starts threads
        start = time.perf_counter()
        ours = anonymity(table, columns)
        between = time.perf_counter()
        theirs = pycanon.k_anonymity(frame, columns)
        end = time.perf_counter()
        assert ours.k == theirs
        print(
            f"  {name:42} {ours.classes:9,} classes  pycanon {end - between:6.2f}  "
            f"here {between - start:6.3f}  ratio {(end - between) / (between - start):6.1f}"
        )
    print()


def _against_data_table(folder: Path) -> None:
    """R's data.table counts the same classes, if it is installed (Debian: r-cran-data.table)."""
    if not shutil.which("Rscript"):
        print("data.table: not measured, Rscript is not installed\n")
        return
    table = arrivals.draw_arrivals(arrivals.disclosed_plan(ROWS)).select(arrivals.QUASI_IDENTIFIERS)
    path = folder / "arrivals.csv"
    table.write_csv(path)
    command = ["Rscript", "-e", COUNT_IN_R, str(path)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    path.unlink()
    columns = table.columns
    ours = {"grouped": group_classes, "classes (sorted)": classes, "matching": matching}
    theirs, theirs_cpu = float(answer[1]), float(answer[2])
    print(
        f"{ROWS:,} simulated arrivals in {int(answer[0]):,} classes, best of 5; data.table "
        f"{answer[3]}, all threads: {theirs:.3f} s, {theirs_cpu:.3f} s of processor time"
    )
    for name, count in ours.items():
        wall, cpu = [], []
        for _ in range(5):
            start, spent = time.perf_counter(), time.process_time()
            found = count(table, columns)
            wall.append(time.perf_counter() - start)
            cpu.append(time.process_time() - spent)
        assert len(found) == int(answer[0])
        print(
            f"  {name:18} {min(wall):6.3f} s, {min(cpu):6.3f} s of processor time; ratio "
            f"{theirs / min(wall):5.1f} and {theirs_cpu / min(cpu):5.1f}"
        )
    print()


def _apart(real: pl.DataFrame) -> pl.DataFrame:
    return real.select(
        pl.col(name).sample(ROWS, with_replacement=True, seed=place)
        for place, name in enumerate(real.columns)
    )


def _measured(task: str, path: Path) -> dict[str, float]:
    command = [sys.executable, "-c", MEASURE, task, str(path)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(answer.stdout)
    return found


def _combinations(folder: Path) -> None:
    real = microdata("adult").frame.select(TEN)
    tables = {
        "each column drawn by itself (nearly all unique)": _apart(real),
        "records drawn again": real.sample(ROWS, with_replacement=True, seed=1),
    }
    print(f"all combinations of Adult's ten columns, {ROWS:,} records")
    for name, table in tables.items():
        path = folder / "ten.parquet"
        table.write_parquet(path)
        found = _measured("combinations", path)
        print(f"  {name:48} {found}")
        path.unlink()
    print()


def _disclosed(folder: Path) -> None:
    place = folder / "arrivals"
    plan = arrivals.disclosed_plan()
    arrivals.write_arrivals(plan, place)
    found = _measured("classes", place)
    shutil.rmtree(place)
    print(f"the disclosed size, {len(arrivals.QUASI_IDENTIFIERS)} columns (simulated arrivals)")
    print(f"  {found}\n")


def _accuracy() -> None:
    """Adult as the population: samples of it, estimates, and the share that is unique in truth."""
    population = microdata("adult").frame
    rows = []
    for name, columns in SETS.items():
        true = anonymity(population, columns).uniqueness
        for fraction in FRACTIONS:
            for seed in range(SAMPLES):
                sample = population.sample(fraction=fraction, seed=seed)
                found = pl.concat(
                    [
                        population_uniqueness(sample, columns, len(population), groups=10),
                        copula.uniqueness(sample, columns, len(population), groups=10),
                    ]
                )
                rows.append(
                    found.with_columns(columns=pl.lit(name), sampled=fraction, true=pl.lit(true))
                )
    table = (
        pl.concat(rows)
        .group_by("columns", "sampled", "model", maintain_order=True)
        .agg(
            true=pl.col("true").first(),
            median=pl.col("uniqueness").median(),
            error=(pl.col("uniqueness") - pl.col("true")).abs().mean(),
            solved=pl.col("uniqueness").is_not_null().mean(),
            covered=pl.col("true").is_between("low", "high").mean(),
        )
    )
    print(
        f"estimates of the unique share of Adult's {len(population):,} records, {SAMPLES} samples"
    )
    print(
        "| columns | truth | sampled | model | median | mean absolute error | interval holds it |"
    )
    print("|---|---|---|---|---|---|---|")
    for row in table.iter_rows(named=True):
        covered = "-" if row["covered"] is None else f"{row['covered']:.0%}"
        print(
            f"| {row['columns']} | {row['true']:.4f} | {row['sampled']:.0%} | {row['model']} | "
            f"{row['median']:.4f} | {row['error']:.4f} | {covered} |"
        )
    by_model = table.group_by("model", maintain_order=True).agg(pl.col("error").mean())
    print("mean absolute error over all:", dict(np.array(by_model.rows(), dtype=object)))


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as where:
        run(Path(where))
