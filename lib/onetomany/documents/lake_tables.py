"""The tables of a lake, and the refusal of a catalogue that has anything else.

The catalogue is a database that others write. Its views, macros, triggers and defaults are code
that would run with the rights of its reader: on the server, or in DuckDB. So a lake may have the
tables of this kit and nothing more.
"""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import duckdb

from onetomany.errors import InputError
from .catalogue import quoted

Columns = Mapping[str, Any]  # of tables
# rows read from a document: the same rows, whoever read it
BY_DOCUMENT = {
    "documents", "pages", "blocks", "tables", "cells", "notes", "sketches", "words", "captures",
    "mentions", "mention_pages",
}  # fmt: skip
# rows of a case file: the places of its files, and people's own rows
BY_WRITER = {"files", "failures", "claims", "links", "remarks"}
_SHARED = {"meta", "search_pages"}
# of words: `search_terms` has no score, which depends on all pages; length is in tokens
_OTHER = {
    "search_terms": {"term": "VARCHAR", "id": "INTEGER", "tf": "BIGINT", "length": "INTEGER"},
    "readings": {
        "document": "VARCHAR", "version": "INTEGER", "characters": "BIGINT",
        "mentioned": "INTEGER", "indexed": "BIGINT",
    },
}  # fmt: skip


@cache
def lake_columns() -> dict[str, dict[str, str]]:
    """Return the tables of a lake, each with its columns and their types in DuckDB."""
    kit = resources.files(__package__)
    with duckdb.connect() as db:
        for text in ("schema.sql", "schema_later.sql"):
            db.execute(kit.joinpath(text).read_text("utf-8"))
        every = table_columns(db, "schema_name = 'main'")
    made = {name: every[name] for name in every.keys() & (BY_DOCUMENT | BY_WRITER | _SHARED)}
    for table in BY_WRITER:
        made[table]["writer"] = "VARCHAR"
    made["search_pages"]["length"] = "INTEGER"
    return made | _OTHER


def table_columns(db: duckdb.DuckDBPyConnection, where: str) -> dict[str, dict[str, str]]:
    """Return the columns of tables with their types, by table."""
    rows = db.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() "
        f"WHERE {where} ORDER BY table_name, column_index"
    ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        found.setdefault(table, {})[column] = kind
    return found


def check_tables(db: duckdb.DuckDBPyConnection, address: str) -> None:
    """Raise InputError unless a lake, attached as `lake`, has the tables of `lake_columns`."""
    found, expected = table_columns(db, "database_name = 'lake'"), lake_columns()
    for table in sorted(found.keys() | expected.keys()):
        if found.get(table) != expected.get(table):
            raise InputError(
                f"The lake {address} has the table '{table}' in another form than this kit makes "
                "it: nothing was read. Use the same version of the kit on all machines."
            )


_ROLE = "SELECT rolname::text, rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user"
_RELATIONS = """
SELECT c.relname::text AS name, c.relkind::text AS kind, (c.relkind NOT IN ('r', 'i')
    OR c.relhasrules OR c.relhastriggers OR c.relrowsecurity OR c.relhassubclass
    OR EXISTS (SELECT FROM pg_catalog.pg_attrdef d WHERE d.adrelid = c.oid)
    OR EXISTS (SELECT FROM pg_catalog.pg_constraint k
               WHERE k.conrelid = c.oid AND k.contype NOT IN ('p', 'n'))
    OR EXISTS (SELECT FROM pg_catalog.pg_index x WHERE x.indexrelid = c.oid
               AND (x.indexprs IS NOT NULL OR x.indpred IS NOT NULL))) AS runs
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = '{schema}' ORDER BY 3 DESC, 1
"""
# code that DuckDB would run, by the table of the catalogue that has it
_CODE = {
    "view": "SELECT view_name::text FROM {schema}.ducklake_view",
    "macro": "SELECT macro_name::text FROM {schema}.ducklake_macro",
    "order": "SELECT expression::text FROM {schema}.ducklake_sort_expression",
    "default value": "SELECT column_name::text FROM {schema}.ducklake_column "
    "WHERE default_value_type = 'expression'",
}


def check_catalogue(db: duckdb.DuckDBPyConnection, schema: str, address: str) -> bool:
    """Refuse a catalogue, attached as `pg`, that could run code; return whether it is empty.

    Raises InputError for a role that may do anything on its server, for relations in PostgreSQL
    that are more than tables, and for views, macros and the like in the lake.
    """
    for role, superuser in _asked(db, _ROLE):
        if superuser:
            raise InputError(
                f"The role '{role}' may do anything on its PostgreSQL server: use one that owns "
                f"the lake's database and nothing else (docs/several-people.md)."
            )
    relations = _asked(db, _RELATIONS.format(schema=schema))
    for name, _, runs in relations:
        if runs:
            raise InputError(
                f"In the catalogue of {address}, '{schema}.{name}' is more than a table: it could "
                "run code. Nothing was read; ask the database's administrator."
            )
    if not relations:
        return True
    for kind, question in _CODE.items():
        for (name,) in _asked(db, question.format(schema=schema)):
            raise InputError(
                f"The lake {address} defines the {kind} '{name}', which this kit doesn't make: "
                "nothing was read. Ask who made it, or use another lake."
            )
    return False


def _asked(db: duckdb.DuckDBPyConnection, question: str) -> list[tuple[Any, ...]]:
    return db.execute(f"FROM postgres_query('pg', {quoted(question)})").fetchall()
