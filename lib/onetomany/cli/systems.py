"""Commands on image sets, models, galleries and trackers."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from onetomany.errors import InputError, OneToManyError
from onetomany.printing import print_line as print
from .command import CommandParser, Run

if TYPE_CHECKING:
    import polars as pl

    from onetomany.tracking.sequences import Folder

_SHOWN = 20  # names of unused files that are printed


def datasheet_command(parser: CommandParser) -> Run:
    """List your own pictures with their SHA-256, and write a datasheet to fill in."""
    parser.add_argument(
        "folder", type=Path, help="folder of your pictures, with one sub-folder for each person"
    )
    return _datasheet


def _datasheet(args: argparse.Namespace) -> None:
    from onetomany.sources import open_images, prepare_folder

    prepared = prepare_folder(args.folder)
    for path in prepared.written:
        print(f"wrote {path}")
    people = " or ".join(f"{many:,}" for many in prepared.levels)
    print(f"{prepared.pictures:,} pictures of {people} people.")
    unused = [(name, reason) for name, reason in prepared.reasons.items() if reason]
    if unused:
        print(f"{len(unused):,} files will not be used:")
    for name, reason in unused[:_SHOWN]:
        print(f"  {name}: {reason}")
    if len(unused) > _SHOWN:
        print(f"  and {len(unused) - _SHOWN:,} more; ids.csv lists all")
    if len(prepared.levels) > 1:
        print(
            "There are folders within folders: write the number of people as 'subjects' in "
            "datasheet.toml, then run this again."
        )
    try:
        open_images(args.folder)
    except OneToManyError as error:  # the error names the user's next step
        print(error)
    print(f"Then: onetomany report --images {args.folder}")


def weights_command(parser: CommandParser) -> Run:
    """List the face models and their licences, or download one model's weights."""
    parser.add_argument("--fetch", metavar="MODEL", help="download the weights of this model")
    parser.add_licence()
    parser.add_option(
        "--sha256",
        "DIGEST",
        "with --fetch: SHA-256 of the file that you trust, if none is registered",
    )
    return _weights


def _weights(args: argparse.Namespace) -> None:
    from onetomany.sources import fetch_weights, models

    if args.fetch:
        for path in fetch_weights(
            args.fetch, accept_licence=args.accept_licence, sha256=args.sha256
        ):
            print(f"wrote {path}")
        return
    for model in models().values():
        print(f"{model.name} (a template has {model.dimension} numbers)")
        print(f"  licence       {model.licence}")
        print(f"  commercial    {model.commercial}")
        print(f"  trained on    {model.training_data}")
        print(f"  caution       {model.caution}")
        for file in model.files:
            held = f"in package {file.package}" if file.package else file.url
            print(f"  file          {file.name} ({held})")
            print(f"  sha256        {file.sha256 or 'none published: give it with --sha256'}")


def images_command(parser: CommandParser) -> Run:
    """List image sets that can be downloaded and their licences, or download one."""
    parser.add_argument("--fetch", metavar="SET", help="download the pictures of this set")
    parser.add_path("--out", "DIR", "folder for the pictures (default: the name of the set)")
    parser.add_licence()
    return _images


def _images(args: argparse.Namespace) -> None:
    from onetomany.sources.fetching import fetch_images, fetchable

    if args.fetch:
        out = args.out or Path(args.fetch)
        fetch_images(args.fetch, out, accept_licence=args.accept_licence)
        print(f"wrote {out}")
        print(f"Then: onetomany report --images {out}")
        return
    for sheet in fetchable().values():
        print(f"{sheet.name}: {sheet.title}")
        for name in ("source", "url", "licence", "terms", "consent_basis", "credit", "limits"):
            print(f"  {name.replace('_', ' '):14}{getattr(sheet, name)}")


def pairs_command(parser: CommandParser) -> Run:
    """Compare every pair of your pictures; store scores and recorded attributes."""
    parser.add_argument(
        "folder", type=Path, help="folder of your pictures, with datasheet.toml and attributes.csv"
    )
    text = "face models (default: those of chapter 01)"
    parser.add_option("--models", "MODEL", text, nargs="+")
    parser.add_path(
        "--out", "DIR", "folder for the results (default: %(default)s)", Path("build/pairs")
    )
    return _pairs


def _pairs(args: argparse.Namespace) -> None:
    from onetomany import faces, sources
    from onetomany.accuracy.pair_tables import write_pairs

    opened = sources.open_images(args.folder)
    for path in write_pairs(opened, args.models or faces.MATCHERS, args.out):
        print(f"wrote {path}")
    print("The table contains no picture and no template, but scores of real people: protect it.")


def scale_command(parser: CommandParser) -> Run:
    """Enrol and search synthetic templates at the disclosed size; if stopped, run it again."""
    parser.add_option(
        "--records", "N", "records in the gallery (default: the disclosed number)", kind=int
    )
    parser.add_path(
        "--out", "DIR", "folder for the results (default: %(default)s)", Path("build/scale")
    )
    return _scale


