"""Commands on exhibits: make and seal one, check one, time-stamp one, make a key."""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from onetomany.errors import InputError
from onetomany.printing import print_line as print
from .captures import add_options, check_options, print_captures
from .cases import fill_from_case
from .command import CommandParser, Run, case_place

if TYPE_CHECKING:
    from onetomany.evidence.redaction import RedactionRule

# the meaning of 'no fault' without and with the signer's key: anyone can seal another bundle
_HOLDS = (
    "The parts of the bundle agree with each other. Only the sealer's public key (--key) shows who "
    "sealed it. 묶음 안의 파일은 서로 맞는다. 누가 봉인했는지는 그 사람의 공개 열쇠로만 확인할 수 "
    "있다.",
    "The bundle is unchanged since it was sealed with that key. 그 열쇠로 봉인한 뒤 바뀌지 않았다.",
)


def exhibit_command(parser: CommandParser) -> Run:
    """Run chapters and seal their figures, tables and sentences into a bundle for a court."""
    parser.add_argument("--only", metavar="01,02", help="seal only these chapters (default: all)")
    parser.add_notebooks()
    parser.add_path("--out", "DIR", "new folder for the bundle (default: build/exhibit)")
    parser.add_argument("--operator", metavar="NAME", help="your name, which the bundle records")
    parser.add_argument(
        "--organisation", metavar="NAME", help="your organisation, which the bundle records"
    )
    parser.add_path("--key", "PEM", "sign the bundle with this private key (default: no signature)")
    parser.add_path(
        "--pdf-key", "P12", "sign exhibit.pdf (PAdES) with the key in this PKCS #12 file"
    )
    parser.add_path(
        "--redact", "FILE", "list of texts to redact, TOML or CSV (default: redact nothing)"
    )
    text = "result file of a test run (default: that of 'make test', if from the same commit)"
    parser.add_path("--validation", "FILE", text)
    text = "also draft certificates for courts: kr-civil, kr-admin, kr-criminal, us, england, eu"
    parser.add_option("--jurisdiction", "kr-civil,us", text)
    text = "address of the licence of the results (default: %(default)s)"
    licence = "https://creativecommons.org/licenses/by/4.0/"
    parser.add_option("--licence", "URL", text, default=licence)
    add_options(parser)
    return _exhibit


def _exhibit(args: argparse.Namespace) -> None:
    from onetomany.sources.files import sole_use

    args.home, args.case = case_place(args.case)
    fill_from_case(args)
    with sole_use(args.out):
        _make_exhibit(args)


def _make_exhibit(args: argparse.Namespace) -> None:
    from onetomany.evidence import bundle
    from onetomany.evidence.exhibit import build_payload
    from onetomany.sources.images import activity

    drafts, rules = _checked(args)
    only = args.only.replace(" ", "").split(",") if args.only else None
    folder = args.out.with_name(f".{args.out.name}.payload")
    shutil.rmtree(folder, ignore_errors=True)
    with activity("exhibit"):
        payload = build_payload(
            args.notebooks, folder, only, rules, args.validation, case=args.home
        )
    if args.pdf_key:
        _sign_pdf(folder / "exhibits" / "exhibit.pdf", args.pdf_key)
    if args.case:
        rules = (*rules, *print_captures(folder, args.case, carry=args.carry_captures))
    words = [_without_folders(word) for word in sys.argv[1:]]
    record = payload.record(
        operator=args.operator,
        organisation=args.organisation,
        licence=args.licence,
        command=["onetomany", *words],
    )
    now = datetime.now(UTC)
    try:
        bundle.seal(
            folder, args.out, record, key=args.key, created=now, rules=rules, jurisdictions=drafts
        )
    except InputError as error:
        raise InputError(f"{error} The unsealed files are in {folder}.") from error
    shutil.rmtree(folder)
    for rule, file, count in payload.redactions.iter_rows():
        print(f"redacted by rule '{rule}': {count} in {file or 'no file'}")
    for left in payload.left_out:
        print(f"left out: {left}")
    print(args.out)
    if args.key is None:
        print("The bundle is not signed: make a key with 'onetomany key FILE' and give --key FILE.")
    print(f"To check it: onetomany verify {shlex.quote(str(args.out))}")


