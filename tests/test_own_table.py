"""Tables as people have them: read right, or refused with the reason; nobody's number is shown."""

from __future__ import annotations

import datetime as dt
import random
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from onetomany.cage import keeper
from onetomany.cli import main
from onetomany.errors import InputError
from onetomany.reidentification import column_types, delimited, spreadsheet
from onetomany.reidentification.own_table import own_table
from onetomany.sources.identifiers import identifying_columns

AGES = [("남", 34), ("여", 35)]
DAY = dt.date(2019, 4, 3)


def write(folder: Path, content: str | bytes, name: str = "t.csv") -> Path:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


READ = {
    "commas": ("sex,age\n남,34\n여,35\n", AGES, ""),
    "byte order mark": ("\ufeffsex,age\n남,34\n여,35\n", AGES, ""),
    "semicolons": ("sex;age\n남;34\n여;35\n", AGES, "semicolons"),
    "tabs": ("sex\tage\n남\t34\n여\t35\n", AGES, "tabs"),
    "bars": ("sex|age\n남|34\n여|35\n", AGES, "vertical bars"),
    "sep line": ("sep=;\nsex;age\n남;34\n여;35\n", AGES, ""),
    "sep line, quoted": ('"sep=|"\nsex|age\n남|34\n여|35\n', AGES, ""),
    "cp949": ("sex,age\n남,34\n여,35\n".encode("cp949"), AGES, "cp949"),
    "utf-16": ("sex,age\n남,34\n여,35\n".encode("utf-16"), AGES, "utf-16"),
    "utf-16 without its mark": ("sex,age\n남,34\n여,35\n".encode("utf-16-le"), AGES, "utf-16-le"),
    "utf-16, tabs, as a spreadsheet saves it": (
        "sex\tage\r\n남\t34\r\n여\t35\r\n".encode("utf-16"), AGES, "tabs"),
    "lone carriage returns": ("sex,age\r남,34\r여,35\r", AGES, ""),
    "both line ends": ("sex,age\r\n남,34\n여,35\r\n", AGES, ""),
    "a title": ("출입국 현황,\nsex,age\n남,34\n여,35\n", AGES, "left out: 1"),
    "a title and a blank row": ("출입국 현황\n\nsex,age\n남,34\n여,35\n", AGES, "left out: 2"),
    "a title over two lines": ('"출입국\n현황",\nsex,age\n남,34\n여,35\n', AGES, "left out: 1"),
    "blank rows": ("sex,age\n남,34\n\n,\n여,35\n\n", AGES, "Empty rows"),
    "separators at the ends": ("sex,age,\n남,34,\n여,35,\n", AGES, ""),
    "quoted names": ('"sex","age"\n"남","34"\n"여","35"\n', AGES, ""),
    "a separator within quotes": ('name,age\n"a, b",34\n"c",35\n', [("a, b", 34), ("c", 35)], ""),
    "a line end within quotes": ('name,age\n"a\nb",34\nc,35\n', [("a\nb", 34), ("c", 35)], ""),
    "blanks at the ends": ("sex,age\n남 ,34\n 여,35\n", AGES, "corrected (values: 2)"),
    "Hangul in parts": (
        unicodedata.normalize("NFD", "sex,age\n남,34\n여,35\n"), AGES, "corrected (values: 2)"),
    "leading zeros": (
        "zip,age\n02139,34\n10001,35\n", [("02139", 34), ("10001", 35)], "begin with 0"),
    "nullable ages": ("sex,age\n남,34\n여,\n", [("남", 34), ("여", None)], ""),
    "decimals": ("sex,w\n남,1.5\n여,2\n", [("남", 1.5), ("여", 2.0)], ""),
    "thousands": ('sex,won\n남,"1,200"\n여,900\n', [("남", 1200), ("여", 900)], "thousands"),
    "a number with a sign": ("sex,x\n남,-3\n여,+4\n", [("남", -3), ("여", 4)], ""),
    "mixed": (
        "sex,age\n남,34\n여,35\n여,unknown\n", [("남", "34"), ("여", "35"), ("여", "unknown")],
              "2 of its values are numbers, 1 are not (records 3)"),
    "ISO dates": ("day,n\n2019-04-03,1\n2019-04-03,2\n", [(DAY, 1), (DAY, 2)], ""),
    "Korean dates": ("day,n\n2019.4.3.,1\n2019/04/03,2\n", [(DAY, 1), (DAY, 2)], ""),
    "days first, as the other row shows": (
        "day,n\n03/04/2019,1\n13/04/2019,2\n", [(DAY, 1), (dt.date(2019, 4, 13), 2)], ""),
    "months first": (
        "day,n\n04/03/2019,1\n04/13/2019,2\n", [(DAY, 1), (dt.date(2019, 4, 13), 2)], ""),
    "dates of two meanings": (
        "day,n\n03/04/2019,1\n05/04/2019,2\n", [("03/04/2019", 1), ("05/04/2019", 2)],
        "--dates day-first"),
    "dates of both kinds": (
        "day,n\n13/04/2019,1\n04/13/2019,2\n", [("13/04/2019", 1), ("04/13/2019", 2)], "one way"),
    "one day in both": ("day,n\n04/04/2019,1\n", [(dt.date(2019, 4, 4), 1)], ""),
    "no such date": ("day,n\n2019-02-30,1\n", [("2019-02-30", 1)], "not all of its dates"),
    "one column": ("age\n34\n35\n", [(34,), (35,)], ""),
    "numbers longer than a word": ("id\n12345678901234567890\n", [("12345678901234567890",)], ""),
    "years as names": (
        "sex,2019,2020\n남,1,2\n여,3,4\n", [("남", 1, 2), ("여", 3, 4)], "are years, bands"),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_messy_tables_are_read_right(tmp_path: Path, name: str) -> None:
    content, rows, says = READ[name]
    found = own_table(write(tmp_path, content))
    assert found.frame.lazy().collect().rows() == rows
    told = " ".join(each.en for each in found.notices)
    assert says in told
    assert bool(told) == bool(says)
    assert all(any("가" <= c <= "힣" for c in each.ko) for each in found.notices)


def test_a_reader_says_how_dates_are_meant(tmp_path: Path) -> None:
    file = write(tmp_path, "day,n\n03/04/2019,1\n05/04/2019,2\n")
    assert own_table(file, dates="day-first").frame.lazy().collect()["day"][0] == DAY
    month = own_table(file, dates="month-first").frame.lazy().collect()["day"][0]
    assert month == dt.date(2019, 3, 4)


FOUR = [("M", 1980, "Leeds"), ("F", 1981, "York"), ("M", 1980, "York"), ("F", 1981, "Leeds")]
TEXT = "sex,birth,town\n" + "".join(f"{a},{b},{c}\n" for a, b, c in FOUR)
READ |= {
    "a note below": (TEXT + "Source: a ministry\n* provisional\n", FOUR, "notes or totals: 2"),
    "a total below": (TEXT + "합계,,4\n", FOUR, "notes or totals: 1"),
    "a record that lacks all but one": (
        TEXT + "F,,\n", [*FOUR, ("F", None, None)], ""),
    "rows cut short": (
        TEXT + "F,1980\nM\n", [*FOUR, ("F", 1980, None), ("M", None, None)], "(rows 6, 7)"),
    "a table for reading": (
        "| sex | birth |\n|---|---|\n| M | 1980 |\n| F | 1981 |\n",
        [("M", 1980), ("F", 1981)], "vertical bars"),
    "as a database prints it": (
        " sex | birth \n-----+-------\n M   | 1980\n F   | 1981\n(2 rows)\n",
        [("M", 1980), ("F", 1981)], "notes or totals: 1"),
    "carets": (TEXT.replace(",", "^"), FOUR, "carets"),
    "control characters between fields": (TEXT.replace(",", "\x01"), FOUR, "character 1"),
    "comments above": ("# made by a tool\n# 2019\n" + TEXT, FOUR, "left out: 2"),
    "an end mark of old systems": (TEXT + "\x1a", FOUR, "fewer fields"),
    "line ends doubled": (TEXT.replace("\n", "\r\r\n"), FOUR, "Empty rows are left out: 5"),
    "an index without a name": (
        ",sex\n0,M\n1,F\n", [(0, "M"), (1, "F")], "called 'column 1'"),
    "marks without width": (
        "town,n\nLeeds,1\nLeeds\u200b,2\n\u00a0Leeds,3\n",
        [("Leeds", 1), ("Leeds", 2), ("Leeds", 3)], "corrected (values: 2)"),
    "inches": ('size,n\n5" pipe,1\n6" pipe,2\n', [('5" pipe', 1), ('6" pipe', 2)], ""),
    "shortened numbers": (
        "no,n\n9.00101E+12,1\n8.00101E+12,2\n", [(9.00101e12, 1), (8.00101e12, 2)], "shortened 2"),
    "names over lines": ('"sex\n(M/F)",n\nM,1\nF,2\n', [("M", 1), ("F", 2)], ""),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_a_text_too_large_for_memory_is_read_the_same(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path, READ[name][0])
    known = own_table(file)
    monkeypatch.setattr(delimited, "IN_MEMORY", 0)
    monkeypatch.setattr(column_types, "PIECE", 2)
    monkeypatch.setattr(delimited, "HEAD", 1 << 12)
    found = own_table(file)
    assert isinstance(found.frame, pl.LazyFrame)
    assert found.frame.collect().equals(known.frame.lazy().collect())
    assert found.notices == known.notices
    assert found.copy
    folder = Path(found.copy.name)
    assert folder.is_dir()
    found.copy.cleanup()
    assert not folder.exists()


def test_no_copy_where_the_disk_has_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "IN_MEMORY", 0)
    monkeypatch.setattr(delimited.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10})())
    with pytest.raises(InputError, match="name a larger place by TMPDIR"):
        own_table(write(tmp_path, TEXT))


