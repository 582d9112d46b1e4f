"""Commands on exhibits: make and seal one, check one, time-stamp one, make a key."""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

from onetomany.cli.captures import add_options, check_options, name_captures
from onetomany.cli.command import Run
from onetomany.errors import InputError
from onetomany.printing import print_line as print
from onetomany.sources.kit_files import kit_folder

# what 'no fault' says, without and with the signer's key: anybody can seal something else anew
_HOLDS = (
    "It agrees with itself; that it is what somebody sealed shows only with their public key "
    "(--key). 묶음 안에서는 서로 맞는다. 누가 봉인한 그것인지는 그 사람의 공개 키가 있어야 안다.",
    "It is what was sealed with that key. 그 열쇠로 봉인한 것과 같다.",
)


def exhibit(parser: argparse.ArgumentParser) -> Run:
    """Run chapters and seal what they show into a bundle for a court."""
    parser.add_argument("--only", metavar="01,02", help="these chapters; default: all")
    parser.add_argument("--notebooks", type=Path, default=kit_folder("notebooks"), metavar="DIR")
    parser.add_argument("--out", type=Path, default=Path("build/exhibit"), metavar="DIR")
    parser.add_argument("--operator", required=True, metavar="NAME", help="who runs this")
    parser.add_argument("--organisation", default="", metavar="NAME")
    parser.add_argument("--key", type=Path, metavar="PEM", help="private key to sign with")
    parser.add_argument(
        "--pdf-key", type=Path, metavar="P12", help="PKCS #12 file to sign exhibit.pdf with (PAdES)"
    )
    parser.add_argument("--redact", type=Path, metavar="FILE", help="redaction list, TOML or CSV")
    parser.add_argument(
        "--validation",
        type=Path,
        metavar="FILE",
        help="result of a test run; default: what 'make test' left, if of the same commit",
    )
    parser.add_argument(
        "--jurisdiction",
        default="",
        metavar="kr-civil,us",
        help="further drafts of certificates: kr-civil, kr-admin, kr-criminal, us, england, eu",
    )
    parser.add_argument(
        "--licence",
        default="https://creativecommons.org/licenses/by/4.0/",
        metavar="URL",
        help="licence of the results; default: %(default)s",
    )

    add_options(parser)

    def run(args: argparse.Namespace) -> int:
        from onetomany.sources.files import sole_use

        with sole_use(args.out):
            return _make_exhibit(args)

    return run


def _make_exhibit(args: argparse.Namespace) -> int:
    from onetomany.evidence import bundle, keys, pades, questions, validation
    from onetomany.evidence.exhibit import build_payload
    from onetomany.evidence.redaction import read_rules
    from onetomany.sources.images import activity, chosen_images, image_sets

    # what can be refused is refused before an hour of running
    if chosen_images() not in image_sets():
        raise InputError(
            "An exhibit is of the kit's own image sets, which others can run again: choose no "
            "pictures of your own before it (ONETOMANY_IMAGES)."
        )
    if args.out.exists():
        raise InputError(f"There is {args.out} already: name a new folder with --out.")
    if not args.operator.strip():
        raise InputError("An exhibit says who ran it: give a name with --operator.")
    check_options(args)
    if args.key:
        keys.read_private(args.key)
    drafts = questions.parse_jurisdictions(args.jurisdiction)
    if args.validation:
        validation.read_results(args.validation)
    if args.pdf_key:
        pades.read_signer(args.pdf_key)
    rules = read_rules(args.redact) if args.redact else ()
    only = args.only.replace(" ", "").split(",") if args.only else None
    folder = args.out.with_name(f".{args.out.name}.payload")
    shutil.rmtree(folder, ignore_errors=True)
    with activity("exhibit"):
        payload = build_payload(args.notebooks, folder, only, rules, args.validation)
    if args.pdf_key:
        _sign_pdf(folder / "exhibits" / "exhibit.pdf", args.pdf_key)
    if args.case:
        rules = (*rules, *name_captures(folder, args.case, carry=args.carry_captures))
    record = payload.record(
        operator=args.operator,
        organisation=args.organisation,
        licence=args.licence,
        command=["onetomany", *map(_without_folders, sys.argv[1:])],
    )
    try:
        made = bundle.seal(
            folder,
            args.out,
            record,
            key=args.key,
            created=datetime.now(UTC),
            rules=rules,
            jurisdictions=drafts,
        )
    except InputError as error:
        raise InputError(f"{error} What was to be sealed lies in {folder}.") from error
    shutil.rmtree(folder)
    for rule, file, count in payload.redactions.iter_rows():
        print(f"redacted by rule '{rule}': {count} in {file or 'no file'}")
    for left in payload.left_out:
        print(f"left out: {left}")
    print(made)
    if args.key is None:
        print("It is not signed: make a key with 'onetomany key FILE', sign with --key FILE.")
    print(f"To check it: onetomany verify {shlex.quote(str(made))}")
    return 0


