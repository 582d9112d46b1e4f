"""Open a recorded film of a research set with its datasheet; never a camera or an address.

The datasheet is that of image sets (`datasheets`), plus the file's SHA-256, its frames a second,
and whether frames in which people can be recognised may be shown.
"""

import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

from onetomany.checked_tables import Form, Table, in_range
from onetomany.errors import InputError, IntegrityError, RefusedError, near_file
from .kit_files import packaged_text
from .sheet_fields import PermittedSheet, Sha256, checked_sheet, read_sheet

MAX_BYTES = 512 << 20  # of a film, which is in memory while it is decoded
_PIECE = 1 << 20
_LIVE = ("/dev", "/proc", "/sys")

# the forms in which films are recorded, and their first bytes from an offset
_FORMS = (
    ("AVI", 8, (b"AVI ",)),
    ("MP4", 4, (b"ftyp", b"moov", b"mdat", b"wide")),
    ("Matroska", 0, (b"\x1a\x45\xdf\xa3",)),
    ("MPEG", 0, (b"\x00\x00\x01\xba",)),
    ("WMV", 0, (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",)),
    ("FLV", 0, (b"FLV\x01",)),
)
_LISTS = (b"#extm3u", b"ffconcat", b"[playlist]", b"[reference]", b"<?xml", b"<smil", b"<asx",
          b"<mpd", b"v=0", b"rtsptext", b"http", b"rtsp", b"file ")  # fmt: skip


@dataclass(frozen=True)
class FilmPreparation(Table):
    """How frames are prepared: people are shown so many times larger to the detector."""

    enlarge: Annotated[float, in_range(1, 4)] = 1.0


@dataclass(frozen=True)
class FilmSheet(PermittedSheet):
    """A filled datasheet of a film. Its tables may be left out.

    `ground` has the tables' own values, checked by `tracking.ground`.
    """

    given: ClassVar[str] = "film"

    sha256: Sha256
    frames_per_second: Annotated[
        float, Form("a number above 0, at most 1000", lambda value: 0.01 <= value <= 1000)
    ]
    frames_may_be_shown: bool
    faces_may_be_matched: bool
    preparation: FilmPreparation = FilmPreparation()
    ground: Annotated[
        Mapping[str, Any] | None, Form("a table: picture and metres, or homography")
    ] = None

    @property
    def enlarge(self) -> float:
        """Return how many times larger people are shown to the detector."""
        return self.preparation.enlarge


BLANK = packaged_text("onetomany.sources", "datasheets/blank_film.txt")


def check_film(name: str) -> Path:
    """Return the path of a recorded film.

    Raises RefusedError for a camera, device, stream or address, InputError for anything else that
    is not a regular file in a form of films, such as a folder, a pipe or a list of films.
    """
    if name.strip().isdigit() or name == "-":
        raise RefusedError(
            f"'{name}' names a camera or a stream: only a recorded film in a file is opened."
        )
    path = Path(name)
    if "://" in name or (re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", name) and not path.is_file()):
        raise RefusedError(
            f"{name} is an address: nothing is fetched or streamed; name a recorded film's file."
        )
    if _is_live(os.path.abspath(name)) or _is_live(os.path.realpath(name)):
        raise RefusedError(f"{name} is a device: only a recorded film in a file is opened.")
    if path.is_dir():
        raise InputError(
            f"{name} is a folder: name the file of one film, because pictures of frames aren't "
            "read."
        )
    file = _opened(path)
    with os.fdopen(file, "rb") as opened:
        _check_form(name, opened.read(4096))
    return path


def copy_checked(path: Path, sha256: str) -> int:
    """Return an open, nameless copy of a film's file, checked against its SHA-256.

    So the bytes decoded are the bytes checked. Raises IntegrityError if it is another file.
    """
    digest = hashlib.sha256()
    copy = _unnamed()
    try:
        with os.fdopen(_opened(path), "rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
                os.write(copy, piece)
                if os.lseek(copy, 0, os.SEEK_CUR) > MAX_BYTES:
                    raise _too_large(path)
        if digest.hexdigest() != sha256:
            raise IntegrityError(
                f"{path} is not the film of its datasheet: its SHA-256 is {digest.hexdigest()}, "
                f"and the datasheet says {sha256}."
            )
        os.lseek(copy, 0, os.SEEK_SET)
    except BaseException:
        os.close(copy)
        raise
    return copy


def read_film_sheet(path: Path) -> FilmSheet:
    """Read and check a film's datasheet in TOML.

    Raises DatasheetError naming every field that is missing, empty, unknown or of the wrong type.
    """
    raw = read_sheet(
        path,
        f"There is no datasheet {path}: write one with 'onetomany film FILE --blank-sheet {path}' "
        "and fill it in.",
    )
    return checked_sheet(FilmSheet, raw, str(path))


def _is_live(place: str) -> bool:
    return any(place == root or place.startswith(root + "/") for root in _LIVE)


def _opened(path: Path) -> int:
    """Open a regular file of at most MAX_BYTES, without waiting for a pipe or device."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise InputError(f"There is no file {path}{near_file(path)}.") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(f"{path} can't be read: {why}.") from None
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise RefusedError(f"{path} is a pipe or a device: only a recorded film is opened.")
    if os.fstat(file).st_size > MAX_BYTES:
        os.close(file)
        raise _too_large(path)
    return file


def _too_large(path: Path) -> InputError:
    return InputError(
        f"{path} has more than {MAX_BYTES >> 20} MB: cut the film or compress it, and register "
        "the copy's SHA-256."
    )


def _check_form(name: str, head: bytes) -> None:
    if any(head.startswith(marks, place) for _, place, marks in _FORMS):
        return
    if len(head) > 188 and head[0] == head[188] == 0x47:  # an MPEG transport stream's packets
        return
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_LISTS):
        raise RefusedError(
            f"{name} is a list that points to films elsewhere: name the recorded film itself."
        )
    known = ", ".join(form for form, _, _ in _FORMS)
    raise InputError(f"{name} is not a film: {known} and MPEG-TS files are read.")


def _unnamed() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("film")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
