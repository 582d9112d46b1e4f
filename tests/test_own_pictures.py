"""A user's own folder of pictures, whatever its names: each file is used, or has its reason."""

from __future__ import annotations

import csv
import hashlib
import os
import re
import shutil
import time
import unicodedata
from pathlib import Path

import nbformat
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import fill
from odd_folders import FOLDERS, Faces
from onetomany import sources
from onetomany.cli import chapters, main
from onetomany.errors import DatasheetError, InputError, IntegrityError
from onetomany.sources import folders, images, own_ids

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def faces_of(orl: sources.ImageSet) -> Faces:
    return Faces(orl)


def prepared(root: Path, subjects: int | None = None, **changes: str) -> Path:
    """List a folder, and fill its datasheet."""
    found = sources.prepare_folder(root)
    many = subjects or found.levels[0]
    fill(root, subjects=str(many), images=str(found.pictures), max_gallery="99", **changes)
    return root


def content(root: Path) -> list[str]:
    """Every file and link of a folder but the set's papers, by name."""
    names = [path.relative_to(root).as_posix() for path in root.rglob("*") if not path.is_dir()]
    return sorted(name for name in names if name not in folders.OWN)


@pytest.mark.parametrize("name", [each for each in FOLDERS if each != "sizes"])
def test_every_file_of_an_odd_folder_is_accounted_for(
    name: str, faces_of: Faces, tmp_path: Path
) -> None:
    FOLDERS[name](faces_of, tmp_path / "odd")
    root = prepared(tmp_path / "odd")
    opened = sources.open_images(root)
    account = opened.account
    assert account.height == len(content(root))
    assert account["file_id"].is_unique().all()
    used = account.filter(pl.col("reason").is_null())
    assert sorted(used["file_id"]) == sorted(opened.files["image_id"])
    assert all(map(sources.is_pseudonym, opened.files["image_id"]))
    assert all(map(sources.is_pseudonym, opened.files["subject_id"]))
    # no name of the user's leaves the folder
    told = account.drop("bytes").write_csv() + repr(opened.datasheet)
    for part in {part for each in content(root) for part in Path(each).parts}:
        assert part not in told or own_ids._PLAIN.match(part)


def reasons(opened: sources.ImageSet) -> dict[str, int]:
    counted = opened.account.drop_nulls("reason")["reason"].value_counts()
    return dict(counted.rows())


def test_each_reason_is_given_where_it_belongs(faces_of: Faces, tmp_path: Path) -> None:
    FOLDERS["not_pictures"](faces_of, tmp_path / "odd")
    opened = sources.open_images(prepared(tmp_path / "odd"))
    assert reasons(opened) == {
        folders.NO_PICTURE: 4,
        folders.NOT_READ: 2,
        folders.EMPTY: 1,
        folders.LINK: 1,
    }
    assert len(opened.files) == 10


