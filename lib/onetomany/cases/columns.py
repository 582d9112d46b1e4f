"""The tables of a case folder and their columns, as plain data (data/columns.csv).

`docs/cases.md` shows them to people, `datapackage.json` to other programs (Frictionless Data
Package 1.0), and `case_tables.read_case_table` checks them.
"""

from dataclasses import dataclass

from onetomany.sources.kit_files import packaged_rows

DATE = r"^\d{4}(-\d{2}(-\d{2})?)?$"  # as precise as the source: 2019-04-30, 2019-04 or 2019
WINDOW = r"^(\d{4}(-\d{2}){0,2})?(/(\d{4}(-\d{2}){0,2})?)?$"  # 2019/2022, 2019/ or 2019-04
ADDRESS = r"^https?://\S+$"


@dataclass(frozen=True)
class CaseColumn:
    """A column of a table: the content of its cells, and which are refused.

    `kind` is string, number, integer or day (YYYY-MM-DD). A cell that isn't empty must match
    `pattern` and be one of `choices`, if there are any.
    """

    name: str
    about: str
    required: bool = False
    kind: str = "string"
    pattern: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class CaseTable:
    """A table of the folder: its columns and the column that names a row, if one does."""

    name: str
    about: str
    columns: tuple[CaseColumn, ...]
    key: str = ""
    optional: bool = False  # the folder is complete without it
    suffix: str = ".csv"

    @property
    def file(self) -> str:
        return f"{self.name}{self.suffix}"

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]


_FORMS = {"": "", "date": DATE, "window": WINDOW, "address": ADDRESS}
_ROWS = packaged_rows(__package__, "columns.csv")


def _table(name: str, about: str, key: str = "", *, optional: bool = False) -> CaseTable:
    columns = (
        CaseColumn(
            row["column"],
            row["about"],
            row["needed"] == "yes",
            row["kind"] or "string",
            _FORMS[row["form"]],
            tuple(filter(None, row["choices"].split("|"))),
        )
        for row in _ROWS
        if row["table"] == name
    )
    return CaseTable(name, about, tuple(columns), key, optional)


CLAIMS = _table(
    "claims",
    "Claims with their speakers, one a row; the same subject and attribute are compared",
    "claim_id",
)
EVENTS = _table("events", "Events, one a row")
NUMBERS = _table("numbers", "Figures that were disclosed or said, one a row", "id")
BODIES = _table("bodies", "Who speaks, and who runs the system", "name")
PROVISIONS = _table("provisions", "The law, a row for each version of a provision")
GAPS = _table("gaps", "Documents that are missing, and whom to ask", "gap", optional=True)
ORDER = _table(
    "order", "Which subject is part of which, and which event comes before which", optional=True
)
TOPICS = _table("topics", "Names of the contested questions", optional=True)
TABLES = (CLAIMS, EVENTS, NUMBERS, BODIES, PROVISIONS, GAPS, ORDER, TOPICS)
SPEAKERS = next(column.choices for column in BODIES.columns if column.name == "kind")


def case_table(name: str) -> CaseTable:
    """Return a table by its name, such as 'claims'.

    >>> case_table("claims").file
    'claims.csv'
    """
    return next(table for table in TABLES if table.name == name)
