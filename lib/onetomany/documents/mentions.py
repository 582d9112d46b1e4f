"""Who, which law, when and how much: named in a text, each with the place where it stands.

Patterns and lists, no model: what is found can be explained and what is missed can be added to
`data/bodies.csv` and `data/laws.csv`. A text is searched as one string with all others, since
that costs one pass of each pattern; places are found again from the lengths.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from . import quantities

DATA = resources.files("onetomany.documents") / "data"
# raised whenever the same text would give other mentions
EXTRACTOR, VERSION = "mentions", 2
KINDS = ("date", "law", "quantity", "organisation")
MENTIONS = {
    "block_id": pl.String,
    "kind": pl.String,  # one of KINDS
    "start": pl.Int64,  # characters of the block's text, [start, end)
    "end": pl.Int64,
    "text": pl.String,  # the text between them, as it stands
    # a date: 2019-04-30, 2019-04, 2019, or --04-30 without a year; a law: pipa 15(3), or `? 15(3)`
    # where no law is named before it; a quantity: 57600000 records; an organisation: its `body`
    # in data/bodies.csv, or the name after (주)
    "normal": pl.String,
    "value": pl.Float64,  # of a quantity
    "unit": pl.String,  # of a quantity, a key of quantities.UNITS
    "approximation": pl.String,  # of a quantity, a key of quantities.APPROXIMATIONS
    "note": pl.String,  # what a reader should check, such as a law that was named only earlier
    "extractor": pl.String,
    "version": pl.Int64,
}
Found = tuple[int, int, str, str, float | None, str | None, str | None, str | None]
Row = tuple[str, int, int, str, str, float | None, str | None, str | None, str | None]

MONTHS = {name.lower(): place for place, name in enumerate(calendar.month_name) if place}
MONTHS |= {name.lower(): place for place, name in enumerate(calendar.month_abbr) if place}
MONTHS["sept"] = 9
# Korean particles follow Latin letters without a space: edges of words are those of ASCII
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_YEAR = r"(?:(?<![\d.,])(?P<year>(?:19|20)\d\d)|['‘’](?P<short>\d\d))"
DATES = [
    re.compile(rf"{_YEAR}\s?년(?:\s?(?P<month>\d\d?)\s?월(?:\s?(?P<day>\d\d?)\s?일)?)?(?!\s?간)"),
    re.compile(rf"{_YEAR}\s?[.]\s?(?P<month>\d\d?)\s?[.]\s?(?P<day>\d\d?)(?:\s?[.](?!\d))?(?!\d)"),
    re.compile(rf"{_YEAR}\s?[.]\s?(?P<month>\d\d?)\s?(?:월|[.](?!\s?\d))"),
    re.compile(rf"{_YEAR}(?P<mark>[-/])(?P<month>\d\d)(?:(?P=mark)(?P<day>\d\d))?(?![\d-])"),
    re.compile(
        rf"(?a:\b)(?P<name>{_MONTH})\.?\s+(?P<day>\d\d?)(?:st|nd|rd|th)?,?\s+{_YEAR}(?a:\b)", re.I
    ),
    re.compile(
        rf"(?a:\b)(?:(?P<day>\d\d?)(?:st|nd|rd|th)?\s+)?(?P<name>{_MONTH})\.?,?\s+{_YEAR}(?a:\b)",
        re.I,
    ),
    re.compile(r"(?<!\d)(?P<month>\d\d?)\s?월\s?(?P<day>\d\d?)\s?일"),
    re.compile(
        r"(?:(?<=(?a:\b)in )|(?<=(?a:\b)since )|(?<=(?a:\b)until )|(?<=(?a:\b)by ))"
        r"(?P<year>(?:19|20)\d\d)(?a:\b)",
        re.I,
    ),
    re.compile(r"['‘’](?P<short>\d\d)(?=\s?[~～∼–-]\s?['‘’]\d\d)"),
]

_BRANCH = r"(?:의\s?(?P<branch>\d+))?"
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩"
_KOREAN_ARTICLE = (
    rf"(?:제\s?(?P<article>\d+)\s?조{_BRANCH}|§\s?(?P<section>\d+)(?:의\s?(?P<sbranch>\d+))?)"
    rf"(?:\s?(?:제\s?(?P<para>\d+)\s?항|(?P<circled>[{_CIRCLED}])))?"
    r"(?:\s?제\s?(?P<item>\d+)\s?호)?(?:\s?(?P<point>[가-하])목)?"
)
_ENGLISH_ARTICLE = (
    r"(?a:\b)(?:Articles?|Art\.|Sections?|Sec\.)\s?(?P<earticle>\d+)(?:-(?P<ebranch>\d+))?"
    r"(?:\((?P<epara>\d+)\))?(?:\((?P<eitem>\d+)\))?"
)


def find(blocks: pl.DataFrame) -> pl.DataFrame:
    """Every mention in the texts of `blocks` (block_id, text): a frame of MENTIONS, in order.

    Mentions don't overlap: a date is taken before a law, a law before a quantity, that before an
    organisation. `text` is always the block's text from `start` to `end`. Null texts are empty.
    """
    texts = blocks["text"].fill_null("").to_list()
    return framed(rows_in(texts), blocks)


def rows_in(texts: list[str]) -> list[Row]:
    """Return the mentions in texts as rows: kind, then as in Found, by place in all texts joined.

    Texts are joined by one character. Laws that are named only earlier are still to be filled in
    (`framed`).
    """
    # no pattern spans a null character
    corpus = "\0".join(text.replace("\0", " ") for text in texts)
    taken = np.zeros(len(corpus) + 1, dtype=np.bool_)
    rows: list[Row] = []
    finders: dict[str, Callable[[str], Iterator[Found]]] = {
        "date": _dates,
        "law": _laws,
        "quantity": _quantities,
        "organisation": _organisations,
    }
    for kind, finder in finders.items():
        found = sorted(finder(corpus), key=lambda each: (each[0], -each[1]))
        for each in found:
            if not taken[each[0] : each[1]].any():
                taken[each[0] : each[1]] = True
                rows.append((kind, *each))
    rows.sort(key=lambda row: row[1])
    return rows


def checked(rows: list[Any], texts: list[str]) -> list[Row]:
    """Return rows of `rows_in` that a process gave, if they are what it may give.

    Raises ValueError for a row of other types, or whose text does not stand at its place.
    """
    corpus = "\0".join(text.replace("\0", " ") for text in texts)
    for kind, start, end, text, normal, value, *said in rows:
        if kind not in KINDS or type(start) is not int or type(end) is not int or start < 0:
            raise ValueError("no mention")
        if corpus[start:end] != text or not text or not isinstance(normal, str):
            raise ValueError("a mention does not stand at its place")
        if len(said) != 3 or not all(each is None or isinstance(each, str) for each in said):
            raise ValueError("no mention")
        if value is not None and type(value) not in (int, float):
            raise ValueError("no value")
    return [
        (kind, start, end, text, normal, None if value is None else float(value), *said)
        for kind, start, end, text, normal, value, *said in rows
    ]


def framed(rows: list[Row], blocks: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of `rows_in` as a frame of MENTIONS, each in its block."""
    texts = blocks["text"].fill_null("").to_list()
    ends = np.cumsum([len(text) + 1 for text in texts], dtype=np.int64)
    return _placed(rows, blocks, ends)


