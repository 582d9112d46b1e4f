"""One's own walks: units, faults by line, rules that were not computed, the command, the form."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import ipywidgets
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.display import HTML

from onetomany import behaviour, terminal, widgets
from onetomany.behaviour import Site
from onetomany.charts import real as charts
from onetomany.cli import main
from onetomany.errors import InputError
from onetomany.sources import pedestrians
from onetomany.tracking.mot import read_mot
from onetomany.tracking.sightings import check_sightings
from onetomany.widgets import walks as form

pytestmark = pytest.mark.real

RULES = behaviour.read_rules()
SITE = """
[[gates]]
gate = "door"
x1 = 5.0
y1 = -50.0
x2 = 5.0
y2 = 50.0

[[one_way]]
zone = "lane"
x_low = 0.0
y_low = -50.0
x_high = 100.0
y_high = 50.0
dx = 1.0
dy = 0.0
"""


def crowd(seed: int = 0, people: int = 6, speed: float = 1.3, hz: int = 5) -> pl.DataFrame:
    """People who cross a hall at their own speeds, 40 s each, with a hand's breadth of noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(40 * hz) / hz
    parts = []
    for who in range(1, people + 1):
        own = speed * rng.uniform(0.8, 1.2)
        parts.append(
            pl.DataFrame(
                {
                    "id": who,
                    "t": t,
                    "x": own * t + rng.normal(0, 0.05, len(t)),
                    "y": who + rng.normal(0, 0.05, len(t)),
                }
            )
        )
    return pl.concat(parts)


STREET = pedestrians.open_sequence("TUD-Stadtmitte")
SETS = {
    "made": cache(crowd),
    "street": cache(
        lambda: read_mot(STREET.truth).select("id", t=(pl.col("frame") - 1) / 25, x="x", y="y")
    ),
    "terminal": cache(
        lambda: terminal.simulate(terminal.load_layout(), 40, seed=2).trajectories.select(
            "t", "x", "y", id="true_id"
        )
    ),
}
WRONG = {
    "cm": ({"x": 100.0, "y": 100.0}, "centimetres"),
    "mm": ({"x": 1000.0, "y": 1000.0}, "centimetres, millimetres, inches or pixels"),
    "feet": ({"x": 1 / 0.3048, "y": 1 / 0.3048}, "feet"),
    "km": ({"x": 1e-3, "y": 1e-3}, "kilometres"),
    "ms": ({"t": 1000.0}, "milliseconds"),
    "frames": ({"t": 25.0}, "frames"),
    "minutes": ({"t": 1 / 60}, "minutes"),
}


@pytest.mark.parametrize("unit", WRONG)
@pytest.mark.parametrize("name", SETS)
def test_no_other_unit_yields_a_rate(name: str, unit: str) -> None:
    """Neither the rules nor the detectors take them, on real people, simulated and made ones."""
    factors, reason = WRONG[unit]
    wrong = SETS[name]().with_columns((pl.col(k) * f).round(6) for k, f in factors.items())
    for use in (
        lambda: behaviour.measure(wrong, RULES, Site(), person="id"),
        lambda: behaviour.features(wrong, person="id"),
    ):
        with pytest.raises(InputError, match=reason):
            use()


@pytest.mark.parametrize("name", SETS)
def test_the_right_unit_is_never_refused(name: str) -> None:
    assert behaviour.measure(SETS[name](), RULES, Site(), person="id").height


@given(seed=st.integers(0, 10_000), speed=st.floats(0.4, 1.7), hz=st.sampled_from([2, 5, 10]))
@settings(deadline=None, max_examples=20)
def test_crowds_of_any_pace_are_taken_and_not_in_centimetres(
    seed: int, speed: float, hz: int
) -> None:
    frame = crowd(seed, speed=speed, hz=hz)
    assert behaviour.measure(frame, {"dash": RULES["dash"]}, Site(), person="id").height == 6
    with pytest.raises(InputError, match="centimetres"):
        behaviour.measure(frame.with_columns(pl.col("x", "y") * 100), RULES, Site(), person="id")


def test_people_who_stand_or_run_alone_are_taken() -> None:
    still = crowd(speed=0.0)
    assert behaviour.measure(still, RULES, Site(), person="id").filter(rule="loitering").height == 6
    runner = crowd(people=1, speed=4.5)
    assert behaviour.measure(runner, RULES, Site(), person="id").filter(rule="dash").height == 1
    slow = crowd(speed=0.3, hz=1)  # a queue, a position a second: like frames, unless it is said
    with pytest.raises(InputError, match="seconds=True"):
        behaviour.measure(slow, RULES, Site(), person="id")
    assert behaviour.measure(slow, RULES, Site(), person="id", seconds=True).height


