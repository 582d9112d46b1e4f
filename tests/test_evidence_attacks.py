"""Random attacks on a sealed bundle by those who have no key: each is reported, with its file.

Seeded. The suite runs 200 of them; ONETOMANY_ATTACKS=1000 runs more. What only the signer can do is
in test_evidence_statements.py; what nobody can tell is in the last test here and in the
documentation.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import shutil
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from bundles import faults
from onetomany.evidence import additions, bundle_layout, crate, custody, keys, timestamp
from onetomany.evidence.bundle_layout import signer_file
from onetomany.evidence.verify import _storable, verify
from payloads import OPERATOR
from stamps import Authority

pytestmark = pytest.mark.real

ATTACKS = int(os.environ.get("ONETOMANY_ATTACKS", "200"))
LOG, SEALED = bundle_layout.AFTER, "data/custody.jsonl"
TEXT = (
    ".txt",
    ".json",
    ".jsonl",
    ".csv",
    ".md",
    ".ipynb",
    ".svg",
    ".html",
    ".pem",
    ".lock",
    ".yml",
)
FINGERPRINTS = ("tagmanifest-sha256.txt", "tagmanifest-sha512.txt")


ODD = (
    b"\xc1\xa4\xba\xb8", b"\xff", b"a\nfault", b"\x1b[2J", "\u202egpj".encode(), b"aux.txt", b"a:b",
    b" x", b"x.", "e\u0301.csv".encode(), "\ufeffx".encode(), b"%41", b"\x01",
)  # fmt: skip


@dataclass
class Told:
    """What must be among the faults: all of `files`, one of `either`, one of `lines` in a file."""

    files: set[str] = field(default_factory=set)
    either: set[str] = field(default_factory=set)
    file: str = ""
    lines: set[int] = field(default_factory=set)


@dataclass
class Scene:
    """A copy to be attacked, with what an attacker has: chance, keys of their own, time-stamps."""

    root: Path
    rng: random.Random
    key: Path  # the attacker's own
    answer: bytes  # a time-stamp of another bundle
    fake: bytes  # a time-stamp of this bundle by an authority that nobody trusts
    fake_roots: bytes

    def names(self, *ends: str, under: str = "") -> list[str]:
        every = sorted(
            path.relative_to(self.root).as_posix()
            for path in self.root.rglob("*")
            if path.is_file() and not path.is_symlink()
        )
        return [n for n in every if n.startswith(under) and (not ends or n.endswith(ends))]

    def pick(self, *ends: str, under: str = "") -> str:
        return self.rng.choice(self.names(*ends, under=under))

    def two(self) -> tuple[str, str]:
        """Two files that differ."""
        while True:
            one, two = self.rng.sample(self.names(), 2)
            if self.read(one) != self.read(two):
                return one, two

    def read(self, name: str) -> bytes:
        return (self.root / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        """Into a new file: the old one is shared with the bundle that was copied."""
        path = self.root / name
        path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def lines(self, name: str) -> list[bytes]:
        return self.read(name).splitlines(keepends=True)


Attack = Callable[[Scene], Told]


# --- single files


def flip(at: Scene) -> Told:
    name = at.pick()
    content = bytearray(at.read(name))
    content[at.rng.randrange(len(content))] ^= 1 << at.rng.randrange(8)
    at.write(name, bytes(content))
    return Told({name})


def cut(at: Scene) -> Told:
    name = at.pick()
    content = at.read(name)
    at.write(name, content[: at.rng.randrange(len(content))])
    return Told({name})


def put_in(at: Scene) -> Told:
    name, content = at.pick(), b""
    content = at.read(name)
    place = at.rng.randrange(len(content) + 1)
    extra = at.rng.choice([b" ", b"\n", b"\0", b"\xff", b"[", at.rng.randbytes(9)])
    at.write(name, content[:place] + extra + content[place:])
    return Told({name})


def replace_content(at: Scene) -> Told:
    name = at.pick()
    deep, other = b"[" * 50_000, at.read(at.pick())
    at.write(name, at.rng.choice([b"", deep, b"{}", b"null", b"\0" * 64, other + b"\n"]))
    return Told({name})


def encode_anew(at: Scene) -> Told:
    """The same text with another encoding or other line breaks."""
    name = at.pick(*TEXT)
    content = at.read(name)
    ways = [b"\xef\xbb\xbf" + content, content.replace(b"\n", b"\r\n"), content + b"\n\n"]
    ways.append(content.decode("utf-8", "replace").encode("utf-16"))
    at.write(name, at.rng.choice([way for way in ways if way != content]))
    return Told({name})


def drop(at: Scene) -> Told:
    name = at.pick()
    (at.root / name).unlink()
    return Told({name})


def add(at: Scene) -> Told:
    name = at.rng.choice(["", "data/", "data/figures/", "seal/", "data/new/", "seal/more/", "x/"])
    name += at.rng.choice(
        ["new.csv", "note.txt", ".hidden", "certificate-2.pdf", "custody-2.jsonl"]
    )
    at.write(name, at.rng.choice([b"", at.rng.randbytes(20), at.read(at.pick())]))
    return Told({name})


def add_odd_name(at: Scene) -> Told:
    folder = at.rng.choice(["", "data/", "seal/", "data/figures/"])
    name = os.fsdecode(folder.encode() + at.rng.choice(ODD))
    at.write(name, b"x")
    return Told({_storable(name)})


def rename(at: Scene) -> Told:
    name = at.pick()
    new = at.rng.choice([f"{name}.x", f"{name}~", f"data/{Path(name).name}.old"])
    (at.root / name).rename(at.root / new)
    return Told({new})


def rename_case(at: Scene) -> Told:
    name = at.pick()
    folder, slash, last = name.rpartition("/")
    new = f"{folder}{slash}{last.swapcase()}"
    if new == name:
        new += "X"
    (at.root / name).rename(at.root / new)
    return Told({new})


def copy_beside(at: Scene) -> Told:
    """A second file whose name differs in case or in the form of Unicode alone."""
    name = at.pick()
    new = unicodedata.normalize("NFD", name.upper() if at.rng.random() < 0.5 else name + "é")
    at.write(new, at.read(name))
    return Told({new})


def swap(at: Scene) -> Told:
    one, two = at.two()
    first, second = at.read(one), at.read(two)
    at.write(one, second)
    at.write(two, first)
    return Told({one, two})


def copy_over(at: Scene) -> Told:
    one, two = at.two()
    at.write(one, at.read(two))
    return Told({one})


def put_no_file(at: Scene) -> Told:
    name = at.pick()
    path = at.root / name
    kept = at.root.parent / f"{at.root.name}.kept"
    shutil.copyfile(path, kept)
    path.unlink()
    kind = at.rng.randrange(4)
    if kind == 0:
        path.symlink_to(kept)  # to the very same content
    elif kind == 1:
        os.mkfifo(path)
    elif kind == 2:
        path.mkdir()
        name += "/"
    else:
        shutil.copyfile(kept, path)
        path.chmod(0)
    return Told({name})


def link_folder(at: Scene) -> Told:
    name = at.rng.choice(["data", "seal", "data/figures", "data/tables", "data/notebooks"])
    kept = at.root.parent / f"{at.root.name}.{name.replace('/', '-')}"
    (at.root / name).rename(kept)
    (at.root / name).symlink_to(kept)
    return Told({name})


# --- lines


def line_in_any_text(at: Scene) -> Told:
    name = at.pick(*TEXT)
    lines = at.lines(name)
    n = at.rng.randrange(len(lines))
    kind = at.rng.choice(["drop", "double", "add", "swap", "change"])
    if kind == "drop":
        del lines[n]
    elif kind == "double":
        lines.insert(n, lines[n])
    elif kind == "add":
        lines.insert(n, b"a line that was added\n")
    elif kind == "swap":
        other = at.rng.randrange(len(lines))
        lines[n], lines[other] = lines[other], lines[n]
    if kind == "change" or b"".join(lines) == at.read(name):
        lines[n] = b"changed " + lines[n]
    at.write(name, b"".join(lines))
    return Told({name})


def hash_in_manifest(at: Scene) -> Told:
    name = at.rng.choice([n for n in at.names(".txt") if "manifest-" in n])
    lines = at.lines(name)
    n, digit = at.rng.randrange(len(lines)), at.rng.randrange(64)
    new = b"0" if lines[n][digit : digit + 1] != b"0" else b"1"
    lines[n] = lines[n][:digit] + new + lines[n][digit + 1 :]
    at.write(name, b"".join(lines))
    return Told({name}, file=name, lines={n + 1})


def path_in_manifest(at: Scene) -> Told:
    name = at.rng.choice([n for n in at.names(".txt") if "manifest-" in n])
    lines = at.lines(name)
    n = at.rng.randrange(len(lines))
    bad = [
        b"../x",
        b"/etc/passwd",
        b"data/../../x",
        b"data\\x",
        b"C:/x",
        b"",
        b"seal/x",
        b"bagit.txt/x",
    ]
    hashed = lines[n].split(b" ")[0]
    lines.insert(n, hashed + b"  " + at.rng.choice(bad) + b"\n")
    at.write(name, b"".join(lines))
    # 'seal/x' is a path that a tag manifest may have: then the file is missing
    return Told(
        {name}, file=name, lines={n + 1} if lines[n].rstrip()[-2:] not in (b"/x",) else set()
    )


def bag_info(at: Scene) -> Told:
    lines = at.lines("bag-info.txt")
    n = at.rng.randrange(len(lines))
    label = lines[n].split(b": ")[0]
    lines[n] = label + b": other\n"
    at.write("bag-info.txt", b"".join(lines))
    stated = {b"Contact-Name", b"External-Identifier", b"External-Description", b"Payload-Oxum",
              b"Source-Organization", b"Bagging-Date", b"Signing-Key-SHA256"}  # fmt: skip
    return Told({"bag-info.txt"}, file="bag-info.txt", lines={n + 1} if label in stated else set())


def line_of_log(at: Scene) -> Told:
    """A line changed, taken out, doubled or moved: the first break is reported."""
    name = at.rng.choice([SEALED, LOG])
    lines = at.lines(name)
    n = at.rng.randrange(len(lines))
    kind = at.rng.choice(["change", "drop", "double", "swap", "space", "add"])
    broken = {n + 1}
    if kind == "change":
        lines[n] = re.sub(rb'"who": "[^"]*"', b'"who": "Lee Other"', lines[n])
    elif kind == "drop" and n < len(lines) - 1:
        del lines[n]
    elif kind == "double":
        lines.insert(n, lines[n])
        broken = {n + 2}
    elif kind == "swap" and n < len(lines) - 1:
        lines[n], lines[n + 1] = lines[n + 1], lines[n]
    elif kind == "add":
        lines.insert(n, b"{}\n")
    else:
        lines[n] = lines[n].replace(b": ", b":  ", 1)
    at.write(name, b"".join(lines))
    return Told({name}, file=name, lines=broken)


# --- manifests made anew, without the key


def remake(at: Scene) -> None:
    """All manifests and the sizes in bag-info.txt, as they would be for what is there."""
    payload = at.names(under="data/")
    sizes = f"{sum(len(at.read(name)) for name in payload)}.{len(payload)}"
    info = re.sub(r"Payload-Oxum: .*", f"Payload-Oxum: {sizes}", at.read("bag-info.txt").decode())
    at.write("bag-info.txt", info.encode())
    tags = [n for n in at.names() if not n.startswith(("data/", "seal/", "tagmanifest-"))]
    for kind, names in (("manifest", payload), ("tagmanifest", tags)):
        for algorithm in ("sha256", "sha512"):
            hashes = [(hashlib.new(algorithm, at.read(name)).hexdigest(), name) for name in names]
            text = "".join(f"{hashed}  {name}\n" for hashed, name in hashes)
            at.write(f"{kind}-{algorithm}.txt", text.encode())


def remake_crate(at: Scene) -> None:
    name = f"data/{crate.METADATA}"
    graph = json.loads(at.read(name))
    for each in graph["@graph"]:
        path = at.root / "data" / str(each["@id"])
        if "sha256" in each and path.is_file():
            each |= {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
            each |= {"contentSize": str(path.stat().st_size)}
    at.write(name, json.dumps(graph, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n")


def remake_logs(at: Scene, who: str = OPERATOR) -> None:
    """Both logs whole again, with the hashes that the files have; later lines are left out."""
    previous = custody.START
    for name, base in ((SEALED, "data/"), (LOG, "")):
        made = []
        for line in at.lines(name)[: 1 if name == LOG else None]:
            entry = json.loads(line)
            files = {
                path: hashlib.sha256(at.read(base + path)).hexdigest()
                for path in entry["files"]
                if (at.root / (base + path)).is_file()
            }
            entry |= {"files": files, "previous": previous, "who": who}
            entry = {key: entry[key] for key in custody.KEYS if key != "digest"}
            made.append(custody._line(entry | {"digest": custody._digest(entry)}))
            previous = custody.line_hash(made[-1])
        at.write(name, b"\n".join(made) + b"\n")


def remake_all(at: Scene) -> None:
    """Everything but the signatures; the tag manifests before the log that gives their hashes."""
    keep = at.read(LOG)
    remake_crate(at)
    remake_logs(at)
    remake_crate(at)
    remake(at)
    at.write(LOG, keep)
    for name in at.names(under="seal/"):
        if name.rpartition("/")[2].startswith(("timestamp-", "key-", "signed-")):
            (at.root / name).unlink()
    at.write(bundle_layout.REQUEST, timestamp.timestamp_request(at.read(bundle_layout.SIGNED)))
    last = custody.line_hash(at.lines(SEALED)[-1].rstrip())
    entry = {k: v for k, v in json.loads(at.lines(LOG)[0]).items() if k != "digest"}
    entry["files"] = {n: hashlib.sha256(at.read(n)).hexdigest() for n in entry["files"]}
    entry["previous"] = last
    at.write(LOG, custody._line(entry | {"digest": custody._digest(entry)}) + b"\n")


def edit_value(at: Scene, name: str) -> None:
    value = json.loads(at.read(name))
    places: list[tuple[Any, Any]] = []

    def collect(inside: Any) -> None:
        items = inside.items() if isinstance(inside, dict) else enumerate(inside)
        for key, each in list(items):
            places.append((inside, key))
            if isinstance(each, dict | list):
                collect(each)

    collect(value)
    inside, key = at.rng.choice(places)
    inside[key] = at.rng.choice(["changed", None, 7, [], {"a": 1}, "Lee Other", "\ud800", 1e999])
    at.write(name, json.dumps(value, indent=1).encode())


def new_manifests(at: Scene) -> Told:
    name = at.pick(under="data/")
    seen = json.loads(at.lines(SEALED)[-1])["files"]
    at.write(name, at.read(name) + b"\n")
    remake(at)
    return Told(
        {bundle_layout.SIGNED, bundle_layout.SIGNATURE} | ({name} if name[5:] in seen else set())
    )


def field_with_new_manifests(at: Scene) -> Told:
    edit_value(at, at.pick(".json", ".ipynb", under="data/"))
    remake(at)
    return Told({bundle_layout.SIGNED, bundle_layout.SIGNATURE})


def field_with_all_made_anew(at: Scene) -> Told:
    name = at.pick(".json", ".ipynb", ".csv", ".md", under="data/")
    if name.endswith((".json", ".ipynb")) and "ro-crate" not in name:
        edit_value(at, name)
    else:
        at.write(name, at.read(name) + b"\n")
    remake_all(at)
    return Told({bundle_layout.SIGNATURE, bundle_layout.LOG_SIGNATURE})


def info_with_new_manifests(at: Scene) -> Told:
    bag_info(at)
    remake(at)
    return Told({bundle_layout.SIGNED, bundle_layout.SIGNATURE})


def file_in_or_out_with_new_manifests(at: Scene) -> Told:
    if at.rng.random() < 0.5:
        at.write("data/figures/new.csv", b"a,b\n1,2\n")
        name = "data/figures/new.csv"
    else:
        name = at.pick(under="data/figures")
        (at.root / name).unlink()
    remake(at)
    return Told(
        {bundle_layout.SIGNED, bundle_layout.SIGNATURE, SEALED if "new" not in name else name}
    )


def take_signature_off(at: Scene) -> Told:
    """An unsigned bundle made of a signed one."""
    for name in (bundle_layout.SIGNATURE, bundle_layout.PUBLIC_KEY, bundle_layout.LOG_SIGNATURE):
        (at.root / name).unlink()
    info = re.sub(rb"Signing-Key-SHA256: .*", b"Signing-Key-SHA256: none", at.read("bag-info.txt"))
    at.write("bag-info.txt", info)
    if at.rng.random() < 0.5:
        at.write("data/sources.csv", at.read("data/sources.csv") + b"\n")
    remake(at)
    return Told({bundle_layout.SIGNATURE})


def sign_with_own_key(at: Scene) -> Told:
    """All of it made anew, and signed by the attacker: whole, but for the key that is given."""
    private = keys.read_private(at.key)
    mark = keys.fingerprint(keys.public_pem(private))
    before = keys.fingerprint(at.read(bundle_layout.PUBLIC_KEY))
    for name in ("bag-info.txt", "README.txt", "seal/certificate.md"):
        at.write(name, at.read(name).replace(before.encode(), mark.encode()))
    at.write("data/sources.csv", at.read("data/sources.csv") + b"\n")
    at.write(bundle_layout.PUBLIC_KEY, keys.public_pem(private))
    old = hashlib.sha256(at.read(bundle_layout.SIGNED)).hexdigest()
    remake_all(at)
    new = hashlib.sha256(at.read(bundle_layout.SIGNED)).hexdigest()
    draft = at.read("seal/certificate.md").replace(old.encode(), new.encode())
    at.write("seal/certificate.md", draft)
    at.write(bundle_layout.SIGNATURE, private.sign(at.read(bundle_layout.SIGNED)))
    remake_all(at)
    at.write(bundle_layout.LOG_SIGNATURE, private.sign(at.read(LOG)))
    return Told({bundle_layout.PUBLIC_KEY})


# --- keys, signatures, time-stamps, the log after sealing


def later_line(at: Scene, files: list[str], signed: bool = False) -> int:
    lines = at.lines(LOG)
    hashes = {name: hashlib.sha256(at.read(name)).hexdigest() for name in files}
    key = keys.read_private(at.key) if signed else None
    if key:
        path = signer_file(keys.fingerprint(keys.public_pem(key)))
        at.write(path, keys.public_pem(key))
        hashes[path] = hashlib.sha256(at.read(path)).hexdigest()
    new = custody.next_line(b"".join(lines), LOG, who=OPERATOR, what="x", files=hashes, key=key)
    at.write(LOG, b"".join([*lines, new]))
    return len(lines) + 1


def replace_sealed(at: Scene) -> Told:
    """The file of the third blocker: a new content, and a later line that vouches for it."""
    named = list(json.loads(at.lines(LOG)[0])["files"])
    name = at.rng.choice(named)
    at.write(name, b"%PDF-1.7 forged " + at.rng.randbytes(4))
    number = later_line(at, [name], signed=at.rng.random() < 0.5)
    return Told({name}, file=LOG, lines={number})


def replace_added(at: Scene) -> Told:
    named = [n for line in at.lines(LOG)[1:] for n in json.loads(line)["files"]]
    name = at.rng.choice(named)
    at.write(name, at.read(name) + b"forged")
    number = later_line(at, [name], signed=at.rng.random() < 0.5)
    return Told({name}, file=LOG, lines={number})


def name_elsewhere(at: Scene) -> Told:
    name = at.rng.choice(["data/run.json", "README.txt", "bag-info.txt", "manifest-sha256.txt"])
    number = later_line(at, [name])
    return Told(file=LOG, lines={number})


def rewrite_chain(at: Scene) -> Told:
    """A log with other words in a line, and every digest and hash after it made to fit."""
    name = at.rng.choice([SEALED, LOG])
    lines = [json.loads(line) for line in at.lines(name)]
    n = at.rng.choice([i for i, e in enumerate(lines) if name == SEALED or i == 0 or "signer" in e])
    lines[n]["what"] += ", and the ministry agrees"
    for i in range(n, len(lines)):
        if i > n:
            lines[i]["previous"] = custody.line_hash(custody._line(lines[i - 1]))
        rest = {k: v for k, v in lines[i].items() if k not in ("digest", "signature")}
        lines[i]["digest"] = custody._digest(rest)
    at.write(name, b"".join(custody._line(entry) + b"\n" for entry in lines))
    if name == SEALED:
        return Told({SEALED})
    return Told({bundle_layout.LOG_SIGNATURE}) if n == 0 else Told(file=LOG, lines={n + 1})


def drop_later_line(at: Scene) -> Told:
    """The last line goes, and its files stay."""
    lines = at.lines(LOG)
    names = list(json.loads(lines[-1])["files"])
    at.write(LOG, b"".join(lines[:-1]))
    return Told(either=set(names))


def swap_keys(at: Scene) -> Told:
    private = keys.read_private(at.key)
    public = keys.public_pem(private)
    name = at.rng.choice([n for n in at.names(".pem", under="seal/") if "key" in n])
    at.write(name, public)
    if name == bundle_layout.PUBLIC_KEY and at.rng.random() < 0.5:
        at.write(bundle_layout.SIGNATURE, private.sign(at.read(bundle_layout.SIGNED)))
        at.write(bundle_layout.LOG_SIGNATURE, private.sign(at.lines(LOG)[0]))
    return Told({name})


def weak_key(at: Scene) -> Told:
    from base64 import b64encode

    raw = at.rng.choice([1, 0, 2**255 - 20, 2**255 - 19]).to_bytes(32, "little")
    der = b64encode(bytes.fromhex("302a300506032b6570032100") + raw)
    at.write(
        bundle_layout.PUBLIC_KEY,
        b"-----BEGIN PUBLIC KEY-----\n" + der + b"\n-----END PUBLIC KEY-----\n",
    )
    for name in (bundle_layout.SIGNATURE, bundle_layout.LOG_SIGNATURE):
        at.write(name, (1).to_bytes(32, "little") + bytes(32))
    return Told({bundle_layout.PUBLIC_KEY})


def change_signature(at: Scene) -> Told:
    name = at.rng.choice([bundle_layout.SIGNATURE, bundle_layout.LOG_SIGNATURE])
    other = (
        bundle_layout.LOG_SIGNATURE if name == bundle_layout.SIGNATURE else bundle_layout.SIGNATURE
    )
    own = keys.read_private(at.key).sign(at.read(bundle_layout.SIGNED))
    order = 2**252 + 27742317777372353535851937790883648493
    first = at.read(name)
    s = (int.from_bytes(first[32:], "little") + order).to_bytes(32, "little")
    at.write(name, at.rng.choice([own, at.read(other), first[:32] + s, bytes(64), first[:63], b""]))
    return Told({name})


def change_stamp(at: Scene) -> Told:
    name = at.rng.choice(at.names(".tsr", under="seal/"))
    at.write(name, at.rng.choice([at.answer, at.fake, at.read(bundle_layout.REQUEST), b"0"]))
    return Told({name})


def add_stamp(at: Scene) -> Told:
    """Another bundle's time-stamp, with a line that tells of it."""
    at.write("seal/timestamp-9.tsr", at.answer)
    roots = at.rng.choice([at.fake_roots, at.read("seal/timestamp-1-roots.pem")])
    at.write("seal/timestamp-9-roots.pem", roots)
    later_line(at, ["seal/timestamp-9.tsr", "seal/timestamp-9-roots.pem"])
    return Told({"seal/timestamp-9.tsr"})


