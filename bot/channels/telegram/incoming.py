"""From Telegram's updates to plain events. Nothing is fetched or stored here."""

from __future__ import annotations

from dataclasses import dataclass

from telegram import CallbackQuery, ChatMemberUpdated, Message, Update
from telegram.constants import ChatMemberStatus, ChatType

from bot.channels.telegram.groups import OurName, addressed_text, is_reply_to_us

KINDS = (
    "photo",
    "voice",
    "audio",
    "video",
    "video_note",
    "animation",
    "sticker",
    "location",
    "contact",
    "poll",
    "dice",
    "story",
    "game",
    "paid_media",
    "checklist",
)
"""Contents that are not text, as Telegram names them; an animation is also a document."""
GONE = frozenset({ChatMemberStatus.BANNED, ChatMemberStatus.LEFT})
WANTED_UPDATES = ("message", "callback_query", "inline_query", "my_chat_member")
"""Edited messages are not asked for: a changed question was answered already."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that somebody sent, still at Telegram."""

    file_id: str
    name: str
    size: int | None


@dataclass(frozen=True, slots=True)
class Said:
    """Something said in a chat: a text, a pressed button, a file, or what we cannot read.

    `pressed` is the id of the message whose button was pressed, `said_in` of the message itself.
    """

    chat_id: int
    is_public: bool
    text: str | None = None
    token: str | None = None
    attached: Attached | None = None
    unreadable: str | None = None
    pressed: int | None = None
    said_in: int | None = None


@dataclass(frozen=True, slots=True)
class Reachable:
    """A chat lets us in, or shuts us out."""

    chat_id: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """A group became a supergroup and has a new id."""

    old_id: int
    new_id: int


@dataclass(frozen=True, slots=True)
class Looked:
    """Somebody typed our name and some words in any chat."""

    query_id: str
    text: str


Event = Said | Reachable | Moved | Looked


def read_update(update: Update, us: OurName) -> Event | None:
    """Return what happened, or None where it does not concern us."""
    if update.callback_query:
        return _pressed(update.callback_query)
    if update.message:
        return _message(update.message, us)
    if update.inline_query:
        return Looked(update.inline_query.id, update.inline_query.query.strip())
    if update.my_chat_member:
        return _membership(update.my_chat_member)
    return None


def _pressed(query: CallbackQuery) -> Said | None:
    """Read a pressed button; one under an inline card has no chat and is none of ours."""
    message = query.message
    if message is None or query.data is None:
        return None
    return Said(
        chat_id=message.chat.id,
        is_public=message.chat.type != ChatType.PRIVATE,
        token=query.data,
        pressed=message.message_id if message.is_accessible else None,
    )


def _message(message: Message, us: OurName) -> Event | None:
    if message.migrate_to_chat_id is not None:
        return Moved(message.chat.id, message.migrate_to_chat_id)
    if message.via_bot is not None and message.via_bot.id == us.id:
        return None  # one of our own inline cards
    if message.from_user is not None and message.from_user.is_bot:
        return None
    if message.chat.type == ChatType.PRIVATE:
        return _said(message, message.text, is_public=False)
    if message.chat.type == ChatType.CHANNEL:
        return None
    text = addressed_text(message, us)
    if text is None and not (message.text is None and is_reply_to_us(message, us)):
        return None
    return _said(message, text, is_public=True)


def _said(message: Message, text: str | None, *, is_public: bool) -> Said | None:
    chat_id = message.chat.id
    if text is not None:
        return Said(chat_id, is_public, text=text, said_in=message.message_id)
    unreadable = next((kind for kind in KINDS if getattr(message, kind, None)), None)
    document = message.document
    if unreadable is None and document is not None:
        name = document.file_name or "file"
        attached = Attached(document.file_id, name, document.file_size)
        return Said(chat_id, is_public, attached=attached, said_in=message.message_id)
    if unreadable is None:
        return None  # somebody joined, something was pinned
    return Said(chat_id, is_public, unreadable=unreadable, said_in=message.message_id)


def _membership(change: ChatMemberUpdated) -> Reachable:
    return Reachable(change.chat.id, change.new_chat_member.status not in GONE)
