"""When a certificate must be renewed, how urgent that is, and when to say so: pure rules.

Distances count back from the last valid day. Nothing here is stored, and nothing reads a clock.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

from reminders.working_days import Calendar, previous_working_day
from reminders.working_days import filing_day as count_back_working_days

_ONE_DAY = timedelta(days=1)
LAPSED_DAYS = 60
"""An expired certificate is told once, within so many days; afterwards it stands in the lists."""


class LeadUnit(StrEnum):
    """What the number of a lead counts."""

    WORKING_DAY = "working_day"
    CALENDAR_DAY = "calendar_day"
    MONTH = "month"


class AfterClosing(StrEnum):
    """What follows when the last day to apply for renewal is past."""

    LATE_ALLOWED = "late_allowed"
    NEW_APPLICATION = "new_application"
    ASK_ISSUER = "ask_issuer"


class Certainty(StrEnum):
    """How sure the rule of a kind is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Level(StrEnum):
    """How urgent a certificate is; colours are only how a level looks."""

    EARLY = "early"
    NEAR = "near"
    URGENT = "urgent"
    EXPIRED = "expired"


LEVELS = tuple(Level)


@dataclass(frozen=True, slots=True)
class Lead:
    """A distance before expiry."""

    value: int
    unit: LeadUnit


ON_EXPIRY = Lead(0, LeadUnit.CALENDAR_DAY)


@dataclass(frozen=True, slots=True)
class KindRule:
    """What the rule book says of one kind: when renewal opens and closes, and what follows."""

    id: str
    opens: Lead | None = None
    closes: Lead | None = None
    after_closing: AfterClosing = AfterClosing.ASK_ISSUER
    certainty: Certainty = Certainty.HIGH
    renewable: bool = True

    @property
    def may_tell_holders(self) -> bool:
        """Tell whether the rule is sure enough to be told to holders."""
        return self.certainty is not Certainty.LOW


@dataclass(frozen=True, slots=True)
class Rules:
    """The numbers of the three colours, in calendar days, from early to urgent."""

    days_left: tuple[int, int, int] = (90, 60, 30)
    days_to_filing_day: tuple[int, int, int] = (60, 30, 0)
    lead_days: int = 30
    messages: tuple[int, ...] = (90, 60, 30, 7, 3, 0)
    filing_day_messages: tuple[int, ...] = (15, 0)
    manual_at: int = 3
    excluded_kinds: frozenset[str] = frozenset()


Kinds = Mapping[str, KindRule]


# -- days


def months_before(day: date, months: int) -> date:
    """Return the day so many months earlier; no such day, then that month's last.

    Civil Code art. 202, by analogy: three months before 2025-05-31 is 2025-02-28.
    """
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def day_before_expiry(calendar: Calendar, expires_on: date, lead: Lead) -> date:
    """Return the day that lies a lead before the last valid day."""
    match lead.unit:
        case LeadUnit.WORKING_DAY:
            return count_back_working_days(calendar, expires_on, lead.value)
        case LeadUnit.MONTH:
            return months_before(expires_on, lead.value)
        case LeadUnit.CALENDAR_DAY:
            return expires_on - timedelta(days=lead.value)


def closing_lead(kind: KindRule | None, rules: Rules) -> Lead | None:
    """Return how long before expiry renewal closes; None without a rule, or without renewal.

    A kind with an opening day alone closes on expiry; one whose own law is silent 30 days before
    (行政许可法 art. 50).
    """
    if kind is None or not kind.renewable:
        return None
    if kind.closes is not None:
        return kind.closes
    if kind.opens is not None:
        return ON_EXPIRY
    return Lead(rules.lead_days, LeadUnit.CALENDAR_DAY)


def filing_day(calendar: Calendar, kind: KindRule, rules: Rules, expires_on: date) -> date:
    """Return the last day on which renewal may be applied for (最晚申请日).

    2025-06-30 with 15 working days: 2025-06-09. It may be a rest day; see `announced_day`. What
    cannot be renewed has until its end.
    """
    lead = closing_lead(kind, rules)
    return expires_on if lead is None else day_before_expiry(calendar, expires_on, lead)


