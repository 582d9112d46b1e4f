"""Search with Milvus, for institutions: a file through milvus-lite, or a cluster's address.

The extra `milvus` installs the client. The collection has, for each row, the template and the
fields of a `Band`. One more entry has the count of enrolled rows and is written after them, so that
opening removes a chunk that a crash cut off.
"""

from pathlib import Path
from typing import Any, Self

import numpy as np

from onetomany.errors import InputError
from onetomany.extras import require_extra
from . import engine
from .cells import Band, Cells, codes_of, columns_of
from .engine import Floats, Rows

MOST = 16_384  # candidates that Milvus gives at once
BATCH = 5_000  # entries sent at a time, below its limit of 64 MB a message
NAMED = 10_000  # rows that a condition may name
COUNT, REMOVED = -2, -1  # nationalities that no passport has: the count, and removed rows
FIELDS = ("nation", "sex", "year")


class MilvusEngine:
    """One collection. Exact in a file (FLAT); a cluster chooses its index by itself (AUTOINDEX)."""

    name = "milvus"

    def __init__(self, uri: str, dimension: int, *, collection: str = "templates") -> None:
        """Open or begin a collection at a file's path or a server's address.

        Raises InputError if the client isn't installed, the server can't be reached or the
        collection has templates of another dimension.
        """
        require_extra("milvus")
        from pymilvus import DataType, MilvusClient
        from pymilvus.exceptions import MilvusException

        self.uri, self.dimension, self.collection = uri, dimension, collection
        self._is_file = "://" not in uri
        try:
            self._client = MilvusClient(uri)
            if not self._client.has_collection(collection):
                self._begin(DataType)
            self._client.load_collection(collection)
        except MilvusException as error:
            raise InputError(f"Milvus at {uri} can't be opened: {error}.") from error
        for field in self._client.describe_collection(collection)["fields"]:
            if field["name"] == "template" and int(field["params"]["dim"]) != dimension:
                raise InputError(
                    f"{uri} has templates of {field['params']['dim']} numbers, not {dimension}."
                )
        self.rows = self._counted()
        self._client.delete(collection, filter=f"row >= {self.rows}")
        self._removed = len(self._query(f"nation == {REMOVED}"))

    def __len__(self) -> int:
        return self.rows - self._removed

    def add(self, vectors: Floats, cells: Cells | None = None) -> Rows:
        """Add vectors; see `Engine`."""
        vectors = engine.checked_vectors(vectors, self.dimension)
        codes = codes_of(engine.checked_cells(cells, len(vectors)))
        rows = np.arange(self.rows, self.rows + len(vectors), dtype=np.int64)
        if not len(rows):
            return rows
        for start in range(0, len(rows), BATCH):
            part = slice(start, start + BATCH)
            self._write(rows[part], vectors[part], *(code[part] for code in codes))
        self._count(self.rows + len(rows))
        self._client.flush(self.collection)
        self.rows += len(rows)
        return rows

    def remove(self, rows: Rows) -> None:
        """Overwrite rows with zeros; see `Engine`."""
        rows = np.unique(np.asarray(rows, dtype=np.int64))
        named = [rows[start : start + NAMED] for start in range(0, len(rows), NAMED)]
        for part in named:
            present = self._query(f"row in {part.tolist()} and nation >= 0 and row >= 0")
            if missing := sorted(set(part.tolist()) - set(present)):
                raise InputError(f"Row {missing[0]} is not in the engine: none was removed.")
        for part in named:
            nothing = np.zeros(len(part), np.int64)
            vectors = np.zeros((len(part), self.dimension), np.float32)
            self._write(part, vectors, nothing + REMOVED, nothing, nothing)
        self._client.flush(self.collection)
        self._removed += len(rows)

    def search(
        self, probes: Floats, k: int, *, threshold: float = -np.inf, allowed: engine.Allowed = None
    ) -> tuple[Floats, Rows]:
        """Return the k best of each probe; see `Engine`. A mask may name up to `NAMED` rows.

        Raises InputError for more than `MOST` candidates, or a mask that names more.
        """
        probes = engine.checked_vectors(probes, self.dimension)
        if k > MOST:
            raise InputError(f"Milvus gives {MOST:,} candidates at most, not {k:,}.")
        condition = "nation >= 0"
        if isinstance(allowed, Band):
            condition = " and ".join([condition, *_conditions(allowed)])
        elif allowed is not None:
            condition += f" and {_named(engine.checked_mask(allowed, self.rows))}"
        scores = np.full((len(probes), k), -np.inf, np.float32)
        rows = np.full((len(probes), k), -1, np.int64)
        for start in range(0, len(probes), 256):
            some = self._client.search(
                self.collection,
                data=list(probes[start : start + 256]),
                anns_field="template",
                filter=condition,
                limit=max(k, 1),
                output_fields=["row"],
                search_params={"metric_type": "IP"},
                consistency_level="Strong",
            )
            for line, hits in enumerate(some, start):
                rows[line, : len(hits)] = [hit["row"] for hit in hits][:k]
                scores[line, : len(hits)] = [hit["distance"] for hit in hits][:k]
        return engine.keep_best(scores, rows, k, threshold)

    def save(self, folder: Path) -> None:
        """Copy the collection into a new file in `folder`; see `Engine`."""
        with engine.new_folder(folder) as beside:
            copy = MilvusEngine(
                str(beside / "milvus.db"), self.dimension, collection=self.collection
            )
            for start in range(0, self.rows, BATCH):
                condition = f"row >= {start} and row < {min(start + BATCH, self.rows)}"
                found = self._client.query(
                    self.collection, filter=condition, output_fields=["row", "template", *FIELDS]
                )
                copy._client.insert(self.collection, found)
            copy._count(self.rows)
            copy.close()

    @classmethod
    def load(cls, folder: Path, dimension: int) -> Self:
        """Open a saved copy."""
        return cls(str(folder / "milvus.db"), dimension)

    def close(self) -> None:
        """Close the file or the connection."""
        self._client.close()
        if self._is_file:
            release(self.uri)

    def _begin(self, kinds: Any) -> None:
        schema = self._client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("row", kinds.INT64, is_primary=True)
        schema.add_field("template", kinds.FLOAT_VECTOR, dim=self.dimension)
        for field in FIELDS:
            schema.add_field(field, kinds.INT64)
        index = self._client.prepare_index_params()
        index.add_index(
            "template", index_type="FLAT" if self._is_file else "AUTOINDEX", metric_type="IP"
        )
        self._client.create_collection(self.collection, schema=schema, index_params=index)
        self._count(0)

    def _count(self, rows: int) -> None:
        """Write the count of rows."""
        one = np.ones(1, np.int64)
        self._write(
            -one, np.zeros((1, self.dimension), np.float32), COUNT * one, 0 * one, rows * one
        )

    def _counted(self) -> int:
        found = self._client.query(
            self.collection, filter="row == -1", output_fields=["year"], consistency_level="Strong"
        )
        return int(found[0]["year"]) if found else 0

    def _write(self, rows: Rows, vectors: Floats, *codes: Rows) -> None:
        data = [
            {"row": row, "template": vector, **dict(zip(FIELDS, code, strict=True))}
            for row, vector, *code in zip(
                rows.tolist(), vectors, *(code.tolist() for code in codes), strict=True
            )
        ]
        self._client.upsert(self.collection, data)

    def _query(self, condition: str) -> list[int]:
        found = self._client.query(
            self.collection, filter=condition, output_fields=["row"], consistency_level="Strong"
        )
        return [int(entry["row"]) for entry in found]


def release(path: str) -> None:
    """Stop milvus-lite's small server for a file.

    Closing the client alone leaves the server and its lock on the file.
    """
    from milvus_lite.server_manager import server_manager_instance

    server_manager_instance.release_server(str(Path(path).resolve()))


def _conditions(band: Band) -> list[str]:
    nations, sexes, years = columns_of(band)
    conditions = []
    if nations is not None:
        conditions.append(f"nation in {nations}")
    if sexes is not None:
        conditions.append(f"sex in {sexes}")
    if years is not None:
        conditions.append(f"year >= {years[0]} and year <= {years[1]}")
    return conditions


def _named(mask: engine.Mask) -> str:
    allowed, left_out = np.flatnonzero(mask), np.flatnonzero(~mask)
    if len(left_out) <= NAMED:
        return f"row not in {left_out.tolist()}"
    if len(allowed) <= NAMED:
        return f"row in {allowed.tolist()}"
    raise InputError(
        f"Milvus can't be given a mask that allows {len(allowed):,} rows of {len(mask):,}: "
        "filter by a Band."
    )
