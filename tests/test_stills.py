"""The stills of charts: the same pixels as vl-convert draws, in fewer bytes."""

from __future__ import annotations

import io

import altair as alt
import polars as pl
import vl_convert
from PIL import Image

from onetomany.charts.languages import plain_spec
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
