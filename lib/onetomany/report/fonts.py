"""Korean and Latin letters that travel with the site, cut down to those that it uses.

The fonts go into the style sheet as data: a page opened from a folder may not load font files in
every browser (Firefox counts each local file as another origin).
"""

from __future__ import annotations

import base64
import hashlib
from importlib.metadata import distribution
from pathlib import Path

import pylopdf_fonts_ko
from fontTools import subset

from onetomany.sources.cache import cache_dir
from onetomany.sources.files import whole_file

# Letters that a chart may show once a reader moves its sliders
ALWAYS = (
    "".join(map(chr, range(0x20, 0x7F)))
    + "".join(map(chr, range(0xA1, 0x100)))
    + "–—‘’“”„•…‰′″−×÷±≈≠≤≥→←↑↓⋮·∞√∑"
)


def fonts_css(text: str) -> str:
    """Return a style sheet with both fonts: sans for text and charts, serif for headings."""
    letters = "".join(sorted(set(text + ALWAYS) - {"\n", "\r", "\t"}))
    faces = {"Noto Sans KR": font_folder() / "NotoSansKR-Regular.otf"}
    faces["Noto Serif KR"] = font_folder() / "NotoSerifKR-Regular.otf"
    return "\n".join(_face(family, path, letters) for family, path in faces.items())


def font_folder() -> Path:
    return Path(pylopdf_fonts_ko.__file__).parent


def licence_note() -> str:
    """Return the note that the SIL Open Font License asks for: owners, and its text."""
    licence = next(
        file for file in distribution("pylopdf-fonts-ko").files or [] if file.name == "LICENSE"
    )
    return (
        "fonts.css contains subsets of Noto Sans KR and Noto Serif KR\n"
        "(github.com/notofonts/noto-cjk), © 2014-2024 Adobe (http://www.adobe.com/),\n"
        "under the licence below.\n\n" + Path(str(licence.locate())).read_text(encoding="utf-8")
    )


def _face(family: str, path: Path, letters: str) -> str:
    data = base64.b64encode(_subset(path, letters)).decode()
    return (
        f'@font-face {{ font-family: "{family}"; font-style: normal; font-weight: 400; '
        f"font-display: block; src: url(data:font/woff2;base64,{data}) format('woff2'); }}"
    )


def _subset(path: Path, letters: str) -> bytes:
    """Cut out the letters; kept in the cache, since a rebuild mostly uses the same ones."""
    key = hashlib.sha256(f"{path.name} {path.stat().st_size} {letters}".encode()).hexdigest()
    cached = cache_dir() / "report" / f"{key[:24]}.woff2"
    if not cached.exists():
        options = subset.Options()
        options.flavor = "woff2"
        options.hinting = False
        options.layout_features = ["kern", "liga", "ccmp", "locl", "mark", "mkmk"]
        options.notdef_outline = True
        options.recalc_timestamp = False
        font = subset.load_font(str(path), options)
        cutter = subset.Subsetter(options)
        cutter.populate(text=letters)
        cutter.subset(font)
        cached.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(cached) as beside:
            subset.save_font(font, str(beside), options)
    return cached.read_bytes()
