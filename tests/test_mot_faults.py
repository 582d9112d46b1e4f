"""MOT files as people bring them: read right with a notice, or refused by name with the reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from onetomany.cli import main
from onetomany.errors import InputError
from onetomany.sources import pedestrians
from onetomany.tracking import comparison
from onetomany.tracking.metrics import score_tracks
from onetomany.tracking.mot import BOX, open_mot, read_mot
from onetomany.tracking.mot_faults import check_pair
from onetomany.tracking.sequences import _open_filmed, open_folder

CAMPUS = pedestrians.open_sequence("TUD-Campus")
TRUTH = read_mot(CAMPUS.truth)
FOUND = comparison.simulated_detections(TRUTH, seed=5)
Text = Callable[[pl.DataFrame], str]


def lines(boxes: pl.DataFrame, separator: str = ",", end: str = "\n", many: int = 7) -> str:
    """Boxes as text: 7 values, or 10 with -1 for the ground."""
    rows = boxes.select("frame", "id", *BOX, "conf").with_columns(
        pl.lit(-1).alias(name) for name in ("x", "y", "z")[: many - 7]
    )
    return "".join(separator.join(map(str, row)) + end for row in rows.iter_rows())


def sequence(home: Path, det: str | bytes, gt: str | bytes | None = None) -> Path:
    for kind, text in (("det", det), ("gt", lines(TRUTH, many=10) if gt is None else gt)):
        place = home / kind / f"{kind}.txt"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text if isinstance(text, bytes) else text.encode())
    return home


def opened(home: Path) -> tuple[comparison.Filmed, list[str]]:
    """One sequence, and its notices in English; each is in Korean too."""
    found = [each for each in pedestrians.user_sequences(home.parent) if each.name == home.name]
    film, notices = _open_filmed(found[0])
    assert all(re.search("[가-힣]", each.ko) for each in notices)
    assert not any(re.search("[가-힣]", each.en) for each in notices)
    return film, [each.en for each in notices]


def by(**columns: pl.Expr) -> pl.DataFrame:
    return FOUND.with_columns(**columns)


NAMED = "frame,track_id,bb_left,bb_top,bb_width,bb_height,score\n"
CORNERS = "frame;id;xmin;ymin;xmax;ymax;conf\n" + "".join(
    f"{r['frame']};-1;{r['left']};{r['top']};{r['left'] + r['width']};{r['top'] + r['height']};"
    f"{r['conf']}\n"
    for r in FOUND.iter_rows(named=True)
)
SHUFFLED = "conf,height,width,top,left,id,frame\n" + "".join(
    f"{r['conf']},{r['height']},{r['width']},{r['top']},{r['left']},-1,{r['frame']}\n"
    for r in FOUND.iter_rows(named=True)
)
READ_RIGHT: dict[str, tuple[str | bytes, str | None]] = {
    "as it should be": (lines(FOUND), None),
    "ten values": (lines(FOUND, many=10), None),
    "tabs": (lines(FOUND, "\t"), "tabs"),
    "bars": (lines(FOUND, "|"), "bars"),
    "semicolons": (lines(FOUND, ";"), "semicolons"),
    "blanks": (lines(FOUND, "  "), "blanks"),
    "comma and blank": (lines(FOUND, ", "), None),
    "decimal commas": (lines(FOUND, ";").replace(".", ","), "Decimal commas"),
    "decimal commas and blanks": (lines(FOUND, " ").replace(".", ","), "Decimal commas"),
    "comma at the end": (lines(FOUND, end=",\n"), "ends with a separator"),
    "CRLF": (lines(FOUND, end="\r\n"), None),
    "BOM": ("\ufeff" + lines(FOUND), None),
    "UTF-16": (lines(FOUND, "\t").encode("utf-16"), "UTF-16"),
    "names of columns": (NAMED + lines(FOUND), "names in the first line"),
    "names in another order": (SHUFFLED, "names in the first line"),
    "corners that are named": (CORNERS, "'right' is given instead of 'width'"),
    "remarks": ("# detector 3\n" + lines(FOUND), "1 comment lines"),
    "quotes": (lines(FOUND, '","').replace("\n", '"\n"').rstrip('"').join(['"', ""]), None),
    "scientific": (
        lines(by(frame=pl.col("frame").cast(pl.Float64).map_elements("{:.6e}".format, pl.String))),
        None,
    ),
    "blank lines": (lines(FOUND).replace("\n", "\n\n"), None),
    "the same id on all": (lines(by(id=pl.lit(0))), None),
    "percent": (lines(by(conf=(pl.col("conf") * 100).round())), "divide them by 100"),
}


@pytest.mark.parametrize("form", READ_RIGHT)
def test_is_read_right_with_a_notice(form: str, tmp_path: Path) -> None:
    text, notice = READ_RIGHT[form]
    film, notices = opened(sequence(tmp_path / "cam", text))
    assert film.detections.select("frame", *BOX).to_numpy() == pytest.approx(
        FOUND.select("frame", *BOX).to_numpy(), abs=1e-6
    )
    told = [each for each in notices if "frame rate" not in each]
    assert notice is None or any(notice in each for each in told)
    assert notice is not None or not told


REFUSED: dict[str, tuple[str | bytes, str]] = {
    "corners": (
        lines(by(width=pl.col("left") + pl.col("width"), height=pl.col("top") + pl.col("height"))),
        "gives corners|right and bottom",
    ),
    "centres": (
        lines(by(left=pl.col("left") + pl.col("width") / 2,
                 top=pl.col("top") + pl.col("height") / 2)),
        "box's centre",
    ),
    "shares of the picture": (
        lines(by(**{k: pl.col(k) / n for k, n in zip(BOX, (640, 480) * 2, strict=True)})),
        "shares of the picture",
    ),
    "half the size": (lines(by(**{k: pl.col(k) / 2 for k in BOX})), "another size of picture"),
    "x for y": (
        lines(FOUND.rename(dict(zip(BOX, ("top", "left", "height", "width"), strict=True)))),
        "exchanged",
    ),
    "from frame 0": (lines(by(frame=pl.col("frame") - 1)), r"\+1 is added"),
    "three frames late": (lines(by(frame=pl.col("frame") + 3)), "-3 is added"),
    "from frame 1000": (lines(by(frame=pl.col("frame") + 1000)), "-1000 is added"),
    "milliseconds": (lines(by(frame=pl.col("frame") * 40)), "milliseconds"),
    "milliseconds of 30 a second": (
        lines(by(frame=(pl.col("frame") * 1000 / 30).round().cast(pl.Int64))), "milliseconds",
    ),
    "time stamps": (lines(by(frame=1_700_000_000_000 + pl.col("frame") * 40)), "time stamp"),
    "seconds": (lines(by(frame=pl.col("frame") / 25)), "time in seconds"),
    "every second frame's number": (
        lines(by(frame=(pl.col("frame") * 2))), "frame rates|every 2nd",
    ),
    "all unsure": (lines(by(conf=pl.lit(0))), "confidences are 0"),
    "id first": (
        "".join(f"-1,{line.split(',', 1)[0]},{line.split(',', 2)[2]}\n"
                for line in lines(FOUND).splitlines()),
        "order of columns id, frame",
    ),
    "names of pictures": (lines(FOUND.with_columns(pl.format("im{}.jpg", "frame").alias("frame"))),
                          "name of a picture"),
    "KITTI": ("0 1 Pedestrian 0 0 -1.6 296 161 455 292 2.0 0.8 4.4 -4.5 1.8 13.4 -2.1\n" * 30,
              "KITTI"),
    "VisDrone": (
        "".join(f"{line},1,0,{n % 3}\n" for n, line in enumerate(lines(FOUND).splitlines())),
        "VisDrone",
    ),
    "JSON": ('{"annotations": []}', "JSON"),
    "XML": ("<?xml version='1.0'?><dataset/>", "XML"),
    "workbook": (b"PK\x03\x04abcdefg", "ZIP or a workbook"),
    "an empty cell": (lines(FOUND.head(30)) + "3,-1,,5,6,7,1\n", "line 31.*value is missing"),
    "names again": (NAMED + lines(FOUND.head(30)) + NAMED, "line 32.*columns are repeated"),
    "percent signs": (lines(FOUND.head(30), end="%\n"), "line 1.*0.9 for 90"),
    "not a number": (lines(FOUND.head(30)) + "3,-1,nan,5,6,7,1\n", "line 31.*without a place"),
    "a short line": (lines(FOUND.head(30)) + "3,-1,4,5,6,7\n", "line 31: .* does not have 7"),
    "eight values": (lines(FOUND, end=",3\n"), "9 values with class"),
    "unknown names": ("a,b,c,d,e,f,g\n" + lines(FOUND), "no column is called"),
    "another film": (lines(by(left=pl.col("left") + 5000)), "no detection meets any"),
}  # fmt: skip


@pytest.mark.parametrize("fault", REFUSED)
def test_is_refused_with_file_and_reason(fault: str, tmp_path: Path) -> None:
    text, reason = REFUSED[fault]
    with pytest.raises(InputError, match=reason) as caught:
        opened(sequence(tmp_path / "cam", text))
    assert "det.txt" in str(caught.value)


GT_REFUSED = {
    "all left out": (lines(TRUTH.with_columns(conf=pl.lit(0))), "no box to count"),
    "detections": (lines(TRUTH.with_columns(id=pl.lit(-1))), "not ground truth"),
    "twice": (lines(TRUTH) + lines(TRUTH), "line 360: this id .* the same line occurs twice"),
    "one id": (lines(TRUTH.with_columns(id=pl.lit(1))), "every box has the same id"),
    "classes from 0": (
        "".join(f"{line},0,1\n" for line in lines(TRUTH).splitlines()), "a pedestrian is 1",
    ),
    "frame and id exchanged": (
        lines(TRUTH.rename({"frame": "id", "id": "frame"})), "frame and id exchanged",
    ),
    "every fifth frame": (
        lines(pl.concat([TRUTH.filter(pl.col("frame") % 3 == 0)])), "every 3rd frame only",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", GT_REFUSED)
def test_a_truth_is_refused_with_its_reason(fault: str, tmp_path: Path) -> None:
    text, reason = GT_REFUSED[fault]
    with pytest.raises(InputError, match=reason):
        opened(sequence(tmp_path / "cam", lines(FOUND), text))


def test_corners_in_both_files_are_refused_too(tmp_path: Path) -> None:
    """They agree with each other, so only the numbers themselves show it."""
    both = [
        lines(each.with_columns(width=pl.col("left") + pl.col("width"),
                                height=pl.col("top") + pl.col("height")))
        for each in (FOUND, TRUTH)
    ]  # fmt: skip
    with pytest.raises(InputError, match="right and bottom"):
        opened(sequence(tmp_path / "cam", *both))


def test_unknown_confidences_are_taken_as_sure_and_told(tmp_path: Path) -> None:
    home = sequence(tmp_path / "cam", lines(by(conf=pl.lit(-1))))
    film, notices = opened(home)
    assert (film.detections["conf"] == 1).all()
    assert any("-1, which means unknown" in each for each in notices)
    mixed = by(conf=pl.when(pl.int_range(pl.len()) < 3).then(-1.0).otherwise("conf"))
    with pytest.raises(InputError, match=r"3 of 3\d\d confidences are -1"):
        opened(sequence(tmp_path / "cam", lines(mixed)))
    raw = by(conf=pl.when(pl.int_range(pl.len()) < 3).then(-1.0).otherwise(pl.col("conf") - 2))
    film, notices = opened(sequence(tmp_path / "cam", lines(raw)))  # a detector's raw scores
    assert film.detections["conf"].min() < -1  # type: ignore[operator]
    assert any("not from 0 to 1" in each for each in notices)


@pytest.mark.parametrize("name", pedestrians.sequence_names())
@pytest.mark.parametrize("seed", range(4))
def test_what_is_right_is_never_refused(name: str, seed: int) -> None:
    """Real boxes, and detections of them that miss, stray and shake more than a detector's."""
    one = pedestrians.open_sequence(name)
    truth = read_mot(one.truth)
    for form in ({}, {"missed": 0.4, "false": 0.5, "jitter": 0.1}, {"jitter": 0.15}):
        found = comparison.simulated_detections(truth, seed=seed, **form)
        check_pair(Path("det.txt"), found, truth)
        later = found.filter(pl.col("frame") > 3)  # nobody found in the first frames
        check_pair(Path("det.txt"), later, truth)
        some = pl.col("frame") % 5 == 0  # both of every fifth frame
        check_pair(Path("det.txt"), found.filter(some), truth.filter(some))
    tracks, _ = open_mot(one.example)  # of a real tracker, on a real detector
    check_pair(one.example, tracks, truth)


