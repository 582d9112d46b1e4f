"""Files added to a sealed bundle: each addition is whole, or not there at all.

The new files and the new log are written beside under names that end in `.part`, and synced; the
files get their names, the log last. So whoever reads the bundle before that finds the old log, and
files that it does not name. A run that was killed leaves such files; the next call to `add` takes
them away, and the new log, which was on the disk before any file had its name, tells it which ones
they are. `verify` names them until then.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from onetomany.errors import InputError, IntegrityError
from onetomany.evidence import contents, custody, keys, timestamp
from onetomany.evidence.layout import AFTER, DECLARATION, PART, SEAL, SIGNED, signer_file


def add(
    bundle: Path,
    files: Mapping[str, bytes],
    *,
    who: str,
    what: str,
    key: Path | None,
    when: datetime | None = None,
) -> None:
    """Put files into a bundle's `seal/`, with one line in its log: all of it, or nothing.

    `files` are new names in `seal/` (`{"attestation-1.json": ...}`); `key` (a private Ed25519 key
    in PEM) signs the line, and its public half is put beside them; `when` is now if None. Nothing
    that is there changes. Raises InputError, before anything is written, where the bundle is none,
    a name is taken or unfit, the clock lies before the log's last line, or the place can't be
    written; IntegrityError where the log is broken.
    """
    private = keys.read_private(key) if key else None
    new = {f"{SEAL}/{name}": content for name, content in files.items()}
    with _alone(bundle):
        log = (bundle / AFTER).read_bytes()
        _refuse_names(bundle, new, _named(log))
        if private:
            pem = keys.public_pem(private)
            new |= {signer_file(keys.fingerprint(pem)): pem}
        hashes = {path: hashlib.sha256(content).hexdigest() for path, content in new.items()}
        line = custody.next_line(
            log, str(bundle / AFTER), who=who, what=what, when=when, files=hashes, key=private
        )
        clear_unfinished(bundle)
        _refuse_changed(bundle, new, _named(log))
        missing = {path: text for path, text in new.items() if not os.path.lexists(bundle / path)}
        try:
            _write(bundle, missing | {AFTER: log + line})
        except OSError:
            clear_unfinished(bundle)
            raise


def add_timestamp(
    bundle: Path,
    answer: Path,
    roots: Path,
    *,
    who: str,
    when: datetime | None = None,
    key: Path | None = None,
) -> timestamp.Stamp:
    """Check a time-stamp authority's answer (DER) and keep it in the bundle, with its roots (PEM).

    Nothing that was sealed changes; seal/custody.jsonl gets an entry, signed if there is a `key`.
    Raises InputError where the answer is not for this bundle or doesn't hold.
    """
    _refuse_none(bundle)
    try:
        der, trusted = answer.read_bytes(), timestamp.read_roots(roots.read_bytes())
        stamp = timestamp.check(der, (bundle / SIGNED).read_bytes(), trusted)
    except (OSError, InputError) as error:
        raise InputError(f"The time-stamp {answer} was not added: {error}.") from error
    name = f"timestamp-{next_number(bundle, 'timestamp')}"
    add(
        bundle,
        {f"{name}.tsr": der, f"{name}-roots.pem": timestamp.roots_pem(trusted)},
        who=who,
        what=f"added a time-stamp of {stamp.when.isoformat()} by {stamp.authority}",
        key=key,
        when=when,
    )
    return stamp


def next_number(bundle: Path, kind: str) -> int:
    """Return the number of a bundle's next `seal/<kind>-N...`, by what its log names."""
    _refuse_none(bundle)
    log = (bundle / AFTER).read_bytes()
    form = re.compile(rf"{SEAL}/{re.escape(kind)}-([0-9]{{1,6}})\b.*")
    return max((int(m[1]) for path in _named(log) if (m := form.fullmatch(path))), default=0) + 1


def unfinished(bundle: Path) -> list[str]:
    """Return the files in `seal/` that a run left which was killed while it added to the bundle.

    Those whose names end in `.part`, and those that the log among them names with the content that
    they have, where the log that counts does not name them.
    """
    names = sorted(f"{SEAL}/{name}" for name in os.listdir(bundle / SEAL))
    left = [path for path in names if path.endswith(PART)]
    if AFTER + PART not in left:
        return left
    planned, named = ({}, {})
    with contextlib.suppress(OSError):
        planned, named = (_named(_read_plain(bundle / path)) for path in (AFTER + PART, AFTER))
    for path in sorted(set(planned) - set(named)):
        if path in names and _is_plain(path):
            with contextlib.suppress(OSError):
                content = _read_plain(bundle / path)
                # another content was not written by that run, and is left to its reader
                left += [path] if hashlib.sha256(content).hexdigest() == planned[path] else []
    return left


