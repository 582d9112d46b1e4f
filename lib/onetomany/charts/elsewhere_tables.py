"""Write tables of programmes elsewhere: all with their sources, those judged, and figures.

Every row shows the date of its status, its sources and its doubts.
"""

from collections.abc import Sequence
from functools import partial

import polars as pl

from onetomany.confidence import PERCENT, PERCENT_KO
from .columns import as_text, either
from .elsewhere import filter_tags
from .reader_table import ReaderTable, TableColumn, TableLine, reader_table, table_column

_column = partial(table_column, wide=True)
_TAGGED = ("region", "setting", "functions", "consent", "ruling")
_STATUS = _column(
    ("Functions, state", "기능, 상태"),
    "functions_en",
    TableLine("status_en", "status_ko", label=("state", "상태")),
    TableLine("status_date", label=("as of", "기준")),
)
_CONFIDENCE = TableLine("confidence", label=("confidence", "신뢰도"))
_SOURCE = TableLine("publisher", link="url", kind="name")
_NAMED = _column(("Programme", "사업"), "name_en", "place_en", "country_en")
_ASKED = _column(
    ("How people were asked", "어떻게 물었나"),
    TableLine("consent_en", "consent_ko", label=("consent", "동의")),
    TableLine("claimed_en", "claimed_ko", label=("operator claims", "운영자 주장")),
    TableLine("second_en", "second_ko", label=("others", "다른 집단")),
    "asked_en",
)
_OUTCOME = _column(
    ("Outcome", "결과"),
    TableLine("outcome_en", "outcome_ko", label=("Outcome", "결과")),
    "outcome_date",
    "oversight_en",
    TableLine("doubt_en", "doubt_ko", label=("doubt", "의심")),
)


def programmes_table(programmes: pl.DataFrame, *, source: str) -> ReaderTable:
    """Write all programmes by region, with basis, retention, errors, outcome, doubts and sources.

    Takes `claims.programmes.with_sources`. The controls of `programme_map_chart` filter its rows.
    """
    known = _column(
        ("basis, retention, errors", "근거, 보관, 오류"),
        TableLine("legal_en", "legal_ko", label=("basis", "근거")),
        TableLine("retention_en", "retention_ko", label=("kept", "보관")),
        TableLine("trained_en", "trained_ko", label=("training", "학습")),
        TableLine("affected_en", "affected_ko", label=("disclosed", "공개된 수")),
        TableLine("error_en", "error_ko", label=("errors", "오류")),
    )
    ordered = _spoken(programmes).sort("region", "country_en", "id")
    title = (
        f"{len(ordered)} programmes in {ordered['country'].n_unique()} jurisdictions",
        f"{ordered['country'].n_unique()}개 관할의 사업 {len(ordered)}개",
    )
    columns = [_NAMED, _STATUS, _ASKED, known, _OUTCOME, _sources(ordered)]
    return reader_table(
        ordered,
        columns,
        title=title,
        status="elsewhere",
        source=source,
        group=("region_en", "region_ko"),
        tags="tags",
    )


def claimed_consent_table(claimed: pl.DataFrame, *, source: str) -> ReaderTable:
    """Write the programmes that claim consent, those that came before an authority first.

    Takes `claims.programmes.claimed_consent`, with `with_sources`.
    """
    grouped = _spoken(claimed).with_columns(
        group_en=either("ruled", "before a regulator or court", "no ruling found"),
        group_ko=either("ruled", "감독기관이나 법원의 판단이 있음", "판단을 찾지 못함"),
    )
    return reader_table(
        grouped,
        [_NAMED, _STATUS, _ASKED, _OUTCOME, _sources(grouped)],
        title=(
            f"The {len(claimed)} programmes of this table that claimed consent",
            f"이 표에서 동의를 내세운 사업 {len(claimed)}개",
        ),
        status="elsewhere",
        source=source,
        group=("group_en", "group_ko"),
    )


