"""The type of a sub-command: it takes a parser, adds its options and returns its run.

Its docstring is the help text that a user reads.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

NOTEBOOKS = "folder of the chapters (default: notebooks)"
CASE_HELP = "the case file (default: case.duckdb)"
WEAK_HELP = "continue although this system can't isolate the program that reads the file"
LICENCE_HELP = "you have read the licence and accept it"

Run = Callable[[argparse.Namespace], int]
Command = Callable[[argparse.ArgumentParser], Run]
