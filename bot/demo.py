"""The demonstration: sample people, cases, certificates and ratings, relative to the clock."""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.database import transaction
from bot.desk import Desk
from bot.dialogue import CITY, Channel, Person, Place, Role, Scope
from bot.records import interactions, people, ratings, roster
from bot.records.people import Address
from bot.records.roster import Member
from bot.settings import Settings
from reminders.cases import CaseRow, CaseStatus, Covers, Extent, apply_case, record_import
from reminders.certificates import CertificateRow, apply_certificates, begin_import, end_import
from reminders.rectifications import Opening, open_rectification
from reminders.working_days import Calendar, add_working_days

DISTRICT = "龙亭区"
WINDOW = "longting-01"
DAYS = 14

FILE = "演示数据"

CLERK = Member("演示01", "甲某", Role.CLERK, Scope(DISTRICT, None, WINDOW), unit=DISTRICT)
LEAD = Member("演示02", "乙某", Role.LEAD, Scope(DISTRICT, None, WINDOW), unit=DISTRICT)
COLLEAGUE = Member("演示03", "丙某", Role.CLERK, Scope("鼓楼区"), unit="鼓楼区")
SIGNER = "丁某"
"""Who signs in the demonstration: an act of the office bears a name."""
ON_ROSTER = {member.role: member for member in (COLLEAGUE, CLERK, LEAD)}
"""Whom somebody plays who tries a role out; the colleague is never reached."""


@dataclass(frozen=True, slots=True)
class _Case:
    """A sample case: how many calendar days from now it is due, about, and its promise."""

    item: str
    due_in: int
    limit_days: int
    handler: Member = CLERK
    is_finished: bool = False


CASES = (
    _Case("社会保障卡申领", -4, 5),
    _Case("食品经营许可", -1, 10),
    _Case("居住证申领", 0, 5),
    _Case("个体工商户设立登记", 1, 3),
    _Case("不动产转移登记", 2, 5),
    _Case("灵活就业人员参保登记", 9, 10),
    _Case("公共场所卫生许可", 16, 20),
    _Case("残疾人证换领", -2, 5, COLLEAGUE),
    _Case("城乡居民养老保险登记", 5, 10, COLLEAGUE),
    _Case("新生儿入户", -6, 5, is_finished=True),
)


@dataclass(frozen=True, slots=True)
class _Certificate:
    """A sample certificate: its kind, its issuer and how many days from now it ends."""

    kind: str
    department: str
    ends_in: int


CERTIFICATES = (
    _Certificate("food_operation", "market", 12),
    _Certificate("food_operation", "market", 55),
    _Certificate("food_operation", "market", 88),
    _Certificate("device_operation", "market", 170),
    _Certificate("drug_operation", "market", 210),
    _Certificate("food_production", "market", -3),
    _Certificate("public_place_hygiene", "health", 28),
    _Certificate("public_place_hygiene", "health", 400),
)

ROLES: dict[Role, Scope] = {
    Role.CITIZEN: CITY,
    Role.CLERK: Scope(DISTRICT, None, WINDOW),
    Role.LEAD: Scope(DISTRICT, None, WINDOW),
    Role.DEPARTMENT: Scope(None, "market", None),
    Role.SUPERVISOR: CITY,
    Role.EDITOR: CITY,
    Role.ADMINISTRATOR: CITY,
}


def clear_demo(settings: Settings) -> None:
    """Remove the demonstration's former data; the caches stay."""
    assert settings.demo
    if settings.data_dir.exists():
        for path in settings.data_dir.glob("yikouqing.db*"):
            path.unlink()
        shutil.rmtree(settings.data_dir / "slips", ignore_errors=True)


def fill_demo(desk: Desk) -> None:
    """Write sample ratings, cases and certificates, the same at every start."""
    chance = random.Random(20250101)  # noqa: S311 - sample data, not secrets
    entries = list(desk.base.entries)[:6]
    windows = [
        Place(hall.district, hall.id, window.code)
        for hall in desk.base.places.values()
        for window in hall.windows
        if hall.district
    ][:8]
    with transaction(desk.db):
        for n in range(40):
            person = people.person_at(
                desk.db, Address(Channel.TERMINAL, f"demo-citizen-{n}"), now=desk.now()
            )
            _visits(desk, person, windows, entries, chance)
        _put_cases(desk)
        _put_certificates(desk)


