"""The buttons under a list: refine it, tick what you hold, where, why, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping

from bot.answering import (
    answer,
    entry_of,
    facts_for,
    place_of,
    read_token,
    with_invitation,
)
from bot.desk import Desk
from bot.dialogue import Incoming, Place, Refusal, Reply
from bot.records import conversations, enquiries
from bot.records.conversations import Awaited
from bot.records.enquiries import EnquiryKind
from bot.views import about as about_view
from bot.views import list_actions
from bot.views.answer import finishing_limit
from bot.views.first_question import question_reply
from knowledge.checklist import SKIPPED, first_questions
from knowledge.search.understanding import About
from reminders.working_days import add_working_days, explain_days


def show_list(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show the list for the answers a button carries, with what they changed."""
    entry, answers, _ = read_token(desk, arguments)
    return answer(
        desk, incoming, entry, answers, previous=_answers_before(desk, incoming, entry.id)
    )


def _answers_before(desk: Desk, incoming: Incoming, entry_id: str) -> Mapping[str, str]:
    conversation = conversations.conversation_of(desk.db, incoming.person.id, now=desk.now())
    return (conversation.answers or {}) if conversation.entry_id == entry_id else {}


def show_everything(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show the list at once: what is still to be asked first counts as skipped."""
    entry, answers, _ = read_token(desk, arguments)
    complete = dict(answers)
    while pending := [q for q in first_questions(entry, complete) if q.id not in complete]:
        complete.update({question.id: SKIPPED for question in pending})
    return answer(desk, incoming, entry, complete, previous=answers)


def pick(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Answer with an entry chosen from a menu or from candidates."""
    if not arguments:
        raise Refusal("button_unknown")
    return answer(desk, incoming, entry_of(desk, arguments[0]), {})


def ask_question(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Ask one question of a list."""
    del incoming
    entry, answers, rest = read_token(desk, arguments)
    index = int(rest[0]) if rest and rest[0].isdecimal() else -1
    if not 0 <= index < len(entry.questions):
        raise Refusal("button_unknown")
    return question_reply(entry, answers, entry.questions[index])


def edit_answers(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show every answer given so far, each changeable."""
    entry, answers, _ = read_token(desk, arguments)
    facts = facts_for(desk, entry, answers, place_of(desk, incoming))
    return list_actions.edit_reply(facts.checklist)


def show_missing(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show which materials are still missing, given those ticked."""
    entry, answers, rest = read_token(desk, arguments)
    try:
        held = int(rest[0], 36)
    except (IndexError, ValueError):
        raise Refusal("button_unknown") from None
    facts = facts_for(desk, entry, answers, place_of(desk, incoming))
    return list_actions.missing_reply(facts.checklist, held, replaces=len(rest) > 1)


def show_place(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show where to go, and offer the districts."""
    entry, answers, _ = read_token(desk, arguments)
    facts = facts_for(desk, entry, answers, place_of(desk, incoming))
    return list_actions.place_reply(facts, desk.base.districts)


def choose_district(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Remember the district and show where to go there."""
    entry, answers, rest = read_token(desk, arguments)
    district = next((d for d in desk.base.districts if rest and d.id == rest[0]), None)
    if district is None:
        raise Refusal("button_unknown")
    place = Place(district=district.name)
    conversations.remember_place(desk.db, incoming.person.id, place)
    return list_actions.place_reply(
        facts_for(desk, entry, answers, place), desk.base.districts, chosen=True
    )


def explain_finish(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show, day by day, why the matter is finished on that day at the latest."""
    entry, answers, _ = read_token(desk, arguments)
    facts = facts_for(desk, entry, answers, place_of(desk, incoming))
    limit = finishing_limit(facts.checklist)
    if limit is None or limit.days is None:
        raise Refusal("no_finish_day")
    explanation = explain_days(desk.calendar, desk.today(), limit.days)
    return list_actions.why_reply(explanation, desk.today(), limit.days)


def show_about(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Answer one aspect of an entry."""
    entry, answers, rest = read_token(desk, arguments)
    if not rest or rest[0] not in set(About):
        raise Refusal("button_unknown")
    place = place_of(desk, incoming)
    facts = facts_for(desk, entry, answers, place)
    reply = about_view.about_reply(facts, About(rest[0]), None)
    return with_invitation(desk, incoming, entry, answers, place, reply)


def report_wrong(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Ask what is wrong with an entry."""
    entry, _, _ = read_token(desk, arguments)
    conversations.await_text(
        desk.db, incoming.person.id, Awaited.CORRECTION, entry.id, now=desk.now()
    )
    return list_actions.ask_correction_reply(entry)


def take_correction(desk: Desk, incoming: Incoming, text: str) -> Reply:
    """Pass what is wrong on to the editor."""
    person_id = incoming.person.id
    conversation = conversations.conversation_of(desk.db, person_id, now=desk.now())
    conversations.stop_awaiting(desk.db, person_id)
    enquiry = enquiries.leave_enquiry(
        desk.db,
        incoming.person,
        EnquiryKind.CORRECTION,
        text,
        entry_id=conversation.awaiting_subject,
        place=place_of(desk, incoming),
        due_on=add_working_days(desk.calendar, desk.today(), 5),
        now=desk.now(),
    )
    return list_actions.correction_taken_reply(enquiry.number)


def correction_written(desk: Desk, incoming: Incoming, entry_id: str) -> str:
    """Return what the person last said was wrong with an entry."""
    known = enquiries.latest_text(desk.db, incoming.person, EnquiryKind.CORRECTION, entry_id)
    if known is None:
        raise Refusal("button_unknown")
    return known
