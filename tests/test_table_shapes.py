"""Shapes and spellings of strangers' tables: each is read right, or refused with its reason."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from onetomany.cage.text_tables import is_korean
from onetomany.cli import main
from onetomany.errors import InputError
from onetomany.reidentification import assessment
from onetomany.reidentification.names_row import _rows_above
from onetomany.reidentification.number_forms import STYLES, castable_number
from onetomany.reidentification.own_table import own_table
from onetomany.reidentification.risk import diversity
from onetomany.reidentification.safe_harbor import safe_harbor

MW: list[tuple[Any, ...]] = [("M", 1.5), ("F", 2.25)]
AGES = [("M", 34), ("F", 35)]
TWO = [("N", 34, 35, 100, 200), ("S", 36, 37, 300, 400)]
DAYS = [(dt.date(2019, 4, 3), 1), (dt.date(2019, 12, 13), 2)]
FOUR = [("M", 1980, "Leeds"), ("F", 1981, "York"), ("M", 1980, "York"), ("F", 1981, "Leeds")]
TEXT = "sex,birth,town\n" + "".join(f"{a},{b},{c}\n" for a, b, c in FOUR)

READ: dict[str, tuple[str | bytes, list[tuple[Any, ...]], str]] = {
    "decimal commas": ("sex;w\nM;1,5\nF;2,25\n", MW, "decimal points."),
    "decimal commas, points": ("sex;w\nM;1.234,5\nF;2\n", [("M", 1234.5), ("F", 2.0)], "decimal"),
    "French": ("sex;w\nM;1 234,50\nF;2\n", [("M", 1234.5), ("F", 2.0)], "blanks as marks"),
    "blanks": ("sex;w\nM;1 234\nF;9\n", [("M", 1234), ("F", 9)], "blanks are"),
    "narrow blanks": ("sex;w\nM;1\u202f234\nF;9\n", [("M", 1234), ("F", 9)], "blanks are"),
    "Swiss": ("sex;w\nM;1'234.5\nF;2.25\n", [("M", 1234.5), ("F", 2.25)], "apostrophes"),
    "lakh": ('sex,w\nM,"1,23,456"\nF,900\n', [("M", 123456), ("F", 900)], "lakhs"),
    "thousands, decimals": ('sex,w\nM,"1,234.5"\nF,9\n', [("M", 1234.5), ("F", 9.0)], "thousands"),
    "a codes' zero": ("code,n\n010 234,1\n020 345,2\n", [("010 234", 1), ("020 345", 2)], ""),
    "answers": ('sex,q\nM,"1,5"\nF,"2,3,4"\n', [("M", "1,5"), ("F", "2,3,4")], ""),
    "addresses": ("ip,n\n10.0.0.1,1\n192.168.1.2,2\n", [("10.0.0.1", 1), ("192.168.1.2", 2)], ""),
    "minus": ("sex,x\nM,\u22123\nF,4\n", [("M", -3), ("F", 4)], ""),
    "full width": ("sex,age\nM,３４\nF,35\n", AGES, ""),
    "Arabic": ("الجنس,العمر\nذكر,٣٤\nأنثى,٣٥\n", [("ذكر", 34), ("أنثى", 35)], ""),
    "Persian days": ("d,n\n۲۰۱۹-۰۴-۰۳,1\n۲۰۱۹-۱۲-۱۳,2\n", DAYS, ""),
    "Korean days": ("d,n\n2019년 4월 3일,1\n2019년 12월 13일,2\n", DAYS, ""),
    "Japanese days": ("d,n\n2019年4月3日,1\n2019年12月13日,2\n", DAYS, ""),
    "spaced days": ("d,n\n2019. 4. 3.,1\n2019. 12. 13.,2\n", DAYS, ""),
    "eight digits": ("d,n\n20190403,1\n20191213,2\n", DAYS, "eight digits"),
    "no eight digits": ("d,n\n20190403,1\n20190431,2\n", [(20190403, 1), (20190431, 2)], ""),
    "serial days": ("birth date,n\n29313,1\n29678,2\n", [(29313, 1), (29678, 2)], "spreadsheet's"),
    "formulas": ('zip,n\n="02139",1\n="10001",2\n', [("02139", 1), ("10001", 2)], "begin with 0"),
    "utf-32": ("sex,age\nM,34\nF,35\n".encode("utf-32"), AGES, "utf-32"),
    "row names": ("sex\tage\n1\tM\t34\n2\tF\t35\n", [(1, "M", 34), (2, "F", 35)], "'column 1'"),
    "two rows of names": (
        "R,Age,,Pay,\n,M,F,M,F\nN,34,35,100,200\nS,36,37,300,400\n", TWO, "Two rows"),
    "units": ("sex,age,cm\n,years,cm\nM,34,170\nF,35,160\n", [("M", 34, 170), ("F", 35, 160)],
              "as units do"),
    "labels": ("Q1,Q2\nSex,Age\nM,34\nF,35\n", [("Sex", "Age"), ("M", "34"), ("F", "35")],
               "(records 1)"),
    "unknown first": (
        "name,age,pay\nKim,unknown,no\nLee,30,100\nPark,31,120\n",
        [("Kim", "unknown", "no"), ("Lee", "30", "100"), ("Park", "31", "120")], "(records 1)"),
    "a total first": ("sex,age\nTotal,5\nM,34\nF,35\n", AGES, "as totals"),
    "a surname": ("name,age\nSum,34\nKim,35\n", [("Sum", 34), ("Kim", 35)], ""),
    "subtotals": (
        "town,sex,n\nL,M,1\nL,F,2\nL Total,,3\nY,M,3\nSubtotal,,3\nY,F,4\n",
        [("L", "M", 1), ("L", "F", 2), ("Y", "M", 3), ("Y", "F", 4)], "rows 3, 5"),
    "names on each page": ("sex,age\nM,34\nsex,age\nF,35\n", AGES, "rows 2"),
    "files put together": ("\ufeffsex,age\nM,34\n\ufeffsex,age\nF,35\n", AGES, "rows 2"),
    "pages": ("sex,age\nM,34\nPage 1 of 2,\nF,35\nPage 2 of 2,\n", AGES, "rows 2, 4"),
    "headings": (
        "town,sex,age\nNorth,,\nA,M,34\nB,F,35\nC,M,36\n",
        [("North", None, None), ("A", "M", 34), ("B", "F", 35), ("C", "M", 36)],
        "first cell is filled in records 1:"),
    "counts": ("c,2018,2019\nKR,100,200\nJP,110,210\n", [("KR", 100, 200), ("JP", 110, 210)],
               "rows are not people"),
    "turned": (
        "name,p1,p2,p3\nage,34,35,36\nsex,M,F,M\nborn,1980,1981,1982\ntown,Leeds,York,Hull\n",
        [("age", "34", "35", "36"), ("sex", "M", "F", "M"), ("born", "1980", "1981", "1982"),
         ("town", "Leeds", "York", "Hull")], "transpose"),
    "households apart": (
        "name,age\nKim,34\nLee,35\n\nPark,20\n", [("Kim", 34), ("Lee", 35), ("Park", 20)], "Empty"),
    "a title, units, a blank row": (
        "Entry,,\nUnit: persons,,2019\n,,\n" + TEXT, FOUR, "left out: 3"),
    "a full name": ("full name\nJohn Smith\nJane Doe\n", [("John Smith",), ("Jane Doe",)], ""),
    "an empty column": ("sex,age,x\nM,34,\nF,35,\n", [("M", 34, None), ("F", 35, None)],
                        "without any value: 'x'"),
    "marks in names": ("\u200fsex\u200f,\u202bage\u202c\nM,34\nF,35\n", AGES, ""),
}  # fmt: skip

REFUSED: dict[str, tuple[str | bytes, str]] = {
    "two tables": ("sex,age\nM,34\nF,35\n\ntown,n\nLeeds,3\nYork,4\n", "begins 4 rows below"),
    "two tables, the second wider": (
        "sex,age\nM,34\nF,35\n\ntown,n,x\nL,3,1\nY,4,1\nH,4,2\n",
        "two tables, one below",
    ),
    "side by side": ("sex,age,,town,n\nM,34,,L,3\nF,35,,Y,4\nM,36,,,\n", "empty column 3"),
    "no names": ("M,34,L\nF,35,Y\nM,36,Y\n", "no row of names"),
    "no names, numbers": ("12,34\n13,35\n14,36\n", "no row of names"),
    "names alike when composed": (
        "나이,\u1102\u1161\u110b\u1175\n1,2\n3,4\n",
        "two columns called",
    ),
    "double colons": ("1::M::23\n2::F::24\n3::F::25\n", "separated by '::'"),
    "blanks": ("id sex age\n1 M 23\n2 F 24\n", "separated by blanks"),
    "LaTeX": ("sex & age \\\\\nM & 34 \\\\\nF & 35 \\\\\n", "separated by '&'"),
    "quoted rows": ('"sex,age"\n"M,34"\n"F,35"\n', "commas within quotation marks around"),
    "pairs": ("sex=M;age=34\nsex=F;age=35\n", "name=value"),
    "decimal commas": ("sex,w\nM,1,5\nF,2,25\n", "3 fields for 2 names"),
    "a dump": ("INSERT INTO t VALUES ('M',34);\nINSERT INTO t VALUES ('F',35);\n", "dump"),
    "iso-2022-jp": ("性別,年齢\n男,34\n".encode("iso2022_jp"), "iso2022_jp"),
    "iso-2022-kr": ("성별,나이\n남,34\n".encode("iso2022_kr"), "iso2022_kr"),
    "totals alone": ("sex,n\nTotal,5\nsex,n\n", "only totals"),
}


def write(folder: Path, content: str | bytes, name: str = "t.csv") -> Path:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


@pytest.mark.parametrize("name", READ)
def test_shapes_that_are_read_right(tmp_path: Path, name: str) -> None:
    content, rows, says = READ[name]
    found = own_table(write(tmp_path, content))
    assert found.frame.lazy().collect().rows() == rows
    told = " ".join(each.en for each in found.notices)
    assert says in told
    assert says or not [each for each in found.notices if "semicolons" not in each.en][1:]
    assert all(any("가" <= c <= "힣" for c in each.ko) for each in found.notices)


@pytest.mark.parametrize("name", REFUSED)
def test_shapes_that_are_refused(tmp_path: Path, name: str) -> None:
    content, says = REFUSED[name]
    with pytest.raises(InputError, match=says):
        own_table(write(tmp_path, content))


@pytest.mark.parametrize("ending", ["zip", "gz", "7z"])
def test_compressed_files_are_named_as_such(tmp_path: Path, ending: str) -> None:
    with pytest.raises(InputError, match="compressed file: unpack it"):
        own_table(write(tmp_path, b"PK", f"t.{ending}"))


@pytest.mark.parametrize("ending", ["tab", "psv", "dat"])
def test_other_endings_of_texts(tmp_path: Path, ending: str) -> None:
    file = write(tmp_path, "sex|age\nM|34\nF|35\n", f"t.{ending}")
    assert own_table(file).frame.lazy().collect().rows() == AGES


@pytest.mark.parametrize(
    ("codec", "words"),
    [
        ("gbk", "北京 上海 广州 成都 男 女 汉族 工人"),
        ("euc_jp", "東京 大阪 横浜 男 女 会社員 さいたま"),
        ("shift_jis", "東京 大阪 横浜 男 女 ﾔﾏﾀﾞ やまだ"),
        ("big5", "臺北 高雄 臺中 男 女 學生"),
    ],
)
def test_chinese_and_japanese_are_not_taken_for_korean(
    tmp_path: Path, codec: str, words: str
) -> None:
    rows = "".join(f"{word},{age}\n" for age, word in enumerate(words.split(), 30))
    file = write(tmp_path, f"x,age\n{rows}".encode(codec))
    with pytest.raises(InputError, match="not Korean"):
        own_table(file)
    found = own_table(file, encoding=codec).frame.lazy().collect()
    assert found["x"].to_list() == words.split()


def test_lists_of_korean_words_are_korean() -> None:
    for text in (
        "남,여",
        "쌍문동 홍제동",
        "김철수 박영희",
        "미혼 기혼 이혼 사별",
        "짜장면 떡볶이 갈비",
    ):
        assert is_korean([text]), text


def book(folder: Path, *sheets: list[list[object]], **names: str) -> Path:
    made = openpyxl.Workbook()
    for place, rows in enumerate(sheets):
        sheet = made.active if place == 0 else made.create_sheet()
        for row in rows:
            sheet.append(row)
    made.active.sheet_state = names.get("first", "visible")
    if merged := names.get("merged"):
        for cells in merged.split():
            made.active.merge_cells(cells)
    made.active = len(sheets) - 1
    file = folder / "t.xlsx"
    made.save(file)
    return file


def test_merged_cells_give_each_record_its_value(tmp_path: Path) -> None:
    rows: list[list[object]] = [["town", "sex", "age"], ["N", "M", 34], [None, "F", 35]]
    file = book(tmp_path, [*rows, ["S", "M", 36], [None, "F", 37]], merged="A2:A3 A4:A5")
    assert own_table(file).frame.lazy().collect()["town"].to_list() == ["N", "N", "S", "S"]


def test_everything_above_and_below_a_table(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["Entry 2019"], [None, None, None, None, "(persons)"],
        ["R", "Age", None, "Pay", None], [None, "M", "F", "M", "F"],
        *map(list, TWO), ["Total", 70, 72, 400, 600], [None], ["Note: estimates"],
    ]  # fmt: skip
    file = book(tmp_path, rows, merged="A1:E1 B3:C3 D3:E3 A3:A4")
    found = own_table(file).frame.lazy().collect()
    assert found.columns == ["R", "Age M", "Age F", "Pay M", "Pay F"]
    assert found.rows() == TWO


def test_the_sheet_with_a_visible_table_is_read(tmp_path: Path) -> None:
    people: list[list[object]] = [["sex", "age"], ["M", 34], ["F", 35]]
    codes: list[list[object]] = [["code", "label"], [1, "x"], [2, "y"]]
    for first, state in ((codes, "hidden"), ([["Release of 2019"], ["Office"]], "visible")):
        found = own_table(book(tmp_path, first, people, first=state))  # type: ignore[arg-type]
        assert found.frame.lazy().collect().rows() == AGES
        assert "the file has 1 more" in found.notices[0].en
    hidden = own_table(book(tmp_path, codes, people, first="hidden"), sheet="Sheet")
    assert hidden.frame.lazy().collect().columns == ["code", "label"]


def test_formulas_that_were_never_calculated(tmp_path: Path) -> None:
    rows: list[list[object]] = [["sex", "age"], ["M", "=30+4"], ["F", "=30+5"]]
    told = " ".join(each.en for each in own_table(book(tmp_path, rows)).notices)
    assert "without any value: 'age'. Formulas must be calculated" in told


def test_a_password_is_suspected(tmp_path: Path) -> None:
    file = write(tmp_path, bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "t.xlsx")
    with pytest.raises(InputError, match="protected by a password"):
        own_table(file)


def test_titles_do_not_set_the_width_of_a_table() -> None:
    rows = [["a", "", ""], ["b", "", ""], ["c", "", ""], ["x", "y", "z"], ["1", "2", "3"]]
    assert _rows_above(rows) == 3
    assert _rows_above(rows[3:]) == 0


@pytest.mark.parametrize("name", STYLES)
def test_a_number_written_in_a_style_has_its_value(name: str) -> None:
    """Marks are put into a number by hand, so that reading and writing don't share code."""
    thousands = {"comma": ",", "lakh": ",", "blank": " ", "point": ".", "apostrophe": "'"}
    mark = thousands[name.split(",", 1)[0]]
    point = "," if "comma" in name.split(", ")[1:] else "."
    written = ["1" + mark + "234" + mark + "567", "89"]
    expected = [1234567.0, 89.0]
    if name.startswith("lakh"):
        written[0], expected[0] = "12,34,567", 1234567.0
    if not name.endswith("whole"):
        written.append("-5" + point + "25")
        expected.append(-5.25)
    found = pl.select(castable_number(pl.lit(pl.Series(written)), STYLES[name])).to_series()
    assert found.cast(pl.Float64).to_list() == expected
    assert pl.Series(written).str.contains(STYLES[name].pattern).all()


