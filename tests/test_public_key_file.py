"""`onetomany key` writes a public key for others, and git keeps the private one out of a case."""

from __future__ import annotations

from pathlib import Path

import pytest

from onetomany.cases.new_folder import new_case
from onetomany.cli import main
from onetomany.evidence.keys import fingerprint, public_pem, read_private


def test_the_public_key_is_written_beside_and_is_that_of_the_private_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, public = tmp_path / "my-key.pem", tmp_path / "my-key.pub.pem"
    assert main(["key", str(key)]) == 0
    assert public.read_bytes() == public_pem(read_private(key))
    assert b"PRIVATE" not in public.read_bytes()
    said = capsys.readouterr().out
    assert f"verify BUNDLE --key {public}" in said
    assert fingerprint(public.read_bytes()) in said
    key.unlink()
    assert main(["key", str(key)]) == 1  # another key's public half is not overwritten
    assert not key.exists()


def test_git_ignores_private_keys_in_a_case_folder(tmp_path: Path) -> None:
    new_case(tmp_path / "case", title="A case", country="ke")
    ignored = (tmp_path / "case" / ".gitignore").read_text("utf-8").splitlines()
    assert ignored[-2:] == ["*.pem", "!*.pub.pem"]
