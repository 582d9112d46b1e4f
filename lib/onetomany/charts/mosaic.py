"""Draw how few facts single a person out: receipts, people left, bits of each fact."""

import altair as alt
import polars as pl

from onetomany.confidence import PERCENT, PERCENT_KO
from .axes import SHARE, legend_color, log_scale, names_axis, powers_axis, share_axis
from .columns import as_text, each_row, either
from .languages import both, both_columns
from .marks import interval_band, mark, tooltips
from .theme import BLUE, GREY, ORANGE, TWO_LINES, Finished, finish, past_end

KINDS = {
    "day": "a store and a day 가게와 날짜",
    "hour of the week": "a store and an hour of the week 가게와 요일·시각",
}
COLUMNS = {
    "age": "age 나이",
    "household_size": "people 가구원 수",
    "income": "income 소득",
    "marital_status": "marital status 혼인 상태",
    "home_ownership": "home ownership 주택 소유",
    "household_comp": "composition 가구 구성",
    "kids_count": "children 자녀 수",
}
FLOOR = 0.5  # place of zero people on a logarithmic axis
NAMES_LIMIT = 340  # pixels for the names along an axis


def receipts_chart(found: pl.DataFrame, *, source: str) -> Finished:
    """Draw the share of households singled out by a number of receipts.

    Takes rows of `mosaic.singled_out` with `kind`, one of KINDS; intervals are by household.
    """
    shown = found.with_columns(name=pl.col("kind").replace(KINDS))
    last = shown.filter(pl.col("points") == pl.col("points").max())
    most = last.sort("singled_out").row(-1, named=True)
    share = f"{most['singled_out']:.0%}"
    colour = legend_color("name:N", KINDS.values(), [BLUE, ORANGE], columns=1, symbolOpacity=1)
    upright = alt.Axis(labelAngle=0, grid=False)
    x = alt.X("points:O", title="Receipts known 아는 영수증 수", axis=upright)
    base = alt.Chart(shown).encode(x=x, color=colour)
    band = interval_band(base, "low", "high", opacity=0.18, **SHARE)
    y = share_axis("singled_out")
    lines = base.mark_line(strokeWidth=2.4, point=alt.OverlayMarkDef(size=60)).encode(
        y=y, tooltip=tooltips("name:N", "points:O", ("singled_out low high", ".1%"), "people:Q")
    )
    texts = base.transform_calculate(text="format(datum.singled_out, '.0%')").mark_text(
        dy=alt.ExprRef("datum.kind == 'day' ? -14 : 18"), fontWeight=600
    )
    return finish(
        alt.layer(band, lines, texts.encode(y=y, text="text:N")).properties(width=520, height=280),
        title=f"{most['points']} receipts without a name single out {share} of households",
        title_ko=f"이름 없는 영수증 {most['points']}장이 가구의 {share}를 가려낸다",
        source=f"{source}; up to {shown['people'].to_numpy().max():,} households 가구; "
        f"band 띠: {both(f'{PERCENT} by household', f'가구 단위 {PERCENT_KO}')}",
        description="Share of households that so many receipts single out: "
        + each_row(shown, "{points} of {kind}: {singled_out:.0%}"),
    )


