"""The tables of reminders, as SQL a reviewer can read. Append; never edit what has landed."""

from __future__ import annotations

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

reminders_migrations = Migrations("reminders")


@reminders_migrations()
def m001_outbox(db: Database) -> None:
    """Create the outbox: what must be told, to whom, and what became of it."""
    db.execute("""
        CREATE TABLE outbox (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,
            person_id INTEGER,
            role TEXT,
            district TEXT,
            department TEXT,
            window TEXT,
            facts TEXT NOT NULL,
            dedupe_key TEXT NOT NULL UNIQUE,
            put_at TEXT NOT NULL,
            not_before_at TEXT,
            claimed_until_at TEXT,
            attempts INTEGER NOT NULL DEFAULT 0,
            next_try_at TEXT,
            sent_at TEXT,
            sent_as TEXT,
            failed_at TEXT,
            failure TEXT,
            CHECK (person_id IS NOT NULL OR role IS NOT NULL)
        ) STRICT""")
    db.execute("""
        CREATE INDEX outbox_waiting ON outbox (next_try_at)
            WHERE sent_at IS NULL AND failed_at IS NULL""")
