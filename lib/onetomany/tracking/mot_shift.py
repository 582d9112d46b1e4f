"""Estimate by how many frames detections are shifted, from offsets along people's walks.

If frames are numbered from another frame, each detection is off its true box by the person's
velocity times that many frames. So the distance between the two is regressed on velocity: a mean
overlap hardly changes for slow people, but the slope uses all boxes. A constant offset, such as of
a detector that draws its boxes too low, is fitted too.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .mot import BOX
from .transit import Floats

MEET = 0.3  # overlap from which on a detection is taken for the true box's
REACH = 3  # frames before and after over which a velocity is taken
BLOCK = 10  # frames of one person whose distances may be correlated
LEAST, FEWEST = 40, 5  # boxes with a velocity; clusters of them
SURE = 4.5  # standard errors from 0, beyond which frames are reported as shifted
TRIM = 4.0  # median absolute deviations beyond which a distance is another person's


@dataclass(frozen=True)
class Shift:
    """Store the `frames` to add to the detections' numbers, with the standard error."""

    frames: float
    error: float
    boxes: int

    @property
    def sure(self) -> bool:
        """Return whether a shift is significant and nearer to a whole frame than to none."""
        return abs(self.frames) > max(SURE * self.error, 0.5 + self.error)


def estimated_shift(detections: pl.DataFrame, truth: pl.DataFrame) -> Shift | None:
    """Return the frames by which detections are shifted against the truth (both `MOT`).

    None if fewer than 40 true boxes with a velocity meet a detection, or nobody moves. The standard
    error is clustered by person and ten frames.
    """
    pairs = _met(detections, _moving(truth))
    if pairs.height < LEAST:
        return None
    cluster = pairs.select(pl.struct("id", pl.col("frame") // BLOCK).rank("dense")).to_series()
    sides = []
    for low, size in (("left", "width"), ("top", "height")):
        middle = pl.col(low) + pl.col(size) / 2
        other = pl.col(f"{low}_d") + pl.col(f"{size}_d") / 2
        part = pairs.select(
            off=(other - middle) / pl.col(size), v=pl.col(f"v_{low}") / pl.col(size)
        )
        sides.append((*part.to_numpy().T, cluster.to_numpy()))
    return _slope(sides)


def _moving(truth: pl.DataFrame) -> pl.DataFrame:
    """Return true boxes with velocities of their middles, pixels a frame."""
    rows = truth.select(
        "id", "frame", *BOX,
        x=pl.col("left") + pl.col("width") / 2, y=pl.col("top") + pl.col("height") / 2,
    )  # fmt: skip
    near = rows.select("id", "frame", "x", "y")
    for name, step in (("before", REACH), ("after", -REACH)):
        moved = near.with_columns(pl.col("frame") + step)
        rows = rows.join(moved, on=["id", "frame"], suffix=f"_{name}")
    return rows.with_columns(
        v_left=(pl.col("x_after") - pl.col("x_before")) / (2 * REACH),
        v_top=(pl.col("y_after") - pl.col("y_before")) / (2 * REACH),
    )


def overlaps(
    truth: pl.DataFrame, detections: pl.DataFrame, on: tuple[str, ...] = ("frame",)
) -> pl.DataFrame:
    """Pair all boxes of equal `on`, usually of a frame; `iou` is their overlap over union.

    `row` and `row_d` number the rows of the two; the detection's box is in columns ending in _d.
    """
    found = detections.select(*on, *BOX).with_row_index("row_d")
    pairs = truth.with_row_index("row").join(found, on=on, suffix="_d")
    across, down = (
        (
            pl.min_horizontal(pl.col(low) + pl.col(size), pl.col(f"{low}_d") + pl.col(f"{size}_d"))
            - pl.max_horizontal(low, f"{low}_d")
        ).clip(lower_bound=0)
        for low, size in (("left", "width"), ("top", "height"))
    )
    shared = across * down
    areas = pl.col("width") * pl.col("height") + pl.col("width_d") * pl.col("height_d")
    return pairs.with_columns(iou=shared / (areas - shared))


def _met(detections: pl.DataFrame, truth: pl.DataFrame) -> pl.DataFrame:
    """Pair true boxes with detections of their frame that overlap most, both ways."""
    best = [pl.col("iou") == pl.col("iou").max().over(side) for side in ("row", "row_d")]
    return overlaps(truth, detections).filter(pl.col("iou") >= MEET, *best)


def _slope(sides: list[tuple[Floats, Floats, NDArray[np.int64]]]) -> Shift | None:
    """Regress distances on velocities, both axes together, each with its own offset."""
    speeds, offs, groups = [], [], []
    for off, speed, group in sides:
        gap = np.abs(off - np.median(off))
        kept = gap <= TRIM * max(float(np.median(gap)), 1e-9)
        # the noisier side counts less
        weight = 1 / max(float(off[kept].std()), 1e-9)
        speeds.append((speed[kept] - speed[kept].mean()) * weight)
        offs.append((off[kept] - off[kept].mean()) * weight)
        groups.append(group[kept])
    v, d, group = map(np.concatenate, (speeds, offs, groups))
    spread = float(v @ v)
    if spread <= 1e-12:
        return None
    slope = float(v @ d) / spread
    each = np.bincount(np.unique(group, return_inverse=True)[1], weights=v * (d - slope * v))
    many = len(each)
    if many < FEWEST:
        return None
    error = float(np.sqrt((each @ each) * many / (many - 1))) / spread
    return Shift(slope, error, len(v) // 2)
