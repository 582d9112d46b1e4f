"""Count what makes the house hard to hold in the head: lines, long functions, names, idioms.

`python -m benchmarks.house` prints one count per question; `--list` adds the places, and
`--only documents/hwp README` counts idioms in the paths that contain one of these words.
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import re
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIB = ROOT / "lib" / "onetomany"

# the idioms that the house style replaces, and how often model projects use them in 10,000 words
IDIOMS = {
    # a question ("what is wrong?") is not the idiom; a relative clause is
    'relative "what"': (r"\bwhat\b(?![^.\n]*\?)", 3.0),
    '"where" for "if"': (
        r"\bwhere (?:it|there|they|one|no|none|nothing|nobody|this|that|some|any|a|an) \w+", 2.0),
    "hold": (r"\b(?:hold|holds|held|holding)\b", 2.0),
    "stand": (r"\b(?:stand|stands|stood|standing)\b", 0.5),
    "told": (r"\btold\b", 1.0),
    "anew": (r"\banew\b", 1.0),
}  # fmt: skip
WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")


def modules() -> list[Path]:
    """Return every module of the library."""
    return sorted(path for path in LIB.rglob("*.py") if "__pycache__" not in path.parts)


def room(path: Path) -> str:
    """Return the room a module belongs to."""
    return path.relative_to(LIB).parts[0].removesuffix(".py")


def lines_by_room() -> dict[str, tuple[int, int]]:
    """Return lines and modules of each room."""
    found: dict[str, tuple[int, int]] = {}
    for path in modules():
        lines, files = found.get(room(path), (0, 0))
        found[room(path)] = (lines + len(path.read_text("utf-8").splitlines()), files + 1)
    return found


def public_names(path: Path) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Return the functions and classes a module defines for others."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    body = ast.parse(path.read_text("utf-8")).body
    return {n.name: n for n in body if isinstance(n, kinds) and not n.name.startswith("_")}


def long_functions(most: int = 40) -> dict[str, int]:
    """Return the functions of more than `most` lines, their docstring aside, with their lines."""
    result = {}
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if ast.get_docstring(node):
                    lines -= (node.body[0].end_lineno or 0) - node.body[0].lineno + 1
                if lines > most:
                    result[f"{path.relative_to(LIB)}:{node.name}"] = lines
    return result


def homonyms() -> dict[str, list[str]]:
    """Return the public names that more than one module defines, programs' `main` aside."""
    places = defaultdict(list)
    for path in modules():
        for name in public_names(path).keys() - {"main"}:
            places[name].append(str(path.relative_to(LIB)))
    return {name: where for name, where in sorted(places.items()) if len(where) > 1}


def module_homonyms() -> dict[str, list[str]]:
    """Return the module names that occur in more than one room.

    `charts`, `widgets` and `cli` don't count: a module there is named after the one it shows.
    """
    places = defaultdict(list)
    for path in modules():
        if path.name != "__init__.py" and room(path) not in {"charts", "widgets", "cli"}:
            places[path.stem].append(str(path.relative_to(LIB)))
    return {name: where for name, where in sorted(places.items()) if len(where) > 1}


def _identifiers(source: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_]\w+", source))


def _code(path: Path) -> str:
    if path.suffix != ".ipynb":
        return path.read_text("utf-8")
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def unreached() -> dict[str, int]:
    """Return public names used in no other module, chapter or benchmark, with their lines.

    A module's own use of a function doesn't count: its name could begin with an underscore. A
    class counts as used if the module itself names it, since others receive its instances. Names
    are compared as words, so a homonym elsewhere hides an unused name.
    """
    chapters = sorted((ROOT / "notebooks").glob("*.ipynb"))
    benchmarks = sorted((ROOT / "benchmarks").glob("*.py"))
    words = {path: _identifiers(_code(path)) for path in [*modules(), *chapters, *benchmarks]}
    count: Counter[str] = Counter()
    for found in words.values():
        count.update(found)
    result = {}
    for path in modules():
        source = path.read_text("utf-8")
        for name, node in public_names(path).items():
            received = (
                isinstance(node, ast.ClassDef) and len(re.findall(rf"\b{name}\b", source)) > 1
            )
            if count[name] <= 1 and not received:
                size = (node.end_lineno or node.lineno) - node.lineno + 1
                result[f"{path.relative_to(LIB)}:{name}"] = size
    return result


