"""Detect people in a picture by OpenCV's own detector, or by weights fetched on request.

- HOG: histograms of oriented gradients and a linear support vector machine (Dalal and Triggs, CVPR
  2005), with the coefficients that OpenCV carries. It was trained on upright, fully visible people
  about 96 pixels tall. The confidence is the machine's margin, cut at 1, not a probability.
- YOLOX-S (Ge et al., arXiv:2107.08430), trained on COCO 2017: `onetomany film --fetch-detector`.
"""

import hashlib
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from onetomany.errors import InputError, IntegrityError
from onetomany.sources.cache import cache_dir
from onetomany.sources.files import read_received, write_whole
from .film import Detector, Pixels

Floats = NDArray[np.float64]

# overlap from which on two boxes are one person: windows of HOG are within each other
# (0.65 of the smaller: Dollár et al., BMVC 2009), YOLOX's own example takes half of the union
_HOG_APART, _YOLOX_APART = ("IOS", 0.65), ("IOU", 0.5)
HOG_HEIGHT = 96  # pixels: people in the pictures that HOG was trained on, in windows of 128
_WIDTH = 0.41  # of the height: the mean of people on foot (Dollár et al., PAMI 34:4, 2012)
_INPUT, _STRIDES = 640, (8, 16, 32)  # of YOLOX-S
_LEAST = 0.1  # confidence below which a box is dropped: no tracker uses it
_MOST = 200 << 20  # bytes of a file of weights


# YOLOX-S: the file's name and address, its pin, and what a user accepts
_FILE = "object_detection_yolox_2022nov.onnx"
_URL = (
    "https://media.githubusercontent.com/media/opencv/opencv_zoo/"
    f"c79d9191ff792df933d348bd1c4de05edf77ddf9/models/object_detection_yolox/{_FILE}"
)
YOLOX_SHA256 = "c5c2d13e59ae883e6af3b45daea64af4833a4951c92d116ec270d9ddbe998063"
_TERMS = (
    "YOLOX-S: Apache-2.0 (OpenCV Zoo; weights by Megvii). Training data: COCO 2017: photographs "
    "from Flickr whose subjects were not asked. Its makers report an average precision of .541 for "
    "people on COCO's validation set."
)


def hog_detector(enlarge: float = 1.0) -> Detector:
    """Return OpenCV's own people detector, which sees frames `enlarge` times larger.

    Its window leaves a margin round the person: a box has the height that people had in the windows
    it was trained on, and the mean width of people of that height.
    """
    hog = cv2.HOGDescriptor()
    hog.setSVMDetector(cv2.HOGDescriptor.getDefaultPeopleDetector())
    smallest = hog.winSize

    def detect(frame: Pixels) -> tuple[Floats, Floats]:
        seen = frame
        if enlarge > 1:
            seen = cv2.resize(frame, None, fx=enlarge, fy=enlarge, interpolation=cv2.INTER_CUBIC)
        if seen.shape[1] < smallest[0] or seen.shape[0] < smallest[1]:
            return np.empty((0, 4)), np.empty(0)
        windows, margins = hog.detectMultiScale(
            seen, hitThreshold=_LEAST, winStride=(8, 8), padding=(16, 16), scale=1.1,
            groupThreshold=0,
        )  # fmt: skip
        boxes = np.array(windows, np.float64).reshape(-1, 4) / enlarge
        conf = np.ravel(np.array(margins, np.float64))
        boxes, margin = _apart(boxes, conf, *_HOG_APART)
        middle, tall = boxes[:, :2] + boxes[:, 2:] / 2, boxes[:, 3:] * HOG_HEIGHT / smallest[1]
        size = tall * (_WIDTH, 1.0)
        return np.hstack([middle - size / 2, size]), np.minimum(margin, 1.0)

    return detect


