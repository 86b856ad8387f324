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
    """What became of a draft; one whose case or step was finished first has lapsed."""

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
    """A draft, or what was decided of it; a red card is part of 督办 where it is due.

    It is about a case, or about a step of a rectification (差评整改).
    """

    id: int
    case_id: int | None
    rectification_id: int | None
    step: str | None
    kind: Rung
    red_card: bool
    due_on: date
    drafted_at: datetime
    decision: Decision | None
    decided_at: datetime | None
    decided_by: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class About:
    """What an act is drafted about: a case, or a rectification and its step."""

    case_id: int | None = None
    rectification_id: int | None = None
    step: str | None = None


def draft_act(
    db: Database, about: About, kind: Rung, *, red_card: bool, due_on: date, now: datetime
) -> bool:
    """Draft an act once per case or step, kind and due day; tell whether it is new."""
    return (
        db.execute(
            """INSERT OR IGNORE INTO acts (case_id, rectification_id, step, kind, red_card, due_on,
                   drafted_at)
               VALUES (?, ?, ?, ?, ?, ?, ?)""",
            [
                about.case_id,
                about.rectification_id,
                about.step,
                kind,
                red_card,
                due_on.isoformat(),
                now.isoformat(),
            ],
        ).rowcount
        == 1
    )


_ACTS = """SELECT a.id, a.case_id, a.rectification_id, a.step, a.kind, a.red_card, a.due_on,
           a.drafted_at, a.decision, a.decided_at, a.decided_by, a.reason,
           coalesce(c.district, r.district), coalesce(c.department, r.department),
           coalesce(c.window, r.window)
           FROM acts a LEFT JOIN cases c ON c.id = a.case_id
           LEFT JOIN rectifications r ON r.id = a.rectification_id"""
_SCOPE = slice(12, 15)
_GOING_ON = """(a.case_id IS NULL OR c.completed_on IS NULL)
    AND (a.rectification_id IS NULL OR r.closed_at IS NULL)"""


def waiting_acts(db: Database, scope: Scope) -> tuple[Act, ...]:
    """Return the drafts that wait for a decision within a scope, oldest first."""
    rows = db.execute(f"{_ACTS} WHERE a.decision IS NULL AND {_GOING_ON} ORDER BY a.id").fetchall()
    return tuple(_act(row) for row in rows if scope.covers(Scope(*row[_SCOPE])))


def act_within(db: Database, scope: Scope, act_id: int) -> Act | None:
    """Return an act if its case or rectification lies within a scope."""
    row = db.execute(f"{_ACTS} WHERE a.id = ?", [act_id]).fetchone()
    return _act(row) if row and scope.covers(Scope(*row[_SCOPE])) else None


def acts_of(db: Database, case_id: int) -> tuple[Act, ...]:
    """Return every act about a case."""
    rows = db.execute(f"{_ACTS} WHERE a.case_id = ? ORDER BY a.id", [case_id]).fetchall()
    return tuple(_act(row) for row in rows)


def acts_of_rectification(db: Database, rectification_id: int) -> tuple[Act, ...]:
    """Return every act about a rectification."""
    query = f"{_ACTS} WHERE a.rectification_id = ? ORDER BY a.id"
    return tuple(_act(row) for row in db.execute(query, [rectification_id]).fetchall())


def drafted(db: Database) -> frozenset[tuple[int, str, str]]:
    """Return what was drafted so far for the cases in progress: case, kind, due day."""
    rows = db.execute(
        """SELECT a.case_id, a.kind, a.due_on FROM acts a JOIN cases c ON c.id = a.case_id
           WHERE c.completed_on IS NULL"""
    ).fetchall()
    return frozenset((case_id, kind, due_on) for case_id, kind, due_on in rows)


def drafted_of_rectifications(db: Database) -> frozenset[tuple[int, str, str, str]]:
    """Return what was drafted so far for rectifications in progress: which, step, kind, day."""
    rows = db.execute(
        """SELECT a.rectification_id, a.step, a.kind, a.due_on
           FROM acts a JOIN rectifications r ON r.id = a.rectification_id
           WHERE r.closed_at IS NULL"""
    ).fetchall()
    return frozenset((one, step, kind, due_on) for one, step, kind, due_on in rows)


def decide_act(
    db: Database, act: Act, decision: Decision, *, by: int, reason: str | None, now: datetime
) -> bool:
    """Release or decline a draft; tell whether it was still waiting."""
    return (
        db.execute(
            """UPDATE acts SET decision = ?, decided_at = ?, decided_by = ?, reason = ?
               WHERE id = ? AND decision IS NULL""",
            [decision, now.isoformat(), by, reason, act.id],
        ).rowcount
        == 1
    )


def lapse_acts(db: Database, *, now: datetime) -> int:
    """Let the drafts of finished cases and rectifications lapse, and return how many."""
    return db.execute(
        """UPDATE acts SET decision = 'lapsed', decided_at = ?
           WHERE decision IS NULL
             AND (case_id IN (SELECT id FROM cases WHERE completed_on IS NOT NULL)
               OR rectification_id IN
                   (SELECT id FROM rectifications WHERE closed_at IS NOT NULL))""",
        [now.isoformat()],
    ).rowcount


def lapse_act(db: Database, act: Act, *, now: datetime) -> None:
    """Let a draft lapse whose step was done first."""
    db.execute(
        "UPDATE acts SET decision = 'lapsed', decided_at = ? WHERE id = ? AND decision IS NULL",
        [now.isoformat(), act.id],
    )


def _act(row: Any) -> Act:
    return Act(
        id=row[0],
        case_id=row[1],
        rectification_id=row[2],
        step=row[3],
        kind=Rung(row[4]),
        red_card=bool(row[5]),
        due_on=date.fromisoformat(row[6]),
        drafted_at=datetime.fromisoformat(row[7]),
        decision=Decision(row[8]) if row[8] else None,
        decided_at=datetime.fromisoformat(row[9]) if row[9] else None,
        decided_by=row[10],
        reason=row[11],
    )
