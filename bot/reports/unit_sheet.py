"""One unit's figures for the morning meeting, and why cases were late, month by month."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlite_utils import Database

from bot.dialogue import Scope
from bot.reports.oversight import (
    NO_CAUSE,
    TrendDay,
    UnitCounts,
    causes_of_late,
    proof_of,
    reminder_rates,
    supervise,
    trend,
)
from bot.reports.percentages import Rate
from reminders.cases import Case, cases_in_progress_since
from reminders.notices import NO_REMINDERS
from reminders.overdue import Rules, Stage, Standing, standing_of, worst_first
from reminders.working_days import Calendar

TREND_DAYS = 10
MONTHS = 6
MOST_LISTED = 25


@dataclass(frozen=True, slots=True)
class Pressing:
    """A case that is late or due soon, with the reminders that arrived and what was promised."""

    case: Case
    standing: Standing
    told: int
    last_told_at: datetime | None
    acknowledged_at: datetime | None


@dataclass(frozen=True, slots=True)
class MonthCauses:
    """Why the cases finished late in a month were late; 未说明 counts like a cause."""

    month: date
    causes: Mapping[str, int]

    @property
    def total(self) -> int:
        """Count the cases finished late."""
        return sum(self.causes.values())


@dataclass(frozen=True, slots=True)
class UnitSheet:
    """Everything on a unit's page."""

    unit: str
    on: date
    counts: UnitCounts
    pressing: tuple[Pressing, ...]
    left_out: int
    trend: tuple[TrendDay, ...]
    rate: Rate | None
    causes: tuple[MonthCauses, ...]
    as_of: datetime | None
    stale: bool


def unit_sheets(
    db: Database,
    scope: Scope,
    calendar: Calendar,
    rules: Rules,
    *,
    on: date,
    units: Sequence[str] | None = None,
) -> tuple[UnitSheet, ...]:
    """Return the page of each unit within a scope, or of those named, the worst first."""
    days = last_working_days(calendar, on, TREND_DAYS)
    first_month = month_before(on, MONTHS - 1)
    known = cases_in_progress_since(db, scope, min(first_month, *days))
    figures = supervise(db, scope, calendar, rules, on=on, cases=known)
    by_unit: dict[str, list[Case]] = {}
    for case in known:
        by_unit.setdefault(case.unit_name, []).append(case)
    counts = {row.unit: row for row in figures.rows}
    wanted = [row.unit for row in figures.rows] if units is None else _meant(units, by_unit)
    sheets = []
    for unit in wanted:
        cases = by_unit[unit]
        listed = _pressing(cases, calendar, rules, on)
        rates = reminder_rates(db, cases, calendar, on.replace(day=1), on)
        sheets.append(
            UnitSheet(
                unit=unit,
                on=on,
                counts=counts.get(unit, UnitCounts(unit)),
                pressing=tuple(_told(db, c, s) for c, s in listed[:MOST_LISTED]),
                left_out=max(0, len(listed) - MOST_LISTED),
                trend=trend(cases, calendar, days),
                rate=rates[0].rate if rates else None,
                causes=causes_by_month(cases, calendar, rules, first_month, on),
                as_of=figures.as_of,
                stale=figures.stale,
            )
        )
    return tuple(sheets)


def _meant(named: Sequence[str], known: Iterable[str]) -> list[str]:
    """Return the units meant; a name without its district means those of every district."""
    return [u for u in known if any(u == name or u.endswith(f"·{name}") for name in named)]


def _pressing(
    cases: Sequence[Case], calendar: Calendar, rules: Rules, on: date
) -> list[tuple[Case, Standing]]:
    found = [
        (case, standing_of(case, calendar, rules, on))
        for case in cases
        if case.accepted_on <= on and (case.completed_on is None or case.completed_on > on)
    ]
    return worst_first([(c, s) for c, s in found if s.is_late or s.stage is Stage.DUE_SOON])


def _told(db: Database, case: Case, standing: Standing) -> Pressing:
    told = [t for t in proof_of(db, case).told if t.kind not in NO_REMINDERS]
    sent = [t.sent_at for t in told if t.sent_at is not None]
    known = [t.acknowledged_at for t in told if t.acknowledged_at is not None]
    return Pressing(case, standing, len(sent), max(sent, default=None), max(known, default=None))


def causes_by_month(
    cases: Sequence[Case], calendar: Calendar, rules: Rules, from_on: date, to_on: date
) -> tuple[MonthCauses, ...]:
    """Count the cases finished late by month and cause, a month with none included."""
    months = []
    first_on = from_on.replace(day=1)
    while first_on <= to_on:
        last_on = month_before(first_on, -1) - timedelta(days=1)
        counted: dict[str, int] = {}
        for unit in causes_of_late(cases, calendar, rules, first_on, min(last_on, to_on)):
            for cause, number in unit.causes.items():
                counted[cause] = counted.get(cause, 0) + number
        months.append(MonthCauses(first_on, counted))
        first_on = month_before(first_on, -1)
    return tuple(months)


def causes_named(months: Sequence[MonthCauses]) -> tuple[str, ...]:
    """Return the causes that occur, the commonest first, 未说明 last."""
    totals: dict[str, int] = {}
    for month in months:
        for cause, number in month.causes.items():
            totals[cause] = totals.get(cause, 0) + number
    return tuple(sorted(totals, key=lambda c: (c == NO_CAUSE, -totals[c], c)))


def month_before(day: date, months: int) -> date:
    """Return the first day of the month so many before a day's own; negative ones lie ahead."""
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def last_working_days(calendar: Calendar, on: date, number: int) -> tuple[date, ...]:
    """Return the last working days up to a day, in order."""
    days: list[date] = []
    day = on
    while len(days) < number:
        if calendar.is_working_day(day):
            days.append(day)
        day -= timedelta(days=1)
    return tuple(reversed(days))