# --- files ---


def written(path: Path, frame: pl.DataFrame, **form: object) -> Path:
    frame.write_csv(path, **form)  # type: ignore[arg-type]
    return path


def clock(frame: pl.DataFrame, zone: str) -> pl.DataFrame:
    start = pl.datetime(2026, 1, 31, 12)
    at = (start + pl.duration(milliseconds=pl.col("t") * 1000)).dt.strftime("%Y-%m-%dT%H:%M:%S%.3f")
    return frame.with_columns(t=at + zone)


FORMS = {
    "plain": (crowd(), {}),
    "other names": (crowd().rename({"id": "Track ID", "t": "Time"}), {}),
    "semicolons": (crowd(), {"separator": ";"}),
    "decimal commas": (crowd(), {"separator": ";", "decimal_comma": True}),
    "tabs": (crowd(), {"separator": "\t"}),
    "no names": (crowd(), {"include_header": False}),
    "named centimetres": (
        crowd().with_columns(pl.col("x", "y") * 100).rename({"x": "x_cm", "y": "y/cm"}), {},
    ),
    "named milliseconds": (crowd().with_columns(pl.col("t") * 1000).rename({"t": "t [ms]"}), {}),
    "frames": (
        crowd().with_columns(frame=(pl.col("t") * 5).round().cast(pl.Int64)).drop("t"), {},
    ),
    "a clock": (clock(crowd(), ""), {}),
    "a clock with its zone": (clock(crowd(), "+09:00"), {}),
    "BOM": (crowd(), {"include_bom": True}),
}  # fmt: skip


@pytest.mark.parametrize("kind", FORMS)
def test_walks_are_read_in_metres_and_seconds(kind: str, tmp_path: Path) -> None:
    frame, how = FORMS[kind]
    walks = behaviour.read_walks(
        written(tmp_path / "w.csv", frame, **how), fps=5 if kind == "frames" else None
    )
    got = walks.frame.sort("id", "t").select("id", "t", "x", "y")
    assert got.to_numpy() == pytest.approx(crowd().to_numpy(), abs=1e-3)


def test_files_of_crowd_experiments_are_read(tmp_path: Path) -> None:
    """Their names and frame rate stand in comments."""
    rows = crowd().select("id", frame=(pl.col("t") * 5).round().cast(pl.Int64), x="x", y="y", z=1.7)
    path = tmp_path / "traj.txt"
    head = "# framerate: 5.00\n# id frame x/m y/m z/m\n"
    path.write_text(head + rows.write_csv(include_header=False, separator="\t"))
    walks = behaviour.read_walks(path)
    assert walks.frame["t"].max() == pytest.approx(39.8)
    path.write_text(head.replace("/m", "/cm") + rows.write_csv(include_header=False, separator=" "))
    with pytest.raises(InputError, match=r"within 1\.05 m"):  # half a metre in all
        behaviour.read_walks(path)


