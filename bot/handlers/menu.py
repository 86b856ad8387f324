"""Start with its deep links, menu, help, privacy, cancel, erase."""

from __future__ import annotations

from bot.desk import Desk
from bot.dialogue import Channel, Incoming, Refusal, Reply, Role
from bot.places import place_of_window
from bot.records import conversations, retention
from bot.reports.knowledge_use import asked_counts
from bot.views import menu as view
from bot.views import questions
from bot.views.menu import Word as Word
from bot.views.menu import Work as Work
from reminders.certificate_holders import forget_holder


def start(desk: Desk, incoming: Incoming, work: Work) -> Reply:
    """Open the menu."""
    return _with_privacy(desk, incoming, _menu(desk, incoming, work))


def at_window(desk: Desk, incoming: Incoming, code: str) -> Reply:
    """Remember the window whose QR code was scanned."""
    place = place_of_window(desk.base, code)
    if place is None:
        return view.window_unknown_reply()
    conversations.remember_place(desk.db, incoming.person.id, place)
    hall = desk.base.places[place.hall or ""]
    window = next(w for w in hall.windows if w.code == place.window)
    words = "·".join(w for w in (place.district, hall.name, window.name) if w)
    return _with_privacy(desk, incoming, view.at_window_reply(words))


def _with_privacy(desk: Desk, incoming: Incoming, reply: Reply) -> Reply:
    now = desk.now()
    person_id = incoming.person.id
    if incoming.public or incoming.channel is Channel.WEB:
        return reply
    if conversations.conversation_of(desk.db, person_id, now=now).told_privacy:
        return reply
    conversations.remember_privacy_told(desk.db, person_id, now=now)
    settings = desk.settings
    line = questions.privacy_line(settings.organiser, settings.privacy.chat_days)
    return questions.followed_by(reply, line)


def _menu(desk: Desk, incoming: Incoming, work: Work) -> Reply:
    role = Role.CITIZEN if incoming.public else incoming.person.role
    return view.menu_reply(desk.settings.city, role, tuple(desk.base.entries), work)


def show_menu(desk: Desk, incoming: Incoming, work: Work) -> Reply:
    """Show the menu; whatever text was awaited no longer is."""
    conversations.stop_awaiting(desk.db, incoming.person.id)
    return _menu(desk, incoming, work)


def show_topics(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show a page of everything that can be asked, the most asked first."""
    del incoming
    page = int(arguments[0]) if arguments and arguments[0].isdecimal() else 0
    counts = asked_counts(desk.db, now=desk.now())
    entries = sorted(
        desk.base.entries.values(),
        key=lambda e: (-counts.get(e.id, 0), e.owner not in view.PEOPLES_OFFICES, e.id),
    )
    return view.topics_reply(entries, min(page, 999))


def help_(work: Work) -> Reply:
    """Say what can be asked."""
    return view.help_reply(work)


def privacy(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """Say what is kept of a person."""
    del argument
    return view.privacy_reply(desk.settings, incoming.channel)


def show_privacy(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Say what is kept of a person."""
    del arguments
    return view.privacy_reply(desk.settings, incoming.channel)


def cancel(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """Stop waiting for a text."""
    del argument
    conversation = conversations.conversation_of(desk.db, incoming.person.id, now=desk.now())
    if conversation.awaiting is None:
        raise Refusal("nothing_awaited")
    conversations.stop_awaiting(desk.db, incoming.person.id)
    return view.cancelled_reply()


def erase(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """Ask whether a person's data shall be deleted."""
    del desk, incoming, argument
    return view.erase_reply()


def erase_now(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Delete a person's data."""
    if arguments != ("yes",):
        raise Refusal("button_unknown")
    forget_holder(desk.db, incoming.person.id)
    count = retention.erase_person(desk.db, incoming.person, now=desk.now())
    return view.erased_reply(count)