def named_programmes_table(named: pl.DataFrame, *, source: str) -> ReaderTable:
    """Write the programmes that readers' comments name, with oversight and doubts.

    Takes `claims.programmes.named_programmes`, with `with_sources`.
    """
    known = _column(
        ("known", "알려진 것"),
        "asked_en",
        TableLine("error_en", "error_ko", label=("errors", "오류")),
        TableLine("oversight_en", "oversight_ko", label=("oversight", "감독")),
        TableLine("doubt_en", "doubt_ko", label=("doubt", "의심")),
    )
    return reader_table(
        _spoken(named),
        [_NAMED, _STATUS, known, _sources(named)],
        title=("What the comments under the article name", "기사 댓글이 든 것"),
        status="elsewhere",
        source=source,
        group=("topic_en", "topic_ko"),
    )


def side_by_side_table(
    aspects: pl.DataFrame, ids: Sequence[str], names: Sequence[tuple[str, str]], *, source: str
) -> ReaderTable:
    """Write programmes beside one another, an aspect a row.

    Takes `claims.programmes.side_by_side`; `names` are headings for the `ids`.
    """
    first = _column(("aspect", "항목"), "aspect_en")
    rest = [
        _column(name, TableLine(f"{each}_en", f"{each}_ko", label=name, unknown=True))
        for each, name in zip(ids, names, strict=True)
    ]
    title = " and ".join(en for en, _ in names), ", ".join(ko for _, ko in names)
    return reader_table(aspects, [first, *rest], title=title, status="elsewhere", source=source)


def disclosed_rates_table(rates: pl.DataFrame, *, source: str) -> ReaderTable:
    """Write shares of disclosed counts with their intervals.

    Takes `claims.programmes.disclosed_rates`.
    """
    shown = rates.with_columns(
        counts_en=pl.format("{} of {}", _grouped("count"), _grouped("of")),
        counts_ko=pl.format("{} 가운데 {}", _grouped("of"), _grouped("count")),
        rate_said_en=_rate("share"),
        rate_said_ko=_rate("share", korean=True),
        interval_en=pl.format("{} to {}", _rate("low"), _rate("high")),
        interval_ko=pl.format("{}~{}", _rate("low", korean=True), _rate("high", korean=True)),
    )
    columns = [
        _column(("rate", "비율"), "rate_en"),
        _column(("counts", "수"), "counts_en"),
        _column(
            ("share and interval", "비율과 구간"),
            "rate_said_en",
            TableLine("interval_en", "interval_ko", label=(PERCENT, f"{PERCENT_KO} 구간")),
        ),
        _column(("source", "출처"), _SOURCE, _CONFIDENCE),
    ]
    return reader_table(
        shown,
        columns,
        title=("Rates computed from disclosed counts", "공개된 수에서 계산한 비율"),
        status="elsewhere",
        source=source,
    )


def uptake_table(shares: pl.DataFrame, *, source: str) -> ReaderTable:
    """Write the share of people who used a programme, with counts, notes and sources.

    Takes `claims.programmes.uptake`.
    """
    shown = shares.with_columns(
        period_ko=_period_ko(),
        percent_en=pl.concat_str(pl.format("{} ", "bound_en"), _rate("share"), ignore_nulls=True),
        percent_ko=pl.concat_str(
            _rate("share", korean=True), pl.format(" {}", "bound_ko"), ignore_nulls=True
        ),
        counts_en=pl.concat_str(
            _grouped("count"), pl.format(" of {}", _grouped("of")), ignore_nulls=True
        ),
        counts_ko=pl.concat_str(
            pl.format("{} 가운데 ", _grouped("of")), _grouped("count"), ignore_nulls=True
        ),
    ).with_columns(
        pl.when(pl.col("count").is_not_null()).then(each).alias(each)
        for each in ("counts_en", "counts_ko")
    )
    columns = [
        _column(
            ("where and when", "곳과 때"),
            "row_en",
            TableLine("period", "period_ko"),
            "how_en",
            "note_en",
        ),
        _column(("share", "비율"), "percent_en"),
        _column(
            ("counts", "수"),
            TableLine("counts_en", "counts_ko", label=("counts", "수"), unknown=True),
        ),
        _column(("source", "출처"), _SOURCE, _CONFIDENCE),
    ]
    title = ("Who took it where people were asked", "물었을 때 택한 사람")
    return reader_table(shown, columns, title=title, status="elsewhere", source=source)


