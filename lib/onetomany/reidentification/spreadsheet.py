"""Read the cells of a user's own spreadsheet in the cage."""

import json
import os
from pathlib import Path

import polars as pl

from onetomany.cage import keeper as cage
from onetomany.cage.sheets import FAULT, FAULTS, HEAD, ROWS
from onetomany.errors import InputError
from onetomany.printing import shortened

TASK = "onetomany.cage.sheets:load_spreadsheet_reader"
LARGEST = 1 << 29  # bytes of the file
SECONDS, MEMORY = 600, 6 << 30  # limits of reading
OLE_START = bytes.fromhex("d0cf11e0a1b11ae1")  # of an encrypted or old file
ANSWER, FRAME = 1 << 31, 1 << 26  # bytes of all cells, and of those parsed at a time


def read_spreadsheet(file: Path, sheet: str | None = None) -> tuple[pl.DataFrame, str, list[str]]:
    """Return the cells of a sheet as texts, an empty one as null, its name, and all names.

    The frame's columns are called '0', '1' and so on; its first rows may be titles and names.
    XLSX, XLSM, XLSB, XLS and ODS are read; the first visible sheet with a table if none is named.

    Raises InputError for another file, one larger than `LARGEST`, a sheet that isn't there, or one
    that needs more than `SECONDS` or `MEMORY`. No message shows a value.
    """
    if file.stat().st_size > LARGEST:
        raise InputError(f"{file.name} is larger than {LARGEST >> 20} MB: save it as CSV.")
    opened = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        outcome = cage.lasting(TASK).ask(
            opened,
            {"sheet": sheet},
            _taken,
            seconds=SECONDS,
            memory=MEMORY,
            most=LARGEST,
            answer=ANSWER,
        )
    finally:
        os.close(opened)
    found = outcome.kept
    if isinstance(found, tuple) and not outcome.ended.code:
        return found
    if found == "no such sheet":
        raise InputError(f"{file.name} has no sheet '{shortened(sheet)}'.")
    why = found if isinstance(found, str) else outcome.trouble
    if outcome.ended.code:
        why = f"its reader ended early, perhaps since its cells don't fit into {MEMORY >> 30} GB"
    kind = file.suffix[1:].upper()
    if why == FAULTS[0] and kind in ("XLSX", "XLSM") and _start(file) == OLE_START:
        why = "it may be protected by a password, so save it without one"
    raise InputError(f"{file.name} can't be read as {kind}: {why or 'no answer'}.")


def _start(file: Path) -> bytes:
    with file.open("rb") as raw:
        return raw.read(8)


def _taken(frames: cage.Frames) -> tuple[pl.DataFrame, str, list[str]] | str:
    parts: list[pl.DataFrame] = []
    name, names = "", list[str]()
    for kind, length in frames:
        if length > FRAME:
            raise cage.Trouble("a row of it is too long")
        content = frames.read(length)
        if kind == FAULT:
            said = content.decode("ascii", "replace")
            return said if said in FAULTS else FAULTS[0]
        try:
            found = json.loads(content)
            if kind == HEAD:
                name, *names = map(str, found)
            elif kind == ROWS:
                columns = {str(place): pl.String for place in range(len(found[0]))}
                parts.append(pl.DataFrame(found, schema=columns, orient="row"))
        except (ValueError, TypeError, LookupError, pl.exceptions.PolarsError):
            raise cage.Trouble("its reader's answer is not a table") from None
    try:
        rows = pl.concat(parts) if parts else pl.DataFrame()
    except pl.exceptions.PolarsError:
        raise cage.Trouble("its rows differ in length") from None
    return rows, name, names
