"""Korean and Latin letters that travel with the site, cut down to those that it uses.

The fonts go into the style sheet as data: a page opened from a folder may not load font files in
every browser (Firefox counts each local file as another origin).
"""

import base64
import hashlib
import io
from importlib.metadata import distribution
from pathlib import Path

import pylopdf_fonts_ko
from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

from onetomany.sources.cache import cache_dir
from onetomany.sources.files import package_folder, whole_file

BOLD = 700
_KOREAN = 1  # of the five fonts in the collection of Noto Sans CJK

# Letters that a chart may show once a reader moves its sliders
ALWAYS = (
    "".join(map(chr, range(0x20, 0x7F)))
    + "".join(map(chr, range(0xA1, 0x100)))
    + "–—‘’“”„•…‰′″−×÷±≈≠≤≥→←↑↓⋮·∞√∑"
)


def fonts_css(text: str) -> str:
    """Return a style sheet with the fonts: sans in two weights for text and charts, and serif.

    The bold is drawn as such: what a browser makes of the regular by itself is smeared.
    """
    letters = "".join(sorted(set(text + ALWAYS) - {"\n", "\r", "\t"}))
    regular = font_folder()
    bold = package_folder("manimgx_fonts_cjk") / "NotoSansCJK-VF.otf.ttc"
    faces = (
        _face("Noto Sans KR", _subset(regular / "NotoSansKR-Regular.otf", letters)),
        _face("Noto Sans KR", _subset(bold, letters, weight=BOLD), weight=BOLD),
        _face("Noto Serif KR", _subset(regular / "NotoSerifKR-Regular.otf", letters)),
    )
    return "\n".join(faces)


def font_folder() -> Path:
    return Path(pylopdf_fonts_ko.__file__).parent


def licence_note() -> str:
    """Return the note that the SIL Open Font License asks for: owners, and its text."""
    licence = next(
        file for file in distribution("pylopdf-fonts-ko").files or [] if file.name == "LICENSE"
    )
    return (
        "fonts.css contains subsets of Noto Sans KR, regular and bold, and Noto Serif KR\n"
        "(github.com/notofonts/noto-cjk), © 2014-2024 Adobe (http://www.adobe.com/),\n"
        "under the licence below.\n\n" + Path(str(licence.locate())).read_text(encoding="utf-8")
    )


def _face(family: str, font: bytes, weight: int = 400) -> str:
    data = base64.b64encode(font).decode()
    return (
        f'@font-face {{ font-family: "{family}"; font-style: normal; font-weight: {weight}; '
        f"font-display: block; src: url(data:font/woff2;base64,{data}) format('woff2'); }}"
    )


def _subset(path: Path, letters: str, weight: int = 0) -> bytes:
    """Cut out the letters; kept in the cache, since a rebuild mostly uses the same ones.

    `weight` is that of a variable font, which becomes one of this weight alone.
    """
    made_of = f"{path.name} {path.stat().st_size} {weight} {letters}"
    key = hashlib.sha256(made_of.encode()).hexdigest()
    cached = cache_dir() / "report" / f"{key[:24]}.woff2"
    if not cached.exists():
        options = subset.Options()
        options.font_number = _KOREAN if path.suffix == ".ttc" else -1
        options.hinting = False
        options.layout_features = ["kern", "liga", "ccmp", "locl", "mark", "mkmk"]
        options.notdef_outline = True
        options.recalc_timestamp = False
        font = subset.load_font(str(path), options)
        cutter = subset.Subsetter(options)
        cutter.populate(text=letters)
        cutter.subset(font)
        if weight:
            font = _at_weight(font, weight)
        options.flavor = "woff2"
        cached.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(cached) as beside:
            subset.save_font(font, str(beside), options)
    return cached.read_bytes()


def _at_weight(font: TTFont, weight: int) -> TTFont:
    """Return a variable font at one weight; the instancer reads fonts as they are stored."""
    stored = io.BytesIO()
    font.save(stored)
    stored.seek(0)
    variable = TTFont(stored, recalcTimestamp=False, lazy=False)
    return instancer.instantiateVariableFont(variable, {"wght": weight})
