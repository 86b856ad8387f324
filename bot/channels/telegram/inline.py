"""Inline mode: our name and a few words in any chat offer cards of what we know."""

from __future__ import annotations

from telegram import InlineQueryResultArticle, InputTextMessageContent, LinkPreviewOptions

from bot.desk import Desk
from bot.views.answer import count_line, opening_lines
from bot.views.telegram_words import inline_message
from knowledge.checklist import checklist
from knowledge.model import ServicePackage

MOST_CARDS = 10
CACHE_SECONDS = 60


def cards_for(desk: Desk, text: str) -> list[InlineQueryResultArticle]:
    """Return a card for each entry the words may mean; without words, the first ones we have."""
    return [_card(desk, entry) for entry in _entries(desk, text)]


def _entries(desk: Desk, text: str) -> list[ServicePackage]:
    known = desk.base.entries
    if text:
        found = desk.search.understand(text).candidates
        entries = [known[c.entry_id] for c in found if c.entry_id in known]
    else:
        entries = list(known.values())
    return [entry for entry in entries if _is_answered(desk, entry)][:MOST_CARDS]


def _is_answered(desk: Desk, entry: ServicePackage) -> bool:
    is_in_force = entry.expires_on is None or desk.today() <= entry.expires_on
    return entry.paused is None and is_in_force


def _card(desk: Desk, entry: ServicePackage) -> InlineQueryResultArticle:
    listed = checklist(desk.base, entry, {}, today=desk.today())
    return InlineQueryResultArticle(
        id=entry.id,
        title=entry.name,
        description=count_line(listed),
        input_message_content=InputTextMessageContent(
            inline_message(opening_lines(listed), entry, desk.links.bot),
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        ),
    )
