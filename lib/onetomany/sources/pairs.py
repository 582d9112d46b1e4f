"""Open stored tables of scores: every pair of a set's pictures under several matchers.

So results can include sets whose pictures the kit does not contain. `onetomany pairs FOLDER`
makes such a table from a folder of pictures whose people recorded attributes of themselves. It
contains no picture and no template. Beside each table a run record gives its sources and method.
"""

import json
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable
from io import BytesIO
from typing import Any

import polars as pl

from onetomany.errors import InputError, IntegrityError

DATA = resources.files("onetomany.sources") / "data" / "pairs"
PAIR = {**dict.fromkeys(("a", "b", "subject_a", "subject_b"), pl.String), "mated": pl.Boolean}


@dataclass(frozen=True)
class ScoredPairs:
    """The pairs of a set under several matchers.

    `comparisons` has a frame for each model, as `accuracy.compare_all` returns; pairs in which a
    model found no face are not in it. `attributes` has a row for each person: `subject_id`, the
    recorded columns, `attributes_are`. `run` is the record of how the table was made.
    """

    comparisons: dict[str, pl.DataFrame]
    attributes: pl.DataFrame
    run: dict[str, Any]


def open_pairs(name: str, folder: Traversable = DATA) -> ScoredPairs:
    """Open a stored table of pairs, for the accuracy functions.

    The table has the columns of PAIR, a column for each model (its scores, 32 bits) and two for
    each attribute (`gender_a`, `gender_b`).

    Raises InputError for an unknown name, IntegrityError if the table is not the one that its
    run record describes.
    """
    records = sorted(path.name for path in folder.iterdir() if path.name.endswith(".json"))
    known = [record.removesuffix(".json") for record in records]
    if name not in known:
        raise InputError(f"No pairs of '{name}' are stored; there are {', '.join(known)}.")
    run = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    content = (folder / f"{name}.parquet").read_bytes()
    if sha256(content).hexdigest() != run["table_sha256"]:
        raise IntegrityError(
            f"The stored pairs of '{name}' are not those of its run record: restore both files."
        )
    table = pl.read_parquet(BytesIO(content))
    comparisons = {
        model: table.drop_nulls(model).select(
            *(name for name in PAIR if name != "mated"),
            pl.col(model).cast(pl.Float64).alias("score"),
            "mated",
            pl.lit(model).alias("model"),
            pl.lit(run["image_set"]).alias("image_set"),
        )
        for model in run["models"]
    }
    return ScoredPairs(comparisons, _attributes(table, run["attributes"]), run)


def _attributes(table: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    people = pl.concat(
        table.select(
            subject_id=f"subject_{side}", **{name: pl.col(f"{name}_{side}") for name in names}
        )
        for side in "ab"
    )
    return people.unique().sort("subject_id").with_columns(attributes_are=pl.lit("recorded"))
