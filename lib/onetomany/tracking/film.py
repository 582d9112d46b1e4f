"""Turn a recorded film into boxes and tracks: caged decoding, a detector, a tracker.

Frames are decoded in the cage (`cage.film_decoder`) and come out one by one as plain pixels; none
is kept. A detector takes pixels and returns boxes. Faces are not searched for, cropped or matched.
"""

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onetomany.cage import keeper as cage
from onetomany.cage.film_decoder import FAULT, HEAD, MOST, PIXELS, SECONDS, TIME
from onetomany.errors import InputError
from onetomany.progress import ProgressBar
from onetomany.sources.films import MAX_BYTES, FilmSheet, copy_checked
from onetomany.sources.tables import fill_schema
from .mot import BOX, MOT
from .within import track

TASK = "onetomany.cage.film_decoder:load_film_decoder"
SIDE = 1280  # longest side in pixels of the frames that leave the cage
LAST_FRAME = 20_000  # decoded: 13 minutes at 25 a second
SILENCE, HOURS = 60.0, 12.0  # the longest wait for one frame in seconds, and for all in hours
MEMORY = 768 << 20  # beside the film itself
UNEVEN = 0.05  # share of unevenly spaced frames from which on it is reported

Pixels = NDArray[np.uint8]
# takes a frame (rows, columns, 3), blue first; returns boxes (n, 4: left, top, width, height) in
# its pixels and their confidence from 0 to 1 (n)
Detector = Callable[[Pixels], tuple[NDArray[np.float64], NDArray[np.float64]]]
See = Callable[[int, Pixels], None]

_WHY = {
    "not a film": "no frame of it can be decoded; it is damaged, cut off, of an unknown codec or "
    "has sound only",
    "too short": "it ends before the first frame that was asked for",
    "pixels": f"its frames have more than {MOST // 1_000_000} megapixels",
    "changing size": "its frames change their size",
    "memory": f"decoding it takes more than {MEMORY >> 20} MB",
}
_NONSENSE = "its decoder gave no usable answer"


@dataclass(frozen=True)
class Decoded:
    """Store the facts of a decoded film.

    `size` and `stored` are width and height in pixels, of the frames seen and of the film's own;
    `frames` how many were seen, from `first` on. `rate` and `claimed` are frames a second and in
    all by the film's header, 0 if it claims none. `uneven` is the share of frames whose distance
    in time from the last differs from the median by more than half. `turned` is by how many degrees
    the film's header turns its picture; the frames seen are turned.
    """

    size: tuple[int, int]
    stored: tuple[int, int]
    first: int
    frames: int
    rate: float
    claimed: int
    uneven: float
    turned: int = 0

    @property
    def scale(self) -> float:
        """Return pixels of the frames seen per pixel of the film."""
        return self.size[0] / self.stored[0]


@dataclass(frozen=True)
class FilmTracks:
    """Store boxes of people in a film: `detections` and `tracks` (`MOT`), in the film's pixels."""

    decoded: Decoded
    detections: pl.DataFrame
    tracks: pl.DataFrame


def decode_film(
    path: Path,
    sheet: FilmSheet,
    see: See,
    *,
    first: int = 1,
    last: int = LAST_FRAME,
    promised: Callable[[int], None] = lambda frames: None,
) -> Decoded:
    """Decode a film in the cage and pass each frame's number and pixels to `see`, in order.

    `first` and `last` count from 1. `promised` gets the header's number of frames before the first
    frame; 0 if it has none. Raises IntegrityError if the file is not the datasheet's, InputError if
    it can't be decoded, RefusedError if the system confines no process.
    """
    if not 1 <= first <= last <= LAST_FRAME:
        raise InputError(
            f"Frames {first} to {last} are not a span: name two frames from 1 to {LAST_FRAME:,}."
        )
    keeper = cage.lasting(TASK)
    file = copy_checked(path, sheet.sha256)

    def take(frames: cage.Frames) -> Decoded | str:
        try:
            return _taken(frames, see, first, promised)
        except cage.Trouble as why:
            # not Trouble, which would wait for the decoder's end, perhaps for hours
            raise InputError(f"{path} can't be read as a film: {why}.") from None

    try:
        outcome = keeper.ask(
            file,
            {"side": SIDE, "first": first, "last": last},
            take,
            seconds=HOURS * 3600,
            memory=MEMORY + os.fstat(file).st_size,
            most=MAX_BYTES,
            answer=(last - first + 1) * (SIDE * SIDE * 3 + 100) + 10_000,
        )
    finally:
        os.close(file)
    if isinstance(outcome.kept, Decoded) and not outcome.ended.code:
        return outcome.kept
    why = outcome.kept if isinstance(outcome.kept, str) else outcome.trouble
    raise InputError(f"{path} can't be read as a film: {why or 'its decoder was stopped'}.")