def change_roots(at: Scene) -> Told:
    at.write("seal/timestamp-1.tsr", at.fake)
    at.write("seal/timestamp-1-roots.pem", at.fake_roots)
    return Told({"seal/timestamp-1.tsr", "seal/timestamp-1-roots.pem"})


def exchange_logs(at: Scene) -> Told:
    one, two = at.read(SEALED), at.read(LOG)
    kind = at.rng.randrange(3)
    at.write(SEALED, two if kind else one + two)
    at.write(LOG, one if kind < 2 else two + one)
    return Told({SEALED, LOG})


def several(at: Scene) -> Told:
    """Two or three at once: each is reported though it may hide which other one was meant."""
    found = Told()
    for attack in at.rng.sample([flip, drop, add, line_in_any_text, hash_in_manifest, bag_info], 3):
        found.either |= attack(at).files
    return found


CLASSES: tuple[Attack, ...] = (
    flip, cut, put_in, replace_content, encode_anew, drop, add, add_odd_name, rename, rename_case,
    copy_beside, swap, copy_over, put_no_file, link_folder, line_in_any_text, hash_in_manifest,
    path_in_manifest, bag_info, line_of_log, new_manifests, field_with_new_manifests,
    field_with_all_made_anew, info_with_new_manifests, file_in_or_out_with_new_manifests,
    take_signature_off, sign_with_own_key, replace_sealed, replace_added, name_elsewhere,
    rewrite_chain, drop_later_line, swap_keys, weak_key, change_signature, change_stamp, add_stamp,
    change_roots, exchange_logs, several,
)  # fmt: skip