def test_a_picture_too_large_is_left_out(
    faces_of: Faces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FOLDERS["cameras"](faces_of, tmp_path / "odd")
    with (tmp_path / "odd/n000002/big.jpg").open("wb") as file:
        file.write(b"\xff\xd8\xff")
        file.truncate(folders.MAX_BYTES + 1)
    opened = sources.open_images(prepared(tmp_path / "odd"))
    assert reasons(opened) == {folders.TOO_LARGE: 1}


def test_duplicates_are_told_and_shared_pictures_are_a_fault(
    faces_of: Faces, tmp_path: Path
) -> None:
    FOLDERS["duplicates"](faces_of, tmp_path / "odd")
    opened = sources.open_images(prepared(tmp_path / "odd"))
    assert reasons(opened) == {images.TWICE: 1, images.TWO_PEOPLE: 2}
    assert opened.files["sha256"].is_unique().all()


def test_flat_folders_are_told_what_to_do(faces_of: Faces, tmp_path: Path) -> None:
    faces_of.save(tmp_path / "odd" / "minsu.jpg", 1, 1)
    with pytest.raises(InputError, match=r"1 pictures are in .* make a folder for each person"):
        sources.prepare_folder(tmp_path / "odd")


def test_the_datasheet_decides_which_level_is_a_person(faces_of: Faces, tmp_path: Path) -> None:
    root = tmp_path / "odd"
    FOLDERS["nested"](faces_of, root)
    assert sources.prepare_folder(root).levels == [3, 9]
    assert "subjects = 0" in (root / "datasheet.toml").read_text()
    fill(root, subjects="5", images="9")
    with pytest.raises(DatasheetError, match="3 or 9 people"):
        sources.open_images(root)
    fill(root, subjects="3", images="9")
    assert sources.open_images(root).files["subject_id"].n_unique() == 3
    fill(root, subjects="9", images="9")
    assert sources.open_images(root).files["subject_id"].n_unique() == 9


def test_ids_hold_when_people_come_and_go(faces_of: Faces, tmp_path: Path) -> None:
    root = tmp_path / "odd"
    FOLDERS["hangul"](faces_of, root)
    prepared(root)

    def whose() -> dict[str, str]:
        files = sources.open_images(root).files
        return {
            Path(path).relative_to(root).as_posix(): i
            for path, i in files["path", "image_id"].rows()
        }

    before = whose()
    shutil.rmtree(root / "Kim, Min-su")
    for number in (1, 2):
        faces_of.save(root / "가나다" / f"{number}.png", 5, number)
    prepared(root)
    after = whose()
    assert {name: after[name] for name in after if name in before}.items() <= before.items()
    assert not {after[name] for name in after if name not in before} & set(before.values())
    gone = before["Kim, Min-su/사진 1.png"].split("/")[0]
    assert gone not in {image.split("/")[0] for image in after.values()}


def test_the_list_of_ids_is_the_users(faces_of: Faces, tmp_path: Path) -> None:
    root = tmp_path / "odd"
    FOLDERS["duplicates"](faces_of, root)
    opened = sources.open_images(prepared(root))
    text = (root / "ids.csv").read_text("utf-8-sig")
    rows = {row["file"]: row for row in csv.DictReader(text.splitlines())}
    assert sorted(rows) == content(root)
    for image, path in opened.files["image_id", "path"].rows():
        assert rows[Path(path).relative_to(root).as_posix()]["id"] == image
    assert sum(bool(row["why it is not used"]) for row in rows.values()) == 3
    (root / "ids.csv").write_text("id,file\nminsu/1,100CANON/DSC_0001.JPG\n")
    with pytest.raises(InputError, match=r"ids\.csv was altered"):
        sources.open_images(root)


names = st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=12)


