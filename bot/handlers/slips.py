"""Slips: make one, hand a list to a citizen by QR code, and look one up by its number."""

from __future__ import annotations

from bot.answering import (
    facts_for,
    place_of,
    read_token,
    record_interaction,
    with_invitation,
)
from bot.desk import Desk
from bot.dialogue import Document, Incoming, Refusal, Reply
from bot.qr import qr_png
from bot.records import conversations
from bot.records import slips as records
from bot.records.slips import Slip
from bot.views import slip as view
from bot.views.answer import AnswerFacts
from bot.views.slip import SlipPage
from bot.views.slip_document import slip_html
from bot.views.text import Lines
from knowledge.changes import entry_changes


def make(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Make a slip of the list a button carries."""
    slip, facts = _made(desk, incoming, arguments)
    lines = view.slip_text(slip, facts, desk.settings.organiser, ())
    link = slip_link(desk, slip)
    html = slip_html(lines, slip.number, qr_png(link) if link else None)
    document = Document(f"告知单-{slip.number}.html", html.encode())
    return view.slip_made_reply(slip, facts, link, document)


def _made(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> tuple[Slip, AnswerFacts]:
    entry, answers, _ = read_token(desk, arguments)
    place = place_of(desk, incoming)
    slip = records.make_slip(
        desk.db,
        incoming.person,
        entry,
        answers,
        place=place,
        knowledge_version=desk.base.version,
        now=desk.now(),
    )
    return slip, facts_for(desk, entry, answers, place)


def slip_link(desk: Desk, slip: Slip) -> str | None:
    """Return the address under which a slip opens without login."""
    return desk.links.page_url(f"/slip/{slip.number}") or desk.links.bot_url(f"s-{slip.number}")


def give(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show the QR code that opens this list on the citizen's phone."""
    slip, _ = _made(desk, incoming, arguments)
    link = slip_link(desk, slip)
    return view.given_reply(slip, qr_png(link) if link else None, link)


def by_number(desk: Desk, incoming: Incoming, number: str) -> Reply:
    """Show a slip by its number: what was told, and what has changed since."""
    return open_slip(desk, incoming, number)


def open_slip(desk: Desk, incoming: Incoming, number: str) -> Reply:
    """Show a slip in the chat; a list handed over by a clerk may be rated by the citizen."""
    slip = _open(desk, number)
    facts, lines = _written(desk, slip)
    entry = facts.checklist.entry
    if entry.id in desk.base.entries:
        conversations.remember_entry(desk.db, incoming.person.id, entry.id, slip.answers)
    reply = view.slip_opened_reply(lines, facts, slip_link(desk, slip))
    if incoming.person.is_staff or not slip.by_staff:
        return reply
    record_interaction(
        desk, incoming, entry, slip.answers, slip.place, answered=False, slip_id=slip.id
    )
    return with_invitation(desk, incoming, entry, slip.answers, slip.place, reply)


def _open(desk: Desk, number: str) -> Slip:
    slip = records.slip_by_number(desk.db, number)
    if slip is None:
        raise Refusal("slip_unknown")
    if not records.is_open(slip, now=desk.now(), days=desk.settings.privacy.slip_days):
        raise Refusal("slip_closed")
    return slip


def _written(desk: Desk, slip: Slip) -> tuple[AnswerFacts, Lines]:
    told = records.kept_version(desk.db, slip.entry_hash)
    facts = facts_for(desk, told, slip.answers, slip.place)
    now = desk.base.entries.get(slip.entry_id)
    changed = list(entry_changes(told, now)) if now else ["这个条目已撤下"]
    return facts, view.slip_text(slip, facts, desk.settings.organiser, changed)


def slip_page(desk: Desk, number: str) -> SlipPage:
    """Return a slip's open page; raise Refusal `slip_unknown` or `slip_closed`."""
    slip = _open(desk, number)
    _, lines = _written(desk, slip)
    link = slip_link(desk, slip)
    return SlipPage(
        title=view.TITLE,
        number=slip.number,
        reply=Reply(lines.text, headings=lines.headings),
        foot=view.FOOT,
        qr_png=qr_png(link) if link else None,
    )
