"""Run a bundle's notebooks again with the installed kit and compare every figure.

This runs the code in the bundle, in a container (`container`). Its output is a stranger's data:
size and names are checked, and the comparison is made outside.
"""

import csv
import hashlib
import io
import itertools
import json
import math
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from onetomany.errors import InputError, IntegrityError, reason_of
from onetomany.printing import shortened
from onetomany.sources.files import write_whole
from onetomany.sources.tables import csv_text
from .confined import LABEL, PATH, run_again
from .container import RunLimits
from .figures import NAMES, TOKEN

RELATIVE = 1e-6  # between two numbers that aren't counts; sums over threads differ in their order
NEAR_ZERO = 1e-15  # two numbers that differ by less are taken for equal
COMPARED = {
    "item": pl.String,  # Figure 02-3
    "outcome": pl.String,  # same, within, different, varies
    "files": pl.Int64,  # compared
    "largest": pl.Float64,  # relative difference of two numbers; null if none differ
    "what": pl.String,  # which file, column and row differ, and how
}
MOST = 8 << 20  # bytes of a specification or a statement that are compared
WIDEST = 200_000  # bytes of the first row of a table
RANK = ("same", "within", "different")
OUTCOMES = (*RANK, "varies")


def reproduce(
    bundle: Path, out: Path, *, unconfined: bool = False, limits: RunLimits | None = None
) -> pl.DataFrame:
    """Run a bundle's notebooks (or its payload's) again and compare every item.

    Returns COMPARED, a row an item; also written to `out`/comparison.csv with the files of the new
    run. 'same': equal bytes. 'within': counts and words equal, other numbers within RELATIVE.
    'varies': marked as showing the machine's speed or the like, not compared. The notebooks run in
    a container within `limits`, or `unconfined`, with all rights of the user. The bundle is not
    changed. Raises InputError if there is no payload with notebooks or no container can be made,
    IntegrityError if its list of figures is damaged.
    """
    payload = _payload_of(bundle)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} contains other files: name a new folder.")
    again = run_again(payload / "notebooks", unconfined=unconfined, limits=limits or RunLimits())
    table = _compare_exhibits(payload, again)
    for item in again:
        for path, content in item.files.items():
            write_whole(out / path, content)
    write_whole(out / "comparison.csv", csv_text(table).encode())
    return table


class Item(Protocol):
    """A compared item: a Shown, or a Figure of a chapter that was run here."""

    @property
    def label(self) -> str: ...

    @property
    def files(self) -> Mapping[str, bytes]: ...


@dataclass(frozen=True)
class Listed:
    """An item as the bundle's figures.json lists it; `files` are their SHA-256 by path."""

    label: str
    files: Mapping[str, str]
    varies: bool


def listed_items(payload: Path) -> list[Listed]:
    """Read the items of a payload's list. Raises IntegrityError if it is damaged."""
    try:
        return items_of(_json(payload / "figures.json"))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise IntegrityError(
            f"{payload / 'figures.json'} can't be read as the list of figures "
            f"({shortened(str(error))}): get the bundle again."
        ) from error


def items_of(figures: Any) -> list[Listed]:
    """Return the items of figures.json.

    Raises ValueError, KeyError, TypeError or AttributeError if it has another form.
    """
    found = []
    for item in figures["figures"]:
        files = {str(path): str(digest) for path, digest in item["files"].items()}
        if not files or not all(map(PATH.fullmatch, files)):
            raise ValueError(f"the files of item {item['number']}")
        label = f"{NAMES[item['kind']][0]} {item['number']}"
        if not LABEL.fullmatch(label):
            raise ValueError(f"the number {item['number']}")
        found.append(Listed(label, files, bool(item["varies"])))
    return found


def compared_files(listed: Iterable[Listed]) -> dict[str, str]:
    """Return the SHA-256 of each file, by its path in a bundle, of items that don't vary."""
    return {
        f"data/{path}": digest
        for item in listed
        if not item.varies
        for path, digest in item.files.items()
    }