def test_one_bad_sequence_does_not_end_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    for name, det in (("A", lines(FOUND)), ("B", REFUSED["corners"][0]), ("C", lines(FOUND))):
        sequence(data / name, det)
    (data / "C" / "seqinfo.ini").write_text("[Sequence]\nframeRate=25\nseqLength=71\n")
    sequence(data / "D", lines(FOUND))
    (data / "D" / "seqinfo.ini").write_text("frameRate=25\n")
    folder = open_folder(data)
    assert sorted(folder.filmed) == ["A", "C"]
    assert sorted(folder.refused) == ["B", "D"]
    (data / "datasheet.toml").write_text('credit = "Filmed by the test."\n')
    assert main(["trackers", str(data), "--out", str(tmp_path / "out")]) == 1
    shown = capsys.readouterr()
    assert "REFUSED B" in shown.err
    assert "right and bottom" in shown.err
    assert "seqinfo.ini" in shown.err
    assert "Filmed by the test." in shown.out
    assert "TU Darmstadt" not in shown.out  # whose data this isn't
    # the tracks written are those scored, and the pooled row counts both sequences
    rows = {tuple(line.split()[:2]): line.split() for line in shown.out.splitlines() if line}
    written = read_mot(tmp_path / "out" / "A" / "cbiou.txt")
    assert f"{score_tracks(TRUTH, written).idf1:.3f}" == rows["A", "C-BIoU"][4]
    assert shown.out.count("all together") == 4