def _checked(args: argparse.Namespace) -> tuple[tuple[str, ...], tuple[RedactionRule, ...]]:
    """Check all options before a run that takes an hour; return the drafts and redactions."""
    from onetomany.evidence import keys, pades, questions, validation
    from onetomany.evidence.redaction import read_redactions
    from onetomany.sources.images import chosen_images, image_sets

    if chosen_images() not in image_sets():
        raise InputError(
            "An exhibit uses the kit's own image sets, so that others can run it again: unset the "
            "environment variable ONETOMANY_IMAGES."
        )
    if args.out.exists():
        raise InputError(f"{args.out} already exists: name a new folder with --out.")
    if not args.operator.strip():
        raise InputError("An exhibit names the person who ran it: give your name with --operator.")
    check_options(args)
    if args.key:
        keys.read_private(args.key)
    drafts = questions.parse_jurisdictions(args.jurisdiction)
    if args.validation:
        validation.read_results(args.validation)
    if args.pdf_key:
        pades.read_signer(args.pdf_key)
    return drafts, read_redactions(args.redact) if args.redact else ()


def _sign_pdf(path: Path, key: Path) -> None:
    from onetomany.evidence import pades
    from onetomany.sources.files import write_whole

    content = pades.sign(path.read_bytes(), key)
    write_whole(path, content)
    kept = ", ".join(sorted(pades.standards(content)))
    print(f"signed {path.name}; still conforms to {kept}. The signing time differs in each run.")


def _without_folders(word: str) -> str:
    """Return a word of the command for the record, with paths cut to their last name.

    The folders before it would name the user and the place of the private key.
    """
    option, equals, value = word.partition("=")
    if equals and option.startswith("--"):
        return f"{option}={_without_folders(value)}"
    return Path(word).name if Path(word).is_absolute() or ".." in Path(word).parts else word


def verify_command(parser: CommandParser) -> Run:
    """Check a sealed exhibit: list every file and line that was changed after sealing."""
    text = "folder of a sealed exhibit (default: build/exhibit of the case folder)"
    parser.add_path("bundle", "BUNDLE", text, nargs="?")
    parser.add_case_folder()
    text = "public key of the person who sealed it; repeat for people who added something later"
    parser.add_repeated("--key", "PEM", text, Path)
    parser.add_path(
        "--roots",
        "PEM",
        "root certificates of the time-stamp authorities (default: those in the bundle)",
    )
    return _verify


def _verify(args: argparse.Namespace) -> int:
    from onetomany.evidence.bundle import TRUTH_EN, TRUTH_KO
    from onetomany.evidence.bundle_layout import AFTER
    from onetomany.evidence.verify import verify as check

    if args.bundle is None:
        home, _ = case_place(args.case)
        if home is None:
            raise InputError("Name the folder of the sealed exhibit: onetomany verify FOLDER.")
        args.bundle = home / "build" / "exhibit"
    _refuse_other_folder(args.bundle)
    key, *signers = args.key or [None]
    found = check(args.bundle, public_key=key, signers=signers, roots=args.roots)
    for file, line, what, todo, level in found.iter_rows():
        where = f"{file}{f', line {line}' if line else ''}"
        print(f"{level}: {where}: {what}; {todo}")
    faults = found.filter(level="fault").height
    name = str(args.bundle)
    if faults:
        print(
            f"{name}: faults: {faults}. The bundle was changed after sealing. 봉인한 뒤에 바뀌었다."
        )
    else:
        print(f"{name}: no fault. {_HOLDS[key is not None]}")
    if later := found.filter(file=AFTER, level="note").height:
        print(
            f"Added after sealing: {later} lines of {AFTER}; the notes above say who signed "
            f"them. 봉인한 뒤 {later}줄이 덧붙었다. 누가 서명했는지는 위의 note에 적혀 있다."
        )
    print(f"{TRUTH_EN} {TRUTH_KO}")
    return 1 if faults else 0


def _refuse_other_folder(bundle: Path) -> None:
    """Raise InputError for a folder that has none of a bundle's own files: a wrong name."""
    from onetomany.evidence.bundle_layout import DECLARATION, HELD_BACK, SEAL, SIGNED

    parts = (DECLARATION, HELD_BACK, SEAL, SIGNED)
    if bundle.is_dir() and not any((bundle / name).exists() for name in parts):
        raise InputError(
            f"{bundle} is not a sealed exhibit: it has no {DECLARATION}, {SIGNED} or {SEAL}/. Name "
            "the folder that 'onetomany exhibit' made."
        )