def learned_chart(found: pl.DataFrame, *, source: str) -> Finished:
    """Draw the equivalence class left after each column, and the bits gained.

    Takes `mosaic.bits_learned`.
    """
    named = [COLUMNS.get(name, name) for name in found["column"]]
    said = (pl.col("left").cast(pl.Int64), as_text("bits", "{:.1f}"))
    shown = found.with_row_index("place").with_columns(
        step=_added(named),
        text=both_columns(pl.format("{} (+{} bits)", *said), pl.format("{}(+{}비트)", *said)),
    )
    total, end = shown["records"][0], shown.row(-1, named=True)
    x = alt.X(
        "low:Q",
        title="Households that share all of these (5 to 95 %) 모두 같은 가구 수",
        scale=log_scale(0.9, float(total)),
        axis=alt.Axis(format="~s", values=[1, 3, 10, 30, 100, 300, 1000]),
    )
    base = alt.Chart(shown).encode(
        y=alt.Y("step:N", sort=shown["step"].to_list(), title=None, axis=_NAMES)
    )
    bars = base.mark_rule(strokeWidth=7, opacity=0.3, color=BLUE).encode(x=x, x2="high:Q")
    dots = mark(base, "point", size=110, color=BLUE).encode(
        x="left:Q", tooltip=tooltips("step:N", "text:N", ("alone", ".1%"))
    )
    texts = base.mark_text(dy=-14, align="left", fontWeight=600).encode(x="left:Q", text="text:N")
    return finish(
        alt.layer(bars, dots, texts).properties(width=460, height=52 * len(shown)),
        title=f"{len(shown)} plain facts leave a crowd of {end['left']:.0f} in {total:,}",
        title_ko=f"평범한 사실 {len(shown)}가지면 {total:,}가구 중 {end['left']:.0f}가구가 남는다",
        source=f"{source}; {total:,} households 가구; dot 점: median 중앙값",
        description="Median crowd after each fact: " + each_row(shown, "{step}: {text}"),
    )


def people_left_chart(found: pl.DataFrame, population: float, *, source: str) -> Finished:
    """Draw the people left after each fact: if independent (dot), and bounds (bar).

    Takes `mosaic.mosaic`. A bar that reaches the left edge includes nobody. A column `counted`, if
    any, is drawn as a tick.
    """
    shown = found.with_columns(
        step=_added(found["fact"].to_list()),
        from_=pl.col("least").clip(lower_bound=FLOOR),
        to=pl.col("most").clip(lower_bound=FLOOR),
        at=pl.col("left").clip(lower_bound=FLOOR),
        text=_left_in_bits(),
    )
    x = alt.X(
        "from_:Q",
        title=f"People left of {population:,.0f} (left edge: 0) 남는 사람(왼쪽 끝: 0명)",
        scale=log_scale(FLOOR, float(population)),
        axis=powers_axis(0, 10),
    )
    base = alt.Chart(shown).encode(
        y=alt.Y("step:N", sort=shown["step"].to_list(), title=None, axis=_NAMES),
        tooltip=tooltips("fact:N", ("share", ".2%"), ("left least most", ",.0f")),
    )
    words = base.mark_text(dy=-16, align="right", fontWeight=600)
    layers = [
        base.mark_rule(strokeWidth=9, opacity=0.28, color=BLUE).encode(x=x, x2="to:Q"),
        mark(base, "point", size=110, color=BLUE).encode(x="at:Q"),
        words.encode(x=alt.datum(float(population)), text="text:N"),
    ]
    ticked = ""
    if "counted" in shown.columns:
        tick = base.mark_tick(thickness=3, size=22, color=ORANGE)
        layers.append(tick.encode(x=alt.X("counted:Q", scale=alt.Scale(type="log"))))
        ticked = "; tick 눈금: counted 실제로 센 수"
    written = shown.with_columns(as_text(name, _people) for name in ("left", "least", "most"))
    left, low, high = written.select("left", "least", "most").row(-1)
    return finish(
        alt.layer(*layers).properties(width=460, height=62 * len(shown)),
        title=f"{len(shown)} facts leave {left} people if they are independent, "
        f"{low} to {high} if not",
        title_ko=f"사실 {len(shown)}가지 뒤에 남는 사람: 독립이면 {left}명, 아니면 {low}~{high}명",
        source=f"{source}; dot 점: independent 독립, bar 막대: Fréchet 프레셰{ticked}",
        description="People left after each fact, if independent and by Fréchet's bounds: "
        + each_row(written, "{step}: {text}, {least} to {most}"),
    )


