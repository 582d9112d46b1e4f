"""The commit of a received repository is learnt without running what the repository names."""

from __future__ import annotations

import os
import subprocess
from datetime import date
from pathlib import Path

import pytest

from onetomany.sources.commits import commit_of, day_of_commit

WHO = {
    "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull,
}  # fmt: skip


def git(folder: Path, *words: str, day: str = "2026-03-01T23:30:00 +0900") -> str:
    dated = {"GIT_AUTHOR_DATE": day, "GIT_COMMITTER_DATE": day}
    return subprocess.run(
        ["git", "-c", "protocol.file.allow=always", *words],
        cwd=folder,
        env=os.environ | WHO | dated,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def repository(folder: Path, day: str = "2026-03-01T23:30:00 +0900") -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "-q")
    (folder / "notebooks").mkdir()
    (folder / "notebooks" / "01_a.ipynb").write_text("{}\n")
    (folder / "data.txt").write_text("a\nb\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first", day=day)
    return folder


def older_answer(folder: Path) -> str:
    """What was asked of git before, with all that runs code."""
    head = git(folder, "rev-parse", "--short=12", "HEAD").strip()
    changed = git(folder, "status", "--porcelain", "--untracked-files=no").strip()
    return head + ("+changes" if changed else "")


def nothing(folder: Path) -> None:
    pass


def edited(folder: Path) -> None:
    (folder / "data.txt").write_text("a\nc\n")


def deleted(folder: Path) -> None:
    (folder / "data.txt").unlink()


def untracked(folder: Path) -> None:
    (folder / "notebooks" / "new.txt").write_text("x")


def staged(folder: Path) -> None:
    (folder / "new.txt").write_text("x")
    git(folder, "add", "new.txt")


def staged_and_taken_back(folder: Path) -> None:
    edited(folder)
    git(folder, "add", ".")
    (folder / "data.txt").write_text("a\nb\n")


def touched(folder: Path) -> None:
    os.utime(folder / "data.txt", (1, 1))


def mode_changed(folder: Path) -> None:
    (folder / "data.txt").chmod(0o755)


def line_ends(folder: Path) -> None:
    (folder / ".gitattributes").write_text("*.txt text eol=crlf\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "ends")
    (folder / "data.txt").write_bytes(b"a\r\nb\r\n")
    git(folder, "add", "data.txt")
    os.utime(folder / "data.txt", (1, 1))  # so that it is read again, and its ends are undone


def with_submodule(folder: Path) -> None:
    inner = repository(folder.with_name("inner"))
    git(folder, "submodule", "add", "-q", str(inner), "sub")
    git(folder, "commit", "-qm", "sub")


def submodule_untracked(folder: Path) -> None:
    with_submodule(folder)
    (folder / "sub" / "new.txt").write_text("x")


def submodule_edited(folder: Path) -> None:
    with_submodule(folder)
    (folder / "sub" / "data.txt").write_text("other")


def submodule_moved_on(folder: Path) -> None:
    with_submodule(folder)
    git(folder / "sub", "commit", "-q", "--allow-empty", "-m", "next")


def submodule_moved_on_and_staged(folder: Path) -> None:
    submodule_moved_on(folder)
    git(folder, "add", "sub")


def submodule_never_fetched(folder: Path) -> None:
    with_submodule(folder)
    git(folder, "submodule", "deinit", "-q", "sub")


@pytest.mark.parametrize(
    "change",
    [nothing, edited, deleted, untracked, staged, staged_and_taken_back, touched, mode_changed,
     line_ends, with_submodule, submodule_untracked, submodule_edited, submodule_moved_on,
     submodule_moved_on_and_staged, submodule_never_fetched],
)  # fmt: skip
def test_an_honest_repository_gets_the_answer_of_git_status(change, tmp_path: Path) -> None:
    folder = repository(tmp_path / "honest")
    change(folder)
    now, before = commit_of(folder / "notebooks"), older_answer(folder)
    assert now == before
    assert before.endswith("+changes") == (
        change not in (nothing, untracked, touched, line_ends, with_submodule, submodule_untracked,
                       submodule_never_fetched)
    )  # fmt: skip


@pytest.mark.parametrize(
    "day", ["2026-03-01T23:30:00 +0900", "2026-03-01T00:30:00 -1130", "2026-03-01T12:00:00 +0000"]
)
def test_the_day_is_the_one_where_the_commit_was_made(day: str, tmp_path: Path) -> None:
    folder = repository(tmp_path / "honest", day)
    commit = commit_of(folder)
    said = git(folder, "show", "-s", "--format=%cs", commit).strip()
    assert day_of_commit(folder, commit) == date.fromisoformat(said) == date(2026, 3, 1)
    assert day_of_commit(folder, f"{commit}+changes") == date(2026, 3, 1)
    assert day_of_commit(folder, "") is None
    assert day_of_commit(folder, "0" * 12) is None


def test_without_a_repository_the_commit_is_unknown(tmp_path: Path) -> None:
    assert commit_of(tmp_path) == ""
    (tmp_path / ".git").write_text("gitdir: nowhere\n")
    assert commit_of(tmp_path) == ""


def configured(folder: Path, trap: Path, **settings: str) -> None:
    for name, value in settings.items():
        git(folder, "config", name.replace("__", "."), value.format(trap=trap))


def monitor(folder: Path, trap: Path) -> None:
    git(folder, "config", "core.fsmonitor", str(trap))


def clean_filter(folder: Path, trap: Path) -> None:
    (folder / ".gitattributes").write_text("* filter=x.y=z\n*.ipynb filter=two\n")
    for name in ("x.y=z", "two"):
        git(folder, "config", f"filter.{name}.clean", str(trap))
    os.utime(folder / "data.txt", (1, 1))
    os.utime(folder / "notebooks" / "01_a.ipynb", (1, 1))


def process_filter(folder: Path, trap: Path) -> None:
    (folder / ".gitattributes").write_text("* filter=x\n")
    git(folder, "config", "filter.x.process", str(trap))
    git(folder, "config", "filter.x.required", "true")
    os.utime(folder / "data.txt", (1, 1))


def included_filter(folder: Path, trap: Path) -> None:
    (folder / ".gitattributes").write_text("* filter=x\n")
    (folder / "more").write_text(f'[FILTER "x"]\n\tClean = "{trap}"\n')
    git(folder, "config", "include.path", "../more")
    os.utime(folder / "data.txt", (1, 1))


def hooks(folder: Path, trap: Path) -> None:
    own = folder / "hooks"
    own.mkdir()
    for name in ("post-index-change", "reference-transaction", "fsmonitor-watchman"):
        (own / name).symlink_to(trap)
    git(folder, "config", "core.hooksPath", str(own))
    os.utime(folder / "data.txt", (1, 1))


def signature(folder: Path, trap: Path) -> None:
    git(folder, "config", "log.showSignature", "true")
    git(folder, "config", "gpg.program", str(trap))
    commit = git(folder, "cat-file", "commit", "HEAD")
    head, _, message = commit.partition("\n\n")
    signed = f"{head}\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n"
    made = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin"],
        cwd=folder, input=f"{signed}\n{message}", capture_output=True, text=True, check=True,
    )  # fmt: skip
    git(folder, "reset", "-q", made.stdout.strip())