def _put_cases(desk: Desk) -> None:
    """Write sample cases of every light, as if exported an hour ago."""
    for member in (CLERK, LEAD, COLLEAGUE):
        roster.put_member(desk.db, member)
    brought = record_import(
        desk.db,
        file_hash=FILE,
        file_name=FILE,
        covers=Covers(Extent.ALL),
        data_as_of=desk.now(),
        by_person_id=None,
        now=desk.now(),
    )
    for n, sample in enumerate(CASES, start=1):
        row = _case_row(desk, n, sample)
        apply_case(desk.db, row, import_id=brought.id, now=desk.now())


def _case_row(desk: Desk, n: int, sample: _Case) -> CaseRow:
    accepted_on = _accepted_for(
        desk.calendar, desk.today() + timedelta(sample.due_in), sample.limit_days
    )
    return CaseRow(
        number=f"演示-{desk.today().year}-{n:04d}",
        item=sample.item,
        accepted_on=accepted_on,
        limit_days=sample.limit_days,
        statutory_days=20,
        status=CaseStatus.COMPLETED if sample.is_finished else CaseStatus.OPEN,
        completed_on=desk.today() if sample.is_finished else None,
        unit=sample.handler.unit,
        scope=sample.handler.scope,
        applicant="张*",
        handler_number=sample.handler.number,
        handler_name=sample.handler.name,
    )


def _accepted_for(calendar: Calendar, due_on: date, limit_days: int) -> date:
    """Return the last day on which a case due about `due_on` was accepted."""
    accepted_on = due_on
    while add_working_days(calendar, accepted_on, limit_days) > due_on:
        accepted_on -= timedelta(1)
    return accepted_on


def _put_certificates(desk: Desk) -> None:
    """Write sample certificates of every level."""
    import_id = begin_import(
        desk.db, file_hash=FILE, file_name=FILE, by_person_id=None, now=desk.now()
    )
    rows = [
        _certificate_row(desk, n, sample)
        for n, sample in enumerate(CERTIFICATES, start=1)
        if sample.kind in desk.base.certificates
    ]
    apply_certificates(desk.db, rows, import_id=import_id, now=desk.now())
    end_import(desk.db, import_id, now=desk.now())


def _certificate_row(desk: Desk, n: int, sample: _Certificate) -> CertificateRow:
    expires_on = desk.today() + timedelta(sample.ends_in)
    kind = desk.base.certificates[sample.kind]
    return CertificateRow(
        number=f"演示证{n:04d}",
        kind=kind.name,
        kind_id=kind.id,
        holder=f"演示商户{n}号",
        issuer=kind.issuer,
        department=sample.department,
        district=DISTRICT,
        valid_from=expires_on - timedelta(5 * 365),
        expires_on=expires_on,
    )


def _visits(
    desk: Desk, person: Person, windows: list[Place], entries: list[str], chance: random.Random
) -> None:
    for _ in range(chance.randint(1, 4)):
        at = desk.now() - timedelta(days=chance.randrange(DAYS), minutes=chance.randrange(1, 300))
        place = chance.choice(windows) if windows else Place()
        _visit(desk, person, place, chance.choice(entries), at, chance)


def _visit(
    desk: Desk, person: Person, place: Place, entry: str, at: datetime, chance: random.Random
) -> None:
    interaction = interactions.begin_interaction(
        desk.db,
        person,
        entry,
        channel=Channel.TERMINAL,
        place=place,
        knowledge_version=desk.base.version,
        now=at,
    )
    interactions.continue_interaction(
        desk.db, interaction, {}, knowledge_version=desk.base.version, now=at, answered=True
    )
    if chance.random() < 0.7:
        level = chance.choices((5, 4, 3, 2, 1), (60, 25, 9, 4, 2))[0]
        rated_at = at + timedelta(minutes=1)
        rating = ratings.rate(desk.db, person, interaction.id, level, now=rated_at)
        if not rating.is_good:
            _open(desk, rating.id, rated_at, entry, place)


def _open(desk: Desk, rating_id: int, rated_at: datetime, entry: str, place: Place) -> None:
    """Open a sample rectification; whoever tries the role out is its handler."""
    known = desk.base.entries.get(entry)
    scope = Scope(place.district, known.owner if known else None, place.window)
    open_rectification(
        desk.db,
        Opening(rating_id, rated_at, entry, scope),
        rules=desk.settings.rectification_rules(),
        holds=lambda _: True,
        now=desk.now(),
    )


def demo_person(desk: Desk, role: Role, address: Address) -> Person:
    """Return the person of a role behind an address, for trying every role out."""
    assert desk.settings.demo
    person = people.person_at(desk.db, address, now=desk.now())
    if role in ON_ROSTER:
        roster.link_person(desk.db, ON_ROSTER[role].number, person.id)
    played = people.set_role(desk.db, person, role, ROLES[role])
    return people.name_person(desk.db, played, SIGNER) if role is Role.SUPERVISOR else played
