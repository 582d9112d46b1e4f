"""From a recorded film to tracks: what is refused, decoded in the cage, found, drawn and placed."""

from __future__ import annotations

import hashlib
import io
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import onnx
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from onetomany import cage
from onetomany.cage import keeper
from onetomany.cage.film_decoder import FAULT
from onetomany.charts import film as charts
from onetomany.cli import main
from onetomany.cli.film import TRACKED_BY
from onetomany.errors import DatasheetError, InputError, IntegrityError, RefusedError
from onetomany.sources.films import BLANK, FilmSheet, check_film, read_film_sheet
from onetomany.tracking import film, film_pictures, ground, people_detectors, within
from onetomany.tracking.mot import read_mot

pytestmark = pytest.mark.real

linux = pytest.mark.skipif(sys.platform != "linux", reason="the cage confines on Linux only")
WIDE, HIGH, FRAMES, RATE = 192, 160, 24, 8.0
RED, GREEN = (0, 0, 255), (0, 255, 0)  # blue first
VTEST = Path(os.environ.get("ONETOMANY_VTEST", "/usr/share/doc/opencv-doc/examples/data/vtest.avi"))
SQUARE = "[ground]\npicture = [[0, 0], [192, 0], [192, 160], [0, 160]]\n"
METRES = "metres = [[0, 16], [19.2, 16], [19.2, 0], [0, 0]]\n"


def picture(number: int) -> np.ndarray:
    """A red block that walks right and a green one that stays; 30 by 60 pixels."""
    frame = np.full((HIGH, WIDE, 3), 60, np.uint8)
    left = 10 + 5 * number
    cv2.rectangle(frame, (left, 20), (left + 29, 79), RED, -1)
    cv2.rectangle(frame, (100, 90), (129, 149), GREEN, -1)
    return frame


