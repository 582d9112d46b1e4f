"""The command that follows people through a recorded film."""

from __future__ import annotations

import argparse
import base64
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from onetomany.errors import DatasheetError, InputError
from onetomany.printing import print_line as print
from onetomany.printing import shortened
from .command import CommandParser, Run

if TYPE_CHECKING:
    import polars as pl

    from onetomany.sources.films import FilmSheet
    from onetomany.tracking.film import Detector, FilmTracks, Pixels
    from onetomany.tracking.ground import Ground

Extent = tuple[float, float, float, float]

TRACKED_BY = ("cbiou", "bytetrack", "ocsort", "sort")  # as in `tracking.within`
_CELLS = 48  # across the picture's longer side
_METRE = 0.5  # side of a cell on the ground


@dataclass(frozen=True)
class _Job:
    """The checked request: film, datasheet, detector, tracker and span of frames."""

    film: Path
    sheet: FilmSheet
    ground: Ground | None
    detector: str
    tracker: str
    first: int
    last: int


def film_command(parser: CommandParser) -> Run:
    """Follow people through a recorded film with a datasheet: boxes, tracks, a heat map."""
    parser.describe("""\
Detect people in each frame of a recorded film, join their boxes to tracks and draw both.

  onetomany film FILE --blank-sheet datasheet.toml    write a datasheet to fill in
  onetomany film FILE --sheet datasheet.toml --out DIR

No camera, stream or address is opened; no face is cropped or matched. docs/film.md has an example
of a datasheet and lists the detector's known errors.""")
    parser.add_option("file", "FILE", "file of a recorded film", nargs="?")
    parser.add_path("--sheet", "FILE", "the film's datasheet, in TOML")
    parser.add_path("--out", "DIR", "new folder for the results")
    parser.add_path(
        "--blank-sheet", "FILE", "write a blank datasheet for the film to this file, to fill in"
    )
    parser.add_option(
        "--frames", "A-B", "only these frames, counted from 1, such as 1-70 (default: all)"
    )
    parser.add_choice(
        "--tracker", TRACKED_BY, "program that joins boxes (default: %(default)s)", "cbiou"
    )
    parser.add_choice(
        "--detector", ("hog", "yolox"), "program that finds people (default: %(default)s)", "hog"
    )
    parser.add_path(
        "--weights",
        "FILE",
        "with --detector yolox: file of its weights (default: the downloaded file)",
    )
    parser.add_flag("--fetch-detector", "download the weights of yolox, and do nothing else")
    parser.add_licence()
    parser.add_weak_isolation()
    return _film


def _film(args: argparse.Namespace) -> None:
    from onetomany.extras import require_extra
    from onetomany.tracking import people_detectors

    if args.fetch_detector:
        path = people_detectors.fetch_people_detector(accept_licence=args.accept_licence)
        print(f"wrote {path}")
        return
    if not args.file:
        raise InputError(
            "Name the recorded film: onetomany film FILE --sheet datasheet.toml --out DIR."
        )
    if args.blank_sheet:
        _blank_sheet(args.file, args.blank_sheet)
        return
    require_extra("report")  # for its pictures
    job = _checked(args)
    if job.detector == "yolox":
        detect = people_detectors.yolox_detector(args.weights)
    else:
        detect = people_detectors.hog_detector(job.sheet.enlarge)
    _make_film_folder(job, detect, args.out)


def _blank_sheet(name: str, target: Path) -> None:
    from onetomany.sources.files import sha256_of, write_whole
    from onetomany.sources.films import BLANK, check_film

    path = check_film(name)
    if target.exists():
        raise InputError(
            f"{target} already exists: name another file, so that no datasheet is lost."
        )
    write_whole(target, BLANK.format(sha256=sha256_of(path)).encode())
    print(
        f"wrote {target}: fill in every field, then onetomany film FILE --sheet {target} --out DIR"
    )


def _checked(args: argparse.Namespace) -> _Job:
    """Check film, datasheet, span and output folder before anything is decoded."""
    from onetomany.sources.films import check_film, read_film_sheet
    from onetomany.tracking.film import LAST_FRAME
    from onetomany.tracking.ground import read_ground

    path = check_film(args.file)
    if not args.sheet:
        raise DatasheetError(
            f"{args.file} was not opened, because no datasheet is given: write one with 'onetomany "
            "film FILE --blank-sheet datasheet.toml', fill it in, and name it with --sheet."
        )
    sheet = read_film_sheet(args.sheet)
    sheet.check(activity="tracking")
    ground = read_ground(sheet.ground, str(args.sheet)) if sheet.ground is not None else None
    if not args.out:
        raise InputError("Name a new folder for the results with --out DIR.")
    if args.out.exists():
        raise InputError(
            f"{args.out} already exists: name a new folder, so that nothing is overwritten."
        )
    first, last = 1, LAST_FRAME
    if args.frames:
        span = re.fullmatch(r"(\d{1,8})-(\d{1,8})", args.frames)
        first, last = (int(span[1]), int(span[2])) if span else (0, 0)
        if not 1 <= first <= last <= LAST_FRAME:
            raise InputError(
                f"--frames is '{args.frames}': write two frames from 1 to {LAST_FRAME:,}, such as "
                "1-70."
            )
    return _Job(path, sheet, ground, args.detector, args.tracker, first, last)