def _prose(path: Path) -> Iterator[tuple[str, str]]:
    if path.suffix == ".md":
        text = re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.DOTALL)
        yield "docs", re.sub(r"`[^`]*`", "", text)
        return
    source = path.read_text("utf-8")
    tree = ast.parse(source)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = set()
    for node in ast.walk(tree):
        if isinstance(node, documented) and (text := ast.get_docstring(node)):
            docstrings.add(id(node.body[0].value))  # type: ignore[attr-defined]
            yield "docstrings", text
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            # a message is a text of several words; identifiers and SQL are none
            prose = id(node) not in docstrings and len(WORD.findall(node.value)) > 3
            if prose and "SELECT" not in node.value:
                yield "messages", node.value
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield "comments", token.string


def idioms(only: list[str] | None = None, listed: bool = False) -> dict[str, tuple[int, float]]:
    """Return how often each idiom occurs, and how often in 10,000 words."""
    documents = [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *sorted((ROOT / "docs").glob("*.md")),
    ]
    paths = [path for path in [*modules(), *documents] if ".ko." not in path.name]
    if only:
        paths = [path for path in paths if any(word in str(path) for word in only)]
    texts = []
    for path in paths:
        for kind, text in _prose(path):
            texts.append(text)
            for name, (pattern, _) in IDIOMS.items() if listed else ():
                for hit in re.finditer(pattern, text, re.IGNORECASE):
                    context = " ".join(text[max(0, hit.start() - 40) : hit.end() + 40].split())
                    print(f"  {path.relative_to(ROOT)} ({kind}) {name}: … {context} …")
    words = sum(len(WORD.findall(text)) for text in texts)
    result = {}
    for name, (pattern, _) in IDIOMS.items():
        found = sum(len(re.findall(pattern, text, re.IGNORECASE)) for text in texts)
        result[name] = (found, 10_000 * found / words)
    return result


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", action="store_true", help="print each place")
    parser.add_argument("--only", nargs="+", help="count idioms in these paths, and list them")
    arguments = parser.parse_args()
    if arguments.only:
        _print_idioms(idioms(arguments.only, listed=True))
        return
    by_room = lines_by_room()
    print(f"lines of lib/: {sum(lines for lines, _ in by_room.values()):,}")
    for name, (lines, files) in sorted(by_room.items(), key=lambda item: -item[1][0]):
        print(f"  {lines:7,} in {files:3} modules  {name}")
    unused = unreached()
    counts: list[tuple[str, Mapping[str, object]]] = [
        ("functions of more than 40 lines, docstrings aside", long_functions()),
        ("public names defined in more than one module", homonyms()),
        ("module names in more than one room", module_homonyms()),
        ("public names used in no other module, chapter or benchmark", unused),
    ]
    for title, places in counts:
        print(f"{title}: {len(places)}")
        for name, where in places.items() if arguments.list else ():
            print(f"  {name}: {', '.join(where) if isinstance(where, list) else where}")
    print(f"  lines of those unused names: {sum(unused.values()):,}")
    _print_idioms(idioms())


def _print_idioms(counts: dict[str, tuple[int, float]]) -> None:
    print("idioms in docstrings, comments, messages and docs, per 10,000 words (model projects)")
    for name, (found, rate) in counts.items():
        print(f"  {name}: {found} ({rate:.1f}; {IDIOMS[name][1]:g})")


if __name__ == "__main__":
    main()
