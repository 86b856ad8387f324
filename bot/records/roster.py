"""The roster (花名册): who works where, who is on leave and who stands in, who is bound.

`Roster` answers for a sweep who is meant by handler, lead, department or supervisor of a case
on a day: bound people by id, else the role.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from sqlite_utils import Database

from bot.dialogue import CITY, Person, Recipient, Role, Scope
from bot.records.people import BindingCode, people_by_id, people_named
from reminders.cases import Case
from reminders.overdue import Level

KEY_LENGTH = 10
MOST_DEPUTIES = 3
"""A deputy on leave has a deputy; so many steps are followed."""


@dataclass(frozen=True, slots=True)
class Qualification:
    """Whether somebody holds the qualification 政务服务办事员, at which grade.

    No identity number stands here, and two grades are one holder.
    """

    holds: bool
    grade: str | None = None
    number: str | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody on the roster; `team` is the rotation group (企航组, 民护组).

    `qualification` is None where no roster has said anything of it.
    """

    number: str
    name: str
    role: Role
    scope: Scope = CITY
    unit: str | None = None
    team: str | None = None
    deputy_number: str | None = None
    leave_from_on: date | None = None
    leave_to_on: date | None = None
    person_id: int | None = None
    phone_hash: str | None = None
    qualification: Qualification | None = None

    @property
    def key(self) -> str:
        """Return the member as one ASCII word for a button: a 工号 may hold any characters."""
        return hashlib.sha256(self.number.encode()).hexdigest()[:KEY_LENGTH]

    def is_on_leave(self, on: date) -> bool:
        """Tell whether a day lies in their leave."""
        if self.leave_from_on is None or self.leave_to_on is None:
            return False
        return self.leave_from_on <= on <= self.leave_to_on


class RosterChange(StrEnum):
    """What a roster's row does to our records."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


_COLUMNS = """number, name, unit, district, department, window, role, team, deputy_number,
    leave_from_on, leave_to_on, person_id, qualified, qualification_grade, qualification_number,
    phone_hash"""


def members(db: Database, scope: Scope) -> tuple[Member, ...]:
    """Return the roster within a scope, by number."""
    rows = db.execute(f"SELECT {_COLUMNS} FROM staff ORDER BY number").fetchall()
    return tuple(m for m in map(_member, rows) if scope.covers(m.scope))


def member_by_number(db: Database, number: str) -> Member | None:
    """Return the member with a 工号."""
    row = db.execute(f"SELECT {_COLUMNS} FROM staff WHERE number = ?", [number]).fetchone()
    return _member(row) if row else None


def member_of_person(db: Database, person_id: int) -> Member | None:
    """Return the member a bound person is."""
    row = db.execute(f"SELECT {_COLUMNS} FROM staff WHERE person_id = ?", [person_id]).fetchone()
    return _member(row) if row else None


def _member(row: Any) -> Member:
    return Member(
        number=row[0],
        name=row[1],
        unit=row[2],
        scope=Scope(row[3], row[4], row[5]),
        role=Role(row[6]),
        team=row[7],
        deputy_number=row[8],
        leave_from_on=_day(row[9]),
        leave_to_on=_day(row[10]),
        person_id=row[11],
        qualification=None if row[12] is None else Qualification(bool(row[12]), row[13], row[14]),
        phone_hash=row[15],
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def unbound_members(db: Database, scope: Scope, roles: Collection[Role]) -> tuple[Member, ...]:
    """Return the members of some roles within a scope whom nobody is bound as, by number."""
    return tuple(m for m in members(db, scope) if m.person_id is None and m.role in roles)


def compare_member(db: Database, member: Member) -> RosterChange:
    """Tell what a row of a roster would do, without doing it."""
    known = member_by_number(db, member.number)
    if known is None:
        return RosterChange.ADDED
    return RosterChange.UNCHANGED if _with_known(member, known) == known else RosterChange.UPDATED


def _with_known(member: Member, known: Member) -> Member:
    """Return a row's member with what a roster does not say left as it is known."""
    return replace(
        member,
        person_id=known.person_id,
        leave_from_on=known.leave_from_on,
        leave_to_on=known.leave_to_on,
        phone_hash=member.phone_hash or known.phone_hash,
        qualification=_joined(member.qualification, known.qualification),
    )


