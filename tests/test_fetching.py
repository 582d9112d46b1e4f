"""Sets that are fetched only when asked for, and stored tables of pairs."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import polars as pl
import pytest

from onetomany import accuracy, faces, sources
from onetomany.accuracy.pair_tables import write_pairs
from onetomany.cli import main
from onetomany.errors import InputError, IntegrityError
from onetomany.sources import fetching, pairs
from onetomany.sources.datasheets import read_datasheet

pytestmark = pytest.mark.real

LONDON = fetching.fetchable()["london"]


@pytest.fixture
def registered(orl: sources.ImageSet, tmp_path: Path) -> tuple[Path, dict[str, bytes]]:
    """A registration folder of three real pictures of two people, and what the net would send."""
    folder = tmp_path / "sheets"
    folder.mkdir()
    chosen = {"front/001_03.pgm": "s1/1", "side/001_08.pgm": "s1/2", "front/002_03.pgm": "s2/1"}
    paths = dict(orl.files.select("image_id", "path").iter_rows())
    served = {remote: Path(paths[image]).read_bytes() for remote, image in chosen.items()}
    digests = dict(orl.files.select("image_id", "sha256").iter_rows())
    sums = "".join(f"{digests[image]}  {remote}\n" for remote, image in chosen.items())
    (folder / "pair.sha256").write_text(sums, encoding="utf-8")
    (folder / "pair.csv").write_text("subject_id,age\np001,30\np002,\n", encoding="utf-8")
    london = (Path(str(fetching.SHEETS)) / "london.toml").read_text(encoding="utf-8")
    sheet = london.replace('name = "london"', 'name = "pair"').replace(
        "subjects = 102", "subjects = 2"
    )
    sheet = sheet.replace("images = 204", "images = 3").replace(
        "max_gallery = 204", "max_gallery = 3"
    )
    sheet = sheet.replace('columns = ["age", "gender", "ethnicity"]', 'columns = ["age"]')
    sheet = re.sub(r'base = ".*"', 'base = "https://example.org/"', sheet)
    sheet = sheet.replace("neutral_front =", "front =").replace("smiling_front =", "side =")
    (folder / "pair.toml").write_text(sheet, encoding="utf-8")
    return folder, served


def serve(served: dict[str, bytes], asked: list[str]) -> fetching.Opener:
    def opener(url: str) -> io.BytesIO:
        asked.append(url)
        return io.BytesIO(served[url.removeprefix("https://example.org/")])

    return opener


def test_a_fetched_set_opens_like_any_folder(
    registered: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    folder, served = registered
    asked: list[str] = []
    out = tmp_path / "pair"
    options = {"accept_licence": True, "opener": serve(served, asked), "folder": folder}
    fetching.fetch_images("pair", out, **options)  # type: ignore[arg-type]
    assert asked == [f"https://example.org/{remote}" for remote in served]
    images = sources.open_images(out)
    assert images.files["image_id"].to_list() == ["p001/1", "p001/2", "p002/1"]
    assert images.attributes is not None
    assert images.attributes["age"].to_list() == ["30", None]
    assert set(images.attributes["attributes_are"]) == {"recorded"}
    # once more: what is there is not fetched again, what was spoilt is
    (out / "p002" / "1.pgm").write_bytes(b"other")
    fetching.fetch_images("pair", out, **options)  # type: ignore[arg-type]
    assert len(asked) == 4
    assert sources.open_images(out).files["sha256"].to_list() == images.files["sha256"].to_list()


def test_nothing_is_fetched_before_the_licence_is_accepted(
    registered: tuple[Path, dict[str, bytes]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, served = registered
    asked: list[str] = []
    with pytest.raises(InputError, match=r"CC BY 4\.0\. Give credit.*signed consent.*add --accept"):
        fetching.fetch_images(
            "pair", tmp_path / "x", accept_licence=False, opener=serve(served, asked), folder=folder
        )
    assert not asked
    assert not (tmp_path / "x").exists()
    assert main(["images", "--fetch", "london", "--out", str(tmp_path / "y")]) == 1
    assert "add --accept-licence" in capsys.readouterr().err
    assert main(["images"]) == 0
    shown = capsys.readouterr().out
    assert "CC BY 4.0" in shown
    assert "doi 10.6084/m9.figshare.5047666.v5" in shown
    with pytest.raises(InputError, match="no set 'other' to download: choose one of pair"):
        fetching.fetch_images("other", tmp_path, accept_licence=True, folder=folder)


def test_another_picture_than_the_registered_one_is_not_kept(
    registered: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    folder, served = registered
    served = served | {"front/002_03.pgm": served["front/001_03.pgm"]}
    with pytest.raises(IntegrityError, match=r"front/002_03\.pgm is not the registered picture"):
        fetching.fetch_images(
            "pair", tmp_path / "x", accept_licence=True, opener=serve(served, []), folder=folder
        )
    assert not (tmp_path / "x" / "p002").exists()
    assert not (tmp_path / "x" / "datasheet.toml").exists()


def test_a_picture_can_t_be_put_outside_the_folder(
    registered: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    folder, served = registered
    sums = (folder / "pair.sha256").read_text(encoding="utf-8")
    for remote in ("../front/001_03.pgm", "back/001_03.pgm", "front/../../001_03.pgm"):
        (folder / "pair.sha256").write_text(
            sums.replace("front/001_03.pgm", remote), encoding="utf-8"
        )
        with pytest.raises(InputError, match="not in the datasheet"):
            fetching.fetch_images(
                "pair", tmp_path / "x", accept_licence=True, opener=serve(served, []), folder=folder
            )


def recorded_attributes() -> str:
    return (fetching.SHEETS / "london.csv").read_text(encoding="utf-8")


def test_the_registration_of_the_london_set_is_whole() -> None:
    listed = (fetching.SHEETS / "london.sha256").read_text(encoding="utf-8").splitlines()
    digests = [line.partition("  ")[0] for line in listed]
    assert len(set(digests)) == LONDON.images == 204
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in digests)
    people = list(csv.DictReader(io.StringIO(recorded_attributes())))
    in_list = {f"p{line[-10:-7]}" for line in listed}
    assert {row["subject_id"] for row in people} == in_list
    assert len(people) == LONDON.subjects == 102
    said = pl.DataFrame(people)["ethnicity"].value_counts().sort("count", descending=True)
    assert dict(said.iter_rows()) == {
        "white": 69, "black": 13, "west_asian": 10, "east_asian": 9, "east_asian/white": 1,
    }  # fmt: skip
    assert not LONDON.faces_in_exhibit
    assert not LONDON.templates_in_exhibit
    assert "self-reported" in LONDON.consent_basis
    assert read_datasheet(Path(str(fetching.SHEETS)) / "london.toml") == LONDON


def test_no_picture_of_the_set_is_in_the_project() -> None:
    package = Path(sources.__file__).parent
    assert not [path for path in package.rglob("*") if path.suffix in (".jpg", ".jpeg", ".png")]


# --- stored pairs --------------------------------------------------------------------------------


def test_the_stored_london_table_is_what_its_record_says() -> None:
    stored = pairs.open_pairs("london")
    table = Path(str(pairs.DATA)) / "london.parquet"
    assert table.stat().st_size < 1_000_000
    assert set(stored.comparisons) == set(faces.MATCHERS) == set(stored.run["models"])
    for model, comparisons in stored.comparisons.items():
        assert len(comparisons) == 204 * 203 // 2 - stored.run["not_scored"][model]
        assert comparisons["mated"].sum() == 102
        assert comparisons["score"].is_between(-1, 1).all()
        # the weights it was made with are those registered
        sheet = {file.name: file.sha256 for file in sources.model(model).files}
        assert stored.run["models"][model]["weights"] == sheet
    # groups are those that people gave of themselves, as registered with the set
    said = pl.read_csv(io.StringIO(recorded_attributes()), infer_schema=False)
    assert stored.attributes.drop("attributes_are").equals(said.sort("subject_id"))
    assert set(stored.attributes["attributes_are"]) == {"recorded"}
    for key in ("source", "licence", "credit", "limits", "made", "command", "recorded"):
        assert stored.run[key]
    assert len(stored.run["pictures"]) == 204


def test_another_table_than_the_recorded_one_is_refused(tmp_path: Path) -> None:
    for suffix in ("json", "parquet"):
        source = Path(str(pairs.DATA)) / f"london.{suffix}"
        (tmp_path / source.name).write_bytes(source.read_bytes())
    with pytest.raises(InputError, match="there are london"):
        pairs.open_pairs("paris", tmp_path)
    table = pl.read_parquet(tmp_path / "london.parquet")
    table.with_columns(pl.col("SFace") * 0.99).write_parquet(tmp_path / "london.parquet")
    with pytest.raises(IntegrityError, match="not those of its run record"):
        pairs.open_pairs("london", tmp_path)
    with pytest.raises(InputError, match="No pairs of 'orl' are stored; there are london"):
        pairs.open_pairs("orl")


def test_anybody_s_set_gets_such_a_table(
    own_set: Path, tmp_path: Path, templates: pl.DataFrame
) -> None:
    with pytest.raises(InputError, match="no attributes recorded by its people"):
        write_pairs(sources.open_images(own_set), ["Dlib"], tmp_path)
    (own_set / "attributes.csv").write_text("subject_id,sex\ns1,F\ns2,M\n", encoding="utf-8")
    sheet = own_set / "datasheet.toml"
    sheet.write_text(
        sheet.read_text(encoding="utf-8")
        + '\n[attributes]\ncolumns = ["sex"]\nrecorded = "for a test"\n',
        encoding="utf-8",
    )
    images = sources.open_images(own_set)
    assert main(["pairs", str(own_set), "--models", "Dlib", "--out", str(tmp_path)]) == 0
    stored = pairs.open_pairs("own-faces", tmp_path)
    # the same pictures, embedded before by the session
    expected = accuracy.compare_all(
        templates.filter(pl.col("template_id").is_in(images.files["image_id"].implode()))
    )
    found = stored.comparisons["Dlib"]
    assert found.columns == expected.columns
    assert len(found) == len(images.files) * (len(images.files) - 1) // 2
    assert found["score"].to_numpy() == pytest.approx(expected["score"].to_numpy(), abs=1e-6)
    assert found["a"].to_list() == expected["a"].cast(pl.String).to_list()
    assert found["mated"].to_list() == expected["mated"].to_list()
    assert dict(stored.attributes.select("subject_id", "sex").iter_rows()) == {
        "s1": "F",
        "s2": "M",
    }
