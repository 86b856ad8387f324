"""Rating an interaction, correcting a mis-tap, and saying what a bad one was about."""

from __future__ import annotations

from bot.desk import Desk
from bot.dialogue import Channel, Incoming, Recipient, Refusal, Reply, Scope
from bot.records import conversations, integrity, interactions, invitations, knowledge_tasks, people
from bot.records import ratings as records
from bot.records.audit import Deed, record_deed
from bot.records.conversations import Awaited
from bot.records.ratings import Rating, Reason
from bot.views import rating as view
from bot.views import refusals
from reminders import rectifications
from reminders.rectification_rules import Cause, Rectification, open_deadlines
from reminders.rectifications import Opening

INCOMPLETE = "a1"
"""The tag 没说全: it opens a task for the knowledge editor."""


def rate(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Record the level of one tap; a second tap of another level says 已评价.

    A bad one opens a rectification in the same transaction. Staff are refused, and it is noted.
    """
    interaction_id, level = _numbers(arguments)
    if incoming.person.is_staff:
        integrity.flag_own_window(desk.db, incoming.person, now=desk.now())
        subject = f"rate:{interaction_id}"
        record_deed(desk.db, incoming.person, Deed.REFUSED, subject, now=desk.now())
        return refusals.refusal_reply(Refusal("staff_rating"))
    is_new = records.rating_of(desk.db, interaction_id) is None
    rating = records.rate(desk.db, incoming.person, interaction_id, level, now=desk.now())
    if is_new:
        _look_at(desk, rating)
    return _thanks(desk, incoming, rating, _opened(desk, incoming, rating))


def _look_at(desk: Desk, rating: Rating) -> None:
    """Flag a rating that came too soon, or one too many."""
    interaction = interactions.interaction_by_id(desk.db, rating.interaction_id)
    answered_at = interaction.answered_at or interaction.began_at
    limits = integrity.Limits(**desk.settings.integrity.model_dump())
    integrity.flag_rating(desk.db, interaction, answered_at, limits, now=desk.now())


def _opened(desk: Desk, incoming: Incoming, rating: Rating) -> Rectification | None:
    """Open the rectification of a bad rating, or return the one it has."""
    if rating.is_good:
        return None
    interaction = interactions.interaction_by_id(desk.db, rating.interaction_id)
    entry = desk.base.entries.get(interaction.entry_id)
    place = interaction.place
    opening = Opening(
        rating_id=rating.id,
        rated_at=rating.rated_at,
        entry_id=interaction.entry_id,
        scope=Scope(place.district, entry.owner if entry else None, place.window),
        # Nobody comes back to a shared tablet's conversation.
        anonymous=desk.settings.web.kiosk and incoming.channel is Channel.WEB,
    )
    rules = desk.settings.rectification_rules()
    return rectifications.open_rectification(
        desk.db, opening, rules=rules, holds=_holds(desk), now=desk.now()
    )


def _holds(desk: Desk) -> rectifications.Holds:
    """Return what tells whether anybody holds a role within a scope now."""

    def holds(recipient: Recipient) -> bool:
        role = recipient.role
        return role is not None and bool(people.people_with_role(desk.db, role, recipient.scope))

    return holds


def _numbers(arguments: tuple[str, ...]) -> tuple[int, int]:
    if len(arguments) != 2 or not all(a.isdecimal() and len(a) < 16 for a in arguments):
        raise Refusal("button_unknown")
    interaction_id, level = (int(a) for a in arguments)
    if level not in view.LEVELS:
        raise Refusal("button_unknown")
    return interaction_id, level


def _interaction(arguments: tuple[str, ...]) -> int:
    if not arguments or not arguments[0].isdecimal() or len(arguments[0]) > 15:
        raise Refusal("button_unknown")
    return int(arguments[0])


def _thanks(desk: Desk, incoming: Incoming, rating: Rating, opened: Rectification | None) -> Reply:
    del incoming
    settings = desk.settings.ratings
    correctable = records.may_correct(rating, now=desk.now(), minutes=settings.correct_minutes)
    return view.thanks_reply(
        rating,
        settings.official_url,
        may_correct=correctable,
        tracking=_tracking(desk, opened),
    )


def _tracking(desk: Desk, opened: Rectification | None) -> view.Tracking | None:
    if opened is None or not opened.is_open:
        return None
    found = open_deadlines(opened, desk.calendar, desk.settings.rectification_rules())
    return view.Tracking(opened.number, max(d.due_on for d in found)) if found else None


def offer_again(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Offer the five levels again while a mis-tap may be corrected."""
    interaction_id = _interaction(arguments)
    rating = records.own_rating(desk.db, incoming.person, interaction_id)
    minutes = desk.settings.ratings.correct_minutes
    if not records.may_correct(rating, now=desk.now(), minutes=minutes):
        raise Refusal("too_late_to_correct", {"level": rating.level})
    return view.again_reply(interaction_id)


def correct(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Correct a mis-tap."""
    interaction_id, level = _numbers(arguments)
    before = records.own_rating(desk.db, incoming.person, interaction_id)
    rating = records.correct_rating(
        desk.db,
        incoming.person,
        interaction_id,
        level,
        now=desk.now(),
        minutes=desk.settings.ratings.correct_minutes,
    )
    if rating.is_good and not before.is_good:
        rectifications.correct_tap(desk.db, rating.id, now=desk.now())
    return _thanks(desk, incoming, rating, _opened(desk, incoming, rating))


def ask_cause(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Ask for the tag within the reason chosen."""
    interaction_id = _interaction(arguments)
    reason = _reason(arguments[1:])
    rating = records.own_rating(desk.db, incoming.person, interaction_id)
    return view.cause_reply(rating, reason)


def _reason(arguments: tuple[str, ...]) -> Reason:
    if not arguments or arguments[0] not in set(Reason):
        raise Refusal("button_unknown")
    return Reason(arguments[0])


def choose_tag(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Record what the rating was about; from then on it stands."""
    interaction_id = _interaction(arguments)
    reason = _reason(arguments[1:])
    rating = records.own_rating(desk.db, incoming.person, interaction_id)
    tag = arguments[2] if len(arguments) == 3 else ""
    if tag not in view.tags_for(reason, rating.level):
        raise Refusal("button_unknown")
    rating = records.choose_reason(
        desk.db, incoming.person, interaction_id, reason, tag, now=desk.now()
    )
    given = rectifications.choose_cause(
        desk.db,
        rating.id,
        Cause((rating.reason or reason).value),
        holds=_holds(desk),
        now=desk.now(),
    )
    if tag == INCOMPLETE:
        interaction = interactions.interaction_by_id(desk.db, interaction_id)
        knowledge_tasks.open_task(
            desk.db, rating.id, interaction.entry_id, interaction.entry_hash, now=desk.now()
        )
    return view.cause_taken_reply(
        rating,
        tag,
        desk.settings.ratings.official_url,
        tracking=_tracking(desk, given),
        ask_phone=not incoming.discreet,
    )


def ask_words(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Await words of the person's own."""
    return _await(desk, incoming, arguments, Awaited.WORDS)


def ask_addendum(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Await the one addendum."""
    return _await(desk, incoming, arguments, Awaited.ADDENDUM)


def _await(desk: Desk, incoming: Incoming, arguments: tuple[str, ...], awaited: Awaited) -> Reply:
    interaction_id = _interaction(arguments)
    records.own_rating(desk.db, incoming.person, interaction_id)
    conversations.await_text(
        desk.db, incoming.person.id, awaited, str(interaction_id), now=desk.now()
    )
    return view.ask_words_reply()


def take_words(desk: Desk, incoming: Incoming, text: str) -> Reply:
    """Keep the words written to a rating."""
    interaction_id = _awaited_interaction(desk, incoming)
    records.write_words(desk.db, incoming.person, interaction_id, text, now=desk.now())
    return view.words_taken_reply()


def take_addendum(desk: Desk, incoming: Incoming, text: str) -> Reply:
    """Keep the addendum; it changes no count."""
    interaction_id = _awaited_interaction(desk, incoming)
    hours = desk.settings.ratings.addendum_hours
    records.add_addendum(
        desk.db, incoming.person, interaction_id, text, now=desk.now(), hours=hours
    )
    return view.addendum_taken_reply()


def _awaited_interaction(desk: Desk, incoming: Incoming) -> int:
    conversation = conversations.conversation_of(desk.db, incoming.person.id, now=desk.now())
    conversations.stop_awaiting(desk.db, incoming.person.id)
    return int(conversation.awaiting_subject or 0)


def refuse_invitations(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Never invite this person again (退订)."""
    del arguments
    invitations.refuse_invitations(desk.db, incoming.person.id, now=desk.now())
    return view.invitations_refused_reply()
