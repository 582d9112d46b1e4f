"""Convert pixels to metres by the homography of a flat ground, from measured points.

A person's place is the middle of the box's lower edge. On stairs, behind a counter or at the
frame's edge the feet are elsewhere, and the metres are wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onetomany.errors import DatasheetError

Floats = NDArray[np.float64]

SMOOTH = 0.5  # seconds on each side over which a place is averaged
WIDEST = 400.0  # metres between the calibration points
FARTHEST = 1000.0  # metres from the calibration's points; farther is towards the horizon
_FLAT = 1e-3  # of the points' extent: a triangle as flat as that is a line

TRAJECTORIES = {
    "id": pl.Int64,
    "t": pl.Float64,  # seconds from the film's first frame
    "x": pl.Float64,  # metres
    "y": pl.Float64,
}


@dataclass(frozen=True)
class Ground:
    """Store a homography (3, 3) from the film's pixels to metres.

    `residual` is the mean distance in metres between given and mapped points, None for only four
    points or a matrix, which leave nothing to test. `middle` is the mean of the calibration's
    points in metres, `near` a picture point on the ground.
    """

    homography: Floats
    residual: float | None
    near: tuple[float, float]
    middle: tuple[float, float]

    def metres(self, pixels: Floats) -> Floats:
        """Return places (n, 2) in metres for pixels (n, 2); NaN at the horizon and beyond it."""
        apart = np.column_stack([pixels, np.ones(len(pixels))]) @ self.homography.T
        side = np.sign((np.array([*self.near, 1.0]) @ self.homography.T)[2])
        with np.errstate(divide="ignore", invalid="ignore"):
            places = apart[:, :2] / apart[:, 2:]
            far = np.hypot(*(places - self.middle).T) > FARTHEST
        places[(np.sign(apart[:, 2]) != side) | far | ~np.isfinite(places).all(axis=1)] = np.nan
        return np.asarray(places, np.float64)


def read_ground(table: Mapping[str, Any], where: str) -> Ground:
    """Read a datasheet's [ground]: `picture` and `metres`, or `homography`.

    Raises DatasheetError if points are missing, too few, on a line, or no homography fits them.

    >>> corners = [[0, 0], [100, 0], [100, 100], [0, 100]]
    >>> table = {"picture": corners, "metres": [[0, 0], [5, 0], [5, 5], [0, 5]]}
    >>> read_ground(table, "sheet").metres(np.array([[50.0, 20.0]])).round(3).tolist()
    [[2.5, 1.0]]
    """
    if set(table) == {"homography"}:
        matrix = _numbers(table["homography"], 3, f"{where}: ground.homography")
        if matrix.shape != (3, 3) or abs(np.linalg.det(matrix)) < 1e-15:
            raise DatasheetError(
                f"{where}: ground.homography must be three rows of three numbers that can be "
                "inverted, from pixels to metres."
            )
        near = np.linalg.inv(matrix) @ (0.0, 0.0, 1.0)
        if abs(near[2]) < 1e-12:
            raise DatasheetError(f"{where}: ground.homography puts its own origin at infinity.")
        return Ground(matrix, None, (near[0] / near[2], near[1] / near[2]), (0.0, 0.0))
    if set(table) != {"picture", "metres"}:
        raise DatasheetError(
            f"{where}: [ground] needs 'picture' and 'metres', points in the same order, or "
            "'homography' alone."
        )
    picture = _numbers(table["picture"], 2, f"{where}: ground.picture")
    metres = _numbers(table["metres"], 2, f"{where}: ground.metres")
    if len(picture) != len(metres) or len(picture) < 4:
        raise DatasheetError(
            f"{where}: [ground] has {len(picture)} points in the picture and {len(metres)} in "
            "metres; it needs the same four or more in both."
        )
    for name, points in (("picture", picture), ("metres", metres)):
        if len(points) == 4 and _on_a_line(points):
            raise DatasheetError(
                f"{where}: three of the four points in ground.{name} are on a line: choose the "
                "corners of an area."
            )
    return _fitted(picture, metres, where)


def with_metres(tracks: pl.DataFrame, ground: Ground) -> pl.DataFrame:
    """Return tracks (schema `MOT`) with x and y in metres; null off the ground, z 0."""
    foot = tracks.select(pl.col("left") + pl.col("width") / 2, pl.col("top") + pl.col("height"))
    places = ground.metres(foot.to_numpy().astype(np.float64).reshape(-1, 2))
    x, y = (pl.Series(places[:, axis]).fill_nan(None) for axis in (0, 1))
    return tracks.with_columns(x=x, y=y).with_columns(
        z=pl.when(pl.col("x").is_not_null()).then(0.0)
    )


def ground_trajectories(tracks: pl.DataFrame, *, frame_rate: float) -> pl.DataFrame:
    """Return places over time (schema `TRAJECTORIES`) of tracks in metres, in order of id and t.

    A box's lower edge jumps from frame to frame, which would distort speeds: each place is the mean
    over SMOOTH seconds on each side. Frames without a place are left out.
    """
    placed = tracks.filter(pl.col("x").is_not_null()).sort("id", "frame")
    half = max(1, round(SMOOTH * frame_rate))
    return (
        placed.rolling("frame", period=f"{2 * half + 1}i", offset=f"-{half + 1}i", group_by="id")
        .agg(pl.col("x", "y").mean())
        .select("id", ((pl.col("frame") - 1) / frame_rate).alias("t"), "x", "y")
        .sort("id", "t")
        .cast(TRAJECTORIES)  # type: ignore[arg-type]
    )


def _numbers(value: Any, wide: int, where: str) -> Floats:
    try:
        array = np.array(value, np.float64)
    except (TypeError, ValueError):
        array = np.empty(0)
    if array.ndim != 2 or array.shape[1] != wide or not (np.abs(array) < 1e9).all():
        raise DatasheetError(f"{where} must be a list of rows of {wide} numbers.")
    return array


def _on_a_line(points: Floats) -> bool:
    extent = max(float(np.ptp(points, axis=0).max()), 1e-12) ** 2
    for left_out in range(4):
        a, b, c = np.delete(points, left_out, axis=0)
        (ux, uy), (vx, vy) = b - a, c - a
        if abs(ux * vy - uy * vx) < _FLAT * extent:
            return True
    return False


def _fitted(picture: Floats, metres: Floats, where: str) -> Ground:
    import cv2

    if (wide := float(np.ptp(metres, axis=0).max())) > WIDEST:
        raise DatasheetError(
            f"{where}: the points of ground.metres are up to {wide:,.0f} m apart, farther than "
            "people can be made out: they are likely in centimetres or feet; write metres."
        )
    matrix, _ = cv2.findHomography(picture, metres, 0)
    if matrix is None or not np.isfinite(matrix).all():
        raise DatasheetError(f"{where}: no plane fits the points of [ground]: check their order.")
    near, middle = tuple(picture.mean(axis=0)), tuple(metres.mean(axis=0))
    ground = Ground(np.asarray(matrix, np.float64), None, near, middle)
    off = np.hypot(*(ground.metres(picture) - metres).T)
    sides = (np.column_stack([picture, np.ones(len(picture))]) @ ground.homography.T)[:, 2]
    if not np.isfinite(off).all() or len(set(np.sign(sides))) > 1:
        raise DatasheetError(
            f"{where}: the points of [ground] don't lie on one plane in that order: list the same "
            "points in the same order in 'picture' and 'metres'."
        )
    return Ground(ground.homography, float(off.mean()) if len(picture) > 4 else None, near, middle)
