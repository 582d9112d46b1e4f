"""Write the files that repeat what stands elsewhere; with `--check`, name those out of date.

They are stored because others read them where they are: a repository's pages, an editor, mypy.

    lib/onetomany/**/__init__.pyi   the names that a package offers, for editors and type checkers
    docs/architecture.svg           the rooms and their imports
    docs/glossary.md                its table, from lib/onetomany/report/data/glossary.csv
    notebooks/start.md              the chapters, from their first cells
"""

from __future__ import annotations

import csv
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[1]
LIB = ROOT / "lib" / "onetomany"
GLOSSARY = ROOT / "docs" / "glossary.md"
NOTES = {"": "", "*": " \\*", "†": " †"}
STUB = '"""What this package offers; `make generate` writes it from __init__.py."""\n\n'
sys.path.insert(0, str(Path(__file__).parent))


def stub(package: ModuleType, offered: dict[str, tuple[str, ...]], modules: tuple[str, ...]) -> str:
    """Return a package's names as the imports that mypy reads."""
    from onetomany.lazy import places_of

    names = sorted({*modules, *(name for _, _, name in places_of(offered))})
    lines = [f"from . import {module}" for module in sorted(modules)]
    lines += [f"from .{place} import {', '.join(offered[place])}" for place in sorted(offered)]
    if package.__name__ == "onetomany":
        lines += ["", "__version__: str", "DOOR: dict[str, tuple[str, ...]]"]
        lines += ["ROOMS: tuple[str, ...]"]
    # without this list a checker takes "from .finding import find_pages as search" for private
    lines += ["", "__all__ = [", *(f'    "{name}",' for name in names), "]"]
    return STUB + "\n".join([*lines, ""])


def stubs() -> dict[Path, str]:
    """Return the stub of the door, and of each room that offers names by `lazy.offer`."""
    import onetomany

    found = {LIB / "__init__.pyi": stub(onetomany, onetomany.DOOR, onetomany.ROOMS)}
    for room in onetomany.ROOMS:
        package = import_module(f"onetomany.{room}")
        offered, modules = (vars(package).get(each) for each in ("_OFFERED", "_MODULES"))
        if offered or modules:
            found[LIB / room / "__init__.pyi"] = stub(package, offered or {}, modules or ())
    return found


def glossary() -> str:
    """Return docs/glossary.md with the terms of the table, sorted by their English word."""
    with (LIB / "report" / "data" / "glossary.csv").open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["term"].casefold())
    table = [
        f"| {row['term']} | {row['korean']}{NOTES[row['note']]} "
        f"| {row['meaning_en']} | {row['meaning_ko']} | {row['source']} |"
        for row in rows
    ]
    lines = GLOSSARY.read_text(encoding="utf-8").splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("|---")) + 1
    after = (n for n, line in enumerate(lines[first:], first) if not line.startswith("| "))
    rest = lines[next(after, len(lines)) :]
    return "\n".join([*lines[:first], *table, *rest, ""])


def files() -> dict[Path, str]:
    """Return each file with the content that it should have."""
    import architecture

    from onetomany.workshop import start_page

    notebooks = ROOT / "notebooks"
    return {
        **stubs(),
        architecture.TARGET: architecture.drawn(),
        GLOSSARY: glossary(),
        notebooks / "start.md": start_page(notebooks),
    }


def stale() -> dict[Path, str]:
    """Return the files that differ from what they repeat, with their new content."""
    return {
        path: text
        for path, text in files().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    }


def main() -> int:
    found = stale()
    if "--check" in sys.argv:
        for path in found:
            print(f"{path.relative_to(ROOT)} is out of date: run 'make generate'")
        return int(bool(found))
    for path, text in found.items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
