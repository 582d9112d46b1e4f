"""Make environment.yml, for conda users, from uv.lock: the same pins. `--check` only compares."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "environment.yml"


def pins() -> list[str]:
    """`name==version ; marker` of each package that the project needs at run time."""
    found = [os.environ.get("UV"), shutil.which("uv"), str(ROOT / ".uv" / "bin" / "uv")]
    uv = next((path for path in found if path and Path(path).exists()), None)
    if uv is None:
        sys.exit("uv is not on the PATH: run 'make lock', or name it as UV=/path/to/uv")
    asked = "--frozen --all-extras --no-dev --no-emit-project --no-hashes --no-annotate --no-header"
    command = [uv, "export", *asked.split()]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return run.stdout.splitlines()


def environment() -> str:
    """The text of environment.yml."""
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    python = re.search(r'requires-python = "(.+)"', pyproject)
    assert python
    listed = "\n".join(f"      - {quoted(line)}" for line in pins())
    return (
        "# For conda users. Made from uv.lock by 'make lock': change pyproject.toml, not this.\n"
        "name: onetomany\n"
        "channels:\n"
        "  - conda-forge\n"
        "dependencies:\n"
        f"  - python {python.group(1)}\n"
        "  - pip\n"
        "  - pip:\n"
        f"{listed}\n"
        "      - -e .\n"
    )


def quoted(line: str) -> str:
    return f'"{line}"' if ";" in line else line


def main() -> int:
    if "--check" not in sys.argv:
        TARGET.write_text(environment(), encoding="utf-8")
        return 0
    if TARGET.exists() and TARGET.read_text(encoding="utf-8") == environment():
        return 0
    print("environment.yml does not agree with uv.lock: run 'make lock'")
    return 1


if __name__ == "__main__":
    sys.exit(main())
