"""A time-stamp authority on this machine, by openssl; and the validator's cache without network."""

from __future__ import annotations

import io
import subprocess
from importlib import resources
from pathlib import Path
from typing import Any

CONFIG = """
[ tsa ]
default_tsa = test
[ test ]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
certs = {folder}/root.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
[ root ]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[ stamp ]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[ req ]
distinguished_name = name
[ name ]
"""


class Authority:
    """Answers requests for time-stamps (RFC 3161) by `openssl ts`. `root` is its certificate."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.root, self.count = folder, folder / "root.pem", 0
        (folder / "tsa.cnf").write_text(CONFIG.format(folder=folder))
        (folder / "serial").write_text("01")
        new = ["req", "-config", "tsa.cnf", "-newkey", "rsa:2048", "-nodes", "-subj"]
        self._openssl(
            *new, "/CN=Test root", "-x509", "-days", "30", "-extensions", "root",
            "-keyout", "root.key", "-out", "root.pem",
        )  # fmt: skip
        self._openssl(*new, "/CN=Test TSA", "-keyout", "tsa.key", "-out", "tsa.csr")
        self._openssl(
            "x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-days",
            "30", "-extfile", "tsa.cnf", "-extensions", "stamp", "-set_serial", "7",
            "-out", "tsa.pem",
        )  # fmt: skip

    def answer(self, request: Path) -> Path:
        self.count += 1
        out = self.folder / f"answer-{self.count}.tsr"
        self._openssl(
            "ts", "-reply", "-config", "tsa.cnf", "-queryfile", str(request), "-out", str(out)
        )
        return out

    def _openssl(self, *arguments: str) -> None:
        done = subprocess.run(
            ["openssl", *arguments], cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def offline_cache(folder: Path) -> Path:
    """What the RO-Crate validator would fetch, and no more: the context of RO-Crate 1.1.

    It is the context that the package rocrate carries, of version 1.3, with the one term that we
    use and that differs set as 1.1 (1.1.3) has it.
    """
    from requests.adapters import HTTPAdapter
    from requests_cache import CachedSession
    from urllib3 import HTTPResponse

    class Carried(HTTPAdapter):
        def send(self, request: Any, *_: Any, **__: Any) -> Any:
            context = (resources.files("rocrate") / "data" / "ro-crate.jsonld").read_bytes()
            term = b"https://bioschemas.org/%sComputationalWorkflow"
            assert term % b"terms/" in context
            body = context.replace(term % b"terms/", term % b"")
            answer = HTTPResponse(
                io.BytesIO(body),
                headers={"Content-Type": "application/ld+json"},
                status=200,
                preload_content=False,
                request_url=request.url,
            )
            return self.build_response(request, answer)

    path = folder / "rocrate-cache"
    session = CachedSession(cache_name=str(path), backend="sqlite", expire_after=-1)
    session.mount("https://", Carried())
    assert session.get("https://w3id.org/ro/crate/1.1/context").ok
    session.close()
    return path
