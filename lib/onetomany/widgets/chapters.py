"""Offer the controls of the report's charts in JupyterLab, with exact counts.

No control shows a face, because outputs are saved with a notebook and passed on with it.
"""

import html
from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets
import polars as pl
from IPython.display import display

from onetomany.accuracy import error_rates, histogram
from onetomany.behaviour import Rule, flagged_rates, flags
from onetomany.charts.accuracy import candidate_list_chart, score_histogram_chart
from onetomany.charts.behaviour import flagged_rates_chart
from onetomany.charts.languages import in_language, marked_text
from onetomany.charts.reidentification import column_label, narrowed_crowd_chart
from onetomany.confidence import PERCENT, PERCENT_KO
from onetomany.gallery import Gallery, Threshold
from onetomany.printing import printable
from onetomany.reidentification.crowds import crowd
from onetomany.tracking.evaluation import track_errors
from onetomany.tracking.tracks import Association, cut_weak_links
from .one_language import show_both, spoken


def threshold_slider(
    comparisons: pl.DataFrame, *, start: Threshold, source: str
) -> ipywidgets.VBox:
    """Return a slider for the threshold, with the chart and both error counts."""
    scores = comparisons["score"]
    bars = histogram(comparisons)
    totals = {mated: int((comparisons["mated"] == mated).sum()) for mated in (True, False)}
    slider = ipywidgets.FloatSlider(
        value=round(start.score, 3),
        min=round(float(scores.to_numpy().min()), 2),
        max=1.0,
        step=0.001,
        readout_format=".3f",
        description=spoken("Threshold 임계값"),
        style={"description_width": "initial"},
        layout=ipywidgets.Layout(width="620px"),
    )

    def show(threshold: float) -> None:
        matched = comparisons.filter(pl.col("score") >= threshold)
        false_matches = int((~matched["mated"]).sum())
        missed = totals[True] - int(matched["mated"].sum())
        rates = error_rates(comparisons, [threshold]).row(0, named=True)
        show_both(
            f"<b>{false_matches:,}</b> of {totals[False]:,} comparisons of two "
            f"different people match falsely (FMR {rates['fmr']:.3%}, {PERCENT} "
            f"{rates['fmr_low']:.3%} to {rates['fmr_high']:.3%}); "
            f"<b>{missed:,}</b> of {totals[True]:,} comparisons of one "
            f"person with themselves don't match (FNMR {rates['fnmr']:.2%}, {PERCENT} "
            f"{rates['fnmr_low']:.2%} to {rates['fnmr_high']:.2%}).",
            f"서로 다른 두 사람의 비교 {totals[False]:,}건 중 "
            f"<b>{false_matches:,}</b>건을 같은 사람으로 오인하고(FMR {rates['fmr']:.3%}, "
            f"{PERCENT_KO} 구간 {rates['fmr_low']:.3%}~{rates['fmr_high']:.3%}), 같은 사람의 "
            f"비교 {totals[True]:,}건 중 <b>{missed:,}</b>건을 알아보지 못한다"
            f"(FNMR {rates['fnmr']:.2%}, {PERCENT_KO} 구간 {rates['fnmr_low']:.2%}~"
            f"{rates['fnmr_high']:.2%}).",
        )
        display(score_histogram_chart(bars, threshold, source=source))

    return _linked(show, {"threshold": slider}, [slider])


def candidate_browser(
    gallery: Gallery, probes: pl.DataFrame, *, threshold: Threshold, source: str, k: int = 10
) -> ipywidgets.VBox:
    """Return menus for a subject and an image; each choice runs a new search."""
    by_subject = {
        str(subject): rows["template_id"].to_list()
        for (subject,), rows in probes.group_by("subject_id", maintain_order=True)
    }
    subject = ipywidgets.Dropdown(options=list(by_subject), description=spoken("Subject 사람"))
    image = ipywidgets.Dropdown(
        options=next(iter(by_subject.values())), description=spoken("Image 사진")
    )

    def refill(change: dict[str, str]) -> None:
        image.options = by_subject[change["new"]]

    subject.observe(refill, names="value")

    def show(probe: str | None) -> None:
        if probe is None:  # while the menu is being refilled
            return
        found = gallery.search(probes.filter(pl.col("template_id") == probe), k=k)
        above = found.filter(pl.col("score") >= threshold.score)
        enrolled = found["probe_subject_id"][0] in gallery.entries["subject_id"]
        shown = html.escape(printable(probe))
        show_both(
            f"Probe {shown}, whose person "
            f"<b>{'is' if enrolled else 'is not'}</b> enrolled: "
            f"<b>{len(above)}</b> candidate(s) at or above {threshold.score:.4f}.",
            f"검색 사진 {shown} (등록된 사람: {'예' if enrolled else '아니요'}): "
            f"임계값 이상 후보 <b>{len(above)}</b>명",
        )
        display(candidate_list_chart(found, threshold=threshold.score, probes=None, source=source))

    return _linked(show, {"probe": image}, [ipywidgets.HBox([subject, image])])


