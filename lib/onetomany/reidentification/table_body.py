"""Keep the records of a table of people apart from other rows that a sheet may contain.

A second table is refused. Names repeated from page to page, subtotals and page numbers are left
out; rows that may be no records, and tables that may not be of people, are reported.
"""

from collections.abc import Sequence

import polars as pl

from onetomany.errors import InputError
from onetomany.printing import Notify, shortened
from .column_types import iterate_pieces, list_places
from .names_row import is_counted, is_turned, looks_numeric

FEW_BREAKS = 20  # more blank rows divide groups, not tables
SEEN = 200  # records that show a table's shape
TOTALS = (
    "total", "totals", "sum", "grand total", "subtotal", "sub-total", "sub total", "합계", "계",
    "총계", "소계", "전체", "gesamt", "insgesamt", "summe", "total général", "totale", "totaal",
    "итого", "всего", "合計", "小計", "合计", "小计", "总计", "المجموع",
)  # fmt: skip
_NAMES_TOO = ("sum", "계", "전체")  # words that may be a name or a value
_ANY_TOTAL = r"(?i)^\s*(?:sub|grand)?[- ]?totals?\b|\btotal\s*$|요약\s*$"  # as in 'North Total'
_PAGE = r"(?i)^\W*(?:page|페이지|쪽)\s*\d+|^\W*\d+\s*(?:쪽|페이지|/\s*\d+)\W*$"
_STRIPPED = " \t\r\n\ufeff\u200b\u200e\u200f\u00a0"
_EDGES = "* :"


def refuse_second_tables(
    file_name: str, names: Sequence[str], rows: pl.DataFrame, notify: Notify
) -> None:
    """Raise InputError if a sheet has two tables, side by side or one below the other.

    `rows` are those below the names, as read. An empty column that may only be a space adds a
    notice.
    """
    filled = rows.select((pl.all().fill_null("").str.strip_chars(_STRIPPED) != "").name.keep())
    _side_by_side(file_name, names, filled, notify)
    many = filled.select(pl.sum_horizontal(pl.all().cast(pl.Int32))).to_series().to_list()
    breaks = [place for place in range(1, len(many)) if many[place - 1] <= 1 < many[place]]
    if not 0 < len(breaks) <= FEW_BREAKS or not any(many[: breaks[0]]):
        return
    numeric: list[int] = []
    before = rows.head(breaks[0])
    for column in range(len(names)):
        cells = [cell for cell in before[str(column)].drop_nulls().to_list() if cell.strip()]
        if sum(map(looks_numeric, cells)) > 0.5 * len(cells):
            numeric.append(column)
    for place in breaks:
        cells = [(cell or "").strip() for cell in rows.row(place)]
        words = [cell for cell in cells if cell and not looks_numeric(cell)]
        if len(words) == many[place] and any(cells[column] for column in numeric):
            if cells == list(names):
                continue
            raise InputError(
                f"{file_name} has a second table, which begins {place + 1:,} rows below the "
                "names of the first: save each table in a file of its own."
            )


def _side_by_side(
    file_name: str, names: Sequence[str], filled: pl.DataFrame, notify: Notify
) -> None:
    for column in range(1, len(names) - 1):
        left, right = names[:column], names[column + 1 :]
        if names[column] or not any(left) or not right[0] or filled[str(column)].any():
            continue
        on_left = filled.select(pl.any_horizontal(pl.nth(range(column)))).to_series()
        on_right = filled.select(
            pl.any_horizontal(pl.nth(range(column + 1, len(names))))
        ).to_series()
        one = (on_left != on_right).arg_true().to_list()
        both = (on_left & on_right).arg_true().to_list()
        if one and both and min(one) > max(both):
            raise InputError(
                f"{file_name} has two tables side by side, with the empty column {column + 1} "
                "between them: save each table in a file of its own."
            )
        notify(
            f"Column {column + 1} is empty: if it divides two tables, save each in a file "
            "of its own.",
            f"{column + 1}번째 열은 비어 있다. 두 표를 나누는 열이라면 표마다 따로 저장한다.",
        )


