"""Learn steps between cameras: where and when a person is seen next.

After Huang and Russell ('Object identification in a Bayesian context', IJCAI 1997) and Kettnaker
and Zabih ('Bayesian multi-camera surveillance', CVPR 1999): from a run whose people are known, the
time from one camera to the next is learned for each ordered pair of cameras, and how often a person
goes on from one to the other, or is not seen again. A step is infeasible if no single body can make
it: two places at once, or faster than a person runs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.special import ndtr

from onetomany.errors import InputError
from onetomany.sources.tables import require_columns

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]

HORIZON = 4 * 3600.0  # s: people not seen for longer count as gone
FASTEST = 3.0  # m/s, of the mean place of one sighting to that of the next: a run with luggage
SLACK = 3.0  # m by which places may be off
# gaps between sightings, s: below zero both cameras see the person at once
GAPS = np.array([-HORIZON, -600, -60, -15, -4, 0, 1, *np.geomspace(2, HORIZON, 41)])
SHORTEST = 5  # the first bin from gap 0 on
SMOOTHING = 1.0  # bins, each a quarter longer than the one before
WALK = 1.34  # m/s, mean free walking speed (Weidmann 1993, quoted at second hand)
WALK_SPREAD = 0.6  # of the logarithm of the time: detours, queues
WALKS = 0.6  # share of steps between cameras that are plain walks; the others linger
PRIOR_STEPS = 2.0  # steps that the prior counts for, next to the steps seen of a pair
PRIOR_EXITS = 1.0
NEAR = 30.0  # m: a camera so much further away is 2.7 times less likely next
RATE = 900.0  # s either way in which sightings are counted for a rate


@dataclass(frozen=True)
class TransitModel:
    """Store the steps between `cameras` (C of them) learned from a calibration run.

    `gaps` (C, C, bins): shares of steps by gap, bins of GAPS. `density`, the same shape: log10 of
    their density over a uniform one of the horizon, between bounds. Of the sightings at a camera,
    log10 shares of those after which the person is next seen at another, `onward` (C, C), or not
    again, `last` (C,), and before which the person was not seen, `first` (C,). `steps`, `distance`
    (m), and `overlap` (s): 0, or -HORIZON if both cameras have seen a person at once, (C, C).
    `lasts` is how long (s) a sighting lasts in the median.
    """

    cameras: tuple[str, ...]
    gaps: Floats
    density: Floats
    onward: Floats
    last: Floats
    first: Floats
    steps: Rows
    distance: Floats
    overlap: Floats
    lasts: float

    def codes(self, sightings: pl.DataFrame) -> Rows:
        """Return the number of each sighting's camera. Raises InputError for an unknown camera."""
        if strange := sorted({*sightings["camera_id"]} - {*self.cameras}):
            raise InputError(
                f"Camera {strange[0]!r} is not in the calibration run: calibrate on a run of the "
                "same cameras, or, if nobody passed it there, give fit_transit these sightings as "
                "places."
            )
        return _codes(sightings, self.cameras)

    def llr(
        self, camera_a: Rows, camera_b: Rows, gap: NDArray[np.floating], clock: float = 0.0
    ) -> Floats:
        """Return log10 of a gap's density (s) for one person over a uniform one of HORIZON.

        Bounded by the number of steps seen between the two cameras: its log10, one and PRIOR_STEPS
        added, either way. -inf beyond the horizon. `clock` (s): clocks may be that much apart, and
        the density is the mean over the possible gaps.
        """
        shifts = np.linspace(-clock, clock, 5) if clock else np.zeros(1)
        total = np.zeros(len(gap))
        for shift in shifts:
            place = np.searchsorted(GAPS, gap + shift, side="right") - 1
            inside = (place >= 0) & (place < len(GAPS) - 1)
            found = self.density[camera_a, camera_b, np.where(inside, place, 0)]
            total += np.where(inside, 10**found, 0.0)
        with np.errstate(divide="ignore"):
            return np.asarray(np.log10(total / len(shifts)))


_LABELLED = ("sighting_id", "camera_id", "true_id", "t_start", "t_end", "x", "y")