def yolox_detector(path: Path | None = None, sha256: str = YOLOX_SHA256) -> Detector:
    """Return YOLOX-S from its checked file; the class is 'person' (COCO's first).

    Raises InputError if the weights were not fetched, IntegrityError if the file differs.
    """
    import onnxruntime

    path = path or _weights_path()
    if not path.is_file():
        raise InputError(
            "The weights of YOLOX-S are not here, and nothing is downloaded unasked: run "
            "'onetomany film --fetch-detector'."
        )
    content = read_received(path, _MOST)
    if (found := hashlib.sha256(content).hexdigest()) != sha256:
        raise IntegrityError(
            f"{path} is not the pinned file: SHA-256 {found[:12]}… instead of {sha256[:12]}…; "
            "delete it and fetch it again."
        )
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def detect(frame: Pixels) -> tuple[Floats, Floats]:
        picture, ratio = _letterbox(frame)
        boxes, conf = _people(session.run(None, {name: picture})[0][0])
        return _apart(boxes / ratio, conf, *_YOLOX_APART)

    return detect


def _weights_path() -> Path:
    """Return the path of the fetched weights."""
    return cache_dir() / "detectors" / _FILE


def fetch_people_detector(
    *, accept_licence: bool, opener: Callable[[str], IO[bytes]] | None = None
) -> Path:
    """Download the weights of YOLOX-S, for users with internet who accept their licence.

    Raises InputError if it was not accepted, IntegrityError if another file arrived.
    """
    if not accept_licence:
        raise InputError(
            f"{_TERMS} From {_URL}, SHA-256 {YOLOX_SHA256}. If you accept this, add "
            "--accept-licence."
        )
    with (opener or urllib.request.urlopen)(_URL) as stream:
        content = stream.read(_MOST)
    if (found := hashlib.sha256(content).hexdigest()) != YOLOX_SHA256:
        raise IntegrityError(
            f"{_URL} is not the pinned file: SHA-256 {found[:12]}… instead of "
            f"{YOLOX_SHA256[:12]}…; it was not kept."
        )
    write_whole(_weights_path(), content)
    return _weights_path()


def _apart(boxes: Floats, conf: Floats, measure: str, most: float) -> tuple[Floats, Floats]:
    """Keep the surest of boxes that overlap by more than `most`.

    The overlap is the intersection over the union ("IOU") or over the smaller box ("IOS").
    """
    from supervision import box_non_max_suppression
    from supervision.detection.utils.iou_and_nms import OverlapMetric

    if not len(boxes):
        return boxes, conf
    corners = np.column_stack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:], conf])
    kept = box_non_max_suppression(corners, most, OverlapMetric[measure])
    return boxes[kept], conf[kept]


def _letterbox(frame: Pixels) -> tuple[NDArray[np.float32], float]:
    """Put the frame into the upper left of a grey square, red first, as YOLOX-S expects."""
    high, wide = frame.shape[:2]
    ratio = min(_INPUT / high, _INPUT / wide)
    small: Any = cv2.resize(frame, (int(wide * ratio), int(high * ratio)))
    square = np.full((_INPUT, _INPUT, 3), 114.0, np.float32)
    square[: small.shape[0], : small.shape[1]] = small[:, :, ::-1]
    return np.ascontiguousarray(square.transpose(2, 0, 1)[None]), ratio


def _people(output: NDArray[np.float32]) -> tuple[Floats, Floats]:
    """Read boxes and confidence of 'person' from YOLOX's output.

    A row is a cell of its three grids: the middle's offset from the cell and the log of the size,
    in units of the grid's stride, then how likely it is an object, and of each class.
    """
    cells, strides = [], []
    for stride in _STRIDES:
        side = _INPUT // stride
        y, x = np.mgrid[:side, :side]
        cells.append(np.column_stack([x.ravel(), y.ravel()]))
        strides.append(np.full((side * side, 1), stride))
    step = np.concatenate(strides)
    middle = (output[:, :2] + np.concatenate(cells)) * step
    size = np.exp(output[:, 2:4]) * step
    conf = (output[:, 4] * output[:, 5]).astype(np.float64)
    person = (conf > _LEAST) & (output[:, 5:].argmax(axis=1) == 0)
    boxes = np.column_stack([middle - size / 2, size]).astype(np.float64)
    return boxes[person], conf[person]
