"""The rows of a workbook's sheet: shown or hidden cells, and numbers as their format shows them."""

import datetime
import re
from collections.abc import Iterable

from .number_formats import format_number, plain_number
from .plain import add_row
from .reading import Page

_EXAMPLES = 3  # of numbers whose format hides digits, in a note


class SheetRows:
    """A sheet as a table; `rows` and `columns` are the numbers of those that are hidden."""

    def __init__(
        self, page: Page, title: str, size: tuple[int, int] = (0, 0), *, from_1904: bool = False
    ) -> None:
        self.page, self.title, self.from_1904 = page, title, from_1904
        self.table = page.add_table(*size, title)
        self.rows, self.columns = set[int](), set[int]()
        self.seen = {"rows": set[int](), "columns": set[int]()}
        self.rounded: list[str] = []

    def add(
        self, number: int, fields: Iterable[tuple[int, str]], formulas: dict[int, str] | None = None
    ) -> bool:
        """Add a row's fields, the hidden ones apart; return whether there are such."""
        by_row = number in self.rows
        sides: dict[bool, list[tuple[int, str]]] = {False: [], True: []}
        for column, text in fields:
            unseen = by_row or column in self.columns
            if unseen and not self.page.hidden:
                self.seen["rows" if by_row else "columns"].add(number if by_row else column)
            sides[unseen or self.page.hidden].append((column, text))
        for hidden, side in sides.items():
            add_row(self.page, self.table, number, side, hidden=hidden, formulas=formulas)
        return bool(sides[True])

    def number(self, value: float, format_: str, place: tuple[int, int], *, dated: bool) -> str:
        """Return a number as its format shows it, and remember one of which it hides digits."""
        told = format_number(value, format_, from_1904=self.from_1904)
        held = plain_number(abs(value)).replace(".", "").strip("0")
        shown = re.sub(r"[^0-9]", "", told).strip("0")
        if not dated and held not in shown and "e" not in held.lower():
            from openpyxl.utils import get_column_letter

            cell = f"{get_column_letter(place[1])}{place[0]}"
            self.rounded.append(f"{cell} shows {told} for {plain_number(value)}")
        return told

    def tell_unseen(self) -> None:
        """Note the numbers of hidden rows and columns that aren't empty."""
        for what, numbers in self.seen.items():
            if numbers:
                told = ", ".join(map(str, sorted(numbers)[:20]))
                self.page.reading.note("hidden", f"Hidden {what} with content on '{self.title}': "
                                       f"{told}.", self.page.number)  # fmt: skip

    def tell_rounded(self) -> None:
        """Note cells that show fewer digits than the file stores."""
        if self.rounded:
            told, more = "; ".join(self.rounded[:_EXAMPLES]), len(self.rounded) - _EXAMPLES
            rest = f"; and {more:,} more" if more > 0 else ""
            self.page.reading.note("hidden", f"Cells on '{self.title}' show fewer digits than the "
                                   f"file contains, by their number format: {told}{rest}.",
                                   self.page.number)  # fmt: skip


def as_serial(value: object, epoch: datetime.datetime) -> float | None:
    """Return a number, date, time or span as the number that a workbook stores; else None."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    day = datetime.timedelta(days=1)
    if isinstance(value, datetime.datetime):
        days = (value.replace(tzinfo=None) - epoch) / day
        # the workbook's calendar has a 29th of February 1900, which there was not
        return days - 1 if epoch.year < 1904 and 1 <= days < 61 else days
    if isinstance(value, datetime.date):
        return as_serial(datetime.datetime.combine(value, datetime.time()), epoch)
    if isinstance(value, datetime.timedelta):
        return value / day
    if isinstance(value, datetime.time):
        start = datetime.datetime.min
        return (datetime.datetime.combine(start, value.replace(tzinfo=None)) - start) / day
    return None