def _make_film_folder(job: _Job, detect: Detector, out: Path) -> None:
    """Make everything in a folder beside `out`, then rename it; print the summary."""
    from onetomany.sources.files import sole_use, whole_folder, write_whole
    from onetomany.tracking import film as films
    from onetomany.tracking.ground import with_metres
    from .film_summary import film_summary

    with sole_use(out), whole_folder(out) as folder:
        found = films.find_tracks(
            job.film, job.sheet, detect, tracker=job.tracker, first=job.first, last=job.last
        )
        tracks = with_metres(found.tracks, job.ground) if job.ground else found.tracks
        found = films.FilmTracks(found.decoded, found.detections, tracks)
        _write_tables(job, found, folder)
        _write_pictures(job, found, folder)
        whole = (job.first, job.last) == (1, films.LAST_FRAME)
        english, korean = film_summary(job.sheet, found, job.ground, job.detector, whole=whole)
        text = "\n\n".join([f"# {job.sheet.title}", *english, "---", *korean]) + "\n"
        write_whole(folder / "summary.md", text.encode())
    for paragraph in (*english, *korean):
        print(paragraph)
    print(f"wrote {shortened(out)}")


def _write_tables(job: _Job, found: FilmTracks, out: Path) -> None:
    import polars as pl

    from onetomany.sources.files import write_whole
    from onetomany.sources.tables import csv_text
    from onetomany.tracking.ground import ground_trajectories
    from onetomany.tracking.mot import BOX, write_mot

    rate = job.sheet.frames_per_second
    places = ["x", "y"] if job.ground else []
    listed = found.tracks.sort("frame", "id").select(
        "frame", ((pl.col("frame") - 1) / rate).round(4).alias("t"), "id",
        pl.col(*BOX).round(1), pl.col("conf", *places).round(3),
    )  # fmt: skip
    write_whole(out / "tracks.csv", csv_text(listed).encode())
    for name, boxes in (("tracks.txt", found.tracks), ("det.txt", found.detections)):
        write_mot(out / name, boxes.with_columns(pl.col(*BOX, "conf", "x", "y").round(3)))
    if job.ground:
        walked = ground_trajectories(found.tracks, frame_rate=rate)
        rounded = walked.with_columns(pl.col("t").round(4), pl.col("x", "y").round(3))
        write_whole(out / "trajectories.csv", csv_text(rounded).encode())


def _write_pictures(job: _Job, found: FilmTracks, out: Path) -> None:
    """Write the heat maps; frames and the clip only if the datasheet allows it."""
    from onetomany.sources.files import write_whole
    from onetomany.tracking import film_pictures

    background = None
    if job.sheet.frames_may_be_shown:
        film_pictures.write_pictures(job.film, job.sheet, found.decoded, found.tracks, out)
        still = film_pictures.first_frame(job.film, job.sheet, found.decoded.first)
        background = _data_url(still)
    if not found.tracks.height:
        return
    (wide, high), rate = found.decoded.stored, job.sheet.frames_per_second
    cells = film_pictures.track_presence(
        found.tracks, frame_rate=rate, side=max(wide, high) / _CELLS
    )
    write_whole(out / "heat.png", _heat_map(job, cells, "px", (0, 0, wide, high), background))
    if job.ground and found.tracks["x"].count():
        cells = film_pictures.track_presence(
            found.tracks, frame_rate=rate, side=_METRE, metres=True
        )
        x, y = cells["x"].to_numpy(), cells["y"].to_numpy()
        extent = (x.min(), y.min(), x.max() + _METRE, y.max() + _METRE)
        write_whole(out / "plan.png", _heat_map(job, cells, "m", extent))


def _heat_map(
    job: _Job, cells: pl.DataFrame, unit: str, extent: Extent, background: str | None = None
) -> bytes:
    from onetomany.charts.film import film_presence_chart
    from onetomany.report.website import picture

    chart = film_presence_chart(
        cells,
        unit=unit,
        extent=extent,
        source=job.sheet.credit,
        background=background,
        simulated=job.sheet.title if job.sheet.kind == "synthetic" else None,
    )
    return picture("the heat map", chart.to_dict())


def _data_url(frame: Pixels) -> str:
    """Return a frame in grey as a data URL, the background of the heat map."""
    import cv2

    grey = cv2.cvtColor(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    return "data:image/jpeg;base64," + base64.b64encode(
        cv2.imencode(".jpg", grey)[1].tobytes()
    ).decode("ascii")
