"""Every engine through the same properties: what it finds, filters, forgets, keeps in a crash."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import faiss
import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onetomany import sources
from onetomany.errors import InputError, IntegrityError
from onetomany.faces import synthetic
from onetomany.gallery import (
    Band,
    CompressedEngine,
    Engine,
    ExactEngine,
    Gallery,
    gallery_of,
    lists_for,
    open_engine,
    pack,
    unpack,
)
from onetomany.gallery.coding import cell_space, copy_codes, drop_codes, empty_index
from onetomany.gallery.exact import search_matrix
from onetomany.gallery.milvus import MilvusEngine
from onetomany.gallery.open import load_engine

pytestmark = pytest.mark.real

DIMENSION = 8
ENGINES = ("exact", "compressed", "trained", "milvus")
# half precision rounds a component below 1 by up to 2.5e-4
TOLERANCE = {"exact": 1e-6, "compressed": 1e-3, "trained": 1e-3, "milvus": 1e-6}
quick = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


def make(kind: str, folder: Path) -> Engine:
    """An empty engine; 'trained' is the compressed one with cells and codes from the start."""
    if kind == "exact":
        return ExactEngine(DIMENSION)
    if kind == "milvus":
        return MilvusEngine(str(folder / "milvus.db"), DIMENSION)
    # 64 lists: the tests' few templates leave it untrained, so that it compares with all of them
    engine = CompressedEngine(folder / "engine", DIMENSION, lists=4 if kind == "trained" else 64)
    if kind == "trained":
        engine.train(unit(np.random.default_rng(7), 256))
        engine.scan, engine.rerank = 1.0, 1000
    return engine


def reopened(engine: Engine, kind: str, folder: Path) -> Engine:
    """The engine as another process would find it."""
    if isinstance(engine, ExactEngine):
        engine.save(folder / "saved")
        return ExactEngine.load(folder / "saved")
    if isinstance(engine, MilvusEngine):
        engine.close()
        return MilvusEngine(engine.uri, DIMENSION)
    again = CompressedEngine(folder / "engine", DIMENSION)
    again.scan, again.rerank = 1.0, 1000
    return again


def unit(rng: np.random.Generator, count: int) -> np.ndarray:
    vectors = rng.normal(size=(count, DIMENSION)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def people(rng: np.random.Generator, count: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "nationality": rng.choice(["KOR", "JPN", "D", "XXX"], count),
            "sex": rng.choice(["F", "M", "X"], count),
            "birth_year": rng.integers(1930, 2010, count),
        }
    )


def expected(
    vectors: np.ndarray, probes: np.ndarray, allowed: np.ndarray, k: int, threshold: float
) -> np.ndarray:
    """The k best scores of each probe by a plain product, -inf where there are fewer."""
    scores = probes.astype(np.float64) @ vectors.astype(np.float64).T
    scores[:, ~allowed] = -np.inf
    scores[scores < threshold] = -np.inf
    scores = np.pad(scores, ((0, 0), (0, k)), constant_values=-np.inf)
    return np.sort(scores, axis=1)[:, ::-1][:, :k]


def check(
    engine: Engine, kind: str, vectors: np.ndarray, probes: np.ndarray, may: np.ndarray, **how: Any
) -> None:
    """The engine's answer is the plain product's, among the rows that may be found."""
    k, threshold = how.pop("k"), how.get("threshold", -2.0)
    scores, rows = engine.search(probes, k, **how)
    wanted = expected(vectors, probes, may, k, threshold)
    assert scores.shape == rows.shape == (len(probes), k)
    assert (np.isneginf(scores) == (rows < 0)).all()
    # a candidate within rounding of the threshold may stand on either side of it
    both = np.isfinite(wanted) & np.isfinite(scores)
    one = np.isfinite(wanted) != np.isfinite(scores)
    assert (np.abs(np.where(np.isfinite(wanted), wanted, scores) - threshold)[one] < 2e-3).all()
    assert np.allclose(scores[both], wanted[both], atol=TOLERANCE[kind])
    found = rows >= 0
    assert may[rows[found]].all()
    own = np.einsum("pd,pkd->pk", probes, vectors[np.maximum(rows, 0)])
    assert np.allclose(own[found], scores[found], atol=TOLERANCE[kind])
    assert all(len(set(line[line >= 0])) == (line >= 0).sum() for line in rows)


cases = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**32 - 1),
        "size": st.integers(1, 200),
        "k": st.integers(1, 30),
        "probes": st.integers(1, 12),
        "gone": st.floats(0, 0.6),
    }
)


@pytest.mark.parametrize("kind", ENGINES)
@quick
@given(case=cases, threshold=st.sampled_from([-2.0, 0.0, 0.5]))
def test_finds_filters_and_forgets(kind: str, case: dict[str, float], threshold: float) -> None:
    rng = np.random.default_rng(int(case["seed"]))
    size, k = int(case["size"]), int(case["k"])
    vectors, probes = unit(rng, size), unit(rng, int(case["probes"]))
    who = people(rng, size)
    band = Band(("KOR", "D"), ("F",), (1950, 1990))
    in_band = who.select(
        pl.col("nationality").is_in(["KOR", "D"])
        & (pl.col("sex") == "F")
        & pl.col("birth_year").is_between(1950, 1990)
    )["nationality"].to_numpy()
    mask = rng.random(size) < 0.3
    with TemporaryDirectory() as folder:
        engine = make(kind, Path(folder))
        half = size // 2
        first = engine.add(vectors[:half], pack(who[:half]))
        second = engine.add(vectors[half:], pack(who[half:]))
        assert np.concatenate([first, second]).tolist() == list(range(size))
        held = np.ones(size, np.bool_)
        for step in range(3):
            how = {"k": k, "threshold": threshold}
            check(engine, kind, vectors, probes, held, **how)
            check(engine, kind, vectors, probes, held & in_band, allowed=band, **how)
            check(engine, kind, vectors, probes, held & mask, allowed=mask, **how)
            assert len(engine) == held.sum()
            if step == 0:
                gone = np.flatnonzero(rng.random(size) < case["gone"])
                engine.remove(gone)
                held[gone] = False
            elif step == 1:
                engine = reopened(engine, kind, Path(folder))
        # a row number is never used again
        assert engine.add(vectors[:1]).tolist() == [size]
        if isinstance(engine, MilvusEngine):
            engine.close()


@pytest.mark.parametrize("kind", ENGINES)
def test_a_copy_is_whole_and_apart(kind: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    vectors = unit(rng, 120)
    engine = make(kind, tmp_path)
    engine.add(vectors)
    engine.remove(np.array([5]))
    engine.save(tmp_path / "copy")
    engine.remove(np.array([6]))
    copy = load_engine(engine.name, tmp_path / "copy", DIMENSION)
    assert len(copy) == 119
    held = np.arange(120) != 5
    if isinstance(copy, CompressedEngine):
        copy.scan, copy.rerank = 1.0, 1000
    check(copy, kind, vectors, vectors[:7], held, k=9)
    with pytest.raises(InputError, match="copy already exists"):
        engine.save(tmp_path / "copy")


@pytest.mark.parametrize("kind", ENGINES)
def test_bad_input_changes_nothing(kind: str, tmp_path: Path) -> None:
    engine = make(kind, tmp_path)
    engine.add(unit(np.random.default_rng(0), 10))
    for rows in ([3, 10], [-1], [99]):
        with pytest.raises(InputError, match="is not in the engine"):
            engine.remove(np.array(rows))
    engine.remove(np.array([3]))
    with pytest.raises(InputError, match="is not in the engine"):
        engine.remove(np.array([2, 3]))
    with pytest.raises(InputError, match="8 numbers"):
        engine.add(np.ones((2, 5), np.float32))
    with pytest.raises(InputError, match="2 vectors have 3 cells"):
        engine.add(np.ones((2, 8), np.float32), np.zeros(3, np.uint32))
    with pytest.raises(InputError, match="each of 10 rows"):
        engine.search(np.ones((1, 8), np.float32), 1, allowed=np.ones(9, np.bool_))
    assert len(engine) == 9


KILLED = """
import sys, numpy as np
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from test_engines import make, unit
folder, kind = Path(sys.argv[1]), sys.argv[2]
engine = make(kind, folder)
rng = np.random.default_rng(11)
while True:
    chunk = unit(rng, 400)
    rows = engine.add(chunk)
    print(int(rows[-1]) + 1, flush=True)