def _joined(said: Qualification | None, known: Qualification | None) -> Qualification | None:
    """Return what a row says of the qualification; a bare 是 keeps the grade known before."""
    if said is None or known is None or not (said.holds and known.holds):
        return said or known
    return Qualification(True, said.grade or known.grade, said.number or known.number)


def put_member(db: Database, member: Member) -> RosterChange:
    """Add or bring up to date a member by number; leave and binding stay as they are."""
    change = compare_member(db, member)
    if change is not RosterChange.UNCHANGED:
        known = member_by_number(db, member.number)
        held = _with_known(member, known).qualification if known else member.qualification
        db.execute(
            """INSERT INTO staff (number, name, unit, district, department, window, role, team,
                   deputy_number, qualified, qualification_grade, qualification_number, phone_hash)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
               ON CONFLICT (number) DO UPDATE SET name = excluded.name, unit = excluded.unit,
                   district = excluded.district, department = excluded.department,
                   window = excluded.window, role = excluded.role, team = excluded.team,
                   deputy_number = excluded.deputy_number, qualified = excluded.qualified,
                   qualification_grade = excluded.qualification_grade,
                   qualification_number = excluded.qualification_number,
                   phone_hash = coalesce(excluded.phone_hash, phone_hash)""",
            [
                member.number,
                member.name,
                member.unit,
                member.scope.district,
                member.scope.department,
                member.scope.window,
                member.role,
                member.team,
                member.deputy_number,
                int(held.holds) if held else None,
                held.grade if held else None,
                held.number if held else None,
                member.phone_hash,
            ],
        )
    return change


def is_staff_phone(db: Database, phone_hash: str) -> bool:
    """Tell whether a phone's fingerprint is that of somebody on the roster."""
    query = "SELECT 1 FROM staff WHERE phone_hash = ?"
    return db.execute(query, [phone_hash]).fetchone() is not None


def set_leave(
    db: Database, number: str, from_on: date | None, to_on: date | None, deputy: str | None
) -> None:
    """Note a member's leave and who stands in; None ends it."""
    db.execute(
        """UPDATE staff SET leave_from_on = ?, leave_to_on = ?,
               deputy_number = coalesce(?, deputy_number) WHERE number = ?""",
        [
            from_on.isoformat() if from_on else None,
            to_on.isoformat() if to_on else None,
            deputy,
            number,
        ],
    )


def set_deputy(db: Database, number: str, deputy: str) -> None:
    """Note who stands in for a member."""
    db.execute("UPDATE staff SET deputy_number = ? WHERE number = ?", [deputy, number])


def set_team(db: Database, number: str, team: str) -> None:
    """Note which rotation group a member is in now."""
    db.execute("UPDATE staff SET team = ? WHERE number = ?", [team, number])


def link_person(db: Database, number: str, person_id: int) -> None:
    """Note which bound person a member is; an older account loses the tie."""
    db.execute("UPDATE staff SET person_id = NULL WHERE person_id = ?", [person_id])
    db.execute("UPDATE staff SET person_id = ? WHERE number = ?", [person_id, number])


def link_namesakes(db: Database) -> int:
    """Tie members to people bound under their name, role and district, where that is unique."""
    return db.execute(
        """UPDATE staff SET person_id = (
               SELECT p.id FROM people p WHERE p.name = staff.name AND p.role = staff.role
                   AND p.district IS staff.district)
           WHERE person_id IS NULL
             AND 1 = (SELECT count(*) FROM people p WHERE p.name = staff.name
                 AND p.role = staff.role AND p.district IS staff.district
                 AND p.id NOT IN (SELECT person_id FROM staff WHERE person_id IS NOT NULL))
             AND 1 = (SELECT count(*) FROM staff s WHERE s.name = staff.name
                 AND s.role = staff.role AND s.district IS staff.district)"""
    ).rowcount


