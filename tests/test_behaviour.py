"""Rules on hand-made walks with known answers, detectors, agreement, and the burden of flags."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import polars as pl
import pylopdf_fonts_ko
import pytest
import vl_convert
from hypothesis import given, settings
from hypothesis import strategies as st

from onetomany import behaviour, terminal
from onetomany.behaviour import GATES, ONE_WAY, ZONES, Site
from onetomany.behaviour.rules import DATA
from onetomany.charts import behaviour as charts
from onetomany.errors import InputError
from onetomany.sources import pedestrians

vl_convert.register_font_directory(str(Path(pylopdf_fonts_ko.__file__).parent))
RULES = behaviour.read_rules()
GATE = pl.DataFrame([("gate", 10.0, 0.0, 10.0, 4.0)], schema=GATES, orient="row")
LANE = pl.DataFrame([("lane", 0.0, 0.0, 20.0, 4.0, 1.0, 0.0)], schema=ONE_WAY, orient="row")
QUEUE = pl.DataFrame([("queue", 50.0, 0.0, 60.0, 4.0)], schema=ZONES, orient="row")
SITE = Site(one_way=LANE, gates=GATE, waiting=QUEUE)


def walk(*legs: tuple[float, float, float], start: tuple[float, float] = (0.0, 2.0), hz: int = 10):
    """Positions of a walk of legs (seconds, vx, vy), hz a second, as columns t, x, y."""
    v = np.concatenate([np.tile([vx, vy], (round(s * hz), 1)) for s, vx, vy in legs]) / hz
    places = np.vstack([[start], start + np.cumsum(v, axis=0)])
    return {"t": np.arange(len(places)) / hz, "x": places[:, 0], "y": places[:, 1]}


def people(**walks: dict[str, np.ndarray]) -> pl.DataFrame:
    """Several walks in one frame, each with its own true_id: 1, 2, ... in order."""
    return pl.concat(
        [pl.DataFrame({"true_id": number, **w}) for number, w in enumerate(walks.values(), 1)]
    )


def value(frame: pl.DataFrame, rule: str, who: int = 1, site: Site = SITE) -> float | None:
    found = behaviour.measure(frame, {rule: RULES[rule]}, site).filter(pl.col("true_id") == who)
    return found["value"].item() if found.height else None


def flagged(frame: pl.DataFrame, rule: str, threshold: float) -> set[int]:
    found = behaviour.measure(frame, {rule: RULES[rule]}, SITE)
    return set(behaviour.flags(found, {rule: RULES[rule]}, {rule: threshold})["true_id"])


# --- each rule, with an exact answer --------------------------------------------------------------


def test_a_dash_is_the_speed_made_good() -> None:
    frame = people(dashes=walk((20, 1.3, 0), (4, 3, 0), (20, 1.3, 0)), strolls=walk((30, 1.3, 0)))
    found = behaviour.measure(frame, RULES, SITE).filter(rule="dash")
    assert found["value"].to_list() == pytest.approx([3.0, 1.3])
    first = found.row(0, named=True)
    assert first["t_end"] - first["t_start"] == pytest.approx(2)
    assert first["t_start"] >= 20 - 1e-6
    assert first["t_end"] <= 24 + 1e-6
    assert flagged(frame, "dash", 2.99) == {1}
    assert flagged(frame, "dash", 3.01) == set()


def test_a_dash_shorter_than_the_rule_asks_for_counts_in_part() -> None:
    """1 s at 3 m/s in a walk at 1 m/s is 4 m in 2 s."""
    assert value(people(a=walk((10, 1, 0), (1, 3, 0), (10, 1, 0))), "dash") == pytest.approx(2.0)
    jitter = people(a=walk(*[(0.1, 3, 0), (0.1, -3, 0)] * 50))
    assert value(jitter, "dash") == pytest.approx(0, abs=1e-6)


def test_reverse_is_the_way_back_within_the_zone() -> None:
    back = people(a=walk((5, 1, 0), (2, -1, 0), (5, 1, 0), (1, -1, 0)), b=walk((10, 1, 0)))
    assert value(back, "reverse") == pytest.approx(2.0)
    assert value(back, "reverse", 2) is None
    row = behaviour.measure(back, {"reverse": RULES["reverse"]}, SITE).row(0, named=True)
    assert (row["t_start"], row["t_end"]) == pytest.approx((5, 7))
    # the same walk where no direction is set
    beside = back.with_columns(pl.col("y") + 10)
    assert value(beside, "reverse") is None
    # going back outside of the zone, and coming in again, begins anew
    outside = people(a=walk((19, 1, 0), (4, 1, 0), (2.5, -1, 0), start=(0.0, 2.0)))
    assert value(outside, "reverse") is None


def test_two_together_are_known_by_the_gap_at_the_gate() -> None:
    one, other = walk((20, 1, 0)), walk((20, 1, 0), start=(-1.5, 2.5))
    frame = people(one=one, other=other, late=walk((40, 1, 0), start=(-18.0, 2.0)))
    assert [value(frame, "together", who) for who in (1, 2)] == pytest.approx([1.5, 1.5])
    assert value(frame, "together", 3) is None
    assert flagged(frame, "together", 1.6) == {1, 2}
    assert flagged(frame, "together", 1.4) == set()
    wide = people(one=one, other=walk((20, 1, 0), start=(-1.5, 3.9)))
    assert value(wide, "together") is None  # 1.9 m apart along the line
    against = people(one=one, other=walk((20, -1, 0), start=(20.0, 2.5)))
    assert value(against, "together") is None  # the same moment, the other way
    beside = people(one=one, other=walk((20, 1, 0), start=(0.0, 4.5)))
    assert value(beside, "together") is None  # past the end of the gate line
    alone = people(one=walk((11, 1, 0), (2, -1, 0), (3, 1, 0)))
    assert value(alone, "together") is None  # nobody is together with himself


def test_loitering_is_the_longest_stay_outside_of_waiting_areas() -> None:
    stays = walk((10, 1.5, 0), (90, 0, 0), (10, 1.5, 0))
    found = value(people(a=stays), "loitering")
    # the stay, and the two metres before and after: 90 s + 2 x 2 / 1.5 s at most, in whole seconds
    assert found is not None
    assert 90 <= found <= 90 + 4 / 1.5
    moved = pl.DataFrame({"true_id": 1, **stays}).with_columns(pl.col("x") + 40)
    queueing = value(moved, "loitering")
    assert queueing is not None
    assert queueing < 5
    assert value(moved, "loitering", site=Site()) == found
    around = people(a=walk(*[(1, 1.5, 0), (1, -1.5, 0)] * 30))  # 1.5 m to and fro
    assert value(around, "loitering") == pytest.approx(60)
    long = people(a=walk((1200, 0, 0)))
    assert value(long, "loitering") == pytest.approx(900)  # counted as far as the range goes


def test_wandering_is_the_way_walked_over_the_way_made_good() -> None:
    straight = people(a=walk((70, 1, 0)))
    assert value(straight, "wandering", site=Site()) == pytest.approx(1)
    # 40 s ahead, 20 s back: 60 m walked, 20 m made good
    to_and_fro = people(a=walk((40, 1, 0), (20, -1, 0)))
    assert value(to_and_fro, "wandering", site=Site()) == pytest.approx(3)
    home = people(a=walk((30, 1, 0), (30, -1, 0)))
    assert value(home, "wandering", site=Site()) == pytest.approx(60)  # made good: at least 1 m
    slow = people(a=walk((30, 0.3, 0), (30, -0.3, 0)))
    assert value(slow, "wandering", site=Site()) is None  # 18 m walked, of the 20 needed


def test_belongings_need_objects() -> None:
    owner = people(a=walk((10, 1, 0), (20, 0, 0), (70, 2, 0)))
    assert behaviour.measure(owner, RULES, SITE).filter(rule="belongings").is_empty()
    t = np.arange(0, 101.0)
    bag = pl.DataFrame({"object_id": "bag", "owner": 1, "t": t, "x": np.minimum(t, 10), "y": 2.0})
    found = behaviour.measure(owner, RULES, SITE, objects=bag).filter(rule="belongings")
    # farther than 5 m from 32.5 s on, seen to be so at 33 s
    assert found.select("true_id", "t_start", "t_end", "value").row(0) == (1, 33, 100, 67)
    unseen = behaviour.measure(owner.head(200), RULES, SITE, objects=bag)
    assert unseen.filter(rule="belongings")["t_start"].item() == pytest.approx(21)
    with pytest.raises(InputError, match="objects lack the columns owner"):
        behaviour.measure(owner, RULES, SITE, objects=bag.drop("owner"))


def test_nobody_moves_while_unseen() -> None:
    """A track that breaks off and goes on 100 m away is no dash, no way back and no crossing."""
    one = walk((5, 1, 0))
    frame = people(a={k: np.append(v, v + (60 if k == "t" else 0)) for k, v in one.items()})
    found = behaviour.measure(frame, RULES, SITE)
    assert found.filter(rule="dash")["value"].item() == pytest.approx(1)
    assert found.filter(rule="reverse")["value"].is_null().all()
    apart = people(a={k: np.append(v, v + 60) for k, v in one.items()})
    assert value(apart, "dash") == pytest.approx(1)
    far = people(a=walk((20, 1, 0)), b={k: np.append(v, v + 60) for k, v in one.items()})
    assert value(far, "together", 2) is None


# --- properties -----------------------------------------------------------------------------------


def crowd(seed: int, count: int = 12) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    speed = rng.uniform(-2, 3, (count, 30))
    side = rng.normal(0, 0.3, (count, 30))
    starts = rng.uniform([-8, 0], [8, 4], (count, 2))
    walks = {
        f"p{n}": walk(
            *[(3, v, w) for v, w in zip(speed[n], side[n], strict=True)],
            start=tuple(starts[n]),
            hz=5,
        )
        for n in range(count)
    }
    return people(**walks)


@given(seed=st.integers(0, 1000), rule=st.sampled_from(sorted(set(RULES) - {"belongings"})))
@settings(deadline=None, max_examples=15)
def test_a_stricter_threshold_never_flags_more(seed: int, rule: str) -> None:
    found = behaviour.measure(crowd(seed), {rule: RULES[rule]}, SITE)
    cuts = RULES[rule].range(8)
    if RULES[rule].flagged == "below":
        cuts = cuts[::-1]
    sets = [
        set(behaviour.flags(found, {rule: RULES[rule]}, {rule: cut})["true_id"]) for cut in cuts
    ]
    assert all(strict <= lax for lax, strict in itertools.pairwise(sets))


@given(
    seed=st.integers(0, 1000),
    shift=st.floats(-1e5, 1e5),
    angle=st.floats(0, 2 * np.pi),
)
@settings(deadline=None, max_examples=10)
def test_clock_order_and_direction_change_nothing(seed: int, shift: float, angle: float) -> None:
    frame = crowd(seed)
    rules = {name: RULES[name] for name in ("dash", "loitering", "wandering")}
    before = behaviour.measure(frame, RULES, SITE)
    again = behaviour.measure(frame.sample(fraction=1, shuffle=True, seed=seed), RULES, SITE)
    assert again.equals(before)
    later = behaviour.measure(frame.with_columns(pl.col("t") + shift), RULES, SITE)
    assert later["true_id"].equals(before["true_id"])
    assert later["rule"].equals(before["rule"])
    assert later["value"].to_list() == pytest.approx(before["value"].to_list(), abs=1e-6)
    cos, sin = np.cos(angle), np.sin(angle)
    turned = frame.with_columns(
        x=cos * pl.col("x") - sin * pl.col("y"), y=sin * pl.col("x") + cos * pl.col("y")
    )
    a, b = (behaviour.measure(each, rules, Site()) for each in (frame, turned))
    assert b["value"].to_list() == pytest.approx(a["value"].to_list(), abs=1e-6)


def test_others_do_not_change_a_persons_value() -> None:
    """But for 'together', which is of two people."""
    frame, alone = crowd(3), crowd(3).filter(pl.col("true_id") == 5)
    rules = {name: rule for name, rule in RULES.items() if name != "together"}
    mine = behaviour.measure(frame, rules, SITE).filter(pl.col("true_id") == 5)
    assert behaviour.measure(alone, rules, SITE).equals(mine)


def test_an_empty_frame_flags_nobody() -> None:
    empty = crowd(0).clear()
    found = behaviour.measure(empty, RULES, SITE)
    assert found.is_empty()
    assert found.columns == ["rule", "true_id", "t_start", "t_end", "value", "unit", "upto"]
    flags = behaviour.flags(found, RULES)
    assert flags.is_empty()
    assert flags.columns == [*found.columns[:-1], "threshold"]
    assert behaviour.features(empty).is_empty()


def test_ids_of_tracks_may_stand_in_for_people() -> None:
    frame = crowd(1)
    named = frame.select(pl.format("track {}", "true_id").alias("hypothesis"), "t", "x", "y")
    one = behaviour.measure(frame, RULES, SITE).sort("rule", "value")
    two = behaviour.measure(named, RULES, SITE, person="hypothesis").sort("rule", "value")
    assert two["value"].equals(one["value"])
    assert behaviour.flags(two, RULES, person="hypothesis").columns[1] == "hypothesis"


def test_a_switched_identity_makes_a_wanderer_of_two_honest_walkers() -> None:
    """One goes out, one comes home; a tracker that swaps them where they meet sends both back."""
    out, home = walk((60, 1, 0)), walk((60, -1, 0), start=(60.0, 2.3))
    frame = people(out=out, home=home)
    swapped = frame.with_columns(
        true_id=pl.when(pl.col("t") > 30).then(3 - pl.col("true_id")).otherwise("true_id")
    )
    assert [value(frame, "wandering", who, Site()) for who in (1, 2)] == pytest.approx([1, 1])
    assert all(value(swapped, "wandering", who, Site()) > 20 for who in (1, 2))  # type: ignore[operator]


def test_switches_exchange_ids_where_people_meet() -> None:
    """Two pass each other at 30 s, within half a metre; a third stays away."""
    out, home = walk((60, 1, 0)), walk((60, -1, 0), start=(60.0, 2.3))
    frame = people(out=out, home=home, far=walk((60, 1, 0), start=(0.0, 40.0)))
    met = behaviour.encounters(frame, 1.0)
    assert met.rows() == [(30.0, 1, 2)]
    assert behaviour.encounters(frame, 0.2).is_empty()
    sure = behaviour.switched(frame, 1.0)
    assert sure.height == frame.height
    for who, later in ((1, 2), (2, 1), (3, 3)):
        own = sure.filter(pl.col("true_id") == who)
        assert own.filter(pl.col("t") < 30)["hypothesis"].unique().to_list() == [who]
        assert own.filter(pl.col("t") >= 30)["hypothesis"].unique().to_list() == [later]
    found = behaviour.measure(sure, RULES, Site(), person="hypothesis").filter(rule="wandering")
    assert {row[1] for row in found.filter(pl.col("value") > 20).rows()} == {1, 2}
    never = behaviour.switched(frame, 0.0)
    assert never["hypothesis"].equals(never["true_id"])
    for refused in (lambda: behaviour.switched(frame, 1.5), lambda: behaviour.encounters(frame, 0)):
        with pytest.raises(InputError):
            refused()


@given(seed=st.integers(0, 100))
@settings(deadline=None, max_examples=8)
def test_switches_lose_nobody_and_move_nobody(seed: int) -> None:
    """At each moment the ids borne are those of the people there: a permutation."""
    frame = crowd(seed)
    swapped = behaviour.switched(frame, 0.5, within_m=3, seed=seed)
    assert swapped.drop("hypothesis").equals(frame.sort("t", "true_id"))
    for column in ("true_id", "hypothesis"):
        assert swapped.group_by("t").agg(pl.col(column).n_unique() == 12)[column].all()
    assert swapped.equals(behaviour.switched(frame, 0.5, within_m=3, seed=seed))


def test_bad_trajectories_are_refused() -> None:
    frame = crowd(0, 2)
    with pytest.raises(InputError, match="lack the columns x"):
        behaviour.measure(frame.drop("x"), RULES, SITE)
    bad = frame.with_columns(y=pl.when(pl.int_range(pl.len()) < 2).then(None).otherwise("y"))
    with pytest.raises(InputError, match="Row 1: a value is missing or not finite, as in 2 rows"):
        behaviour.measure(bad, RULES, SITE)
    with pytest.raises(InputError, match="two places at 0 s"):
        behaviour.measure(pl.concat([frame, frame.head(1)]), RULES, SITE)
    with pytest.raises(InputError, match="has no direction"):
        behaviour.measure(frame, RULES, Site(one_way=LANE.with_columns(dx=0.0)))
    with pytest.raises(InputError, match="is a point"):
        behaviour.measure(frame, RULES, Site(gates=GATE.with_columns(y2=0.0)))
    with pytest.raises(InputError, match=r"Site\.gates needs the columns"):
        Site(gates=LANE)


# --- the rule file --------------------------------------------------------------------------------


def test_every_rule_names_its_sources_or_says_there_is_none() -> None:
    named = {name: rule.named_by for name, rule in RULES.items()}
    assert named == {
        "dash": ("plan", "vendor"),
        "reverse": ("plan", "vendor"),
        "together": ("plan", "vendor"),
        "loitering": (),
        "wandering": (),
        "belongings": ("vendor",),
    }
    # nobody published a threshold, so none may be called sourced
    assert {rule.threshold_source for rule in RULES.values()} == {"chosen here"}
    for entry in behaviour.read_published().values():
        assert entry.url.startswith("http")
        assert len(entry.words) > 40
    assert RULES["dash"].range(5) == [1, 1.5, 2.24, 3.34, 5]


def test_a_rules_strictness_runs_from_lax_to_strict() -> None:
    assert RULES["dash"].strictness(5) == 1
    assert RULES["dash"].strictness(1) == 0
    assert RULES["together"].strictness(0.25) == 1
    assert RULES["together"].strictness(10) == 0


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (("[dash]", "[fainting]"), "'fainting' is no rule that is computed"),
        (("threshold = 3.0\n", ""), "'dash.threshold' is missing: add it"),
        (("threshold = 3.0\n", "threshold = 9\n"), "must be between low and high"),
        (
            ("threshold = 3.0\n", 'threshold = "fast"\n'),
            "'fast': it must be a number above 0",
        ),
        (("low = 1.0\n", "low = -1\n"), "low' must be a number above 0, not -1"),
        (("over_s = 2.0", "over_s = 0"), "over_s' must be a number above 0, not 0"),
        (("over_s = 2.0", "within_s = 2.0"), "'dash.settings' must be over_s"),
        (('flagged = "above"', 'flagged = "over"'), "'over': it must be 'above' or 'below'"),
        (
            ('["plan", "vendor"]', '["rumour"]'),
            "'rumour', of which published.toml has no entry",
        ),
        (('threshold_source = "chosen here"', 'threshold_source = "known"'), "names 'known'"),
        (('en = "Dash"', 'en = "Dash'), "rules.toml can't be read"),
    ],
)
def test_a_bad_rule_file_is_refused(tmp_path: Path, change: tuple[str, str], refusal: str) -> None:
    text = (DATA / "rules.toml").read_text(encoding="utf-8")
    assert change[0] in text
    (tmp_path / "rules.toml").write_text(text.replace(*change, 1), encoding="utf-8")
    (tmp_path / "published.toml").write_bytes((DATA / "published.toml").read_bytes())
    with pytest.raises(InputError, match=refusal):
        behaviour.read_rules(tmp_path)


def test_a_statement_without_its_source_is_refused(tmp_path: Path) -> None:
    text = (DATA / "published.toml").read_text(encoding="utf-8")
    (tmp_path / "published.toml").write_text(
        text.replace('url = "https://en.ellexi.com/airport"\n', ""), encoding="utf-8"
    )
    with pytest.raises(InputError, match=r"'vendor.url' is missing: add it; a statement"):
        behaviour.read_published(tmp_path)


# --- rates, alarms --------------------------------------------------------------------------------


def test_rates_count_people_and_cover_the_truth() -> None:
    """Flags drawn at a known rate: 95 % intervals hold it nine times in ten or more."""
    rule = {"dash": RULES["dash"]}
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(60):
        drawn = rng.random(400) < 0.05
        hit = np.flatnonzero(drawn)
        measured = pl.DataFrame(
            {"rule": "dash", "true_id": range(400), "value": np.where(drawn, 4.0, 1.0 - 1e-9),
             "upto": float("inf")}
        )  # fmt: skip
        rates = behaviour.flagged_rates(measured, pl.Series(range(400)), rule, steps=2)
        row = rates.row(by_predicate=pl.col("default"), named=True)
        assert row["flagged"] == len(hit)
        assert row["rate"] == len(hit) / 400
        held += row["low"] <= 0.05 <= row["high"]
        assert rates.filter(threshold=5.0)["high"].item() == pytest.approx(1 - 0.025 ** (1 / 400))
    assert held >= 54


def test_rates_refuse_the_wrong_people() -> None:
    found = behaviour.measure(crowd(0, 3), RULES, SITE)
    with pytest.raises(InputError, match="not among the people observed"):
        behaviour.flagged_rates(found, [1, 2], RULES)
    with pytest.raises(InputError, match="nobody twice"):
        behaviour.flagged_rates(found, [1, 1, 2, 3], RULES)
    with pytest.raises(InputError, match=r"dash: 7 m/s is outside 1 to 5"):
        behaviour.flags(found, RULES, {"dash": 7.0})


def test_the_most_extreme_are_as_many_as_asked_for() -> None:
    found = behaviour.measure(crowd(7), RULES, SITE)
    most = behaviour.most_extreme(found, RULES, 3)
    values = found.filter(rule="dash").sort("value", descending=True)["true_id"].head(3)
    assert most.filter(rule="dash")["true_id"].to_list() == values.to_list()
    near = (
        found.filter(rule="together")
        .drop_nulls("value")
        .sort("value", "true_id")["true_id"]
        .head(3)
    )
    assert most.filter(rule="together")["true_id"].to_list() == near.to_list()
    with pytest.raises(InputError, match="at least one person"):
        behaviour.most_extreme(found, RULES, 0)


def test_real_passers_by_in_metres() -> None:
    """TUD-Stadtmitte, whose ground truth has places in metres: nobody there walks at 2 m/s."""
    sequence = pedestrians.open_sequence("TUD-Stadtmitte")
    truth = np.loadtxt(sequence.truth, delimiter=",")
    frame = pl.DataFrame(
        {
            "true_id": truth[:, 1].astype(int),
            "t": (truth[:, 0] - 1) / sequence.frame_rate,
            "x": truth[:, 7],
            "y": truth[:, 8],
        }
    )
    found = behaviour.measure(frame, RULES, Site()).filter(rule="dash")
    assert frame["true_id"].n_unique() == sequence.persons == 10
    assert 1.0 < found["value"].max() < 2.0  # type: ignore[operator]


def test_a_day_and_the_share_of_flags_that_are_right() -> None:
    """Against a count: a day of people drawn one by one, with intent and without."""
    rates = pl.DataFrame(
        {"rule": "dash", "threshold": 3.0, "rate": 0.02, "low": 0.01, "high": 0.04,
         "people": 400, "observed": 400}
    )  # fmt: skip
    half = rates.with_columns(people=200)  # half of them were in sight long enough
    assert behaviour.false_alarms_a_day(half, 200_000)["daily"].item() == 2000
    daily = behaviour.false_alarms_a_day(rates, 200_000).row(0, named=True)
    assert (daily["daily"], daily["daily_low"], daily["daily_high"]) == (4000, 2000, 8000)
    base, keen, rng = 0.01, 0.6, np.random.default_rng(1)
    intent = rng.random(2_000_000) < base
    caught = rng.random(len(intent)) < np.where(intent, keen, 0.02)
    right = behaviour.alarms_right(rates, base, keen).row(0, named=True)
    assert right["precision"] == pytest.approx((intent & caught).sum() / caught.sum(), abs=0.01)
    assert right["precision"] == pytest.approx(0.006 / (0.006 + 0.99 * 0.02))
    assert right["low"] < right["precision"] < right["high"]
    grid = behaviour.alarms_right(rates, [1e-6, 1e-3], [0, 0.5, 1])
    assert grid.height == 6
    assert grid.filter(sensitivity=0.0)["precision"].to_list() == [0, 0]
    rows = grid.filter(base_rate=1e-3)["precision"].to_list()
    assert rows == sorted(rows)
    with pytest.raises(InputError):
        behaviour.alarms_right(rates, 0.5, 1.5)
    with pytest.raises(InputError):
        behaviour.false_alarms_a_day(rates, -1)


# --- detectors and agreement ----------------------------------------------------------------------


def test_features_of_a_known_walk() -> None:
    path = walk((10, 1, 0), (5, 0, 0), (10, 0, 1), (5, 0, 0))
    row = behaviour.features(people(a=path)).row(0, named=True)
    assert row["duration_s"] == pytest.approx(30)
    assert row["path_m"] == pytest.approx(20)
    assert row["mean_speed"] == pytest.approx(20 / 30)
    assert row["top_speed"] == pytest.approx(1)
    assert row["straightness"] == pytest.approx(np.hypot(10, 10) / 20)
    assert (row["stopped_s"], row["stops"], row["turns"]) == (pytest.approx(10), 2, 0)
    corner = walk((10, 1, 0), (10, 0, 1))
    assert behaviour.features(people(a=corner))["turns"].item() == 1


@pytest.mark.real
def test_detectors_flag_as_many_as_they_are_told() -> None:
    found = behaviour.features(crowd(2, 40))
    far = {"true_id": pl.lit(99, pl.Int32), "path_m": 9e4, "mean_speed": 90.0, "top_speed": 90.0}
    odd = pl.concat([found, found.head(1).with_columns(**far)])
    for name in ("ECOD", "IsolationForest"):
        marked = behaviour.detect(odd, name, rate=0.1)  # type: ignore[arg-type]
        assert marked["flagged"].sum() in (4, 5)
        assert 99 in marked.filter("flagged")["true_id"]
        assert marked.equals(behaviour.detect(odd, name, rate=0.1))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="at least one is flagged"):
        behaviour.detect(found, "ECOD", rate=0.01)
    with pytest.raises(InputError, match="no detector 'oracle'"):
        behaviour.detect(found, "oracle", rate=0.1)  # type: ignore[arg-type]


@given(
    one=st.sets(st.integers(0, 29)),
    two=st.sets(st.integers(0, 29)),
    three=st.sets(st.integers(0, 29)),
)
@settings(deadline=None, max_examples=25)
def test_agreement_is_that_of_sets(one: set[int], two: set[int], three: set[int]) -> None:
    sets = {"one": one, "two": two, "three": three}
    marked = behaviour.flagged_by(
        pl.Series(range(30)), {name: sorted(each) for name, each in sets.items()}
    )
    for row in behaviour.agreement(marked).iter_rows(named=True):
        a, b = sets[row["a"]], sets[row["b"]]
        assert row["both"] == len(a & b)
        if not a | b:
            assert row["jaccard"] is None
            continue
        assert row["jaccard"] == pytest.approx(len(a & b) / len(a | b))
        assert row["low"] - 1e-9 <= row["jaccard"] <= row["high"] + 1e-9


def test_agreement_by_chance_is_what_independent_flags_reach() -> None:
    rng = np.random.default_rng(0)
    marked = pl.DataFrame({"true_id": range(200_000)}).with_columns(
        a=pl.Series(rng.random(200_000) < 0.05), b=pl.Series(rng.random(200_000) < 0.1)
    )
    row = behaviour.agreement(marked).row(0, named=True)
    assert row["jaccard"] == pytest.approx(row["chance"], rel=0.1)
    with pytest.raises(InputError, match="at least two"):
        behaviour.agreement(marked.drop("b"))


def test_seeds_of_the_forest_differ() -> None:
    found = behaviour.features(crowd(4, 60))
    row = behaviour.across_seeds(found, rate=0.1, seeds=range(4)).row(0, named=True)
    assert (row["seeds"], row["pairs"]) == (4, 6)
    assert row["chance"] < row["lowest"] <= row["jaccard"] <= row["highest"] <= 1
    assert row["low"] <= row["jaccard"] <= row["high"]


# --- the fictional terminal -----------------------------------------------------------------------


def test_gates_and_zones_of_the_terminal_stand_on_its_floor() -> None:
    import shapely

    layout = terminal.load_layout()
    site = behaviour.site_of(layout)
    served = [point.name for point in layout.points if point.stage in ("security", "immigration")]
    assert site.gates["gate"].to_list() == served == site.one_way["zone"].to_list()
    for gate in site.gates.iter_rows(named=True):
        line = shapely.LineString([(gate["x1"], gate["y1"]), (gate["x2"], gate["y2"])])
        assert line.length == pytest.approx(1.6)
        assert layout.floor.covers(line)
    for point in layout.points:
        inside = [behaviour.motion.in_zone(zone) for zone in site.waiting.iter_rows(named=True)]
        spots = pl.DataFrame(point.spots, schema=["x", "y"], orient="row")
        assert spots.select(pl.any_horizontal(inside))["x"].all()
    assert behaviour.site_of(layout, waiting=False).waiting.is_empty()


# --- charts ---------------------------------------------------------------------------------------


@pytest.mark.real
def test_charts_are_titled_in_both_languages_and_draw_offline() -> None:
    frame = crowd(5, 40)
    ids = frame["true_id"].unique()
    found = behaviour.measure(frame, RULES, SITE)
    names = {name: rule.name for name, rule in RULES.items()}
    axes = {name: rule.axis for name, rule in RULES.items()}
    few = behaviour.flagged_rates(found, ids, RULES, steps=3, with_default=False)
    sets = {name: behaviour.flags(found, RULES).filter(rule=name)["true_id"] for name in RULES}
    said = {"source": "random walks; this run", "simulated": "random walks"}
    drawn = {
        "flagged": charts.flagged_rates_chart(
            behaviour.flagged_rates(found, ids, RULES, steps=4), names, axes, **said
        ),
        "agreement": charts.agreement_chart(
            behaviour.agreement(behaviour.flagged_by(ids, sets)), people=40, **said
        ),
        "alarms": charts.alarms_right_chart(
            behaviour.alarms_right(few, [1e-4, 1e-2], [0, 0.5, 1]),
            behaviour.false_alarms_a_day(few, 190_000),
            names,
            passengers=190_000,
            **said,
        ),
    }
    for name, chart in drawn.items():
        spec = chart.to_dict()
        assert any("가" <= letter <= "힣" for letter in spec["title"]["subtitle"][0]), name
        assert "SIMULATED" in spec["title"]["subtitle"][1], name
        assert len(spec["description"]) > 40, name
        svg = vl_convert.vegalite_to_svg(spec)
        assert svg.count("<path") > 5, name
        assert "NaN" not in svg, name
    text = vl_convert.vegalite_to_svg(drawn["alarms"].to_dict())
    assert "ASSUMED 가정: 100%" in text
    assert [each["name"] for each in drawn["alarms"].to_dict()["params"]] == [
        "strict_step",
        "strict_step_caption",
        "assumed",
        "assumed_caption",
    ]
