"""Check a table's columns and rows, and write CSV without a cell that runs as a formula.

Spreadsheets run a cell that begins with =, +, - or @ (OWASP, CSV injection). `csv_text` puts an
apostrophe in front of such a text or column name; numbers stay as they are. `plain_text` removes
exactly these apostrophes.
"""

from collections.abc import Callable, Iterable, Mapping
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import polars as pl

from onetomany.errors import InputError

NOTE = (
    "In a CSV file, a text that a spreadsheet would take for a formula (it begins with =, +, -, @, "
    "a tab or a line break) has an apostrophe in front that is not part of it.",
    "CSV 파일에서 스프레드시트가 수식으로 받아들일 글(=, +, -, @, 탭, 줄바꿈으로 시작하는 글)에는 "
    "앞에 작은따옴표가 붙어 있다. 이 따옴표는 내용이 아니다.",
)

# blanks, quotes, controls and marks without width, which a spreadsheet may pass over
_PASSED = r"[\s\p{Z}\p{Cc}\p{Cf}\"'`‘’“”]*"
# with their full-width, small, raised and lowered forms
_FORMULA = rf"^{_PASSED}[=+\-@＝＋－＠﹦﹢﹣﹫⁼⁺⁻₌₊₋]|^[\p{{Z}}\p{{Cf}}\"'`‘’“”]*[\t\r\n]"
_NUMBER = r"^ *[-+]?(?:[0-9][0-9,]*\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)? ?%?$"
_MARK = "'"
_REMEDIES = {
    "polars.LazyFrame": "call its collect() first",
    "pandas.DataFrame": "give polars.from_pandas(...) of it",
    "str": "read the file with polars.read_csv first",
    "pathlib.PosixPath": "read the file with polars.read_csv first",
    "pathlib.WindowsPath": "read the file with polars.read_csv first",
}
_LISTED = 20  # columns of a frame that an error names


def require_columns(
    frame: pl.DataFrame, names: Iterable[str], what: str, *, exact: bool = False
) -> None:
    """Raise InputError if a frame isn't polars' or lacks columns, or, with `exact`, has others.

    `what` names the frame, or with `exact` its file, in the error.

    >>> require_columns(pl.DataFrame({"x": [1]}), ["x"], "The points")
    """
    if not isinstance(frame, pl.DataFrame):
        kind = f"{type(frame).__module__.partition('.')[0]}.{type(frame).__name__}"
        kind = kind.removeprefix("builtins.")
        remedy = _REMEDIES.get(kind, "make one with polars.DataFrame")
        raise InputError(f"{what} must be a polars DataFrame, not {kind}: {remedy}.")
    wanted = list(names)
    if exact and frame.columns != wanted:
        raise InputError(f"{what}: its columns must be {', '.join(wanted)}.")
    if missing := [name for name in wanted if name not in frame.columns]:
        raise InputError(
            f"{what} lack the columns {', '.join(missing)}; they have "
            f"{', '.join(frame.columns[:_LISTED]) or 'none'}."
        )


def require_schema(frame: pl.DataFrame, schema: Mapping[str, Any], what: str) -> None:
    """Raise InputError unless a frame has rows, these columns, and in them values of their kind.

    A kind is a type of polars; any numbers will do for numbers, and anything for None. Truths that
    are written as 0 and 1 are refused: numpy would take them for places in a list.

    >>> require_schema(pl.DataFrame({"x": [1]}), {"x": pl.Float64}, "The points")
    """
    require_columns(frame, schema, what)
    if frame.is_empty():
        raise InputError(f"{what} have no row.")
    for name, wanted in schema.items():
        found = frame.schema[name]
        if wanted is None or found == wanted or (wanted.is_numeric() and found.is_numeric()):
            continue
        said = "numbers" if wanted.is_numeric() else values_in_words(wanted)
        raise InputError(
            f"{what}: column {name} must be {said}, not {values_in_words(found)}: cast it with "
            "polars first."
        )


