"""Measure the errors of the same probes while a gallery of synthetic templates grows.

Templates are drawn in chunks, enrolled, compared with every probe, and dropped. Each chunk is
searched whole, so the probes' candidates are exact whatever the engine. At the end the engine's own
answers can be compared with them, at a size at which all templates would not fit in memory.
"""

import json
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onetomany.errors import InputError
from onetomany.faces import synthetic
from onetomany.gallery import CompressedEngine, Threshold, pack
from onetomany.gallery.engine import keep_best
from onetomany.gallery.exact import search_matrix
from onetomany.progress import ProgressBar
from onetomany.sources import travellers
from onetomany.sources.files import peak_memory, whole_file, write_whole
from .identification import SEARCHES

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

RANKS = 20  # candidates of each probe that are kept exactly
STRANGERS = 1 << 30  # the stream of the people who are never enrolled
PAIRS = 1000  # people whose pairs are looked through at a time
ATTRIBUTES = 7  # the session of a stream that attributes are drawn from


@dataclass(frozen=True)
class GalleryPlan:
    """A gallery of `records` synthetic templates, `images` of each person, and its probes.

    `probes` people of the first chunk and as many who are not enrolled give one further image each.
    `koreans` is the share of records of Koreans, which only filters depend on.
    """

    records: int
    images: int = 3
    probes: int = 1024
    chunk: int = 600_000
    seed: int = 2019
    koreans: float = 57.6 / 177.6

    def __post_init__(self) -> None:
        if self.chunk % self.images or self.records % self.images:
            raise InputError(
                f"{self.records:,} records in chunks of {self.chunk:,} are not whole people: give "
                f"multiples of {self.images}, the images of a person."
            )
        if min(self.chunk, self.records) < self.probes * self.images:
            least = self.probes * self.images
            raise InputError(f"A gallery and its chunks need {least:,} records or more.")

    @property
    def chunks(self) -> int:
        return -(-self.records // self.chunk)

    def sizes(self) -> list[int]:
        """Gallery sizes at which errors are noted: 1, 3, 10, 30 ... thousand, and all."""
        steps = [base * 10**power for power in range(3, 10) for base in (1, 3)]
        least = self.probes * self.images
        return [least, *(size for size in steps if least < size < self.records), self.records]


@dataclass(frozen=True)
class ExactCandidates:
    """The exact best of each probe so far, mates and strangers: (probes, RANKS), best first."""

    scores: Floats
    rows: Rows
    size: int


@dataclass(frozen=True)
class GrowthRun:
    """Wall seconds, peak memory (bytes resident) and starts of a run over all chunks."""

    seconds: float = 0.0
    peak: int = 0
    starts: int = 0


def _gallery_chunk(
    plan: GalleryPlan, model: synthetic.TemplateModel, number: int
) -> tuple[Floats, NDArray[np.uint32]]:
    """Return templates and cells of one chunk; the same on every call."""
    records = min(plan.chunk, plan.records - number * plan.chunk)
    people = synthetic.draw_people(model, records // plan.images, plan.seed, number)
    vectors = synthetic.draw_images(model, people, plan.images, plan.seed, number)
    rng = synthetic.generator(plan.seed, number, ATTRIBUTES)
    who = travellers.draw_travellers(len(people.places), rng, koreans=plan.koreans)
    return vectors, np.repeat(pack(who), plan.images)


def probes_of(plan: GalleryPlan, model: synthetic.TemplateModel) -> Floats:
    """Return images (2 x probes, d): of the first people enrolled, then of others."""
    first = min(plan.chunk, plan.records) // plan.images
    enrolled = synthetic.draw_people(model, first, plan.seed, 0).first(plan.probes)
    others = synthetic.draw_people(model, plan.probes, plan.seed, STRANGERS)
    return np.concatenate(
        [
            synthetic.draw_images(model, enrolled, 1, plan.seed, 0, session=2),
            synthetic.draw_images(model, others, 1, plan.seed, STRANGERS, session=2),
        ]
    )


def synthetic_thresholds(
    model: synthetic.TemplateModel, targets: Sequence[float], people: int = 40_000, seed: int = 0
) -> list[Threshold]:
    """Return the lowest thresholds within each target FMR, among synthetic people.

    As `threshold_at_fmr`, over all pairs of `people` people with one image each; only the highest
    scores are kept. Raises InputError for a target with fewer than ten expected false matches.
    """
    total = people * (people - 1) // 2
    if min(targets) * total < 10:
        raise InputError(f"FMR {min(targets):g} needs more people than {people:,} to be seen.")
    drawn = synthetic.draw_people(model, people, seed, STRANGERS + 1)
    vectors = synthetic.draw_images(model, drawn, 1, seed, STRANGERS + 1)
    keep = int(max(targets) * total) + 1
    top, bar = np.empty(0, np.float32), np.float32(-1)
    for start in ProgressBar(range(0, people, PAIRS), desc="pairs of people", delay=2, leave=False):
        block = vectors[start : start + PAIRS]
        later = block @ vectors[start + len(block) :].T
        among = (block @ block.T)[np.triu_indices(len(block), k=1)]
        top = np.concatenate([top, later[later > bar], among[among > bar]])
        if len(top) > 2 * keep:
            top = np.partition(top, len(top) - keep)[len(top) - keep :]
            bar = top.min()
    top = np.sort(top)[::-1].astype(np.float64)
    found = []
    for target in targets:
        cut = float(np.nextafter(top[int(np.floor(target * total + 1e-9))], np.inf))
        rate = float((top >= cut).sum() / total)
        found.append(Threshold(cut, rate, total, people, model.model, synthetic.SET))
    return found


def grow(
    plan: GalleryPlan, model: synthetic.TemplateModel, engine: CompressedEngine, notes: Path
) -> tuple[pl.DataFrame, ExactCandidates]:
    """Draw, enrol and search all chunks; resume from chunks done before.

    Returns `SEARCHES`, one row a probe and gallery size of `GalleryPlan.sizes`, and the exact
    candidates in the whole gallery. `mate_rank` is exact up to RANKS and null beyond, since only
    RANKS scores are kept; `mate_score` is that of the best mate. `notes` is the folder with the
    state that resuming needs.
    """
    probes = probes_of(plan, model)
    about = asdict(plan) | {"model": model.digest()}
    seen, done, snapshots = _read_notes(notes, about, len(probes))
    todo = range(min(done, engine.chunks), plan.chunks)
    run, started = read_growth(notes), time.perf_counter()
    if todo:
        run = replace(run, starts=run.starts + 1)
        _write_run(notes, run)
    bar = ProgressBar(
        todo, desc="records enrolled", unit="chunk", initial=todo.start, total=plan.chunks
    )
    with ThreadPoolExecutor(1) as ahead:  # the next chunk is made while this one is searched
        made = _begin(ahead, plan, model, todo.start)
        for number in bar:
            assert made is not None
            vectors, cells = made.result()
            made = _begin(ahead, plan, model, number + 1)
            if number == 0 and not engine.is_trained and len(vectors) >= 10 * engine.lists:
                engine.train(vectors, np.arange(len(vectors)) // plan.images)
            if engine.chunks <= number:
                engine.add(vectors, cells)
            if done <= number:
                seen, new = _look(seen, vectors, probes, plan)
                snapshots = [*snapshots, *new]
                done = number + 1
                _write_notes(notes, seen, done, snapshots)
            seconds = run.seconds + time.perf_counter() - started
            _write_run(notes, replace(run, seconds=seconds, peak=max(run.peak, peak_memory())))
    engine.checkpoint()
    mates = _gallery_chunk(plan, model, 0)[0][: plan.probes * plan.images]
    best_mate = np.einsum(
        "pid,pd->pi", mates.reshape(plan.probes, plan.images, -1), probes[: plan.probes]
    ).max(axis=1)
    return pl.concat(_searches(each, best_mate, plan) for each in snapshots), seen


def _begin(
    ahead: ThreadPoolExecutor, plan: GalleryPlan, model: synthetic.TemplateModel, number: int
) -> Future[tuple[Floats, NDArray[np.uint32]]] | None:
    """Begin to make a chunk; None after the last."""
    return ahead.submit(_gallery_chunk, plan, model, number) if number < plan.chunks else None


def _look(
    seen: ExactCandidates, vectors: Floats, probes: Floats, plan: GalleryPlan
) -> tuple[ExactCandidates, list[ExactCandidates]]:
    """Search a chunk exactly; stop at each size to be noted that lies within it."""
    end = seen.size + len(vectors)
    stops = [size for size in plan.sizes() if seen.size < size <= end]
    noted, start = [], seen.size
    for stop in sorted({*stops, end}):
        part = vectors[seen.size - start : stop - start]
        scores, rows = search_matrix(part, probes, RANKS, seen.scores[:, -1])
        rows = np.where(rows < 0, -1, rows + seen.size)
        joined = np.hstack([seen.scores, scores]), np.hstack([seen.rows, rows])
        seen = ExactCandidates(*keep_best(*joined, RANKS), stop)
        if stop in stops:
            noted.append(seen)
    return seen, noted


def _searches(seen: ExactCandidates, best_mate: Floats, plan: GalleryPlan) -> pl.DataFrame:
    number = np.arange(2 * plan.probes)
    mated = number < plan.probes
    is_mate = (seen.rows // plan.images == number[:, None]) & mated[:, None] & (seen.rows >= 0)
    other = np.where(is_mate, -np.inf, seen.scores)
    mate = np.where(mated, np.pad(best_mate, (0, plan.probes)), np.nan)
    above = (other > mate[:, None]).sum(axis=1)
    names = pl.format(
        "x{}", pl.when(mated=True).then("number").otherwise(pl.col("number") + STRANGERS)
    )
    frame = pl.DataFrame(
        {
            "number": number,
            "mated": mated,
            "mate_rank": 1 + above,
            "mate_score": mate,
            "other_score": other.max(axis=1),
        }
    ).with_columns(
        fold=pl.lit(0),
        subject_id=names,
        gallery_size=pl.lit(seen.size),
        # RANKS strangers or more score above the mate: its rank is unknown
        mate_rank=pl.when(pl.col("mated") & (pl.col("mate_rank") <= RANKS)).then("mate_rank"),
        mate_score=pl.when("mated").then("mate_score"),
    )
    return frame.with_columns(probe_id=pl.format("{}/probe", "subject_id")).select(
        pl.col(name).cast(kind) for name, kind in SEARCHES.items()
    )


def _read_notes(
    notes: Path, about: dict[str, object], probes: int
) -> tuple[ExactCandidates, int, list[ExactCandidates]]:
    """Return the candidates, chunks done and snapshots. Raises InputError for another plan."""
    notes.mkdir(parents=True, exist_ok=True)
    plan, path = notes / "plan.json", notes / "seen.npz"
    if not plan.exists():
        write_whole(plan, json.dumps(about).encode())
    elif json.loads(plan.read_text(encoding="utf-8")) != about:
        raise InputError(
            f"{notes} contains a run of another plan or template model: remove the folder "
            f"{notes.parent}, or name another."
        )
    nothing = ExactCandidates(
        np.full((probes, RANKS), -np.inf, np.float32), np.full((probes, RANKS), -1, np.int64), 0
    )
    if not path.exists():
        return nothing, 0, []
    noted = np.load(path)
    parts = [
        ExactCandidates(scores, rows, int(size))
        for scores, rows, size in zip(noted["scores"], noted["rows"], noted["sizes"], strict=True)
    ]
    return parts[-1], int(noted["done"]), parts[:-1]


def _write_notes(
    notes: Path, seen: ExactCandidates, done: int, snapshots: list[ExactCandidates]
) -> None:
    parts = [*snapshots, seen]
    with whole_file(notes / "seen.npz") as beside, beside.open("wb") as file:
        np.savez(
            file,
            scores=np.stack([part.scores for part in parts]),
            rows=np.stack([part.rows for part in parts]),
            sizes=[part.size for part in parts],
            done=done,
        )


def read_growth(notes: Path) -> GrowthRun:
    """Return the run's time, memory and starts so far."""
    path = notes / "run.json"
    return GrowthRun(**json.loads(path.read_text(encoding="utf-8")) if path.exists() else {})


def _write_run(notes: Path, run: GrowthRun) -> None:
    write_whole(notes / "run.json", json.dumps(asdict(run)).encode())
