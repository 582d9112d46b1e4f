"""The files that `make generate` writes are up to date, and type checkers read them."""

from __future__ import annotations

import ast
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import onetomany as otm

ROOT = Path(__file__).parents[1]
LIB = ROOT / "lib" / "onetomany"
# by its path: .ci is no package
SPEC = spec_from_file_location("generate", ROOT / ".ci" / "generate.py")

assert SPEC
assert SPEC.loader
generate = module_from_spec(SPEC)
SPEC.loader.exec_module(generate)


def test_no_generated_file_is_out_of_date() -> None:
    assert [str(path.relative_to(ROOT)) for path in generate.stale()] == [], "run 'make generate'"


def test_each_stub_names_what_its_package_offers_and_nothing_else() -> None:
    stubs = {path.parent.name: path for path in sorted(LIB.rglob("*.pyi"))}
    assert {"onetomany", "terminal", "behaviour", "tracking", "documents"} <= set(stubs)
    assert set(stubs) <= {"onetomany", *otm.ROOMS}
    for room, path in stubs.items():
        imports = [each for each in ast.parse(path.read_text("utf-8")).body
                   if isinstance(each, ast.ImportFrom)]  # fmt: skip
        names = {alias.asname or alias.name for each in imports for alias in each.names}
        package = otm if room == "onetomany" else import_module(f"onetomany.{room}")
        assert names == set(package.__all__) - {"__version__"}, room
    assert (LIB / "py.typed").exists()
