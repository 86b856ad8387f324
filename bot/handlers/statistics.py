"""Counts for those who answer for windows: today, yesterday, this week, this month, a day."""

from __future__ import annotations

import re
from datetime import date, timedelta

from bot.desk import Desk
from bot.dialogue import Incoming, Refusal, Reply, Scope
from bot.reports.statistics import By, Ratings, count_ratings
from bot.views import statistics as view

_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")


def today(desk: Desk, incoming: Incoming, words: str) -> Reply:
    """Count the period named by words; without any, today."""
    return _counted(desk, incoming, *_period(words, desk.today()))


def _period(words: str, today_on: date) -> tuple[date, date]:
    named = _DAY.search(words)
    if named:
        try:
            day = date(*(int(part) for part in named.groups()))
        except ValueError:
            raise Refusal("button_unknown") from None
        return day, day
    if words.startswith(("昨日", "昨天")):
        return today_on - timedelta(days=1), today_on - timedelta(days=1)
    if words.startswith("本周"):
        return today_on - timedelta(days=today_on.weekday()), today_on
    if words.startswith("本月"):
        return today_on.replace(day=1), today_on
    return today_on, today_on


def for_period(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Count the period of a button."""
    try:
        from_on, to_on = (date.fromisoformat(argument) for argument in arguments)
    except ValueError:
        raise Refusal("button_unknown") from None
    return _counted(desk, incoming, from_on, to_on)


def _counted(desk: Desk, incoming: Incoming, from_on: date, to_on: date) -> Reply:
    if from_on > desk.today():
        raise Refusal("future_day")
    scope = incoming.person.scope
    week = timedelta(days=7)
    before = _count(desk, scope, from_on - week, to_on - week, By.DAY) if from_on == to_on else None
    return view.ratings_reply(
        desk.base,
        scope,
        by_window=_count(desk, scope, from_on, to_on, By.WINDOW),
        by_entry=_count(desk, scope, from_on, to_on, By.ENTRY),
        by_day=_count(desk, scope, from_on, to_on, By.DAY) if from_on < to_on else None,
        before=before,
        today=desk.today(),
        at=desk.now(),
        least=desk.settings.ratings.min_for_rate,
    )


def _count(desk: Desk, scope: Scope, from_on: date, to_on: date, by: By) -> Ratings:
    owned = [e.id for e in desk.base.entries.values() if e.owner == scope.department]
    return count_ratings(desk.db, scope, from_on, to_on, by, entries_of_department=owned)
