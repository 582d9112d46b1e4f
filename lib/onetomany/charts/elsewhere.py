"""Draw programmes elsewhere: a map with controls, consent by place and ruling, uptake, retention.

All counts are of the table, which is no sample. The map has a tile for each jurisdiction, so that a
small one is as legible on a telephone as a large one.
"""

from collections.abc import Mapping
from typing import Any

import altair as alt
import polars as pl

from .axes import SHARE, kind_color, legend_color, log_scale, names_axis
from .columns import each_row, in_order, kind_words
from .languages import both, both_columns
from .marks import mark, on_dark
from .theme import BLUE, GREEN, GREY, ORANGE, RED, TWO_LINES, Finished, finish, past_end

_FILTERS = {  # parameter -> label, columns of codes and of words
    "filter_region": ("Region 지역", "region"),
    "filter_setting": ("Place 장소", "setting"),
    "filter_functions": ("Function 기능", "functions"),
    "filter_consent": ("Consent 동의", "consent"),
    "filter_ruling": ("Outcome 결과", "ruling"),
}
_STATES = {  # a tile's colour: the most serious ruling among its programmes
    "fell": ("one found unlawful or suspended 위법 또는 중지가 있음", RED),
    "limited": ("one limited or criticised 제한 또는 비판이 있음", ORANGE),
    "stood": ("one found lawful, none worse 적법이 있음", GREEN),
    "other": ("no ruling found 판단을 찾지 못함", "#7c8594"),
}
_HOW = {"enrolment": BLUE, "lane": GREEN, "no enrolment": ORANGE}
_TILE = 46
_NO_SAMPLE = "counts of this table, no sample 표본이 아님"
_TILED = alt.Scale(paddingInner=0.08)
_ACROSS = alt.X("column:O", axis=None, scale=_TILED)
_DOWN = alt.Y("row:O", axis=None, scale=_TILED)
_BELOW: dict[str, Any] = {  # of a legend
    "orient": "bottom",
    "direction": "vertical",
    "symbolType": "square",
}
# names along an axis: the Korean ones below the English
_LINES = "split(datum.label, ' · ')"


def programme_map_chart(
    programmes: pl.DataFrame, *, source: str, chosen: Mapping[str, str] | None = None
) -> Finished:
    """Draw a tile for each jurisdiction with its number of programmes, and controls to filter them.

    Takes `sources.elsewhere.programmes`. In the report the controls also filter a table with
    `tags` on the same page. With `chosen`, a value of `filter_menus` for each filter, the map shows
    that choice and has no controls.
    """
    shown = programmes.select(
        *("country", "country_en", "country_ko", "column", "row", "ruling"),
        **{name: filter_tags(column) for name, (_, column) in _FILTERS.items()},
    ).with_columns(place=both_columns("country_en", "country_ko"))
    params = [_param(name, each, chosen) for name, each in filter_menus(programmes).items()]
    every = shown.select("country", "place", "column", "row").unique("country").sort("country")
    kept = alt.Chart(shown)
    for name in _FILTERS:
        kept = kept.transform_filter(
            f"{name} === '' || indexof(split(datum.{name}, ' '), {name}) >= 0"
        )
    total = (
        kept.transform_aggregate(n="count()")
        .transform_calculate(text=f"'' + datum.n + ' of {len(shown)} programmes 사업'")
        .mark_text(align="left", baseline="top", fontWeight=600)
        .encode(x=alt.value(0), y=alt.value(-20), text="text:N")
    )
    fell = programmes.filter(ruling="fell")["country"].n_unique()
    of = every.height
    return finish(
        alt.layer(*_grounds(every), *_tiles(kept), total)
        .add_params(*params)
        .properties(width=13 * _TILE, height=8 * _TILE),
        title=f"In {fell} of {of} jurisdictions of this table, one was unlawful or suspended",
        title_ko=f"이 표의 {of}개 관할 가운데 {fell}곳에서 위법 판단이나 중지가 있었다",
        source=f"{source}; {_NO_SAMPLE}",
        description=f"A tile map of {of} jurisdictions with the number of programmes in each, "
        f"coloured by the most serious ruling. In {fell} a regulator or court found one unlawful "
        "or suspended it.",
    )


