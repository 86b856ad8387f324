"""How long 10,000 digests take to put and to render, one person each, on a file like the real one.

python -m benchmarks.alerts [PEOPLE]
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from bot.clock import LOCAL
from bot.database import open_database, transaction
from bot.desk import Desk, Library, Links, WorkingDays
from bot.dialogue import Channel, Role, Scope
from bot.oversight import run_overdue
from bot.records import people
from bot.records.people import Address
from bot.records.roster import Member, link_person, put_member
from bot.settings import Settings
from bot.views.alerts import render_alert
from reminders import outbox
from reminders.cases import CaseRow, Covers, Extent, apply_case, record_import
from reminders.working_days import load_calendar

NOW = datetime(2025, 3, 12, 8, 30, tzinfo=LOCAL)
CASES_EACH = 2
BATCH = 40


def fill(db: Database, number: int) -> None:
    """Write clerks, each with two cases that are late."""
    imported = record_import(
        db,
        file_hash="alerts",
        file_name="alerts.xlsx",
        covers=Covers(Extent.OPEN),
        data_as_of=NOW,
        by_person_id=None,
        now=NOW,
    )
    for n in range(number):
        district = Scope(f"区{n % 10}")
        person = people.person_at(db, Address(Channel.TELEGRAM, str(n)), now=NOW)
        people.set_role(db, person, Role.CLERK, district)
        put_member(db, Member(f"K{n:05}", f"clerk-{n}", Role.CLERK, district))
        link_person(db, f"K{n:05}", person.id)
        for case in range(CASES_EACH):
            row = CaseRow(
                number=f"411{n:06}{case}",
                item="示例事项",
                accepted_on=NOW.date() - timedelta(days=9 + case),
                limit_days=5,
                scope=district,
                handler_number=f"K{n:05}",
            )
            apply_case(db, row, import_id=imported.id, now=NOW)


def render_all(desk: Desk) -> tuple[int, float]:
    """Claim, render and mark every digest a batch at a time, as the delivery loop does."""
    rendered, began = 0, time.perf_counter()
    while True:
        with transaction(desk.db):
            rows = outbox.claim(desk.db, now=NOW, lease_seconds=60, limit=BATCH)
        if not rows:
            return rendered, time.perf_counter() - began
        for waiting in rows:
            if waiting.recipient.person_id is not None:
                person = people.person_by_id(desk.db, waiting.recipient.person_id)
                reply = render_alert(desk, waiting, person, Channel.TELEGRAM)
                rendered += reply is not None
        with transaction(desk.db):
            for waiting in rows:
                outbox.mark_sent(desk.db, waiting.id, now=NOW, sent_as="benchmark")


def main(number: int = 10_000) -> None:
    """Measure putting and rendering."""
    calendar, _ = load_calendar(None)
    library: Any = None  # digests do not ask the knowledge base
    with tempfile.TemporaryDirectory() as folder:
        db = open_database(Path(folder) / "benchmark.db")
        with transaction(db):
            fill(db, number)
        desk = Desk(db, Library(library), WorkingDays(calendar), Settings(), lambda: NOW, Links())
        began = time.perf_counter()
        swept = run_overdue(desk, db)
        put = time.perf_counter() - began
        rendered, took = render_all(desk)
        print(f"decide and put {swept.messages} digests: {put:.2f} s")
        print(f"claim, render and mark {rendered} digests: {took:.2f} s")
        print(f"together: {put + took:.2f} s (promised: under 10 s)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