def fact_list_chart(found: pl.DataFrame, *, source: str, simulated: str | None = None) -> Finished:
    """Draw the bits of each fact, lowest to highest, and the people left.

    Takes `fact_list.fact_list`. A fact without an upper limit ends in an open circle; for one
    without bits only the people are shown.
    """
    words = pl.format("{} {}", "fact_en", "fact_ko")
    shown = found.with_columns(
        name=pl.when("simulated").then(pl.format("{} *", words)).otherwise(words),
        end=pl.coalesce("bits_high", "bits_low"),
        kind=either(pl.col("bits_high").is_null(), "open", "both"),
        text=as_text(pl.struct("left_low", "left_high", "of", "simulated"), _range_of),
    )
    order = shown["name"].to_list()
    x = alt.X("bits_low:Q", title="Bits 비트", scale=alt.Scale(domain=[0, 28], nice=False))
    base = alt.Chart(shown).encode(
        y=names_axis("name", order, labelFontSize=12, labelLimit=360, labelExpr=_TWO),
        tooltip=["name:N", "text:N", "of_en:N", "of_ko:N"],
    )
    known = base.transform_filter("isValid(datum.bits_low)")
    rules = known.mark_rule(strokeWidth=8, opacity=0.35, color=BLUE).encode(x=x, x2="end:Q")
    dots = mark(known, "point", size=70, color=BLUE).encode(x=x)
    ends = mark(known.transform_filter("datum.kind == 'both'"), "point", size=70, color=BLUE)
    opened = known.transform_filter("datum.kind == 'open'").encode(x=x)
    arrows = opened.mark_text(text="→", dx=14, fontSize=16, color=BLUE)
    texts = past_end(base, lift=-15, color=GREY).encode(text="text:N")
    least = shown.drop_nulls("bits_low").sort("bits_low").row(0, named=True)
    most = shown.drop_nulls("bits_high").sort("bits_high").row(-1, named=True)
    fewest, highest = f"{least['bits_low']:.1f}", f"{most['bits_high']:.0f}"
    said, said_ko = (" (simulated)", " (모의)") if most["simulated"] else ("", "")
    return finish(
        alt.layer(rules, dots, ends.encode(x="end:Q"), arrows, texts).properties(
            width=380, height=50 * len(order)
        ),
        title=f"From {fewest} bits for {least['fact_en']} to {highest} for {most['fact_en']}{said}",
        title_ko=f"{least['fact_ko']}의 {fewest}비트부터 {most['fact_ko']}의 {highest}비트까지"
        f"{said_ko}",
        source=source,
        simulated=simulated,
        description="Bits of each fact, and people left: " + each_row(shown, "{fact_en}: {text}"),
    )


def _range_of(row: dict[str, float | None]) -> str:
    """Return the people left as text, with two digits if simulated."""
    low, high, of = (
        _short(float(f"{row[each] or 0:.2g}") if row["simulated"] else row[each] or 0)
        for each in ("left_low", "left_high", "of")
    )
    return f"{low} – {high}" + (f" / {of}" if row["of"] else "")


def _short(number: float) -> str:
    for size, letter in ((1e6, "M"), (1e4, "k")):
        if number >= size:
            return f"{number / (1e6 if letter == 'M' else 1e3):.3g}{letter}"
    return f"{number:,.0f}"


def _people(number: float) -> str:
    return f"{number:,.0f}" if number >= 10 or number == 0 else f"{number:.2g}"


def _added(names: list[str]) -> pl.Series:
    """Return names of facts that are known one after another."""
    return pl.Series([("+ " if place else "") + name for place, name in enumerate(names)])


_NAMES = alt.Axis(labelFontSize=12, labelLimit=NAMES_LIMIT, labelExpr=TWO_LINES)
# long names: Korean always below English
_TWO = "split(replace(datum.label, regexp(' (?=[가-힣])'), '\\n'), '\\n')"


def _left_in_bits() -> pl.Expr:
    said = (as_text("left", _people), as_text("bits_so_far", "{:.1f}"))
    return both_columns(pl.format("{}: {} bits", *said), pl.format("{}: {}비트", *said))
