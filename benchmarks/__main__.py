"""`make bench`: run every benchmark and print its ratio."""

from __future__ import annotations

import os
import platform
import tempfile
from importlib.metadata import version
from pathlib import Path

from . import association, embedding, engines, ingest, reidentification, search, terminal


def main() -> None:
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"deepface {version('deepface')}, faiss {version('faiss-cpu')}\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ONETOMANY_CACHE"] = folder  # nothing may be there already
        embedding.run(Path(folder))
        search.run(Path(folder))
        engines.run(Path(folder))
        terminal.run(Path(folder))
        association.run(Path(folder))
        reidentification.run(Path(folder))
        ingest.run(Path(folder))


if __name__ == "__main__":
    main()
