"""The core runs without the extras' packages, and one sentence says which extra is missing."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from onetomany.errors import InputError, MissingExtraError
from onetomany.extras import EXTRAS, missing_packages, require_extra

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
# rooms and modules that the core's packages must be enough for
CORE = [
    "accuracy",
    "cage",
    "charts",
    "checked_tables",
    "cli",
    "confidence",
    "errors",
    "extras",
    "faces",
    "gallery",
    "lazy",
    "printing",
    "prose",
    "reidentification",
    "sources",
]
# rooms and modules above: those of faces that run a network, imported when pictures are embedded
NETWORKS = {"onetomany.faces.dlib_network", "onetomany.faces.sface_network"}
HALF = 79  # of the 159 packages that the core once had
MOST = 900  # megabytes
# hides packages as if they were not installed, then imports modules
HIDING = """
import sys
from importlib import import_module

sys.modules |= dict.fromkeys(sys.argv[1].split())
for module in sys.argv[2].split():
    import_module(module)
"""


def distribution(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=;! ]", requirement)[0]).lower()


def optional() -> dict[str, set[str]]:
    """Each extra's own packages in pyproject.toml, without the extras it includes."""
    return {
        extra: {distribution(each) for each in wanted} - {"onetomany"}
        for extra, wanted in PROJECT["optional-dependencies"].items()
    }


