"""Real images to templates: nothing dropped, nothing done twice, the same as deepface alone."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from onetomany import faces, sources
from onetomany.errors import EnrolmentError, InputError, IntegrityError, RefusedError
from onetomany.faces import dlib_network, embedding, gate
from onetomany.gallery import gallery_of


def test_detection_reaches_the_stated_number(embedded: pl.DataFrame) -> None:
    assert len(embedded) == 400
    assert embedded["reason"].null_count() >= 397


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


def test_templates_equal_those_of_plain_deepface(
    embedded: pl.DataFrame, orl: sources.ImageSet
) -> None:
    """In a process of its own, with dlib's own network and none of our changes to deepface."""
    chosen = orl.files.filter(pl.col("image_id").is_in(["s1/1", "s7/4", "s40/10"]))
    script = textwrap.dedent(
        f"""
        import os, json
        os.environ["DEEPFACE_HOME"] = {str(sources.weights.deepface_home())!r}
        import cv2
        from deepface import DeepFace
        answers = []
        for path in {chosen["path"].to_list()!r}:
            image = cv2.resize(cv2.imread(path), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
            found = DeepFace.represent(
                image, model_name="Dlib", detector_backend="dlib", l2_normalize=True
            )
            answers.append(found[0]["embedding"])
        print(json.dumps(answers))
        """
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    plain = np.array(json.loads(run.stdout.splitlines()[-1]))
    ours = embedded.filter(pl.col("template_id").is_in(chosen["image_id"].to_list()))
    assert np.abs(ours["template"].to_numpy() - plain).max() < 1e-5


def test_the_network_equals_dlibs_own() -> None:
    import dlib

    path = sources.install_weights("Dlib")["dlib_face_recognition_resnet_model_v1.dat"]
    images = np.random.default_rng(1).integers(0, 256, (3, 150, 150, 3), dtype=np.uint8)
    ours = dlib_network.DlibNetwork(path).compute_face_descriptor(images)
    theirs = dlib.face_recognition_model_v1(str(path)).compute_face_descriptor(images)
    assert np.abs(ours - np.asarray(theirs)).max() < 1e-5


def test_other_weights_are_not_taken_for_dlibs(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match="holds no tensor"):
        dlib_network.onnx_model(b"\x01\x02" * 1000)


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


def test_the_cache_key_holds_whatever_decides_a_template() -> None:
    keys = {
        faces.Settings().digest(2.0),
        faces.Settings().digest(1.0),
        faces.Settings(align=False).digest(2.0),
        faces.Settings(model="SFace").digest(2.0),
        faces.Settings(detector="opencv").digest(2.0),
    }
    assert len(keys) == 5


def test_bytes_changed_after_opening_are_not_embedded(own_set: Path, tmp_path: Path) -> None:
    images = sources.open_images(own_set)
    first = images.files.row(0, named=True)
    assert embedding.read_image(first["path"], first["sha256"], 1.0) is not None
    Path(first["path"]).write_bytes(Path(images.files["path"][1]).read_bytes())
    assert embedding.read_image(first["path"], first["sha256"], 1.0) is None


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
    from dataclasses import replace
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


def test_another_model_goes_the_same_way(
    own_set: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Fetched, pinned, loaded by deepface in real processes. Real weights can't be fetched in a
    test, so a small random network stands in for them: only the way is tested, no error rate.
    """
    monkeypatch.setenv("ONETOMANY_CACHE", str(tmp_path / "cache"))
    content = small_network()
    digest = hashlib.sha256(content).hexdigest()
    settings = faces.Settings(model="GhostFaceNet")
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
    with pytest.raises(EnrolmentError, match="one gallery holds one model"):
        gallery_of(found, images.datasheet).search(found.with_columns(model=pl.lit("Dlib")))