HEAD = "id,t,x,y\n"
FAULTS = {
    "no such unit": (HEAD + "1,0,0,0\n", {"unit": "yd"}, "no unit 'yd'"),
    "no frame rate": ("id,frame,x,y\n1,0,0,0\n", {}, "--fps 25"),
    "empty cell": (HEAD + "1,0,0,0\n1,1,,0\n", {}, "line 3: 'x' is not a number"),
    "word": (HEAD + "1,0,0,0\n1,1,far,0\n", {}, "line 3: 'x' is not a number .'far'"),
    "nan": (HEAD + "1,0,0,0\n1,1,nan,0\n", {}, "line 3: 'x' is not a number"),
    "no id": (HEAD + "1,0,0,0\n,1,1,0\n", {}, "line 3: the id is missing"),
    "twice": (HEAD + "1,0,0,0\n1,0,5,0\n", {}, "Line 3: '1' is at two places"),
    "no x": ("id,t,y\n1,0,0\n", {}, "no column is called x"),
    "short line": (HEAD + "1,0,0,0\n1,1,1\n", {}, "line 3: the line does not have 4 values"),
    "zones mixed": (
        HEAD + "1,2026-01-31T12:00:00+09:00,0,0\n1,2026-01-31T12:00:01,1,0\n"
        "1,2026-01-31T12:00:02+09:00,1,0\n",
        {},
        "line 3: the time has no time zone",
    ),
    "pixels": ("id,t,x_px,y_px\n1,0,0,0\n", {}, "in 'px'"),
    "two units": ("id,t,x_m,y_cm\n1,0,0,0\n", {}, "x is in m, y in cm"),
    "a unit denied": ("id,t,x_cm,y_cm\n1,0,0,0\n", {"unit": "m"}, "names of columns say cm"),
    "boxes": ("1,1,5,5,9,9,1,-1,-1,-1\n", {"fps": 25}, "no x and y in metres"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_of_a_file_are_named(fault: str, tmp_path: Path) -> None:
    text, how, reason = FAULTS[fault]
    (tmp_path / "w.csv").write_text(text)
    with pytest.raises(InputError, match=reason) as caught:
        behaviour.read_walks(tmp_path / "w.csv", **how)
    assert fault in ("no such unit",) or "w.csv" in str(caught.value)
    assert re.search("[가-힣]", caught.value.ko)  # the form shows it


def test_one_who_jumps_is_left_out_by_line_and_many_end_it(tmp_path: Path) -> None:
    frame = crowd(people=8)
    jump = (pl.col("id") == 3) & (pl.col("t") > 20)
    one = frame.with_columns(x=pl.col("x") + pl.when(jump).then(60).otherwise(0))
    walks = behaviour.read_walks(written(tmp_path / "w.csv", one))
    assert walks.left_out["id"].to_list() == [3]
    assert walks.left_out["reason"][0].startswith("Line 503: 6")
    assert walks.people.to_list() == [1, 2, 4, 5, 6, 7, 8]
    found = behaviour.judge(walks, RULES)
    assert all("503" in sentence for sentence in found.not_judged)
    with pytest.raises(InputError, match="Row 502: '3' moves 6"):
        behaviour.measure(one, RULES, Site(), person="id")
    all_jump = frame.with_columns(x=pl.col("x") + pl.when(pl.col("t") > 20).then(60).otherwise(0))
    with pytest.raises(InputError, match="8 of 8 people move impossibly"):
        behaviour.read_walks(written(tmp_path / "w.csv", all_jump))


# --- what is judged ---


def test_rules_without_their_zone_or_time_are_not_computed(tmp_path: Path) -> None:
    """40 s in sight, no gate, no zone: only a dash can be judged at its default."""
    walks = behaviour.read_walks(written(tmp_path / "w.csv", crowd()))
    found = behaviour.judge(walks, RULES)
    computed = found.covered.filter("computed")["rule"].to_list()
    assert computed == ["dash"]
    assert found.rates.filter("default", pl.col("rate").is_not_null())["rule"].to_list() == ["dash"]
    for name in ("reverse", "together"):
        assert found.rates.filter(rule=name).is_empty()
    shown = dict(found.summary.select("Rule 규칙", "Flagged 걸림").rows())
    assert sum(value.startswith("not computed") for value in shown.values()) == 5
    assert "no gate line was given" in found.not_judged[0]
    assert "통로의 선이 주어지지 않음" in found.not_judged[1]
    (tmp_path / "site.toml").write_text(SITE)
    again = behaviour.judge(walks, RULES, behaviour.read_site(tmp_path / "site.toml"))
    assert again.covered.filter("computed")["rule"].to_list() == ["dash", "reverse", "together"]


def test_a_share_is_of_those_in_sight_long_enough() -> None:
    """Four stand for 100 s, four are seen for 30: at 60 s four are flagged of four, not of 8."""
    still = crowd(people=8, speed=0.0)
    long = pl.concat(
        [still, still.with_columns(pl.col("t") + 40), still.with_columns(pl.col("t") + 80)]
    )
    frame = long.filter(pl.col("t") <= pl.when(pl.col("id") <= 4).then(100).otherwise(30))
    found = behaviour.measure(frame, RULES, Site(), person="id")
    rates = behaviour.flagged_rates(found, range(1, 9), {"loitering": RULES["loitering"]},
                                    person="id")  # fmt: skip
    row = rates.row(by_predicate=pl.col("default"), named=True)
    assert (row["flagged"], row["people"], row["observed"], row["rate"]) == (4, 4, 8, 1.0)
    lax = rates.sort("threshold").row(0, named=True)
    assert (lax["flagged"], lax["people"]) == (8, 8)  # ten seconds: all eight were seen so long
    strict = rates.sort("threshold").tail(1).row(0, named=True)  # 900 s: nobody was
    assert (strict["people"], strict["rate"], strict["low"]) == (0, None, None)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("[[gates]]", "[[gate]]"), r"no table \[\[gate\]\] \(similar: gates"),
        (("x1 = 5.0", "x9 = 5.0"), "'gates.1.x9' is an unknown field: remove it"),
        (("y2 = 50.0", 'y2 = "50"'), "'gates.1.y2' is '50': it must be a number, in metres"),
        (("y2 = 50.0", "y2 = -50.0"), "two ends are one point"),
        (("dx = 1.0", "dx = 0.0"), "must give the direction allowed"),
        (("x_high = 100.0", "x_high = -1.0"), "x_low below x_high"),
        (("[[gates]]", "[gates]"), "two brackets"),
    ],
)
def test_a_wrong_site_is_refused_by_entry(
    change: tuple[str, str], reason: str, tmp_path: Path
) -> None:
    (tmp_path / "site.toml").write_text(SITE.replace(*change))
    with pytest.raises(InputError, match=reason):
        behaviour.read_site(tmp_path / "site.toml")


