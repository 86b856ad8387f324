"""The jobs that look at everything: read, decide, put. Each run is recorded, each is idempotent.

A sweep reads and decides without a transaction and then writes in short ones, a batch of
recipients each; a sweep cut off anywhere is finished by the next one and tells nobody twice.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlite_utils import Database

from reminders import job_runs, outbox
from reminders.acts import About, Act, draft_act, drafted, lapse_acts, waiting_acts
from reminders.alerts import Alert
from reminders.case_work import Acknowledgement, latest_acknowledgements
from reminders.cases import Case, CaseImport, Missing, closed_without_cause, imports, open_cases
from reminders.notices import (
    Notice,
    NoticeKind,
    Told,
    put_notices,
    told_so_far,
    waiting_message,
)
from reminders.overdue import (
    ACTS,
    ByRole,
    Level,
    Rules,
    Rung,
    Staffing,
    Stage,
    Standing,
    is_paused,
    is_silenced,
    person_of_key,
    recipient_key,
    rungs_of,
    slot_before,
    standing_of,
    was_late,
)
from reminders.overview import Overview, overview_of
from reminders.recipients import CITY, Recipient, Role, Scope
from reminders.working_days import Calendar

OVERDUE = "overdue"
DIGEST = "case_digest"
BATCH = 50
CAUSE_ASKED_DAYS = 14
_CALENDAR_WARNING = (11, 1)
_OVERSEEING = (Level.LEAD, Level.DEPARTMENT, Level.DISTRICT, Level.CITY)

Transaction = Callable[[Database], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing to be told: which case, why, to whom."""

    kind: NoticeKind
    case: Case
    standing: Standing
    recipient: Recipient
    occasion: str


