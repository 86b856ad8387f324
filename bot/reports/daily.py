"""What a supervisor must know of a day within their scope: exact counts, nothing worded."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlite_utils import Database

from bot.dialogue import CITY, Person, Scope
from bot.records.integrity import flags_of
from bot.reports.feedback import bad_ratings, without_untold
from bot.reports.statistics import By, Counts, count_ratings
from reminders.acts import waiting_acts
from reminders.cases import open_cases
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
    standings = (standing_of(case, calendar, oversight, today) for case in open_cases(db, scope))
    due = [
        one
        for one in open_rectifications(db, person.role, scope)
        if told_from(one, rules) <= now
        and any(d.due_on <= today for d in open_deadlines(one, calendar, rules))
    ]
    return DayFacts(
        cases_due=sum(standing.due_today for standing in standings),
        acts_waiting=len(waiting_acts(db, scope)),
        rectifications_due=len(due),
        good=total.good,
        bad=total.bad,
        unrated=total.unrated,
        new_bad=tuple(one.number for one in told if one.number and not one.voided),
        not_sent=_not_sent(db, scope, on),
        gaps=_gaps(db, on) if scope == CITY else None,
        flags=len(flags_of(db, scope, on, on)),
    )


def _not_sent(db: Database, scope: Scope, day: date) -> int:
    """Count the messages given up on a day, to the scope's roles or people.

    A message that had lapsed was no longer worth sending and failed nobody.
    """
    rows = db.execute(
        """SELECT coalesce(o.district, p.district), coalesce(o.department, p.department),
                  coalesce(o.window, p.window)
           FROM outbox o LEFT JOIN people p ON p.id = o.person_id
           WHERE o.failed_at >= ? AND o.failed_at < ? AND o.failure IS NOT 'lapsed'""",
        [day.isoformat(), f"{day.isoformat()}T24"],
    ).fetchall()
    return sum(scope.covers(Scope(*row)) for row in rows)


def _gaps(db: Database, day: date) -> int:
    row = db.execute(
        "SELECT count(*) FROM gaps WHERE at >= ? AND at < ?",
        [day.isoformat(), f"{day.isoformat()}T24"],
    ).fetchone()
    return int(row[0])


def counts_of(facts: Mapping[str, str]) -> Counts:
    """Read the counts of a full day from an alert's facts."""
    return Counts("合计", int(facts["good"]), int(facts["bad"]), int(facts["unrated"]))
