"""The gate before a bundle: no face, template or personal data goes in that may not.

It looks into every file of the payload, also into pictures and tables that notebooks and pages
carry as base64, and into the text and the drawn pages of PDF. A file that can't be looked into is
refused. Faces are found by dlib's detector (Dalal and Triggs, CVPR 2005), which misses faces in
profile, under about 40 pixels, or covered: the gate is a net, not a proof, and a person looks too.
"""

import base64
import binascii
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onetomany.errors import InputError
from onetomany.progress import ProgressBar
from onetomany.report.shown import PARQUET
from onetomany.sources import identifiers
from onetomany.sources.files import sha256_of
from .record import DataUse
from .redaction import TEXT, RedactionRule, file_text

FOUND = {"file": pl.String, "line": pl.Int64, "kind": pl.String, "what": pl.String}
PICTURES = {".png", ".jpg", ".jpeg"}
MAX_PICTURE = 1200  # pixels along the longer side, at which faces are looked for
CERTAIN = 0.6  # of the detector's score: charts reach 0.53, 95 % of the AT&T faces lie above 0.75
SMALL = 400  # a picture this small may be one face: it is enlarged and given a border
MIN_TEMPLATE = 64  # the shortest template of a known face model is 128; 160 is the odd one
ODD_TEMPLATES = {160}

_EMAIL = r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]++@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"
# reserved names, of no real site (RFC 2606, 6761)
_RESERVED = re.compile(r"(?:\.|@)(?:example(?:\.(?:com|net|org))?|test|invalid|localhost)$")
PERSONAL = {
    "a resident registration number": re.compile(identifiers.MARKED_REGISTRATION),
    "a passport number": re.compile(identifiers.PASSPORT_FORM),
    "a mobile number": re.compile(identifiers.PHONE_FORM),
    "an e-mail address": re.compile(_EMAIL),
}
# digests, and decimal fractions, are full of digits that look like numbers of people
_NOT_PERSONAL = re.compile(
    r"\b[0-9a-f]{32,}\b|(?<![\w.])-?(?:0|[1-9]\d*)\.\d+(?:[eE][-+]?\d+)?(?![\w.-])"
)
_BASE64 = re.compile(r"[A-Za-z0-9+/]{400,}={0,2}")
_PICTURE = re.compile(
    r"data:image/(?:png|jpe?g|gif|webp|bmp);base64,([A-Za-z0-9+/=\s]+)"
    r'|"image/(?:png|jpe?g|gif|webp|bmp)":\s*\[?\s*"([A-Za-z0-9+/=\\n]+)"'
)
_PACKED = re.compile(rf'"{re.escape(PARQUET)}":\s*\[?\s*"([A-Za-z0-9+/=\\n]+)"')
# possessive (++): each number is read in one way only, or a long list that ends otherwise takes
# for ever
_NUMBER = r"[-+]?+(?:\d++\.?+\d*+|\.\d++)(?:[eE][-+]?+\d++)?+"
_ARRAY = re.compile(rf"\[\s*+((?:{_NUMBER}[,\s]++){{{MIN_TEMPLATE - 1},}}+(?:{_NUMBER})?+)\s*+\]")


@dataclass(frozen=True)
class Hit:
    line: int | None
    kind: str  # face, template, personal, redaction, unread
    what: str


def refuse_unfit(
    payload: Path, data: Sequence[DataUse], rules: Sequence[RedactionRule] = ()
) -> None:
    """Raise InputError naming every file and line that keeps the payload from being sealed."""
    found = _screen_payload(payload, data, rules)
    if found.height:
        told = "; ".join(
            f"{file}{f', line {line}' if line else ''}: {what}"
            for file, line, _, what in found.head(20).iter_rows()
        )
        more = f" (and {found.height - 20} more)" if found.height > 20 else ""
        raise InputError(
            f"The results may not be sealed: {told}{more}. Take this out of the notebook, or put "
            "it on the redaction list; to publish it, its datasheet or an [[allow]] must say so."
        )


