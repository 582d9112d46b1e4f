"""Describe on the report's start page whose pictures were used, and the result for each."""

import hashlib
from typing import Any

from onetomany.errors import InputError
from onetomany.faces import MATCHERS, Settings, embed
from onetomany.faces.accounts import account, remarks, require_pairs
from onetomany.faces.decoding import MEMORY, SECONDS, SIDES
from onetomany.sources.folders import MAX_BYTES
from onetomany.sources.images import chosen_images, image_sets, open_images

CHAPTERS = ("01", "02", "03")  # that measure whatever set is chosen

KOREAN = {
    "a template": "템플릿을 얻음",
    "not a picture": "사진이 아님",
    "a format that the kit does not read": "읽을 수 없는 형식",
    "an empty file": "빈 파일",
    f"larger than {MAX_BYTES // 1_000_000} MB": f"{MAX_BYTES // 1_000_000}MB를 넘음",
    "the file can't be opened": "파일을 열 수 없음",
    "a link or a device, not a file": "파일이 아니라 링크나 장치",
    "a name that is not valid UTF-8 (rename it)": "파일 이름이 UTF-8이 아님(이름을 바꿔야 함)",
    "in no person's folder": "누구의 폴더에도 들어 있지 않음",
    "its subject withdrew": "당사자가 동의를 철회함",
    "the same bytes as another picture of the subject": "같은 사람의 다른 사진과 똑같은 파일",
    "the same bytes under two subjects: a fault of the set":
        "두 사람에게 똑같은 파일(자료의 오류)",
    "no face found": "얼굴을 찾지 못함",
    f"no face found at {SIDES[-1]:,} pixels": f"{SIDES[-1]:,}픽셀로 줄인 사진에서 얼굴을 찾지 못함",
    "changed since the set was opened": "자료를 연 뒤에 바뀜",
    "unreadable image": "읽을 수 없는 사진",
    f"unreadable image: damaged, or decoding takes more than {MEMORY >> 20} MB":
        f"읽을 수 없는 사진: 손상되었거나 푸는 데 {MEMORY >> 20}MB가 넘게 듦",
    "unreadable image: cut off": "읽을 수 없는 사진: 뒷부분이 없음",
    "unreadable image: more than 100 megapixels": "읽을 수 없는 사진: 1억 화소가 넘음",
    f"unreadable image: decoding takes more than {MEMORY >> 20} MB":
        f"읽을 수 없는 사진: 푸는 데 {MEMORY >> 20}MB가 넘게 듦",
    f"unreadable image: decoding takes more than {SECONDS:.0f} s or {MEMORY >> 20} MB":
        f"읽을 수 없는 사진: 푸는 데 {SECONDS:.0f}초나 {MEMORY >> 20}MB가 넘게 듦",
}  # fmt: skip
_REMARKS = {
    "several faces": (
        "Pictures with several faces: the largest face was taken as the subject's.",
        "얼굴이 여럿인 사진: 가장 큰 얼굴을 당사자로 보았다.",
    ),
    "several pictures": (
        "Files with several pictures: the first was used.",
        "사진이 여러 장 들어 있는 파일: 첫 장을 썼다.",
    ),
    "shrunk": (
        "Pictures larger than a detector needs: the face was taken from a smaller version.",
        "필요한 것보다 큰 사진: 줄인 사진에서 얼굴을 찾았다.",
    ),
}


def own_set() -> str | None:
    """Return a digest of the user's own set that was chosen; None for a set of the kit.

    It is of the pictures' contents, so that a report names no folder.
    """
    if chosen_images() in image_sets():
        return None
    digests = open_images().files["sha256"].sort()
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def chapters_for(only: list[str] | None) -> list[str]:
    """Return which chapters run on a user's own set. Raises InputError for any other."""
    wrong = [number for number in only or () if number not in CHAPTERS]
    if wrong:
        raise InputError(
            f"Chapter {', '.join(wrong)} does not run on your own pictures: choose from "
            f"{', '.join(CHAPTERS)}."
        )
    return only or list(CHAPTERS)


def check_pairs() -> None:
    """Raise InputError where the chosen set has too few faces to compare."""
    images = open_images()
    require_pairs({name: embed(images, Settings(model=name)) for name in MATCHERS})


def record() -> dict[str, Any]:
    """Return whose pictures the chosen set has and the result for every file, as plain values.

    No name of a file or folder is in it.
    """
    images = open_images()
    templates = {name: embed(images, Settings(model=name)) for name in MATCHERS}
    sheet = images.datasheet
    told = remarks(templates)
    return {
        "title": sheet.title,
        "credit": sheet.credit,
        "licence": sheet.licence,
        "subjects": images.files["subject_id"].n_unique(),
        "files": images.account.height,
        "matchers": list(MATCHERS),
        "outcomes": [
            [outcome, KOREAN[outcome], *counts]
            for outcome, *counts in account(images, templates).iter_rows()
        ],
        "remarks": [
            [*_REMARKS[remark], *counts] for remark, *counts in told.iter_rows() if any(counts)
        ],
    }
