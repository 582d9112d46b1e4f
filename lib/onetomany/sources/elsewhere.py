"""Read programmes of face identification and tracking elsewhere, and figures disclosed on them.

The tables were made from stored public pages, each row with its sources and its doubts. They are
no sample: counts are of the table, not of the world. A status is that of its own date. `words.csv`
has the vocabulary of each category in English and Korean; a word that isn't there is refused with
its file, line and column. So are a row without a source, and a date that doesn't exist.
"""

from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

import polars as pl

from onetomany.errors import near
from .sheet_fields import sourced, toml_content
from .tables import read_columns, refuse_rows

DATA = resources.files("onetomany.sources") / "data" / "elsewhere"
SHEETS = ("programmes", "figures")
CONFIDENCES = ("V2", "V1")  # two independent sources, or one

# columns of programmes.csv; those in `_en` have a Korean twin
_PAIRS = (
    *("place", "name", "affected_unit", "legal", "asked", "second_for", "retention", "error"),
    *("oversight", "doubt"),
)
_CODES = (
    *("region", "setting", "functions", "functions_basis", "status", "claimed", "consent"),
    *("training", "outcome"),
)
_KINDS = {"functions": "function", "consent_second": "consent"}  # column -> kind in words.csv
PROGRAMMES = (
    *("id", "core", "country", "region", "place_en", "place_ko", "setting", "operator"),
    *("name_en", "name_ko"),
    *("functions", "functions_basis"),  # several functions are separated by semicolons
    *("start", "status", "status_date"),
    *("affected", "affected_unit_en", "affected_unit_ko", "affected_date"),  # people or records
    *("legal_en", "legal_ko"),  # the basis that the operator claims, or that was found
    *("claimed", "consent"),  # the operator's claim; this table's reading
    *("asked_en", "asked_ko"),  # how people were asked, in a sentence or two
    *("consent_second", "second_for_en", "second_for_ko"),  # of another group, such as citizens
    *("retention_en", "retention_ko", "training", "error_en", "error_ko", "error_date"),
    *("oversight_en", "oversight_ko", "outcome", "outcome_date"),
    *("doubt_en", "doubt_ko", "confidence"),
    "kit_chapter",  # the chapter whose own tables come before this row
)
_FILLED = (
    *("id", "core", "country", "place_en", "operator", "name_en", "status_date", "asked_en"),
    *_CODES,
    *("legal_en", "confidence"),
)
SOURCES = ("programme", "publisher", "url", "date", "copy")
FIGURES = (
    *("id", "table", "row_en", "row_ko", "period", "measure_en", "measure_ko"),
    *("value", "bound", "unit"),  # bound: about, over, under, nearly, up to
    *("count", "of"),  # the counts of a share, if they are known
    "how",  # of uptake: whether people had to enrol
    *("note_en", "note_ko", "publisher", "url", "date", "copy", "confidence"),
)
_WORDS = ("kind", "key", "en", "ko", "group")
_PLACES = ("country", "country_en", "country_ko", "column", "row")  # a tile of the map
_TITLES = ("table", "title_en", "title_ko")
_RATES = ("rate_en", "rate_ko", "count", "of")
_TOPICS = ("topic_en", "topic_ko", "programmes")
_DAY = r"\d{4}(?:-\d{2}(?:-\d{2})?)?"


@dataclass(frozen=True)
class ElsewhereSheet:
    """Source, terms and limits of the programmes or of the figures."""

    title: str
    source: str
    collected: str
    covers: str
    covers_ko: str
    licence: str
    terms: str
    credit: str
    limits: str
    limits_ko: str


def elsewhere_sheet(table: str, folder: Traversable = DATA) -> ElsewhereSheet:
    """Return the sheet of a table, one of SHEETS. Raises OneToManyError if a field is empty."""
    entry = toml_content(folder, "sheets.toml").get(table, {})
    return sourced(ElsewhereSheet, entry, "sheets.toml", f"the table '{table}'")


