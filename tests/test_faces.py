"""Real images to templates: nothing dropped, nothing done twice, the same as deepface alone."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from onetomany import accuracy, faces, sources
from onetomany.errors import EnrolmentError, InputError, IntegrityError, RefusedError
from onetomany.faces import aligning, decoding, dlib_network, embedding, gate, sface_network
from onetomany.faces.yunet import CUTTERS
from onetomany.gallery import gallery_of

pytestmark = pytest.mark.real


@pytest.fixture(params=faces.MATCHERS)
def matcher(
    request: pytest.FixtureRequest, embedded: pl.DataFrame, embedded_sface: pl.DataFrame
) -> pl.DataFrame:
    """Every image under one of the two matchers, by the default settings."""
    return {"Dlib": embedded, "SFace": embedded_sface}[request.param]


# what the same weights reach on these pictures when cut as their authors say: measured with the
# authors' own code, outside the kit
REACHED = {"Dlib": (0.98, 0.96), "SFace": (0.998, 0.99)}


def test_detection_reaches_the_stated_number(matcher: pl.DataFrame) -> None:
    assert len(matcher) == 400
    assert matcher["reason"].null_count() >= 398
    assert matcher["detector"].null_count() == 400 - matcher["reason"].null_count()


def test_each_image_says_which_detector_found_it(
    embedded: pl.DataFrame, embedded_sface: pl.DataFrame
) -> None:
    counts = [dict(f["detector"].value_counts().iter_rows()) for f in (embedded, embedded_sface)]
    assert counts == [{"dlib": 395, "dlib, try 2": 4, None: 1}, {"yunet": 397, "yunet, try 2": 3}]


def test_both_matchers_reach_what_their_weights_can(matcher: pl.DataFrame) -> None:
    found = faces.usable(matcher)
    table = accuracy.compare_all(found)
    scores = np.sort(table.filter(~pl.col("mated"))["score"].to_numpy())[::-1]
    mated = table.filter("mated")["score"].to_numpy()
    for fmr, least in zip((1e-3, 1e-4), REACHED[found["model"][0]], strict=True):
        threshold = scores[int(fmr * len(scores))]  # above it lie at most that share
        assert (mated > threshold).mean() >= least


def test_failures_stay_as_rows_with_a_reason(embedded: pl.DataFrame) -> None:
    failed = embedded.filter(pl.col("template").is_null())
    assert set(failed["reason"]) == {"no face found"}
    told = faces.failure_to_enrol(embedded)
    assert told["images"].sum() == len(failed)
    assert told["rate"].sum() == pytest.approx(len(failed) / 400)


def test_templates_are_unit_vectors_in_the_sets_order(
    embedded: pl.DataFrame, templates: pl.DataFrame, orl: sources.ImageSet
) -> None:
    assert embedded["template_id"].to_list() == orl.files["image_id"].to_list()
    assert embedded.schema == faces.schema(faces.Settings())
    lengths = np.linalg.norm(templates["template"].to_numpy(), axis=1)
    assert np.allclose(lengths, 1, atol=1e-6)


def enlarged(path: str) -> np.ndarray:
    import cv2

    return cv2.resize(cv2.imread(path), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)


def chosen(embedded: pl.DataFrame, orl: sources.ImageSet) -> tuple[list[str], np.ndarray]:
    """Five pictures with their templates; two of SFace's need the second try."""
    some = ["s1/1", "s7/4", "s17/9", "s36/7", "s40/10"]
    files = orl.files.filter(pl.col("image_id").is_in(some))
    rows = embedded.filter(pl.col("template_id").is_in(some))
    return files["path"].to_list(), rows["template"].to_numpy()


def test_dlibs_templates_equal_dlibs_own_chip_and_network(
    embedded: pl.DataFrame, orl: sources.ImageSet
) -> None:
    """dlib cuts its chip inside compute_face_descriptor when it is given an image and landmarks."""
    import dlib

    weights = sources.install_weights("Dlib")
    network = dlib.face_recognition_model_v1(
        str(weights["dlib_face_recognition_resnet_model_v1.dat"])
    )
    landmarks = dlib.shape_predictor(str(weights["shape_predictor_5_face_landmarks.dat"]))
    detector = dlib.get_frontal_face_detector()
    paths, ours = chosen(embedded, orl)
    for path, template in zip(paths, ours, strict=True):
        image = np.ascontiguousarray(enlarged(path)[:, :, ::-1])
        [box] = detector(image, 1)
        own = np.array(network.compute_face_descriptor(image, landmarks(image, box)))
        assert np.abs(template - own / np.linalg.norm(own)).max() < 1e-5


