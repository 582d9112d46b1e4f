"""Draw the figures that disclosures imply: tables of figures, inputs and meanings, a chart."""

import altair as alt
import polars as pl

from onetomany.confidence import PERCENT, PERCENT_KO
from .axes import kind_color
from .columns import as_text, each_row, kind_words
from .marks import mark, tooltips
from .reader_table import ReaderTable, TableLine, Words, reader_table, table_column
from .theme import BLUE, GREY, ORANGE, Finished, finish

_KINDS = {
    "face": ("face search 얼굴 검색", BLUE),
    "gate": ("border gate 출입 심사대", ORANGE),
    "other": ("behaviour or weapons 행동·무기", GREY),
}
_ROW = 48  # pixels
_WIDTH = 620


def reckoning_table(figures: pl.DataFrame, *, title: Words, source: str) -> ReaderTable:
    """Return the figures that a programme's disclosures imply.

    Takes `accuracy.reckoner_words.worded_figures`.
    """
    return reader_table(
        figures,
        [
            table_column(("Figure", "수치"), "name_en", "basis_en", wide=True),
            table_column(("Value", "값"), "said"),
            table_column(("Range, unknown inputs", "범위(모르는 입력)"), "range"),
            table_column(
                (f"{PERCENT}, another such period", f"{PERCENT_KO} 구간, 같은 기간이 또 있을 때"),
                "interval",
            ),
        ],
        title=title,
        status="computed",
        source=source,
    )


def reckoner_inputs_table(inputs: pl.DataFrame, *, title: Words, source: str) -> ReaderTable:
    """Return the inputs of a reckoning, each with its range and its source.

    Takes `accuracy.reckoner_words.worded_inputs`. Assumed and reference inputs are marked.
    """
    shown = inputs.with_columns(open=pl.col("basis") != "disclosed")
    return reader_table(
        shown,
        [
            table_column(
                ("Input and source", "입력과 출처"),
                "name_en",
                TableLine("basis_en", "basis_ko", mark="open"),
                TableLine("source_en", "source_ko", link="url", kind="name"),
                wide=True,
            ),
            table_column(("Value", "값"), "said", "days_en"),
            table_column(("Range", "범위"), "range"),
        ],
        title=title,
        status="published",
        source=source,
    )


def accuracy_meanings_table(implied: pl.DataFrame, *, title: Words, source: str) -> ReaderTable:
    """Return the figures that one percentage implies under each of its meanings.

    Takes `accuracy.reckoner_words.worded_meanings`.
    """
    return reader_table(
        implied.with_columns(ruled_out=pl.col("fits").eq(False).fill_null(False)),
        [
            table_column(
                ("If it means", "이런 뜻이라면"),
                "meaning_en",
                TableLine("silent_en", "silent_ko", label=("doesn't say", "말하지 않는 것")),
                TableLine("fits_en", "fits_ko", mark="ruled_out"),
                wide=True,
            ),
            table_column(
                ("Alarms a day", "하루 경보"), TableLine("alarms_a_day_text", unknown=True)
            ),
            table_column(
                ("Right, of ten", "10건 중 맞는 것"), TableLine("right_of_ten_text", unknown=True)
            ),
            table_column(
                ("Stopped wrongly a year", "한 해에 잘못 멈춘 사람"),
                TableLine("wrong_a_year_text", unknown=True),
            ),
        ],
        title=title,
        status="computed",
        source=source,
    )


def right_of_ten_chart(programmes: pl.DataFrame, *, source: str) -> Finished:
    """Draw how many of ten alarms were right in each programme, with ranges.

    Takes the row `right_of_ten` of `accuracy.reckoner.RECKONED` for each programme, with its
    names and `kind` (`accuracy.reckoner.reckon_all`). Rows are drawn in their order; the title
    counts those of the operators' own counts.
    """
    kind = pl.when(pl.col("kind").is_in(["face", "gate"])).then("kind").otherwise(pl.lit("other"))
    shown = programmes.with_row_index("place").with_columns(
        kind=kind.replace_strict(kind_words(_KINDS)),
        english=pl.col("name_en"),
        korean=pl.col("name_ko"),
    )
    drawn = set(shown["kind"])
    kinds = {key: each for key, each in _KINDS.items() if each[0] in drawn}
    colour = kind_color("kind:N", kinds, orient="bottom", symbolOpacity=1)
    # the name is above its line, so that it fits a telephone
    rows = alt.Scale(domain=[-0.8, len(shown) - 0.5], reverse=True, nice=False)
    y = alt.Y("place:Q", axis=None, scale=rows)
    base = alt.Chart(shown).encode(y=y, color=colour)
    texts = shown.select("place", label=pl.format("{}\n{}", "name_en", "name_ko"))
    look = {"baseline": "bottom", "lineBreak": "\n", "lineHeight": 13, "fontSize": 11}
    names = mark(texts, "text", align="left", dy=-20, **look)
    layers = [*_ranges(base), names.encode(y=y, x=alt.value(0), text="label:N")]
    told = shown.filter(basis="counted")
    few, most = int((told["value"] <= 5).sum()), len(told)
    return finish(
        alt.layer(*layers).properties(width=_WIDTH, height=_ROW * len(shown)),
        title=f"In {few} of {most} programmes at most half of the alarms were known to be right",
        title_ko=f"사업 {most}곳 가운데 {few}곳에서 맞다고 알려진 경보는 절반 이하였다",
        source=f"{source}; band 띠: not accounted for or unknown 설명되지 않았거나 모름; "
        f"line 선: {PERCENT} for another such period 같은 기간이 또 있을 때",
        description="Right ones of ten alarms by programme, as the operator counts or as far as "
        "the disclosure says: "
        + each_row(shown.with_columns(said=_value_or_range()), "{name_en}: {said}"),
    )


def _ranges(base: alt.Chart) -> list[alt.Chart]:
    """Return the span of unknown inputs, the interval and the value of each programme."""
    across = alt.X(
        "low:Q",
        title="Right, of ten alarms 경보 10건 중 맞는 것",
        scale=alt.Scale(domain=[0, 10]),
        axis=alt.Axis(values=list(range(0, 11, 2)), orient="top", format="d"),
    )
    span = base.mark_rule(strokeWidth=7, opacity=0.3).encode(x=across, x2="high:Q")
    interval = base.mark_rule(strokeWidth=1.4, opacity=0.8).encode(
        x=alt.X("interval_low:Q"), x2="interval_high:Q"
    )
    ends = "value low high interval_low interval_high"
    dots = mark(base.transform_filter("isValid(datum.value)"), "point", size=85).encode(
        x="value:Q", tooltip=tooltips("english:N", "korean:N", (ends, ".3~r"), "basis:N")
    )
    return [span, interval, dots]


def _value_or_range() -> pl.Expr:
    value, low, high = (as_text(name, "{:.2g}") for name in ("value", "low", "high"))
    return pl.coalesce(value, pl.format("{} to {}", low, high))
