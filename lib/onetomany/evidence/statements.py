"""Compare each fact of a run in all places of the bundle that state it.

The owner of the key can make everything again. A fact changed in some places and not in all is
reported, at the places that contradict the majority.
"""

import re
import shlex
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from onetomany.errors import InputError
from . import crate, custody
from .agreement import CRATE, CUSTODY, FIGURES, RECORD, read_entities, read_record
from .bundle_layout import AFTER, KEY_FIELD, SEAL, SIGNED
from .opened import MADE_WITH, BundleFinding, Opened, read_json
from .record import RunRecord

INFO, README, CERTIFICATE = "bag-info.txt", "README.txt", f"{SEAL}/certificate.md"
NO_ORGANISATION = "none named"  # in bag-info.txt
UNKNOWN = "unknown"  # a commit, if the notebooks are in no repository
# as bundle.seal writes it into the first log
_RAN = re.compile(r"ran (.*) from (\S+) on, by Python \S+, notebooks at commit (\S+)")


class Stated(NamedTuple):
    """A fact as one place states it."""

    fact: str
    file: str
    line: int | None
    value: str


def check_statements(one: Opened) -> list[BundleFinding]:
    """Check that each fact of the run is the same wherever it is stated."""
    try:
        record = read_record(one)
    except (InputError, ValueError):
        return []  # reported by the check of run.json
    said = [*_in_record(record), *_in_info(one), *_in_crate(one, record), *_in_readme(one)]
    said += [*_in_logs(one), *_in_figures(one)]
    raw = one.read(CERTIFICATE)
    text = None if raw is None else raw.decode(errors="replace")  # the log reports that it is gone
    found, unstated = [], []
    for fact in dict.fromkeys(each.fact for each in said):
        # readers of bag-info.txt take blanks at both ends of a value away
        same = [each._replace(value=each.value.strip()) for each in said if each.fact == fact]
        certified = text if fact in _CERTIFIED else None
        wrong, right = _disagreements(same, certified)
        found += wrong
        named = right is not None and right != UNKNOWN  # which the certificate has as a dash
        if certified is not None and named and str(right) not in certified:
            unstated.append(f"{fact} {_short(str(right))}")
    if unstated:
        what = f"does not state, as the other files do: {'; '.join(unstated)}"
        found.append(BundleFinding(CERTIFICATE, what, MADE_WITH))
    return found + _hash_of_seal(one, text)


def _disagreements(
    said: list[Stated], certificate: str | None
) -> tuple[list[BundleFinding], str | None]:
    """Return the places that contradict the majority, and the majority's value.

    Without a majority all places are named. The certificate counts as one place.
    """
    fact = said[0].fact
    files: dict[str, set[str]] = {}
    for each in said:
        files.setdefault(each.value, set()).add(each.file)
    votes = {value: len(where) for value, where in files.items()}
    written = [value for value in votes if certificate is not None and value in certificate]
    for value in written:  # a value within a longer one does not count as written there
        votes[value] += not any(value in other for other in written if other != value)
    most = max(votes.values())
    right = [value for value in votes if votes[value] == most]
    found = []
    for each in said:
        if each.value != right[0] or len(right) > 1:
            others = sorted({other.file for other in said if other.value != each.value})
            what = f"states the {fact} as {_short(each.value)}, unlike {', '.join(others)}"
            found.append(BundleFinding(each.file, what, MADE_WITH, line=each.line))
    return found, right[0] if len(right) == 1 else None


# the facts in the certificate's draft, in words that may change
_CERTIFIED = {
    "title", "Korean title", "identifier", "operator", "commit", "start of the run",
    "end of the run", "time of sealing", "command", "key",
}  # fmt: skip


def _in_record(record: RunRecord) -> Iterator[Stated]:
    values = {
        "title": record.title,
        "Korean title": record.title_ko,
        "identifier": record.identifier,
        "operator": record.operator,
        "organisation": record.organisation or NO_ORGANISATION,
        "commit": record.commit or UNKNOWN,
        "version": record.version,
        "start of the run": record.started.isoformat(),
        "end of the run": record.ended.isoformat(),
        "question": record.question or record.title,
        "licence": record.licence,
        "command": shlex.join(record.command),
        "chapters": ", ".join(record.chapters),
    }
    for fact, value in values.items():
        yield Stated(fact, RECORD, None, value)
    for use in record.data:
        yield Stated(f"data set {use.name}", RECORD, None, _use(use.title, use.licence, use.credit))


def _in_info(one: Opened) -> Iterator[Stated]:
    fields = {
        "Contact-Name": "operator",
        "External-Description": "title",
        "External-Identifier": "identifier",
        "Source-Organization": "organisation",
        KEY_FIELD: "key",
        "Bagging-Date": "day of sealing",
    }
    for field, fact in fields.items():
        yield Stated(fact, INFO, one.line(field), one.value(field))


