"""In groups only what is addressed to us counts: a mention, a reply to us, a command by name."""

from __future__ import annotations

import re
from dataclasses import dataclass

from telegram import Message


@dataclass(frozen=True, slots=True)
class OurName:
    """Who we are on Telegram."""

    id: int
    username: str


MENU = "/start"


def addressed_text(message: Message, us: OurName) -> str | None:
    """Return what a group message says to us without our name; None if it is not for us.

    Our bare name asks for the menu. A command counts only with our name or as a reply to us.
    """
    text = message.text or ""
    mention = re.compile(rf"(?<![\w/])@{re.escape(us.username)}\b", re.IGNORECASE)
    command, _, _ = text.partition(" ")
    if command.startswith("/") and "@" in command:
        return text if command.partition("@")[2].lower() == us.username.lower() else None
    if mention.search(text):
        return mention.sub(" ", text).strip() or MENU
    return text if is_reply_to_us(message, us) else None


def is_reply_to_us(message: Message, us: OurName) -> bool:
    """Tell whether a message answers one of ours."""
    answered = message.reply_to_message
    return bool(answered and answered.from_user and answered.from_user.id == us.id)
