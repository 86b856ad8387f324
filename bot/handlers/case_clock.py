"""挂起、恢复计时、延期 of one case: who may, and the words each needs."""

from __future__ import annotations

from datetime import timedelta

from bot.case_access import (
    awaited_subject,
    case_refusal,
    case_to_extend,
    case_to_work,
    one_line,
    standing_now,
)
from bot.desk import Desk
from bot.dialogue import Incoming, Recipient, Refusal, Reply
from bot.records import conversations
from bot.records.conversations import Awaited
from bot.records.roster import Roster
from bot.views import case_clock as view
from reminders import case_work, outbox
from reminders.alerts import Alert
from reminders.case_work import LONGEST_EXTENSION, NotAllowed, Procedure
from reminders.cases import Case
from reminders.overdue import Level, recipient_key

EXTENDED = "case_extended"
ONE_DAY = timedelta(days=1)


def _procedures(desk: Desk) -> tuple[Procedure, ...]:
    site_visit = desk.settings.oversight.suspend_site_visit
    return tuple(p for p in Procedure if p is not Procedure.SITE_VISIT or site_visit)


def suspend(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Ask by which procedure the clock shall stand, then for its document."""
    case = case_to_work(desk, incoming, arguments)
    if not case.is_open:
        raise Refusal("case_not_open")
    if len(arguments) < 2:
        return view.ask_procedure_reply(case, _procedures(desk))
    if arguments[1] not in _procedures(desk):
        raise Refusal("button_unknown")
    procedure = Procedure(arguments[1])
    _await(desk, incoming, Awaited.SUSPENSION_DOCUMENT, f"{case.id}:{procedure}")
    return view.ask_document_reply(case, procedure)


def take_document(desk: Desk, incoming: Incoming, text: str) -> Reply:
    """Let the clock stand from today, by the document named."""
    case_id, _, procedure = awaited_subject(desk, incoming).partition(":")
    case = case_to_work(desk, incoming, (case_id,))
    try:
        stopped = case_work.suspend_case(
            desk.db,
            case,
            Procedure(procedure),
            one_line(text),
            begins_on=desk.today(),
            by_person_id=incoming.person.id,
            site_visit_counts=desk.settings.oversight.suspend_site_visit,
            now=desk.now(),
        )
    except NotAllowed as refused:
        raise case_refusal(refused) from refused
    return view.suspended_reply(stopped, Procedure(procedure))


def resume(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Let the clock run again: today counts, as 恢复日期 does in an export."""
    case = case_to_work(desk, incoming, arguments)
    try:
        running = case_work.resume_case(
            desk.db,
            case,
            ends_on=desk.today() - ONE_DAY,
            by_person_id=incoming.person.id,
            now=desk.now(),
        )
    except NotAllowed as refused:
        raise case_refusal(refused) from refused
    return view.resumed_reply(running, standing_now(desk, running))


def extend(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Ask by how many days a limit is extended, then why."""
    case = case_to_extend(desk, incoming, arguments)
    standing = standing_now(desk, case)
    try:
        case_work.check_extension(case, due_on=standing.due_on, now=desk.now())
    except NotAllowed as refused:
        raise case_refusal(refused) from refused
    if len(arguments) < 2:
        _await(desk, incoming, Awaited.EXTENSION, str(case.id))
        return view.ask_extension_reply(case, standing)
    if arguments[1] not in {str(days) for days, _ in view.EXTENSIONS}:
        raise Refusal("button_unknown")
    return _ask_reason(desk, incoming, case, int(arguments[1]))


def _ask_reason(desk: Desk, incoming: Incoming, case: Case, days: int) -> Reply:
    _await(desk, incoming, Awaited.EXTENSION, f"{case.id}:{days}")
    return view.ask_reason_reply(case, days)


def take_extension(desk: Desk, incoming: Incoming, text: str) -> Reply:
    """Take the days, the reason or the proof, whichever is awaited; with the last one extend."""
    case_id, *said = awaited_subject(desk, incoming).split(":", 2)
    case = case_to_extend(desk, incoming, (case_id,))
    if len(said) == 2:
        return _extended(desk, incoming, case, int(said[0]), said[1], one_line(text))
    if said:
        _await(desk, incoming, Awaited.EXTENSION, f"{case.id}:{said[0]}:{one_line(text)}")
        return view.ask_proof_reply(case)
    days = text.strip()
    if not days.isdecimal() or not 0 < int(days) <= LONGEST_EXTENSION:
        _await(desk, incoming, Awaited.EXTENSION, str(case.id))
        return view.days_unreadable_reply(case)
    return _ask_reason(desk, incoming, case, int(days))


def _extended(
    desk: Desk, incoming: Incoming, case: Case, days: int, reason: str, proof: str
) -> Reply:
    try:
        longer = case_work.extend_case(
            desk.db,
            case,
            days,
            due_on=standing_now(desk, case).due_on,
            approver=view.approver_words(incoming.person),
            reason=reason,
            proof=proof,
            joint=days > LONGEST_EXTENSION,
            by_person_id=incoming.person.id,
            now=desk.now(),
        )
    except NotAllowed as refused:
        raise case_refusal(refused) from refused
    _tell_handlers(desk, incoming, longer, days)
    return view.extended_reply(longer, standing_now(desk, longer), days)


def _tell_handlers(desk: Desk, incoming: Incoming, case: Case, days: int) -> None:
    handlers = Roster(desk.db).recipients(Level.HANDLER, case, desk.today())
    alerts = [
        Alert(
            kind=EXTENDED,
            recipient=recipient,
            facts={"case": str(case.id), "days": str(days)},
            dedupe_key=f"{EXTENDED}:{case.id}:{recipient_key(recipient)}",
        )
        for recipient in handlers
        if recipient != Recipient(incoming.person.id)
    ]
    outbox.put(desk.db, alerts, now=desk.now())


def _await(desk: Desk, incoming: Incoming, awaited: Awaited, subject: str) -> None:
    conversations.await_text(desk.db, incoming.person.id, awaited, subject, now=desk.now())