def link_bound(db: Database, person: Person, number: str | None) -> bool:
    """Tie the member a code was made for to who used it; else the only one of the same name.

    Called when somebody uses a code: whoever was on the roster before is known from then on, and
    a new account takes the place of an old one.
    """
    if number is not None:
        link_person(db, number, person.id)
        return True
    # Who takes another role or district is no longer the member they were.
    db.execute(
        """UPDATE staff SET person_id = NULL
           WHERE person_id = ? AND (role IS NOT ? OR district IS NOT ?)""",
        [person.id, person.role, person.scope.district],
    )
    numbers = [
        row[0]
        for row in db.execute(
            "SELECT number FROM staff WHERE name = ? AND role = ? AND district IS ?",
            [person.name, person.role, person.scope.district],
        ).fetchall()
    ]
    if len(numbers) != 1:
        return False
    link_person(db, numbers[0], person.id)
    return True


def accounts_of(db: Database, code: BindingCode) -> tuple[Person, ...]:
    """Return the accounts that the member of the staff a code is for has had, the surest first.

    By the account it was made for, by 工号, else by name; of several members of one name only
    the one the code fits.
    """
    if code.for_person_id is not None:
        return _staff_among(people_by_id(db, (code.for_person_id,)))
    if code.name is None:
        return ()
    namesakes = [m for m in members(db, CITY) if m.name == code.name]
    fitting = [m for m in namesakes if _fits(m, code)]
    tied = {m.person_id for m in namesakes if m.person_id is not None}
    own = {m.person_id for m in fitting if m.person_id is not None and len(fitting) == 1}
    # A name the roster knows once, or not at all, is one person's.
    strange = {p.id for p in people_named(db, code.name)} - tied if len(namesakes) < 2 else set()
    found = _staff_among(people_by_id(db, own | strange))
    return tuple(sorted(found, key=lambda one: (one.id not in own, one.id)))


def _fits(member: Member, code: BindingCode) -> bool:
    if code.staff_number is not None:
        return member.number == code.staff_number
    return member.role is code.role and member.scope.district == code.scope.district


def _staff_among(found: Iterable[Person]) -> tuple[Person, ...]:
    return tuple(one for one in found if one.is_staff)


def unlink_person(db: Database, person_id: int) -> None:
    """Note that nobody is bound as the member somebody was."""
    db.execute("UPDATE staff SET person_id = NULL WHERE person_id = ?", [person_id])


def stood_in_for(db: Database, person: Person, on: date) -> tuple[Person, ...]:
    """Return the bound people on leave for whom somebody stands in on a day."""
    member = member_of_person(db, person.id)
    if member is None or member.is_on_leave(on):
        return ()
    found: dict[str, Member] = {}
    numbers = [member.number]
    for _ in range(MOST_DEPUTIES):
        away = [m for m in _deputised_to(db, numbers, on) if m.number not in found]
        found |= {m.number: m for m in away}
        numbers = [m.number for m in away]
    return people_by_id(db, (m.person_id for m in found.values()))


def _deputised_to(db: Database, numbers: Sequence[str], on: date) -> tuple[Member, ...]:
    rows = db.execute(
        f"""SELECT {_COLUMNS} FROM staff WHERE leave_from_on <= ? AND leave_to_on >= ?
                AND deputy_number IN (SELECT value FROM json_each(?))""",
        [on.isoformat(), on.isoformat(), json.dumps(list(numbers))],
    ).fetchall()
    return tuple(map(_member, rows))


def present_instead(db: Database, holders: Sequence[Person], on: date) -> tuple[int, ...]:
    """Return each holder's id, or that of who stands in for them; all where nobody is present."""
    found = [_present_for(db, holder, on) for holder in holders]
    present = tuple(dict.fromkeys(i for i in found if i is not None))
    return present or tuple(holder.id for holder in holders)


def _present_for(db: Database, holder: Person, on: date) -> int | None:
    member = member_of_person(db, holder.id)
    if member is None:
        return holder.id
    for _ in range(MOST_DEPUTIES):
        if member is None or not member.is_on_leave(on):
            break
        member = member_by_number(db, member.deputy_number or "")
    return None if member is None or member.is_on_leave(on) else member.person_id


@dataclass(frozen=True, slots=True)
class Unbound:
    """Handlers named by open cases who cannot be reached here, with how many cases each."""

    name: str
    unit: str | None
    cases: int


