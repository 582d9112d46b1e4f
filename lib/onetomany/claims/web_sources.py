"""The addresses that a case rests on, and which of them still need a capture.

Every table and datasheet of the kit's data with an address is read, and the claims of a case file.
Nothing is fetched.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import duckdb
import polars as pl

from ..documents import captures
from ..documents.case_file import read
from . import claim_ledger

# what a row of a table is; rows of other tables and datasheets count as `other`
KINDS = {
    "claims.csv": "claims",
    "timeline.csv": "events",
    "numbers.csv": "numbers",
    "provisions.csv": "provisions",
    "reliances.csv": "reliances",
}
COUNTS = (*KINDS.values(), "other")
ADDRESSES: dict[str, pl.DataType | type[pl.DataType]] = {
    "address": pl.String,
    **dict.fromkeys(COUNTS, pl.Int64),
    "tables": pl.String,  # the files that name it
    "sha256": pl.String,  # of the file there, if a datasheet records it
    "captured": pl.String,  # of the capture in the case file, null where there is none
    "status": pl.Int64,
    "file": pl.String,
    "file_sha256": pl.String,
    "payload_digest": pl.String,
}
_HASHES = ("sha256", "file_sha256")
# what is downloaded and run is no source that a claim rests on
_PROGRAMS = ("weights.toml",)


def addresses(db: duckdb.DuckDBPyConnection | None = None) -> pl.DataFrame:
    """Return every address with how much rests on it and its capture: ADDRESSES.

    Most claims first, then most rows of all kinds. `db` is a case file: its own claims count too,
    and its captures are looked up.
    """
    named: dict[str, dict[str, Any]] = {}
    for table, kind, address, sha256 in [*_packaged(), *(_ledger(db) if db else ())]:
        # one page in two spellings is one page to capture
        key = captures.normal_address(address) or address
        row = named.setdefault(key, {"address": address, "tables": set(), "sha256": None})
        row[kind] = row.get(kind, 0) + 1
        row["tables"].add(table)
        row["sha256"] = row["sha256"] or sha256
    held = captures.captures(db) if db else pl.DataFrame(schema=captures.CAPTURES)
    rows = []
    for row in named.values():
        found = captures.nearest_capture(held, row["address"]) or {}
        row["tables"] = "; ".join(sorted(row["tables"]))
        capture = {name: found.get(name) for name in list(ADDRESSES)[-5:]}
        rows.append({name: row.get(name, 0 if name in COUNTS else None) for name in ADDRESSES})
        rows[-1] |= capture
    frame = pl.DataFrame(rows, schema=ADDRESSES)
    total = pl.sum_horizontal(COUNTS)
    return frame.sort(pl.col("claims"), total, "address", descending=[True, True, False])


def captured(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the addresses (ADDRESSES) with a capture; an error page (HTTP 404) is none."""
    return frame.filter(pl.col("file").is_not_null() & (pl.col("status").fill_null(200) < 400))


def missing(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the addresses (ADDRESSES) with neither a capture nor a recorded hash."""
    return frame.join(captured(frame), on="address", how="anti", maintain_order="left").filter(
        pl.col("sha256").is_null()
    )


Named = tuple[str, str, str, str | None]  # table, kind, address, SHA-256


def _packaged() -> Iterator[Named]:
    for path, file in _data_files(resources.files("onetomany"), ""):
        name = path.rpartition("/")[2]
        if name.endswith(".toml") and name not in _PROGRAMS:
            for address, sha256 in _in_toml(tomllib.loads(file.read_text(encoding="utf-8"))):
                yield path, "other", address, sha256
        elif name.endswith(".csv"):
            frame = pl.read_csv(file.read_bytes(), infer_schema=False)
            for column in frame.columns:
                if column == "url" or column.startswith("url_"):
                    for address in frame[column].drop_nulls():
                        yield path, KINDS.get(name, "other"), address, None


def _ledger(db: duckdb.DuckDBPyConnection) -> Iterator[Named]:
    """The claims that a reader put into the case file, without those that the kit brought."""
    own = claim_ledger.ledger()["claim_id"].to_list()
    rows = read(db, "select claim_id, source_url from claims where source_url is not null")
    for claim, address in rows.iter_rows():
        if claim not in own:
            yield "claims of the case file", "claims", address, None


def _data_files(folder: Traversable, inside: str) -> Iterator[tuple[str, Traversable]]:
    for each in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if each.is_dir() and each.name != "__pycache__":
            yield from _data_files(each, f"{inside}{each.name}/")
        elif "/data/" in f"/{inside}":
            yield f"{inside}{each.name}", each


def _in_toml(value: object) -> Iterator[tuple[str, str | None]]:
    if isinstance(value, list):
        for each in value:
            yield from _in_toml(each)
    elif isinstance(value, dict):
        address = value.get("url")
        if isinstance(address, str) and address.startswith(("http://", "https://")):
            # an empty one says that none is published
            hashed = [value[name] for name in _HASHES if isinstance(value.get(name), str)]
            yield address, next(filter(None, hashed), None)
        for each in value.values():
            yield from _in_toml(each)
