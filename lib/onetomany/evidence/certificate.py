"""The draft of a certificate, filled from the run's record; a person completes and signs it.

What a machine knows is filled in. What only a person can say (who they are, what they did, that
the process is accurate) is a blank. The texts and what they rest on are in data/certificate.toml.
"""

from __future__ import annotations

import shlex
import tomllib
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

from onetomany.evidence import typesetting
from onetomany.evidence.record import RunRecord
from onetomany.evidence.sbom import machine

BLANK = "_" * 24
NAMES = ("certificate.md", "certificate.pdf")


def write(folder: Path, record: RunRecord, created: datetime, sha256: str, key: str) -> None:
    """Write certificate.md and certificate.pdf into `folder`.

    `sha256` is that of tagmanifest-sha256.txt, `key` the fingerprint of the key that signed it.
    """
    texts = tomllib.loads(
        (resources.files("onetomany.evidence") / "data" / "certificate.toml").read_text("utf-8")
    )
    facts = _facts(record, created, sha256, key)
    lede = [{name: text.format_map(facts) for name, text in each.items()} for each in texts["lede"]]
    parts: list[dict[str, Any]] = []
    for section in texts["section"]:
        parts.append(typesetting.heading(1, section["en"], section["ko"]))
        items = [(en.format_map(facts), ko.format_map(facts)) for en, ko in section["points"]]
        parts.append(typesetting.points(*items))
    about = {"title": texts["title"], "title_ko": texts["title_ko"]}
    text = typesetting.markdown(**about, lede=lede, parts=parts)
    (folder / NAMES[0]).write_text(text, encoding="utf-8")
    set_pdf = typesetting.pdf(
        **about, lede=lede, parts=parts, foot=record.identifier, day=created.date()
    )
    (folder / NAMES[1]).write_bytes(set_pdf)


def _facts(record: RunRecord, created: datetime, sha256: str, key: str) -> dict[str, str]:
    host = machine()
    return {
        "blank": BLANK,
        "identifier": record.identifier,
        "title": record.title,
        "title_ko": record.title_ko,
        "operator": record.operator,
        "organisation": record.organisation or "–",
        "version": record.version,
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
