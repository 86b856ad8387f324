"""What stands behind the counts of our own ratings: bad ones, rows, exact figures, rectifications.

Every function takes the scope of who asks; nothing here is worded, and no row names a person.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlite_utils import Database

from bot.dialogue import Person, Scope
from bot.reports.percentages import Rate
from bot.reports.rates import Duty, Figures, Indicator, on_time
from bot.reports.statistics import EVERYTHING, UNASSIGNED, Narrow, within
from reminders.rectification_rules import (
    Deadline,
    Rectification,
    RectificationRules,
    State,
    first_follow_up_deadline,
    first_rectify_deadline,
    told_from,
)
from reminders.rectifications import (
    rectification_of_rating,
    rectifications_opened,
    satisfied_among,
)
from reminders.working_days import Calendar

LONGEST_LIMIT_DAYS = 60
"""Nothing opened longer ago than this can be due in a period: 15 working days and any festival."""


_OFFICIAL = """LEFT JOIN official_matches m ON m.interaction_id = i.id
    LEFT JOIN official_ratings o ON o.id = m.official_id"""
"""The provincial rating of the same service: shown beside ours, never added to it."""


@dataclass(frozen=True, slots=True)
class BadRating:
    """A bad rating as overseers see it: no words, no person."""

    rating_id: int
    rated_at: datetime
    level: int
    entry_id: str
    district: str | None
    window: str | None
    reason: str | None
    number: str | None
    voided: bool
    official: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DetailRow:
    """One interaction behind the figures."""

    day: str
    level: int | None
    entry_id: str
    district: str | None
    window: str | None
    channel: str
    reason: str | None
    voided: bool
    official: str | None = None


def bad_ratings(
    db: Database,
    scope: Scope,
    from_on: date,
    to_on: date,
    *,
    entries_of_department: Sequence[str] = (),
    narrow: Narrow = EVERYTHING,
    offset: int = 0,
    limit: int = 50,
) -> tuple[BadRating, ...]:
    """Return the bad ratings of a period within a scope, latest first, voided ones marked."""
    where, values = within(scope, entries_of_department, narrow)
    rows = db.execute(
        f"""SELECT r.id, r.rated_at, r.level, i.entry_id, i.district, i.window, r.reason,
                   z.number, r.voided_at IS NOT NULL, o.number, r.tags
            FROM ratings r JOIN interactions i ON i.id = r.interaction_id
            LEFT JOIN rectifications z ON z.rating_id = r.id {_OFFICIAL}
            WHERE r.rated_on BETWEEN ? AND ? AND r.level < 3 AND i.counted = 1 {where}
            ORDER BY r.rated_at DESC, r.id DESC LIMIT ? OFFSET ?""",
        [from_on.isoformat(), to_on.isoformat(), *values, limit, offset],
    ).fetchall()
    return tuple(
        BadRating(
            rating_id=row[0],
            rated_at=datetime.fromisoformat(row[1]),
            level=row[2],
            entry_id=row[3],
            district=row[4],
            window=row[5],
            reason=row[6],
            number=row[7],
            voided=bool(row[8]),
            official=row[9],
            tags=tuple(json.loads(row[10])),
        )
        for row in rows
    )


def without_untold(
    db: Database, found: Sequence[BadRating], rules: RectificationRules, *, now: datetime
) -> tuple[BadRating, ...]:
    """Leave out the numbers that lead nowhere yet: a mis-tap may still be corrected.

    The rating counts and is listed; whose it is, is told by the same rule as to the unit.
    """
    return tuple(
        one if one.number is None or _is_told(db, one, rules, now) else replace(one, number=None)
        for one in found
    )


def _is_told(db: Database, one: BadRating, rules: RectificationRules, now: datetime) -> bool:
    if now - one.rated_at >= timedelta(minutes=rules.tell_after_minutes):
        return True
    opened = rectification_of_rating(db, one.rating_id)
    return opened is not None and told_from(opened, rules) <= now


def detail_rows(
    db: Database,
    scope: Scope,
    from_on: date,
    to_on: date,
    *,
    entries_of_department: Sequence[str] = (),
    narrow: Narrow = EVERYTHING,
    limit: int,
) -> tuple[DetailRow, ...]:
    """Return the rows behind a period's figures: the rated by their day, then the unrated."""
    where, values = within(scope, entries_of_department, narrow)
    period = [from_on.isoformat(), to_on.isoformat()]
    columns = (
        "i.entry_id, i.district, i.window, i.channel, r.reason, r.voided_at IS NOT NULL, o.number"
    )
    rated = db.execute(
        f"""SELECT r.rated_on, r.level, {columns}
            FROM ratings r JOIN interactions i ON i.id = r.interaction_id {_OFFICIAL}
            WHERE r.rated_on BETWEEN ? AND ? AND i.counted = 1 {where}
            ORDER BY r.rated_on, r.id LIMIT ?""",
        [*period, *values, limit],
    ).fetchall()
    unrated = db.execute(
        f"""SELECT i.began_on, NULL, {columns}
            FROM interactions i LEFT JOIN ratings r ON r.interaction_id = i.id {_OFFICIAL}
            WHERE i.began_on BETWEEN ? AND ? AND i.counted = 1 AND i.answered_at IS NOT NULL
              AND r.id IS NULL {where}
            ORDER BY i.began_on, i.id LIMIT ?""",
        [*period, *values, max(limit - len(rated), 0)],
    ).fetchall()
    return tuple(_detail(row) for row in (*rated, *unrated))


