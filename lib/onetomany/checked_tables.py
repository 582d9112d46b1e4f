"""Read TOML that people write, and check its tables against a dataclass, by pydantic.

A fault is one sentence with file, field and remedy. pydantic is imported when the first table is
checked: `onetomany --help` and `import onetomany` don't wait for it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from importlib.resources.abc import Traversable
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, cast, get_args, get_type_hints

from onetomany.errors import InputError, near

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, TypeAdapter
    from pydantic_core import CoreSchema

T = TypeVar("T")
_LONGEST = 60  # characters of a value within a sentence

# the form of a value, by pydantic's name of its fault
_TYPES = {
    "bool_type": "true or false",
    "dataclass_type": "a table",
    "date_type": "a date without quotes, such as 2026-11-24",
    "dict_type": "a table",
    "finite_number": "a number",
    "float_type": "a number",
    "int_type": "a whole number",
    "string_type": "a text",
    "tuple_type": "a list",
}


class Table:
    """Base of dataclasses that `from_table` makes: a field that they lack is refused."""

    # as strict as TOML is: no text and no `true` is taken for a number
    __pydantic_config__ = {"extra": "forbid", "strict": True, "allow_inf_nan": False}  # noqa: RUF012

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return cast("CoreSchema", {**handler(source), "strict": False})  # else instances alone fit


class Row(Table):
    """Base of dataclasses that a file writes as a list of their fields in order, [name, x, y]."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import PydanticCustomError, core_schema

        names = [each.name for each in fields(cls)]  # type: ignore[arg-type]

        def named(value: Any) -> dict[str, Any]:
            if not isinstance(value, tuple) or len(value) != len(names):
                words = f"[{', '.join(names)}]"
                raise PydanticCustomError("form", "form", {"words": words})
            return dict(zip(names, value, strict=True))

        schema = super().__get_pydantic_core_schema__(source, handler)
        return core_schema.no_info_before_validator_function(named, schema)


class Form:
    """A field's form beyond its type, for `Annotated[str, Form("a web address", test)]`.

    `words` name it in an error; `fits` tests a value of the right type, which `before` may first
    make of the file's.
    """

    def __init__(
        self,
        words: str,
        fits: Callable[[Any], object] = lambda value: True,
        before: Callable[[Any], Any] = lambda value: value,
    ) -> None:
        self.words, self.fits, self.before = words, fits, before

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        from pydantic_core import core_schema

        schema = core_schema.no_info_before_validator_function(self.before, handler(source))
        return core_schema.custom_error_schema(
            core_schema.no_info_after_validator_function(self._checked, schema),
            "form",
            custom_error_message="form",
            custom_error_context={"words": self.words},
        )

    def _checked(self, value: Any) -> Any:
        if not self.fits(value):
            raise ValueError
        return value


def one_of(choices: Iterable[str]) -> Form:
    """Return the form of a text that is one of `choices`."""
    known = tuple(choices)
    return Form(f"one of {', '.join(known)}", known.__contains__)


def in_range(low: float, high: float, more: str = "") -> Form:
    """Return the form of a number from `low` to `high`; `more`, such as a unit, ends the words."""
    return Form(f"a number from {low:g} to {high:g}{more}", lambda value: low <= value <= high)


Text = Annotated[str, Form("a text that is not empty", str.strip)]
# of a thing: `gate = 1` is as good as `gate = "1"`
Name = Annotated[
    str,
    Form("a name", str.strip, lambda value: str(value) if type(value) is int else value),
]
Number = Annotated[int, Form("a whole number of 1 or more", lambda value: value > 0)]
Positive = Annotated[float, Form("a number above 0", lambda value: value > 0)]


@dataclass(frozen=True)
class TableFault:
    """A fault of a field: `kind` is "unknown", "missing" or "form", `sentence` follows its name.

    `words` name the form that it must have, `alike` the fields that may be meant (`errors.near`).
    """

    kind: str
    field: str  # such as 'steps.decision.unit'
    sentence: str
    words: str = ""
    alike: str = ""


class FieldError(InputError, ValueError):
    """Faults of a table, the most telling first; its text is that of the first.

    A dataclass below `Table` may raise it when it is made: for `from_table` it is a fault like any.
    """

    def __init__(self, field: str, sentence: str, faults: tuple[TableFault, ...] = ()) -> None:
        self.faults = faults or (TableFault("form", field, sentence),)
        shown = field if field.isprintable() else ascii(field)
        super().__init__(f"'{shown}' {sentence}")


def from_table(kind: type[T], table: Any, at: str = "", *, secret: bool = False) -> T:
    """Return a table of a file as `kind`, a dataclass below `Table`, lists as tuples.

    Raises FieldError for fields that the dataclass lacks, or that lack here, or have another form.
    Each begins with `at`; an entry of a list is named by its id or name, or by its number from 1.
    With `secret` no value is repeated.
    """
    from pydantic import ValidationError

    given = _tuples(table)
    try:
        return cast(T, _adapter(kind).validate_python(given))  # type: ignore[arg-type]
    except ValidationError as error:
        # an unknown field is often a misspelt one, which is then missing too
        found = sorted(
            error.errors(), key=lambda each: each["type"] != "unexpected_keyword_argument"
        )
        faults = tuple(_fault(kind, each, given, at, secret) for each in found)
        raise FieldError(faults[0].field, faults[0].sentence, faults) from None