def _scale(args: argparse.Namespace) -> None:
    from onetomany.accuracy import full

    for name, value in full.run_full(args.out, args.records).items():
        print(f"{name:44} {value if isinstance(value, str) else format(value, ',.6g')}")
    print(f"wrote {args.out / 'searches.parquet'} and {args.out / 'run.json'}")


def trackers_command(parser: CommandParser) -> Run:
    """Compare four trackers on detections of real people; nothing is downloaded."""
    parser.describe("""\
Compare C-BIoU, ByteTrack, OC-SORT and SORT by HOTA, MOTA, IDF1 and ID switches.

FOLDER contains <sequence>/det.txt or <sequence>/det/det.txt in MOT text form. The kit has the
ground truth of TUD-Campus and TUD-Stadtmitte (package motmetrics); other sequences need their own
gt/gt.txt, as in the MOT Challenge. Detections of these two are in the code of SORT:

  git clone https://github.com/abewley/sort
  onetomany trackers sort/data

(GPL-3.0: the kit reads them and does not copy them.)""")
    parser.add_argument(
        "folder", type=Path, nargs="?", metavar="FOLDER", help="folder of detections"
    )
    parser.add_flag(
        "--simulated", "instead of FOLDER: simulate detections, the true boxes with noise"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="with --simulated: random seed (default: 0)"
    )
    parser.add_path("--csv", "FILE", "also write all figures to this CSV file")
    parser.add_path("--out", "DIR", "also write the tracks to this folder, as MOT text")
    parser.add_weak_isolation()
    return _trackers


def _trackers(args: argparse.Namespace) -> int:
    from onetomany.sources.files import write_whole
    from onetomany.sources.tables import csv_text
    from onetomany.tracking import comparison

    if bool(args.folder) == args.simulated:
        raise InputError(
            "Name either a folder of detections or --simulated: see 'onetomany trackers --help'."
        )
    found = _simulated(args.seed) if args.simulated else _opened(args.folder)
    table = comparison.compare_trackers(found.filmed, pooled=True, out=args.out)
    if table.height:
        _print_scores(table)
    if args.csv:
        write_whole(args.csv, csv_text(table).encode())
        print(f"wrote {args.csv}")
    if args.out:
        print(f"wrote tracks of {len(found.filmed):,} sequences to {args.out}")
    for credit in found.credits:
        print(credit)
    return 1 if found.refused else 0


def _simulated(seed: int) -> Folder:
    from onetomany.sources import pedestrians
    from onetomany.tracking import comparison
    from onetomany.tracking.mot import read_mot
    from onetomany.tracking.sequences import Folder

    print("SIMULATED detections: the true boxes, some left out, moved or added at random.")
    opened = [pedestrians.open_sequence(name) for name in pedestrians.sequence_names()]
    truths = {each.name: read_mot(each.truth) for each in opened}
    filmed = {
        name: comparison.Filmed(comparison.simulated_detections(truth, seed=seed), truth)
        for name, truth in truths.items()
    }
    return Folder(filmed, credits=(pedestrians.pedestrian_datasheet()["credit"],))


def _opened(folder: Path) -> Folder:
    """Open a user's folder and print its notices and refusals."""
    from onetomany.tracking.sequences import open_folder

    found = open_folder(folder)
    for name, notices in found.notices.items():
        for notice in notices:
            print(f"{name}: {notice.en}")
            print(f"{name}: {notice.ko}")
    for name, reason in found.refused.items():
        print(f"REFUSED {name}: {reason}", file=sys.stderr)
    if without := [name for name in found.filmed if name not in found.scored]:
        print(f"Not scored, because there is no ground truth: {', '.join(without)}.")
    if not found.filmed:
        raise InputError(
            f"None of the sequences in {folder} can be used: the lines above give the reasons."
        )
    return found


def _print_scores(table: pl.DataFrame) -> None:
    from onetomany.tracking.comparison import COUNTED_TWICE

    heads = ("HOTA", "MOTA", "IDF1")
    print(
        f"{'sequence':20} {'tracker':10} {' '.join(f'{head:>6}' for head in heads)} "
        f"{'IDSW':>5} {'IDSW*':>5} {'MT':>4} {'ML':>4} {'of':>4}"
    )
    for row in table.iter_rows(named=True):
        print(
            f"{row['sequence']:20} {row['tracker']:10} {row['hota']:6.3f} {row['mota']:6.3f} "
            f"{row['idf1']:6.3f} {row['id_switches']:5} {row['motmetrics_switches']:5} "
            f"{row['mostly_tracked']:4} {row['mostly_lost']:4} {row['persons']:4}"
        )
    print("MT, ML: persons tracked in more than 80 %, or less than 20 %, of their boxes.")
    print(
        "IDSW* is the count of motmetrics. It compares with a person's track in any earlier frame; "
        "trackeval, the source of the other figures, compares with the frame before."
    )
    most = max(table["gap"].to_list())
    print(f"In {', '.join(COUNTED_TWICE)} the two differ by at most {most:.1g}.")
