"""What was said, masked, for the page's history and the person behind 转人工; and receipts.

A receipt names an event that had its effect. Its reply is kept until the channel has it, so
that a redelivery repeats no effect, only an unsent reply.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from bot.dialogue import Channel


@dataclass(frozen=True, slots=True)
class Message:
    """One thing said: `reply` is the packed reply of an outgoing one while it is kept."""

    id: int
    at: datetime
    direction: str
    text: str | None
    reply: str | None


def record_in(db: Database, person_id: int, channel: Channel, text: str, *, now: datetime) -> int:
    """Record what the person said, already masked; return its id."""
    return _record(db, [person_id, now.isoformat(), "in", channel, text, None])


def record_out(
    db: Database,
    person_id: int,
    channel: Channel,
    text: str,
    reply: str | None,
    *,
    now: datetime,
    replaces: int | None = None,
) -> int:
    """Record what the person was told, in place of the message it replaces; return its id."""
    if replaces is not None:
        changed = db.execute(
            """UPDATE messages SET text = ?, reply = ?
               WHERE id = ? AND person_id = ? AND direction = 'out'""",
            [text, reply, replaces, person_id],
        ).rowcount
        if changed:
            return replaces
    return _record(db, [person_id, now.isoformat(), "out", channel, text, reply])


def _record(db: Database, row: list[Any]) -> int:
    cursor = db.execute(
        """INSERT INTO messages (person_id, at, direction, channel, text, reply)
           VALUES (?, ?, ?, ?, ?, ?)""",
        row,
    )
    return int(cursor.lastrowid or 0)


def messages_of(
    db: Database, person_id: int, *, after: int = 0, limit: int = 60
) -> tuple[Message, ...]:
    """Return the person's last messages after an id, oldest first."""
    rows = db.execute(
        """SELECT id, at, direction, text, reply FROM messages
           WHERE person_id = ? AND id > ? ORDER BY id DESC LIMIT ?""",
        [person_id, after, limit],
    ).fetchall()
    return tuple(_message(row) for row in reversed(rows))


def _message(row: Any) -> Message:
    message_id, at, direction, text, reply = row
    return Message(message_id, datetime.fromisoformat(at), direction, text, reply)


def forget_messages(db: Database, person_id: int) -> int:
    """Delete everything a person said and was told; return how many messages."""
    count = db.execute("SELECT count(*) FROM messages WHERE person_id = ?", [person_id]).fetchone()[
        0
    ]
    db.execute("DELETE FROM messages WHERE person_id = ?", [person_id])
    db.execute("DELETE FROM receipts WHERE person_id = ?", [person_id])
    return int(count)


@dataclass(frozen=True, slots=True)
class Receipt:
    """An event that had its effect: what is still to be sent for it, if anything."""

    reply: str | None
    settled: bool


def receipt_for(db: Database, key: str) -> Receipt | None:
    """Return the receipt of an event, if it had its effect already."""
    row = db.execute("SELECT reply, settled_at FROM receipts WHERE key = ?", [key]).fetchone()
    return Receipt(row[0], row[1] is not None) if row else None


def put_receipt(db: Database, key: str, person_id: int, reply: str, *, now: datetime) -> None:
    """Record, in the transaction of its effect, that an event had it."""
    db.execute(
        "INSERT INTO receipts (key, person_id, at, reply) VALUES (?, ?, ?, ?)",
        [key, person_id, now.isoformat(), reply],
    )


def settle_receipt(db: Database, key: str, *, now: datetime) -> None:
    """Record that the reply was accepted by the channel or put in the outbox."""
    db.execute(
        "UPDATE receipts SET settled_at = ?, reply = NULL WHERE key = ?", [now.isoformat(), key]
    )
