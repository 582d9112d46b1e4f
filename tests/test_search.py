"""Search of a case file: BM25 as written down, phrases, patterns, spans and the page's picture."""

from __future__ import annotations

import io
import math
import re
import shutil
import unicodedata
from collections import Counter
from pathlib import Path

import duckdb
import numpy as np
import pypdfium2
import pytest
import vl_convert
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen import canvas

import specimens
from onetomany.documents import indexing, nouns, search
from onetomany.documents.case_file import open_case
from onetomany.documents.catalogue import make_later_table
from onetomany.documents.ingest import ingest
from onetomany.documents.picture import page_picture
from onetomany.errors import InputError, IntegrityError
from onetomany.sources.files import package_folder

pytestmark = pytest.mark.real

# written for this test: no document says so
PAGES = [
    "법무부는 내국인 얼굴 사진을 인공지능 학습에 이용했다.",
    "과학기술정보통신부와 법무부가 업무협약을 맺었다. 법무부가 데이터를 보유한다.",
    "The ministries signed an agreement. Companies were training models on travellers' faces.",
    "A company trained its model in the lab; the trained model stayed there.",
    "개인정보 보호위원회는 목적 범위 안의 이용이라고\n판단했다. 얼굴 사진만으로는 다르다.",
    "시험용 쪽 😀 𠀀 뒤의 법무부",
    "",
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("case") / "folder"
    folder.mkdir()
    for number, text in enumerate(PAGES):
        if text:
            (folder / f"{number}.txt").write_text(text, encoding="utf-8")
    path = folder.with_name("case.duckdb")
    ingest(folder, path, workers=1)
    with open_case(path, write=True) as db:
        assert indexing.index_case(db, progress=False, kinds=("words",)) == (len(PAGES) - 1,)
    return path


@pytest.fixture
def case(built: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copy(built, tmp_path / "case.duckdb"))


def text_of(db: duckdb.DuckDBPyConnection, hit: dict) -> str:
    query = "select text from pages where document = ? and page = ?"
    return db.execute(query, [hit["document"], hit["page"]]).fetchone()[0]


def reference(tokens: list[list[str]], query: list[str]) -> list[float]:
    """BM25 as in the paper, in plain Python: k = 1.2, b = 0.75, logarithm to base 10."""
    mean = sum(map(len, tokens)) / len(tokens)
    scores = []
    for page in tokens:
        counts, score = Counter(page), 0.0
        for word in set(query):
            df = sum(word in other for other in tokens)
            idf = math.log10((len(tokens) - df + 0.5) / (df + 0.5) + 1)
            tf = counts[word]
            score += idf * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * len(page) / mean))
        scores.append(score)
    return scores


@pytest.mark.parametrize(
    "query", ["법무부", "얼굴 사진 이용", "trained models", "company 법무부가"]
)
def test_scores_are_those_of_bm25_and_of_duckdbs_own(case: Path, query: str) -> None:
    with open_case(case) as db:
        hits = search.search_words(db, query)
        rows = db.execute("select document, page, tokens from search_pages order by id").fetchall()
        words = search.index_tokens(db, [query])[0].split()
        scores = reference([row[2].split() for row in rows], words)
        expected = {row[:2]: score for row, score in zip(rows, scores, strict=True) if score > 0}
        found = {row[:2]: row[2] for row in hits.iter_rows()}
        assert found == pytest.approx(expected, rel=1e-9)
        assert hits["score"].is_sorted(descending=True)
        own = db.execute(
            "select document, page, fts_main_search_pages.match_bm25(id, ?) as score "
            "from search_pages where score is not null",
            [" ".join(words)],
        ).fetchall()
        assert {row[:2]: row[2] for row in own} == pytest.approx(expected, rel=1e-9)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=12), min_size=2, max_size=9),
    st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=3),
)
def test_ranking_on_any_tokens(pages: list[list[str]], query: list[str]) -> None:
    """The index itself, on tokens that need no tokenizer."""
    with duckdb.connect() as db:
        search.load_fts(db)
        make_later_table(db, "search_pages")
        db.executemany(
            "insert into search_pages values (?, 'd', ?, ?, [], [], 't', '')",
            [[place, place, " ".join(words)] for place, words in enumerate(pages, 1)],
        )
        search.rebuild_index(db)
        values = {"terms": query, "limit": 99}
        found = {page: score for _, page, score, _ in db.execute(search._BM25, values).fetchall()}
        scores = reference(pages, query)
        assert found == pytest.approx(
            {place: score for place, score in enumerate(scores, 1) if score > 0}
        )