def foreign_figures_table(figures: pl.DataFrame, *, source: str) -> ReaderTable:
    """Write all figures disclosed elsewhere, by table.

    Takes `sources.elsewhere.foreign_figures`.
    """
    english, korean = (
        pl.concat_str(
            *(pl.format("{} ", f"bound_{code}"), _grouped("value"), pl.lit(" "), f"unit_{code}"),
            ignore_nulls=True,
        )
        for code in ("en", "ko")
    )
    shown = figures.with_columns(
        figure_en=english,
        figure_ko=korean.str.replace(" %", "%", literal=True),
        period_ko=_period_ko(),
        source_en=pl.col("publisher") + either("copy", ", read in a copy", ""),
        source_ko=pl.col("publisher") + either("copy", ", 사본으로 읽음", ""),
    )
    columns = [
        _column(("figure of", "무엇"), "row_en", "measure_en", "note_en"),
        _column(("period", "기간"), TableLine("period", "period_ko")),
        _column(("figure", "수치"), "figure_en"),
        _column(
            ("source", "출처"),
            TableLine("source_en", "source_ko", link="url", kind="name"),
            _CONFIDENCE,
        ),
    ]
    return reader_table(
        shown,
        columns,
        title=(
            f"{len(shown)} figures disclosed elsewhere",
            f"다른 곳에서 공개된 수치 {len(shown)}개",
        ),
        status="elsewhere",
        source=source,
        group=("title_en", "title_ko"),
    )


def _spoken(programmes: pl.DataFrame) -> pl.DataFrame:
    """Return programmes with the lines of a table that join several columns."""
    inferred = pl.col("functions_basis") == "inferred"
    stated = pl.col("training") != "not stated"
    both = [
        expression.alias(f"{name}_{language}")
        for language, doubt in (("en", " (inferred in part)"), ("ko", "(일부 추정)"))
        for name, expression in {
            "functions": pl.col(f"functions_{language}") + either(inferred, doubt, ""),
            "second": pl.format("{}: {}", f"second_for_{language}", f"consent_second_{language}"),
            "trained": pl.when(stated).then(f"training_{language}"),
            "affected": pl.format(
                "{} {} ({})", _grouped("affected"), f"affected_unit_{language}", "affected_date"
            ),
        }.items()
    ]
    tags = pl.concat_str([filter_tags(column) for column in _TAGGED], separator=" ")
    return programmes.with_columns(*both, tags=tags)


def _sources(programmes: pl.DataFrame) -> TableColumn:
    lines = tuple(
        TableLine(name, name.replace("_en", "_ko"), link=name.replace("_en", "_url"), kind="name")
        for name in programmes.columns
        if name.startswith("source_") and name.endswith("_en")
    )
    return _column(("Sources", "출처"), *lines, _CONFIDENCE)


def _grouped(column: str) -> pl.Expr:
    """Return a number as text with commas between thousands."""
    return as_text(column, "{:,.12g}")


def _rate(column: str, *, korean: bool = False) -> pl.Expr:
    """Return a share as percent, or as one in so many if it is below a thousandth."""

    def said(value: float) -> str:
        if value >= 0.001:
            return f"{100 * value:.3g}{'%' if korean else ' %'}"
        return f"{1 / value:,.0f} 중 1" if korean else f"1 in {1 / value:,.0f}"

    return as_text(column, said)


def _period_ko() -> pl.Expr:
    """Return a period in Korean: until, from, or a span."""
    until = pl.col("period").str.replace("^to (.+)$", "${1}까지")
    return until.str.replace("^from (.+)$", "${1}부터").str.replace(" to ", "~", literal=True)