def _placed(rows: list[Row], blocks: pl.DataFrame, ends: NDArray[np.int64]) -> pl.DataFrame:
    """Rows with places in the whole corpus, put into their blocks."""
    names = ["kind", "start", "end", "text", "normal", "value", "unit", "approximation", "note"]
    kinds = {name: MENTIONS[name] for name in names}
    frame = pl.DataFrame(rows, schema=kinds, orient="row")
    place = np.searchsorted(ends, frame["start"].to_numpy(), side="right")
    begins = np.concatenate([[0], ends])[place].astype(np.int64)
    mentions = frame.with_columns(
        blocks["block_id"].cast(pl.String).gather(place).alias("block_id"),
        pl.col("start") - pl.Series(begins),
        pl.col("end") - pl.Series(begins),
        extractor=pl.lit(EXTRACTOR),
        version=pl.lit(VERSION),
    )
    return _laws_named_before(mentions).select(
        pl.col(name).cast(kind) for name, kind in MENTIONS.items()
    )


def _laws_named_before(mentions: pl.DataFrame) -> pl.DataFrame:
    """Give an article that names no law the last law named in its block, and say so."""
    is_law = pl.col("kind") == "law"
    named = pl.when(is_law & ~pl.col("normal").str.starts_with("?")).then(
        pl.col("normal").str.extract(r"^(\S+)")
    )
    last = named.forward_fill().over("block_id")
    bare = is_law & pl.col("normal").str.starts_with("?")
    # the decree of a decree is the same one
    act = last.str.strip_suffix("-decree")
    meant = pl.when(pl.col("normal").str.starts_with("?-decree")).then(act).otherwise(last)
    return mentions.with_columns(
        normal=pl.when(bare & last.is_not_null())
        .then(pl.concat_str(meant, pl.col("normal").str.strip_prefix("?")))
        .otherwise("normal"),
        note=pl.when(bare & last.is_not_null())
        .then(pl.lit("law named earlier in the block"))
        .when(bare)
        .then(pl.lit("no law named"))
        .otherwise("note"),
    )


