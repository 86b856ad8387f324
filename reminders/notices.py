"""What was decided to be told about cases: one row per case, rung (or repeat) and recipient.

Every row names the outbox message it goes out in, so that one person gets one message and the
proof of each case is still complete: when decided here, when sent or given up in the outbox.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlite_utils import Database

from reminders.cases import Case
from reminders.overdue import person_of_key

LAPSED = "lapsed"
"""The outbox's word for a message that came too late to be sent; what it held is told again."""


class NoticeKind(StrEnum):
    """A rung, a repeat of what stands; what else is asked for.

    That is: an act to be released, a cause not yet given, to confirm a case that may be done.
    """

    REMIND = "remind"
    DUE_TODAY = "due_today"
    CHASE = "chase"
    INTERVENE = "intervene"
    BULLETIN = "bulletin"
    REPEAT = "repeat"
    WAITING = "waiting"
    CAUSE = "cause"
    PERHAPS_DONE = "perhaps_done"


NO_REMINDERS = frozenset({NoticeKind.WAITING, NoticeKind.CAUSE, NoticeKind.PERHAPS_DONE})
"""What asks for something else than to finish a case."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing told (or to be told) about one case to one recipient."""

    case_id: int
    kind: NoticeKind
    occasion: str
    recipient: str
    due_on: date
    decided_at: datetime
    message_key: str


@dataclass(frozen=True, slots=True)
class Told:
    """What is known already: keys, when each was last told of a case today, the first 催办."""

    keys: frozenset[tuple[int, str, str, str]]
    last_at: Mapping[tuple[int, str], str]
    chased_on: Mapping[tuple[int, str], date]


_KEYS = "n.case_id, n.kind, n.occasion, n.recipient, n.due_on, n.decided_at"
_NOT_LAPSED = "n.message_key NOT IN (SELECT dedupe_key FROM outbox WHERE failure = 'lapsed')"


def told_so_far(db: Database, today: date) -> Told:
    """Read the rungs told about the cases in progress, and all that was decided today.

    Repeats of former days are many and matter no more. A lapsed message told nobody anything.
    """
    keys: set[tuple[int, str, str, str]] = set()
    last_at: dict[tuple[int, str], str] = {}
    chased_on: dict[tuple[int, str], date] = {}
    for case_id, kind, occasion, recipient, due_on, decided_at in db.execute(
        f"""SELECT {_KEYS} FROM cases c CROSS JOIN case_notices n ON n.case_id = c.id
            WHERE c.completed_on IS NULL
              AND n.kind IN ('remind', 'due_today', 'chase', 'intervene', 'bulletin',
                  'perhaps_done')
              AND n.decided_at < ? AND {_NOT_LAPSED}
            UNION ALL
            SELECT {_KEYS} FROM case_notices n WHERE n.decided_at >= ? AND {_NOT_LAPSED}""",
        [today.isoformat(), today.isoformat()],
    ).fetchall():
        keys.add((case_id, kind, occasion, recipient))
        if kind not in ("waiting", "perhaps_done"):
            last_at[case_id, recipient] = max(decided_at, last_at.get((case_id, recipient), ""))
        if kind == "chase":
            day = date.fromisoformat(decided_at[:10])
            known = chased_on.get((case_id, due_on), day)
            chased_on[case_id, due_on] = min(day, known)
    return Told(frozenset(keys), last_at, chased_on)


def put_notices(db: Database, notices: Sequence[Notice]) -> int:
    """Record notices; one already known keeps its row unless its message had lapsed."""
    rows = [
        (
            notice.case_id,
            notice.kind,
            notice.occasion,
            notice.recipient,
            notice.due_on.isoformat(),
            notice.decided_at.isoformat(),
            notice.message_key,
            LAPSED,
        )
        for notice in notices
    ]
    return db.conn.executemany(
        """INSERT INTO case_notices (case_id, kind, occasion, recipient, due_on, decided_at,
               message_key)
           VALUES (?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (case_id, kind, occasion, recipient) DO UPDATE
               SET message_key = excluded.message_key, decided_at = excluded.decided_at
               WHERE EXISTS (SELECT 1 FROM outbox o
                   WHERE o.dedupe_key = case_notices.message_key AND o.failure = ?)""",
        rows,
    ).rowcount


def waiting_message(db: Database, kind: str, recipient: str) -> str | None:
    """Return the key of a message to a recipient that still waits, to join it.

    One on its way, or of which nobody knows whether it arrived, takes in nothing more.
    """
    person_id = person_of_key(recipient)
    whose = "person_id = ?" if person_id is not None else "person_id IS NULL AND dedupe_key LIKE ?"
    row = db.execute(
        f"""SELECT dedupe_key FROM outbox INDEXED BY outbox_unsent_by_person
            WHERE {whose} AND kind = ? AND sent_at IS NULL AND failed_at IS NULL
              AND claimed_until_at IS NULL AND failure IS NOT 'unknown'
            ORDER BY id LIMIT 1""",
        [f"%:{recipient}" if person_id is None else person_id, kind],
    ).fetchone()
    return row[0] if row else None


def notices_in(db: Database, message_key: str) -> tuple[Notice, ...]:
    """Return what a message holds."""
    return _notices(db, "message_key = ?", message_key)


def notices_of(db: Database, case: Case) -> tuple[Notice, ...]:
    """Return everything decided about a case, in order."""
    return _notices(db, "case_id = ?", case.id)


def _notices(db: Database, where: str, value: str | int) -> tuple[Notice, ...]:
    rows = db.execute(
        f"""SELECT case_id, kind, occasion, recipient, due_on, decided_at, message_key
            FROM case_notices WHERE {where} ORDER BY id""",
        [value],
    ).fetchall()
    return tuple(
        Notice(
            case_id=case_id,
            kind=NoticeKind(kind),
            occasion=occasion,
            recipient=recipient,
            due_on=date.fromisoformat(due_on),
            decided_at=datetime.fromisoformat(decided_at),
            message_key=key,
        )
        for case_id, kind, occasion, recipient, due_on, decided_at, key in rows
    )
