"""Search engines on the same synthetic templates, each against its peer in the same run.

Writes docs/engines.md. Templates are synthetic, fitted to the real set (`faces.synthetic`), three
of each person; probes are further images of people who are enrolled.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import faiss
import numpy as np

from onetomany import faces, sources
from onetomany.faces import synthetic
from onetomany.gallery import Band, CompressedEngine, ExactEngine, lists_for, pack
from onetomany.gallery.milvus import MilvusEngine
from onetomany.sources import travellers

SMALL, LARGE, CHUNK = 200_000, 10_000_000, 600_000
PROBES = 1024
PAGE = Path(__file__).parents[1] / "docs" / "engines.md"


@dataclass(frozen=True)
class Row:
    """One engine's line: seconds to build, probes a second, recall@1, bytes a template."""

    engine: str
    templates: int
    build: float
    together: float
    alone: float
    recall: float
    memory: float
    disk: float


def run(folder: Path) -> None:
    model = synthetic.fit_template_model(faces.usable(faces.embed(sources.open_images("orl"))))
    first = synthetic.draw_people(model, CHUNK // 3, 1, 0)
    probes = synthetic.draw_images(model, first.first(PROBES), 1, 1, session=2)
    lines = [*_kernel(model, probes), ""]
    rows = _small(model, probes, folder)
    large, notes = _large(model, probes, folder)
    lines += [*_table(rows), "", *_table(large), "", *notes]
    page = _page(lines)
    PAGE.write_text(page, encoding="utf-8")
    print(page)


def _chunk(model: synthetic.TemplateModel, number: int) -> tuple[np.ndarray, np.ndarray]:
    people = synthetic.draw_people(model, CHUNK // 3, 1, number)
    who = travellers.draw_travellers(len(people.places), synthetic.generator(1, number, 7))
    return synthetic.draw_images(model, people, 3, 1, number), np.repeat(pack(who), 3)


def _kernel(model: synthetic.TemplateModel, probes: np.ndarray) -> list[str]:
    """The exact engine against the machine's own sgemm and against faiss's IndexFlatIP."""
    vectors = np.concatenate([_chunk(model, number)[0] for number in range(2)])[:1_000_000]
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(vectors)
    engine = ExactEngine(vectors.shape[1])
    engine.add(vectors)
    flops = 2 * vectors.size * len(probes)
    out = np.empty((len(probes), 4096), np.float32)

    def product() -> None:
        for start in range(0, len(vectors) - 4096, 4096):
            np.matmul(probes, vectors[start : start + 4096].T, out=out)

    ours, theirs, sgemm = _interleaved(
        lambda: engine.search(probes, 10), lambda: flat.search(probes, 10), product
    )
    lines = [
        "## Exact: against sgemm and faiss",
        "",
        f"1,000,000 templates, {len(probes)} probes together, ten best of each: {flops / ours / 1e9:.0f} GFLOP/s, "
        f"**{sgemm / ours:.0%} of this machine's sgemm** on the same shapes ({flops / sgemm / 1e9:.0f}), "
        f"**{theirs / ours:.2f} times faiss IndexFlatIP** ({flops / theirs / 1e9:.0f}).",
        "",
    ]
    lines += against_faiss(vectors, probes)
    lines += ["", "Filtered, against unfiltered (random rows of that share):", ""]
    lines += ["| share | one probe | all together |", "|---|---|---|"]
    rng = np.random.default_rng(0)
    for share in (1.0, 0.7, 0.4, 0.1, 0.01, 1e-4):
        mask = rng.random(len(vectors)) < share
        lines.append(f"| {share:g} | {_filter_cost(engine, probes, mask)} |")
    return lines


def against_faiss(vectors: np.ndarray, probes: np.ndarray) -> list[str]:
    """Return a table of the exact engine over faiss at three sizes: wall and processor time."""
    lines = [
        "Times of faiss IndexFlatIP over those of the exact engine, wall and processor (all cores), "
        "medians of the same run; above 1 the exact engine is faster:",
        "",
        "| templates | probes together | exact, processor ms | wall | processor |",
        "|---|---|---|---|---|",
    ]
    for size in (400, 10_000, len(vectors)):
        flat, engine = faiss.IndexFlatIP(vectors.shape[1]), ExactEngine(vectors.shape[1])
        flat.add(vectors[:size])
        engine.add(vectors[:size])
        for count in (1, 2, 4, 16, 64, 1024):
            some = probes[:count]
            rounds = 3 if size * count > 1e7 else 30
            works = (partial(engine.search, some, 10), partial(flat.search, some, 10))
            times = np.empty((rounds, 2, 2))
            for work in works:
                work()
            for each in times:
                for own, work in zip(each, works, strict=True):
                    wall, processor = time.perf_counter(), time.process_time()
                    work()
                    own[:] = time.perf_counter() - wall, time.process_time() - processor
            (wall, processor), theirs = np.median(times, axis=0)
            lines.append(
                f"| {size:,} | {count:,} | {processor * 1e3:,.2f} | {theirs[0] / wall:.2f} | "
                f"{theirs[1] / processor:.2f} |"
            )
    return lines


def _small(model: synthetic.TemplateModel, probes: np.ndarray, folder: Path) -> list[Row]:
    """Every engine and peer at a size that all of them manage."""
    vectors, cells = (part[:SMALL] for part in _chunk(model, 0))
    exact = ExactEngine(vectors.shape[1])
    truth = None
    rows = []
    for name, make in (
        ("exact", lambda: exact),
        ("compressed", lambda: _compressed(folder / "small", vectors)),
        ("milvus (milvus-lite, FLAT)", lambda: MilvusEngine(str(folder / "m.db"), 128)),
    ):
        started = time.perf_counter()
        engine: Any = make()
        engine.add(vectors, cells)
        build = time.perf_counter() - started
        found = engine.search(probes, 10)[1][:, 0]
        truth = found if truth is None else truth
        rows.append(
            _row(
                name,
                engine,
                probes=probes,
                build=build,
                truth=truth,
                found=found,
                held=engine_bytes(engine, folder, vectors),
            )
        )
        if isinstance(engine, MilvusEngine):
            engine.close()
    assert truth is not None
    rows += [_vss(vectors, probes, truth, folder), _lance(vectors, probes, truth, folder)]
    return rows


def engine_bytes(engine: Any, folder: Path, vectors: np.ndarray) -> tuple[float, float]:
    """Bytes a template in memory and on disk."""
    if isinstance(engine, ExactEngine):
        return vectors.shape[1] * 4 + 5, 0
    if isinstance(engine, CompressedEngine):
        engine.checkpoint()
        held = sum(path.stat().st_size for path in engine.folder.glob("index-*"))
        return held / engine.rows + 4, _size(engine.folder) / engine.rows
    return np.nan, _size(folder / "m.db") / len(vectors)


def _compressed(folder: Path, vectors: np.ndarray) -> CompressedEngine:
    engine = CompressedEngine(folder, vectors.shape[1], lists=lists_for(len(vectors)))
    sample = vectors[: min(len(vectors), 600_000)]
    engine.train(sample, np.arange(len(sample)) // 3)
    return engine


def _vss(vectors: np.ndarray, probes: np.ndarray, truth: np.ndarray, folder: Path) -> Row:
    """DuckDB's vss extension: an HNSW index on a column of arrays."""
    import duckdb
    import duckdb_extension_vss

    path = next(Path(duckdb_extension_vss.__file__).parent.rglob("vss.duckdb_extension"))
    connection = duckdb.connect(
        str(folder / "vss.duckdb"), config={"allow_unsigned_extensions": True}
    )
    connection.execute(f"LOAD '{path}'; SET hnsw_enable_experimental_persistence = true")
    started = time.perf_counter()
    import pyarrow as pa

    table = pa.table(
        {
            "row": np.arange(len(vectors)),
            "template": pa.FixedSizeListArray.from_arrays(
                pa.array(vectors.ravel()), vectors.shape[1]
            ),
        }
    )
    connection.register("table_", table)
    kind = f"FLOAT[{vectors.shape[1]}]"
    connection.execute(f"CREATE TABLE t AS SELECT row, template::{kind} AS template FROM table_")
    connection.execute("CREATE INDEX i ON t USING HNSW (template) WITH (metric = 'ip')")
    build = time.perf_counter() - started
    query = f"SELECT row FROM t ORDER BY array_negative_inner_product(template, ?::{kind}) LIMIT 10"

    def one(probe: np.ndarray) -> int:
        return int(connection.execute(query, [probe.tolist()]).fetchall()[0][0])

    row = _peer(
        f"DuckDB vss {version('duckdb')}, HNSW",
        one=one,
        vectors=vectors,
        probes=probes,
        build=build,
        truth=truth,
    )
    connection.execute("CHECKPOINT")
    connection.close()
    return row(np.nan, _size(folder / "vss.duckdb") / len(vectors))


def _lance(vectors: np.ndarray, probes: np.ndarray, truth: np.ndarray, folder: Path) -> Row:
    """lancedb: an inverted file of product codes on disk, re-ranked, as ours."""
    import lancedb
    import pyarrow as pa

    started = time.perf_counter()
    array = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
    rows = pa.table({"row": np.arange(len(vectors)), "vector": array})
    table = lancedb.connect(str(folder / "lance")).create_table("t", rows)
    table.create_index(metric="dot", num_partitions=256, num_sub_vectors=64)
    build = time.perf_counter() - started

    def one(probe: np.ndarray) -> int:
        found = table.search(probe).distance_type("dot").nprobes(16).refine_factor(10).limit(10)
        return int(found.select(["row", "_distance"]).to_arrow()["row"][0].as_py())

    row = _peer(
        f"lancedb {version('lancedb')}, IVF_PQ",
        one=one,
        vectors=vectors,
        probes=probes,
        build=build,
        truth=truth,
    )
    return row(np.nan, _size(folder / "lance") / len(vectors))


def _peer(
    name: str,
    *,
    one: Callable[[np.ndarray], int],
    vectors: np.ndarray,
    probes: np.ndarray,
    build: float,
    truth: np.ndarray,
) -> Callable[[float, float], Row]:
    """A peer that takes one probe at a time."""
    some = probes[:200]
    one(some[0])
    times, found = [], []
    for probe in some:
        started = time.perf_counter()
        found.append(one(probe))
        times.append(time.perf_counter() - started)
    recall = float((np.array(found) == truth[: len(some)]).mean())
    speed = 1 / median(times)
    return lambda memory, disk: Row(name, len(vectors), build, np.nan, speed, recall, memory, disk)


def _large(
    model: synthetic.TemplateModel, probes: np.ndarray, folder: Path
) -> tuple[list[Row], list[str]]:
    """Ten million: exact against compressed, and the filter's cost."""
    exact = ExactEngine(model.dimension)
    spent = {"exact": 0.0, "compressed": 0.0}
    compressed: CompressedEngine | None = None
    for number in range(-(-LARGE // CHUNK)):
        vectors, cells = (part[: LARGE - number * CHUNK] for part in _chunk(model, number))
        started = time.perf_counter()
        if compressed is None:
            compressed = CompressedEngine(folder / "large", model.dimension, lists=lists_for(LARGE))
            compressed.train(vectors, np.arange(len(vectors)) // 3)
        compressed.add(vectors, cells)
        spent["compressed"] += time.perf_counter() - started
        started = time.perf_counter()
        exact.add(vectors, cells)
        spent["exact"] += time.perf_counter() - started
    assert compressed is not None
    compressed.checkpoint()
    truth = exact.search(probes, 10)[1][:, 0]
    found = compressed.search(probes, 10)[1][:, 0]
    rows = [
        _row(
            "exact",
            exact,
            probes=probes,
            build=spent["exact"],
            truth=truth,
            found=truth,
            held=(model.dimension * 4 + 5, 0),
        ),
        _row(
            "compressed",
            compressed,
            probes=probes,
            build=spent["compressed"],
            truth=truth,
            found=found,
            held=engine_bytes(compressed, folder, probes),
        ),
    ]
    notes = [
        f"Compressed against exact at {LARGE:,}, {len(probes)} mated probes together "
        f"({compressed.lists:,} cells, {compressed.rerank} candidates re-ranked):",
        "",
        "| cells looked through | recall@1 | compressed, probes/s | exact, probes/s | ratio |",
        "|---|---|---|---|---|",
    ]
    usual = compressed.scan
    for scan in (0.04, 0.06, 0.065, 0.08, 0.1):
        compressed.scan = scan
        # the exact search takes so long that one is enough each time
        ours, theirs = _interleaved(
            lambda: compressed.search(probes, 10), lambda: exact.search(probes, 10), rounds=1
        )
        recall = (compressed.search(probes, 10)[1][:, 0] == truth).mean()
        speeds = (
            f"{len(probes) / ours:,.0f} | {len(probes) / theirs:,.1f} | **{theirs / ours:.1f}**"
        )
        notes.append(f"| {scan:.1%} | {recall:.4f} | {speeds} |")
    compressed.scan = usual
    notes += [
        "",
        "A filter by nationality, sex and birth years, compressed, against no filter (recall is of the best within the filter, mostly strangers):",
        "",
        "| share of the gallery | one probe | all together | recall@1 |",
        "|---|---|---|---|",
    ]
    for band in (
        Band(sexes=("F", "M")),
        Band(sexes=("F",)),
        Band(("CHN",)),
        Band(("CHN",), ("F",), (1980, 1989)),
        Band(("D",)),
        Band(("D",), ("F",), (1980, 1984)),
        Band(("D",), ("F",), (1950, 1950)),
    ):
        count = compressed.count(band)
        cost = _filter_cost(compressed, probes, band)
        some = probes[:128]
        here = exact.search(some, 1, allowed=band)[1] == compressed.search(some, 1, allowed=band)[1]
        notes.append(f"| {count / LARGE:.2g} | {cost} | {here.mean():.3f} |")
    return rows, notes


def _filter_cost(engine: Any, probes: np.ndarray, allowed: Band | np.ndarray) -> str:
    """How many times as long a filtered search takes: one probe, and all together."""
    ratios = []
    for some in (probes[:1], probes):
        with_, without = _interleaved(
            lambda some=some: engine.search(some, 10, allowed=allowed),
            lambda some=some: engine.search(some, 10),
        )
        ratios.append(f"{with_ / without:.2f}")
    return " | ".join(ratios)


def _row(
    name: str,
    engine: Any,
    *,
    probes: np.ndarray,
    build: float,
    truth: np.ndarray,
    found: np.ndarray,
    held: tuple[float, float],
) -> Row:
    (together,) = _interleaved(lambda: engine.search(probes, 10), rounds=1)
    times = []
    for number in range(30):
        started = time.perf_counter()
        engine.search(probes[number : number + 1], 10)
        times.append(time.perf_counter() - started)
    recall = float((truth == found).mean())
    return Row(name, len(engine), build, len(probes) / together, 1 / median(times), recall, *held)


def _interleaved(*works: Callable[[], object], rounds: int = 3) -> tuple[float, ...]:
    """Median seconds of each, taken in turns, so that what disturbs one disturbs the others."""
    if rounds > 1:
        for work in works:
            work()
    times: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for own, work in zip(times, works, strict=True):
            started = time.perf_counter()
            work()
            own.append(time.perf_counter() - started)
    return tuple(map(median, times))


def _table(rows: list[Row]) -> list[str]:
    lines = [
        f"## {rows[0].templates:,} templates",
        "",
        "| engine | build, s | probes/s together | probes/s one by one | recall@1 | bytes in memory | bytes on disk |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        together, memory = (
            "-" if np.isnan(value) else f"{value:,.0f}" for value in (row.together, row.memory)
        )
        lines.append(
            f"| {row.engine} | {row.build:,.1f} | {together} | {row.alone:,.0f} | {row.recall:.3f} | {memory} | {row.disk:,.0f} |"
        )
    return lines


def _page(lines: list[str]) -> str:
    head = [
        "# Search engines, measured",
        "",
        "`make bench` writes this page. Templates are synthetic, fitted to the real set; probes are further images of "
        f"people enrolled. {platform.machine()}, {os.cpu_count()} cores, numpy {version('numpy')}, faiss {version('faiss-cpu')}, "
        f"milvus-lite {version('milvus-lite')}. Bytes are by template; '-' means that a library does not report it, or takes one probe at a time.",
        "",
    ]
    return "\n".join([*head, *lines]) + "\n"


def _size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
