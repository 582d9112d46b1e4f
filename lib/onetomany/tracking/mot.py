"""Read and write the text format of the MOT Challenge: detections, tracks, ground truth.

One line a box: frame, id, left, top, width, height, confidence, then x, y, z (MOT15, detections,
results) or class, visibility (ground truth from MOT16 on). Lines of 6, 7, 9 or 10 values are read:
Leal-Taixe et al., arXiv:1504.01942, and Milan et al., arXiv:1603.00831. Other separators, names of
columns and unknown confidences are read with a notice; impossible values are refused by name.
"""

import re
import warnings
from pathlib import Path

import polars as pl

from onetomany.cage.text_tables import is_number
from onetomany.errors import InputError
from onetomany.printing import add_notice
from onetomany.sources.files import write_whole
from onetomany.sources.tables import csv_text, fill_schema, require_columns
from .mot_columns import COLUMNS, arrange_columns, boxes_from
from .numbers_text import Notices, NumbersText, read_numbers

MOT = {
    "frame": pl.Int64,  # counted from 1
    "id": pl.Int64,  # the person or track; -1 in detections
    "left": pl.Float64,  # pixels, as are the next three
    "top": pl.Float64,
    "width": pl.Float64,
    "height": pl.Float64,
    "conf": pl.Float64,  # the detector's; in ground truth 0 means: leave this box out
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
_THOUSANDS = re.compile(r"[-+]?\d{1,3}([,.' ]\d{3})+([.,]\d+)?")
_TIME = re.compile(r"\d:\d\d")
_LIKELY = {
    "frame": "is it a time stamp or the name of a picture? number the frames 1, 2, 3",
    "id": "number the persons 1, 2, 3",
    "class": "a MOT file numbers classes, 1 is a pedestrian",
}


class MotNotice(UserWarning):
    """Report something unusual in a MOT file, and how it was read."""


def read_mot(path: Path, *, max_bytes: int = MAX_BYTES) -> pl.DataFrame:
    """Read the boxes of a file (schema `MOT`), in order of frame, then of the file.

    x, y and z that are all -1 are null, as the format means it, and so is a class of -1. Blank
    lines are skipped. Unusual things raise a warning, `MotNotice`.

    Raises InputError, naming file and line, as `open_mot` does.
    """
    boxes, notices = open_mot(path, max_bytes=max_bytes)
    for notice in notices:
        warnings.warn(f"{path}: {notice.en}", MotNotice, stacklevel=2)
    return boxes


def open_mot(
    path: Path, *, detections: bool = False, max_bytes: int = MAX_BYTES
) -> tuple[pl.DataFrame, Notices]:
    """Read the boxes of a file (schema `MOT`) and report unusual things, a sentence each.

    The id of `detections` is ignored, so it may occur twice in a frame.

    Raises InputError, naming file and line, if the file is missing, above `max_bytes`, not text,
    has no box, or a line is wrong: another number of values, a value that is not a number, a box
    without area, or a person twice in a frame.
    """
    text = read_numbers(path, max_bytes=max_bytes, kind="a MOT file")
    notices = list(text.notices)
    places = arrange_columns(text, notices)
    numbers = pl.DataFrame({name: text.numbers[place] for name, place in places.items()})
    for column in numbers.columns:
        bound = {"frame": LAST_FRAME, "id": LAST_ID}.get(column, LARGEST)
        bad = ~numbers[column].abs().le(bound).fill_null(value=False)
        _refuse_number(text, bad, column, places[column], bound)
    for column in [name for name in ("frame", "id", "class") if name in numbers.columns]:
        likely = "; is it a time in seconds? number the frames 1, 2, 3" if column == "frame" else ""
        text.refuse(
            numbers[column] % 1 != 0, f"'{column}' is not a whole number ({{value}}){likely}",
            places[column],
        )  # fmt: skip
    order = "; is the order of columns id, frame?" if (numbers["frame"] == -1).all() else ""
    text.refuse(numbers["frame"] < 0, f"'frame' is below 0{order}")
    boxes = boxes_from(numbers, notices)
    if detections:
        _tell_restart(text, boxes, notices)
    text.refuse(boxes.select(pl.min_horizontal("width", "height") <= 0).to_series(),
                "the box has no area")  # fmt: skip
    if not detections:
        _refuse_twice(text, boxes)
    return _typed(_known_conf(path, boxes, notices)), notices


def _refuse_number(
    text: NumbersText, bad: pl.Series, column: str, place: int, bound: float
) -> None:
    """Refuse a value that is not a number, with the likely reason by its look."""
    if not bad.any():
        return
    cell = text.texts[place][int(bad.arg_true()[0])]
    likely = _LIKELY.get(column, "") if cell.strip() else "the value is missing"
    if text.names and cell.strip().lower() in text.names:
        likely = "the names of columns are repeated here, since files were joined"
    elif cell.strip().endswith("%"):
        likely = "write a share, such as 0.9 for 90 %"
    elif _THOUSANDS.fullmatch(cell.strip()):
        likely = "thousands are separated; write 1234.5"
    elif _TIME.search(cell):
        likely = "it is a time; number the frames 1, 2, 3"
    elif cell.strip().lower() in ("nan", "null", "none", "na"):
        likely = "leave out boxes without a place"
    elif is_number(cell) and column not in _LIKELY:
        likely = "a box is in pixels"
    reason = f": {likely}" if likely else ""
    text.refuse(bad, f"'{column}' is not a number within {bound:,.0f} ({{value}}){reason}", place)


def _tell_restart(text: NumbersText, boxes: pl.DataFrame, notices: Notices) -> None:
    """Report the one line at which sorted detections begin again, as where files were joined."""
    back = (boxes["frame"].diff() < 0).fill_null(value=False).arg_true()
    if len(back) == 1 and boxes["id"].n_unique() == 1:
        line = text.line[int(back[0])]
        add_notice(
            notices,
            f"Frames begin again at line {line:,}: were two cameras' detections joined? They are "
            "taken as one.",
            f"{line:,}번째 줄에서 장면 번호가 다시 시작한다. 두 카메라의 탐지 상자를 합친 것은 "
            "아닌가? 하나로 보았다.",
        )


def _refuse_twice(text: NumbersText, boxes: pl.DataFrame) -> None:
    known = pl.col("id") >= 0
    twice = boxes.select(known & ~pl.struct("frame", "id").is_first_distinct()).to_series()
    if not twice.any():
        return
    same = boxes.select(~pl.struct("frame", "id", *BOX).is_first_distinct()).to_series()
    if boxes["id"].n_unique() == 1:
        likely = "every box has the same id: these are detections, not persons"
    elif bool((same | ~twice).all()):
        likely = "the same line occurs twice"
    elif twice.sum() > boxes.height / 2:
        likely = "frames likely count whole seconds; number every frame: 1, 2, 3"
    else:
        likely = "two boxes of one person, or frames that start again in a joined file"
    text.refuse(twice, f"this id occurs twice in its frame: {likely}")


def _known_conf(path: Path, boxes: pl.DataFrame, notices: Notices) -> pl.DataFrame:
    """Take unknown confidences (-1) as 1, with a notice."""
    if "conf" not in boxes.columns:
        add_notice(
            notices,
            "The file has no confidences: every box is taken as sure (1).",
            "파일에 신뢰도가 없다. 상자를 모두 확실한 것(1)으로 보았다.",
        )
        return boxes.with_columns(conf=pl.lit(1.0))
    unknown = int((boxes["conf"] == -1).sum())
    if not unknown or (boxes["conf"] < 0).sum() > unknown:  # a detector whose scores are negative
        return boxes
    if unknown < boxes.height:
        raise InputError(
            f"{path}: {unknown:,} of {boxes.height:,} confidences are -1, which means unknown: "
            "give one to every box, or to none."
        )
    if (boxes["id"] < 0).all():  # in a list of tracks -1 is usual, and has no effect
        add_notice(
            notices,
            f"All {unknown:,} confidences are -1, which means unknown: every box is taken as "
            "sure (1), so a tracker can't set doubtful boxes aside.",
            f"신뢰도 {unknown:,}개가 모두 -1, 곧 모른다는 뜻이다. 상자를 모두 확실한 것(1)으로 "
            "보았으므로 추적기가 의심스러운 상자를 따로 두지 못한다.",
        )
    return boxes.with_columns(conf=pl.lit(1.0))


def _typed(boxes: pl.DataFrame) -> pl.DataFrame:
    filled = fill_schema(boxes, MOT)
    places = pl.col("x", "y", "z")
    return filled.with_columns(
        pl.col("class", "visibility").replace(-1, None),
        pl.when(pl.any_horizontal(places != -1)).then(places),
    ).sort("frame", maintain_order=True)


def write_mot(path: Path, boxes: pl.DataFrame) -> None:
    """Write boxes as MOT text of 10 values, or of 9 with a `class`.

    Needs at least the columns frame, id and the box. A null is written as -1 (a confidence or
    visibility as 1). Raises InputError if a needed column or value is missing.
    """
    require_columns(boxes, ("frame", "id", *BOX), "Boxes for a MOT file")
    if boxes.select(pl.any_horizontal(pl.col("frame", "id", *BOX).is_null()).any()).item():
        raise InputError("A MOT file can't contain a box without a frame, an id or a side.")
    has_class = "class" in boxes.columns and boxes["class"].is_not_null().any()
    unknown = {"conf": 1.0, "class": 1, "visibility": 1.0, "x": -1.0, "y": -1.0, "z": -1.0}
    rows = boxes.sort("frame", maintain_order=True).select(
        pl.coalesce(pl.col(name) if name in boxes.columns else None, pl.lit(unknown.get(name)))
        .cast(MOT[name])
        .alias(name)
        for name in COLUMNS[9 if has_class else 10]
    )
    write_whole(path, csv_text(rows, include_header=False).encode())
