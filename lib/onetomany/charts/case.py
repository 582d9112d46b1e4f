"""The case: its events as a table, its three counts, and who said which number."""

import altair as alt
import polars as pl

from .axes import kind_color, names_axis
from .columns import as_text, kind_words
from .languages import both, both_columns, in_language
from .presenter import add_korean
from .reader_table import ReaderTable, TableLine, reader_table, table_column
from .sliders import count_in_words
from .theme import BLUE, GREEN, ORANGE, RED, Finished, finish

WIDTH = 620
_STRANDS = {
    "law": ("law", "법률"),
    "project": ("project", "사업"),
    "disclosure": ("made public", "공개"),
    "oversight": ("oversight", "감독"),
    "court": ("court", "재판"),
}
_SUBJECTS = {
    "koreans": ("Koreans ", "내국인 "),
    "foreigners": ("Foreigners ", "외국인 "),
    "all": ("Both ", "합계 "),
}
_ORDER = {subject: place for place, subject in enumerate(_SUBJECTS)}
_UNITS = {
    "records": ("records 건", BLUE),
    "persons": ("persons 명", RED),
    "firms": ("firms 개 기업", BLUE),
    "consortia": ("consortia 개 컨소시엄", GREEN),
    "KRW": ("KRW 원", BLUE),
}


_CITED = [  # tooltips of a claim
    alt.Tooltip("claim_id:N", title="claim 주장"),
    alt.Tooltip("said_by:N", title="said by"),
    alt.Tooltip("said_by_ko:N", title="말한 곳"),
    alt.Tooltip("value_en:N", title="value"),
    alt.Tooltip("value_ko:N", title="값"),
    alt.Tooltip("document_en:N", title="document"),
    alt.Tooltip("doc_date:N", title="date 날짜"),
    alt.Tooltip("url:N", title="URL"),
]


def case_timeline_table(events: pl.DataFrame) -> ReaderTable:
    """Return every event of `sources.case.case_timeline` with its three dates and its source.

    The dates are those of the event, of the document cited and of the day on which it could be read
    there.
    """
    dates = (
        ("Event", "일어난 날", "date"),
        ("Written", "기록된 날", "document_date"),
        ("Public", "공개된 날", "disclosure_date"),
    )
    rows = add_korean(events, ["publisher"]).with_columns(
        strand_en=pl.col("strand").replace({key: en for key, (en, _) in _STRANDS.items()}),
        strand_ko=pl.col("strand").replace({key: ko for key, (_, ko) in _STRANDS.items()}),
    )
    what = table_column(
        ("What happened", "있었던 일"),
        "event_en",
        TableLine("publisher", "publisher_ko", label=("source", "출처"), link="url", kind="name"),
        TableLine("strand_en", "strand_ko", label=("strand", "갈래")),
        wide=True,
    )
    return reader_table(
        rows,
        [*(table_column((en, ko), TableLine(name, unknown=True)) for en, ko, name in dates), what],
        title=("The case, 2010 to 2026", "사건의 흐름, 2010~2026년"),
        status="documented",
        source=("events.csv of this kit", "이 도구의 events.csv"),
    )


def windows_chart(figures: pl.DataFrame) -> Finished:
    """Draw the three counts of the misleading division, each over its own period.

    Takes `sources.case.case_numbers`.
    """
    rows = _three_counts(figures)
    base = alt.Chart(rows).encode(
        y=names_axis("bar", None, ticks=False, domain=False),
        tooltip=[
            alt.Tooltip("words:N", title="count"),
            alt.Tooltip("unit_ko:N", title="단위"),
            alt.Tooltip("span:N", title="window 기간"),
            alt.Tooltip("said_by:N", title="said by 출처"),
            alt.Tooltip("url:N", title="URL"),
        ],
    )
    years = alt.Axis(format="%Y", tickCount="year", labelOverlap=True)
    x = alt.X("start:T", title=None, scale=alt.Scale(nice="year"), axis=years)
    bars = base.mark_bar(height=16, cornerRadius=2).encode(
        x=x, x2="end:T", color=alt.Color("colour:N", scale=None), href="url:N"
    )
    end = alt.X("end:T")
    above = base.mark_text(align="right", dy=-19).encode(x=end, text="words:N")
    below = base.mark_text(align="right", dy=19).encode(x=end, text="words_ko:N")
    return finish(
        alt.LayerChart(layer=[bars, above, below], width=WIDTH - 100, height=alt.Step(72)),
        title="Three windows, three units: no row can be divided by another",
        title_ko="서로 다른 기간, 서로 다른 단위: 한 줄을 다른 줄로 나눌 수 없다",
        source=both(
            "Ministry of Justice via Minbyun, Yonhap, Seoul Economic Daily; Hackaday",
            "법무부(민변 보도자료), 연합뉴스, 서울경제, 해커데이",
        ),
        description="Three bars on one time axis. Records of Koreans cover 2005 to 2021, records "
        "of foreigners 2010 to 2021, the passenger count only May 2019 to November 2021.",
    )


