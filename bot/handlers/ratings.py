"""Rating an interaction, correcting a mis-tap, and saying what a bad one was about."""

from __future__ import annotations

from datetime import timedelta

from bot.desk import Desk
from bot.dialogue import Channel, Incoming, Recipient, Refusal, Reply, Scope
from bot.records import conversations, integrity, interactions, invitations, knowledge_tasks, people
from bot.records import ratings as records
from bot.records.audit import Deed, record_deed
from bot.records.conversations import Awaited
from bot.records.ratings import Rating, Reason, Writing
from bot.views import rating as view
from bot.views import refusals
from bot.views.promises import promise_lines
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
    return _thanks(desk, rating, _opened(desk, incoming, rating))


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


def _thanks(desk: Desk, rating: Rating, opened: Rectification | None) -> Reply:
    return view.thanks_reply(
        rating,
        desk.settings.ratings.official_url,
        may_correct=records.may_correct(rating, now=desk.now(), minutes=_minutes(desk)),
        writing=_writing(desk, rating),
        tracking=_tracking(desk, opened),
    )


def _minutes(desk: Desk) -> int:
    return desk.settings.ratings.correct_minutes


def _writing(desk: Desk, rating: Rating) -> Writing | None:
    hours = desk.settings.ratings.addendum_hours
    return records.writing_left(rating, now=desk.now(), minutes=_minutes(desk), hours=hours)


def _tracking(desk: Desk, opened: Rectification | None) -> view.Tracking | None:
    if opened is None or not opened.is_open:
        return None
    found = open_deadlines(opened, desk.calendar, desk.settings.rectification_rules())
    return view.Tracking(opened.number, promise_lines(opened, found, desk.today()))


