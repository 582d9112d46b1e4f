"""List a user's folder of pictures: each file, its kind, and the person's folder it is in.

The kind comes from a file's first bytes; `faces.decoding` alone decodes pictures.
"""

import os
import re
import stat
import unicodedata
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from onetomany.errors import DatasheetError, InputError, IntegrityError
from onetomany.progress import ProgressBar
from .files import read_received, sha256_of

# suffixes of the formats that the kit reads
SUFFIXES = (
    ".pgm", ".ppm", ".pnm", ".pbm", ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".tif",
    ".tiff", ".webp", ".gif", ".jp2", ".j2k", ".jpf", ".heic", ".heif", ".hif", ".avif",
)  # fmt: skip
# suffixes of pictures and films that the kit lists but does not read
OTHER = (
    ".raw", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf", ".pef", ".srw", ".psd",
    ".psb", ".svg", ".jxl", ".ico", ".exr", ".hdr", ".xcf", ".ai", ".eps", ".tga", ".pcx", ".mp4",
    ".mov", ".avi", ".mkv", ".m4v", ".3gp", ".webm", ".mts",
)  # fmt: skip
MAX_BYTES = 100_000_000
OWN = ("datasheet.toml", "SHA256SUMS", "ids.csv", "attributes.csv")  # about the set, not of it
_SUMS_BYTES = 100_000_000

NO_PICTURE = "not a picture"
NOT_READ = "a format that the kit does not read"
EMPTY = "an empty file"
TOO_LARGE = f"larger than {MAX_BYTES // 1_000_000} MB"
CLOSED = "the file can't be opened"
LINK = "a link or a device, not a file"
BAD_NAME = "a name that is not valid UTF-8 (rename it)"
NO_PERSON = "in no person's folder"

_HEADS = (
    (0, (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*", b"II+\0",
         b"MM\0+", b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51")),
    (8, (b"WEBP",)),
    (4, tuple(b"ftyp" + brand for brand in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx",
                                            b"mif1", b"msf1", b"avif", b"avis"))),
)  # fmt: skip
_NETPBM = re.compile(rb"P[1-6][\s#]")
_OTHER_HEADS = (b"8BPS", b"\xff\x0a", b"\0\0\0\x0cJXL ", b"v/1\x01")


@dataclass(frozen=True)
class FolderFile:
    """A file of a folder: its name from there, its size, and why it can't be used (None: it can).

    `picture` says whether it is one of a format that is read, by its first bytes or its name.
    """

    name: str
    bytes: int
    picture: bool
    reason: str | None

    @property
    def kind(self) -> str:
        """Return the suffix if it is a known one, else 'other', so that no name is shown."""
        suffix = PurePosixPath(self.name).suffix.lower()
        return suffix[1:] if suffix in SUFFIXES + OTHER else "other"


def files_below(root: Path) -> list[FolderFile]:
    """Return every file below a folder, sorted by name, without the files of OWN.

    No link is followed. Raises InputError if the folder itself can't be read.
    """
    found = []

    def closed(error: OSError) -> None:
        where = Path(error.filename)
        if where == root:
            raise InputError(f"{root} can't be read: {error.strerror}.") from error
        found.append(FolderFile(_shown(where.relative_to(root)), 0, False, CLOSED))

    for place, folders, names in os.walk(root, onerror=closed):
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        for name in [*names, *links]:
            path = Path(place) / name
            if Path(place) == root and name in OWN:
                continue
            found.append(_looked_at(path, path.relative_to(root)))
    return sorted(found, key=lambda each: each.name)


def _shown(path: Path) -> str:
    """Return a name as text; bytes that are not UTF-8 become \\xNN."""
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")


def _looked_at(path: Path, inside: Path) -> FolderFile:
    name = _shown(inside)
    suffix = path.suffix.lower()
    by_name = suffix in SUFFIXES and not path.name.startswith("._")
    try:
        status = os.lstat(path)
        if not stat.S_ISREG(status.st_mode):
            return FolderFile(name, 0, False, LINK)
        with path.open("rb") as file:
            head = file.read(32)
    except OSError:
        return FolderFile(name, 0, False, CLOSED)
    # first: raw pictures of cameras begin as TIFF does
    if suffix in OTHER or head.startswith(_OTHER_HEADS):
        return FolderFile(name, status.st_size, False, NOT_READ)
    if not (by_name or _is_picture(head)):
        return FolderFile(name, status.st_size, False, NO_PICTURE)
    if name != inside.as_posix():
        return FolderFile(name, status.st_size, False, BAD_NAME)
    return FolderFile(name, status.st_size, True, _fault(status.st_size, len(inside.parts)))


def _fault(size: int, depth: int) -> str | None:
    """Return why a picture of `size` bytes, `depth` levels below the set, can't be used."""
    if size == 0:
        return EMPTY
    if size > MAX_BYTES:
        return TOO_LARGE
    return NO_PERSON if depth == 1 else None


def _is_picture(head: bytes) -> bool:
    """Return whether a file's first bytes are those of a picture format that the kit reads."""
    if _NETPBM.match(head) or (head.startswith(b"BM") and head[6:10] == bytes(4)):
        return True
    return any(head[place:].startswith(starts) for place, starts in _HEADS)


def people_levels(names: Iterable[str]) -> list[int]:
    """Return how many people there may be: a number for each level of folders that differs."""
    return list(_levels(names))


def _levels(names: Iterable[str]) -> dict[int, dict[str, str]]:
    """Return each picture's folder at each level that may mean a person, by folders counted."""
    parents = {name: PurePosixPath(name).parent.parts for name in names}
    levels: dict[int, dict[str, str]] = {}
    for level in range(1, max(map(len, parents.values()), default=0) + 1):
        groups = {name: "/".join(parts[:level]) for name, parts in parents.items()}
        levels.setdefault(len(set(groups.values())), groups)
    return levels


def subjects_of(names: Iterable[str], subjects: int) -> dict[str, str]:
    """Return the person's folder of each picture, relative to the set's folder.

    If folders contain folders, `subjects` (the datasheet's count) decides which level names the
    person. Raises DatasheetError if no level has so many folders.
    """
    levels = _levels(names)
    if len(levels) > 1 and subjects not in levels:
        counts = " or ".join(f"{many:,}" for many in levels)
        raise DatasheetError(
            f"Folders contain folders: the pictures are of {counts} people, depending on which "
            "level is a person's. Write the right number as 'subjects' in datasheet.toml."
        )
    return levels.get(subjects) or next(iter(levels.values()), {})


def read_sums(path: Path) -> dict[str, str]:
    """Read a list of SHA-256 by file name, as sha256sum, shasum, BSD or PowerShell write it.

    Also reads a byte order mark, CRLF, '*' before names, './' and escaped names. Raises
    DatasheetError if there is no list, IntegrityError for a line of another form.
    """
    try:
        content = read_received(path, _SUMS_BYTES)
    except InputError as error:
        if path.exists():
            raise
        raise DatasheetError(
            f"No {path.name} beside the datasheet in {path.parent}: run "
            f"'onetomany datasheet {path.parent}' to list the images with their SHA-256."
        ) from error
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = content.decode(*(("utf-16", "replace") if wide else ("utf-8-sig", "surrogateescape")))
    sums = {}
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), start=1):
        if not line.strip():
            continue
        digest, name = _entry(line)
        if not digest:
            raise IntegrityError(f"{path}, line {number}: not '<sha256>  <file>'.")
        sums[name] = digest
    return sums


