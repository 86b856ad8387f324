"""The daily look at every certificate whose end lies near: read, decide, put into the outbox.

Only ranges of expiries about which something is due are read, a kind at a time, so a register of
a million costs what is due in it. A sweep cut off anywhere is finished by the next one and tells
nobody twice.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

from sqlite_utils import Database

from reminders import job_runs, outbox
from reminders.alerts import Alert
from reminders.certificate_holders import follow_renewals
from reminders.certificate_rules import (
    LAPSED_DAYS,
    Audience,
    DueRange,
    KindRule,
    Kinds,
    Level,
    Rules,
    announced_day,
    closing_lead,
    day_before_expiry,
    due_ranges,
    last_expiries,
)
from reminders.certificates import kind_keys
from reminders.recipients import Recipient, Role
from reminders.working_days import Calendar

JOB = "certificates"
MESSAGE = "certificate_alerts"
CHECKED = "certificates_checked"
SILENT = "certificates_silent"
BATCH = 500
_ONE_DAY = timedelta(days=1)
REPORT_AFTER = timedelta(hours=1)
"""The self-check is told so long after the sweep, when it is known what was sent."""

T = TypeVar("T")
Transaction = Callable[[Database], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing to be told: which certificate, what, to whom, and the day it is about."""

    certificate_id: int
    number: str
    event: str
    level: Level | None
    days_before: int
    expires_on: str
    due_on: date
    person_id: int | None = None
    department: str | None = None

    @property
    def recipient(self) -> str:
        """Return the recipient's key: a person, or the department that issued."""
        if self.person_id is not None:
            return f"person:{self.person_id}"
        return f"department:{self.department or ''}"


@dataclass(frozen=True, slots=True)
class CertificateSweep:
    """What a sweep found: looked at, due, and put as messages; a repeat finds nothing due."""

    on: date
    checked: int = 0
    due: int = 0
    messages: int = 0
    decisions: tuple[Decision, ...] = ()


def decide_certificates(
    db: Database, calendar: Calendar, kinds: Kinds, rules: Rules, *, now: datetime
) -> Iterator[Decision]:
    """Decide what would be told to whom now, and write nothing (the dry run)."""
    for key in kind_keys(db):
        if key in rules.excluded_kinds:
            continue
        kind = kinds.get(key)
        yield from _for_departments(db, calendar, key, kind, rules, now.date())
        # A holder is told nothing about a kind without a rule, or with a doubtful one.
        if kind is not None and kind.may_tell_holders:
            yield from _for_holders(db, calendar, key, kind, rules, now.date())


_WATCHED = """c.kind_key = ? AND c.expires_on BETWEEN ? AND ? AND c.state = 'valid'
    AND c.renewed_on IS NULL"""
_NOT_TOLD = """NOT EXISTS (SELECT 1 FROM certificate_notices n
    WHERE n.certificate_id = c.id AND n.recipient = {recipient} AND n.expires_on = c.expires_on
      AND (n.event = ? OR n.days_before <= ?))"""
_DEPARTMENT_DUE = f"""SELECT c.id, c.number, c.expires_on, c.department FROM certificates c
    WHERE {_WATCHED} AND {_NOT_TOLD.format(recipient="'department:' || coalesce(c.department, '')")}
    ORDER BY c.expires_on"""
_HOLDER_DUE = f"""SELECT c.id, c.number, c.expires_on, h.person_id FROM certificates c
    CROSS JOIN certificate_holders h ON h.certificate_id = c.id AND h.stopped_at IS NULL
    WHERE {_WATCHED} AND {_NOT_TOLD.format(recipient="'person:' || h.person_id")}
      AND NOT EXISTS (SELECT 1 FROM certificate_answers a
          WHERE a.certificate_id = c.id AND a.expires_on = c.expires_on)
    ORDER BY c.expires_on"""


def _for_departments(
    db: Database,
    calendar: Calendar,
    key: str,
    kind: KindRule | None,
    rules: Rules,
    today: date,
) -> Iterator[Decision]:
    lead = closing_lead(kind, rules)
    for due in due_ranges(calendar, lead, rules, Audience.DEPARTMENT, today):
        due_on = _DueDay(calendar, kind, rules)
        for row in db.conn.execute(_DEPARTMENT_DUE, _values(key, due)):
            yield _decision(row[:3], due, due_on(row[2]), department=row[3])


