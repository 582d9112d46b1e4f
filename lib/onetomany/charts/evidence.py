"""Show which questions of an opposing expert the files of a bundle answer."""

import polars as pl

from .reader_table import ReaderTable, TableLine, Words, reader_table, table_column

_HOLDS = {
    "full": ("yes", "답한다"),
    "part": ("in part", "일부 답한다"),
    "none": ("no file can", "파일로는 못 한다"),
}


_MISSING = ("not in this bundle", "이 묶음에 없음")
_COLUMNS = [
    table_column(
        ("Question", "물음"),
        TableLine("question", "question_ko"),
        TableLine("factor", "factor_ko", label=("asked under", "근거")),
    ),
    table_column(("Do files answer it?", "파일이 답하나"), "holds_en"),
    table_column(
        ("Where in the bundle (files)", "묶음의 어디에 (파일 수)"),
        TableLine("there", kind="code"),
        TableLine("missing", label=_MISSING, mark="open", kind="code"),
    ),
]


def answers_table(table: pl.DataFrame, *, source: Words) -> ReaderTable:
    """Return a row for each question: whether files answer it, and in which parts of the bundle.

    Takes `examples.sample_bundle.list_expert_questions`. Each part is given with its number of
    files; a part without a file in this bundle is marked.
    """
    part = pl.col("part").str.replace("data/", "", literal=True)
    shown = table.group_by("number", maintain_order=True).agg(
        pl.col("question", "question_ko", "factor", "factor_ko", "holds").first(),
        there=pl.format("{} ({})", part, "files").filter(pl.col("files") > 0).str.join(", "),
        missing=part.filter(pl.col("files") == 0).str.join(", "),
    )
    shown = shown.with_columns(
        pl.col("there", "missing").replace("", None),
        open=pl.col("missing") != "",
        holds_en=pl.col("holds").replace_strict({key: words[0] for key, words in _HOLDS.items()}),
        holds_ko=pl.col("holds").replace_strict({key: words[1] for key, words in _HOLDS.items()}),
    )
    none = shown.filter(holds="none").height
    return reader_table(
        shown,
        _COLUMNS,
        title=(
            f"No file answers {none} of the {shown.height} questions that the other side will ask",
            f"상대편이 물을 {shown.height}가지 가운데 {none}가지는 파일로 답할 수 없다",
        ),
        status="computed",
        source=source,
    )
