"""Controls for JupyterLab: what the report's charts let a reader do, with exact counts beside.

Nothing here shows a face, since outputs are saved with a notebook and travel with it.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import ipywidgets
import polars as pl
from IPython.display import HTML, display

from ..accuracy import error_rates, histogram
from ..behaviour import Rule, flagged_rates, flags
from ..charts.accuracy import candidate_list, score_histogram_at
from ..charts.behaviour import flagged
from ..charts.reidentification import label, narrowed
from ..confidence import PERCENT, PERCENT_KO
from ..gallery import Gallery, Threshold
from ..printing import printable
from ..reidentification.crowds import crowd
from ..tracking.association import Association, cut
from ..tracking.evaluation import track_errors


def threshold_slider(
    comparisons: pl.DataFrame, *, start: Threshold, source: str
) -> ipywidgets.VBox:
    """A slider for the threshold; the chart and the counts of both errors follow it."""
    scores = comparisons["score"]
    bars = histogram(comparisons)
    totals = {mated: int((comparisons["mated"] == mated).sum()) for mated in (True, False)}
    slider = ipywidgets.FloatSlider(
        value=round(start.score, 3),
        min=round(float(scores.to_numpy().min()), 2),
        max=1.0,
        step=0.001,
        readout_format=".3f",
        description="Threshold 임계값",
        style={"description_width": "initial"},
        layout=ipywidgets.Layout(width="620px"),
    )

    def show(threshold: float) -> None:
        matched = comparisons.filter(pl.col("score") >= threshold)
        false_matches = int((~matched["mated"]).sum())
        missed = totals[True] - int(matched["mated"].sum())
        rates = error_rates(comparisons, [threshold]).row(0, named=True)
        display(
            HTML(
                f"<p><b>{false_matches:,}</b> of {totals[False]:,} comparisons of two different "
                f"people match falsely (FMR {rates['fmr']:.3%}, {PERCENT} {rates['fmr_low']:.3%} "
                f"to {rates['fmr_high']:.3%}); <b>{missed:,}</b> of {totals[True]:,} comparisons "
                f"of one person with themselves don't match (FNMR {rates['fnmr']:.2%}, {PERCENT} "
                f"{rates['fnmr_low']:.2%} to {rates['fnmr_high']:.2%}).</p>"
                f"<p lang='ko'>서로 다른 두 사람의 비교 {totals[False]:,}건 중 "
                f"<b>{false_matches:,}</b>건을 같은 사람으로 오인하고, 같은 사람의 비교 "
                f"{totals[True]:,}건 중 <b>{missed:,}</b>건을 알아보지 못합니다.</p>"
            )
        )
        display(score_histogram_at(bars, threshold, source=source))

    return _linked(show, {"threshold": slider}, [slider])


def candidate_browser(
    gallery: Gallery, probes: pl.DataFrame, *, threshold: Threshold, source: str, k: int = 10
) -> ipywidgets.VBox:
    """Menus for a subject and an image; the candidate list is searched anew at each choice."""
    by_subject = {
        str(subject): rows["template_id"].to_list()
        for (subject,), rows in probes.group_by("subject_id", maintain_order=True)
    }
    subject = ipywidgets.Dropdown(options=list(by_subject), description="Subject 사람")
    image = ipywidgets.Dropdown(options=next(iter(by_subject.values())), description="Image 사진")

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
        display(
            HTML(
                f"<p>Probe {shown}, whose person <b>{'is' if enrolled else 'is not'}</b> enrolled: "
                f"<b>{len(above)}</b> candidate(s) at or above {threshold.score:.4f}.</p>"
                f"<p lang='ko'>검색 사진 {shown} (등록된 사람: {'예' if enrolled else '아니요'}): "
                f"임계값 이상 후보 <b>{len(above)}</b>명</p>"
            )
        )
        display(candidate_list(found, threshold=threshold.score, probes=None, source=source))

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
    """A menu of rules and a slider over the rule's range; count and chart follow them.

    Takes `behaviour.measure` and everybody who was observed. The slider goes from the laxest
    threshold to the strictest.
    """
    known = [name for name in rules if name in measured["rule"].unique()]
    menu = ipywidgets.Dropdown(
        options={rules[name].name: name for name in known}, description="Rule 규칙"
    )
    slider = ipywidgets.IntSlider(
        value=13,
        min=1,
        max=25,
        description="Strictness 엄격함",
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
        limits = limits_ko = ""
        if row["rate"] is not None:
            low, rate, high = (f"{row[name] * 1000:.1f}" for name in ("low", "rate", "high"))
            limits = f", {rate} per 1,000 ({PERCENT} {low} to {high})"
            limits_ko = f" 천 명당 {rate}명({PERCENT_KO} 구간 {low}~{high})."
        sign = "≥" if own.flagged == "above" else "≤"
        display(
            HTML(
                f"<p>{own.axis} {sign} {cut:g}: <b>{row['flagged']:,}</b> of {row['people']:,} "
                f"people in sight long enough are flagged{limits}; {row['observed']:,} were "
                f"observed. The first: {names}.</p>"
                f"<p lang='ko'>관찰된 {row['observed']:,}명 가운데 이 규칙으로 판단할 만큼 보인 "
                f"{row['people']:,}명 중 <b>{row['flagged']:,}</b>명이 걸린다.{limits_ko} "
                f"처음 걸린 사람: {names}.</p>"
            )
        )
        display(
            flagged(rates, {rule: own.name}, {rule: own.axis}, source=source, simulated=simulated)
        )

    return _linked(show, {"rule": menu, "strictness": slider}, [ipywidgets.HBox([menu, slider])])


def link_slider(sightings: pl.DataFrame, found: Association) -> ipywidgets.VBox:
    """A slider for how sure a link must be; the people mixed with others and broken follow it.

    Takes simulated sightings with `true_id`, and their path cover (`association.associate`).
    """
    slider = ipywidgets.FloatSlider(
        value=0.0,
        min=0.0,
        max=1.0,
        step=0.01,
        continuous_update=False,
        description="Least probability of a link 연결의 최소 확률",
        style={"description_width": "initial"},
        layout=ipywidgets.Layout(width="620px"),
    )

    def show(probability: float) -> None:
        kept = cut(found, sightings, probability)
        row = track_errors(sightings, kept).row(0, named=True)
        interval = f"{row['mixed_low']:.1%} – {row['mixed_high']:.1%}"
        display(
            HTML(
                f"<p>SIMULATED. <b>{len(kept.links):,}</b> of {len(found.links):,} links are kept. "
                f"Of {row['passengers']:,} passengers <b>{row['mixed']:.1%}</b> are mixed with "
                f"others ({PERCENT} {interval}) and <b>{row['broken']:.1%}</b> are broken into "
                "several tracks.</p>"
                f"<p lang='ko'>모의 자료. 연결 {len(found.links):,}개 가운데 "
                f"<b>{len(kept.links):,}</b>개가 남는다. 승객 {row['passengers']:,}명 가운데 "
                f"<b>{row['mixed']:.1%}</b>가 남과 섞이고({PERCENT_KO} 구간 {interval}) "
                f"<b>{row['broken']:.1%}</b>가 여러 동선으로 끊긴다.</p>"
            )
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
    """Menus for one's own values, column by column; the chart says how many records share them.

    A column left at '—' isn't known. Everything is counted in this process: no choice is written,
    sent or kept, and the menus open blank. With `scale`, the records of a larger table, the count
    is also brought to its size in proportion.
    """
    values = {name: table[name].unique().drop_nulls().sort().to_list() for name in columns}
    menus = {
        name: ipywidgets.Dropdown(
            options=[("—", None), *((str(value), value) for value in values[name])],
            description=label(name),
            style={"description_width": "150px"},
        )
        for name in columns
    }

    def show(**chosen: object) -> None:
        known = {name: value for name, value in chosen.items() if value is not None}
        if not known:
            display(HTML("<p>Choose a value.</p><p lang='ko'>값을 고르세요.</p>"))
            return
        steps = crowd(table, known)
        left = steps["records"][-1]
        more = more_ko = ""
        if scale is not None:
            wide = left / len(table) * scale
            more = f"; in proportion, about {wide:,.0f} of {scale:,.0f}"
            more_ko = f" (비례하면 {scale:,.0f}건 중 약 {wide:,.0f}건)"
        display(
            HTML(
                f"<p><b>{left:,}</b> of {len(table):,} records share these values{more}.</p>"
                f"<p lang='ko'>기록 {len(table):,}건 중 <b>{left:,}</b>건이 이 값을 모두 "
                f"가지고 있습니다{more_ko}.</p>"
            )
        )
        display(narrowed(steps, source=source, simulated=simulated))

    return _linked(show, menus, list(menus.values()))


def _linked(
    show: object, controls: dict[str, ipywidgets.Widget], above: list[ipywidgets.Widget]
) -> ipywidgets.VBox:
    return ipywidgets.VBox([*above, ipywidgets.interactive_output(show, controls)])