@given(st.lists(st.tuples(names, names), min_size=1, max_size=30, unique=True), st.randoms())
def test_any_names_get_ids_that_say_nothing(pairs: list[tuple[str, str]], chance: object) -> None:
    subjects = {f"{folder}/{file}": folder for folder, file in pairs}
    ids = own_ids.give_ids(subjects, {})
    assert len({image.lower() for image in ids.values()}) == len(subjects)
    assert all(map(sources.is_pseudonym, ids.values()))
    whose = {image.rpartition("/")[0]: subjects[name] for name, image in ids.items()}
    assert len(whose) == len(set(subjects.values()))
    # the same for the same folder, in whatever order it is listed
    mixed = list(subjects)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert own_ids.give_ids({name: subjects[name] for name in mixed}, {}) == ids
    # and given ones hold when others come
    half = {name: subjects[name] for name in mixed[: len(mixed) // 2]}
    first = own_ids.give_ids(half, {})
    assert first.items() <= own_ids.give_ids(subjects, first).items()


def test_a_number_that_could_be_a_persons_is_no_id() -> None:
    ids = own_ids.give_ids({"19840512/1.jpg": "19840512", "01012345678/1.jpg": "01012345678"}, {})
    assert set(ids.values()) == {"p001/1", "p002/1"}


def relisted(sums: bytes, how: str) -> bytes:
    lines = sums.decode().splitlines()
    if how == "mark and CRLF":
        return "\ufeff".encode() + "\r\n".join(lines).encode()
    if how == "binary":
        return "\n".join(line.replace("  ", " *", 1) for line in lines).encode()
    if how == "find":
        return "\n".join(line.replace("  ", "  ./", 1) for line in lines).encode()
    if how == "BSD":
        pairs = [line.split("  ", 1) for line in lines]
        return "".join(f"SHA256 ({name}) = {digest}\n" for digest, name in pairs).encode()
    if how == "PowerShell":
        pairs = [line.split("  ", 1) for line in lines]
        rows = [f"{digest.upper()}  {name.replace('/', chr(92))}" for digest, name in pairs]
        return "\r\n".join(rows).encode("utf-16")
    if how == "with all papers":
        return sums + f"{'0' * 64}  datasheet.toml\n{'0' * 64}  ids.csv\n".encode()
    raise ValueError(how)


@pytest.mark.parametrize(
    "how", ["mark and CRLF", "binary", "find", "BSD", "PowerShell", "with all papers"]
)
def test_lists_of_sha256_are_read_as_programs_write_them(own_set: Path, how: str) -> None:
    sums = own_set / "SHA256SUMS"
    before = sources.open_images(own_set).files
    sums.write_bytes(relisted(sums.read_bytes(), how))
    assert sources.open_images(own_set).files.equals(before)
    image = own_set / "s1" / "2.pgm"
    image.write_bytes(image.read_bytes()[:-1] + b"\x00\x01")
    with pytest.raises(IntegrityError, match=r"2\.pgm"):
        sources.open_images(own_set)


def test_hangul_in_two_forms_is_one_name(faces_of: Faces, tmp_path: Path) -> None:
    root = tmp_path / "odd"
    for number in (1, 2):
        faces_of.save(root / unicodedata.normalize("NFD", "홍길동") / f"{number}.png", 1, number)
        faces_of.save(root / "이몽룡" / f"{number}.png", 2, number)
    prepared(root)
    sums = root / "SHA256SUMS"
    sums.write_text(unicodedata.normalize("NFC", sums.read_text()))
    assert len(sources.open_images(root).files) == 4


def test_names_in_another_encoding_are_left_out(faces_of: Faces, tmp_path: Path) -> None:
    root = tmp_path / "odd"
    FOLDERS["hangul"](faces_of, root)
    bad = os.fsencode(root) + b"/" + "춘향".encode("cp949")
    os.mkdir(bad)
    shutil.copyfile(faces_of.path(4, 1), bad + b"/1.pgm")
    assert reasons(sources.open_images(prepared(root))) == {folders.BAD_NAME: 1}


@pytest.mark.parametrize(
    ("allowed", "activity", "passes"),
    [
        ('["teaching"]', "report", True),
        ('["evaluation"]', "report", True),
        ('["exhibit"]', "report", False),
        ('["research"]', "workshop", False),
        ('["research", "teaching"]', "workshop", True),
        ('["research"]', "exhibit", False),
        ('["research", "exhibit"]', "exhibit", True),
    ],
)
def test_only_allowed_uses_pass(
    own_set: Path, monkeypatch: pytest.MonkeyPatch, allowed: str, activity: str, passes: bool
) -> None:
    monkeypatch.setenv("ONETOMANY_ACTIVITY", activity)
    fill(own_set, allowed_uses=allowed)
    if passes:
        assert len(sources.open_images(own_set).files) == 6
    else:
        with pytest.raises(DatasheetError, match=r"allows .* needs"):
            sources.open_images(own_set)


def test_a_use_of_no_known_name_is_told(own_set: Path) -> None:
    fill(own_set, allowed_uses='["everything"]')
    with pytest.raises(DatasheetError, match=r"allowed_uses \(of evaluation, exhibit, research"):
        sources.open_images(own_set)


def test_withdrawn_people_are_named_by_folder_or_id(faces_of: Faces, tmp_path: Path) -> None:
    root = tmp_path / "odd"
    FOLDERS["hangul"](faces_of, root)
    prepared(root, withdrawn='["홍길동"]')
    opened = sources.open_images(root)
    assert reasons(opened) == {images.WITHDRAWN: 3}
    assert "홍길동" not in repr(opened.datasheet)
    [gone] = opened.datasheet.withdrawn
    fill(root, subjects="3", images="9", withdrawn=f'["{gone}"]')
    assert sources.open_images(root).files.equals(opened.files)
    fill(root, subjects="3", images="9", withdrawn='["홍길순"]')
    with pytest.raises(DatasheetError, match="no folder or id has this name"):
        sources.open_images(root)


RECORDED = '[attributes]\ncolumns = ["sex", "born"]\nrecorded = "on the consent form"\n'


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp949"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_attributes_are_what_people_recorded(
    faces_of: Faces, tmp_path: Path, encoding: str, mark: str
) -> None:
    root = tmp_path / "odd"
    for person, folder in ((1, "홍길동"), (2, "0002"), (3, "이몽룡")):
        faces_of.save(root / folder / "1.png", person, 1)
    prepared(root)
    rows = [
        ["name", "sex", "born", "phone"],
        ["홍길동", "M", "1984", "010"],
        ["0002", "F", "", "011"],
    ]
    table = "\r\n".join(mark.join(row) for row in rows)
    (root / "attributes.csv").write_bytes(table.encode(encoding))
    with pytest.raises(DatasheetError, match=r"fill in 'columns' and 'recorded'"):
        sources.open_images(root)
    with (root / "datasheet.toml").open("a") as sheet:
        sheet.write(RECORDED)
    found = sources.open_images(root).attributes
    assert found is not None
    assert found.rows() == [("0002", "F", None, "recorded"), ("p002", "M", "1984", "recorded")]
    assert found.columns == ["subject_id", "sex", "born", "attributes_are"]  # no telephone
    (root / "attributes.csv").write_bytes(f"{table}\r\n성춘향{mark}F{mark}{mark}".encode(encoding))
    with pytest.raises(InputError, match="line 4 names no folder"):
        sources.open_images(root)


def test_the_chosen_set_is_opened(
    own_set: Path, orl: sources.ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ONETOMANY_IMAGES", raising=False)
    assert sources.open_images().files.equals(orl.files)
    monkeypatch.setenv("ONETOMANY_IMAGES", "")  # so that it is put back afterwards
    assert sources.choose_images(own_set).datasheet.name == "own-faces"
    assert sources.open_images().datasheet.name == "own-faces"
    (own_set / "datasheet.toml").rename(own_set / "elsewhere.toml")
    with pytest.raises(DatasheetError):
        sources.choose_images(own_set)
    sources.choose_images("orl")
    assert sources.open_images().datasheet.name == "orl"


def test_a_newcomer_is_led_to_the_report(
    faces_of: Faces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "odd"
    FOLDERS["not_pictures"](faces_of, root)
    assert main(["datasheet", str(root)]) == 0
    said = capsys.readouterr().out
    assert "11 pictures of 3 people." in said
    assert "8 files will not be used:" in said
    assert f"film.MOV: {folders.NOT_READ}" in said
    assert "fill in name, title, source" in said
    assert f"onetomany report --images {root}" in said
    assert "images = 11" in (root / "datasheet.toml").read_text()


def test_four_thousand_pictures_are_accounted_for_in_seconds(tmp_path: Path) -> None:
    root = tmp_path / "many"
    for person in range(400):
        (root / f"Person {person}").mkdir(parents=True)
        for number in range(10):
            text = f"P5\n2 2\n255\n{person:04}{number:02}"
            (root / f"Person {person}" / f"IMG {number}.pgm").write_text(text)
    started = time.process_time()
    prepared(root)
    opened = sources.open_images(root)
    assert len(opened.files) == 4000
    assert time.process_time() - started < 10
    listed = (root / "SHA256SUMS").read_text().splitlines()[0]
    assert hashlib.sha256((root / listed[66:]).read_bytes()).hexdigest() == listed[:64]


@pytest.fixture
def free_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a command sets is put back."""
    for name in ("ONETOMANY_IMAGES", "ONETOMANY_ACTIVITY", "ONETOMANY_WEAK_ISOLATION"):
        monkeypatch.setenv(name, "")


@pytest.mark.usefixtures("free_environment")
def test_lab_hands_the_chosen_set_to_its_kernels(
    own_set: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, str] = {}
    monkeypatch.setattr(chapters.subprocess, "call", lambda *_, env, **__: given.update(env) or 0)
    assert main(["lab", "--images", str(own_set), "--notebooks", "notebooks"]) == 0
    assert given["ONETOMANY_IMAGES"] == str(own_set)


@pytest.mark.usefixtures("free_environment")
@pytest.mark.parametrize(
    ("command", "why"),
    [
        (["report", "--only", "04"], "Chapter 04 does not run on your own pictures"),
        (["report", "--exercises"], "allows research, but a workshop needs teaching"),
        (["exhibit", "--operator", "x"], "An exhibit uses the kit's own image sets"),
    ],
)
def test_what_own_pictures_are_not_used_for_is_refused(
    own_set: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
    why: str,
) -> None:
    if command[0] == "exhibit":
        monkeypatch.setenv("ONETOMANY_IMAGES", str(own_set))
    else:
        command = [*command, "--images", str(own_set)]
    assert main([*command, "--out", str(own_set.parent / "out")]) == 1
    assert why in capsys.readouterr().err
    assert not os.environ["ONETOMANY_ACTIVITY"]


@pytest.mark.usefixtures("free_environment")
def test_reports_on_two_sets_are_not_mixed(
    own_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A small chapter stands in for the real ones, which take minutes: only the rule is tested."""
    cells = [
        nbformat.v4.new_markdown_cell("# 01 · Test", metadata={"tags": ["en"]}),
        nbformat.v4.new_markdown_cell("# 01 · 시험", metadata={"tags": ["ko"]}),
        nbformat.v4.new_code_cell(
            "from onetomany import sources\nprint(sources.open_images().datasheet.name)"
        ),
    ]
    notebooks, out = tmp_path / "notebooks", tmp_path / "out"
    notebooks.mkdir()
    for number in ("01", "02", "03"):
        nbformat.write(nbformat.v4.new_notebook(cells=cells), notebooks / f"{number}_test.ipynb")
    where = ["--notebooks", str(notebooks), "--out", str(out)]
    assert main(["report", "--images", str(own_set), "--only", "01", *where]) == 0
    page = (out / "index.html").read_text()
    assert "Six pictures for a test" in page
    assert "누구의 사진인가" in page
    assert "own-faces" in (out / "01_test.html").read_text()
    assert str(own_set) not in page + (out / "executed/01_test.ipynb").read_text()
    choose = sources.choose_images("orl")
    assert choose.pinned
    assert main(["report", "--only", "01", *where]) == 1
    assert "a report about other pictures" in capsys.readouterr().err


@pytest.mark.usefixtures("free_environment")
@pytest.mark.parametrize(
    ("size", "what"),
    [
        ((3, 1), "template of 3 of 3 pictures, of 3 people and at most 1 of one"),
        ((1, 3), "template of 3 of 3 pictures, of 1 people and at most 3 of one"),
        ((2, 0), r"template of 0 of 4 pictures.*\(4 unreadable image"),
    ],
)
def test_a_set_in_which_nothing_can_be_compared_is_told_before_it_runs(
    faces_of: Faces,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    size: tuple[int, int],
    what: str,
) -> None:
    root, (people, pictures) = tmp_path / "odd", size
    for person in range(1, people + 1):
        for number in range(1, pictures + 1):
            faces_of.save(root / f"person {person}" / f"{number}.png", person, number)
        for number in (1, 2) if not pictures else ():
            (root / f"person {person}").mkdir(parents=True, exist_ok=True)
            (root / f"person {person}" / f"{number}.jpg").write_bytes(
                b"\xff\xd8\xff" + bytes([person, number]) * 50
            )
    prepared(root)
    command = ["report", "--images", str(root), "--out", str(tmp_path / "out")]
    assert main(command) == 1
    assert re.search(what, capsys.readouterr().err)
    assert not (tmp_path / "out").exists()
