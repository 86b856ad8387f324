"""Stages of a case and the ladder of reminders, as pure functions of a day. Nothing is stored.

The rules are those of 电子监察; every number comes from `Rules`, which settings may change for
an entry or a district.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Protocol

from reminders.case_work import Acknowledgement
from reminders.cases import Case, Missing
from reminders.recipients import CITY, Recipient, Role, Scope
from reminders.working_days import (
    Calendar,
    Explanation,
    Stop,
    add_working_days,
    explain_days,
    working_days_between,
)

_ONE_DAY = timedelta(days=1)
_CACHED = 65536


class Stage(StrEnum):
    """Where a case stands: green, yellow, red, red card; grey where the clock stands still."""

    ON_TRACK = "on_track"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    LONG_OVERDUE = "long_overdue"
    SUSPENDED = "suspended"
    AWAITING_PAPERS = "awaiting_papers"
    COMPLETED = "completed"


LATE = frozenset({Stage.OVERDUE, Stage.LONG_OVERDUE})
STILL = frozenset({Stage.SUSPENDED, Stage.AWAITING_PAPERS})


class Rung(StrEnum):
    """A rung of the ladder; the first three the program climbs by itself."""

    REMIND = "remind"
    DUE_TODAY = "due_today"
    CHASE = "chase"
    INTERVENE = "intervene"
    BULLETIN = "bulletin"


ACTS = (Rung.INTERVENE, Rung.BULLETIN)
"""Acts of the office: drafted with the proof, released by a named supervisor."""


class Level(StrEnum):
    """Who is told at a rung: roles, found out when it is decided."""

    HANDLER = "handler"
    LEAD = "lead"
    DEPARTMENT = "department"
    DISTRICT = "district"
    CITY = "city"


@dataclass(frozen=True, slots=True)
class Override:
    """Other numbers for one entry, one district, or one entry there."""

    entry: str | None = None
    district: str | None = None
    warn_days: int | None = None
    red_card_days: int | None = None

    def fits(self, case: Case) -> bool:
        """Tell whether it is meant for a case."""
        return self.entry in (None, case.entry_id) and self.district in (None, case.scope.district)


DEFAULT_LADDER: tuple[tuple[Rung, tuple[Level, ...]], ...] = (
    (Rung.REMIND, (Level.HANDLER, Level.DISTRICT)),
    (Rung.DUE_TODAY, (Level.HANDLER, Level.DISTRICT)),
    (Rung.CHASE, (Level.HANDLER, Level.DISTRICT, Level.LEAD, Level.DEPARTMENT)),
    (
        Rung.INTERVENE,
        (Level.HANDLER, Level.DISTRICT, Level.LEAD, Level.DEPARTMENT, Level.CITY),
    ),
    (
        Rung.BULLETIN,
        (Level.HANDLER, Level.DISTRICT, Level.LEAD, Level.DEPARTMENT, Level.CITY),
    ),
)


@dataclass(frozen=True, slots=True)
class Rules:
    """The numbers of the supervision, in working days, and who is told at each rung."""

    warn_days_short: int = 1
    short_max_days: int = 5
    warn_days_long: int = 3
    red_card_days: int = 3
    bulletin_days_after_chase: int = 5
    papers_notice_days: int = 5
    send_at: tuple[time, ...] = (time(8, 30), time(14, 30))
    quiet_from: time = time(18, 0)
    missing_pause_days: int = 2
    ladder: tuple[tuple[Rung, tuple[Level, ...]], ...] = DEFAULT_LADDER
    overrides: tuple[Override, ...] = ()

    def warn_days(self, case: Case) -> int:
        """Return from how many remaining days on a case is yellow.

        A fixed 3 would make every short promise yellow from birth.
        """
        for override in self.overrides:
            if override.warn_days is not None and override.fits(case):
                return override.warn_days
        limit = case.limit_days + case.extended_days
        return self.warn_days_short if limit <= self.short_max_days else self.warn_days_long

    def red_card_from(self, case: Case) -> int:
        """Return from how many days over the promise on a case is card-worthy."""
        for override in self.overrides:
            if override.red_card_days is not None and override.fits(case):
                return override.red_card_days
        return self.red_card_days

    def levels(self, rung: Rung) -> tuple[Level, ...]:
        """Return who is told at a rung."""
        return next((levels for of, levels in self.ladder if of is rung), ())


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a case stands on a day; a provisional one rests on a year not yet announced.

    While the clock stands still `due_on` is only where it would end if it ran again at once;
    nothing is due that day, and nothing overdue after it. `late_step` is named where nothing but a
    step over its own limit makes the case yellow.
    """

    stage: Stage
    due_on: date
    provisional: bool
    remaining_days: int
    overdue_days: int
    statutory_due_on: date | None
    due_today: bool = False
    late_step: str | None = None

    @property
    def is_late(self) -> bool:
        """Tell whether the promise is broken."""
        return self.stage in LATE

    @property
    def is_still(self) -> bool:
        """Tell whether the clock stands still."""
        return self.stage in STILL


