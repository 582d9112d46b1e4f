"""Draw a terminal's plan to scale, and passengers followed on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import TYPE_CHECKING, Any

import altair as alt
import polars as pl

from onetomany.confidence import PERCENT
from .columns import either
from .languages import both
from .marks import mark
from .sliders import captioned_slider
from .theme import BLUE, GREY, INK, NARROW, ORANGE, RED, SKY, Finished, finish
from .tracking import METHODS

if TYPE_CHECKING:
    import shapely

OUTLINES = {
    "kind": pl.String,  # "floor", "wall", "view" (a camera's view) or "lens" (where it hangs)
    "name": pl.String,  # of the camera; empty for floor and walls
    "ring": pl.Int64,
    "step": pl.Int64,  # order of the corners
    "x": pl.Float64,  # m
    "y": pl.Float64,
}
OWN = "of this person 이 사람의 것"
WRONG = "wrong link 틀린 연결"
OTHER = "of somebody else 남의 것"
QUALITY = "Face quality 얼굴 품질"

_PAST = "datum.minute <= minute_now"
_CHOSEN = f"datum.level == face_level && {_PAST}"
_WHOSE = alt.Scale(domain=[OWN, WRONG, OTHER], range=[BLUE, RED, ORANGE])
_SQUARES = alt.Legend(orient="top", symbolType="square", symbolOpacity=1)
_WHAT = alt.Color("what:N", title=None, scale=_WHOSE, legend=_SQUARES)
_WALL, _WIDTH = "#d4d8de", 660
_FINE = 0.1  # m: corners that change an outline by less are left out
_ROW = 18  # px
_NEIGHBOURS = 3  # named in the table; more are counted
# columns of the dossier's table: head, place (share of the width), least room (px, on a telephone)
_COLUMNS = {
    "clock": ("min:s\n분:초", 0.0, 36),
    "camera": ("camera\n카메라", 0.13, 108),
    "sure": ("right\n맞을 확률", 0.52, 46),
    "chain": ("so far\n여기까지", 0.68, 46),
    "beside": ("beside\n곁의 동선", 0.84, 120),
}


def outlines(floor: shapely.Polygon, views: Mapping[str, shapely.Polygon]) -> pl.DataFrame:
    """Return the outlines of a floor, its walls and each camera's view as `OUTLINES`.

    `views` are `terminal.field_of` of each camera; the first corner is the camera's place.
    """
    rings = [("floor", "", floor.exterior), *(("wall", "", hole) for hole in floor.interiors)]
    rings += [("view", name, view.exterior.simplify(_FINE)) for name, view in views.items()]
    rings += [("lens", name, view.exterior) for name, view in views.items()]
    corners = [
        (kind, name, number, step, round(x, 2), round(y, 2))
        for number, (kind, name, ring) in enumerate(rings)
        for step, (x, y) in enumerate(ring.coords)
        if kind != "lens" or step == 0
    ]
    return pl.DataFrame(corners, schema=OUTLINES, orient="row")


def terminal_plan_chart(
    ground: pl.DataFrame, parts: Mapping[str, float], *, source: str, simulated: str
) -> Finished:
    """Draw the terminal to scale with its walls, cameras and their views.

    Takes `OUTLINES`, and the places of the terminal's parts along x in metres, by name.
    """
    draw = _Ground(ground)
    names = pl.DataFrame({"text": list(parts), "x": list(parts.values())})
    above = [  # on a telephone every second name is written higher
        mark(
            names[odd::2],
            "text",
            fontWeight=600,
            baseline="bottom",
            lineBreak="\n",
            dy=alt.ExprRef(f"width < {NARROW} ? {-22 - 30 * odd} : -22"),
        ).encode(x=draw.x("x"), y=alt.value(0), text="text:N")
        for odd in (0, 1)
    ]
    lens = mark(ground.filter(kind="lens"), "point", size=30, color=INK).encode(
        x=draw.x("x"), y=draw.y("y"), tooltip=["name:N", "x:Q", "y:Q"]
    )
    count = ground.filter(kind="lens").height
    return finish(
        alt.layer(*draw.layers(), lens, *above).properties(**draw.size),
        title=f"A terminal with {count} cameras, and the areas between them",
        title_ko=f"카메라 {count}대가 있는 터미널, 그리고 그 사이에 놓인 것",
        source=f"{source}; blue 파랑: a face is seen 얼굴이 보이는 곳; grey 회색: walls 벽",
        simulated=simulated,
        description=f"Plan of a fictional terminal, {draw.width:g} by {draw.height:g} metres, with "
        f"{count} cameras and the floor on which each of them sees faces; most of the floor is "
        "seen by none.",
    )


def dossier_chart(
    ground: pl.DataFrame,
    dossiers: pl.DataFrame,
    walked: pl.DataFrame,
    *,
    start: float,
    source: str,
    simulated: str,
    level: int = 1,
) -> Finished:
    """Draw one passenger's dossier on the plan and as a list, with sliders.

    Takes `OUTLINES`; `dossier.DOSSIER` rows of the track with most sightings of the person, for
    each face quality, with `level` (1, 2 ..., best first), `tmr` (single images at FMR 1e-4),
    `true_id` and `person` (the one followed); and the true way `walked` (`t`, `x`, `y`). Times
    count from `start`, in seconds. The chart opens at the end of the way, at quality `level`. The
    list follows the sliders, so it is part of the chart and not a `reader_table`.
    """
    draw = _Ground(ground)
    minute = ((pl.col("t") - start) / 60).round(2).alias("minute")
    way = walked.sort("t").select(minute, pl.col("x", "y").round(1))
    rows = _dossier_rows(dossiers.sort("level", "t_start", "t_end", maintain_order=True), start)
    last = ceil(max(way["minute"].to_numpy().max(), rows["minute"].to_numpy().max()))
    minutes = alt.binding_range(
        min=0, max=last, step=0.1, name="Minutes since arrival 도착 뒤 분  "
    )
    sliders = (
        alt.param(name="minute_now", value=last, bind=minutes),
        *_quality(dossiers, level, "face_level"),
    )
    most = int(rows["row"].to_numpy().max())
    table = [*_written_rows(rows, most), _named_level(dossiers, "face_level", y=-6)]
    drawn, height = _on_plan(draw, way, rows), _ROW * (most + 1)
    others = dossiers.group_by("tmr").agg((pl.col("true_id") != pl.col("person")).sum())
    wrong = [f"{tmr:.0%}: {count}" for tmr, count in others.sort("tmr").iter_rows()]
    return finish(
        draw.over_text(drawn, sliders, table, height=height, spacing=34),
        title="A stranger's way to the gate, as cameras and face matching report it",
        title_ko="모르는 사람이 탑승구까지 간 길, 카메라와 얼굴 매칭이 말하는 대로",
        source=f"{source}; dotted 점선: the true way 실제 길; TMR at FMR 1/10,000",
        simulated=simulated,
        description="Plan of the terminal with one passenger's true way and the sightings that "
        "tracking put in one track, and a table of its links, up to a time that the reader "
        "chooses. Sightings of somebody else in it, by TMR: " + "; ".join(wrong),
    )


def links_chart(
    ground: pl.DataFrame,
    links: pl.DataFrame,
    errors: pl.DataFrame,
    *,
    people: int,
    source: str,
    simulated: str,
    level: int = 1,
) -> Finished:
    """Draw the links of many passengers on the plan, wrong ones in red.

    Takes `OUTLINES`; links of `people` passengers as `x`, `y`, `x_after`, `y_after` (m), `right`
    and `level`; `evaluation.ERRORS` of both methods with `level` and `tmr`. A slider sets the face
    quality; links that repeat at a level are drawn once.
    """
    draw = _Ground(ground)
    quality = _quality(errors, level, "quality_level")
    ends = links.select("level", "right", pl.col("x", "y", "x_after", "y_after").round(1))
    here = _at_level(ends.unique(maintain_order=True), "quality_level").encode(
        x=draw.x("x"), y=draw.y("y"), x2="x_after:Q", y2="y_after:Q"
    )
    linked = here.transform_filter("datum.right")
    astray = here.transform_filter("!datum.right")
    rules = (
        linked.mark_rule(color=BLUE, strokeWidth=0.7, opacity=0.3),
        astray.mark_rule(color=RED, strokeWidth=2.0, opacity=0.85),
    )
    text = [_errors_said(errors), _named_level(errors, "quality_level", y=16)]
    wrong = links.group_by("level").agg((~pl.col("right")).sum()).sort("level")
    return finish(
        draw.over_text(rules, quality, text, height=96, spacing=16),
        title="As faces get poorer, steps are hung on the wrong people",
        title_ko="얼굴이 나빠질수록 걸음이 엉뚱한 사람에게 붙는다",
        source=f"{source}; links of {people} people {people}명의 연결: blue right 파랑 맞음, "
        f"red wrong 빨강 틀림; {PERCENT}",
        simulated=simulated,
        description=f"Links between sightings of {people} passengers on the plan at each quality "
        "of faces; wrong ones, best quality first: "
        + ", ".join(str(count) for count in wrong["right"]),
    )


def _at_level(frame: pl.DataFrame, param: str) -> alt.Chart:
    """Return a chart of the rows of the face quality that a slider chooses."""
    return alt.Chart(frame).transform_filter(f"datum.level == {param}")


def _errors_said(errors: pl.DataFrame) -> alt.Chart:
    """Return the errors of both methods at the chosen quality, as text."""
    said = errors.select(
        *("level", "tmr", "mixed", "mixed_low", "mixed_high", "broken", "passengers"),
        name=pl.col("method").replace(METHODS),
        row=pl.col("method").replace_strict({"path cover": 0, "naive": 1}, return_dtype=pl.Int8),
    )
    line = (
        "datum.name + ':\\n' + format(datum.mixed, '.1%') + ' (' + "
        "format(datum.mixed_low, '.1%') + ' – ' + format(datum.mixed_high, '.1%') + "
        "') mixed 섞임, ' + format(datum.broken, '.0%') + ' broken 끊김'"
    )
    written = _at_level(said, "quality_level").transform_calculate(line=line)
    return mark(written, "text", align="left", fontSize=12, lineBreak="\n").encode(
        x=alt.value(0),
        y=alt.Y("row:Q", axis=None, scale=alt.Scale(domain=[-0.7, 1.6], reverse=True)),
        text="line:N",
    )


class _Ground:
    """The plan's scales and lowest layers, so that everything on it is to scale."""

    def __init__(self, ground: pl.DataFrame) -> None:
        self.ground = ground
        floor = ground.filter(kind="floor")
        self.ends = {
            axis: [float(floor[axis].to_numpy().min()), float(floor[axis].to_numpy().max())]
            for axis in ("x", "y")
        }
        self.width, self.height = (high - low for low, high in self.ends.values())
        self.size: dict[str, Any] = {
            "width": _WIDTH,
            "height": round(_WIDTH * self.height / self.width),
            "view": alt.ViewBackground(fill=_WALL),  # walls may reach the outline
        }

    def x(self, name: str) -> alt.X:
        return alt.X(
            f"{name}:Q",
            title="metres 미터",
            scale=alt.Scale(domain=self.ends["x"], nice=False),
            axis=alt.Axis(grid=False, tickCount=6),
        )

    def y(self, name: str) -> alt.Y:
        scale = alt.Scale(domain=self.ends["y"], nice=False)
        return alt.Y(f"{name}:Q", axis=None, scale=scale)

    def layers(self, strength: float = 0.8) -> list[alt.Chart]:
        """Return the layers of floor, walls and views of cameras."""
        return [
            self._filled("floor", "#ffffff", stroke="#9ca3af"),
            self._filled("view", SKY, opacity=0.45 * strength),
            self._filled("wall", _WALL, stroke="#9ca3af"),
        ]

    def over_text(
        self,
        drawn: Sequence[alt.Chart],
        sliders: Sequence[alt.Parameter],
        text: Sequence[alt.Chart],
        *,
        height: int,
        spacing: int,
    ) -> alt.VConcatChart:
        """Return the plan with layers on it, and texts below that follow the same sliders."""
        plan = alt.layer(*self.layers(0.35), *drawn).add_params(*sliders).properties(**self.size)
        below = alt.layer(*text).properties(width=_WIDTH, height=height)
        return alt.vconcat(plan, below, spacing=spacing)

    def _filled(self, kind: str, colour: str, **style: Any) -> alt.Chart:
        look = {"stroke": None, "strokeWidth": 0.8} | style
        corners = self.ground.filter(kind=kind).select("ring", "step", "x", "y")
        outline = mark(corners, "line", fill=colour, interpolate="linear-closed", **look)
        return outline.encode(x=self.x("x"), y=self.y("y"), detail="ring:N", order="step:Q")


