"""The command `onetomany`: one function a sub-command, all registered in COMMANDS."""

from __future__ import annotations

import argparse
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from onetomany import __version__
from onetomany.errors import InputError, OneToManyError

Run = Callable[[argparse.Namespace], int]


def report(parser: argparse.ArgumentParser) -> Run:
    """Execute the notebooks and export them as one HTML site."""
    parser.add_argument("--only", metavar="01,02", help="execute these chapters, keep the others")
    parser.add_argument("--notebooks", type=Path, default=Path("notebooks"), metavar="DIR")
    parser.add_argument("--out", type=Path, default=Path("build/report"), metavar="DIR")
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="also show what cells write to stderr"
    )

    def run(args: argparse.Namespace) -> int:
        from onetomany.report import build_report

        if args.verbose:
            logging.basicConfig(format="%(message)s")
            logging.getLogger("onetomany").setLevel(logging.INFO)
        started = time.monotonic()
        only = args.only.replace(" ", "").split(",") if args.only else None
        index = build_report(args.notebooks, args.out, only)
        print(f"{index} ({time.monotonic() - started:.0f} s)")
        return 0

    return run


def lab(parser: argparse.ArgumentParser) -> Run:
    """Open the notebooks in JupyterLab."""
    parser.add_argument("--notebooks", type=Path, default=Path("notebooks"), metavar="DIR")
    parser.add_argument("jupyter", nargs="*", help="after --: options for JupyterLab itself")

    def run(args: argparse.Namespace) -> int:
        folder = args.notebooks.resolve()
        if not folder.is_dir():
            raise InputError(f"There is no folder {folder}; name one with --notebooks.")
        root = f"--ServerApp.root_dir={folder}"
        command = [sys.executable, "-m", "jupyterlab", root, *args.jupyter]
        # Our configuration keeps Lab from asking for news and updates: the network may be off
        config = [str(Path(__file__).parent / "lab"), os.environ.get("JUPYTER_CONFIG_PATH", "")]
        own = {
            "JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, config)),
            # this environment's kernel before one of the same name in the home folder
            "JUPYTER_PREFER_ENV_PATH": "1",
        }
        return subprocess.call(command, env=os.environ | own)

    return run


def datasheet(parser: argparse.ArgumentParser) -> Run:
    """List a folder's own images with their SHA-256 and lay a datasheet beside them to fill in."""
    parser.add_argument("folder", type=Path, help="holds images as <subject id>/<file>")

    def run(args: argparse.Namespace) -> int:
        from onetomany.sources import prepare_folder

        for path in prepare_folder(args.folder):
            print(f"wrote {path}")
        print("Fill in every field of datasheet.toml; until then the set is not opened.")
        return 0

    return run


def weights(parser: argparse.ArgumentParser) -> Run:
    """Show the face models with their licences; fetch the weights of one."""
    parser.add_argument("--fetch", metavar="MODEL", help="download this model's weights")
    parser.add_argument("--accept-licence", action="store_true", help="you have read and accept it")
    parser.add_argument("--sha256", metavar="DIGEST", help="the file's digest, where none is known")

    def run(args: argparse.Namespace) -> int:
        from onetomany.sources import fetch_weights, models

        if args.fetch:
            for path in fetch_weights(
                args.fetch, accept_licence=args.accept_licence, sha256=args.sha256
            ):
                print(f"wrote {path}")
            return 0
        for model in models().values():
            print(f"{model.name} ({model.dimension} numbers a template)")
            print(f"  licence       {model.licence}")
            print(f"  commercial    {model.commercial}")
            print(f"  trained on    {model.training_data}")
            print(f"  caution       {model.caution}")
            for file in model.files:
                held = f"in package {file.package}" if file.package else file.url
                print(f"  file          {file.name} ({held})")
                print(f"  sha256        {file.sha256 or 'none published: state it with --sha256'}")
        return 0

    return run


def scale(parser: argparse.ArgumentParser) -> Run:
    """Enrol and search synthetic templates at the disclosed size; goes on where it was stopped."""
    parser.add_argument("--records", type=int, metavar="N", help="default: as many as disclosed")
    parser.add_argument("--out", type=Path, default=Path("build/scale"), metavar="DIR")

    def run(args: argparse.Namespace) -> int:
        from onetomany.accuracy import full

        for name, value in full.run_full(args.out, args.records).items():
            print(f"{name:44} {value if isinstance(value, str) else format(value, ',.6g')}")
        print(f"wrote {args.out / 'searches.parquet'} and {args.out / 'run.json'}")
        return 0

    return run


def trackers(parser: argparse.ArgumentParser) -> Run:
    """Compare trackers within one camera on detections of real people; nothing is downloaded."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = """\
