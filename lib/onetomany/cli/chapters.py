"""Commands that run the notebooks or open them in JupyterLab."""

import argparse
import logging
import re
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from onetomany.errors import InputError
from onetomany.printing import print_line as print
from .command import CommandParser, Run


def report_command(parser: CommandParser) -> Run:
    """Run the chapters and write them as one web site that needs no network."""
    parser.add_option(
        "--only",
        "01,02",
        "run only these chapters and keep the other pages as they are (default: all)",
    )
    _add_images(parser, "run chapters 01 to 03 on this folder of your own pictures")
    parser.add_notebooks()
    parser.add_case_folder(
        "write the chapter of this case folder, or of a case that comes with the kit"
    )
    parser.add_path(
        "--out", "DIR", "folder for the pages (default: build/report, or build/report-NAME)"
    )
    parser.add_flag(
        "--exercises", "also show the workshop's exercises, with their answers folded away"
    )
    parser.add_path(
        "--docs",
        "DIR",
        "also put the manual into the report: folder of the pages that 'make docs' builds",
    )
    parser.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="also show the messages that the cells print to stderr",
    )
    return _report


def _report(args: argparse.Namespace) -> None:
    from onetomany.report import build_report
    from onetomany.sources.files import check_writable
    from onetomany.sources.images import activity

    if args.verbose:
        logging.basicConfig(format="%(message)s")
        logging.getLogger("onetomany").setLevel(logging.INFO)
    started = time.monotonic()
    home = args.case or (Path() if Path("case.toml").is_file() else None)
    if home is not None:
        index = _case_report(args, home)
    else:
        only = args.only.replace(" ", "").split(",") if args.only else None
        with activity("workshop" if args.exercises else "report"):
            chosen = _chosen(args)
            out = args.out or chosen or Path("build/report")
            check_writable(out)
            index = build_report(
                args.notebooks, out, only, exercises=args.exercises, docs=args.docs
            )
    print(f"{index} ({time.monotonic() - started:.0f} s)")


def _case_report(args: argparse.Namespace, home: Path) -> Path:
    """Write the report of a case folder, into its build/report by default."""
    from onetomany.report import build_case_report
    from onetomany.sources.files import check_writable

    if args.only or args.images or args.exercises or args.docs:
        raise InputError(
            "--only, --images, --exercises and --docs have no effect with a case folder: leave "
            "them out, or run the command outside of the case folder."
        )
    inside = (home / "case.toml").is_file()
    out = args.out or (home if inside else Path()) / "build" / (
        "report" if inside else f"report-{home.name}"
    )
    check_writable(out)
    return build_case_report(args.notebooks, home, out)


def _add_images(parser: CommandParser, what: str) -> None:
    parser.add_path("--images", "FOLDER", f"{what} (see 'onetomany datasheet')")
    parser.add_weak_isolation()


def _chosen(args: argparse.Namespace) -> Path | None:
    """Choose the user's own pictures, if any, and print how many files are used.

    Returns the default folder of a report on them; None without pictures of one's own.
    """
    from onetomany.sources import choose_images

    if not args.images:
        return None
    images = choose_images(args.images)
    left_out = images.account["reason"].drop_nulls()
    print(f"{images.datasheet.title}: {len(images.files):,} pictures used.")
    if len(left_out):
        print(f"{len(left_out):,} files were not used; {args.images / 'ids.csv'} lists them:")
    for reason, many in left_out.value_counts(sort=True).iter_rows():
        print(f"  {many:,}  {reason}")
    name = re.sub(r"[^\w-]+", "-", images.datasheet.name)
    return Path("build") / f"report-{name}"


def lab_command(parser: CommandParser) -> Run:
    """Open your own copy of the chapters in JupyterLab; the first time, make the copy."""
    _add_images(parser, "open this folder of your own pictures in chapters 01 to 03")
    parser.add_path(
        "--notebooks",
        "DIR",
        "open this folder of notebooks itself, without a copy (default: your copy)",
    )
    parser.add_language("language of the copy, in the folder chapters-en or chapters-ko")
    parser.add_flag("--show-code", "show the code in a new copy instead of folding it away")
    parser.add_argument("jupyter", nargs="*", help="options for JupyterLab itself, after --")
    return _lab


def _lab(args: argparse.Namespace) -> int:
    from onetomany.extras import require_extra

    require_extra("notebooks")
    from onetomany.workshop import START

    _chosen(args)
    folder = (args.notebooks or _own_copy(args.language, folded=not args.show_code)).resolve()
    if not folder.is_dir():
        raise InputError(
            f"There is no folder {folder}: name a folder of notebooks with --notebooks."
        )
    # a page with one card per chapter
    return open_lab(folder, START if (folder / START).exists() else None, args.jupyter)


def _own_copy(language: str, *, folded: bool) -> Path:
    """Return the user's copy of the chapters in the working directory; make it if there is none."""
    from onetomany.sources.kit_files import kit_folder
    from onetomany.workshop import START, write_handout

    copy = Path(f"chapters-{language}")
    if (copy / START).exists():
        print(f"{copy} is your copy, as you left it. For a new copy, rename this folder.")
    else:
        write_handout(kit_folder("notebooks"), copy, language, folded=folded)
        print(f"{copy} is a new copy of the chapters: change it as you like.")
    return copy


def open_lab(
    folder: Path, start: str | None, jupyter: Sequence[str], *, alone: bool = False
) -> int:
    """Open JupyterLab in a folder, at one of its files; return its exit code.

    `jupyter` are options for JupyterLab itself; they override ours. With `alone` the list of files
    is not shown.
    """
    from onetomany.sources.processes import python_command

    options = [f"--ServerApp.root_dir={folder}"]
    options += ["--ServerApp.kernel_spec_manager_class=onetomany.report.kernels.LabKernels"]
    if start:
        options += [f"--LabApp.default_url=/{'doc' if alone else 'lab'}/tree/{start}"]
    command = python_command("-m", "jupyterlab", *options, *jupyter)
    # JupyterLab also reads configuration from its working directory: start it in an empty one
    with tempfile.TemporaryDirectory(prefix="onetomany-lab-") as empty:
        return subprocess.call(command, cwd=empty, env=_lab_environment())


def _lab_environment() -> dict[str, str]:
    """Return an environment with only the kit's own configuration and folders for JupyterLab.

    Configuration in the home folder may come from somebody's archive. Ours also keeps JupyterLab
    from asking for news and updates.
    """
    from onetomany.sources.cache import cache_dir
    from onetomany.sources.processes import safe_environment

    own = cache_dir() / "lab"
    return safe_environment(
        JUPYTER_CONFIG_PATH=str(Path(__file__).parents[1] / "lab"),
        JUPYTER_CONFIG_DIR=str(own / "config"),
        JUPYTER_DATA_DIR=str(own / "data"),
        JUPYTER_PREFER_ENV_PATH="1",
        IPYTHONDIR=str(own / "ipython"),
    )