def lazy_fetch(folder: Path, trap: Path) -> None:
    git(folder, "config", "core.repositoryformatversion", "1")
    git(folder, "config", "extensions.partialClone", "evil")
    git(folder, "config", "remote.evil.url", f"ext::{trap}")
    git(folder, "config", "protocol.allow", "always")
    git(folder, "config", "remote.evil.promisor", "true")
    tree = git(folder, "rev-parse", "HEAD^{tree}").strip()
    (folder / ".git" / "objects" / tree[:2] / tree[2:]).unlink()


def submodule(folder: Path, trap: Path) -> None:
    with_submodule(folder)
    git(folder / "sub", "config", "core.fsmonitor", str(trap))


@pytest.mark.parametrize(
    "attack",
    [monitor, clean_filter, process_filter, included_filter, hooks, signature, lazy_fetch,
     submodule],
)  # fmt: skip
def test_nothing_that_a_repository_names_is_run(attack, tmp_path: Path) -> None:
    folder = repository(tmp_path / "received")
    trap, mark = tmp_path / "trap", tmp_path / "ran"
    trap.write_text(f"#!/bin/sh\necho ran >> '{mark}'\nexit 1\n")
    trap.chmod(0o755)
    attack(folder, trap)
    mark.unlink(missing_ok=True)  # what setting the trap set off
    commit = commit_of(folder / "notebooks")
    day_of_commit(folder / "notebooks", commit or git(folder, "rev-parse", "HEAD").strip())
    assert not mark.exists()
    # the trap is one: what was asked before sets it off
    for question in (("status", "--porcelain"), ("show", "-s", "--format=%cs", "HEAD")):
        subprocess.run(["git", *question], cwd=folder, capture_output=True, check=False)
    assert mark.exists()


def test_a_program_in_the_working_directory_is_not_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = repository(tmp_path / "received")
    (folder / "git").write_text(f"#!/bin/sh\ntouch '{tmp_path}/ran'\n")
    (folder / "git").chmod(0o755)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PATH", f".::{os.environ['PATH']}")
    monkeypatch.setenv("GIT_DIR", "/nowhere")  # and no variable leads elsewhere
    assert len(commit_of(folder)) == 12
    assert not (tmp_path / "ran").exists()