@lru_cache(maxsize=_CACHED)
def _due(calendar: Calendar, starts_on: date, days: int, stops: tuple[Stop, ...]) -> date:
    return add_working_days(calendar, starts_on, days, stops)


@lru_cache(maxsize=_CACHED)
def _between(calendar: Calendar, after: date, until: date, stops: tuple[Stop, ...]) -> int:
    return working_days_between(calendar, after, until, stops)


@lru_cache(maxsize=_CACHED)
def _is_provisional(calendar: Calendar, after: date, until: date) -> bool:
    if calendar.years.issuperset(range(after.year, until.year + 1)):
        return False
    days = ((after + timedelta(days=n)) for n in range(1, (until - after).days + 1))
    return any(calendar.is_provisional(day) for day in days)


def clock_start(case: Case, calendar: Calendar) -> date:
    """Return the day the clock started: of acceptance, or when papers asked for in time arrived.

    Papers asked for after the promise was broken do not mend it.
    """
    asked_on = case.papers_stood_on
    if asked_on is None:
        return case.starts_on
    days = case.limit_days + case.extended_days
    promised_on = _due(calendar, case.accepted_on, days, case.stops(asked_on))
    return case.starts_on if asked_on <= promised_on else case.accepted_on


def due_day(case: Case, calendar: Calendar, today: date) -> date:
    """Return the last day of a case's promise."""
    days = case.limit_days + case.extended_days
    return _due(calendar, clock_start(case, calendar), days, case.stops(today))


def awaits_papers(case: Case, calendar: Calendar, today: date) -> bool:
    """Tell whether the clock has not started because of papers, asked for while there was time."""
    asked_on = case.papers_asked_on
    return asked_on is not None and asked_on <= due_day(case, calendar, today)


def explain_case(case: Case, calendar: Calendar, today: date) -> Explanation:
    """Answer 为什么是这天 for a case."""
    days = case.limit_days + case.extended_days
    return explain_days(calendar, clock_start(case, calendar), days, case.stops(today))


def standing_of(case: Case, calendar: Calendar, rules: Rules, today: date) -> Standing:
    """Compute stage and deadlines of a case on a day; a finished one is judged at completion.

    A promise broken before the clock stopped stays broken: neither a stop nor papers asked for
    afterwards turn red into grey.
    """
    at = min(case.completed_on or today, today) if case.completed_on else today
    stops = case.stops(at)
    due_on, started_on = due_day(case, calendar, at), clock_start(case, calendar)
    over = _between(calendar, due_on, at, ()) if at > due_on else 0
    statutory_due_on = (
        _due(calendar, started_on, case.statutory_days + case.extended_days, stops)
        if case.statutory_days
        else None
    )
    provisional = _is_provisional(calendar, started_on, max(due_on, at))
    stage = _stage(case, at, calendar, rules, due_on, over, statutory_due_on, provisional)
    remaining = _between(calendar, at, due_on, stops)
    only_a_step = stage is Stage.DUE_SOON and remaining > rules.warn_days(case)
    return Standing(
        stage=stage,
        due_on=due_on,
        provisional=provisional,
        remaining_days=remaining,
        overdue_days=0 if stage in STILL else over,
        statutory_due_on=statutory_due_on,
        due_today=stage is Stage.DUE_SOON and due_on == today,
        late_step=case.late_step(at) if only_a_step else None,
    )