def test_the_pooled_row_is_the_mot_challenges() -> None:
    """Counts add up, and shares are of all boxes together."""
    films = {}
    for name in pedestrians.sequence_names():
        truth = read_mot(pedestrians.open_sequence(name).truth)
        films[name] = comparison.Filmed(comparison.simulated_detections(truth, seed=3), truth)
    table = comparison.compare_trackers(films, pooled=True).filter(tracker="C-BIoU")
    parts, whole = table.head(2), table.row(2, named=True)
    assert whole["sequence"] == comparison.POOLED
    for figure in ("id_switches", "false_positives", "misses", "persons", "tracks",
                   "mostly_tracked", "mostly_lost", "motmetrics_switches"):  # fmt: skip
        assert whole[figure] == parts[figure].sum()
    assert parts["hota"].min() < whole["hota"] < parts["hota"].max()
    assert parts["idf1"].min() < whole["idf1"] < parts["idf1"].max()
    boxes = np.array([film.truth.height for film in films.values()])
    wrong = parts.select(pl.sum_horizontal("id_switches", "false_positives", "misses")).to_series()
    assert whole["mota"] == pytest.approx(1 - wrong.sum() / boxes.sum())


def test_motmetrics_own_switches_stand_beside(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trackers", "--simulated"]) == 0
    shown = capsys.readouterr().out
    assert "IDSW* is the count of motmetrics" in shown
    assert "TU Darmstadt" in shown


@pytest.mark.parametrize("seed", range(6))
def test_poor_detections_of_a_slow_scene_are_not_refused(seed: int) -> None:
    """SIMULATED: few people who stand or creep, most of them missed, as many false boxes."""
    rng = np.random.default_rng(seed)
    people, frames = int(rng.integers(1, 5)), 60
    start, step = rng.uniform(0, 900, (people, 2)), rng.normal(0, 0.3, (people, 2))
    truth = pl.DataFrame(
        [
            (f, p + 1, *(start[p] + step[p] * f), 30.0, 80.0, 1.0)
            for p in range(people)
            for f in range(frames)
        ],
        schema=["frame", "id", *BOX, "conf"],
        orient="row",
    )
    for form in ({"missed": 0.6, "false": 1.0, "jitter": 0.12}, {"jitter": 0.2}):
        found = comparison.simulated_detections(truth, seed=seed, **form)
        check_pair(Path("det.txt"), found, truth)
        check_pair(Path("det.txt"), found, truth.filter(pl.col("frame") > 0))