def test_particles_and_endings_do_not_matter(case: Path) -> None:
    with open_case(case) as db:
        bare = search.search_words(db, "법무부")
        assert bare["page"].len() == 3
        for form in ("법무부는", "법무부가", "법무부에서"):
            assert search.search_words(db, form).equals(bare)
        assert search.search_words(db, "training").equals(search.search_words(db, "Trained"))
        with pytest.raises(InputError, match="no word to search for"):
            search.search_words(db, "?!")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("법무법인", "자율주행과 법무법인의 자문을 받았다"),
        ("실증랩", "첨부와 같이 실증랩 운영 계획을 보낸다"),
        ("인천공항", "얼굴 정보를 인천공항에서 수집하였다"),
        ("인천 공항", "인천공항 제2여객터미널"),
        ("개인정보보호위원회", "개인정보 보호위원회는"),
        ("비공개", "비공개 자료"),
    ],
)
def test_a_noun_is_cut_alike_wherever_it_stands(one: str, other: str) -> None:
    """Each was cut otherwise alone than in its sentence, and so not found."""
    with duckdb.connect() as db:
        alone, within = (set(each.split()) for each in search.index_tokens(db, [one, other]))
    assert alone
    assert alone <= within


def test_a_prefix_that_turns_a_noun_over_is_kept() -> None:
    with duckdb.connect() as db:
        shut, open_ = search.index_tokens(db, ["비공개 자료", "공개 자료"])
    assert shut.split() == ["비공개", "공개", "자료"]
    assert open_.split() == ["공개", "자료"]


def test_guessed_nouns_are_known_by_their_number() -> None:
    guessed = nouns.kiwi().tokenize("뷁꿻훑은 꾸르삐를 보았다")
    assert {token.id for token in guessed if token.tag in nouns.NOUNS} <= set(nouns.GUESSED)
    (known,) = nouns.kiwi().tokenize("공항")
    assert known.id not in nouns.GUESSED


@settings(deadline=None, max_examples=60)
@given(st.text("가나다라마비공개정보법무인천항위원회실증랩 0a", max_size=30))
@example("증보천가")
@example("보비비")
def test_pieces_lie_where_they_stand(text: str) -> None:
    for _, _, start, end in nouns.recut(text, nouns.kiwi().tokenize(text)):
        assert 0 <= start <= end <= len(text)
    for run in re.findall("[가-힣]{2,40}", text):
        for form, start, end in nouns.cut(run) or ():
            assert run[start:end] == form.replace(" ", "")


def test_every_span_is_a_word_at_its_place(case: Path) -> None:
    with open_case(case) as db:
        for query in ("법무부", "얼굴", "model"):
            for row in search.search_words(db, query).iter_rows(named=True):
                text = text_of(db, row)
                assert row["spans"]
                for span in row["spans"]:
                    word = text[span["start"] : span["end"]].lower()
                    assert query in word, (text, word)  # behind characters off the BMP as well
                start = row["snippet_start"]
                assert text[start : start + len(row["snippet"])] == row["snippet"]


def test_phrases_bear_line_breaks_and_missing_spaces(case: Path) -> None:
    with open_case(case) as db:
        assert search.search_phrase(db, "이용이라고 판단했다").height == 1
        assert search.search_phrase(db, "개인정보보호위원회").height == 0
        assert search.search_phrase(db, "개인정보 보호위원회").height == 1
        assert search.search_phrase(db, "THE TRAINED MODEL").height == 1
        assert search.search_phrase(db, "lab; (the").height == 0  # a phrase is no pattern
        with pytest.raises(InputError, match="at least one word"):
            search.search_phrase(db, "  ")


