"""The one SQLite file: open it, bring it up to date, and write in whole transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from bot.records.migrations import records_migrations
from reminders.migrations import reminders_migrations

FILE_NAME = "yikouqing.db"
BUSY_SECONDS = 5.0
BATCH_CACHE_KIB = 64 * 1024


def open_database(path: Path | None) -> Database:
    """Open the file (None: in memory) with both sets of migrations applied.

    Raises sqlite3.OperationalError where the file cannot be opened or written.
    """
    db = connect(path)
    records_migrations.apply(db)
    reminders_migrations.apply(db)
    return db


def connect(path: Path | None) -> Database:
    """Connect without migrating; the connection belongs to the calling thread."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(
        path if path is not None else ":memory:", timeout=BUSY_SECONDS, isolation_level=None
    )
    db = Database(connection, execute_plugins=False)  # looking for plugins costs a start 30 ms
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    return db


@contextmanager
def reading(db: Database) -> Iterator[None]:
    """Read everything inside as it was at the first look, while others write. Never write inside.

    So a total and its rows agree, and nobody waits: a reader in WAL holds up no writer.
    """
    db.conn.execute("BEGIN DEFERRED")
    try:
        yield
    finally:
        db.conn.execute("ROLLBACK")


@contextmanager
def room_for_batches(db: Database) -> Iterator[None]:
    """Give a connection memory for the pages that a batch of many thousand rows touches.

    With SQLite's own 2 MB the pages of the indexes go to the disk and back within one batch:
    that took a third of an import.
    """
    (before,) = db.execute("PRAGMA cache_size").fetchone()
    db.execute(f"PRAGMA cache_size = {-BATCH_CACHE_KIB}")
    try:
        yield
    finally:
        db.execute(f"PRAGMA cache_size = {int(before)}")


@contextmanager
def transaction(db: Database) -> Iterator[None]:
    """Write as one: everything inside is committed together or not at all.

    Begins IMMEDIATE, since a deferred transaction that reads first fails at its first write
    when another process has written meanwhile, whatever the timeout. Never await inside.
    """
    db.conn.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.conn.execute("ROLLBACK")
        raise
    db.conn.execute("COMMIT")