class Listed(StrEnum):
    """Which services behind a count are listed."""

    GOOD = "good"
    BAD = "bad"
    UNRATED = "unrated"


def services_behind(
    db: Database,
    scope: Scope,
    from_on: date,
    to_on: date,
    listed: Listed,
    *,
    entries_of_department: Sequence[str] = (),
    narrow: Narrow = EVERYTHING,
    offset: int,
    limit: int,
) -> tuple[DetailRow, ...]:
    """Return some of the services behind a count of a period within a scope, latest first.

    Bad ratings have more to them: see `bad_ratings`.
    """
    where, values = within(scope, entries_of_department, narrow)
    columns = (
        "i.entry_id, i.district, i.window, i.channel, r.reason, r.voided_at IS NOT NULL, o.number"
    )
    if listed is Listed.UNRATED:
        statement = f"""SELECT i.began_on, NULL, {columns}
            FROM interactions i LEFT JOIN ratings r ON r.interaction_id = i.id {_OFFICIAL}
            WHERE i.began_on BETWEEN ? AND ? AND i.counted = 1 AND i.answered_at IS NOT NULL
              AND r.id IS NULL {where}
            ORDER BY i.began_on DESC, i.id DESC LIMIT ? OFFSET ?"""
    else:
        level = "r.level >= 3" if listed is Listed.GOOD else "r.level < 3"
        statement = f"""SELECT r.rated_on, r.level, {columns}
            FROM ratings r JOIN interactions i ON i.id = r.interaction_id {_OFFICIAL}
            WHERE r.rated_on BETWEEN ? AND ? AND i.counted = 1 AND r.voided_at IS NULL
              AND {level} {where}
            ORDER BY r.rated_on DESC, r.id DESC LIMIT ? OFFSET ?"""
    period = [from_on.isoformat(), to_on.isoformat()]
    rows = db.execute(statement, [*period, *values, limit, offset]).fetchall()
    return tuple(_detail(row) for row in rows)


def _detail(row: Any) -> DetailRow:
    day, level, entry_id, district, window, channel, reason, voided, official = row
    return DetailRow(
        day, level, entry_id, district, window, channel, reason, bool(voided), official
    )


def figures(
    db: Database,
    person: Person,
    from_on: date,
    to_on: date,
    *,
    entries_of_department: Sequence[str] = (),
    narrow: Narrow = EVERYTHING,
    owners: Mapping[str, str] | None = None,
) -> Figures:
    """Return the exact counts of a period within a scope; ours has no default ratings.

    Departments are counted through `owners` of the entries; without them they are not known. An
    entry that is gone from the knowledge has none.
    """
    where, values = within(person.scope, entries_of_department, narrow)
    period = [from_on.isoformat(), to_on.isoformat()]
    active, good, voided = db.execute(
        f"""SELECT count(*) FILTER (WHERE r.voided_at IS NULL),
                   count(*) FILTER (WHERE r.voided_at IS NULL AND r.level >= 3),
                   count(*) FILTER (WHERE r.voided_at IS NOT NULL AND r.level < 3)
            FROM ratings r JOIN interactions i ON i.id = r.interaction_id
            WHERE r.rated_on BETWEEN ? AND ? AND i.counted = 1 {where}""",
        [*period, *values],
    ).fetchone()
    unrated = db.execute(
        f"""SELECT count(*) FROM interactions i LEFT JOIN ratings r ON r.interaction_id = i.id
            WHERE i.began_on BETWEEN ? AND ? AND i.counted = 1 AND i.answered_at IS NOT NULL
              AND r.id IS NULL {where}""",
        [*period, *values],
    ).fetchone()[0]
    rated_items, served_items = _items(db, where, values, period)
    known = owners or {}
    departments_rated = {known[item] for item in rated_items if item in known}
    departments_served = {known[item] for item in served_items if item in known}
    opened = rectifications_within(db, person, from_on, to_on, narrow)
    return Figures(
        active=active,
        default=0,
        good=good,
        active_good=good,
        services=active + unrated,
        items_rated=len(rated_items),
        items_served=len(served_items),
        departments_rated=None if owners is None else len(departments_rated),
        departments_served=None if owners is None else len(departments_served),
        voided_bad=voided,
        mis_taps=sum(one.state is State.MIS_TAP for one in opened),
    )


