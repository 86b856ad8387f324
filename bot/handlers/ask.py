"""A question in somebody's own words: answered, narrowed down, or shown the right door."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.answering import answer, entry_of, facts_for, place_of, with_invitation
from bot.desk import Desk
from bot.dialogue import Channel, Incoming, Refusal, Reply, Role
from bot.places import heard_place
from bot.records import conversations, gaps
from bot.reports.certificates import ending_kind, renewal_of
from bot.views import about as about_view
from bot.views import certificates as certificates_view
from bot.views import counter, questions
from knowledge.checklist import valid_answers
from knowledge.search.understanding import About, Outcome, Understanding

MISSES_BEFORE_PERSON = 3
WORTH_A_GAP = 2
AT_THE_COUNTER = frozenset({Role.CLERK, Role.EDITOR})
STAFF_TALK = re.compile(r"评价|差评|好评|未评|排名|统计|整改|督办|超期|通报|异常|看板|绑定码")
"""Words of the staff's own work: from them such a question is no gap in what citizens ask."""


def answer_question(
    desk: Desk, incoming: Incoming, understood: Understanding, *, was_awaited: bool = False
) -> Reply:
    """Answer what was understood; `was_awaited` offers to take the text as a message instead."""
    reply = _answered(desk, _with_place(desk, incoming, understood), understood)
    reply = _calming(incoming, understood, reply)
    reply = _with_privacy_line(desk, incoming, reply)
    reply = _with_renewal(desk, incoming, understood, reply)
    return questions.with_message_button(reply) if was_awaited else reply


def _with_renewal(desk: Desk, incoming: Incoming, understood: Understanding, reply: Reply) -> Reply:
    """Say first how a certificate that is about to end is renewed, where the answer is another.

    "我的食品经营许可证快到期了咋办" is not about opening a restaurant.
    """
    kind = ending_kind(desk.base, understood.question)
    entry = (
        desk.base.entries.get(understood.candidates[0].entry_id) if understood.candidates else None
    )
    if kind is None or (entry is not None and kind.id in entry.renews):
        return reply
    own = None if incoming.public else certificates_view.MINE
    hint = certificates_view.renewal_hint_reply(kind, renewal_of(desk, kind), own)
    return replace(hint, then=reply.messages())


def _calming(incoming: Incoming, understood: Understanding, reply: Reply) -> Reply:
    """Answer anger calmly, once, together with what was asked."""
    question = understood.question
    if incoming.person.is_staff or understood.outcome is Outcome.NOTHING:
        return reply
    if questions.is_grievance(question):
        is_told = understood.outcome is Outcome.SURE
        return reply if is_told else questions.with_doors(reply)
    return questions.apologised(reply) if questions.is_rude(question) else reply


def _with_place(desk: Desk, incoming: Incoming, understood: Understanding) -> Incoming:
    """Take a district or hall named in the question for where the person is."""
    heard = heard_place(desk.base, understood.question)
    if heard is None or incoming.place is not None:
        return incoming
    conversations.remember_place(desk.db, incoming.person.id, heard)
    return replace(incoming, place=heard)


def _answered(desk: Desk, incoming: Incoming, understood: Understanding) -> Reply:
    match understood.outcome:
        case Outcome.SURE:
            return _sure(desk, incoming, understood)
        case Outcome.SEVERAL:
            return _several(desk, incoming, understood)
        case Outcome.UNSURE:
            return _unsure(desk, incoming, understood)
        case Outcome.NOTHING:
            return _nothing(desk, incoming, understood)


def _sure(desk: Desk, incoming: Incoming, understood: Understanding) -> Reply:
    entry = entry_of(desk, understood.candidates[0].entry_id)
    conversation = conversations.conversation_of(desk.db, incoming.person.id, now=desk.now())
    same = understood.followed and conversation.entry_id == entry.id
    remembered = dict(conversation.answers or {}) if same else {}
    answers = valid_answers(entry, {**remembered, **understood.answers})
    if incoming.person.is_staff:
        return _at_the_counter(desk, incoming, entry.id, answers)
    about = understood.about
    is_grievance = questions.is_grievance(understood.question)
    if not is_grievance and (about is None or about is About.MATERIALS):
        return answer(desk, incoming, entry, answers)
    place = place_of(desk, incoming)
    facts = facts_for(desk, entry, answers, place)
    conversations.remember_entry(desk.db, incoming.person.id, entry.id, answers)
    reply = (
        about_view.grievance_reply(facts, understood.subject)
        if is_grievance or about is None
        else about_view.about_reply(facts, about, understood.subject)
    )
    return with_invitation(desk, incoming, entry, answers, place, reply)


