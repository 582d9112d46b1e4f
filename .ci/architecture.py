"""Draw docs/architecture.svg from the imports in lib/onetomany, for generate.py.

A row is a room, a dot in it a room that it imports. Rooms are in the order of the plan's table, in
which each imports only rooms before it: so every dot lies below the diagonal; there is none above.
"""

from __future__ import annotations

import ast
import re
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIB = ROOT / "lib" / "onetomany"
TARGET = ROOT / "docs" / "architecture.svg"
# what is installed by which extra, and the colour of its rows
TRACKING = {"terminal", "tracking", "behaviour"}
CASEWORK = {"mentions", "cases", "documents", "formats", "claims", "requests"}
SHELL = {"cli", "report", "widgets", "workshop", "examples", "prose"}
FLOORS = {
    "core": ("#dcebf7", "core: pip install onetomany"),
    "tracking": ("#f7dede", "tracking: onetomany[tracking]"),
    "casework": ("#fbe8cf", "casework: onetomany[casework]"),
    "evidence": ("#e3f0dc", "evidence: onetomany[evidence]"),
    "shell": ("#ece4f4", "what a person touches"),
}
CELL, LEFT, TOP, TEXT = 22, 132, 128, 640


def rooms() -> dict[str, Path]:
    """Return the rooms: each package of the library, and `prose`, by name."""
    packages = {path.parent.name: path.parent for path in LIB.glob("*/__init__.py")}
    return packages | {"prose": LIB / "prose.py"}


def modules(place: Path) -> list[Path]:
    """Return the modules of a room."""
    return sorted(place.rglob("*.py")) if place.is_dir() else [place]


def imported(place: Path, names: set[str]) -> set[str]:
    """Return the rooms that a room's modules import, at any depth of their code."""
    found = set()
    for path in modules(place):
        package = ["onetomany", *path.relative_to(LIB).parts[:-1]]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                base = package[: len(package) - node.level + 1] if node.level else []
                full = [*base, *(node.module or "").split(".")]
                found |= {
                    part
                    for alias in node.names
                    for part in [*full, alias.name, ""][1:2]
                    if full[0] == "onetomany"
                }
    return (found & names) - {place.stem}


def purpose(place: Path) -> str:
    """Return the first line of a room's docstring."""
    text = (place / "__init__.py" if place.is_dir() else place).read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]


def floor(name: str) -> str:
    """Return the floor of a room."""
    own = {"shell": SHELL, "casework": CASEWORK, "tracking": TRACKING, "evidence": {"evidence"}}
    return next((each for each, names in own.items() if name in names), "core")


def ordered() -> list[str]:
    """Return the rooms in the order of the plan's table; tests/test_docs.py checks that order."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    return re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)


def drawn() -> str:
    """Return the picture as SVG."""
    places = rooms()
    graph = {name: imported(place, set(places)) for name, place in places.items()}
    order = ordered()
    side = CELL * len(order)
    wide, high = LEFT + side + TEXT, TOP + side + 44
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" role="img" '
        'font-family="system-ui, sans-serif" font-size="13">',
        "<title>The rooms of onetomany and what each imports</title>",
        f'<rect width="{wide}" height="{high}" fill="#fff"/>',
    ]
    for row, name in enumerate(order):
        y = TOP + row * CELL
        x = LEFT + row * CELL
        parts += [
            f'<rect x="0" y="{y}" width="{wide}" height="{CELL}" fill="{FLOORS[floor(name)][0]}"/>',
            f'<text x="{LEFT - 8}" y="{y + 15}" text-anchor="end">{name}</text>',
            f'<text x="{LEFT + side + 12}" y="{y + 15}">{escape(purpose(places[name]))}</text>',
            f'<text transform="translate({x + 15} {TOP - 8}) rotate(-60)">{name}</text>',
            f'<rect x="{x}" y="{y}" width="{CELL}" height="{CELL}" fill="#5a6b7b"/>',
        ]
        parts += [
            f'<circle cx="{LEFT + order.index(other) * CELL + CELL / 2}" cy="{y + CELL / 2}" r="5">'
            f"<title>{name} imports {other}</title></circle>"
            for other in sorted(graph[name])
        ]
    x = 12
    for colour, words in FLOORS.values():
        parts.append(f'<rect x="{x}" y="{high - 30}" width="16" height="16" fill="{colour}"/>')
        parts.append(f'<text x="{x + 22}" y="{high - 17}">{words}</text>')
        x += 42 + 7 * len(words)
    return "\n".join([*parts, "</svg>", ""])
