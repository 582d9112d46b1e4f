"""Check the tables of a TOML file against a dataclass, by pydantic; a fault is one short phrase."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import Annotated, Any, TypeVar, cast

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    Strict,
    StrictInt,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

T = TypeVar("T")
Text = Annotated[str, StringConstraints(pattern=r"\S")]
Number = Annotated[StrictInt, Field(gt=0)]
Day = Annotated[date, Strict()]

# what pydantic finds wrong -> what a value must be
_FAULTS = {
    "missing": "is missing: add it",
    "unexpected_keyword_argument": "is an unknown field: remove it",
    "string_type": "must be a text that is not empty",
    "string_pattern_mismatch": "must be a text that is not empty",
    "int_type": "must be a whole number of 1 or more",
    "greater_than": "must be a whole number of 1 or more",
    "bool_type": "must be true or false",
    "date_type": "must be a date, such as 2026-11-24",
    "tuple_type": "must be a list",
    "dataclass_type": "must be a table with entries",
    "literal_error": "is '{input}': it must be of {expected}",
    "value_error": "{error}",
}


class Table:
    """Base of dataclasses that `from_table` makes: a field that they lack is refused."""

    __pydantic_config__ = ConfigDict(extra="forbid")


class FieldError(ValueError):
    """A field, such as 'steps.decision.unit', and what is wrong with its value."""

    def __init__(self, field: str, what: str) -> None:
        super().__init__(f"'{field}' {what}")


def one_of(choices: Iterable[str]) -> AfterValidator:
    """Return a check that a text is one of `choices`, for `Annotated[str, one_of(...)]`."""
    known = tuple(choices)

    def check(value: str) -> str:
        if value not in known:
            raise ValueError(f"is '{value}': it must be of {', '.join(known)}")
        return value

    return AfterValidator(check)


def from_table(kind: type[T], table: Any, at: str = "") -> T:
    """Return a table of a file as `kind`, a dataclass below `Table`, lists as tuples.

    Raises FieldError for a field that the dataclass lacks, or that lacks here, or has another form.
    Its field begins with `at`; an entry of a list is named by its id, or by its number from 1.
    """
    try:
        return cast(T, _adapter(kind).validate_python(table))  # type: ignore[arg-type]
    except ValidationError as error:
        # an unknown field is often a misspelt one, which is then missing too
        fault = min(error.errors(), key=lambda each: each["type"] != "unexpected_keyword_argument")
        field = ".".join(filter(None, (at, *_names(fault["loc"], table))))
        what = _FAULTS[fault["type"]].format(input=fault["input"], **fault.get("ctx", {}))
        raise FieldError(field, what) from None


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def entry_name(entry: Any, index: int) -> str:
    """Return an entry's name in a list: its id, or its number from 1."""
    own = entry.get("id") if isinstance(entry, dict) else None
    return own if isinstance(own, str) and own.strip() else str(index + 1)


def _names(steps: Iterable[str | int], table: Any) -> list[str]:
    names = []
    for step in steps:
        found = isinstance(table, list | dict) and (isinstance(step, int) or step in table)
        table = table[step] if found else None
        names.append(entry_name(table, step) if isinstance(step, int) else step)
    return names