"""


def killed_while_adding(kind: str, chunks: int, folder: Path) -> list[int]:
    """Another process adds until it is killed; what it said to have added."""
    command = [sys.executable, "-c", KILLED, str(folder), kind, str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(chunks)]
        os.kill(process.pid, signal.SIGKILL)
        return told + [int(line) for line in process.stdout.read().split()]


def reopened_from(kind: str, folder: Path) -> Engine:
    if kind == "milvus":
        return MilvusEngine(str(folder / "milvus.db"), DIMENSION)
    engine = CompressedEngine(folder / "engine", DIMENSION)
    engine.scan, engine.rerank = 1.0, 1000
    return engine


@pytest.mark.parametrize("kind", ["compressed", "trained", "milvus"])
@pytest.mark.parametrize("chunks", [1, 4])
def test_what_was_added_survives_kill_9(kind: str, chunks: int, tmp_path: Path) -> None:
    """Another process adds without end and is killed between two moments of its own choosing."""
    # milvus-lite itself now and then leaves an empty file behind when it is killed, which it then
    # can't open: another moment is tried
    for attempt in range(3 if kind == "milvus" else 1):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        told = killed_while_adding(kind, chunks, folder)
        try:
            engine = reopened_from(kind, folder)
            break
        except InputError as error:
            if "No data left in file" not in str(error) or attempt == 2:
                raise
    # all that was acknowledged, and at most one chunk more, whole
    assert len(engine) in (told[-1], told[-1] + 400)
    rng = np.random.default_rng(11)
    vectors = np.concatenate([unit(rng, 400) for _ in range(len(engine) // 400)])
    check(engine, kind, vectors, vectors[::97], np.ones(len(vectors), np.bool_), k=3)
    assert engine.add(vectors[:1]).tolist() == [len(vectors)]


def test_half_written_files_are_not_enrolled(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    vectors = unit(rng, 300)
    engine = make("trained", tmp_path)
    engine.add(vectors[:200])
    folder = tmp_path / "engine"
    # a crash while the next chunk was written: templates without their chunk, a part of a file
    with (folder / "vectors.f16").open("ab") as file:
        file.write(b"\1" * 777)
    (folder / "cells-00001.npy.part").write_bytes(b"\x93NUM")
    again = reopened(engine, "trained", tmp_path)
    assert len(again) == 200
    again.add(vectors[200:])
    check(again, "trained", vectors, vectors[:9], np.ones(300, np.bool_), k=4)
    # what can't come from a crash is told, not passed over
    whole = (folder / "vectors.f16").read_bytes()
    (folder / "vectors.f16").write_bytes(whole[:-16])
    with pytest.raises(IntegrityError, match="shorter than its 300 templates"):
        CompressedEngine(folder, DIMENSION)
    (folder / "vectors.f16").write_bytes(whole)
    (folder / "cells-00000.npy").unlink()
    with pytest.raises(IntegrityError, match="lacks cells-00000"):
        CompressedEngine(folder, DIMENSION)


def test_removed_templates_are_gone_from_the_disk(tmp_path: Path) -> None:
    engine = make("trained", tmp_path)
    vectors = unit(np.random.default_rng(2), 300)
    engine.add(vectors)
    engine.remove(np.arange(100, 200))
    kept = np.frombuffer((tmp_path / "engine" / "vectors.f16").read_bytes(), np.float16)
    assert not kept.reshape(-1, DIMENSION)[100:200].any()
    indexes = list((tmp_path / "engine").glob("index-*.faiss"))
    import faiss

    assert faiss.read_index(str(indexes[0])).ntotal == 200


def test_cells_beyond_1024_codes_stay_right(tmp_path: Path) -> None:
    """Chunks after chunks into few cells: faiss's merge would corrupt memory here."""
    rng = np.random.default_rng(1)
    vectors = unit(rng, 9000)
    engine = make("trained", tmp_path)
    for start in range(0, 9000, 1000):
        engine.add(vectors[start : start + 1000])
    check(engine, "trained", vectors, vectors[::911], np.ones(9000, np.bool_), k=5)


