"""What a supervisor must know of a day within their scope: exact counts, nothing worded."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlite_utils import Database

from bot.dialogue import CITY, Person, Recipient, Role, Scope
from bot.records.integrity import flags_of
from bot.reports.feedback import bad_ratings, without_untold
from bot.reports.statistics import By, Counts, count_ratings
from reminders.acts import waiting_acts
from reminders.cases import Case, open_cases
from reminders.overdue import Rules, standing_of
from reminders.rectification_rules import RectificationRules, open_deadlines, told_from
from reminders.rectifications import open_rectifications
from reminders.working_days import Calendar


@dataclass(frozen=True, slots=True)
class DayFacts:
    """A day in numbers; `gaps` is None for whoever answers for less than the city."""

    cases_due: int
    acts_waiting: int
    rectifications_due: int
    good: int
    bad: int
    unrated: int
    new_bad: tuple[str, ...]
    not_sent: int
    gaps: int | None
    flags: int

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing at all to say."""
        numbers = (
            self.cases_due,
            self.acts_waiting,
            self.rectifications_due,
            self.good,
            self.bad,
            self.unrated,
            self.not_sent,
            self.gaps or 0,
            self.flags,
        )
        return not any(numbers)

    @property
    def counts(self) -> Counts:
        """Return the day's counts."""
        return Counts("合计", self.good, self.bad, self.unrated)

    def packed(self) -> str:
        """Return it as text for the outbox."""
        return json.dumps(asdict(self), ensure_ascii=False)


def unpack_day(text: str) -> DayFacts:
    """Read what `packed` wrote."""
    values = json.loads(text)
    return DayFacts(**{**values, "new_bad": tuple(values["new_bad"])})


def facts_of_day(
    db: Database,
    person: Person,
    calendar: Calendar,
    oversight: Rules,
    rules: RectificationRules,
    *,
    entries_of_department: Sequence[str] = (),
    on: date,
    now: datetime,
) -> DayFacts:
    """Gather a day's figures, and what is still to be done now, within one person's scope."""
    scope, today = person.scope, now.date()
    total = count_ratings(
        db, scope, on, on, By.DAY, entries_of_department=entries_of_department
    ).total
    bad = bad_ratings(db, scope, on, on, entries_of_department=entries_of_department)
    told = without_untold(db, bad, rules, now=now)
    due = [
        one
        for one in open_rectifications(db, person.role, scope)
        if told_from(one, rules) <= now
        and any(d.due_on <= today for d in open_deadlines(one, calendar, rules))
    ]
    return DayFacts(
        cases_due=len(due_on_day(open_cases(db, scope), calendar, oversight, today)),
        acts_waiting=len(waiting_acts(db, scope)),
        rectifications_due=len(due),
        good=total.good,
        bad=total.bad,
        unrated=total.unrated,
        new_bad=tuple(one.number for one in told if one.number and not one.voided),
        not_sent=len(unsent_on(db, scope, on)),
        gaps=len(unanswered_on(db, on)) if scope == CITY else None,
        flags=len(flags_of(db, scope, on, on)),
    )


@dataclass(frozen=True, slots=True)
class Unsent:
    """A message that was given up: when, of what kind, to whom, why."""

    at: datetime
    kind: str
    recipient: Recipient
    failure: str | None


def unsent_on(db: Database, scope: Scope, day: date) -> tuple[Unsent, ...]:
    """Return the messages given up on a day, to the scope's roles or people.

    A message that had lapsed was no longer worth sending and failed nobody.
    """
    rows = db.execute(
        """SELECT o.failed_at, o.kind, o.person_id, coalesce(o.role, p.role), o.failure,
                  coalesce(o.district, p.district), coalesce(o.department, p.department),
                  coalesce(o.window, p.window)
           FROM outbox o LEFT JOIN people p ON p.id = o.person_id
           WHERE o.failed_at >= ? AND o.failed_at < ? AND o.failure IS NOT 'lapsed'
           ORDER BY o.failed_at, o.id""",
        [day.isoformat(), f"{day.isoformat()}T24"],
    ).fetchall()
    found = (
        Unsent(
            datetime.fromisoformat(at),
            kind,
            Recipient(person_id, Role(role) if role else None, Scope(*where)),
            failure,
        )
        for at, kind, person_id, role, failure, *where in rows
    )
    return tuple(one for one in found if scope.covers(one.recipient.scope))


def due_on_day(
    cases: Sequence[Case], calendar: Calendar, rules: Rules, day: date
) -> tuple[Case, ...]:
    """Return the open cases whose last day this is."""
    return tuple(case for case in cases if standing_of(case, calendar, rules, day).due_today)


def unanswered_on(db: Database, day: date) -> tuple[str, ...]:
    """Return the questions, masked, that found no answer on a day, in their order."""
    rows = db.execute(
        "SELECT question FROM gaps WHERE at >= ? AND at < ? ORDER BY at, id",
        [day.isoformat(), f"{day.isoformat()}T24"],
    ).fetchall()
    return tuple(row[0] for row in rows)


def counts_of(facts: Mapping[str, str]) -> Counts:
    """Read the counts of a full day from an alert's facts."""
    return Counts("合计", int(facts["good"]), int(facts["bad"]), int(facts["unrated"]))
