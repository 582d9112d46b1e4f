"""Draw tracks' boxes and numbers on a film's frames and a short clip."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import polars as pl

from onetomany.errors import OneToManyError
from onetomany.sources.films import FilmSheet
from .film import Decoded, Pixels, decode_film
from .mot import BOX

STILLS = 6  # frames that are kept as pictures
CLIP_SECONDS, CLIP_SIDE = 12.0, 640
_QUALITY = 85  # of the clip's JPEGs
# Okabe and Ito's palette, blue first; a number has the same colour in every frame
COLOURS = ((178, 114, 0), (0, 94, 213), (115, 158, 0), (167, 121, 204), (233, 180, 86),
           (0, 159, 230))  # fmt: skip


def _chosen_frames(decoded: Decoded, tracks: pl.DataFrame) -> list[int]:
    """Return STILLS frames to keep: the one with most boxes, the others evenly spaced."""
    last = decoded.first + decoded.frames - 1
    spaced = np.linspace(decoded.first, last, STILLS).round().astype(int).tolist()
    if not tracks.height:
        return sorted(set(spaced))
    fullest = tracks.group_by("frame").len().sort(["len", "frame"], descending=[True, False])
    return sorted({*spaced, int(fullest["frame"][0])})


def _clip_start(decoded: Decoded, tracks: pl.DataFrame, frame_rate: float) -> int:
    """Return the frame from which a clip of that length shows most boxes."""
    span = round(CLIP_SECONDS * frame_rate)
    counts = np.zeros(decoded.frames, np.int64)
    if tracks.height:
        np.add.at(counts, tracks["frame"].to_numpy() - decoded.first, 1)
    if span >= decoded.frames:
        return decoded.first
    sums = np.convolve(counts, np.ones(max(1, span), np.int64), "valid")
    return decoded.first + int(sums.argmax())


def _draw_boxes(frame: Pixels, boxes: pl.DataFrame, scale: float) -> Pixels:
    """Return a copy of a frame with the boxes and numbers of tracks; `scale` brings them to it."""
    drawn: Any = frame.copy()
    thick = max(1, round(max(frame.shape[:2]) / 400))
    for row in boxes.select("id", *BOX).iter_rows(named=True):
        left, top, wide, high = (round(row[side] * scale) for side in BOX)
        colour = COLOURS[row["id"] % len(COLOURS)]
        cv2.rectangle(drawn, (left, top), (left + wide, top + high), colour, thick)
        name, size = str(row["id"]), 0.35 + 0.15 * thick
        (across, up), _ = cv2.getTextSize(name, cv2.FONT_HERSHEY_SIMPLEX, size, thick)
        base = max(top, up + 6)
        cv2.rectangle(drawn, (left, base - up - 6), (left + across + 4, base), colour, -1)
        place = (left + 2, base - 3)
        cv2.putText(drawn, name, place, cv2.FONT_HERSHEY_SIMPLEX, size, (255, 255, 255), thick)
    return np.asarray(drawn, np.uint8)


def write_pictures(
    path: Path, sheet: FilmSheet, decoded: Decoded, tracks: pl.DataFrame, out: Path
) -> tuple[list[Path], Path]:
    """Write frames/*.png and clip.avi (MJPEG) of the film with tracks drawn on; return the paths.

    The film is decoded a second time. Raises OneToManyError if a picture can't be written, or if
    the clip doesn't open again with the frames that were put in.
    """
    (out / "frames").mkdir(parents=True)
    by_frame: Mapping[Any, pl.DataFrame] = tracks.partition_by("frame", as_dict=True)
    keep = set(_chosen_frames(decoded, tracks))
    start = _clip_start(decoded, tracks, sheet.frames_per_second)
    length = max(1, round(CLIP_SECONDS * sheet.frames_per_second))
    shown = range(start, min(start + length, decoded.first + decoded.frames))
    clip, stills, put = out / "clip.avi", [], 0
    film, size = _clip_writer(clip, decoded, sheet.frames_per_second)

    def see(number: int, frame: Pixels) -> None:
        nonlocal put
        if number not in keep and number not in shown:
            return
        drawn = _draw_boxes(frame, by_frame.get((number,), tracks.clear()), decoded.scale)
        if number in keep:
            stills.append(out / "frames" / f"{number:06}.png")
            stills[-1].write_bytes(cv2.imencode(".png", drawn)[1].tobytes())
        if number in shown:
            film.write(cv2.resize(drawn, size, interpolation=cv2.INTER_AREA))
            put += 1

    decode_film(path, sheet, see, first=decoded.first, last=max(*keep, shown[-1]))
    film.release()
    if len(stills) != len(keep) or put != len(shown) or _count_frames(clip) != put:
        raise OneToManyError(
            f"The clip and frames of {path} could not be written whole: check the disk's space "
            "and run it again."
        )
    return stills, clip


def _clip_writer(clip: Path, decoded: Decoded, frame_rate: float) -> tuple[Any, tuple[int, int]]:
    """Return a writer of Motion JPEG, and the size of its frames in pixels."""
    shrink = min(1.0, CLIP_SIDE / max(decoded.size))
    wide, high = (max(2, round(length * shrink / 2) * 2) for length in decoded.size)
    code = cv2.VideoWriter.fourcc(*"MJPG")
    film = cv2.VideoWriter(str(clip), cv2.CAP_OPENCV_MJPEG, code, frame_rate, (wide, high))
    film.set(cv2.VIDEOWRITER_PROP_QUALITY, _QUALITY)
    return film, (wide, high)


def _count_frames(clip: Path) -> int:
    """Return how many frames of a written clip can be decoded."""
    film, many = cv2.VideoCapture(str(clip), cv2.CAP_OPENCV_MJPEG), 0
    while film.grab():
        many += 1
    return many


def first_frame(path: Path, sheet: FilmSheet, number: int) -> Pixels:
    """Return one frame of a film."""
    kept: list[Pixels] = []
    decode_film(path, sheet, lambda _, frame: kept.append(frame), first=number, last=number)
    return kept[0]


TRACK_PRESENCE = {
    "x": pl.Float64,  # left edge of a cell, pixels or metres
    "y": pl.Float64,
    "side": pl.Float64,  # of the cell
    "seconds": pl.Float64,  # of tracks' presence there, added up
}


def track_presence(
    tracks: pl.DataFrame, *, frame_rate: float, side: float, metres: bool = False
) -> pl.DataFrame:
    """Return how long tracks were in each square cell of `side` pixels or metres.

    The place of a track is the middle of its boxes' lower edge. Empty cells are left out. Returns
    TRACK_PRESENCE.

    >>> box = {"left": [4.0, 5.0], "width": [2.0, 2.0], "top": [0.0, 0.0], "height": [9.0, 9.0]}
    >>> track_presence(pl.DataFrame(box), frame_rate=4, side=10.0).rows()
    [(0.0, 0.0, 10.0, 0.5)]
    """
    if metres:
        x, y = pl.col("x"), pl.col("y")
    else:
        x, y = pl.col("left") + pl.col("width") / 2, pl.col("top") + pl.col("height")
    return (
        tracks.select(x=(x / side).floor() * side, y=(y / side).floor() * side)
        .drop_nulls()
        .group_by("x", "y")
        .agg(seconds=pl.len() / frame_rate)
        .with_columns(side=pl.lit(side))
        .sort("y", "x")
        .select(pl.col(name).cast(kind) for name, kind in TRACK_PRESENCE.items())
    )