def find_tracks(
    path: Path,
    sheet: FilmSheet,
    detector: Detector,
    *,
    tracker: str = "cbiou",
    first: int = 1,
    last: int = LAST_FRAME,
) -> FilmTracks:
    """Detect people in each frame of a film, and join the boxes to tracks (`within.track`).

    Time runs at the datasheet's frames a second. A box is cut at the frame's edges. Raises the
    errors of `decode_film` and `within.track`.
    """
    found: list[tuple[int, NDArray[np.float64]]] = []
    with ProgressBar(desc="frames", unit="frame", delay=2, leave=False) as bar:

        def see(number: int, frame: Pixels) -> None:
            boxes, conf = detector(frame)
            rows = np.column_stack([_within(boxes, frame), np.clip(conf, 0.0, 1.0)])
            found.append((number, rows[(rows[:, 2:4] >= 1).all(axis=1)]))
            bar.update()

        def promised(frames: int) -> None:
            bar.total = min(frames or last, last) - first + 1

        decoded = decode_film(path, sheet, see, first=first, last=last, promised=promised)
    detections = _table(found, decoded.scale)
    return FilmTracks(
        decoded, detections, track(detections, tracker=tracker, frame_rate=sheet.frames_per_second)
    )


def still_tracks(tracks: pl.DataFrame, *, frame_rate: float, seconds: float = 5.0) -> list[int]:
    """Return the tracks of at least so many seconds that kept their place.

    For nine tenths of their frames the middle of the box's lower edge stays within half a box's
    width: motionless people, or things such as a parked van that a detector takes for people.
    """
    foot = pl.col("left") + pl.col("width") / 2
    base = pl.col("top") + pl.col("height")
    reach = [side.quantile(0.95) - side.quantile(0.05) for side in (foot, base)]
    lasted = (pl.col("frame").max() - pl.col("frame").min() + 1) / frame_rate
    return (
        tracks.group_by("id")
        .agg(reach=pl.max_horizontal(reach), width=pl.col("width").median(), lasted=lasted)
        .filter(pl.col("reach") < pl.col("width") / 2, pl.col("lasted") >= seconds)
        .sort("id")["id"]
        .to_list()
    )


def _within(boxes: NDArray[np.float64], frame: Pixels) -> NDArray[np.float64]:
    """Cut boxes at the edges of a frame."""
    high, wide = frame.shape[:2]
    corners = boxes.reshape(-1, 4).astype(np.float64)
    low = np.clip(corners[:, :2], 0, [wide, high])
    far = np.clip(corners[:, :2] + corners[:, 2:], 0, [wide, high])
    return np.column_stack([low, far - low])


def _table(found: list[tuple[int, NDArray[np.float64]]], scale: float) -> pl.DataFrame:
    rows = np.concatenate([rows for _, rows in found]) if found else np.empty((0, 5))
    numbers = [number for number, rows in found for _ in rows]
    sides = {name: rows[:, place] / scale for place, name in enumerate(BOX)}
    return fill_schema(pl.DataFrame({"frame": numbers, "id": -1, **sides, "conf": rows[:, 4]}), MOT)


def _taken(
    frames: cage.Frames, see: See, first: int, promised: Callable[[int], None]
) -> Decoded | str:
    """Read the cage's untrusted answer frame by frame."""
    head: dict[str, Any] = {}
    times: list[float] = []
    number, fault = first, None
    frames.deadline = time.monotonic() + SILENCE
    for kind, length in frames:
        if kind == FAULT and length < 100:
            fault = _WHY.get(frames.read(length).decode("ascii", "replace"), "it is damaged")
        elif kind == HEAD and length < 10_000 and not head:
            head = _head(frames.read(length))
            promised(int(head["rate"][1]))
        elif kind == TIME and length == SECONDS.size and head:
            times.append(SECONDS.unpack(frames.read(length))[0])
        elif kind == PIXELS and len(times) == number - first + 1:
            wide, high = head["size"]
            if length != wide * high * 3:
                raise cage.Trouble(_NONSENSE)
            pixels = np.frombuffer(frames.read(length), np.uint8).reshape(high, wide, 3)
            see(number, pixels)
            number += 1
        else:
            raise cage.Trouble(_NONSENSE)
        frames.deadline = time.monotonic() + SILENCE
    if fault or number == first:
        return fault or _WHY["not a film"]
    rate, claimed = head["rate"]
    return Decoded(
        tuple(head["size"]), tuple(head["stored"]), first, number - first, rate, int(claimed),
        _uneven(times), head["turned"],
    )  # fmt: skip


def _head(content: bytes) -> dict[str, Any]:
    try:
        head = json.loads(content)
        sizes = [*head["size"], *head["stored"]]
        rate, claimed = (float(each) for each in head["rate"])
        valid = (
            len(sizes) == 4
            and all(type(each) is int and 0 < each <= MOST for each in sizes)
            and max(head["size"]) <= SIDE
            and 0 <= rate < 1e9
            and 0 <= claimed < 1e9
            and head["turned"] in (0, 90, 180, 270)
        )
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise cage.Trouble(_NONSENSE) from error
    if not valid:
        raise cage.Trouble(_NONSENSE)
    return {**head, "rate": (rate, claimed)}


def _uneven(times: list[float]) -> float:
    """Return the share of time steps that differ from the median by more than half.

    If frames are predicted from later ones, OpenCV's ffmpeg returns their times out of order.
    """
    steps = np.diff(np.sort(times))
    if not len(steps) or not np.isfinite(steps).all():
        return 0.0
    middle = float(np.median(steps))
    return float(np.mean(np.abs(steps - middle) > abs(middle) / 2)) if middle else 0.0