def named_tables(kind: type[T], tables: Any, at: str = "", *, key: str = "id") -> dict[str, T]:
    """Return the tables of a table, each as `kind`, by name. Raises FieldError as `from_table`.

    Each gets its name as its field `key`, unless that is ''.
    """
    found = {}
    for name, table in tables.items():
        where, own = ".".join(filter(None, (at, name))), {key: name} if key else {}
        if isinstance(table, dict) and own.keys() & table.keys():
            raise FieldError(f"{where}.{key}", "is an unknown field: remove it")
        found[name] = from_table(kind, own | table if isinstance(table, dict) else table, where)
    return found


@contextmanager
def faults_of(path: object, more: str = "") -> Iterator[None]:
    """Raise InputError, with the file's name and `more` at its end, for a FieldError inside."""
    try:
        yield
    except FieldError as error:
        raise InputError(f"{path}: {error}{more}.") from None


def read_toml(path: Path | Traversable) -> dict[str, Any]:
    """Parse a TOML file in UTF-8. Raises InputError, naming it, if it can't be read."""
    return parse_toml(read_utf8(path), path)


def read_utf8(path: Path | Traversable) -> str:
    """Return the text of a file. Raises InputError, naming it, if it can't be read as UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")  # Notepad adds a byte order mark
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is not in UTF-8: save it as UTF-8.") from None


def parse_toml(text: str, path: object) -> dict[str, Any]:
    """Parse TOML. Raises InputError that names the file `path`."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        why = str(error)
    except RecursionError:
        why = "lists are nested too deeply"
    except ValueError:  # Python's, of whole numbers
        why = "a number has too many digits"
    raise InputError(f"{path} can't be read as TOML: {why}.")


def entry_name(entry: Any, index: int) -> str:
    """Return an entry's name in a list: its id or name, or its number from 1."""
    if isinstance(entry, dict):
        first = [entry.get("id"), entry.get("name")]
    else:
        first = list(entry[:1]) if isinstance(entry, tuple) else []  # of a Row
    texts = (each for each in first if isinstance(each, str))
    return next((each for each in texts if each.strip() and each.isprintable()), str(index + 1))


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _tuples(each) for key, each in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _fault(table_kind: Any, error: Any, table: Any, at: str, secret: bool) -> TableFault:
    kind, steps, value = error["type"], error["loc"], error["input"]
    field = ".".join(filter(None, (at, *_names(steps, table, secret)))) or "the file"
    if kind == "missing":
        return TableFault("missing", field, "is missing: add it")
    if kind == "unexpected_keyword_argument":
        alike = near(steps[-1], [each.name for each in fields(_kind_at(table_kind, steps[:-1]))])
        remedy = f"remove it or correct its name{alike}" if alike else "remove it"
        return TableFault("unknown", field, f"is an unknown field: {remedy}", alike=alike)
    facts = error.get("ctx", {})
    if isinstance(own := facts.get("error"), FieldError):
        return TableFault("form", field, own.faults[0].sentence)
    words = facts.get("words") or facts.get("expected") or _TYPES.get(kind)
    words = words or error["msg"].removeprefix("Input should be ")
    if steps[-1:] == ("[key]",):
        return TableFault("unknown", field, f"is an unknown field: it must be {words}", words)
    if secret or (isinstance(value, str) and not value.strip()):
        sentence = f"must be {words}"
    elif isinstance(value, str) and kind in ("form", "literal_error"):
        sentence = f"is {_shown(value)}: it must be {words}"
    elif kind == "tuple_type" and is_dataclass(_kind_at(table_kind, (*steps, 0))):
        sentence = f"must be a list: each of its tables begins with [[{field}]], two brackets"
    else:
        sentence = f"must be {words}, not {_shown(value)}"
    return TableFault("form", field, sentence, words)


def _kind_at(kind: Any, steps: Iterable[str | int]) -> Any:
    """Return the type at a place of a table: a dataclass, a list's entry, or another."""
    for step in steps:
        if is_dataclass(kind):
            kind = get_type_hints(kind).get(str(step))
            kind = next((each for each in get_args(kind) if NoneType in get_args(kind)), kind)
        else:
            inner = [each for each in get_args(kind) if each is not Ellipsis]
            kind = inner[-1] if inner else None
    return kind


def _names(steps: Iterable[str | int], table: Any, secret: bool) -> list[str]:
    names = []
    for step in steps:
        if isinstance(step, int):
            table = table[step] if isinstance(table, tuple) and step < len(table) else None
            hidden = secret and not isinstance(table, dict)
            names.append(str(step + 1) if hidden else entry_name(table, step))
        elif step != "[key]":  # a table's name, after the name itself
            table = table.get(step) if isinstance(table, dict) else None
            names.append(step if step and step.isprintable() else ascii(step))
    return names


def _shown(value: Any) -> str:
    """Return a value as a sentence repeats it: short, on one line."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, tuple):
        shown = f"[{', '.join(map(_shown, value))}]"
    elif isinstance(value, str):
        shown = repr(value)
    else:
        try:
            shown = str(value).lower() if isinstance(value, bool) else str(value)
        except ValueError:  # Python's, of whole numbers with thousands of digits
            return "a number of so many digits"
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."
