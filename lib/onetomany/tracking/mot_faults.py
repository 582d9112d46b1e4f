"""Find faults that no single line of a MOT file shows: wrong boxes, frames and ids.

A file is checked by itself (times as frames, shares of the picture, corners), then detections
against the truth: if they agree far better after undoing a known mistake, such as corners read as
sizes or frames counted from 0, the error names it. No box is changed.
"""

from pathlib import Path

import numpy as np
import polars as pl

from onetomany.errors import InputError
from onetomany.printing import add_notice
from .mot import BOX
from .mot_mistakes import explanations
from .mot_parts import MANY, check_ids, check_parts, check_repeats, refuse_crowded
from .mot_shift import estimated_shift, overlaps
from .numbers_text import Notices
from .transit import Floats

STEP = 10  # frames apart throughout: times in milliseconds, or too few frames to follow anybody
SAMPLE = 300  # frames in which detections are compared with the truth
FITS = 0.3  # share of true boxes that meet a detection, for an explanation to be accepted
BETTER = 0.05  # gain in overlap at which frames of other numbers are refused
ERRORS = 3.0  # standard errors that such a gain must exceed, so that jitter can't explain it
UNSURE = 0.6  # confidence from which on trackers begin tracks (C-BIoU .7, ByteTrack .6)
SHIFTS = (-3, -2, -1, 1, 2, 3)


def check_boxes(path: Path, boxes: pl.DataFrame, *, last_frame: int | None = None) -> Notices:
    """Refuse boxes (schema `MOT`) with impossible frames or sizes; return notices.

    `last_frame` is the sequence's length, if known. Raises InputError with the likely reason.
    """
    notices = _check_frames(path, boxes["frame"].unique().sort(), last_frame)
    if boxes.height >= MANY:
        _refuse_other_boxes(path, boxes)
        _doubt_boxes(boxes, notices)
    return notices


def _check_frames(path: Path, frames: pl.Series, last_frame: int | None) -> Notices:
    """Refuse numbers that no film's frames have; return a notice of frames left out."""
    notices: Notices = []
    steps = frames.diff().drop_nulls()
    if len(frames) >= MANY and (step := int(steps.min())) > 1:  # type: ignore[arg-type]
        known = last_frame is not None and int(frames[-1]) <= last_frame
        if step >= STEP and not known:
            raise InputError(
                f"{path}: no two frames are less than {step} apart ({_first(frames)}): these are "
                f"times in milliseconds ({1000 / step:.3g} frames a second), or every "
                f"{_ordinal(step)} frame; number the frames 1, 2, 3 and give frameRate in "
                "seqinfo.ini."
            )
        add_notice(
            notices,
            f"Only every {_ordinal(step)} frame has boxes ({_first(frames)}).",
            f"{step}장면마다 한 번만 상자가 있다({_first(frames)}).",
        )
    if last_frame is not None and int(frames[-1]) > last_frame:
        raise InputError(
            f"{path}: frame {frames[-1]:,} is beyond the {last_frame:,} of seqinfo.ini "
            "(seqLength): times instead of frames, or another film."
        )
    return notices


def _refuse_other_boxes(path: Path, boxes: pl.DataFrame) -> None:
    """Refuse shares of the picture and corners."""
    if boxes.select(pl.max_horizontal(pl.col(BOX).max())).item() <= 1.5:
        raise InputError(
            f"{path}: no value of any box is above 1.5: these are shares of the picture's width "
            "and height (as YOLO writes them); multiply them to pixels."
        )
    if _as_corners(boxes):
        raise InputError(
            f"{path}: the fifth and sixth values are above the third and fourth in every line and "
            "go along with them: these are right and bottom, not width and height; subtract left "
            "and top."
        )


def _doubt_boxes(boxes: pl.DataFrame, notices: Notices) -> None:
    """Add notices of sizes and confidences that people's boxes seldom have."""
    if boxes["width"].median() > boxes["height"].median():  # type: ignore[operator]
        add_notice(
            notices,
            "Half of the boxes are wider than tall: upright people are taller; are width and "
            "height exchanged?",
            "상자의 절반은 너비가 높이보다 크다. 선 사람은 키가 더 크다. 너비와 높이가 바뀌지 "
            "않았는지 확인해야 한다.",
        )
    outside = ((boxes["conf"] < 0) | (boxes["conf"] > 1)).sum()
    if outside and (boxes["id"] < 0).all():
        low, high = boxes.select(low=pl.col("conf").min(), high=pl.col("conf").max()).row(0)
        add_notice(
            notices,
            f"Confidences run from {low:.4g} to {high:.4g}, not from 0 to 1: a tracker takes "
            "all above about 0.7 as sure. If they are percent, divide them by 100.",
            f"신뢰도가 0~1이 아니라 {low:.4g}~{high:.4g}이다. 추적기는 0.7쯤을 넘으면 모두 "
            "확실하다고 본다. 퍼센트라면 100으로 나누어야 한다.",
        )


