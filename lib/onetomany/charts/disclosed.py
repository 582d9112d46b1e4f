"""Draw other countries' disclosed figures: entries by month and agency, outcomes, alerts."""

from typing import Any

import altair as alt
import polars as pl

from onetomany.confidence import PERCENT
from .axes import ONE_IN, SHARE, kind_color, legend_color, log_scale, names_axis
from .columns import as_text, each_row, either, kind_words, place_of
from .languages import both, both_columns
from .marks import dashed_rule, mark
from .theme import BLUE, GREY, INK, ORANGE, PURPLE, RED, SKY, YELLOW, Finished, finish

_KINDS = {
    "search": ("face search 얼굴 검색", BLUE),
    "photo array": ("photo array 사진 나열", SKY),
    "no image": ("0 images 사진 0장", YELLOW),
    "not filled": ("not filled in 적지 않음", PURPLE),
}
_LEVELS = {
    "State": ("state 주", BLUE),
    "Local": ("town or county 시·군", SKY),
    "Federal": ("federal 연방", ORANGE),
    "Out of state": ("other states 다른 주", YELLOW),
    "Several": ("several 여러 기관", PURPLE),
    "Not stated": ("not stated 적지 않음", GREY),
    "Mixed": ("together 합쳐서", "#c9ced6"),
}
_PARTS = {
    "must": ("somebody else, at least 적어도 남", RED),
    "one": ("also, if all images show one person 사진이 모두 한 사람이면", ORANGE),
    "open": ("right or wrong person: not stated 찾던 사람인지 알 수 없음", "#c9ced6"),
}
_FIFTHS: dict[str, Any] = {
    "title": "Share of the searches 검색 가운데 비율",
    "scale": SHARE["scale"],
    "axis": alt.Axis(format="%", values=[0, 0.2, 0.4, 0.6, 0.8, 1]),
}
_IN_ORDER = {"sort": True, "columns": 3}  # of a legend
_OUTCOMES = {
    "none": "no match 일치 없음",
    "one": "one match 일치 하나",
    "several": "several matches 일치 여럿",
}
_NAMED = pl.col("body").is_not_null()
_FIRST = 14  # agencies; the others are one bar
_LOST = "LOST LOG"
_TOLD = "reported 밝힘"
_UNTOLD = "unpublished or inconsistent: lowest to highest 미공개이거나 합이 안 맞음: 최소~최대"
_FLOOR, _WIDTH = 1e-7, 200
_EVENT_NAMES: dict[str, Any] = {
    "labelExpr": "split(datum.label, '\\n')",
    "labelLimit": 360,
    "labelFontSize": 11,
    "labelPadding": 9,
    "ticks": False,
    "grid": True,
}


def entries_by_month_chart(months: pl.DataFrame, *, source: str) -> Finished:
    """Draw entries by month and kind; months missing from the log are gaps.

    Takes `claims.disclosures.by_month`.
    """
    shown = months.with_columns(
        month=pl.col("month").dt.strftime("%Y-%m"),
        name=pl.col("kind").replace_strict(kind_words(_KINDS)),
        rank=place_of("kind", _KINDS),
    )
    order = shown["month"].unique().sort().to_list()
    years = "slice(datum.label, 5) == '01' ? slice(datum.label, 0, 4) : ''"
    axis = alt.Axis(labelAngle=0, labelOverlap=False, labelExpr=years, ticks=False)
    x = alt.X("month:O", sort=order, title="month 달", axis=axis)
    bars = mark(shown.filter(pl.col("marked").is_null()), "bar").encode(
        x=x,
        y=alt.Y("entries:Q", title="Entries in the log 대장의 항목"),
        color=kind_color("name:N", _KINDS, **_IN_ORDER),
        order=alt.Order("rank:Q"),
        tooltip=["month:N", "name:N", "entries:Q"],
    )
    gaps = shown.filter(pl.col("marked").is_not_null()).unique("month").sort("month")
    top = shown.group_by("month").agg(pl.col("entries").sum())["entries"].max()
    blocks, words = (each.encode(x=x) for each in _gaps(gaps, top))
    names = ", ".join(gaps["month"].to_list())
    return finish(
        alt.layer(blocks, bars, words).properties(width=700, height=280),
        title="Requests to the face search of Massachusetts, and the missing months",
        title_ko="매사추세츠 얼굴 검색에 들어온 요청, 그리고 빠진 달",
        source=f"{source}; {_number(shown, 'entries'):,} entries 항목, all entries of the log",
        description=f"Entries in the log by month and kind, {order[0]} to {order[-1]}. The log "
        f"has no entries of {names}: these are gaps, not zeros.",
    )