def _sign_pdf(path: Path, key: Path) -> None:
    from onetomany.evidence import pades
    from onetomany.sources.files import write_whole

    content = pades.sign(path.read_bytes(), key)
    write_whole(path, content)
    kept = ", ".join(sorted(pades.standards(content)))
    print(f"signed {path.name}; kept: {kept}. It has a signing time: two runs give two files.")


def _without_folders(word: str) -> str:
    """A word of the command as the bundle keeps it: of a whole path its last name alone.

    The folders before it name the user, and where the private key lies.
    """
    option, equals, value = word.partition("=")
    if equals and option.startswith("--"):
        return f"{option}={_without_folders(value)}"
    return Path(word).name if Path(word).is_absolute() or ".." in Path(word).parts else word


def verify(parser: argparse.ArgumentParser) -> Run:
    """Check a bundle: name every file and line that differs from what was sealed."""
    parser.add_argument("bundle", type=Path, metavar="BUNDLE")
    parser.add_argument(
        "--key",
        type=Path,
        action="append",
        default=[],
        metavar="PEM",
        help="the public key of who sealed it; after that, those of people who added to it",
    )
    parser.add_argument("--roots", type=Path, metavar="PEM", help="roots of time-stamp authorities")

    def run(args: argparse.Namespace) -> int:
        from onetomany.evidence.bundle import AFTER, TRUTH_EN, TRUTH_KO
        from onetomany.evidence.verify import verify as check

        key, *signers = args.key or [None]
        found = check(args.bundle, public_key=key, signers=signers, roots=args.roots)
        for file, line, what, todo, level in found.iter_rows():
            where = f"{file}{f', line {line}' if line else ''}"
            print(f"{level}: {where}: {what}; {todo}")
        faults = found.filter(level="fault").height
        name = str(args.bundle)
        if faults:
            print(f"{name}: {faults} faults. It is not what was sealed. 봉인한 것과 다르다.")
        else:
            print(f"{name}: no fault. {_HOLDS[key is not None]}")
        if later := found.filter(file=AFTER, level="note").height:
            print(
                f"Added after sealing: {later} lines of {AFTER}; the notes above say who signed "
                f"them. 봉인한 뒤 {later}줄이 덧붙었다. 누가 서명했는지는 위의 note에 있다."
            )
        print(f"{TRUTH_EN} {TRUTH_KO}")
        return 1 if faults else 0

    return run


def reproduce(parser: argparse.ArgumentParser) -> Run:
    """Run a bundle's notebooks again, in a container, and compare every figure."""
    parser.add_argument("bundle", type=Path, metavar="BUNDLE")
    parser.add_argument("--sealed-by", type=Path, metavar="PEM", help="the signer's public key")
    parser.add_argument(
        "--key", type=Path, metavar="PEM", help="your private key to --attest with; else as above"
    )
    parser.add_argument(
        "--attest", action="store_true", help="put a signed statement of your run into the bundle"
    )
    parser.add_argument("--operator", default="", metavar="NAME", help="who runs and attests this")
    parser.add_argument("--organisation", default="", metavar="NAME")
    parser.add_argument("--out", type=Path, default=Path("build/reproduced"), metavar="DIR")
    parser.add_argument(
        "--unverified", action="store_true", help="run it although 'verify' finds faults"
    )
    parser.add_argument(
        "--unconfined", action="store_true", help="run it without a container, with your rights"
    )
    parser.add_argument(
        "--yes", action="store_true", help="with --unconfined: don't ask, the warning is understood"
    )
    parser.add_argument("--memory", type=int, default=8, metavar="GB", help="default: %(default)s")
    parser.add_argument("--hours", type=float, default=4, metavar="N", help="default: %(default)s")

    def run(args: argparse.Namespace) -> int:
        from onetomany.evidence import reproduce as again
        from onetomany.evidence.container import Limits

        _refuse_unverified(args)
        if args.unconfined:
            _ask(args.yes)
        for package, then, here in again.version_differences(args.bundle).iter_rows():
            print(f"version: {package} was {then}, is {here}")
        limits = Limits(memory=args.memory << 30, seconds=args.hours * 3600)
        started = datetime.now(UTC)
        table = again.reproduce(args.bundle, args.out, unconfined=args.unconfined, limits=limits)
        for item, outcome, _, _, what in table.iter_rows():
            print(f"{item:16} {outcome:10} {what}".rstrip())
        counts = {name: table.filter(outcome=name).height for name in again.OUTCOMES}
        print(", ".join(f"{name} {count}" for name, count in counts.items()))
        print(f"wrote {args.out / 'comparison.csv'}")
        if args.attest:
            _refuse_unverified(args)  # it may have changed since it was read
            from onetomany.evidence.attestation import Run as Attested
            from onetomany.evidence.attestation import attest

            who = Attested(
                args.operator, args.organisation, started, datetime.now(UTC), not args.unconfined
            )
            print(
                f"added {attest(args.bundle, table, who, args.key)}: what differs is stated in it"
            )
        return 1 if counts["different"] else 0

    return run


