"""What may not go into a bundle: the gate, and the redaction list."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import numpy as np
import polars as pl
import pypdfium2
import pytest

from onetomany import sources
from onetomany.errors import InputError
from onetomany.evidence import bundle, screening
from onetomany.evidence.record import DataUse
from onetomany.evidence.redaction import RedactionRule, read_redactions, redact
from onetomany.report.shown import PARQUET, pack_frame, unpack_frame
from payloads import CREATED, ORL, record

pytestmark = pytest.mark.real

# --- the gate


Hits = list[tuple[str, int | None, str]]


def hits(
    folder: Path, rules: tuple[RedactionRule, ...] = (), data: tuple[DataUse, ...] = (ORL,)
) -> Hits:
    return screening._screen_payload(folder, data, rules).select("file", "line", "kind").rows()


def test_an_honest_payload_passes_the_gate(payload: Path) -> None:
    assert hits(payload) == []


def test_a_face_is_refused_wherever_it_is(tmp_path: Path) -> None:
    import base64

    import cv2

    face = cv2.imread(sources.open_images("orl").files["path"][0])
    png = cv2.imencode(".png", face)[1].tobytes()
    (tmp_path / "face.png").write_bytes(png)
    coded = base64.b64encode(png).decode()
    (tmp_path / "page.html").write_text(f'<p>\n<img src="data:image/png;base64,{coded}">')
    notebook = {"cells": [{"outputs": [{"data": {"image/png": coded + "\n"}}]}]}
    (tmp_path / "chapter.ipynb").write_text(json.dumps(notebook, indent=1))
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(tmp_path / "exhibit.pdf"))
    canvas.drawString(100, 700, "Exhibit A-1")
    canvas.drawImage(ImageReader(str(tmp_path / "face.png")), 100, 300, 92, 112)
    canvas.save()
    found = {file: line for file, line, kind in hits(tmp_path) if kind == "face"}
    assert found == {"face.png": None, "page.html": 2, "chapter.ipynb": 7, "exhibit.pdf": None}
    (tmp_path / "exhibit.pdf").unlink()
    with pytest.raises(InputError, match=r"page\.html, line 2: it shows a face"):
        screening.refuse_unfit(tmp_path, (ORL,))
    allowing = DataUse("own", "Own", "own", "own", True, False)
    assert hits(tmp_path, data=(allowing,)) == []
    for name in ("page.html", "chapter.ipynb"):
        (tmp_path / name).unlink()
    assert len(hits(tmp_path, data=(allowing, ORL))) == 1  # one set that doesn't allow it decides
    assert len(hits(tmp_path, data=())) == 1


def test_most_faces_are_found() -> None:
    """A picture each of 40 people, as the set has it (92 x 112 pixels)."""
    import cv2

    looker = screening._Looker(faces=False, templates=False, rules=())
    files = sources.open_images("orl").files.unique("subject_id", keep="first", maintain_order=True)
    faces = [cv2.imread(path) for path in files["path"]]
    assert sum(map(looker._shows_face, faces)) >= 36
    sheet = np.vstack([np.hstack(faces[row : row + 4]) for row in range(0, 16, 4)])
    assert looker._shows_face(sheet)
    page = np.full((1754, 1240, 3), 255, np.uint8)
    page[500:612, 300:392] = faces[0]
    assert looker._shows_face(page)
    page[500:612, 300:392] = 0
    assert not looker._shows_face(page)


def test_a_template_is_refused_wherever_it_is(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    templates = rng.normal(size=(3, 128))
    templates /= np.linalg.norm(templates, axis=1, keepdims=True)
    frame = pl.DataFrame({"id": ["a", "b", "c"], "template": templates})
    frame.write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({f"t{n}": templates[:, n] for n in range(128)}).write_parquet(
        tmp_path / "b.parquet"
    )
    (tmp_path / "c.json").write_text(json.dumps({"x": 1, "t": templates[0].tolist()}, indent=1))
    (tmp_path / "d.txt").write_text(f"first\n{templates[1]}")
    (tmp_path / "e.npy").write_bytes(templates.tobytes())
    nested = {"outputs": [{"data": {PARQUET: _packed(frame)}}]}
    (tmp_path / "f.ipynb").write_text(json.dumps(nested, indent=1))
    curve = np.linspace(0.001, 0.999, 128).tolist()
    (tmp_path / "curve.json").write_text(json.dumps([curve, list(range(128)), [0.5] * 100]))
    found = {(file, line) for file, line, _ in hits(tmp_path)}
    assert found == {
        ("a.parquet", None),
        ("b.parquet", None),
        ("c.json", 3),
        ("d.txt", 2),
        ("e.npy", None),
        ("f.ipynb", 5),
    }
    allowing = DataUse("own", "Own", "own", "own", False, True)
    assert {file for file, _, _ in hits(tmp_path, data=(allowing,))} == {"e.npy"}


def _packed(frame: pl.DataFrame) -> str:
    import base64
    import io

    file = io.BytesIO()
    frame.write_parquet(file)
    return base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize(
    "text",
    ["900101-1234567", "Tel. 010-1234-5678", "M12345678", "hong.gildong@moj.go.kr"],
)
def test_personal_data_is_refused_wherever_it_is(tmp_path: Path, text: str) -> None:
    (tmp_path / "note.md").write_text(f"one\ntwo {text} three\n")
    (tmp_path / "chapter.ipynb").write_text(json.dumps({"a": [f"x {text}\n"]}, indent=1))
    pl.DataFrame({"n": [1], "text": [f"x {text} y"]}).write_parquet(tmp_path / "table.parquet")
    packed = {PARQUET: pack_frame(pl.DataFrame({"text": [text]}))}
    (tmp_path / "shown.json").write_text(json.dumps(packed, indent=1))
    found = {file: line for file, line, kind in hits(tmp_path) if kind == "personal"}
    assert found == {"note.md": 2, "chapter.ipynb": 3, "table.parquet": None, "shown.json": 2}
    with pytest.raises(InputError) as refused:
        screening.refuse_unfit(tmp_path, ())
    assert text not in str(refused.value)  # told, never shown
    allow = RedactionRule(
        "allowed", exact=text.removeprefix("Tel. "), reason="printed by the ministry"
    )
    assert hits(tmp_path, (allow,)) == []


def test_a_column_of_numbers_that_name_people_is_refused(tmp_path: Path) -> None:
    pl.DataFrame({"call": [1012345678, 1098765432]}).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({"여권": [1, 2]}).write_parquet(tmp_path / "b.parquet")
    pl.DataFrame({"n": [1012, 109], "share": [0.5, 0.25]}).write_parquet(tmp_path / "c.parquet")
    assert {file for file, _, _ in hits(tmp_path)} == {"a.parquet", "b.parquet"}


def test_sealing_goes_through_the_gate(payload: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(payload, tmp_path / "payload"))
    (folder / "figures" / "note.md").write_text("call 010-1234-5678")
    with pytest.raises(InputError, match=r"figures/note\.md, line 1"):
        bundle.seal(folder, tmp_path / "out", record(), key=None, created=CREATED)
    assert [each.name for each in tmp_path.iterdir()] == ["payload"]


def test_numbers_and_digests_are_no_personal_data(tmp_path: Path) -> None:
    (tmp_path / "data.json").write_text(
        json.dumps({"a": 0.01012345678, "b": "d" * 64, "c": 1612137600000, "d": [1e-05, 20191.5]})
        + f" sha256:{'01012345678' * 5}abcdef123 press@example.org"
    )
    assert hits(tmp_path) == []


@pytest.mark.parametrize(
    "text", ["[" + "1.25, " * 50_000, "[" * 50_000, "a." * 50_000, "1" * 50_000]
)
def test_no_text_keeps_the_gate_busy(text: str) -> None:
    """Patterns that try every split of a long text would take hours over these."""
    looker = screening._Looker(faces=False, templates=False, rules=())
    started = time.process_time()
    assert list(looker._text(text)) == []
    assert time.process_time() - started < 5


def test_text_in_a_pdf_is_read_too(tmp_path: Path) -> None:
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(tmp_path / "exhibit.pdf"))
    canvas.drawString(100, 700, "page one")
    canvas.showPage()
    canvas.drawString(100, 700, "call 010-1234-5678, says Hong Gildong")
    canvas.save()
    rule = RedactionRule("witness A", exact="Hong Gildong")
    found = screening._screen_payload(tmp_path, (ORL,), (rule,))
    assert found["kind"].to_list() == ["redaction", "personal"]
    assert all(what.startswith("page 2: ") for what in found["what"])


def test_what_can_not_be_looked_into_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK")
    (tmp_path / "b.png").write_bytes(b"no picture")
    (tmp_path / "c.parquet").write_bytes(b"no table")
    (tmp_path / "d.csv").write_bytes("가".encode("cp949"))
    (tmp_path / "e.pdf").write_bytes(b"no pdf")
    pl.DataFrame({"x": [b"bytes"]}).write_parquet(tmp_path / "f.parquet")
    pdf = pypdfium2.PdfDocument.new()
    pdf.new_page(100, 100)
    pdf.new_attachment("hidden.txt").set_data(b"in here")
    pdf.save(tmp_path / "g.pdf")
    assert [(file, kind) for file, _, kind in hits(tmp_path)] == [
        (name, "unread")
        for name in ("a.zip", "b.png", "c.parquet", "d.csv", "e.pdf", "f.parquet", "g.pdf")
    ]


# --- redaction


def test_a_redaction_list_is_applied_and_reported(tmp_path: Path) -> None:
    folder = tmp_path / "notebooks"
    folder.mkdir()
    frame = pl.DataFrame(
        {
            "document": ["a/annex.pdf", "a/annex.pdf", "b.pdf"],
            "page": [3, 9, 3],
            "text": ["secret of page 3", "홍길동 signed", "open"],
        }
    )
    outputs = [
        {"data": {PARQUET: pack_frame(frame), "text/html": ["<b>홍길동</b>\n", "A &amp; B\n"]}}
    ]
    (folder / "02.ipynb").write_text(json.dumps({"cells": [{"outputs": outputs}]}))
    frame.write_csv(folder / "table.csv")
    frame.write_parquet(folder / "table.parquet")
    (folder / "none.md").write_text("nothing")
    rules_file = tmp_path / "rules.toml"
    rules_file.write_text(
        '[[redact]]\nname = "witness A"\nexact = "홍길동"\n'
        '[[redact]]\nname = "firm"\nexact = "A & B"\n'
        '[[redact]]\nname = "annex"\ndocument = "annex.pdf"\npages = [3, 4]\n'
        '[[redact]]\nname = "unmet"\npattern = "Q[0-9]+"\n'
        '[[allow]]\nexact = "press@moj.go.kr"\nreason = "published"\n'
    )
    rules = read_redactions(rules_file)
    report = redact(folder, rules)
    assert report.rows() == [
        ("annex", "02.ipynb", 1),
        ("annex", "table.csv", 1),
        ("annex", "table.parquet", 1),
        ("firm", "02.ipynb", 1),
        ("unmet", "", 0),
        ("witness A", "02.ipynb", 2),
        ("witness A", "table.csv", 1),
        ("witness A", "table.parquet", 1),
    ]
    notebook = json.loads((folder / "02.ipynb").read_text())
    data = notebook["cells"][0]["outputs"][0]["data"]
    expected = ["[redacted: annex]", "[redacted: witness A] signed", "open"]
    assert unpack_frame(data[PARQUET])["text"].to_list() == expected
    assert pl.read_parquet(folder / "table.parquet")["text"].to_list() == expected
    assert pl.read_csv(folder / "table.csv")["text"].to_list() == expected
    assert data["text/html"] == ["<b>[redacted: witness A]</b>\n", "[redacted: firm]\n"]
    assert hits(folder, rules) == []  # the gate finds nothing left
    assert redact(folder, rules)["count"].sum() == 0  # and again, nothing changes
    (folder / "late.json").write_text(json.dumps({"x": "홍길동"}))  # as \uXXXX
    assert hits(folder, rules) == [("late.json", 1, "redaction")]


SECRET = "The witness lives at the old mill, and has done so for more than thirty years now"


@pytest.mark.parametrize(
    "rule",
    [
        RedactionRule("annex", document="annex.pdf", pages=(3,)),
        RedactionRule("annex", exact=SECRET),
    ],
)
def test_what_is_redacted_leaks_nowhere(tmp_path: Path, rule: RedactionRule) -> None:
    """It goes from a frame, the cut tables drawn of it, charts, and sentences that quote it."""
    secret = SECRET
    frame = pl.DataFrame(
        {
            "name": ["annex.pdf", "b.pdf"],
            "page": [3, 3],
            "snippet": [secret, "open"],
            "kind": ["a statement"] * 2,
        }
    )
    chart = {"datasets": {"d": frame.to_dicts()}}
    outputs = [
        {
            "data": {
                PARQUET: pack_frame(frame),
                "text/html": frame._repr_html_(),
                "text/plain": str(frame),
            }
        },
        {"data": {"application/vnd.vegalite.v6+json": chart}},
        {"data": {"text/html": f"<p>It says: {secret}. It is a statement.</p>"}},
    ]
    (tmp_path / "08.ipynb").write_text(json.dumps({"cells": [{"outputs": outputs}]}))
    (tmp_path / "09.ipynb").write_text(json.dumps({"cells": [{"source": f"'{secret}'"}]}))
    report = redact(tmp_path, [rule])
    left = "".join(path.read_text() for path in tmp_path.iterdir())
    assert "The witness" not in left  # nor the beginning, which a cut table shows
    assert "It is a statement." in left  # another row says this, too: no secret of the page
    assert left.count("[redacted: annex]") >= 5
    shown = json.loads((tmp_path / "08.ipynb").read_text())["cells"][0]["outputs"]
    assert unpack_frame(shown[0]["data"][PARQUET])["snippet"].to_list() == [
        "[redacted: annex]",
        "open",
    ]
    rows = shown[1]["data"]["application/vnd.vegalite.v6+json"]["datasets"]["d"]
    assert [row["snippet"] for row in rows] == ["[redacted: annex]", "open"]
    assert set(report["file"]) == {"08.ipynb", "09.ipynb"}


def test_a_list_in_csv_and_lists_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "rules.csv"
    path.write_text('name,exact,document,pages\nwitness,Hong,,\nannex,,annex.pdf,"3-5, 8"\n')
    assert read_redactions(path)[1] == RedactionRule(
        "annex", document="annex.pdf", pages=(3, 4, 5, 8)
    )
    for text in ('[[redact]]\nname = "x"', '[[redact]]\nname = "x"\npattern = "("',
                 '[[redact]]\nname = "x"\npattern = "a*"', "[[other]]\nx = 1", "[[redact",
                 '[[allow]]\nexact = "x"'):  # fmt: skip
        bad = tmp_path / "bad.toml"
        bad.write_text(text)
        with pytest.raises(InputError):
            read_redactions(bad)
