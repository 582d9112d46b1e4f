"""A PostgreSQL of the tests' own, from Debian's packages: a socket in its folder, no port."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

OWNER, OWNERS_WORD = "owner", "word-of-the-owner"
ROLE, WORD = "anna", "word-of-anna"
_NUMBERS = count(1)


def programs() -> Path | None:
    """The folder of initdb and pg_ctl, which Debian keeps out of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: p.parts[-3])
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@dataclass(frozen=True)
class Server:
    """A running server: its folder, and what its commands are run as."""

    folder: Path
    run_as: dict[str, object] = field(default_factory=dict)

    def conninfo(self, database: str, role: str = ROLE) -> str:
        return f"host={self.folder} user={role} dbname={database}"

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run SQL as the owner, who may do anything."""
        done = subprocess.run(
            [str(programs() / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder),
             "-U", OWNER, "-d", database, "-c", statement],
            env={"PGPASSWORD": OWNERS_WORD}, capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        return done.stdout.strip()

    def new_database(self, *, copy_of: str = "template1") -> str:
        name = f"lake{next(_NUMBERS)}"
        self.sql(f"CREATE DATABASE {name} OWNER {ROLE} TEMPLATE {copy_of}")
        return name


@contextmanager
def server() -> Iterator[Server]:
    """Start a server that asks for passwords; end it and remove its folder afterwards."""
    bin_ = programs()
    assert bin_ is not None
    # a socket's path may have 107 bytes, and PostgreSQL doesn't run as root
    folder = Path(tempfile.mkdtemp(prefix="otm-pg-", dir="/tmp"))
    run_as: dict[str, object] = {}
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody", "nogroup")
        run_as = {"user": "nobody", "group": "nogroup", "extra_groups": []}
    data = folder / "data"

    def run(program: str, *words: str) -> None:
        subprocess.run(
            [str(bin_ / program), *words], cwd=folder, env={"LC_ALL": "C.UTF-8"}, check=True,
            stdout=subprocess.DEVNULL, timeout=120, **run_as,
        )  # fmt: skip

    word = folder / "word"
    word.write_text(OWNERS_WORD)
    word.chmod(0o644)
    try:
        run("initdb", "-D", str(data), "-U", OWNER, "-A", "scram-sha-256", f"--pwfile={word}",
            "-E", "UTF8", "--no-sync")  # fmt: skip
        options = f"-k {folder} -c listen_addresses= -c fsync=off"
        run("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            made = Server(folder, run_as)
            made.sql(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{WORD}'")
            yield made
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