def _stage(
    case: Case,
    at: date,
    calendar: Calendar,
    rules: Rules,
    due_on: date,
    over: int,
    statutory_due_on: date | None,
    provisional: bool,
) -> Stage:
    if not case.is_open and case.completed_on is not None and case.completed_on <= at:
        return Stage.COMPLETED
    if awaits_papers(case, calendar, at):
        return Stage.AWAITING_PAPERS
    if at > due_on:
        statutory_broken = statutory_due_on is not None and at > statutory_due_on
        carded = statutory_broken or over >= rules.red_card_from(case)
        return Stage.LONG_OVERDUE if carded and not provisional else Stage.OVERDUE
    suspension = case.open_suspension()
    if suspension is not None and suspension.begins_on <= at:
        return Stage.SUSPENDED
    remaining = _between(calendar, at, due_on, case.stops(at))
    # A step over its own limit is a warning although the whole is in time (环节超时).
    warned = remaining <= rules.warn_days(case) or case.late_step(at) is not None
    return Stage.DUE_SOON if warned else Stage.ON_TRACK


def due_days_moved(
    cases: Sequence[Case], before: Calendar, after: Calendar, today: date
) -> tuple[tuple[Case, date, date], ...]:
    """Return the cases whose due day another calendar moves, with the old and the new day.

    When a year's notice arrives, these are listed before it is confirmed.
    """
    reckoned = ((case, due_day(case, before, today), due_day(case, after, today)) for case in cases)
    return tuple((case, old, new) for case, old, new in reckoned if old != new)


def was_late(case: Case, standing: Standing) -> bool:
    """Tell whether a finished case was finished after its day."""
    return case.completed_on is not None and case.completed_on > standing.due_on


def rungs_of(
    case: Case,
    standing: Standing,
    calendar: Calendar,
    rules: Rules,
    today: date,
    chased_on: date | None,
) -> tuple[Rung, ...]:
    """Return the rungs a case stands on today, lowest first; each is told once by the caller.

    提醒 on entering yellow and on the due day; 催办 from the first day over; 督办 from the red
    card or as many days over; 通报 five working days after 催办 without a cause given. On a
    provisional date there is no red card and no 通报.
    """
    if standing.stage is Stage.DUE_SOON:
        return (Rung.DUE_TODAY if standing.due_today else Rung.REMIND,)
    if not standing.is_late or standing.overdue_days == 0:
        return ()
    over = standing.overdue_days >= rules.red_card_from(case)
    unexplained_since = chased_on if case.cause is None and not standing.provisional else None
    return late_rungs(
        calendar,
        rules,
        today,
        intervenes=standing.stage is Stage.LONG_OVERDUE or over,
        chased_on=unexplained_since,
    )


def late_rungs(
    calendar: Calendar, rules: Rules, today: date, *, intervenes: bool, chased_on: date | None
) -> tuple[Rung, ...]:
    """Return the rungs of what is late, a case or a step of a rectification: 催办, 督办, 通报.

    `chased_on` is None too where a cause was given or the date is provisional: then no 通报.
    """
    rungs = [Rung.CHASE]
    if intervenes:
        rungs.append(Rung.INTERVENE)
    if (
        chased_on is not None
        and _between(calendar, chased_on, today, ()) >= rules.bulletin_days_after_chase
    ):
        rungs.append(Rung.BULLETIN)
    return tuple(rungs)


