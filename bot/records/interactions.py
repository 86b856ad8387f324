"""Interactions: one person and one topic, until another topic or half an hour's silence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from bot.dialogue import Channel, Person, Place, Refusal


@dataclass(frozen=True, slots=True)
class Interaction:
    """One service given: who, about what, where, and whether it was answered."""

    id: int
    person_id: int
    entry_id: str
    answers: Mapping[str, str]
    knowledge_version: str
    place: Place
    counted: bool
    began_at: datetime
    last_at: datetime
    answered: bool
    answered_at: datetime | None = None
    entry_hash: str | None = None


_COLUMNS = """id, person_id, entry_id, answers, knowledge_version, district, hall, window,
              counted, began_at, last_at, answered_at, entry_hash"""


def _interaction(row: Any) -> Interaction:
    return Interaction(
        id=row[0],
        person_id=row[1],
        entry_id=row[2],
        answers=json.loads(row[3]),
        knowledge_version=row[4],
        place=Place(row[5], row[6], row[7]),
        counted=bool(row[8]),
        began_at=datetime.fromisoformat(row[9]),
        last_at=datetime.fromisoformat(row[10]),
        answered=row[11] is not None,
        answered_at=datetime.fromisoformat(row[11]) if row[11] else None,
        entry_hash=row[12],
    )


def current_interaction(
    db: Database, person_id: int, entry_id: str, *, now: datetime, silence: timedelta
) -> Interaction | None:
    """Return the running interaction on this topic; another topic or silence has ended it."""
    row = db.execute(
        f"SELECT {_COLUMNS} FROM interactions WHERE person_id = ? ORDER BY last_at DESC, id DESC "
        "LIMIT 1",
        [person_id],
    ).fetchone()
    if row is None:
        return None
    last = _interaction(row)
    running = last.entry_id == entry_id and now - last.last_at <= silence
    return last if running else None


def begin_interaction(
    db: Database,
    person: Person,
    entry_id: str,
    *,
    channel: Channel,
    place: Place,
    knowledge_version: str,
    now: datetime,
    slip_id: int | None = None,
) -> Interaction:
    """Begin an interaction; staff's own are kept but never counted or rated."""
    cursor = db.execute(
        """INSERT INTO interactions (person_id, entry_id, knowledge_version, channel, district,
               hall, window, slip_id, counted, began_at, began_on, last_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            person.id,
            entry_id,
            knowledge_version,
            channel,
            place.district,
            place.hall,
            place.window,
            slip_id,
            0 if person.is_staff else 1,
            now.isoformat(),
            now.date().isoformat(),
            now.isoformat(),
        ],
    )
    return interaction_by_id(db, int(cursor.lastrowid or 0))


def continue_interaction(
    db: Database,
    interaction: Interaction,
    answers: Mapping[str, str],
    *,
    knowledge_version: str,
    now: datetime,
    answered: bool,
    entry_hash: str | None = None,
) -> None:
    """Carry an interaction on; once answered it stays answered, with the version shown last."""
    at = now.isoformat()
    db.execute(
        """UPDATE interactions SET answers = ?, knowledge_version = ?, last_at = ?,
               answered_at = coalesce(answered_at, ?), entry_hash = coalesce(?, entry_hash)
           WHERE id = ?""",
        [
            json.dumps(dict(answers)),
            knowledge_version,
            at,
            at if answered else None,
            entry_hash,
            interaction.id,
        ],
    )


def interaction_by_id(db: Database, interaction_id: int) -> Interaction:
    """Return an interaction; raise Refusal `interaction_unknown` if there is none."""
    row = db.execute(
        f"SELECT {_COLUMNS} FROM interactions WHERE id = ?", [interaction_id]
    ).fetchone()
    if row is None:
        raise Refusal("interaction_unknown")
    return _interaction(row)


def own_interaction(db: Database, person: Person, interaction_id: int) -> Interaction:
    """Return the person's own interaction; somebody else's is as unknown as none."""
    interaction = interaction_by_id(db, interaction_id)
    if interaction.person_id != person.id:
        raise Refusal("interaction_unknown")
    return interaction
