"""Tracking within a camera, and its figures: on real boxes, and on SIMULATED detections of them."""

from __future__ import annotations

import time
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trackeval.datasets import MotChallenge2DBox
from trackeval.metrics import CLEAR
from trackeval.metrics import Identity as TrackevalIdentity

from onetomany.cli import main
from onetomany.errors import InputError, IntegrityError
from onetomany.sources import pedestrians
from onetomany.tracking import comparison, metrics, within
from onetomany.tracking.mot import BOX, MOT, read_mot, write_mot

pytestmark = pytest.mark.real

NAMES = pedestrians.sequence_names()
FIGURES = ("mota", "idf1", "idp", "idr", "id_switches", "false_positives", "misses")
some = settings(deadline=None, max_examples=25)


@pytest.fixture(scope="module", params=NAMES)
def opened(request: pytest.FixtureRequest) -> pedestrians.PedestrianSequence:
    return pedestrians.open_sequence(request.param)


# --- real boxes and published figures ---


def test_the_packages_sequences_are_as_registered(opened: pedestrians.PedestrianSequence) -> None:
    truth = read_mot(opened.truth)
    assert dict(truth.schema) == MOT
    assert truth.height == opened.boxes
    assert truth["id"].n_unique() == opened.persons
    assert truth["frame"].unique().to_list() == list(range(1, opened.frames + 1))
    for field in ("source", "licence", "terms", "credit", "seen", "limits"):
        assert pedestrians.pedestrian_datasheet()[field]


def test_stadtmitte_tells_where_people_stood_in_metres() -> None:
    truth = read_mot(pedestrians.open_sequence("TUD-Stadtmitte").truth).sort("id", "frame")
    assert truth["x"].null_count() == 0
    ends = truth.group_by("id").agg(
        metres=((pl.col("x").last() - pl.col("x").first()) ** 2
                + (pl.col("y").last() - pl.col("y").first()) ** 2).sqrt(),
        seconds=(pl.col("frame").max() - pl.col("frame").min()) / 25,
    )  # fmt: skip
    pace = ends["metres"] / ends["seconds"]
    assert pace.max() < 2.5  # nobody runs
    assert 0.5 < pace.median() < 1.8  # people walk


# what motmetrics' README gives from the MOT Challenge's own Matlab kit, for the same two files
PUBLISHED = {
    "TUD-Campus": (55.8, 73.0, 45.1, 13, 150, 7, 7, 52.6),
    "TUD-Stadtmitte": (64.5, 82.0, 53.1, 45, 452, 7, 6, 56.4),
}


def test_published_figures_of_the_packages_example_are_reproduced(
    opened: pedestrians.PedestrianSequence,
) -> None:
    truth, tracks = read_mot(opened.truth), read_mot(opened.example)
    found, again = metrics.score_tracks(truth, tracks), metrics.score_tracks_again(truth, tracks)
    untouched = metrics.score_tracks_again(truth, tracks, forget=False)
    idf1, idp, idr, false, misses, switches, fragments, mota = PUBLISHED[opened.name]
    for scores in (found, again, untouched):
        shares = [scores.idf1, scores.idp, scores.idr, scores.mota]
        assert np.round(np.array(shares) * 100, 1).tolist() == [idf1, idp, idr, mota]
        counts = (scores.false_positives, scores.misses, scores.id_switches)
        assert counts == (false, misses, switches)
    assert found.fragments == fragments
    assert comparison.gap(found, again) < 1e-9
    assert comparison.gap(found, untouched) < 1e-9


def test_the_truth_against_itself_is_perfect(opened: pedestrians.PedestrianSequence) -> None:
    truth = read_mot(opened.truth)
    for scores in (metrics.score_tracks(truth, truth), metrics.score_tracks_again(truth, truth)):
        assert scores.mota == scores.idf1 == 1
        assert scores.id_switches == scores.false_positives == scores.misses == 0
    assert metrics.score_tracks(truth, truth).hota == pytest.approx(1)
    if truth["x"].null_count() == 0:
        points = metrics.score_points(truth, truth)
        assert points.hota == points.mota == points.idf1 == pytest.approx(1)