def _gaps(gaps: pl.DataFrame, top: Any) -> tuple[alt.Chart, alt.Chart]:
    """Return a block for each month without a log, as high as the highest bar, and its words."""
    why = pl.col("marked").replace_strict({_LOST: "log lost 대장 분실"}, default="no log 대장 없음")
    shown = gaps.select(
        *("month", "marked"),
        lost=pl.col("marked") == _LOST,
        top=pl.lit(top),
        zero=pl.lit(0),
        text=why,
    )
    base = alt.Chart(shown).encode(
        y="zero:Q",
        color=alt.condition("datum.lost", alt.value(RED), alt.value(GREY)),
        tooltip=["month:N", "marked:N"],
    )
    words = base.mark_text(angle=270, align="left", baseline="middle", dx=6, fontWeight=600)
    return base.mark_bar(opacity=0.18).encode(y2="top:Q"), words.encode(text="text:N")


def entries_by_agency_chart(
    agencies: pl.DataFrame, concentration: pl.DataFrame, *, source: str
) -> Finished:
    """Draw entries by agency, most frequent first, and the share of the first few.

    Takes `claims.disclosures.by_agency` and `concentration`.
    """
    named, none = (agencies.filter(test) for test in (_NAMED, ~_NAMED))
    rest = named.slice(_FIRST)
    percent = (100 * pl.col("entries") / agencies["entries"].sum()).round(1)
    shown = pl.concat(
        [
            named.head(_FIRST).select("body", "level", "entries"),
            _row(f"{len(rest)} others 그 밖의 {len(rest)}곳", "Mixed", rest),
            _row("none named 기관을 적지 않음", "Mixed", none),
        ]
    ).with_columns(
        name=pl.col("level").replace_strict(kind_words(_LEVELS)),
        text=pl.format("{} · {} %", "entries", percent),
    )
    order = shown["body"].to_list()
    base = alt.Chart(shown).encode(y=names_axis("body", order, labelLimit=260))
    bars = base.mark_bar().encode(
        x=alt.X("entries:Q", title="Entries in the log 대장의 항목"),
        color=kind_color("name:N", _LEVELS, **_IN_ORDER),
        tooltip=["body:N", "name:N", "entries:Q"],
    )
    words = base.mark_text(align="left", dx=4).encode(x="entries:Q", text="text:N")
    top = concentration.row(0, named=True)
    share = f"{top['low']:.1%} to {top['high']:.1%}"
    place = alt.Y("y:Q", scale=alt.Scale(domain=[0, 22 * len(order)], reverse=True), axis=None)
    edge = pl.DataFrame({"y": [top["top"] * 22.0]})
    rule = dashed_rule(edge, color=INK).encode(y=place)
    return finish(
        alt.layer(alt.layer(bars, words), rule)
        .resolve_scale(y="independent")
        .properties(width=500, height=22 * len(order)),
        title=f"{top['top']} of {top['agencies']} agencies made {share} of the entries",
        title_ko=f"기관 {top['agencies']}곳 가운데 {top['top']}곳이 항목의 "
        f"{share.replace(' to ', '~')}를 냈다",
        source=f"{source}; {top['entries']:,} entries 항목, {top['agencies']} agencies 기관",
        description=f"Entries by agency. The {top['top']} most frequent of {top['agencies']} made "
        f"{share} of {top['entries']:,} entries: " + each_row(shown.head(5), "{body} {text}"),
    )


def outcomes_chart(narrow: pl.DataFrame, wide: pl.DataFrame, *, source: str) -> Finished:
    """Draw the share of searches with no, one and several matches, with bounds.

    Takes `claims.disclosures.search_outcomes` without and with `photo_arrays`.
    """
    shown = narrow.join(
        wide.select("outcome", wide_least="least", wide_most="most", wide_unknown="unknown"),
        on="outcome",
        maintain_order="left",
    ).with_columns(
        name=pl.col("outcome").replace_strict(_OUTCOMES),
        text=pl.format("{} · {} %", "searches", (100 * pl.col("share")).round(1)),
    )
    y = names_axis("name", list(_OUTCOMES.values()), labelLimit=220)
    base = alt.Chart(shown).encode(x=alt.X("share:Q", **_FIFTHS), y=y)
    dots = mark(base, "point", size=70, color=INK)
    words = base.mark_text(dy=-20, fontWeight=600).encode(text="text:N")
    layers = [each.encode(y=y) for each in _bounds(shown)]
    total = _number(shown, "searches")
    return finish(
        alt.layer(*layers, dots, words).properties(width=560, height=210),
        title="Most searches brought nobody; some brought several",
        title_ko="검색 대부분은 아무도 찾지 못했고, 일부는 여럿을 내놓았다",
        source=f"{source}; {both(f'{total} searches', f'검색 {total}건')}",
        description="Share of searches by matches returned, with bounds: "
        + each_row(shown, "{outcome} {wide_least:.1%} to {wide_most:.1%}"),
    )