def opens_on(calendar: Calendar, kind: KindRule, expires_on: date) -> date | None:
    """Return the first day on which renewal may be applied for, where the kind names one."""
    return None if kind.opens is None else day_before_expiry(calendar, expires_on, kind.opens)


def announced_day(calendar: Calendar, filing_on: date) -> date:
    """Return what is told as the last day: the filing day, or the working day before it."""
    return previous_working_day(calendar, filing_on)


# -- where a certificate stands


class RenewalPeriod(StrEnum):
    """Whether renewal can be applied for; UNKNOWN for a kind without a rule.

    NEVER is a kind that only a new application follows (单次的批准, 到期重新申请), ended or not.
    """

    NOT_OPEN = "not_open"
    OPEN = "open"
    CLOSED = "closed"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a certificate stands on a day; without a level it is not yet near.

    `follows` says what to do once renewal has closed: ask_issuer wherever the rule is not sure.
    """

    level: Level | None
    days_left: int
    renewal: RenewalPeriod
    filing_on: date | None
    announced_on: date | None
    opens_on: date | None
    follows: AfterClosing | None
    provisional: bool


def standing(
    calendar: Calendar, kind: KindRule | None, rules: Rules, expires_on: date, today: date
) -> Standing:
    """Return where a certificate stands today: the worse of expiry and filing day."""
    lead = closing_lead(kind, rules)
    level = level_of(calendar, lead, rules, expires_on, today)
    days_left = (expires_on - today).days
    if kind is None:
        renewal = RenewalPeriod.EXPIRED if days_left < 0 else RenewalPeriod.UNKNOWN
        return Standing(level, days_left, renewal, None, None, None, None, provisional=False)
    if not kind.renewable:
        follows, never = AfterClosing.NEW_APPLICATION, RenewalPeriod.NEVER
        return Standing(level, days_left, never, None, None, None, follows, provisional=False)
    filing_on = filing_day(calendar, kind, rules, expires_on)
    announced_on = announced_day(calendar, filing_on)
    first_on = opens_on(calendar, kind, expires_on)
    renewal = _renewal_period(first_on, filing_on, expires_on, today)
    counts_working_days = lead is not None and lead.unit is LeadUnit.WORKING_DAY
    return Standing(
        level=level,
        days_left=days_left,
        renewal=renewal,
        filing_on=filing_on,
        announced_on=announced_on,
        opens_on=first_on,
        follows=_follows(kind, renewal),
        provisional=calendar.is_provisional(filing_on)
        or (counts_working_days and calendar.is_provisional(expires_on)),
    )


def _renewal_period(
    first_on: date | None, filing_on: date, expires_on: date, today: date
) -> RenewalPeriod:
    if today > expires_on:
        return RenewalPeriod.EXPIRED
    if today > filing_on:
        return RenewalPeriod.CLOSED
    if first_on is not None and today < first_on:
        return RenewalPeriod.NOT_OPEN
    return RenewalPeriod.OPEN


def _follows(kind: KindRule, renewal: RenewalPeriod) -> AfterClosing | None:
    """Say what follows; a closed renewal is never claimed where the rule is not sure.

    After expiry there is nothing left to renew but where the kind allows being late.
    """
    if renewal not in (RenewalPeriod.CLOSED, RenewalPeriod.EXPIRED):
        return None
    if kind.certainty is not Certainty.HIGH:
        return AfterClosing.ASK_ISSUER
    if renewal is RenewalPeriod.EXPIRED and kind.after_closing is AfterClosing.ASK_ISSUER:
        return AfterClosing.NEW_APPLICATION
    return kind.after_closing


class Filing(StrEnum):
    """Whether renewal was applied for by the last day: only then silence counts as granted."""

    IN_TIME = "in_time"
    LATE = "late"


def filing_of(
    calendar: Calendar, kind: KindRule | None, rules: Rules, expires_on: date, filed_on: date
) -> Filing:
    """Tell whether what was filed on a day was in time (行政许可法 art. 50).

    Where the rule is not sure nobody is called late before the end itself. For what cannot be
    renewed there is no time: silence never grants a new application.
    """
    if kind is not None and not kind.renewable:
        return Filing.LATE
    last_on = expires_on
    if kind is not None and kind.certainty is Certainty.HIGH:
        last_on = filing_day(calendar, kind, rules, expires_on)
    return Filing.IN_TIME if filed_on <= last_on else Filing.LATE


@lru_cache(maxsize=65536)
def _turning_days(
    calendar: Calendar, lead: Lead | None, rules: Rules, expires_on: date
) -> tuple[date, date, date, date]:
    """Return the first days of early, near, urgent and expired."""
    turns = [expires_on - timedelta(days=days) for days in rules.days_left]
    if lead is not None:
        filing_on = day_before_expiry(calendar, expires_on, lead)
        by_filing = [filing_on - timedelta(days=days) for days in rules.days_to_filing_day]
        turns = [min(pair) for pair in zip(turns, by_filing, strict=True)]
    early, near, urgent = turns
    after = expires_on if expires_on == date.max else expires_on + _ONE_DAY
    return early, near, urgent, after


def level_of(
    calendar: Calendar, lead: Lead | None, rules: Rules, expires_on: date, today: date
) -> Level | None:
    """Return the worse of the level by days to expiry and by days to the filing day."""
    early, near, urgent, _ = _turning_days(calendar, lead, rules, expires_on)
    if today > expires_on:
        return Level.EXPIRED
    if today >= urgent:
        return Level.URGENT
    if today >= near:
        return Level.NEAR
    return Level.EARLY if today >= early else None


def entered_on(
    calendar: Calendar, lead: Lead | None, rules: Rules, expires_on: date, today: date
) -> date:
    """Return since when a certificate has been at its level of today; at most at urgent.

    What is not yet near counts from today.
    """
    level = level_of(calendar, lead, rules, expires_on, today)
    if level is None:
        return today
    turns = _turning_days(calendar, lead, rules, expires_on)
    return turns[min(LEVELS.index(level), LEVELS.index(Level.URGENT))]


@lru_cache(maxsize=4096)
def last_expiries(
    calendar: Calendar, lead: Lead | None, rules: Rules, today: date
) -> Mapping[Level, date]:
    """Return for each level the latest expiry that is at this level or worse today.

    Levels never improve with an earlier expiry, so a range of expiries is a level: this is what
    lets a million certificates be counted by an index.
    """
    found = {Level.EXPIRED: today - _ONE_DAY}
    farthest = today + timedelta(days=_reach(lead, rules))
    for level in (Level.URGENT, Level.NEAR, Level.EARLY):
        low, high = today - _ONE_DAY, farthest
        while low < high:
            middle = low + timedelta(days=((high - low).days + 1) // 2)
            reached = level_of(calendar, lead, rules, middle, today)
            if reached is not None and LEVELS.index(reached) >= LEVELS.index(level):
                low = middle
            else:
                high = middle - _ONE_DAY
        found[level] = low
    return found


def _reach(lead: Lead | None, rules: Rules) -> int:
    """Return a number of days beyond which no certificate of this lead can have a level."""
    days = max(rules.days_left)
    if lead is None:
        return days
    # A month has 31 days at most, and no 7 working days ever lay further apart than 17 days.
    longest = {LeadUnit.CALENDAR_DAY: 1.0, LeadUnit.MONTH: 31.0, LeadUnit.WORKING_DAY: 2.5}
    return max(days, int(lead.value * longest[lead.unit]) + max(rules.days_to_filing_day) + 14)


# -- when to say so


@dataclass(frozen=True, slots=True)
class Planned:
    """Something to be told about a certificate: entering a level, or a day inside one."""

    event: str
    on: date


@lru_cache(maxsize=65536)
def planned_for_holder(
    calendar: Calendar, lead: Lead | None, rules: Rules, expires_on: date
) -> tuple[Planned, ...]:
    """Return what a holder is told and when, in order, at most one thing a day.

    Entering a level; the days before the announced last day; the days in `messages` before
    expiry. Where the last day to apply comes months before expiry, 90, 60 and 30 days begin no
    level, and are told all the same: by then it is past.
    """
    planned = [*_entered(calendar, lead, rules, expires_on)]
    if lead is not None:
        announced_on = announced_day(calendar, day_before_expiry(calendar, expires_on, lead))
        planned += [
            Planned(f"filing_{days}", announced_on - timedelta(days=days))
            for days in rules.filing_day_messages
        ]
    planned += [
        Planned(f"days_{days}", expires_on - timedelta(days=days)) for days in rules.messages
    ]
    by_day: dict[date, Planned] = {}
    for each in planned:
        by_day.setdefault(each.on, each)
    return tuple(by_day[on] for on in sorted(by_day))


def planned_for_department(
    calendar: Calendar, lead: Lead | None, rules: Rules, expires_on: date
) -> tuple[Planned, ...]:
    """Return what a department is told and when: near, urgent, expired; early is the holder's."""
    entered = _entered(calendar, lead, rules, expires_on)
    return tuple(each for each in entered if each.event != Level.EARLY)


