"""An engine by its name: the one argument that chooses what searches."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path

from ..errors import InputError
from ..sources import cache_dir
from .compressed import CompressedEngine
from .engine import Engine
from .exact import ExactEngine
from .milvus import MilvusEngine, release

ENGINES = ("exact", "compressed", "milvus")


def open_engine(spec: str, dimension: int) -> Engine:
    """A new, empty engine: 'exact' in memory, 'compressed' or 'milvus' in a file of their own, or
    a Milvus server's address ('http://host:19530').

    Files lie in the cache, where templates belong, and go with the engine; `save` what should
    stay. Raises InputError for another name, or where Milvus can't be reached.
    """
    if spec == "exact":
        return ExactEngine(dimension)
    if "://" in spec:
        return MilvusEngine(spec, dimension)
    if spec not in ENGINES:
        raise InputError(
            f"'{spec}' is no engine: name {', '.join(ENGINES)}, or a Milvus server's address."
        )
    folder = _scratch()
    if spec == "compressed":
        return _kept(CompressedEngine(folder, dimension), folder)
    return _kept(MilvusEngine(str(folder / "milvus.db"), dimension), folder)


def load_engine(name: str, folder: Path, dimension: int) -> Engine:
    """A working copy of the engine that one of that name saved to a folder.

    What is done to it leaves the folder as it is. Raises IntegrityError where that isn't whole.
    """
    if name == "exact":
        return ExactEngine.load(folder)
    copy = _scratch()
    shutil.copytree(folder, copy, dirs_exist_ok=True)
    if name == "compressed":
        return _kept(CompressedEngine.load(copy), copy)
    return _kept(MilvusEngine.load(copy, dimension), copy)


def _scratch() -> Path:
    parent = cache_dir() / "engines"
    parent.mkdir(exist_ok=True)
    return Path(tempfile.mkdtemp(dir=parent))


def _kept(engine: Engine, folder: Path) -> Engine:
    """The engine, whose folder goes when it goes."""
    weakref.finalize(engine, _forget, folder)
    return engine


def _forget(folder: Path) -> None:
    if (folder / "milvus.db").exists():
        release(str(folder / "milvus.db"))
    shutil.rmtree(folder, ignore_errors=True)
