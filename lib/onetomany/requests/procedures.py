"""Read laws as data: one TOML file per procedure, every field with article and source.

`data_requests/README.md` describes the files. A field's `verified` says how it was checked. "read"
means that we read the provision, the authority's guidance, or another's quotation or account of it
in a stored copy (`how` of the source says which). "recalled" means that we did not, and the field
is shown with that warning.
"""

from pathlib import Path
from typing import Any

from onetomany.checked_tables import FieldError, entry_name, faults_of, from_table, read_toml
from onetomany.errors import InputError, near
from onetomany.sources.kit_files import kit_folder, kit_path
from .laws import TOPICS, Procedure, Source


def requests_folder(folder: Path | None = None) -> Path:
    """Return the folder data_requests/: the one given, or ./data_requests, or the kit's own.

    Raises InputError if there is none.
    """
    if folder is not None:
        places = [Path(folder)]
    else:
        places = [kit_folder("data_requests"), kit_path("data_requests")]
    for place in places:
        if (place / "laws").is_dir():
            return place
    raise InputError(
        f"No folder 'laws' in {' or '.join(str(place) for place in places)}: start in the "
        "repository, or give the folder data_requests."
    )


def procedures(folder: Path | None = None) -> dict[str, Procedure]:
    """Read and check every procedure of `folder`/laws, by id, in order.

    `folder` is data_requests/ (see `requests_folder`). Raises InputError, naming file and field,
    for a file that is not TOML, a field that is missing, unknown or mistyped, and a field without
    an article or without a source listed in the file.
    """
    laws = requests_folder(folder) / "laws"
    paths = sorted(laws.glob("*.toml"))
    if not paths:
        raise InputError(f"{laws} contains no procedure: it needs one TOML file for each.")
    return {path.stem: _read_law(path) for path in paths}


def one_procedure(name: str) -> Procedure:
    """Read and check one procedure of data_requests/laws. Raises InputError as `procedures`.

    >>> one_procedure("de-ifg").language
    'de-DE'
    """
    laws = requests_folder() / "laws"
    known = sorted(path.stem for path in laws.glob("*.toml"))
    if name not in known:
        raise InputError(
            f"There is no law '{name}'{near(name, known)}: there are {', '.join(known)}."
        )
    return _read_law(laws / f"{name}.toml")


def _read_law(path: Path) -> Procedure:
    """Read and check one file; every error names the file and the field."""
    raw = read_toml(path)
    with faults_of(path, " (data_requests/README.md)"):
        sources = _sources(raw.pop("sources", None))
        filled = {key: _filled(each, key, sources) for key, each in raw.items()}
        law = from_table(Procedure, filled | {"sources": tuple(sources.values())})
        if law.id != path.stem:
            raise FieldError("id", f"must be the file's name, {path.stem}")
        _check_ids(law)
        _check_steps(law)
        _check_topics(law)
    return law


def _sources(given: Any) -> dict[str, Source]:
    """Return the sources of a file by their key."""
    if not isinstance(given, dict) or not given:
        raise FieldError("sources", "must be a table with entries, [sources]")
    found = {}
    for key, each in given.items():
        where = f"sources.{key}"
        if not isinstance(each, dict):
            raise FieldError(where, "must be a table")
        if "id" in each:  # its key is its id
            raise FieldError(f"{where}.id", "is an unknown field: remove it")
        known = {"id": key, "title_ko": each.get("title"), "read": None}
        source = found[key] = from_table(Source, known | each, where)
        if (source.verified == "read") != (source.read is not None):
            raise FieldError(f"{where}.read", "must be the day of reading if 'verified' is 'read'")
    return found


def _filled(part: Any, where: str, sources: dict[str, Source]) -> Any:
    """Return a part of a file, each provision in it with its Source and the fields that follow."""
    if isinstance(part, list):
        return [
            _filled(each, f"{where}.{entry_name(each, n)}", sources) for n, each in enumerate(part)
        ]
    if not isinstance(part, dict) or "source" not in part:
        return part
    key = part["source"]
    if not isinstance(key, str) or key not in sources:
        raise FieldError(f"{where}.source", f"is not an entry of [sources]: {key!r}")
    source = sources[key]
    own = {"article_ko": part.get("article"), "verified": source.verified}
    return own | part | {"source": source}


def _check_ids(law: Procedure) -> None:
    for name, value in vars(law).items():
        entries = value if isinstance(value, tuple) else ()
        ids = [each.id for each in entries if hasattr(each, "id")]
        if len(set(ids)) < len(ids):
            raise FieldError(name, "has an id twice")


def _check_topics(law: Procedure) -> None:
    """Check that each of TOPICS occurs once: as a rule, or among those not found."""
    both = [*(each.id for each in law.clocks), *law.not_found]
    if wrong := [each for each in both if each not in TOPICS or both.count(each) > 1]:
        raise FieldError("clocks", f"and 'not_found' may contain each topic once: {wrong[0]!r}")
    if lacking := [each for each in TOPICS if each not in both]:
        raise FieldError("clocks", f"say nothing on {', '.join(lacking)}: see 'not_found'")


def _check_steps(law: Procedure) -> None:
    """Check that extensions and stops fit their steps, and that there is a step 'decision'."""
    units = {step.id: step.unit for step in law.steps}
    for each in law.extensions:
        where = f"extensions.{each.id}"
        if each.step not in units:
            raise FieldError(f"{where}.step", f"is not a step: {each.step!r}")
        if not each.announced and not each.number:
            raise FieldError(f"{where}.number", "is missing: add it")
        if each.announced and each.number:
            raise FieldError(f"{where}.number", "can't be used with 'announced': remove it")
        if units[each.step] != each.unit:
            raise FieldError(f"{where}.unit", f"must be that of the step, {units[each.step]}")
    for stop in law.stops:
        if stop.step not in units:
            raise FieldError(f"stops.{stop.id}.step", f"is not a step: {stop.step!r}")
    for step in law.steps:
        if step.rolls and step.rolls_unread:
            raise FieldError(f"steps.{step.id}.rolls_unread", "can't be used with 'rolls': choose")
        if step.first_day and step.unit == "months":
            raise FieldError(f"steps.{step.id}.first_day", "must be false for months")
    if "decision" not in units:
        raise FieldError("steps", "must contain a step 'decision'")
