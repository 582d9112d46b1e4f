"""Write the run's environment: CycloneDX bill of installed packages, lock file, machine.

The bill lists the packages that the running interpreter finds (importlib.metadata), not those that
the lock file asks for. A package's SHA-256 comes from the lock file, if that lists the same version
and the installed wheel.
"""

import importlib.metadata
import itertools
import json
import locale
import os
import platform
import re
import shutil
import sys
import tomllib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from email.parser import HeaderParser
from functools import cache
from pathlib import Path
from typing import Any

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from onetomany import __version__
from onetomany.sources.kit_files import kit_path

LOCKS = ("uv.lock", "environment.yml")
# variables that set the number of threads, and the order of sets
SETTINGS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "PYTHONHASHSEED",
)


def lock_files(repository: Path | None = None) -> list[Path]:
    """Return the lock files of a repository that are there; the package's own if None."""
    paths = [repository / name if repository else kit_path(name) for name in LOCKS]
    return [path for path in paths if path.is_file()]


def write_environment(folder: Path, created: datetime, repository: Path | None = None) -> None:
    """Write sbom.cdx.json, machine.json and copies of the lock files into `folder`.

    `repository` is the folder of uv.lock and environment.yml; the package's own if None. If they
    are not found (an installed wheel), machine.json says so and the bill has no hashes.
    """
    folder.mkdir(parents=True)
    paths = lock_files(repository)
    for path in paths:
        shutil.copyfile(path, folder / path.name)
    found = [path.name for path in paths]
    lock = next((path for path in paths if path.name == LOCKS[0]), None)
    (folder / "sbom.cdx.json").write_text(_package_bill(created, lock), encoding="utf-8")
    about = machine_facts() | {
        "lock_files": found,
        "lock_files_missing": sorted({*LOCKS} - {*found}),
    }
    (folder / "machine.json").write_text(
        json.dumps(about, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )


def _package_bill(created: datetime, lock: Path | None) -> str:
    """Return the CycloneDX 1.6 bill as JSON; the same environment and time give the same text."""
    wheels = _locked(lock)
    components = [
        _component(name, package, wheels.get((name, package.version), {}))
        for name, package in sorted(installed_packages().items())
    ]
    interpreter = Component(
        name="python",
        version=platform.python_version(),
        type=ComponentType.PLATFORM,
        bom_ref=f"python@{platform.python_version()}",
    )
    kit = Component(
        name="onetomany",
        version=__version__,
        type=ComponentType.APPLICATION,
        bom_ref=f"onetomany-run@{__version__}",
    )
    listed = " ".join(str(each.purl) for each in components)
    bom = Bom(
        serial_number=uuid.uuid5(uuid.NAMESPACE_URL, f"{created.isoformat()} {listed}"),
        components=[interpreter, *components],
        metadata=BomMetaData(timestamp=created, component=kit),
    )
    # the kit's own requirements; who else needs whom stands in the lock file
    needs = {_normal(re.split(r"[^\w.-]", line)[0]) for line in _requirements()} - {"onetomany"}
    bom.register_dependency(kit, [each for each in components if each.name in needs])
    text: str = JsonV1Dot6(bom).output_as_string(indent=1)
    return text + "\n"


def machine_facts() -> dict[str, Any]:
    """Return interpreter, operating system and processor, without names of host or user."""
    model, features = _processor()
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": platform.system(),
        "release": platform.release(),
        "distribution": _distribution(),
        "machine": platform.machine(),
        "processor": model,
        "processor_features": features,
        "processors": os.cpu_count(),
        "byte_order": sys.byteorder,
        "encoding": locale.getpreferredencoding(False),
        "settings": {name: os.environ[name] for name in SETTINGS if name in os.environ},
    }


@dataclass(frozen=True)
class InstalledPackage:
    """A package that the interpreter finds: its declared licence, and its wheel's tags."""

    version: str
    licence: str
    tags: frozenset[str]


@cache  # the heads of all packages take a second to read
def installed_packages() -> dict[str, InstalledPackage]:
    """Return the packages that this process can import, by their normal name."""
    found = {}
    for each in importlib.metadata.distributions():
        # the description after the head can be long, and isn't asked for
        text = each.read_text("METADATA") or each.read_text("PKG-INFO") or ""
        head = HeaderParser().parsestr(text)
        wheel = HeaderParser().parsestr(each.read_text("WHEEL") or "")
        if name := head["Name"]:  # none: a removed package's remains
            tags = frozenset(tag.strip() for tag in wheel.get_all("Tag", []))
            found[_normal(name)] = InstalledPackage(head["Version"], _licence(head), tags)
    return found


def _component(name: str, package: InstalledPackage, wheels: Mapping[str, str]) -> Component:
    purl = PackageURL("pypi", None, name, package.version)
    digest = _installed_wheel(package.tags, wheels)
    licence = package.licence
    return Component(
        name=name,
        version=package.version,
        bom_ref=str(purl),
        purl=purl,
        licenses=[LicenseFactory().make_from_string(licence)] if licence else [],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)] if digest else [],
        properties=[] if licence else [Property(name="onetomany:licence", value="not declared")],
    )


def _requirements() -> list[str]:
    try:
        return importlib.metadata.requires("onetomany") or []
    except importlib.metadata.PackageNotFoundError:
        return []


def _licence(head: Message) -> str:
    """Return a package's declared licence: an expression, a short text, or its classifiers."""

    def said(field: str) -> list[str]:
        return [str(value).strip() for value in head.get_all(field) or []]

    for text in [*said("License-Expression"), *said("License")]:
        if text and "\n" not in text and len(text) <= 80 and text.upper() != "UNKNOWN":
            return text
    classifiers = [
        value.rsplit(" :: ", 1)[-1]
        for value in said("Classifier")
        if value.startswith("License ::")
    ]
    return ", ".join(classifiers)


def _locked(lock: Path | None) -> dict[tuple[str, str], dict[str, str]]:
    """Return name of a wheel -> SHA-256 of each package and version in uv.lock."""
    if lock is None:
        return {}
    packages = tomllib.loads(lock.read_text(encoding="utf-8")).get("package", [])
    return {
        (each["name"], each.get("version", "")): {
            wheel["url"].rsplit("/", 1)[-1]: wheel["hash"].removeprefix("sha256:")
            for wheel in each.get("wheels", [])
            if "url" in wheel and wheel.get("hash", "").startswith("sha256:")
        }
        for each in packages
    }


def _installed_wheel(tags: frozenset[str], wheels: Mapping[str, str]) -> str | None:
    """Return the SHA-256 of the wheel whose tags the installed package states."""
    for name, digest in wheels.items():
        parts = [part.split(".") for part in name.removesuffix(".whl").rsplit("-", 3)[1:]]
        if tags and tags == {"-".join(tag) for tag in itertools.product(*parts)}:
            return digest
    return None


def _processor() -> tuple[str, list[str]]:
    """Return model and features of the processor; features are known on Linux only."""
    facts = Path("/proc/cpuinfo")
    if not facts.is_file():
        return platform.processor(), []
    lines = facts.read_text(encoding="utf-8", errors="replace").splitlines()
    pairs = {
        key.strip().lower(): value.strip()
        for key, _, value in (line.partition(":") for line in reversed(lines))
    }
    return pairs.get("model name", ""), sorted((pairs.get("flags") or "").split())


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        return ""


def _normal(name: str) -> str:
    """Return a package's name as indexes write it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