def _quality(frame: pl.DataFrame, level: int, name: str) -> tuple[alt.Parameter, alt.Parameter]:
    shares = frame.select("level", "tmr").unique().sort("level")["tmr"]
    captions = [both(f"TMR {tmr:.0%}", f"참일치율 {tmr:.0%}") for tmr in shares]
    return captioned_slider(name, QUALITY, captions, value=level)


def _named_level(levels: pl.DataFrame, param: str, y: int) -> alt.Chart:
    """Return the slider's face quality as text."""
    chosen = _at_level(levels.select("level", "tmr").unique(maintain_order=True), param)
    line = f"'{both('TMR', '참일치율')} ' + format(datum.tmr, '.0%')"
    written = chosen.transform_calculate(line=line)
    named = mark(written, "text", align="left", baseline="bottom", fontSize=13, fontWeight=600)
    return named.encode(x=alt.value(0), y=alt.value(y), text="line:N")


def _on_plan(draw: _Ground, way: pl.DataFrame, rows: pl.DataFrame) -> list[alt.Chart]:
    """Return the true way, the track's links and sightings, and the place at the chosen minute."""
    past = alt.Chart(way).transform_filter(_PAST).encode(x=draw.x("x"), y=draw.y("y"))
    newest = alt.SortField("minute", order="descending")
    here = past.transform_window(rank="rank()", sort=[newest]).transform_filter("datum.rank == 1")
    path = past.mark_line(color=GREY, strokeWidth=1.2, strokeDash=[2, 2]).encode(order="minute:Q")
    linked = alt.Chart(rows.drop_nulls("x_before")).transform_filter(_CHOSEN)
    links = linked.mark_rule(strokeWidth=2.4, opacity=0.9).encode(
        x=draw.x("x_before"), y=draw.y("y_before"), x2="x:Q", y2="y:Q", color=_WHAT
    )
    seen = alt.Chart(rows).transform_filter(_CHOSEN)
    dots = mark(seen, "point", size=70, stroke="#ffffff", strokeWidth=0.8).encode(
        x=draw.x("x"),
        y=draw.y("y"),
        color=alt.Color("whose:N", scale=_WHOSE, legend=None),
        tooltip=["clock:N", "camera:N", "sure:N", "beside:N", "whose:N"],
    )
    return [path, links, dots, here.mark_point(size=170, strokeWidth=2.5, color=INK)]