def _param(
    name: str, options: list[tuple[str, str]], chosen: Mapping[str, str] | None
) -> alt.Parameter:
    """Return the parameter of a filter; it has a menu unless values are `chosen`."""
    labels, values = map(list, zip(*options, strict=True))
    menu = alt.binding_select(options=values, labels=labels, name=filter_label(name))
    bound = menu if chosen is None else alt.Undefined
    return alt.param(name=name, value=(chosen or {}).get(name, ""), bind=bound)


def _grounds(every: pl.DataFrame) -> list[alt.Chart]:
    """Return the empty tiles with their codes."""
    base = alt.Chart(every).encode(x=_ACROSS, y=_DOWN)
    codes = base.mark_text(dy=-7, fontSize=11, color=GREY)
    return [
        base.mark_rect(color="#eceae4", cornerRadius=3),
        codes.encode(text="country:N", tooltip=["place:N"]),
    ]


def _tiles(kept: alt.Chart) -> list[alt.Chart]:
    """Return the coloured tiles of those kept, with their codes and numbers."""
    words = kind_words(_STATES)
    for name in ("fell", "limited", "stood"):
        kept = kept.transform_calculate(**{f"is_{name}": f"datum.ruling === '{name}' ? 1 : 0"})
    state = " : ".join(f"datum.{n} > 0 ? '{words[n]}'" for n in ("fell", "limited", "stood"))
    counted = kept.transform_aggregate(
        programmes="count()",
        fell="sum(is_fell)",
        limited="sum(is_limited)",
        stood="sum(is_stood)",
        groupby=["country", "place", "column", "row"],
    ).transform_calculate(state=f"{state} : '{words['other']}'")
    tips = [alt.Tooltip("place:N", title="Place 곳"), alt.Tooltip("programmes:Q", title="n")]
    base = counted.encode(x=_ACROSS, y=_DOWN, tooltip=tips)
    codes = base.mark_text(dy=-7, fontSize=11, color="#ffffff")
    numbers = base.mark_text(dy=8, fontSize=14, fontWeight=600, color="#ffffff")
    return [
        base.mark_rect(cornerRadius=3).encode(color=kind_color("state:N", _STATES, **_BELOW)),
        codes.encode(text="country:N"),
        numbers.encode(text="programmes:Q"),
    ]


def consent_by_setting_chart(counts: pl.DataFrame, *, source: str) -> Finished:
    """Draw programmes by kind of place and category of consent, with their numbers.

    Takes `claims.programmes.consent_by_setting`.
    """
    total, none = _sum(counts), _sum(counts.filter(consent="none"))
    streets = counts.filter(setting="street")
    asked = f"{_sum(streets.filter(consent='none'))} of {_sum(streets)}"
    return finish(
        _heat(counts, "setting", "consent"),
        title=f"Nobody asked, no notice found: {none} of {total} programmes of this table",
        title_ko=f"이 표의 사업 {total}개 가운데 {none}개에서 동의도 안내도 확인되지 않는다",
        source=f"{source}; {_NO_SAMPLE}",
        description=f"Counts of programmes by place and consent. Streets: nobody asked in {asked}.",
    )


def claims_by_ruling_chart(counts: pl.DataFrame, claimed: pl.DataFrame, *, source: str) -> Finished:
    """Draw programmes by the operator's claim and by the ruling, with their numbers.

    Takes `claims.programmes.claims_by_ruling` and `claimed_consent`.
    """
    many, ruled, fell = len(claimed), claimed["ruled"].sum(), claimed["fell"].sum()
    return finish(
        _heat(counts, "claimed", "ruling"),
        title=f"Opt-in does not cure it: of {ruled} judged, {fell} were unlawful or suspended",
        title_ko=f"동의가 해결책은 아니다: 판단을 받은 {ruled}개 가운데 {fell}개가 위법 또는 중지",
        source=f"{source}; {_NO_SAMPLE}",
        description=f"Counts of programmes by the operator's claim and the ruling. Of {many} that "
        f"claimed consent {ruled} came before a regulator or court, and {fell} were found "
        "unlawful or suspended.",
    )


