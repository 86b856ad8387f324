"""转人工: offer a person, take a message, and let staff answer it in the same thread."""

from __future__ import annotations

from bot.answering import hall_of, place_of
from bot.desk import Desk
from bot.dialogue import Incoming, Recipient, Refusal, Reply, Role, Scope
from bot.records import conversations, enquiries, messages
from bot.records.audit import Deed, record_deed
from bot.records.conversations import Awaited
from bot.records.enquiries import Enquiry, EnquiryKind
from bot.views import human as view
from reminders import outbox
from reminders.alerts import Alert
from reminders.working_days import add_working_days, explain_days, working_days_between

CONTEXT_MESSAGES = 10

# What an inbox holds: corrections of entries go to the editor, messages to the rest.
READS: dict[Role, tuple[EnquiryKind, ...]] = {
    Role.EDITOR: (EnquiryKind.CORRECTION,),
    Role.ADMINISTRATOR: tuple(EnquiryKind),
}


def offer(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show how to reach a person."""
    del arguments
    now = desk.now()
    working_day = desk.calendar.is_working_day(now.date())
    human = desk.settings.human
    before_opening = working_day and f"{now:%H:%M}" < human.opens
    opens_on = now.date() if before_opening else add_working_days(desk.calendar, now.date(), 1)
    hall = hall_of(desk, place_of(desk, incoming))
    return view.offer_reply(
        human,
        open_now=view.is_open(now, human, working_day=working_day),
        opens_on=opens_on,
        phone=hall.phone if hall else None,
    )


def ask_note(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Await a message, or take the text just answered for one; pressed twice it is left once."""
    if arguments == ("last",):
        spoken = _spoken_before(desk, incoming)
        if spoken is None or not spoken.text:
            raise Refusal("button_unknown")
        left = enquiries.enquiry_left_since(desk.db, incoming.person, spoken.text, spoken.at)
        return view.note_taken_reply(left) if left else _leave(desk, incoming, spoken.text)
    conversations.await_text(desk.db, incoming.person.id, Awaited.MESSAGE, "", now=desk.now())
    return view.ask_note_reply()


def _spoken_before(desk: Desk, incoming: Incoming) -> messages.Message | None:
    """Return what the person said before the message whose button was pressed, else last."""
    said = messages.messages_of(desk.db, incoming.person.id)
    shown = incoming.message
    return next(
        (m for m in reversed(said) if m.direction == "in" and (shown is None or m.id < shown)), None
    )


def take_note(desk: Desk, incoming: Incoming, text: str) -> Reply:
    """Take the awaited text for a message."""
    return _leave(desk, incoming, text)


def _leave(desk: Desk, incoming: Incoming, text: str) -> Reply:
    now = desk.now()
    person_id = incoming.person.id
    conversations.stop_awaiting(desk.db, person_id)
    conversation = conversations.conversation_of(desk.db, person_id, now=now)
    enquiry = enquiries.leave_enquiry(
        desk.db,
        incoming.person,
        EnquiryKind.MESSAGE,
        text,
        entry_id=conversation.entry_id,
        place=place_of(desk, incoming),
        due_on=add_working_days(desk.calendar, now.date(), desk.settings.human.due_working_days),
        now=now,
    )
    scope = Scope(enquiry.place.district, None, enquiry.place.window)
    alert = Alert(
        kind="new_note",
        recipient=Recipient(role=Role.LEAD, scope=scope),
        facts={"number": enquiry.number, "due_on": enquiry.due_on.isoformat()},
        dedupe_key=f"new_note:{enquiry.number}",
    )
    outbox.put(desk.db, (alert,), now=now)
    return view.note_taken_reply(enquiry)


def status(desk: Desk, incoming: Incoming, number: str) -> Reply:
    """Show date and state of a message by its number."""
    del incoming
    enquiry = enquiries.enquiry_by_number(desk.db, number)
    if enquiry is None:
        raise Refusal("enquiry_unknown")
    return view.status_reply(enquiry)


def explain(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Answer 为什么是这天 for the day by which a message is answered."""
    del incoming
    enquiry = enquiries.enquiry_by_number(desk.db, arguments[0] if arguments else "")
    if enquiry is None:
        raise Refusal("enquiry_unknown")
    left_on = enquiry.made_at.date()
    days = working_days_between(desk.calendar, left_on, enquiry.due_on)
    return view.why_reply(enquiry, explain_days(desk.calendar, left_on, days), days)


def inbox(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """List what waits for an answer within the own scope."""
    del argument
    kinds = READS.get(incoming.person.role, (EnquiryKind.MESSAGE,))
    waiting = enquiries.open_enquiries(
        desk.db, incoming.person.scope, *kinds, entries_of_department=_owned(desk, incoming)
    )
    return view.inbox_reply(waiting, desk.today())


def open_inbox(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """List what waits for an answer within the own scope."""
    del arguments
    return inbox(desk, incoming, "")


def _owned(desk: Desk, incoming: Incoming) -> list[str]:
    """Return the entries of somebody's department."""
    department = incoming.person.scope.department
    return [e.id for e in desk.base.entries.values() if e.owner == department]


def _within(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Enquiry:
    if not arguments:
        raise Refusal("button_unknown")
    enquiry = enquiries.enquiry_within(
        desk.db,
        incoming.person.scope,
        arguments[0],
        entries_of_department=_owned(desk, incoming),
    )
    if enquiry.kind not in READS.get(incoming.person.role, (EnquiryKind.MESSAGE,)):
        raise Refusal("enquiry_unknown")
    return enquiry


def read(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show one message with the conversation that led to it."""
    enquiry = _within(desk, incoming, arguments)
    spoken = messages.messages_of(desk.db, enquiry.person_id, limit=CONTEXT_MESSAGES)
    before = [m for m in spoken if m.at <= enquiry.made_at]
    return view.enquiry_reply(enquiry, before, discreet=incoming.discreet)


def ask_answer(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Await the answer to a message."""
    enquiry = _within(desk, incoming, arguments)
    if incoming.discreet:
        return view.enquiry_reply(enquiry, (), discreet=True)
    if enquiry.answered_at is not None:
        raise Refusal("already_answered")
    conversations.await_text(
        desk.db, incoming.person.id, Awaited.ANSWER, enquiry.number, now=desk.now()
    )
    return view.ask_answer_reply(enquiry)


def take_answer(desk: Desk, incoming: Incoming, text: str) -> Reply:
    """Send the answer into the thread of the person who asked."""
    now = desk.now()
    person_id = incoming.person.id
    conversation = conversations.conversation_of(desk.db, person_id, now=now)
    conversations.stop_awaiting(desk.db, person_id)
    subject = conversation.awaiting_subject or ""
    enquiry = _within(desk, incoming, (subject,))
    enquiries.answer_enquiry(desk.db, enquiry, text, answered_by=incoming.person, now=now)
    subject = f"answer:{enquiry.number}"
    record_deed(desk.db, incoming.person, Deed.CHANGED, subject, now=now)
    alert = Alert(
        kind="note_answer",
        recipient=Recipient(person_id=enquiry.person_id),
        facts={"number": enquiry.number},
        dedupe_key=f"note_answer:{enquiry.number}",
    )
    outbox.put(desk.db, (alert,), now=now)
    return view.answer_sent_reply(enquiry)
