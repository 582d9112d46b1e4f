"""Find a face and its five points with YuNet, and cut it out in one of three published ways.

`opencv_align_crop` is SFace's, `insightface_template` that of ArcFace and its successors,
`facenet_box` David Sandberg's for FaceNet. The authors of the last two used other detectors, which
the kit does not include; each model's sheet (sources/data/weights.toml) names them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onetomany.sources import install_weights
from onetomany.sources.weights import Model

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]

OVERLAP = 0.3  # YuNet's boxes that overlap by more are one face (OpenCV's default)
MOST = 5000  # boxes that YuNet keeps before that (OpenCV's default)

# InsightFace's places of the eyes, the tip of the nose and the corners of the mouth in 112 x 112
# pixels: arcface_dst of insightface/utils/face_align.py (MIT), x and y
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655],
     [70.7299, 92.2041]]
)  # fmt: skip
TEMPLATE_SIZE = 112


@dataclass(frozen=True)
class YunetFace:
    """The largest face that YuNet found, in pixels of the picture.

    `row` (15,) is YuNet's own: left, top, width, height, five points (x, y; the eye on the
    picture's left first), score. `faces` counts those found, `number` is the try that found it.
    """

    row: Floats
    faces: int
    number: int

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        x, y, w, h = map(float, self.row[:4])
        return x, y, x + w, y + h

    @property
    def points(self) -> Floats:
        """The five points (5, 2)."""
        return self.row[4:14].reshape(5, 2)


Cutter = Callable[[Picture, YunetFace], Picture]


def yunet(chosen: Model) -> Callable[[Picture], YunetFace | None]:
    """Return YuNet, loaded once, with the tries of a model's sheet; None means no face."""
    import cv2

    how = chosen.preprocessing
    detector = cv2.FaceDetectorYN.create(
        _file(chosen, "face_detection"), "", (0, 0), 0.9, OVERLAP, MOST
    )

    def find(image: Picture) -> YunetFace | None:
        for number, (border, lowest) in enumerate(how.tries, 1):
            wide, (top, left) = with_border(image, border)
            shrink = min(1.0, how.longest / max(wide.shape[:2]))
            small = cv2.resize(wide, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
            detector.setInputSize((small.shape[1], small.shape[0]))
            detector.setScoreThreshold(lowest)
            _, rows = detector.detect(small)
            if rows is None:
                continue
            largest = rows[np.argmax(rows[:, 2] * rows[:, 3])]
            largest[:14] /= shrink
            largest[[0, 4, 6, 8, 10, 12]] -= left
            largest[[1, 5, 7, 9, 11, 13]] -= top
            return YunetFace(largest, len(rows), number)
        return None

    return find


def _opencv_align_crop(chosen: Model) -> Cutter:
    """Cut as `cv2.FaceRecognizerSF.alignCrop` does (112 pixels)."""
    import cv2

    recogniser = cv2.FaceRecognizerSF.create(_file(chosen, "face_recognition"), "")

    def cut(image: Picture, face: YunetFace) -> Picture:
        chip: Picture = recogniser.alignCrop(image, face.row)  # its network isn't used
        return chip

    return cut


def _insightface_template(chosen: Model) -> Cutter:
    """Move the five points onto InsightFace's template, as its `face_align.norm_crop` does."""
    import cv2

    side = chosen.preprocessing.size
    template = TEMPLATE * (side / TEMPLATE_SIZE)

    def cut(image: Picture, face: YunetFace) -> Picture:
        chip: Picture = cv2.warpAffine(image, similarity(face.points, template), (side, side))
        return chip

    return cut


def similarity(points: NDArray[Any], onto: NDArray[Any]) -> NDArray[np.float64]:
    """Return the turn, scale and shift (2, 3) that bring points (n, 2) nearest onto others.

    Nearest by least squares, without mirroring: Umeyama, 'Least-squares estimation of
    transformation parameters between two point patterns', IEEE TPAMI 13:376, 1991. In the plane a
    turn with a scale is one complex number.

    >>> similarity(np.array([[0, 0], [1, 0]]), np.array([[1, 1], [1, 3]])).round(9) + 0
    array([[ 0., -2.,  1.],
           [ 2.,  0.,  1.]])
    """
    here, there = (np.asarray(each, np.float64) @ (1, 1j) for each in (points, onto))
    around, target = here.mean(), there.mean()
    turn = np.vdot(here - around, there - target) / np.vdot(here - around, here - around)
    shift = target - turn * around
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def _facenet_box(chosen: Model) -> Cutter:
    """Cut MTCNN's box with FaceNet's margin, upright, and squeeze it into a square.

    MTCNN's box is taken from YuNet's by `box` of the sheet. The margin is `padding` pixels of the
    square, half on each side; at the picture's edge there is less, as in the author's code.
    """
    from PIL import Image

    how = chosen.preprocessing
    side, margin = how.size, float(how.padding or 0)

    def cut(image: Picture, face: YunetFace) -> Picture:
        x, y, w, h = map(float, face.row[:4])
        left, top, right, bottom = np.array([x, y, x + w, y + h]) + np.array(how.box) * (w, h, w, h)
        across, down = (
            edge * margin / (side - margin) / 2 for edge in (right - left, bottom - top)
        )
        high, wide = image.shape[:2]
        corners = (
            int(max(left - across, 0)),
            int(max(top - down, 0)),
            int(min(right + across, wide)),
            int(min(bottom + down, high)),
        )
        # Pillow's own bilinear filter, which scipy's `imresize` of the author's code called
        part = Image.fromarray(image).crop(corners)
        return np.array(part.resize((side, side), Image.Resampling.BILINEAR), dtype=np.uint8)

    return cut


def with_border(image: Picture, share: float) -> tuple[Picture, tuple[int, int]]:
    """Return the picture with a black border on each side, and the border's height and width."""
    import cv2

    down, across = int(share * image.shape[0]), int(share * image.shape[1])
    if not share:
        return image, (0, 0)
    wide = cv2.copyMakeBorder(image, down, down, across, across, cv2.BORDER_CONSTANT)
    return wide.astype(np.uint8, copy=False), (down, across)


def _file(chosen: Model, part: str) -> str:
    paths = install_weights(chosen.name)
    return next(str(path) for name, path in paths.items() if part in name)


CUTTERS: dict[str, Callable[[Model], Cutter]] = {
    "opencv_align_crop": _opencv_align_crop,
    "insightface_template": _insightface_template,
    "facenet_box": _facenet_box,
}
