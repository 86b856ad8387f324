"""A million ratings over a year: today's counts, a month by window, one more rating written.

python -m benchmarks ratings    makes them in a temporary folder, measures and removes them
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from sqlite_utils import Database

from bot.channels.web.dashboard import dashboard_html
from bot.clock import LOCAL
from bot.database import FILE_NAME, open_database, transaction
from bot.desk import Desk, Library, Links, WorkingDays
from bot.dialogue import CITY, Channel, Incoming, Person, Place, Role, Scope
from bot.handlers import ratings as handler
from bot.handlers import statistics
from bot.loading import load_current
from bot.records import interactions, people
from bot.records.people import Address
from bot.reports.statistics import By, Query, count_ratings
from bot.settings import Settings
from reminders.working_days import load_calendar

RATINGS = 1_000_000
DAYS = 365
NOW = datetime(2025, 2, 28, 16, 0, tzinfo=LOCAL)
RUNS = 15
WRITES = 1000
RATED = 0.85
BATCH = 20_000


def main() -> None:
    """Make the ratings and print the figures."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        desk = ratings_desk(folder)
        began = time.perf_counter()
        fill(desk, RATINGS)
        desk.db.execute("ANALYZE")
        print(
            f"{RATINGS} ratings made in {time.perf_counter() - began:.0f} s; "
            f"{(folder / FILE_NAME).stat().st_size / 2**20:.0f} MiB"
        )
        _measure(desk)


def ratings_desk(folder: Path) -> Desk:
    """Return a desk over an empty file in a folder."""
    settings = Settings(data_dir=folder)
    loaded, problems = load_current(settings, today=NOW.date())
    assert loaded is not None, problems
    calendar, _ = load_calendar(None)
    db = open_database(folder / FILE_NAME)
    return Desk(db, Library(loaded), WorkingDays(calendar), settings, lambda: NOW, Links())


def fill(desk: Desk, number: int) -> None:
    """Write so many ratings, and the unrated interactions beside them, over a year."""
    chance = random.Random(1)
    places = [
        (hall.district, hall.id, window.code)
        for hall in desk.base.places.values()
        for window in hall.windows
    ]
    entries = list(desk.base.entries)
    with transaction(desk.db):
        desk.db.conn.executemany(
            "INSERT INTO people (id, created_at) VALUES (?, ?)",
            ((n, NOW.isoformat()) for n in range(1, number // 5)),
        )
        people.set_role(desk.db, people.person_by_id(desk.db, 1), Role.SUPERVISOR, CITY)
    rows = _rows(chance, places, entries, number)
    _insert(desk.db, rows)


def _rows(
    chance: random.Random,
    places: list[tuple[str | None, str, str]],
    entries: list[str],
    number: int,
) -> Iterator[tuple[list[object], list[object] | None]]:
    first = NOW - timedelta(days=DAYS)
    made = n = 0
    while made < number:
        n += 1
        at = first + timedelta(seconds=DAYS * 86400 * made // number)
        district, hall, window = chance.choice(places)
        stamp, day = at.isoformat(), at.date().isoformat()
        person = chance.randrange(2, number // 5)
        interaction: list[object] = [
            n,
            person,
            chance.choice(entries),
            "{}",
            "v",
            "web",
            district,
            hall,
            window,
            1,
            stamp,
            day,
            stamp,
            stamp,
        ]
        rating: list[object] | None = None
        if chance.random() < RATED:
            made += 1
            level = chance.choices((5, 4, 3, 2, 1), (800, 150, 40, 7, 3))[0]
            rating = [made, n, level, stamp, day]
        yield interaction, rating


def _insert(db: Database, rows: Iterator[tuple[list[object], list[object] | None]]) -> None:
    while True:
        batch = [row for _, row in zip(range(BATCH), rows, strict=False)]
        if not batch:
            return
        with transaction(db):
            db.conn.executemany(
                """INSERT INTO interactions (id, person_id, entry_id, answers, knowledge_version,
                       channel, district, hall, window, counted, began_at, began_on, last_at,
                       answered_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
                [interaction for interaction, _ in batch],
            )
            db.conn.executemany(
                """INSERT INTO ratings (id, interaction_id, level, rated_at, rated_on)
                   VALUES (?, ?, ?, ?, ?)""",
                [rating for _, rating in batch if rating is not None],
            )
            db.conn.executemany(
                """INSERT INTO rectifications (number, rating_id, opened_at, entry_id, district,
                       window, to_role, state, closed_at, first_rectified_at, rectified_at)
                   VALUES ('Z' || ?, ?, ?, ?, ?, ?, 'lead', 'closed', ?, ?, ?)""",
                [
                    [r[0], r[0], r[3], i[2], i[6], i[8], r[3], r[3], r[3]]
                    for i, r in batch
                    if r is not None and isinstance(r[2], int) and r[2] < 3
                ],
            )


def _measure(desk: Desk) -> None:
    today, month = NOW.date(), NOW.date().replace(day=1)
    supervisor = people.person_by_id(desk.db, 1)
    _say("today's counts", lambda: count_ratings(desk.db, CITY, today, today, By.WINDOW))
    _say("a month by window", lambda: count_ratings(desk.db, CITY, month, today, By.WINDOW))
    district = Scope("龙亭区")
    _say("a month, one district", lambda: count_ratings(desk.db, district, month, today, By.WINDOW))
    incoming = Incoming(supervisor, Channel.WEB, text="今日评价")
    _say("/today, the whole reply", lambda: statistics.today(desk, incoming, "今日评价"))
    _say("本月评价, the whole reply", lambda: statistics.today(desk, incoming, "本月评价"))
    for label, first in (("today", today), ("the month", month)):
        query = Query(first, today)
        _say(
            f"the dashboard, {label}",
            lambda query=query: dashboard_html(desk, supervisor, query),  # type: ignore[misc]
        )
    for level, kind in ((5, "good"), (1, "bad, with its rectification")):
        _write(desk, level, kind)


def _say(what: str, work: Callable[[], object]) -> None:
    spent = []
    for _ in range(RUNS):
        began = time.perf_counter()
        work()
        spent.append((time.perf_counter() - began) * 1000)
    print(f"{what}: median {median(spent):.1f} ms, max {max(spent):.1f} ms")


def _write(desk: Desk, level: int, kind: str) -> None:
    """Measure the rating alone: the transaction with everything it sets going, committed."""
    spent = []
    entry = next(iter(desk.base.entries))
    for n in range(WRITES):
        with transaction(desk.db):
            address = Address(Channel.WEB, f"{kind}-{n}")
            person: Person = people.person_at(desk.db, address, now=NOW)
            interaction = interactions.begin_interaction(
                desk.db,
                person,
                entry,
                channel=Channel.WEB,
                place=Place("龙亭区", "hall_longting", "longting-01"),
                knowledge_version="v",
                now=NOW,
            )
            interactions.continue_interaction(
                desk.db, interaction, {}, knowledge_version="v", now=NOW, answered=True
            )
        incoming = Incoming(person, Channel.WEB, token="rate")
        began = time.perf_counter()
        with transaction(desk.db):
            handler.rate(desk, incoming, (str(interaction.id), str(level)))
        spent.append((time.perf_counter() - began) * 1000)
    spent.sort()
    p99 = spent[int(WRITES * 0.99)]
    print(f"writing a {kind} rating: median {median(spent):.2f} ms, p99 {p99:.2f} ms")
