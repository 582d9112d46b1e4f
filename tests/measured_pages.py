"""`benchmarks/pages.py`, loaded by its path: the suite is run from the installed package alone."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

_SPEC = spec_from_file_location("pages", Path(__file__).parents[1] / "benchmarks" / "pages.py")
assert _SPEC
assert _SPEC.loader
PAGES = module_from_spec(_SPEC)
_SPEC.loader.exec_module(PAGES)
