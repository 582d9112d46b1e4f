"""Measure how soon the charts of a built report are drawn, opened from disk in Chromium.

`python -m benchmarks.loading REPORT [WIDTH]` prints, for each page with charts, the seconds from
asking for it until the charts in view, those before the part for the expert, and all are drawn (the
median of three), and by how much a chart is scaled down if one is. Each page is opened again, with
nothing in memory but the browser itself.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from selenium.webdriver.common.by import By

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from browser import chromium, resize, wait_for

RUNS = 3
TIMES = """
  const drawings = [...document.querySelectorAll('.drawing')];
  const last = (list) => Math.max(0, ...list.map((each) => Number(each.dataset.drawn))) / 1000;
  const seen = ({ top, height }) => height && top < innerHeight;
  const scale = (svg) => svg.getBoundingClientRect().width / svg.width.baseVal.value || 1;
  return [
    last(drawings.filter((each) => seen(each.getBoundingClientRect()))),
    last(drawings.filter((each) => !each.closest('details.expert'))),
    last(drawings),
    Math.min(...[...document.querySelectorAll('svg.marks')].map(scale)),
  ];
"""


def load_times(site: Path, width: int) -> Iterator[tuple[str, int, list[float]]]:
    """Yield each page with charts: its name, its charts, and the figures of TIMES."""
    with tempfile.TemporaryDirectory() as profile, chromium(Path(profile)) as driver:
        resize(driver, width)
        for path in sorted(site.glob("*.html")):
            charts = path.read_text(encoding="utf-8").count("data-chart=")
            if charts:
                runs = [_open(driver, path, charts) for _ in range(RUNS)]
                yield (
                    path.stem,
                    charts,
                    [statistics.median(each) for each in zip(*runs, strict=True)],
                )


def _open(driver: Any, path: Path, charts: int) -> list[float]:
    driver.get("about:blank")
    driver.get(path.as_uri())
    drawn = "[data-drawn]"
    wait_for(driver, 60, lambda d: len(d.find_elements(By.CSS_SELECTOR, drawn)) == charts)
    found: list[float] = driver.execute_script(TIMES)
    return found


if __name__ == "__main__":
    print("page charts in-view before-fold all scale")
    wide = int(sys.argv[2]) if len(sys.argv) > 2 else 1280
    for name, count, (seen, before, every, least) in load_times(Path(sys.argv[1]).resolve(), wide):
        print(f"{name} {count} {seen:.2f} {before:.2f} {every:.2f} {least:.2f}", flush=True)
