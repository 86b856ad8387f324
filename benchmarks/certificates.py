"""A register of a million certificates: import, sweep and /certificates beside their plain SQL."""

from __future__ import annotations

import random
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from sqlite_utils import Database

from bot.clock import LOCAL
from bot.database import open_database, room_for_batches, transaction
from bot.desk import Desk, Knowledge, Library, Links, WorkingDays
from bot.reports.certificates import kinds_of, register_of, rules_of, telling_of
from bot.settings import SHIPPED_KNOWLEDGE, Settings
from knowledge.check import check_folder
from reminders.certificate_figures import unreached, worst
from reminders.certificate_rules import Kinds, Level
from reminders.certificate_sweep import sweep_certificates
from reminders.certificates import CertificateRow, apply_certificates, begin_import
from reminders.recipients import Scope
from reminders.working_days import load_calendar

CERTIFICATES = 1_000_000
BATCH = 50_000
DEPARTMENTS = 23
KINDS = 164
HOLDERS_AT_CHATS = 20  # one in so many holders has opted in
ONE_CHAT = 200  # so many certificates belong to one chat
NOW = datetime(2025, 6, 3, 8, 10, tzinfo=LOCAL)
DISTRICTS = (
    "龙亭区",
    "鼓楼区",
    "顺河回族区",
    "禹王台区",
    "祥符区",
    "杞县",
    "通许县",
    "尉氏县",
    "兰考县",
)

T = TypeVar("T")


def generate(count: int, kinds: Kinds, seed: int = 6) -> Iterator[CertificateRow]:
    """Yield a register as large as the city's: some renewed, some permanent or of unknown kind."""
    chance = random.Random(seed)
    ids = list(kinds)
    names = [*ids, *(f"未登记证照{n}" for n in range(KINDS - len(ids)))]
    last: CertificateRow | None = None
    for n in range(count):
        number = f"KF{n:08d}"
        if n % 20 == 0 and last is not None and last.expires_on and last.expires_on < NOW.date():
            begun = last.expires_on + timedelta(days=1)
            last = replace(
                last, number=number, valid_from=begun, expires_on=begun + timedelta(days=5 * 365)
            )
            yield last
            continue
        kind = chance.randrange(KINDS)
        years = chance.choice((1, 3, 5, 5, 5, 10))
        begun = NOW.date() - timedelta(days=chance.randrange(years * 365 + 60))
        last = CertificateRow(
            number=number,
            kind=names[kind],
            kind_id=names[kind] if kind < len(ids) else None,
            holder=f"示例单位{n // 2 if n % 7 == 0 else n}",
            department=f"department{kind % DEPARTMENTS}",
            district=DISTRICTS[n % len(DISTRICTS)],
            valid_from=begun,
            expires_on=(None if chance.random() < 0.05 else begun + timedelta(days=years * 365)),
        )
        yield last


def main() -> None:
    """Measure and print."""
    count = next((int(a[1:]) for a in sys.argv if a.startswith("-") and a[1:].isdigit()), None)
    with TemporaryDirectory() as folder:
        _measure(Path(folder), count or CERTIFICATES)


def _measure(folder: Path, count: int) -> None:
    base, _ = check_folder(SHIPPED_KNOWLEDGE, today=NOW.date())
    assert base is not None
    kinds, rules = kinds_of(base), rules_of(Settings())
    calendar, _ = load_calendar(None)
    db = open_database(folder / "certificates.db")

    spent = _import(db, count, kinds)
    print(f"import: {count} rows in {spent:.1f} s, {count / spent:,.0f} rows/s")
    spent = _plain_import(folder, count, kinds)
    print(f"  plain executemany into the same table: {spent:.1f} s, {count / spent:,.0f} rows/s")
    spent = _import(db, min(count, BATCH * 4), kinds)
    again = min(count, BATCH * 4)
    print(f"  the first {again} again (nothing changes): {again / spent:,.0f} rows/s")

    _opt_in(db, count)
    spent, swept = _timed(
        lambda: sweep_certificates(db, calendar, kinds, rules, now=NOW, transaction=transaction)
    )
    print(
        f"first sweep: {spent:.2f} s; checked {swept.checked}, due {swept.due}, "
        f"{swept.messages} messages"
    )
    tomorrow = NOW + timedelta(days=1)
    spent, swept = _timed(
        lambda: sweep_certificates(
            db, calendar, kinds, rules, now=tomorrow, transaction=transaction
        )
    )
    print(
        f"daily sweep: {spent:.2f} s; checked {swept.checked}, due {swept.due}, "
        f"{swept.messages} messages"
    )
    spent, rows = _timed(lambda: _plain_range(db))
    print(f"  plain SQL over the same ranges: {spent:.2f} s, {rows} rows")

    nothing: Any = None  # the search is not asked
    library = Library(Knowledge(base, nothing))
    desk = Desk(db, library, WorkingDays(calendar), Settings(), lambda: NOW, Links())
    for scope in (Scope(), Scope(None, "department3"), Scope("龙亭区")):
        counted = _milliseconds(
            lambda scope=scope: (register_of(desk, db, scope), telling_of(desk, db, scope))
        )
        listed = _milliseconds(
            lambda scope=scope: worst(
                db, calendar, kinds, rules, scope, Level.URGENT, NOW.date(), limit=20
            )
        )
        missed = _milliseconds(
            lambda scope=scope: unreached(
                db, calendar, kinds, rules, scope, NOW.date(), days=rules.days_left[2], limit=20
            )
        )
        print(
            f"/certificates {scope.district or scope.department or '全市'}: all figures "
            f"{counted}; its list {listed}, unreached {missed}"
        )
    plain = _milliseconds(lambda: _plain_count(db))
    print(f"  plain GROUP BY of everything that ends by the horizon: {plain}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of this process: {peak:.0f} MiB")