def test_sfaces_templates_equal_those_of_opencvs_own_class(
    embedded_sface: pl.DataFrame, orl: sources.ImageSet, tmp_path: Path
) -> None:
    import cv2
    import onnx

    weights = sources.install_weights("SFace")
    model = onnx.load(weights["face_recognition_sface_2021dec_int8bq.onnx"])
    while len(model.graph.input) > 1:  # OpenCV 5 refuses the file with its weights among the inputs
        model.graph.input.pop()
    onnx.save(model, tmp_path / "sface.onnx")
    recogniser = cv2.FaceRecognizerSF.create(str(tmp_path / "sface.onnx"), "")
    detector = cv2.FaceDetectorYN.create(
        str(weights["face_detection_yunet_2023mar_int8bq.onnx"]), "", (184, 224), 0.6
    )
    paths, ours = chosen(embedded_sface, orl)
    for path, template in zip(paths, ours, strict=True):
        [face] = detector.detect(enlarged(path))[1]
        own = recogniser.feature(recogniser.alignCrop(enlarged(path), face))[0]
        assert np.abs(template - own / np.linalg.norm(own)).max() < 1e-5


@pytest.mark.parametrize("name", ["SFace", "Dlib"])
def test_the_bare_box_reproduces_plain_deepface(name: str, own_set: Path) -> None:
    """In a process of its own, with none of our changes to detection or to dlib's network."""
    images = sources.open_images(own_set)
    detector = sources.model(name).preprocessing.detector
    script = textwrap.dedent(
        f"""
        import os, json, sys
        os.environ["DEEPFACE_HOME"] = {str(sources.weights.deepface_home())!r}
        os.environ["DEEPFACE_BACKEND_ENGINE"] = "onnx"
        import cv2
        from deepface import DeepFace
        from deepface.commons import weight_utils
        from onetomany.sources.weights import resolve
        weight_utils.download_weights_if_necessary = lambda file_name, *_, **__: resolve(file_name)
        if {name!r} == "SFace":  # plain deepface can't run the package's file
            from onetomany.faces.gate import load_model
            load_model("SFace")
        answers = []
        for path in {images.files["path"].to_list()!r}:
            image = cv2.resize(cv2.imread(path), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
            found = DeepFace.represent(
                image, model_name={name!r}, detector_backend={detector!r}, l2_normalize=True
            )
            answers.append(found[0]["embedding"])
        print(json.dumps(answers))
        """
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    plain = np.array(json.loads(run.stdout.splitlines()[-1]))
    ours = faces.embed(images, faces.Settings(name, "box"), workers=1)
    assert np.abs(ours["template"].to_numpy() - plain).max() < 1e-5


def test_a_crop_that_does_not_exist_is_refused(own_set: Path) -> None:
    with pytest.raises(InputError, match="There is no crop 'wide'"):
        faces.embed(sources.open_images(own_set), faces.Settings(crop="wide"))


def test_every_sheet_states_the_authors_preprocessing() -> None:
    for model in sources.models().values():
        how = model.preprocessing
        assert how.source.startswith("https://")
        assert all((how.detector, how.landmarks, how.size, how.normalisation, how.through_deepface))
        assert how.colour in ("RGB", "BGR")
        assert how.tries
        assert how.aligner in {"dlib_chip", *CUTTERS}
        # who was not tried with its weights says so
        assert ("Never run" in how.checked) == (model.name not in faces.MATCHERS)
        assert ("돌려 보지 못했다" in how.checked_ko) == (model.name not in faces.MATCHERS)
        assert "not asked" in model.training_data
        assert "묻지 않았다" in model.training_data_ko


@pytest.mark.parametrize(
    ("name", "scale"), [("Dlib", 1.0), ("Dlib", 5.0), ("SFace", 1.0), ("SFace", 20.0)]
)
def test_a_face_is_cut_alike_at_any_size(name: str, scale: float, orl: sources.ImageSet) -> None:
    """At 20 it is 1840 pixels wide, far beyond the faces that YuNet was trained on."""
    import cv2

    image = cv2.imread(orl.files["path"][0])
    cut = aligning.aligner(name, "published")
    plain, other = (
        cut(cv2.resize(image, None, fx=each, fy=each, interpolation=cv2.INTER_CUBIC))
        for each in (3.0, scale)
    )
    assert plain is not None
    assert other is not None
    assert plain.faces == other.faces == 1
    alike = [
        np.corrcoef(plain.pixels.ravel(), shifted(other.pixels, by).ravel())[0, 1] for by in (0, 9)
    ]
    assert alike[0] > 0.9 > alike[1]  # a face moved by a few pixels would not pass


def shifted(pixels: np.ndarray, by: int) -> np.ndarray:
    return np.roll(pixels, by, axis=(0, 1))


def test_a_face_cut_tightly_is_found_by_the_second_try(orl: sources.ImageSet) -> None:
    image = enlarged(orl.files["path"][0])
    found = aligning.aligner("SFace", "published")(image[40:190, 30:150])
    assert found is not None


def test_a_faster_form_that_differs_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    path = sources.install_weights("SFace")["face_recognition_sface_2021dec_int8bq.onnx"]
    plain = sface_network._without_prelu

    def altered(content: bytes) -> bytes:
        import onnx
        from onnx import numpy_helper

        model = onnx.load_from_string(plain(content))
        scale = next(each for each in model.graph.initializer if each.name.endswith("leak_scale"))
        scale.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(scale) * 1.1, scale.name))
        return model.SerializeToString()

    monkeypatch.setattr(sface_network, "_without_prelu", altered)
    with pytest.raises(IntegrityError, match="differs from the published one"):
        sface_network.checked_session(path)
    with pytest.raises(IntegrityError, match="not SFace's"):
        sface_network.only_the_picture(small_network())


