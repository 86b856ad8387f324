"""The outbox: alerts that wait to be told, and what became of each. No wording, no chat.

At least once: a row is claimed for a while, noted as on its way, sent, and marked. Of a claim that
was cut off while on its way nobody knows whether it arrived: an unknown outcome. One that only
waited its turn is simply free again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from reminders.alerts import Alert
from reminders.recipients import Recipient, Role, Scope

UNKNOWN = "unknown"
"""The reason of a try whose outcome nobody knows."""
MOST_DEATHS = 5
"""So many tries may end with the process; a row that itself kills it must not do so for ever."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A claimed row: `attempts` counts this try too; `failure` is the reason of the last one."""

    id: int
    kind: str
    recipient: Recipient
    facts: Mapping[str, str]
    dedupe_key: str
    put_at: datetime
    attempts: int
    failure: str | None


def put(db: Database, alerts: Sequence[Alert], *, now: datetime) -> int:
    """Put alerts in; one whose dedupe key is known already is left out. Return how many are new."""
    return sum(_put(db, alert, now) for alert in alerts)


def _put(db: Database, alert: Alert, now: datetime) -> int:
    recipient = alert.recipient
    return db.execute(
        """INSERT OR IGNORE INTO outbox (kind, person_id, role, district, department, window,
               facts, dedupe_key, put_at, not_before_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            alert.kind,
            recipient.person_id,
            recipient.role,
            recipient.scope.district,
            recipient.scope.department,
            recipient.scope.window,
            json.dumps(dict(alert.facts), ensure_ascii=False, separators=(",", ":")),
            alert.dedupe_key,
            now.isoformat(),
            alert.not_before_at.isoformat() if alert.not_before_at else None,
        ],
    ).rowcount


def restate(db: Database, dedupe_key: str, facts: Mapping[str, str]) -> bool:
    """Give a row that nobody began to send other facts; tell whether there was one."""
    return (
        db.execute(
            """UPDATE outbox SET facts = ? WHERE dedupe_key = ? AND attempts = 0
                   AND sent_at IS NULL AND failed_at IS NULL""",
            [json.dumps(dict(facts), ensure_ascii=False, separators=(",", ":")), dedupe_key],
        ).rowcount
        == 1
    )


def claim(db: Database, *, now: datetime, lease_seconds: float, limit: int) -> tuple[Waiting, ...]:
    """Take the rows that are due, oldest first, and keep others off them for the lease."""
    until = now + timedelta(seconds=lease_seconds)
    rows = db.execute(
        f"""UPDATE outbox SET claimed_until_at = ?, attempts = attempts + 1, sending_at = NULL
           WHERE id IN (
               SELECT id FROM outbox INDEXED BY outbox_unsent
               WHERE sent_at IS NULL AND failed_at IS NULL
                 AND (not_before_at IS NULL OR not_before_at <= ?)
                 AND (next_try_at IS NULL OR next_try_at <= ?)
                 AND (claimed_until_at IS NULL OR claimed_until_at <= ?)
               ORDER BY id LIMIT ?)
           RETURNING {_CLAIMED}""",
        [until.isoformat(), *[now.isoformat()] * 3, limit],
    ).fetchall()
    return tuple(sorted((_waiting(row) for row in rows), key=lambda waiting: waiting.id))


def claim_by_key(
    db: Database, dedupe_key: str, *, now: datetime, lease_seconds: float
) -> tuple[Waiting, ...]:
    """Take one row that was just put in; none where it had been put in, or taken, before."""
    until = now + timedelta(seconds=lease_seconds)
    rows = db.execute(
        f"""UPDATE outbox SET claimed_until_at = ?, attempts = attempts + 1, sending_at = NULL
           WHERE dedupe_key = ? AND sent_at IS NULL AND failed_at IS NULL
             AND claimed_until_at IS NULL AND next_try_at IS NULL
           RETURNING {_CLAIMED}""",
        [until.isoformat(), dedupe_key],
    ).fetchall()
    return tuple(_waiting(row) for row in rows)


_CLAIMED = """id, kind, person_id, role, district, department, window, facts, dedupe_key, put_at,
    attempts, failure"""


def _waiting(row: Any) -> Waiting:
    (
        row_id,
        kind,
        person_id,
        role,
        district,
        department,
        window,
        facts,
        dedupe_key,
        put_at,
        attempts,
        failure,
    ) = row
    scope = Scope(district, department, window)
    return Waiting(
        id=row_id,
        kind=kind,
        recipient=Recipient(person_id, Role(role) if role else None, scope),
        facts=json.loads(facts),
        dedupe_key=dedupe_key,
        put_at=datetime.fromisoformat(put_at),
        attempts=attempts,
        failure=failure,
    )


def change_fact(db: Database, dedupe_key: str, name: str, value: str) -> None:
    """Bring a fact of a message that still waits up to date."""
    db.execute(
        """UPDATE outbox SET facts = json_set(facts, '$.' || ?, ?)
           WHERE dedupe_key = ? AND sent_at IS NULL""",
        [name, value, dedupe_key],
    )


def begin_sending(db: Database, row_id: int, *, now: datetime) -> None:
    """Note that a claimed row goes out now: from here on a death leaves its outcome unknown."""
    db.execute("UPDATE outbox SET sending_at = ? WHERE id = ?", [now.isoformat(), row_id])


def mark_sent(db: Database, row_id: int, *, now: datetime, sent_as: str) -> None:
    """Record that the message was accepted, and under which name its channel knows it."""
    db.execute(
        """UPDATE outbox SET sent_at = ?, sent_as = ?, claimed_until_at = NULL, next_try_at = NULL
           WHERE id = ?""",
        [now.isoformat(), sent_as, row_id],
    )


def retry_later(db: Database, row_id: int, *, now: datetime, seconds: float, reason: str) -> None:
    """Give a row back, to be tried again after some seconds.

    A reason `unknown` is kept over later ones: it is what bounds the repeats.
    """
    db.execute(
        """UPDATE outbox SET claimed_until_at = NULL, next_try_at = ?,
               failure = CASE WHEN failure = ? THEN failure ELSE ? END
           WHERE id = ?""",
        [(now + timedelta(seconds=seconds)).isoformat(), UNKNOWN, reason, row_id],
    )


def put_back(db: Database, row_id: int) -> None:
    """Give a row back untried, as when the program stops."""
    db.execute(
        "UPDATE outbox SET claimed_until_at = NULL, attempts = attempts - 1 WHERE id = ?",
        [row_id],
    )


def mark_failed(db: Database, row_id: int, *, now: datetime, reason: str) -> None:
    """Give a row up for good; staff can see it and why."""
    db.execute(
        """UPDATE outbox SET failed_at = ?, failure = ?, claimed_until_at = NULL,
               next_try_at = NULL
           WHERE id = ?""",
        [now.isoformat(), reason, row_id],
    )


def release_expired(db: Database, *, now: datetime, ending_by: datetime) -> int:
    """Free the rows whose lease ends by an instant; return how many have an unknown outcome.

    One that was on its way is repeated, and after a few deaths given up; one that waited its turn
    was not tried at all. At the program's start `ending_by` lies a lease ahead, since every claim
    is then a dead process's.
    """
    db.execute(
        """UPDATE outbox SET claimed_until_at = NULL, attempts = attempts - 1
           WHERE sent_at IS NULL AND failed_at IS NULL AND claimed_until_at <= ?
             AND sending_at IS NULL""",
        [ending_by.isoformat()],
    )
    db.execute(
        """UPDATE outbox SET failed_at = ?, failure = ?, claimed_until_at = NULL
           WHERE sent_at IS NULL AND failed_at IS NULL AND claimed_until_at <= ?
             AND attempts >= ?""",
        [now.isoformat(), UNKNOWN, ending_by.isoformat(), MOST_DEATHS],
    )
    return db.execute(
        """UPDATE outbox SET claimed_until_at = NULL, failure = ?
           WHERE sent_at IS NULL AND failed_at IS NULL AND claimed_until_at <= ?""",
        [UNKNOWN, ending_by.isoformat()],
    ).rowcount


def oldest_waiting_at(db: Database, *, now: datetime) -> datetime | None:
    """Return since when the longest-waiting row could have been told, for the health check."""
    row = db.execute(
        """SELECT min(coalesce(not_before_at, put_at)) FROM outbox
           WHERE sent_at IS NULL AND failed_at IS NULL
             AND (not_before_at IS NULL OR not_before_at <= ?)""",
        [now.isoformat()],
    ).fetchone()
    return datetime.fromisoformat(row[0]) if row[0] else None


def waiting_count(db: Database) -> int:
    """Return how many rows are neither sent nor given up."""
    query = "SELECT count(*) FROM outbox WHERE sent_at IS NULL AND failed_at IS NULL"
    return int(db.execute(query).fetchone()[0])