def version_differences(bundle: Path) -> pl.DataFrame:
    """List packages whose version differs here: `package`, `bundle`, `here`.

    From the bill of materials if the bundle has one, else from the versions in figures.json.
    """
    from .sbom import installed_packages  # cyclonedx takes a while to load

    payload = _payload_of(bundle)
    source = payload / "environment" / "sbom.cdx.json"
    if not source.is_file():
        source = payload / "figures.json"
    told = _json(source)
    try:
        if source.name == "figures.json":
            then = {str(name).lower(): str(each) for name, each in told["versions"].items()}
        else:
            parts = told.get("components", [])
            then = {str(each["name"]).lower(): str(each.get("version", "")) for each in parts}
    except (KeyError, TypeError, AttributeError) as error:
        raise IntegrityError(f"{source} lists no versions of packages: get it again.") from error
    here = {"python": platform.python_version()}
    here |= {name: each.version for name, each in installed_packages().items()}
    rows = [
        (name, version, here.get(name, "not installed"))
        for name, version in sorted(then.items())
        if here.get(name) != version
    ]
    schema = {"package": pl.String, "bundle": pl.String, "here": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _compare_exhibits(payload: Path, again: Sequence[Item]) -> pl.DataFrame:
    """Compare the items of a payload with those of another run; COMPARED, in the payload's order.

    Raises IntegrityError where the payload's list of figures is damaged.
    """
    new = {item.label: item for item in again}
    rows = []
    for item in listed_items(payload):
        rows.append(_row(item, new.pop(item.label, None), payload))
    rows += [(label, "different", 0, None, "it is not in the bundle") for label in new]
    return pl.DataFrame(rows, schema=COMPARED, orient="row")


def _compare_bytes(path: str, before: bytes, after: bytes) -> tuple[str, float | None, str]:
    """Return (outcome, largest relative difference, text) for one file in two runs."""
    if before == after:
        return "same", None, ""
    if not (_comparable(path, before) and _comparable(path, after)):
        sizes = f"{len(before):,} and {len(after):,} bytes"
        return "different", None, f"{path}: too large or too wide to be compared ({sizes})"
    try:
        if path.endswith(".csv"):
            found = _tables(before, after)
        elif path.endswith(".json"):
            found = _values(json.loads(before), json.loads(after), "")
        else:
            found = _texts(before.decode(), after.decode(), "text")
    except (ValueError, RecursionError, pl.exceptions.PolarsError) as error:
        return "different", None, f"{path}: it can't be read ({error})"
    largest = max((size for size, _, _ in found), default=0.0)
    broken = [what for _, fits, what in found if not fits]
    if not broken:
        return "within", largest, f"{path}: numbers differ by at most {largest:.1g} of their size"
    more = f" (and {len(broken) - 3} more)" if len(broken) > 3 else ""
    return "different", largest, f"{path}: {'; '.join(broken[:3])}{more}"


def _payload_of(bundle: Path) -> Path:
    """Return the payload's folder of a sealed bundle, or the folder itself if it is one."""
    for folder in (bundle / "data", bundle):
        if (folder / "figures.json").is_file() and (folder / "notebooks").is_dir():
            return folder
    raise InputError(
        f"{bundle} contains no figures.json and notebooks: name the folder of a bundle, unpacked."
    )


def _row(item: Listed, new: Item | None, payload: Path) -> tuple[str, str, int, float | None, str]:
    label = item.label
    if item.varies:
        return label, "varies", 0, None, "it differs from run to run, by its mark"
    if new is None:
        return label, "different", 0, None, "the new run does not give it"
    results: list[tuple[str, float | None, str]] = []
    for path, digest in item.files.items():
        try:
            before = (payload / path).read_bytes()
        except OSError:
            results.append(("different", None, f"{path}: it is missing from the bundle"))
            continue
        if hashlib.sha256(before).hexdigest() != digest:
            what = f"{path}: the bundle's file is not the one that its figures.json lists"
            results.append(("different", None, what))
        elif path not in new.files:
            results.append(("different", None, f"{path}: the new run does not give it"))
        else:
            results.append(_compare_bytes(path, before, new.files[path]))
    results += [
        ("different", None, f"{path}: it is not in the bundle")
        for path in new.files.keys() - item.files.keys()
    ]
    worst = max((outcome for outcome, _, _ in results), key=RANK.index)
    sizes = [size for _, size, _ in results if size is not None]
    return label, worst, len(results), max(sizes, default=None), "; ".join(
        what for outcome, _, what in results if outcome == worst and what
    )  # fmt: skip


def _comparable(path: str, content: bytes) -> bool:
    """Return whether reading it takes memory in proportion to its size, whatever its content."""
    if not path.endswith(".csv"):
        return len(content) <= MOST
    # a table may be long, but a line of its own must end somewhere
    start = content[:WIDEST].decode(errors="replace")
    rows = csv.reader(start.splitlines(keepends=True))
    return len(content) <= WIDEST or len(list(itertools.islice(rows, 2))) > 1


Difference = tuple[float, bool, str]  # relative size, whether it is within tolerance, description


def _tables(before: bytes, after: bytes) -> list[Difference]:
    old, new = (pl.read_csv(io.BytesIO(each), infer_schema=False) for each in (before, after))
    if old.columns != new.columns:
        return [(math.inf, False, f"columns {old.columns} became {new.columns}")]
    if old.height != new.height:
        return [(math.inf, False, f"{old.height:,} rows became {new.height:,}")]
    found = []
    for name in old.columns:
        frame = pl.DataFrame({"row": range(1, old.height + 1), "a": old[name], "b": new[name]})
        changed = frame.filter(pl.col("a").ne_missing(pl.col("b")))
        found += [
            _difference(a, b, f"column {name}, row {row:,}") for row, a, b in changed.iter_rows()
        ]
    return found


def _values(before: Any, after: Any, where: str) -> list[Difference]:
    """Compare two JSON values, place by place."""
    place = where or "specification"
    if isinstance(before, dict) and isinstance(after, dict):
        if before.keys() != after.keys():
            names = ", ".join(sorted(before.keys() ^ after.keys()))
            return [(math.inf, False, f"{place}: {names} only on one side")]
        pairs = [(before[key], after[key], f"{where}.{key}".lstrip(".")) for key in before]
    elif isinstance(before, list) and isinstance(after, list):
        if len(before) != len(after):
            return [(math.inf, False, f"{place}: {len(before)} entries became {len(after)}")]
        pairs = [
            (a, b, f"{where}[{n}]") for n, (a, b) in enumerate(zip(before, after, strict=True))
        ]
    elif isinstance(before, str) and isinstance(after, str):
        return _texts(before, after, place)
    elif before == after and type(before) is type(after):
        return []
    else:
        return [_difference(json.dumps(before), json.dumps(after), place)]
    return [each for a, b, at in pairs for each in _values(a, b, at)]


def _texts(before: str, after: str, where: str) -> list[Difference]:
    """Compare two texts: words must be equal, numbers between them are compared as numbers."""
    if before == after:
        return []
    if TOKEN.split(before) != TOKEN.split(after):
        return [(math.inf, False, f"{where}: {_cut(before)!r} became {_cut(after)!r}")]
    pairs = zip(TOKEN.findall(before), TOKEN.findall(after), strict=True)
    return [_difference(a, b, where) for a, b in pairs if a != b]


def _difference(before: str | None, after: str | None, where: str) -> Difference:
    old, new = _number(before), _number(after)
    what = f"{where}: {_cut(before)} became {_cut(after)}"
    if old is None or new is None:
        return math.inf, False, what
    if old == new:
        return 0.0, True, what
    size = abs(old - new) / max(abs(old), abs(new))
    counts = not any(set(str(each).lower()) & set(".en") for each in (before, after))
    fits = not counts and (size <= RELATIVE or abs(old - new) <= NEAR_ZERO)
    return (0.0 if abs(old - new) <= NEAR_ZERO else size), fits, f"{what} ({size:.1g} of its size)"


def _number(text: str | None) -> float | None:
    try:
        value = float(re.sub(r"[,\s%]", "", text or "").replace("−", "-"))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _cut(text: str | None) -> str:
    return "nothing" if text is None else text if len(text) <= 60 else f"{text[:57]}..."


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        why = reason_of(error)
        raise IntegrityError(f"{path} can't be read ({why}): get the bundle again.") from error
