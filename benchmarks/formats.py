"""What is read of real files, by format: `python -m benchmarks.formats FOLDER [PASSAGES.csv]`.

FOLDER holds documents that somebody else made. PASSAGES.csv (columns path, passage) holds what a
person has read in some of them, in the program they were made with or in their source; a passage
counts as right where the pages' text holds it, blanks put aside. The table is that of
docs/documents-measured.md.
"""

from __future__ import annotations

import csv
import sys
import tempfile
from pathlib import Path

from onetomany.documents.case_file import open_case
from onetomany.documents.ingest import ingest

_TABLE = """
with told as (
    select document, path, status, seconds, pages,
           coalesce(nullif(split_part(extractor, ':', 1), 'none'), media_type) as format
    from documents where parent is null or $members
), held as (
    select document, count(*) as tables, sum(row_count * column_count > 1) as grids
    from tables group by document
), checked as (
    select document, count(*) as tried, count(*) filter (right_) as right_
    from passages group by document
)
select format, count(*), count(*) filter (status = 'read'), count(*) filter (status = 'partly'),
       count(*) filter (status = 'failed'), coalesce(sum(tried), 0), coalesce(sum(right_), 0),
       count(grids), coalesce(sum(grids), 0), sum(pages), sum(seconds) / nullif(sum(pages), 0)
from told left join held using (document) left join checked using (document)
group by format order by format
"""
_PASSAGES = """
create temp table passages as
select document, path, passage, coalesce(bool_or(contains(
    regexp_replace(text, '\\s+', '', 'g'), regexp_replace(passage, '\\s+', '', 'g'))), false)
    as right_
from (select unnest($paths) as path, unnest($passages) as passage)
join files using (path) left join pages using (document) group by all
"""


def main(folder: Path, passages: Path | None) -> None:
    rows = []
    if passages:
        with passages.open(encoding="utf-8-sig", newline="") as file:
            rows = [(row["path"], row["passage"]) for row in csv.DictReader(file)]
    with tempfile.TemporaryDirectory() as made:
        case = Path(made) / "case.duckdb"
        # apart from one another, so that the seconds are those of one file
        done = ingest(folder, case)
        with open_case(case, write=True) as db:
            paths, texts = [row[0] for row in rows], [row[1] for row in rows]
            db.execute(_PASSAGES, {"paths": paths, "passages": texts})
            print("| format | tried | read | partly | not | passages right | with tables | tables |"
                  " seconds a page |\n|---|---|---|---|---|---|---|---|---|")  # fmt: skip
            for row in db.execute(_TABLE, {"members": False}).fetchall():
                name, tried, read, partly, failed, asked, right, having, tables, _, each = row
                print(
                    f"| {name} | {tried} | {read} | {partly} | {failed} | "
                    f"{f'{right} of {asked}' if asked else ''} | {having} | {tables} | "
                    f"{'' if each is None else f'{each:.3f}'} |"
                )
            wrong = db.execute("select path, passage from passages where not right_").fetchall()
            lost = set(paths) - {p for (p,) in db.execute("select path from passages").fetchall()}
    for path, passage in wrong:
        print(f"not found in {path}: {passage}")
    for path in sorted(lost):
        print(f"no such file: {path}")
    for path, why in done.failures.select("path", "why").iter_rows():
        print(f"{path}: {why}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
