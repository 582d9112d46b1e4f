"""Add files to a sealed bundle: each addition is complete, or it is not there.

The new files and the new log are written under names that end in `.part`, and synced. Then the
files get their names, the log last. Until then a reader finds the old log, and files that it does
not name. A run that is killed leaves such files. The next call to `add_files` deletes them: the
new log was on the disk before any file had its name, and lists them. `verify` reports them until
then.
"""

import contextlib
import errno
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from onetomany.errors import InputError, IntegrityError, reason_of
from onetomany.sources.files import sync
from . import contents, custody, keys, timestamp
from .bundle_layout import AFTER, DECLARATION, PART, SEAL, SIGNED, signer_file


def add_files(
    bundle: Path,
    files: Mapping[str, bytes],
    *,
    who: str,
    what: str,
    key: Path | None,
    when: datetime | None = None,
) -> None:
    """Put files into a bundle's `seal/`, with one line in its log: all of it, or nothing.

    `files` are new names in `seal/` (`{"attestation-1.json": ...}`). `key` (a private Ed25519 key
    in PEM) signs the line; its public half is added too. `when` is now if None. Existing files are
    not changed. Raises InputError, before anything is written, if the folder is not a bundle, a
    name is taken or unfit, the clock is before the log's last line, or the folder can't be
    written; IntegrityError if the log is broken.
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
        _clear_unfinished(bundle)
        _refuse_changed(bundle, new, _named(log))
        missing = {path: text for path, text in new.items() if not os.path.lexists(bundle / path)}
        try:
            _write(bundle, missing | {AFTER: log + line})
        except OSError:
            _clear_unfinished(bundle)
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
    """Check a time-stamp authority's answer (DER) and add it to the bundle, with its roots (PEM).

    No sealed file changes. seal/custody.jsonl gets an entry, signed if there is a `key`. Raises
    InputError if the answer is for another bundle or is not valid.
    """
    _refuse_none(bundle)
    try:
        der, trusted = answer.read_bytes(), timestamp.read_roots(roots.read_bytes())
        stamp = timestamp.check_timestamp(der, (bundle / SIGNED).read_bytes(), trusted)
    except (OSError, InputError) as error:
        raise InputError(f"The time-stamp {answer} was not added: {reason_of(error)}.") from error
    name = f"timestamp-{next_number(bundle, 'timestamp')}"
    add_files(
        bundle,
        {f"{name}.tsr": der, f"{name}-roots.pem": timestamp.roots_pem(trusted)},
        who=who,
        what=f"added a time-stamp of {stamp.when.isoformat()} by {stamp.authority}",
        key=key,
        when=when,
    )
    return stamp


def next_number(bundle: Path, kind: str) -> int:
    """Return the number of a bundle's next `seal/<kind>-N...`, from the names in its log."""
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


def _clear_unfinished(bundle: Path) -> None:
    """Delete the files in `seal/` that a killed addition left."""
    # the new log last: it lists the files that were left over
    for path in sorted(unfinished(bundle), key=lambda path: (path == AFTER + PART, path)):
        (bundle / path).unlink(missing_ok=True)


def _write(bundle: Path, files: Mapping[str, bytes]) -> None:
    """Write all files under `.part` names, sync, and rename in the order given."""
    for path, content in files.items():
        with (bundle / (path + PART)).open("xb") as file:
            file.write(content)
        sync(bundle / (path + PART))
    sync(bundle / SEAL)
    for path in files:
        (bundle / (path + PART)).replace(bundle / path)
    sync(bundle / SEAL)


def _named(log: bytes) -> dict[str, str]:
    """Return path -> SHA-256 of every file that a readable line of the log names."""
    found: dict[str, str] = {}
    for line in log.splitlines():
        with contextlib.suppress(InputError):
            found = custody.read_line(line)["files"] | found
    return found


def _refuse_names(bundle: Path, new: Mapping[str, bytes], named: Mapping[str, str]) -> None:
    """Refuse a name that is unfit, or that some system takes for one already in the bundle."""
    left = unfinished(bundle)
    there = {f"{SEAL}/{name}" for name in os.listdir(bundle / SEAL)} - set(left)
    taken = {contents.fold_path(path) for path in there | set(named)}
    bad = dict(contents.bad_names(new))
    for path in new:
        if not _is_plain(path) or path in bad:
            raise InputError(f"Nothing was added: {path!r} can't be the name of a file in {SEAL}/.")
        if contents.fold_path(path) in taken:
            raise InputError(
                f"Nothing was added: the bundle already has {path}, and files in a bundle are "
                "never replaced. Give the new file another name."
            )


def _refuse_changed(bundle: Path, new: Mapping[str, bytes], named: Mapping[str, str]) -> None:
    """Refuse a file that differs from one already there: the signer's key may be, unchanged."""
    for path, content in new.items():
        hashed = hashlib.sha256(content).hexdigest()
        there = _read_plain(bundle / path) if os.path.lexists(bundle / path) else content
        if there != content or named.get(path, hashed) != hashed:
            raise IntegrityError(
                f"Nothing was added: {bundle / path} is not the key that its name says. Run "
                f"'onetomany verify {bundle}'."
            )


def _is_plain(path: str) -> bool:
    """Return whether a path is a file in `seal/` other than the log and unfinished parts."""
    name = re.fullmatch(rf"{SEAL}/[0-9A-Za-z][0-9A-Za-z._-]{{0,199}}", path)
    return bool(name) and not path.endswith(PART) and path != AFTER


def _read_plain(path: Path) -> bytes:
    with contents.open_file(path) as file:
        content = file.read(contents.MAX_TEXT + 1)
    if len(content) > contents.MAX_TEXT:
        raise OSError(errno.EFBIG, f"{path} is too large")
    return content


def _refuse_none(bundle: Path) -> None:
    parts = [bundle / name for name in (SEAL, DECLARATION, AFTER)]
    if any(path.is_symlink() for path in parts) or not all(path.is_file() for path in parts[1:]):
        raise InputError(f"{bundle} is not a sealed bundle.")


@contextlib.contextmanager
def _alone(bundle: Path) -> Iterator[None]:
    """Keep a second run from adding to the bundle; the lock ends with the process."""
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