def _items(
    db: Database, where: str, values: Sequence[str], period: Sequence[str]
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the items with a rating that counts, and those with a service in the period."""
    rows = db.execute(
        f"""SELECT i.entry_id, max(r.voided_at IS NULL)
            FROM ratings r JOIN interactions i ON i.id = r.interaction_id
            WHERE r.rated_on BETWEEN ? AND ? AND i.counted = 1 {where} GROUP BY i.entry_id""",
        [*period, *values],
    ).fetchall()
    begun = db.execute(
        f"""SELECT DISTINCT i.entry_id FROM interactions i
            WHERE i.began_on BETWEEN ? AND ? AND i.counted = 1
              AND i.answered_at IS NOT NULL {where}""",
        [*period, *values],
    ).fetchall()
    rated = frozenset(item for item, counts in rows if counts)
    return rated, frozenset(row[0] for row in (*rows, *begun))


def rectifications_within(
    db: Database, person: Person, from_on: date, to_on: date, narrow: Narrow = EVERYTHING
) -> tuple[Rectification, ...]:
    """Return the rectifications opened in a period within a scope, and of what is wanted of it."""
    opened = rectifications_opened(db, person.role, person.scope, from_on, to_on)
    at_hall = _ratings_at(db, narrow.hall, from_on, to_on) if narrow.hall else None
    return tuple(
        one
        for one in opened
        if narrow.district in (None, one.scope.district or UNASSIGNED)
        and narrow.window in (None, one.scope.window or UNASSIGNED)
        and narrow.entry in (None, one.entry_id)
        and (at_hall is None or one.rating_id in at_hall)
    )


def _ratings_at(db: Database, hall: str, from_on: date, to_on: date) -> frozenset[int]:
    """Return the bad ratings given at a hall: a rectification itself knows no halls."""
    rows = db.execute(
        """SELECT r.id FROM ratings r JOIN interactions i ON i.id = r.interaction_id
           WHERE r.rated_on BETWEEN ? AND ? AND r.level < 3 AND i.hall = ?""",
        [from_on.isoformat(), to_on.isoformat(), hall],
    ).fetchall()
    return frozenset(row[0] for row in rows)


def duty_rates(
    db: Database,
    person: Person,
    calendar: Calendar,
    rules: RectificationRules,
    from_on: date,
    to_on: date,
    *,
    today: date,
    narrow: Narrow = EVERYTHING,
) -> dict[Indicator, Rate]:
    """Return the rates of duty of a period: in time by what was due, the rest by what came in.

    What is due today and not done yet is not late yet, and not counted yet.
    """
    earlier = from_on - timedelta(days=LONGEST_LIMIT_DAYS)
    found = rectifications_within(db, person, earlier, to_on, narrow)
    counting = [one for one in found if one.counts]
    due = [
        first
        for one in counting
        if is_settled(first := first_rectify_deadline(one, calendar, rules), today)
    ]
    followed = [
        deadline
        for one in counting
        if not one.anonymous
        and (deadline := first_follow_up_deadline(one, calendar, rules)) is not None
        and is_settled(deadline, today)
    ]
    here = [one for one in counting if one.opened_at.date() >= from_on]
    revisited = [one for one in here if one.first_followed_up_at is not None]
    satisfied = satisfied_among(db, [one.id for one in revisited])
    answered = [one for one in here if one.contacted_at or one.first_rectified_at]
    rectified = [one for one in revisited if one.first_rectified_at is not None]
    return {
        Indicator.ON_TIME_RECTIFICATION: on_time(
            (Duty(d.due_on, d.met_on) for d in due), from_on, to_on
        ),
        Indicator.ON_TIME_FOLLOW_UP: on_time(
            (Duty(d.due_on, d.met_on) for d in followed), from_on, to_on
        ),
        Indicator.REPLY: Rate(len(answered), len(here)),
        Indicator.FOLLOWED_UP_AND_RECTIFIED: Rate(len(rectified), len(here)),
        Indicator.SATISFIED_AT_FOLLOW_UP: Rate(len(satisfied), len(revisited)),
    }


def is_settled(deadline: Deadline, today: date) -> bool:
    """Tell whether a deadline was met or has passed."""
    return deadline.met_on is not None or deadline.due_on < today
