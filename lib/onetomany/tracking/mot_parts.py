"""Find faults in part of a MOT file: lines twice, ids that jump, frames where the fit is lost.

`mot_faults` looks at a file as a whole; a wrong half still fits by the other half.
"""

from pathlib import Path

import numpy as np
import polars as pl

from onetomany.errors import InputError
from onetomany.printing import add_notice
from .mot import BOX
from .mot_shift import estimated_shift, overlaps
from .numbers_text import Notices

MANY = 20  # boxes or frames from which on a pattern is not chance
PARTS = 6  # of a film, that are compared with each other
THIRDS = 3  # of a film, in which frames may be shifted
LOST, KEPT = 0.1, 0.5  # shares of true boxes that meet a detection in a bad part, and elsewhere
TWICE = 0.1  # share of detections that occur twice, above which lists were joined
JUMPS = 0.5  # share of steps to another frame that lead away from the person
OUTSIDE = 0.05  # share of boxes outside of the picture, above which its size is wrong
AFTER = 0.2  # share of detections after the truth's last frame
FAR = 1_000  # frames beyond the truth's last that no film has by chance
CROWDED = 4  # times as many detections as true boxes in a frame, and as few frames
GAP = 25  # frames without a detection in which the truth has boxes


def check_repeats(path: Path, detections: pl.DataFrame) -> Notices:
    """Refuse detections of which many occur twice; return a notice about a few."""
    notices: Notices = []
    again = detections.height - detections.unique(("frame", *BOX, "conf")).height
    if again > TWICE * detections.height and again >= MANY:
        raise InputError(
            f"{path}: {again:,} of {detections.height:,} detections occur twice, so each would "
            "count as false once: two lists were joined; write each box once."
        )
    if again:
        add_notice(
            notices,
            f"{again:,} detections occur twice and count twice.",
            f"탐지 상자 {again:,}개가 두 번 적혀 있어 두 번 센다.",
        )
    return notices


def refuse_crowded(path: Path, detections: pl.DataFrame, truth: pl.DataFrame) -> None:
    """Refuse detections of many frames under one number. Raises InputError."""
    ours, theirs = (
        float(each.group_by("frame").len()["len"].median())  # type: ignore[arg-type]
        for each in (detections, truth)
    )
    frames = detections["frame"].n_unique(), truth["frame"].n_unique()
    if ours > CROWDED * theirs and CROWDED * frames[0] < frames[1]:
        raise InputError(
            f"{path}: {frames[0]:,} frames have {ours:,.0f} detections each in the median, and the "
            f"truth {theirs:,.0f} in {frames[1]:,} frames: frames likely count whole seconds; "
            "number every frame: 1, 2, 3."
        )


def check_ids(path: Path, truth: pl.DataFrame) -> None:
    """Refuse a truth whose ids don't follow anybody. Raises InputError with the likely reason."""
    if truth.height < MANY:
        return
    if truth["id"].n_unique() == truth.height:
        raise InputError(
            f"{path}: each of {truth.height:,} true boxes has an id of its own, so no person is "
            "followed: ids number the boxes, not the persons."
        )
    boxes = truth.select("id", "frame", *BOX)
    after = boxes.with_columns(pl.col("frame") - 1)
    best = overlaps(boxes.drop("id"), after).group_by("row").agg(best=pl.col("iou").max())
    steps = overlaps(boxes, after, ("id", "frame")).join(best, on="row")
    away = steps.filter(pl.col("iou") < LOST, pl.col("best") > KEPT)
    if len(steps) >= MANY and len(away) > JUMPS * len(steps):
        raise InputError(
            f"{path}: in {len(away):,} of {len(steps):,} steps to the next frame an id leaves its "
            "box for another person's: ids number the boxes within each frame, not the persons."
        )


def check_picture(path: Path, boxes: pl.DataFrame, picture: tuple[int, int] | None) -> None:
    """Refuse boxes outside of the picture whose size (pixels) seqinfo.ini gives."""
    if picture is None:
        return
    x, y = (pl.col(low) + pl.col(size) / 2 for low, size in (("left", "width"), ("top", "height")))
    out = boxes.select((x < 0) | (y < 0) | (x > picture[0]) | (y > picture[1])).to_series()
    if out.sum() > OUTSIDE * boxes.height:
        raise InputError(
            f"{path}: {out.sum():,} of {boxes.height:,} boxes lie outside of a picture of "
            f"{picture[0]:,} x {picture[1]:,} pixels (imWidth, imHeight in seqinfo.ini), first in "
            f"frame {boxes['frame'][int(out.arg_true()[0])]}: boxes and seqinfo.ini are of "
            "different sizes of picture."
        )


