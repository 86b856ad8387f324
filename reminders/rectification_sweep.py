"""The sweep over 差评整改: the same hours, rungs and digest as the cases' sweep.

Reads and decides without a transaction, then writes in short ones; run again at once it does
nothing. One message a person; its rows name every rectification it is about.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime

from sqlite_utils import Database

from reminders import job_runs, outbox
from reminders.alerts import Alert
from reminders.overdue import Rules, Rung, recipient_key, slot_before
from reminders.recipients import CITY, Recipient, Role, Scope
from reminders.rectification_rules import (
    Deadline,
    Rectification,
    RectificationRules,
    Step,
    open_deadlines,
    told_from,
)
from reminders.rectifications import every_open_rectification
from reminders.working_days import Calendar, working_days_between

RECTIFICATIONS = "rectifications"
DIGEST = "rectification_digest"
REPEAT = "repeat"
BATCH = 50

Transaction = Callable[[Database], AbstractContextManager[None]]
Resolve = Callable[[Recipient, date], tuple[Recipient, ...]]
Key = tuple[int, str, str, str, str]


def as_they_are(recipient: Recipient, on: date) -> tuple[Recipient, ...]:
    """Leave a role a role: whoever holds it when the message is sent."""
    del on
    return (recipient,)


@dataclass(frozen=True, slots=True)
class RectificationDecision:
    """One thing to be told: which rectification, what is due, why, to whom."""

    kind: str
    rectification: Rectification
    deadline: Deadline
    recipient: Recipient
    occasion: str

    @property
    def key(self) -> Key:
        """Return what makes it happen once."""
        recipient = recipient_key(self.recipient)
        return self.rectification.id, self.deadline.step, self.kind, self.occasion, recipient


@dataclass(frozen=True, slots=True)
class RectificationSweep:
    """What a sweep decided; without a slot it is not the hour and all rests."""

    slot_at: datetime | None
    decisions: tuple[RectificationDecision, ...] = ()
    messages: int = 0


def decide_rectifications(
    db: Database,
    calendar: Calendar,
    rules: RectificationRules,
    oversight: Rules,
    *,
    now: datetime,
    resolve: Resolve = as_they_are,
) -> RectificationSweep:
    """Decide who would be told what now, and write nothing (the dry run)."""
    slot_at = slot_before(oversight, now)
    if slot_at is None or not calendar.is_working_day(now.date()):
        return RectificationSweep(None)
    told = _told(db)
    decisions = [
        decision
        for rectification in every_open_rectification(db)
        if told_from(rectification, rules) <= now
        for decision in _about(rectification, calendar, rules, oversight, slot_at, now, resolve)
        if decision.key not in told
    ]
    return RectificationSweep(slot_at, tuple(decisions))


def _about(
    rectification: Rectification,
    calendar: Calendar,
    rules: RectificationRules,
    oversight: Rules,
    slot_at: datetime,
    now: datetime,
    resolve: Resolve,
) -> Iterator[RectificationDecision]:
    """Yield every rung of every deadline once per recipient, and repeats of what is late."""
    today = now.date()
    for deadline in open_deadlines(rectification, calendar, rules):
        owner = owner_of(rectification, deadline.step)
        rungs = rungs_of(deadline, calendar, oversight, today)
        for rung in rungs:
            for recipient in _recipients(rung, rectification, owner, today, resolve):
                occasion = deadline.due_on.isoformat()
                yield RectificationDecision(
                    rung.value, rectification, deadline, recipient, occasion
                )
        if Rung.CHASE in rungs and working_days_between(calendar, deadline.due_on, today) > 1:
            for recipient in resolve(owner, today):
                occasion = slot_at.isoformat()
                yield RectificationDecision(REPEAT, rectification, deadline, recipient, occasion)


def owner_of(rectification: Rectification, step: Step) -> Recipient:
    """Return whose a step is: the unit's, or, after it, the supervising office's."""
    match step:
        case Step.CONTACT | Step.RECTIFY:
            return rectification.recipient
        case Step.FOLLOW_UP | Step.REVIEW:
            return Recipient(role=Role.SUPERVISOR, scope=Scope(rectification.scope.district))
        case Step.SETTLE:
            return Recipient(role=Role.SUPERVISOR, scope=CITY)


def rungs_of(
    deadline: Deadline, calendar: Calendar, oversight: Rules, today: date
) -> tuple[Rung, ...]:
    """Return the rungs a deadline stands on: as for cases, without the acts of the office.

    督办 is told to the city's office at as many days over as make a red card; nothing is
    chased beyond 提醒 on a provisional date.
    """
    over = working_days_between(calendar, deadline.due_on, today)
    if over == 0:
        left = working_days_between(calendar, today, deadline.due_on)
        if deadline.due_on <= today:
            return (Rung.DUE_TODAY,)
        return (Rung.REMIND,) if left <= oversight.warn_days_short else ()
    if deadline.provisional:
        return (Rung.DUE_TODAY,)
    return (Rung.CHASE, Rung.INTERVENE) if over >= oversight.red_card_days else (Rung.CHASE,)


def _recipients(
    rung: Rung,
    rectification: Rectification,
    owner: Recipient,
    today: date,
    resolve: Resolve,
) -> tuple[Recipient, ...]:
    scope = rectification.scope
    found = [owner]
    if rung in (Rung.CHASE, Rung.INTERVENE):
        if scope.district is not None:
            found.append(Recipient(role=Role.SUPERVISOR, scope=Scope(scope.district)))
        if scope.window is not None:
            lead = Scope(scope.district, None, scope.window)
            found.append(Recipient(role=Role.LEAD, scope=lead))
        if scope.department is not None:
            unit = Scope(scope.district, scope.department)
            found.append(Recipient(role=Role.DEPARTMENT, scope=unit))
    if rung is Rung.INTERVENE:
        found.append(Recipient(role=Role.SUPERVISOR, scope=CITY))
    return tuple(dict.fromkeys(one for each in found for one in resolve(each, today)))


def _told(db: Database) -> frozenset[Key]:
    """Read what was told of those in progress; a message that lapsed told nobody anything."""
    rows = db.execute(
        """SELECT n.rectification_id, n.step, n.kind, n.occasion, n.recipient
           FROM rectification_notices n JOIN rectifications r ON r.id = n.rectification_id
           LEFT JOIN outbox o ON o.dedupe_key = n.message_key
           WHERE r.state NOT IN ('closed', 'voided', 'mis_tap') AND o.failure IS NOT 'lapsed'"""
    ).fetchall()
    return frozenset((row[0], row[1], row[2], row[3], row[4]) for row in rows)


def sweep_rectifications(
    db: Database,
    calendar: Calendar,
    rules: RectificationRules,
    oversight: Rules,
    *,
    now: datetime,
    transaction: Transaction,
    resolve: Resolve = as_they_are,
) -> RectificationSweep:
    """Decide who must be told what, and put it into the outbox: one message per person."""
    sweep = decide_rectifications(db, calendar, rules, oversight, now=now, resolve=resolve)
    if sweep.slot_at is None:
        return sweep
    with transaction(db):
        run_id = job_runs.begin_run(db, RECTIFICATIONS, sweep.slot_at, late=False, now=now)
    messages = 0
    grouped: dict[str, list[RectificationDecision]] = {}
    for decision in sweep.decisions:
        grouped.setdefault(recipient_key(decision.recipient), []).append(decision)
    for batch in _batches(grouped):
        with transaction(db):
            messages += sum(_put_digest(db, key, found, now) for key, found in batch)
    with transaction(db):
        job_runs.end_run(db, run_id, told=messages, now=now)
    return RectificationSweep(sweep.slot_at, sweep.decisions, messages)


def _batches(
    grouped: Mapping[str, list[RectificationDecision]],
) -> Iterator[list[tuple[str, list[RectificationDecision]]]]:
    entries = iter(grouped.items())
    while batch := list(itertools.islice(entries, BATCH)):
        yield batch


def _put_digest(
    db: Database, key: str, decisions: Sequence[RectificationDecision], now: datetime
) -> int:
    message_key = f"{DIGEST}:{now.isoformat()}:{key}"
    new = sum(_put_notice(db, decision, message_key, now) for decision in decisions)
    if not new:
        return 0
    alert = Alert(DIGEST, decisions[0].recipient, {"message": message_key}, message_key)
    return outbox.put(db, (alert,), now=now)


def _put_notice(
    db: Database, decision: RectificationDecision, message_key: str, now: datetime
) -> int:
    """Record a notice; one known already keeps its row unless its message had lapsed."""
    return db.execute(
        """INSERT INTO rectification_notices
               (rectification_id, step, kind, occasion, recipient, due_on, decided_at, message_key)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (rectification_id, step, kind, occasion, recipient) DO UPDATE
               SET message_key = excluded.message_key, decided_at = excluded.decided_at
               WHERE EXISTS (SELECT 1 FROM outbox o
                   WHERE o.dedupe_key = rectification_notices.message_key
                     AND o.failure = 'lapsed')""",
        [
            *decision.key,
            decision.deadline.due_on.isoformat(),
            now.isoformat(),
            message_key,
        ],
    ).rowcount


@dataclass(frozen=True, slots=True)
class ToldRectification:
    """One line of a digest: which rectification, which step, why, due when."""

    number: str
    step: Step
    kind: str
    due_on: date


def told_in(db: Database, message_key: str) -> tuple[ToldRectification, ...]:
    """Return what a message holds that is still in progress, the longest due first."""
    rows = db.execute(
        """SELECT r.number, n.step, n.kind, n.due_on FROM rectification_notices n
           JOIN rectifications r ON r.id = n.rectification_id
           WHERE n.message_key = ? AND r.state NOT IN ('closed', 'voided', 'mis_tap')
           ORDER BY n.due_on, n.id""",
        [message_key],
    ).fetchall()
    return tuple(ToldRectification(n, Step(s), k, date.fromisoformat(d)) for n, s, k, d in rows)
