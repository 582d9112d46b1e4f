"""Compare trackers on real people's boxes, each scored by two packages.

Figures are trackeval's. motmetrics scores them too, unchanged: its ID switches have their own
column, since its rule differs (`metrics.score_tracks_again`), and `gap` is how far the rest
differs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from onetomany.sources.pedestrians import FRAME_RATE
from .metrics import Scores, score_tracks, score_tracks_again
from .mot import BOX, write_mot
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
    "mostly_tracked": pl.Int64,  # persons in a track for more than 80 % of their boxes
    "mostly_lost": pl.Int64,  # for less than 20 %
    "motmetrics_switches": pl.Int64,  # by motmetrics' own rule
    "gap": pl.Float64,  # the largest difference of COUNTED_TWICE between trackeval and motmetrics
}
COUNTED_TWICE = ("idf1", "idp", "idr", "false_positives", "misses")
POOLED = "all together"
_Pair = tuple[pl.DataFrame, pl.DataFrame]  # truth and tracks of one sequence


@dataclass(frozen=True)
class Filmed:
    """Store one camera's detections and the truth: two frames in schema `MOT`.

    Without a truth (None) people can be followed, but nothing can be scored.
    """

    detections: pl.DataFrame
    truth: pl.DataFrame | None
    frame_rate: float = FRAME_RATE


def compare_trackers(
    filmed: Mapping[str, Filmed], *, pooled: bool = False, out: Path | None = None
) -> pl.DataFrame:
    """Score every tracker on every sequence with a truth (schema `TABLE`), C-BIoU first.

    With `pooled`, rows named POOLED follow, of all sequences as one, as the MOT Challenge pools
    them; none for one sequence. With `out`, tracks are written there in MOT text form, as
    <sequence>/<tracker>.txt, also of sequences without truth.

    Raises InputError as `track` and `score_tracks`.
    """
    rows: list[dict[str, object]] = []
    scored: dict[str, list[_Pair]] = {key: [] for key in TRACKERS}
    for name, film in filmed.items():
        for key, tracker in TRACKERS.items():
            if film.truth is None and out is None:
                continue
            tracks = track(film.detections, tracker=key, frame_rate=film.frame_rate)
            if out is not None:
                write_mot(out / name / f"{key}.txt", tracks)
            if film.truth is not None:
                rows.append(_row(name, tracker.title, film.truth, tracks))
                scored[key].append((film.truth, tracks))
    if pooled and len(rows) > len(TRACKERS):
        for key, tracker in TRACKERS.items():
            rows.append(_row(POOLED, tracker.title, *_joined(scored[key])))
    return pl.DataFrame(rows, schema=TABLE)


def gap(one: Scores, other: Scores) -> float:
    """Return the largest difference of the figures that both packages count by one rule."""
    return max(
        abs(float(getattr(one, name)) - float(getattr(other, name))) for name in COUNTED_TWICE
    )


def _row(name: str, tracker: str, truth: pl.DataFrame, tracks: pl.DataFrame) -> dict[str, object]:
    found, again = score_tracks(truth, tracks), score_tracks_again(truth, tracks, forget=False)
    return {
        "sequence": name,
        "tracker": tracker,
        **{column: getattr(found, column) for column in TABLE if hasattr(found, column)},
        "persons": truth["id"].n_unique(),
        "tracks": tracks["id"].n_unique(),
        "motmetrics_switches": again.id_switches,
        "gap": gap(found, again),
    }


def _joined(sequences: list[_Pair]) -> _Pair:
    """Join truths and tracks: each sequence's frames and ids continue from the last one's end."""
    moved: list[_Pair] = []
    frames = ids = 0
    for truth, tracks in sequences:
        later = pl.col("frame") + frames, pl.col("id") + ids
        moved.append((truth.with_columns(*later), tracks.with_columns(*later)))
        frames += 1 + max(int(each["frame"].max() or 0) for each in (truth, tracks))  # type: ignore[arg-type]
        ids += 1 + max(int(each["id"].max() or 0) for each in (truth, tracks))  # type: ignore[arg-type]
    truth, tracks = (pl.concat(side, how="diagonal") for side in zip(*moved, strict=True))
    return truth, tracks


def simulated_detections(
    truth: pl.DataFrame,
    *,
    seed: int,
    missed: float = 0.1,
    false: float = 0.05,
    jitter: float = 0.05,
) -> pl.DataFrame:
    """Draw SIMULATED detections from true boxes, if a detector's own are missing.

    A share `missed` is left out, corners are moved by `jitter` of the size (standard deviation),
    and `false` boxes per true one are added, of true sizes at any place. Confidence is uniform from
    .6 to 1, of false ones from .3 to .9. Columns frame, id (-1), left, top, width, height, conf.
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