@quick
@given(seed=st.integers(0, 2**32 - 1), equal=st.integers(0, 40), share=st.floats(0, 1))
def test_the_exact_kernel_with_ties_and_masks(seed: int, equal: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    vectors = np.concatenate([unit(rng, 9000), np.repeat(unit(rng, 1), equal, axis=0)])
    probes = np.concatenate([unit(rng, 20), vectors[-2:]])
    mask = rng.random(len(vectors)) < share
    for count in (3, len(probes)):  # few probes go another way than many
        scores, rows = search_matrix(vectors, probes[-count:], 15, mask=mask)
        wanted = expected(vectors, probes[-count:], mask, 15, -np.inf)
        finite = np.isfinite(wanted)
        assert (finite == (rows >= 0)).all()
        assert np.allclose(scores[finite], wanted[finite], atol=1e-6)
        assert all(len(set(line[line >= 0])) == (line >= 0).sum() for line in rows)


@quick
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(0, 300))
def test_cells_hold_what_was_packed(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    who = people(rng, count).with_columns(
        pl.when(pl.Series(rng.random(count) < 0.8)).then(pl.col(name)).alias(name)
        for name in ("nationality", "sex", "birth_year")
    )
    assert unpack(pack(who)).rows() == who.rows()
    band = Band(("JPN",), ("F", "X"), (1960, 1999))
    inside = who.select(
        (pl.col("nationality") == "JPN")
        & pl.col("sex").is_in(["F", "X"])
        & pl.col("birth_year").is_between(1960, 1999)
    )["nationality"].fill_null(False)
    assert band.mask(pack(who)).tolist() == inside.to_list()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("nationality", "Korea"),
        ("nationality", "kor"),
        ("nationality", ""),
        ("sex", "f"),
        ("sex", "1"),
        ("birth_year", 1700),
        ("birth_year", 2200),
    ],
)
def test_what_no_passport_says_is_refused(column: str, value: object) -> None:
    with pytest.raises(InputError, match="isn't a"):
        pack(pl.DataFrame({column: [value]}))


