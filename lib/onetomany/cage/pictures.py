"""The cage's task that decodes a picture: shrunk to what was asked for, upright, as plain pixels.

A request names the longest `side` of the answer in pixels, and as `box` the part of the upright
picture that is wanted (left, top, right, bottom; shares of its width and height). The answer is
HEAD, a JSON object, and PIXELS, three bytes a pixel, blue first, row by row; or FAULT, one of
FAULTS. Each picture has a process of its own, so a hostile one can spoil its own answer alone.
"""

from __future__ import annotations

import ctypes
import io
import json
import math
import mmap
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .libc import libc
from .zygote import Handler, Send

if TYPE_CHECKING:
    from PIL.Image import Image

HEAD, PIXELS, FAULT = b"H", b"P", b"X"
MOST = 100_000_000  # pixels that are decoded; a JPEG or JPEG 2000 may have more and come shrunk
LARGEST = 1_000_000_000  # pixels that a picture may claim at all
FORMATS = ("PPM", "PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF", "JPEG2000", "HEIF", "AVIF")
FAULTS = ("unknown", "damaged", "cut off", "pixels", "memory")
WHOLE = [0.0, 0.0, 1.0, 1.0]
STRIP = 4_000_000  # pixels that are made plain at a time
_READ, _WRITE, _RUN = 1, 2, 4  # of mprotect
_ORIENTATION = 0x0112
_MOVING = ("GIF", "WEBP", "PNG", "TIFF", "AVIF")


class _Refused(Exception):
    """The picture is not decoded; the argument is one of FAULTS."""


def load_picture_decoder() -> Handler:
    """Load Pillow and libheif; a fork can start no thread, so each decodes in one."""
    import pi_heif  # type: ignore[import-untyped]
    from PIL import AvifImagePlugin, UnidentifiedImageError
    from PIL import Image as pillow

    pi_heif.register_heif_opener(thumbnails=False, decode_threads=0)
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    _start_no_threads(Path(pi_heif.__file__).parents[1] / "pi_heif.libs")
    pillow.init()
    pillow.MAX_IMAGE_PIXELS = None  # checked here, after a JPEG has said how far it can shrink
    _warm_up()

    def handle(content: bytes, request: dict[str, Any], send: Send) -> None:
        try:
            head, image = _decoded(content, request["side"], request["box"])
            send(HEAD, json.dumps(head).encode())
            send(PIXELS, image.tobytes("raw", "BGR"))
        except _Refused as why:
            send(FAULT, str(why).encode())
        except MemoryError:
            send(FAULT, b"memory")
        except UnidentifiedImageError:
            send(FAULT, b"unknown")
        except Exception as error:  # whatever a damaged file leads a library into
            send(FAULT, b"cut off" if "truncated" in str(error) else b"damaged")

    return handle


def _start_no_threads(libraries: Path) -> None:
    """Let the function of libde265 that starts threads return 0 (no error) and start none.

    libheif calls it for every HEIC picture and has no option against it, and libde265 1.1 crashes
    where the system refuses a thread; without any it decodes in its caller's. Where this can't be
    done, a HEIC picture ends its own process, and is reported as not decoded.
    """
    nothing = {"x86_64": b"\x31\xc0\xc3", "aarch64": b"\x00\x00\x80\x52\xc0\x03\x5f\xd6"}
    code = nothing.get(platform.machine())
    if sys.platform != "linux" or code is None:
        return
    for path in libraries.glob("libde265*.so*"):
        named = ctypes.CDLL(str(path)).de265_start_worker_threads
        start = ctypes.cast(named, ctypes.c_void_p).value or 0
        first = start // mmap.PAGESIZE * mmap.PAGESIZE
        pages = ctypes.c_void_p(first), ctypes.c_size_t(start + len(code) - first)
        protect = libc().mprotect
        if protect(*pages, _READ | _WRITE) == 0:
            ctypes.memmove(start, code, len(code))
            protect(*pages, _READ | _RUN)


def _warm_up() -> None:
    """Decode a small picture of each common format, so that no fork has to load what that takes."""
    from PIL import Image as pillow

    for kind in ("PPM", "PNG", "JPEG", "TIFF", "WEBP"):
        made = io.BytesIO()
        pillow.new("RGB", (64, 64)).save(made, kind)
        _decoded(made.getvalue(), 32, None)[1].tobytes("raw", "BGR")