def keep_records(table: pl.LazyFrame, notify: Notify) -> pl.LazyFrame:
    """Return a table without repeated names, subtotals and page numbers among its records.

    A total is left out if its row has fewer cells than usual, or is the first record.
    """
    names = table.collect_schema().names()
    if len(names) < 2:
        return table
    seen = table.head(SEEN).collect()
    texts = [pl.col(name).fill_null("").str.strip_chars(_STRIPPED) for name in names]
    filled = pl.sum_horizontal(text != "" for text in texts)
    usual = int(seen.select(filled.quantile(0.75, "nearest")).item() or 0)
    first = pl.coalesce(pl.when(text != "").then(text) for text in texts).fill_null("")
    named = pl.all_horizontal(text == name for text, name in zip(texts, names, strict=True))
    word = first.str.strip_chars(_EDGES).str.to_lowercase()
    short = filled < usual
    total = (word.is_in(TOTALS) | first.str.contains(_ANY_TOTAL)) & short
    page = first.str.contains(_PAGE) & short & (filled == 1)
    if seen.select(word).to_series()[0] in set(TOTALS) - set(_NAMES_TOO):
        total = total | (pl.int_range(pl.len()) == 0)
    out = pl.any_horizontal(named, total, page)
    left_out, before = list[int](), 0
    for piece in iterate_pieces(table, "looking for totals"):
        begun = piece.select(out if before == 0 else pl.any_horizontal(named, total & short, page))
        left_out += [before + each + 1 for each in begun.to_series().arg_true().to_list()]
        before += len(piece)
    if not left_out:
        return table
    if len(left_out) == before:
        raise InputError("The table contains only totals, page numbers or names, and no records.")
    many, places = len(left_out), list_places(left_out)
    notify(
        f"Rows among the records are left out, as totals, page numbers or repeated names: "
        f"{many:,} (rows {places}); records are numbered without them.",
        f"기록 사이의 합계, 쪽 번호, 되풀이된 열 이름 {many:,}줄({places}번째)을 뺐다. 기록 "
        "번호는 이를 빼고 센 것이다.",
    )
    label = "row" + "_" * (1 + max(map(len, names)))  # no column's name
    numbered = table.with_row_index(label, offset=1)
    return numbered.filter(~pl.col(label).is_in(left_out)).drop(label)


def report_shape(table: pl.LazyFrame, notify: Notify) -> None:
    """Add notices if rows may be headings, or the table one of counts or turned on its side."""
    seen = table.head(SEEN).collect()
    rows = [[cell or "" for cell in row] for row in seen.iter_rows()]
    names = seen.columns
    if is_counted(names, rows):
        notify(
            "The names of columns are years, bands or totals: if the numbers are counts, the "
            "rows are not people and the results mean nothing.",
            "열 이름이 연도, 구간, 합계이다. 수가 건수라면 줄이 사람이 아니므로 결과는 뜻이 없다.",
        )
    elif is_turned(names, rows):
        notify(
            "Rows look like columns, each with numbers or words only: if people are in "
            "columns, transpose the table first.",
            "줄마다 수나 말만 있어 행과 열이 바뀐 표로 보인다. 사람이 열에 있다면 먼저 바꾼다.",
        )
    _report_headings(rows, notify)


def _report_headings(rows: Sequence[Sequence[str]], notify: Notify) -> None:
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    usual = sorted(filled)[len(filled) // 2] if filled else 0
    common = {row[0].strip() for row, many in zip(rows, filled, strict=True) if many > 1}
    alone = [
        place
        for place, (row, many) in enumerate(zip(rows, filled, strict=True), 1)
        if many == 1 and row[0].strip() and row[0].strip() not in common
    ]
    if usual > 2 and alone:
        places = list_places(alone)
        notify(
            f"Only the first cell is filled in records {places}: if these are headings, "
            "delete them, since each counts as a person.",
            f"첫 칸만 찬 기록이 있다({places}번째). 소제목이라면 사람으로 세므로 지운다.",
        )


def report_empty(names: Sequence[str], notify: Notify) -> None:
    """Add a notice on named columns without any value."""
    if names:
        shown = ", ".join(f"'{shortened(name)}'" for name in names[:5])
        notify(
            f"Columns without any value: {shown}. Formulas must be calculated and saved first.",
            f"값이 하나도 없는 열: {shown}. 수식은 계산하여 저장한 뒤에 읽을 수 있다.",
        )