def test_a_band_runs_from_early_to_late() -> None:
    with pytest.raises(InputError, match="early to late"):
        Band(born=(1990, 1980)).mask(np.zeros(3, np.uint32))


@pytest.mark.parametrize("kind", ["exact", "compressed", "milvus"])
def test_a_gallery_is_the_same_on_every_engine(
    kind: str, templates: pl.DataFrame, orl: sources.ImageSet
) -> None:
    """Real templates through enrol, filter, remove, save and load: one argument chooses."""
    sheet = orl.datasheet
    subjects = templates["subject_id"].unique().sort()
    who = people(np.random.default_rng(0), len(subjects)).with_columns(subject_id=subjects)
    one, other = (
        gallery_of(templates, sheet, who, attributes_are="simulated", engine=engine)
        for engine in ("exact", kind)
    )
    band = Band(sexes=("F", "M"), born=(1940, 1990))
    gone = templates["template_id"][:25].to_list()
    for step in ("enrolled", "removed", "loaded"):
        if step == "removed":
            one.remove(gone)
            other.remove(gone)
        if step == "loaded":
            other.save(f"engine-{kind}")
            other = Gallery.load(f"engine-{kind}", sheet)
        for where in (None, band, pl.col("sex") == "X"):
            left = one.search(templates[::9], 5, where=where)
            right = other.search(templates[::9], 5, where=where)
            assert len(left) == len(right) > 0
            assert np.allclose(left["score"], right["score"], atol=2e-4)
            same = (left["template_id"] == right["template_id"]).mean()
            assert same > 0.99, step


