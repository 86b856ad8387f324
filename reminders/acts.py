"""Acts of the office (督办, 红牌, 通报): drafted by the program, released by a named supervisor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlite_utils import Database

from reminders.overdue import Rung
from reminders.recipients import Scope


class Decision(StrEnum):
    """What became of a draft; one whose case was finished first has lapsed."""

    RELEASED = "released"
    DECLINED = "declined"
    LAPSED = "lapsed"


class DeclineReason(StrEnum):
    """Why a supervisor does not release an act."""

    DONE = "done"
    WRONG_DATA = "wrong_data"
    EXPLAINED = "explained"
    OTHER_MEANS = "other_means"


@dataclass(frozen=True, slots=True)
class Act:
    """A draft, or what was decided of it; a red card is part of 督办 where it is due."""

    id: int
    case_id: int
    kind: Rung
    red_card: bool
    due_on: date
    drafted_at: datetime
    decision: Decision | None
    decided_at: datetime | None
    decided_by: int | None
    reason: str | None


def draft_act(
    db: Database, case_id: int, kind: Rung, *, red_card: bool, due_on: date, now: datetime
) -> bool:
    """Draft an act once per case, kind and due day; tell whether it is new."""
    return (
        db.execute(
            """INSERT OR IGNORE INTO case_acts (case_id, kind, red_card, due_on, drafted_at)
               VALUES (?, ?, ?, ?, ?)""",
            [case_id, kind, red_card, due_on.isoformat(), now.isoformat()],
        ).rowcount
        == 1
    )


_ACTS = """SELECT a.id, a.case_id, a.kind, a.red_card, a.due_on, a.drafted_at, a.decision,
           a.decided_at, a.decided_by, a.reason, c.district, c.department, c.window
           FROM case_acts a JOIN cases c ON c.id = a.case_id"""


def waiting_acts(db: Database, scope: Scope) -> tuple[Act, ...]:
    """Return the drafts that wait for a decision within a scope, oldest first."""
    rows = db.execute(
        f"{_ACTS} WHERE a.decision IS NULL AND c.completed_on IS NULL ORDER BY a.id"
    ).fetchall()
    return tuple(_act(row) for row in rows if scope.covers(Scope(*row[10:13])))


def act_within(db: Database, scope: Scope, act_id: int) -> Act | None:
    """Return an act if its case lies within a scope."""
    row = db.execute(f"{_ACTS} WHERE a.id = ?", [act_id]).fetchone()
    return _act(row) if row and scope.covers(Scope(*row[10:13])) else None


def acts_of(db: Database, case_id: int) -> tuple[Act, ...]:
    """Return every act about a case."""
    rows = db.execute(f"{_ACTS} WHERE a.case_id = ? ORDER BY a.id", [case_id]).fetchall()
    return tuple(_act(row) for row in rows)


def drafted(db: Database) -> frozenset[tuple[int, str, str]]:
    """Return what was drafted so far for the cases in progress: case, kind, due day."""
    rows = db.execute(
        """SELECT a.case_id, a.kind, a.due_on FROM case_acts a JOIN cases c ON c.id = a.case_id
           WHERE c.completed_on IS NULL"""
    ).fetchall()
    return frozenset((case_id, kind, due_on) for case_id, kind, due_on in rows)


def decide_act(
    db: Database, act: Act, decision: Decision, *, by: int, reason: str | None, now: datetime
) -> bool:
    """Release or decline a draft; tell whether it was still waiting."""
    return (
        db.execute(
            """UPDATE case_acts SET decision = ?, decided_at = ?, decided_by = ?, reason = ?
               WHERE id = ? AND decision IS NULL""",
            [decision, now.isoformat(), by, reason, act.id],
        ).rowcount
        == 1
    )


def lapse_acts(db: Database, *, now: datetime) -> int:
    """Let the drafts of finished cases lapse, and return how many."""
    return db.execute(
        """UPDATE case_acts SET decision = 'lapsed', decided_at = ?
           WHERE decision IS NULL AND case_id IN
               (SELECT id FROM cases WHERE completed_on IS NOT NULL)""",
        [now.isoformat()],
    ).rowcount


def _act(row: Any) -> Act:
    return Act(
        id=row[0],
        case_id=row[1],
        kind=Rung(row[2]),
        red_card=bool(row[3]),
        due_on=date.fromisoformat(row[4]),
        drafted_at=datetime.fromisoformat(row[5]),
        decision=Decision(row[6]) if row[6] else None,
        decided_at=datetime.fromisoformat(row[7]) if row[7] else None,
        decided_by=row[8],
        reason=row[9],
    )
