"""Gathering the facts of an answer and recording that it was given, for every handler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from bot.desk import Desk
from bot.dialogue import Incoming, Place, Refusal, Reply
from bot.records import conversations, interactions, slips
from bot.views.answer import (
    AnswerFacts,
    Finish,
    Whereabouts,
    answer_reply,
    finishing_limit,
    item_name,
)
from bot.views.first_question import first_question_reply
from bot.views.rating import invitation_reply
from knowledge.checklist import (
    Answers,
    Checklist,
    checklist,
    questions_hash,
    unpack_answers,
)
from knowledge.model import Notice, ServicePackage
from knowledge.model import Place as Hall
from reminders.working_days import add_working_days, explain_days


def entry_of(desk: Desk, entry_id: str) -> ServicePackage:
    """Return an entry that may be answered from; raise Refusal otherwise."""
    entry = desk.base.entries.get(entry_id)
    if entry is None:
        raise Refusal("entry_unknown")
    if entry.paused:
        raise Refusal("entry_paused", {"name": entry.name, "why": entry.paused})
    if entry.expires_on is not None and desk.today() > entry.expires_on:
        raise Refusal("entry_expired", {"name": entry.name, "on": entry.expires_on})
    return entry


def read_token(
    desk: Desk, arguments: tuple[str, ...]
) -> tuple[ServicePackage, dict[str, str], tuple[str, ...]]:
    """Read entry, answers and the rest from a button's arguments.

    Raises Refusal `content_changed` where the entry's questions are no longer those the button
    was made from, `button_unknown` where it was never ours.
    """
    if len(arguments) < 3:
        raise Refusal("button_unknown")
    entry_id, packed, questions, *rest = arguments
    entry = entry_of(desk, entry_id)
    if questions != questions_hash(entry):
        raise Refusal("content_changed", {"entry": entry.id, "name": entry.short_name})
    answers = unpack_answers(entry, packed)
    if answers is None:
        raise Refusal("button_unknown")
    return entry, answers, tuple(rest)


def place_of(desk: Desk, incoming: Incoming) -> Place:
    """Return where the person is: from the QR code, the conversation, else a clerk's scope."""
    if incoming.place is not None:
        return incoming.place
    remembered = conversations.conversation_of(desk.db, incoming.person.id, now=desk.now()).place
    scope = incoming.person.scope
    return Place(
        district=remembered.district or scope.district,
        hall=remembered.hall,
        window=remembered.window or scope.window,
    )


def facts_for(desk: Desk, entry: ServicePackage, answers: Answers, place: Place) -> AnswerFacts:
    """Gather what the view of an answer needs for these answers at this place."""
    listed = checklist(desk.base, entry, answers, today=desk.today(), district=place.district)
    return AnswerFacts(
        checklist=listed,
        whereabouts=whereabouts(desk, place),
        finish=_finish(desk, listed),
        demo=desk.settings.demo,
        at=desk.now(),
    )


def _finish(desk: Desk, listed: Checklist) -> Finish | None:
    limit = finishing_limit(listed)
    if limit is None or limit.days is None:
        return None
    explained = explain_days(desk.calendar, desk.today(), limit.days)
    return Finish(explained.due_on, explained.provisional, item_name(listed, limit))


def whereabouts(desk: Desk, place: Place) -> Whereabouts:
    """Return the hall for a place, whether it opens today, and its notices."""
    hall = hall_of(desk, place)
    today = desk.today()
    return Whereabouts(
        district=place.district,
        hall=hall,
        open_today=desk.calendar.is_working_day(today),
        today_word=desk.calendar.reason(today),
        next_open_on=add_working_days(desk.calendar, today, 1),
        notices=_notices(desk, hall, place, today),
    )


def hall_of(desk: Desk, place: Place) -> Hall | None:
    """Return the hall the person stands in, else the district's."""
    halls = desk.base.places
    if place.hall is not None and place.hall in halls:
        return halls[place.hall]
    if place.window is not None:
        for hall in halls.values():
            if any(window.code == place.window for window in hall.windows):
                return hall
    if place.district is None:
        return None
    return next((h for h in halls.values() if h.district == place.district), None)


def _notices(desk: Desk, hall: Hall | None, place: Place, today: date) -> tuple[Notice, ...]:
    return tuple(
        notice
        for notice in desk.base.notices
        if notice.from_on <= today <= notice.to_on
        and (notice.place is None or (hall is not None and notice.place == hall.id))
        and (notice.window is None or notice.window == place.window)
    )


def answer(
    desk: Desk,
    incoming: Incoming,
    entry: ServicePackage,
    answers: Mapping[str, str],
    *,
    previous: Mapping[str, str] | None = None,
) -> Reply:
    """Answer with the first question where one must come before the list, else the list.

    `previous` are the answers of the list being refined; the new one then replaces it and says
    what changed. Staff get the list without a question first.
    """
    place = place_of(desk, incoming)
    facts = facts_for(desk, entry, answers, place)
    conversations.remember_entry(desk.db, incoming.person.id, entry.id, facts.checklist.answers)
    question = facts.checklist.first_question()
    if question is not None and not incoming.person.is_staff:
        record_interaction(desk, incoming, entry, answers, place, answered=False)
        return first_question_reply(facts.checklist, question, again=previous is not None)
    before = None if previous is None else facts_for(desk, entry, previous, place).checklist
    reply = answer_reply(
        facts,
        previous=before if before and before.first_question() is None else None,
        staff=incoming.person.is_staff,
    )
    reply = replace(reply, replaces=before is not None)
    return with_invitation(desk, incoming, entry, answers, place, reply)


def with_invitation(
    desk: Desk,
    incoming: Incoming,
    entry: ServicePackage,
    answers: Mapping[str, str],
    place: Place,
    reply: Reply,
) -> Reply:
    """Record that an answer was given, and invite to rate it, once an interaction."""
    first, interaction_id = record_interaction(desk, incoming, entry, answers, place, answered=True)
    if not first or incoming.person.is_staff or incoming.public:
        return reply
    return replace(reply, then=(*reply.then, invitation_reply(interaction_id)))


def record_interaction(
    desk: Desk,
    incoming: Incoming,
    entry: ServicePackage,
    answers: Mapping[str, str],
    place: Place,
    *,
    answered: bool,
    slip_id: int | None = None,
) -> tuple[bool, int]:
    """Carry the interaction on, or begin one; tell whether it was answered just now, and its id."""
    now = desk.now()
    running = interactions.current_interaction(
        desk.db,
        incoming.person.id,
        entry.id,
        now=now,
        silence=timedelta(minutes=desk.settings.interaction.silence_minutes),
    )
    interaction = running or interactions.begin_interaction(
        desk.db,
        incoming.person,
        entry.id,
        channel=incoming.channel,
        place=place,
        knowledge_version=desk.base.version,
        now=now,
        slip_id=slip_id,
    )
    interactions.continue_interaction(
        desk.db,
        interaction,
        answers,
        knowledge_version=desk.base.version,
        now=now,
        answered=answered,
        entry_hash=slips.keep_version(desk.db, entry, now=now) if answered else None,
    )
    return answered and not interaction.answered, interaction.id