def _dates(corpus: str) -> Iterator[Found]:
    for pattern in DATES:
        for match in pattern.finditer(corpus):
            normal = _iso(match.groupdict())
            if normal:
                yield (match.start(), match.end(), match[0], normal, None, None, None, None)


def _iso(parts: dict[str, str | None]) -> str | None:
    """A date as far as it is given; None where there is no such day."""
    short, name = parts.get("short"), parts.get("name")
    year = int(parts.get("year") or 0)
    if short:
        year = (2000 if int(short) < 70 else 1900) + int(short)
    month = MONTHS[name.lower()] if name else int(parts.get("month") or 0)
    day = int(parts.get("day") or 0)
    if parts.get("month") and not 1 <= month <= 12:
        return None
    if parts.get("day") and not 1 <= day <= calendar.monthrange(year or 2000, month)[1]:
        return None
    head = f"{year:04d}" if year else "-"
    return head + (f"-{month:02d}" if month else "") + (f"-{day:02d}" if day else "")


def _laws(corpus: str) -> Iterator[Found]:
    pattern, keys = _law_pattern()
    for match in pattern.finditer(corpus):
        groups = match.groupdict()
        parts = {name: text or groups.get(f"x{name}") for name, text in groups.items()}
        name, quoted = parts["law"], parts["quoted"]
        law = keys.get(re.sub(r"\s", "", name).lower()) if name else None
        if quoted:
            law = keys.get(re.sub(r"\s", "", quoted).lower(), re.sub(r"\s", "", quoted))
        article = _article(parts)
        if not (law or article):
            continue
        normal = " ".join(part for part in (law or "?", article) if part)
        yield (match.start(), match.end(), match[0], normal, None, None, None, None)


def _article(parts: dict[str, str | None]) -> str | None:
    number = parts["article"] or parts["section"] or parts["earticle"] or parts["narticle"]
    if not number:
        return None
    branch = parts["branch"] or parts["sbranch"] or parts["ebranch"] or parts["nbranch"]
    circled = parts["circled"]
    paragraph = parts["para"] or parts["epara"] or parts["npara"]
    if circled:
        paragraph = str(_CIRCLED.index(circled) + 1)
    text = number + (f"-{branch}" if branch else "") + (f"({paragraph})" if paragraph else "")
    item = parts["item"] or parts["eitem"]
    if item and not paragraph:
        text += " item "  # 제18조제3호 is not Article 183
    return text + (item or "") + (parts["point"] or "")


def _quantities(corpus: str) -> Iterator[Found]:
    for pattern in (quantities.KOREAN, quantities.FOREIGN):
        for match in pattern.finditer(corpus):
            read = quantities.from_match(match)
            if read is None:
                continue
            # a trailing space belongs to the next word
            text = match[0].rstrip()
            written = str(read.value) if isinstance(read.value, int) else f"{read.value:f}"
            unit = read.unit
            # 기업 24개: what is counted may stand before the number
            if unit in ("items", "places"):
                counted = _COUNTED.search(corpus, max(0, match.start() - 12), match.start())
                unit = _COUNTS[counted[1]] if counted else unit
            normal = " ".join(part for part in (written, unit) if part)
            yield (
                match.start(),
                match.start() + len(text),
                text,
                normal,
                float(read.value),
                unit,
                read.approximation,
                read.doubt,
            )


_COUNTS = {"기업": "firms", "업체": "firms", "회사": "firms", "컨소시엄": "consortia"}
_COUNTED = re.compile(rf"({'|'.join(_COUNTS)})(?:\s?수[는가]?)?\s?$")


