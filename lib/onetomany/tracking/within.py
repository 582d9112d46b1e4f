"""Track people within one camera, from a detector's boxes in each frame.

The trackers are those of the package `trackers` (Apache-2.0): C-BIoU (Yang et al., 'Hard to track
objects with irregular motions and similar appearances?', WACV 2023), ByteTrack (Zhang et al., ECCV
2022), OC-SORT (Cao et al., CVPR 2023) and SORT (Bewley et al., ICIP 2016). They use boxes only, not
the picture, so no face is needed or kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from onetomany.errors import InputError
from onetomany.progress import ProgressBar
from onetomany.sources.pedestrians import FRAME_RATE
from onetomany.sources.tables import fill_schema, require_columns
from .mot import BOX, LAST_FRAME, MOT
from .transit import Rows

Setting = float | int | bool


@dataclass(frozen=True)
class Tracker:
    """Name a tracker's class in the package."""

    title: str
    name: str


TRACKERS: Mapping[str, Tracker] = {
    "cbiou": Tracker("C-BIoU", "CBIoUTracker"),
    "bytetrack": Tracker("ByteTrack", "ByteTrackTracker"),
    "ocsort": Tracker("OC-SORT", "OCSORTTracker"),
    "sort": Tracker("SORT", "SORTTracker"),
}


def track(
    detections: pl.DataFrame,
    *,
    tracker: str = "cbiou",
    frame_rate: float = FRAME_RATE,
    settings: Mapping[str, Setting] | None = None,
) -> pl.DataFrame:
    """Return the detections in tracks (schema `MOT`), `id` being the track from 1 on.

    `detections`: frame, left, top, width, height, conf of one camera, boxes in pixels; `id` is
    ignored. `settings` are those that differ from the package's own, which counts
    `lost_track_buffer` in frames at 30 a second, whatever the frame rate. Boxes are the detections'
    own, not smoothed ones; detections in no track (too unsure, or seen once) are left out. The same
    input gives the same tracks.

    Raises InputError for an unknown tracker or setting, missing columns, or frames that span more
    than `LAST_FRAME`.
    """
    if tracker not in TRACKERS:
        raise InputError(f"There is no tracker '{tracker}': choose one of {', '.join(TRACKERS)}.")
    require_columns(detections, ("frame", *BOX, "conf"), "Detections")
    if not detections.height:
        return pl.DataFrame(schema=MOT)
    follow = _start(TRACKERS[tracker], frame_rate, settings or {})
    rows = detections.sort("frame", maintain_order=True)
    if rows["frame"][-1] - rows["frame"][0] > LAST_FRAME:
        raise InputError(f"Detections span more than {LAST_FRAME:,} frames: cut them by time.")
    places, ids = _followed(follow, rows)
    tracked = pl.DataFrame(
        {"place": places, "id": ids}, schema={"place": pl.UInt32, "id": pl.Int64}
    )
    tracked = tracked.sort("place")
    return fill_schema(rows[tracked["place"]].with_columns(id=tracked["id"]), MOT)


def _start(tracker: Tracker, frame_rate: float, settings: Mapping[str, Setting]) -> Any:
    kind = getattr(import_module("trackers"), tracker.name)
    try:
        return kind(frame_rate=frame_rate, **settings)
    except (TypeError, ValueError) as error:
        raise InputError(f"{tracker.title} can't start with these settings: {error}.") from None


def _followed(follow: Any, rows: pl.DataFrame) -> tuple[Rows, Rows]:
    """Return places among rows (by frame) that a tracker put into tracks, and these tracks."""
    from supervision import Detections

    boxes = rows.select(BOX).to_numpy().astype(np.float64)
    boxes[:, 2:] += boxes[:, :2]  # the package takes corners
    conf, frames = rows["conf"].to_numpy().astype(np.float64), rows["frame"].to_numpy()
    numbers = np.arange(frames[0], frames[-1] + 1)
    starts = np.searchsorted(frames, np.append(numbers, frames[-1] + 1))
    kept, ids = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    # frame by frame, empty ones too, since lost tracks age by frames: the package's interface
    for low, high in ProgressBar(
        pairwise(starts), "frames", total=len(numbers), delay=2, leave=False
    ):
        place = np.arange(low, high)
        found = follow.update(
            Detections(xyxy=boxes[low:high], confidence=conf[low:high], data={"place": place})
            if high > low
            else Detections.empty()
        )
        if len(found):
            held = found.tracker_id >= 0  # -1: in no track, or not yet
            kept.append(found.data["place"][held])
            ids.append(found.tracker_id[held] + 1)
    return np.concatenate(kept), np.concatenate(ids)
