"""The confidence level has one place, and everything that prints it follows."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
from scipy.stats import norm

from onetomany import confidence

ROOT = Path(__file__).parents[1]
LIB = ROOT / "lib" / "onetomany"
# how the chapters write the level out; other shares, such as those of records, look otherwise
STATED = re.compile(
    r"[(;] ?\d+(\.\d+)? %[:,]|\b(?<!to )\d+(\.\d+)? % (interval|confidence|for another)"
    r"|(two-sided|brackets|By person) \(?\d+(\.\d+)? %|\d+(\.\d+)? % of \{sets\}"
    r"|\d+(\.\d+)?% (구간|신뢰도|상한)|(양측|sets\}개의) \d+(\.\d+)?%"
)
# 5 to 95 % of records or of film boxes: crowds and outliers, not confidence
SPREADS = {"charts/reidentification.py", "charts/mosaic.py"}


def test_the_ends_belong_to_the_level() -> None:
    assert 2 * confidence.TAIL + confidence.LEVEL == 1
    assert np.isclose(norm.cdf(confidence.NORMAL), 1 - confidence.TAIL, atol=1e-15)


def test_no_module_states_the_level_again() -> None:
    """Docstrings aside, no text prints "95 %" and no number is its tail."""
    for path in LIB.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
        docstrings = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, documented) and ast.get_docstring(node)
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or id(node) in docstrings:
                continue
            place = f"{path.relative_to(LIB)}:{node.lineno}"
            assert node.value not in (0.975, 0.025, 1.96, 1.959963984540054), place
            if isinstance(node.value, str) and str(path.relative_to(LIB)) not in SPREADS:
                assert not re.search(r"\b95 ?%", node.value), place


def test_chapters_print_the_level_that_is_computed() -> None:
    """The chapters' sentences write it out: a change of the level must change them too.

    All places that are left are named at once, with the line of the file.
    """
    left = [
        f"{path.name}:{number}: {stated[0]}"
        for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        for stated in STATED.finditer(line)
        if float(re.findall(r"[\d.]+", stated[0])[0]) != 100 * confidence.LEVEL
    ]
    assert not left, "\n".join(left)


def test_one_edit_moves_intervals_and_texts() -> None:
    """At a level of 90 % an interval is narrower, and a chart's label says 90 %."""
    script = """
import re
import onetomany.confidence as level
source = open(level.__file__, encoding="utf-8").read()
changed, edits = re.subn(r"^LEVEL = [0-9.]+$", "LEVEL = 0.9", source, flags=re.MULTILINE)
assert edits == 1
exec(changed, vars(level))
from onetomany.accuracy import unseen, wilson
from onetomany.charts.realism import _WITHIN
print(unseen(10), *wilson(5, 50), _WITHIN)
"""
    command = [sys.executable, "-c", script]
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=dict(os.environ))
    open_end, low, high, *text = run.stdout.split()
    assert np.isclose(float(open_end), 1 - 0.05 ** (1 / 10))
    assert 0.043 < float(low) < float(high) < 0.2
    assert " ".join(text).startswith("like 90 % of the sets 합성 집합의 90%와")
