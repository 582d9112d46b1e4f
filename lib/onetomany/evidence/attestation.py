"""Sign a statement about another person's run of a bundle, and keep it in seal/ (in-toto, DSSE).

seal/attestation-N.json is a DSSE envelope (https://github.com/secure-systems-lab/dsse) around an
in-toto Statement v1 (https://in-toto.io/Statement/v1). Its subjects are the tag manifest, which
represents the whole bundle, and each figure file that was compared. Its predicate says who ran the
bundle's notebooks again, when, with which versions, and the outcome of each item, including
differences.
"""

import base64
import json
import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

import onetomany
from onetomany.errors import InputError
from onetomany.sources.commits import commit_of
from onetomany.sources.files import sha256_of
from . import additions, keys, reproduce
from .bundle_layout import SEAL, SIGNED
from .sbom import machine_facts

STATEMENT, PAYLOAD = "https://in-toto.io/Statement/v1", "application/vnd.in-toto+json"
PREDICATE = "urn:onetomany:reproduction:v1"
KIND = "attestation"
LIMITS_EN = (
    "It shows that this run, by this person, with this kit and machine, gave the listed results. "
    "It does not show that the numbers are right, that the data are true, or that the code is "
    "correct: the same code gives the same error again. Items marked 'varies' were not "
    "compared."
)
LIMITS_KO = (
    "이 사람이 이 도구와 이 컴퓨터로 다시 실행해 목록의 결과를 얻었음을 보여 준다. 수치가 맞는지, "
    "자료가 참인지, 코드가 설명대로 작동하는지는 보여 주지 않는다. 같은 코드는 같은 오류를 낸다. "
    "'varies'로 표시된 항목은 비교하지 않았다."
)


@dataclass(frozen=True)
class AttestedRun:
    """Who ran a bundle's notebooks again, and when (with time zones)."""

    operator: str
    organisation: str
    started: datetime
    ended: datetime
    confined: bool  # whether it ran in a container


def attest(bundle: Path, compared: pl.DataFrame, run: AttestedRun, key: Path) -> str:
    """Sign a statement of a comparison (of `reproduce`, COMPARED) and add it to the bundle.

    Returns its name in the bundle. Differences are stated, not hidden. Raises InputError if the
    run names nobody, the bundle isn't sealed, or its files are not those that were compared.
    """
    if not run.operator.strip():
        raise InputError("An attestation says who ran it: give a name with --operator.")
    private = keys.read_private(key)
    content = json.dumps(
        _reproduction_statement(bundle, compared, run), ensure_ascii=False, indent=1
    ).encode()
    name = f"{KIND}-{additions.next_number(bundle, KIND)}.json"
    signature = private.sign(preauthenticated(PAYLOAD, content))
    envelope = {
        "payloadType": PAYLOAD,
        "payload": base64.b64encode(content).decode(),
        "signatures": [
            {
                "keyid": keys.fingerprint(keys.public_pem(private)),
                "sig": base64.b64encode(signature).decode(),
            }
        ],
    }
    additions.add_files(
        bundle,
        {name: (json.dumps(envelope, indent=1) + "\n").encode()},
        who=run.operator,
        what="ran the bundle's notebooks again and attested the outcome of each item",
        key=key,
    )
    return f"{SEAL}/{name}"


def _reproduction_statement(
    bundle: Path, compared: pl.DataFrame, run: AttestedRun
) -> dict[str, Any]:
    """Return the in-toto statement of a comparison.

    Raises InputError if a file of the bundle is not the one that was compared.
    """
    listed = {item.label: item for item in reproduce.listed_items(bundle / "data")}
    subjects = {SIGNED: sha256_of(bundle / SIGNED)} | reproduce.compared_files(listed.values())
    for path, digest in subjects.items():
        if not (bundle / path).is_file() or sha256_of(bundle / path) != digest:
            raise InputError(
                f"Nothing was added: {bundle / path} is not the file that was compared."
            )
    return {
        "_type": STATEMENT,
        "subject": [
            {"name": path, "digest": {"sha256": digest}} for path, digest in subjects.items()
        ],
        "predicateType": PREDICATE,
        "predicate": {
            "operator": run.operator,
            "organisation": run.organisation,
            "started": run.started.isoformat(timespec="seconds"),
            "ended": run.ended.isoformat(timespec="seconds"),
            "kit": {
                "name": "onetomany",
                "version": onetomany.__version__,
                "commit": commit_of(Path(onetomany.__file__).parent) or "unknown",
            },
            "confined": run.confined,
            "packages": reproduce.version_differences(bundle).to_dicts(),
            "machine": machine_facts(),
            "tolerance": {"counts": "equal", "other numbers, relative": reproduce.RELATIVE},
            "counts": {name: compared.filter(outcome=name).height for name in reproduce.OUTCOMES},
            # JSON has no infinity: an item that differs in more than numbers has no size
            "items": [
                {**row, "largest": row["largest"] if math.isfinite(row["largest"] or 0) else None}
                for row in compared.to_dicts()
            ],
            "limits": {"en": LIMITS_EN, "ko": LIMITS_KO},
        },
    }


def preauthenticated(kind: str, content: bytes) -> bytes:
    """Return the bytes that a DSSE signature covers (PAE)."""
    name = kind.encode()
    return b"DSSEv1 %d %b %d %b" % (len(name), name, len(content), content)
