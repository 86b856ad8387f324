"""Which cases somebody may see, work on and extend, and how they look to them.

Shared by the handlers of cases and of their clocks, which do not import each other.
"""

from __future__ import annotations

from datetime import date

from bot.desk import Desk
from bot.dialogue import CITY, Incoming, Person, Refusal, Role
from bot.records import conversations
from bot.records.roster import Roster
from bot.views.cases import Viewer
from reminders.case_work import NotAllowed
from reminders.cases import Case, case_by_id
from reminders.overdue import Level, Rules, Standing, standing_of

WORKERS = frozenset({Role.CLERK, Role.LEAD})
APPROVERS = frozenset({Role.LEAD, Role.SUPERVISOR})
LONGEST_WORDS = 200


def viewer_of(desk: Desk, incoming: Incoming) -> Viewer:
    """Return who looks."""
    person = incoming.person
    return Viewer(
        discreet=incoming.discreet,
        works=person.role in WORKERS,
        page=desk.links.page_url("/"),
        leads=person.role is Role.LEAD,
        city=person.role is Role.SUPERVISOR and person.scope == CITY,
    )


def rules_of(desk: Desk) -> Rules:
    """Return the rules of the supervision in force."""
    return desk.settings.oversight.rules()


def standing_now(desk: Desk, case: Case) -> Standing:
    """Return where a case stands today."""
    return standing_of(case, desk.calendar, rules_of(desk), desk.today())


def acts_on(roster: Roster, case: Case, person: Person, on: date) -> bool:
    """Tell whether a person must act on a case: its handler, the one offered it, a stand-in."""
    if case.offered_to_id == person.id:
        return True
    handlers = roster.recipients(Level.HANDLER, case, on)
    return any(recipient.person_id == person.id for recipient in handlers)


def any_case(desk: Desk, arguments: tuple[str, ...]) -> Case:
    """Return the case a button names, whoever pressed it."""
    if not arguments or not arguments[0].isdigit():
        raise Refusal("button_unknown")
    try:
        return case_by_id(desk.db, int(arguments[0]))
    except KeyError:
        raise Refusal("case_unknown") from None


def case_to_see(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Case:
    """Return a case one acts on or answers for; a stranger's looks like none."""
    case, person = any_case(desk, arguments), incoming.person
    answers_for = person.role is not Role.CLERK and person.scope.answers_for(case.scope)
    if answers_for or acts_on(Roster(desk.db), case, person, desk.today()):
        return case
    raise Refusal("case_unknown")


def case_to_work(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Case:
    """Return a case one acts on, or leads the window of."""
    case, person = any_case(desk, arguments), incoming.person
    leads = person.role is Role.LEAD and person.scope.answers_for(case.scope)
    if leads or acts_on(Roster(desk.db), case, person, desk.today()):
        return case
    raise Refusal("case_unknown")


def may_approve(desk: Desk, incoming: Incoming, case: Case) -> bool:
    """Tell whether somebody may extend a case: its lead or supervisor, never who handles it."""
    person = incoming.person
    return (
        person.role in APPROVERS
        and person.scope.answers_for(case.scope)
        and Roster(desk.db).handler(case, desk.today()) != person.id
    )


def case_to_extend(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Case:
    """Return a case whose extension somebody may approve."""
    case = any_case(desk, arguments)
    if not may_approve(desk, incoming, case):
        raise Refusal("case_unknown")
    return case


def case_refusal(refused: NotAllowed) -> Refusal:
    """Turn a rule's "no" about a case into one that is worded."""
    return Refusal(f"case_{refused.reason}")


def awaited_subject(desk: Desk, incoming: Incoming) -> str:
    """Return what an awaited text is about, and await it no longer."""
    conversation = conversations.conversation_of(desk.db, incoming.person.id, now=desk.now())
    conversations.stop_awaiting(desk.db, incoming.person.id)
    return conversation.awaiting_subject or ""


def one_line(text: str) -> str:
    """Return somebody's own words as they are kept: one line, not too long."""
    return " ".join(text.split())[:LONGEST_WORDS]


def page_asked(arguments: tuple[str, ...]) -> int:
    """Return the page a button names; the first where it names none."""
    return int(arguments[0]) if arguments and arguments[0].isdecimal() else 0