def is_paused(case: Case, calendar: Calendar, rules: Rules, today: date) -> bool:
    """Tell whether reminders rest because the case may be done (可能已办结), two working days."""
    if case.missing is not Missing.PERHAPS_DONE or case.missing_at is None:
        return False
    since = _between(calendar, case.missing_at.date(), today, ())
    return since <= rules.missing_pause_days


def is_silenced(said: Acknowledgement | None, today: date, imported_at: datetime | None) -> bool:
    """Tell whether somebody's word silences what is told to them.

    A named day holds to its end; 已办结 holds until the next import.
    """
    if said is None:
        return False
    if said.done_by_on is not None:
        return today <= said.done_by_on
    return imported_at is None or imported_at <= said.at


def is_broken(
    said: Acknowledgement | None, today: date, imported_at: datetime | None, as_of: date | None
) -> bool:
    """Tell whether an import has shown that somebody's word was not kept."""
    if said is None or as_of is None or imported_at is None or imported_at <= said.at:
        return False
    if said.done_by_on is None:
        return True
    return today > said.done_by_on and as_of > said.done_by_on


def is_stale(as_of: datetime | None, calendar: Calendar, today: date) -> bool:
    """Tell whether data are older than one working day: then nothing may be claimed of them."""
    return as_of is None or _between(calendar, as_of.date(), today, ()) > 1


def slot_before(rules: Rules, now: datetime) -> datetime | None:
    """Return the run that `now` belongs to, or None before the first and when all are asleep."""
    passed = [at for at in rules.send_at if at <= now.time().replace(tzinfo=None)]
    if not passed or now.time() >= rules.quiet_from:
        return None
    return datetime.combine(now.date(), max(passed), now.tzinfo)


def next_hour(calendar: Calendar, rules: Rules, now: datetime) -> datetime:
    """Return the next instant at which somebody may be told: now, or when the next run is due."""
    if slot_before(rules, now) is not None and calendar.is_working_day(now.date()):
        return now
    at = datetime.combine(now.date(), min(rules.send_at), now.tzinfo)
    while at <= now or not calendar.is_working_day(at.date()):
        at += _ONE_DAY
    return at


class Staffing(Protocol):
    """Says who is meant by a level for a case on a day, leave and rotation considered."""

    def recipients(self, level: Level, case: Case, on: date) -> tuple[Recipient, ...]:
        """Return the people, or the role where nobody holds it."""
        ...


class ByRole:
    """Knows no people: every level is a role within the case's scope."""

    def recipients(self, level: Level, case: Case, on: date) -> tuple[Recipient, ...]:
        """Return the handler's id where one took the case over, else the role."""
        del on
        scope = case.scope
        match level:
            case Level.HANDLER:
                if case.handler_id is not None:
                    return (Recipient(case.handler_id),)
                return (Recipient(role=Role.LEAD, scope=scope),)
            case Level.LEAD:
                return (Recipient(role=Role.LEAD, scope=scope),)
            case Level.DEPARTMENT:
                if scope.department is None:
                    return ()
                return (Recipient(role=Role.DEPARTMENT, scope=Scope(None, scope.department)),)
            case Level.DISTRICT:
                return (Recipient(role=Role.SUPERVISOR, scope=Scope(scope.district)),)
            case Level.CITY:
                return (Recipient(role=Role.SUPERVISOR, scope=CITY),)


def recipient_key(recipient: Recipient) -> str:
    """Return a recipient as one word: `p12`, or a role and its scope."""
    if recipient.person_id is not None:
        return f"p{recipient.person_id}"
    scope = recipient.scope
    place = "/".join(part or "" for part in (scope.district, scope.department, scope.window))
    return f"{recipient.role}@{place}"


def person_of_key(key: str) -> int | None:
    """Return the person a recipient's word names, if it names one."""
    return int(key[1:]) if key.startswith("p") and key[1:].isdigit() else None


def worst_first(entries: Sequence[tuple[Case, Standing]]) -> list[tuple[Case, Standing]]:
    """Order cases by how late they are, then by how soon they will be."""
    return sorted(entries, key=lambda e: (-e[1].overdue_days, e[1].due_on, e[0].number))
