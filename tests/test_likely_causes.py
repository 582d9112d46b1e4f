"""Strangers' files: the likely cause is named, whole files and parts of them; nothing is silent."""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from onetomany import behaviour
from onetomany.behaviour.walk_doubts import likely_cause
from onetomany.errors import DatasheetError, InputError
from onetomany.sources import pedestrians
from onetomany.tracking import comparison
from onetomany.tracking.association import associate
from onetomany.tracking.ground import read_ground
from onetomany.tracking.likelihood import fit_face, score_sighting_pairs
from onetomany.tracking.mot import BOX, read_mot
from onetomany.tracking.sequences import _open_filmed
from onetomany.tracking.transit import fit_transit

pytestmark = pytest.mark.real

# --- boxes ---

TRUTH = read_mot(pedestrians.open_sequence("TUD-Stadtmitte").truth).select(
    "frame", "id", *BOX, "conf"
)
FOUND = comparison.simulated_detections(TRUTH, seed=2).select("frame", "id", *BOX, "conf")
SIZE = (640, 480)
Boxes = pl.DataFrame


def lines(boxes: Boxes, separator: str = ",") -> str:
    return boxes.write_csv(include_header=False, separator=separator)


def sequence(home: Path, det: str, gt: str, ini: str = "") -> list[str]:
    """Open a sequence written to a folder; returns its notices in English."""
    for kind, text in (("det", det), ("gt", gt)):
        (home / kind).mkdir(parents=True, exist_ok=True)
        (home / kind / f"{kind}.txt").write_text(text)
    if ini:
        (home / "seqinfo.ini").write_text(f"[Sequence]\nframeRate=25\n{ini}")
    notices = _open_filmed(pedestrians.user_sequences(home.parent)[0])[1]
    assert all(re.search("[가-힣]", each.ko) for each in notices)
    return [each.en for each in notices]


def late(boxes: Boxes, by: int, after: int) -> Boxes:
    moved = pl.when(pl.col("frame") > after).then(by).otherwise(0)
    return boxes.with_columns(pl.col("frame") + moved)


