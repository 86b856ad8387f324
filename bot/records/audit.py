"""Who saw, changed and exported what. Append-only: the database refuses changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlite_utils import Database

from bot.dialogue import Person, Role


class Deed(StrEnum):
    """What somebody did that is written down."""

    SAW = "saw"
    SAW_ANSWER = "saw_answer"
    SAW_CONTACT = "saw_contact"
    SAW_LIST = "saw_list"
    SAW_FIGURES = "saw_figures"
    CHANGED = "changed"
    EXPORTED = "exported"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the log."""

    at: datetime
    person_id: int
    role: Role
    deed: Deed
    subject: str
    reason: str | None


def record_deed(
    db: Database,
    person: Person,
    deed: Deed,
    subject: str,
    *,
    reason: str | None = None,
    now: datetime,
) -> None:
    """Write down what somebody did; subjects are numbers and periods, never names or words."""
    db.execute(
        "INSERT INTO audit (at, person_id, role, act, subject, reason) VALUES (?, ?, ?, ?, ?, ?)",
        [now.isoformat(), person.id, person.role, deed, subject, reason],
    )


def deeds(db: Database, *, subject: str | None = None, limit: int = 100) -> Sequence[AuditEntry]:
    """Return the latest lines of the log, of one subject or of all."""
    rows = db.execute(
        """SELECT at, person_id, role, act, subject, reason FROM audit
           WHERE ? IS NULL OR subject = ? ORDER BY id DESC LIMIT ?""",
        [subject, subject, limit],
    ).fetchall()
    return tuple(
        AuditEntry(datetime.fromisoformat(at), person, Role(role), Deed(act), about, reason)
        for at, person, role, act, about, reason in rows
    )
