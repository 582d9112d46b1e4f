"""The command that applies the rules of chapter 06 to a user's own walks."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from onetomany.printing import print_line as print
from .command import CommandParser, Run

if TYPE_CHECKING:
    from onetomany.behaviour import Judged

_SHOWN = 20  # flags printed; all are in flags.csv


def behaviour_command(parser: CommandParser) -> Run:
    """Apply the rules of chapter 06 to your own table of walking people: CSV or MOT text."""
    parser.describe("""\
Apply the rules for 'abnormal behaviour' to a table of walking people. The thresholds are those of
chapter 06: no authority has published its own.

FILE is a CSV with the columns id, t (seconds), x and y (metres), or MOT text with x and y in
metres. A column's name may include its unit: t_ms, x_cm, x/ft, frame. Some rules need a gate line,
a one-way zone or a waiting area, written in a file such as site.toml. Without it these rules are
left out:

  [[gates]]
  gate = "exit"
  x1 = 10.0
  y1 = 0.0
  x2 = 10.0
  y2 = 4.0

[[one_way]] has zone, x_low, y_low, x_high, y_high and dx, dy (the allowed direction). [[waiting]]
has zone, x_low, y_low, x_high, y_high. A flag does not mean that the person has done anything.""")
    parser.add_path("file", "FILE", "table of walking people: CSV or MOT text")
    parser.add_path(
        "--site",
        "SITE.TOML",
        "file with the gates, one-way zones and waiting areas (default: none)",
    )
    parser.add_option(
        "--unit",
        "UNIT",
        "unit of x and y: m, cm, mm, km or ft (default: as the column names say, or m)",
    )
    parser.add_option(
        "--fps", "N", "frames a second, if t counts frames (default: t is in seconds)", kind=float
    )
    parser.add_flag("--simulated", "mark the chart as simulated: the walks are not real")
    parser.add_weak_isolation()
    parser.add_path("--out", "DIR", "folder for the results (default: behaviour/NAME of the file)")
    return _behaviour


def _behaviour(args: argparse.Namespace) -> None:
    from onetomany import behaviour as rooms
    from onetomany.charts.behaviour import flagged_rates_chart
    from onetomany.sources.files import write_whole
    from onetomany.sources.tables import csv_text

    site = rooms.read_site(args.site) if args.site else rooms.Site()
    rules = rooms.read_rules()
    walks = rooms.read_walks(args.file, unit=args.unit, fps=args.fps)
    for notice in walks.notices:
        print(notice.en)
        print(notice.ko)
    found = rooms.judge(walks, rules, site)
    _print_tables(found)
    out = args.out or Path("behaviour") / args.file.stem
    for name, table in (("flags", found.flags), ("rates", found.rates)):
        write_whole(out / f"{name}.csv", csv_text(table).encode())
    judged = "\n\n".join(found.not_judged)
    write_whole(out / "not_judged.txt", f"{judged}\n".encode())
    written = "flags.csv, rates.csv, not_judged.txt"
    if found.rates["rate"].is_not_null().any():
        chart = flagged_rates_chart(
            found.rates,
            {name: rule.name for name, rule in rules.items()},
            {name: rule.axis for name, rule in rules.items()},
            source=args.file.name,
            simulated="walks, as stated by the user 사용자가 밝힘" if args.simulated else None,
        )
        page = chart.to_html(inline=True)
        write_whole(out / "flagged.html", page.encode())
        written += ", flagged.html"
    print(f"wrote {written} to {out}")


def _print_tables(found: Judged) -> None:
    heads = found.summary.columns
    print(" | ".join(heads))
    for cells in found.summary.iter_rows():
        print(" | ".join(cells))
    for row in found.flags.head(_SHOWN).iter_rows(named=True):
        print(
            f"  {row['rule']:10} {row['id']}: {row['value']:.3g} {row['unit']}, "
            f"{row['t_start']:.1f} to {row['t_end']:.1f} s"
        )
    if found.flags.height > _SHOWN:
        print(f"  and {found.flags.height - _SHOWN:,} more, all in flags.csv")
    for sentence in found.not_judged:
        if sentence:
            print(sentence)
