"""Read a user's folder of sequences, each checked by itself: a bad one doesn't stop the rest."""

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from onetomany.checked_tables import read_toml
from onetomany.errors import InputError
from onetomany.printing import Notice, add_notice
from onetomany.sources import pedestrians
from .comparison import Filmed
from .mot import open_mot
from .mot_faults import check_boxes, check_detections, check_pair, check_truth
from .mot_parts import check_picture
from .numbers_text import Notices

FASTEST = 240  # frames a second; only cameras for slow motion make more


@dataclass(frozen=True)
class Folder:
    """Store a folder's usable sequences: `filmed`, `notices` and `refused` by name.

    `credits` names whose recordings were used, a sentence each.
    """

    filmed: dict[str, Filmed] = field(default_factory=dict)
    notices: dict[str, Notices] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    credits: tuple[str, ...] = ()

    @property
    def scored(self) -> list[str]:
        """Return the sequences that have a truth."""
        return [name for name, film in self.filmed.items() if film.truth is not None]


def open_folder(folder: Path) -> Folder:
    """Read and check every sequence below a folder (`sources.pedestrians.user_sequences`).

    Raises InputError as `user_sequences` does; the faults of one sequence are in `refused`.
    """
    found = Folder()
    carried = False
    for sequence in pedestrians.user_sequences(folder):
        try:
            film, notices = _open_filmed(sequence)
        except InputError as error:
            found.refused[sequence.name] = str(error)
            continue
        found.filmed[sequence.name] = film
        found.notices[sequence.name] = notices
        carried |= sequence.truth is not None and folder not in sequence.truth.parents
    credits = [pedestrians.pedestrian_datasheet()["credit"]] if carried else []
    return Folder(found.filmed, found.notices, found.refused, (*credits, _credit(folder)))


def _open_filmed(sequence: pedestrians.UserSequence) -> tuple[Filmed, Notices]:
    """Read one sequence; return it with notices, a sentence each.

    Raises InputError with file, line and likely reason if it is wrong.
    """
    if sequence.fault:
        raise InputError(sequence.fault)
    notices: Notices = []
    if not sequence.rate_given:
        rate = f"{sequence.frame_rate:g}"
        add_notice(
            notices,
            f"No seqinfo.ini gives the frame rate; {rate} a second is taken.",
            f"초당 장면 수를 적은 seqinfo.ini가 없어 {rate}(으)로 보았다.",
        )
    read = {}
    for kind, path in (("detections", sequence.detections), ("truth", sequence.truth)):
        if path is None:
            continue
        boxes, unusual = open_mot(path, detections=kind == "detections")
        unusual = unusual + check_boxes(path, boxes, last_frame=sequence.last_frame)
        check_picture(path, boxes, sequence.picture)
        notices += [Notice(*(f"{path.name}: {text}" for text in each)) for each in unusual]
        read[kind] = boxes
    notices += check_detections(sequence.detections, read["detections"])
    if sequence.truth is not None:
        check_truth(sequence.truth, read["truth"])
        notices += _long(sequence, read["truth"])
        notices += check_pair(sequence.detections, read["detections"], read["truth"])
    return Filmed(read["detections"], read.get("truth"), sequence.frame_rate), notices


def _long(sequence: pedestrians.UserSequence, truth: pl.DataFrame) -> Notices:
    """Return notices of a length or frame rate in seqinfo.ini that is likely wrong."""
    notices: Notices = []
    last = int(truth["frame"].max())  # type: ignore[arg-type]
    if sequence.last_frame is not None and sequence.last_frame > 2 * last:
        add_notice(
            notices,
            f"seqinfo.ini gives {sequence.last_frame:,} frames (seqLength), and the truth ends at "
            f"{last:,}: is a part missing?",
            f"seqinfo.ini에는 장면이 {sequence.last_frame:,}개(seqLength)인데 참 상자는 "
            f"{last:,}번째 장면에서 끝난다. 빠진 부분이 없는지 확인할 것.",
        )
    if sequence.frame_rate > FASTEST:
        add_notice(
            notices,
            f"seqinfo.ini gives {sequence.frame_rate:g} frames a second (frameRate), which few "
            "cameras make: trackers wait that much longer for a person to return.",
            f"seqinfo.ini의 초당 장면 수(frameRate)가 {sequence.frame_rate:g}이다. 이런 카메라는 "
            "드물다. 추적기가 사라진 사람을 그만큼 더 오래 기다린다.",
        )
    return notices


def _credit(folder: Path) -> str:
    """Return a folder's credit from its datasheet.toml, or a sentence that it is missing."""
    sheet = folder / "datasheet.toml"
    if sheet.is_file():
        credit = read_toml(sheet).get("credit")
        if isinstance(credit, str) and credit.strip():
            return credit.strip()
    return (
        f"Data: {folder.name}, whose makers are not named; add a line 'credit = \"...\"' to "
        f"{sheet} and they are."
    )
