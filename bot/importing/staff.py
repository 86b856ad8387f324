"""Import of the roster (人员名册): who works where; leave and binding stay as they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from sqlite_utils import Database

from bot.dialogue import CITY, Role, Scope
from bot.importing.apply import Statement
from bot.importing.columns import Kind, Row, cell_text
from bot.importing.plan import Plan, RowReader
from bot.importing.values import (
    Names,
    parse_certificate_number,
    parse_grade,
    parse_number,
    parse_qualified,
    parse_role,
    parse_text,
)
from bot.records.contacts import phone_hash, read_phone
from bot.records.roster import (
    Member,
    Qualification,
    compare_member,
    link_namesakes,
    members,
    put_member,
)
from reminders.cases import Change, Covers


class StaffImporter:
    """Reads rows as members of the roster and brings it up to them."""

    kind = Kind.STAFF
    in_batches = False

    def __init__(self, names: Names, *, key: bytes) -> None:
        """Know the names of places and departments, and the installation's key for phones."""
        self._names = names
        self._key = key

    def key(self, parsed: Member) -> str:
        """Return the 工号."""
        return parsed.number

    def parse(self, reader: RowReader) -> Member | None:
        """Return the member a row speaks of, or None with its problems noted."""
        number = reader.required("number", parse_number)
        name = reader.required("name", parse_text)
        unit = reader.required("unit", parse_text)
        district = reader.optional("district", self._names.district)
        window = reader.optional("window", parse_text)
        role = reader.optional("role", parse_role)
        team = reader.optional("group", parse_text)
        deputy = reader.optional("deputy", parse_text)
        if deputy is not None and deputy in (number, name):
            reader.refuse("deputy", "代班人是本人；请填别人的工号，或留空")
        phone = reader.optional("phone", lambda cell: read_phone(cell_text(cell)))
        qualification = _qualification(reader)
        if reader.problems:
            return None
        assert number is not None
        assert name is not None
        assert unit is not None
        department = self._names.department(unit) or unit
        code = window and (self._names.window(window) or window)
        return Member(
            number=number,
            name=name,
            role=role or Role.CLERK,
            scope=Scope(district, department, code),
            unit=unit,
            team=team,
            deputy_number=deputy,
            phone_hash=phone_hash(self._key, phone) if phone else None,
            qualification=qualification,
        )

    def unrecognised(self, parsed: Member) -> tuple[tuple[str, str], ...]:
        """Return nothing: an unknown unit keeps its name and is shown by it."""
        del parsed
        return ()

    def propose_coverage(self, rows: Iterator[Member]) -> Covers | None:
        """Propose nothing: who is not in a roster's file is not struck from it."""
        del rows
        return None

    def was_taken(self, db: Database, plan: Plan[Member], said: Statement) -> bool:
        """Tell no: a roster is compared row by row, so that the same file changes nothing."""
        del db, plan, said
        return False

    def compare(
        self,
        db: Database,
        rows: Sequence[tuple[Row, Member]],
        plan: Plan[Member],
        said: Statement,
        now: datetime,
    ) -> Counter[Change]:
        """Count what the rows would do, without doing it."""
        del plan, said, now
        named = _numbers_by_name(db, rows)
        return Counter(
            Change(compare_member(db, _with_deputy(member, named))) for _, member in rows
        )

    def begin(self, db: Database, plan: Plan[Member], said: Statement, now: datetime) -> int:
        """Return no id: the roster keeps none."""
        del db, plan, said, now
        return 0

    def apply(
        self, db: Database, rows: Sequence[tuple[Row, Member]], import_id: int, now: datetime
    ) -> Counter[Change]:
        """Bring the roster up to the rows."""
        del import_id, now
        named = _numbers_by_name(db, rows)
        return Counter(Change(put_member(db, _with_deputy(member, named))) for _, member in rows)

    def count_missing(
        self, db: Database, plan: Plan[Member], said: Statement, now: datetime
    ) -> int:
        """Return none."""
        del db, plan, said, now
        return 0

    def finish(
        self, db: Database, plan: Plan[Member], said: Statement, import_id: int, now: datetime
    ) -> int:
        """Tie members to the people bound under their names; none can be missing."""
        del plan, said, import_id, now
        link_namesakes(db)
        return 0


def _qualification(reader: RowReader) -> Qualification | None:
    """Return what a row says of the qualification; None where it says nothing."""
    holds = reader.optional("qualified", parse_qualified)
    grade = reader.optional("grade", parse_grade)
    number = reader.optional("certificate", parse_certificate_number)
    if holds is False and (grade or number):
        reader.refuse("qualified", "填了没有证，却又有证书等级或编号；请核对")
    if holds is None and grade is None and number is None:
        return None
    held = bool(grade or number) if holds is None else holds
    return Qualification(held, grade or None, number or None)


def _numbers_by_name(db: Database, rows: Sequence[tuple[Row, Member]]) -> dict[str, set[str]]:
    numbers: dict[str, set[str]] = {}
    for member in (*members(db, CITY), *(member for _, member in rows)):
        numbers.setdefault(member.name, set()).add(member.number)
    return numbers


def _with_deputy(member: Member, named: dict[str, set[str]]) -> Member:
    """Turn a deputy written by name into the number, where only one has that name."""
    numbers = named.get(member.deputy_number or "", set())
    return replace(member, deputy_number=next(iter(numbers))) if len(numbers) == 1 else member
