"""BagIt manifests read line by line (RFC 8493), and compared with the files there are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from onetomany.evidence.contents import Hashed

_LENGTH = {"sha256": 64, "sha512": 128}


@dataclass(frozen=True)
class Finding:
    """What is wrong: `file` (path in the bundle), `line` in it (None: the whole), what to do."""

    file: str
    line: int | None
    what: str
    todo: str
    level: str = "fault"


@dataclass
class Manifest:
    """A manifest: path -> (hash, line number)."""

    name: str
    algorithm: str
    entries: dict[str, tuple[str, int]] = field(default_factory=dict)


def read_manifest(name: str, content: bytes, *, payload: bool) -> tuple[Manifest, list[Finding]]:
    """A manifest and what is wrong with its lines. The name says which algorithm is meant."""
    algorithm = name.removesuffix(".txt").rsplit("-", 1)[-1]
    manifest, found = Manifest(name, algorithm), []
    line_form = re.compile(rf"([0-9a-f]{{{_LENGTH[algorithm]}}}) [ *]?(\S.*)")
    for number, raw in enumerate(content.split(b"\n")[:-1], 1):
        why, path = None, ""
        try:
            match = line_form.fullmatch(raw.decode())
        except UnicodeDecodeError:
            match = None
        if match is None:
            why = "this line is not a hash and a path"
        else:
            path = match[2]
            why = _bad_path(path, payload)
            if path in manifest.entries:
                why = f"{path} is listed twice"
        if why or match is None:
            found.append(Finding(name, number, str(why), _EDITED))
        else:
            manifest.entries[path] = (match[1], number)
    if content and not content.endswith(b"\n"):
        found.append(Finding(name, content.count(b"\n") + 1, "the last line is cut off", _EDITED))
    return manifest, found


def compare(manifests: list[Manifest], files: Mapping[str, Hashed]) -> list[Finding]:
    """Both ways: what is listed and missing or changed, what is there and not listed.

    A hash that only one of the manifests contradicts is that manifest's line; one that all
    contradict is the file's. Files that were renamed or swapped are told as such, by their hashes.
    """
    first = manifests[0]
    listed = {path for manifest in manifests for path in manifest.entries}
    owner = _unique({path: entry[0] for path, entry in first.entries.items()})
    there = _unique({path: each.hashes[first.algorithm] for path, each in files.items()})
    missing, extra = sorted(listed - set(files)), sorted(set(files) - listed)
    found = []
    renamed = {}
    for path in missing:
        hashed, line = first.entries.get(path, ("", None))
        new = there.get(hashed)
        if new in extra:
            renamed[new] = path
            found.append(
                Finding(new, line, f"renamed from {path}", f"give it its name back: {path}")
            )
        else:
            place = line or next(m.entries[path][1] for m in manifests if path in m.entries)
            found.append(Finding(path, place, f"missing: {_names(manifests, path)} it", _RESTORE))
    found += [
        Finding(path, None, "extra: no manifest lists it", "take it out, or ask who put it there")
        for path in extra
        if path not in renamed
    ]
    for path in sorted(listed & set(files)):
        found += _same(path, manifests, files[path], owner, set(files))
    return found


def _same(
    path: str, manifests: list[Manifest], there: Hashed, owner: Mapping[str, str], files: set[str]
) -> list[Finding]:
    """What the manifests say against one file that is there."""
    silent = [each for each in manifests if path not in each.entries]
    found = [
        Finding(each.name, None, f"it does not list {path}, which other manifests do", _EDITED)
        for each in silent
    ]
    against = [
        each
        for each in manifests
        if path in each.entries and each.entries[path][0] != there.hashes[each.algorithm]
    ]
    speaking = len(manifests) - len(silent)
    if against and len(against) == speaking:
        line = against[0].entries[path][1]
        other = owner.get(there.hashes[manifests[0].algorithm])
        if other and other != path:
            what = f"holds what {other} held" + (
                ": swapped or copied over" if other in files else ""
            )
        else:
            what = "changed: its hash is not the one that was sealed"
        found.append(Finding(path, line, what, _RESTORE))
    else:
        found += [
            Finding(
                each.name,
                each.entries[path][1],
                f"the hash of {path} in this line was changed: another manifest and the file agree",
                _EDITED,
            )
            for each in against
        ]
    return found


def _names(manifests: list[Manifest], path: str) -> str:
    names = [each.name for each in manifests if path in each.entries]
    return f"{' and '.join(names)} list{'s' if len(names) == 1 else ''}"


def _unique(hashes: Mapping[str, str]) -> dict[str, str]:
    """hash -> path, of the hashes that one path alone has."""
    counts = Counter(hashes.values())
    return {hashed: path for path, hashed in hashes.items() if counts[hashed] == 1}


def _bad_path(path: str, payload: bool) -> str | None:
    """Why a path may not stand in a manifest: it would lead outside, or into the other half."""
    parts = path.split("/")
    if path.startswith("/") or "\\" in path or ":" in parts[0] or {"", ".", ".."} & set(parts):
        return f"the path {path!r} leads out of the bundle or is not plain"
    if (parts[0] == "data") != payload:
        return f"{path!r} has no place in this manifest"
    return None


_RESTORE = "get the bundle again from who sealed it; this copy is not what was sealed"
_EDITED = "get the manifest again from who sealed it; this copy was edited"
