"""Faces cut as authors published, against their formulas written out again.

Their weights can't be fetched here: a small network that answers with some of its own input stands
in for them. So what a network is given is tested, not how well it then does.
"""

from __future__ import annotations

import hashlib
import io
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy.ndimage import map_coordinates

from onetomany import faces, sources
from onetomany.errors import InputError
from onetomany.faces import aligning, embedding, gate, yunet

ON_THE_TEMPLATE = ("ArcFace", "GhostFaceNet", "Buffalo_L")


def umeyama(src: np.ndarray, dst: np.ndarray) -> np.ndarray:
    """The steps of Umeyama's paper (equations 34 to 43), by singular values, as
    `skimage.transform.SimilarityTransform` has them, which InsightFace calls."""
    n, dim = src.shape
    src_mean, dst_mean = src.mean(axis=0), dst.mean(axis=0)
    src_demean, dst_demean = src - src_mean, dst - dst_mean
    a = dst_demean.T @ src_demean / n
    d = np.ones(dim)
    if np.linalg.det(a) < 0:
        d[dim - 1] = -1
    u, s, v = np.linalg.svd(a)
    if np.linalg.det(u) * np.linalg.det(v) < 0:
        turn = u @ np.diag(np.where(np.arange(dim) == dim - 1, -1, 1)) @ v
    else:
        turn = u @ v
    scale = (s @ d) / src_demean.var(axis=0).sum()
    return np.column_stack([turn * scale, dst_mean - scale * turn @ src_mean])


spot = st.tuples(st.floats(-400, 400), st.floats(-400, 400))


@given(st.lists(spot, min_size=5, max_size=5, unique=True))
def test_points_move_onto_the_template_as_umeyama_has_it(spots: list[tuple[float, float]]) -> None:
    points = np.array(spots)
    turn = yunet.similarity(points, yunet.TEMPLATE)
    # where the nearest scale is none, a turn is arbitrary
    if np.linalg.norm(turn[:, :2]) < 1e-3 or np.linalg.norm(points - points.mean(0)) < 1:
        return
    assert np.abs(turn - umeyama(points, yunet.TEMPLATE)).max() < 1e-5


@pytest.fixture(scope="module")
def picture(orl: sources.ImageSet) -> np.ndarray:
    image = cv2.imread(orl.files["path"][0])
    large = cv2.resize(image, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    # three different colours, so that swapped ones are seen
    return (large * np.array([0.7, 0.85, 1.0])).astype(np.uint8)


@pytest.fixture
def own_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """An empty cache, into which small networks are fetched under the models' names."""
    monkeypatch.setenv("ONETOMANY_CACHE", str(tmp_path / "cache"))
    package = ModuleType("insightface.model_zoo")
    package.get_model = lambda _: Insightface()  # type: ignore[attr-defined]
    above = ModuleType("insightface")
    above.__spec__ = package.__spec__ = ModuleSpec("insightface", None)
    monkeypatch.setitem(sys.modules, "insightface", above)
    monkeypatch.setitem(sys.modules, "insightface.model_zoo", package)
    gate.open_deepface()
    from deepface.modules import modeling

    # deepface keeps what it has built
    empty: dict[str, Any] = {task: {} for task in modeling.AVAILABLE_MODELS}
    monkeypatch.setattr(modeling, "cached_models", empty, raising=False)
    for kept in (aligning.aligner, gate.load_model):
        kept.cache_clear()
    yield
    for kept in (aligning.aligner, gate.load_model):
        kept.cache_clear()


PLACES = np.random.default_rng(0).choice(112 * 112 * 3, 512, replace=False)


class Insightface:
    """What `insightface.model_zoo.ArcFaceONNX.get_feat` gives a network, answered in part."""

    def prepare(self, **_: Any) -> None:
        pass

    def get_feat(self, image: np.ndarray) -> np.ndarray:
        blob = cv2.dnn.blobFromImages(
            [image], 1.0 / 127.5, (112, 112), (127.5, 127.5, 127.5), swapRB=True
        )
        return blob.transpose(0, 2, 3, 1).reshape(-1)[PLACES]


def echo(size: int) -> bytes:
    """A network that answers with 512 of the numbers that it is given."""
    from onnx import TensorProto, helper, numpy_helper

    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["face"], ["flat"]),
            helper.make_node("Gather", ["flat", "places"], ["template"], axis=1),
        ],
        "echo",
        [helper.make_tensor_value_info("face", TensorProto.FLOAT, ["n", size, size, 3])],
        [helper.make_tensor_value_info("template", TensorProto.FLOAT, ["n", 512])],
        [numpy_helper.from_array(PLACES, "places")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=9)
    return bytes(made.SerializeToString())


def fetched(name: str) -> None:
    content = echo(sources.model(name).preprocessing.size)
    sources.fetch_weights(
        name,
        accept_licence=True,
        sha256=hashlib.sha256(content).hexdigest(),
        opener=lambda _: io.BytesIO(content),
    )