def locked(extras: tuple[str, ...]) -> set[str]:
    """Return the packages that the lock brings to this system and Python with some extras."""
    words = "export --frozen --quiet --no-default-groups --no-emit-project --no-hashes"
    more = [word for extra in extras for word in ("--extra", extra)]
    places = (os.environ.get("UV"), shutil.which("uv"), str(ROOT / ".uv/bin/uv"))
    program = next(path for path in places if path and Path(path).exists())
    run = subprocess.run(
        [program, *words.split(), "--no-annotate", "--no-header", *more],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = map(Requirement, run.stdout.splitlines())
    return {distribution(each.name) for each in lines
            if each.marker is None or each.marker.evaluate()}  # fmt: skip


def hidden_packages() -> str:
    return " ".join(each.packages for each in EXTRAS.values())


def test_each_extras_import_names_are_those_of_its_packages() -> None:
    # dlib-bin's own list of modules leaves out the one that is imported
    providers = {"dlib": ["dlib-bin"]} | importlib.metadata.packages_distributions()
    listed = optional()
    assert listed.pop("all") == set()
    # started by pymilvus, not by the kit, and not to be had on Windows
    listed["milvus"].discard("milvus-lite")
    assert listed.keys() == EXTRAS.keys()
    for extra, wanted in listed.items():
        named = {
            re.sub(r"[-_.]+", "-", name).lower()
            for package in EXTRAS[extra].packages.split()
            for name in providers[package]
        }
        assert named == wanted, extra


def test_extras_include_one_another_as_pyproject_says() -> None:
    for extra, wanted in PROJECT["optional-dependencies"].items():
        inside = [re.findall(r"^onetomany\[(.+)\]", each) for each in wanted]
        included = {name for found in inside for name in ",".join(found).split(",") if name}
        expected = set(EXTRAS) if extra == "all" else set(EXTRAS[extra].includes)
        assert included == expected, extra


def test_the_core_has_galleries_tables_and_charts_and_none_of_the_extras() -> None:
    core = {distribution(each) for each in PROJECT["dependencies"]}
    assert {"polars", "altair", "duckdb", "faiss-cpu", "scipy"} <= core
    for extra, packages in optional().items():
        assert not core & packages, extra


def test_the_core_is_half_of_what_it_was_and_below_900_megabytes() -> None:
    """With all that its packages need, by the lock; sizes are those installed here."""
    wanted = locked(())
    sizes = {
        distribution(each.metadata["Name"]): sum(file.size or 0 for file in each.files or [])
        for each in importlib.metadata.distributions()
    }
    assert {"polars-runtime-32", "numpy"} <= wanted
    assert len(wanted) <= HALF, sorted(wanted)
    assert sum(sizes[name] for name in wanted) < MOST * 1e6


def test_pictures_go_through_deepface_which_everything_includes() -> None:
    assert "deepface" in locked(("faces",)) & locked(("all",)) & locked(("evidence",))


def test_every_module_of_the_core_imports_without_the_extras_packages() -> None:
    lib = ROOT / "lib"
    modules = sorted(
        ".".join(path.relative_to(lib).with_suffix("").parts).removesuffix(".__init__")
        for room in CORE
        for path in [
            *(lib / "onetomany" / room).rglob("*.py"),
            *(lib / "onetomany").glob(f"{room}.py"),
        ]
    )
    modules = [each for each in modules if not each.endswith("__main__") and each not in NETWORKS]
    assert len(modules) > 150
    run = subprocess.run(
        [sys.executable, "-c", HIDING, hidden_packages(), " ".join(modules)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize(
    ("room", "extra", "missing"),
    [
        ("documents", "casework", r"archi, asn1crypto, brotli and \d+ more"),
        ("formats", "casework", r"archi, asn1crypto, brotli and \d+ more"),
        ("requests", "casework", r"archi, asn1crypto, brotli and \d+ more"),
        ("evidence", "evidence", r"archi, asn1crypto, brotli and \d+ more"),
        ("terminal", "tracking", r"cv2, jupedsim, lir and \d+ more"),
        ("tracking", "tracking", r"cv2, jupedsim, lir and \d+ more"),
        ("behaviour", "tracking", r"cv2, jupedsim, lir and \d+ more"),
        ("workshop", "report", r"fontTools, ipykernel, manimgx_fonts_cjk and \d+ more"),
        ("widgets", "notebooks", "ipywidgets"),
    ],
)
def test_a_room_without_its_extra_says_what_to_install(room: str, extra: str, missing: str) -> None:
    assert_says(run_hidden(HIDING, f"onetomany.{room}"), extra, missing)


@pytest.mark.parametrize(
    ("code", "extra", "missing"),
    [
        ("otm.embed(otm.open_images('orl'))", "faces", r"cv2, deepface, dlib and \d+ more"),
        ("otm.faces.gate.open_deepface()", "faces", r"cv2, deepface, dlib and \d+ more"),
        ("otm.say('One.', '하나.')", "report", "ipykernel"),
        ("otm.build_report(otm.sources.kit_files.kit_folder('notebooks'), 'no')", "report",
         r"fontTools, ipykernel, manimgx_fonts_cjk and \d+ more"),
    ],
)  # fmt: skip
def test_a_function_without_its_extra_says_what_to_install(
    code: str, extra: str, missing: str
) -> None:
    code = HIDING + f"import onetomany as otm\n{code}"
    modules = "onetomany.faces.gate onetomany.sources.kit_files"
    assert_says(run_hidden(code, modules), extra, missing)


def test_receipts_single_households_out_without_an_extra() -> None:
    counted = "print(onetomany.reidentification.mosaic.singled_out(receipts, 'day')['people'][0])"
    run = hidden_process(
        HIDING + RECEIPTS + f"import onetomany\n{counted}", "onetomany.reidentification.mosaic"
    )
    assert (run.returncode, run.stdout.split()[-1]) == (0, "1"), run.stderr


def run_hidden(code: str, modules: str) -> str:
    """Return the last line of what a process without the extras' packages writes to stderr."""
    run = hidden_process(code, modules)
    assert run.returncode == 1
    return run.stderr.strip().splitlines()[-1]


def hidden_process(code: str, modules: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, hidden_packages(), modules],
        capture_output=True,
        text=True,
        check=False,
    )


def assert_says(last: str, extra: str, missing: str) -> None:
    assert "MissingExtraError: " in last
    assert re.search(rf"\({missing}\): run pip install 'onetomany\[{extra}\]'$", last), last


RECEIPTS = """
import datetime, polars
receipts = polars.DataFrame({"household": [1], "store": [1], "at": [datetime.datetime(2020, 1, 1)]})
"""
# made of numbers drawn by chance: 40 people, three templates each
WITHOUT_EXTRAS = """
import numpy as np
import polars as pl
import onetomany as otm
from onetomany.charts.accuracy import score_histogram_chart

chance = np.random.default_rng(1)
made = chance.normal(size=(40, 128)).repeat(3, axis=0) + chance.normal(size=(120, 128)) / 4
made /= np.linalg.norm(made, axis=1, keepdims=True)
sheet = otm.open_images("orl").datasheet
names = [f"s{1 + place // 3}/{1 + place % 3}" for place in range(120)]
frame = pl.DataFrame({
    "template_id": names,
    "subject_id": [name.partition("/")[0] for name in names],
    "image_set": sheet.name,
    "model": "made",
    "template": pl.Series(made, dtype=pl.Array(pl.Float32, 128)),
})
compared = otm.compare_all(frame)
cut = otm.threshold_at_fmr(compared, 0.01)
rates = otm.error_rates(compared, [cut.score])
chart = score_histogram_chart(otm.accuracy.histogram(compared), cut.score, source="made")
gallery = otm.gallery_of(frame[::3], sheet)
first = gallery.search(frame[1::3], k=1)
right = (first["subject_id"] == first["probe_subject_id"]).sum()
print(len(compared), rates["fnmr"].item(), right, "layer" in chart.to_dict())
"""


def test_templates_are_compared_searched_and_charted_without_any_extra() -> None:
    run = subprocess.run(
        [sys.executable, "-c", HIDING + WITHOUT_EXTRAS, hidden_packages(), "onetomany"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout.split() == ["7140", "0.0", "40", "True"], run.stderr


@pytest.mark.parametrize("extra", EXTRAS)
def test_a_missing_package_is_named_in_one_sentence(
    extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_extra(extra)  # all are installed where the tests run
    package = EXTRAS[extra].packages.split()[-1]
    monkeypatch.setitem(sys.modules, package, None)  # as if it were not installed
    assert missing_packages(extra) == [package]
    with pytest.raises(MissingExtraError) as caught:
        require_extra(extra)
    assert str(caught.value) == (
        f"{EXTRAS[extra].purpose} needs packages that are not installed ({package}): "
        f"run pip install 'onetomany[{extra}]'"
    )
    assert package in caught.value.ko
    assert re.search("[가-힣]", caught.value.ko)
    assert caught.value.extra == extra
    assert isinstance(caught.value, InputError)
    assert isinstance(caught.value, ImportError)


def test_an_extra_misses_the_packages_of_those_it_includes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "nh3", None)
    assert missing_packages("evidence") == ["nh3"]


def test_a_command_without_its_extra_ends_with_the_sentence(tmp_path: Path) -> None:
    code = HIDING + (
        "sys.argv = ['onetomany', 'ingest', sys.argv[3], '--case', sys.argv[3] + '/c.duckdb']\n"
        "sys.exit(import_module('onetomany.cli').main())"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, hidden_packages(), "onetomany.errors", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1
    assert run.stderr.strip().endswith("run pip install 'onetomany[casework]'")