class Roster:
    """The roster and the bound people as they are now; read once for a whole sweep."""

    def __init__(self, db: Database) -> None:
        """Read roster and people who can be reached."""
        self._members = {m.number: m for m in members(db, CITY)}
        self._by_name: dict[str, list[Member]] = {}
        for member in self._members.values():
            self._by_name.setdefault(member.name, []).append(member)
        self._people = _reachable(db)
        self._by_id = {person.id: person for person in self._people}
        self._by_person = {m.person_id: m for m in self._members.values() if m.person_id}
        self._holders: dict[tuple[Level, Scope, date], tuple[Recipient, ...]] = {}

    def recipients(self, level: Level, case: Case, on: date) -> tuple[Recipient, ...]:
        """Return who is meant by a level for a case on a day."""
        if level is Level.HANDLER:
            person_id = self.handler(case, on)
            if person_id is not None:
                return (Recipient(person_id),)
            return self._instead(case, on)
        scope = self._placed(case) if level is Level.LEAD else case.scope
        key = (level, scope, on)
        if key not in self._holders:
            self._holders[key] = self._found(level, scope, on)
        return self._holders[key]

    def _placed(self, case: Case) -> Scope:
        """Return a case's scope, at its handler's window where the export names none."""
        member = self.member_of_case(case) if case.scope.window is None else None
        if member is None or member.scope.district != case.scope.district:
            return case.scope
        return replace(case.scope, window=member.scope.window)

    def handler(self, case: Case, on: date) -> int | None:
        """Return the bound person who must act on a case, or who stands in for them.

        Who took it over comes first, else the one with the 工号, else the name where it is
        unique in the unit, else a bound person of that name in the district.
        """
        if case.handler_id is not None:
            member = self._by_person.get(case.handler_id)
            if member is None:
                return case.handler_id if case.handler_id in self._by_id else None
            return self._present(member, on)
        member = self._member_named(case)
        if member is not None:
            return self._present(member, on)
        return self._person_named(case)

    def member_of_case(self, case: Case) -> Member | None:
        """Return the member whose case it is, on leave or not."""
        if case.handler_id is not None:
            return self._by_person.get(case.handler_id)
        return self._member_named(case)

    def _member_named(self, case: Case) -> Member | None:
        if case.handler_number and case.handler_number in self._members:
            return self._members[case.handler_number]
        named = [m for m in self._by_name.get(case.handler_name or "", ()) if _same_unit(m, case)]
        return named[0] if len(named) == 1 else None

    def _person_named(self, case: Case) -> int | None:
        if not case.handler_name or case.handler_name in self._by_name:
            return None
        named = [
            p
            for p in self._people
            if p.name == case.handler_name
            and p.role in (Role.CLERK, Role.LEAD)
            and p.scope.district == case.scope.district
        ]
        return named[0].id if len(named) == 1 else None

    def _present(self, member: Member, on: date) -> int | None:
        """Return the member's person, or their deputy's while they are on leave."""
        present: Member | None = member
        for _ in range(MOST_DEPUTIES):
            if present is None or not present.is_on_leave(on):
                break
            present = self._members.get(present.deputy_number or "")
        if present is None or present.is_on_leave(on):
            return None
        return present.person_id if present.person_id in self._by_id else None

    def _instead(self, case: Case, on: date) -> tuple[Recipient, ...]:
        """Return the lead for a case nobody bound handles, else the district's supervisor."""
        leads = self.recipients(Level.LEAD, case, on)
        if leads and leads[0].person_id is not None:
            return leads
        supervisors = self.recipients(Level.DISTRICT, case, on)
        return supervisors if supervisors and supervisors[0].person_id is not None else leads

    def _found(self, level: Level, scope: Scope, on: date) -> tuple[Recipient, ...]:
        match level:
            case Level.LEAD:
                fallback = Recipient(role=Role.LEAD, scope=scope)
                return self._leads(scope, on) or (fallback,)
            case Level.DEPARTMENT if scope.department is not None:
                return self._department(scope, on)
            case Level.DISTRICT:
                return self._district(scope, on)
            case Level.CITY:
                fallback = Recipient(role=Role.SUPERVISOR, scope=CITY)
                return self._with_role(Role.SUPERVISOR, CITY, on) or (fallback,)
        return ()

    def _leads(self, scope: Scope, on: date) -> tuple[Recipient, ...]:
        """Return the leads of a window; where none is named, those of the district's windows."""
        answering = (p for p in self._people if p.scope.answers_for(scope))
        return self._with_role(Role.LEAD, scope, on) or self._acting_of(answering, Role.LEAD, on)

    def _department(self, scope: Scope, on: date) -> tuple[Recipient, ...]:
        """Return the heads of the department in the district itself; else the city's bureau."""
        near = Scope(scope.district, scope.department)
        of_city = Scope(None, scope.department)
        own = self._acting_of(
            (p for p in self._people if p.scope.district and p.scope.covers(near)),
            Role.DEPARTMENT,
            on,
        )
        fallback = Recipient(role=Role.DEPARTMENT, scope=of_city)
        return own or self._with_role(Role.DEPARTMENT, of_city, on) or (fallback,)

    def _district(self, scope: Scope, on: date) -> tuple[Recipient, ...]:
        """Return the supervisors of the district itself; the city's where it has none."""
        covering = self._with_role(Role.SUPERVISOR, scope, on)
        own = tuple(
            r
            for r in covering
            if r.person_id is not None and self._by_id[r.person_id].scope != CITY
        )
        fallback = Recipient(role=Role.SUPERVISOR, scope=Scope(scope.district))
        return own or covering or (fallback,)

    def acting(self, role: Role, scope: Scope, on: date) -> tuple[Recipient, ...]:
        """Return who acts in a role within a scope on a day; none where nobody can be told."""
        return self._with_role(role, scope, on)

    def resolve(self, recipient: Recipient, on: date) -> tuple[Recipient, ...]:
        """Turn a role into the people who act in it on a day, deputies for those away."""
        if recipient.role is None:
            return (recipient,)
        return self.acting(recipient.role, recipient.scope, on) or (recipient,)

    def _with_role(self, role: Role, scope: Scope, on: date) -> tuple[Recipient, ...]:
        return self._acting_of((p for p in self._people if p.scope.covers(scope)), role, on)

    def _acting_of(self, people: Iterable[Person], role: Role, on: date) -> tuple[Recipient, ...]:
        """Return those of some people who hold a role, or who stand in for them."""
        acting = (self._acting(p, on) for p in people if p.role is role)
        return tuple(dict.fromkeys(Recipient(i) for i in acting if i))

    def _acting(self, person: Person, on: date) -> int | None:
        member = self._by_person.get(person.id)
        return self._present(member, on) if member else person.id

    def unbound(self, cases: Sequence[Case], on: date) -> tuple[Unbound, ...]:
        """List the handlers of open cases who are not bound, most cases first."""
        counts: dict[tuple[str, str | None], int] = {}
        for case in cases:
            if self.handler(case, on) is None and (case.handler_name or case.handler_number):
                key = (case.handler_name or case.handler_number or "", case.unit_name)
                counts[key] = counts.get(key, 0) + 1
        found = [Unbound(name, unit, number) for (name, unit), number in counts.items()]
        return tuple(sorted(found, key=lambda u: (-u.cases, u.name)))


def _same_unit(member: Member, case: Case) -> bool:
    if member.unit and case.unit:
        return member.unit == case.unit
    return member.scope.district == case.scope.district


def _reachable(db: Database) -> tuple[Person, ...]:
    """Return the staff who have an address that takes messages."""
    rows = db.execute(
        """SELECT id, role, district, department, window, name FROM people p
           WHERE role <> 'citizen' AND erased_at IS NULL AND EXISTS
               (SELECT 1 FROM addresses a WHERE a.person_id = p.id AND a.unusable_at IS NULL)
           ORDER BY id"""
    ).fetchall()
    return tuple(Person(r[0], Role(r[1]), Scope(r[2], r[3], r[4]), r[5]) for r in rows)


def colleagues(db: Database, person: Person) -> tuple[Person, ...]:
    """Return the clerks and leads of the same district to whom a case may be handed over."""
    return tuple(
        p
        for p in _reachable(db)
        if p.role in (Role.CLERK, Role.LEAD)
        and p.id != person.id
        and p.scope.district == person.scope.district
    )