def _refuse_unverified(args: argparse.Namespace) -> None:
    """Refuse, before an hour of running, what can't be run or attested."""
    from onetomany.evidence import keys
    from onetomany.evidence.verify import verify as check

    if args.attest:
        if args.key is None or not args.operator.strip():
            raise InputError("An attestation needs --key (your private key) and --operator.")
        keys.read_private(args.key)
    public = args.sealed_by or (None if args.attest else args.key)
    faults = check(args.bundle, public_key=public).filter(level="fault").height
    if faults and args.attest:
        raise InputError(
            f"'onetomany verify {args.bundle}' finds {faults} faults: such a bundle is not "
            "attested."
        )
    if faults and not args.unverified:
        raise InputError(
            f"'onetomany verify {args.bundle}' finds {faults} faults, and the code in a "
            "changed bundle may be anybody's: nothing was run. Look at it, or add --unverified."
        )


def _ask(agreed: bool) -> None:
    """Warn of running a stranger's code, and go on only after a typed yes."""
    print(
        "WARNING: without a container this bundle's notebooks run with all your rights: they can "
        "read, change and delete your files, keys and passwords and send them away. Use a machine "
        "that holds nothing of yours.\n"
        "경고: 격리 없이 실행하면 이 묶음의 노트북은 사용자의 모든 권한으로 돌아간다. 파일, 키, "
        "비밀번호를 읽고 바꾸고 지우고 밖으로 보낼 수 있다. 자료가 없는 컴퓨터에서 실행한다.",
        file=sys.stderr,
    )
    if agreed:
        return
    if not sys.stdin.isatty():
        raise InputError("Nobody is here to answer: nothing was run. Add --yes if you agree.")
    if input("Type yes to run it. 실행하려면 yes를 입력한다: ").strip().lower() != "yes":
        raise InputError("You did not type yes: nothing was run. 실행하지 않았다.")


def key(parser: argparse.ArgumentParser) -> Run:
    """Make an Ed25519 key to sign bundles with; keep it to yourself."""
    parser.add_argument("file", type=Path, metavar="FILE")

    def run(args: argparse.Namespace) -> int:
        from onetomany.evidence.keys import PASSPHRASE, make_key, passphrase

        mark = make_key(args.file, passphrase=passphrase())
        print(f"{args.file}: private key; keep it to yourself, and a copy in a safe place.")
        if passphrase() is None:
            print(f"It is not encrypted: set {PASSPHRASE} before making one that is.")
        print(f"Tell others its SHA-256, by a way that you control: {mark}")
        return 0

    return run


def certify(parser: argparse.ArgumentParser) -> Run:
    """Add the completed certificate to a bundle, as a PDF signed here or elsewhere."""
    parser.add_argument("bundle", type=Path, metavar="BUNDLE")
    parser.add_argument("completed", type=Path, metavar="COMPLETED.pdf")
    parser.add_argument(
        "--pdf-key", type=Path, metavar="P12", help="PKCS #12 file to sign it with (PAdES)"
    )
    parser.add_argument("--key", type=Path, required=True, metavar="PEM", help="signs the log line")
    parser.add_argument("--operator", required=True, metavar="NAME", help="who adds it")

    def run(args: argparse.Namespace) -> int:
        from onetomany.evidence import pades

        name = pades.certify(
            args.bundle, args.completed, pdf_key=args.pdf_key, key=args.key, who=args.operator
        )
        print(f"added {name}; 'onetomany verify' reports its signature")
        if not pades.names_bundle((args.bundle / name).read_bytes(), args.bundle):
            print(
                "Note: its text does not give this bundle's number (the SHA-256 of the tag "
                "manifest), as the draft does: is it the certificate of this bundle?"
            )
        return 0

    return run


def timestamp(parser: argparse.ArgumentParser) -> Run:
    """Add a time-stamp authority's answer, or an OpenTimestamps proof, after reading it."""
    parser.add_argument("bundle", type=Path, metavar="BUNDLE")
    parser.add_argument("answer", type=Path, metavar="ANSWER.tsr", help="or PROOF.ots")
    parser.add_argument("--roots", type=Path, metavar="PEM", help="of the authority; not for .ots")
    parser.add_argument("--operator", required=True, metavar="NAME", help="who adds it")
    parser.add_argument("--key", type=Path, metavar="PEM", help="private key to sign the line with")

    def run(args: argparse.Namespace) -> int:
        from onetomany.evidence import opentimestamps
        from onetomany.evidence.bundle import add_timestamp

        if args.answer.suffix == opentimestamps.SUFFIX:
            proof = opentimestamps.add_proof(
                args.bundle, args.answer, who=args.operator, key=args.key
            )
            print(f"added, not checked: it leads to {opentimestamps.describe(proof)}")
        elif args.roots is None:
            raise InputError(f"{args.answer} is checked before it is added: give --roots.")
        else:
            stamp = add_timestamp(
                args.bundle, args.answer, args.roots, who=args.operator, key=args.key
            )
            print(f"added: {stamp.when.isoformat()} by {stamp.authority}")
        if args.key is None:
            print("The line that tells of it is not signed: sign with --key FILE.")
        return 0

    return run
