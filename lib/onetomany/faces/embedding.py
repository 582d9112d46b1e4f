"""Turn images into templates: find the face, cut it out, embed it; cached and resumable.

An image without a usable face stays in the frame as a row with a reason, so that the
failure-to-enrol rate (ISO/IEC 19795-1, 4.6.2) can always be calculated.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from importlib.metadata import version
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

import polars as pl
from filelock import FileLock

from onetomany.errors import InputError
from onetomany.extras import require_extra
from onetomany.progress import ProgressBar
from onetomany.sources import ImageSet, cache_dir, install_weights, model
from onetomany.sources.files import whole_file
from onetomany.sources.processes import safe_children
from onetomany.sources.tables import require_columns, require_schema
from onetomany.sources.weights import pinned
from .aligning import aligner, check_crop
from .decoding import VERSION as PICTURES
from .decoding import Unreadable, largest_face, open_decoder

PACKAGES = ("deepface", "dlib-bin", "onnxruntime", "opencv-contrib-python-headless")
CHUNK = 16  # images that one process takes at a time; a Ctrl-C loses at most these

# sha256, reason, faces, confidence, detector, template
Row = tuple[str, str | None, int, float, str | None, float | None, str | None, list[float] | None]


@dataclass(frozen=True)
class Settings:
    """The network and the crop that make templates; both enter the cache key.

    `crop` is "published", the preprocessing that the network's author published (the model's sheet
    in sources/data/weights.toml), or "box", deepface's bare detector box, with which the same
    network errs more often on the same pictures (chapter 01).
    """

    model: str = "Dlib"
    crop: str = "published"

    def digest(self, enlarge: float) -> str:
        """Return a SHA-256 of everything but the image that determines a template."""
        sheet = model(self.model)
        parts = {
            **asdict(self),
            "enlarge": enlarge,
            "weights": {file.name: pinned(file) for file in sheet.files},
            "pictures": PICTURES,
            "preprocessing": asdict(sheet.preprocessing),
            "packages": {name: version(name) for name in PACKAGES},
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def schema(settings: Settings) -> dict[str, Any]:
    """Return the schema of the template frame, one row an image.

    `template` is a unit vector, null if `reason` is set. `faces` counts the faces found (the
    largest is used); `confidence` is the score of `detector`, which is named with the number of the
    try if the first (`tries` in the sheet) found none. `scale` is the picture's decoded size over
    its stored size; `note` says in words whether the face is the largest of several, from the first
    of several pictures, or shrunk.
    """
    return {
        "template_id": pl.String,
        "subject_id": pl.String,
        "image_set": pl.String,
        "image_sha256": pl.String,
        "model": pl.String,
        "reason": pl.String,
        "faces": pl.Int32,
        "confidence": pl.Float32,
        "detector": pl.String,
        "scale": pl.Float32,
        "note": pl.String,
        "template": pl.Array(pl.Float32, model(settings.model).dimension),
    }


def embed(
    images: ImageSet, settings: Settings | str | None = None, *, workers: int | None = None
) -> pl.DataFrame:
    """Return a template for every image of an opened set, in the set's order (`schema`).

    `settings` may be the name of a model. Templates made before come from the cache (SHA-256 of
    image + model + settings); `workers` processes (all cores if None) make the others. Stopping
    with Ctrl-C loses at most a few chunks.

    Raises InputError for anything that is not an opened image set and for a model that the kit
    can't run as its author published, DatasheetError if the set has expired, IntegrityError if
    model weights are not the pinned ones.
    """
    if not isinstance(images, ImageSet):
        raise InputError(
            "embed takes an image set opened with open_images, which has a datasheet; paths, "
            "addresses, arrays and cameras are not accepted."
        )
    settings = Settings(settings) if isinstance(settings, str) else settings or Settings()
    check_crop(settings.crop)
    model(settings.model)
    images.datasheet.check()
    require_extra("faces")
    kept = cache_dir() / "templates"
    kept.mkdir(exist_ok=True)
    # chapters that run side by side need the same templates: one makes them, the others wait
    with FileLock(kept / f".{settings.model}-{settings.crop}.lock"):
        install_weights(settings.model)
        folder = kept / settings.digest(images.datasheet.enlarge)[:32]
        done = _read_cache(folder, settings)
        todo = images.files.join(done, left_on="sha256", right_on="image_sha256", how="anti")
        todo = todo.unique("sha256", maintain_order=True)
        if len(todo):
            enlarge, trusted = images.datasheet.enlarge, images.pinned
            _embed_new(todo, folder, settings, enlarge, workers, trusted=trusted)
            done = _read_cache(folder, settings)
    return (
        images.files.join(
            done, left_on="sha256", right_on="image_sha256", how="left", maintain_order="left"
        )
        .with_columns(image_set=pl.lit(images.datasheet.name), model=pl.lit(settings.model))
        .rename({"image_id": "template_id", "sha256": "image_sha256"})
        .select(list(schema(settings)))
    )


def failure_to_enrol(templates: pl.DataFrame) -> pl.DataFrame:
    """Return why images gave no template: `reason`, `images`, `rate` of all images.

    >>> failure_to_enrol(pl.DataFrame({"reason": [None, "no face", None, None]}))["rate"].item()
    0.25
    """
    require_columns(templates, ["reason"], "The templates")
    return (
        templates.filter(pl.col("reason").is_not_null())
        .group_by("reason")
        .agg(images=pl.len())
        .with_columns(rate=pl.col("images") / len(templates))
        .sort("images", descending=True)
    )


def usable(templates: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that have a template; report `failure_to_enrol` beside their results.

    >>> usable(pl.DataFrame({"reason": [None, "no face"]})).height
    1
    """
    require_columns(templates, ["reason"], "The templates")
    return templates.filter(pl.col("reason").is_null())


