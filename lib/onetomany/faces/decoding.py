"""Decode pictures in the cage; a picture that can't be decoded gives a reason, not an error.

Large pictures come shrunk: a detector needs a face of some 80 pixels, not of 2,000. If the face is
small, the part of the picture around it is decoded again at its stored size.
"""

import hashlib
import json
import os
import stat
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing import util
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onetomany.cage import keeper as cage
from onetomany.cage.pictures import FAULT, HEAD, MOST, PIXELS
from onetomany.cage.systems import require_strong, weak_accepted
from onetomany.sources.files import open_plain
from onetomany.sources.folders import MAX_BYTES
from .aligning import AlignedFace, Aligner

TASK = "onetomany.cage.pictures:load_picture_decoder"
VERSION = 1  # of how pictures become pixels: templates of another are not taken from the cache
SIDES = (1024, 2048)  # longest side in which faces are looked for; the second if none was found
NEEDED = 160  # pixels across a face; a smaller one is decoded from a larger picture
NARROW = 16  # pixels; no detector finds a face in fewer
AROUND = 1.0  # margin on each side of the face then, as a share of its box
SECONDS, MEMORY = 60.0, 540 << 20  # of one picture

UNREADABLE = "unreadable image"
CHANGED = "changed since the set was opened"
_WHY = {
    "unknown": UNREADABLE,
    # format libraries don't always distinguish the two
    "damaged": f"{UNREADABLE}: damaged, or decoding takes more than {MEMORY >> 20} MB",
    "cut off": f"{UNREADABLE}: cut off",
    "pixels": f"{UNREADABLE}: more than {MOST // 1_000_000} megapixels",
    "memory": f"{UNREADABLE}: decoding takes more than {MEMORY >> 20} MB",
}
TOO_MUCH = f"{UNREADABLE}: decoding takes more than {SECONDS:.0f} s or {MEMORY >> 20} MB"
Box = tuple[float, float, float, float]  # left, top, right, bottom; shares of width and height


@dataclass(frozen=True)
class Picture:
    """A decoded picture: `pixels` (rows, columns, 3), blue first.

    `scale` is its size over the stored size: below 1 it was shrunk, above 1 enlarged. `moving`
    says that the file contains several pictures, of which this is the first.
    """

    pixels: NDArray[np.uint8]
    scale: float
    moving: bool


class Unreadable(Exception):
    """A picture that gives no pixels; its text is one of a few fixed reasons."""


class Decoder:
    """Decodes pictures in caged processes, one for each picture.

    `trusted` pictures, whose SHA-256 the kit itself lists, are also read if the system can't
    confine a process; others are then refused (RefusedError).
    """

    def __init__(self, *, trusted: bool) -> None:
        self.keeper = cage.Keeper(TASK)
        self.keeper.start()
        try:
            if not trusted:
                require_strong(self.keeper.isolation, agreed=weak_accepted())
        except BaseException:
            self.keeper.stop()
            raise
        util.Finalize(self, self.keeper.stop, exitpriority=10)  # also in a pool's processes

    def open(self, path: str, digest: str, side: int, box: Box | None = None) -> Picture:
        """Decode a picture of that SHA-256, or a part of it, to at most `side` pixels.

        Raises Unreadable.
        """
        file = _copy(path, digest)
        try:
            outcome = self.keeper.ask(
                file,
                {"side": side, "box": box},
                lambda frames: _taken(frames, side),
                seconds=SECONDS,
                memory=MEMORY,
                most=MAX_BYTES,
                answer=side * side * 3 + 10_000,
            )
        finally:
            os.close(file)
        if outcome.ended.code or outcome.kept is None:
            raise Unreadable(TOO_MUCH if outcome.ended.code else UNREADABLE)
        if isinstance(outcome.kept, str):
            raise Unreadable(outcome.kept)
        return outcome.kept


def _taken(frames: cage.Frames, side: int) -> Picture | str:
    """Read the answer of the cage, which may be anything, into a picture or a reason."""
    head: dict[str, Any] = {}
    found: Picture | str | None = None
    for kind, length in frames:
        if kind == FAULT and length < 100:
            found = _WHY.get(frames.read(length).decode("ascii", "replace"), UNREADABLE)
        elif kind == HEAD and length < 10_000:
            head = _head(frames.read(length))
        elif kind == PIXELS and head:
            wide, high = head["size"]
            if length != wide * high * 3 or max(wide, high) > side:
                raise cage.Trouble("its decoder gave no usable answer")
            flat = np.frombuffer(frames.read(length), np.uint8)
            scale = max(wide, high) / max(head["part"])
            found = Picture(flat.reshape(high, wide, 3), scale, bool(head["moving"]))
        else:
            raise cage.Trouble("its decoder gave no usable answer")
    if found is None:
        raise cage.Trouble("its decoder gave no answer")
    return found


