"""What a sub-command is: a function that takes a parser, adds its options and returns its run."""

from __future__ import annotations

import argparse
from collections.abc import Callable

Run = Callable[[argparse.Namespace], int]
Command = Callable[[argparse.ArgumentParser], Run]
