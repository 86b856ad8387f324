"""Tasks for the knowledge editor: an answer was incomplete (材料没说全), with its very version."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from bot.dialogue import Person, Scope


@dataclass(frozen=True, slots=True)
class KnowledgeTask:
    """What an editor must look into; `entry_hash` is the version that was shown."""

    id: int
    rating_id: int
    entry_id: str
    entry_hash: str | None
    opened_at: datetime


def open_task(
    db: Database, rating_id: int, entry_id: str, entry_hash: str | None, *, now: datetime
) -> None:
    """Open a task once per rating."""
    db.execute(
        """INSERT OR IGNORE INTO knowledge_tasks (rating_id, entry_id, entry_hash, opened_at)
           VALUES (?, ?, ?, ?)""",
        [rating_id, entry_id, entry_hash, now.isoformat()],
    )


def open_tasks(db: Database) -> tuple[KnowledgeTask, ...]:
    """Return the tasks nobody has done yet, oldest first."""
    rows = db.execute(
        """SELECT id, rating_id, entry_id, entry_hash, opened_at FROM knowledge_tasks
           WHERE done_at IS NULL ORDER BY id"""
    ).fetchall()
    return tuple(
        KnowledgeTask(task_id, rating_id, entry_id, entry_hash, datetime.fromisoformat(at))
        for task_id, rating_id, entry_id, entry_hash, at in rows
    )


def finish_task(db: Database, task_id: int, person: Person, *, now: datetime) -> bool:
    """Note that an editor has dealt with a task; tell whether it was still open."""
    return (
        db.execute(
            "UPDATE knowledge_tasks SET done_at = ?, done_by = ? WHERE id = ? AND done_at IS NULL",
            [now.isoformat(), person.id, task_id],
        ).rowcount
        == 1
    )


def task_scope(owner: str | None) -> Scope:
    """Return the scope an editor must cover to do a task about an owner's entry."""
    return Scope(None, owner)