def _as_corners(boxes: pl.DataFrame) -> bool:
    """Return whether widths and heights are in fact right and bottom."""
    found = boxes.select(
        larger=((pl.col("width") > pl.col("left")) & (pl.col("height") > pl.col("top"))).all(),
        across=pl.corr("left", "width"),
        spread=pl.col("left").std() > (pl.col("width") - pl.col("left")).median() / 2,
    ).row(0, named=True)
    return bool(found["larger"] and found["spread"] and found["across"] > 0.8)


def check_truth(path: Path, truth: pl.DataFrame) -> None:
    """Refuse a truth without a person to count. Raises InputError with the likely reason."""
    if (truth["id"] < 0).any():
        share = (truth["id"] < 0).sum()
        raise InputError(
            f"{path}: {share:,} of {truth.height:,} true boxes have the id -1, so no person is "
            "known: "
            "these are detections, not ground truth."
        )
    counted = truth.filter(pl.col("conf") != 0)
    if not counted.height:
        raise InputError(
            f"{path} has no box to count: all {truth.height:,} have a confidence of 0, which in "
            "ground truth means 'leave this box out'; write 1."
        )
    kinds = counted["class"].drop_nulls().unique().sort().to_list()
    if kinds and 1 not in kinds:
        raise InputError(
            f"{path} has no box to count: its classes are {', '.join(map(str, kinds[:5]))}, and a "
            "pedestrian is 1 (other lists count from 0)."
        )
    check_ids(path, counted)


def check_detections(path: Path, detections: pl.DataFrame) -> Notices:
    """Refuse detections that no tracker can follow; return notices.

    Raises InputError with the likely reason.
    """
    if detections.height >= MANY and (detections["conf"] == 0).all():
        raise InputError(
            f"{path}: all {detections.height:,} confidences are 0, so a tracker would take none; "
            "unknown confidences are written -1."
        )
    notices = check_repeats(path, detections)
    best = float(detections["conf"].max())  # type: ignore[arg-type]
    if 0 < best < UNSURE:
        add_notice(
            notices,
            f"{path.name}: no confidence is above {best:.2g}, so most trackers begin no track: "
            f"they take boxes from about {UNSURE} on as sure.",
            f"{path.name}: 신뢰도가 모두 {best:.2g} 이하다. 추적기는 대개 {UNSURE}쯤부터 "
            "확실하다고 보므로 동선을 거의 시작하지 않는다.",
        )
    return notices


def check_pair(path: Path, detections: pl.DataFrame, truth: pl.DataFrame) -> Notices:
    """Refuse detections that fit the truth only after a known mistake is undone.

    Returns notices. Raises InputError with the reason and the remedy.
    """
    counted = truth.filter(pl.col("conf") != 0)
    if min(detections.height, counted.height) < MANY:
        return []
    refuse_crowded(path, detections, counted)
    _refuse_sparse(path, detections, counted)
    found = _best_overlaps(detections, counted)
    hit = _hit(found)
    if hit < 0.5:
        _refuse_explained(path, detections, counted, hit)
    if hit == 0:
        raise InputError(
            f"{path}: no detection meets any of {counted.height:,} true boxes: is the truth of "
            "another film, another camera or another size of picture?"
        )
    _refuse_shifted(path, detections, counted, found)
    _refuse_late(path, detections, counted)
    notices = check_parts(path, detections, counted)
    if hit < 0.25:
        add_notice(
            notices,
            f"Only {hit:.0%} of the true boxes meet a detection by half.",
            f"참 상자 가운데 탐지 상자와 절반 이상 겹치는 것은 {hit:.0%}뿐이다.",
        )
    same = detections.join(counted, on=["frame", *BOX], how="semi").height
    if same > 0.9 * detections.height:
        add_notice(
            notices,
            f"{same:,} of {detections.height:,} detections are the true boxes.",
            f"탐지 상자 {detections.height:,}개 가운데 {same:,}개는 참 상자와 똑같다.",
        )
    return notices


