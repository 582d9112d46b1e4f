"""A chart of what a bundle answers: the other side's questions against the bundle's parts."""

from __future__ import annotations

import altair as alt
import polars as pl

from .theme import BLUE, GREY, INK, ORANGE, RED, Finished, finish

FULL, PART, NONE = "answers it 답한다", "helps 일부 답한다", "no file can 파일로는 못 한다"
HOLDS = {"full": FULL, "part": PART, "none": NONE}
NOWHERE = "nowhere 없음"
_STEP = 44


def answers(table: pl.DataFrame, *, source: str) -> Finished:
    """A row a question, a column a part of the bundle, a dot where that part answers.

    Takes `examples.sample_bundle.answers`: a dot's size is the number of files found; a part that
    a question points to and that has no file in this bundle is drawn hollow.
    """
    shown = table.with_columns(
        holds=pl.col("holds").replace_strict(HOLDS),
        part=pl.col("part").fill_null(NOWHERE).str.replace("data/", "", literal=True),
        label=pl.format("{}|{}", "question", "question_ko"),
        found=(pl.col("files") > 0) | pl.col("part").is_null(),
    )
    labels = shown.unique("number", keep="first", maintain_order=True)["label"].to_list()
    parts = [
        *sorted(set(shown["part"].to_list()) - {NOWHERE, "manifests", "seal"}),
        *("manifests", "seal", NOWHERE),
    ]
    base = alt.Chart(shown).encode(
        x=alt.X(
            "part:N",
            title="Part of the bundle 묶음의 부분",
            sort=parts,
            axis=alt.Axis(
                orient="top", labelAngle=-40, labelAlign="left", labelLimit=170, grid=True
            ),
        ),
        y=alt.Y(
            "label:N",
            title=None,
            sort=labels,
            axis=alt.Axis(
                labelExpr="split(datum.label, '|')",
                labelLimit=330,
                labelFontSize=12,
                labelLineHeight=16,
                grid=True,
            ),
        ),
        tooltip=[
            alt.Tooltip("factor:N", title="asked under"),
            alt.Tooltip("factor_ko:N", title="근거"),
            alt.Tooltip("answer:N"),
            alt.Tooltip("answer_ko:N", title="답"),
            alt.Tooltip("files:Q", title="files 파일 수"),
            alt.Tooltip("source:N", title="source 출처"),
        ],
    )
    colour = alt.Color(
        "holds:N",
        title=None,
        scale=alt.Scale(domain=[FULL, PART, NONE], range=[BLUE, ORANGE, RED]),
        legend=alt.Legend(orient="bottom", symbolOpacity=1),
    )
    dots = (
        base.transform_filter("datum.found")
        .mark_point(filled=True, opacity=1, size=210)
        .encode(
            color=colour,
            shape=alt.Shape(
                "holds:N",
                scale=alt.Scale(domain=[FULL, PART, NONE], range=["circle", "diamond", "cross"]),
            ),
        )
    )
    hollow = (
        base.transform_filter("!datum.found")
        .mark_point(filled=False, size=210, strokeWidth=2, color=GREY)
        .encode()
    )
    counts = (
        base.transform_filter("datum.files > 1")
        .mark_text(dx=17, fontSize=10, color=INK)
        .encode(text="files:Q")
    )
    none = shown.filter(holds=NONE)["question"].to_list()
    missing = shown.filter(~pl.col("found"))["part"].unique().sort().to_list()
    # a layer without marks is a picture without words to who listens
    layers = [dots, hollow, counts] if missing else [dots, counts]
    return finish(
        alt.LayerChart(layer=layers).properties(width=_STEP * len(parts), height=alt.Step(42)),
        title="What the other side will ask, and where in the bundle the answer lies",
        title_ko="상대편이 물을 것과 묶음에서 그 답이 있는 곳",
        source=f"{source}; figure: files there 수: 파일 수"
        + ("; hollow: not in this bundle 빈 표시: 이 묶음에 없음" if missing else ""),
        description=f"{len(labels)} questions of an opposing expert against {len(parts) - 1} parts "
        "of the bundle. No file answers: "
        + " ".join(none)
        + (f" Not in this bundle: {', '.join(missing)}." if missing else ""),
    )
