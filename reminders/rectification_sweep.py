"""The sweep over 差评整改: the same hours, rungs and digest as the cases' sweep.

Reads and decides without a transaction, then writes in short ones; run again at once it does
nothing. One message a person; its rows name every rectification it is about.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlite_utils import Database

from reminders import job_runs, outbox
from reminders.acts import (
    About,
    Act,
    draft_act,
    drafted_of_rectifications,
    lapse_act,
    lapse_acts,
    waiting_acts,
)
from reminders.alerts import Alert
from reminders.overdue import (
    ACTS,
    Level,
    Rules,
    Rung,
    late_rungs,
    recipient_key,
    slot_before,
)
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
WAITING = "waiting"
ACT = "rectification_act"
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
class RectificationDraft:
    """An act of the office about a late step, to be laid before a supervisor."""

    kind: Rung
    rectification: Rectification
    deadline: Deadline


@dataclass(frozen=True, slots=True)
class RectificationSweep:
    """What a sweep decided; without a slot it is not the hour and all rests.

    `lapsed` are drafts whose step was done before anybody decided.
    """

    slot_at: datetime | None
    decisions: tuple[RectificationDecision, ...] = ()
    drafts: tuple[RectificationDraft, ...] = ()
    lapsed: tuple[Act, ...] = ()
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
    decider = _Decider(db, calendar, rules, oversight, slot_at, now, resolve)
    return decider.decide()


class _Decider:
    """Holds what one sweep has read; `decide` is a pure function of it."""

    def __init__(
        self,
        db: Database,
        calendar: Calendar,
        rules: RectificationRules,
        oversight: Rules,
        slot_at: datetime,
        now: datetime,
        resolve: Resolve,
    ) -> None:
        self._calendar, self._rules, self._oversight = calendar, rules, oversight
        self._slot_at, self._now, self._today = slot_at, now, now.date()
        self._resolve = resolve
        self._told, self._chased_on = _told(db)
        self._drafted = drafted_of_rectifications(db)
        self._waiting = [a for a in waiting_acts(db, CITY) if a.rectification_id is not None]
        self._open = every_open_rectification(db)

    def decide(self) -> RectificationSweep:
        decisions: list[RectificationDecision] = []
        drafts: list[RectificationDraft] = []
        late: set[tuple[int, str, date]] = set()
        for rectification in self._open:
            if told_from(rectification, self._rules) > self._now:
                continue
            for deadline in open_deadlines(rectification, self._calendar, self._rules):
                late.add((rectification.id, deadline.step, deadline.due_on))
                rungs = self._rungs(rectification, deadline)
                decisions += self._about(rectification, deadline, rungs)
                new = self._drafts(rectification, deadline, rungs)
                drafts += new
                decisions += self._waits(rectification, deadline, new)
        new_only = tuple(d for d in decisions if d.key not in self._told)
        lapsed = tuple(
            act for act in self._waiting if (act.rectification_id, act.step, act.due_on) not in late
        )
        return RectificationSweep(self._slot_at, new_only, tuple(drafts), lapsed)

    def _rungs(self, rectification: Rectification, deadline: Deadline) -> tuple[Rung, ...]:
        key = (rectification.id, deadline.step.value, deadline.due_on.isoformat())
        chased_on = self._chased_on.get(key)
        return rungs_of(deadline, self._calendar, self._oversight, self._today, chased_on)

    def _about(
        self, rectification: Rectification, deadline: Deadline, rungs: tuple[Rung, ...]
    ) -> Iterator[RectificationDecision]:
        """Yield each rung once per recipient, and repeats of what is late to whose it is."""
        occasion = deadline.due_on.isoformat()
        for rung in rungs:
            if rung in ACTS:
                continue
            for recipient in recipients_of(
                rung, rectification, deadline.step, self._oversight, self._today, self._resolve
            ):
                yield RectificationDecision(
                    rung.value, rectification, deadline, recipient, occasion
                )
        over = working_days_between(self._calendar, deadline.due_on, self._today)
        if Rung.CHASE in rungs and over > 1:
            for recipient in self._resolve(owner_of(rectification, deadline.step), self._today):
                slot = self._slot_at.isoformat()
                yield RectificationDecision(REPEAT, rectification, deadline, recipient, slot)

    def _drafts(
        self, rectification: Rectification, deadline: Deadline, rungs: tuple[Rung, ...]
    ) -> list[RectificationDraft]:
        occasion = deadline.due_on.isoformat()
        return [
            RectificationDraft(rung, rectification, deadline)
            for rung in rungs
            if rung in ACTS
            and (rectification.id, deadline.step.value, rung.value, occasion) not in self._drafted
        ]

    def _waits(
        self,
        rectification: Rectification,
        deadline: Deadline,
        new: Sequence[RectificationDraft],
    ) -> Iterator[RectificationDecision]:
        """Yield once a day that an act about a step waits for release."""
        about = (rectification.id, deadline.step.value, deadline.due_on)
        kinds = [draft.kind for draft in new] + [
            act.kind
            for act in self._waiting
            if (act.rectification_id, act.step, act.due_on) == about
        ]
        if not kinds:
            return
        office = Recipient(role=Role.SUPERVISOR, scope=Scope(rectification.scope.district))
        for recipient in self._resolve(office, self._today):
            occasion = f"{self._today.isoformat()}:{kinds[0]}"
            yield RectificationDecision(WAITING, rectification, deadline, recipient, occasion)


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
    deadline: Deadline,
    calendar: Calendar,
    oversight: Rules,
    today: date,
    chased_on: date | None = None,
) -> tuple[Rung, ...]:
    """Return the rungs a deadline stands on: the ladder of the cases, with the same numbers.

    On a provisional date nothing goes beyond 提醒.
    """
    over = working_days_between(calendar, deadline.due_on, today)
    if over == 0:
        left = working_days_between(calendar, today, deadline.due_on)
        if deadline.due_on <= today:
            return (Rung.DUE_TODAY,)
        return (Rung.REMIND,) if left <= oversight.warn_days_short else ()
    if deadline.provisional:
        return (Rung.DUE_TODAY,)
    intervenes = over >= oversight.red_card_days
    return late_rungs(calendar, oversight, today, intervenes=intervenes, chased_on=chased_on)


def recipients_of(
    rung: Rung,
    rectification: Rectification,
    step: Step,
    oversight: Rules,
    on: date,
    resolve: Resolve,
) -> tuple[Recipient, ...]:
    """Return everyone a rung is told to, each once: the levels that the ladder names for it."""
    found = [
        recipient
        for level in oversight.levels(rung)
        for recipient in _at_level(level, rectification, step)
    ]
    return tuple(dict.fromkeys(one for each in found for one in resolve(each, on)))


def _at_level(level: Level, rectification: Rectification, step: Step) -> tuple[Recipient, ...]:
    scope = rectification.scope
    match level:
        case Level.HANDLER:
            return (owner_of(rectification, step),)
        case Level.LEAD if scope.window is not None:
            return (Recipient(role=Role.LEAD, scope=Scope(scope.district, None, scope.window)),)
        case Level.DEPARTMENT if scope.department is not None:
            unit = Scope(scope.district, scope.department)
            return (Recipient(role=Role.DEPARTMENT, scope=unit),)
        case Level.DISTRICT if scope.district is not None:
            return (Recipient(role=Role.SUPERVISOR, scope=Scope(scope.district)),)
        case Level.CITY:
            return (Recipient(role=Role.SUPERVISOR, scope=CITY),)
    return ()


def _told(db: Database) -> tuple[frozenset[Key], dict[tuple[int, str, str], date]]:
    """Read what was told of those in progress, and since when each late step has been chased.

    A message that lapsed told nobody anything.
    """
    rows = db.execute(
        """SELECT n.rectification_id, n.step, n.kind, n.occasion, n.recipient, n.decided_at
           FROM rectification_notices n JOIN rectifications r ON r.id = n.rectification_id
           LEFT JOIN outbox o ON o.dedupe_key = n.message_key
           WHERE r.state NOT IN ('closed', 'voided', 'mis_tap') AND o.failure IS NOT 'lapsed'"""
    ).fetchall()
    chased_on: dict[tuple[int, str, str], date] = {}
    for one, step, kind, occasion, _, decided_at in rows:
        if kind == Rung.CHASE:
            day = date.fromisoformat(decided_at[:10])
            chased_on[one, step, occasion] = min(day, chased_on.get((one, step, occasion), day))
    return frozenset((row[0], row[1], row[2], row[3], row[4]) for row in rows), chased_on


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
        lapse_acts(db, now=now)
        for act in sweep.lapsed:
            lapse_act(db, act, now=now)
        for draft in sweep.drafts:
            about = About(rectification_id=draft.rectification.id, step=draft.deadline.step)
            due_on = draft.deadline.due_on
            draft_act(db, about, draft.kind, red_card=False, due_on=due_on, now=now)
    messages = 0
    grouped: dict[str, list[RectificationDecision]] = {}
    for decision in sweep.decisions:
        grouped.setdefault(recipient_key(decision.recipient), []).append(decision)
    for batch in _batches(grouped):
        with transaction(db):
            messages += sum(_put_digest(db, key, found, now) for key, found in batch)
    with transaction(db):
        job_runs.end_run(db, run_id, told=messages, now=now)
    return replace(sweep, messages=messages)


def announce_rectification_act(
    db: Database,
    act: Act,
    rectification: Rectification,
    deadline: Deadline,
    oversight: Rules,
    *,
    now: datetime,
    resolve: Resolve,
) -> tuple[Recipient, ...]:
    """Tell a released act to everyone its rung names; return them."""
    found = recipients_of(act.kind, rectification, deadline.step, oversight, now.date(), resolve)
    for recipient in found:
        message_key = f"{ACT}:{act.id}:{recipient_key(recipient)}"
        alert = Alert(ACT, recipient, {"act": str(act.id)}, message_key)
        outbox.put(db, (alert,), now=now)
        occasion = deadline.due_on.isoformat()
        decision = RectificationDecision(
            act.kind.value, rectification, deadline, recipient, occasion
        )
        _put_notice(db, decision, message_key, now)
    return tuple(found)


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
