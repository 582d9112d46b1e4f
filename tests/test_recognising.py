"""What a file's bytes show: its kind, its encoding and separator, and packed streams of it."""

from __future__ import annotations

import gzip
import zlib

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onetomany.cage.magic_bytes import media_type_by_magic
from onetomany.cage.text_tables import find_separator, is_korean, utf16_of
from onetomany.documents import name_search, search
from onetomany.documents.catalogue import make_later_table
from onetomany.formats.inflating import GZIP, RAW, ZLIB, Ending, inflate
from onetomany.formats.kinds import media_type
from onetomany.formats.plain import decode


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"%PDF-1.7", "application/pdf"),
        (b"PK\x05\x06" + bytes(18), "application/zip"),
        (b"PAR1\x15\x04", "application/vnd.apache.parquet"),
        (b"SQLite format 3\0", "application/vnd.sqlite3"),
        (b"PAR1 is the name of a column", ""),
        (b"BM is a company, 1000 people", ""),
        (b"id,x\n1,2\n", ""),
    ],
)
def test_a_files_first_bytes_show_its_kind(start: bytes, kind: str) -> None:
    assert media_type_by_magic(start) == kind


def test_a_text_that_begins_like_a_table_stays_a_text() -> None:
    assert media_type(b"PAR1 is the name of a column", "a.txt") == "text/plain"


@pytest.mark.parametrize(
    ("lines", "separator"),
    [
        (["1,5;2,5", "3,5;4,5"], ";"),  # decimal commas
        (["1,5 2,5", "3,5 4,5"], " "),
        (["37.5;127.0,Seoul,1", "35.1;129.0,Busan,2"], ","),
        (["2021-01-01 10:00,5,6", "2021-01-02 10:00,7,8"], ","),
        (["Kim Min,5", "Lee Su,7"], ","),
        (["id\tname, first", "1\tKim, Min"], "\t"),
        (["1 2 3", "4 5 6"], " "),
        (["one", "two"], ","),
    ],
)
def test_the_separator_leaves_numbers_and_words_whole(lines: list[str], separator: str) -> None:
    def rows(sign: str) -> list[list[str]]:
        return [line.split(None if sign == " " else sign) for line in lines]

    assert find_separator(rows, (",", ";", "\t", "|", " ")) == separator


@pytest.mark.parametrize("word", ["Größe", "Größe in µm", "café", "naïve Straße", "ÀÉ ÖÜ çñ"])
def test_western_bytes_are_not_korean(word: str) -> None:
    raw = word.encode("latin-1")
    assert not is_korean([raw.decode("cp949", "ignore")])
    assert decode(raw)[:2] == (word, "cp1252")


@pytest.mark.parametrize("text", ["서울시 보고", "□□ 가 ○ ※", "제1조(목적) 法", "가나다①②"])
def test_korean_of_windows_is_recognised(text: str) -> None:
    assert decode(text.encode("cp949"))[:2] == (text, "cp949")
    assert utf16_of(text.encode("cp949")) is None


FORMS = {
    RAW: lambda data: zlib.compress(data)[2:-4],
    ZLIB: zlib.compress,
    GZIP: gzip.compress,
}


@given(st.binary(max_size=20_000), st.sampled_from([*FORMS]), st.binary(max_size=20))
def test_a_stream_is_inflated_up_to_its_end(data: bytes, form: int, after: bytes) -> None:
    packed = FORMS[form](data)
    found = inflate(b"..." + packed + after, form, len(data), 3)
    assert (found.content, found.end, found.ending) == (data, 3 + len(packed), Ending.WHOLE)
    cut = inflate(packed[: len(packed) // 2], form, len(data))
    assert cut.ending is Ending.CUT_OFF
    assert data.startswith(cut.content)
    if data:
        assert inflate(packed, form, len(data) - 1).ending is Ending.TOO_LARGE


def test_of_a_damaged_stream_all_before_the_damage_is_kept() -> None:
    data = b"".join(str(number).encode() for number in range(50_000))
    packer = zlib.compressobj()
    packed = packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)
    # a block of type 3, which deflate doesn't have
    found = inflate(packed + b"\x07" + bytes(9), ZLIB, 1 << 20)
    assert found.ending is Ending.DAMAGED
    assert len(found.content) > len(data) // 3
    assert data.startswith(found.content)


def test_a_limit_may_grow_with_the_packed_bytes() -> None:
    packed = zlib.compress(bytes(10 << 20))
    assert inflate(packed, ZLIB, lambda read: 2 * read).ending is Ending.TOO_LARGE
    assert inflate(packed, ZLIB, lambda read: 2000 * read + 4096).ending is Ending.WHOLE


def test_names_of_a_long_list_are_found_each_on_its_own_pages() -> None:
    """More names than one scan looks for; some are parts of others."""
    names = [f"name{number}x" for number in range(2 * name_search.TOGETHER + 7)] + ["Lee"]
    texts = [f"page of {name} and another" for name in names[:-1]] + ["fleet", "Lee was here"]
    with duckdb.connect() as db:
        make_later_table(db, "search_pages")
        db.execute("create table search_postings (term varchar, id integer)")
        db.execute("create table documents (document varchar, path varchar)")
        db.execute("insert into documents values ('d', 'a.pdf')")
        db.executemany(
            "insert into search_pages values (?, 'd', ?, '', [], [], ?, ?)",
            [
                [place, place, search._tokenizer_version(), text]
                for place, text in enumerate(texts, 1)
            ],
        )
        found = name_search.find_names(db, [*names, "nowhere"])
    by_name = {name: rows for (name,), rows in found.group_by("name", maintain_order=True)}
    assert [*by_name] == [*names, "nowhere"]
    for number, name in enumerate(names[:-1], 1):
        assert by_name[name]["page"].to_list() == [number]
    assert by_name["Lee"].select("page", "times", "unsure").rows() == [
        (len(texts) - 1, 0, 1),
        (len(texts), 1, 0),
    ]
    assert by_name["nowhere"]["page"].to_list() == [None]