def _head(content: bytes) -> dict[str, Any]:
    try:
        head = json.loads(content)
        sizes = [*head["size"], *head["part"]]
        if len(sizes) != 4 or not all(type(each) is int and each > 0 for each in sizes):
            raise ValueError("no sizes")
        return {name: head[name] for name in ("size", "part", "moving")}
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise cage.Trouble("its decoder gave no usable answer") from error


def _copy(path: str, digest: str) -> int:
    """Return a copy in memory of a file with that SHA-256: the bytes decoded were checked."""
    checked = hashlib.sha256()
    copy = cage.unnamed_file()
    try:
        try:
            source = open_plain(path)
        except OSError:
            raise Unreadable(CHANGED) from None
        with os.fdopen(source, "rb") as file:
            if not stat.S_ISREG(os.fstat(source).st_mode) or os.fstat(source).st_size > MAX_BYTES:
                raise Unreadable(CHANGED)
            while piece := file.read(1 << 20):
                checked.update(piece)
                os.write(copy, piece)
        if checked.hexdigest() != digest:
            raise Unreadable(CHANGED)
        os.lseek(copy, 0, os.SEEK_SET)
    except BaseException:
        os.close(copy)
        raise
    return copy


@dataclass(frozen=True)
class SeenFace:
    """The face used from a picture; `scale` is the decoded size over the stored size.

    `note` mentions other faces, other frames, and shrinking.
    """

    face: AlignedFace
    scale: float
    note: str | None


def largest_face(
    path: str, digest: str, enlarge: float, align: Aligner, decoder: Decoder
) -> SeenFace:
    """Return the largest face of a picture, aligned by `align`.

    The detector gets the picture enlarged `enlarge` times, but at most SIDES pixels. If the face is
    small there and the stored picture larger, the part around it is decoded again.

    Raises Unreadable, with the reason why there is no face.
    """
    for side in SIDES:
        picture = _enlarged(decoder.open(path, digest, side), enlarge, side)
        face = _aligned(picture, align)
        whole = picture.scale >= enlarge
        if face is not None or whole:
            break
    if face is None:
        raise Unreadable("no face found" if whole else f"no face found at {SIDES[-1]:,} pixels")
    scale = picture.scale
    if not whole and face.box[2] - face.box[0] < NEEDED:
        try:
            closer = decoder.open(path, digest, SIDES[0], _around(face, picture))
        except Unreadable:  # the part needs more memory than the whole shrunk
            closer = None
        if closer is not None:
            closer = _enlarged(closer, enlarge, SIDES[0])
            better = _aligned(closer, align) if closer.scale > scale else None
            if better is not None:
                face, scale = replace(better, faces=face.faces), closer.scale
    notes = [
        f"the largest of {face.faces} faces" if face.faces > 1 else "",
        "the first of several pictures in the file" if picture.moving else "",
        f"shrunk to {scale:.0%}" if scale < 1 else "",
    ]
    return SeenFace(face, scale, "; ".join(filter(None, notes)) or None)


def _aligned(picture: Picture, align: Aligner) -> AlignedFace | None:
    """Return the largest face; None for a strip too narrow for detectors."""
    return align(picture.pixels) if min(picture.pixels.shape[:2]) >= NARROW else None


def _enlarged(picture: Picture, enlarge: float, side: int) -> Picture:
    import cv2

    factor = min(enlarge, side / max(picture.pixels.shape[:2])) if picture.scale == 1 else 1.0
    if factor <= 1:
        return picture
    pixels = cv2.resize(
        picture.pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC
    ).astype(np.uint8, copy=False)
    return replace(picture, pixels=pixels, scale=factor)


def _around(face: AlignedFace, picture: Picture) -> Box:
    high, wide = picture.pixels.shape[:2]
    left, top, right, bottom = face.box
    across, down = AROUND * (right - left), AROUND * (bottom - top)
    return (
        max(0.0, (left - across) / wide),
        max(0.0, (top - down) / high),
        min(1.0, (right + across) / wide),
        min(1.0, (bottom + down) / high),
    )


@cache
def open_decoder(*, trusted: bool) -> Decoder:
    """Return this process's decoder, started once."""
    return Decoder(trusted=trusted)
