"""The stills of charts, in fewer bytes than vl-convert's, and the fonts of a report."""

from __future__ import annotations

import base64
import io
import re

import altair as alt
import polars as pl
import vl_convert
from fontTools.pens.boundsPen import BoundsPen
from fontTools.ttLib import TTFont
from PIL import Image

from onetomany.charts.languages import plain_spec
from onetomany.report import fonts
from onetomany.report.website import _compressed


def test_a_still_has_the_pixels_that_were_drawn_in_half_the_bytes() -> None:
    frame = pl.DataFrame({"x": list(range(40)), "y": [n * n % 17 for n in range(40)]})
    spec = alt.Chart(frame, title="A 한글 title").mark_line().encode(x="x", y="y").to_dict()
    drawn = vl_convert.vegalite_to_png(plain_spec(spec), scale=2, allowed_base_urls=[])
    packed = _compressed(drawn)
    with Image.open(io.BytesIO(drawn)) as before, Image.open(io.BytesIO(packed)) as after:
        assert (after.mode, after.size) == (before.mode, before.size)
        assert after.tobytes() == before.tobytes()
        assert after.info.get("dpi") == before.info.get("dpi")
    assert len(packed) < len(drawn) / 2


def test_the_bold_is_a_weight_of_its_own_and_has_every_letter_of_the_regular() -> None:
    css = fonts.fonts_css("가나다 漢字 bold")
    made = re.findall(r'"(Noto [^"]+)".*?font-weight: (\d+).*?base64,([^)]+)\)', css)
    assert [each[:2] for each in made] == [
        ("Noto Sans KR", "400"),
        ("Noto Sans KR", "700"),
        ("Noto Serif KR", "400"),
    ]
    regular, bold, _ = (TTFont(io.BytesIO(base64.b64decode(data))) for *_, data in made)
    assert bold["OS/2"].usWeightClass == 700
    assert "fvar" not in bold
    assert set(map(ord, "가漢字b")) < set(bold.getBestCmap()) == set(regular.getBestCmap())
    stems = []
    for font in (regular, bold):
        pen = BoundsPen(font.getGlyphSet())
        font.getGlyphSet()[font.getBestCmap()[ord("|")]].draw(pen)
        stems.append(pen.bounds[2] - pen.bounds[0])
    assert stems[1] > 1.3 * stems[0]