def _three_counts(figures: pl.DataFrame) -> pl.DataFrame:
    """Return the three counts with their words, units and colours."""
    rows = pl.DataFrame(
        {
            "id": ["koreans_records", "foreigners_records", "passengers_claimed"],
            "bar": ["Koreans 내국인", "Foreigners 외국인", "Incheon 인천공항"],
            "unit_en": [
                "records: in or out, duplicates too",
                "records: entering only",
                "passengers: in, out, in transfer",
            ],
            "unit_ko": ["건: 출입국심사, 중복 포함", "건: 입국만", "명: 도착·출발·환승"],
            "colour": [BLUE, GREEN, ORANGE],
        }
    ).join(figures.drop("unit", "confidence"), on="id", maintain_order="left")
    millions = (pl.col("value") / 1e6).round(1).cast(pl.String).str.strip_suffix(".0")
    return rows.with_columns(
        span=pl.format("{} – {}", "period_start", "period_end"),
        words_ko=pl.format(
            "{} {}",
            as_text("value", lambda count: in_language(count_in_words(count), "ko")),
            "unit_ko",
        ),
        words=pl.format("{} million {}", millions, "unit_en"),
        start=pl.col("period_start").cast(pl.Datetime),
        end=pl.col("period_end").cast(pl.Datetime),
    )


def disagreements_chart(claims: pl.DataFrame) -> Finished:
    """Draw the same quantity as different bodies stated it.

    Takes `sources.case.case_claims`; tooltips have the citations.
    """
    return finish(
        alt.VConcatChart(
            vconcat=[
                _said(claims, "koreans foreigners all", "^count$|^held$", 1e6, "million 백만"),
                _said(claims, "recipients", "^firms$", 1, "recipients 제공받은 곳"),
                _said(claims, "project", "^budget 2019-2022$", 1e9, "KRW billion 십억 원"),
            ],
            spacing=18,
            resolve=alt.Resolve(scale=alt.ScaleResolveMap(color="independent")),
        ),
        title="One quantity, several numbers and units",
        title_ko="같은 것을 두고 서로 다른 숫자와 단위",
        source="claims.csv; a citation in each tooltip 점마다 출처",
        description="Dots show each number as each body gave it. The same 57.6 and 120 million "
        "are records to the ministries and persons to some press; firms range from 8 to 24.",
    )


def _said(
    claims: pl.DataFrame, subjects: str, attribute: str, scale: float, axis: str
) -> alt.LayerChart:
    """Return a panel with the numeric claims on these subjects, coloured by unit."""
    year = pl.col("doc_date").str.head(4)
    rows = (
        claims.filter(
            pl.col("subject").is_in(subjects.split()) & pl.col("attribute").str.contains(attribute)
        )
        .with_columns(
            value=pl.col("value").cast(pl.Float64) / scale,
            who=both_columns(_who(year, 0), _who(year, 1)),
            unit=pl.col("unit").replace(kind_words(_UNITS)),
        )
        .sort(pl.col("subject").replace_strict(_ORDER, default=9), "attribute", "doc_date")
    )
    units = {key: each for key, each in _UNITS.items() if each[0] in set(rows["unit"])}
    base = alt.Chart(rows).encode(
        x=alt.X(
            "value:Q",
            title=axis,
            scale=alt.Scale(domain=[0, 1.15 * max(rows["value"].to_list())], nice=False),
            axis=alt.Axis(tickCount=6, tickMinStep=1),
        ),
        y=names_axis("who", None, labelLimit=340, grid=True),
        href="url:N",
        tooltip=_CITED,
    )
    colour = kind_color("unit:N", units, shown=len(units) > 1)
    dots = base.mark_circle(size=110, opacity=1).encode(color=colour)
    labels = base.mark_text(align="left", dx=10).encode(text=alt.Text("value:Q", format=",.4~r"))
    return alt.LayerChart(layer=[dots, labels], width=WIDTH - 300, height=alt.Step(34))


def _who(year: pl.Expr, place: int) -> pl.Expr:
    """Return a claim's subject, year and speaker, in English (place 0) or Korean (place 1)."""
    names = {subject: words[place] for subject, words in _SUBJECTS.items()}
    subject = pl.col("subject").replace_strict(names, default="")
    kept = pl.lit(("held · ", "보유 · ")[place])
    held = pl.when(attribute="held").then(kept).otherwise(pl.lit(""))
    return pl.format("{}{} · {}{}", subject, year, held, ("said_by", "said_by_ko")[place])
