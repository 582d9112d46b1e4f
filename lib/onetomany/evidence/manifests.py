"""BagIt manifests read line by line (RFC 8493), and compared with the files there are."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .contents import Hashed
from .opened import AGAIN, BundleFinding

_LENGTH = {"sha256": 64, "sha512": 128}


@dataclass
class Manifest:
    """A manifest: path -> (hash, line number)."""

    name: str
    algorithm: str
    entries: dict[str, tuple[str, int]] = field(default_factory=dict)


def read_manifest(
    name: str, content: bytes, *, payload: bool
) -> tuple[Manifest, list[BundleFinding]]:
    """Read a manifest and the faults of its lines. Its name gives the algorithm."""
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
            found.append(BundleFinding(name, str(why), _EDITED, line=number))
        else:
            manifest.entries[path] = (match[1], number)
    if content and not content.endswith(b"\n"):
        found.append(
            BundleFinding(name, "the last line is cut off", _EDITED, line=content.count(b"\n") + 1)
        )
    return manifest, found


def compare_manifests(
    manifests: list[Manifest],
    files: Mapping[str, Hashed],
    *,
    is_refused: Callable[[str], bool] = lambda _: False,
) -> list[BundleFinding]:
    """Compare lists and files both ways: listed and missing or changed, there and not listed.

    A hash that only one manifest contradicts is that manifest's fault; one that all contradict is
    the file's. Renamed and swapped files are recognised by their hashes. Paths that `is_refused`
    are skipped: they are there, and were not hashed.
    """
    first = manifests[0]
    listed = {path for manifest in manifests for path in manifest.entries}
    owner = _unique({path: entry[0] for path, entry in first.entries.items()})
    missing, extra = sorted(listed - set(files)), sorted(set(files) - listed)
    there = _unique({path: files[path].hashes[first.algorithm] for path in extra})
    found = []
    renamed = {}
    for path in missing:
        new = there.get(first.entries.get(path, ("", 0))[0])
        if new and new not in renamed:
            renamed[new] = path
            todo = f"give it its name back: {path}"
            found.append(BundleFinding(new, f"renamed from {path}", todo))
        elif not is_refused(path):
            places = " and ".join(_place(each, path) for each in manifests if path in each.entries)
            found.append(BundleFinding(path, f"missing: listed in {places}", AGAIN))
    found += [
        BundleFinding(
            path, "extra: no manifest lists it", "remove the file, or ask who put it there"
        )
        for path in extra
        if path not in renamed
    ]
    for path in sorted(listed & set(files)):
        found += _same(path, manifests, files[path], owner)
    return found


def _same(
    path: str, manifests: list[Manifest], there: Hashed, owner: Mapping[str, str]
) -> list[BundleFinding]:
    """Return the manifests' contradictions to one file that is there."""
    silent = [each for each in manifests if path not in each.entries]
    found = [
        BundleFinding(each.name, f"it does not list {path}, which other manifests do", _EDITED)
        for each in silent
    ]
    against = [
        each
        for each in manifests
        if path in each.entries and each.entries[path][0] != there.hashes[each.algorithm]
    ]
    speaking = len(manifests) - len(silent)
    if against and len(against) == speaking:
        other = owner.get(there.hashes[manifests[0].algorithm])
        if other and other != path:
            what = (
                f"has the content of {other}: the files were swapped, or one was copied "
                "over the other"
            )
        else:
            what = "changed: its hash is not the one that was sealed"
        what += f" ({_place(against[0], path)})"
        found.append(BundleFinding(path, what, AGAIN))
    else:
        found += [
            BundleFinding(
                each.name,
                f"the hash of {path} in this line was changed: another manifest and the file agree",
                _EDITED,
                line=each.entries[path][1],
            )
            for each in against
        ]
    return found


def _place(manifest: Manifest, path: str) -> str:
    return f"{manifest.name}, line {manifest.entries[path][1]}"


def _unique(hashes: Mapping[str, str]) -> dict[str, str]:
    """Return hash -> path, for hashes that a single path has."""
    counts = Counter(hashes.values())
    return {hashed: path for path, hashed in hashes.items() if counts[hashed] == 1}


def _bad_path(path: str, payload: bool) -> str | None:
    """Return why a path may not be in a manifest: it leads outside, or into the other half."""
    parts = path.split("/")
    if path.startswith("/") or "\\" in path or ":" in parts[0] or {"", ".", ".."} & set(parts):
        return f"the path {path!r} leads out of the bundle or is not plain"
    if (parts[0] == "data") != payload:
        return f"{path!r} has no place in this manifest"
    return None


_EDITED = "get the manifest again from the person who sealed the bundle; this copy was edited"