def _bounds(shown: pl.DataFrame) -> list[alt.Chart]:
    """Return bars of the bounds, from the widest to the interval, each with its reason."""
    wide, blank = shown["wide_unknown"][0], shown["unknown"][0]
    parts = [
        f"if {wide} unclear entries went either way 불분명한 항목 {wide}건을 달리 보면",
        f"if {blank} blank ones did 빈 항목 {blank}건을 달리 보면",
        both(f"{PERCENT}, by agency", f"{PERCENT}, 기관 단위"),
    ]
    colour = legend_color(
        "part:N", parts, ["#f3c79a", ORANGE, INK], direction="vertical", symbolType="square"
    )
    spans = [("wide_least", "wide_most", 22), ("least", "most", 22), ("low", "high", 2)]
    return [
        mark(shown.with_columns(part=pl.lit(part)), "bar", size=size).encode(
            x=alt.X(f"{low}:Q", **_FIFTHS),
            x2=f"{high}:Q",
            color=colour,
            tooltip=["name:N", f"{low}:Q", f"{high}:Q"],
        )
        for (low, high, size), part in zip(spans, parts, strict=True)
    ]


def others_listed_chart(listed: pl.DataFrame, *, source: str) -> Finished:
    """Draw matches per search, and how many of them must be other people.

    Takes `claims.disclosures.others_listed`.
    """
    shown = (
        listed.select(
            *("matches", "searches"),
            must="others",
            one=pl.col("others_if_one") - pl.col("others"),
            open=pl.col("records") - pl.col("others_if_one"),
        )
        .unpivot(
            list(_PARTS), index=["matches", "searches"], variable_name="part", value_name="count"
        )
        .with_columns(
            name=pl.col("part").replace_strict(kind_words(_PARTS)), rank=place_of("part", _PARTS)
        )
    )
    title = both("Matches of one search (above: searches)", "검색 한 번의 일치 수(위: 검색 수)")
    order = listed["matches"].to_list()
    x = alt.X("matches:O", sort=order, title=title, axis=alt.Axis(labelAngle=0))
    all_such = "Matches of all such searches 그런 검색의 일치 모두"
    highest = alt.Scale(domainMax=1.2 * max(listed["records"].to_list()))
    bars = mark(shown, "bar").encode(
        x=x,
        y=alt.Y("count:Q", title=all_such, scale=highest),
        color=kind_color("name:N", _PARTS, sort=True, columns=1),
        order=alt.Order("rank:Q"),
        tooltip=["matches:O", "name:N", "count:Q", "searches:Q"],
    )
    words = mark(listed, "text", dy=-9, fontSize=11, fontWeight=600).encode(
        x=x, y="records:Q", text="searches:Q"
    )
    must, records, total = (_number(listed, each) for each in ("others", "records", "searches"))
    return finish(
        alt.layer(bars, words).properties(width=600, height=300),
        title=f"If each match is another person, at least {must} of {records} were somebody else",
        title_ko=f"일치가 저마다 다른 사람이라면, {records}건 가운데 적어도 {must}건은 남이다",
        source=f"{source}; {both(f'{total} searches', f'검색 {total}건')}",
        description=f"Matches by how many a search brought. {records} in all, at least {must} of "
        "them other people than those searched for, if every match is another person; whether any "
        "of the rest was right the log does not say.",
    )


