"""Ten odd folders of pictures, made from ORL: names, formats, sizes, duplicates, bystanders."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from onetomany import sources


class Faces:
    """ORL's pictures by person and number."""

    def __init__(self, orl: sources.ImageSet) -> None:
        rows = orl.files.select("image_id", "path").rows()
        self.paths = {image: Path(path) for image, path in rows}

    def path(self, person: int, number: int) -> Path:
        return self.paths[f"s{person}/{number}"]

    def image(self, person: int, number: int, scale: int = 2) -> Image.Image:
        with Image.open(self.path(person, number)) as opened:
            size = (opened.width * scale, opened.height * scale)
            return opened.convert("RGB").resize(size, Image.Resampling.BICUBIC)

    def save(self, target: Path, person: int, number: int, **options: object) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        self.image(person, number).save(target, **options)  # type: ignore[arg-type]


def cameras(faces: Faces, root: Path) -> None:
    """Names as cameras give them, and suffixes in capitals."""
    for person, folder in ((1, "100CANON"), (2, "n000002"), (3, "Camera Roll")):
        for number in (1, 2, 3):
            faces.save(root / folder / f"DSC_{number:04}.JPG", person, number, format="JPEG")


def hangul(faces: Faces, root: Path) -> None:
    """Names of people, in Hangul, with blanks, quotes, line breaks and commas."""
    for person, folder in ((1, "홍길동"), (2, "Kim, Min-su"), (3, 'O\'Brien "Jo"\n2')):
        for number in (1, 2, 3):
            faces.save(root / folder / f"사진 {number}.png", person, number)


def flat_beside(faces: Faces, root: Path) -> None:
    """Some pictures in nobody's folder."""
    hangul(faces, root)
    faces.save(root / "group.jpg", 4, 1)
    faces.save(root / "cover.png", 4, 2)


def nested(faces: Faces, root: Path) -> None:
    """A person's pictures by year; the person is the first level of folders."""
    for person, folder in ((1, "ahn"), (2, "bae"), (3, "cho")):
        for number in (1, 2, 3):
            faces.save(root / folder / f"20{20 + number}" / "a.png", person, number)


def formats(faces: Faces, root: Path) -> None:
    """Every format that Pillow can write, grey, alpha, palette, 16 bit and CMYK among them."""
    names = ["jpg", "png", "bmp", "tif", "pgm", "webp", "gif", "jp2", "avif"]
    for person in (1, 2):
        for number, suffix in enumerate(names, start=1):
            faces.save(root / f"person {person}" / f"{suffix}.{suffix}", person, number)
        modes = root / f"person {person}"
        image = faces.image(person, 10)
        image.convert("RGBA").save(modes / "alpha.png")
        image.convert("LA").save(modes / "grey alpha.png")
        image.convert("P").save(modes / "palette.png")
        image.convert("CMYK").save(modes / "cmyk.jpg")
        deep = np.asarray(image.convert("L")).astype(np.uint16) * 257
        Image.fromarray(deep).save(modes / "sixteen.tif")
        Image.fromarray(deep).save(modes / "sixteen.png")


def not_pictures(faces: Faces, root: Path) -> None:
    """What else lies in such folders: lists, thumbnails' databases, films, raw pictures, links."""
    cameras(faces, root)
    folder = root / "n000002"
    (folder / "notes.txt").write_text("taken in May")
    (folder / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    (folder / "._DSC_0001.JPG").write_bytes(b"\0\5\x16\7" + bytes(80))
    (root / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(80))
    (folder / "DSC_0009.NEF").write_bytes(b"MM\0*" + bytes(80))
    (folder / "film.MOV").write_bytes(b"\0\0\0\x14ftypqt  " + bytes(80))
    (folder / "empty.jpg").touch()
    (folder / "link.jpg").symlink_to(folder / "DSC_0001.JPG")
    # a picture under no name of one
    faces.save(folder / "IMG_4", 2, 4, format="JPEG")


def hostile(faces: Faces, root: Path) -> None:
    """Cut off, of another format than the name says, bombs, noise."""
    cameras(faces, root)
    folder = root / "n000002"
    whole = (folder / "DSC_0001.JPG").read_bytes()
    (folder / "cut.jpg").write_bytes(whole[: len(whole) // 3])
    (folder / "head.jpg").write_bytes(whole[:40])
    (folder / "text.jpg").write_text("this is no picture")
    (folder / "noise.png").write_bytes(b"\x89PNG\r\n\x1a\n" + np.random.default_rng(0).bytes(5000))
    (folder / "bomb.pgm").write_bytes(b"P5\n60000 60000\n255\n" + bytes(100))
    bomb = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(bomb, "PNG", compress_level=1)
    (folder / "bomb.png").write_bytes(bomb.getvalue())
    faces.save(folder / "named_png_is_jpeg.png", 2, 5, format="JPEG")


def duplicates(faces: Faces, root: Path) -> None:
    """The same bytes twice under a person, and under two people."""
    cameras(faces, root)
    shutil.copyfile(root / "n000002/DSC_0001.JPG", root / "n000002/DSC_0001 (copy).JPG")
    shutil.copyfile(root / "n000002/DSC_0002.JPG", root / "100CANON/DSC_0002 (2).JPG")


def bystanders(faces: Faces, root: Path) -> None:
    """Two faces in a picture, the person's the larger; and none."""
    for person in (1, 2, 3):
        for number in (1, 2):
            near, far = faces.image(person, number, 3), faces.image(person + 10, number, 2)
            both = Image.new("RGB", (near.width + far.width + 60, near.height), "black")
            both.paste(near, (0, 0))
            both.paste(far, (near.width + 60, 40))
            (root / f"t{person}").mkdir(parents=True, exist_ok=True)
            both.save(root / f"t{person}" / f"holiday {number}.png")
        faces.save(root / f"t{person}" / "alone.png", person, 3)
        wall = Image.new("RGB", (300, 300), (90, 90, 90 + person))
        wall.save(root / f"t{person}" / f"wall {person}.png")


def sizes(faces: Faces, root: Path) -> None:
    """From a thumbnail to 80 megapixels, and turned by EXIF."""
    for person in (1, 2):
        folder = root / f"u{person}"
        folder.mkdir(parents=True)
        faces.image(person, 1, 1).resize((23, 28)).save(folder / "tiny.png")
        faces.save(folder / "usual.png", person, 2)
        faces.image(person, 3, 12).save(folder / "twelve.jpg")
        for turn in (3, 6, 8):
            exif = Image.Exif()
            exif[0x0112] = turn
            back = {3: 180, 6: 90, 8: 270}[turn]
            turned = faces.image(person, 4).rotate(back, expand=True)
            turned.save(folder / f"turned{turn}.jpg", exif=exif, quality=95)
        huge = Image.new("RGB", (10_000, 8_000), (40, 60, 80))
        huge.paste(faces.image(person, 5, 20), (4_000, 2_000))
        huge.save(folder / "huge.jpg", quality=90)


FOLDERS: dict[str, Callable[[Faces, Path], None]] = {
    each.__name__: each
    for each in (cameras, hangul, flat_beside, nested, formats, not_pictures, hostile, duplicates,
                 bystanders, sizes)
}  # fmt: skip
