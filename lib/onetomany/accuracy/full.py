"""The run at the disclosed size: grow a gallery to it, then hold its engine to what is exact."""

from __future__ import annotations

import json
import os
import platform
import time
from dataclasses import asdict
from datetime import date
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from statistics import median

import polars as pl

from ..faces import embed, synthetic, usable
from ..gallery import Band, CompressedEngine, lists_for
from ..sources import cache_dir, case, open_images
from ..sources.files import write_whole
from . import growth

CANDIDATES = 20
SINGLE = 200  # probes that are searched one at a time
BANDS = {
    "KOR": Band(("KOR",)),
    "F": Band(sexes=("F",)),
    "KOR F 1980-1984": Band(("KOR",), ("F",), (1980, 1984)),
    "D M 1975": Band(("D",), ("M",), (1975, 1975)),
}

Facts = dict[str, float | int | str]


def run_full(out: Path, records: int | None = None) -> Facts:
    """Grow a gallery of so many synthetic templates (as many as disclosed if None) and appraise it.

    What is made lies in the cache and is used again; a run that was stopped goes on. Writes
    `searches.parquet` (`SEARCHES`) and `run.json` to `out`, and returns the facts of the latter.
    """
    records = records or round(case.records_given(case.numbers()))
    model = synthetic.fit(usable(embed(open_images("orl"))))
    plan = growth.Plan(records)
    folder = cache_dir() / "scale" / str(records)
    engine = CompressedEngine(folder / "engine", model.dimension, lists=lists_for(records))
    searches, seen = growth.grow(plan, model, engine, folder / "notes")
    run = growth.read_run(folder / "notes")
    facts: Facts = {
        "records": len(engine),
        "people": len(engine) // plan.images,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "date": date.today().isoformat(),
        "version": version("onetomany"),
        "plan": json.dumps(asdict(plan)),
        "build seconds": run.seconds,
        "starts": run.starts,
        "peak memory, bytes": run.peak,
        **sizes(engine),
        **appraise(engine, growth.probes_of(plan, model), seen),
    }
    out.mkdir(parents=True, exist_ok=True)
    searches.write_parquet(out / ".searches.part")
    (out / ".searches.part").replace(out / "searches.parquet")
    write_whole(out / "run.json", json.dumps(facts, indent=1).encode())
    return facts


def sizes(engine: CompressedEngine) -> Facts:
    """Bytes that the engine takes: on disk in all, and of codes in memory, by template."""
    disk = {path.name: path.stat().st_size for path in engine.folder.iterdir()}
    codes = sum(size for name, size in disk.items() if name.startswith(("index-", "cells-")))
    return {
        "disk, bytes": sum(disk.values()),
        "disk, bytes a template": sum(disk.values()) / engine.rows,
        "memory, bytes a template": codes / engine.rows,
    }


def appraise(engine: CompressedEngine, probes: growth.Floats, exact: growth.Seen) -> Facts:
    """Recall@1 against the exact best of each probe, mated and not; times of a search."""
    half = len(probes) // 2
    started = time.perf_counter()
    _, rows = engine.search(probes, CANDIDATES)
    batch = time.perf_counter() - started
    hit = rows[:, 0] == exact.rows[:, 0]
    single = [_seconds(engine, probes[i : i + 1]) for i in range(half, half + SINGLE)]
    again = [_seconds(engine, probes[i : i + 1]) for i in range(half, half + SINGLE)]
    facts: Facts = {
        "mated probes": half,
        "recall@1, mated": float(hit[:half].mean()),
        "recall@1, not enrolled": float(hit[half:].mean()),
        "one probe, median ms, first time": 1e3 * median(single),
        "one probe, median ms, again": 1e3 * median(again),
        "all probes at once, ms each": 1e3 * batch / len(probes),
    }
    for name, band in BANDS.items():
        first = _seconds(engine, probes[:1], band)
        times = [_seconds(engine, probes[i : i + 1], band) for i in range(half, half + SINGLE // 4)]
        facts[f"filter {name}: share"] = engine.count(band) / len(engine)
        facts[f"filter {name}: ms, the filter's first search"] = 1e3 * first
        facts[f"filter {name}: ms, median"] = 1e3 * median(times)
    return facts


def _seconds(engine: CompressedEngine, probe: growth.Floats, band: Band | None = None) -> float:
    started = time.perf_counter()
    engine.search(probe, CANDIDATES, allowed=band)
    return time.perf_counter() - started


def stored() -> tuple[pl.DataFrame, Facts]:
    """The searches and facts of the run at the disclosed size that comes with the kit."""
    folder = resources.files("onetomany.sources") / "data" / "scale"
    facts: Facts = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return pl.read_parquet((folder / "searches.parquet").read_bytes()), facts