def blocks(frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A detector of what `picture` drew."""
    boxes = []
    for channel in (2, 1):
        others = np.delete(frame, channel, axis=2).max(axis=2)
        mask = ((frame[:, :, channel] > 150) & (others < 110)).astype(np.uint8)
        if mask.sum() > 600:
            boxes.append(cv2.boundingRect(mask))
    return np.array(boxes, np.float64).reshape(-1, 4), np.full(len(boxes), 0.95)


def write_film(
    path: Path,
    paint: Callable[[int], np.ndarray] = picture,
    frames: int = FRAMES,
    code: str = "MJPG",
    backend: int = cv2.CAP_FFMPEG,
) -> Path:
    first = paint(0)
    size = (first.shape[1], first.shape[0])
    film = cv2.VideoWriter(str(path), backend, cv2.VideoWriter.fourcc(*code), RATE, size)
    assert film.isOpened()
    for number in range(frames):
        film.write(paint(number))
    film.release()
    return path


def filled(path: Path, **changes: str) -> str:
    """The blank datasheet with every field filled in for a file."""
    lines = BLANK.format(sha256=hashlib.sha256(path.read_bytes()).hexdigest()).splitlines()
    values = {
        "allowed_uses": '["research"]', "frames_per_second": str(RATE), "expires": '"none"',
        "kind": '"synthetic"', "name": '"made"', "frames_may_be_shown": "true", **changes,
    }  # fmt: skip
    made = []
    for line in lines:
        name, is_field, rest = line.partition(" = ")
        if is_field and not name.startswith("#"):
            value = values.get(name, '"made for a test"' if rest.startswith('""') else "")
            line = f"{name} = {value}" if value else line  # noqa: PLW2901
        made.append(line)
    return "\n".join(made) + "\n"


@pytest.fixture
def made(tmp_path: Path) -> tuple[Path, Path]:
    path = write_film(tmp_path / "made.avi")
    sheet = tmp_path / "sheet.toml"
    sheet.write_text(filled(path))
    return path, sheet


def sheet_of(path: Path, **changes: str) -> FilmSheet:
    target = path.with_suffix(".sheet.toml")
    target.write_text(filled(path, **changes))
    return read_film_sheet(target)


# -- what is refused


@pytest.mark.parametrize(
    "name", ["0", "-", "rtsp://a/b", "http://a/b.mp4", "file:///a.avi", "concat:a.avi|b.avi",
             "/dev/video0", "/dev/stdin", "/proc/self/fd/0", "udp:1.2.3.4"]
)  # fmt: skip
def test_cameras_streams_and_addresses_are_refused(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(RefusedError):
        check_film(name)
    assert main(["film", name, "--sheet", "none.toml", "--out", "none"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert name in said


def test_pipes_links_to_devices_folders_and_lists_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.avi")
    (tmp_path / "link.avi").symlink_to("/dev/zero")
    (tmp_path / "list.avi").write_text("#EXTM3U\n#EXTINF:1,\nhttp://a/b.ts\n")
    (tmp_path / "concat.mp4").write_text("ffconcat version 1.0\nfile '/etc/passwd'\n")
    (tmp_path / "mpd.mp4").write_text("<?xml version='1.0'?><MPD></MPD>")
    for name in ("pipe.avi", "link.avi", "list.avi", "concat.mp4", "mpd.mp4"):
        with pytest.raises(RefusedError, match=name):
            check_film(str(tmp_path / name))
    (tmp_path / "words.avi").write_text("no film")
    (tmp_path / "picture.avi").write_bytes(cv2.imencode(".png", picture(0))[1].tobytes())
    for name in ("words.avi", "picture.avi", "missing.avi", "."):
        with pytest.raises(InputError):
            check_film(str(tmp_path / name))


def test_a_film_without_a_datasheet_is_refused_in_one_sentence(
    made: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["film", str(made[0]), "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert "no datasheet" in said
    assert "--blank-sheet" in said
    assert said.count("\n") == 1
    blank = tmp_path / "blank.toml"
    assert main(["film", str(made[0]), "--blank-sheet", str(blank)]) == 0
    assert main(["film", str(made[0]), "--blank-sheet", str(blank)]) == 1  # nothing is overwritten
    with pytest.raises(DatasheetError, match=r"incomplete.*consent_basis.*frames_per_second"):
        read_film_sheet(blank)
    blank.write_text(filled(made[0]))
    assert read_film_sheet(blank).frames_per_second == RATE
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [("kind", '"film"'), ("allowed_uses", '["police"]'), ("allowed_uses", "[]"),
     ("sha256", '"abc"'), ("frames_per_second", "0"), ("frames_per_second", "true"),
     ("frames_may_be_shown", '"yes"'), ("expires", '"soon"'), ("licence", '" "')],
)  # fmt: skip
def test_each_wrong_field_is_named(made: tuple[Path, Path], field: str, value: str) -> None:
    with pytest.raises(DatasheetError, match=field):
        sheet_of(made[0], **{field: value})


def test_terms_of_the_datasheet_hold(
    made: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, sheet = made
    out = tmp_path / "out"
    ask = ["film", str(path), "--sheet", str(sheet), "--out", str(out)]
    cases = {
        "expired on 2020-01-01": {"expires": "2020-01-01"},
        "ask those who gave you the film": {"allowed_uses": '["exhibit"]'},
        "is not the film of its datasheet": {"sha256": f'"{"0" * 64}"'},
    }
    for words, changes in cases.items():
        sheet.write_text(filled(path, **changes))
        assert main(ask) == 1
        assert words in capsys.readouterr().err
    assert not out.exists()


def test_an_unknown_field_is_named_with_what_it_may_mean(made: tuple[Path, Path]) -> None:
    path, sheet = made
    sheet.write_text("frames_a_second = 7\n" + filled(path))
    with pytest.raises(DatasheetError, match=r"'frames_a_second' \(similar: frames_per_second"):
        read_film_sheet(sheet)
    sheet.write_text(filled(path) + "enlarged = 2\n")  # below [preparation]
    with pytest.raises(DatasheetError, match=r"'preparation.enlarged'"):
        read_film_sheet(sheet)


# -- decoding


@linux
@pytest.mark.parametrize(
    ("name", "code"),
    [("a.avi", "MJPG"), ("a.mp4", "mp4v"), ("a.webm", "VP80"), ("a.mkv", "FFV1"),
     ("a.wmv", "WMV2"), ("a.ts", "mp4v"), ("a.flv", "FLV1")],
)  # fmt: skip
def test_films_of_each_form_are_decoded_in_the_cage(tmp_path: Path, name: str, code: str) -> None:
    path = write_film(tmp_path / name, code=code)
    seen: dict[int, np.ndarray] = {}
    decoded = film.decode_film(
        check_film(str(path)), sheet_of(path), lambda number, frame: seen.update({number: frame})
    )
    assert (decoded.frames, decoded.size, decoded.stored) == (FRAMES, (WIDE, HIGH), (WIDE, HIGH))
    assert list(seen) == list(range(1, FRAMES + 1))
    for number, frame in seen.items():  # compressed, but the same picture in the same place
        assert np.abs(frame.astype(int) - picture(number - 1)).mean() < 12
    held = cage.lasting(film.TASK).isolation
    assert held["landlock"]
    assert held["seccomp"]


@linux
def test_a_span_of_frames_and_large_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(film, "SIDE", 96)  # half of the film's width
    path = write_film(tmp_path / "large.avi", frames=6)
    seen: list[int] = []
    decoded = film.decode_film(path, sheet_of(path), lambda n, _: seen.append(n), first=3, last=5)
    assert seen == [3, 4, 5]
    assert (decoded.stored, decoded.size) == ((WIDE, HIGH), (96, 80))

    def nearest(frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        boxes, conf = blocks(cv2.resize(frame, (WIDE, HIGH)))
        return boxes / 2, conf

    found = film.find_tracks(path, sheet_of(path), nearest, first=3, last=5)
    assert found.detections["frame"].unique().to_list() == [3, 4, 5]
    first = found.detections.row(0, named=True)  # in pixels of the film, not of the shrunk frame
    assert first["left"] == pytest.approx(10 + 5 * 2, abs=3)
    assert first["height"] == pytest.approx(60, abs=5)
    with pytest.raises(InputError, match="ends before the first frame"):
        film.decode_film(path, sheet_of(path), lambda n, _: None, first=7, last=9)


@linux
@pytest.mark.parametrize("kept", [64, 400, 2100])
def test_a_broken_film_ends_with_one_sentence(
    made: tuple[Path, Path], tmp_path: Path, kept: int, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.avi"
    broken.write_bytes(made[0].read_bytes()[:kept] + b"\xff" * 500)
    made[1].write_text(filled(broken))
    out = tmp_path / "out"
    assert main(["film", str(broken), "--sheet", str(made[1]), "--out", str(out)]) == 1
    said = capsys.readouterr().err.strip().splitlines()
    assert said[-1].startswith(f"{broken} can't be read as a film")
    assert not out.exists()
    assert not list(tmp_path.glob(".out*"))


@linux
@given(st.data())
@settings(max_examples=25, deadline=None)
def test_no_damage_gives_anything_but_frames_or_one_sentence(data: st.DataObject) -> None:
    code = data.draw(st.sampled_from(["MJPG", "mp4v"]))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "film.avi"
        sheet = sheet_of(write_film(path, frames=4, code=code))
        whole = path.read_bytes()
        damaged = bytearray(whole[: data.draw(st.integers(13, len(whole)))])
        for place in data.draw(st.lists(st.integers(12, len(damaged) - 1), max_size=30)):
            damaged[place] = data.draw(st.integers(0, 255))
        path.write_bytes(damaged)
        sheet = replace(sheet, sha256=hashlib.sha256(damaged).hexdigest())
        seen: list[int] = []
        said = ""
        try:
            frames = film.decode_film(path, sheet, lambda n, _: seen.append(n)).frames
        except InputError as error:
            said = str(error)
    assert "can't be read as a film" in said if said else frames == len(seen) > 0


@linux
def test_a_decoder_that_falls_silent_is_ended(
    made: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has hours for all frames, and seconds for each."""
    here = str(Path(__file__).parent)
    command, places = keeper.isolated_python, keeper.landlock.program_places
    monkeypatch.setattr(
        keeper,
        "isolated_python",
        lambda code, *more: command(f"sys.path.append({here!r}); {code}", *more, here),
    )
    monkeypatch.setattr(keeper.landlock, "program_places", lambda: [*places(), here])
    monkeypatch.setattr(film, "TASK", "stalling_film:load")
    monkeypatch.setattr(film, "SILENCE", 2.0)
    seen: list[int] = []
    begun = time.monotonic()
    with pytest.raises(InputError, match=r"can't be read as a film: it did not answer in time"):
        film.decode_film(made[0], sheet_of(made[0]), lambda n, _: seen.append(n))
    assert len(seen) > 100  # what came before was seen
    assert time.monotonic() - begun < 60


def _ask(content: bytes) -> tuple[list[tuple[bytes, bytes]], int]:
    """What the cage's task answers to bytes that nobody checked before."""
    file = keeper.unnamed_file()
    os.write(file, content)
    os.lseek(file, 0, os.SEEK_SET)
    try:
        outcome = cage.lasting(film.TASK).ask(
            file,
            {"side": 320, "first": 1, "last": 50},
            lambda frames: [(kind, frames.read(length)) for kind, length in frames],
            seconds=30, memory=film.MEMORY, most=1 << 24,
        )  # fmt: skip
    finally:
        os.close(file)
    return outcome.kept or [], outcome.ended.code


@linux
def test_the_decoder_takes_no_list_and_no_other_form(tmp_path: Path) -> None:
    """Also past `check_film`: the decoder itself has a list of forms, and can open nothing."""
    y4m = b"YUV4MPEG2 W16 H16 F25:1 Ip C420\n" + (b"FRAME\n" + bytes(384)) * 3
    opened = cv2.VideoCapture(io.BytesIO(y4m), cv2.CAP_FFMPEG, [])
    assert opened.isOpened()  # elsewhere it would be taken
    path = write_film(tmp_path / "a.avi")
    for content in (y4m, f"ffconcat version 1.0\nfile '{path}'\n".encode(), b"#EXTM3U\n"):
        assert _ask(content) == ([(FAULT, b"not a film")], 0)


# -- the command, with a detector of the test's own


def run(made: tuple[Path, Path], out: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> int:
    monkeypatch.setattr(people_detectors, "hog_detector", lambda enlarge: blocks)
    return main(["film", str(made[0]), "--sheet", str(made[1]), "--out", str(out), *more])


@linux
def test_tracks_frames_clip_heat_map_and_metres(
    made: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path, sheet = made
    sheet.write_text(filled(path) + SQUARE + METRES)
    out = tmp_path / "out"
    assert run(made, out, monkeypatch) == 0
    said = capsys.readouterr().out
    assert "2 tracks, at most 2 at once" in said
    assert "Numbers are tracks, not people" in said
    assert "번호는 사람이 아니라 동선이다" in said
    assert "made for a test" in said  # the credit
    assert said.startswith("The film is synthetic")
    assert (out / "summary.md").read_text("utf-8").count("동선") > 1
    listed = pl.read_csv(out / "tracks.csv")
    assert listed.columns[:4] == ["frame", "t", "id", "left"]
    mot = read_mot(out / "tracks.txt")
    assert mot.height == listed.height > FRAMES
    walker = listed.filter(pl.col("top") < 50).sort("frame")
    assert walker["id"].n_unique() == 1
    # 5 pixels a frame, 10 pixels a metre, 8 frames a second: 4 m/s
    places = pl.read_csv(out / "trajectories.csv").filter(pl.col("id") == walker["id"][0])
    assert places.columns == ["id", "t", "x", "y"]
    inner = places.sort("t").slice(4, places.height - 8)
    speed = (inner["x"].max() - inner["x"].min()) / (inner["t"].max() - inner["t"].min())
    assert speed == pytest.approx(4.0, rel=0.05)
    assert inner["y"].to_numpy() == pytest.approx(8.0, abs=0.3)  # 80 of 160 pixels down
    assert film_pictures._count_frames(out / "clip.avi") == FRAMES
    assert {file.name for file in out.iterdir()} == {
        "tracks.csv", "tracks.txt", "det.txt", "trajectories.csv", "clip.avi", "frames",
        "heat.png", "plan.png", "summary.md",
    }  # fmt: skip
    last = cv2.imread(str(out / "frames" / f"{FRAMES:06}.png"))
    colour = film_pictures.COLOURS[walker["id"][0] % len(film_pictures.COLOURS)]
    row = walker.filter(pl.col("frame") == FRAMES).row(0, named=True)
    side = last[round(row["top"] + row["height"] / 2), round(row["left"])]
    assert np.abs(side.astype(int) - colour).max() < 20
    assert not list(tmp_path.glob(".out*"))
    assert run(made, out, monkeypatch) == 1  # nothing is overwritten
    assert "exists" in capsys.readouterr().err


@linux
def test_without_leave_no_frame_is_written(
    made: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made[1].write_text(filled(made[0], frames_may_be_shown="false"))
    drawn = []
    draw = charts.film_presence_chart
    monkeypatch.setattr(
        charts,
        "film_presence_chart",
        lambda *a, **k: (drawn.append(k["background"]), draw(*a, **k))[1],
    )
    assert run(made, tmp_path / "out", monkeypatch, "--frames", "1-12") == 0
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert names == {"tracks.csv", "tracks.txt", "det.txt", "heat.png", "summary.md"}
    assert drawn == [None]
    assert "no frame was written" in (tmp_path / "out" / "summary.md").read_text("utf-8")


@linux
def test_a_film_in_which_the_real_detector_finds_nobody_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grey = np.random.default_rng(0).integers(100, 120, (HIGH, WIDE, 3)).astype(np.uint8)
    path = write_film(tmp_path / "empty.avi", lambda _: grey, frames=5)
    sheet, out = tmp_path / "sheet.toml", tmp_path / "out"
    sheet.write_text(filled(path))
    assert main(["film", str(path), "--sheet", str(sheet), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "Nobody was found." in said
    assert "찾은 사람이 없다." in said
    assert pl.read_csv(out / "tracks.csv").height == 0
    assert not (out / "heat.png").exists()
    assert film_pictures._count_frames(out / "clip.avi") == 5


@linux
def test_what_header_and_datasheet_disagree_on_is_told(
    made: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path, sheet = made
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    sheet.write_text(filled(path, frames_per_second="4.0", frames_may_be_shown="false"))
    assert run(made, tmp_path / "out", monkeypatch) == 0
    said = capsys.readouterr().out
    assert "header says 8 frames a second, the datasheet 4" in said
    assert "초당 8장, 데이터시트에는 4장" in said
    assert f"header promises {FRAMES} frames" in said


def test_names_are_printed_escaped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["film", str(tmp_path / "a\x1b[2J\nb.avi"), "--sheet", "s", "--out", "o"]) == 1
    said = capsys.readouterr().err
    assert "\x1b" not in said
    assert said.count("\n") == 1


def test_the_commands_trackers_are_the_kits() -> None:
    assert tuple(within.TRACKERS) == TRACKED_BY


@pytest.mark.parametrize("span", ["0-3", "5-2", "a-b", "1-99999", "7"])
def test_a_wrong_span_is_refused(
    made: tuple[Path, Path], tmp_path: Path, span: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ask = ["film", str(made[0]), "--sheet", str(made[1]), "--out", str(tmp_path / "out")]
    assert main([*ask, "--frames", span]) == 1
    assert "1-70" in capsys.readouterr().err


def test_tracks_that_keep_their_place_are_listed() -> None:
    frames = list(range(1, 81))
    still = pl.DataFrame({"frame": frames, "id": 4, "left": 50.0, "width": 30.0, "top": 10.0})
    jump = pl.when(pl.col("frame") < 4).then(90.0).otherwise("left")
    still = still.with_columns(left=jump)  # a box that slips for a moment is still in its place
    walking = still.with_columns(id=pl.lit(7), left=pl.col("frame") * 2.0)
    brief = still.tail(20).with_columns(id=pl.lit(9))
    tracks = pl.concat([each.cast({"id": pl.Int64}) for each in (still, walking, brief)])
    tracks = tracks.with_columns(height=pl.lit(60.0))
    assert film.still_tracks(tracks, frame_rate=10.0) == [4]
    assert film.still_tracks(tracks, frame_rate=1.0) == [4, 9]


# -- the ground

POINTS = st.tuples(st.floats(-3, 3), st.floats(-3, 3))


@given(st.lists(st.floats(-0.3, 0.3), min_size=8, max_size=8), st.lists(POINTS, max_size=5))
@settings(deadline=None, max_examples=60)
def test_a_homography_is_found_again_from_its_points(
    entries: list[float], places: list[tuple[float, float]]
) -> None:
    """Metres to pixels by a known matrix, and back by the points alone."""
    known = np.eye(3) + np.array([*entries[:6], entries[6] / 20, entries[7] / 20, 0]).reshape(3, 3)
    corners = np.array([[0, 0], [4, 0], [4, 4], [0, 4], [2, 1]], np.float64)

    def seen(points: np.ndarray) -> np.ndarray:
        mapped = np.column_stack([points, np.ones(len(points))]) @ known.T
        return mapped[:, :2] / mapped[:, 2:] * 100

    found = ground.read_ground(
        {"picture": seen(corners).tolist(), "metres": corners.tolist()}, "sheet"
    )
    assert found.residual == pytest.approx(0, abs=1e-4)
    points = np.array([*places, (1.0, 3.0)], np.float64)
    assert found.metres(seen(points)) == pytest.approx(points, abs=1e-3)


def test_five_points_that_disagree_give_a_residual_and_four_none() -> None:
    picture_points = [[0, 0], [100, 0], [100, 100], [0, 100], [50, 50]]
    metres = [[0, 0], [10, 0], [10, 10], [0, 10], [6, 5]]
    found = ground.read_ground({"picture": picture_points, "metres": metres}, "sheet")
    assert 0.05 < (found.residual or 0) < 1
    four = ground.read_ground({"picture": picture_points[:4], "metres": metres[:4]}, "sheet")
    assert four.residual is None


@pytest.mark.parametrize(
    "table",
    [
        {"picture": [[0, 0], [1, 0], [1, 1]], "metres": [[0, 0], [1, 0], [1, 1]]},
        {"picture": [[0, 0], [1, 0], [2, 0], [0, 1]], "metres": [[0, 0], [1, 0], [1, 1], [0, 1]]},
        {"picture": [[0, 0], [9, 0], [9, 9], [0, 9]], "metres": [[0, 0], [9, 9], [9, 0], [0, 9]]},
        {"picture": [[0, 0], [9, 0], [9, 9], [0, 9]], "metres": [[0, 0], [9, 0], [9, 9]]},
        {"picture": [[0, 0], [9, 0], [9, 9], ["a", 9]], "metres": [[0, 0], [9, 0], [9, 9], [0, 9]]},
        {"homography": [[1, 0, 0], [2, 0, 0], [0, 0, 1]]},
        {"homography": [[1, 0], [0, 1]]},
        {"picture": [[0, 0], [9, 0], [9, 9], [0, 9]]},
        {},
    ],
)
def test_wrong_calibrations_are_refused(table: dict[str, list[list[float]]]) -> None:
    with pytest.raises(DatasheetError, match="sheet"):
        ground.read_ground(table, "sheet")


def test_what_lies_beyond_the_horizon_has_no_place() -> None:
    """A camera's view: the horizon is at 100 pixels from the top."""
    table = {
        "picture": [[0, 400], [400, 400], [250, 200], [150, 200]],
        "metres": [[0, 0], [4, 0], [4, 12], [0, 12]],
    }
    found = ground.read_ground(table, "sheet")
    boxes = pl.DataFrame(
        {"left": [190.0] * 3, "width": [20.0] * 3, "top": [300.0, 5.0, 40.0],
         "height": [60.0, 60.0, 60.0]}
    )  # fmt: skip
    placed = ground.with_metres(boxes, found)
    assert placed["x"][0] == pytest.approx(2.0, abs=0.1)
    assert placed["x"].to_list()[1:] == [None, None] if placed["y"][2] is None else True
    assert placed["x"][1] is None
    assert placed["z"].to_list()[:2] == [0.0, None]


# -- detectors


def test_hog_finds_no_one_in_frames_smaller_than_its_window() -> None:
    boxes, conf = people_detectors.hog_detector()(np.zeros((50, 50, 3), np.uint8))
    assert boxes.shape == (0, 4)
    assert not len(conf)


def yolox_file(path: Path) -> str:
    """A network of YOLOX's form that always sees a person and a car; its SHA-256."""
    rows = 80 * 80 + 40 * 40 + 20 * 20
    output = np.zeros((1, rows, 85), np.float32)
    cell = 10 * 80 + 20  # of stride 8: its corner is x 160, y 80
    output[0, cell, :6] = [0.5, 0.25, np.log(4), np.log(10), 0.9, 1.0]
    output[0, cell + 1, :6] = [-0.5, 0.25, np.log(4), np.log(10), 0.5, 1.0]  # the same, less sure
    output[0, cell + 30, :5] = [0, 0, 1, 1, 0.9]
    output[0, cell + 30, 7] = 1.0  # a car
    graph = helper.make_graph(
        [
            helper.make_node("ReduceSum", ["images"], ["sum"], keepdims=0),
            helper.make_node("Mul", ["sum", "zero"], ["none"]),
            helper.make_node("Add", ["seen", "none"], ["output"]),
        ],
        "yolox",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 640, 640])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, rows, 85])],
        [numpy_helper.from_array(output, "seen"),
         numpy_helper.from_array(np.array(0, np.float32), "zero")],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    content = model.SerializeToString()
    onnx.checker.check_model(model)
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def test_yolox_output_becomes_boxes_of_people_in_the_frames_pixels(tmp_path: Path) -> None:
    digest = yolox_file(tmp_path / "w.onnx")
    detect = people_detectors.yolox_detector(tmp_path / "w.onnx", digest)
    boxes, conf = detect(np.zeros((240, 320, 3), np.uint8))  # half of 640
    # middle (20.5, 10.25) * 8, size (4, 10) * 8; the less sure one overlaps, the car is no person
    assert boxes == pytest.approx(np.array([[148, 42, 32, 80]]) / 2, abs=1e-3)
    assert conf == pytest.approx([0.9])


def test_weights_are_pinned_and_fetched_only_when_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(people_detectors, "cache_dir", lambda: tmp_path)
    with pytest.raises(InputError, match="--fetch-detector"):
        people_detectors.yolox_detector()
    yolox_file(tmp_path / "w.onnx")
    with pytest.raises(IntegrityError, match="not the pinned file"):
        people_detectors.yolox_detector(tmp_path / "w.onnx")
    assert main(["film", "--fetch-detector"]) == 1
    said = capsys.readouterr().err
    assert "Apache-2.0" in said
    assert people_detectors.YOLOX_SHA256 in said
    with pytest.raises(IntegrityError, match="not kept"):
        people_detectors.fetch_people_detector(
            accept_licence=True, opener=lambda url: io.BytesIO(b"another file")
        )
    assert not people_detectors._weights_path().exists()


# -- charts


def test_presence_adds_up_and_the_title_is_computed() -> None:
    """30 of 40 frames in one cell of ten: the busiest tenth holds three quarters."""
    left = [10.0] * 30 + [30.0 + 20 * number for number in (*range(9), 8)]
    tracks = pl.DataFrame({"frame": range(40), "id": 1, "left": left, "width": 10.0})
    tracks = tracks.with_columns(top=pl.lit(0.0), height=pl.lit(50.0))
    cells = film_pictures.track_presence(tracks, frame_rate=10.0, side=10.0)
    assert len(cells) == 10
    assert cells["seconds"].sum() == pytest.approx(4.0)
    assert cells["seconds"].max() == pytest.approx(3.0)
    chart = charts.film_presence_chart(cells, unit="px", extent=(0, 0, 250, 100), source="made")
    assert "75%" in chart.to_dict()["title"]["text"]
    assert "75%" in chart.to_dict()["title"]["subtitle"][0]


# -- a research film


@linux
@pytest.mark.skipif(bool(os.environ.get("CI")), reason="the film is not part of the project")
@pytest.mark.skipif(not VTEST.is_file(), reason="Debian's package opencv-doc is not installed")
def test_the_research_film_of_opencv_doc(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = tmp_path / "sheet.toml"
    sheet.write_text(
        filled(VTEST, kind='"real"', frames_per_second="7.0").replace("= 1.0 ", "= 1.5 ")
    )
    out = tmp_path / "out"
    ask = ["film", str(VTEST), "--sheet", str(sheet), "--out", str(out), "--frames", "1-10"]
    assert main(ask) == 0
    said = capsys.readouterr().out
    assert "10 frames a second, the datasheet 7" in said
    tracks = pl.read_csv(out / "tracks.csv")
    assert 3 <= tracks["id"].n_unique() <= 8
    # three people who walk in frame 1, seen by eye: where their feet are
    first = tracks.filter(pl.col("frame") == 1)
    feet = first.select(pl.col("left") + pl.col("width") / 2, pl.col("top") + pl.col("height"))
    for person in ((268, 308), (516, 226), (667, 320)):
        assert (np.hypot(*(feet.to_numpy() - person).T) < 25).any(), person
    assert film_pictures._count_frames(out / "clip.avi") == 10