def clear_unfinished(bundle: Path) -> None:
    """Take away what a run that was killed while it added to the bundle left in `seal/`."""
    # the new log last: without it nobody knows which of the files are left over
    for path in sorted(unfinished(bundle), key=lambda path: (path == AFTER + PART, path)):
        (bundle / path).unlink(missing_ok=True)


def _write(bundle: Path, files: Mapping[str, bytes]) -> None:
    """Write all beside, sync, and rename in the order given."""
    for path, content in files.items():
        with (bundle / (path + PART)).open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    sync_folder(bundle / SEAL)
    for path in files:
        (bundle / (path + PART)).replace(bundle / path)
    sync_folder(bundle / SEAL)


def _named(log: bytes) -> dict[str, str]:
    """path -> SHA-256 of every file that a readable line of the log names."""
    found: dict[str, str] = {}
    for line in log.splitlines():
        with contextlib.suppress(InputError):
            found = custody.read_line(line)["files"] | found
    return found


def _refuse_names(bundle: Path, new: Mapping[str, bytes], named: Mapping[str, str]) -> None:
    """New names alone, that every system takes for new: what is in a bundle is never replaced."""
    left = unfinished(bundle)
    there = {f"{SEAL}/{name}" for name in os.listdir(bundle / SEAL)} - set(left)
    taken = {contents.fold(path) for path in there | set(named)}
    bad = dict(contents.bad_names(new))
    for path in new:
        if not _is_plain(path) or path in bad:
            raise InputError(f"Nothing was added: {path!r} is no fit name for a file in {SEAL}/.")
        if contents.fold(path) in taken:
            raise InputError(
                f"Nothing was added: the bundle has a {path} already, and what is in a bundle is "
                "never replaced. Give the new file a new name."
            )


def _refuse_changed(bundle: Path, new: Mapping[str, bytes], named: Mapping[str, str]) -> None:
    """The signer's public key may be there already; nothing else, and no other one."""
    for path, content in new.items():
        hashed = hashlib.sha256(content).hexdigest()
        there = _read_plain(bundle / path) if os.path.lexists(bundle / path) else content
        if there != content or named.get(path, hashed) != hashed:
            raise IntegrityError(
                f"Nothing was added: {bundle / path} is not the key that its name says. Run "
                f"'onetomany verify {bundle}'."
            )


def _is_plain(path: str) -> bool:
    """Whether it is the path of a file in `seal/`, and not kept for the log and for parts."""
    name = re.fullmatch(rf"{SEAL}/[0-9A-Za-z][0-9A-Za-z._-]{{0,199}}", path)
    return bool(name) and not path.endswith(PART) and path != AFTER


def _read_plain(path: Path) -> bytes:
    with contents.open_plain(path) as file:
        content = file.read(contents.MAX_TEXT + 1)
    if len(content) > contents.MAX_TEXT:
        raise OSError(errno.EFBIG, f"{path} is too large")
    return content


def _refuse_none(bundle: Path) -> None:
    parts = [bundle / name for name in (SEAL, DECLARATION, AFTER)]
    if any(path.is_symlink() for path in parts) or not all(path.is_file() for path in parts[1:]):
        raise InputError(f"{bundle} is no sealed bundle.")


@contextlib.contextmanager
def _alone(bundle: Path) -> Iterator[None]:
    """Hold the bundle against a second run that adds to it; the lock ends with the process."""
    _refuse_none(bundle)
    try:
        with _locked(bundle / SEAL):
            yield
    except BlockingIOError:
        raise InputError(
            f"Another run is adding to {bundle}: wait until it has ended, and try again."
        ) from None
    except OSError as error:
        raise InputError(
            f"Nothing was added to {bundle}: {error.strerror or error}. Make room there, or make "
            "it writable, and try again."
        ) from error


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:  # Windows, where folders can't be opened
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Bring a folder's names to the disk."""
    if os.name == "nt":  # folders can't be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