def test_the_command_writes_flags_rates_and_the_chart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = crowd().with_columns(
        x=pl.when(pl.col("id") == 2).then(pl.col("t") * 4.0).otherwise("x")
    )
    path, site = written(tmp_path / "w.csv", frame), tmp_path / "site.toml"
    site.write_text(SITE)
    out = tmp_path / "out"
    assert main(["behaviour", str(path), "--site", str(site), "--out", str(out)]) == 0
    shown = capsys.readouterr().out
    assert "dash       2: 4 m/s" in shown
    flags = pl.read_csv(out / "flags.csv")
    assert flags.filter(rule="dash")["id"].to_list() == [2]
    assert set(pl.read_csv(out / "rates.csv")["rule"]) >= {"dash", "reverse", "together"}
    page = (out / "flagged.html").read_text()
    assert "People flagged per 1,000" in page
    assert "not computed" in page
    assert "cdn." not in page.split("</head>", maxsplit=1)[0]  # it opens without the internet
    text = (out / "not_judged.txt").read_text()
    assert "Not computed: " in text
    assert "계산하지 못함" in text
    assert main(["behaviour", str(STREET.truth), "--fps", "25", "--out", str(out)]) == 0
    assert "8 / 10" in capsys.readouterr().out
    assert main(["behaviour", str(path), "--unit", "ft", "--out", str(out)]) == 0  # slow, not wrong
    assert main(["behaviour", str(path), "--unit", "km"]) == 1
    assert "centimetres" in capsys.readouterr().err


def test_the_form_judges_and_shows_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces: list[str] = []
    monkeypatch.setattr(
        form, "display", lambda p: pieces.append(p.data if isinstance(p, HTML) else "chart")
    )
    box = widgets.walks_form()
    path, unit, fps, site, _, button, _ = box.children
    assert isinstance(button, ipywidgets.Button)
    path.value = str(written(tmp_path / "<w>.csv", crowd()))
    button.click()
    assert pieces[-1] == "chart"
    assert "not computed 계산 안 함" in pieces[0]
    assert "통로의 선이 주어지지 않음" in pieces[0]
    unit.value = "km"
    button.click()
    assert "centimetres" in pieces[-1]
    assert "센티미터" in pieces[-1]
    assert "&lt;w&gt;.csv" in pieces[-1]
    unit.value, fps.value = None, "many"
    button.click()
    assert "give a number, such as 25" in pieces[-1]
    fps.value, site.value = "", str(tmp_path / "absent.toml")
    button.click()
    assert "can&#x27;t be read" in pieces[-1]
    assert "영어로만" in pieces[-1]  # of site.toml
    site.value, path.value = "", str(tmp_path / "absent.csv")
    button.click()
    assert "파일이 없다" in pieces[-1]


# --- sightings ---


def sightings(cameras: int = 4, each: int = 30) -> pl.DataFrame:
    rng = np.random.default_rng(1)
    n = cameras * each
    start = rng.uniform(0, 3600, n)
    return pl.DataFrame(
        {
            "sighting_id": range(n),
            "camera_id": [f"c{k % cameras}" for k in range(n)],
            "t_start": start,
            "t_end": start + rng.uniform(0, 20, n),
            "x": rng.uniform(0, 15, n),
            "y": rng.uniform(0, 15, n),
            "template_id": range(n),
        }
    )