def offer_again(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Offer the five levels again while a mis-tap may be corrected."""
    interaction_id = _interaction(arguments)
    rating = records.own_rating(desk.db, incoming.person, interaction_id)
    records.check_correctable(rating, now=desk.now(), minutes=_minutes(desk))
    return view.again_reply(interaction_id)


def correct(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Correct a mis-tap."""
    interaction_id, level = _numbers(arguments)
    before = records.own_rating(desk.db, incoming.person, interaction_id)
    rating = records.correct_rating(
        desk.db, incoming.person, interaction_id, level, now=desk.now(), minutes=_minutes(desk)
    )
    if rating.is_good and not before.is_good:
        rectifications.correct_tap(desk.db, rating.id, now=desk.now())
    return _thanks(desk, rating, _opened(desk, incoming, rating))


def ask_cause(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Ask for a tag within the reason chosen, or go back once all are chosen."""
    interaction_id = _interaction(arguments)
    reason = _reason(arguments[1:])
    rating = records.own_rating(desk.db, incoming.person, interaction_id)
    if arguments[2:] == ("done",):
        given = rectifications.rectification_of_rating(desk.db, rating.id)
        return _cause_taken(desk, incoming, rating, given)
    return view.cause_reply(rating, reason, every=arguments[2:] == (view.EVERY_TAG,))


def _reason(arguments: tuple[str, ...]) -> Reason:
    if not arguments or arguments[0] not in set(Reason):
        raise Refusal("button_unknown")
    return Reason(arguments[0])


def choose_tag(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Record what the rating was about; from then on it stands, and tags may be added."""
    interaction_id = _interaction(arguments)
    reason = _reason(arguments[1:])
    rating = records.own_rating(desk.db, incoming.person, interaction_id)
    tag = arguments[2] if len(arguments) == 3 else ""
    if tag not in view.tags_for(reason, rating.level):
        raise Refusal("button_unknown")
    rating = records.choose_reason(
        desk.db,
        incoming.person,
        interaction_id,
        reason,
        tag,
        now=desk.now(),
        minutes=_minutes(desk),
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
    return _cause_taken(desk, incoming, rating, given)


def _cause_taken(
    desk: Desk, incoming: Incoming, rating: Rating, given: Rectification | None
) -> Reply:
    return view.cause_taken_reply(
        rating,
        desk.settings.ratings.official_url,
        may_add_tags=records.may_add_tags(rating, now=desk.now(), minutes=_minutes(desk)),
        writing=_writing(desk, rating),
        tracking=_tracking(desk, given),
        ask_phone=not incoming.discreet,
    )


def praise(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Offer the tags of a good rating, or record one."""
    interaction_id = _interaction(arguments)
    rating = records.own_rating(desk.db, incoming.person, interaction_id)
    chosen = arguments[1] if len(arguments) == 2 else ""
    if not rating.is_good:
        raise Refusal("button_unknown")
    if chosen == "done":
        return _thanks(desk, rating, None)
    if chosen in view.GOOD_TAGS[rating.level]:
        hours = desk.settings.ratings.addendum_hours
        rating = records.add_praise(
            desk.db, incoming.person, interaction_id, chosen, now=desk.now(), hours=hours
        )
    return view.praise_reply(rating, every=chosen == view.EVERY_TAG)


def ask_words(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Await words of the person's own; once they stand, the one addendum."""
    interaction_id = _interaction(arguments)
    rating = records.own_rating(desk.db, incoming.person, interaction_id)
    stands = rating.words is not None and _writing(desk, rating) is not Writing.WORDS
    if stands:
        return _ask_addendum(desk, incoming, rating, stands=True)
    hours = desk.settings.ratings.addendum_hours
    if desk.now() - rating.rated_at > timedelta(hours=hours):
        raise Refusal("too_late_for_addendum", {"hours": hours})
    _await(desk, incoming, Awaited.WORDS, interaction_id)
    return view.ask_words_reply(Writing.WORDS, stands=False)


def ask_addendum(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Await the one addendum."""
    rating = records.own_rating(desk.db, incoming.person, _interaction(arguments))
    return _ask_addendum(desk, incoming, rating, stands=False)


def _ask_addendum(desk: Desk, incoming: Incoming, rating: Rating, *, stands: bool) -> Reply:
    hours = desk.settings.ratings.addendum_hours
    records.check_addendum(rating, now=desk.now(), hours=hours)
    _await(desk, incoming, Awaited.ADDENDUM, rating.interaction_id)
    return view.ask_words_reply(Writing.ADDENDUM, stands=stands)


def _await(desk: Desk, incoming: Incoming, awaited: Awaited, interaction_id: int) -> None:
    conversations.await_text(
        desk.db, incoming.person.id, awaited, str(interaction_id), now=desk.now()
    )


def take_words(desk: Desk, incoming: Incoming, text: str) -> Reply:
    """Keep the words written to a rating; where words stand already, they are the addendum."""
    interaction_id = _awaited_interaction(desk, incoming)
    settings = desk.settings.ratings
    try:
        rating = records.write_words(
            desk.db,
            incoming.person,
            interaction_id,
            text,
            now=desk.now(),
            minutes=_minutes(desk),
            hours=settings.addendum_hours,
        )
    except Refusal as refusal:
        if refusal.reason == "words_stand":
            return _added(desk, incoming, interaction_id, text)
        # Answered, not raised: what was awaited must stay forgotten.
        return refusals.refusal_reply(refusal)
    _tell_of_words(desk, rating, Writing.WORDS)
    return view.words_taken_reply(rating, _writing(desk, rating), settings.addendum_hours)


def take_addendum(desk: Desk, incoming: Incoming, text: str) -> Reply:
    """Keep the addendum; it changes no count."""
    return _added(desk, incoming, _awaited_interaction(desk, incoming), text)


def _added(desk: Desk, incoming: Incoming, interaction_id: int, text: str) -> Reply:
    hours = desk.settings.ratings.addendum_hours
    try:
        rating = records.add_addendum(
            desk.db, incoming.person, interaction_id, text, now=desk.now(), hours=hours
        )
    except Refusal as refusal:
        return refusals.refusal_reply(refusal)
    _tell_of_words(desk, rating, Writing.ADDENDUM)
    return view.addendum_taken_reply()


def _tell_of_words(desk: Desk, rating: Rating, writing: Writing) -> None:
    """Tell the unit of what was written after it had been told of the rating."""
    rules = desk.settings.rectification_rules()
    rectifications.tell_of_words(desk.db, rating.id, writing, rules=rules, now=desk.now())


def words_written(desk: Desk, incoming: Incoming, subject: str) -> str:
    """Return the words the person wrote to a rating."""
    return _written(records.own_rating(desk.db, incoming.person, _interaction((subject,))).words)


def addendum_written(desk: Desk, incoming: Incoming, subject: str) -> str:
    """Return what the person added to a rating."""
    return _written(records.own_rating(desk.db, incoming.person, _interaction((subject,))).addendum)


def _written(words: str | None) -> str:
    if not words:
        raise Refusal("button_unknown")
    return words


def _awaited_interaction(desk: Desk, incoming: Incoming) -> int:
    conversation = conversations.conversation_of(desk.db, incoming.person.id, now=desk.now())
    conversations.stop_awaiting(desk.db, incoming.person.id)
    return int(conversation.awaiting_subject or 0)


def refuse_invitations(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Never invite this person again (退订)."""
    del arguments
    invitations.refuse_invitations(desk.db, incoming.person.id, now=desk.now())
    return view.invitations_refused_reply()
