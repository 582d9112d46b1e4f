"""Write the summary of a film's run in English and Korean: counts, doubts, known errors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from onetomany.sources.kit_files import packaged_toml

if TYPE_CHECKING:
    from onetomany.sources.films import FilmSheet
    from onetomany.tracking.film import FilmTracks
    from onetomany.tracking.ground import Ground

_SHORT = 1.0  # seconds
_RATES_DIFFER = 0.02
_LISTED = 10  # tracks by number


@dataclass(frozen=True)
class _Counts:
    tracks: int
    boxes: int
    together: int  # tracks in one frame at most
    middle: float  # seconds that a track lasted, median
    short: int
    still: list[int]


def film_summary(
    sheet: FilmSheet, found: FilmTracks, ground: Ground | None, detector: str, *, whole: bool
) -> tuple[list[str], list[str]]:
    """Return the summary's paragraphs in English and in Korean (data/film.toml)."""
    from onetomany.tracking.film import LAST_FRAME
    from onetomany.tracking.people_detectors import HOG_HEIGHT

    counts, decoded = _counted(found.tracks, sheet.frames_per_second), found.decoded
    more = f" (+{len(counts.still) - _LISTED:,})" if len(counts.still) > _LISTED else ""
    facts = {
        "sheet": sheet,
        "decoded": decoded,
        "counts": counts,
        "ground": ground,
        "rate": sheet.frames_per_second,
        "seconds": decoded.frames / sheet.frames_per_second,
        "last": decoded.first + decoded.frames - 1,
        "most": LAST_FRAME,
        "short": _SHORT,
        "standing": ", ".join(map(str, counts.still[:_LISTED])) + more,
        "smallest": HOG_HEIGHT / sheet.enlarge / decoded.scale,
        "off": found.tracks["x"].null_count() if ground else 0,
    }
    texts = packaged_toml("onetomany.cli", "film.toml")
    paragraphs = list(_paragraphs(sheet, found, counts, ground, detector, whole=whole))
    english, korean = (
        [" ".join(texts[name][n] for name in names).format_map(facts) for names in paragraphs]
        for n in (0, 1)
    )
    return english, korean


def _paragraphs(
    sheet: FilmSheet,
    found: FilmTracks,
    counts: _Counts,
    ground: Ground | None,
    detector: str,
    *,
    whole: bool,
) -> Iterator[list[str]]:
    """Yield the names of each paragraph's texts."""
    if sheet.kind == "synthetic":
        yield ["synthetic"]
    yield ["seen" if counts.tracks else "nobody"]
    yield from _doubts(sheet, found, whole=whole)
    if counts.tracks:
        yield ["lasted"]
    if counts.still:
        yield ["standing"]
    yield [detector]
    if ground is None:
        yield ["no_ground"]
    else:
        yield ["untested" if ground.residual is None else "tested", "placed"]
    yield ["no_face"] if sheet.frames_may_be_shown else ["no_face", "no_frame"]
    yield ["credit"]


def _doubts(sheet: FilmSheet, found: FilmTracks, *, whole: bool) -> Iterator[list[str]]:
    from onetomany.tracking.film import LAST_FRAME, UNEVEN

    decoded = found.decoded
    if decoded.rate and abs(decoded.rate / sheet.frames_per_second - 1) > _RATES_DIFFER:
        yield ["other_rate"]
    if decoded.turned:
        yield ["turned"]
    if decoded.uneven > UNEVEN:
        yield ["uneven"]
    if whole and decoded.frames == LAST_FRAME and decoded.claimed != LAST_FRAME:
        yield ["first_frames"]
    elif whole and decoded.claimed > decoded.frames:
        yield ["cut_off"]


def _counted(tracks: pl.DataFrame, rate: float) -> _Counts:
    from onetomany.tracking.film import still_tracks

    if not tracks.height:
        return _Counts(0, 0, 0, 0.0, 0, [])
    span = pl.col("frame").max() - pl.col("frame").min() + 1
    lasted = tracks.group_by("id").agg(seconds=span / rate)["seconds"]
    return _Counts(
        len(lasted),
        tracks.height,
        int(tracks.group_by("frame").len()["len"].to_numpy().max()),
        float(np.median(lasted.to_numpy())),
        int((lasted < _SHORT).sum()),
        still_tracks(tracks, frame_rate=rate),
    )
