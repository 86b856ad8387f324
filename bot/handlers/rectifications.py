"""差评整改: list and open them, act on them, ask the citizen, show state by number."""

from __future__ import annotations

import re
from datetime import timedelta

from bot.answering import facts_for
from bot.case_access import viewer_of
from bot.desk import Desk
from bot.dialogue import Incoming, Person, Refusal, Reply, Scope
from bot.importing.certificates import masking_key
from bot.records import (
    audit,
    contacts,
    conversations,
    integrity,
    interactions,
    knowledge_tasks,
    messages,
    people,
    ratings,
)
from bot.records.audit import Deed
from bot.records.conversations import Awaited
from bot.records.official_ratings import official_of_interaction
from bot.records.roster import is_staff_phone, stood_in_for
from bot.records.slips import kept_version
from bot.reports.oversight import told_of_rectification
from bot.views import rectifications as view
from bot.views import refusals
from bot.views.answer import answer_reply
from reminders import outbox
from reminders import rectifications as records
from reminders.acts import acts_of_rectification
from reminders.alerts import Alert
from reminders.case_work import NotAllowed
from reminders.rectification_rules import (
    Act,
    Deadline,
    Party,
    Rectification,
    State,
    Step,
    allowed_acts,
    deadlines,
    explain_deadline,
    open_deadlines,
    parties_of,
    told_from,
)

EXTEND = "extend"
LOOKUP = re.compile(r"查反馈|/feedback|[Zz]20\d{6}")
MOST_LOOKUPS = 10
LOOKUPS_WITHIN = timedelta(minutes=10)
CITIZENS_ANSWERS = (Act.SATISFIED, Act.DISSATISFIED)
ASKS_WORDS = records.NEEDS_WORDS | {Act.DISSATISFIED}
"""What staff write a word to; a citizen who is not content may, but need not."""