def test_points_match_within_half_the_reach() -> None:
    truth = read_mot(pedestrians.open_sequence("TUD-Stadtmitte").truth)
    near = truth.with_columns(pl.col("x") + 0.9)
    far = truth.with_columns(pl.col("x") + 0.9, pl.col("y") + 40)
    assert metrics.score_points(truth, near).misses < 0.05 * truth.height
    assert metrics.score_points(truth, far).idf1 == 0
    assert metrics.score_points(truth, near, reach=0.5).idf1 < 0.5


# --- trackers, on SIMULATED detections made from the real boxes ---


@pytest.fixture(scope="module")
def simulated() -> dict[str, comparison.Filmed]:
    filmed = {}
    for name in NAMES:
        truth = read_mot(pedestrians.open_sequence(name).truth)
        detections = comparison.simulated_detections(truth, seed=7)
        filmed[name] = comparison.Filmed(detections, truth)
    return filmed


@pytest.fixture(scope="module")
def table(simulated: dict[str, comparison.Filmed]) -> pl.DataFrame:
    return comparison.compare_trackers(simulated)


def test_all_trackers_follow_and_both_packages_agree(table: pl.DataFrame) -> None:
    assert dict(table.schema) == comparison.TABLE
    assert table.height == len(NAMES) * len(within.TRACKERS)
    assert table["gap"].max() < 1e-9
    assert table["mota"].min() > 0.6
    best = table.filter(tracker="C-BIoU")
    assert best["idf1"].min() > 0.85
    # the default is no worse than the others where people are hidden behind each other
    assert best["hota"].sum() >= table.group_by("tracker").agg(pl.col("hota").sum())["hota"].max()


@pytest.mark.parametrize("tracker", within.TRACKERS)
def test_tracks_are_detections_with_an_id_and_the_same_each_time(
    simulated: dict[str, comparison.Filmed], tracker: str
) -> None:
    detections = simulated["TUD-Campus"].detections
    tracks = within.track(detections, tracker=tracker)
    assert tracks.equals(within.track(detections, tracker=tracker))
    assert dict(tracks.schema) == MOT
    assert tracks["id"].min() == 1
    assert not tracks.select(pl.struct("frame", "id").is_duplicated().any()).item()
    kept = tracks.select("frame", *BOX, "conf")
    assert kept.join(detections, on=kept.columns, how="anti").is_empty()
    # nothing of the order within the file, nor of where frames begin, matters to who is who
    later = within.track(detections.with_columns(pl.col("frame") + 1000), tracker=tracker)
    assert later.with_columns(pl.col("frame") - 1000).equals(tracks)


def test_a_track_outlives_a_gap_of_frames_without_any_detection() -> None:
    frames = [frame for frame in range(1, 41) if not 18 <= frame <= 22]
    walk = pl.DataFrame(
        {"frame": frames, "left": [100.0 + 2 * f for f in frames]},
        schema_overrides={"frame": pl.Int64},
    ).with_columns(top=pl.lit(50.0), width=pl.lit(40.0), height=pl.lit(100.0), conf=pl.lit(0.9))
    tracks = within.track(walk)
    assert tracks["id"].n_unique() == 1
    assert tracks["frame"].max() == 40
    assert tracks.height < 40
    assert (tracks["top"] + tracks["height"]).median() == 150
    # without patience the same walk is two people
    impatient = within.track(walk, settings={"lost_track_buffer": 0})
    assert impatient["id"].n_unique() == 2


def test_no_detections_no_tracks() -> None:
    nothing = pl.DataFrame(schema=MOT)
    assert within.track(nothing).is_empty()
    unsure = pl.DataFrame({"frame": [1], "left": [0.0], "top": [0.0], "width": [9.0],
                           "height": [9.0], "conf": [0.05]})  # fmt: skip
    assert within.track(unsure).is_empty()


