"""The result of reading a folder into a case file."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from .scans import Scans


@dataclass(frozen=True)
class Ingested:
    """The result of a run. `held` counts files that the case file already contained."""

    files: int
    read: int
    partly: int
    failed: int
    held: int
    pages: int
    seconds: float
    duplicates: int  # in the whole case file
    near_duplicates: int
    isolation: dict[str, bool]  # which mechanisms confined the readers; {} if nothing was read
    failures: pl.DataFrame  # folder, path, why: all that the case file tells of this folder
    notes: pl.DataFrame  # kind, text, count: this run's notes on the documents it read
    scans: Scans  # pages that are pictures