def _refuse_explained(
    path: Path, detections: pl.DataFrame, truth: pl.DataFrame, hit: float
) -> None:
    """Refuse boxes that meet far more often once a known mistake is undone."""
    tried = [
        (_hit(_best_overlaps(*changed)), reason)
        for reason, *changed in explanations(detections, truth)
    ]
    best, reason = max(tried, default=(0.0, ""))
    if best >= max(FITS, 2 * hit):
        raise InputError(
            f"{path}: {hit:.0%} of the true boxes meet a detection, and {best:.0%} do if {reason}"
        )


def _hit(best: Floats) -> float:
    """Return the share of true boxes that overlap a detection by half, of `_best_overlaps`."""
    return float((best >= 0.5).mean())


def _best_overlaps(detections: pl.DataFrame, truth: pl.DataFrame) -> Floats:
    """Return each true box's best IoU with a detection of its frame, 0 for none, in a sample."""
    if not truth.height:  # a change that leaves no box explains nothing
        return np.zeros(1)
    frames = truth["frame"].unique().sort()
    some = frames[np.unique(np.linspace(0, len(frames) - 1, SAMPLE).astype(int))]
    right = truth.filter(pl.col("frame").is_in(some.implode())).select("frame", *BOX)
    found = overlaps(right, detections).group_by("row").agg(pl.col("iou").max())
    best = np.zeros(right.height)
    best[found["row"].to_numpy()] = found["iou"].to_numpy()
    return best


def _refuse_sparse(path: Path, detections: pl.DataFrame, truth: pl.DataFrame) -> None:
    """Refuse a truth of every n-th frame beside detections of all, which would count as false."""
    frames = truth["frame"].unique().sort()
    steps = frames.diff().drop_nulls()
    if len(frames) < MANY or (step := int(np.gcd.reduce(steps.to_numpy()))) < 2:
        return
    between = detections.filter((pl.col("frame") - int(frames[0])) % step != 0).height
    if between > detections.height / 2:
        raise InputError(
            f"{path}: the truth has every {_ordinal(step)} frame only ({_first(frames)}), the "
            f"detections all: {between:,} would count as false; leave them out."
        )


def _refuse_shifted(
    path: Path, detections: pl.DataFrame, truth: pl.DataFrame, found: Floats
) -> None:
    """Refuse frames that fit significantly better if all are moved by a few."""
    moved = {
        shift: _best_overlaps(detections.with_columns(pl.col("frame") + shift), truth)
        for shift in SHIFTS
    }
    shift = max(moved, key=lambda each: moved[each].mean())
    better = moved[shift] - found
    error = better.std() / np.sqrt(len(better))
    ends = [
        (int(detections["frame"].min()), int(truth["frame"].min())),  # type: ignore[arg-type]
        (int(detections["frame"].max()), int(truth["frame"].max())),  # type: ignore[arg-type]
    ]
    # once moved, both begin and end alike: a smaller gain suffices, any gain if one counts from 0
    explained = all(ours + shift == theirs for ours, theirs in ends)
    needed = (0.0 if 0 in ends[0] else 1.0) if explained else ERRORS
    if better.mean() <= needed * error:
        return
    gain = moved[shift].mean() / found.mean() - 1
    explained |= 0 in ends[0] and ends[0][0] + shift == ends[0][1]  # one of the two counts from 0
    if gain >= BETTER or explained:
        raise InputError(
            f"{path}: detections overlap the true boxes by {found.mean():.0%} unchanged, and "
            f"by {moved[shift].mean():.0%} if {shift:+d} is added to their frames ({ends[0][0]} "
            f"to {ends[1][0]}; the truth has {ends[0][1]} to {ends[1][1]}): one of the two is "
            "numbered from another frame."
        )


def _refuse_late(path: Path, detections: pl.DataFrame, truth: pl.DataFrame) -> None:
    """Refuse frames shifted against the truth, by boxes' offsets along people's walks."""
    late = estimated_shift(detections, truth)
    if late is not None and late.sure:
        raise InputError(
            f"{path}: along people's walks the detections are {late.frames:+.1f} frames (standard "
            f"error {late.error:.1f}; {late.boxes:,} boxes) off the true boxes: add "
            f"{round(late.frames):+d} to their frames, or number the truth from the same frame."
        )


def _first(frames: pl.Series) -> str:
    return ", ".join(map(str, frames.head(3).to_list())) + ", ..."


def _ordinal(number: int) -> str:
    teen = 10 <= number % 100 <= 20
    return f"{number}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
