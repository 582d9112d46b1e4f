"""Track people within one camera, from a detector's boxes in each frame.

The trackers are those of the package `trackers` (Apache-2.0): C-BIoU (Yang et al., 'Hard to track
objects with irregular motions and similar appearances?', WACV 2023), ByteTrack (Zhang et al., ECCV
2022), OC-SORT (Cao et al., CVPR 2023) and SORT (Bewley et al., ICIP 2016). They use boxes only, not
the picture, so no face is needed or kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from onetomany.errors import InputError
from onetomany.progress import ProgressBar
from onetomany.sources.pedestrians import FRAME_RATE
from .mot import BOX, LAST_FRAME, MOT

Setting = float | int | bool


@dataclass(frozen=True)
class Tracker:
    """Name a tracker's class in the package and the settings that differ from its defaults.

    The package counts `lost_track_buffer` in frames at 30 a second, whatever the frame rate.
    """

    title: str
    name: str
    settings: Mapping[str, Setting] = field(default_factory=dict)


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
    ignored. `settings` are added to those of the tracker. Boxes are the detections' own, not
    smoothed ones; detections in no track (too unsure, or seen once) are left out. The same input
    gives the same tracks.

    Raises InputError for an unknown tracker or setting, missing columns, or frames that span more
    than `LAST_FRAME`.
    """
    if tracker not in TRACKERS:
        raise InputError(f"There is no tracker '{tracker}': choose one of {', '.join(TRACKERS)}.")
    if missing := {"frame", *BOX, "conf"} - set(detections.columns):
        raise InputError(f"Detections need the columns {', '.join(sorted(missing))}.")
    empty = pl.DataFrame(schema=MOT)
    if not detections.height:
        return empty
    follow = _start(TRACKERS[tracker], frame_rate, settings or {})
    from supervision import Detections

    rows = detections.sort("frame", maintain_order=True)
    frames = rows["frame"].to_numpy()
    boxes = rows.select(BOX).to_numpy().astype(np.float64)
    boxes[:, 2:] += boxes[:, :2]  # the package takes corners
    conf = rows["conf"].to_numpy().astype(np.float64)
    if frames[-1] - frames[0] > LAST_FRAME:
        raise InputError(f"Detections span more than {LAST_FRAME:,} frames: cut them by time.")
    numbers = np.arange(frames[0], frames[-1] + 1)
    starts = np.searchsorted(frames, np.append(numbers, frames[-1] + 1))
    kept, ids = [], []
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
    if not kept:
        return empty
    tracked = pl.DataFrame(
        {"place": np.concatenate(kept), "id": np.concatenate(ids)},
        schema={"place": pl.UInt32, "id": pl.Int64},
    ).sort("place")
    chosen = rows[tracked["place"]].with_columns(id=tracked["id"])
    return chosen.select(
        (pl.col(name) if name in chosen.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in MOT.items()
    )


def _start(tracker: Tracker, frame_rate: float, settings: Mapping[str, Setting]) -> Any:
    kind = getattr(import_module("trackers"), tracker.name)
    try:
        return kind(frame_rate=frame_rate, **(dict(tracker.settings) | dict(settings)))
    except (TypeError, ValueError) as error:
        raise InputError(f"{tracker.title} can't start with these settings: {error}.") from None
