"""The three things remembered of a conversation: text awaited, entry last discussed, place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlite_utils import Database

from bot.dialogue import Place

AWAIT_MINUTES = 10
NOWHERE = Place()


class Awaited(StrEnum):
    """What a free text would be taken for."""

    MESSAGE = "message"
    CORRECTION = "correction"
    WORDS = "words"
    ADDENDUM = "addendum"
    ANSWER = "answer"
    SLIP_NUMBER = "slip_number"
    CERTIFICATE_TAIL = "certificate_tail"
    CERTIFICATE_NUMBER = "certificate_number"
    PHONE = "phone"
    RECTIFICATION = "rectification"
    REPLY_TO_STAFF = "reply_to_staff"
    LOOKUP_REASON = "lookup_reason"
    GAP_ENTRY = "gap_entry"
    GAP_ALIAS = "gap_alias"
    PAUSE_REASON = "pause_reason"
    SUSPENSION_DOCUMENT = "suspension_document"
    EXTENSION = "extension"
    DECLINE_REASON = "decline_reason"
    LEAVE = "leave"
    CASE_NUMBER = "case_number"


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is remembered of one person's conversation."""

    entry_id: str | None = None
    answers: Mapping[str, str] | None = None
    place: Place = NOWHERE
    misses: int = 0
    told_privacy: bool = False
    awaiting: Awaited | None = None
    awaiting_subject: str | None = None


def conversation_of(db: Database, person_id: int, *, now: datetime) -> Conversation:
    """Return what is remembered; an awaited text is forgotten after ten minutes."""
    row = db.execute(
        """SELECT entry_id, answers, district, hall, window, misses, told_privacy_at,
                  awaiting, awaiting_subject, awaiting_until
           FROM conversations WHERE person_id = ?""",
        [person_id],
    ).fetchone()
    if row is None:
        return Conversation()
    entry_id, answers, district, hall, window, misses, told, awaiting, subject, until = row
    live = awaiting is not None and now <= datetime.fromisoformat(until)
    return Conversation(
        entry_id=entry_id,
        answers=json.loads(answers),
        place=Place(district, hall, window),
        misses=misses,
        told_privacy=told is not None,
        awaiting=Awaited(awaiting) if live else None,
        awaiting_subject=subject if live else None,
    )


def _ensure(db: Database, person_id: int) -> None:
    db.execute("INSERT OR IGNORE INTO conversations (person_id) VALUES (?)", [person_id])


def remember_entry(db: Database, person_id: int, entry_id: str, answers: Mapping[str, str]) -> None:
    """Remember the entry last discussed with its answers; a hit ends a run of misses."""
    _ensure(db, person_id)
    db.execute(
        "UPDATE conversations SET entry_id = ?, answers = ?, misses = 0 WHERE person_id = ?",
        [entry_id, json.dumps(dict(answers)), person_id],
    )


def remember_place(db: Database, person_id: int, place: Place) -> None:
    """Remember where the person is."""
    _ensure(db, person_id)
    db.execute(
        "UPDATE conversations SET district = ?, hall = ?, window = ? WHERE person_id = ?",
        [place.district, place.hall, place.window, person_id],
    )


def count_miss(db: Database, person_id: int) -> int:
    """Count a question that found nothing; return how many came in a row."""
    _ensure(db, person_id)
    db.execute("UPDATE conversations SET misses = misses + 1 WHERE person_id = ?", [person_id])
    row = db.execute("SELECT misses FROM conversations WHERE person_id = ?", [person_id]).fetchone()
    return int(row[0])


def reset_misses(db: Database, person_id: int) -> None:
    """End a run of misses."""
    db.execute("UPDATE conversations SET misses = 0 WHERE person_id = ?", [person_id])


def remember_privacy_told(db: Database, person_id: int, *, now: datetime) -> None:
    """Remember that the line on personal data was shown."""
    _ensure(db, person_id)
    db.execute(
        "UPDATE conversations SET told_privacy_at = ? WHERE person_id = ?",
        [now.isoformat(), person_id],
    )


def await_text(
    db: Database, person_id: int, awaiting: Awaited, subject: str, *, now: datetime
) -> None:
    """Take the next free text within ten minutes for what the button asked for."""
    _ensure(db, person_id)
    until = now + timedelta(minutes=AWAIT_MINUTES)
    db.execute(
        """UPDATE conversations SET awaiting = ?, awaiting_subject = ?, awaiting_until = ?
           WHERE person_id = ?""",
        [awaiting, subject, until.isoformat(), person_id],
    )


def stop_awaiting(db: Database, person_id: int) -> None:
    """Take the next free text for a question again."""
    db.execute(
        """UPDATE conversations SET awaiting = NULL, awaiting_subject = NULL,
                  awaiting_until = NULL WHERE person_id = ?""",
        [person_id],
    )


def forget_conversation(db: Database, person_id: int) -> None:
    """Forget everything remembered of a conversation."""
    db.execute("DELETE FROM conversations WHERE person_id = ?", [person_id])
