"""People, where they can be reached, and the one-time codes that give them a role."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Sequence
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
    staff_number: str | None = None
    for_person_id: int | None = None


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
    for_person_id: int | None = None,
) -> BindingCode:
    """Make a code that works once, for seven days; only its hash is kept.

    With `staff_number` (工号) it also says whom on the roster its user is, with `for_person_id`
    which account of ours.
    """
    code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
    expires_at = now + timedelta(days=CODE_DAYS)
    db.execute(
        """INSERT INTO binding_codes
           (code_hash, role, district, department, window, name, made_by, made_at, expires_at,
            staff_number, for_person_id)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
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
            for_person_id,
        ],
    )
    return BindingCode(code, role, scope, name, expires_at, staff_number, for_person_id)


def _code_hash(code: str) -> str:
    return hashlib.sha256(code.strip().upper().encode()).hexdigest()


def read_code(db: Database, person: Person, code: str, *, now: datetime) -> BindingCode | None:
    """Return what a code gives; None where this person has used it already.

    Raises Refusal with `code_unknown`, `code_used` or `code_expired`.
    """
    row = db.execute(
        """SELECT role, district, department, window, name, expires_at, staff_number,
                  for_person_id, used_by
           FROM binding_codes WHERE code_hash = ?""",
        [_code_hash(code)],
    ).fetchone()
    if row is None:
        raise Refusal("code_unknown")
    role, district, department, window, name, expires, number, for_person_id, used_by = row
    if used_by == person.id:
        return None
    if used_by is not None:
        raise Refusal("code_used")
    expires_at = datetime.fromisoformat(expires)
    if expires_at < now:
        raise Refusal("code_expired")
    scope = Scope(district, department, window)
    return BindingCode(code, Role(role), scope, name, expires_at, number, for_person_id)


def bind(
    db: Database, person: Person, code: BindingCode, known: Sequence[Person], *, now: datetime
) -> Person:
    """Give a code's role, and return who now holds it.

    `known` are the accounts the same member of the staff has had. One that is reached by other
    channels than this person only is theirs still: this address joins it. Any other loses its
    role: rebinding revokes the old account.
    """
    others = [one for one in known if one.id != person.id]
    channels = _channels(db, person.id)
    kept = next((one for one in others if _joins(db, one, code, channels)), None)
    for other in others:
        if other is not kept:
            revoke_role(db, other)
    holder = kept or person
    if kept is not None:
        _join(db, person, kept)
    db.execute(
        "UPDATE people SET role = ?, district = ?, department = ?, window = ?, name = ? "
        "WHERE id = ?",
        [
            code.role,
            code.scope.district,
            code.scope.department,
            code.scope.window,
            code.name,
            holder.id,
        ],
    )
    for channel in channels:
        db.execute(
            "UPDATE addresses SET bound_at = ? WHERE person_id = ? AND channel = ?",
            [now.isoformat(), holder.id, channel],
        )
    db.execute(
        "UPDATE binding_codes SET used_by = ?, used_at = ? WHERE code_hash = ?",
        [holder.id, now.isoformat(), _code_hash(code.code)],
    )
    return person_by_id(db, holder.id)


def _channels(db: Database, person_id: int) -> frozenset[Channel]:
    rows = db.execute(
        "SELECT DISTINCT channel FROM addresses WHERE person_id = ?", [person_id]
    ).fetchall()
    return frozenset(Channel(row[0]) for row in rows)


def _joins(db: Database, known: Person, code: BindingCode, channels: frozenset[Channel]) -> bool:
    """Tell whether an address on some channels is one more way to the same person.

    A code made for an account always says so; a name alone does not reach across districts.
    """
    if code.for_person_id is not None:
        return known.id == code.for_person_id
    if _channels(db, known.id) & channels:
        return False
    near = None in (known.scope.district, code.scope.district) or (
        known.scope.district == code.scope.district
    )
    return near or code.staff_number is not None


def _join(db: Database, person: Person, kept: Person) -> None:
    db.execute("UPDATE addresses SET person_id = ? WHERE person_id = ?", [kept.id, person.id])
    revoke_role(db, person)
    db.execute("UPDATE people SET joined_id = ? WHERE id = ?", [kept.id, person.id])


def joined_id(db: Database, person_id: int) -> int:
    """Return who somebody turned out to be: an account their address joined, else themselves."""
    row = db.execute("SELECT joined_id FROM people WHERE id = ?", [person_id]).fetchone()
    return int(row[0]) if row and row[0] is not None else person_id