REFUSED = {
    "empty": ("", "is empty"),
    "blank": ("\n \n", "is empty"),
    "names alone": ("a,b\n", "contains no records"),
    "a name twice": ("a,a\n1,2\n", "two columns called 'a'"),
    "more fields than names": ("a,b\n1,2\n3,4\n1,2,3\n", "row 4, has 3 fields for 2 names"),
    "neither UTF-8 nor CP949": (b"a,b\n\xff\xff\xfe\x80,1\n", "line 2, is not UTF-8"),
    "Western": ("town,n\nKöln,1\nDüren,2\n".encode("cp1252"), "often cp1252"),
    "an open quotation mark": ('a,b\n1,2\n"3,4\n5,6\n', "row 3, can't be read as CSV"),
    "fixed width": ("sex   birth\nM     1980\nF     1981\n", "laid out by blanks"),
    "JSON": ('{"sex":"M"}\n{"sex":"F"}\n', "is JSON"),
    "a web page": ("<html><table><tr><td>sex</td></tr></table></html>", "is a web page"),
    "compressed": (b"\x1f\x8b\x08\x00abc", "compressed"),
    "a database": (b"SQLite format 3\0" + bytes(90), "SQLite"),
    "a very long field": ('a,b\n"' + "x" * 2_000_000 + '",1\n', "row 2, can't be read"),
    "quoted by apostrophes": ("'a','b'\n'1','x, y'\n", "row 2, has 3 fields for 2"),
    "passport": ("여권번호,n\nM12345678,1\n", "numbers that name people"),
    "no row of names": ("900101-1234567,남\n900102-1234567,여\n", "no row of names"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_tables_that_are_refused(tmp_path: Path, name: str) -> None:
    content, says = REFUSED[name]
    with pytest.raises(InputError, match=says) as refused:
        own_table(write(tmp_path, content))
    assert "1234567" not in str(refused.value)


def test_files_of_other_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="save it as one"):
        own_table(write(tmp_path, "a,b\n1,2\n", "a.doc"))
    with pytest.raises(InputError, match="can't be read as PARQUET"):
        own_table(write(tmp_path, "a,b\n1,2\n", "a.parquet"))
    with pytest.raises(InputError, match="is an address"):
        own_table("https://example.org/a.csv")
    with pytest.raises(InputError, match="no file"):
        own_table(tmp_path / "none.csv")
    monkeypatch.setattr(spreadsheet, "LARGEST", 3)
    with pytest.raises(InputError, match="save it as CSV"):
        own_table(write(tmp_path, "a\n1\n2\n", "a.xls"))


def test_every_row_of_a_parquet_file_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.parquet"
    pl.DataFrame({"n": range(26), "note": ["nothing"] * 25 + ["M12345678"]}).write_parquet(file)
    monkeypatch.setattr(column_types, "PIECE", 10)
    with pytest.raises(InputError, match="Column 'note' looks like passport numbers"):
        own_table(file)
    found = own_table(file, drop_identifiers=True)
    assert found.frame.lazy().collect().columns == ["n"]
    assert "'note' is left out" in found.notices[0].en


def test_a_spreadsheet(tmp_path: Path) -> None:
    file = tmp_path / "mine.xlsx"
    book = openpyxl.Workbook()
    book.active.title = "명단"
    rows: list[list[object]] = [["출입국 현황"], ["국적", "생년", "우편", "날"]]
    rows += [["한국", 1987, "02139", DAY], [None, 1990, "10001", DAY]]
    for row in rows:
        book.active.append(row)
    book.active.merge_cells("A1:D1")
    book.create_sheet("다른")
    book.save(file)
    expected = [("한국", 1987, "02139", DAY), (None, 1990, "10001", DAY)]
    found = own_table(file)
    assert found.frame.lazy().collect().rows() == expected
    told = " ".join(each.en for each in found.notices)
    assert "left out: 1" in told
    assert "the file has 1 more" in told
    assert own_table(file, sheet="명단").frame.lazy().collect().rows() == expected
    with pytest.raises(InputError, match="no sheet 'x'"):
        own_table(file, sheet="x")
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(InputError, match="can't be read as XLSX"):
        own_table(file)


PEOPLE = (
    "900101-1234567", "M12345678", "010-1234-5678", "4111 1111 1111 1111", "hong@example.kr",
    "123-45-6789", "12가3456", "+44 20 7946 0958",
)  # fmt: skip


@pytest.mark.parametrize("value", PEOPLE)
def test_what_names_people_is_known(value: str) -> None:
    assert list(
        identifying_columns(pl.DataFrame({"x": ["a", f"see {value}."], "y": ["b", "c"]}))
    ) == ["x"]


def test_no_number_of_a_person_is_ever_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Numbers at any place of broken tables: in names, cells, below other types, over the width."""
    draw = random.Random(0)
    for trial in range(400):
        width, sign = draw.randint(1, 4), draw.choice(",;\t|")
        cells = [
            [str(draw.randint(0, 99)) if draw.random() < 0.7 else "word" for _ in range(width)]
            for _ in range(draw.randint(1, 8))
        ]
        row = draw.choice(cells)
        value = draw.choice(PEOPLE)
        row[draw.randrange(width)] = value
        if draw.random() < 0.3:
            row.append(draw.choice(PEOPLE))
        if draw.random() < 0.2:
            row[0] = '"' + row[0]
        names = [f"c{n}" for n in range(width)]
        text = "\n".join(sign.join(each) for each in [names, *cells][draw.random() < 0.2 :])
        file = write(tmp_path, text.encode(draw.choice(["utf-8", "utf-16", "cp949"])))
        options = ["--drop-identifiers"] if draw.random() < 0.5 else []
        main(["risk", str(file), *options])
        shown = "".join(capsys.readouterr())
        assert "Traceback" not in shown
        for each in PEOPLE:
            assert each not in shown, (trial, text)


def test_the_command_says_who_stands_out_by_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ["id,sex,birth,town"]
    rows += [f"k{n},{'MF'[n % 2]},{1980 + n // 20},T" for n in range(100)]
    rows.append("k100,F,1921,Lonelyville")
    file = write(tmp_path, "\n".join(rows))
    assert (
        main(["risk", str(file), "--population", "5000", "--out", str(tmp_path / "out.csv")]) == 0
    )
    shown = capsys.readouterr().out
    assert "'id' differs in every record" in shown
    assert "1.0% of the records (1 of 101) are alone" in shown
    assert "k = 1" in shown
    assert "Lonelyville" not in shown
    assert "1921" not in shown
    assert "Alone: records 101 (" in shown
    alone = pl.read_csv(tmp_path / "out.csv")
    assert alone.columns == ["record", "class_size"]
    assert alone.filter(class_size=1)["record"].to_list() == [101]
    # chosen columns only
    assert main(["risk", str(file), "--columns", "sex"]) == 0
    assert "k = 50" in capsys.readouterr().out
    assert main(["risk", str(file), "--columns", "sexx"]) == 1
    assert "has no column 'sexx'" in capsys.readouterr().err


def test_a_bomb_of_cells_ends_with_its_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few kilobytes that claim a sheet of 400 million cells: refused, and the next is read."""
    file = tmp_path / "bomb.xlsx"
    book = openpyxl.Workbook()
    book.active.append(["a", "b"])
    book.save(file)
    whole = own_table_file(tmp_path)
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    far = "".join(f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in (1, 25_000))
    sheet = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    parts["xl/worksheets/sheet1.xml"] = sheet + (
        f'<sheetData><row r="1"><c r="A1"><v>1</v></c></row>{far}</sheetData></worksheet>'.encode()
    )
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    monkeypatch.setattr(spreadsheet, "MEMORY", 1 << 28)
    with pytest.raises(InputError, match="can't be read as XLSX"):
        own_table(file)
    assert len(own_table(whole).frame.lazy().collect()) == 2


def own_table_file(folder: Path) -> Path:
    file = folder / "whole.xlsx"
    book = openpyxl.Workbook()
    for row in (["sex", "age"], ["M", 30], ["F", 31]):
        book.active.append(row)
    book.save(file)
    return file


@pytest.mark.parametrize(
    "answer",
    [
        [(b"H", b'["a", "a"]'), (b"R", b'[["x"], ["y", "z"]]')],
        [(b"H", b'["a", "a"]'), (b"R", b'{"x": 1}')],
        [(b"H", b'["a", "a"]'), (b"R", b"[[")],
        [(b"H", b"7")],
        [(b"H", b'["a", "a"]'), (b"R", b'[["x"]]'), (b"R", b'[["x", "y"]]')],
    ],
)
def test_an_answer_that_is_no_table_is_refused(answer: list[tuple[bytes, bytes]]) -> None:
    class Frames:
        def __init__(self) -> None:
            self.content = b""

        def __iter__(self) -> Iterator[tuple[bytes, int]]:
            for kind, self.content in answer:
                yield kind, len(self.content)

        def read(self, _: int) -> bytes:
            return self.content

    with pytest.raises(keeper.Trouble):
        spreadsheet._taken(Frames())  # type: ignore[arg-type]
