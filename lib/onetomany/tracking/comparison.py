"""The trackers side by side, on real people's boxes, each counted by two packages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass

import numpy as np
import polars as pl

from ..sources.pedestrians import FRAME_RATE
from .metrics import Scores, score, score_again
from .mot import BOX
from .within import TRACKERS, track

TABLE = {
    "sequence": pl.String,
    "tracker": pl.String,
    "hota": pl.Float64,
    "det_a": pl.Float64,
    "ass_a": pl.Float64,
    "mota": pl.Float64,
    "idf1": pl.Float64,
    "id_switches": pl.Int64,
    "false_positives": pl.Int64,
    "misses": pl.Int64,
    "persons": pl.Int64,
    "tracks": pl.Int64,
    "gap": pl.Float64,  # the largest difference of any figure between trackeval and motmetrics
}


@dataclass(frozen=True)
class Filmed:
    """What one camera's detector found, and who was there: two frames in schema `MOT`."""

    detections: pl.DataFrame
    truth: pl.DataFrame
    frame_rate: float = FRAME_RATE


def compare(filmed: Mapping[str, Filmed]) -> pl.DataFrame:
    """Every tracker on every sequence (schema `TABLE`), C-BIoU first.

    Raises InputError where detections or truth are not what `track` and `score` take.
    """
    rows = []
    for name, film in filmed.items():
        for key, tracker in TRACKERS.items():
            tracks = track(film.detections, tracker=key, frame_rate=film.frame_rate)
            found, again = score(film.truth, tracks), score_again(film.truth, tracks)
            rows.append(
                {
                    "sequence": name,
                    "tracker": tracker.title,
                    **{
                        column: getattr(found, column) for column in TABLE if hasattr(found, column)
                    },
                    "persons": film.truth["id"].n_unique(),
                    "tracks": tracks["id"].n_unique(),
                    "gap": gap(found, again),
                }
            )
    return pl.DataFrame(rows, schema=TABLE)


def gap(one: Scores, other: Scores) -> float:
    """The largest difference of any figure that both packages give."""
    pairs = zip(astuple(one), astuple(other), strict=True)
    return float(max(abs(a - b) for a, b in pairs if a is not None and b is not None))


def simulated_detections(
    truth: pl.DataFrame,
    *,
    seed: int,
    missed: float = 0.1,
    false: float = 0.05,
    jitter: float = 0.05,
) -> pl.DataFrame:
    """SIMULATED detections, for where no detector's own are at hand: the true boxes with a share
    `missed` left out, corners moved by `jitter` of the size (standard deviation), and `false`
    boxes per true one, of true sizes at any place. Confidence is uniform from .6 to 1, of false
    ones from .3 to .9. Columns frame, id (-1), left, top, width, height, conf.
    """
    rng = np.random.default_rng(seed)
    boxes = truth.select("frame", *BOX)
    kept = boxes.filter(pl.Series(rng.random(boxes.height) >= missed))
    size = kept.select("width", "height").to_numpy()
    noise = rng.normal(0, jitter, (kept.height, 4)) * np.tile(size, 2)
    moved = kept.select(BOX).to_numpy() + noise
    moved[:, 2:] = np.maximum(moved[:, 2:], size / 2)
    some = boxes[rng.integers(0, boxes.height, rng.binomial(boxes.height, false))]
    right, bottom = boxes["left"].max(), boxes["top"].max()
    strays = some.with_columns(
        frame=pl.Series(rng.permutation(some["frame"].to_numpy())),
        left=pl.Series(rng.uniform(0, float(right), some.height)),  # type: ignore[arg-type]
        top=pl.Series(rng.uniform(0, float(bottom), some.height)),  # type: ignore[arg-type]
        conf=pl.Series(rng.uniform(0.3, 0.9, some.height)),
    )
    seen = kept.with_columns(
        **{name: pl.Series(moved[:, place]) for place, name in enumerate(BOX)},
        conf=pl.Series(rng.uniform(0.6, 1.0, kept.height)),
    )
    return (
        pl.concat([seen, strays])
        .with_columns(id=pl.lit(-1, pl.Int64))
        .select("frame", "id", *BOX, "conf")
        .sort("frame", maintain_order=True)
    )