def reproduce_command(parser: CommandParser) -> Run:
    """Run the notebooks of a sealed exhibit again in a container and compare every figure."""
    parser.add_path("bundle", "BUNDLE", "folder of a sealed exhibit")
    parser.add_path("--sealed-by", "PEM", "public key of the person who sealed the exhibit")
    parser.add_path(
        "--key", "PEM", "with --attest: your private key; otherwise the same as --sealed-by"
    )
    parser.add_flag("--attest", "add a signed statement about your run to the bundle")
    parser.add_option("--operator", "NAME", "your name, for the statement of --attest", default="")
    text = "your organisation, for the statement of --attest"
    parser.add_option("--organisation", "NAME", text, default="")
    text = "new folder for the results (default: %(default)s)"
    parser.add_path("--out", "DIR", text, Path("build/reproduced"))
    parser.add_flag("--unverified", "run the notebooks even if 'verify' finds faults")
    text = "run the notebooks without a container: their code can do all that you can do"
    parser.add_flag("--unconfined", text)
    parser.add_flag("--yes", "with --unconfined: run without asking for confirmation")
    text = "most memory of the run, in GB (default: %(default)s)"
    parser.add_option("--memory", "GB", text, kind=int, default=8)
    text = "most time of the run, in hours (default: %(default)s)"
    parser.add_option("--hours", "N", text, kind=float, default=4)
    return _reproduce


def _reproduce(args: argparse.Namespace) -> int:
    from onetomany.evidence import reproduce as again
    from onetomany.evidence.container import RunLimits

    _refuse_unverified(args)
    if args.unconfined:
        _ask(args.yes)
    for package, then, here in again.version_differences(args.bundle).iter_rows():
        print(f"version: {package} was {then}, is {here}")
    limits = RunLimits(memory=args.memory << 30, seconds=args.hours * 3600)
    started = datetime.now(UTC)
    table = again.reproduce(args.bundle, args.out, unconfined=args.unconfined, limits=limits)
    for item, outcome, _, _, what in table.iter_rows():
        print(f"{item:16} {outcome:10} {what}".rstrip())
    counts = {name: table.filter(outcome=name).height for name in again.OUTCOMES}
    print(", ".join(f"{name} {count}" for name, count in counts.items()))
    print(f"wrote {args.out / 'comparison.csv'}")
    if args.attest:
        _refuse_unverified(args)  # it may have changed since it was read
        from onetomany.evidence.attestation import AttestedRun, attest

        who = AttestedRun(
            args.operator, args.organisation, started, datetime.now(UTC), not args.unconfined
        )
        print(f"added {attest(args.bundle, table, who, args.key)}: it lists every difference")
    return 1 if counts["different"] else 0


def _refuse_unverified(args: argparse.Namespace) -> None:
    """Raise InputError, before the run, if the bundle can't be run or attested."""
    from onetomany.evidence import keys
    from onetomany.evidence.verify import verify as check

    if args.attest:
        if args.key is None or not args.operator.strip():
            raise InputError(
                "--attest needs your private key and your name: add --key PEM and --operator NAME."
            )
        keys.read_private(args.key)
    public = args.sealed_by or (None if args.attest else args.key)
    faults = check(args.bundle, public_key=public).filter(level="fault").height
    if faults and args.attest:
        raise InputError(
            f"'onetomany verify {args.bundle}' finds {faults} faults: a changed bundle can't be "
            "attested."
        )
    if faults and not args.unverified:
        raise InputError(
            f"'onetomany verify {args.bundle}' finds {faults} faults, and anyone may have "
            "written the code in a changed bundle: nothing was run. Inspect it, or add "
            "--unverified."
        )


