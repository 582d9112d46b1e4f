"""Make a table of scores: every pair of a set's pictures under several matchers, with groups.

`sources.pairs` opens such tables where the pictures themselves can't be passed on.
"""

import importlib.metadata
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from onetomany import faces, sources
from onetomany.errors import InputError
from onetomany.faces.embedding import PACKAGES
from onetomany.sources.files import write_whole
from .verification import compare_all


def _score_pairs(images: sources.ImageSet, models: Sequence[str]) -> pl.DataFrame:
    """Return every pair of the set's pictures with its score under each model."""
    if images.attributes is None:
        raise InputError(
            f"'{images.datasheet.name}' has no attributes recorded by its people: put an "
            "attributes.csv beside its datasheet and say there how it was recorded."
        )
    files = images.files
    if len(files) < 2:
        raise InputError(f"'{images.datasheet.name}' has {len(files)} picture: pairs need two.")
    first, second = np.triu_indices(len(files), k=1)
    table = pl.DataFrame(
        {
            f"{kind}{side}": files[column][rows]
            for kind, column in (("", "image_id"), ("subject_", "subject_id"))
            for side, rows in (("a", first), ("b", second))
        }
    ).with_columns(mated=pl.col("subject_a") == pl.col("subject_b"))
    for model in models:
        templates = faces.usable(faces.embed(images, faces.Settings(model=model)))
        scores = compare_all(templates).select(
            pl.col("a", "b").cast(pl.String), pl.col("score").cast(pl.Float32).alias(model)
        )
        table = table.join(scores, on=["a", "b"], how="left", maintain_order="left")
    recorded = images.attributes.drop("attributes_are")
    for side in "ab":
        renamed = recorded.rename({name: f"{name}_{side}" for name in recorded.columns[1:]})
        table = table.join(
            renamed, left_on=f"subject_{side}", right_on="subject_id", how="left",
            maintain_order="left",
        )  # fmt: skip
    return table


def write_pairs(images: sources.ImageSet, models: Sequence[str], out: Path) -> list[Path]:
    """Write `<set>.parquet`, every pair of the set's pictures, and its run record `<set>.json`.

    The table has the columns of `sources.pairs.PAIR`, one for each model (Float32; null if it found
    no face in one of the two) and two for each recorded attribute (`age_a`, `age_b`). The record
    gives its sources (each picture's SHA-256, the datasheet) and method (models with their weights'
    SHA-256, versions, date). Returns both paths.

    Raises InputError if the set has fewer than two pictures or no recorded attributes.
    """
    table = _score_pairs(images, models)
    buffer = BytesIO()
    table.rechunk().write_parquet(buffer, compression="zstd", compression_level=19)
    content = buffer.getvalue()
    name = images.datasheet.name
    places = [out / f"{name}.parquet", out / f"{name}.json"]
    write_whole(places[0], content)
    record = _record(images, models, table) | {"table_sha256": sha256(content).hexdigest()}
    write_whole(places[1], (json.dumps(record, ensure_ascii=False, indent=1) + "\n").encode())
    return places


def _record(images: sources.ImageSet, models: Sequence[str], table: pl.DataFrame) -> dict[str, Any]:
    sheet = images.datasheet
    assert images.attributes is not None
    return {
        "image_set": sheet.name,
        "title": sheet.title,
        "source": sheet.source,
        "url": sheet.url,
        "licence": sheet.licence,
        "credit": sheet.credit,
        "consent_basis": sheet.consent_basis,
        "limits": sheet.limits,
        "recorded": sheet.attributes.recorded,
        "attributes": images.attributes.drop("subject_id", "attributes_are").columns,
        "people": images.files["subject_id"].n_unique(),
        "pictures": dict(images.files.select("image_id", "sha256").iter_rows()),
        "pairs": len(table),
        "not_scored": {model: table[model].null_count() for model in models},
        "models": {
            model: {
                "crop": faces.Settings(model=model).crop,
                "training_data": sources.model(model).training_data,
                "weights": {file.name: file.sha256 for file in sources.model(model).files},
            }
            for model in models
        },
        "versions": {package: importlib.metadata.version(package) for package in PACKAGES},
        "made": datetime.now(UTC).date().isoformat(),
        "command": f"onetomany pairs FOLDER --models {' '.join(models)}",
    }