def test_unknown_trackers_settings_and_columns_are_refused(
    simulated: dict[str, comparison.Filmed],
) -> None:
    detections = simulated["TUD-Campus"].detections
    with pytest.raises(InputError, match="no tracker 'deep'"):
        within.track(detections, tracker="deep")
    with pytest.raises(InputError, match="C-BIoU can't start"):
        within.track(detections, settings={"patience": 3})
    with pytest.raises(InputError, match="C-BIoU can't start"):
        within.track(detections, frame_rate=0)
    far = pl.concat([detections, detections.tail(1).with_columns(pl.col("frame") + 10**9)])
    with pytest.raises(InputError, match="more than 10,000,000 frames"):
        within.track(far)  # a single stray number would else mean a walk through 10^9 frames
    with pytest.raises(InputError, match="columns conf"):
        within.track(detections.drop("conf"))


# --- two packages, random inputs ---


def walkers(seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """SIMULATED: people in a crowd, and tracks that miss, stray and change their ids."""
    rng = np.random.default_rng(seed)
    people, frames = int(rng.integers(1, 6)), int(rng.integers(2, 15))
    places = np.cumsum(rng.normal(0, 10, (frames, people)), axis=0) + rng.uniform(0, 100, people)
    ids = np.where(rng.random((frames, people)) < 0.2, rng.integers(0, 5, (frames, people)),
                   10 + np.arange(people))  # fmt: skip
    sides = []
    for numbers, left, share in (
        (np.tile(np.arange(people), (frames, 1)), places, 0.9),
        (ids, places + rng.normal(0, 6, places.shape), 0.85),
    ):
        there = rng.random(places.shape) < share
        there[0, 0] = True
        frame = np.nonzero(there)[0] + 1
        sides.append(
            pl.DataFrame({"frame": frame, "id": numbers[there], "left": left[there]})
            .with_columns(top=pl.lit(0.0), width=pl.lit(40.0), height=pl.lit(80.0))
            .unique(["frame", "id"], keep="first", maintain_order=True)
        )
    return sides[0], sides[1]


@some
@given(seed=st.integers(0, 2**32 - 1))
def test_both_packages_agree_in_crowds(seed: int) -> None:
    truth, tracks = walkers(seed)
    found, again = metrics.score_tracks(truth, tracks), metrics.score_tracks_again(truth, tracks)
    for figure in FIGURES:
        assert getattr(found, figure) == pytest.approx(getattr(again, figure), abs=1e-9), figure


def test_left_as_it_is_motmetrics_follows_another_rule_in_crowds() -> None:
    """The reason for `forget`: without it the two packages do differ."""
    differing = 0
    for seed in range(25):
        truth, tracks = walkers(seed)
        found, plain = (
            metrics.score_tracks(truth, tracks),
            metrics.score_tracks_again(truth, tracks, forget=False),
        )
        assert plain.idf1 == pytest.approx(found.idf1, abs=1e-9)
        differing += plain.id_switches != found.id_switches
    assert differing


@some
@given(seed=st.integers(0, 2**32 - 1))
def test_names_do_not_matter(seed: int) -> None:
    truth, tracks = walkers(seed)
    rng = np.random.default_rng(seed)
    codes = rng.permutation(1000)
    renamed = [side.with_columns(id=pl.Series(codes[side["id"].to_numpy()]))
               for side in (truth, tracks)]  # fmt: skip
    before, after = metrics.score_tracks(truth, tracks), metrics.score_tracks(*renamed)
    assert np.allclose(astuple(before), astuple(after), atol=1e-9)


def test_two_people_under_one_id_cost_identity_and_leave_detection(
    simulated: dict[str, comparison.Filmed],
) -> None:
    """Ids that never meet in a frame are given to one track: boxes stay right, identities don't."""
    truth = simulated["TUD-Stadtmitte"].truth
    spans = truth.group_by("id").agg(start=pl.col("frame").min(), end=pl.col("frame").max())
    pairs = spans.join(spans, how="cross", suffix="_later").filter(
        pl.col("end") < pl.col("start_later")
    )
    one, other = pairs.sort("id", "id_later").select("id", "id_later").row(0)
    mixed = truth.with_columns(pl.col("id").replace(other, one))
    scores = metrics.score_tracks(truth, mixed)
    assert scores.mota == 1
    assert scores.idf1 < 1
    assert scores.ass_a is not None
    assert scores.ass_a < 1
    assert scores.det_a == pytest.approx(1)


def test_preparation_is_that_of_the_mot_challenge() -> None:
    """Zero-marked boxes and distractors are dropped just as trackeval's own MOT17 reader does."""
    rng = np.random.default_rng(3)
    reader = MotChallenge2DBox.__new__(MotChallenge2DBox)  # its set-up wants folders
    reader.benchmark, reader.do_preproc = "MOT17", True
    names = ["pedestrian", "person_on_vehicle", "car", "bicycle", "motorbike", "non_mot_vehicle",
             "static_person", "distractor", "occluder", "occluder_on_ground", "occluder_full",
             "reflection", "crowd"]  # fmt: skip
    reader.class_name_to_class_id = {name: place + 1 for place, name in enumerate(names)}
    reader.valid_class_numbers = list(range(1, 14))
    for seed in range(20):
        truth, tracks = walkers(seed)
        truth = truth.with_columns(
            conf=pl.Series(rng.integers(0, 2, truth.height).astype(float)),
            **{"class": pl.Series(rng.choice([1, 1, 1, 2, 3, 7, 8, 12], truth.height))},
        )
        if not ((truth["conf"] == 1) & (truth["class"] == 1)).any():
            continue
        last = max(truth["frame"].max(), tracks["frame"].max())
        raw = {"num_timesteps": last, "seq": "made", "gt_ids": [], "gt_dets": [], "gt_classes": [],
               "gt_extras": [], "tracker_ids": [], "tracker_dets": [], "tracker_classes": [],
               "tracker_confidences": [], "similarity_scores": []}  # fmt: skip
        for frame in range(1, last + 1):
            here, there = truth.filter(frame=frame), tracks.filter(frame=frame)
            raw["gt_ids"].append(here["id"].to_numpy())
            raw["gt_dets"].append(here.select(BOX).to_numpy())
            raw["gt_classes"].append(here["class"].to_numpy())
            raw["gt_extras"].append({"zero_marked": here["conf"].to_numpy().astype(int)})
            raw["tracker_ids"].append(there["id"].to_numpy())
            raw["tracker_dets"].append(there.select(BOX).to_numpy())
            raw["tracker_classes"].append(np.ones(there.height, int))
            raw["tracker_confidences"].append(np.ones(there.height))
            raw["similarity_scores"].append(
                reader._calculate_similarities(raw["gt_dets"][-1], raw["tracker_dets"][-1])
            )
        data = reader.get_preprocessed_seq_data(raw, "pedestrian")
        clear = CLEAR({"PRINT_CONFIG": False}).eval_sequence(data)
        ids = TrackevalIdentity({"PRINT_CONFIG": False}).eval_sequence(data)
        found = metrics.score_tracks(truth, tracks)
        assert found.mota == pytest.approx(clear["MOTA"], abs=1e-12)
        assert found.idf1 == pytest.approx(ids["IDF1"], abs=1e-12)
        assert (found.boxes, found.tracked) == (data["num_gt_dets"], data["num_tracker_dets"])


def test_what_can_not_be_scored_is_refused() -> None:
    truth, tracks = walkers(1)
    with pytest.raises(InputError, match="without an id"):
        metrics.score_tracks(truth, tracks.with_columns(id=pl.lit(-1)))
    with pytest.raises(InputError, match="tracks lack the columns height"):
        metrics.score_tracks(truth, tracks.drop("height"))
    with pytest.raises(InputError, match="twice in a frame"):
        metrics.score_tracks(pl.concat([truth, truth]), tracks)
    with pytest.raises(InputError, match="not a number"):
        metrics.score_tracks(truth, tracks.with_columns(left=pl.lit(float("nan"))))
    with pytest.raises(InputError, match="no box to score"):
        metrics.score_tracks(truth.with_columns(conf=pl.lit(0)), tracks)


# --- identity across a system ---

sightings = st.lists(
    st.tuples(st.integers(0, 5), st.one_of(st.none(), st.integers(0, 5))), min_size=1, max_size=60
)


def frame_of(pairs: list[tuple[int | None, int | None]]) -> pl.DataFrame:
    kinds = {"true_id": pl.Int64, "track_id": pl.Int64}
    return pl.DataFrame(pairs, schema=kinds, orient="row")


@some
@given(pairs=sightings)
def test_identity_is_trackevals(pairs: list[tuple[int, int | None]]) -> None:
    frame = frame_of([*pairs, (None, 3)])
    found = metrics.identity(frame)
    persons = np.unique([who for who, _ in pairs])
    tracks = np.unique([track for _, track in pairs if track is not None] + [3])
    rows = frame.rows()
    data = {
        "gt_ids": [np.searchsorted(persons, [] if a is None else [a]) for a, _ in rows],
        "tracker_ids": [np.searchsorted(tracks, [] if b is None else [b]) for _, b in rows],
        "similarity_scores": [np.ones((int(a is not None), int(b is not None))) for a, b in rows],
        "num_gt_dets": len(pairs),
        "num_tracker_dets": frame.height - frame["track_id"].null_count(),
        "num_gt_ids": len(persons),
        "num_tracker_ids": len(tracks),
        "num_timesteps": len(rows),
    }
    quiet = {"PRINT_CONFIG": False}
    ids = TrackevalIdentity(quiet).eval_sequence(data)
    assert (found.idtp, found.idfp, found.idfn) == (ids["IDTP"], ids["IDFP"], ids["IDFN"])
    for ours, theirs in ((found.idf1, "IDF1"), (found.idp, "IDP"), (found.idr, "IDR")):
        assert ours == pytest.approx(ids[theirs], abs=1e-12)
    assert found.switches == CLEAR(quiet).eval_sequence(data)["IDSW"]


@some
@given(pairs=sightings, seed=st.integers(0, 99))
def test_identity_ignores_names_and_falls_when_right_tracks_are_mixed(
    pairs: list[tuple[int, int | None]], seed: int
) -> None:
    frame = frame_of(pairs)
    codes = np.random.default_rng(seed).permutation(6).tolist()
    renamed = frame.with_columns(pl.col("track_id").replace_strict(dict(enumerate(codes))))
    assert metrics.identity(renamed) == metrics.identity(frame)
    right = frame.with_columns(track_id=pl.col("true_id"))
    assert metrics.identity(right).idf1 == 1
    if right["true_id"].n_unique() > 1:
        one, other = right["true_id"].unique().sort().head(2)
        mixed = metrics.identity(right.with_columns(pl.col("track_id").replace(other, one)))
        assert mixed.idf1 < 1
        assert mixed.idp == mixed.idr  # every sighting is in a track, only a wrong one
        assert mixed.switches == 0  # that a person stayed in one track says nothing of who else did


def test_identity_of_a_large_system_takes_seconds_and_is_exact() -> None:
    rng = np.random.default_rng(5)
    true = rng.integers(0, 20_000, 200_000)
    half = np.where(rng.random(true.size) < 0.5, rng.integers(0, 20_000, true.size), true)
    started = time.monotonic()
    found = metrics.identity(pl.DataFrame({"true_id": true, "track_id": half}))
    assert time.monotonic() - started < 20  # a dense matching would not end, nor fit
    assert found.idtp >= np.count_nonzero(half == true)
    # one block or many: the same
    whole = metrics.BLOCK
    try:
        metrics.BLOCK = 1
        assert metrics.identity(pl.DataFrame({"true_id": true, "track_id": half})) == found
    finally:
        metrics.BLOCK = whole
    with pytest.raises(InputError, match="track_id"):
        metrics.identity(pl.DataFrame({"true_id": [1]}))


# --- files ---


def test_what_is_written_is_read(opened: pedestrians.PedestrianSequence, tmp_path: Path) -> None:
    truth = read_mot(opened.truth)
    write_mot(tmp_path / "new" / "gt.txt", truth)
    assert read_mot(tmp_path / "new" / "gt.txt").equals(truth)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["gt.txt"]
    classed = truth.with_columns(
        pl.lit(None, pl.Float64).alias("x"), pl.lit(None, pl.Float64).alias("y"),
        pl.lit(None, pl.Float64).alias("z"), pl.lit(7, pl.Int64).alias("class"), visibility=0.5,
    )  # fmt: skip
    write_mot(tmp_path / "classed.txt", classed)
    assert read_mot(tmp_path / "classed.txt").equals(classed.select(*MOT))
    with pytest.raises(InputError, match="height"):
        write_mot(tmp_path / "bad.txt", truth.drop("height"))
    with pytest.raises(InputError, match="without a frame"):
        write_mot(tmp_path / "bad.txt", truth.with_columns(left=None))


def test_the_three_forms_of_the_format(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("2, -1, 1.5, 2, 3, 4, 0.9\n\n1,-1,1,2,3,4,.5\r\n")
    seven = read_mot(file)
    assert seven["frame"].to_list() == [1, 2]
    assert seven["class"].null_count() == seven["x"].null_count() == 2
    file.write_text("1,4,1,2,3,4,0,8,0.25\n")
    assert read_mot(file).select("conf", "class", "visibility").row(0) == (0.0, 8, 0.25)
    file.write_text("1,4,1,2,3,4,1,-1,-1,-1\n2,4,1,2,3,4,1,-1,7,0\n")
    assert read_mot(file)["x"].to_list() == [None, -1.0]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("1,1,1,1,1\n", "line 1: the line has 5 values"),
        ("1,1,0,0,5,5,1\n1,2,0,0,5,5\n", "line 2: the line does not have 7 values"),
        ("\n1,1,0,0,five,5,1\n", "line 2: 'width' is not a number"),
        ("1,1,0,0,nan,5,1\n", "line 1: 'width' is not a number"),
        ("1,1,0,inf,5,5,1\n", "line 1: 'top' is not a number"),
        ("1,1,0,0,5,1e9,1\n", "line 1: 'height' is not a number within"),
        ("1,1,0,0,5,0,1\n", "line 1: the box has no area"),
        ("1,-1,0,0,5,5,1\n1e9,-1,0,0,5,5,1\n", "line 2: 'frame' is not a number within 10,000,000"),
        ("1.5,1,0,0,5,5,1\n", "line 1: 'frame' is not a whole number"),
        ("-1,1,0,0,5,5,1\n", "line 1: 'frame' is below 0"),
        ("1,3,0,0,5,5,1\n1,-1,0,0,5,5,1\n1,-1,0,0,5,5,1\n1,3,9,9,5,5,1\n", "line 4: this id"),
        (" \n\n", "no box"),
    ],
)
def test_a_bad_line_is_named(text: str, fault: str, tmp_path: Path) -> None:
    file = tmp_path / "bad.txt"
    file.write_text(text)
    with pytest.raises(InputError, match=fault) as caught:
        read_mot(file)
    assert "bad.txt" in str(caught.value)


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no file"):
        read_mot(tmp_path / "absent.txt")
    (tmp_path / "picture.txt").write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(InputError, match="not text"):
        read_mot(tmp_path / "picture.txt")
    (tmp_path / "long.txt").write_text("1,1,0,0,5,5,1\n" * 10)
    with pytest.raises(InputError, match="at most 100"):
        read_mot(tmp_path / "long.txt", max_bytes=100)


