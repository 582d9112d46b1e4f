"""WACZ: a ZIP of web archives with an index, a list of pages, and hashes of all of it.

The archives in it become member documents, read as WARC. The sizes and hashes in
datapackage.json are checked; a signature is reported and not checked.
"""

import json
from typing import Any

from .archive import unsafe_name
from .parts import Parts
from .reading import Damaged, Page, Reading, Refused
from .web_payload import digest_agrees

PACKAGE, DIGEST = "datapackage.json", "datapackage-digest.json"
_WARCS = (".warc", ".warc.gz")


def read_wacz(content: bytes, reading: Reading) -> None:
    """Read a WACZ file. Raises Refused if no archive in it can be read."""
    parts = Parts(content, reading.limits)
    package = _json(parts, PACKAGE, reading)
    _describe(package, reading)
    hashes = _check_package(parts, reading)
    listed = _resources(package)
    kept = 0
    page = reading.page()
    for name in parts.names:
        if parts.infos[name].is_dir():
            continue
        if why := unsafe_name(name, parts.infos[name].external_attr >> 16):
            reading.note("refused", f"{name!r} in the archive was not read: {why}.")
            continue
        try:
            inner = parts.read(name)
        except (Damaged, Refused) as fault:
            reading.note("unread", f"{name!r} in the archive: {fault}")
            continue
        hashes += _check_resource(name, inner, listed.pop(name, None), reading)
        if name.startswith("archive/") and name.lower().endswith(_WARCS):
            reading.member(name, inner)
            kept += 1
        elif name.startswith("pages/") and name.endswith(".jsonl"):
            _add_pages(inner, page, reading)
    for name in sorted(listed):
        reading.note("digest", f"{PACKAGE} names {name!r}, which is not in the file.")
    if hashes:
        reading.metadata["hashes that agree"] = str(hashes)
    if not kept:
        raise Refused("The file has no web archive (archive/*.warc.gz) that can be read.")


def _json(parts: Parts, name: str, reading: Reading) -> dict[str, Any]:
    if name not in parts:
        reading.note("digest", f"The file lacks {name}, so the files in it can't be checked.")
        return {}
    try:
        found = json.loads(parts.read(name))
    except (Damaged, ValueError, RecursionError) as fault:
        reading.note("unread", f"{name} can't be read: {str(fault)[:200]}.")
        return {}
    return found if isinstance(found, dict) else {}


def _describe(package: dict[str, Any], reading: Reading) -> None:
    facts = ("title", "created", "modified")
    for name in (*facts, "software", "wacz_version", "mainPageUrl", "mainPageDate", "description"):
        if isinstance(value := package.get(name), str):
            (reading.facts if name in facts else reading.metadata)[name] = value[:1000]


def _resources(package: dict[str, Any]) -> dict[str, dict[str, Any]]:
    listed = package.get("resources")
    entries = listed if isinstance(listed, list) else []
    return {each["path"]: each for each in entries
            if isinstance(each, dict) and isinstance(each.get("path"), str)}  # fmt: skip


def _check_resource(
    name: str, content: bytes, said: dict[str, Any] | None, reading: Reading
) -> int:
    """Compare a file with the package's entry; return 1 if its hash agrees."""
    if said is None:
        if name not in (PACKAGE, DIGEST):
            reading.note("digest", f"{PACKAGE} does not name {name!r}: so nothing confirms it.")
        return 0
    stated = said.get("bytes")
    if isinstance(stated, int) and stated != len(content):
        reading.note("digest", f"{name!r} has {len(content):,} bytes, {PACKAGE} says {stated:,}.")
    agrees = digest_agrees(str(said.get("hash")), content)
    if agrees is None:
        reading.note("digest", f"{PACKAGE} gives no hash of {name!r} that can be recalculated.")
    elif not agrees:
        reading.note("digest", f"{name!r} is not what {PACKAGE} says: its hash differs.")
    return int(bool(agrees))


def _check_package(parts: Parts, reading: Reading) -> int:
    """Check the hash of datapackage.json itself, and say whether it is signed."""
    if DIGEST not in parts:
        return 0
    digest = _json(parts, DIGEST, reading)
    try:
        agrees = digest_agrees(str(digest.get("hash")), parts.read(PACKAGE))
    except (KeyError, Damaged):
        agrees = None
    if not agrees:
        reading.note("digest", f"{DIGEST} does not agree with {PACKAGE}: one of them was changed.")
    signed = digest.get("signedData")
    if isinstance(signed, dict):
        by = signed.get("domain") or signed.get("software") or "an unnamed key"
        reading.metadata["signed by, as it says"] = str(by)[:200]
        told = f"{DIGEST} has a signature ({str(by)[:200]}), which the kit does not check."
        reading.note("signature", told)
    return int(bool(agrees))


def _add_pages(content: bytes, page: Page, reading: Reading) -> None:
    """List the pages that the tool names: date, address, title."""
    broken = 0
    for line in content.splitlines():
        reading.check_time()
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            broken += bool(line.strip())
            continue
        if isinstance(said, dict) and said.get("url"):
            parts = (said.get("ts"), said["url"], said.get("title"))
            page.add(" ".join(str(part)[:2000] for part in parts if part), "row")
    if broken:
        reading.note("unread", f"{broken:,} lines of its list of pages can't be read.")