def require_templates(templates: pl.DataFrame) -> None:
    """Raise InputError unless a frame has columns as `embed` returns them, and a row or more.

    Each row must have a template (`usable`).
    """
    columns = ("template_id", "subject_id", "image_set", "model", "template")
    require_schema(templates, dict.fromkeys(columns), "The templates")
    kind, missing = templates.schema["template"], templates["template"].null_count()
    if not isinstance(kind, pl.Array):
        raise InputError(f"The templates: column template must be an Array, not {kind}.")
    if missing:
        raise InputError(
            f"{missing} of {len(templates)} images have no template: filter with faces.usable, and "
            "report failure_to_enrol."
        )


def _cached_columns(settings: Settings) -> dict[str, Any]:
    of_the_set = ("template_id", "subject_id", "image_set", "model")
    return {name: kind for name, kind in schema(settings).items() if name not in of_the_set}


def _read_cache(folder: Path, settings: Settings) -> pl.DataFrame:
    parts = sorted(folder.glob("*.parquet"))
    frames = [pl.read_parquet(part) for part in parts]
    return pl.concat([pl.DataFrame(schema=_cached_columns(settings)), *frames]).unique(
        "image_sha256", keep="first", maintain_order=True
    )


def _embed_new(
    todo: pl.DataFrame,
    folder: Path,
    settings: Settings,
    enlarge: float,
    workers: int | None,
    *,
    trusted: bool = False,
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rows = todo.select("path", "sha256").rows()
    chunks = [rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK)]
    processes = min(workers or os.cpu_count() or 1, len(chunks))
    with safe_children():
        pool = ProcessPoolExecutor(
            processes,
            mp_context=get_context("spawn"),  # a fork would copy locks of polars' threads
            initializer=start_worker,
            initargs=(settings,),
        )
        try:
            futures = {
                pool.submit(_embed_files, chunk, settings, enlarge, trusted=trusted)
                for chunk in chunks
            }
            with ProgressBar(
                total=len(rows), desc=f"templates ({settings.model})", unit="image"
            ) as bar:
                for future in as_completed(futures):
                    frame = pl.DataFrame(
                        future.result(), schema=_cached_columns(settings), orient="row"
                    )
                    _write_part(frame, folder)
                    bar.update(len(frame))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _write_part(frame: pl.DataFrame, folder: Path) -> None:
    name = hashlib.sha256("".join(frame["image_sha256"]).encode()).hexdigest()[:32]
    with whole_file(folder / f"{name}.parquet") as beside:
        frame.write_parquet(beside)


def start_worker(settings: Settings) -> None:
    """Prepare a process for `_embed_files`: one thread, the model loaded once."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent stops the pool
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import cv2

    from .gate import load_model

    cv2.setNumThreads(1)
    load_model(settings.model)
    aligner(settings.model, settings.crop)


def _end_with_parent() -> None:
    """End this process when its parent has ended, even by kill -9."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _embed_files(
    files: Iterable[tuple[str, str]], settings: Settings, enlarge: float, *, trusted: bool = False
) -> list[Row]:
    """Embed (path, sha256) pairs in this process. The model must be loaded (`start_worker`)."""
    align = aligner(settings.model, settings.crop)
    decoder = open_decoder(trusted=trusted)
    rows: list[Row] = []
    aligned: list[Any] = []
    for path, digest in files:
        try:
            seen = largest_face(path, digest, enlarge, align, decoder)
        except Unreadable as why:
            rows.append((digest, str(why), 0, 0.0, None, None, None, None))
        else:
            face = seen.face
            aligned.append(face.pixels)
            found = (face.faces, face.confidence, face.detector, seen.scale, seen.note)
            rows.append((digest, None, *found, None))
    templates = iter(represent(aligned, settings))
    return [row if row[1] else (*row[:-1], next(templates)) for row in rows]


def represent(faces: Sequence[Any], settings: Settings) -> list[list[float]]:
    """Return unit vectors of aligned faces, by the network that `start_worker` loaded."""
    from .gate import open_deepface

    if not faces:
        return []
    how, published = model(settings.model).preprocessing, settings.crop == "published"
    answers = open_deepface().represent(
        # deepface passes colours on in the order given, except for models whose part of it swaps
        [face[:, :, ::-1] if published and how.red_first else face for face in faces],
        model_name=settings.model,
        detector_backend="skip",
        normalization=how.deepface_normalization if published else "base",
        l2_normalize=True,
    )
    # deepface unwraps a list of one
    single = [answers] if len(faces) == 1 else answers
    return [answer[0]["embedding"] for answer in single]
