"""List the web addresses that a case cites, and those that still need a capture.

Addresses come from all tables and datasheets of the kit and from the claims of a case file. Nothing
is fetched.
"""

import tomllib
from collections.abc import Iterator
from typing import Any

import duckdb
import polars as pl

from onetomany.documents import captures
from onetomany.documents.case_file import query_frame
from onetomany.sources.kit_files import packaged_files
from . import claim_ledger

# the kind of a table's rows; rows of other tables and of datasheets count as `other`
KINDS = {
    "statements.csv": "claims",
    "claims.csv": "claims",
    "events.csv": "events",
    "numbers.csv": "numbers",
    "provisions.csv": "provisions",
    "reliances.csv": "reliances",
}
COUNTS = (*KINDS.values(), "other")
ADDRESSES: dict[str, pl.DataType | type[pl.DataType]] = {
    "address": pl.String,
    **dict.fromkeys(COUNTS, pl.Int64),
    "tables": pl.String,  # the files that cite it
    "sha256": pl.String,  # of the file there, if a datasheet records it
    "captured": pl.String,  # of the capture in the case file; null if there is none
    "status": pl.Int64,
    "file": pl.String,
    "file_sha256": pl.String,
    "payload_digest": pl.String,
}
_HASHES = ("sha256", "file_sha256")
# model weights are downloaded and run; no claim cites them
_PROGRAMS = ("weights.toml",)


def cited_addresses(db: duckdb.DuckDBPyConnection | None = None) -> pl.DataFrame:
    """List the cited addresses with the number of rows that cite them: a frame of ADDRESSES.

    Sorted by claims, then by rows of all kinds. With a case file `db` its own claims count too, and
    captures are looked up in it.

    >>> cited_addresses().columns[:2]
    ['address', 'claims']
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


def captured_addresses(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the addresses with a capture; a captured error page (HTTP 404) doesn't count."""
    return frame.filter(pl.col("file").is_not_null() & (pl.col("status").fill_null(200) < 400))


def uncaptured_addresses(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the addresses with neither a capture nor a recorded hash."""
    return frame.join(
        captured_addresses(frame), on="address", how="anti", maintain_order="left"
    ).filter(pl.col("sha256").is_null())


Named = tuple[str, str, str, str | None]  # table, kind, address, SHA-256


def _packaged() -> Iterator[Named]:
    files = dict(packaged_files())
    for path, file in files.items():
        folder, _, name = path.rpartition("/")
        if name == "claims.csv" and f"{folder}/statements.csv" in files:
            continue  # read from these statements: each address counts once
        if name.endswith(".toml") and name not in _PROGRAMS:
            for address, sha256 in _in_toml(tomllib.loads(file.read_text(encoding="utf-8"))):
                yield path, "other", address, sha256
        elif name.endswith(".csv"):
            frame = pl.read_csv(file.read_bytes(), infer_schema=False)
            for column in frame.columns:
                if column in ("url", "source_url") or column.startswith("url_"):
                    for address in frame[column].drop_nulls():
                        yield path, KINDS.get(name, "other"), address, None


def _ledger(db: duckdb.DuckDBPyConnection) -> Iterator[Named]:
    """Yield the addresses of claims that a reader added to the case file."""
    own = claim_ledger.load_claims()["claim_id"].to_list()
    rows = query_frame(db, "select claim_id, source_url from claims where source_url is not null")
    for claim, address in rows.iter_rows():
        if claim not in own:
            yield "claims of the case file", "claims", address, None


def _in_toml(value: object) -> Iterator[tuple[str, str | None]]:
    if isinstance(value, list):
        for each in value:
            yield from _in_toml(each)
    elif isinstance(value, dict):
        address = value.get("url")
        if isinstance(address, str) and address.startswith(("http://", "https://")):
            # an empty hash says that none is published
            hashed = [value[name] for name in _HASHES if isinstance(value.get(name), str)]
            yield address, next(filter(None, hashed), None)
        for each in value.values():
            yield from _in_toml(each)