@pytest.fixture(scope="module")
def target(
    sealed: Path, key: Path, other_key: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Sealed and time-stamped, with two lines that were signed later, the last by another key."""
    folder = Path(shutil.copytree(sealed, tmp_path_factory.mktemp("target") / "bundle"))
    additions.add_files(
        folder, {"signed-1.pdf": b"%PDF-1.7 signed"}, who=OPERATOR, what="signed", key=key
    )
    additions.add_files(
        folder, {"signed-2.json": b"{}"}, who="Park", what="attested", key=other_key
    )
    return folder


@pytest.fixture(scope="module")
def scenes(
    target: Path,
    authority: Authority,
    stranger: Authority,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[int], Scene]:
    folder = tmp_path_factory.mktemp("scenes")
    keys.make_key(folder / "attacker.pem")
    (folder / "other.tsq").write_bytes(timestamp.timestamp_request(b"another bundle"))
    answer = authority.answer(folder / "other.tsq").read_bytes()
    fake = stranger.answer(target / bundle_layout.REQUEST).read_bytes()

    def make(number: int) -> Scene:
        root = folder / str(number)
        shutil.copytree(target, root, copy_function=os.link)
        rng = random.Random(f"20261128 {number}")
        return Scene(root, rng, folder / "attacker.pem", answer, fake, stranger.root.read_bytes())

    return make


def test_every_attack_is_reported_with_its_file_and_line(
    target: Path, scenes: Callable[[int], Scene], public: Path, authority: Authority
) -> None:
    given = {"public_key": public, "roots": authority.root}
    assert faults(target, **given).is_empty()
    missed, tried = [], Counter()
    for number in range(ATTACKS):
        attack = CLASSES[number % len(CLASSES)]
        at = scenes(number)
        due = attack(at)
        found = faults(at.root, **given)
        named = set(found["file"])
        lines = set(found.filter(pl.col("file") == due.file)["line"].drop_nulls())
        whole = due.files <= named and (not due.either or due.either & named)
        unforeseen = found.filter(pl.col("what").str.contains("was not completed"))
        if not (whole and (not due.lines or due.lines & lines)) or unforeseen.height:
            missed.append(
                (number, attack.__name__, due, found.select("file", "line", "what").rows())
            )
        tried[attack.__name__] += 1
        shutil.rmtree(at.root, ignore_errors=True)
    assert not missed, f"{len(missed)} of {ATTACKS}: {missed[:3]}"
    assert min(tried.values()) >= ATTACKS // len(CLASSES)
    assert faults(target, **given).is_empty()  # the copies share its files


def test_what_nobody_can_tell_is_what_the_documentation_lists(
    target: Path, scenes: Callable[[int], Scene], public: Path
) -> None:
    """Later lines taken off with all their files; new ones, which are reported as notes."""
    at = scenes(ATTACKS)
    lines = at.lines(LOG)
    for name in json.loads(lines[-1])["files"]:
        (at.root / name).unlink()
    at.write(LOG, b"".join(lines[:-1]))
    assert faults(at.root, public_key=public).is_empty()
    at.write("seal/note.txt", b"the ministry confirms it")
    number = later_line(at, ["seal/note.txt"])
    found = verify(at.root, public_key=public)
    assert found.filter(level="fault").is_empty()
    note = found.filter(file=LOG, line=number)
    assert note["what"].to_list() == [
        "this line was added after sealing: no signature covers it (it names seal/note.txt)"
    ]
    number = later_line(at, [], signed=True)
    found = verify(at.root, public_key=public)
    assert found.filter(level="fault").is_empty()
    assert "a key that is not known here" in found.filter(file=LOG, line=number)["what"][0]
