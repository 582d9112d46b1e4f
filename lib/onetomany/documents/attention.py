"""List the files of an ingested folder that need a reader's attention, worst groups first.

The list covers the whole folder, not only the last run: a file that was not read yesterday is still
not read today.
"""

import unicodedata
from pathlib import Path

import duckdb
import polars as pl

from onetomany.formats.reading import HIDDEN_KINDS, NOTE_KINDS
from onetomany.printing import printable, shortened
from onetomany.sources.files import write_whole
from onetomany.sources.tables import csv_text
from .folder import stored_name

ENDING = ".attention.csv"  # of the file beside the case file
SCREEN = (80, 24)  # columns and lines that the summary fills at most
ATTENTION = {
    "group": pl.String,  # a key of GROUPS
    "path": pl.String,
    "page": pl.Int64,  # null if it is about the whole file
    "what": pl.String,
    "document": pl.String,
}
GROUPS = {
    "password": "Protected: a password or an open copy is needed",
    "kind": "Kinds of file that are not read",
    "failed": "Not read",
    "partly": "Read in part",
    "ocr needed": "Pictures without text: OCR needed",
    "hidden": "Hidden or covered text",
    "digest": "Web captures or signatures to check",
    "ocr": "Read by OCR: check names and figures",
    "encoding": "Encoding guessed",
    "other": "Other notes",
}
# words in the readers' reasons; other reasons stay under their status
_LOCKED = "(?i)encrypted|password|protected|copy.?protect|DRM|MarkAny|Fasoo|SoftCamp"
_KIND = "(?i)of no kind that|which is not read|no (?:open )?reader|save it as (?:PDF|DOCX|XLSX)"
_FOUND = """
with places as (
    select document, min(path) as path from files where folder = $folder and not gone group by all
),
told as (
    select f.path, null::integer as page, why as what, f.document,
           case when regexp_matches(why, $locked) then 'password'
                when regexp_matches(why, $kind) then 'kind'
                when d.status = 'partly' then 'partly' else 'failed' end as "group"
    from failures f left join documents d using (document)
    where f.folder = $folder and (f.document is null or f.document in (select document from places))
    union all
    select path, n.page, n.text, n.document,
           case when n.kind = 'ocr' and starts_with(n.extractor, 'ocr:') then 'ocr'
                when n.kind = 'ocr' and p.text_source = 'none' then 'ocr needed'
                when n.kind = 'unread' and regexp_matches(n.text, $locked) then 'password'
                else coalesce($groups[list_position($kinds, n.kind)], 'other') end
    from notes n join places using (document)
    left join pages p on p.document = n.document and p.page = n.page
    union all
    select path, page, many || if(many = 1, ' block', ' blocks') || ' of kind ' || kind
           || ', which a reader of the document itself does not see', document, 'hidden'
    from (select path, page, document, kind, count(*) as many
          from blocks join places using (document)
          where kind in (select unnest($unseen)) group by all)
)
select distinct "group", path, page, what, document from told
order by path, page nulls first, what
"""


def needing_attention(db: duckdb.DuckDBPyConnection, folder: Path) -> pl.DataFrame:
    """Return all points that need attention in a folder: a frame of ATTENTION, by group."""
    values: dict[str, object] = {"folder": stored_name(folder.resolve()), "locked": _LOCKED}
    values |= {"kind": _KIND, "unseen": list(HIDDEN_KINDS)}
    grouped = [(kind, group) for group, kinds in NOTE_KINDS.items() for kind in kinds]
    values |= {"kinds": [kind for kind, _ in grouped], "groups": [group for _, group in grouped]}
    rows = db.execute(_FOUND, values).fetchall()
    frame = pl.DataFrame(rows, schema=ATTENTION, orient="row")
    order = pl.col("group").replace_strict({name: n for n, name in enumerate(GROUPS)})
    return frame.sort(order, maintain_order=True)


def attention_file(case: Path) -> Path:
    """Return the path of the full list, beside the case file."""
    return case.with_name(case.name + ENDING)


def write_attention(case: Path, found: pl.DataFrame) -> Path:
    """Write the full list as CSV, names escaped as on the screen; return the file."""
    shown = found.with_columns(
        pl.col("group").replace_strict(GROUPS),
        pl.col("path", "what").map_elements(printable, return_dtype=pl.String),
    )
    write_whole(attention_file(case), csv_text(shown).encode("utf-8-sig"))
    return attention_file(case)


def attention_lines(found: pl.DataFrame, lines: int) -> list[str]:
    """Return the groups with counts and up to three files each, in at most `lines` lines.

    With many groups fewer files are named. Each line fits the width of the terminal.
    """
    for most in (3, 2, 1, 0):
        said = []
        for (group,), rows in found.group_by("group", maintain_order=True):
            said += _group_lines(GROUPS[str(group)], rows, most)
        if len(said) <= lines or not most:
            return said
    return []


def _group_lines(title: str, rows: pl.DataFrame, most: int) -> list[str]:
    files = rows["path"].n_unique()
    pages = rows.select("path", "page").drop_nulls().n_unique()
    count = f"{files:,} {'file' if files == 1 else 'files'}"
    if pages:
        count += f", {pages:,} {'page' if pages == 1 else 'pages'}"
    said = [_cut(f"{title}: {count}", SCREEN[0])]
    for path, own in rows.group_by("path", maintain_order=True):
        if len(said) > most:
            break
        name = _cut(shortened(path[0], 60), 40)
        said.append(_cut(f"  {name}: {shortened(own['what'][0])}", SCREEN[0]))
    return said


def terminal_columns(text: str) -> int:
    """Return the terminal columns of a text; a Korean letter takes two.

    >>> terminal_columns("한 a")
    4
    """
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide


def _cut(text: str, columns: int) -> str:
    """Shorten a text to a number of columns, with … if something is left out."""
    if terminal_columns(text) <= columns:
        return text
    while terminal_columns(text) > columns - 1:
        text = text[:-1]
    return text + "…"