@pytest.fixture(scope="module")
def grown(templates: pl.DataFrame) -> Iterator[tuple[np.ndarray, np.ndarray, CompressedEngine]]:
    """120,000 synthetic templates of the real dimension in a compressed engine, and 300 probes."""
    model = synthetic.fit_template_model(templates)
    drawn = synthetic.draw_people(model, 40_000, seed=1)
    vectors = synthetic.draw_images(model, drawn, 3, seed=1)
    probes = synthetic.draw_images(model, drawn.first(300), 1, seed=1, session=2)
    with TemporaryDirectory() as folder:
        engine = CompressedEngine(Path(folder), model.dimension, lists=lists_for(len(vectors)))
        engine.train(vectors[:60_000], np.arange(60_000) // 3)
        engine.add(vectors[:70_000])
        engine.add(vectors[70_000:])
        yield vectors, probes, engine


def test_compressed_recall_on_synthetic_faces(
    grown: tuple[np.ndarray, np.ndarray, CompressedEngine],
) -> None:
    vectors, probes, engine = grown
    _, exact = search_matrix(vectors, probes, 1)
    _, found = engine.search(probes, 1)
    assert (exact[:, 0] == found[:, 0]).mean() >= 0.95
    engine.scan, whole = 1.0, engine.scan
    _, found = engine.search(probes, 1)
    engine.scan = whole
    assert (exact[:, 0] == found[:, 0]).mean() >= 0.99


@quick
@given(
    size=st.sampled_from([5, 8, 12]),
    count=st.integers(60, 3000),
    share=st.floats(0, 1),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_codes_of_a_band_copied_out_find_the_same(
    size: int, count: int, share: float, seed: int
) -> None:
    """A search among the copied codes is the whole index's under a selector, bit for bit."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(count, size)).astype(np.float32)
    index = empty_index(vectors[:50], 4, cell_space(vectors, None), 0)
    index.add_with_ids(vectors, np.arange(count))
    allowed = rng.random(count) < share
    part = copy_codes(index, allowed)
    assert part.ntotal == allowed.sum()
    selector = faiss.IDSelectorBatch(np.flatnonzero(allowed))
    wide = faiss.IVFSearchParameters(nprobe=4, sel=selector)
    probes = rng.normal(size=(8, size)).astype(np.float32)
    there, _ = index.search(probes, 20, params=wide)
    here, rows = part.search(probes, 20, params=faiss.IVFSearchParameters(nprobe=4))
    assert (there == here).all()
    assert allowed[rows[rows >= 0]].all()
    assert (np.sort(rows, axis=1)[:, -1] >= 0).all() == (allowed.sum() > 0)


def test_a_narrow_band_finds_what_it_holds(
    grown: tuple[np.ndarray, np.ndarray, CompressedEngine], tmp_path: Path
) -> None:
    """A band too narrow for asking for more candidates, before and after adding and removing."""
    vectors, probes, engine = grown
    engine.save(tmp_path / "own")
    own = CompressedEngine.load(tmp_path / "own")
    who = pack(people(np.random.default_rng(3), 20_000))
    rows = own.add(vectors[:20_000], who)
    band = Band(("D",), ("F",), (1950, 1989))
    held = rows[band.mask(who)]
    assert 300 < len(held) == own.count(band)
    _, exact = search_matrix(vectors[:20_000][band.mask(who)], probes, 1)
    _, found = own.search(probes, 1, allowed=band)
    assert (held[exact[:, 0]] == found[:, 0]).mean() >= 0.97
    own.remove(held[::2])
    _, found = own.search(probes, 5, allowed=band)
    assert set(found[found >= 0]) <= set(held[1::2])
    more = own.add(probes, np.full(len(probes), who[band.mask(who)][0]))
    assert (own.search(probes, 1, allowed=band)[1][:, 0] == more).all()


@quick
@given(count=st.integers(60, 600), gone=st.floats(0, 1), seed=st.integers(0, 2**32 - 1))
def test_codes_added_after_removing_are_their_own(count: int, gone: float, seed: int) -> None:
    """An index that forgot some and took others up holds what a new index of the same holds."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(2 * count, 8)).astype(np.float32)
    used = empty_index(vectors[:50], 2, cell_space(vectors, None), 0)
    fresh = faiss.deserialize_index(faiss.serialize_index(used))
    rows = np.arange(2 * count)
    used.add_with_ids(vectors[:count], rows[:count])
    removed = rng.random(count) < gone
    drop_codes(used, np.flatnonzero(removed))
    used.add_with_ids(vectors[count:], rows[count:])
    left = np.flatnonzero(~np.append(removed, np.zeros(count, np.bool_)))
    fresh.add_with_ids(vectors[left], left)
    wide = faiss.IVFSearchParameters(nprobe=2)
    k = len(left)
    distances, found = used.search(vectors[:20], k, params=wide)
    wanted, expected_rows = fresh.search(vectors[:20], k, params=wide)
    assert (distances == wanted).all()
    assert (np.sort(found, axis=1) == np.sort(expected_rows, axis=1)).all()


def test_an_interrupted_index_is_finished(
    grown: tuple[np.ndarray, np.ndarray, CompressedEngine],
) -> None:
    """Opening encodes what the index on disk lacks, and then finds the same."""
    _, probes, engine = grown
    before = engine.search(probes, 3)
    for path in engine.folder.glob("index-*.faiss"):
        path.unlink()
    again = CompressedEngine.load(engine.folder)
    after = again.search(probes, 3)
    assert (before[1] == after[1]).all()
    assert np.allclose(before[0], after[0])


def test_engines_are_told_by_name() -> None:
    assert isinstance(open_engine("exact", 8), ExactEngine)
    engine = open_engine("compressed", 8)
    assert isinstance(engine, CompressedEngine)
    assert sources.cache_dir() in engine.folder.parents
    folder = engine.folder
    del engine
    assert not folder.exists(), "a scratch engine leaves templates behind"
    with pytest.raises(InputError, match="'annoy' is not an engine"):
        open_engine("annoy", 8)
    with pytest.raises(InputError, match="can't be opened"):
        open_engine("http://localhost:9", 8)


def test_an_engine_of_another_dimension_is_not_opened(tmp_path: Path) -> None:
    make("compressed", tmp_path).add(unit(np.random.default_rng(0), 3))
    with pytest.raises(InputError, match="8 numbers, not 16"):
        CompressedEngine(tmp_path / "engine", 16)
    with pytest.raises(IntegrityError, match="not a compressed engine"):
        CompressedEngine.load(tmp_path)