@pytest.mark.usefixtures("own_weights")
@pytest.mark.parametrize("name", ON_THE_TEMPLATE)
def test_a_face_is_moved_onto_insightfaces_template(name: str, picture: np.ndarray) -> None:
    fetched(name)
    face = yunet.yunet(sources.model("SFace"))(picture)
    assert face is not None
    matrix = umeyama(face.points.astype(np.float64), yunet.TEMPLATE)
    theirs = cv2.warpAffine(picture, matrix, (112, 112), borderValue=0.0)
    found = aligning.aligner(name, "published")(picture)
    assert found is not None
    assert np.abs(found.pixels.astype(float) - theirs).max() == 0
    # and by no code of OpenCV's: the point of the picture from which each pixel comes
    back = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))
    rows, columns = np.mgrid[:112, :112]
    x, y, _ = back @ np.stack([columns.ravel(), rows.ravel(), np.ones(112 * 112)])
    plain = np.stack(
        [map_coordinates(picture[:, :, c].astype(float), [y, x], order=1) for c in range(3)], axis=1
    ).reshape(112, 112, 3)
    # OpenCV rounds places to 1/32 pixel
    assert np.abs(found.pixels - plain).mean() < 0.5
    # points lie where the template has them
    at = face.points @ matrix[:, :2].T + matrix[:, 2]
    assert np.abs(at - yunet.TEMPLATE).max() < 6


def facenet_pytorch(image: np.ndarray, box: list[float], side: int, margin: int) -> np.ndarray:
    """`extract_face` of facenet-pytorch 2.6.0 (MIT), for a Pillow picture, written out."""
    margins = [
        margin * (box[2] - box[0]) / (side - margin),
        margin * (box[3] - box[1]) / (side - margin),
    ]
    whole = Image.fromarray(image)
    corners = (
        int(max(box[0] - margins[0] / 2, 0)),
        int(max(box[1] - margins[1] / 2, 0)),
        int(min(box[2] + margins[0] / 2, whole.size[0])),
        int(min(box[3] + margins[1] / 2, whole.size[1])),
    )
    return np.asarray(whole.crop(corners).copy().resize((side, side), Image.Resampling.BILINEAR))


@pytest.mark.parametrize("shift", [(0, 0), (60, 90)])  # the second is cut off by the edge
def test_facenets_box_has_its_margin(picture: np.ndarray, shift: tuple[int, int]) -> None:
    chosen = sources.model("Facenet512")
    part = np.ascontiguousarray(picture[shift[1] :, shift[0] :])
    face = yunet.yunet(sources.model("SFace"))(part)
    assert face is not None
    x, y, w, h = map(float, face.row[:4])
    left, top, right, bottom = chosen.preprocessing.box
    box = [x + left * w, y + top * h, x + w + right * w, y + h + bottom * h]
    theirs = facenet_pytorch(part, box, 160, 32)
    assert np.array_equal(yunet._facenet_box(chosen)(part, face), theirs)
    # MTCNN's box is nearly YuNet's
    assert max(abs(each) for each in chosen.preprocessing.box) < 0.06


# what each author's network expects: red first, then these two
GIVEN = {
    "Facenet512": (127.5, 128.0),
    "ArcFace": (127.5, 128.0),
    "GhostFaceNet": (127.5, 128.0),
    "Buffalo_L": (127.5, 127.5),
}


@pytest.mark.real
@pytest.mark.usefixtures("own_weights")
@pytest.mark.parametrize("name", GIVEN)
def test_a_network_is_given_what_its_author_says(name: str, picture: np.ndarray) -> None:
    fetched(name)
    found = aligning.aligner(name, "published")(picture)
    assert found is not None
    gate.load_model(name)
    mean, divisor = GIVEN[name]
    expected = (found.pixels[:, :, ::-1].astype(np.float64) - mean) / divisor
    wanted = expected.reshape(-1)[PLACES]
    for count in (1, 2):  # deepface answers otherwise for one
        answers = embedding.represent([found.pixels] * count, faces.Settings(name))
        assert len(answers) == count
        for answer in answers:
            assert np.abs(np.array(answer) - wanted / np.linalg.norm(wanted)).max() < 1e-5


@pytest.mark.usefixtures("own_weights")
def test_every_model_by_yunet_finds_the_faces_that_sface_finds(picture: np.ndarray) -> None:
    cut_tightly = picture[45:290, 45:230]
    hard = [picture, cut_tightly, cv2.resize(picture, None, fx=4, fy=4), picture[::-1].copy()]
    ours = yunet.yunet(sources.model("SFace"))
    found = [face and (face.faces, face.number) for face in map(ours, hard)]
    assert {each and each[1] for each in found} >= {1, 2}
    for name in GIVEN:
        fetched(name)
        assert sources.model(name).preprocessing.tries == sources.model("SFace").preprocessing.tries
        cut = aligning.aligner(name, "published")
        for image, face in zip(hard, found, strict=True):
            mine = cut(image)
            assert (mine is None) == (face is None)
            if mine is not None and face is not None:
                assert mine.faces == face[0]
                assert mine.detector == ("yunet" if face[1] == 1 else f"yunet, try {face[1]}")


def test_a_package_that_is_missing_is_named(orl: sources.ImageSet) -> None:
    with pytest.raises(InputError, match="Buffalo_L needs the package insightface"):
        faces.embed(orl, faces.Settings("Buffalo_L"))
