"""Every run of a job, so that a missed one is noticed and caught up once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from reminders.alerts import Alert
from reminders.recipients import Recipient, Role

PUNCTUAL = timedelta(minutes=10)
CAUGHT_UP = "run_caught_up"


@dataclass(frozen=True, slots=True)
class DueRun:
    """A run that is due: on time, or late, and then in place of earlier ones that never were."""

    slot_at: datetime
    late: bool
    replaced: tuple[datetime, ...] = ()

    @property
    def missed(self) -> tuple[datetime, ...]:
        """Return every slot that passed without its run, oldest first."""
        return (*self.replaced, self.slot_at) if self.late else self.replaced


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
    """Return which of some slots passed without a run; none before the very first run.

    The first run of any job counts: a program started every day after a job's hour never ran
    that job, and missed it all the same.
    """
    first = db.execute("SELECT min(began_at) FROM job_runs").fetchone()[0]
    if first is None:
        return ()
    began_at = datetime.fromisoformat(first)
    return tuple(slot for slot in slots if slot > began_at and not has_run(db, job, slot))


def due_run(db: Database, job: str, slots: Sequence[datetime], *, now: datetime) -> DueRun | None:
    """Return the run to make of some slots, in order: the latest that passed, where it never was.

    Many missed runs become one. A program that never ran before missed nothing.
    """
    passed = [slot for slot in slots if slot <= now]
    if not passed or has_run(db, job, passed[-1]):
        return None
    missed = missed_slots(db, job, passed)
    late = now - passed[-1] > PUNCTUAL
    if late and passed[-1] not in missed:
        return None
    return DueRun(passed[-1], late, tuple(slot for slot in missed if slot != passed[-1]))


def begin_due_run(db: Database, job: str, run: DueRun, *, now: datetime) -> int:
    """Record that the run that is due begins, and return its id."""
    return begin_run(db, job, run.slot_at, late=run.late, now=now)


def end_due_run(
    db: Database, run_id: int, job: str, run: DueRun, *, told: int, now: datetime
) -> tuple[Alert, ...]:
    """Record that it is complete, and those it replaced; return what the administrator hears."""
    end_run(db, run_id, told=told, now=now)
    for slot_at in run.replaced:
        end_run(db, begin_run(db, job, slot_at, late=True, now=now), told=0, now=now)
    return caught_up(job, run.missed, told=told, now=now)


def caught_up(
    job: str, missed: Sequence[datetime], *, told: int, now: datetime
) -> tuple[Alert, ...]:
    """Return the report to the administrator of runs that were missed and made up for."""
    if not missed:
        return ()
    facts = {
        "job": job,
        "slots": " ".join(slot.isoformat() for slot in missed),
        "at": now.isoformat(),
        "messages": str(told),
    }
    key = f"{CAUGHT_UP}:{job}:{missed[-1].isoformat()}"
    return (Alert(CAUGHT_UP, Recipient(role=Role.ADMINISTRATOR), facts, key),)


def last_run(db: Database, job: str) -> datetime | None:
    """Return the slot of a job's last completed run."""
    found = db.execute(
        "SELECT max(slot_at) FROM job_runs WHERE job = ? AND ended_at IS NOT NULL", [job]
    ).fetchone()[0]
    return datetime.fromisoformat(found) if found else None