def waiting(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """List what is in progress within the own scope, the soonest due first."""
    del argument
    seen = {
        one.id: one
        for each in _acting_as(desk, incoming)
        for one in records.open_rectifications(desk.db, each.role, each.scope)
        if _is_told(desk, one)
    }
    found = [(one, _next_deadline(desk, one)) for one in seen.values()]
    found.sort(key=lambda pair: (pair[1].due_on if pair[1] else desk.today(), pair[0].number))
    return view.list_reply(desk.base, found, desk.today())


def show_waiting(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """List what is in progress within the own scope."""
    del arguments
    return waiting(desk, incoming, "")


def _next_deadline(desk: Desk, one: Rectification) -> Deadline | None:
    found = _open_deadlines(desk, one)
    return found[0] if found else None


def _open_deadlines(desk: Desk, one: Rectification) -> tuple[Deadline, ...]:
    return open_deadlines(one, desk.calendar, desk.settings.rectification_rules())


def _within(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Rectification:
    """Return the rectification a token names; one outside the scope is as unknown as none."""
    if not arguments:
        raise Refusal("button_unknown")
    within = (
        records.rectification_within(desk.db, each.role, each.scope, arguments[0])
        for each in _acting_as(desk, incoming)
    )
    found = next((one for one in within if one is not None), None)
    if found is None or not _is_told(desk, found):
        raise Refusal("rectification_unknown")
    return found


def _is_told(desk: Desk, one: Rectification) -> bool:
    """Tell whether the unit may know of it: before that a mis-tap may still be corrected."""
    return told_from(one, desk.settings.rectification_rules()) <= desk.now()


def _parties(desk: Desk, incoming: Incoming, one: Rectification) -> frozenset[Party]:
    acted = records.acted_as_handler(desk.db, one, incoming.person.id)
    found = (
        parties_of(one, each.role, each.scope, acted=acted) for each in _acting_as(desk, incoming)
    )
    return frozenset().union(*found)


def _acting_as(desk: Desk, incoming: Incoming) -> tuple[Person, ...]:
    """Return the person and those on leave for whom they stand in."""
    person = incoming.person
    return (person, *stood_in_for(desk.db, person, desk.today()))


def show(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show one rectification."""
    return _detail(desk, incoming, _within(desk, incoming, arguments))


def _detail(desk: Desk, incoming: Incoming, one: Rectification) -> Reply:
    rules = desk.settings.rectification_rules()
    parties = _parties(desk, incoming, one)
    acts = allowed_acts(one, parties, today=desk.today(), calendar=desk.calendar, rules=rules)
    if one.anonymous:
        acts = tuple(act for act in acts if act is not Act.CONTACT)
    extendable = one.state in (State.NEW, State.VERIFYING, State.RECTIFYING)
    rating = ratings.rating_by_id(desk.db, one.rating_id)
    facts = view.RectificationFacts(
        rectification=one,
        rating=rating,
        deadlines=deadlines(one, desk.calendar, rules),
        events=records.events_of(desk.db, one),
        acts=acts,
        can_extend=Party.HANDLER in parties and extendable and one.complex_reason is None,
        has_phone=bool(parties) and contacts.has_contact(desk.db, one.rating_id),
        official=official_of_interaction(desk.db, rating.interaction_id),
    )
    page = desk.links.page_url("/")
    return view.detail_reply(desk.base, facts, desk.today(), discreet=incoming.discreet, page=page)


def show_answer(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show the very version of the answer the person was shown."""
    one = _within(desk, incoming, arguments)
    return _answer_shown(desk, one.rating_id)


def _answer_shown(desk: Desk, rating_id: int) -> Reply:
    rating = ratings.rating_by_id(desk.db, rating_id)
    interaction = interactions.interaction_by_id(desk.db, rating.interaction_id)
    entry = (
        kept_version(desk.db, interaction.entry_hash)
        if interaction.entry_hash
        else desk.base.entries.get(interaction.entry_id)
    )
    if entry is None:
        raise Refusal("entry_unknown")
    facts = facts_for(desk, entry, interaction.answers, interaction.place)
    shown = answer_reply(facts, staff=True)
    return Reply(
        view.shown_then(shown.text, rating.rated_at, interaction.knowledge_version),
        headings=shown.headings,
        buttons=((view.MENU,),),
    )


def prove(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show who was told what of a rectification, when, and what was done."""
    one = _within(desk, incoming, arguments)
    told = told_of_rectification(desk.db, one)
    acts = acts_of_rectification(desk.db, one.id)
    involved = {t.person_id for _, t in told} | {a.decided_by for a in acts}
    known = {person.id: person for person in people.people_by_id(desk.db, involved)}
    events = records.events_of(desk.db, one)
    return view.proof_reply(desk.base, one, told, acts, events, known, viewer_of(desk, incoming))


def show_why(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Answer 为什么是这天 for every deadline."""
    one = _within(desk, incoming, arguments)
    rules = desk.settings.rectification_rules()
    explained = [
        (deadline, explanation)
        for deadline in deadlines(one, desk.calendar, rules)
        if (explanation := explain_deadline(one, Step(deadline.step), desk.calendar, rules))
    ]
    return view.why_reply(one, explained)


def act(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Do what a button says, or first ask for the words it needs."""
    one = _within(desk, incoming, arguments[:1])
    name, ground = (*arguments[1:], "", "")[:2]
    if name == EXTEND and incoming.discreet:
        return view.on_page_reply(one.number, desk.links.page_url("/"))
    if name == EXTEND:
        return _await(desk, incoming, one, name, "", view.ask_words_reply(None, one.number))
    if name not in set(Act):
        raise Refusal("button_unknown")
    chosen = Act(name)
    refused = _refused(desk, incoming, one, chosen)
    if refused is not None:
        return refused
    if chosen in ASKS_WORDS and incoming.discreet:
        return view.on_page_reply(one.number, desk.links.page_url("/"))
    if chosen is Act.APPEAL and ground not in view.APPEALS:
        return view.choose_appeal_reply(one.number)
    if chosen in ASKS_WORDS:
        return _await(desk, incoming, one, name, ground, view.ask_words_reply(chosen, one.number))
    return _done(desk, incoming, one, chosen, None)


def _refused(desk: Desk, incoming: Incoming, one: Rectification, chosen: Act) -> Reply | None:
    """Return the refusal of an act the table does not allow, written down; None where it does."""
    rules = desk.settings.rectification_rules()
    reason = records.why_not(
        desk.db,
        one,
        chosen,
        _parties(desk, incoming, one),
        by_person_id=incoming.person.id,
        calendar=desk.calendar,
        rules=rules,
        now=desk.now(),
    )
    if reason is None:
        return None
    subject = f"ract:{one.number}:{chosen}"
    audit.record_deed(
        desk.db, incoming.person, Deed.REFUSED, subject, reason=reason, now=desk.now()
    )
    return refusals.refusal_reply(Refusal(reason))


def _await(
    desk: Desk, incoming: Incoming, one: Rectification, name: str, ground: str, asked: Reply
) -> Reply:
    subject = f"{one.number}:{name}:{ground}"
    conversations.await_text(
        desk.db, incoming.person.id, Awaited.RECTIFICATION, subject, now=desk.now()
    )
    return asked


def take_words(desk: Desk, incoming: Incoming, text: str) -> Reply:
    """Do the act whose words these are; asked for on the page, they are not taken elsewhere."""
    if incoming.discreet:
        awaited = conversations.conversation_of(desk.db, incoming.person.id, now=desk.now())
        subject = (awaited.awaiting_subject or "").partition(":")[0]
        return view.on_page_reply(subject, desk.links.page_url("/"))
    number, name, ground = (*_awaited(desk, incoming).split(":"), "", "")[:3]
    one = _within(desk, incoming, (number,))
    if name == EXTEND:
        return _extended(desk, incoming, one, text)
    refused = _refused(desk, incoming, one, Act(name))
    if refused is not None:
        return refused
    words = f"{view.APPEALS[ground]}：{text}" if ground in view.APPEALS else text
    return _done(desk, incoming, one, Act(name), words)


def _awaited(desk: Desk, incoming: Incoming) -> str:
    conversation = conversations.conversation_of(desk.db, incoming.person.id, now=desk.now())
    conversations.stop_awaiting(desk.db, incoming.person.id)
    return conversation.awaiting_subject or ""


def _extended(desk: Desk, incoming: Incoming, one: Rectification, reason: str) -> Reply:
    if Party.HANDLER not in _parties(desk, incoming, one):
        raise Refusal("rectification_party")
    try:
        moved = records.extend(
            desk.db, one, reason, by_person_id=incoming.person.id, now=desk.now()
        )
    except NotAllowed as error:
        raise Refusal(error.reason) from error
    _changed(desk, incoming, one, EXTEND)
    return _detail(desk, incoming, moved)


def _changed(desk: Desk, incoming: Incoming, one: Rectification, name: str) -> None:
    subject = f"ract:{one.number}:{name}"
    audit.record_deed(desk.db, incoming.person, Deed.CHANGED, subject, now=desk.now())


def _done(
    desk: Desk, incoming: Incoming, one: Rectification, chosen: Act, words: str | None
) -> Reply:
    now = desk.now()
    try:
        moved = records.take_act(
            desk.db,
            one,
            chosen,
            _parties(desk, incoming, one),
            by_person_id=incoming.person.id,
            words=words,
            calendar=desk.calendar,
            rules=desk.settings.rectification_rules(),
            now=now,
        )
    except NotAllowed as error:
        raise Refusal(error.reason) from error
    _changed(desk, incoming, one, chosen)
    _follow(desk, moved, chosen)
    return _detail(desk, incoming, moved)


def _follow(desk: Desk, moved: Rectification, chosen: Act) -> None:
    """Do what an act brings with it: void the rating, tell the citizen in their own thread."""
    if moved.state is State.VOIDED:
        ratings.void_rating(desk.db, moved.rating_id, now=desk.now())
    kinds = {
        Act.CONTACT: records.CONTACTED,
        Act.RECTIFY: records.DONE,
        Act.EXPLAIN: records.DONE,
        Act.SETTLE: records.CLOSED,
    }
    ended = moved.state in (State.CLOSED, State.VOIDED)
    kind = kinds.get(chosen) or (records.CLOSED if ended else None)
    if kind is None:
        return
    rating = ratings.rating_by_id(desk.db, moved.rating_id)
    person_id = interactions.interaction_by_id(desk.db, rating.interaction_id).person_id
    records.tell_citizen(desk.db, moved, kind, person_id, now=desk.now())


# -- the citizen's side


def status(desk: Desk, incoming: Incoming, number: str) -> Reply:
    """Show state and dates by number to whoever holds it, nothing of the words.

    Without a number it says how to ask; who asks for many numbers must wait.
    """
    if not number:
        own = _all_own(desk, incoming)
        return view.ask_number_reply(own, desk.links.page_url("/progress"))
    if _asked_too_often(desk, incoming):
        raise Refusal("feedback_too_often")
    one = records.rectification_by_number(desk.db, number)
    if one is None:
        raise Refusal("rectification_unknown")
    return view.status_reply(one, _open_deadlines(desk, one), desk.today())


def _asked_too_often(desk: Desk, incoming: Incoming) -> bool:
    """Count the same person's lookups of the last minutes in the conversation as recorded."""
    since = desk.now() - LOOKUPS_WITHIN
    said = messages.messages_of(desk.db, incoming.person.id)
    asked = (m.text for m in said if m.direction == "in" and m.at > since and m.text)
    return sum(LOOKUP.match(text) is not None for text in asked) >= MOST_LOOKUPS


def status_of(desk: Desk, number: str) -> tuple[str, ...] | None:
    """Return state and dates of the one with this number, for the page, if there is one."""
    one = records.rectification_by_number(desk.db, number)
    if one is None or one.state is State.MIS_TAP:
        return None
    return view.status_lines(one, _open_deadlines(desk, one), desk.today())


def told_page(desk: Desk, key: str) -> tuple[str, ...] | None:
    """Return state, dates and what the citizen was told, for who was given the key."""
    one = records.rectification_by_page_key(desk.db, key)
    if one is None:
        return None
    lines = view.status_lines(one, _open_deadlines(desk, one), desk.today())
    return (*lines, *view.told_lines(records.told_words(desk.db, one)))


def mine(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """List the person's own feedback that is or was looked into."""
    del argument
    return view.own_list_reply(_all_own(desk, incoming))


def show_mine(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show one of the person's own, or list them."""
    if not arguments:
        return mine(desk, incoming, "")
    one = _own(desk, incoming, arguments)
    told = records.told_words(desk.db, one)
    page = desk.links.page_url(f"/feedback/{one.page_key}")
    where = view.Elsewhere(page) if incoming.discreet else None
    return view.own_reply(one, _open_deadlines(desk, one), told, desk.today(), where)


def _all_own(desk: Desk, incoming: Incoming) -> tuple[Rectification, ...]:
    rating_ids = ratings.bad_ratings_of(desk.db, incoming.person)
    return records.rectifications_of_ratings(desk.db, rating_ids)[::-1]


def _own(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Rectification:
    """Return the person's own; somebody else's is as unknown as none."""
    one = records.rectification_by_number(desk.db, arguments[0]) if arguments else None
    if one is None:
        raise Refusal("rectification_unknown")
    rating = ratings.rating_by_id(desk.db, one.rating_id)
    interactions.own_interaction(desk.db, incoming.person, rating.interaction_id)
    return one


def revisit(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Take the citizen's own answer to the follow-up."""
    one = _own(desk, incoming, arguments)
    answer = arguments[1] if len(arguments) == 2 else ""
    if answer not in CITIZENS_ANSWERS:
        raise Refusal("button_unknown")
    try:
        moved = records.take_act(
            desk.db,
            one,
            Act(answer),
            frozenset({Party.CITIZEN}),
            by_person_id=incoming.person.id,
            calendar=desk.calendar,
            rules=desk.settings.rectification_rules(),
            now=desk.now(),
        )
    except NotAllowed:
        return view.status_reply(one, _open_deadlines(desk, one), desk.today())
    # The answer stands in place of the result: where that was not said, it is not said now.
    result = None if incoming.discreet else records.last_words(desk.db, moved, records.RESULTS)
    return view.revisited_reply(moved, result)


def ask_reply(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Await what the citizen wants to say back."""
    one = _own(desk, incoming, arguments)
    conversations.await_text(
        desk.db, incoming.person.id, Awaited.REPLY_TO_STAFF, one.number, now=desk.now()
    )
    return view.ask_reply_reply()


def take_reply(desk: Desk, incoming: Incoming, text: str) -> Reply:
    """Hand what the citizen said back to whoever handles it."""
    one = _own(desk, incoming, (_awaited(desk, incoming),))
    records.record_reply(desk.db, one, text, by_person_id=incoming.person.id, now=desk.now())
    alert = Alert(
        kind=records.REPLIED,
        recipient=one.recipient,
        facts={"number": one.number},
        dedupe_key=f"{records.REPLIED}:{one.number}:{desk.now().isoformat()}",
    )
    outbox.put(desk.db, (alert,), now=desk.now())
    return view.reply_taken_reply()


def reply_written(desk: Desk, incoming: Incoming, number: str) -> str:
    """Return what the citizen said back last."""
    written = records.last_words(desk.db, _own(desk, incoming, (number,)), (records.REPLY,))
    if written is None:
        raise Refusal("button_unknown")
    return written


def be_quiet(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Note that the citizen does not want to be contacted; it is rectified all the same."""
    one = _own(desk, incoming, arguments)
    records.become_anonymous(desk.db, one.rating_id)
    contacts.forget_contacts(desk.db, [one.rating_id])
    return view.quiet_reply()


def ask_phone(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Await a phone, where it may be written at all."""
    one = _own(desk, incoming, arguments)
    if incoming.discreet:
        raise Refusal("phone_on_page")
    conversations.await_text(desk.db, incoming.person.id, Awaited.PHONE, one.number, now=desk.now())
    return view.ask_phone_reply()


def take_phone(desk: Desk, incoming: Incoming, text: str) -> Reply:
    """Keep the phone the citizen consents to be called on."""
    del text
    if incoming.phone is None:
        raise Refusal("phone_unreadable")
    one = _own(desk, incoming, (_awaited(desk, incoming),))
    contacts.keep_contact(desk.db, one.rating_id, incoming.phone, now=desk.now())
    _compare_with_staff(desk, one, incoming.phone)
    return view.phone_taken_reply()


def _compare_with_staff(desk: Desk, one: Rectification, phone: str) -> None:
    """Flag a rating whose phone is on the roster; it counts on, and a person looks (1.3)."""
    key = masking_key(desk.settings.data_dir)
    if is_staff_phone(desk.db, contacts.phone_hash(key, phone)):
        rating = ratings.rating_by_id(desk.db, one.rating_id)
        interaction = interactions.interaction_by_id(desk.db, rating.interaction_id)
        integrity.flag_staff_phone(desk.db, interaction, now=desk.now())


def ask_lookup(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Ask why somebody needs a rater's phone, before showing it."""
    one = _within(desk, incoming, arguments)
    if not _parties(desk, incoming, one):
        raise Refusal("rectification_party")
    if incoming.discreet:
        raise Refusal("phone_on_page")
    conversations.await_text(
        desk.db, incoming.person.id, Awaited.LOOKUP_REASON, one.number, now=desk.now()
    )
    return view.ask_lookup_reason_reply(one.number)


def look_up(desk: Desk, incoming: Incoming, reason: str) -> Reply:
    """Show a rater's phone to somebody with a reason, and write both down."""
    one = _within(desk, incoming, (_awaited(desk, incoming),))
    if not _parties(desk, incoming, one):
        raise Refusal("rectification_party")
    phone = contacts.contact_of(desk.db, one.rating_id)
    if phone is None or incoming.discreet:
        raise Refusal("phone_on_page" if phone else "rectification_anonymous")
    subject = f"rphone:{one.number}"
    audit.record_deed(
        desk.db, incoming.person, Deed.SAW_CONTACT, subject, reason=reason, now=desk.now()
    )
    return view.phone_reply(one.number, phone)


# -- the editor's tasks


def tasks(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """List the answers that people said were incomplete, within an editor's scope."""
    del argument
    found = [
        task
        for task in knowledge_tasks.open_tasks(desk.db)
        if incoming.person.scope.covers(_task_scope(desk, task.entry_id))
    ]
    return view.tasks_reply(desk.base, found)


def _task_scope(desk: Desk, entry_id: str) -> Scope:
    entry = desk.base.entries.get(entry_id)
    return knowledge_tasks.task_scope(entry.owner if entry else None)


def show_tasks(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """List the answers that people said were incomplete."""
    del arguments
    return tasks(desk, incoming, "")


def _task(
    desk: Desk, incoming: Incoming, arguments: tuple[str, ...]
) -> knowledge_tasks.KnowledgeTask:
    wanted = arguments[0] if len(arguments) == 1 else ""
    for task in knowledge_tasks.open_tasks(desk.db):
        scope = _task_scope(desk, task.entry_id)
        if str(task.id) == wanted and incoming.person.scope.covers(scope):
            return task
    raise Refusal("task_unknown")


def show_task(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show the answer that was said to be incomplete, in the version that was shown."""
    task = _task(desk, incoming, arguments)
    return view.for_task(_answer_shown(desk, task.rating_id), task)


def finish_task(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Note that an entry has been completed."""
    task = _task(desk, incoming, arguments)
    knowledge_tasks.finish_task(desk.db, task.id, incoming.person, now=desk.now())
    return view.task_done_reply()
