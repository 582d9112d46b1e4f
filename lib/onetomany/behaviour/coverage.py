"""Report gaps: rules without their gate or zone, and people seen too shortly."""

from collections.abc import Mapping

import polars as pl

from .rules import Rule

COVERAGE = {
    "rule": pl.String,
    "computed": pl.Boolean,
    "judged": pl.Int64,  # people in sight long enough to be flagged at the threshold
    "observed": pl.Int64,  # all people
    "flagged": pl.Int64,  # null where the rule was not computed
    "reason_en": pl.String,  # why it was not, or who was left out
    "reason_ko": pl.String,
}
_NEEDS = {
    "reverse": ("no one-way zone was given", "일방통행 구역이 주어지지 않음"),
    "together": ("no gate line was given", "통로의 선이 주어지지 않음"),
    "belongings": ("no objects with owners were given", "주인이 있는 물건의 자료가 없음"),
}
_NOBODY = {
    "dash": ("nobody was in sight for {over_s:g} s", "{over_s:g}초 동안 보인 사람이 없음"),
    "reverse": ("nobody was seen in a one-way zone", "일방통행 구역에서 보인 사람이 없음"),
    "together": ("nobody crossed a gate line", "통로의 선을 넘은 사람이 없음"),
    "loitering": (
        "nobody was in sight outside waiting areas for {threshold:g} s",
        "대기 구역 밖에서 {threshold:g}초 동안 보인 사람이 없음",
    ),
    "wandering": (
        "nobody was in sight outside waiting areas for {over_s:g} s",
        "대기 구역 밖에서 {over_s:g}초 동안 보인 사람이 없음",
    ),
    "belongings": ("nobody owns an object", "물건의 주인이 없음"),
}


def coverage(
    rates: pl.DataFrame, rules: Mapping[str, Rule], observed: int, given: Mapping[str, bool]
) -> pl.DataFrame:
    """Return for each rule whether it was computed, on whom, and why not (COVERAGE).

    Takes `flagged_rates` with the default thresholds, how many people were observed, and whether a
    rule's requirement was `given`, by rule ('reverse': one-way zones, 'together': gate lines,
    'belongings': objects).
    """
    at_default = {row["rule"]: row for row in rates.filter("default").iter_rows(named=True)}
    rows = []
    for name, rule in rules.items():
        row = at_default.get(name) or {}
        people, reason = row.get("people", 0), ("", "")
        if not people:
            absent = name in _NEEDS and not given.get(name, False)
            words = _NEEDS[name] if absent else _NOBODY[name]
            values = {"threshold": rule.threshold, **rule.settings}
            reason = (words[0].format(**values), words[1].format(**values))
        flagged = row["flagged"] if people else None
        rows.append((name, people > 0, people, observed, flagged, *reason))
    return pl.DataFrame(rows, schema=COVERAGE, orient="row")


def not_judged(found: pl.DataFrame, rules: Mapping[str, Rule], *, waiting: bool) -> tuple[str, str]:
    """Return a sentence in English and Korean on rules and people that could not be judged.

    Takes `coverage`; `waiting` says whether waiting areas were given.
    """
    out = found.filter(~pl.col("computed"))
    short = found.filter(pl.col("computed"), pl.col("judged") < pl.col("observed"))
    en: list[str] = []
    ko: list[str] = []
    if out.height:
        each = out.iter_rows(named=True)
        parts = [(rules[row["rule"]], row["reason_en"], row["reason_ko"]) for row in each]
        en.append(
            "Not computed: " + "; ".join(f"{r.en.lower()} ({why})" for r, why, _ in parts) + "."
        )
        ko.append("계산하지 못함: " + "; ".join(f"{r.ko}({why})" for r, _, why in parts) + ".")
    if short.height:
        rows = list(short.iter_rows(named=True))
        observed = rows[0]["observed"]
        en.append(
            f"Of {observed:,} people, some were not in sight at the place or as long as a rule "
            "needs: "
            + ", ".join(f"{rules[r['rule']].en.lower()} could judge {r['judged']:,}" for r in rows)
            + ". The others are neither flagged nor cleared."
        )
        ko.append(
            f"{observed:,}명 가운데 일부는 규칙이 정한 곳에서 정한 시간만큼 보이지 않았다. "
            "규칙별로 판단할 수 있었던 사람: "
            + ", ".join(f"{rules[r['rule']].ko} {r['judged']:,}명" for r in rows)
            + ". 나머지는 걸린 것도, 걸리지 않은 것도 아니다."
        )
    if not waiting and found.filter("computed", rule="loitering").height:
        en.append("No waiting area was given: people who queue count as loitering.")
        ko.append("대기 구역이 주어지지 않아, 줄을 선 사람도 서성임으로 센다.")
    return " ".join(en), " ".join(ko)
