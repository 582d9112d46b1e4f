"""Undo known mistakes in a MOT file, one at a time, so that `mot_faults` can name the right one."""

from collections.abc import Iterator

import numpy as np
import polars as pl

# cause and remedy of a change, then the detections and the truth after it
Explained = tuple[str, pl.DataFrame, pl.DataFrame]


def explanations(detections: pl.DataFrame, truth: pl.DataFrame) -> Iterator[Explained]:
    """Yield known mistakes, undone one at a time in either file."""
    for name, boxes in (("detections", detections), ("truth", truth)):
        for fault, changed in _changed(boxes):
            pair = (changed, truth) if name == "detections" else (detections, changed)
            yield f"the file of {name} {fault}", *pair
    yield from _scaled(detections, truth)
    yield from _flipped(detections, truth)
    yield from _renumbered(detections, truth)


def _changed(boxes: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    corners = boxes.with_columns(
        width=pl.col("width") - pl.col("left"), height=pl.col("height") - pl.col("top")
    ).filter(pl.col("width") > 0, pl.col("height") > 0)
    yield (
        "gives corners (left, top, right, bottom) and not sizes: subtract left from the fifth "
        "value and top from the sixth.",
        corners,
    )
    centres = boxes.with_columns(
        left=pl.col("left") - pl.col("width") / 2, top=pl.col("top") - pl.col("height") / 2
    )
    yield "gives the box's centre and not its left and top: subtract half of its size.", centres
    turned = boxes.rename({"left": "top", "top": "left", "width": "height", "height": "width"})
    yield "has x and y, width and height exchanged: exchange them again.", turned
    crossed = boxes.rename({"width": "height", "height": "width"})
    yield "has width and height exchanged: exchange them again.", crossed
    across = boxes.rename({"left": "top", "top": "left"})
    yield "has left and top exchanged: exchange them again.", across
    feet = boxes.with_columns(
        left=pl.col("left") - pl.col("width") / 2, top=pl.col("top") - pl.col("height")
    )
    yield (
        "gives the foot (the middle of the lower edge) and not left and top: subtract half of the "
        "width and all of the height.",
        feet,
    )
    if boxes["id"].n_unique() <= boxes["frame"].n_unique():  # usual in a film
        return
    swapped = boxes.rename({"frame": "id", "id": "frame"})
    yield "has the columns frame and id exchanged: exchange them again.", swapped


def _scaled(detections: pl.DataFrame, truth: pl.DataFrame) -> Iterator[Explained]:
    for kind in ("one factor", "two factors"):
        ratio = [
            float(truth[side].median()) / float(detections[side].median())  # type: ignore[arg-type]
            for side in ("width", "height")
        ]
        across, down = ratio if kind == "two factors" else [float(np.sqrt(np.prod(ratio)))] * 2
        if 0.8 < across < 1.25 and 0.8 < down < 1.25:
            continue
        larger = detections.with_columns(pl.col("left", "width") * across,
                                         pl.col("top", "height") * down)  # fmt: skip
        yield (
            f"the detections are in another size of picture (about {across:.3g} times in width "
            f"and {down:.3g} in height): bring both to the same pixels.",
            larger,
            truth,
        )


def _flipped(detections: pl.DataFrame, truth: pl.DataFrame) -> Iterator[Explained]:
    """Yield boxes counted from the other edge of the picture, whose size is not known."""
    for low, size, reason in (
        ("top", "height", "y is counted from the lower edge of the picture in one of the two."),
        ("left", "width", "one of the two is mirrored (x is counted from the right edge)."),
    ):
        middle = pl.col(low) + pl.col(size) / 2
        whole = float(sum(each.select(middle.median()).item() for each in (truth, detections)))
        turned = detections.with_columns((whole - pl.col(low) - pl.col(size)).alias(low))
        yield reason, turned, truth
    ends = [detections["frame"].min(), detections["frame"].max()]
    backwards = detections.with_columns(frame=ends[0] + ends[1] - pl.col("frame"))  # type: ignore[operator]
    yield "the frames of one of the two run backwards.", backwards, truth


def _renumbered(detections: pl.DataFrame, truth: pl.DataFrame) -> Iterator[Explained]:
    """Yield frames that begin elsewhere, or run at another rate."""
    ours, theirs = detections["frame"], truth["frame"]
    starts = {int(theirs.min()) - int(ours.min()), int(theirs.max()) - int(ours.max())}  # type: ignore[arg-type]
    for shift in sorted(starts - {0}):
        yield (
            f"{shift:+d} is added to the frames of the detections: the two are numbered from "
            "different frames.",
            detections.with_columns(pl.col("frame") + shift),
            truth,
        )
    rate = _span(truth) / max(1, _span(detections))
    if 0.6 < rate < 1.6:
        return
    for factor in {rate, float(round(rate)) if rate > 1 else 1 / round(1 / rate)}:
        moved = ((pl.col("frame") - int(ours.min())) * factor + int(theirs.min())).round()  # type: ignore[arg-type]
        yield (
            f"the frames of the detections run {factor:.3g} times as far: the two are of different "
            "frame rates, or one counts milliseconds.",
            detections.with_columns(frame=moved.cast(pl.Int64)),
            truth,
        )


def _span(boxes: pl.DataFrame) -> int:
    return int(boxes["frame"].max()) - int(boxes["frame"].min())  # type: ignore[arg-type]
