"""Find the largest face of a picture and cut it out as the network's author published.

A network answers well only for faces cut like those it was trained on: same landmarks, same size,
same margin. Each model's sheet (sources/data/weights.toml) states them; the code here follows it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..sources import install_weights, model
from ..sources.weights import Model, Preprocessing

Picture = NDArray[np.uint8]

CROPS = ("published", "box")
OVERLAP = 0.3  # YuNet's boxes that overlap by more are one face (OpenCV's default)
MOST = 5000  # boxes that YuNet keeps before that (OpenCV's default)


@dataclass(frozen=True)
class AlignedFace:
    """The largest face of a picture, ready for its network.

    `pixels` (size, size, 3) in OpenCV's order, blue first; `faces` counts those found; `confidence`
    is the detector's own score; `detector` its name and, after a second try, the lower score.
    """

    pixels: Any
    faces: int
    confidence: float
    detector: str


Aligner = Callable[[Picture], AlignedFace | None]


def check_crop(name: str, crop: str) -> None:
    """Raise InputError for a crop that doesn't exist or that the kit has no code for."""
    if crop not in CROPS:
        raise InputError(f"No crop '{crop}' exists; choose one of {', '.join(CROPS)}.")
    how = model(name).preprocessing
    if crop == "published" and not how.aligner:
        raise InputError(
            f"{name} is not run: its author's preprocessing ({how.detector}, {how.landmarks}, "
            f"{how.size} pixels; {how.source}) is not part of this kit, and without it the error "
            f"rates would be wrong; choose {' or '.join(MATCHERS)}, or crop='box' to see what "
            "deepface's bare detector box makes of it."
        )


@cache
def aligner(name: str, crop: str) -> Aligner:
    """Return the function that finds and cuts faces for a model, loaded once a process.

    That function takes a picture (rows, columns, 3; blue first); None means that it has no face.
    Raises InputError as `check_crop` does, IntegrityError where a weight file isn't the pinned one.
    """
    import cv2

    check_crop(name, crop)
    # OpenCV 5 warns of a setting that its own class makes
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
    chosen = model(name)
    if crop == "box":
        return _detector_box(chosen.preprocessing)
    return _ALIGNERS[chosen.preprocessing.aligner](chosen)


def _dlib_chip(chosen: Model) -> Aligner:
    """dlib's detector, five landmarks and `dlib.get_face_chip`."""
    import cv2
    import dlib

    how = chosen.preprocessing
    detector = dlib.get_frontal_face_detector()
    landmarks = dlib.shape_predictor(
        str(install_weights(chosen.name)["shape_predictor_5_face_landmarks.dat"])
    )

    def align(image: Picture) -> AlignedFace | None:
        for border, lowest in how.tries:
            wide, _ = _with_border(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), border)
            boxes, scores, _ = detector.run(wide, 1, lowest)  # 1: enlarged once, for small faces
            if not boxes:
                continue
            largest = max(range(len(boxes)), key=lambda i: boxes[i].area())
            points = landmarks(wide, boxes[largest])
            chip = dlib.get_face_chip(wide, points, size=how.size, padding=how.padding)
            return AlignedFace(
                np.ascontiguousarray(chip[:, :, ::-1]),
                len(boxes),
                float(scores[largest]),
                _named(how, lowest),
            )
        return None

    return align


def _opencv_align_crop(chosen: Model) -> Aligner:
    """YuNet's five landmarks and `cv2.FaceRecognizerSF.alignCrop` (112 pixels)."""
    import cv2

    how = chosen.preprocessing
    paths = install_weights(chosen.name)
    recogniser, detector = (
        next(str(path) for name, path in paths.items() if part in name)
        for part in ("face_recognition", "face_detection")
    )
    crop = cv2.FaceRecognizerSF.create(recogniser, "").alignCrop  # its network isn't used
    yunet = cv2.FaceDetectorYN.create(detector, "", (0, 0), 0.9, OVERLAP, MOST)

    def align(image: Picture) -> AlignedFace | None:
        for border, lowest in how.tries:
            wide, (top, left) = _with_border(image, border)
            shrink = min(1.0, how.longest / max(wide.shape[:2]))
            small = cv2.resize(wide, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
            yunet.setInputSize((small.shape[1], small.shape[0]))
            yunet.setScoreThreshold(lowest)
            _, rows = yunet.detect(small)
            if rows is None:
                continue
            largest = rows[np.argmax(rows[:, 2] * rows[:, 3])]
            largest[:14] /= shrink
            largest[[0, 4, 6, 8, 10, 12]] -= left
            largest[[1, 5, 7, 9, 11, 13]] -= top
            return AlignedFace(
                crop(image, largest), len(rows), float(largest[14]), _named(how, lowest)
            )
        return None

    return align


def _detector_box(how: Preprocessing) -> Aligner:
    """deepface's own way: the detector's box, turned by the eyes, with no landmarks or margin."""
    from deepface.modules.exceptions import FaceNotDetected

    from .gate import open_deepface

    deepface = open_deepface()
    backend = how.detector if how.aligner else "dlib"  # the other authors' detectors aren't here

    def align(image: Picture) -> AlignedFace | None:
        try:
            found = deepface.extract_faces(
                image, detector_backend=backend, align=True, color_face="bgr"
            )
        except FaceNotDetected:
            return None
        largest = max(found, key=lambda face: face["facial_area"]["w"] * face["facial_area"]["h"])
        return AlignedFace(largest["face"], len(found), float(largest["confidence"]), backend)

    return align


def _with_border(image: Picture, share: float) -> tuple[Picture, tuple[int, int]]:
    """A black border of that share of the picture on each side, and its height and width."""
    import cv2

    down, across = int(share * image.shape[0]), int(share * image.shape[1])
    if not share:
        return image, (0, 0)
    wide = cv2.copyMakeBorder(image, down, down, across, across, cv2.BORDER_CONSTANT)
    return wide.astype(np.uint8, copy=False), (down, across)


def _named(how: Preprocessing, lowest: float) -> str:
    """The detector's name, with its score where that isn't the one tried first."""
    return how.detector if lowest == how.tries[0][1] else f"{how.detector} from {lowest:g}"


_ALIGNERS: dict[str, Callable[[Model], Aligner]] = {
    "dlib_chip": _dlib_chip,
    "opencv_align_crop": _opencv_align_crop,
}
MATCHERS = ("Dlib", "SFace")  # shown side by side in the chapters