def programmes(folder: Traversable = DATA) -> pl.DataFrame:
    """Return the programmes, one a row, with the words of every category.

    Columns: those of PROGRAMMES (texts; null if the pages read don't say; `affected` a number),
    `country_en`, `country_ko`, `column` and `row` (the country's tile), the words of each category
    (`setting_en`, `setting_ko` and so on), and `ruling` (`ruling_en`, `ruling_ko`): the outcome in
    one of five groups. Raises InputError naming file, line and column.

    >>> programmes().filter(id="KR-SMARTPASS").select("consent", "status", "status_date").row(0)
    ('opt-in', 'running', '2025-04')
    """
    name, words = "programmes.csv", _words(folder)
    frame = _text_table(folder, name, PROGRAMMES)
    refuse_rows(frame, pl.col("id").is_duplicated(), name, "is used twice", "id")
    for column in _FILLED:
        refuse_rows(frame, pl.col(column).is_null(), name, "is empty", column)
    for column in _CODES:
        _known(frame, name, column, words)
    _known(frame, name, "consent_second", words)
    _listed(frame, name, "core", ("yes", "no"))
    _listed(frame, name, "confidence", CONFIDENCES)
    for column in ("start", "status_date", "outcome_date"):
        _dated(frame, name, column)
    for column in ("affected_date", "error_date"):
        _dated(frame, name, column, spans="/")
    for pair in _PAIRS:
        _paired(frame, name, pair)
    frame = _numbers(frame, name, "affected")
    unit = pl.col("affected").is_not_null() & pl.col("affected_unit_en").is_null()
    refuse_rows(frame, unit, name, "has no unit", "affected")
    places = _jurisdictions(folder)
    _listed(frame, name, "country", places["country"].to_list())
    _enough_sources(frame, _cited(folder, frame["id"].to_list()))
    groups = dict(words.filter(kind="outcome").select("key", "group").iter_rows())
    named = frame.join(places, on="country", maintain_order="left").with_columns(
        ruling=pl.col("outcome").replace_strict(groups)
    )
    return _with_words(named, words, (*_CODES, "consent_second", "ruling"))


def programme_sources(folder: Traversable = DATA) -> pl.DataFrame:
    """Return the sources of the programmes: `programme`, `publisher`, `url`, `date`, `copy`.

    `copy` is true if the text was read at another address than its publisher's. A date is null if
    the page bears none. Raises InputError naming file, line and column.
    """
    known = _text_table(folder, "programmes.csv", PROGRAMMES)["id"].to_list()
    return _cited(folder, known).with_columns(pl.col("copy").eq_missing("yes"))


def foreign_figures(folder: Traversable = DATA) -> pl.DataFrame:
    """Return figures disclosed elsewhere, one a row (FIGURES), with the words of unit and bound.

    `value` is a number, `count` and `of` are numbers or null, `copy` is true or false; `title_en`
    and `title_ko` name the table. Raises InputError naming file, line and column.
    """
    name, words = "figures.csv", _words(folder)
    frame = _text_table(folder, name, FIGURES)
    refuse_rows(frame, pl.col("id").is_duplicated(), name, "is used twice", "id")
    for column in ("row_en", "measure_en", "value", "unit", "publisher", "confidence"):
        refuse_rows(frame, pl.col(column).is_null(), name, "is empty", column)
    for column in ("unit", "bound", "how"):
        _known(frame, name, column, words)
    for pair in ("row", "measure", "note"):
        _paired(frame, name, pair)
    _listed(frame, name, "confidence", CONFIDENCES)
    _dated(frame, name, "date")
    _dated(frame, name, "period", spans=" to ", ends=("to ", "from "))
    _addressed(frame, name)
    titles = _text_table(folder, "tables.csv", _TITLES)
    _listed(frame, name, "table", titles["table"].to_list())
    frame = _numbers(frame, name, "value", "count", "of")
    refuse_rows(frame, pl.col("count") > pl.col("of"), name, "is more than its whole", "count")
    frame = frame.join(titles, on="table", maintain_order="left")
    return _with_words(frame, words, ("unit", "bound", "how")).with_columns(
        pl.col("copy").eq_missing("yes")
    )


def foreign_rates(folder: Traversable = DATA) -> pl.DataFrame:
    """Return the shares to compute from figures: `rate_en`, `rate_ko`, and ids `count` and `of`."""
    name = "rates.csv"
    frame = _text_table(folder, name, _RATES)
    known = _text_table(folder, "figures.csv", FIGURES)["id"].to_list()
    for column in ("count", "of"):
        _listed(frame, name, column, known)
    return frame


def commented_topics(folder: Traversable = DATA) -> pl.DataFrame:
    """Return the topics that readers named under the article, one programme a row.

    Columns: `topic_en`, `topic_ko`, `programme` (an id of `programmes`).
    """
    name = "topics.csv"
    frame = _text_table(folder, name, _TOPICS)
    one = frame.with_columns(pl.col("programmes").str.split(";")).explode(
        "programmes", empty_as_null=False
    )
    known = _text_table(folder, "programmes.csv", PROGRAMMES)["id"].to_list()
    _listed(one, name, "programmes", known)
    return one.rename({"programmes": "programme"})


def _jurisdictions(folder: Traversable) -> pl.DataFrame:
    name = "jurisdictions.csv"
    frame = _text_table(folder, name, _PLACES)
    twice = pl.struct("column", "row").is_duplicated()
    refuse_rows(frame, twice, name, "and row are another jurisdiction's tile", "column")
    return _numbers(frame, name, "column", "row").with_columns(pl.col("column", "row").cast(int))


def category_words(kind: str) -> dict[str, tuple[str, str]]:
    """Return the categories of a kind, such as "function", in English and Korean.

    >>> category_words("function")["tracking"]
    ('tracking', '추적')
    """
    words = _words(DATA).filter(kind=kind)
    return {key: (en, ko) for key, en, ko in words.select("key", "en", "ko").iter_rows()}


