"""Grow a gallery to the disclosed size, and compare its engine with exact search."""

import json
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from statistics import median

import polars as pl

from onetomany.faces import Settings, embed, synthetic, usable
from onetomany.gallery import Band, CompressedEngine, lists_for
from onetomany.sources import cache_dir, case, open_images
from onetomany.sources.files import whole_file, write_whole
from . import growth, refit
from .fixed_fpir import misses_at_fpir
from .scale import rates_by_size

MATCHER = "SFace"  # whose templates the run is fitted to: the one that errs least of those shipped
CANDIDATES = 20
MARKS = (1e-3, 1e-5, 1e-6, 1e-7)  # FMRs by which thresholds are known
HELD = (0.01, 0.1)  # FPIRs that an operator may want to keep
# people, one picture each, as NIST enrols them; it publishes FNIR of the second and the fourth
MEASURED = (1_000_000, 1_600_000, 4_000_000, 12_000_000, 40_000_000)
REFITS, DRAWN = 30, 1_000
NIST_FPIR = 0.003
SINGLE = 200  # probes that are searched one at a time
BANDS = {
    "KOR": Band(("KOR",)),
    "F": Band(sexes=("F",)),
    "KOR F 1980-1984": Band(("KOR",), ("F",), (1980, 1984)),
    "D M 1975": Band(("D",), ("M",), (1975, 1975)),
}

Facts = dict[str, float | int | str]


def run_full(out: Path, records: int | None = None) -> Facts:
    """Grow a gallery of `records` synthetic templates (the disclosed number if None); test it.

    Files stay in the cache and are used again; an interrupted run resumes. Writes
    `searches.parquet` (`SEARCHES`), `refits.parquet` (`refit.refits`) and `run.json` to `out`, and
    returns the facts of the last.
    """
    records = records or round(case.records_given(case.case_numbers()))
    real = open_images("orl")
    templates = usable(embed(real, Settings(model=MATCHER)))
    model = synthetic.fit_template_model(templates)
    plan = growth.GalleryPlan(records)
    folder = cache_dir() / "scale" / str(records)
    engine = CompressedEngine(folder / "engine", model.dimension, lists=lists_for(records))
    searches, seen = growth.grow(plan, model, engine, folder / "notes")
    run = growth.read_growth(folder / "notes")
    cuts = [each.score for each in growth.synthetic_thresholds(model, MARKS)]
    again = pl.concat(
        refit.refits(templates, noted, MARKS, fpir, count=REFITS, images=images, drawn=DRAWN)
        for noted, images, fpir in ((plan.sizes(), plan.images, HELD), (MEASURED, 1, (NIST_FPIR,)))
    )
    facts: Facts = {
        "matcher": model.model,
        "fitted to": real.datasheet.title,
        "people fitted to": model.subjects,
        "images fitted to": model.images,
        "thresholds": json.dumps(dict(zip(map(str, MARKS), cuts, strict=True))),
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
        **_appraise(engine, growth.probes_of(plan, model), seen),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, frame in (("searches", searches), ("refits", again)):
        with whole_file(out / f"{name}.parquet") as beside:
            frame.write_parquet(beside)
    write_whole(out / "run.json", json.dumps(facts, indent=1).encode())
    return facts


def sizes(engine: CompressedEngine) -> Facts:
    """Return the engine's bytes: on disk in all, and of codes in memory, by template."""
    disk = {path.name: path.stat().st_size for path in engine.folder.iterdir()}
    codes = sum(size for name, size in disk.items() if name.startswith(("index-", "cells-")))
    return {
        "disk, bytes": sum(disk.values()),
        "disk, bytes a template": sum(disk.values()) / engine.rows,
        "memory, bytes a template": codes / engine.rows,
    }


def _appraise(
    engine: CompressedEngine, probes: growth.Floats, exact: growth.ExactCandidates
) -> Facts:
    """Return recall@1 against the exact best of each probe, mated and not; times of a search."""
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


@dataclass(frozen=True)
class StoredRun:
    """The run at the disclosed size that comes with the kit.

    `searches` (`SEARCHES`), `facts` as `run_full` returns, `thresholds`, scores by the FMR by which
    each is known, and `refits` (`refit.refits`) of galleries as in this run (`images`) and as NIST
    makes them (one image a person). If the refits are of another matcher than the run's, its
    intervals cover only the chance of who was searched (`is_widened`).
    """

    searches: pl.DataFrame
    facts: Facts
    thresholds: dict[float, float]
    refits: pl.DataFrame

    def rates(self) -> pl.DataFrame:
        """Return `rates_by_size` at the thresholds, widened by the refits."""
        rates = rates_by_size(
            self.searches, list(self.thresholds.values()), fmr=list(self.thresholds)
        )
        return refit.all_widened(rates, self._own) if self.is_widened else rates

    def misses(self, targets: Sequence[float]) -> pl.DataFrame:
        """Return `misses_at_fpir`, widened by the refits."""
        held = misses_at_fpir(self.searches, targets)
        if not self.is_widened:
            return held
        return refit.widened(held, self._own, "fnir at fpir", "fnir", "target")

    @property
    def is_widened(self) -> bool:
        """Return whether intervals contain the uncertainty of fitting to few people."""
        return len(self._own) > 0

    @property
    def _own(self) -> pl.DataFrame:
        plan = json.loads(str(self.facts["plan"]))
        return self.refits.filter(images=plan["images"], matcher=self.facts["matcher"])


def stored_run() -> StoredRun:
    """Read the run at the disclosed size that comes with the kit."""
    folder = resources.files("onetomany.sources") / "data" / "scale"
    facts: Facts = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    cuts = json.loads(str(facts["thresholds"]))
    searches, refits = (
        pl.read_parquet((folder / f"{name}.parquet").read_bytes())
        for name in ("searches", "refits")
    )
    thresholds = {float(mark): float(cut) for mark, cut in cuts.items()}
    return StoredRun(searches, facts, thresholds, refits)
