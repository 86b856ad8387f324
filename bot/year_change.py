"""A year's working days arrive: what they move, and putting them in force.

Nothing is written before `take_years`. A running program takes the table up by itself
(`calendar_watch.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from bot.database import transaction
from bot.desk import Desk
from bot.desks import CALENDAR_NAME
from bot.dialogue import CITY, Recipient
from bot.importing.year_table import check_table, merge_years, read_years
from bot.records.roster import Roster
from reminders import outbox
from reminders.alerts import Alert
from reminders.case_events import record_event
from reminders.cases import Case, open_cases
from reminders.overdue import Level, due_days_moved, next_hour, recipient_key
from reminders.rectification_rules import open_deadlines
from reminders.rectifications import every_open_rectification
from reminders.working_days import Calendar

DAYS_MOVED = "case_days_moved"
MOST_IN_A_MESSAGE = 40


@dataclass(frozen=True, slots=True)
class MovedDeadline:
    """An open deadline that the new table moves: of a case, or of a 整改."""

    kind: str
    number: str
    unit: str
    before_on: date
    after_on: date


@dataclass(frozen=True, slots=True)
class CalendarPlan:
    """What taking a file over would do: the whole table as text, and the deadlines it moves."""

    years: tuple[int, ...] = ()
    text: str = ""
    calendar: Calendar | None = None
    moved: tuple[MovedDeadline, ...] = ()
    moved_cases: tuple[tuple[Case, date, date], ...] = ()
    problems: tuple[str, ...] = ()


def plan_years(desk: Desk, path: Path, notice: str | None) -> CalendarPlan:
    """Read a file, check it and the table it makes, and find every open deadline that moves."""
    read = read_years(path, notice)
    if read.problems:
        return CalendarPlan(problems=read.problems)
    current = desk.settings.data_dir / CALENDAR_NAME
    text = merge_years(current, read.years)
    calendar, problems = check_table(text)
    if problems:
        return CalendarPlan(problems=problems)
    cases = open_cases(desk.db, CITY)
    moved_cases = due_days_moved(cases, desk.calendar, calendar, desk.today())
    moved = [
        MovedDeadline("办件", case.number, case.unit_name, before, after)
        for case, before, after in moved_cases
    ]
    moved += _moved_rectifications(desk, calendar)
    ordered = tuple(sorted(moved, key=lambda m: (m.after_on, m.kind, m.number)))
    return CalendarPlan(tuple(sorted(read.years)), text, calendar, ordered, moved_cases)


def _moved_rectifications(desk: Desk, after: Calendar) -> Iterator[MovedDeadline]:
    rules = desk.settings.rectification_rules()
    for one in every_open_rectification(desk.db):
        new = {d.step: d.due_on for d in open_deadlines(one, after, rules)}
        for deadline in open_deadlines(one, desk.calendar, rules):
            due_on = new.get(deadline.step, deadline.due_on)
            if due_on != deadline.due_on:
                unit = one.scope.district or ""
                yield MovedDeadline("差评整改", one.number, unit, deadline.due_on, due_on)


def take_years(desk: Desk, plan: CalendarPlan) -> int:
    """Put the new table in force, log each case that moves, and tell handlers of earlier days.

    Return how many messages were put. The file is replaced last, in one step: a crash before it
    leaves the old table and no word of a new one.
    """
    assert plan.calendar is not None, "a plan with problems is not taken"
    now, current = desk.now(), desk.settings.data_dir / CALENDAR_NAME
    years = "、".join(map(str, plan.years))
    with transaction(desk.db):
        for case, before, after in plan.moved_cases:
            facts = {"from": before.isoformat(), "to": after.isoformat(), "years": years}
            record_event(desk.db, case.id, "due_moved", None, facts, now=now)
        alerts = tuple(_alerts(desk, plan, now))
        told = outbox.put(desk.db, alerts, now=now)
        _replace(current, plan.text)
    return told


def _alerts(desk: Desk, plan: CalendarPlan, now: datetime) -> Iterator[Alert]:
    """Yield one message per handler about the cases that are due earlier than they were."""
    assert plan.calendar is not None
    roster, today = Roster(desk.db), now.date()
    earlier: dict[Recipient, list[str]] = {}
    for case, before, after in plan.moved_cases:
        if after < before:
            for recipient in roster.recipients(Level.HANDLER, case, today):
                earlier.setdefault(recipient, []).append(f"{case.id}:{before}:{after}")
    not_before_at = next_hour(plan.calendar, desk.settings.oversight.rules(), now)
    for recipient, moved in earlier.items():
        facts = {"cases": " ".join(moved[:MOST_IN_A_MESSAGE]), "number": str(len(moved))}
        key = f"{DAYS_MOVED}:{now.isoformat()}:{recipient_key(recipient)}"
        yield Alert(DAYS_MOVED, recipient, facts, key, not_before_at)


def _replace(path: Path, text: str) -> None:
    beside = path.with_suffix(".new")
    with beside.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(path)