def _entry(line: str) -> tuple[str, str]:
    bsd = re.fullmatch(r"SHA256 ?\((?P<name>.+)\) ?= ?(?P<digest>[0-9a-fA-F]{64})\s*", line)
    gnu = re.fullmatch(r"(?P<slash>\\?)(?P<digest>[0-9a-fA-F]{64}) [ *](?P<name>.+)", line)
    entry = bsd or gnu
    if entry is None:
        return "", ""
    name = entry["name"]
    if gnu and gnu["slash"]:  # GNU escapes a name that contains a line break or a backslash
        marks = {r"\\": "\\", r"\n": "\n", r"\r": "\r"}
        name = re.sub(r"\\[\\nr]", lambda found: marks[found[0]], name)
    return entry["digest"].lower(), name.removeprefix("./")


def sums_text(digests: Mapping[str, str]) -> str:
    """Return a list of SHA-256 as sha256sum writes it, names by their digests."""
    lines = []
    for name, digest in digests.items():
        escaped = name.replace("\\", r"\\").replace("\n", r"\n").replace("\r", r"\r")
        lines.append(f"{'' if escaped == name else chr(92)}{digest}  {escaped}\n")
    return "".join(lines)


def as_found(name: str, found: Iterable[str]) -> str:
    """Return the name on this disk of a file named in a list.

    Systems write accents, Hangul (NFC, NFD) and the slash differently.
    """
    known = found if isinstance(found, dict | set) else set(found)
    if name in known:
        return name
    forms = (unicodedata.normalize(form, name) for form in ("NFC", "NFD"))
    return next((other for other in (name.replace("\\", "/"), *forms) if other in known), name)


def digests_of(root: Path, names: list[str]) -> dict[str, str]:
    """Return the SHA-256 of files of a folder, read by several threads; shows progress."""
    with ThreadPoolExecutor(min(8, 2 * (os.cpu_count() or 1))) as pool:
        digests = pool.map(lambda each: sha256_of(root / each), names)
        bar = ProgressBar(digests, "checking", len(names), unit="file", leave=False, delay=2)
        return dict(zip(names, bar, strict=True))


def regular_file(root: Path, name: str) -> Path:
    """Return the path of a listed file.

    Raises IntegrityError if it is missing, InputError if it is not a regular file inside `root`.
    """
    path = root / name
    try:
        mode = os.lstat(path).st_mode
    except (OSError, ValueError):
        raise IntegrityError(
            f"{path} is listed in SHA256SUMS but missing: restore it, or list the set again."
        ) from None
    if not stat.S_ISREG(mode) or not path.resolve().is_relative_to(root.resolve()):
        raise InputError(f"{path} is a link or a device, not a plain file inside the set's folder.")
    return path