def revoke_role(db: Database, person: Person) -> None:
    """Make somebody a citizen again; they lose their role, not what they did."""
    db.execute(
        """UPDATE people SET role = 'citizen', district = NULL, department = NULL, window = NULL
           WHERE id = ?""",
        [person.id],
    )


def leave_channel(db: Database, person: Person, channel: Channel) -> bool:
    """End a member of the staff's sessions on a channel; tell whether another is left to them.

    Without another the role ends as well: nobody could be told anything.
    """
    rest = _channels(db, person.id) - {channel}
    if not rest:
        revoke_role(db, person)
    if rest or channel is Channel.WEB:
        db.execute(
            "DELETE FROM addresses WHERE person_id = ? AND channel = ?", [person.id, channel]
        )
    return bool(rest)


def leave_address(db: Database, person: Person, address: Address) -> None:
    """End one session of a member of the staff; with the last address the role ends as well."""
    db.execute(
        "DELETE FROM addresses WHERE channel = ? AND address = ?",
        [address.channel, address.address],
    )
    if not _channels(db, person.id):
        revoke_role(db, person)


def session_used_at(db: Database, address: Address) -> datetime | None:
    """Return when a staff member's session was bound or, to the day, last used."""
    row = db.execute(
        "SELECT bound_at FROM addresses WHERE channel = ? AND address = ?",
        [address.channel, address.address],
    ).fetchone()
    return None if row is None or row[0] is None else datetime.fromisoformat(row[0])


def renew_session(db: Database, address: Address, *, now: datetime) -> None:
    """Note that a staff member's session is in use."""
    db.execute(
        "UPDATE addresses SET bound_at = ? WHERE channel = ? AND address = ?",
        [now.isoformat(), address.channel, address.address],
    )


@dataclass(frozen=True, slots=True)
class Account:
    """A member of the staff as the office sees them: where they come in, since when."""

    person: Person
    channels: tuple[Channel, ...]
    bound_at: datetime | None


def accounts(db: Database) -> tuple[Account, ...]:
    """Return everybody who holds a role, by id."""
    rows = db.execute(
        """SELECT p.id, p.role, p.district, p.department, p.window, p.name,
                  coalesce(json_group_array(DISTINCT a.channel)
                      FILTER (WHERE a.channel IS NOT NULL), '[]'), max(a.bound_at)
           FROM people p LEFT JOIN addresses a ON a.person_id = p.id
           WHERE p.role <> 'citizen' GROUP BY p.id ORDER BY p.id"""
    ).fetchall()
    return tuple(
        Account(
            _person(row[:6]),
            tuple(sorted(Channel(channel) for channel in json.loads(row[6]))),
            datetime.fromisoformat(row[7]) if row[7] else None,
        )
        for row in rows
    )


def take_role_away(db: Database, person: Person, *, now: datetime) -> None:
    """Take a role away for good: sessions on the page end, and codes not used yet are void."""
    revoke_role(db, person)
    db.execute(
        "DELETE FROM addresses WHERE person_id = ? AND channel = ?", [person.id, Channel.WEB]
    )
    db.execute(
        """UPDATE binding_codes SET expires_at = ?
           WHERE used_by IS NULL AND expires_at > ? AND (for_person_id = ? OR name = ?)""",
        [now.isoformat(), now.isoformat(), person.id, person.name],
    )


def set_role(db: Database, person: Person, role: Role, scope: Scope) -> Person:
    """Give a person a role directly: the demonstration's role switch, and tests."""
    db.execute(
        "UPDATE people SET role = ?, district = ?, department = ?, window = ? WHERE id = ?",
        [role, scope.district, scope.department, scope.window, person.id],
    )
    return person_by_id(db, person.id)


def name_person(db: Database, person: Person, name: str) -> Person:
    """Give a person a name directly: the demonstration alone, elsewhere a code brings it."""
    db.execute("UPDATE people SET name = ? WHERE id = ?", [name, person.id])
    return person_by_id(db, person.id)


def forget_person(db: Database, person: Person, *, now: datetime) -> None:
    """Cut the tie between a person's addresses and what they did; the counts stay."""
    db.execute("DELETE FROM addresses WHERE person_id = ?", [person.id])
    db.execute(
        "UPDATE people SET name = NULL, erased_at = ? WHERE id = ?", [now.isoformat(), person.id]
    )
