"""A file or folder that the kit writes is whole or as it was before, even after a crash."""

from __future__ import annotations

import os
import re
import signal
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from onetomany.errors import InputError
from onetomany.sources.files import whole_file, whole_folder, write_whole

LIB = Path(__file__).parents[1] / "lib" / "onetomany"
# other rules than `whole_file`: several files as one, a folder under a fixed name, a name that is
# known only at the end, a key that must not replace another
OWN_RULES = {
    "evidence/bundle_layout.py", "evidence/keys.py", "gallery/engine.py",
    "gallery/gallery.py", "gallery/compressed.py", "documents/budget.py", "sources/files.py",
}  # fmt: skip


def killed(act: Callable[[], None], owner: object, name: str, *, after: bool = False) -> bool:
    """Act in a process that is killed (SIGKILL) before, or after, it calls owner.name."""
    child = os.fork()
    if child == 0:
        original = getattr(owner, name)

        def last(*args: object, **kwargs: object) -> None:
            if after:
                original(*args, **kwargs)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(owner, name, last)
        act()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


@pytest.mark.parametrize(
    ("owner", "name"), [(Path, "write_bytes"), (os, "fsync"), (Path, "replace")]
)
@pytest.mark.parametrize("after", [False, True])
def test_a_crash_leaves_the_old_file_or_the_new_one(
    owner: object, name: str, after: bool, tmp_path: Path
) -> None:
    file = tmp_path / "a.csv"
    write_whole(file, b"old")
    assert killed(lambda: write_whole(file, b"n" * 100_000), owner, name, after=after)
    assert file.read_bytes() == (b"n" * 100_000 if name == "replace" and after else b"old")
    write_whole(file, b"next")
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    assert file.read_bytes() == b"next"


def test_a_file_is_on_the_disk_before_it_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acts = []

    def note(owner: object, name: str) -> None:
        original = getattr(owner, name)

        def noted(*args: object) -> object:
            acts.append(name)
            return original(*args)

        monkeypatch.setattr(owner, name, noted)

    note(os, "fsync")
    note(Path, "replace")
    write_whole(tmp_path / "a.csv", b"x")
    assert acts == ["fsync", "replace", "fsync"]


def test_an_error_while_writing_leaves_the_old_file_and_nothing_beside(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"old")
    with pytest.raises(FileNotFoundError), whole_file(file) as beside:
        beside.write_bytes((tmp_path / "none").read_bytes())
    assert file.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    with pytest.raises(InputError, match=r"a\.csv/b can't be written"):
        write_whole(file / "b", b"x")


def test_a_link_in_the_place_of_the_unfinished_file_is_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"mine")
    (tmp_path / "a.csv.part").symlink_to(precious)
    write_whole(tmp_path / "a.csv", b"new")
    assert precious.read_bytes() == b"mine"
    assert not (tmp_path / "a.csv").is_symlink()


def test_a_private_file_is_never_readable_by_others(tmp_path: Path) -> None:
    with whole_file(tmp_path / "names", private=True) as beside:
        assert stat.S_IMODE(beside.stat().st_mode) == 0o600
        beside.write_text("a name")
        assert stat.S_IMODE(beside.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "names").stat().st_mode) == 0o600


def test_a_folder_is_replaced_as_a_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "report"
    with whole_folder(out) as new:
        (new / "index.html").write_text("old")
    with pytest.raises(KeyboardInterrupt), whole_folder(out, replace=True) as new:
        raise KeyboardInterrupt
    assert (out / "index.html").read_text() == "old"
    with pytest.raises(OSError, match="not empty"), whole_folder(out) as new:
        (new / "index.html").write_text("unasked")
    assert (out / "index.html").read_text() == "old"
    rename = Path.rename

    def interrupted(path: Path, target: Path) -> Path:
        if path.name == "new":
            raise KeyboardInterrupt
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", interrupted)
        with pytest.raises(KeyboardInterrupt), whole_folder(out, replace=True) as new:
            (new / "index.html").write_text("new")
    assert (out / "index.html").read_text() == "old"
    with whole_folder(out, replace=True) as new:
        (new / "index.html").write_text("new")
    assert (out / "index.html").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_no_module_renames_unfinished_files_by_hand() -> None:
    own = {
        str(path.relative_to(LIB))
        for path in LIB.rglob("*.py")
        if re.search(r'\.part["\']|NamedTemporaryFile|os\.replace', path.read_text("utf-8"))
    }
    assert own == OWN_RULES
