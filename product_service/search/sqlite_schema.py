"""The search tables beside the products in their SQLite file. Triggers fill them in the same transaction.

`search_entries` has the values to filter and sort by, `search_categories` the categories of each entry,
`search_texts` the full-text index, and `search_vocabulary` its words. All of them are derived from
`documents`, through the view `search_source`.
"""

from __future__ import annotations

import hashlib
import sqlite3

_OF_ROW = "WHERE search_source.id = new.id"

_TABLES = (
    "CREATE VIEW search_source AS SELECT id, json_extract(body, '$.sku_key') AS sku_key,"
    " json_extract(body, '$.name_key') AS name_key, json_extract(body, '$.brand_key') AS brand_key,"
    " json_extract(body, '$.status') AS status, json_extract(body, '$.price') AS price,"
    " json_extract(body, '$.stock') AS stock, json_extract(body, '$.created_at') AS created_at,"
    " json_extract(body, '$.category_keys') AS category_keys,"
    " json_extract(body, '$.name_words') AS name_words, json_extract(body, '$.search_words') AS search_words"
    " FROM documents",
    "CREATE TABLE search_entries (entry INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, sku_key TEXT,"
    " name_key TEXT, brand_key TEXT, status TEXT, price INTEGER, stock INTEGER, created_at TEXT)",
    "CREATE INDEX search_by_price ON search_entries (status, price, sku_key)",
    "CREATE INDEX search_by_name ON search_entries (status, name_key, sku_key)",
    "CREATE INDEX search_by_age ON search_entries (status, created_at, sku_key)",
    "CREATE INDEX search_by_brand ON search_entries (brand_key)",
    "CREATE TABLE search_categories"
    " (category TEXT, entry INTEGER, PRIMARY KEY (category, entry)) WITHOUT ROWID",
    "CREATE INDEX search_categories_of ON search_categories (entry)",
    "CREATE VIRTUAL TABLE search_texts USING fts5"
    " (name_words, search_words, tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2 3')",
    "CREATE VIRTUAL TABLE search_vocabulary USING fts5vocab (search_texts, row)",
)
_ADD = (
    "INSERT INTO search_entries (id, sku_key, name_key, brand_key, status, price, stock, created_at)"
    " SELECT id, sku_key, name_key, brand_key, status, price, stock, created_at FROM search_source"
    " WHERE search_source.id = new.id",
    "INSERT OR IGNORE INTO search_categories SELECT category.value, entry FROM search_source"
    " JOIN search_entries USING (id), json_each(category_keys) AS category WHERE search_source.id = new.id",
    "INSERT INTO search_texts (rowid, name_words, search_words)"
    " SELECT entry, name_words, search_words FROM search_source JOIN search_entries USING (id)"
    " WHERE search_source.id = new.id",
)
_FORGET = (
    "DELETE FROM search_texts WHERE rowid = (SELECT entry FROM search_entries WHERE id = old.id)",
    "DELETE FROM search_categories WHERE entry = (SELECT entry FROM search_entries WHERE id = old.id)",
    "DELETE FROM search_entries WHERE id = old.id",
)
_IS_CHANGE = "json_extract(old.body, '$.version') IS NOT json_extract(new.body, '$.version')"
"""False if only the outbox in the document changed, which is every second write."""


def _trigger(name: str, occasion: str, *statements: str) -> str:
    return f"CREATE TRIGGER {name} AFTER {occasion} BEGIN {''.join(f'{each}; ' for each in statements)}END"


_TRIGGERS = (
    _trigger("search_insert", "INSERT ON documents", *_ADD),
    _trigger("search_delete", "DELETE ON documents", *_FORGET),
    _trigger("search_update", f"UPDATE ON documents WHEN {_IS_CHANGE}", *_FORGET, *_ADD),
)
_BACKFILL = tuple(statement.replace(_OF_ROW, "") for statement in _ADD)
_DIGEST = hashlib.sha256("".join(_TABLES + _TRIGGERS).encode()).hexdigest()


def install(connection: sqlite3.Connection) -> None:
    """Builds the search tables from the products if they are missing or of another release."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("CREATE TABLE IF NOT EXISTS search_release (digest TEXT)")
    if connection.execute("SELECT digest FROM search_release").fetchone() != (_DIGEST,):
        _drop(connection)
        for statement in (*_TABLES, *_TRIGGERS, *_BACKFILL):
            connection.execute(statement)
        connection.execute("DELETE FROM search_release")
        connection.execute("INSERT INTO search_release VALUES (?)", (_DIGEST,))
    connection.execute("COMMIT")


def _drop(connection: sqlite3.Connection) -> None:
    for trigger in ("search_insert", "search_delete", "search_update"):
        connection.execute(f"DROP TRIGGER IF EXISTS {trigger}")
    connection.execute("DROP VIEW IF EXISTS search_source")
    for table in ("search_vocabulary", "search_texts", "search_categories", "search_entries"):
        connection.execute(f"DROP TABLE IF EXISTS {table}")
