"""Write a folder that installs and runs the kit on a machine with Python and no network."""

import hashlib
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from onetomany.errors import InputError, OneToManyError
from onetomany.progress import ProgressBar
from onetomany.sources.files import whole_folder
from onetomany.sources.kit_files import packaged_text
from onetomany.sources.processes import python_command, safe_environment
from .handout import BOTH, write_handout


def write_offline(
    project: Path, requirements: str, out: Path, language: str = BOTH, *, folded: bool = True
) -> Path:
    """Write the folder from a checkout: wheels of all packages, chapters, lesson plans.

    `requirements` is the lock in pip's format (`uv export`). Two of the wheels contain the image
    set and the face model, so nothing else is downloaded. Wheels are for this system and this
    version of Python; the folder says so. The folder is written under another name and renamed at
    the end. `language` and `folded` are those of the copies (`write_handout`).

    Raises InputError if `out` is not empty, OneToManyError if a package can't be
    downloaded or built.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} is not empty: name a new folder.")
    if not (project / "pyproject.toml").exists():
        raise InputError(f"{project} is not a checkout of the kit: it has no pyproject.toml.")
    with whole_folder(out) as new, tempfile.TemporaryDirectory() as scratch:
        lines = _plain_pins(requirements)
        (new / "requirements.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        _wheels(project, lines, new / "wheels", Path(scratch))
        write_handout(project / "notebooks", new / "notebooks", language, folded=folded)
        for name in ("docs", "data_requests"):
            shutil.copytree(project / name, new / name)
        for name in ("README.md", "LICENSE"):
            shutil.copyfile(project / name, new / name)
        minor = f"{sys.version_info.major}.{sys.version_info.minor}"
        system = f"{platform.system()} {platform.machine()}"
        facts = {"python": f"Python {minor}", "minor": minor, "system": system}
        for name in ("install.sh", "start.sh"):
            script = packaged_text(__package__, name).format(**facts)
            (new / name).write_text(script, encoding="utf-8")
        (new / "SHA256SUMS").write_text(_sums(new), encoding="utf-8")
    return out


def _plain_pins(requirements: str) -> list[str]:
    """Return the `name==version` lines of `uv export` for this machine, without hashes."""
    from packaging.requirements import Requirement

    pins = []
    for line in requirements.splitlines():
        text = line.split(" --hash")[0].rstrip(" \\")
        if not text or text.startswith(("#", "-", " ")):
            continue
        asked = Requirement(text)
        if asked.marker is None or asked.marker.evaluate():
            pins.append(f"{asked.name}{asked.specifier}")
    if not pins:
        raise InputError(
            "The file of --offline has no line such as name==version: make it with 'uv export'."
        )
    return pins


def _wheels(project: Path, pins: list[str], wheels: Path, scratch: Path) -> None:
    """Download or build a wheel of each package and of the project itself with pip."""
    wheels, scratch, environment = wheels.resolve(), scratch.resolve(), safe_environment()
    subprocess.run(python_command("-m", "venv", str(scratch)), check=True, env=environment)
    pip = [str(scratch / "bin" / "python"), "-I", "-m", "pip", "wheel", "--quiet", "--no-deps"]
    pip += ["--disable-pip-version-check", "--wheel-dir", str(wheels)]
    for asked in ProgressBar(
        [*pins, str(project.resolve())], unit="wheel", desc="wheels", leave=False
    ):
        run = subprocess.run(
            [*pip, asked],
            cwd=scratch,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        if run.returncode:
            reason = (run.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise OneToManyError(f"No wheel of {asked} could be downloaded or built: {reason}")


def _sums(folder: Path) -> str:
    """Return the SHA-256 of every file in the format of `sha256sum --check`."""
    lines = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        lines.append(f"{digest}  {path.relative_to(folder).as_posix()}\n")
    return "".join(lines)