def _words(folder: Traversable) -> pl.DataFrame:
    frame = _text_table(folder, "words.csv", _WORDS)
    twice = pl.struct("kind", "key").is_duplicated()
    refuse_rows(frame, twice, "words.csv", "is used twice", "key")
    return frame


def _cited(folder: Traversable, known: list[str]) -> pl.DataFrame:
    name = "sources.csv"
    frame = _text_table(folder, name, SOURCES)
    _listed(frame, name, "programme", known)
    refuse_rows(frame, pl.col("publisher").is_null(), name, "is empty", "publisher")
    _dated(frame, name, "date")
    _addressed(frame, name)
    return frame


def _enough_sources(frame: pl.DataFrame, cited: pl.DataFrame) -> None:
    """Raise InputError for a programme without a source, or with one that says V2."""
    many = cited.group_by("programme").len("sources")
    counted = frame.join(many, left_on="id", right_on="programme", how="left")
    name, sources = "programmes.csv", pl.col("sources").fill_null(0)
    refuse_rows(counted, sources == 0, name, "has no source in sources.csv", "id")
    few = (pl.col("confidence") == "V2") & (sources < 2)
    refuse_rows(counted, few, name, "needs two sources in sources.csv", "confidence")


def _with_words(frame: pl.DataFrame, words: pl.DataFrame, columns: tuple[str, ...]) -> pl.DataFrame:
    """Return the frame with the English and Korean words of its categories."""
    for column in columns:
        own = words.filter(kind=_KINDS.get(column, column))
        for language in ("en", "ko"):
            spoken = dict(own.select("key", language).iter_rows())
            each = pl.element().replace_strict(spoken, return_dtype=pl.String)
            frame = frame.with_columns(
                pl.col(column).str.split(";").list.eval(each).list.join(" · ")
                .alias(f"{column}_{language}")
            )  # fmt: skip
    return frame


def _text_table(folder: Traversable, name: str, columns: tuple[str, ...]) -> pl.DataFrame:
    return read_columns(folder, name, columns, infer_schema=False)


def _listed(
    frame: pl.DataFrame, name: str, column: str, known: list[str] | tuple[str, ...]
) -> None:
    bad = ~pl.col(column).is_in(list(known))
    stray = frame.filter(bad)
    if stray.height:
        hint = near(str(stray[column][0]), known) or f": {', '.join(known[:12])}"
        refuse_rows(frame, bad, name, f"is not one of the known values{hint}", column)


def _known(frame: pl.DataFrame, name: str, column: str, words: pl.DataFrame) -> None:
    """Raise InputError for a category that words.csv doesn't have."""
    known = words.filter(kind=_KINDS.get(column, column))["key"].to_list()
    parts = pl.col(column).str.split(";")
    bad = parts.list.eval(~pl.element().is_in(known)).list.any()
    refuse_rows(frame, bad, name, f"is not in words.csv: use one of {', '.join(known)}", column)


def _dated(
    frame: pl.DataFrame, name: str, column: str, *, spans: str = "", ends: tuple[str, ...] = ()
) -> None:
    """Raise InputError unless each cell is empty, a date (year, month or day), or a span of two."""
    text = pl.col(column)
    for end in ends:
        text = text.str.strip_prefix(end)
    parts = text.str.split(spans) if spans else pl.concat_list(text)
    day = pl.element()
    whole = (day + "-01-01").str.head(10)  # a date in full is as long
    real = (
        day.str.contains(rf"^{_DAY}$") & whole.str.to_date("%Y-%m-%d", strict=False).is_not_null()
    )
    bad = pl.col(column).is_not_null() & (
        ~parts.list.eval(real).list.all() | (parts.list.len() > 2)
    )
    refuse_rows(frame, bad, name, "is not a date such as 2025-09-11, 2025-09 or 2025", column)


def _addressed(frame: pl.DataFrame, name: str) -> None:
    bad = ~pl.col("url").fill_null("").str.contains(r"^https?://\S+$")
    refuse_rows(frame, bad, name, "is not the address of a source", "url")
    _listed(frame.with_columns(pl.col("copy").fill_null("")), name, "copy", ("", "yes"))


def _paired(frame: pl.DataFrame, name: str, pair: str) -> None:
    alone = pl.col(f"{pair}_en").is_null() != pl.col(f"{pair}_ko").is_null()
    refuse_rows(frame, alone, name, "is in one language only", f"{pair}_ko")


def _numbers(frame: pl.DataFrame, name: str, *columns: str) -> pl.DataFrame:
    for column in columns:
        number = pl.col(column).cast(pl.Float64, strict=False)
        bad = pl.col(column).is_not_null() & (number.is_null() | ~number.is_finite() | (number < 0))
        refuse_rows(frame, bad, name, "is not a number from 0", column)
    return frame.with_columns(pl.col(*columns).cast(pl.Float64))