def test_no_error_of_a_library_shows_a_value(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path, 'sex,"a, b"\nM,34\nF,35\nF,36\n')
    assert main(["risk", str(file), "--columns", 'sex, "a, b"']) == 0
    assert "values in sex, a, b" in capsys.readouterr().out

    def fail(*_: object, **__: object) -> None:
        pl.Series(["900101-1234567"]).cast(pl.Int64)

    monkeypatch.setattr(assessment, "assess", fail)
    assert main(["risk", str(file)]) == 1
    shown = "".join(capsys.readouterr())
    assert "InvalidOperationError" in shown
    assert "1234567" not in shown


def test_ages_in_other_digits_are_ages_to_safe_harbor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Digits of full width once ended in an error of the library that showed them."""
    file = write(tmp_path, "sex,age,x\nM,９１,word\nF,35,word\nF,unknown,word\n")
    assert main(["risk", str(file), "--safe-harbor", "2026"]) == 0
    assert "age" in capsys.readouterr().out
    found = safe_harbor(pl.DataFrame({"age": ["９１", "35", "unknown"]}), year=2026)
    assert found.filter(column="age")["records"].sum() == 1


def test_columns_named_as_results_are_counted_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Columns called 't' or 'c' once took the place of these measures."""
    rows = "x,1,p\nx,1,q\ny,2,p\ny,3,q\nz,3,q\n"
    said = []
    for names in ("sex,age,ill", "t,size,c", "c,beta,t"):
        file = write(tmp_path, f"{names}\n{rows}")
        known = names.rpartition(",")[0]
        options = ["--columns", known, "--sensitive", names.rpartition(",")[2], "--reach", "2"]
        assert main(["risk", str(file), *options]) == 0
        said.append(re.sub(r"[^0-9.%]+", " ", capsys.readouterr().out))
    assert said[0] == said[1] == said[2]
    with pytest.raises(InputError, match="The name 'c' is reserved"):
        diversity(pl.DataFrame({"c": [1, 2], "x": ["a", "b"]}), ["c"], "x")