RANDOM = pl.Series(np.random.default_rng(0).random(TRUTH.height))
HALF = [pl.when(pl.col("frame") > 90).then(pl.col(k) / 2).otherwise(k).alias(k) for k in BOX]
UPSIDE = FOUND.with_columns(top=SIZE[1] - pl.col("top") - pl.col("height"))
MIRRORED = FOUND.with_columns(left=SIZE[0] - pl.col("left") - pl.col("width"))
FEET = FOUND.with_columns(
    left=pl.col("left") + pl.col("width") / 2, top=pl.col("top") + pl.col("height")
)
SECONDS = pl.col("frame") // 25 + 1
ACROSS = ["frame", "id", "top", "left", "width", "height", "conf"]
BOXES_REFUSED: dict[str, tuple[Boxes, Boxes, str]] = {
    "left and top": (FOUND.select(ACROSS), TRUTH, "left and top exchanged"),
    "from below": (UPSIDE, TRUTH, "from the lower edge"),
    "mirrored": (MIRRORED, TRUTH, "mirrored"),
    "feet": (FEET, TRUTH, "gives the foot"),
    "backwards": (FOUND.with_columns(frame=180 - pl.col("frame")), TRUTH, "run backwards"),
    "lines twice": (pl.concat([FOUND, FOUND]), TRUTH, "occur twice"),
    "an id a box": (FOUND, TRUTH.with_columns(id=pl.int_range(1, pl.len() + 1)), "id of its own"),
    "ids within frames": (
        FOUND,
        TRUTH.with_columns(id=RANDOM).with_columns(pl.col("id").rank("ordinal").over("frame")),
        "number the boxes within each frame",
    ),
    "half the size later": (FOUND.with_columns(HALF), TRUTH, "in frames 90 to .* another size"),
    "whole seconds": (FOUND.with_columns(SECONDS), TRUTH, "count whole seconds"),
    "both whole seconds": (
        FOUND.with_columns(SECONDS), TRUTH.with_columns(SECONDS), "gt.txt, line .* whole seconds"
    ),
    "truth of the first half": (FOUND, TRUTH.filter(pl.col("frame") < 90), "would count as false"),
    "one frame far away": (
        late(FOUND, 5_000_000, int(FOUND["frame"].max()) - 1), TRUTH, "up to 5,000,179"  # type: ignore[arg-type]
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", BOXES_REFUSED)
def test_boxes_are_refused_with_their_cause(fault: str, tmp_path: Path) -> None:
    found, truth, reason = BOXES_REFUSED[fault]
    with pytest.raises(InputError, match=reason) as caught:
        sequence(tmp_path / "cam", lines(found), lines(truth))
    assert "cam" in str(caught.value)


TOLD: dict[str, tuple[Boxes, str]] = {
    "unsure": (FOUND.with_columns(conf=pl.lit(0.3)), "no confidence is above 0.3"),
    "a gap": (FOUND.filter(~pl.col("frame").is_between(40, 110)), "no detection in frames 40 to 1"),
    "two joined": (
        pl.concat([FOUND, FOUND.with_columns(left=pl.col("left") + 3)]), "begin again at line"
    ),
    "a line twice": (pl.concat([FOUND, FOUND.tail(1)]), "1 detections occur twice"),
}  # fmt: skip


@pytest.mark.parametrize("doubt", TOLD)
def test_doubts_about_boxes_are_told(doubt: str, tmp_path: Path) -> None:
    found, notice = TOLD[doubt]
    assert any(notice in each for each in sequence(tmp_path / "cam", lines(found), lines(TRUTH)))
    right = sequence(tmp_path / "right" / "cam", lines(FOUND), lines(TRUTH))
    assert all("frame rate" in each for each in right)


def test_lying_people_and_wrong_lengths_are_told(tmp_path: Path) -> None:
    turned = [
        each.rename({"width": "height", "height": "width"}).select(TRUTH.columns)
        for each in (FOUND, TRUTH)
    ]
    told = sequence(tmp_path / "a" / "cam", *map(lines, turned))
    assert sum("wider than tall" in each for each in told) == 2
    long = sequence(tmp_path / "b" / "cam", lines(FOUND), lines(TRUTH), "seqLength=1790\n")
    assert any("the truth ends at 179" in each for each in long)
    size = "imWidth=160\nimHeight=120\n"
    with pytest.raises(InputError, match="outside of a picture of 160 x 120"):
        sequence(tmp_path / "c" / "cam", lines(FOUND), lines(TRUTH), size)
    whole = f"imWidth={SIZE[0]}\nimHeight={SIZE[1]}\nseqLength=179\n"
    assert not sequence(tmp_path / "d" / "cam", lines(FOUND), lines(TRUTH), whole)


def test_names_with_pixels_and_a_spreadsheets_first_line_are_read(tmp_path: Path) -> None:
    names = "sep=;\nFrame;ID;Left (px);Top (px);Width (px);Height [px];Score\n"
    told = sequence(tmp_path / "cam", names + lines(FOUND, ";"), lines(TRUTH))
    assert any("taken by the names" in each for each in told)
    thousands = names + '3;-1;"1,234.5";5;6;7;1\n'
    with pytest.raises(InputError, match=r"line 3: 'left' .* write 1234\.5"):
        sequence(tmp_path / "more" / "cam", thousands, lines(TRUTH))


# --- walks ---


def crowd(people: int = 10, hz: int = 10) -> pl.DataFrame:
    """People who walk both ways at 1 to 1.5 m/s, half a minute each."""
    rng = np.random.default_rng(5)
    t = np.arange(30 * hz) / hz
    parts = []
    for who in range(1, people + 1):
        speed = rng.uniform(1.0, 1.5) * (-1) ** who
        x = 20 + speed * t + rng.normal(0, 0.02, len(t))
        parts.append(pl.DataFrame({"id": who, "t": t + 3.1 * who, "x": x, "y": who + 0.001 * t}))
    return pl.concat(parts).with_columns(pl.col("t", "x", "y").round(3))


WALKS = crowd()
FEW_IN_FEET = [
    pl.when(pl.col("id") <= 4).then(pl.col(k) * 3.28).otherwise(k).alias(k) for k in ("x", "y")
]
LATE_MS = pl.when(pl.col("t") > 42).then(pl.col("t") * 1000).otherwise("t")
SELDOM = (pl.col("t") - 3.1 * pl.col("id")).round(1) % 5 == 0


def stamped(form: str, frame: pl.DataFrame = WALKS) -> str:
    at = pl.datetime(2026, 1, 31, 12) + pl.duration(milliseconds=pl.col("t") * 1000)
    return frame.with_columns(t=at.dt.strftime(form)).write_csv()


def packed(write: Callable[[io.BytesIO], object]) -> bytes:
    target = io.BytesIO()
    write(target)
    return target.getvalue()


BARE = {"include_header": False}
WALKS_REFUSED: dict[str, tuple[str | bytes, str]] = {
    "some in feet": (WALKS.with_columns(FEW_IN_FEET).write_csv(), "in feet for some"),
    "later in ms": (WALKS.with_columns(t=LATE_MS).write_csv(), "seconds in one part"),
    "day first": (stamped("%d/%m/%Y %H:%M:%S%.3f"), "line 2: 't' .* year, month, day"),
    "clock only": (stamped("%I:%M:%S%.3f %p"), "line 2: 't' .* year, month, day"),
    "rounded": (stamped("%Y-%m-%dT%H:%M:%S"), "rounded to whole seconds"),
    "seldom": (stamped("%Y-%m-%dT%H:%M:%S%.3f", WALKS.filter(SELDOM)), "taken too seldom"),
    "thousands": ('id;t;x;y\n1;0;"5,000.25";1\n', "line 2: 'x' .* thousands"),
    "row of units": ("id,t,x,y\n,s,cm,cm\n1,0,1,1\n", "line 2: 'x' .* row of units"),
    "unit in cells": ("id,t,x,y\n1,0,1.5 m,1\n", "line 2: 'x' .* column's name"),
    "an id a row": (WALKS.with_columns(id=pl.int_range(pl.len())).write_csv(), "3,000 ids"),
    "one id": (WALKS.with_columns(id=-1).write_csv(), "All rows have the id -1"),
    "frame first": (
        WALKS.filter(SELDOM).with_columns(pl.col("t").round().cast(pl.Int64))
        .select("t", "id", "x", "y").write_csv(separator="\t", **BARE),
        "smoothly only if id and t are exchanged",
    ),
    "x for t": (WALKS.rename({"t": "x", "x": "t"}).write_csv(), "x goes on in equal steps"),
    "Parquet": (packed(WALKS.write_parquet), "Parquet"),
    "Arrow": (packed(WALKS.write_ipc), "Arrow"),
    "gzip": (gzip.compress(WALKS.write_csv().encode()), "gzip"),
    "NumPy": (packed(lambda target: np.save(target, WALKS.to_numpy())), "NumPy"),
    "SQLite": (b"SQLite format 3\0" + bytes(99), "SQLite"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(99), "HDF5"),
    "MATLAB": (b"MATLAB 5.0 MAT-file, Platform: GLNXA64" + bytes(99), "MATLAB"),
    "old Excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "Excel"),
}  # fmt: skip


@pytest.mark.parametrize("fault", WALKS_REFUSED)
def test_walks_are_refused_with_their_cause(fault: str, tmp_path: Path) -> None:
    content, reason = WALKS_REFUSED[fault]
    path = tmp_path / "w.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=reason) as caught:
        behaviour.read_walks(path)
    assert "w.csv" in str(caught.value)
    assert re.search("[가-힣]", caught.value.ko)


def test_slow_and_fast_walks_are_read_with_a_doubt(tmp_path: Path) -> None:
    path = tmp_path / "w.csv"
    path.write_text(WALKS.write_csv())
    assert not any("slow" in each.en for each in behaviour.read_walks(path).notices)
    assert any("slow" in each.en for each in behaviour.read_walks(path, unit="ft").notices)
    frames = WALKS.with_columns(frame=(pl.col("t") * 10).round().cast(pl.Int64)).drop("t")
    path.write_text(frames.write_csv())
    assert any("slow" in each.en for each in behaviour.read_walks(path, fps=2).notices)
    path.write_text(WALKS.filter(id=1).with_columns(pl.col("x", "y") * 3.28).write_csv())
    assert any("feet" in each.en for each in behaviour.read_walks(path).notices)
    path.write_text(WALKS.with_columns(FEW_IN_FEET).write_csv())
    assert behaviour.read_walks(path, unit="m").people.len() == 10  # stated: they run


def test_somebody_who_returns_too_far_away_too_soon_is_left_out(tmp_path: Path) -> None:
    again = WALKS.filter(id=1).with_columns(pl.col("t") + 33, pl.col("x") + 200)
    (tmp_path / "w.csv").write_text(pl.concat([WALKS, again]).write_csv())
    walks = behaviour.read_walks(tmp_path / "w.csv")
    assert walks.left_out["id"].to_list() == [1]


@pytest.mark.parametrize(
    ("cell", "reason"),
    [("1'234.5", "thousands"), ("20260131T1200", "2026-01-31"), ("(m)", "row of units"),
     ("4,5 km", "column's name"), ("far", "not seen"), ("", "not seen")],
)  # fmt: skip
def test_a_cells_look_names_its_cause(cell: str, reason: str) -> None:
    en, ko = likely_cause(cell)
    assert reason in en
    assert re.search("[가-힣]", ko)


# --- sightings ---

PLACES = (0.0, 12.0, 30.0, 45.0, 70.0)


def sightings(people: int, seed: int) -> pl.DataFrame:
    """People who pass five cameras in a row."""
    rng = np.random.default_rng(seed)
    rows = []
    for who in range(people):
        begin, speed = rng.uniform(0, 1800), rng.uniform(1.0, 1.6)
        for number, at in enumerate(PLACES):
            start = begin + at / speed
            rows.append((f"c{number}", start, start + 6 / speed, at + 3, who))
    schema = ["camera_id", "t_start", "t_end", "x", "true_id"]
    number = pl.int_range(pl.len())
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        sighting_id=number, template_id=number, y=0.0, quality=0.8
    )


def faces_of(rows: pl.DataFrame, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    who = rows["true_id"].to_numpy()
    own = rng.standard_normal((who.max() + 1, 32))[who] + 0.5 * rng.standard_normal((len(who), 32))
    return (own / np.linalg.norm(own, axis=1, keepdims=True)).astype(np.float32)


KNOWN = sightings(100, 1)
SEEN = sightings(60, 7)
FACES = faces_of(SEEN, 8)
TIMES = pl.col("t_start", "t_end")


def only(camera: str, change: pl.Expr) -> pl.DataFrame:
    return SEEN.with_columns(pl.when(pl.col("camera_id") == camera).then(change).otherwise(TIMES))


def at_row(name: str, value: object) -> pl.DataFrame:
    here = pl.col("sighting_id") == 4
    return SEEN.with_columns(pl.when(here).then(pl.lit(value)).otherwise(name).alias(name))


SIGHTINGS_REFUSED: dict[str, tuple[pl.DataFrame, str]] = {
    "ms": (SEEN.with_columns(TIMES * 1000), "milliseconds"),
    "frames": (SEEN.with_columns(TIMES * 25), "milliseconds or frames"),
    "minutes": (SEEN.with_columns(TIMES / 60), "minutes or hours"),
    "feet": (SEEN.with_columns(pl.col("x", "y") * 3.28), "centimetres or feet"),
    "degrees": (SEEN.with_columns(pl.col("x") / 88_000 + 126.4), "kilometres or degrees"),
    "one camera in ms": (only("c2", TIMES * 1000), "Camera 'c2' .* milliseconds"),
    "one camera a day late": (only("c2", TIMES + 86_400), "'c2' .* 1.0 days after"),
    "one camera since it started": (only("c2", TIMES - 1.7e9), "'c2' .* days before"),
    "two cameras on UTC": (
        SEEN.with_columns(
            pl.when(pl.col("camera_id").is_in(["c2", "c3"])).then(TIMES - 32_400).otherwise(TIMES)
        ),
        "'c2' .* 9 hours before",
    ),
    "one template for all": (SEEN.with_columns(template_id=0), "row 2: a template_id"),
    "no such template": (at_row("template_id", 9999), "row 5: template_id is not one of 0 to 299"),
    "no template": (at_row("template_id", None), "row 5: 'template_id' is missing"),
    "percent": (SEEN.with_columns(pl.col("quality") * 100), "row 1: quality .* percent"),
    "no quality": (SEEN.drop("quality"), "lack the columns quality"),
    "quality nan": (at_row("quality", float("nan")), "row 5: quality is nan"),
    "text ids": (SEEN.with_columns(pl.col("sighting_id").cast(pl.String)), "number the sightings"),
    "text places": (SEEN.with_columns(pl.col("x").cast(pl.String)), "read the column as numbers"),
    "numbered cameras": (
        SEEN.with_columns(pl.col("camera_id").str.slice(1).cast(pl.Int64)), "not in the calibration"
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def learned() -> tuple[object, object]:
    faces = faces_of(KNOWN, 2)
    scored = score_sighting_pairs(KNOWN, faces, 1, pairs=8000)
    return fit_face(scored, bands=1), fit_transit(KNOWN)


@pytest.mark.parametrize("fault", SIGHTINGS_REFUSED)
def test_sightings_are_refused_before_they_are_linked(fault: str, learned: tuple) -> None:
    frame, reason = SIGHTINGS_REFUSED[fault]
    with pytest.raises(InputError, match=reason):
        associate(frame, FACES, *learned)


def test_right_sightings_are_linked_in_any_order_and_epoch(learned: tuple) -> None:
    later = SEEN.with_columns(TIMES + 1.7e9).sample(fraction=1, shuffle=True, seed=1)
    assert len(associate(later, FACES, *learned).tracks) == 60


def test_a_placeholder_and_whole_numbers_are_no_templates(learned: tuple) -> None:
    same = FACES.copy()
    same[SEEN["true_id"].to_numpy() < 20] = same[0]
    with pytest.raises(InputError, match="placeholder where no face was found"):
        associate(SEEN, same, *learned)
    with pytest.raises(InputError, match="fractional numbers, and have 2 dimensions of uint8"):
        associate(SEEN, (FACES * 127 + 128).astype(np.uint8), *learned)


def test_a_ground_in_centimetres_is_refused() -> None:
    corners = [[0, 0], [192, 0], [192, 160], [0, 160]]
    table = {"picture": corners, "metres": [[0, 0], [1900, 0], [1900, 1600], [0, 1600]]}
    with pytest.raises(DatasheetError, match=r"1,900 m apart.*centimetres"):
        read_ground(table, "sheet.toml")
