"""Who saw, changed and exported what. Append-only: the database refuses changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlite_utils import Database

from bot.dialogue import Person, Role, Scope

OPERATOR = Person(0, Role.ADMINISTRATOR)
"""Whoever sits at the command line: they have the whole file, and are no person of the chat."""


class Deed(StrEnum):
    """What somebody did that is written down."""

    SAW = "saw"
    SAW_ANSWER = "saw_answer"
    SAW_CONTACT = "saw_contact"
    SAW_LIST = "saw_list"
    SAW_FIGURES = "saw_figures"
    SAW_AUDIT = "saw_audit"
    CHANGED = "changed"
    EXPORTED = "exported"
    REFUSED = "refused"


class DeedGroup(StrEnum):
    """What one asks the log for."""

    SAW = "saw"
    CHANGED = "changed"
    EXPORTED = "exported"
    REFUSED = "refused"


SEEN = tuple(deed for deed in Deed if deed.value.startswith("saw"))
GROUPS: dict[DeedGroup, tuple[Deed, ...]] = {
    DeedGroup.SAW: SEEN,
    DeedGroup.CHANGED: (Deed.CHANGED,),
    DeedGroup.EXPORTED: (Deed.EXPORTED,),
    DeedGroup.REFUSED: (Deed.REFUSED,),
}


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the log; the scope is the one its person had then."""

    id: int
    at: datetime
    person_id: int
    role: Role
    scope: Scope
    deed: Deed
    subject: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the log is asked for; `before` is the id of the last line already shown."""

    deeds: tuple[Deed, ...] = tuple(Deed)
    person_ids: tuple[int, ...] | None = None
    from_on: date | None = None
    to_on: date | None = None
    before: int | None = None


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
    scope = person.scope
    db.execute(
        """INSERT INTO audit (at, person_id, role, act, subject, reason, district, department,
               window)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            now.isoformat(),
            person.id,
            person.role,
            deed,
            subject,
            reason,
            scope.district,
            scope.department,
            scope.window,
        ],
    )


_COLUMNS = "id, at, person_id, role, district, department, window, act, subject, reason"


def deeds(db: Database, *, subject: str | None = None, limit: int = 100) -> Sequence[AuditEntry]:
    """Return the latest lines of the log, of one subject or of all."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM audit WHERE ? IS NULL OR subject = ? ORDER BY id DESC LIMIT ?",
        [subject, subject, limit],
    ).fetchall()
    return tuple(_entry(row) for row in rows)


def deeds_within(
    db: Database, scope: Scope, wanted: Wanted, *, limit: int
) -> tuple[AuditEntry, ...]:
    """Return what people of a scope did, latest first: theirs is whoever's scope lies in it."""
    conditions = [f"act IN ({', '.join('?' * len(wanted.deeds))})"]
    values: list[Any] = list(wanted.deeds)
    for column, held in (
        ("district", scope.district),
        ("department", scope.department),
        ("window", scope.window),
    ):
        if held is not None:
            conditions.append(f"{column} = ?")
            values.append(held)
    if wanted.person_ids is not None:
        conditions.append(f"person_id IN ({', '.join('?' * len(wanted.person_ids))})")
        values += wanted.person_ids
    if wanted.from_on is not None:
        conditions.append("at >= ?")
        values.append(wanted.from_on.isoformat())
    if wanted.to_on is not None:
        conditions.append("at < ?")
        values.append((wanted.to_on + timedelta(days=1)).isoformat())
    if wanted.before is not None:
        conditions.append("id < ?")
        values.append(wanted.before)
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM audit WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT ?",
        [*values, limit],
    ).fetchall()
    return tuple(_entry(row) for row in rows)


def _entry(row: Any) -> AuditEntry:
    return AuditEntry(
        id=row[0],
        at=datetime.fromisoformat(row[1]),
        person_id=row[2],
        role=Role(row[3]),
        scope=Scope(row[4], row[5], row[6]),
        deed=Deed(row[7]),
        subject=row[8],
        reason=row[9],
    )