def _in_readme(one: Opened) -> Iterator[Stated]:
    lines = (one.read(README) or b"").decode(errors="replace").split("\n")
    for number, fact in enumerate(("title", "Korean title"), 1):
        yield Stated(fact, README, number, lines[number - 1] if len(lines) >= number else "")
    for number, line in enumerate(lines, 1):
        if line.startswith("Signed with the key whose SHA-256 is: "):
            yield Stated("key", README, number, line.rpartition(": ")[2])


def _in_crate(one: Opened, record: RunRecord) -> Iterator[Stated]:
    try:
        entities = read_entities(one.read(CRATE) or b"")
    except (ValueError, KeyError, TypeError):
        return  # reported by the check of the RO-Crate

    def of(entity: str, name: str) -> str:
        about = entities.get(entity)
        return str(about.get(name, "")) if isinstance(about, dict) else ""

    values = {
        "title": of("./", "name"),
        "Korean title": of("./", "alternateName"),
        "identifier": of("./", "identifier"),
        "question": of("./", "description"),
        "time of sealing": of("./", "datePublished"),
        "operator": of("#operator", "name"),
        "organisation": of("#organisation", "name") or NO_ORGANISATION,
        "start of the run": of("#run", "startTime"),
        "end of the run": of("#run", "endTime"),
        "version": of("#onetomany", "softwareVersion"),
        "commit": of("#onetomany", "description").removeprefix("commit "),
    }
    for fact, value in (*values.items(), ("title", of("#run", "name"))):
        yield Stated(fact, CRATE, None, value)
    run = of("#run", "description")
    typed = run in (" ".join(record.command), record.title)
    yield Stated("command", CRATE, None, shlex.join(record.command) if typed else run)
    if record.licence:  # the RO-Crate has a made-up one if none was given
        licence = entities.get("./", {}).get("license")
        licence = str(licence.get("@id")) if isinstance(licence, dict) else str(licence)
        same = unquote(licence).removeprefix("#") == unquote(record.licence).removeprefix("#")
        yield Stated("licence", CRATE, None, record.licence if same else licence)
    ran = (crate.WORKFLOW, *(f"notebooks/{chapter}.ipynb" for chapter in record.chapters))
    for path in ran if record.commit else ():
        name = next((each for each in entities if unquote(each) == path), path)
        yield Stated("commit", CRATE, None, of(name, "version"))
    for use in record.data:
        about = [of(f"#data-{quote(use.name)}", key) for key in ("name", "license", "creditText")]
        yield Stated(f"data set {use.name}", CRATE, None, _use(*about))


def _in_logs(one: Opened) -> Iterator[Stated]:
    """Compare the last line before sealing with the first after it: both record the sealing.

    A line of the first log is about the run itself, as `bundle.seal` writes it.
    """
    for name, which in ((CUSTODY, -1), (AFTER, 0)):
        lines = (one.read(name) or b"").splitlines()
        for number, line in enumerate(lines, 1):
            try:
                entry = custody.read_line(line)
            except InputError:
                continue  # reported by the check of the log
            if number == which % len(lines) + 1:
                yield Stated("operator", name, number, entry["who"])
                yield Stated("time of sealing", name, number, entry["when"])
                yield Stated("day of sealing", name, number, entry["when"][:10])
            if name == CUSTODY and (ran := _RAN.fullmatch(entry["what"])):
                yield Stated("chapters", name, number, ran[1])
                yield Stated("start of the run", name, number, ran[2])
                yield Stated("commit", name, number, ran[3])
                yield Stated("end of the run", name, number, entry["when"])
                yield Stated("operator", name, number, entry["who"])


def _in_figures(one: Opened) -> Iterator[Stated]:
    text = one.read(FIGURES)
    if text is None:
        return
    try:
        commit = read_json(text)["commit"]
    except (ValueError, KeyError, TypeError):
        return  # lists made without one, and lists that their own check reports
    yield Stated("commit", FIGURES, None, str(commit) or UNKNOWN)


def _hash_of_seal(one: Opened, certificate: str | None) -> list[BundleFinding]:
    """Check the tag manifest's hash in the certificate, if the log has this certificate."""
    try:
        first = custody.read_line((one.read(AFTER) or b"").splitlines()[0])["files"]
        there = one.files[SIGNED].hashes["sha256"]
    except (InputError, LookupError):
        return []  # reported by the check of the log
    if certificate is None or first.get(SIGNED) != there or there in certificate:
        return []
    what = f"does not state the SHA-256 that {SIGNED} has"
    return [BundleFinding(CERTIFICATE, what, MADE_WITH)]


def _use(title: Any, licence: Any, credit: Any) -> str:
    return f"{title} ({licence}; {credit})"


def _short(value: str) -> str:
    return repr(value if len(value) <= 80 else f"{value[:77]}...")