def _written_rows(rows: pl.DataFrame, most: int) -> list[alt.Chart]:
    """Return the table under the plan: for each column its head and the chosen rows."""
    y = alt.Y("row:Q", axis=None, scale=alt.Scale(domain=[-0.6, most + 0.6], reverse=True))
    # a scale and no pixels, so that the columns move together on a telephone
    x = alt.X("place:Q", axis=None, scale=alt.Scale(domain=[0, 1], nice=False))
    table: list[alt.Chart] = []
    for name, (head, place, limit) in _COLUMNS.items():
        write: dict[str, Any] = {"align": "left", "fontSize": 11, "limit": limit}
        heads = pl.DataFrame({"row": [0], "text": [head], "place": [place]})
        bold = {"fontWeight": 600, "baseline": "bottom", "dy": 5, "lineBreak": "\n"} | write
        own = rows.select("level", "minute", "row", "what", name, place=pl.lit(place))
        chosen = alt.Chart(own).transform_filter(_CHOSEN)
        table += [
            mark(heads, "text", **bold).encode(x=x, y=y, text="text:N"),
            mark(chosen, "text", **write).encode(x=x, y=y, text=f"{name}:N", color=_WHAT),
        ]
    return table


def _dossier_rows(dossiers: pl.DataFrame, start: float) -> pl.DataFrame:
    """Return marks and words for each sighting; a link belongs to its later sighting."""
    own = pl.col("true_id") == pl.col("person")
    whose = either(own, OWN, OTHER)
    same = (pl.col("true_id") == pl.col("true_id").shift().over("level")).fill_null(value=True)
    seconds = (pl.col("t_start") - start).round().cast(pl.Int64)
    near = pl.col("beside").cast(pl.List(pl.String))
    more = pl.col("beside").list.len().cast(pl.Int64) - _NEIGHBOURS
    return dossiers.select(
        "level",
        row=pl.int_range(1, pl.len() + 1).over("level"),
        minute=((pl.col("t_start") - start) / 60).round(2),
        x=pl.col("x").round(1),
        y=pl.col("y").round(1),
        x_before=pl.col("x").shift().over("level").round(1),
        y_before=pl.col("y").shift().over("level").round(1),
        whose=whose,
        what=pl.when(same).then(whose).otherwise(pl.lit(WRONG)),
        clock=pl.format("{}:{}", seconds // 60, (seconds % 60).cast(pl.String).str.zfill(2)),
        camera="camera_id",
        sure=pl.when(pl.col("probability").is_null())
        .then(pl.lit("–"))
        .otherwise(_percent("probability")),
        chain=pl.when(pl.col("probability").is_null())
        .then(pl.lit(""))
        .otherwise(_percent("chain")),
        beside=pl.concat_str(
            near.list.head(_NEIGHBOURS).list.join(", "),
            pl.when(more > 0).then(pl.format(" + {}", more)).otherwise(pl.lit("")),
        ),
    )


def _percent(name: str) -> pl.Expr:
    """Return a percentage as text, never rounded to 100 %."""
    rounded = (pl.col(name) * 100).round(1)
    near = pl.when(rounded >= 100).then(pl.lit(">99.9 %"))
    return near.otherwise(rounded.cast(pl.String) + " %")