def test_letters_apart_are_found_as_syllables(tmp_path: Path) -> None:
    """A text from macOS, and a word pasted there, have every letter as a character of its own."""
    (tmp_path / "folder").mkdir()
    apart = unicodedata.normalize("NFD", PAGES[0])
    (tmp_path / "folder" / "a.txt").write_text(apart, encoding="utf-8")
    ingest(tmp_path / "folder", tmp_path / "case.duckdb", workers=1)
    with open_case(tmp_path / "case.duckdb", write=True) as db:
        indexing.index_case(db, progress=False, kinds=("words",))
        for form in ("NFC", "NFD"):
            word = unicodedata.normalize(form, "법무부")
            for find in (search.search_words, search.search_phrase, search.search_pattern):
                (hit,) = find(db, word).iter_rows(named=True)
                (span,) = hit["spans"]
                assert text_of(db, hit)[span["start"] : span["end"]] == "법무부"


def test_patterns_and_their_spans(case: Path) -> None:
    with open_case(case) as db:
        hits = search.search_pattern(db, r"법무부[는가]")
        assert hits["score"].to_list() == [1.0, 1.0] or hits["score"].sum() == 3
        for row in hits.iter_rows(named=True):
            text = text_of(db, row)
            for span in row["spans"]:
                assert re.fullmatch("법무부[는가]", text[span["start"] : span["end"]])
        for bad in ("(", "(?=a)b", "a*"):
            with pytest.raises(InputError):
                search.search_pattern(db, bad)