def _import(db: Database, count: int, kinds: Kinds) -> float:
    """Import in batches, and return the seconds spent on it without making the rows up."""
    rows = generate(count, kinds)
    spent = 0.0
    with transaction(db):
        import_id = begin_import(
            db, file_hash=f"hash{count}", file_name="r.csv", by_person_id=None, now=NOW
        )
    with room_for_batches(db):
        while batch := list(islice(rows, BATCH)):
            began = time.perf_counter()
            with transaction(db):
                apply_certificates(db, batch, import_id=import_id, now=NOW)
            spent += time.perf_counter() - began
    return spent


def _plain_import(folder: Path, count: int, kinds: Kinds) -> float:
    db = open_database(folder / "plain.db")
    rows = generate(count, kinds)
    spent = 0.0
    while batch := list(islice(rows, BATCH)):
        began = time.perf_counter()
        with transaction(db):
            db.conn.executemany(
                """INSERT INTO certificates (number, kind_key, kind, holder, department, district,
                       valid_from_on, expires_on, state, first_seen_on)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'valid', '2025-06-03')""",
                [
                    (
                        r.number,
                        r.kind_key,
                        r.kind,
                        r.holder,
                        r.department,
                        r.district,
                        str(r.valid_from),
                        r.expires_on and str(r.expires_on),
                    )
                    for r in batch
                ],
            )
        spent += time.perf_counter() - began
    db.close()
    (folder / "plain.db").unlink()
    return spent


def _opt_in(db: Database, count: int) -> None:
    """Let one holder in twenty opt in, and one chat hold two hundred certificates."""
    holders = [
        (n, n if n > ONE_CHAT * HOLDERS_AT_CHATS else 1, NOW.isoformat())
        for n in range(1, count, HOLDERS_AT_CHATS)
    ]
    with transaction(db):
        db.conn.executemany(
            """INSERT OR IGNORE INTO certificate_holders
               (certificate_id, person_id, consent_at, consent_by) VALUES (?, ?, ?, 'code')""",
            holders,
        )


def _plain_range(db: Database) -> int:
    """Read what the sweep must look at, without deciding anything."""
    first, last = NOW.date() - timedelta(days=60), NOW.date() + timedelta(days=90)
    return len(
        db.execute(
            """SELECT c.id, n.event FROM certificates c
               LEFT JOIN certificate_notices n ON n.certificate_id = c.id
               WHERE c.expires_on BETWEEN ? AND ? AND c.state = 'valid'""",
            [str(first), str(last)],
        ).fetchall()
    )


def _plain_count(db: Database) -> int:
    return len(
        db.execute(
            """SELECT kind_key, department, count(*) FROM certificates
               WHERE expires_on <= ? AND state = 'valid' GROUP BY 1, 2""",
            [str(NOW.date() + timedelta(days=90))],
        ).fetchall()
    )


def _milliseconds(work: Callable[[], object]) -> str:
    """Return the best of three by the clock, and of the processor, which others do not lengthen."""
    best, best_of_processor = float("inf"), float("inf")
    for _ in range(3):
        began, began_cpu = time.perf_counter(), time.process_time()
        work()
        best = min(best, time.perf_counter() - began)
        best_of_processor = min(best_of_processor, time.process_time() - began_cpu)
    return f"{best * 1000:.0f} ms ({best_of_processor * 1000:.0f} ms of the processor)"


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


if __name__ == "__main__":
    main()