def _entered(
    calendar: Calendar, lead: Lead | None, rules: Rules, expires_on: date
) -> list[Planned]:
    turns = _turning_days(calendar, lead, rules, expires_on)
    # A lead may be so short that a level ends as it begins: then only the worse one is entered.
    return [
        Planned(level.value, on)
        for place, (level, on) in enumerate(zip(LEVELS, turns, strict=True))
        if all(on < later for later in turns[place + 1 :])
    ]


@dataclass(frozen=True, slots=True)
class Due:
    """The one thing to tell now about certificates of one expiry: the latest that is due.

    `days_before` is how long before expiry it belongs; whoever was told something as late as
    that is not told this.
    """

    event: str
    days_before: int
    level: Level | None


@dataclass(frozen=True, slots=True)
class DueRange:
    """A range of expiries about which the same is to be told."""

    due: Due
    from_on: date
    to_on: date


class Audience(StrEnum):
    """Who is told."""

    HOLDER = "holder"
    DEPARTMENT = "department"


def due_now(
    calendar: Calendar,
    lead: Lead | None,
    rules: Rules,
    audience: Audience,
    expires_on: date,
    today: date,
) -> Due | None:
    """Return the most urgent thing that is due, never the backlog of an outage."""
    plan = planned_for_holder if audience is Audience.HOLDER else planned_for_department
    passed = [each for each in plan(calendar, lead, rules, expires_on) if each.on <= today]
    if not passed:
        return None
    last = passed[-1]
    level = level_of(calendar, lead, rules, expires_on, today)
    return Due(last.event, (expires_on - last.on).days, level)


@lru_cache(maxsize=1024)
def due_ranges(
    calendar: Calendar, lead: Lead | None, rules: Rules, audience: Audience, today: date
) -> tuple[DueRange, ...]:
    """Return what is to be told today, as ranges of expiries; nothing outside them is due."""
    found: list[DueRange] = []
    last_on = last_expiries(calendar, lead, rules, today)[Level.EARLY]
    for expires_on in _days(today - timedelta(days=LAPSED_DAYS), last_on):
        due = due_now(calendar, lead, rules, audience, expires_on, today)
        if due is None:
            continue
        if found and found[-1].due == due and found[-1].to_on + _ONE_DAY == expires_on:
            found[-1] = DueRange(due, found[-1].from_on, expires_on)
        else:
            found.append(DueRange(due, expires_on, expires_on))
    return tuple(found)


def _days(first: date, last: date) -> Iterator[date]:
    for count in range((last - first).days + 1):
        yield first + timedelta(days=count)
