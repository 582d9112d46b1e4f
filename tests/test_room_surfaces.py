"""Rooms offer what their `__init__` names, without loading it before it is used."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOMS = ("behaviour", "reidentification", "terminal", "tracking")


@pytest.mark.parametrize("room", ROOMS)
def test_each_name_offered_exists_and_is_documented(room: str) -> None:
    package = import_module(f"onetomany.{room}")
    assert len(package.__all__) == len(set(package.__all__)) > 10
    for name in package.__all__:
        offered = getattr(package, name)
        assert name in dir(package)
        if callable(offered):
            assert offered.__doc__, name
            assert offered.__module__.startswith(f"onetomany.{room}."), name
    with pytest.raises(AttributeError, match="no_such_name"):
        package.no_such_name  # noqa: B018


@pytest.mark.parametrize("room", ["reidentification", "tracking"])
def test_a_lazy_room_loads_no_frames_and_keeps_its_modules(room: str) -> None:
    code = (
        f"import sys, onetomany.{room} as room; "
        "assert 'polars' not in sys.modules and 'numpy' not in sys.modules; "
        "names = room.__all__; modules = [getattr(room, each).__module__ for each in names[:3]]; "
        f"assert all(each.startswith('onetomany.{room}.') for each in modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    package = import_module(f"onetomany.{room}")
    modules = {path.stem for path in Path(str(package.__file__)).parent.glob("*.py")}
    assert not modules & set(package.__all__)  # a function would hide the module of its name