def _at_the_counter(
    desk: Desk, incoming: Incoming, entry_id: str, answers: dict[str, str]
) -> Reply:
    """Give a clerk what to read aloud and the list in one message, without a question first."""
    entry = entry_of(desk, entry_id)
    place = place_of(desk, incoming)
    facts = facts_for(desk, entry, answers, place)
    conversations.remember_entry(desk.db, incoming.person.id, entry.id, answers)
    reply = counter.counter_reply(facts)
    return with_invitation(desk, incoming, entry, answers, place, reply)


def _several(desk: Desk, incoming: Incoming, understood: Understanding) -> Reply:
    """Answer each thing asked, the first entry's conversation being remembered last."""
    wanted = [c.entry_id for c in understood.candidates[:2]]
    parts = [answer(desk, incoming, entry_of(desk, id_), {}) for id_ in reversed(wanted)][::-1]
    return questions.several_reply([desk.base.entries[id_] for id_ in wanted], parts)


def _unsure(desk: Desk, incoming: Incoming, understood: Understanding) -> Reply:
    misses = conversations.count_miss(desk.db, incoming.person.id)
    if misses >= MISSES_BEFORE_PERSON:
        return _to_a_person(desk, incoming, understood)
    entries = [desk.base.entries[c.entry_id] for c in understood.candidates[:3]]
    return questions.unsure_reply(entries)


def _nothing(desk: Desk, incoming: Incoming, understood: Understanding) -> Reply:
    signpost = desk.base.signposts.get(understood.door) if understood.door else None
    nearest = [desk.base.entries[c.entry_id] for c in understood.candidates[:3]]
    if signpost is not None:
        conversations.reset_misses(desk.db, incoming.person.id)
        return questions.signpost_reply(signpost, desk.settings.human)
    is_talk = incoming.person.is_staff and STAFF_TALK.search(understood.question) is not None
    if is_talk and incoming.person.role not in AT_THE_COUNTER:
        raise Refusal("figures_unclear")
    gap_id = None
    if len(understood.question) >= WORTH_A_GAP and not is_talk:
        gap_id = gaps.record_gap(
            desk.db,
            incoming.person.id,
            understood.question,
            tuple(entry.id for entry in nearest),
            now=desk.now(),
        )
    misses = conversations.count_miss(desk.db, incoming.person.id)
    if misses >= MISSES_BEFORE_PERSON:
        return _to_a_person(desk, incoming, understood)
    return questions.nothing_reply(nearest, None if incoming.public else gap_id)


def _to_a_person(desk: Desk, incoming: Incoming, understood: Understanding) -> Reply:
    conversations.reset_misses(desk.db, incoming.person.id)
    nearest = [desk.base.entries[c.entry_id] for c in understood.candidates[:3]]
    return questions.to_a_person_reply(nearest)


def tell_me(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Remember that the person wants to be told when their question is answered."""
    if len(arguments) != 1 or not arguments[0].isdecimal():
        raise Refusal("button_unknown")
    gaps.wish_to_be_told(desk.db, int(arguments[0]), incoming.person, now=desk.now())
    return questions.told_later_reply()


def none_of_these(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Take 都不是 for a miss: ask for other words, the third time offer a person."""
    del arguments
    misses = conversations.count_miss(desk.db, incoming.person.id)
    if misses >= MISSES_BEFORE_PERSON:
        conversations.reset_misses(desk.db, incoming.person.id)
        return questions.to_a_person_reply([])
    return questions.ask_again_reply()


def _with_privacy_line(desk: Desk, incoming: Incoming, reply: Reply) -> Reply:
    """Say once, on first contact, who runs this and what is kept; the page says it always."""
    conversation = conversations.conversation_of(desk.db, incoming.person.id, now=desk.now())
    if conversation.told_privacy or incoming.public or incoming.channel is Channel.WEB:
        return reply
    conversations.remember_privacy_told(desk.db, incoming.person.id, now=desk.now())
    line = questions.privacy_line(desk.settings.organiser, desk.settings.privacy.chat_days)
    return replace(reply, then=(*reply.then, line))
