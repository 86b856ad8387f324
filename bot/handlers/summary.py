"""What stands behind the lines of the daily summary that no other list opens."""

from __future__ import annotations

from datetime import date

from bot.desk import Desk
from bot.dialogue import CITY, Incoming, Refusal, Reply
from bot.records.people import people_by_id
from bot.reports.daily import due_on_day, unanswered_on, unsent_on
from bot.views import summary as view
from reminders.cases import open_cases


def _day(arguments: tuple[str, ...]) -> date:
    try:
        return date.fromisoformat("".join(arguments))
    except ValueError:
        raise Refusal("button_unknown") from None


def unsent(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """List the messages given up on a day, to people and roles of the own scope."""
    day = _day(arguments)
    found = unsent_on(desk.db, incoming.person.scope, day)
    ids = [one.recipient.person_id for one in found if one.recipient.person_id is not None]
    known = {person.id: person for person in people_by_id(desk.db, ids)}
    return view.unsent_reply(desk.base, day, found, known, discreet=incoming.discreet)


def unanswered(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """List the questions of a day that found no answer; they belong to no district."""
    day = _day(arguments)
    if incoming.person.scope != CITY:
        raise Refusal("outside_scope")
    return view.unanswered_reply(day, unanswered_on(desk.db, day))


def due_today(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """List the open cases of the own scope whose last day is today, each to be opened."""
    del arguments
    rules = desk.settings.oversight.rules()
    cases = open_cases(desk.db, incoming.person.scope)
    found = due_on_day(cases, desk.calendar, rules, desk.today())
    return view.due_today_reply(found, desk.today())
