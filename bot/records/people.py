"""People, where they can be reached, and the one-time codes that give them a role."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from bot.dialogue import Channel, Person, Refusal, Role, Scope

CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH = 8
CODE_DAYS = 7


@dataclass(frozen=True, slots=True)
class Address:
    """Where a person can be reached."""

    channel: Channel
    address: str


@dataclass(frozen=True, slots=True)
class BindingCode:
    """A one-time code (绑定码) that gives its user a role within a scope."""

    code: str
    role: Role
    scope: Scope
    name: str | None
    expires_at: datetime


def person_at(db: Database, address: Address, *, now: datetime) -> Person:
    """Return the person at this address; a new address is a new citizen."""
    person = find_person(db, address)
    if person is not None:
        return person
    cursor = db.execute("INSERT INTO people (created_at) VALUES (?)", [now.isoformat()])
    person_id = int(cursor.lastrowid or 0)
    db.execute(
        "INSERT INTO addresses (channel, address, person_id, first_seen_at) VALUES (?, ?, ?, ?)",
        [address.channel, address.address, person_id, now.isoformat()],
    )
    return Person(person_id)


def find_person(db: Database, address: Address) -> Person | None:
    """Return the person at this address, if it is known."""
    row = db.execute(
        """SELECT p.id, p.role, p.district, p.department, p.window, p.name
           FROM addresses a JOIN people p ON p.id = a.person_id
           WHERE a.channel = ? AND a.address = ?""",
        [address.channel, address.address],
    ).fetchone()
    return _person(row) if row else None


def person_by_id(db: Database, person_id: int) -> Person:
    """Return a person; raise KeyError if there is none with this id."""
    row = db.execute(
        "SELECT id, role, district, department, window, name FROM people WHERE id = ?",
        [person_id],
    ).fetchone()
    if row is None:
        raise KeyError(person_id)
    return _person(row)


def people_by_id(db: Database, person_ids: Iterable[int | None]) -> tuple[Person, ...]:
    """Return those people who are known."""
    rows = db.execute(
        """SELECT id, role, district, department, window, name FROM people
           WHERE id IN (SELECT value FROM json_each(?))""",
        [json.dumps([person_id for person_id in person_ids if person_id is not None])],
    ).fetchall()
    return tuple(_person(row) for row in rows)


def _person(row: Any) -> Person:
    person_id, role, district, department, window, name = row
    return Person(person_id, Role(role), Scope(district, department, window), name)


def addresses_of(db: Database, person_id: int) -> tuple[Address, ...]:
    """Return where a person can be reached now, oldest first."""
    rows = db.execute(
        """SELECT channel, address FROM addresses
           WHERE person_id = ? AND unusable_at IS NULL ORDER BY first_seen_at""",
        [person_id],
    ).fetchall()
    return tuple(Address(Channel(channel), address) for channel, address in rows)


def people_with_role(db: Database, role: Role, scope: Scope) -> tuple[Person, ...]:
    """Return those who hold a role and whose own scope covers the one asked for."""
    rows = db.execute(
        "SELECT id, role, district, department, window, name FROM people WHERE role = ?",
        [role],
    ).fetchall()
    holders = (_person(row) for row in rows)
    return tuple(person for person in holders if person.scope.covers(scope))


def everyone_with_role(db: Database, role: Role) -> tuple[Person, ...]:
    """Return all who hold a role, whatever their scope."""
    rows = db.execute(
        "SELECT id, role, district, department, window, name FROM people WHERE role = ?", [role]
    ).fetchall()
    return tuple(_person(row) for row in rows)


def people_named(db: Database, name: str) -> tuple[Person, ...]:
    """Return the staff of a name; it was given when their code was made."""
    rows = db.execute(
        """SELECT id, role, district, department, window, name FROM people
           WHERE role <> 'citizen' AND name = ?""",
        [name.strip()],
    ).fetchall()
    return tuple(_person(row) for row in rows)


def mark_unusable(db: Database, address: Address, *, now: datetime) -> None:
    """Remember that an address no longer takes messages."""
    db.execute(
        "UPDATE addresses SET unusable_at = ? WHERE channel = ? AND address = ?",
        [now.isoformat(), address.channel, address.address],
    )


def mark_usable(db: Database, address: Address) -> None:
    """Remember that an address takes messages again."""
    db.execute(
        """UPDATE addresses SET unusable_at = NULL
           WHERE channel = ? AND address = ? AND unusable_at IS NOT NULL""",
        [address.channel, address.address],
    )


def move_address(db: Database, old: Address, new: Address) -> None:
    """Give an address its new name (a group that became a supergroup)."""
    db.execute(
        "UPDATE OR REPLACE addresses SET address = ? WHERE channel = ? AND address = ?",
        [new.address, old.channel, old.address],
    )


def make_code(
    db: Database,
    *,
    role: Role,
    scope: Scope,
    name: str | None,
    made_by: int | None,
    now: datetime,
    staff_number: str | None = None,
) -> BindingCode:
    """Make a code that works once, for seven days; only its hash is kept.

    With `staff_number` (工号) it also says whom on the roster its user is.
    """
    code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
    expires_at = now + timedelta(days=CODE_DAYS)
    db.execute(
        """INSERT INTO binding_codes
           (code_hash, role, district, department, window, name, made_by, made_at, expires_at,
            staff_number)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            _code_hash(code),
            role,
            scope.district,
            scope.department,
            scope.window,
            name,
            made_by,
            now.isoformat(),
            expires_at.isoformat(),
            staff_number,
        ],
    )
    return BindingCode(code, role, scope, name, expires_at)