def rule_slider(
    measured: pl.DataFrame,
    people: pl.Series,
    rules: Mapping[str, Rule],
    *,
    source: str,
    simulated: str | None = None,
    person: str = "true_id",
) -> ipywidgets.VBox:
    """Return a menu of rules and a slider over thresholds, with count and chart.

    Takes `behaviour.measure` and everybody observed. The slider goes from the laxest threshold to
    the strictest.
    """
    known = [name for name in rules if name in measured["rule"].unique()]
    menu = ipywidgets.Dropdown(
        options={spoken(rules[name].name): name for name in known}, description=spoken("Rule 규칙")
    )
    slider = ipywidgets.IntSlider(
        value=13,
        min=1,
        max=25,
        description=spoken("Strictness 엄격함"),
        style={"description_width": "initial"},
    )

    def show(rule: str, strictness: int) -> None:
        own = rules[rule]
        cuts = own.range(25) if own.flagged == "above" else own.range(25)[::-1]
        cut = cuts[strictness - 1]
        rates = flagged_rates(measured, people, {rule: own}, person=person)
        row = rates.row(by_predicate=pl.col("threshold") == cut, named=True)
        first = flags(measured, {rule: own}, {rule: cut}, person=person).head(5)[person]
        names = html.escape(", ".join(map(printable, first))) or "–"
        _say_flagged(own, cut, row, names)
        display(
            flagged_rates_chart(
                rates, {rule: own.name}, {rule: own.axis}, source=source, simulated=simulated
            )
        )

    return _linked(show, {"rule": menu, "strictness": slider}, [ipywidgets.HBox([menu, slider])])


def _say_flagged(rule: Rule, cut: float, row: Mapping[str, Any], names: str) -> None:
    limits = limits_ko = ""
    if row["rate"] is not None:
        low, rate, high = (f"{row[name] * 1000:.1f}" for name in ("low", "rate", "high"))
        limits = f", {rate} per 1,000 ({PERCENT} {low} to {high})"
        limits_ko = f" 천 명당 {rate}명({PERCENT_KO} 구간 {low}~{high})."
    sign = "≥" if rule.flagged == "above" else "≤"
    axis = {each: in_language(marked_text(rule.axis), each) for each in ("en", "ko")}
    show_both(
        f"{axis['en']} {sign} {cut:g}: <b>{row['flagged']:,}</b> of "
        f"{row['people']:,} people in sight long enough are flagged{limits}; "
        f"{row['observed']:,} were observed. The first: {names}.",
        f"{axis['ko']} {sign} {cut:g}: 관찰된 {row['observed']:,}명 "
        f"가운데 이 규칙으로 판단할 만큼 보인 {row['people']:,}명 중 "
        f"<b>{row['flagged']:,}</b>명이 걸린다.{limits_ko} 처음 걸린 사람: {names}.",
    )


def link_slider(sightings: pl.DataFrame, found: Association) -> ipywidgets.VBox:
    """Return a slider for the probability a link needs, with the resulting tracking errors.

    Takes simulated sightings with `true_id`, and their path cover (`association.associate`).
    """
    slider = ipywidgets.FloatSlider(
        value=0.0,
        min=0.0,
        max=1.0,
        step=0.01,
        continuous_update=False,
        description=spoken("Least probability of a link 연결의 최소 확률"),
        style={"description_width": "initial"},
        layout=ipywidgets.Layout(width="620px"),
    )

    def show(probability: float) -> None:
        kept = cut_weak_links(found, sightings, probability)
        row = track_errors(sightings, kept).row(0, named=True)
        interval = f"{row['mixed_low']:.1%} – {row['mixed_high']:.1%}"
        show_both(
            f"SIMULATED. <b>{len(kept.links):,}</b> of {len(found.links):,} "
            f"links are kept. Of {row['passengers']:,} passengers <b>{row['mixed']:.1%}</b> "
            f"are mixed with others ({PERCENT} {interval}) and <b>{row['broken']:.1%}</b> are "
            "broken into several tracks.",
            f"모의 자료. 연결 {len(found.links):,}개 가운데 "
            f"<b>{len(kept.links):,}</b>개가 남는다. 승객 {row['passengers']:,}명 가운데 "
            f"<b>{row['mixed']:.1%}</b>가 남과 섞이고({PERCENT_KO} 구간 {interval}) "
            f"<b>{row['broken']:.1%}</b>가 여러 동선으로 끊긴다.",
        )

    return _linked(show, {"probability": slider}, [slider])


def crowd_picker(
    table: pl.DataFrame,
    columns: Sequence[str],
    *,
    source: str,
    simulated: str | None = None,
    scale: float | None = None,
) -> ipywidgets.VBox:
    """Return menus for one's own values, with the number of records that share them.

    The value '—' means not known. Everything is counted in this process: no choice is written, sent
    or stored, and the menus open blank. `scale`, the records of a larger table, also shows the
    count in proportion to its size.
    """
    values = {name: table[name].unique().drop_nulls().sort().to_list() for name in columns}
    menus = {
        name: ipywidgets.Dropdown(
            options=[("—", None), *((str(value), value) for value in values[name])],
            description=spoken(column_label(name)),
            style={"description_width": "150px"},
        )
        for name in columns
    }

    def show(**chosen: object) -> None:
        known = {name: value for name, value in chosen.items() if value is not None}
        if not known:
            show_both("Choose a value.", "값을 고르세요.")
            return
        steps = crowd(table, known)
        left = steps["records"][-1]
        more = more_ko = ""
        if scale is not None:
            wide = left / len(table) * scale
            more = f"; in proportion, about {wide:,.0f} of {scale:,.0f}"
            more_ko = f" (비례하면 {scale:,.0f}건 중 약 {wide:,.0f}건)"
        show_both(
            f"<b>{left:,}</b> of {len(table):,} records share these values{more}.",
            f"기록 {len(table):,}건 중 <b>{left:,}</b>건이 이 값을 모두 가지고 있다{more_ko}.",
        )
        display(narrowed_crowd_chart(steps, source=source, simulated=simulated))

    return _linked(show, menus, list(menus.values()))


def _linked(
    show: object, controls: dict[str, ipywidgets.Widget], above: list[ipywidgets.Widget]
) -> ipywidgets.VBox:
    return ipywidgets.VBox([*above, ipywidgets.interactive_output(show, controls)])
