"""Grounds of refusal: every law has some, each with article, source and a reply."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from onetomany.cli import main
from onetomany.requests.procedures import procedures

LAWS = procedures()


@pytest.mark.parametrize("law", LAWS.values(), ids=lambda law: law.id)
def test_every_law_has_grounds_of_refusal_with_their_source(law: object) -> None:
    grounds = law.exemptions  # type: ignore[attr-defined]
    assert grounds
    assert len({each.id for each in grounds}) == len(grounds)
    for each in grounds:
        assert each.article
        assert each.source.url.startswith("http")
        assert re.search("[가-힣]", each.ko + each.answer_ko)
        # as an argument of --exemption
        assert re.fullmatch(r"[\w.-]+", each.id)


def test_what_was_not_read_is_marked() -> None:
    recalled = {
        (law.id, each.id)
        for law in LAWS.values()
        if law.last_checked >= dt.date(2026, 11, 29)
        for each in law.exemptions
        if each.verified != "read"
    }
    assert ("us-ca-cpra", "7922.000") in recalled
    assert not {law for law, _ in recalled} & {"nl-woo", "br-lai", "au-foi-1982", "uk-dpa-45"}


def test_a_refusal_under_a_new_law_names_its_ground(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log"
    log.mkdir()
    (log / "one.md").write_text(
        '+++\nid = "one"\ntitle = "Gezichten"\nprocedure = "nl-woo"\nbody = "Politie"\n\n'
        '[[history]]\ndate = 2026-03-02\nevent = "received"\n+++\n',
        "utf-8",
    )
    options = ["--log", str(log), "--date", "2026-03-20"]
    refused = ["requests", "answer", "one", "refused", *options]
    assert main([*refused, "--exemption", "5.1-2-z"]) == 1
    assert "there are 5.1-1-b" in capsys.readouterr().err
    assert main([*refused, "--exemption", "5.1-2-c"]) == 0
    assert "5.1-2-c" in (log / "one.md").read_text("utf-8")
