"""The demonstration: sample people and a fortnight of sample ratings, relative to the clock."""

from __future__ import annotations

import random
import shutil
from datetime import datetime, timedelta

from bot.database import transaction
from bot.desk import Desk
from bot.dialogue import CITY, Channel, Person, Place, Role, Scope
from bot.records import interactions, people, ratings
from bot.records.people import Address
from bot.settings import Settings
from reminders.rectifications import Opening, open_rectification

DISTRICT = "龙亭区"
WINDOW = "longting-01"
DAYS = 14

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
    """Write a fortnight of sample interactions and ratings, the same at every start."""
    chance = random.Random(20250101)  # noqa: S311 - sample data, not secrets
    entries = list(desk.base.entries)[:6]
    windows = [
        Place(hall.district, hall.id, window.code)
        for hall in desk.base.places.values()
        for window in hall.windows
    ][:8]
    with transaction(desk.db):
        for n in range(40):
            person = people.person_at(
                desk.db, Address(Channel.TERMINAL, f"demo-citizen-{n}"), now=desk.now()
            )
            _visits(desk, person, windows, entries, chance)


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
    return people.set_role(desk.db, person, role, ROLES[role])