def uptake_chart(shares: pl.DataFrame, *, source: str) -> Finished:
    """Draw the share of people who used a programme, by whether they had to enrol.

    Takes `claims.programmes.uptake`.
    """
    shown = shares.with_columns(
        name=both_columns(
            pl.format("{}, {}", "row_en", pl.col("period").str.slice(0, 4)),
            pl.format("{}, {}", "row_ko", pl.col("period").str.slice(0, 4)),
            " · ",
        ),
        kind=both_columns("how_en", "how_ko"),
        text=pl.concat_str(
            pl.format("{} %", (100 * pl.col("share")).round(1)),
            pl.when(pl.col("bound").is_not_null()).then(
                both_columns(pl.format(" ({})", "bound_en"), pl.format(" ({})", "bound_ko"), "")
            ),
            ignore_nulls=True,
        ),
    )
    kinds = dict(shown.select("how", "kind").unique().sort("how").iter_rows())
    colour = legend_color("kind:N", kinds.values(), [_HOW[how] for how in kinds], **_BELOW)
    base = _by_programme(shown)
    x = alt.X("share:Q", title=None, **SHARE)
    tips = ["name:N", "text:N", "publisher:N"]
    bars = base.mark_bar(size=12).encode(x=x, color=colour, tooltip=tips)
    words = past_end(base, lift=-11, fontSize=11).encode(text="text:N")
    enrolled = shown.filter(how="enrolment")
    least, most = (f"{100 * enrolled['share'][end]:.3g}" for end in (0, -1))
    return finish(
        alt.layer(bars, words).properties(width=330, height=34 * len(shown)),
        title=f"Where people had to enrol first, {least} % to {most} % took it",
        title_ko=f"먼저 등록해야 하는 곳에서는 {least}%에서 {most}%까지 택했다",
        source=f"{source}; all passengers or crossings as disclosed 공개된 전체 승객 또는 출입국",
        description="Share of passengers or crossings that used a programme: "
        + each_row(shown, "{row_en} {text}"),
    )


def retention_chart(durations: pl.DataFrame, *, source: str) -> Finished:
    """Draw how long a traveller's face is kept, on a logarithmic axis.

    Takes `claims.programmes.retention_durations`.
    """
    shown = durations.with_columns(
        name=both_columns("row_en", "row_ko", " · "),
        text=pl.concat_str(
            pl.format("{} ", "bound_en"),
            pl.format("{} {} ", pl.col("value").cast(int), "unit_en"),
            pl.format("{} ", "bound_ko"),
            pl.format("{}{}", pl.col("value").cast(int), "unit_ko"),
            ignore_nulls=True,
        ),
        start=pl.lit(1.0),
    )
    labels = (
        f"datum.value < 100 ? '{both('1 day', '하루')}' : "
        "datum.value < 9000 ? '1 year 1년' : '75 years 75년'"
    )
    base = _by_programme(shown)
    x = alt.X(
        "start:Q",
        title=None,
        scale=log_scale(1, 1_000_000),
        axis=alt.Axis(values=[24, 8766, 657_450], labelExpr=labels),
    )
    bars = base.mark_bar(size=12, color=BLUE).encode(
        x=x, x2="hours:Q", tooltip=["name:N", "text:N", "note_en:N", "note_ko:N", "publisher:N"]
    )
    words = past_end(base, lift=-11, fontSize=11).encode(text="text:N")
    first, last = shown.row(0, named=True), shown.row(-1, named=True)
    least, most = (f"{each['value']:.0f} {each['unit_en']}" for each in (first, last))
    least_ko, most_ko = (f"{each['value']:.0f}{each['unit_ko']}" for each in (first, last))
    return finish(
        alt.layer(bars, words).properties(width=330, height=36 * len(shown)),
        title=f"A face shown at a gate is kept from {least} to {most}",
        title_ko=f"게이트에서 보인 얼굴은 {least_ko}에서 {most_ko}까지 보관된다",
        source=f"{source}; as stated by operators and laws 운영자와 법이 밝힌 기간",
        description="Retention of a traveller's face: " + each_row(shown, "{row_en} {text}"),
    )


