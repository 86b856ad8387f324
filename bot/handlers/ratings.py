"""Rating an interaction, correcting a mis-tap, and saying what a bad one was about."""

from __future__ import annotations

from bot.desk import Desk
from bot.dialogue import Incoming, Refusal, Reply
from bot.records import conversations
from bot.records import ratings as records
from bot.records.conversations import Awaited
from bot.records.ratings import Rating, Reason
from bot.views import rating as view


def rate(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Record the level of one tap; a second tap of another level says 已评价."""
    interaction_id, level = _numbers(arguments)
    return _thanks(
        desk,
        records.rate(desk.db, incoming.person, interaction_id, level, now=desk.now()),
    )


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


def _thanks(desk: Desk, rating: Rating) -> Reply:
    settings = desk.settings.ratings
    correctable = records.may_correct(rating, now=desk.now(), minutes=settings.correct_minutes)
    return view.thanks_reply(rating, settings.official_url, may_correct=correctable)


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
    rating = records.correct_rating(
        desk.db,
        incoming.person,
        interaction_id,
        level,
        now=desk.now(),
        minutes=desk.settings.ratings.correct_minutes,
    )
    return _thanks(desk, rating)


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
    return view.cause_taken_reply(rating, tag, desk.settings.ratings.official_url)


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
