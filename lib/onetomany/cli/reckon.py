"""The command that calculates alarms from a programme's disclosed numbers."""

import argparse

from onetomany.errors import InputError
from onetomany.printing import print_line as print
from .command import CommandParser, Run


def reckon_command(parser: CommandParser) -> Run:
    """Calculate alarms a day, how many of ten are right, and people stopped wrongly a year."""
    parser.add_option(
        "inputs",
        "NAME=NUMBER",
        "what is known of the programme, such as searches=20000 alerts=12 confirmed=3 "
        "false_alerts=2 gallery_size=5000; and shares from 0 to 1, such as wanted_share=0.0001 "
        "fmr=0.000001 fpir=0.001 fnir=0.05",
        nargs="*",
    )
    parser.add_path("--numbers", "FILE", "numbers.csv of a case, with the column input")
    parser.add_option(
        "--days", "N", "days that the counts cover (default: 1)", kind=float, default=1.0
    )
    parser.add_option(
        "--accuracy", "PERCENT", "a claimed accuracy in percent, such as 99.9", kind=float
    )
    return _reckon


def _reckon(args: argparse.Namespace) -> None:
    from onetomany.accuracy import programme_inputs as known
    from onetomany.accuracy.accuracy_claims import meanings_of_accuracy
    from onetomany.accuracy.reckoner import reckon
    from onetomany.accuracy.reckoner_words import describe_reckoning, worded_meanings

    if args.accuracy is not None and not 0 < args.accuracy <= 100:
        raise InputError(f"--accuracy is {args.accuracy:g}: give a percentage above 0, up to 100.")
    inputs: dict[str, known.ProgrammeInput] = {}
    if args.numbers:
        from onetomany.cases.case_tables import read_case_numbers

        inputs |= known.reckoner_inputs(read_case_numbers(args.numbers)).given
    inputs |= known.entered_inputs(args.inputs, args.days)
    found = reckon(inputs)
    for notice in describe_reckoning(found):
        print(notice.en)
        print(notice.ko)
    for row in found.inputs.iter_rows(named=True):
        ko = "" if row["source_ko"] == row["source_en"] else f" {row['source_ko']}"
        print(f"{row['name_en']} {row['name_ko']}: {row['value']:.6g} · {row['source_en']}{ko}")
    if args.accuracy is not None:
        meanings = worded_meanings(meanings_of_accuracy(args.accuracy / 100, inputs))
        for row in meanings.iter_rows(named=True):
            print(f"{row['meaning_en']} {row['meaning_ko']}")
            alarms = row["alarms_a_day_text"] or "not known 모름"
            right = row["right_of_ten_text"] or "not known 모름"
            print(f"  alarms a day 하루 경보: {alarms}; right of ten 10건 중 맞는 것: {right}")
