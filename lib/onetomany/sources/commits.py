"""Ask git about a folder without running any program that its repository names.

A received repository is data. Its configuration may name programs (a file monitor, filters, hooks,
a signature check, a transport), and git starts them even for `git status`. This module switches
each off by name, lets git enter no submodule, and fetches and writes nothing.
"""

import os
import re
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from secrets import token_hex

from .processes import installed_program, safe_environment

_SECONDS = 30.0  # for one question; a configuration may include a file that never ends
_DEPTH = 8  # of submodules in submodules
_OFF = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.alternateRefsCommand": "",
    "core.sshCommand": "",
    "core.gitProxy": "",
    "protocol.allow": "never",
    "safe.bareRepository": "explicit",
    "log.showSignature": "false",
    "status.submoduleSummary": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
}
_QUIET = {
    "GIT_OPTIONAL_LOCKS": "0",  # the index is not refreshed, so its hook does not run
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",  # for versions of git without the setting above
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
    "LC_ALL": "C",
}


def commit_of(folder: Path) -> str:
    """Return the commit a folder is at, with "+changes" if a tracked file differs.

    Returns "" if it is unknown: no git, no repository, one of another user, or one that git can't
    read. Git filters (Git LFS and the like) are not run: a file that one of them changes counts as
    unchanged only as long as git's index knows it by its size and time.
    """
    try:
        _require_settings(folder)
        head = _ask(folder, _OFF, "rev-parse", "--short=12", "HEAD").strip()
        return head + ("+changes" if _changed(folder, _DEPTH) else "")
    except (OSError, ValueError, subprocess.SubprocessError):
        return ""


def day_of_commit(folder: Path, commit: str) -> date | None:
    """Return the day of a commit in its author's time zone; None if unknown."""
    if not commit:
        return None
    try:
        _require_settings(folder)
        said = _ask(folder, _OFF, "cat-file", "commit", commit.removesuffix("+changes"))
        line = next(each for each in said.split("\n\n")[0].splitlines()
                    if each.startswith("committer "))  # fmt: skip
        _, seconds, zone = line.rsplit(" ", 2)
        ahead = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5]))
        made = datetime.fromtimestamp(int(seconds), UTC)
        return (made - ahead if zone[0] == "-" else made + ahead).date()
    except (OSError, ValueError, StopIteration, OverflowError, subprocess.SubprocessError):
        return None


def _changed(folder: Path, depth: int) -> bool:
    """Return whether a tracked file differs from HEAD, in the index or on the disk."""
    top = Path(_ask(folder, _OFF, "rev-parse", "--show-toplevel").removesuffix("\n"))
    asked = ("status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all")
    if _ask(top, _OFF | _filters_off(top), *asked):
        return True
    listed = _ask(top, _OFF, "ls-files", "--stage", "-z"), _ask(top, _OFF, "ls-tree", "-rz", "HEAD")
    index, committed = map(_submodules, listed)
    if index != committed:
        return True
    return any(_submodule_changed(top / path, hash_, depth) for path, hash_ in index.items())


def _submodules(listing: str) -> dict[str, str]:
    """Return the commits of submodules by path, from git's listing of an index or a tree."""
    entries = [line.split("\t", 1) for line in listing.split("\0") if line.startswith("160000 ")]
    return {path: re.findall(r"\b[0-9a-f]{40,64}\b", facts)[0] for facts, path in entries}


def _submodule_changed(folder: Path, commit: str, depth: int) -> bool:
    if not (folder / ".git").exists():  # never fetched: nothing to differ
        return False
    if depth == 0:
        raise ValueError("submodules are nested too deeply")
    head = _ask(folder, _OFF, "rev-parse", "HEAD").strip()
    return head != commit or _changed(folder, depth - 1)


def _require_settings(folder: Path) -> None:
    """Refuse a git that ignores our settings (before 2.31): it would run the repository's."""
    word = token_hex(8)
    said = _ask(folder, {"onetomany.word": word}, "config", "--get", "onetomany.word")
    if said.strip() != word:
        raise ValueError("this git is too old")


def _filters_off(folder: Path) -> dict[str, str]:
    """Return empty commands for all filters that any configuration names: git runs none."""
    names = _ask(folder, _OFF, "config", "--list", "--name-only", "-z").split("\0")
    filters = {name.rsplit(".", 1)[0] for name in names if name.startswith("filter.")}
    commands = ("clean", "smudge", "process")
    off = {f"{name}.{command}": "" for name in filters for command in commands}
    return off | {f"{name}.required": "false" for name in filters}


def _ask(folder: Path, settings: dict[str, str], *question: str) -> str:
    """Return git's answer; `settings` override those of the repository."""
    if not (git := installed_program("git")):
        raise FileNotFoundError("git")
    counted = {"GIT_CONFIG_COUNT": str(len(settings))}
    for n, (key, value) in enumerate(settings.items()):
        counted |= {f"GIT_CONFIG_KEY_{n}": key, f"GIT_CONFIG_VALUE_{n}": value}
    run = subprocess.run(
        [git, "--no-pager", "--literal-pathspecs", *question],
        cwd=folder,
        env=safe_environment(**_QUIET, **counted),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=_SECONDS,
    )
    return run.stdout.decode("utf-8", "surrogateescape")
