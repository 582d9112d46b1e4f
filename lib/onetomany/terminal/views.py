"""Calculate who passes which camera, when, and how well the face is seen: geometry alone.

A camera sees a point within its field of view and range, if no wall is between. It sees a face
turned less than FACE_ANGLE away from it. People look ahead; when they stop, they keep looking that
way.
"""

import numpy as np
import polars as pl
import shapely
from numpy.typing import NDArray

from onetomany.errors import InputError
from .layout import Camera, Layout, walls_of

Floats = NDArray[np.float64]

FACE_ANGLE = 75.0  # degrees between a face's direction and the camera; beyond, it is not seen
GAP = 2.0  # seconds without a face after which a tracker has lost a person
SETTLED = 5.0  # frames at which half the gain of having many is reached
FAR = 0.2  # quality of a frontal face at the end of a camera's range
STEP = 0.5  # degrees between the rays by which walls are found
PASSAGES = {
    "true_id": pl.Int64,
    "camera_id": pl.String,
    "t_start": pl.Float64,  # first and last sample at which a face is seen, s
    "t_end": pl.Float64,
    "x": pl.Float64,  # mean place on the floor meanwhile, m
    "y": pl.Float64,
    "n_frames": pl.Float64,  # frames with a face
    "view": pl.Float64,  # quality of the best view, 0 to 1; see `view_quality`
}


def view_quality(distance: Floats, angle: Floats, reach: float | Floats) -> Floats:
    """Return how well a face is seen, 0 to 1, by distance (m) and angle (degrees).

    Falls evenly from 1 at the lens to FAR at the camera's range, as the face gets fewer pixels,
    times the cosine of the angle; 0 beyond the range or FACE_ANGLE. Chosen, not measured: the
    effect of distance and angle differs between real matchers.
    """
    near = 1 - (1 - FAR) * distance / reach
    turned = np.cos(np.deg2rad(angle))
    seen = (distance <= reach) & (angle < FACE_ANGLE)
    return np.where(seen, near * turned, 0.0)


def field_of(camera: Camera, layout: Layout) -> shapely.Polygon:
    """Return the floor that a camera sees: its sector, cut off at walls."""
    half = camera.field_of_view / 2
    rays = np.deg2rad(camera.heading + np.arange(-half, half + STEP / 2, STEP))
    direction = np.stack([np.cos(rays), np.sin(rays)], axis=1)
    start = np.array([camera.x, camera.y])
    walls = walls_of(layout)
    along = walls[:, 1] - walls[:, 0]
    offset = walls[:, 0] - start
    # ray and edge meet at start + s * direction = wall + u * along
    cross = direction[:, None, 0] * along[None, :, 1] - direction[:, None, 1] * along[None, :, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        s = (offset[:, 0] * along[:, 1] - offset[:, 1] * along[:, 0]) / cross
        u = offset[None, :, 0] * direction[:, None, 1] - offset[None, :, 1] * direction[:, None, 0]
        u = u / cross
    # a camera on a wall is not hidden by that wall
    s = np.where((s > 1e-6) & (u >= 0) & (u <= 1), s, np.inf)
    reach = np.minimum(s.min(axis=1), camera.range)
    ends = start + reach[:, None] * direction
    return shapely.Polygon([start, *ends])


def passages(trajectories: pl.DataFrame, layout: Layout, rate: float) -> pl.DataFrame:
    """Return each time a camera sees a face pass, from places at `rate` samples a second.

    `trajectories` has `true_id`, `t`, `x`, `y`, and may have `facing` (radians, the direction of
    the face); without it, people look ahead. Returns `PASSAGES` by person and time. A face unseen
    for more than GAP seconds, and more than two samples, starts a new passage.

    Raises InputError for a rate that isn't positive.
    """
    if rate <= 0:
        raise InputError("Passages need samples a second: a rate above 0.")
    if "facing" not in trajectories.columns:
        trajectories = _with_facing(trajectories, rate)
    seen = pl.concat(_seen(trajectories, camera, layout, rate) for camera in layout.cameras)
    other = pl.any_horizontal(
        pl.col("true_id", "camera_id") != pl.col("true_id", "camera_id").shift()
    )
    late = pl.col("t").diff() > max(GAP, 2 / rate)
    return (
        seen.sort("true_id", "camera_id", "t")
        .with_columns(part=(other | late).fill_null(value=True).cum_sum())
        .group_by("true_id", "camera_id", "part", maintain_order=True)
        .agg(
            t_start=pl.col("t").min(),
            t_end=pl.col("t").max(),
            x=pl.col("x").mean(),
            y=pl.col("y").mean(),
            n_frames=pl.col("frames").sum(),
            view=pl.col("view").max(),
        )
        .sort("true_id", "t_start", "camera_id")
        .select(pl.col(name).cast(kind) for name, kind in PASSAGES.items())
    )


def _with_facing(trajectories: pl.DataFrame, rate: float) -> pl.DataFrame:
    """Add `facing`, radians: the direction of walking over about a second, kept during stops."""
    lag = max(1, round(rate / 2))
    ordered = trajectories.sort("true_id", "t")

    def moved(name: str) -> pl.Expr:
        column = pl.col(name)
        ahead = column.shift(-lag).over("true_id").fill_null(column.last().over("true_id"))
        behind = column.shift(lag).over("true_id").fill_null(column.first().over("true_id"))
        return ahead - behind

    dx, dy = moved("x"), moved("y")
    # under 0.2 m/s the direction is that of jostling, not of looking
    walks = (dx**2 + dy**2).sqrt() > 0.4 * lag / rate
    return ordered.with_columns(facing=pl.when(walks).then(pl.arctan2(dy, dx))).with_columns(
        pl.col("facing").forward_fill().backward_fill().over("true_id").fill_null(0.0)
    )


def _seen(trajectories: pl.DataFrame, camera: Camera, layout: Layout, rate: float) -> pl.DataFrame:
    """Return the samples at which one camera sees a face."""
    near = trajectories.filter(
        (pl.col("x") - camera.x) ** 2 + (pl.col("y") - camera.y) ** 2 <= camera.range**2
    )
    x, y = near["x"].to_numpy(), near["y"].to_numpy()
    field = field_of(camera, layout)
    shapely.prepare(field)
    distance = np.hypot(camera.x - x, camera.y - y)
    towards = np.arctan2(camera.y - y, camera.x - x)
    turned = near["facing"].to_numpy() - towards
    angle = np.rad2deg(np.abs(np.arctan2(np.sin(turned), np.cos(turned))))
    view = view_quality(distance, angle, camera.range) * shapely.contains_xy(field, x, y)
    return near.select(
        "true_id",
        "t",
        "x",
        "y",
        camera_id=pl.lit(camera.camera_id),
        view=pl.Series(view),
        frames=pl.lit(camera.frame_rate / rate),
    ).filter(pl.col("view") > 0)
