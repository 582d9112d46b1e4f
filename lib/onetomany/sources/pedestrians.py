"""Real pedestrians as numbered boxes: two sequences that the package motmetrics carries, and the
user's own in the layout of the MOT Challenge. Where they are from stands in data/pedestrians.
"""

from __future__ import annotations

import configparser
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from ..errors import InputError, IntegrityError
from .files import package_folder, sha256_of

_KINDS = ("truth", "example")
FRAME_RATE = 25.0  # a second, of European video; taken where a folder doesn't say


@dataclass(frozen=True)
class PedestrianSequence:
    """A sequence of the package: `truth` is the boxes that people drew, `example` what one tracker
    (CEM, A. Milan et al., PAMI 36:1, 2014) made of it. Both are checked files in MOT text form.
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
    """Detections of a user's folder, and the truth to hold them against, where there is one.

    `rate_given` is whether seqinfo.ini names the frame rate; `last_frame` its seqLength. `fault`
    says what is wrong with seqinfo.ini; such a sequence can't be used, others can.
    """

    name: str
    frame_rate: float
    detections: Path
    truth: Path | None
    rate_given: bool = False
    last_frame: int | None = None
    fault: str | None = None


def pedestrian_datasheet() -> Mapping[str, str]:
    """`source`, `licence`, `terms`, `credit`, `seen` (who is seen) and `limits` of the package's
    sequences.
    """
    return {key: value for key, value in _register().items() if isinstance(value, str)}


def sequence_names() -> tuple[str, ...]:
    """The sequences that the package carries."""
    return tuple(each["name"] for each in _register()["sequence"])


def open_sequence(name: str) -> PedestrianSequence:
    """A sequence of the package, its files checked.

    Raises InputError for another name, IntegrityError where a file is missing or changed.
    """
    register = _register()
    for each in register["sequence"]:
        if each["name"] == name:
            home = package_folder(register["package"])
            truth, example = (_checked(home, each, kind) for kind in _KINDS)
            numbers = {key: each[key] for key in ("frames", "persons", "boxes", "frame_rate")}
            return PedestrianSequence(name, **numbers, truth=truth, example=example)
    raise InputError(f"There is no sequence '{name}': choose of {', '.join(sequence_names())}.")


def is_carried(path: Path) -> bool:
    """Return whether a file is one of the package's, by its SHA-256."""
    known = {each[f"{kind}_sha256"] for each in _register()["sequence"] for kind in _KINDS}
    return path.is_file() and sha256_of(path) in known


def user_sequences(folder: Path) -> tuple[UserSequence, ...]:
    """Every <sequence>/det.txt or <sequence>/det/det.txt below a folder, in order of its name.

    The truth is the same sequence's gt.txt or gt/gt.txt, or, for those that the package carries,
    the package's. The frame rate is that of seqinfo.ini, or 25 a second.

    Raises InputError where the folder is missing or holds no sequence with truth, or a sequence is
    there twice. A seqinfo.ini that can't be read is that sequence's `fault`.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}: name one that holds detections.")
    found: dict[str, UserSequence] = {}
    for path in sorted(folder.rglob("det.txt")):
        home = path.parent.parent if path.parent.name == "det" else path.parent
        if home.name in found:
            raise InputError(
                f"{folder} holds '{home.name}' twice, in {found[home.name].detections} and {path}: "
                "name a folder that holds it once."
            )
        truths = [each for each in (home / "gt" / "gt.txt", home / "gt.txt") if each.is_file()]
        if not truths and home.name in sequence_names():
            truths = [open_sequence(home.name).truth]
        truth = truths[0] if truths else None
        found[home.name] = _user_sequence(home, path, truth)
    if not any(each.truth for each in found.values()):
        raise InputError(
            f"{folder} holds no <sequence>/det.txt or <sequence>/det/det.txt with a truth: that is "
            f"gt/gt.txt beside it, or a sequence named {' or '.join(sequence_names())}."
        )
    return tuple(found[name] for name in sorted(found))


def _register() -> dict[str, Any]:
    path = resources.files("onetomany.sources") / "data" / "pedestrians" / "tud.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


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
        length = parser.getint("Sequence", "seqLength", fallback=None)
    except (configparser.Error, ValueError) as error:
        told = " ".join(str(error).split())  # configparser writes several lines
        fault: str | None = f"{notes} has no readable frameRate or seqLength: {told}."
        rate, length = FRAME_RATE, None
    else:
        fault = None
        if 0 < rate <= 0.1:
            fault = (
                f"{notes}: frameRate is {rate:g}, which is likely the seconds of a frame: write "
                f"the frames a second ({1 / rate:g})."
            )
        elif not 0 < rate <= 1000:
            fault = f"{notes}: a frameRate of {rate:g} a second can't be."
        elif length is not None and length < 1:
            fault = f"{notes}: a seqLength of {length} frames can't be."
    return UserSequence(home.name, rate, detections, truth, True, length, fault)