def test_the_index_follows_the_case(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = case.parent / "another"
    folder.mkdir()
    with open_case(case, write=True) as db:
        assert indexing.index_case(db, progress=False, kinds=("words",)) == (0,)
    (folder / "more.txt").write_text("새로 공개된 법무부 문서", encoding="utf-8")
    ingest(folder, case, workers=1)
    with open_case(case, write=True) as db:
        assert indexing.index_case(db, progress=False, kinds=("words",)) == (1,)
        assert search.search_words(db, "법무부").height == 4
        db.execute("update pages set text = '다른 글' where text like '새로 공개된%'")
        assert indexing.index_case(db, progress=False, kinds=("words",)) == (1,)
        assert search.search_words(db, "법무부").height == 3
        db.execute("delete from pages where text = '다른 글'")
        assert indexing.index_case(db, progress=False, kinds=("words",)) == (0,)
        assert db.execute("select count(*) from search_pages").fetchone() == (len(PAGES) - 1,)
    monkeypatch.setattr(search, "TOKENIZER_VERSION", 99)
    with open_case(case, write=True) as db:
        with pytest.raises(InputError, match="on its folder again"):
            search.search_words(db, "법무부")
        assert indexing.index_case(db, progress=False, kinds=("words",)) == (len(PAGES) - 1,)


def test_a_case_without_an_index_says_so(tmp_path: Path) -> None:
    with open_case(tmp_path / "new.duckdb", write=True) as db:
        with pytest.raises(InputError, match="isn't indexed yet"):
            search.search_words(db, "법무부")
        assert indexing.index_case(db, progress=False, kinds=("words",)) == (0,)
        assert search.search_words(db, "법무부").is_empty()


@pytest.fixture
def pdf_case(tmp_path: Path) -> tuple[Path, str, Path]:
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / "specimen.pdf"
    vl_convert.register_font_directory(str(package_folder("pylopdf_fonts_ko")))
    lines = {
        50: "견본 SPECIMEN: 첫 줄에는 다른 말이 있다.",
        240: "법무부는 5,760만 건이라고 답했다.",
    }
    text = "".join(
        f'<text x="40" y="{y}" font-family="Noto Sans KR" font-size="14">{line}</text>'
        for y, line in lines.items()
    )
    size = 'width="400" height="300" viewBox="0 0 400 300"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{text}</svg>'
    path.write_bytes(vl_convert.svg_to_pdf(svg))
    case = tmp_path / "case.duckdb"
    ingest(folder, case, workers=1)
    with open_case(case, write=True) as db:
        indexing.index_case(db, progress=False, kinds=("words",))
        hit = search.search_words(db, "법무부").row(0, named=True)
    return case, hit["document"], path


def test_the_picture_marks_the_words_where_they_stand(pdf_case: tuple[Path, str, Path]) -> None:
    case, document, path = pdf_case
    with open_case(case) as db:
        hit = search.search_words(db, "법무부").row(0, named=True)
    spans = [(span["start"], span["end"]) for span in hit["spans"]]
    marked = np.asarray(Image.open(io.BytesIO(page_picture(case, document, 1, spans, scale=2))))
    with pypdfium2.PdfDocument(path) as pdf:
        plain = np.asarray(pdf[0].render(scale=2).to_pil().convert("RGB"))
    assert marked.shape == plain.shape == (600, 800, 3)
    rows, columns = np.nonzero((marked != plain).any(axis=2))
    # the second line stands 240 points down: only it is touched
    assert rows.min() > 440
    assert rows.max() < 520
    # paper turned orange under the word alone: three of the line's letters, not the frame
    orange = (marked[:, :, 2] < 200) & (plain.min(axis=2) > 240)
    orange &= marked[:, :, 0] > 230
    words = np.nonzero(orange[rows.min() + 6 : rows.max() - 6, columns.min() + 6 :])[1]
    assert 60 < np.ptp(words[words < 200]) < 110
    with pytest.raises(InputError, match="no page 7"):
        page_picture(case, document, 7, spans)
    path.write_bytes(path.read_bytes() + b"%")
    with pytest.raises(IntegrityError, match="changed since"):
        page_picture(case, document, 1, spans)


def test_a_phrase_over_two_lines_is_marked_on_both_and_nowhere_else(tmp_path: Path) -> None:
    lines = ("face data went to private", "companies, some by private car")

    def draw(page: canvas.Canvas) -> None:
        page.setFont("Helvetica", 12)
        for number, line in enumerate(lines):
            page.drawString(60, 700 - 14 * number, line)

    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(specimens.pdf(draw))
    ingest(folder, tmp_path / "case.duckdb", workers=1)
    with open_case(tmp_path / "case.duckdb", write=True) as db:
        indexing.index_case(db, progress=False, kinds=("words",))
        (hit,) = search.search_phrase(db, "private companies").iter_rows(named=True)
    spans = [(span["start"], span["end"]) for span in hit["spans"]]
    drawn = page_picture(tmp_path / "case.duckdb", hit["document"], 1, spans, scale=2)
    marked = np.asarray(Image.open(io.BytesIO(drawn))).astype(int)
    orange = (marked[:, :, 0] > 230) & (marked[:, :, 2] < 200) & (marked[:, :, 1] > 180)

    def share(line: int, word: str) -> float:
        """Of the box around a word, what is marked."""
        before = lines[line][: lines[line].index(word)]
        left = 60 + pdfmetrics.stringWidth(before, "Helvetica", 12)
        right = left + pdfmetrics.stringWidth(word, "Helvetica", 12)
        base = 841.89 - 700 + 14 * line
        box = [round(2 * side) for side in (base - 7, base - 1, left, right)]
        return float(orange[box[0] : box[1], box[2] : box[3]].mean())

    assert share(0, "private") > 0.4
    assert share(1, "companies") > 0.4
    assert share(1, "private") == share(0, "data") == 0


def test_only_a_pdf_can_be_drawn(case: Path) -> None:
    with open_case(case) as db:
        hit = search.search_words(db, "법무부").row(0, named=True)
    with pytest.raises(InputError, match="only PDFs and pictures can"):
        page_picture(case, hit["document"], hit["page"], [(0, 3)])