def _ask(agreed: bool) -> None:
    """Warn about running a stranger's code; continue only after a typed yes."""
    print(
        "WARNING: without a container this bundle's notebooks run with all your rights: they can "
        "read, change and delete your files, keys and passwords and send them away. Use a machine "
        "without data of yours.\n"
        "경고: 격리 없이 실행하면 이 묶음의 노트북은 사용자의 모든 권한으로 돌아간다. 파일, 키, "
        "비밀번호를 읽고 바꾸고 지우고 밖으로 보낼 수 있다. 자료가 없는 컴퓨터에서 실행한다.",
        file=sys.stderr,
    )
    if agreed:
        return
    if not sys.stdin.isatty():
        raise InputError(
            "There is no terminal to ask for your yes, so nothing was run: add --yes if you agree."
        )
    if input("Type yes to run it. 실행하려면 yes를 입력한다: ").strip().lower() != "yes":
        raise InputError(
            "You did not type yes, so nothing was run. yes를 입력하지 않아 실행하지 않았다."
        )


def key_command(parser: CommandParser) -> Run:
    """Make a private key (Ed25519) for signing bundles; keep it secret."""
    parser.add_path("file", "FILE", "new file for the key")
    return _key


def _key(args: argparse.Namespace) -> None:
    from onetomany.evidence import keys
    from onetomany.sources.files import write_whole

    public = args.file.with_suffix(".pub.pem")
    if public.exists():
        raise InputError(f"{public} already exists: name another file for the key.")
    mark = keys.make_key(args.file, passphrase=keys.passphrase())
    write_whole(public, keys.public_pem(keys.read_private(args.file)))
    print(f"{args.file}: private key. Keep it secret, and keep a copy in a safe place.")
    if keys.passphrase() is None:
        print(f"It is not encrypted. For an encrypted key set {keys.PASSPHRASE} first.")
    print(f"{public}: public key. Give it to others: 'onetomany verify BUNDLE --key {public}'.")
    print(f"Tell them its SHA-256 through a channel that you control: {mark}")


def certify_command(parser: CommandParser) -> Run:
    """Add the filled-in certificate, a PDF signed here or elsewhere, to a sealed exhibit."""
    parser.add_path("bundle", "BUNDLE", "folder of a sealed exhibit")
    parser.add_path("completed", "COMPLETED.pdf", "the filled-in certificate")
    parser.add_path("--pdf-key", "P12", "sign the PDF (PAdES) with the key in this PKCS #12 file")
    parser.add_path("--key", "PEM", "your private key, to sign the line in the log", required=True)
    parser.add_argument("--operator", required=True, metavar="NAME", help="your name, for the log")
    return _certify


def _certify(args: argparse.Namespace) -> None:
    from onetomany.evidence import pades

    name = pades.add_certificate(
        args.bundle, args.completed, pdf_key=args.pdf_key, key=args.key, who=args.operator
    )
    print(f"added {name}; 'onetomany verify' reports its signature")
    if not pades.names_bundle((args.bundle / name).read_bytes(), args.bundle):
        print(
            "Note: the certificate's text does not contain this bundle's number, the SHA-256 of "
            "its tag manifest. The draft contains it. Is this the certificate of this bundle?"
        )


def timestamp_command(parser: CommandParser) -> Run:
    """Add a time-stamp to a sealed exhibit: an authority's answer or an OpenTimestamps proof."""
    parser.add_path("bundle", "BUNDLE", "folder of a sealed exhibit")
    parser.add_path(
        "answer",
        "ANSWER.tsr",
        "the authority's answer, which is checked; or PROOF.ots, which is only read",
    )
    parser.add_path("--roots", "PEM", "root certificates of the authority; needed for .tsr")
    parser.add_argument("--operator", required=True, metavar="NAME", help="your name, for the log")
    parser.add_path("--key", "PEM", "your private key, to sign the line in the log")
    return _timestamp


def _timestamp(args: argparse.Namespace) -> None:
    from onetomany.evidence import additions, opentimestamps

    if args.answer.suffix == opentimestamps.SUFFIX:
        proof = opentimestamps.add_proof(args.bundle, args.answer, who=args.operator, key=args.key)
        print(f"added, not checked; the proof leads to {opentimestamps.describe_proof(proof)}")
    elif args.roots is None:
        raise InputError(
            f"{args.answer} is checked before it is added: give the authority's root certificates "
            "with --roots PEM."
        )
    else:
        stamp = additions.add_timestamp(
            args.bundle, args.answer, args.roots, who=args.operator, key=args.key
        )
        print(f"added: {stamp.when.isoformat()} by {stamp.authority}")
    if args.key is None:
        print("The line in the log is not signed: to sign such lines, give --key PEM.")