def _organisations(corpus: str) -> Iterator[Found]:
    pattern, keys = _body_pattern()
    for match in pattern.finditer(corpus):
        body = keys[_folded(match[0])]
        yield (match.start(), match.end(), match[0], body, None, None, None, None)
    for match in _FIRM.finditer(corpus):
        name = match["after"] or match["before"] or match["latin"] or match["public"]
        note = "by its form: (주), Inc., 위원회"
        known = keys.get(_folded(name.strip()), name.strip())
        yield (match.start(), match.end(), match[0], known, None, None, None, note)


# a name ends before a particle
_END = r"(?=(?:은|는|을|를|와|과|의|에서|에|으로)?(?![가-힣A-Za-z0-9]))"
_FIRM = re.compile(
    r"(?:\(주\)|㈜|주식회사|\(사\)|사단법인|\(재\)|재단법인)\s?"
    rf"(?P<after>[가-힣A-Za-z0-9]{{2,20}}?){_END}"
    r"|(?P<before>[가-힣A-Za-z0-9]{2,20})(?:\(주\)|㈜)(?![가-힣A-Za-z0-9]{2})"
    r"|(?a:\b)(?P<latin>(?:[A-Z][A-Za-z0-9&-]+ ){1,4})(?:Inc|Corp|Ltd|Co\., Ltd|LLC)(?a:\b)\.?"
    r"|(?<![가-힣])(?P<public>[가-힣]{2,14}(?:위원회|진흥원|연구원|연구소|협의회))"
)


def bodies() -> pl.DataFrame:
    """The organisations that are known by name: body, kind, name_en, name_ko, aliases (|)."""
    return pl.read_csv((DATA / "bodies.csv").read_bytes(), infer_schema=False)


def laws() -> pl.DataFrame:
    """The laws that are known by name: law, name_en, name_ko, aliases (|)."""
    return pl.read_csv((DATA / "laws.csv").read_bytes(), infer_schema=False)


def _names(frame: pl.DataFrame, key: str) -> dict[str, str]:
    """Every name and alias of a frame, and whose it is."""
    listed = frame.select(
        key, pl.concat_list("name_en", "name_ko", pl.col("aliases").fill_null("").str.split("|"))
    ).explode("name_en")
    return {name: owner for owner, name in listed.iter_rows() if name}


# the law that was named last, and its decree
_SAME = {"같은 법 시행령": "?-decree", "동법 시행령": "?-decree", "같은 법": "?", "동법": "?"}


def _folded(name: str) -> str:
    return re.sub(r"\s", "", name).lower()


def _spaced(name: str) -> str:
    """A name as a pattern: spaces may be missing or be line breaks, as documents have them."""
    space = r"\s?" if re.search("[가-힣]", name) else r"\s+"
    body = space.join(re.escape(word) for word in name.split())
    return (
        rf"(?<![가-힣]){body}" if re.search("[가-힣]", name) else rf"(?a:(?<!\w)){body}(?a:(?!\w))"
    )


@cache
def _body_pattern() -> tuple[re.Pattern[str], dict[str, str]]:
    names = _names(bodies(), "body")
    ordered = sorted(names, key=len, reverse=True)
    return re.compile("|".join(map(_spaced, ordered))), {_folded(n): b for n, b in names.items()}


@cache
def _law_pattern() -> tuple[re.Pattern[str], dict[str, str]]:
    names = _names(laws(), "law")
    ordered = "|".join(map(_spaced, sorted(names, key=len, reverse=True)))
    same = "|".join(map(_spaced, _SAME))
    quoted = r"「(?P<quoted>[^」\0]{2,40}(?:법|법률|령|규칙))」"
    law = rf"(?:(?:[「『‘']\s?)?(?P<law>{ordered}|{same})(?:\s?[」』’'])?|{quoted})"
    article = rf"(?:{_KOREAN_ARTICLE}|{_ENGLISH_ARTICLE})"
    # after a law's name a bare number will do: PIPA 26(2)
    led = rf"(?:,?\s*\(?{article}|\s(?P<narticle>\d+)(?:-(?P<nbranch>\d+))?\((?P<npara>\d+)\))"
    # a group may stand only once in a pattern: those of an article without a law have an x before
    alone = re.sub(r"\(\?P<(\w+)>", r"(?P<x\1>", article)
    of = rf"(?:\s+of\s+(?:the\s+)?(?P<xlaw>{ordered}))?"
    keys = {_folded(name): key for name, key in (names | _SAME).items()}
    return re.compile(rf"{law}{led}?|{alone}{of}"), keys
