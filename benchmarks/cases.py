"""How long a sweep over many open cases takes, on a file like the real one.

python -m benchmarks.cases [CASES]
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlite_utils import Database

from bot.clock import LOCAL
from bot.database import open_database, transaction
from bot.desk import Desk, Library, Links, WorkingDays
from bot.dialogue import Channel, Incoming, Role, Scope
from bot.handlers.cases import mine, overdue
from bot.loading import load_current
from bot.records import people
from bot.records.people import Address
from bot.records.roster import Member, Roster, link_person, put_member
from bot.settings import Settings
from bot.views.alerts import render_alert
from reminders import outbox
from reminders.cases import CaseRow, Covers, Extent, apply_case, record_import
from reminders.overdue import Rules
from reminders.sweep import decide_overdue, sweep_overdue
from reminders.working_days import load_calendar

NOW = datetime(2025, 3, 12, 8, 30, tzinfo=LOCAL)
DISTRICTS = "龙亭区 顺河回族区 鼓楼区 禹王台区 祥符区 杞县 通许县 尉氏县 兰考县 示范区".split()
CLERKS = 300


def fill(db: Database, cases: int) -> None:
    """Write a staff and open cases of which about a third is yellow or red."""
    chance = random.Random(1)
    imported = record_import(
        db,
        file_hash=f"benchmark-{cases}",
        file_name="benchmark.xlsx",
        covers=Covers(Extent.OPEN),
        data_as_of=NOW,
        by_person_id=None,
        now=NOW,
    )
    for n in range(CLERKS):
        _bind(db, f"clerk-{n}", Role.CLERK, Scope(DISTRICTS[n % 10]), f"K{n:04}")
    for n, district in enumerate(DISTRICTS):
        _bind(db, f"lead-{n}", Role.LEAD, Scope(district), f"L{n:04}")
        _bind(db, f"supervisor-{n}", Role.SUPERVISOR, Scope(district), f"S{n:04}")
    for n in range(cases):
        clerk = chance.randrange(CLERKS)
        days = chance.choice((1, 3, 5, 10, 20))
        accepted_on = NOW.date() - timedelta(days=chance.randrange(int(days * 1.7) + 1))
        row = CaseRow(
            number=f"411{n:09}",
            item="示例事项",
            accepted_on=accepted_on,
            limit_days=days,
            statutory_days=max(days, 20),
            scope=Scope(DISTRICTS[clerk % 10]),
            handler_number=f"K{clerk:04}",
        )
        apply_case(db, row, import_id=imported.id, now=NOW)


def _bind(db: Database, name: str, role: Role, scope: Scope, number: str) -> None:
    person = people.person_at(db, Address(Channel.WEB, name), now=NOW)
    people.set_role(db, person, role, scope)
    put_member(db, Member(number, name, role, scope))
    link_person(db, number, person.id)


def main(cases: int = 20_000) -> None:
    """Measure import, dry run, the first sweep, the next one, and one of the next morning."""
    calendar, _ = load_calendar(None)
    rules = Rules()
    with tempfile.TemporaryDirectory() as folder:
        db = open_database(Path(folder) / "benchmark.db")
        began = time.perf_counter()
        with transaction(db):
            fill(db, cases)
        print(f"apply {cases} cases: {time.perf_counter() - began:.2f} s")
        began = time.perf_counter()
        dry = decide_overdue(db, calendar, rules, now=NOW, staffing=Roster(db))
        print(f"dry run: {time.perf_counter() - began:.2f} s, {len(dry.decisions)} decisions")
        tomorrow = datetime.combine(date(2025, 3, 13), NOW.time(), LOCAL)
        for label, now in (("first", NOW), ("again", NOW), ("next morning", tomorrow)):
            began = time.perf_counter()
            swept = sweep_overdue(
                db, calendar, rules, now=now, transaction=transaction, staffing=Roster(db)
            )
            took = time.perf_counter() - began
            print(
                f"sweep {label}: {took:.2f} s, {len(swept.decisions)} told in "
                f"{swept.messages} messages, {len(swept.drafts)} drafts"
            )
            if label == "first":
                _render_all(db)
        _look(db)


def _desk(db: Database) -> Desk:
    days, links = WorkingDays(load_calendar(None)[0]), Links()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        knowledge, problems = load_current(settings, today=NOW.date())
    assert knowledge is not None, problems
    return Desk(db, Library(knowledge), days, settings, lambda: NOW, links)


def _render_all(db: Database) -> None:
    """Measure claiming and rendering every digest."""
    desk, rendered = _desk(db), 0
    began = time.perf_counter()
    with transaction(db):
        rows = outbox.claim(db, now=NOW, lease_seconds=60, limit=100_000)
    for waiting in rows:
        if waiting.recipient.person_id is not None:
            person = people.person_by_id(db, waiting.recipient.person_id)
            rendered += render_alert(desk, waiting, person, Channel.TELEGRAM) is not None
    print(f"render {rendered} digests: {time.perf_counter() - began:.2f} s")
    with transaction(db):
        for waiting in rows:
            outbox.mark_sent(db, waiting.id, now=NOW, sent_as="benchmark")


def _look(db: Database) -> None:
    """Measure what a supervisor of the city and a clerk ask for."""
    desk = _desk(db)
    supervisor = people.set_role(
        db, people.person_at(db, Address(Channel.WEB, "all"), now=NOW), Role.SUPERVISOR, Scope()
    )
    clerk = people.find_person(db, Address(Channel.WEB, "clerk-0"))
    assert clerk is not None
    for label, person, handler in (("/overdue", supervisor, overdue), ("/mine", clerk, mine)):
        began = time.perf_counter()
        handler(desk, Incoming(person, Channel.WEB), "")
        print(f"{label}: {time.perf_counter() - began:.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
