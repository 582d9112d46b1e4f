"""Pictures of every format and size become pixels in the cage; a bad one becomes a reason."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import resource
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from odd_folders import FOLDERS, Faces
from onetomany import faces, sources
from onetomany.cage import keeper as cage
from onetomany.cage import pictures as task
from onetomany.errors import RefusedError
from onetomany.faces import accounts, decoding
from onetomany.faces.aligning import AlignedFace, aligner
from onetomany.report import pictures as told
from onetomany.sources import folders, images
from onetomany.sources.files import sha256_of
from test_own_pictures import prepared

pytestmark = pytest.mark.real

# half red, half blue, 96 x 64 pixels: no HEIC can be written here
HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAVZtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAA"
    "AAAAAAAAAAACJpbG9jAAAAAERAAAEAAQAAAAABegABAAAAAAAAAIQAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAAB"
    "AABodmMxAAAAAA5waXRtAAAAAAABAAAA1mlwcnAAAAC3aXBjbwAAAHhodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADw"
    "NgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQArQgEBA3AAAAMAkAAAAwAAAwAeoDCBBZbqSSmubgIaDAgA"
    "AAMAyAAAAwAIQGIAAQAHRAHBcrAiQAAAABNjb2xybmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAABgAAAAQAAAABBwaX"
    "hpAAAAAAMICAgAAAAXaXBtYQAAAAAAAAABAAEEgQIDBAAAAIxtZGF0AAAAgCgBrwngx485dV///Rjf//wjTyH7XF1J"
    "BKf/1UKDv4VQ//7MxXUy4gheWAWAIbeQvbxhflEjorHp3SKppJI+FBVRF7778J8B8lFrFgSj8oHLxCZ2neM2pfw76n"
    "242eEkKcZtOynlg7VBrXJ9xn6aNt7dhlrZovhvVl1uYbIOV3yf"
)


@pytest.fixture(scope="module")
def decoder() -> Iterator[decoding.Decoder]:
    opened = decoding.Decoder(trusted=False)
    yield opened
    opened.keeper.stop()


def decoded(
    decoder: decoding.Decoder, path: Path, side: int = 1024, box: decoding.Box | None = None
) -> decoding.Picture:
    return decoder.open(str(path), sha256_of(path), side, box)


def test_the_registered_pictures_are_decoded_as_ever(
    decoder: decoding.Decoder, orl: sources.ImageSet
) -> None:
    for path, digest in orl.files.select("path", "sha256").rows()[::20]:
        assert np.array_equal(decoder.open(path, digest, 1024).pixels, cv2.imread(path))


def halves(mode: str, size: tuple[int, int] = (400, 300)) -> Image.Image:
    """A picture whose left half is red (dark) and right half is blue (bright for grey)."""
    image = Image.new("RGB", size, (200, 40, 40))
    image.paste((60, 120, 230), (size[0] // 2, 0, size[0], size[1]))
    return image.convert(mode)


@pytest.mark.parametrize(
    "suffix", ["jpg", "png", "bmp", "tif", "webp", "gif", "jp2", "avif", "ppm"]
)
def test_formats_keep_their_colours(decoder: decoding.Decoder, tmp_path: Path, suffix: str) -> None:
    halves("RGB").save(tmp_path / f"a.{suffix}", quality=95)
    seen = decoded(decoder, tmp_path / f"a.{suffix}")
    assert seen.pixels.shape == (300, 400, 3)
    assert np.abs(seen.pixels[150, 50].astype(int) - (40, 40, 200)).max() < 12  # blue first
    assert np.abs(seen.pixels[150, 350].astype(int) - (230, 120, 60)).max() < 12


def test_heic_is_decoded_where_no_thread_may_start(
    decoder: decoding.Decoder, tmp_path: Path
) -> None:
    (tmp_path / "a.heic").write_bytes(HEIC)
    seen = decoded(decoder, tmp_path / "a.heic")
    assert seen.pixels.shape == (64, 96, 3)
    assert np.abs(seen.pixels[32, 10].astype(int) - (30, 30, 200)).max() < 12
    assert np.abs(seen.pixels[32, 90].astype(int) - (200, 30, 30)).max() < 12


@pytest.mark.parametrize("mode", ["L", "LA", "P", "CMYK", "RGBA", "1", "I;16", "F"])
def test_modes_become_eight_bits_of_three_colours(
    decoder: decoding.Decoder, tmp_path: Path, mode: str
) -> None:
    path = tmp_path / {"CMYK": "a.jpg", "I;16": "a.png", "F": "a.tif"}.get(mode, "a.png")
    if mode in ("I;16", "F"):
        grey = np.asarray(halves("L"))
        deep = grey.astype(np.uint16) * 257 if mode == "I;16" else grey.astype(np.float32) / 255
        Image.fromarray(deep).save(path)
    else:
        halves(mode).save(path)
    same = mode if mode in ("P", "1") else "L" if mode in ("L", "LA", "I;16", "F") else "RGB"
    plain = np.asarray(halves(same).convert("RGB"))
    seen = decoded(decoder, path).pixels[:, :, ::-1]
    assert np.abs(seen.astype(int) - plain)[:, 20:180].max() < 14
    assert np.abs(seen.astype(int) - plain)[:, 220:].max() < 14


def test_what_is_transparent_is_white(decoder: decoding.Decoder, tmp_path: Path) -> None:
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(tmp_path / "a.png")
    assert decoded(decoder, tmp_path / "a.png").pixels.min() == 255


@pytest.mark.parametrize("turn", range(1, 9))
def test_pictures_stand_upright_and_so_do_parts(
    decoder: decoding.Decoder, tmp_path: Path, turn: int
) -> None:
    upright = np.zeros((120, 200, 3), np.uint8)
    upright[10:40, 20:80] = 255  # a block that shows every turn and mirroring
    back = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
            4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
            6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
            8: Image.Transpose.ROTATE_270}  # fmt: skip
    image = Image.fromarray(upright)
    exif = Image.Exif()
    exif[0x0112] = turn
    stored = image.transpose(back[turn]) if turn in back else image
    for suffix in ("png", "tif", "jpg"):
        stored.save(tmp_path / f"a.{suffix}", exif=exif, quality=100)
        whole = decoded(decoder, tmp_path / f"a.{suffix}").pixels
        assert np.abs(whole.astype(int) - upright).max() < 60
        part = decoded(decoder, tmp_path / f"a.{suffix}", 1024, (0.1, 1 / 12, 0.4, 1 / 3)).pixels
        assert part.shape == (30, 60, 3)
        assert part.min() > 190


def test_films_give_their_first_picture_and_say_so(
    decoder: decoding.Decoder, tmp_path: Path
) -> None:
    first, second = Image.new("RGB", (40, 40), "red"), Image.new("RGB", (40, 40), "blue")
    for suffix in ("gif", "webp", "png", "tif"):
        path = tmp_path / f"a.{suffix}"
        first.save(path, save_all=True, append_images=[second])
        seen = decoded(decoder, path)
        assert seen.moving
        assert seen.pixels[20, 20].argmax() == 2


def test_every_hostile_file_is_a_reason(
    decoder: decoding.Decoder, orl: sources.ImageSet, tmp_path: Path
) -> None:
    FOLDERS["hostile"](Faces(orl), tmp_path / "odd")
    why = {}
    for path in sorted((tmp_path / "odd/n000002").iterdir()):
        try:
            decoded(decoder, path)
        except decoding.Unreadable as reason:
            why[path.name] = str(reason)
    assert set(why) == {"bomb.pgm", "bomb.png", "cut.jpg", "head.jpg", "noise.png", "text.jpg"}
    assert why["text.jpg"] == decoding.UNREADABLE
    assert "megapixels" in why["bomb.png"]
    assert why["cut.jpg"].endswith("cut off")
    assert set(why.values()) <= set(told.KOREAN)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from(["JPEG", "PNG", "GIF", "TIFF", "WEBP", "BMP", "PPM", "JPEG2000"]),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8),
    st.floats(0.2, 1),
)
def test_no_damage_is_more_than_a_reason(
    decoder: decoding.Decoder,
    tmp_path: Path,
    kind: str,
    flips: list[tuple[float, int]],
    kept: float,
) -> None:
    made = io.BytesIO()
    halves("RGB", (60, 40)).save(made, kind)
    content = bytearray(made.getvalue())
    for place, value in flips:
        content[int(place * (len(content) - 1))] = value
    path = tmp_path / "damaged"
    path.write_bytes(content[: int(kept * len(content))])
    said = None
    try:
        assert max(decoded(decoder, path).pixels.shape[:2]) <= 1024
    except decoding.Unreadable as reason:
        said = str(reason)
    assert said is None or said in told.KOREAN


@pytest.mark.parametrize(
    "frames",
    [
        [(task.PIXELS, b"\0" * 300)],
        [(task.HEAD, b"{}")],
        [(task.HEAD, b'{"size": [10, 10], "part": [10, 10], "moving": false}')],
        [(task.HEAD, b'{"size": [10, 10], "part": [10, 10], "moving": 0}'), (task.PIXELS, b"\0")],
        [(task.HEAD, b'{"size": [1e99, 1], "part": [1, 1], "moving": 0}'), (task.PIXELS, b"\0")],
        [
            (task.HEAD, b'{"size": [2000, 1], "part": [1, 1], "moving": 0}'),
            (task.PIXELS, b"\0" * 6000),
        ],
        [(b"?", b"")],
        [],
    ],
)
def test_an_answer_of_no_sense_is_no_picture(frames: list[tuple[bytes, bytes]]) -> None:
    source, target = os.pipe()
    with os.fdopen(target, "wb") as out:
        for kind, content in [*frames, (cage.END, b"")]:
            out.write(cage.FRAME.pack(kind, len(content)) + content)
    with pytest.raises(cage.Trouble):
        decoding._taken(cage.Frames(source, time.monotonic() + 5, 10_000), 1024)
    os.close(source)


def test_pictures_of_strangers_need_a_strong_cage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONETOMANY_WEAK_ISOLATION", "")
    strong = cage.Keeper
    monkeypatch.setattr(cage, "Keeper", lambda name: strong(name, weak=True))
    with pytest.raises(RefusedError, match="weak-isolation"):
        decoding.Decoder(trusted=False)
    decoding.Decoder(trusted=True).keeper.stop()  # the kit's own sets are read all the same


def block(pixels: np.ndarray) -> AlignedFace | None:  # type: ignore[type-arg]
    """A detector for tests: the white block of a picture, if it is 20 pixels wide or more."""
    rows, columns = np.nonzero(pixels.min(axis=2) > 200)
    if not len(rows) or np.ptp(columns) < 20:
        return None
    box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    return AlignedFace(pixels, 1, 1.0, "block", tuple(map(float, box)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("width", "scale"),
    # in a picture of 4,096 pixels: too small at 2,048; found there; found at 1,024; large enough
    [(30, None), (60, 1.0), (400, 0.853), (1000, 0.25)],
)
def test_a_small_face_is_taken_from_the_part_around_it(
    decoder: decoding.Decoder, tmp_path: Path, width: int, scale: float | None
) -> None:
    image = Image.new("L", (4096, 3000))
    image.paste(255, (2000, 1000, 2000 + width, 1000 + width))
    image.save(tmp_path / "a.png", compress_level=1)
    digest = sha256_of(tmp_path / "a.png")
    if scale is None:
        with pytest.raises(decoding.Unreadable, match="no face found at 2,048 pixels"):
            decoding.largest_face(str(tmp_path / "a.png"), digest, 1.0, block, decoder)
        return
    seen = decoding.largest_face(str(tmp_path / "a.png"), digest, 1.0, block, decoder)
    assert seen.scale == pytest.approx(scale, abs=0.01)
    assert (seen.note is None) == (scale == 1.0)


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (2, 90), (15, 4000)])
@pytest.mark.parametrize("name", faces.MATCHERS)
def test_strips_and_dots_have_no_face(
    decoder: decoding.Decoder, tmp_path: Path, size: tuple[int, int], name: str
) -> None:
    Image.effect_noise(size, 100).save(tmp_path / "a.png")
    digest = sha256_of(tmp_path / "a.png")
    align = aligner(name, "published")
    with pytest.raises(decoding.Unreadable, match="no face found"):
        decoding.largest_face(str(tmp_path / "a.png"), digest, 1.0, align, decoder)


def test_80_megapixels_cost_600_mb_at_most(decoder: decoding.Decoder, tmp_path: Path) -> None:
    """Of the process that decodes; the one that asks gets some 3 MB."""
    noise = np.random.default_rng(0).integers(0, 255, (80, 100, 3), dtype=np.uint8)
    image = Image.fromarray(noise).resize((10_000, 8_000), Image.Resampling.NEAREST)
    image.save(tmp_path / "a.jpg", quality=80)
    image.putalpha(200)
    image.save(tmp_path / "a.png", compress_level=1)
    ask, most = decoder.keeper.ask, 0

    def measured(*what: object, **how: object) -> object:
        nonlocal most
        outcome = ask(*what, **how)  # type: ignore[arg-type]
        most = max(most, outcome.ended.memory)
        return outcome

    decoder.keeper.ask = measured  # type: ignore[method-assign,assignment]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        for suffix in ("jpg", "png"):
            seen = decoded(decoder, tmp_path / f"a.{suffix}")
            assert seen.pixels.shape == (819, 1024, 3)
            decoded(decoder, tmp_path / f"a.{suffix}", 1024, (0.4, 0.4, 0.5, 0.5))
    finally:
        decoder.keeper.ask = ask  # type: ignore[method-assign]
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
    assert most + grown < 600_000_000


def test_every_reason_is_in_korean() -> None:
    reasons = {accounts.ENROLLED, *decoding._WHY.values(), decoding.TOO_MUCH, decoding.CHANGED,
               "no face found", "no face found at 2,048 pixels", images.TWICE, images.TWO_PEOPLE,
               images.WITHDRAWN, folders.NO_PICTURE, folders.NOT_READ, folders.EMPTY,
               folders.TOO_LARGE, folders.CLOSED, folders.LINK, folders.BAD_NAME,
               folders.NO_PERSON}  # fmt: skip
    assert reasons == set(told.KOREAN)


@pytest.fixture(scope="module")
def odd(orl: sources.ImageSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder with people of several odd folders: real faces through the whole way."""
    root = tmp_path_factory.mktemp("own") / "odd"
    for name in ("hostile", "bystanders"):
        FOLDERS[name](Faces(orl), root)
    return prepared(root)