def false_alerts_chart(table: pl.DataFrame, rates: pl.DataFrame, *, source: str) -> Finished:
    """Draw false alerts as a share of alerts and as a share of faces.

    Takes `claims.disclosures.deployments` and `false_alerts`. If the number of false alerts is not
    published or inconsistent, there is no dot; the bar then shows its lowest and highest value.
    """
    day, month = (pl.col("last_day").dt.strftime(form) for form in ("%Y-%m-%d", "%Y-%m"))
    when = pl.when(pl.col("first_day") == pl.col("last_day")).then(day).otherwise(month)
    english, korean = (pl.format("{}\n{}", f"event_{lang}", when) for lang in ("en", "ko"))
    dated = table.with_columns(event=both_columns(english, korean, " · "))
    order = dated["event"].to_list()
    least, most, trials = (
        as_text(name, "{:,}") for name in ("false_least", "false_most", "trials")
    )
    told = pl.when("told").then(least)
    count, count_ko = (told.otherwise(pl.format(f, least, most)) for f in ("{} to {}", "{}~{}"))
    shown = rates.join(dated, on="id", maintain_order="left").with_columns(
        state=either("told", _TOLD, _UNTOLD),
        said=pl.format("{} of {}", count, trials),
        text=both_columns(
            pl.format("{} of {}", count, trials), pl.format("{} 중 {}", trials, count_ko)
        ),
        rate=pl.when("told").then(pl.col("false_least") / pl.col("trials")),
        zero=pl.col("false_most") == 0,
        start=pl.col("low").clip(lower_bound=_FLOOR),
        floor=pl.lit(_FLOOR),
    )
    panels = alt.hconcat(
        _panel(shown.filter(per="alert"), order, faces=False),
        _panel(shown.filter(per="face"), order, faces=True),
        spacing=115,
    )
    best = shown.filter(per="face").sort("trials").row(-1, named=True)
    other = shown.filter(per="alert", id=best["id"])["said"].to_list()
    return finish(
        panels,
        title="The share of false alerts depends on the denominator: alerts or faces",
        title_ko="오경보가 얼마나 잦은지는 무엇으로 나누느냐에 달렸다",
        source=f"{source}; exact {PERCENT} intervals, alerts as independent 경보를 독립으로 봄",
        description=f"False alerts of {len(table)} deployments or periods, as a share of the "
        f"alerts and of the faces, with exact {PERCENT} intervals. The one with the most faces: "
        f"{best['said']} faces, {' '.join(other)} alerts.",
    )


def _panel(own: pl.DataFrame, order: list[str], *, faces: bool) -> Finished:
    """Return a panel of intervals with one denominator and the counts beside it."""
    scale, axis = alt.Scale(domain=[0, 1], nice=False), alt.Axis(format="%", values=[0, 0.5, 1])
    if faces:
        scale = log_scale(_FLOOR, 1e-2, clamp=True)
        axis = alt.Axis(values=[1e-6, 1e-4, 1e-2], labelExpr=ONE_IN)
    title = f"False, of the {'faces 얼굴' if faces else 'alerts 경보'} 가운데 오경보"
    labels = alt.Axis(labels=not faces, **_EVENT_NAMES)
    base = alt.Chart(own).encode(
        y=alt.Y("event:N", sort=order, scale=alt.Scale(domain=order), title=None, axis=labels),
        color=legend_color(
            "state:N", [_TOLD, _UNTOLD], [BLUE, ORANGE], labelLimit=500, direction="vertical"
        ),
        tooltip=["event:N", "force:N", "text:N", "low:Q", "high:Q"],
    )
    start = alt.X("start:Q" if faces else "low:Q", scale=scale, title=title, axis=axis)
    bars = base.mark_bar(size=6, opacity=0.5).encode(x=start, x2="high:Q")
    known = base.transform_filter("isValid(datum.rate)" + (" && !datum.zero" if faces else ""))
    layers = [bars, mark(known, "point", size=70).encode(x=alt.X("rate:Q", scale=scale))]
    if faces:  # a rate of 0 has no place on a logarithmic scale
        none = mark(base.transform_filter("datum.zero"), "point", shape="triangle-left", size=80)
        layers.append(none.encode(x=alt.X("floor:Q", scale=scale)))
    words = base.mark_text(align="left", dx=7, fontSize=11).encode(
        x=alt.value(_WIDTH), text="text:N", color=alt.value(INK)
    )
    return alt.layer(*layers, words).properties(width=_WIDTH, height=36 * len(order))


def _row(body: str, level: str, rows: pl.DataFrame) -> pl.DataFrame:
    return pl.DataFrame({"body": [body], "level": [level], "entries": [_number(rows, "entries")]})


def _number(frame: pl.DataFrame, column: str) -> int:
    return int(frame[column].sum())