def _decoded(content: bytes, side: int, box: list[float] | None) -> tuple[dict[str, Any], Image]:
    """What is known of a picture, and the part of it that was asked for."""
    from PIL import Image as pillow
    from PIL import ImageOps

    with pillow.open(io.BytesIO(content), formats=FORMATS) as image:
        size, kind = image.size, image.format
        share = max(box[2] - box[0], box[3] - box[1]) if box else 1.0
        _shrink_in_decoder(image, side / (max(size) * share))
        if image.width * image.height > MOST or size[0] * size[1] > LARGEST:
            raise _Refused("pixels")
        moving = kind in _MOVING and bool(getattr(image, "is_animated", False))
        image.load()
        turn = image.getexif().get(_ORIENTATION, 1)
        if kind == "TIFF":
            size, turn = image.size, 1  # Pillow has turned it
        at = _pixels(image, _as_stored(box or WHOLE, turn))
        small = _gathered(image, at, side)
        stored = [round((at[n + 2] - at[n]) * size[n] / image.size[n]) for n in (0, 1)]
    longest = max(small.size)
    if longest > side:
        new = [max(1, round(each * side / longest)) for each in small.size]
        small = small.resize((new[0], new[1]), pillow.Resampling.LANCZOS)
    small.getexif()[_ORIENTATION] = turn
    upright = ImageOps.exif_transpose(small)
    part = stored[::-1] if turn in (5, 6, 7, 8) else stored
    head = {"size": upright.size, "part": part, "moving": moving}
    return head, upright


def _shrink_in_decoder(image: Any, scale: float) -> None:
    """Let JPEG and JPEG 2000 decode fewer pixels, at least as many as are wanted."""
    if scale >= 1:
        return
    if image.format in ("JPEG", "MPO"):
        image.draft(None, (int(image.width * scale) + 1, int(image.height * scale) + 1))
    elif image.format == "JPEG2000":
        levels = 0
        while levels < 5 and scale * 2 ** (levels + 1) <= 1:
            levels += 1
        image.reduce = levels


def _as_stored(box: list[float], turn: int) -> list[float]:
    """A part of the upright picture as a part of the stored one, by its EXIF orientation."""
    points = [_point(box[0], box[1], turn), _point(box[2], box[3], turn)]
    (x0, y0), (x1, y1) = points
    return [min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)]


def _point(x: float, y: float, turn: int) -> tuple[float, float]:
    return {
        2: (1 - x, y),
        3: (1 - x, 1 - y),
        4: (x, 1 - y),
        5: (y, x),
        6: (y, 1 - x),
        7: (1 - y, 1 - x),
        8: (1 - y, x),
    }.get(turn, (x, y))


def _pixels(image: Image, box: list[float]) -> tuple[int, int, int, int]:
    wide, high = image.size
    left, top = int(box[0] * wide), int(box[1] * high)
    right, below = min(wide, math.ceil(box[2] * wide)), min(high, math.ceil(box[3] * high))
    return left, top, max(right, left + 1), max(below, top + 1)


def _gathered(image: Image, box: tuple[int, int, int, int], side: int) -> Image:
    """A part of a picture as plain pixels, in whole steps shrunk to twice `side` at most.

    It goes strip by strip: the whole is never held a second time in another form.
    """
    from PIL import Image as pillow

    left, top, right, below = box
    step = max(1, max(right - left, below - top) // (2 * side))
    brightest: Any = image.getextrema()[1] if image.mode[0] in "IF" else 255
    size = (-(-(right - left) // step), -(-(below - top) // step))
    small = pillow.new("RGB", size)
    rows = max(step, STRIP // (right - left) // step * step)
    for row in range(top, below, rows):
        strip = image.crop((left, row, right, min(row + rows, below)))
        plain = _plain(strip, brightest)
        small.paste(plain.reduce(step) if step > 1 else plain, (0, (row - top) // step))
    return small


def _plain(image: Image, brightest: float) -> Image:
    """Eight bits of red, green and blue; what is transparent becomes white.

    Grey of more bits is divided by the fewest that hold its brightest pixel: 255, 12 or 16 bits.
    """
    from PIL import Image as pillow

    if image.mode[0] in "IF":
        wide = image.convert("F")
        by = 1 / 256 if brightest > 4095 else 1 / 16 if brightest > 255 else 1.0
        by = 255.0 if image.mode == "F" and brightest <= 1 else by  # shares of white
        image = wide.point(lambda value: value * by + 0.0).convert("L")
    if image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        clear = image.convert("RGBA")
        return pillow.alpha_composite(pillow.new("RGBA", clear.size, "white"), clear).convert("RGB")
    return image.convert("RGB")