def test_every_file_has_an_outcome(odd: Path) -> None:
    opened = sources.open_images(odd)
    templates = {
        name: faces.embed(opened, faces.Settings(model=name), workers=1) for name in ("SFace",)
    }
    table = accounts.account(opened, templates)
    assert table["SFace"].sum() == opened.account.height
    outcomes = dict(table.select("outcome", "SFace").rows())
    assert outcomes["no face found"] == 3  # walls
    assert outcomes[accounts.ENROLLED] == 9 + 1 + 9
    remarks = dict(accounts.remarks(templates).rows())
    assert remarks == {"several faces": 6, "several pictures": 0, "shrunk": 0}
    several = templates["SFace"].filter(pl.col("faces") > 1)
    assert set(several["note"]) == {"the largest of 2 faces"}


def test_the_bystander_is_not_taken(odd: Path) -> None:
    """The person's face is pasted larger: their pictures are alike, however they were taken."""
    opened = sources.open_images(odd)
    frame = faces.usable(faces.embed(opened, faces.Settings(model="SFace"), workers=1))
    shared = frame.filter(pl.col("faces") > 1)
    vectors = shared["template"].to_numpy()
    same = shared["subject_id"].to_numpy()[:, None] == shared["subject_id"].to_numpy()
    scores = vectors @ vectors.T
    off = ~np.eye(len(scores), dtype=bool)
    assert scores[same & off].min() > scores[~same].max()


def test_the_decoder_ends_with_the_process_that_asks(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import time
        from onetomany.faces import decoding
        decoder = decoding.Decoder(trusted=True)
        print(decoder.keeper.process.pid, flush=True)
        time.sleep(60)
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
    ) as asks:
        assert asks.stdout is not None
        caged = int(asks.stdout.readline())
        asks.kill()
    for _ in range(100):
        try:
            os.kill(caged, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("it still runs")


def test_the_digest_is_of_what_is_decoded(decoder: decoding.Decoder, tmp_path: Path) -> None:
    halves("RGB").save(tmp_path / "a.png")
    with pytest.raises(decoding.Unreadable, match="changed since"):
        decoder.open(str(tmp_path / "a.png"), hashlib.sha256(b"other").hexdigest(), 1024)
    (tmp_path / "b.png").symlink_to(tmp_path / "a.png")
    with pytest.raises(decoding.Unreadable, match="changed since"):
        decoder.open(str(tmp_path / "b.png"), sha256_of(tmp_path / "a.png"), 1024)