def check_parts(path: Path, detections: pl.DataFrame, truth: pl.DataFrame) -> Notices:
    """Refuse detections that fit the truth in some parts of the film only; return notices.

    `truth` has the boxes that count. Raises InputError with the frames and the likely reason.
    """
    last, end = (int(each["frame"].max()) for each in (truth, detections))  # type: ignore[arg-type]
    beyond = detections.filter(pl.col("frame") > last)
    if end > last + FAR or beyond.height > AFTER * detections.height:
        raise InputError(
            f"{path}: {beyond.height:,} of {detections.height:,} detections are in frames after "
            f"the last of the truth ({last:,}; they go up to {end:,}) and "
            "would count as false: leave them out, or bring the rest of the truth."
        )
    _refuse_lost(path, detections, truth)
    return _drifting(detections, truth) + _unseen(detections, truth)


def _refuse_lost(path: Path, detections: pl.DataFrame, truth: pl.DataFrame) -> None:
    hits = {part: _hit(detections, truth, *part) for part in _spans(truth, PARTS)}
    best = max((hit for hit in hits.values() if hit is not None), default=0.0)
    for (start, end), hit in hits.items():
        if hit is not None and hit < LOST and best > KEPT:
            raise InputError(
                f"{path}: in frames {start:,} to {end:,} {hit:.0%} of the true boxes meet a "
                f"detection, elsewhere up to {best:.0%}: from there on the detections are of "
                "another size of picture, another film, or other frames."
            )


def _spans(truth: pl.DataFrame, count: int) -> list[tuple[int, int]]:
    """Return first and last frames of so many parts of a film; none for a short one."""
    frames = truth["frame"].unique().sort()
    if len(frames) < PARTS * MANY:
        return []
    starts = [int(frames[len(frames) * n // count]) for n in range(count)]
    ends = [*(start - 1 for start in starts[1:]), int(frames[-1])]
    return list(zip(starts, ends, strict=True))


def _drifting(detections: pl.DataFrame, truth: pl.DataFrame) -> Notices:
    """Return a notice of each third of the film in which the detections are frames off."""
    notices: Notices = []
    for start, end in _spans(truth, THIRDS):
        here = pl.col("frame").is_between(start, end)
        late = estimated_shift(detections.filter(here), truth.filter(here))
        if late is not None and late.sure:
            add_notice(
                notices,
                f"In frames {start:,} to {end:,} the detections are {late.frames:+.1f} frames "
                f"(standard error {late.error:.1f}) off the true boxes along people's walks: check "
                "that no frames were lost or added, and that both have one frame rate.",
                f"{start:,}~{end:,}번째 장면에서 탐지 상자는 사람들의 걸음을 따라 참 상자보다 "
                f"{late.frames:+.1f}장면(표준오차 {late.error:.1f}) 어긋나 있다. 빠지거나 더해진 "
                "장면은 없는지, 초당 장면 수가 같은지 확인해야 한다.",
            )
    return notices


def _hit(detections: pl.DataFrame, truth: pl.DataFrame, start: int, end: int) -> float | None:
    """Return the share of true boxes in some frames that meet a detection; None if few are."""
    here = pl.col("frame").is_between(start, end)
    right, found = truth.filter(here).select("frame", *BOX), detections.filter(here)
    if min(right.height, found.height) < max(MANY, right.height / 2):
        return None
    return overlaps(right, found).filter(pl.col("iou") >= 0.5)["row"].n_unique() / right.height


def _unseen(detections: pl.DataFrame, truth: pl.DataFrame) -> Notices:
    """Return a notice of the longest stretch of the truth without any detection."""
    notices: Notices = []
    seen = np.sort(detections["frame"].unique().to_numpy())
    boxes = truth["frame"].to_numpy()
    after = np.searchsorted(seen, boxes)
    stretch = np.bincount(np.where(np.isin(boxes, seen), len(seen) + 1, after))[: len(seen) + 1]
    worst = int(np.argmax(stretch))
    inside = boxes[(after == worst) & ~np.isin(boxes, seen)]
    if len(inside) and len(np.unique(inside)) >= GAP:
        low, high = int(inside.min()), int(inside.max())
        add_notice(
            notices,
            f"There is no detection in frames {low:,} to {high:,}, where the truth has "
            f"{len(inside):,} boxes: all count as missed.",
            f"{low:,}~{high:,}번째 장면에는 탐지 상자가 없고 참 상자는 {len(inside):,}개다. 모두 "
            "놓친 것으로 센다.",
        )
    return notices
