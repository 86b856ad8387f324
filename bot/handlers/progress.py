"""办件进度 by number, for the applicant: state and dates only, no names, no item, no unit."""

from __future__ import annotations

import re
from datetime import timedelta

from bot.desk import Desk
from bot.dialogue import Incoming, Refusal, Reply
from bot.importing.values import BadValue, parse_case_number
from bot.records import conversations, messages
from bot.records.conversations import Awaited
from bot.views import progress as view
from bot.views.progress import Progress
from reminders.cases import case_by_number, data_as_of, imports
from reminders.overdue import clock_start, explain_case, standing_of

WORD = "办件进度"
NUMBER = re.compile(r"[\w-]*\d[\w-]*\d[\w-]*", re.ASCII)
MOST_LOOKUPS = 10
WITHIN = timedelta(minutes=10)


def progress_of(desk: Desk, written: str) -> Progress | None:
    """Return where a case stands; None where no case has this very number."""
    try:
        number = parse_case_number(written)
    except BadValue:
        return None
    case = case_by_number(desk.db, number)
    if case is None:
        return None
    standing = standing_of(case, desk.calendar, desk.settings.oversight.rules(), desk.today())
    return Progress(
        tail=case.number[-4:],
        stage=standing.stage,
        accepted_on=case.accepted_on,
        due_on=standing.due_on,
        provisional=standing.provisional,
        completed_on=case.completed_on,
        uncertain=case.missing is not None,
        as_of=data_as_of(imports(desk.db), case.scope.district),
        started_on=clock_start(case, desk.calendar),
        explanation=explain_case(case, desk.calendar, case.completed_on or desk.today()),
    )


def ask(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Ask for the number; the next text is taken for it, unless it is a question."""
    del arguments
    conversations.await_text(desk.db, incoming.person.id, Awaited.CASE_NUMBER, "", now=desk.now())
    return view.ask_reply(desk.links.page_url("/progress"))


def look_up(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """Answer with state and dates; who asks for many numbers must wait."""
    if not argument:
        return ask(desk, incoming, ())
    conversations.stop_awaiting(desk.db, incoming.person.id)
    if _asked_too_often(desk, incoming):
        raise Refusal("progress_too_often")
    found = progress_of(desk, argument)
    if found is None:
        return view.unknown_reply()
    return view.progress_reply(found, parse_case_number(argument))


def explain(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Answer 为什么是这天 for a number that this very person has asked for."""
    number = arguments[0] if arguments else ""
    said = messages.messages_of(desk.db, incoming.person.id)
    asked = any(m.direction == "in" and number in (m.text or "") for m in said)
    found = progress_of(desk, number) if number and asked else None
    if found is None or not found.has_due_day:
        raise Refusal("button_unknown")
    return view.why_reply(found)


def _asked_too_often(desk: Desk, incoming: Incoming) -> bool:
    """Count the same person's lookups of the last minutes in the conversation as recorded."""
    since = desk.now() - WITHIN
    said = messages.messages_of(desk.db, incoming.person.id)
    asked = (m for m in said if m.direction == "in" and m.at > since and m.text)
    return sum(_looks_up(m.text or "") for m in asked) >= MOST_LOOKUPS


def _looks_up(text: str) -> bool:
    return text.startswith((WORD, "/progress")) or NUMBER.fullmatch(text) is not None