def _screen_payload(
    payload: Path, data: Sequence[DataUse], rules: Sequence[RedactionRule] = ()
) -> pl.DataFrame:
    """List everything that may not go in (schema FOUND); finds are described, never quoted.

    Faces and templates pass only if the datasheet of every data set of the run allows them, since a
    picture does not say which set it is from; personal data only if an allowing rule names it.
    """
    looked = _Looker(
        faces=bool(data) and all(use.faces_in_exhibit for use in data),
        templates=bool(data) and all(use.templates_in_exhibit for use in data),
        rules=rules,
    )
    rows = []
    paths = sorted(each for each in payload.rglob("*") if each.is_file())
    for path in ProgressBar(paths, unit="file", desc="screening", leave=False, delay=2):
        name = path.relative_to(payload).as_posix()
        rows += [(name, hit.line, hit.kind, hit.what) for hit in looked.file(path)]
    return pl.DataFrame(rows, schema=FOUND, orient="row").unique(maintain_order=True)


class _Looker:
    """Looks into files; keeps the detector, which takes a second to load."""

    def __init__(self, *, faces: bool, templates: bool, rules: Sequence[RedactionRule]) -> None:
        self.faces, self.templates = faces, templates
        self.allowed = {rule.exact for rule in rules if rule.allows}
        finders = [(rule.name, rule.finder()) for rule in rules if not rule.allows]
        self.finders = [(name, finder) for name, finder in finders if finder]
        self.seen: dict[bytes, bool] = {}
        self.detect: Callable[[NDArray[np.uint8], int, float], Any] | None = None

    def file(self, path: Path) -> Iterator[Hit]:
        try:
            if path.suffix == ".pdf":
                yield from self._pdf(path)
            elif path.suffix == ".parquet":
                yield from self._frame(pl.read_parquet(path), None)
            elif path.suffix in PICTURES:
                yield from self._picture(path.read_bytes(), None)
            elif path.suffix in TEXT:
                yield from self._text(file_text(path))
            elif path.parent.name == "captures" and sha256_of(path) in self.allowed:
                return  # a web capture that is carried: allowed by its hash, with a logged reason
            else:
                yield Hit(None, "unread", f"files of kind '{path.suffix}' can't be looked into")
        except (InputError, pl.exceptions.PolarsError, RuntimeError, ValueError) as error:
            yield Hit(None, "unread", f"it can't be looked into ({error})")

    def _text(self, text: str) -> Iterator[Hit]:
        def line_of(place: int) -> int:
            return text.count("\n", 0, place) + 1

        for match in _PICTURE.finditer(text):
            yield from self._picture(_decode(match[1] or match[2]), line_of(match.start()))
        for match in _PACKED.finditer(text):
            frame = pl.read_parquet(io.BytesIO(_decode(match[1])))
            yield from self._frame(frame, line_of(match.start()))
        for match in _ARRAY.finditer(text):
            values = np.array(re.split(r"[,\s]+", match[1].rstrip(", \n")), dtype=np.float64)
            if not self.templates and _like_template(values):
                what = f"{len(values)} numbers in a row, like a face template"
                yield Hit(line_of(match.start()), "template", what)
        for number, line in enumerate(text.split("\n"), 1):
            yield from self._line(line, number)

    def _line(self, line: str, number: int | None) -> Iterator[Hit]:
        bare = _BASE64.sub(" ", line)
        for name, finder in self.finders:
            if finder.search(bare):
                yield Hit(number, "redaction", f"what rule '{name}' takes out is still there")
        bare = _NOT_PERSONAL.sub(" ", bare)
        for kind, pattern in PERSONAL.items():
            for match in pattern.finditer(bare):
                what = match[0].strip()
                if kind == "an e-mail address" and _RESERVED.search(what):
                    continue
                if not any(allowed in what for allowed in self.allowed):
                    yield Hit(number, "personal", f"it looks like {kind}")

    def _frame(self, frame: pl.DataFrame, line: int | None) -> Iterator[Hit]:
        wide = [name for name, kind in frame.schema.items() if kind.is_float()]
        nested = [
            name for name, kind in frame.schema.items() if isinstance(kind, pl.List | pl.Array)
        ]
        if not self.templates and len(wide) >= MIN_TEMPLATE:
            yield Hit(line, "template", f"{len(wide)} columns of fractions, like face templates")
        for name in nested:
            kind = frame.schema[name]
            longest = kind.size if isinstance(kind, pl.Array) else frame[name].list.len().max()
            if not self.templates and isinstance(longest, int) and longest >= MIN_TEMPLATE:
                yield Hit(line, "template", f"column '{name}' contains rows of {longest} numbers")
        try:  # a column of plain numbers is recognised by how many of them fit
            identifiers.refuse_identifiers(frame.select(pl.selectors.numeric()))
        except InputError as error:
            yield Hit(line, "personal", str(error).split(":", 1)[0])
        for name, kind in frame.schema.items():
            if kind in (pl.Binary, pl.Object):
                yield Hit(
                    line, "unread", f"column '{name}' contains bytes, which can't be looked into"
                )
            elif kind in (pl.String, pl.Categorical) or kind == pl.Enum:
                values = frame[name].cast(pl.String).drop_nulls().unique().sort()
                for hit in self._text("\n".join(values)):
                    yield Hit(line, hit.kind, f"column '{name}': {hit.what}")

    def _pdf(self, path: Path) -> Iterator[Hit]:
        import pypdfium2

        pdf = pypdfium2.PdfDocument(path)
        try:
            if pdf.count_attachments():
                yield Hit(None, "unread", "it carries other files, which can't be looked into")
            for number, page in enumerate(pdf, 1):
                for line in page.get_textpage().get_text_bounded().splitlines():
                    for hit in self._line(line, None):
                        yield Hit(None, hit.kind, f"page {number}: {hit.what}")
                if not self.faces:
                    drawn = page.render(scale=1.5).to_numpy()[..., :3]
                    if self._shows_face(np.ascontiguousarray(drawn)):
                        yield Hit(None, "face", f"page {number}: it shows a face")
        finally:
            pdf.close()

    def _picture(self, content: bytes, line: int | None) -> Iterator[Hit]:
        if self.faces:
            return
        if content not in self.seen:
            import cv2

            read = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
            if read is None:
                yield Hit(line, "unread", "a picture that can't be looked into")
                return
            self.seen[content] = self._shows_face(np.asarray(read, np.uint8))
        if self.seen[content]:
            yield Hit(line, "face", "it shows a face")

    def _shows_face(self, picture: NDArray[np.uint8]) -> bool:
        import cv2

        if self.detect is None:
            import dlib

            self.detect = dlib.get_frontal_face_detector().run
        longer, closer = max(picture.shape[:2]), 1
        if longer > MAX_PICTURE:
            size = [max(1, round(side * MAX_PICTURE / longer)) for side in picture.shape[1::-1]]
            picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
        elif longer < SMALL:
            large = cv2.resize(picture, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
            edges = [longer // 2] * 4
            picture = np.asarray(cv2.copyMakeBorder(large, *edges, cv2.BORDER_REPLICATE), np.uint8)
            closer = 0
        grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
        return len(self.detect(grey, closer, CERTAIN)[0]) > 0


def _like_template(values: NDArray[np.float64]) -> bool:
    """Return whether so many numbers could be templates: no curve, no counts."""
    fits = len(values) % MIN_TEMPLATE == 0 or len(values) in ODD_TEMPLATES
    steps = np.diff(values)
    rises = bool((steps >= 0).all() or (steps <= 0).all())
    return fits and not rises and float((values % 1 != 0).mean()) > 0.5


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(re.sub(r"\\n|\s", "", text), validate=True)
    except binascii.Error as error:
        raise InputError("base64 that can't be read") from error
