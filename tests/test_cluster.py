"""Documents read on a local cluster of two workers: the same tables, whatever a worker does."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from unittest import mock

import polars as pl
import pytest

import specimens
from onetomany.cli import main
from onetomany.documents import case_file, cluster
from onetomany.documents.answers import Answer
from onetomany.documents.cluster import Cluster, ClusterReader, Reply, read_there
from onetomany.documents.ingest import ingest
from onetomany.errors import InputError, RefusedError
from onetomany.formats.reading import Limits

pytestmark = pytest.mark.real
TABLES = ("documents", "files", "pages", "blocks", "cells", "tables", "notes", "captures",
          "sketches", "failures")  # fmt: skip
TIMES = ("seconds", "process", "ingested_at", "failed_at")


@pytest.fixture(scope="module")
def local() -> Iterator[Any]:
    """Two worker processes; nothing listens beyond loopback."""
    from distributed import LocalCluster

    with (
        mock.patch.dict(os.environ),  # dask leaves numbers of threads in it, which bundles record
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
            host="127.0.0.1",
        ) as running,
    ):  # fmt: skip
        yield running


@pytest.fixture
def connected(local: Any) -> Iterator[Cluster]:
    with contextlib.closing(Cluster(local.scheduler_address)) as made:
        yield made


def tables(case: Path) -> dict[str, list[str]]:
    with case_file.open_case(case) as db:
        frames = {name: case_file.query_frame(db, f"select * from {name}") for name in TABLES}
    return {
        name: sorted(map(repr, f.drop(TIMES, strict=False).rows())) for name, f in frames.items()
    }


def mail(text: str, table: bytes = b"") -> bytes:
    """A mail with an attached text, and perhaps a table: kinds that a light process reads."""
    made = EmailMessage()
    made["From"], made["Subject"] = "a@example.org", "with an attachment"
    made.set_content("see the attachment")
    made.add_attachment(text, filename="inner.txt")
    if table:
        made.add_attachment(table, maintype="text", subtype="csv", filename="a.csv")
    return made.as_bytes()


def test_a_cluster_gives_the_tables_of_this_machine(
    local: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    for kind in ("pdf", "csv", "txt"):
        (folder / f"a.{kind}").write_bytes(specimens.MAKERS[kind]())
    (folder / "a.eml").write_bytes(mail("a member, 회원", specimens.MAKERS["csv"]()))
    (folder / "locked.pdf").write_bytes(specimens.pdf(encrypt="secret"))
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 nothing of the kind")
    (folder / "large.txt").write_text("too large to be sent\n" * 20_000)
    (folder / "link.txt").symlink_to("/etc/passwd")
    here, there = tmp_path / "here.duckdb", tmp_path / "there.duckdb"
    ingest(folder, here, workers=2)
    read: list[str] = []
    own = cluster.Reader.read
    monkeypatch.setattr(cluster, "CARRIED", 300_000)
    monkeypatch.setattr(
        cluster.Reader, "read", lambda self, path, name, limits: (
            read.append(name), own(self, path, name, limits))[1],
    )  # fmt: skip
    words = ["ingest", str(folder), "--case", str(there), "--no-index"]
    assert main([*words, "--cluster", local.scheduler_address]) == 0
    assert "7 files" in capsys.readouterr().out
    assert read == ["large.txt"]  # all others were read by the workers
    assert tables(there) == tables(here)
    with case_file.open_case(there) as db:
        held = db.execute("select value from meta where key = 'isolation'").fetchone()
    assert "landlock" in held[0]


def test_a_document_whose_worker_is_killed_is_read_by_the_other_and_says_so(
    local: Any, connected: Cluster, tmp_path: Path
) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    row = ",".join("abcdefghij" * 2) + "\n"
    (folder / "slow.csv").write_text(row * 3_000)
    done: list[Any] = []
    pids = connected.client.run(os.getpid)
    thread = threading.Thread(
        target=lambda: done.append(ingest(folder, tmp_path / "c.duckdb", readers=connected))
    )
    thread.start()
    until, busy = time.monotonic() + 60, []
    while not busy and time.monotonic() < until:
        time.sleep(0.02)
        busy = [worker for worker, keys in connected.client.processing().items() if keys]
    os.kill(pids[busy[0]], signal.SIGKILL)
    thread.join(120)
    assert done[0].read == 1
    with case_file.open_case(tmp_path / "c.duckdb") as db:
        notes = case_file.query_frame(
            db, "select path, kind, notes.text from notes join documents using (document)"
        )
        (cells,) = db.execute("select count(*) from cells").fetchone()
    assert ("slow.csv", "cluster", cluster.LOST) in notes.rows()
    assert cells == 3_000 * 20
    local.wait_for_workers(2)


def test_members_too_large_to_send_are_read_here(
    connected: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.eml"
    path.write_bytes(mail("a member"))
    reader = connected.reader(tmp_path / "members")
    monkeypatch.setattr(connected, "ask", lambda *given: Reply(Answer({}), here=True))
    answer = reader.read(path, "a.eml", Limits())
    reader.stop()
    assert [member.name for member in answer.members] == ["inner.txt"]


def test_a_worker_says_that_members_are_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CARRIED", 100)
    how = {"ocr": "", "passwords": ()}
    assert read_there(mail("a member " * 50), "a.eml", Limits(), how, False).here
    for readers in cluster._THERE.readers.values():
        readers.stop()
    cluster._THERE.__dict__.clear()


def test_a_worker_raises_nothing_since_that_would_be_logged_with_the_document() -> None:
    reply = read_there(b"the document", "a.txt", Limits(), {}, False)
    assert reply.trouble == "KeyError"
    assert "the document" not in repr(reply)


def test_members_that_do_not_match_their_hash_or_the_budget_are_left_out(
    connected: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from onetomany.documents.answers import Member
    from onetomany.formats.reading import Refused

    facts = {"facts": {"status": "read"}, "columns": {}}
    named = [Member("a", "0" * 64)]
    path = tmp_path / "x.zip"
    path.write_bytes(b"x")
    reader = ClusterReader(connected, tmp_path / "members")
    for members, why in (
        ({"0" * 64: b"other"}, "SHA-256"), ({}, "0000"), ({"0" * 64: b""}, "enough"),
    ):  # fmt: skip
        if why == "enough":

            def full(size: int) -> None:
                raise Refused("enough")

            reader.take = full
        reply = Reply(Answer(dict(facts), named), members)
        monkeypatch.setattr(connected, "ask", lambda *given, reply=reply: reply)
        answer = reader.read(path, "x.zip", Limits())
        assert answer.members == []
        assert answer.content["facts"]["status"] == "partly"
        assert why in answer.content["facts"]["error"]


def test_no_scheduler_and_no_worker_are_said_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(cluster, "CONNECT", 0.5)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
    words = ["ingest", str(tmp_path), "--case", str(tmp_path / "c.duckdb"), "--cluster"]
    for wrong in (address, "no address"):
        assert main([*words, wrong]) == 1
        assert f"No scheduler answers at {wrong}" in capsys.readouterr().err
    assert main([*words, address, "--workers", "2"]) == 1
    assert not (tmp_path / "c.duckdb").exists()


def test_another_version_or_a_system_without_a_cage_is_refused(
    local: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "EXTRACTOR_VERSION", 10**6)
    with pytest.raises(InputError, match="install the same version"):
        Cluster(local.scheduler_address)
    monkeypatch.setattr(
        "distributed.Client.run", lambda *given: {"tcp://w": (10**6, "It has no Landlock.")}
    )
    with pytest.raises(RefusedError, match="tcp://w: It has no Landlock"):
        Cluster(local.scheduler_address)


def test_an_unencrypted_way_to_another_machine_is_warned_of(connected: Cluster) -> None:
    assert connected.warning == ""
    for address, warned in (
        ("tls://desk.example:8786", False), ("tcp://desk.example:8786", True),
        ("desk.example:8786", True), ("tcp://localhost:1", False), ("ws://desk.example:1", True),
    ):  # fmt: skip
        connected.address = address
        assert bool(connected.warning) is warned, address


def test_a_lost_workers_note_is_added_to_any_answer() -> None:
    kept = {"page": [1], "kind": ["link"], "text": ["x"]}
    for held in ({}, {"notes": kept}, {"notes": pl.DataFrame(kept, schema=cluster.ROWS["notes"])}):
        answer = cluster._noted(replace(Answer({"facts": {}, "columns": held})))
        assert answer.content["columns"]["notes"]["kind"].to_list()[-1] == "cluster"
    assert cluster._noted(Answer({}, why="failed")) == Answer({}, why="failed")


def test_tls_with_the_keys_of_dasks_configuration(tmp_path: Path) -> None:
    import dask
    from distributed import LocalCluster
    from distributed.security import Security

    keys = Security.temporary()
    (tmp_path / "both.pem").write_text(keys.tls_scheduler_key + keys.tls_scheduler_cert)
    (tmp_path / "ca.pem").write_text(keys.tls_ca_file)
    settings = {"distributed.comm.tls.ca-file": str(tmp_path / "ca.pem")} | {
        f"distributed.comm.tls.{who}.{what}": str(tmp_path / "both.pem")
        for who in ("scheduler", "worker", "client")
        for what in ("cert", "key")
    }
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None,
            host="tls://127.0.0.1", protocol="tls://", security=Security(),
        ) as running,
        contextlib.closing(Cluster(running.scheduler_address)) as there,
    ):  # fmt: skip
        assert there.address.startswith("tls://127.0.0.1:")
        reply = there.ask(
            b"over an encrypted line", "a.txt", Limits(), {"ocr": "", "passwords": ()}
        )
    assert reply.answer.content["columns"]["pages"]["text"] == ["over an encrypted line"]