def test_a_changed_file_of_the_package_is_not_opened(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = pedestrians.open_sequence("TUD-Campus")
    copy = tmp_path / "data" / "TUD-Campus"
    copy.mkdir(parents=True)
    (copy / "gt.txt").write_text(real.truth.read_text().replace("399", "398", 1))
    (copy / "test.txt").write_bytes(real.example.read_bytes())
    monkeypatch.setattr(pedestrians, "package_folder", lambda _: tmp_path)
    with pytest.raises(IntegrityError, match=r"gt\.txt"):
        pedestrians.open_sequence("TUD-Campus")
    (copy / "gt.txt").write_bytes(real.truth.read_bytes())
    assert replace(pedestrians.open_sequence("TUD-Campus"), truth=real.truth).boxes == 359
    with pytest.raises(InputError, match="no sequence 'TUD-Crossing'"):
        pedestrians.open_sequence("TUD-Crossing")


def test_a_users_folder_brings_its_own_sequences(tmp_path: Path) -> None:
    line = "1,{},0,0,5,5,1\n"
    for place in ("train/TUD-Campus/det", "train/OWN/det", "train/OWN/gt", "other/BARE"):
        (tmp_path / place).mkdir(parents=True)
    for place in ("train/TUD-Campus/det", "train/OWN/det", "other/BARE"):
        (tmp_path / place / "det.txt").write_text(line.format(-1))
    (tmp_path / "train/OWN/gt/gt.txt").write_text(line.format(1))
    (tmp_path / "train/OWN/seqinfo.ini").write_text("[Sequence]\nname=OWN\nframeRate=14\n")
    bare, own, campus = pedestrians.user_sequences(tmp_path)
    assert (bare.name, bare.truth) == ("BARE", None)
    assert (own.frame_rate, own.truth) == (14, tmp_path / "train/OWN/gt/gt.txt")
    assert campus.truth == pedestrians.open_sequence("TUD-Campus").truth
    (tmp_path / "train/OWN/seqinfo.ini").write_text("[Sequence]\nframeRate=fast\n")
    bare, own, campus = pedestrians.user_sequences(tmp_path)  # the fault is that sequence's alone
    assert "no readable frameRate" in (own.fault or "")
    assert bare.fault is campus.fault is None
    (tmp_path / "train/OWN/seqinfo.ini").unlink()
    (tmp_path / "again/OWN").mkdir(parents=True)
    (tmp_path / "again/OWN/det.txt").write_text(line.format(-1))
    with pytest.raises(InputError, match="'OWN' twice"):
        pedestrians.user_sequences(tmp_path)
    with pytest.raises(InputError, match="with a ground truth"):
        pedestrians.user_sequences(tmp_path / "other")


def test_the_command_prints_the_table_of_a_folder(
    simulated: dict[str, comparison.Filmed],
    table: pl.DataFrame,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = "TUD-Campus"
    write_mot(tmp_path / name / "det.txt", simulated[name].detections)
    (tmp_path / "BARE").mkdir()
    (tmp_path / "BARE" / "det.txt").write_text("1,-1,0,0,5,5,1\n")
    assert main(["trackers", str(tmp_path), "--csv", str(tmp_path / "table.csv")]) == 0
    shown = capsys.readouterr().out
    table = table.filter(sequence=name)
    for row in table.iter_rows(named=True):
        cells = [f"{row[figure]:.3f}" for figure in ("hota", "mota", "idf1")]
        counts = [
            str(row[n])
            for n in ("id_switches", "motmetrics_switches", "mostly_tracked", "mostly_lost")
        ]
        line = [row["sequence"], row["tracker"], *cells, *counts, str(row["persons"])]
        assert line in [each.split() for each in shown.splitlines()]
    assert "because there is no ground truth: BARE" in shown
    assert "TU Darmstadt" in shown  # whose truth it is
    assert "SIMULATED" not in shown
    assert pl.read_csv(tmp_path / "table.csv").height == table.height
