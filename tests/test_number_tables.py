"""Tables of numbers that strangers bring are read in the cage: encodings, limits, lying readers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onetomany.behaviour import read_walks
from onetomany.cage import keeper, number_tables
from onetomany.cli import main
from onetomany.errors import InputError, RefusedError
from onetomany.sources import pedestrians
from onetomany.tracking import numbers_text
from onetomany.tracking.mot import open_mot
from onetomany.tracking.numbers_text import NumbersText, read_numbers

HONEST = "none"  # so that the others are seen to fail by their lie
LIES = (
    HONEST,
    "two names", "a name that is none", "another separator", "another encoding", "no columns",
    "no head", "deep", "half a number", "more cells", "no text", "half a line", "another column",
    "a strange kind", "too much", "no tail", "a fault of its own",
)  # fmt: skip


def read(path: Path, content: str | bytes) -> NumbersText:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_numbers(path, max_bytes=1 << 28, kind="a table")


def test_reading_happens_in_a_confined_process_and_not_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*_: object) -> None:
        raise AssertionError("read in the kit's own process")

    for name in ("_read", "_encoding_of", "_separator", "_cells"):
        monkeypatch.setattr(number_tables, name, nothing)
    table = read(tmp_path / "a.csv", "id,t,x,y\n7,0.5,1,2\n")
    assert [each[0] for each in table.numbers] == [7, 0.5, 1, 2]
    held = keeper.lasting(numbers_text.TASK).isolation
    assert held["landlock"]
    assert held["seccomp"]


@pytest.mark.parametrize("lie", LIES)
def test_a_reader_that_was_taken_over_gets_no_lie_through(
    lie: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("1\n")
    mine = keeper.Keeper(
        f"lying_tables:load {lie.replace(' ', '_')}", readable=[str(Path(__file__).parent)]
    )
    start = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); "
    usual = keeper.isolated_python
    monkeypatch.setattr(keeper, "isolated_python", lambda code, *more: usual(start + code, *more))
    monkeypatch.setattr(numbers_text, "_keeper", lambda path: mine)
    try:
        if lie == HONEST:
            assert read_numbers(path, max_bytes=100, kind="a table").texts[0].to_list() == ["1"]
            return
        with pytest.raises(InputError, match=r"a\.csv can't be read as a table") as caught:
            read_numbers(path, max_bytes=100, kind="a table")
    finally:
        mine.stop()
    assert "owe" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_where_nothing_confines_only_the_kits_own_files_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = "onetomany.cage.number_tables:load_number_reader"
    weak = keeper.Keeper(task, weak=True)
    monkeypatch.setattr(keeper, "_LASTING", {(task, 0): weak})
    monkeypatch.setenv("ONETOMANY_WEAK_ISOLATION", "0")
    path = tmp_path / "walks.csv"
    path.write_text("id,t,x,y\n" + "".join(f"1,{n / 5},{n / 4},0\n" for n in range(40)))
    try:
        truth = pedestrians.open_sequence("TUD-Campus").truth
        assert open_mot(truth)[0].height == 359
        with pytest.raises(RefusedError, match="does not confine"):
            read_walks(path)
        assert main(["behaviour", str(path), "--out", str(tmp_path / "no")]) == 1
        out = ["--out", str(tmp_path / "out"), "--weak-isolation"]
        assert main(["behaviour", str(path), *out]) == 0
    finally:
        weak.stop()


WORDS = "frame;id;x;y;이름\n1;1;0,5;2;가람\n2;1;0,7;2;가람\n"
ENCODED = {
    "utf-8": None, "utf-8-sig": None, "utf-16": "UTF-16", "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16", "cp949": "CP949",
}  # fmt: skip


@pytest.mark.parametrize("encoding", ENCODED)
def test_encodings_are_recognised_and_reported_in_both_languages(
    encoding: str, tmp_path: Path
) -> None:
    table = read(tmp_path / "a.csv", WORDS.encode(encoding))
    assert table.names == ("frame", "id", "x", "y", "이름")
    assert table.numbers[2].to_list() == [0.5, 0.7]
    assert table.texts[4].to_list() == ["가람", "가람"]
    told = [each for each in table.notices if "was read as" in each.en]
    wanted = ENCODED[encoding]
    assert [wanted in each.en and wanted in each.ko for each in told] == ([True] if wanted else [])


@pytest.mark.parametrize("word", ["Größe in µm", "café", "naïve Straße", "Ångström é à ü"])
def test_latin_1_is_read_with_a_notice_that_says_so(word: str, tmp_path: Path) -> None:
    table = read(tmp_path / "a.txt", f"# {word}\n1,1,2,3,4,5,1\n".encode("latin-1"))
    assert table.remarks == (f"# {word}",)
    assert any("Latin-1" in each.en and "Latin-1" in each.ko for each in table.notices)
    boxes, notices = open_mot(tmp_path / "a.txt")
    assert boxes["left"].to_list() == [2.0]
    assert any("Latin-1" in each.en for each in notices)


REFUSED = {
    "zeros": (b"1,2\x00,3\n" * 9, "not text"),
    "a picture": (b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)), "not text"),
    "half a sign of UTF-16": (b"\xff\xfe1\x00,", "not text"),
    "a line without end": (b"1" * 3_000_000, "line 1: a value has more than 400"),
    "a million columns": (b"1,2,3\n" + b"," * 1_000_000, "line 2: .*more than 1,000"),
    "a longer line far down": (
        b"1,2,3\n" * 20_001 + b"1,2,3,4\n",
        "line 20002: the line does not have 3 values",
    ),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_what_is_no_table_is_refused_in_one_sentence(fault: str, tmp_path: Path) -> None:
    content, reason = REFUSED[fault]
    with pytest.raises(InputError, match=reason):
        read(tmp_path / "a.csv", content)


def test_a_folder_a_pipe_and_too_large_a_file_are_refused(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "."):
        with pytest.raises(InputError, match="is not a file"):
            read_numbers(tmp_path / name, max_bytes=10, kind="a table")
    (tmp_path / "a.csv").write_text("1,2\n" * 9)
    with pytest.raises(InputError, match="has 36 bytes, and at most 10"):
        read_numbers(tmp_path / "a.csv", max_bytes=10, kind="a table")


def test_blocks_are_put_together_in_order(tmp_path: Path) -> None:
    many = number_tables.ROWS * 2 + 7
    table = read(tmp_path / "a.csv", "n,word\n" + "".join(f"{n},w{n}\n\n" for n in range(many)))
    assert table.numbers[0].to_list() == list(range(many))
    assert table.numbers[1].null_count() == many
    assert table.texts[1][-1] == f"w{many - 1}"
    assert table.line[-1] == 2 * many


NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.integers(2, 5).flatmap(
        lambda wide: st.lists(st.lists(NUMBERS, min_size=wide, max_size=wide), min_size=1)
    ),
    separator=st.sampled_from(["; ", ",", "\t", "|", "  ", ", "]),
    end=st.sampled_from(["\n", "\r\n", "\n\n", "\r"]),
)
def test_numbers_come_out_as_they_were_written(
    rows: list[list[float]], separator: str, end: str, tmp_path: Path
) -> None:
    table = read(tmp_path / "a.csv", "".join(separator.join(map(repr, r)) + end for r in rows))
    assert [each.to_list() for each in table.numbers] == [
        list(each) for each in zip(*rows, strict=True)
    ]
