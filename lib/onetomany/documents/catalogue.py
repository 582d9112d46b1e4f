"""Refuse a case file that defines any table, view or macro other than this kit's own.

A DuckDB file can contain views, macros, defaults, generated columns and checks: SQL that runs when
its tables are read. In a received file this SQL is somebody else's. So every definition that this
kit doesn't make is refused by name before a table is read.
"""

from functools import cache
from importlib import resources
from pathlib import Path

import duckdb

from onetomany.errors import InputError
from onetomany.sources.files import package_folder

# settings of a connection by which nothing is downloaded, and no extension loads by itself
SHUT: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "allow_unsigned_extensions": False,
}
INDEX = "fts_main_search_pages"  # the schema of DuckDB's full-text index
# as `search.rebuild_index` makes it: the macros of the index contain these settings
MAKE_INDEX = (
    "pragma create_fts_index('search_pages', 'id', 'tokens', stemmer='none', "
    "stopwords='none', ignore='\\s+', strip_accents=0, lower=0, overwrite=1)"
)
# by their full names: a macro of a received file could shadow them
_QUERIES = {
    "schema": "select schema_name, '', '' from system.main.duckdb_schemas() where not internal",
    "table": "select schema_name, table_name, sql from system.main.duckdb_tables() "
    "where not internal and not temporary",
    "view": "select schema_name, view_name, sql from system.main.duckdb_views() "
    "where not internal and not temporary",
    "macro": "select schema_name, function_name, "
    "function_type || parameters::varchar || coalesce(macro_definition, '') "
    "from system.main.duckdb_functions() where not internal",
    "index": "select schema_name, index_name, coalesce(sql, '') from system.main.duckdb_indexes()",
    "sequence": "select schema_name, sequence_name, coalesce(sql, '') "
    "from system.main.duckdb_sequences()",
    "type": "select schema_name, type_name, '' from system.main.duckdb_types() where not internal",
}
Definitions = dict[tuple[str, str, str], str]  # kind, schema, name: its SQL


def check_definitions(db: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Raise InputError naming the first definition that this kit doesn't make."""
    found = read_definitions(db)
    known = _expected_definitions(with_index=("schema", INDEX, "") in found)
    for (kind, schema, name), sql in sorted(found.items()):
        full = schema if kind == "schema" else name if schema == "main" else f"{schema}.{name}"
        if (kind, schema, name) not in known:
            raise InputError(
                f"{path} defines the {kind} '{full}', which this kit doesn't make: nothing was "
                "read. Ask for the documents themselves, or drop it in DuckDB if it is yours."
            )
        if known[kind, schema, name] != sql:
            raise InputError(
                f"{path} defines the {kind} '{full}' differently from this kit: nothing was "
                "read. Ask for the documents themselves, and ingest them into a new case file."
            )


def read_definitions(db: duckdb.DuckDBPyConnection) -> Definitions:
    """Return all definitions of a database, with their SQL."""
    return {
        (kind, schema, name): sql
        for kind, query in _QUERIES.items()
        for schema, name, sql in db.execute(query).fetchall()
    }


@cache
def _expected_definitions(*, with_index: bool) -> Definitions:
    """Return the definitions that a case file may have, from a database made for it."""
    kit = resources.files("onetomany")
    with duckdb.connect() as db:
        for text in ("documents/schema.sql", "documents/schema_later.sql", "requests/schema.sql"):
            db.execute(kit.joinpath(text).read_text("utf-8"))
        if with_index:
            load_fts(db)
            db.execute(MAKE_INDEX)
        return read_definitions(db)


def make_later_table(db: duckdb.DuckDBPyConnection, table: str) -> None:
    """Make a table of `schema_later.sql` if the case file doesn't have it yet."""
    later = resources.files(__package__).joinpath("schema_later.sql").read_text("utf-8")
    columns = later.partition(f"CREATE TABLE {table} ")[2].partition(";")[0]
    db.execute(f"CREATE TABLE IF NOT EXISTS {table} {columns}")


def load_fts(db: duckdb.DuckDBPyConnection) -> None:
    """Load DuckDB's full-text extension from its own package; nothing is downloaded.

    A connection of `open_case` has loaded it and can load nothing else.
    """
    locked = db.execute("select current_setting('lock_configuration')").fetchone()
    if locked != (True,):
        load_extension(db, "fts")


def load_extension(db: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load an extension of DuckDB from its own Python package."""
    folder = package_folder(f"duckdb_extension_{name}") / "extensions"
    (place,) = sorted(folder.rglob(f"{name}.duckdb_extension"))[-1:] or [folder]
    db.execute(f"load {quoted(place)}")


def quoted(text: object) -> str:
    """Return a text as an SQL literal, for places that take no parameter."""
    return "'" + str(text).replace("'", "''") + "'"
