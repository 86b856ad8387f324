"""Messages to the people behind the assistant: 留言, and corrections of an entry."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlite_utils import Database

from bot.dialogue import Person, Place, Refusal, Scope

TAIL_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


class EnquiryKind(StrEnum):
    """Whether somebody asks for a person, or says that an entry is wrong."""

    MESSAGE = "message"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True)
class Enquiry:
    """What somebody left for a person to answer."""

    id: int
    number: str
    person_id: int
    kind: EnquiryKind
    entry_id: str | None
    text: str
    place: Place
    made_at: datetime
    due_on: date
    answer: str | None
    answered_at: datetime | None


_COLUMNS = """id, number, person_id, kind, entry_id, text, district, hall, window, made_at, due_on,
              answer, answered_at"""


def leave_enquiry(
    db: Database,
    person: Person,
    kind: EnquiryKind,
    text: str,
    *,
    entry_id: str | None,
    place: Place,
    due_on: date,
    now: datetime,
) -> Enquiry:
    """Keep what somebody wrote, already masked, under a number."""
    tail = "".join(secrets.choice(TAIL_ALPHABET) for _ in range(6))
    number = f"L{now:%Y%m%d}{tail}"
    db.execute(
        """INSERT INTO enquiries (number, person_id, kind, entry_id, text, district, hall, window,
               made_at, due_on) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            number,
            person.id,
            kind,
            entry_id,
            text,
            place.district,
            place.hall,
            place.window,
            now.isoformat(),
            due_on.isoformat(),
        ],
    )
    return _required(enquiry_by_number(db, number))


def latest_text(db: Database, person: Person, kind: EnquiryKind, entry_id: str) -> str | None:
    """Return what a person last left of a kind about an entry."""
    row = db.execute(
        """SELECT text FROM enquiries WHERE person_id = ? AND kind = ? AND entry_id = ?
           ORDER BY id DESC LIMIT 1""",
        [person.id, kind, entry_id],
    ).fetchone()
    return row[0] if row else None


def enquiry_left_since(db: Database, person: Person, text: str, since: datetime) -> Enquiry | None:
    """Return the message a person has left in these very words since an instant."""
    row = db.execute(
        f"""SELECT {_COLUMNS} FROM enquiries
            WHERE person_id = ? AND kind = 'message' AND text = ? AND made_at >= ?""",
        [person.id, text, since.isoformat()],
    ).fetchone()
    return _enquiry(row) if row else None


def enquiry_by_number(db: Database, number: str) -> Enquiry | None:
    """Return the enquiry with this number."""
    row = db.execute(
        f"SELECT {_COLUMNS} FROM enquiries WHERE number = ?", [number.strip().upper()]
    ).fetchone()
    return _enquiry(row) if row else None


def _required(enquiry: Enquiry | None) -> Enquiry:
    if enquiry is None:
        raise Refusal("enquiry_unknown")
    return enquiry


def _enquiry(row: Any) -> Enquiry:
    return Enquiry(
        id=row[0],
        number=row[1],
        person_id=row[2],
        kind=EnquiryKind(row[3]),
        entry_id=row[4],
        text=row[5],
        place=Place(row[6], row[7], row[8]),
        made_at=datetime.fromisoformat(row[9]),
        due_on=date.fromisoformat(row[10]),
        answer=row[11],
        answered_at=datetime.fromisoformat(row[12]) if row[12] else None,
    )


def open_enquiries(
    db: Database, scope: Scope, *kinds: EnquiryKind, entries_of_department: Sequence[str] = ()
) -> tuple[Enquiry, ...]:
    """Return what waits for an answer within a scope, oldest first.

    A scope with a department reads what is about the entries that department owns, handed in.
    """
    marks = ", ".join("?" for _ in kinds)
    rows = db.execute(
        f"""SELECT {_COLUMNS} FROM enquiries
            WHERE answered_at IS NULL AND kind IN ({marks})
              AND (? IS NULL OR district = ?) AND (? IS NULL OR window = ?)
            ORDER BY made_at""",
        [*kinds, scope.district, scope.district, scope.window, scope.window],
    ).fetchall()
    found = map(_enquiry, rows)
    return tuple(one for one in found if _is_within(one, scope, entries_of_department))


def enquiry_within(
    db: Database, scope: Scope, number: str, *, entries_of_department: Sequence[str] = ()
) -> Enquiry:
    """Return an enquiry of this scope; raise Refusal `enquiry_unknown` otherwise."""
    enquiry = _required(enquiry_by_number(db, number))
    if not _is_within(enquiry, scope, entries_of_department):
        raise Refusal("enquiry_unknown")
    return enquiry


def _is_within(enquiry: Enquiry, scope: Scope, entries_of_department: Sequence[str]) -> bool:
    place = Scope(enquiry.place.district, None, enquiry.place.window)
    if not Scope(scope.district, None, scope.window).covers(place):
        return False
    return scope.department is None or enquiry.entry_id in entries_of_department


def answer_enquiry(
    db: Database, enquiry: Enquiry, answer: str, *, answered_by: Person, now: datetime
) -> Enquiry:
    """Record the answer; raise Refusal `already_answered` if there is one."""
    changed = db.execute(
        """UPDATE enquiries SET answer = ?, answered_by = ?, answered_at = ?
           WHERE id = ? AND answered_at IS NULL""",
        [answer, answered_by.id, now.isoformat(), enquiry.id],
    ).rowcount
    if not changed:
        raise Refusal("already_answered")
    return _required(enquiry_by_number(db, enquiry.number))