def fit_transit(sightings: pl.DataFrame, places: pl.DataFrame | None = None) -> TransitModel:
    """Learn steps from a calibration run, whose `true_id` says who is who.

    Shares and gaps of pairs of cameras are smoothed towards a prior; pairs without any step have
    the prior alone. The prior of gaps: `WALKS` of people walk the straight distance at `WALK`
    (lognormal), the others linger, up to HORIZON, uniform in the logarithm. The prior of the next
    camera grows with the people who come to it and falls with distance; it counts as many steps as
    there are next cameras seen once only, plus one (Good, Biometrika 40, 1953).

    A camera that nobody passed in the run, such as that of a closed counter, is known only if
    `places`, such as the sightings to be linked, has it (`camera_id`, `x`, `y` in metres); then
    the prior alone applies to it.

    Raises InputError for fewer than ten people with two sightings.
    """
    require_columns(sightings, _LABELLED, "The sightings of a calibration run")
    rows = sightings.sort("true_id", "t_start", "t_end", "sighting_id")
    seen_at = _places(rows, places)
    cameras = tuple(seen_at["camera_id"].to_list())
    count = len(cameras)
    code = _codes(rows, cameras)
    who = rows["true_id"].to_numpy()
    same = who[1:] == who[:-1]
    if len(np.unique(who[1:][same])) < 10:
        raise InputError("Fewer than ten people have two sightings: calibrate on a longer run.")
    a, b = code[:-1][same], code[1:][same]
    gap = (rows["t_start"].to_numpy()[1:] - rows["t_end"].to_numpy()[:-1])[same]
    first = np.bincount(code[np.r_[True, ~same]], minlength=count)
    last = np.bincount(code[np.r_[~same, True]], minlength=count)
    steps = np.zeros((count, count), np.int64)
    np.add.at(steps, (a, b), 1)
    distance = distances_between(seen_at, cameras)
    seen = _gaps_seen(a, b, gap, count)
    mass = (seen + PRIOR_STEPS * _prior(distance)) / (steps + PRIOR_STEPS)[:, :, None]
    ratio = np.log10(np.maximum(mass, 1e-300) / np.diff(GAPS) * HORIZON)
    bound = np.log10(steps + 1 + PRIOR_STEPS)[:, :, None]
    # exits are one more outcome, like another next camera
    unseen = (steps == 1).sum(axis=1) + 1
    near = (np.bincount(b, minlength=count) + 1) * np.exp(-distance / NEAR)
    near = near / near.sum(axis=1, keepdims=True)
    outcomes = steps.sum(axis=1) + last + unseen + PRIOR_EXITS
    return TransitModel(
        cameras=cameras,
        gaps=mass / mass.sum(axis=2, keepdims=True),
        density=np.clip(ratio, -bound, bound),
        onward=np.log10((steps + unseen[:, None] * near) / outcomes[:, None]),
        last=np.log10((last + PRIOR_EXITS) / outcomes),
        first=np.log10((first + PRIOR_EXITS) / (np.bincount(code, minlength=count) + 2)),
        steps=steps,
        distance=distance,
        overlap=np.where(_together(rows, code, who, count), -HORIZON, 0.0),
        lasts=float((rows["t_end"] - rows["t_start"]).median()),  # type: ignore[arg-type]
    )


def _codes(sightings: pl.DataFrame, cameras: tuple[str, ...]) -> Rows:
    """Return the number of each sighting's camera among those given."""
    names = sightings["camera_id"]
    return names.replace_strict(cameras, range(len(cameras)), return_dtype=pl.Int64).to_numpy()


def _gaps_seen(a: Rows, b: Rows, gap: Floats, count: int) -> Floats:
    """Return steps by cameras and bin of the gap, (C, C, bins), smoothed over neighbouring gaps."""
    seen = np.zeros((count, count, len(GAPS) - 1))
    place = np.clip(np.searchsorted(GAPS, gap, side="right") - 1, 0, len(GAPS) - 2)
    np.add.at(seen, (a, b, place), 1)
    # people's pace differs: each gap also informs neighbouring gaps
    seen[:, :, SHORTEST:] = gaussian_filter1d(seen[:, :, SHORTEST:], SMOOTHING, axis=2)
    return seen


@dataclass(frozen=True)
class Bodies:
    """Store each sighting's camera number, seconds and metres; all (n,)."""

    camera: Rows
    start: Floats
    end: Floats
    x: Floats
    y: Floats


def place_bodies(sightings: pl.DataFrame, codes: Rows | None = None) -> Bodies:
    """Return the columns that `feasible` needs; `codes` number the cameras."""
    if codes is None:
        codes = sightings["camera_id"].rank("dense").to_numpy().astype(np.int64)
    columns = (sightings[name].to_numpy() for name in ("t_start", "t_end", "x", "y"))
    return Bodies(codes, *columns)