def test_the_network_equals_dlibs_own() -> None:
    import dlib

    path = sources.install_weights("Dlib")["dlib_face_recognition_resnet_model_v1.dat"]
    images = np.random.default_rng(1).integers(0, 256, (3, 150, 150, 3), dtype=np.uint8)
    ours = dlib_network.DlibNetwork(path).compute_face_descriptor(images)
    theirs = dlib.face_recognition_model_v1(str(path)).compute_face_descriptor(images)
    assert np.abs(ours - np.asarray(theirs)).max() < 1e-5


def test_other_weights_are_not_taken_for_dlibs(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match="lacks a tensor"):
        dlib_network._Graph(b"\x01\x02" * 1000).build()


def test_a_network_that_differs_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = sources.install_weights("Dlib")["dlib_face_recognition_resnet_model_v1.dat"]
    monkeypatch.setattr(dlib_network, "MEAN_RGB", (120.0, 117.0, 104.0))
    with pytest.raises(IntegrityError, match="differs from dlib's own"):
        dlib_network.DlibNetwork(path)


def test_what_is_cached_is_not_computed_again(
    embedded: pl.DataFrame, orl: sources.ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding, "_embed_new", lambda *_: pytest.fail("computed again"))
    assert faces.embed(orl).equals(embedded)


