"""Archives and pictures: files that are read by what is in or about them."""

from __future__ import annotations

import io
import re
import stat
from typing import Any

from .parts import Parts
from .reading import NO_TEXT, Damaged, Reading, Refused


def read_zip(content: bytes, reading: Reading) -> None:
    """Members of an archive, which are then documents themselves; dangerous ones are told."""
    parts = Parts(content, reading.limits)
    kept = 0
    for info in parts.zip.infolist():
        name = info.filename
        if info.is_dir():
            continue
        # archives made by Korean Windows carry CP949 names that zipfile takes for CP437
        shown = name
        if not info.flag_bits & 0x800:
            try:
                shown = name.encode("cp437").decode("cp949")
            except UnicodeError:
                shown = name
        if why := unsafe(shown, info.external_attr >> 16):
            reading.note("refused", f"Member {shown!r} was refused: {why}.")
            continue
        try:
            reading.member(shown, parts.unpack(info))
            kept += 1
        except Damaged as damaged:
            reading.note("unread", f"Member {shown!r}: {damaged}")
    page = reading.page()
    page.add("\n".join(name for name, _ in reading.members))
    if not kept and parts.infos:
        raise Refused("None of its members can be read.")


def unsafe(name: str, mode: int = 0) -> str:
    """Why an archive's member is refused; '' for one that is fine."""
    if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name):
        return "its name is an absolute path"
    if ".." in re.split(r"[/\\]", name):
        return "its name leads out of the archive"
    if stat.S_ISLNK(mode):
        return "it is a symbolic link"
    return ""


def read_picture(content: bytes, reading: Reading) -> None:
    """A picture's size and what its camera or scanner wrote into it; its text is left to OCR."""
    from PIL import ExifTags, Image

    try:
        with Image.open(io.BytesIO(content)) as picture:
            frames = int(getattr(picture, "n_frames", 1))
            exif: dict[Any, Any] = dict(picture.getexif())
            sizes = []
            for number in range(min(frames, reading.limits.pages)):
                picture.seek(number)
                turned = picture.getexif().get(ExifTags.Base.Orientation, 1) > 4
                sizes.append(picture.size[::-1] if turned else picture.size)
    except Refused:
        raise
    except Exception as error:
        raise Refused(f"It is no picture that Pillow can open: {error}") from error
    for tag, value in exif.items():
        text = value if isinstance(value, str) else repr(value)
        reading.metadata[ExifTags.TAGS.get(tag, str(tag))] = text[:500]
    if taken := reading.metadata.get("DateTime"):
        day, _, hour = taken.partition(" ")
        reading.facts["created"] = f"{day.replace(':', '-')}T{hour}" if hour else None
    reading.facts["author"] = reading.metadata.get("Artist")
    for width, height in sizes:
        page = reading.page(width=float(width), height=float(height), unit="px")
        reading.note("ocr", NO_TEXT, page.number)