def _by_programme(shown: pl.DataFrame) -> alt.Chart:
    """Return a chart whose rows are named by the column `name`, in two lines."""
    order = shown["name"].to_list()
    y = names_axis("name", order, labelLimit=330, labelExpr=_LINES, labelFontSize=11)
    return alt.Chart(shown).encode(y=y)


def _heat(counts: pl.DataFrame, rows: str, columns: str) -> alt.LayerChart | alt.FacetChart:
    """Return a grid of counts: rows of the first category, columns of the second."""
    shown = counts.with_columns(
        row=both_columns(f"{rows}_en", f"{rows}_ko"),
        column=both_columns(f"{columns}_en", f"{columns}_ko"),
    )
    down, across = (in_order(shown, name) for name in ("row", "column"))
    base = alt.Chart(shown).encode(
        x=alt.X(
            "column:N",
            sort=across,
            title=None,
            axis=alt.Axis(labelAngle=-90, labelLimit=260, orient="top", labelFontSize=11),
        ),
        y=names_axis("row", down, labelLimit=240, labelExpr=TWO_LINES, labelFontSize=11),
        tooltip=["row:N", "column:N", "programmes:Q"],
    )
    most = max(shown["programmes"].to_list())
    cells = base.mark_rect(stroke="#ffffff").encode(
        color=alt.Color(
            "programmes:Q",
            legend=None,
            scale=alt.Scale(domain=[0, most], range=["#f4f2ec", BLUE], type="sqrt"),
        )
    )
    numbers = mark(base.transform_filter("datum.programmes > 0"), "text", fontWeight=600).encode(
        text="programmes:Q", color=on_dark(f"datum.programmes > {most} / 4")
    )
    size = {"width": 44 * len(across), "height": 30 * len(down)}
    return alt.layer(cells, numbers).properties(**size)


def filter_menus(programmes: pl.DataFrame) -> dict[str, list[tuple[str, str]]]:
    """Return the choices of each filter of the map, as labels and values; the first is all.

    The values are those of `filter_tags`. Takes `sources.elsewhere.programmes`.

    >>> from onetomany.sources.elsewhere import programmes
    >>> [value for _, value in filter_menus(programmes())["filter_functions"]][:2]
    ['', 'functions-age-and-sex']
    """
    return {name: [("all 모두", ""), *_choices(programmes, name)] for name in _FILTERS}


def filter_label(name: str) -> str:
    """Return the label of a filter of `filter_menus`, in English and Korean.

    >>> filter_label("filter_region")
    'Region 지역'
    """
    return _FILTERS[name][0]


def chosen_programmes(programmes: pl.DataFrame, chosen: Mapping[str, str]) -> pl.DataFrame:
    """Return the programmes that have each chosen value; '' is any.

    >>> frame = pl.DataFrame({"region": ["Asia", "Latin America"]})
    >>> chosen_programmes(frame, {"filter_region": "region-Asia"}).height
    1
    """
    for name, value in chosen.items():
        if value:
            tags = filter_tags(_FILTERS[name][1]).str.split(" ")
            programmes = programmes.filter(tags.list.contains(value))
    return programmes


def _choices(programmes: pl.DataFrame, name: str) -> list[tuple[str, str]]:
    _, column = _FILTERS[name]
    spoken = [
        programmes.select(pl.col(each).str.split(between).explode())
        for each, between in ((column, ";"), (f"{column}_en", " · "), (f"{column}_ko", " · "))
    ]
    rows = pl.concat(spoken, how="horizontal").unique().sort(f"{column}_en")
    values = rows.select(filter_tags(column)).to_series().to_list()
    words = rows.select(both_columns(f"{column}_en", f"{column}_ko")).to_series().to_list()
    return list(zip(words, values, strict=True))


def filter_tags(column: str) -> pl.Expr:
    """Return the categories of a column as words without blanks, separated by blanks.

    >>> pl.DataFrame({"place": ["1:N;sound"]}).select(filter_tags("place")).item()
    'place-1-N place-sound'
    """
    plain = pl.col(column).str.replace_all(r"[^\w:;]+", "-").str.replace_all(":", "-")
    return pl.lit(f"{column}-") + plain.str.replace_all(";", f" {column}-")


def _sum(counts: pl.DataFrame) -> int:
    return int(counts["programmes"].sum())