def test_work_goes_on_after_a_stop(
    own_set: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ONETOMANY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(embedding, "CHUNK", 2)
    images = sources.open_images(own_set)
    written = embedding._write_part
    parts: list[pl.DataFrame] = []

    def stop_after_the_first(frame: pl.DataFrame, folder: Path) -> None:
        if parts:
            raise KeyboardInterrupt
        parts.append(frame)
        written(frame, folder)

    monkeypatch.setattr(embedding, "_write_part", stop_after_the_first)
    with pytest.raises(KeyboardInterrupt):
        faces.embed(images, workers=1)
    done = set(parts[0]["image_sha256"])

    def only_the_rest(frame: pl.DataFrame, folder: Path) -> None:
        assert not done & set(frame["image_sha256"])
        written(frame, folder)

    monkeypatch.setattr(embedding, "_write_part", only_the_rest)
    again = faces.embed(images, workers=1)
    assert again["template"].null_count() == 0


def test_the_cache_key_holds_whatever_decides_a_template(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {
        faces.Settings().digest(2.0),
        faces.Settings().digest(1.0),
        faces.Settings(crop="box").digest(2.0),
        faces.Settings(model="SFace").digest(2.0),
    }
    for field, value in (("size", 160), ("padding", 0.2), ("tries", ((0.5, 0.1),)), ("longest", 9)):
        sheet = sources.model("Dlib")
        other = replace(sheet, preprocessing=replace(sheet.preprocessing, **{field: value}))
        monkeypatch.setattr(embedding, "model", lambda _, other=other: other)
        keys.add(faces.Settings().digest(2.0))
    monkeypatch.undo()
    monkeypatch.setattr(embedding, "version", lambda name: "0" if "opencv" in name else "1")
    keys.add(faces.Settings().digest(2.0))
    assert len(keys) == 9


def test_bytes_changed_after_opening_are_not_embedded(own_set: Path, tmp_path: Path) -> None:
    images = sources.open_images(own_set)
    first = images.files.row(0, named=True)
    decoder = decoding.open_decoder(trusted=False)
    assert decoder.open(first["path"], first["sha256"], 1024).scale == 1
    Path(first["path"]).write_bytes(Path(images.files["path"][1]).read_bytes())
    with pytest.raises(decoding.Unreadable, match="changed"):
        decoder.open(first["path"], first["sha256"], 1024)


def test_what_is_no_image_is_a_row_with_a_reason(
    own_set: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ONETOMANY_CACHE", str(tmp_path / "cache"))
    (own_set / "s1" / "2.pgm").write_bytes(b"no image at all")
    (own_set / "s1" / "3.pgm").write_bytes(b"P5\n60 60\n255\n" + bytes(3600))  # a black square
    sources.prepare_folder(own_set)
    reasons = faces.embed(sources.open_images(own_set), workers=1)["reason"].to_list()
    assert reasons == [None, "unreadable image", "no face found", None, None, None]


@pytest.mark.parametrize(
    "thing", ["faces.jpg", "https://example.org/a.jpg", 0, np.zeros((9, 9, 3)), Path("x"), None]
)
def test_only_opened_sets_are_embedded(thing: object) -> None:
    with pytest.raises(InputError, match="open_images"):
        faces.embed(thing)  # type: ignore[arg-type]


def test_an_expired_set_is_not_embedded(orl: sources.ImageSet) -> None:
    from datetime import date

    from onetomany.errors import DatasheetError

    old = sources.ImageSet(replace(orl.datasheet, expires=date(2020, 1, 1)), orl.files)
    with pytest.raises(DatasheetError, match="expired"):
        faces.embed(old)


@pytest.mark.parametrize("action", ["race", "emotion", "age", "gender"])
def test_deepfaces_analysis_is_not_reachable(action: str) -> None:
    deepface = gate.open_deepface()
    from deepface.modules import demography, modeling

    face = np.zeros((50, 50, 3), np.uint8)
    for analyse in (deepface.analyze, demography.analyze):
        with pytest.raises(RefusedError, match="race, emotion"):
            analyse(face, actions=[action], detector_backend="skip")
    with pytest.raises(Exception, match="Invalid model_name"):
        modeling.build_model("facial_attribute", action.capitalize())


def test_deepface_opens_no_camera_and_no_address() -> None:
    deepface = gate.open_deepface()
    with pytest.raises(RefusedError, match="camera"):
        deepface.stream(db_path=".", source=0)
    with pytest.raises(RefusedError, match="web"):
        deepface.represent("https://example.org/face.jpg", model_name="Dlib")


def test_deepface_downloads_nothing() -> None:
    gate.open_deepface()
    from deepface.commons import weight_utils

    with pytest.raises(InputError, match="not a registered weight file"):
        weight_utils.download_weights_if_necessary("vgg_face_weights.onnx", "https://example.org")


def small_network() -> bytes:
    """A random network of the shape that deepface expects under GhostFaceNet's name."""
    from onnx import TensorProto, helper, numpy_helper

    weights = np.random.default_rng(0).normal(size=(14 * 14 * 3, 512)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Transpose", ["face"], ["planes"], perm=[0, 3, 1, 2]),
            helper.make_node(
                "AveragePool", ["planes"], ["small"], kernel_shape=[8, 8], strides=[8, 8]
            ),
            helper.make_node("Flatten", ["small"], ["flat"]),
            helper.make_node("MatMul", ["flat", "weights"], ["template"]),
        ],
        "small",
        [helper.make_tensor_value_info("face", TensorProto.FLOAT, ["n", 112, 112, 3])],
        [helper.make_tensor_value_info("template", TensorProto.FLOAT, ["n", 512])],
        [numpy_helper.from_array(weights, "weights")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=9)
    return bytes(made.SerializeToString())


@pytest.mark.parametrize("crop", faces.CROPS)
def test_another_model_goes_the_same_way(
    crop: str, own_set: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Fetched, pinned, loaded by deepface in real processes. Real weights can't be fetched in a
    test, so a small random network stands in for them: only the way is tested, no error rate.
    """
    monkeypatch.setenv("ONETOMANY_CACHE", str(tmp_path / "cache"))
    content = small_network()
    digest = hashlib.sha256(content).hexdigest()
    settings = faces.Settings("GhostFaceNet", crop)
    images = sources.open_images(own_set)
    with pytest.raises(InputError, match="nothing is downloaded unasked"):
        faces.embed(images, settings)
    sources.fetch_weights(
        "GhostFaceNet", accept_licence=True, sha256=digest, opener=lambda _: io.BytesIO(content)
    )
    found = faces.embed(images, settings, workers=1)
    assert found["reason"].null_count() == 6
    assert found.schema["template"] == pl.Array(pl.Float32, 512)
    assert set(found["model"]) == {"GhostFaceNet"}
    with pytest.raises(EnrolmentError, match="a gallery has one model"):
        gallery_of(found, images.datasheet).search(found.with_columns(model=pl.lit("Dlib")))