def _for_holders(
    db: Database, calendar: Calendar, key: str, kind: KindRule, rules: Rules, today: date
) -> Iterator[Decision]:
    lead = closing_lead(kind, rules)
    for due in due_ranges(calendar, lead, rules, Audience.HOLDER, today):
        due_on = _DueDay(calendar, kind, rules)
        for row in db.conn.execute(_HOLDER_DUE, _values(key, due)):
            yield _decision(row[:3], due, due_on(row[2]), person_id=row[3])


def _values(key: str, due: DueRange) -> tuple[str | int, ...]:
    first, last = due.from_on.isoformat(), due.to_on.isoformat()
    return key, first, last, due.due.event, due.due.days_before


def _decision(
    row: tuple[int, str, str],
    due: DueRange,
    due_on: date,
    *,
    person_id: int | None = None,
    department: str | None = None,
) -> Decision:
    certificate_id, number, expires_on = row
    return Decision(
        certificate_id=certificate_id,
        number=number,
        event=due.due.event,
        level=due.due.level,
        days_before=due.due.days_before,
        expires_on=expires_on,
        due_on=due_on,
        person_id=person_id,
        department=department,
    )


class _DueDay:
    """The announced last day of a kind by expiry, computed once each: rows come in that order."""

    def __init__(self, calendar: Calendar, kind: KindRule | None, rules: Rules) -> None:
        self._calendar, self._lead = calendar, closing_lead(kind, rules)
        self._known: dict[str, date] = {}

    def __call__(self, expires_on: str) -> date:
        """Return the last day to apply, the expiry itself where the kind has no rule."""
        if expires_on not in self._known:
            day = date.fromisoformat(expires_on)
            if self._lead is not None:
                filing_on = day_before_expiry(self._calendar, day, self._lead)
                day = announced_day(self._calendar, filing_on)
            self._known[expires_on] = day
        return self._known[expires_on]


def sweep_certificates(
    db: Database,
    calendar: Calendar,
    kinds: Kinds,
    rules: Rules,
    *,
    now: datetime,
    transaction: Transaction,
) -> CertificateSweep:
    """Decide who must be told what, and put it: one message a person and day, however many.

    Departments get no message here but a record of what was laid before them: their digest shows
    what is true when it is sent. Run again at once it does nothing.
    """
    today = now.date()
    last_at = last_swept_at(db)
    with transaction(db):
        run_id = job_runs.begin_run(db, JOB, _slot(now), late=False, now=now)
        follow_renewals(db)
    decisions = tuple(decide_certificates(db, calendar, kinds, rules, now=now))
    for_holders = sorted(
        (d for d in decisions if d.person_id is not None), key=lambda d: d.person_id or 0
    )
    for batch in _batches(d for d in decisions if d.person_id is None):
        with transaction(db):
            _record(db, batch, None, today)
    messages = 0
    people = itertools.groupby(for_holders, key=lambda d: d.person_id or 0)
    for person_batch in _batches((person, tuple(group)) for person, group in people):
        with transaction(db):
            for person_id, about in person_batch:
                messages += _put_message(db, person_id, about, now)
    checked = _count_checked(db, calendar, kinds, rules, today)
    with transaction(db):
        job_runs.end_run(db, run_id, told=messages, now=now)
        _put_self_check(db, checked, len(decisions), last_at, now)
    return CertificateSweep(today, checked, len(decisions), messages, decisions)


