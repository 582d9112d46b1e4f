"""Keep the log of a run of chapters, and its times, for the record of an exhibit."""

import logging
import os
import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from onetomany import __version__
from onetomany.errors import InputError


@contextmanager
def keep_log() -> Iterator[list[str]]:
    """Collect the log of running the chapters, as lines."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            # of a progress bar only its end
            text = re.sub(r"[^\n]*\r", "", record.getMessage())
            lines.append(text[:2000])

    logger, handler = logging.getLogger("onetomany.report.execute"), Keep()
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


def run_log_text(runs: Mapping[str, Mapping[str, Any]], log: Sequence[str]) -> str:
    """Return the log of a run: the machine, each chapter's run, and the lines kept."""
    lines = [
        f"onetomany {__version__}, Python {platform.python_version()}, {platform.platform()}, "
        f"{os.cpu_count()} processors",
    ]
    for stem, run in runs.items():
        lines.append(
            f"{run.get('ran_at', 'at an unknown time')} {stem}: {run.get('seconds', '?')} s, "
            f"commit {run.get('commit') or 'unknown'}, {run.get('threads', 'threads unknown')}"
        )
    return "\n".join([*lines, *log]) + "\n"


def run_times(runs: Mapping[str, Mapping[str, Any]]) -> tuple[datetime, datetime]:
    """Return when the first chapter began and the last ended.

    Raises InputError if no notebook has a record of its run.
    """
    spans = [
        (start, start + timedelta(seconds=float(run.get("seconds", 0))))
        for run in runs.values()
        if "ran_at" in run
        for start in [datetime.fromisoformat(run["ran_at"])]
    ]
    if not spans:
        raise InputError("The notebooks carry no record of a run: execute them with this kit.")
    return min(start for start, _ in spans), max(end for _, end in spans)
