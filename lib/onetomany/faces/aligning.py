"""Find the largest face of a picture and cut it out as the network's author published.

A network answers well only for faces cut like those it was trained on: same landmarks, same size,
same margin. Each model's sheet (sources/data/weights.toml) states them; the code here follows it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from onetomany.errors import InputError
from onetomany.extras import require_extra
from onetomany.sources import install_weights, model
from onetomany.sources.weights import Model, Preprocessing
from .yunet import CUTTERS, Picture, with_border, yunet

CROPS = ("published", "box")


@dataclass(frozen=True)
class AlignedFace:
    """The largest face of a picture, ready for its network.

    `pixels` (size, size, 3) in OpenCV's order, blue first; `faces` counts those found; `confidence`
    is the detector's own score; `detector` its name and, if it was not the first, which try it was.
    `box` is the face's place: left, top, right, bottom, in pixels of the picture.
    """

    pixels: Any
    faces: int
    confidence: float
    detector: str
    box: tuple[float, float, float, float]


Aligner = Callable[[Picture], AlignedFace | None]


def check_crop(crop: str) -> None:
    """Raise InputError for an unknown crop."""
    if crop not in CROPS:
        raise InputError(f"There is no crop '{crop}': choose one of {', '.join(CROPS)}.")


@cache
def aligner(name: str, crop: str) -> Aligner:
    """Return the function that finds and cuts faces for a model, loaded once a process.

    That function takes a picture (rows, columns, 3; blue first); None means that it has no face.
    Raises InputError as `check_crop` does, IntegrityError if a weight file isn't the pinned one.
    """
    require_extra("faces")
    import cv2

    check_crop(crop)
    # OpenCV 5 warns about a setting that its own class makes
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
    chosen = model(name)
    if crop == "box":
        return _detector_box(chosen.preprocessing)
    by_dlib = chosen.preprocessing.aligner == "dlib_chip"
    return _dlib_chip(chosen) if by_dlib else _by_yunet(chosen)


def _dlib_chip(chosen: Model) -> Aligner:
    """Return an aligner of dlib's detector, five landmarks and `dlib.get_face_chip`."""
    import cv2
    import dlib

    how = chosen.preprocessing
    detector = dlib.get_frontal_face_detector()
    landmarks = dlib.shape_predictor(
        str(install_weights(chosen.name)["shape_predictor_5_face_landmarks.dat"])
    )

    def align(image: Picture) -> AlignedFace | None:
        for number, (border, lowest) in enumerate(how.tries, 1):
            wide, (down, across) = with_border(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), border)
            boxes, scores, _ = detector.run(wide, 1, lowest)  # 1: enlarged once, for small faces
            if not boxes:
                continue
            largest = max(range(len(boxes)), key=lambda i: boxes[i].area())
            at = boxes[largest]
            points = landmarks(wide, at)
            chip = dlib.get_face_chip(wide, points, size=how.size, padding=how.padding)
            return AlignedFace(
                np.ascontiguousarray(chip[:, :, ::-1]),
                len(boxes),
                float(scores[largest]),
                _named(how, number),
                (at.left() - across, at.top() - down, at.right() - across, at.bottom() - down),
            )
        return None

    return align


def _by_yunet(chosen: Model) -> Aligner:
    """Return an aligner that cuts YuNet's face as the sheet says."""
    how = chosen.preprocessing
    find, cut = yunet(chosen), CUTTERS[how.aligner](chosen)

    def align(image: Picture) -> AlignedFace | None:
        face = find(image)
        if face is None:
            return None
        return AlignedFace(
            cut(image, face), face.faces, float(face.row[14]), _named(how, face.number), face.box
        )

    return align


def _detector_box(how: Preprocessing) -> Aligner:
    """Return deepface's own aligner: the detector's box, turned by the eyes, without a margin."""
    from deepface.modules.exceptions import FaceNotDetected

    from .gate import open_deepface

    deepface = open_deepface()
    # deepface has YuNet, too; but a model's box is dlib's if its author used neither
    backend = "dlib" if how.authors_detector else how.detector

    def align(image: Picture) -> AlignedFace | None:
        try:
            found = deepface.extract_faces(
                image, detector_backend=backend, align=True, color_face="bgr"
            )
        except FaceNotDetected:
            return None
        largest = max(found, key=lambda face: face["facial_area"]["w"] * face["facial_area"]["h"])
        x, y, w, h = (float(largest["facial_area"][side]) for side in "xywh")
        box = (x, y, x + w, y + h)
        return AlignedFace(largest["face"], len(found), float(largest["confidence"]), backend, box)

    return align


def _named(how: Preprocessing, number: int) -> str:
    """Return the detector's name, and which try found the face if not the first."""
    return how.detector if number == 1 else f"{how.detector}, try {number}"


MATCHERS = ("Dlib", "SFace")  # shown side by side in the chapters
