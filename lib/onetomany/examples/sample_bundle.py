"""Make a small bundle in seconds, and show its questions and the effect of changes in it."""

import json
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import polars as pl

from onetomany.evidence import bundle as sealed
from onetomany.evidence import keys
from onetomany.evidence.exhibit import build_payload
from onetomany.evidence.figures import NAMES
from onetomany.evidence.questions import load_questions
from onetomany.evidence.verify import verify
from onetomany.sources.kit_files import packaged_rows

SAMPLE = "99_a_sample.ipynb"
ANSWERS = {
    "number": pl.Int64,  # of the question, from 1
    "factor": pl.String,
    "factor_ko": pl.String,
    "question": pl.String,
    "question_ko": pl.String,
    "holds": pl.String,  # full, part, none
    "answer": pl.String,
    "answer_ko": pl.String,
    "part": pl.String,  # the folder or file of the bundle that answers; null if none does
    "files": pl.Int64,  # found there in this bundle
    "source": pl.String,
    "url": pl.String,
}
CHANGED = {
    "change": pl.String,
    "change_ko": pl.String,
    "file": pl.String,  # the changed file
    "faults": pl.Int64,  # the number that `verify` finds
    "named": pl.Boolean,  # whether one of them names the file
    "told": pl.String,  # the text of the first of these
}


def make_sample_bundle(folder: Path) -> Path:
    """Run the sample chapter, sign its exhibit with a new key, return the bundle in `folder`.

    Takes about half a minute. The private key is deleted afterwards. Raises OneToManyError if the
    chapter fails.
    """
    notebooks = folder / "notebooks"
    notebooks.mkdir(parents=True)
    sample = resources.files("onetomany.examples") / "data" / SAMPLE
    (notebooks / SAMPLE).write_bytes(sample.read_bytes())
    payload = build_payload(notebooks, folder / "payload")
    record = payload.record(
        operator="A reader of chapter 11",
        organisation="",
        licence="https://creativecommons.org/licenses/by/4.0/",
        command=["onetomany", "exhibit"],
    )
    keys.make_key(folder / "key.pem")
    key, out = folder / "key.pem", folder / "bundle"
    try:
        sealed.seal(payload.folder, out, record, key=key, created=datetime.now(UTC))
    finally:
        key.unlink()  # so that no one can sign with it again
    return out


def list_bundle_parts(bundle: Path) -> pl.DataFrame:
    """List the parts of a bundle: `part`, `files` (count), `what` (description), `what_ko`.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "bagit.txt").write_text("")
    ...     list_bundle_parts(Path(folder)).row(0)[:3]
    ('bagit.txt', 1, 'the mark of a whole bundle')
    """
    count: dict[str, int] = {}
    for path in sorted(each for each in bundle.rglob("*") if each.is_file()):
        part = _part(path.relative_to(bundle).as_posix())
        count[part] = count.get(part, 0) + 1
    told = packaged_rows(__package__, "bundle_parts.csv")
    parts = {row["part"]: (row["what"], row["what_ko"]) for row in told}
    rows = [(part, files, *parts.get(part, ("", ""))) for part, files in sorted(count.items())]
    schema = {"part": pl.String, "files": pl.Int64, "what": pl.String, "what_ko": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def list_bundle_items(bundle: Path) -> pl.DataFrame:
    """List the numbered items of a bundle's figures.json.

    Columns: `item`, `title`, `title_ko`, `sample` (N), `interval`, `data` (its files except the
    specification).

    >>> one = {"kind": "table", "number": "02-1", "title": "A", "title_ko": "가", "interval": ""}
    >>> one |= {"sample": "40 people", "files": ["tables/02-1.csv"]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Path(folder, "data").mkdir()
    ...     _ = Path(folder, "data/figures.json").write_text(json.dumps({"figures": [one]}))
    ...     list_bundle_items(Path(folder)).row(0)[::3]
    ('Table 02-1', '40 people')
    """
    listed = json.loads((bundle / "data" / "figures.json").read_text(encoding="utf-8"))["figures"]
    rows = [
        {
            "item": f"{NAMES[each['kind']][0]} {each['number']}",
            "title": each["title"],
            "title_ko": each["title_ko"],
            "sample": each["sample"],
            "interval": each["interval"],
            "data": " ".join(path for path in each["files"] if not path.endswith(".json")),
        }
        for each in listed
    ]
    return pl.DataFrame(rows)


def list_expert_questions(bundle: Path, jurisdiction: str = "") -> pl.DataFrame:
    """Return an opposing expert's questions with the files of this bundle that answer: ANSWERS.

    A row for each part that a question points to (data/questions.toml); one row if there is none.
    `jurisdiction`, of `questions.JURISDICTIONS`, gives the questions asked there instead.

    >>> with tempfile.TemporaryDirectory() as folder:  # in an empty folder nothing answers
    ...     list_expert_questions(Path(folder))["files"].sum()
    0
    """
    rows = []
    for number, asked in enumerate(load_questions(jurisdiction), 1):
        found: dict[str | None, int] = {}
        for pattern in asked.pop("parts") or [None]:
            part = _part(pattern) if pattern else None
            found[part] = found.get(part, 0) + (len(list(bundle.glob(pattern))) if pattern else 0)
        rows += [asked | {"number": number, "part": part, "files": n} for part, n in found.items()]
    return pl.DataFrame(rows, schema=ANSWERS)


def change_copies(bundle: Path) -> pl.DataFrame:
    """Make six changes, each in a copy of the bundle, and return `verify`'s findings: CHANGED."""
    table = min((bundle / "data" / "tables").glob("*.csv"))
    inside = table.relative_to(bundle).as_posix()
    other = next(bundle.glob("data/figures/*.csv")).relative_to(bundle).as_posix()
    added, manifest = "data/tables/added.csv", "manifest-sha256.txt"
    # each change, the file that is changed, and the act in the folder of a copy
    acts: list[tuple[str, str, str, Callable[[Path], object]]] = [
        ("one bit flipped", "비트 하나를 바꿈", inside, lambda root: _flip(root / inside)),
        ("a file dropped", "파일 하나를 뺌", inside, lambda root: (root / inside).unlink()),
        ("a file added", "파일 하나를 넣음", added,
         lambda root: (root / added).write_text("1", "utf-8")),
        ("a file renamed", "파일 이름을 바꿈", added,
         lambda root: (root / inside).rename(root / added)),
        ("two files swapped", "두 파일을 맞바꿈", other,
         lambda root: _swap(root / inside, root / other)),
        ("a manifest edited", "목록을 고침", manifest, lambda root: _edit(root / manifest)),
    ]  # fmt: skip
    rows = []
    for change, change_ko, file, act in acts:
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(shutil.copytree(bundle, Path(folder) / "copy"))
            act(copy)
            faults = verify(copy).filter(level="fault")
        about = faults.filter(pl.col("file") == file)
        told = about["what"].to_list() or faults["what"].to_list() or [""]
        rows.append((change, change_ko, file, faults.height, about.height > 0, told[0]))
    return pl.DataFrame(rows, schema=CHANGED, orient="row")


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _edit(path: Path) -> None:
    path.write_text(path.read_text("utf-8").replace("0", "1", 1), "utf-8")


def _swap(one: Path, other: Path) -> None:
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)


def _part(path: str) -> str:
    """Return 'data/figures' for 'data/figures/*', 'seal' for 'seal/x'; a top file is itself."""
    names = path.split("/")
    if names[0] == "data" and len(names) > 2:
        return "/".join(names[:2])
    if "manifest-" in names[0]:
        return "manifests"
    return names[0] if names[0] == "seal" else path
