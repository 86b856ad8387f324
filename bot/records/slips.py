"""Slips (告知单): a numbered list as it was told, with the exact version of the entry."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from bot.dialogue import Person, Place
from knowledge.model import ServicePackage

TAIL_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
TAIL_LENGTH = 6


@dataclass(frozen=True, slots=True)
class Slip:
    """What was told to somebody: entry, answers, place, and the versions it rests on."""

    id: int
    number: str
    made_at: datetime
    entry_id: str
    answers: Mapping[str, str]
    place: Place
    by_staff: bool
    entry_hash: str
    knowledge_version: str


def keep_version(db: Database, entry: ServicePackage, *, now: datetime) -> str:
    """Keep this version of an entry by its hash, so that it can be shown later."""
    known = db.execute(
        "SELECT 1 FROM knowledge_versions WHERE hash = ?", [entry.content_hash]
    ).fetchone()
    if not known:
        db.execute(
            """INSERT INTO knowledge_versions (hash, entry_id, content, first_used_at)
               VALUES (?, ?, ?, ?)""",
            [entry.content_hash, entry.id, entry.model_dump_json(), now.isoformat()],
        )
    return entry.content_hash


def kept_version(db: Database, entry_hash: str) -> ServicePackage:
    """Return an entry as it was when a slip was made."""
    row = db.execute(
        "SELECT content FROM knowledge_versions WHERE hash = ?", [entry_hash]
    ).fetchone()
    return ServicePackage.model_validate_json(row[0])


def make_slip(
    db: Database,
    person: Person,
    entry: ServicePackage,
    answers: Mapping[str, str],
    *,
    place: Place,
    knowledge_version: str,
    now: datetime,
) -> Slip:
    """Make a slip, or return the one this person made of the same list today."""
    entry_hash = keep_version(db, entry, now=now)
    packed = json.dumps(dict(answers), sort_keys=True)
    row = db.execute(
        f"""SELECT {_COLUMNS} FROM slips WHERE made_by = ? AND entry_hash = ? AND answers = ?
            AND district IS ? AND window IS ? AND substr(made_at, 1, 10) = ?""",
        [person.id, entry_hash, packed, place.district, place.window, now.date().isoformat()],
    ).fetchone()
    if row:
        return _slip(row)
    number = f"{now:%Y%m%d}-" + "".join(secrets.choice(TAIL_ALPHABET) for _ in range(TAIL_LENGTH))
    db.execute(
        """INSERT INTO slips (number, made_by, made_at, entry_id, answers, district, hall, window,
               by_staff, entry_hash, knowledge_version)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            number,
            person.id,
            now.isoformat(),
            entry.id,
            packed,
            place.district,
            place.hall,
            place.window,
            int(person.is_staff),
            entry_hash,
            knowledge_version,
        ],
    )
    slip = slip_by_number(db, number)
    assert slip is not None
    return slip


_COLUMNS = """id, number, made_at, entry_id, answers, district, hall, window, by_staff,
              entry_hash, knowledge_version"""


def slip_by_number(db: Database, number: str) -> Slip | None:
    """Return the slip with this number, written with or without its dash, in any case."""
    folded = number.strip().upper().replace(" ", "").replace("-", "")
    row = db.execute(
        f"SELECT {_COLUMNS} FROM slips WHERE number = ?", [f"{folded[:8]}-{folded[8:]}"]
    ).fetchone()
    return _slip(row) if row else None


def _slip(row: Any) -> Slip:
    return Slip(
        id=row[0],
        number=row[1],
        made_at=datetime.fromisoformat(row[2]),
        entry_id=row[3],
        answers=json.loads(row[4]),
        place=Place(row[5], row[6], row[7]),
        by_staff=bool(row[8]),
        entry_hash=row[9],
        knowledge_version=row[10],
    )


def is_open(slip: Slip, *, now: datetime, days: int) -> bool:
    """Tell whether a slip may still be seen without login."""
    return now - slip.made_at <= timedelta(days=days)
