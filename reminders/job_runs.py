"""Every run of a job, so that a missed one is noticed and caught up once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlite_utils import Database


def begin_run(db: Database, job: str, slot_at: datetime, *, late: bool, now: datetime) -> int:
    """Record that a job begins the run of a slot, and return the run's id."""
    cursor = db.execute(
        "INSERT INTO job_runs (job, slot_at, began_at, late) VALUES (?, ?, ?, ?)",
        [job, slot_at.isoformat(), now.isoformat(), late],
    )
    return int(cursor.lastrowid or 0)


def end_run(db: Database, run_id: int, *, told: int, now: datetime) -> None:
    """Record that a run is complete and how many it told; a killed run never ends."""
    db.execute(
        "UPDATE job_runs SET ended_at = ?, told = ? WHERE id = ?", [now.isoformat(), told, run_id]
    )


def has_ever_run(db: Database, job: str) -> bool:
    """Tell whether a job ran at all so far."""
    return db.execute("SELECT 1 FROM job_runs WHERE job = ? LIMIT 1", [job]).fetchone() is not None


def has_run(db: Database, job: str, slot_at: datetime) -> bool:
    """Tell whether the run of a slot was completed."""
    row = db.execute(
        "SELECT 1 FROM job_runs WHERE job = ? AND slot_at = ? AND ended_at IS NOT NULL",
        [job, slot_at.isoformat()],
    ).fetchone()
    return row is not None


def missed_slots(db: Database, job: str, slots: Sequence[datetime]) -> tuple[datetime, ...]:
    """Return which of some slots passed without a run; none before the job's first run ever."""
    first = db.execute("SELECT min(began_at) FROM job_runs WHERE job = ?", [job]).fetchone()[0]
    if first is None:
        return ()
    began_at = datetime.fromisoformat(first)
    return tuple(slot for slot in slots if slot > began_at and not has_run(db, job, slot))