GOOD = sightings()
UTC = pl.when(pl.col("camera_id") == "c2").then(9 * 3600.0).otherwise(0.0)
BAD_SIGHTINGS = {
    "end first": (GOOD.with_columns(t_end=pl.col("t_start") - 1), "row 1: t_end is before"),
    "twice": (pl.concat([GOOD, GOOD.tail(1)]), "row 121: a sighting_id that occurred before"),
    "null": (
        GOOD.with_columns(x=pl.when(pl.col("sighting_id") == 4).then(None).otherwise("x")),
        "row 5: 'x' is missing",
    ),
    "nan": (
        GOOD.with_columns(
            t_end=pl.when(pl.col("sighting_id") == 4).then(np.nan).otherwise("t_end")
        ),
        "row 5: 't_end' is missing or not finite",
    ),
    "ms": (GOOD.with_columns(pl.col("t_start", "t_end") * 1e6), "milliseconds"),
    "cm": (GOOD.with_columns(pl.col("x", "y") * 100), "centimetres"),
    "one camera on UTC": (GOOD.with_columns(pl.col("t_start", "t_end") - UTC), "'c2' .* 9 hours"),
    "dates": (GOOD.with_columns(pl.col("t_start").cast(pl.Datetime)), "one time zone"),
    "no camera": (GOOD.drop("camera_id"), "lack the columns camera_id"),
}


@pytest.mark.parametrize("fault", BAD_SIGHTINGS)
def test_sightings_are_refused_with_row_and_cause(fault: str) -> None:
    frame, reason = BAD_SIGHTINGS[fault]
    with pytest.raises(InputError, match=reason):
        check_sightings(frame)


def test_templates_are_of_length_one() -> None:
    vectors = np.random.default_rng(0).normal(size=(len(GOOD), 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    check_sightings(GOOD, vectors)
    check_sightings(GOOD, vectors.astype(np.float16))  # as they are stored to save room
    night = GOOD.with_columns(
        pl.when(pl.col("camera_id") == "c2").then(pl.col(k) / 10 + 7000).otherwise(k).alias(k)
        for k in ("t_start", "t_end")
    )
    check_sightings(night, vectors)  # a camera that was on for six minutes, later
    for value, reason in ((np.nan, "not finite"), (0.0, "all zeros"), (3.0, "has the length")):
        wrong = vectors.copy()
        wrong[7] = value
        with pytest.raises(InputError, match=f"Template 7 .*{reason}"):
            check_sightings(GOOD, wrong)


# --- real walks and a city's alarms ---


def test_real_sets_and_the_simulation_are_counted_alike() -> None:
    walks = crowd().rename({"id": "true_id"})
    fast = walks.with_columns(
        x=pl.when(pl.col("true_id") == 1).then(pl.col("t") * 2.5).otherwise("x")
    )
    found = behaviour.measure(fast, RULES, Site())
    table = behaviour.beside_real(found, RULES, 6, name="made")
    assert dict(table.schema) == behaviour.BESIDE
    own = table.filter(~pl.col("real")).select("rule", "threshold", "percent").rows()
    assert ("dash", 2.0, pytest.approx(100 / 6)) in own
    assert ("dash", 3.0, 0.0) in own
    real = behaviour.real_walks()
    assert table.filter("real").height == 4 * real.height
    assert real["source"].str.len_chars().min() > 20  # type: ignore[operator]
    alarms = behaviour.seoul_alarms()
    assert alarms["url"].str.starts_with("https://").all()
    for name in ("real_walks", "seoul_alarms"):
        sheet = behaviour.data_sheet(name)
        assert set(sheet) == {"source", "licence", "fetched", "note_en", "note_ko"}
    with pytest.raises(InputError, match="no table 'gait'"):
        behaviour.data_sheet("gait")
    chart = charts.beside_real_chart(
        table, {n: r.name for n, r in RULES.items()}, {n: r.unit for n, r in RULES.items()},
        source="s", simulated="six people",
    )  # fmt: skip
    title = chart.to_dict()["title"]
    assert title["text"] == "Ordinary people run: up to 22 % are flagged for a dash at 2 m/s"
    assert "SIMULATED 모의 자료: six people" in title["subtitle"]
    assert "350000" in str(charts.seoul_alarms_chart(alarms, source="s").to_dict())
