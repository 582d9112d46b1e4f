"""Every way to install the kit brings what uv.lock says, and the wheel brings the chapters."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LEFT_OUT = {Requirement(line).name for line in PROJECT["tool"]["uv"]["override-dependencies"]}


def uv(*words: str, **environment: str) -> str:
    places = (os.environ.get("UV"), shutil.which("uv"), str(ROOT / ".uv/bin/uv"))
    program = next(path for path in places if path and Path(path).exists())
    run = subprocess.run(
        [program, *words],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout + run.stderr


def locked() -> set[str]:
    """`name==version` of each package that the lock brings to this system and Python."""
    words = "export --frozen --no-default-groups --all-extras --no-emit-project --no-hashes"
    lines = map(Requirement, uv(*words.split(), "--no-annotate", "--no-header", "-q").splitlines())
    return {f"{each.name}{each.specifier}" for each in lines
            if each.marker is None or each.marker.evaluate()}  # fmt: skip


def test_conda_installs_python_make_and_uv_alone() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert environment["channels"] == ["conda-forge"]
    python, *others = environment["dependencies"]
    assert sorted(others) == ["make", "uv"]
    # repo2docker takes its own base environment by this form, else another Python's
    version = re.fullmatch(r"python=(\d+\.\d+)", python)
    assert version
    assert version[1] in SpecifierSet(PROJECT["project"]["requires-python"])


@pytest.mark.skipif(sys.platform == "win32", reason="Binder's machines are Linux")
def test_binder_installs_exactly_the_lock(tmp_path: Path) -> None:
    """postBuild is run as Binder does, with a uv that says what it would install."""
    for name in ("postBuild", "pyproject.toml", "uv.lock", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path / name)
    prefix, programs = tmp_path / "conda", tmp_path / "programs"
    (prefix / "bin").mkdir(parents=True)
    programs.mkdir()
    (prefix / "bin" / "python").symlink_to(Path(sys.executable).resolve())
    real = next(p for p in (os.environ.get("UV"), shutil.which("uv"), ROOT / ".uv/bin/uv") if p)
    (programs / "uv").write_text(
        f'#!/bin/sh\n[ "$1" = sync ] || exit 9\n"{real}" "$@" --dry-run >would 2>&1\n'
        "mkdir -p .venv/bin\nprintf '#!/bin/sh\\necho \"$@\" >kernel\\n' >.venv/bin/python\n"
        "printf '#!/bin/sh\\necho \"$@\" >>copies\\n' >.venv/bin/onetomany\n"
        "chmod +x .venv/bin/python .venv/bin/onetomany\n",
        encoding="utf-8",
    )
    (programs / "uv").chmod(0o755)
    environment = os.environ | {
        "NB_PYTHON_PREFIX": str(prefix),
        "PATH": f"{programs}:{os.environ['PATH']}",
    }
    environment.pop("VIRTUAL_ENV", None)
    subprocess.run([str(tmp_path / "postBuild")], env=environment, check=True)
    would = (tmp_path / "would").read_text(encoding="utf-8")
    found = set(re.findall(r"^ \+ (\S+==\S+)", would, re.MULTILINE))
    assert found == locked(), would[-2000:]
    assert not LEFT_OUT & {each.split("==")[0] for each in found}
    kernel = (tmp_path / "kernel").read_text(encoding="utf-8").split()
    assert kernel == ["-m", "ipykernel", "install", "--prefix", str(prefix)]
    copies = (tmp_path / "copies").read_text(encoding="utf-8").splitlines()
    assert copies == [f"workshop chapters-{each} --language {each}" for each in ("en", "ko")]


def test_uvx_leaves_out_what_uv_leaves_out() -> None:
    lines = (ROOT / "overrides.txt").read_text(encoding="utf-8").splitlines()
    assert lines[1:] == PROJECT["tool"]["uv"]["override-dependencies"]
    assert "uvx --overrides overrides.txt" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    uv("build", "--quiet", "--wheel", "--out-dir", str(out), str(ROOT))
    return next(out.glob("*.whl"))


@pytest.mark.real
def test_the_wheel_brings_chapters_laws_and_templates_and_nothing_private(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    kit = {name.removeprefix("onetomany/kit/") for name in names if "/kit/" in name}
    for folder, pattern in (("notebooks", "*.ipynb"), ("data_requests/laws", "*.toml"),
                            ("data_requests/templates", "**/*.j2")):  # fmt: skip
        for path in (ROOT / folder).glob(pattern):
            assert path.relative_to(ROOT).as_posix() in kit
    assert {"uv.lock", "data_requests/README.md", "notebooks/start.md"} <= kit
    assert "data_requests/requester.toml" not in kit
    assert {name for name in kit if "/log/" in name} == {"data_requests/log/README.md"}


@pytest.mark.real
@pytest.mark.kernel
@pytest.mark.skipif(sys.platform == "win32", reason="the places of a venv are those of POSIX")
def test_the_installed_wheel_makes_a_report_in_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    """A fresh environment: this wheel, and the locked packages of the one that runs the test."""
    fresh, empty = tmp_path / "venv", tmp_path / "empty"
    empty.mkdir()
    uv("venv", "--quiet", "--python", sys.executable, str(fresh))
    python = fresh / "bin" / "python"
    uv("pip", "install", "--quiet", "--no-deps", "--python", str(python), str(wheel))
    packages = next(fresh.glob("lib/python*/site-packages"))
    # packages alone: the editable install of this checkout is a .pth file, which is not read there
    (packages / "locked.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")

    def run(*words: str) -> str:
        done = subprocess.run(
            [str(python), "-m", "onetomany.cli", *words],
            cwd=empty,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    assert run("report", "--only", "00").startswith(str(empty / "build/report/index.html"))
    page = (empty / "build/report/00_the_case.html").read_text(encoding="utf-8")
    assert "57.6 million" in page
    assert "mou_text" in run("requests", "gaps")
    assert not any(path.name == "notebooks" for path in empty.iterdir())