def fill_schema(frame: pl.DataFrame, schema: Mapping[str, Any]) -> pl.DataFrame:
    """Return the columns of `schema` in its types; null where the frame lacks one.

    >>> fill_schema(pl.DataFrame({"b": [1], "c": [2]}), {"a": pl.String, "b": pl.Float64}).row(0)
    (None, 1.0)
    """
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in schema.items()
    )


def read_columns(
    folder: Traversable, name: str, columns: Iterable[str], **form: Any
) -> pl.DataFrame:
    """Read a CSV file that has these columns and no others.

    `columns` may be a schema. `form` goes to polars. Raises InputError naming the file.
    """
    if isinstance(columns, Mapping):
        form["schema_overrides"] = columns
    try:
        frame = pl.read_csv((folder / name).read_bytes(), **form)
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{name} can't be read: {error}.") from error
    require_columns(frame, columns, name, exact=True)
    return frame


def read_texts(folder: Traversable | str, name: str) -> pl.DataFrame:
    """Read a CSV file of a folder with every cell as text. Raises InputError naming the file."""
    path = (Path(folder) if isinstance(folder, str) else folder) / name
    try:
        return pl.read_csv(path.read_bytes(), infer_schema=False)
    except OSError as error:
        raise InputError(f"{path} can't be read ({error.strerror}): check the path.") from error
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{path} can't be read: {error}.") from error


def refuse_rows(
    frame: pl.DataFrame, bad: pl.Expr, name: str, why: str, column: str | None = None
) -> None:
    """Raise InputError with the line and first cell of the first bad row of a CSV file.

    `name` is the file, `why` the end of the sentence; the error names a `column` with its value.
    Null in `bad` counts as good.
    """
    rows = frame.with_row_index("line", offset=2).filter(bad.fill_null(False))
    if rows.height:
        row = rows.row(0, named=True)
        place = f"{name}, line {row['line']} ({row[frame.columns[0]]})"
        place += f", column {column}" if column else ""
        value = f" '{row[column]}'" if column and row[column] is not None else ""
        raise InputError(f"{place}:{value} {why}.")


def values_in_words(kind: pl.DataType) -> str:
    """Return what a column of a type contains, in words and by the type's name in polars.

    >>> values_in_words(pl.String()), values_in_words(pl.Int32())
    ('text (String)', 'whole numbers (Int32)')
    """
    for words, fits in (
        ("text", kind == pl.String),
        ("whole numbers", kind.is_integer()),
        ("numbers", kind.is_numeric()),
        ("true or false", kind == pl.Boolean),
        ("dates", kind == pl.Date),
        ("times", kind.is_temporal()),
        ("lists or records", kind.is_nested()),
    ):
        if fits:
            return f"{words} ({kind})"
    return f"values of no plain type ({kind})"


def csv_text(frame: pl.DataFrame, **form: Any) -> str:
    """Return a frame as CSV without a cell that a spreadsheet takes for a formula.

    `form` goes to polars: quote_style, include_header.
    """
    return str(_changed(frame, _marked).write_csv(**form))


def plain_text(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame that was read from `csv_text` with its texts as they were."""
    return _changed(frame, _unmarked)


def _changed(frame: pl.DataFrame, change: Callable[[pl.Expr], pl.Expr]) -> pl.DataFrame:
    names = pl.DataFrame({"name": frame.columns}, schema={"name": pl.String})
    changed = names.with_columns(change(pl.col("name")).alias("name"))["name"]
    texts = frame.with_columns(
        change(pl.col(name).cast(pl.String)).alias(name)
        for name, kind in frame.schema.items()
        if kind in (pl.String, pl.Categorical, pl.Enum)
    )
    return texts.rename(dict(zip(frame.columns, changed, strict=True)))


def _needs(text: pl.Expr) -> pl.Expr:
    return text.str.contains(_FORMULA) & ~text.str.contains(_NUMBER)


def _marked(text: pl.Expr) -> pl.Expr:
    return pl.when(_needs(text)).then(pl.lit(_MARK) + text).otherwise(text)


def _unmarked(text: pl.Expr) -> pl.Expr:
    rest = text.str.slice(1)
    return pl.when(text.str.starts_with(_MARK) & _needs(rest)).then(rest).otherwise(text)
