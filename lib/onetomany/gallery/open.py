"""Open a search engine by its name."""

import shutil
import tempfile
import weakref
from pathlib import Path

from onetomany.errors import InputError
from onetomany.sources import cache_dir
from .compressed import CompressedEngine
from .engine import Engine
from .exact import ExactEngine
from .milvus import MilvusEngine, release

ENGINES = ("exact", "compressed", "milvus")


def open_engine(spec: str, dimension: int) -> Engine:
    """Return a new, empty engine of a name, with templates of `dimension` numbers.

    Names are 'exact' (in memory), 'compressed' and 'milvus' (in files), or a Milvus server's
    address ('http://host:19530'). Files are in the cache, and are deleted with the engine; `save`
    keeps a copy. Raises InputError for another name, or if Milvus can't be reached.
    """
    if spec == "exact":
        return ExactEngine(dimension)
    if "://" in spec:
        return MilvusEngine(spec, dimension)
    if spec not in ENGINES:
        raise InputError(
            f"'{spec}' is not an engine: name {', '.join(ENGINES)}, or a Milvus server's address."
        )
    folder = _scratch()
    if spec == "compressed":
        return _kept(CompressedEngine(folder, dimension), folder)
    return _kept(MilvusEngine(str(folder / "milvus.db"), dimension), folder)


def load_engine(name: str, folder: Path, dimension: int) -> Engine:
    """Return a working copy of an engine that was saved to a folder.

    The folder never changes. Raises IntegrityError if it isn't whole.
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
    """Return the engine; its folder is deleted when it is."""
    weakref.finalize(engine, _forget, folder)
    return engine


def _forget(folder: Path) -> None:
    if (folder / "milvus.db").exists():
        release(str(folder / "milvus.db"))
    shutil.rmtree(folder, ignore_errors=True)
