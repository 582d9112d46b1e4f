"""Draft certificates from the run's record, for a person to complete and sign.

The facts that the machine knows are filled in. Statements that only a person can make (who they
are, their acts, that the process is accurate) are blanks. The texts, and the sources that were
read for them, are in data/certificates: general.toml, and a file for each jurisdiction.
"""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from onetomany.sources.kit_files import packaged_toml
from . import questions, typesetting, validation
from .record import RunRecord
from .sbom import machine_facts
from .typesetting import Part

BLANK = "_" * 24
_STATED = ("identifier", "title", "title_ko", "operator", "version")  # as the record has them


def write_certificates(
    folder: Path,
    record: RunRecord,
    created: datetime,
    sha256: str,
    key: str,
    *,
    jurisdictions: Sequence[str] = (),
) -> None:
    """Write certificate.md and .pdf into `folder`, and certificate-X.md and .pdf for each X.

    `folder` is the bundle's seal/; `sha256` is that of tagmanifest-sha256.txt, `key` the
    fingerprint of the signing key; `jurisdictions` are of `questions.JURISDICTIONS`.
    """
    facts = _facts(record, created, sha256, key) | _tested(folder.parent / "data", record.commit)
    general = packaged_toml(__package__, "certificates/general.toml")
    for jurisdiction in ("", *jurisdictions):
        name = f"certificates/{jurisdiction}.toml"
        texts = packaged_toml(__package__, name) if jurisdiction else general
        sections = _sections(general, texts) if jurisdiction else general["section"]
        parts = list(_parts(sections, facts))
        if jurisdiction:
            parts += _questions(jurisdiction, folder.parent)
            parts += _sources(texts["source"])
        lede = [{name: text.format_map(facts) for name, text in each.items()}
                for each in texts["lede"]]  # fmt: skip
        stem = f"certificate-{jurisdiction}" if jurisdiction else "certificate"
        document = typesetting.Document(texts["title"], texts["title_ko"], lede, parts)
        document.write(folder / stem, record.identifier, created.date())


def _sections(general: Mapping[str, Any], texts: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the draft's own sections between those that every draft shares."""
    before, after = (
        [each for each in general["section"] if each.get("shared") == place]
        for place in ("before", "after")
    )
    return [*before, *texts["section"], *after]


def _parts(sections: Sequence[Mapping[str, Any]], facts: Mapping[str, str]) -> Iterator[Part]:
    for section in sections:
        yield typesetting.heading(1, section["en"], section["ko"])
        items = [(en.format_map(facts), ko.format_map(facts)) for en, ko in section["points"]]
        yield typesetting.points(*items)


def _questions(jurisdiction: str, bundle: Path) -> Iterator[Part]:
    yield typesetting.heading(
        1, "Questions to expect, and where to find the answer", "나올 질문과 답이 있는 곳"
    )
    items = []
    for asked in questions.load_questions(jurisdiction):
        places = ", ".join(asked["parts"])
        lacking = [
            pattern
            for pattern in asked["parts"]
            if pattern.startswith("data/") and not any(bundle.glob(pattern))
        ]
        en = f"Where: {places}." if places else "Where: no file."
        ko = f"있는 곳: {places}." if places else "있는 곳: 파일로는 없음."
        if lacking:
            en += f" Not in this bundle: {', '.join(lacking)}."
            ko += f" 이 묶음에 없음: {', '.join(lacking)}."
        items.append(
            (
                f"{asked['factor']}. {asked['question']} {asked['answer']} {en}",
                f"{asked['factor_ko']}. {asked['question_ko']} {asked['answer_ko']} {ko}",
            )
        )
    yield typesetting.points(*items)


def _sources(sources: Sequence[Mapping[str, str]]) -> Iterator[Part]:
    yield typesetting.heading(1, "Sources of this draft", "이 초안의 출처")
    yield typesetting.fixed_pair("sources")
    yield typesetting.points(
        *(
            (
                f"{each['title']}. {each['url']}",
                f"읽음: {each['read']}" if each["read"] else "읽지 않음 (not read)",
            )
            for each in sources
        )
    )


def _tested(data: Path, commit: str) -> dict[str, str]:
    """Return the outcome of the bundle's own test results, in both languages."""
    file = data / validation.FOLDER / validation.RESULTS
    results = validation.read_results(file) if file.is_file() else None
    en, ko = validation.first_line(results, commit)
    return {"validation": en, "validation_ko": ko}


def _facts(record: RunRecord, created: datetime, sha256: str, key: str) -> dict[str, str]:
    host = machine_facts()
    return {
        "blank": BLANK,
        **{name: getattr(record, name) for name in _STATED},
        "organisation": record.organisation or "–",
        "commit": record.commit or "–",
        "command": shlex.join(record.command),
        "chapters": ", ".join(record.chapters),
        "started": record.started.isoformat(),
        "ended": record.ended.isoformat(),
        "created": created.isoformat(),
        "sha256": sha256,
        "key": key,
        "python": host["python"],
        "system": f"{host['distribution'] or host['system']} {host['machine']}",
        "processor": host["processor"] or host["machine"],
    }