@dataclass(frozen=True, slots=True)
class Draft:
    """An act of the office to be laid before a supervisor."""

    kind: Rung
    case: Case
    standing: Standing


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a sweep decided; without a slot it is not the hour (night, rest day) and all rests.

    `overviews` holds, by recipient above the handlers, all that is yellow or red of what they
    answer for: a digest is no rung. `adds` says that the slot's run was completed before, so that
    a handler is told only what is new. `missed` are the runs since the last completed one that
    never took place; `messages` counts what was put.
    """

    slot_at: datetime | None
    decisions: tuple[Decision, ...] = ()
    drafts: tuple[Draft, ...] = ()
    missed: tuple[datetime, ...] = ()
    messages: int = 0
    overviews: Mapping[str, Overview] = field(default_factory=dict)
    adds: bool = False


def decide_overdue(
    db: Database,
    calendar: Calendar,
    rules: Rules,
    *,
    now: datetime,
    staffing: Staffing | None = None,
) -> Sweep:
    """Decide who would be told what now, and write nothing (the dry run)."""
    slot_at = slot_before(rules, now)
    if slot_at is None or not calendar.is_working_day(now.date()):
        return Sweep(None)
    decider = _Decider(db, calendar, rules, slot_at, now, staffing or ByRole())
    decisions, drafts = decider.decide()
    missed = job_runs.missed_slots(db, OVERDUE, _passed(db, calendar, rules, slot_at, now))
    told = {recipient_key(d.recipient) for d in decisions}
    overviews = decider.overviews(told)
    adds = job_runs.has_run(db, OVERDUE, slot_at)
    return Sweep(slot_at, tuple(decisions), tuple(drafts), missed, overviews=overviews, adds=adds)


def _passed(
    db: Database, calendar: Calendar, rules: Rules, slot_at: datetime, now: datetime
) -> list[datetime]:
    """Return every slot of the working days since the last completed run that is past."""
    last = job_runs.last_run(db, OVERDUE)
    day = last.date() if last else now.date()
    slots: list[datetime] = []
    while day <= now.date():
        if calendar.is_working_day(day):
            slots += [datetime.combine(day, at, now.tzinfo) for at in rules.send_at]
        day += timedelta(days=1)
    return [
        s for s in sorted(slots) if s < slot_at or (s == slot_at and now - s > job_runs.PUNCTUAL)
    ]


class _Decider:
    """Holds what one sweep has read; `decide` is a pure function of it, `overviews` comes after."""

    def __init__(
        self,
        db: Database,
        calendar: Calendar,
        rules: Rules,
        slot_at: datetime,
        now: datetime,
        staffing: Staffing,
    ) -> None:
        self._calendar, self._rules, self._staffing = calendar, rules, staffing
        self._slot, self._today = slot_at.isoformat(), now.date()
        self._cases = open_cases(db, CITY)
        self._late = closed_without_cause(db, CITY, now.date() - timedelta(days=CAUSE_ASKED_DAYS))
        self._told: Told = told_so_far(db, self._today)
        self._drafted = drafted(db)
        self._waiting: tuple[Act, ...] = waiting_acts(db, CITY)
        self._said: Mapping[tuple[int, int], Acknowledgement] = latest_acknowledgements(db)
        self._imports: tuple[CaseImport, ...] = imports(db)
        self._imported_at: dict[str | None, datetime | None] = {}
        self._pressing: list[tuple[Case, Standing]] = []

    def decide(self) -> tuple[list[Decision], list[Draft]]:
        decisions: list[Decision] = []
        drafts: list[Draft] = []
        acting = {act.case_id: act.kind for act in self._waiting if act.case_id is not None}
        for case in self._cases:
            standing = standing_of(case, self._calendar, self._rules, self._today)
            if standing.stage is not Stage.DUE_SOON and not standing.is_late:
                continue
            if is_paused(case, self._calendar, self._rules, self._today):
                continue
            self._pressing.append((case, standing))
            rungs = self._rungs(case, standing)
            decisions += self._about(case, standing, rungs)
            new = list(self._drafts(case, standing, rungs))
            drafts += new
            if new or case.id in acting:
                kind = new[-1].kind if new else acting[case.id]
                decisions += self._waits(case, standing, kind)
        for case in self._late:
            decisions += self._asks_cause(case)
        for case in self._cases:
            if case.missing is Missing.PERHAPS_DONE:
                decisions += self._asks_whether_done(case)
        return decisions, drafts

    def overviews(self, keys: Collection[str]) -> dict[str, Overview]:
        """Sum up for some recipients every yellow or red case of theirs that is not silenced."""
        found: dict[str, list[tuple[Case, Standing]]] = {}
        of_place: dict[Scope, tuple[str, ...]] = {}
        for case, standing in self._pressing if keys else ():
            # Where a case names no window, its handler's decides who leads it.
            overseers = of_place.get(case.scope) if case.scope.window else None
            if overseers is None:
                overseers = tuple(k for k in dict.fromkeys(self._overseers(case)) if k in keys)
                of_place[case.scope] = overseers
            for key in overseers:
                if not self._is_quiet(case, key):
                    found.setdefault(key, []).append((case, standing))
        return {key: overview_of(entries) for key, entries in found.items()}

    def _overseers(self, case: Case) -> Iterator[str]:
        """Yield who answers for a case above its handler."""
        for level in _OVERSEEING:
            yield from map(recipient_key, self._staffing.recipients(level, case, self._today))

    def _about(self, case: Case, standing: Standing, rungs: tuple[Rung, ...]) -> Iterator[Decision]:
        """Yield each rung once per recipient, and repeats to whoever must act.

        Whoever gave a word that still holds was promised quiet: a rung reaches them once it
        holds no longer, and the others at once.
        """
        told_now: set[str] = set()
        handlers = self._handlers(case)
        for rung in rungs:
            if rung in ACTS:
                continue
            kind, occasion = NoticeKind(rung), _occasion(standing, rung)
            for recipient in self._recipients(rung, case, handlers):
                key = recipient_key(recipient)
                known = (case.id, kind, occasion, key) in self._told.keys
                if not known and not self._is_quiet(case, key):
                    told_now.add(key)
                    yield Decision(kind, case, standing, recipient, occasion)
        for recipient in handlers:
            key = recipient_key(recipient)
            if key not in told_now and self._may_repeat(case, key):
                yield Decision(NoticeKind.REPEAT, case, standing, recipient, self._slot)

    def _rungs(self, case: Case, standing: Standing) -> tuple[Rung, ...]:
        chased_on = self._told.chased_on.get((case.id, standing.due_on.isoformat()))
        return rungs_of(case, standing, self._calendar, self._rules, self._today, chased_on)

    def _handlers(self, case: Case) -> tuple[Recipient, ...]:
        """Return whoever must act: until a case that was offered is taken over, both."""
        handlers = self._staffing.recipients(Level.HANDLER, case, self._today)
        if case.offered_to_id is None:
            return handlers
        offered_to = Recipient(case.offered_to_id)
        return handlers if offered_to in handlers else (*handlers, offered_to)

    def _recipients(
        self, rung: Rung, case: Case, handlers: tuple[Recipient, ...]
    ) -> tuple[Recipient, ...]:
        """Return everyone a rung is told to, each once."""
        found = [
            recipient
            for level in self._rules.levels(rung)
            for recipient in (
                handlers
                if level is Level.HANDLER
                else self._staffing.recipients(level, case, self._today)
            )
        ]
        return tuple(dict.fromkeys(found))

    def _may_repeat(self, case: Case, key: str) -> bool:
        if self._told.last_at.get((case.id, key), "") >= self._slot:
            return False
        return not self._is_quiet(case, key)

    def _is_quiet(self, case: Case, key: str) -> bool:
        person_id = person_of_key(key)
        said = self._said.get((case.id, person_id)) if person_id is not None else None
        return is_silenced(said, self._today, self._last_import(case.scope.district))

    def _last_import(self, district: str | None) -> datetime | None:
        if district not in self._imported_at:
            covering = [
                i.at
                for i in self._imports
                if not i.covers.districts or district in i.covers.districts
            ]
            self._imported_at[district] = max(covering, default=None)
        return self._imported_at[district]

    def _drafts(self, case: Case, standing: Standing, rungs: tuple[Rung, ...]) -> Iterator[Draft]:
        for rung in rungs:
            key = (case.id, rung.value, standing.due_on.isoformat())
            if rung in ACTS and key not in self._drafted:
                yield Draft(rung, case, standing)

    def _waits(self, case: Case, standing: Standing, kind: Rung) -> Iterator[Decision]:
        """Yield once a day that an act about a case waits for release."""
        occasion = f"{self._today.isoformat()}:{kind}"
        for recipient in self._staffing.recipients(Level.DISTRICT, case, self._today):
            key = (case.id, NoticeKind.WAITING.value, occasion, recipient_key(recipient))
            if key not in self._told.keys:
                yield Decision(NoticeKind.WAITING, case, standing, recipient, occasion)

    def _asks_whether_done(self, case: Case) -> Iterator[Decision]:
        """Yield once per export that lacks a case that its lead should look whether it is done."""
        standing = standing_of(case, self._calendar, self._rules, self._today)
        occasion = case.missing_at.isoformat() if case.missing_at else ""
        for recipient in self._staffing.recipients(Level.LEAD, case, self._today):
            key = (case.id, NoticeKind.PERHAPS_DONE.value, occasion, recipient_key(recipient))
            if key not in self._told.keys:
                yield Decision(NoticeKind.PERHAPS_DONE, case, standing, recipient, occasion)

    def _asks_cause(self, case: Case) -> Iterator[Decision]:
        """Yield once a day that the cause of a late finish has not been given."""
        standing = standing_of(case, self._calendar, self._rules, self._today)
        if not was_late(case, standing):
            return
        occasion = self._today.isoformat()
        for recipient in self._handlers(case):
            key = (case.id, NoticeKind.CAUSE.value, occasion, recipient_key(recipient))
            if key not in self._told.keys:
                yield Decision(NoticeKind.CAUSE, case, standing, recipient, occasion)


def _occasion(standing: Standing, rung: Rung) -> str:
    """Return on what occasion a rung is told once.

    The reminder of a late step leaves that of the whole, which comes when it is due itself.
    """
    due_on = standing.due_on.isoformat()
    of_step = rung is Rung.REMIND and standing.late_step is not None
    return f"{due_on}:{standing.late_step}" if of_step else due_on


def sweep_overdue(
    db: Database,
    calendar: Calendar,
    rules: Rules,
    *,
    now: datetime,
    transaction: Transaction,
    staffing: Staffing | None = None,
) -> Sweep:
    """Decide who must be told what, and put it into the outbox: one message per person.

    Run again at once it does nothing; run after an import it tells what is new; run late it
    says so and makes up for the runs it replaces, once.
    """
    sweep = decide_overdue(db, calendar, rules, now=now, staffing=staffing)
    if sweep.slot_at is None:
        return sweep
    late = bool(sweep.missed)
    with transaction(db):
        run_id = job_runs.begin_run(db, OVERDUE, sweep.slot_at, late=late, now=now)
        lapse_acts(db, now=now)
        for draft in sweep.drafts:
            # One red card a case: the circular that may follow is no second one.
            carded = draft.standing.stage is Stage.LONG_OVERDUE
            red_card = carded and draft.kind is Rung.INTERVENE
            due_on = draft.standing.due_on
            about = About(case_id=draft.case.id)
            draft_act(db, about, draft.kind, red_card=red_card, due_on=due_on, now=now)
    messages = 0
    grouped = _by_recipient(sweep.decisions)
    for batch in _batches(grouped):
        with transaction(db):
            for key, decisions in batch:
                messages += _put_digest(db, key, decisions, sweep, now=now)
    with transaction(db):
        job_runs.end_run(db, run_id, told=messages, now=now)
        for slot_at in sweep.missed:
            if slot_at != sweep.slot_at:
                replaced = job_runs.begin_run(db, OVERDUE, slot_at, late=True, now=now)
                job_runs.end_run(db, replaced, told=0, now=now)
        outbox.put(db, tuple(_reports(sweep, calendar, messages, now)), now=now)
    return replace(sweep, messages=messages)


def _by_recipient(decisions: tuple[Decision, ...]) -> dict[str, list[Decision]]:
    grouped: dict[str, list[Decision]] = {}
    for decision in decisions:
        grouped.setdefault(recipient_key(decision.recipient), []).append(decision)
    return grouped


def _batches(grouped: Mapping[str, list[Decision]]) -> Iterator[list[tuple[str, list[Decision]]]]:
    entries = iter(grouped.items())
    while batch := list(itertools.islice(entries, BATCH)):
        yield batch


def _put_digest(
    db: Database,
    key: str,
    decisions: list[Decision],
    sweep: Sweep,
    *,
    now: datetime,
) -> int:
    """Join what one recipient must be told into one message; tell whether it is a new one.

    What still waits for them unsent, as when their channel was down, takes it in too.
    """
    joined = waiting_message(db, DIGEST, key)
    message_key = joined or f"{DIGEST}:{now.isoformat()}:{key}"
    notices = [
        Notice(
            case_id=d.case.id,
            kind=d.kind,
            occasion=d.occasion,
            recipient=key,
            due_on=d.standing.due_on,
            decided_at=now,
            message_key=message_key,
        )
        for d in decisions
    ]
    overview = sweep.overviews[key].to_text() if key in sweep.overviews else ""
    put = put_notices(db, notices)
    if joined:
        outbox.change_fact(db, joined, "overview", overview)
    if not put or joined:
        return 0
    late = sweep.slot_at in sweep.missed
    missed = sweep.slot_at if late else next(iter(sweep.missed), None)
    facts = {
        "message": message_key,
        "missed": missed.isoformat() if missed else "",
        "overview": overview,
        "adds": "1" if sweep.adds else "",
    }
    alert = Alert(DIGEST, decisions[0].recipient, facts, message_key)
    return outbox.put(db, (alert,), now=now)


def _reports(sweep: Sweep, calendar: Calendar, messages: int, now: datetime) -> Iterator[Alert]:
    """Yield what the administrator must know: a run made up for, a year not announced."""
    administrator = Recipient(role=Role.ADMINISTRATOR)
    yield from job_runs.caught_up(OVERDUE, sweep.missed, told=messages, now=now)
    today = now.date()
    if (today.month, today.day) >= _CALENDAR_WARNING and today.year + 1 not in calendar.years:
        week = today.isocalendar()
        key = f"calendar_missing:{today.year + 1}:{week.year}-{week.week}"
        yield Alert("calendar_missing", administrator, {"year": str(today.year + 1)}, key)


def announce_act(
    db: Database,
    act: Act,
    case: Case,
    rules: Rules,
    *,
    staffing: Staffing,
    now: datetime,
) -> tuple[Recipient, ...]:
    """Tell a released act to everyone its rung names; return them.

    A role among them is one that nobody holds now: whoever takes it is told.
    """
    found = [
        recipient
        for level in rules.levels(act.kind)
        for recipient in staffing.recipients(level, case, now.date())
    ]
    everyone = tuple(dict.fromkeys(found))
    for recipient in everyone:
        key = recipient_key(recipient)
        message_key = f"case_act:{act.id}:{key}"
        alert = Alert("case_act", recipient, {"act": str(act.id)}, message_key)
        outbox.put(db, (alert,), now=now)
        notice = Notice(
            case_id=case.id,
            kind=NoticeKind(act.kind),
            occasion=act.due_on.isoformat(),
            recipient=key,
            due_on=act.due_on,
            decided_at=now,
            message_key=message_key,
        )
        put_notices(db, (notice,))
    return everyone
