"""Turn camera passages into sightings, as a detector and a tracker would report them.

A passage (`views.passages`) is geometry. This module adds chance: light, blur and expression lower
a view, and poor faces are often not detected. docs/terminal.md lists the effects left out.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .flow import routes
from .layout import Layout
from .views import GAP, PASSAGES, SETTLED, passages

Floats = NDArray[np.float64]

SIGHTINGS = {
    "sighting_id": pl.Int64,
    "camera_id": pl.String,
    "t_start": pl.Float64,
    "t_end": pl.Float64,
    "x": pl.Float64,
    "y": pl.Float64,
    "n_frames": pl.Int32,
    "det_conf": pl.Float32,
    "quality": pl.Float32,
    "template_id": pl.Int64,
    "track_id": pl.Int64,
    "source": pl.String,
    "true_id": pl.Int64,
}
"""One row a sighting: one passage of one person before one camera (one tracklet).

`sighting_id` numbers rows by `t_start`; `t_start`, `t_end` are seconds since opening; `x`, `y` the
mean place on the floor, m; `n_frames` frames with a face; `det_conf` the detector's confidence, 0
to 1; `quality` of the best face, 0 to 1; `template_id` the row of the template matrix
(`templates.sighting_templates`); `track_id` the track within the camera; `source` 'simulated';
`true_id` the person, for evaluation only: no method of linking may read it.
"""

SOURCE = "simulated"
POOR = 0.12  # quality at which half of the faces are missed
SHARPNESS = 0.03  # quality by which the odds of being detected change by a factor e
WORST_LIGHT = 0.75  # light, blur and expression lower a view evenly by up to this factor
MASK = 0.4  # times the quality of a face in a mask: assumed, see docs/terminal.md
PITCH = 100.0  # m between the wings of a terminal of several, along y
APART = 0.3  # m around a coarse run's place of a person, one sd along each axis
PACE = 1.34  # m/s along a route while its passages are looked up
LOOK = 5.0  # samples a second meanwhile


def detection(quality: Floats) -> Floats:
    """Return the chance that a face of this quality is detected: logistic, half at POOR."""
    return np.asarray(1 / (1 + np.exp(-(quality - POOR) / SHARPNESS)))


def _sightings_of(
    seen: pl.DataFrame, seed: int, people: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Draw the detections of passages (schema `PASSAGES`); returns `SIGHTINGS` by time.

    Quality is the best view, lowered by light, times n / (n + SETTLED) for n frames, times MASK if
    the person wears a mask. `people` (schema `PASSENGERS`) says who wears one and which visits are
    one person's. Without it nobody wears a mask and each visit is another person.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2,)))
    frames = seen["n_frames"].to_numpy()
    light = rng.uniform(WORST_LIGHT, 1, len(seen))
    quality = seen["view"].to_numpy() * light * frames / (frames + SETTLED)
    if people is not None:
        own = people.select(pl.col("true_id", "person_id", "masked"))
        seen = seen.join(own, on="true_id", how="left", maintain_order="left")
        quality = np.where(seen["masked"].to_numpy(), MASK, 1.0) * quality
        seen = seen.with_columns(true_id="person_id")
    found = rng.random(len(seen)) < detection(quality)
    sure = 1 / (1 + np.exp(-(quality - POOR / 2) / 0.1)) + 0.03 * rng.standard_normal(len(seen))
    rows = (
        seen.with_columns(
            pl.col("n_frames").round().clip(1),
            quality=pl.Series(quality),
            det_conf=pl.Series(np.clip(sure, 0, 1)),
            source=pl.lit(SOURCE),
        )
        .filter(pl.Series(found))
        .sort("t_start", "camera_id", "true_id")
        .with_row_index("sighting_id")
        .with_columns(
            template_id=pl.col("sighting_id"), track_id=pl.int_range(pl.len()).over("camera_id") + 1
        )
    )
    return rows.select(pl.col(name).cast(kind) for name, kind in SIGHTINGS.items())


def fine_sightings(
    trajectories: pl.DataFrame,
    layout: Layout,
    seed: int,
    rate: float,
    people: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Return `SIGHTINGS` from positions at `rate` samples a second."""
    return _sightings_of(passages(trajectories, layout, rate), seed, people)