def _slot(now: datetime) -> datetime:
    """Return the day's one slot: a sweep by hand and the scheduled one are the same run."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _batches(values: Iterator[T]) -> Iterator[list[T]]:
    while batch := list(itertools.islice(values, BATCH)):
        yield batch


def _record(
    db: Database,
    decisions: list[Decision] | tuple[Decision, ...],
    message_key: str | None,
    today: date,
) -> int:
    return db.conn.executemany(
        """INSERT OR IGNORE INTO certificate_notices
               (certificate_id, recipient, expires_on, event, days_before, decided_on, message_key)
           VALUES (?, ?, ?, ?, ?, ?, ?)""",
        [
            (
                d.certificate_id,
                d.recipient,
                d.expires_on,
                d.event,
                d.days_before,
                today.isoformat(),
                message_key,
            )
            for d in decisions
        ],
    ).rowcount


def _put_message(
    db: Database, person_id: int, decisions: tuple[Decision, ...], now: datetime
) -> int:
    """Join what one person must be told into one message; tell whether it is a new one.

    A second sweep of the day, after an import, joins the message if nobody has begun to send it.
    """
    key = f"{MESSAGE}:{now.date().isoformat()}:{person_id}"
    begun = db.execute(
        "SELECT 1 FROM outbox WHERE dedupe_key = ? AND (attempts > 0 OR sent_at IS NOT NULL)",
        [key],
    ).fetchone()
    if begun is not None:
        key = f"{MESSAGE}:{now.isoformat()}:{person_id}"
    if not _record(db, decisions, key, now.date()):
        return 0
    alert = Alert(MESSAGE, Recipient(person_id=person_id), {"message": key}, key)
    return outbox.put(db, (alert,), now=now)


def _count_checked(
    db: Database, calendar: Calendar, kinds: Kinds, rules: Rules, today: date
) -> int:
    """Count the watched certificates that end near enough to have been looked at."""
    first = (today - timedelta(days=LAPSED_DAYS)).isoformat()
    checked = 0
    for key in kind_keys(db):
        if key not in rules.excluded_kinds:
            lead = closing_lead(kinds.get(key), rules)
            last = last_expiries(calendar, lead, rules, today)[Level.EARLY].isoformat()
            query = f"SELECT count(*) FROM certificates c WHERE {_WATCHED}"
            checked += db.execute(query, [key, first, last]).fetchone()[0]
    return checked


# -- the administrator's line, and silence


def _put_self_check(
    db: Database, checked: int, due: int, last_at: datetime | None, now: datetime
) -> None:
    """Put the day's line; a second sweep of the day adds to it what it found due.

    Where the line is gone already a second one follows, if there is anything new to say.
    """
    today = now.date().isoformat()
    key = f"{CHECKED}:{today}"
    facts = {"on": today, "checked": str(checked)}
    if last_at is not None and now.date() - last_at.date() > _ONE_DAY:
        facts["last_at"] = last_at.isoformat()
    before = db.execute(
        """SELECT dedupe_key, facts FROM outbox WHERE kind = ? AND role IS NOT NULL
               AND dedupe_key >= ? AND dedupe_key < ? ORDER BY id DESC LIMIT 1""",
        [CHECKED, key, f"{key}~"],
    ).fetchone()
    if before is None:
        _put_line(db, key, {**facts, "due": str(due)}, now)
        return
    said = json.loads(before[1])
    facts = {**said, **facts, "due": str(int(said["due"]) + due)}
    if not outbox.restate(db, before[0], facts) and due:
        _put_line(db, f"{key}:{now.isoformat()}", facts, now)


def _put_line(db: Database, key: str, facts: dict[str, str], now: datetime) -> None:
    administrator = Recipient(role=Role.ADMINISTRATOR)
    alert = Alert(CHECKED, administrator, facts, key, not_before_at=now + REPORT_AFTER)
    outbox.put(db, (alert,), now=now)


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a day's messages to holders."""

    sent: int
    failed: int
    waiting: int


def sent_on(db: Database, day: date) -> Sent:
    """Count what became of the messages of a day."""
    prefix = f"{MESSAGE}:{day.isoformat()}"
    sent, failed, waiting = db.execute(
        """SELECT count(sent_at), count(failed_at),
                  count(*) - count(sent_at) - count(failed_at)
           FROM outbox WHERE dedupe_key >= ? AND dedupe_key < ?""",
        [prefix, f"{prefix}~"],
    ).fetchone()
    return Sent(sent, failed, waiting)


def has_swept(db: Database, day: datetime) -> bool:
    """Tell whether a day's sweep was completed."""
    return job_runs.has_run(db, JOB, _slot(day))


def last_swept_at(db: Database) -> datetime | None:
    """Return when a sweep was completed last."""
    last = db.execute(
        "SELECT max(ended_at) FROM job_runs WHERE job = ? AND ended_at IS NOT NULL", [JOB]
    ).fetchone()[0]
    return datetime.fromisoformat(last) if last else None


def notice_silence(db: Database, *, now: datetime) -> bool:
    """Tell the administrator if today's sweep has not been completed; tell whether that is new."""
    if has_swept(db, now):
        return False
    last_at = last_swept_at(db)
    facts = {"last_at": last_at.isoformat() if last_at else "", "at": now.isoformat()}
    key = f"{SILENT}:{now.date().isoformat()}"
    alert = Alert(SILENT, Recipient(role=Role.ADMINISTRATOR), facts, key)
    return outbox.put(db, (alert,), now=now) == 1


def told_in(db: Database, message_key: str) -> tuple[tuple[int, str, str], ...]:
    """Return what a message is about: certificate, the expiry then, event."""
    rows = db.execute(
        """SELECT certificate_id, expires_on, event FROM certificate_notices
           WHERE message_key = ? ORDER BY expires_on, certificate_id""",
        [message_key],
    ).fetchall()
    return tuple((row[0], row[1], row[2]) for row in rows)