def staff_number_of(db: Database, code: str) -> str | None:
    """Return the 工号 a code was made for, if it was made for one."""
    row = db.execute(
        "SELECT staff_number FROM binding_codes WHERE code_hash = ?", [_code_hash(code)]
    ).fetchone()
    return row[0] if row else None


def _code_hash(code: str) -> str:
    return hashlib.sha256(code.strip().upper().encode()).hexdigest()


def bind(db: Database, person: Person, code: str, *, now: datetime) -> Person:
    """Give the person the code's role and return them with it.

    The same person using the same code again is told so without harm. A name that was bound
    to another account on this channel loses that role there: rebinding revokes the old account.
    Bound on another channel only, it is the same person with one more address, where messages go
    that the first no longer takes. Raises Refusal with `code_unknown`, `code_used` or
    `code_expired`.
    """
    row = db.execute(
        """SELECT id, role, district, department, window, name, expires_at, used_by
           FROM binding_codes WHERE code_hash = ?""",
        [_code_hash(code)],
    ).fetchone()
    if row is None:
        raise Refusal("code_unknown")
    code_id, role, district, department, window, name, expires_at, used_by = row
    if used_by == person.id:
        return person_by_id(db, person.id)
    if used_by is not None:
        raise Refusal("code_used")
    if datetime.fromisoformat(expires_at) < now:
        raise Refusal("code_expired")
    bound = Person(person.id, Role(role), Scope(district, department, window), name)
    namesake_id = _namesake_elsewhere(db, bound) if name else None
    if namesake_id is not None:
        db.execute(
            "UPDATE addresses SET person_id = ? WHERE person_id = ?", [namesake_id, bound.id]
        )
    else:
        if name:
            _revoke_namesakes(db, name, bound.role, bound.scope)
        db.execute(
            "UPDATE people SET role = ?, district = ?, department = ?, window = ?, name = ? "
            "WHERE id = ?",
            [role, district, department, window, name, bound.id],
        )
    bound_id = bound.id if namesake_id is None else namesake_id
    db.execute(
        "UPDATE binding_codes SET used_by = ?, used_at = ? WHERE id = ?",
        [bound_id, now.isoformat(), code_id],
    )
    return person_by_id(db, bound_id)


def _namesake_elsewhere(db: Database, bound: Person) -> int | None:
    """Return who holds the same name, role and scope on other channels only, if it is one."""
    rows = db.execute(
        """SELECT p.id FROM people p WHERE p.name = ? AND p.role = ? AND p.district IS ?
               AND p.department IS ? AND p.window IS ? AND p.id <> ?
               AND EXISTS (SELECT 1 FROM addresses a WHERE a.person_id = p.id)
               AND NOT EXISTS (SELECT 1 FROM addresses a JOIN addresses b USING (channel)
                   WHERE a.person_id = p.id AND b.person_id = ?)""",
        [
            bound.name,
            bound.role,
            bound.scope.district,
            bound.scope.department,
            bound.scope.window,
            bound.id,
            bound.id,
        ],
    ).fetchall()
    return int(rows[0][0]) if len(rows) == 1 else None


def _revoke_namesakes(db: Database, name: str, role: Role, scope: Scope) -> None:
    """Take the role from an older account of the same name, role and scope."""
    db.execute(
        """UPDATE people SET role = 'citizen', district = NULL, department = NULL, window = NULL
           WHERE name = ? AND role = ? AND district IS ? AND department IS ? AND window IS ?""",
        [name, role, scope.district, scope.department, scope.window],
    )


def set_role(db: Database, person: Person, role: Role, scope: Scope) -> Person:
    """Give a person a role directly: the demonstration's role switch, and tests."""
    db.execute(
        "UPDATE people SET role = ?, district = ?, department = ?, window = ? WHERE id = ?",
        [role, scope.district, scope.department, scope.window, person.id],
    )
    return person_by_id(db, person.id)


def forget_person(db: Database, person: Person, *, now: datetime) -> None:
    """Cut the tie between a person's addresses and what they did; the counts stay."""
    db.execute("DELETE FROM addresses WHERE person_id = ?", [person.id])
    db.execute(
        "UPDATE people SET name = NULL, erased_at = ? WHERE id = ?", [now.isoformat(), person.id]
    )
