"""A small bundle made in seconds, to learn on: who asks what of it, what a change in it does."""

from __future__ import annotations

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
    "part": pl.String,  # the folder or file of the bundle that answers; null where none does
    "files": pl.Int64,  # found there in this bundle
    "source": pl.String,
    "url": pl.String,
}
PARTS = {
    "README.txt": ("how to check it", "확인하는 법"),
    "bag-info.txt": ("who, when, which key", "누가, 언제, 어느 열쇠"),
    "bagit.txt": ("the mark of a whole bundle", "온전한 묶음이라는 표시"),
    "data/custody.jsonl": (
        "who did what when, each line hashing the last",
        "누가 언제 무엇을 했는지",
    ),
    "data/datasheets": ("whose data, with which consent", "누구의 자료이며 어떤 동의인지"),
    "data/environment": ("machine, packages, lock file", "기계, 꾸러미, 잠금 파일"),
    "data/exhibits": ("the exhibit as PDF and HTML", "PDF와 HTML로 된 증거"),
    "data/figures": ("charts: picture, specification, data", "그림: 그림 파일, 명세, 자료"),
    "data/figures.json": ("every item with its hashes", "항목 전부와 해시"),
    "data/log": ("the log of the run", "실행 기록"),
    "data/methods": ("the methods statement", "방법 설명서"),
    "data/notebooks": ("the notebooks as run", "실행된 노트북"),
    "data/ro-crate-metadata.json": ("what each file is, for machines", "파일마다의 설명(기계용)"),
    "data/run.json": ("the record of the run", "실행의 기록"),
    "data/sources.csv": ("every source that is cited", "인용한 출처 전부"),
    "data/statements": ("computed sentences", "계산한 문장"),
    "data/tables": ("tables as CSV and Parquet", "CSV와 Parquet로 된 표"),
    "data/validation": ("what the tests showed, and what not", "시험이 보인 것과 보이지 못한 것"),
    "data/workflow.json": ("what was run in which order", "무엇을 어떤 차례로 실행했는지"),
    "manifests": ("a hash of every file", "파일마다의 해시"),
    "seal": (
        "signature, key, time-stamp request, certificate draft",
        "서명, 열쇠, 타임스탬프 요청, 확인서 초안",
    ),
}
CHANGED = {
    "change": pl.String,
    "change_ko": pl.String,
    "file": pl.String,  # that was changed
    "faults": pl.Int64,  # that `verify` finds
    "named": pl.Boolean,  # whether one of them names the file
    "told": pl.String,  # what the first of these says
}


def make(folder: Path) -> Path:
    """Run the sample chapter, sign its exhibit with a new key, return the bundle in `folder`."""
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
        key.unlink()  # nobody can sign with it again
    return out


def parts(bundle: Path) -> pl.DataFrame:
    """The parts of a bundle: `part`, `files` (how many), `what` it is and `what_ko`."""
    count: dict[str, int] = {}
    for path in sorted(each for each in bundle.rglob("*") if each.is_file()):
        part = _part(path.relative_to(bundle).as_posix())
        count[part] = count.get(part, 0) + 1
    rows = [(part, files, *PARTS.get(part, ("", ""))) for part, files in sorted(count.items())]
    schema = {"part": pl.String, "files": pl.Int64, "what": pl.String, "what_ko": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def items(bundle: Path) -> pl.DataFrame:
    """The numbered items of a bundle's figures.json: `item`, `title`, `title_ko`, `sample` (N),
    `interval`, `data` (its files but the specification).
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


def answers(bundle: Path, jurisdiction: str = "") -> pl.DataFrame:
    """Return what an opposing expert asks, and where in this bundle the answer lies: ANSWERS.

    A row for each part that a question points to (data/questions.toml); one row where none does.
    `jurisdiction`, of `questions.JURISDICTIONS`, gives what is asked there instead.
    """
    rows = []
    for number, asked in enumerate(load_questions(jurisdiction), 1):
        found: dict[str | None, int] = {}
        for pattern in asked.pop("parts") or [None]:
            part = _part(pattern) if pattern else None
            found[part] = found.get(part, 0) + (len(list(bundle.glob(pattern))) if pattern else 0)
        rows += [asked | {"number": number, "part": part, "files": n} for part, n in found.items()]
    return pl.DataFrame(rows, schema=ANSWERS)


def changed(bundle: Path) -> pl.DataFrame:
    """Six changes, each made in a copy of the bundle, and what `verify` says: schema CHANGED."""
    table = min((bundle / "data" / "tables").glob("*.csv"))
    inside = table.relative_to(bundle).as_posix()
    other = next(bundle.glob("data/figures/*.csv")).relative_to(bundle).as_posix()

    def flip(root: Path) -> None:
        content = bytearray((root / inside).read_bytes())
        content[len(content) // 2] ^= 1
        (root / inside).write_bytes(content)

    def edit(root: Path) -> None:
        path = root / "manifest-sha256.txt"
        path.write_text(path.read_text("utf-8").replace("0", "1", 1), "utf-8")

    def swap(root: Path) -> None:
        one, two = (root / inside).read_bytes(), (root / other).read_bytes()
        (root / inside).write_bytes(two)
        (root / other).write_bytes(one)

    added = "data/tables/added.csv"
    acts: list[tuple[str, str, str, Callable[[Path], object]]] = [
        ("one bit flipped", "비트 하나를 바꿈", inside, flip),
        ("a file dropped", "파일 하나를 뺌", inside, lambda root: (root / inside).unlink()),
        (
            "a file added",
            "파일 하나를 넣음",
            added,
            lambda root: (root / added).write_text("1", "utf-8"),
        ),
        (
            "a file renamed",
            "파일 이름을 바꿈",
            added,
            lambda root: (root / inside).rename(root / added),
        ),
        ("two files swapped", "두 파일을 맞바꿈", other, swap),
        ("a manifest edited", "목록을 고침", "manifest-sha256.txt", edit),
    ]
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


def _part(path: str) -> str:
    """'data/figures/*' -> 'data/figures', 'seal/x' -> 'seal'; a file above folders is itself."""
    names = path.split("/")
    if names[0] == "data" and len(names) > 2:
        return "/".join(names[:2])
    if "manifest-" in names[0]:
        return "manifests"
    return names[0] if names[0] == "seal" else path
