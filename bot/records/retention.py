"""Keeping personal data no longer than said, and deleting them when asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from bot.dialogue import Person
from bot.records.contacts import forget_contacts
from bot.records.conversations import forget_conversation
from bot.records.messages import forget_messages
from bot.records.people import forget_person
from reminders import rectifications

REPLY_DAYS = 2


@dataclass(frozen=True, slots=True)
class Dropped:
    """What a retention run deleted."""

    messages: int
    receipts: int
    replies: int
    words: int


def drop_old(db: Database, *, now: datetime, chat_days: int, contact_days: int = 90) -> Dropped:
    """Delete conversation text past its term; rendered replies go after two days.

    Counts, levels and answers without words stay: they name nobody.
    """
    before = (now - timedelta(days=chat_days)).isoformat()
    recent = (now - timedelta(days=REPLY_DAYS)).isoformat()
    replies = db.execute(
        "UPDATE messages SET reply = NULL WHERE reply IS NOT NULL AND at < ?", [recent]
    ).rowcount
    messages = db.execute("DELETE FROM messages WHERE at < ?", [before]).rowcount
    receipts = db.execute(
        "DELETE FROM receipts WHERE settled_at IS NOT NULL AND at < ?", [recent]
    ).rowcount
    words = db.execute(
        """UPDATE ratings SET words = NULL, addendum = NULL
           WHERE rated_at < ? AND (words IS NOT NULL OR addendum IS NOT NULL)""",
        [before],
    ).rowcount
    db.execute("DELETE FROM gaps WHERE at < ?", [before])
    rectifications.forget_words(db, before=now - timedelta(days=chat_days))
    closed = rectifications.closed_before(db, now - timedelta(days=contact_days))
    forget_contacts(db, list(closed))
    return Dropped(messages, receipts, replies, words)


def erase_person(db: Database, person: Person, *, now: datetime) -> int:
    """Delete what a person said and the tie to them; return how many messages went.

    Kept without a name: that an interaction took place and how it was rated, for the counts;
    a 留言 that still waits for its answer is emptied.
    """
    count = forget_messages(db, person.id)
    forget_conversation(db, person.id)
    db.execute("DELETE FROM gaps WHERE person_id = ?", [person.id])
    db.execute(
        """UPDATE ratings SET words = NULL, addendum = NULL WHERE interaction_id IN
           (SELECT id FROM interactions WHERE person_id = ?)""",
        [person.id],
    )
    rated = db.execute(
        """SELECT r.id FROM ratings r JOIN interactions i ON i.id = r.interaction_id
           WHERE i.person_id = ?""",
        [person.id],
    ).fetchall()
    forget_contacts(db, [row[0] for row in rated])
    for (rating_id,) in rated:
        rectifications.become_anonymous(db, rating_id)
    db.execute(
        "UPDATE enquiries SET text = '（已按本人要求删除）', answer = NULL WHERE person_id = ?",
        [person.id],
    )
    forget_person(db, person, now=now)
    return count
