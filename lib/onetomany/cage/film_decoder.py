"""The cage's task that decodes a film, frame by frame, and shrinks each as requested.

A request names the longest `side` of a frame in pixels, and the `first` and `last` frame wanted,
counted from 1. The answer is HEAD, a JSON object, then for each frame TIME (its own time in
seconds, a double) and PIXELS, three bytes a pixel, blue first, row by row; or FAULT, one of FAULTS.

OpenCV's ffmpeg reads the film from memory, in one thread: it opens nothing. Its own options name
the file formats that it may recognise, so that no film is read as a list of other files.
"""

import io
import json
import os
import struct
from typing import Any

from .zygote import Handler, Send

HEAD, TIME, PIXELS, FAULT = b"H", b"T", b"P", b"X"
SECONDS = struct.Struct("<d")
FAULTS = ("not a film", "too short", "pixels", "changing size", "memory")
MOST = 40_000_000  # pixels of a frame
_FORMS = "avi,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpeg,mpegts,mpegvideo,asf,flv"


def load_film_decoder() -> Handler:
    """Load OpenCV and limit its ffmpeg to the usual film formats."""
    os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = f"format_whitelist;{_FORMS}"
    os.environ["OPENCV_LOG_LEVEL"] = "OFF"
    import cv2

    cv2.setNumThreads(1)

    def handle(content: bytes, request: dict[str, Any], send: Send) -> None:
        try:
            _decode(content, request, send)
        except MemoryError:
            send(FAULT, b"memory")
        except cv2.error as error:
            send(FAULT, b"memory" if error.code == cv2.Error.StsNoMem else b"not a film")

    return handle


def _decode(content: bytes, request: dict[str, Any], send: Send) -> None:
    import cv2

    one_thread = [cv2.CAP_PROP_N_THREADS, 1]
    film = cv2.VideoCapture(io.BytesIO(content), cv2.CAP_FFMPEG, one_thread)
    if not film.isOpened():
        return send(FAULT, b"not a film")
    wide, high = (int(film.get(p)) for p in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
    if wide * high > MOST:
        return send(FAULT, b"pixels")
    size: tuple[int, ...] = ()
    for number in range(1, request["last"] + 1):
        if not film.grab():
            break
        at = film.get(cv2.CAP_PROP_POS_MSEC) / 1000
        if number < request["first"]:
            continue
        found, frame = film.retrieve()
        if not found:
            break
        if not size:
            size = frame.shape
            scale = min(1.0, request["side"] / max(size[:2]))
            small = [max(1, round(size[1] * scale)), max(1, round(size[0] * scale))]
            turned = int(film.get(cv2.CAP_PROP_ORIENTATION_META)) % 360 // 90 * 90
            head = {
                "stored": [size[1], size[0]],
                "size": small,
                "rate": _rate(film),
                "turned": turned,
            }
            send(HEAD, json.dumps(head).encode())
        if frame.shape != size or len(size) != 3:
            return send(FAULT, b"changing size")
        if scale < 1:
            frame = cv2.resize(frame, small, interpolation=cv2.INTER_AREA)
        send(TIME, SECONDS.pack(at))
        send(PIXELS, frame.tobytes())
    if not size:
        send(FAULT, b"not a film" if number == 1 else b"too short")


def _rate(film: Any) -> list[float]:
    """Return the header's frames a second and count of frames, each 0 if it states none."""
    import cv2

    claimed = [film.get(p) for p in (cv2.CAP_PROP_FPS, cv2.CAP_PROP_FRAME_COUNT)]
    return [each if 0 < each < 1e9 else 0.0 for each in claimed]
