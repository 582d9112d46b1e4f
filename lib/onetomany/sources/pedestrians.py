"""Open real pedestrians as numbered boxes: two sequences of motmetrics, or the user's own.

The user's own are in the layout of the MOT Challenge. data/pedestrians gives the source of the two.
"""

import configparser
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onetomany.errors import InputError, IntegrityError
from .files import package_folder, sha256_of
from .kit_files import packaged_toml

_KINDS = ("truth", "example")
FRAME_RATE = 25.0  # frames a second of European video; used if a folder gives none


@dataclass(frozen=True)
class PedestrianSequence:
    """A sequence of the package: `truth` has the boxes that people drew, `example` a tracker's.

    The tracker is CEM (A. Milan et al., PAMI 36:1, 2014). Both are checked files in MOT text form.
    """

    name: str
    frames: int
    persons: int
    boxes: int
    frame_rate: float
    truth: Path
    example: Path


@dataclass(frozen=True)
class UserSequence:
    """Detections of a user's folder, and the truth to compare them with, if there is one.

    `rate_given` is whether seqinfo.ini names the frame rate; `last_frame` is its seqLength,
    `picture` its imWidth and imHeight in pixels.
    `fault` describes an error in seqinfo.ini; such a sequence can't be used, others can.
    """

    name: str
    frame_rate: float
    detections: Path
    truth: Path | None
    rate_given: bool = False
    last_frame: int | None = None
    picture: tuple[int, int] | None = None
    fault: str | None = None


def pedestrian_datasheet() -> Mapping[str, str]:
    """Return `source`, `licence`, `terms`, `credit`, `seen` (the people) and `limits`."""
    return {key: value for key, value in _register().items() if isinstance(value, str)}


def sequence_names() -> tuple[str, ...]:
    """Return the names of the package's sequences."""
    return tuple(each["name"] for each in _register()["sequence"])


def open_sequence(name: str) -> PedestrianSequence:
    """Open a sequence of the package and check its files.

    Raises InputError for another name, IntegrityError if a file is missing or changed.
    """
    register = _register()
    for each in register["sequence"]:
        if each["name"] == name:
            home = package_folder(register["package"])
            truth, example = (_checked(home, each, kind) for kind in _KINDS)
            numbers = {key: each[key] for key in ("frames", "persons", "boxes", "frame_rate")}
            return PedestrianSequence(name, **numbers, truth=truth, example=example)
    raise InputError(f"There is no sequence '{name}': choose one of {', '.join(sequence_names())}.")


def is_carried(path: Path) -> bool:
    """Return whether a file is one of the package's, by its SHA-256."""
    known = {each[f"{kind}_sha256"] for each in _register()["sequence"] for kind in _KINDS}
    return path.is_file() and sha256_of(path) in known


def user_sequences(folder: Path) -> tuple[UserSequence, ...]:
    """Return every <sequence>/det.txt or <sequence>/det/det.txt below a folder, by name.

    The truth is the same sequence's gt.txt or gt/gt.txt, or, for the package's own sequences, the
    package's. The frame rate is that of seqinfo.ini, or 25 a second.

    Raises InputError if the folder is missing or has no sequence with truth, or a sequence occurs
    twice. A seqinfo.ini that can't be read is that sequence's `fault`.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}: name one with detections.")
    found: dict[str, UserSequence] = {}
    for path in sorted(folder.rglob("det.txt")):
        home = path.parent.parent if path.parent.name == "det" else path.parent
        if home.name in found:
            raise InputError(
                f"{folder} has '{home.name}' twice, in {found[home.name].detections} and {path}: "
                "name a folder that has it once."
            )
        truths = [each for each in (home / "gt" / "gt.txt", home / "gt.txt") if each.is_file()]
        if not truths and home.name in sequence_names():
            truths = [open_sequence(home.name).truth]
        truth = truths[0] if truths else None
        found[home.name] = _user_sequence(home, path, truth)
    if not any(each.truth for each in found.values()):
        raise InputError(
            f"{folder} has no <sequence>/det.txt or <sequence>/det/det.txt with a ground truth: "
            f"add gt/gt.txt beside it, or name the folder {' or '.join(sequence_names())}."
        )
    return tuple(found[name] for name in sorted(found))


def _register() -> dict[str, Any]:
    return packaged_toml("onetomany.sources", "pedestrians/tud.toml")


def _checked(home: Path, sequence: Mapping[str, str], kind: str) -> Path:
    path = home / sequence[kind]
    if not path.is_file() or sha256_of(path) != sequence[f"{kind}_sha256"]:
        raise IntegrityError(
            f"{path} is missing or not the registered file: install the locked motmetrics again "
            "with 'make setup'."
        )
    return path


def _user_sequence(home: Path, detections: Path, truth: Path | None) -> UserSequence:
    notes = home / "seqinfo.ini"
    if not notes.is_file():
        return UserSequence(home.name, FRAME_RATE, detections, truth)
    parser = configparser.ConfigParser()
    try:
        parser.read(notes, encoding="utf-8-sig")
        rate = parser.getfloat("Sequence", "frameRate")
        length, wide, high = (
            parser.getint("Sequence", name, fallback=None)
            for name in ("seqLength", "imWidth", "imHeight")
        )
    except (configparser.Error, ValueError) as error:
        reason = " ".join(str(error).split())  # configparser writes several lines
        fault: str | None = (
            f"{notes} has no readable frameRate, seqLength, imWidth or imHeight: {reason}."
        )
        rate, length, wide, high = FRAME_RATE, None, None, None
    else:
        fault = None
        if 0 < rate <= 0.1:
            fault = (
                f"{notes}: frameRate is {rate:g}, which is likely the seconds of a frame: write "
                f"the frames a second ({1 / rate:g})."
            )
        elif not 0 < rate <= 1000:
            fault = f"{notes}: a frameRate of {rate:g} a second is impossible."
        elif length is not None and length < 1:
            fault = f"{notes}: a seqLength of {length} frames is impossible."
    picture = (wide, high) if wide and high else None
    return UserSequence(home.name, rate, detections, truth, True, length, picture, fault)