def coarse_sightings(
    visits: pl.DataFrame, layout: Layout, seed: int, people: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Return `SIGHTINGS` from a flow's visits (schema `flow.VISITS`), for many people.

    Between two visits a person walks the shortest way at an even pace; each way's passages are
    calculated once. At check-in, security and immigration they stay at the point, looking ahead,
    from joining the queue to leaving. In the hall and at the gate faces are not seen, since their
    direction is not simulated. With several wings, cameras of wing n are called 'wn/...', and its
    places lie PITCH metres further along y.
    """
    parts = [_walked(visits, layout), _stood(visits, layout)]
    joined = pl.concat(parts).sort("true_id", "camera_id", "t_start", "t_end")
    # a person's legs and stays follow each other in time, so one comparison finds gaps
    other = pl.any_horizontal(
        pl.col("true_id", "camera_id") != pl.col("true_id", "camera_id").shift()
    )
    late = pl.col("t_start") - pl.col("t_end").shift() > GAP
    frames = pl.col("n_frames")
    merged = (
        joined.with_columns(part=(other | late).fill_null(value=True).cum_sum())
        .group_by("part", maintain_order=True)
        .agg(
            pl.col("true_id", "camera_id", "wing").first(),
            pl.col("t_start").min(),
            pl.col("t_end").max(),
            (pl.col("x", "y") * frames).sum() / frames.sum(),
            frames.sum(),
            pl.col("view").max(),
        )
    )
    # a party's members walk side by side: no two are at the same place and time
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(3,)))
    apart = rng.normal(0, APART, (2, _people(visits)))
    later = rng.random(_people(visits))
    own = merged["true_id"].to_numpy()
    merged = merged.with_columns(
        pl.col("t_start", "t_end") + pl.Series(later[own]),
        pl.col("x") + pl.Series(apart[0, own]),
        pl.col("y") + pl.Series(apart[1, own]),
    )
    if merged["wing"].max():
        merged = merged.with_columns(
            pl.format("w{}/{}", pl.col("wing") + 1, "camera_id").alias("camera_id"),
            pl.col("y") + PITCH * pl.col("wing"),
        )
    return _sightings_of(merged.select(*PASSAGES), seed, people)


def _people(visits: pl.DataFrame) -> int:
    return int(visits.select(pl.col("true_id").max()).item()) + 1


def _walked(visits: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Return passages on the ways between visits."""
    ways = routes(layout).with_row_index("true_id")
    # each way walked once, evenly, by somebody who bears its number
    walked = pl.concat(_evenly(*way) for way in ways.drop("origin", "destination").iter_rows())
    looks = passages(walked, layout, LOOK).join(
        ways.select("origin", "destination", "length", pl.col("true_id").cast(pl.Int64)),
        on="true_id",
    )
    legs = visits.select(
        "true_id",
        "wing",
        origin="place",
        destination=pl.col("place").shift(-1).over("true_id"),
        left="t_out",
        came=pl.col("t_in").shift(-1).over("true_id"),
    ).filter(pl.col("destination").is_not_null())
    took = pl.col("came") - pl.col("left")
    times = pl.col("t_start", "t_end") * PACE / pl.col("length") * took + pl.col("left")
    frames = pl.col("n_frames") * PACE / pl.col("length") * took
    return legs.join(looks.drop("true_id"), on=("origin", "destination")).select(
        "true_id", "camera_id", times, "x", "y", frames, "view", "wing"
    )


def _evenly(number: int, xs: list[float], ys: list[float], length: float) -> pl.DataFrame:
    """Return places on a way of `length` m through corners, LOOK a second at PACE."""
    corners = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(xs), np.diff(ys)))])
    steps = np.arange(0, length, PACE / LOOK)
    return pl.DataFrame(
        {
            "true_id": np.full(len(steps), number, np.int64),
            "t": np.arange(len(steps)) / LOOK,
            "x": np.interp(steps, corners, xs),
            "y": np.interp(steps, corners, ys),
        }
    )


def _stood(visits: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Return passages of people who wait or are served."""
    points = [point for point in layout.points if point.stage != "hall"]
    heads = np.array([point.head for point in points])
    behind = np.array([point.spots[min(1, len(point.spots) - 1)] for point in points])
    ahead = heads - behind
    standing = pl.DataFrame(
        {
            "true_id": np.arange(len(points)),
            "t": np.zeros(len(points)),
            "x": heads[:, 0],
            "y": heads[:, 1],
            "facing": np.arctan2(ahead[:, 1], ahead[:, 0]),
        }
    )
    names = {number: point.name for number, point in enumerate(points)}
    looks = passages(standing, layout, LOOK).with_columns(
        place=pl.col("true_id").replace_strict(names, return_dtype=pl.String)
    )
    took = pl.col("t_out") - pl.col("t_in")
    stays = pl.col("t_in").alias("t_start"), pl.col("t_out").alias("t_end")
    frames = pl.col("n_frames") * LOOK * took
    return visits.join(looks.drop("true_id", "t_start", "t_end"), on="place").select(
        "true_id", "camera_id", *stays, "x", "y", frames, "view", "wing"
    )