Compare C-BIoU, ByteTrack, OC-SORT and SORT by HOTA, MOTA, IDF1 and ID switches.

FOLDER holds <sequence>/det.txt or <sequence>/det/det.txt in MOT text form. For TUD-Campus and
TUD-Stadtmitte the truth is here already (package motmetrics); other sequences bring their own
gt/gt.txt, as those of the MOT Challenge do. Detections of the two are in the code of SORT:

  git clone https://github.com/abewley/sort
  onetomany trackers sort/data

(GPL-3.0: they are read, not copied.)"""
    parser.add_argument("folder", type=Path, nargs="?", metavar="FOLDER")
    parser.add_argument(
        "--simulated", action="store_true", help="no FOLDER: true boxes with noise as detections"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the simulated detections")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write all figures there too")

    def run(args: argparse.Namespace) -> int:
        from onetomany.sources import pedestrians
        from onetomany.sources.files import write_whole
        from onetomany.tracking import comparison
        from onetomany.tracking.mot import read_mot

        if bool(args.folder) == args.simulated:
            raise InputError("Name a folder of detections, or --simulated: see 'trackers --help'.")
        if args.simulated:
            print("SIMULATED detections: the true boxes, some left out, moved or added at random.")
            opened = [pedestrians.open_sequence(name) for name in pedestrians.sequence_names()]
            truths = {each.name: read_mot(each.truth) for each in opened}
            filmed = {
                name: comparison.Filmed(
                    comparison.simulated_detections(truth, seed=args.seed), truth
                )
                for name, truth in truths.items()
            }
        else:
            found = pedestrians.user_sequences(args.folder)
            filmed = {
                each.name: comparison.Filmed(
                    read_mot(each.detections), read_mot(each.truth), each.frame_rate
                )
                for each in found
                if each.truth
            }
            if without := [each.name for each in found if not each.truth]:
                print(f"Passed over, since there is no truth: {', '.join(without)}.")
        table = comparison.compare(filmed)
        print(f"{'sequence':20} {'tracker':10} {'HOTA':>6} {'MOTA':>6} {'IDF1':>6} {'IDSW':>5}")
        for row in table.iter_rows(named=True):
            print(
                f"{row['sequence']:20} {row['tracker']:10} {row['hota']:6.3f} {row['mota']:6.3f} "
                f"{row['idf1']:6.3f} {row['id_switches']:5}"
            )
        print(f"trackeval and motmetrics differ by at most {max(table['gap'].to_list()):.1g}.")
        if args.csv:
            write_whole(args.csv, table.write_csv().encode())
            print(f"wrote {args.csv}")
        print(pedestrians.datasheet()["credit"])
        return 0

    return run


def ingest(parser: argparse.ArgumentParser) -> Run:
    """Read a folder of documents into a case file; what is there already is not read again."""
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--case", type=Path, default=Path("case.duckdb"), metavar="FILE")
    parser.add_argument("--workers", type=int, metavar="N", help="processes; default: one a core")
    parser.add_argument("--retry", action="store_true", help="try again what failed before")
    parser.add_argument("--parquet", type=Path, metavar="DIR", help="also write all tables there")

    def run(args: argparse.Namespace) -> int:
        from onetomany.documents.case_file import export_parquet
        from onetomany.documents.ingest import ingest as read_folder

        if args.workers is not None and args.workers < 1:
            raise InputError("--workers needs a number of 1 or more.")
        done = read_folder(args.folder, args.case, workers=args.workers, retry=args.retry)
        print(
            f"{args.case}: {done.files:,} files; {done.read:,} documents read ({done.pages:,} "
            f"pages), {done.partly:,} partly, {done.failed:,} not, {done.held:,} known before "
            f"({done.seconds:.0f} s)"
        )
        print(f"{done.duplicates:,} copies, {done.near_duplicates:,} near-duplicates")
        for path, why in done.failures.select("path", "why").iter_rows():
            print(f"  {path}: {why}")
        for kind, text, count in done.notes.iter_rows():
            print(f"  {kind}: {text}" + (f" ({count} times)" if count > 1 else ""))
        if args.parquet:
            for path in export_parquet(args.case, args.parquet):
                print(f"wrote {path}")
        return 0

    return run


COMMANDS: tuple[Callable[[argparse.ArgumentParser], Run], ...] = (
    report,
    lab,
    datasheet,
    weights,
    scale,
    trackers,
    ingest,
)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="onetomany", description="Check a face identification system from outside."
    )
    parser.add_argument("--version", action="version", version=f"onetomany {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")
    for command in COMMANDS:
        one = commands.add_parser(command.__name__, help=command.__doc__)
        one.set_defaults(run=command(one))
    args = parser.parse_args(argv)
    try:
        return int(args.run(args))
    except OneToManyError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; run the same command again, it goes on from the cache.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
