"""The text format of the MOT Challenge, in which detections, tracks and ground truth are passed on.

One line a box: frame, id, left, top, width, height, confidence, then x, y, z (MOT15, detections,
results) or class, visibility (ground truth from MOT16 on). Lines of 7, 9 or 10 values are read:
Leal-Taixe et al., arXiv:1504.01942, and Milan et al., arXiv:1603.00831.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from ..errors import InputError
from ..sources.files import write_whole
from ..sources.tables import csv_text

MOT = {
    "frame": pl.Int64,  # counted from 1
    "id": pl.Int64,  # the person or track; -1 in detections, which know nobody
    "left": pl.Float64,  # pixels, as are the next three
    "top": pl.Float64,
    "width": pl.Float64,
    "height": pl.Float64,
    "conf": pl.Float64,  # the detector's; in ground truth 0 says: leave this box out
    "class": pl.Int64,  # 1 is a pedestrian; null where the file has none
    "visibility": pl.Float64,  # 0 to 1; null where the file has none
    "x": pl.Float64,  # on the ground, in metres; null where the file has none
    "y": pl.Float64,
    "z": pl.Float64,
}
BOX = ("left", "top", "width", "height")
MAX_BYTES = 128 << 20  # MOT20's longest ground truth has 30 MB
LARGEST = 1e6  # pixels or metres
LAST_FRAME = 10_000_000  # four days at 25 a second; trackers walk through empty frames too
LAST_ID = 1e12
_BASE = ("frame", "id", *BOX, "conf")
_COLUMNS = {
    7: _BASE,
    9: (*_BASE, "class", "visibility"),
    10: (*_BASE, "x", "y", "z"),
}


def read_mot(path: Path, *, max_bytes: int = MAX_BYTES) -> pl.DataFrame:
    """The boxes of a file (schema `MOT`), in order of frame, then as they stand in the file.

    x, y and z that are all -1 are null, as the format means it. Blank lines are passed over.

    Raises InputError, naming file and line, where the file is missing, above `max_bytes`, not
    text, has no box, or a line is not of the format: another number of values, one that is no
    number, a box without area, or a person who stands twice in a frame.
    """
    try:
        size = path.stat().st_size
        if size > max_bytes:
            raise InputError(
                f"{path} has {size:,} bytes, and at most {max_bytes:,} are read: cut it by frames."
            )
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is no text: a MOT file holds numbers and commas.") from None
    lines = pl.DataFrame({"text": text.splitlines()}, schema={"text": pl.String})
    lines = (
        lines.with_row_index("line", offset=1)
        .filter(pl.col("text").str.strip_chars() != "")
        .with_columns(pl.col("text").str.split(","))
    )
    if not lines.height:
        raise InputError(f"{path} holds no box.")
    values = lines["text"].list.len()
    columns = _COLUMNS.get(values[0])
    if columns is None:
        raise InputError(
            f"{path}, line {lines['line'][0]}: {values[0]} values; a MOT file has 7, 9 or 10."
        )
    _refuse(path, lines, values != values[0], f"not {values[0]} values, as the first line has")
    numbers = lines.select(
        "line",
        *(
            pl.col("text").list.get(place).str.strip_chars().cast(pl.Float64, strict=False).alias(c)
            for place, c in enumerate(columns)
        ),
    )
    for column in columns:
        bound = {"frame": LAST_FRAME, "id": LAST_ID}.get(column, LARGEST)
        bad = numbers[column].abs().le(bound).not_().fill_null(value=True)
        _refuse(path, lines, bad, f"'{column}' is no number within {bound:,.0f}")
    for column in [name for name in ("frame", "id", "class") if name in columns]:
        _refuse(path, lines, numbers[column] % 1 != 0, f"'{column}' is no whole number")
    _refuse(path, lines, numbers["frame"] < 0, "'frame' is below 0")
    _refuse(path, lines, numbers.select(pl.min_horizontal("width", "height") <= 0).to_series(),
            "a box without area")  # fmt: skip
    known = pl.col("id") >= 0
    twice = numbers.select(known & ~pl.struct("frame", "id").is_first_distinct()).to_series()
    _refuse(path, lines, twice, "an id that stands in this frame already")
    places = [name for name in ("x", "y", "z") if name in columns]
    none = pl.all_horizontal(pl.col(places) == -1) if places else pl.lit(True)
    return numbers.select(
        pl.when(none).then(None).otherwise(name).cast(kind).alias(name)
        if name in places
        else (pl.col(name) if name in columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in MOT.items()
    ).sort("frame", maintain_order=True)


def write_mot(path: Path, boxes: pl.DataFrame) -> None:
    """Write boxes with at least the columns frame, id and the box, in the form of 10 values, or of
    9 where a `class` stands; what is null is -1 (a confidence 1, a visibility 1).

    Raises InputError where a needed column or value is missing.
    """
    if missing := {"frame", "id", *BOX} - set(boxes.columns):
        raise InputError(f"A MOT file needs the columns {', '.join(sorted(missing))}.")
    if boxes.select(pl.any_horizontal(pl.col("frame", "id", *BOX).is_null()).any()).item():
        raise InputError("A MOT file can't hold a box without a frame, an id or a side.")
    has_class = "class" in boxes.columns and boxes["class"].is_not_null().any()
    unknown = {"conf": 1.0, "class": 1, "visibility": 1.0, "x": -1.0, "y": -1.0, "z": -1.0}
    rows = boxes.sort("frame", maintain_order=True).select(
        pl.coalesce(pl.col(name) if name in boxes.columns else None, pl.lit(unknown.get(name)))
        .cast(MOT[name])
        .alias(name)
        for name in _COLUMNS[9 if has_class else 10]
    )
    write_whole(path, csv_text(rows, include_header=False).encode())


def _refuse(path: Path, lines: pl.DataFrame, bad: pl.Series, fault: str) -> None:
    if (first := bad.arg_true()).len():
        raise InputError(f"{path}, line {lines['line'][int(first[0])]}: {fault}.")
