"""Keep a shown frame whole in the notebook, next to its table (an IPython extension).

The table that a reader sees is cut: forty rows, three digits. The frame itself is added as Parquet,
so that an exhibit can give, hash and compare the data and not their picture. Frontends ignore a
form that they don't know.
"""

import base64
import io
from typing import Any

import polars as pl
from IPython.core.formatters import BaseFormatter
from traitlets import Unicode

from onetomany.charts.reader_table import ReaderTable

PARQUET = "application/vnd.apache.parquet"  # as registered with IANA
TEMPLATE = 64  # numbers in a row; the templates of known face models have 128 and more
LIMIT = 5_000_000  # cells; a longer frame is shown, not carried


class ParquetFormatter(BaseFormatter):  # type: ignore[misc]  # IPython is untyped
    format_type = Unicode(PARQUET)
    print_method = Unicode("_repr_parquet_")


def load_ipython_extension(shell: Any) -> None:
    formatter = ParquetFormatter(parent=shell.display_formatter)
    formatter.for_type(pl.DataFrame, pack_frame)
    formatter.for_type(ReaderTable, lambda table: pack_frame(table.frame))
    shell.display_formatter.register_formatter(formatter)


def pack_frame(frame: pl.DataFrame) -> str | None:
    """Return the frame as Parquet in base64; None if it is too long, or may contain templates."""
    if frame.height * frame.width > LIMIT or _may_hold_templates(frame):
        return None
    file = io.BytesIO()
    frame.write_parquet(file, compression="zstd", statistics=False)
    return base64.b64encode(file.getvalue()).decode()


def unpack_frame(packed: str) -> pl.DataFrame:
    return pl.read_parquet(base64.b64decode(packed))


def _may_hold_templates(frame: pl.DataFrame) -> bool:
    """Return whether columns look like templates: bytes, objects, number lists, fractions."""
    if sum(dtype.is_float() for dtype in frame.dtypes) >= TEMPLATE:
        return True
    for dtype in frame.dtypes:
        if dtype in (pl.Binary, pl.Object):
            return True
        if isinstance(dtype, pl.List | pl.Array) and dtype.inner is not None:
            inner: Any = dtype.inner
            if inner == pl.Binary or (inner.is_numeric() or inner.is_nested()):
                return True
    return False