def log_sighting_rate(seen: Bodies, starts: list[Floats]) -> Floats:
    """Return log10 sightings a second at each sighting's camera, in the half hour around it."""
    rate = np.empty(len(seen.start))
    begin, end = (seen.start[0], seen.start[-1]) if len(rate) else (0.0, 0.0)
    for camera, times in enumerate(starts):
        low, high = np.maximum(times - RATE, begin), np.minimum(times + RATE, end)
        count = np.searchsorted(times, high, side="right") - np.searchsorted(times, low)
        rate[seen.camera == camera] = count / np.maximum(high - low, 60)
    return np.log10(rate)


def feasible(
    seen: Bodies,
    a: Rows,
    b: Rows,
    *,
    overlap: Floats | None = None,
    clock: float = 0.0,
) -> Flags:
    """Return whether one body can make both sightings, for rows `a` and `b`, (n,).

    The mean places of two sightings must be within the fastest run between their mean times. One
    camera never sees a person twice at the same time. Two cameras do only if their views overlap,
    by up to `overlap` (n,) seconds below zero (None: any overlap that the distance allows). Between
    cameras all limits are widened by `clock` (s), by which their clocks may differ.
    """
    start_a, start_b, end_a, end_b = seen.start[a], seen.start[b], seen.end[a], seen.end[b]
    gap = np.maximum(start_a, start_b) - np.minimum(end_a, end_b)
    apart = np.hypot(seen.x[a] - seen.x[b], seen.y[a] - seen.y[b])
    # while both see the person, mean times don't give the place within the walk
    between = np.where(
        gap < 0,
        np.maximum(end_a, end_b) - np.minimum(start_a, start_b),
        np.abs(start_a + end_a - start_b - end_b) / 2,
    )
    lowest = -np.inf if overlap is None else overlap
    other = seen.camera[a] != seen.camera[b]
    together = (gap >= 0) | (other & (gap >= lowest - clock))
    return np.asarray((apart <= FASTEST * (between + clock * other) + SLACK) & together)


def _places(rows: pl.DataFrame, others: pl.DataFrame | None) -> pl.DataFrame:
    """Return the median place (m) seen by each camera, or of its `others` if nobody passed."""
    seen = [rows] if others is None else [rows, others]
    for each in seen:
        require_columns(each, ("camera_id", "x", "y"), "The places of sightings")
    places = [each.group_by("camera_id").agg(pl.col("x", "y").median()) for each in seen]
    whole = pl.concat(places, how="vertical_relaxed")
    return whole.unique("camera_id", keep="first", maintain_order=True).sort("camera_id")


def distances_between(rows: pl.DataFrame, cameras: tuple[str, ...]) -> Floats:
    """Return straight distances (m) between the median places seen by cameras, (C, C).

    NaN for a camera that saw nobody.
    """
    places = rows.group_by("camera_id").agg(pl.col("x", "y").median())
    asked = pl.DataFrame({"camera_id": cameras}, schema={"camera_id": pl.String})
    xy = (
        asked.join(places, on="camera_id", how="left", maintain_order="left")
        .select(pl.col("x", "y").cast(pl.Float64).fill_null(np.nan))
        .to_numpy()
    )
    return np.asarray(np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1)))


def _together(rows: pl.DataFrame, code: Rows, who: NDArray[np.generic], count: int) -> Flags:
    """Return whether two cameras saw a person at the same time, (C, C), symmetric.

    Not only in consecutive sightings: a long one may overlap several short ones. The longest
    overlap seen is not a bound for the longest possible.
    """
    start, end = rows["t_start"].to_numpy(), rows["t_end"].to_numpy()
    found = np.zeros((count, count), np.bool_)
    for lag in range(1, len(rows)):
        own = who[lag:] == who[:-lag]
        if not own.any():
            break
        once = own & (start[lag:] < end[:-lag])
        found[code[:-lag][once], code[lag:][once]] = True
    found |= found.T
    np.fill_diagonal(found, val=False)  # two faces in one picture are two people
    return found


def _prior(distance: Floats) -> Floats:
    """Return prior shares of gaps in each bin, (C, C, gaps - 1)."""
    time = np.log(np.maximum(distance, 1.0) / WALK)[:, :, None]
    edges = np.log(np.maximum(GAPS, 1e-9))
    walked = ndtr((edges - time) / WALK_SPREAD)
    start = np.maximum(time - np.log(2), 0)  # lingering takes at least half the walk
    lingered = np.clip((edges - start) / (np.log(HORIZON) - start), 0, 1)
    share = WALKS * walked / walked[:, :, -1:] + (1 - WALKS) * lingered
    return np.asarray(np.diff(share, axis=2))
