"""The state of the pretended Telegram: chats, posts, updates, files, queries. No network."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from tests.telegram_stub.faults import Fault, Gate
from tests.telegram_stub.records import (
    Call,
    CallbackAnswer,
    InlineAnswer,
    Json,
    Post,
    Refused,
    Upload,
    Violation,
    bad_request,
    forbidden,
)

BOT_USERNAME = "kf_yikouqing_bot"
# All kinds but these are on when the bot names none.
_OFF_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
UPDATE_KINDS = frozenset(
    [
        "message",
        "edited_message",
        "channel_post",
        "edited_channel_post",
        "business_connection",
        "business_message",
        "edited_business_message",
        "deleted_business_messages",
        "message_reaction",
        "message_reaction_count",
        "inline_query",
        "chosen_inline_result",
        "callback_query",
        "shipping_query",
        "pre_checkout_query",
        "purchased_paid_media",
        "poll",
        "poll_answer",
        "my_chat_member",
        "chat_member",
        "chat_join_request",
        "chat_boost",
        "removed_chat_boost",
    ]
)


class ChatState(StrEnum):
    """Whether the bot may write to a chat."""

    NOT_STARTED = "not started"
    OPEN = "open"
    BLOCKED = "blocked"
    DEACTIVATED = "deactivated"
    KICKED = "kicked"
    LEFT = "left"
    MIGRATED = "migrated"


@dataclass(slots=True)
class Chat:
    """A private chat or a group."""

    id: int
    type: str
    names: Json
    state: ChatState
    migrated_to: int | None = None
    reply_markup: Json | None = None

    def to_json(self) -> Json:
        """Return the Chat object of the Bot API."""
        return {"id": self.id, "type": self.type, **self.names}


@dataclass(slots=True)
class PendingUpdate:
    """An update not yet confirmed; a forced one outlives a higher offset until handed out."""

    update_id: int
    body: Json
    is_forced: bool = False
    deliveries: int = 0


@dataclass(slots=True)
class CallbackQuery:
    """A pressed button that waits for its answer."""

    id: str
    update_id: int
    chat_id: int
    user_id: int
    data: str
    asked_at: float
    answer: CallbackAnswer | None = None
    is_expired: bool = False


@dataclass(slots=True)
class InlineQuery:
    """A query typed behind the bot's name that waits for its answer."""

    id: str
    update_id: int
    user_id: int
    text: str
    answer: InlineAnswer | None = None


@dataclass(slots=True)
class Webhook:
    """Where updates are pushed to."""

    url: str = ""
    secret_token: str = ""
    max_connections: int = 40
    ip_address: str = ""
    has_certificate: bool = False
    last_error_at: int | None = None
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file Telegram keeps."""

    file_id: str
    kind: str
    upload: Upload

    @property
    def path(self) -> str:
        """Return the path under which the file can be fetched."""
        return f"{self.kind}s/{self.file_id}"


@dataclass(slots=True)
class ScriptedFault:
    """A misfortune that waits for its call."""

    method: str
    fault: Fault
    chat_id: int | None


@dataclass(slots=True)
class World:
    """Everything behind the HTTP surface; every access holds `changed`."""

    bot_id: int
    clock: Callable[[], float]
    callback_seconds: float
    gate: Gate
    changed: threading.Condition = field(default_factory=threading.Condition)
    on_update: Callable[[], None] = lambda: None
    calls: list[Call] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    chats: dict[int, Chat] = field(default_factory=dict)
    users: dict[int, Json] = field(default_factory=dict)
    posts: dict[int, dict[int, Post]] = field(default_factory=dict)
    updates: list[PendingUpdate] = field(default_factory=list)
    history: dict[int, Json] = field(default_factory=dict)
    delivered: dict[int, int] = field(default_factory=dict)
    allowed_updates: frozenset[str] = UPDATE_KINDS - _OFF_BY_DEFAULT
    webhook: Webhook = field(default_factory=Webhook)
    callbacks: dict[str, CallbackQuery] = field(default_factory=dict)
    inline_queries: dict[str, InlineQuery] = field(default_factory=dict)
    files: dict[str, StoredFile] = field(default_factory=dict)
    commands: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    descriptions: dict[tuple[str, str], str] = field(default_factory=dict)
    menu_buttons: dict[int | None, Json] = field(default_factory=dict)
    chat_actions: list[tuple[int, str]] = field(default_factory=list)
    faults: list[ScriptedFault] = field(default_factory=list)
    is_logged_out: bool = False
    is_offline: bool = False
    _update_ids: Iterator[int] = field(default_factory=lambda: itertools.count(700_000_001))
    _message_ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _query_ids: Iterator[int] = field(default_factory=lambda: itertools.count(4_000_000_000_001))
    _file_numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    # -- who and where

    def bot(self) -> Json:
        """Return the User object of the bot as it appears in messages."""
        return {
            "id": self.bot_id,
            "is_bot": True,
            "first_name": "一口清",
            "username": BOT_USERNAME,
        }

    def sender(self, user_id: int) -> Json:
        """Return a User object."""
        return self.bot() if user_id == self.bot_id else self.users[user_id]

    def known_chat(self, chat_id: object) -> Chat:
        """Return a chat the bot may ask about."""
        chat = self.chats.get(chat_id) if isinstance(chat_id, int) else None
        if chat is None or chat.state is ChatState.NOT_STARTED:
            raise bad_request("chat not found")
        return chat

    def writable_chat(self, chat_id: object) -> Chat:
        """Return a chat the bot may write to, or refuse as Telegram would."""
        chat = self.chats.get(chat_id) if isinstance(chat_id, int) else None
        if chat is None:
            raise bad_request("chat not found")
        match chat.state:
            case ChatState.OPEN:
                return chat
            case ChatState.NOT_STARTED:
                raise forbidden("bot can't initiate conversation with a user")
            case ChatState.BLOCKED:
                raise forbidden("bot was blocked by the user")
            case ChatState.DEACTIVATED:
                raise forbidden("user is deactivated")
            case ChatState.KICKED:
                raise forbidden(f"bot was kicked from the {chat.type} chat")
            case ChatState.LEFT:
                raise forbidden(f"bot is not a member of the {chat.type} chat")
            case ChatState.MIGRATED:
                raise Refused(
                    400,
                    "Bad Request: group chat was upgraded to a supergroup chat",
                    {"migrate_to_chat_id": chat.migrated_to},
                )

    # -- posts

    def now(self) -> int:
        """Return the present second."""
        return int(self.clock())

    def add_post(self, chat_id: int, sender_id: int, **content: Any) -> Post:
        """Store a new message."""
        post = Post(
            message_id=next(self._message_ids),
            chat_id=chat_id,
            sender_id=sender_id,
            sent_at=self.now(),
            **content,
        )
        self.posts.setdefault(chat_id, {})[post.message_id] = post
        return post

    def change_post(self, post: Post, **changes: Any) -> Post:
        """Replace what a message says."""
        changed = replace(post, **changes)
        self.posts[post.chat_id][post.message_id] = changed
        return changed

    def find_post(self, chat_id: int, message_id: object) -> Post | None:
        """Return a message that has not been deleted."""
        post = self.posts.get(chat_id, {}).get(message_id) if isinstance(message_id, int) else None
        return None if post is None or post.is_deleted else post

    def message(self, post: Post) -> Json:
        """Return the Message object of the Bot API."""
        message: Json = {
            "message_id": post.message_id,
            "date": post.sent_at,
            "chat": self.chats[post.chat_id].to_json(),
            "from": self.sender(post.sender_id),
            **(post.media or {}),
        }
        text_key, entities_key = (
            ("caption", "caption_entities") if post.media else ("text", "entities")
        )
        if post.text:
            message[text_key] = post.text
        if post.entities:
            message[entities_key] = list(post.entities)
        if post.keyboard:
            message["reply_markup"] = post.markup
        if post.edited_at is not None:
            message["edit_date"] = post.edited_at
        replied = self.posts[post.chat_id].get(post.reply_to or 0)
        if replied is not None and not replied.is_deleted:
            message["reply_to_message"] = self.message(replace(replied, reply_to=None))
        return message

    def store_file(self, kind: str, upload: Upload) -> StoredFile:
        """Keep a file and give it an id."""
        number = next(self._file_numbers)
        stored = StoredFile(f"stub-{kind}-{number:06}", kind, upload)
        self.files[stored.file_id] = stored
        return stored

    # -- updates

    def add_update(self, kind: str, content: Json) -> int:
        """Queue an update, unless the bot has not asked for its kind, and return its id."""
        update_id = next(self._update_ids)
        body = {"update_id": update_id, kind: content}
        self.history[update_id] = body
        if kind in self.allowed_updates:
            self.updates.append(PendingUpdate(update_id, body))
        self.note_change()
        self.on_update()
        return update_id

    def redeliver(self, update_id: int) -> None:
        """Queue an old update once more, as after a confirmation that got lost."""
        if any(pending.update_id == update_id for pending in self.updates):
            return
        self.updates.insert(0, PendingUpdate(update_id, self.history[update_id], is_forced=True))
        self.note_change()
        self.on_update()

    def take_updates(self, offset: int, limit: int) -> list[Json]:
        """Confirm everything below the offset for good and hand out what follows."""
        if offset < 0:
            self.updates = self.updates[offset:]
            offset = 0
        self.updates = [
            pending
            for pending in self.updates
            if pending.update_id >= offset or (pending.is_forced and not pending.deliveries)
        ]
        batch = self.updates[:limit]
        for pending in batch:
            self.hand_out(pending)
        self.note_change()
        return [pending.body for pending in batch]

    def hand_out(self, pending: PendingUpdate) -> None:
        """Count a delivery."""
        pending.deliveries += 1
        self.delivered[pending.update_id] = self.delivered.get(pending.update_id, 0) + 1

    def allow_updates(self, kinds: object) -> list[str]:
        """Set the wanted kinds and name the unknown ones."""
        names = [str(kind) for kind in kinds] if isinstance(kinds, list) else []
        chosen = frozenset(names) or (UPDATE_KINDS - _OFF_BY_DEFAULT)
        self.allowed_updates = chosen
        return [f"unknown update kind {kind!r}" for kind in sorted(chosen - UPDATE_KINDS)]

    def ask_callback(self, user_id: int, chat_id: int, message: Json, data: str) -> int:
        """Queue a callback query."""
        query_id = str(next(self._query_ids))
        update_id = self.add_update(
            "callback_query",
            {
                "id": query_id,
                "from": self.users[user_id],
                "message": message,
                "chat_instance": str(-chat_id * 7 - 1),
                "data": data,
            },
        )
        self.callbacks[query_id] = CallbackQuery(
            query_id, update_id, chat_id, user_id, data, time.monotonic()
        )
        return update_id

    def is_stale(self, query: CallbackQuery) -> bool:
        """Say whether a callback query can no longer be answered."""
        return query.is_expired or time.monotonic() - query.asked_at > self.callback_seconds

    def ask_inline(self, user_id: int, text: str, offset: str) -> int:
        """Queue an inline query."""
        query_id = str(next(self._query_ids))
        content = {"id": query_id, "from": self.users[user_id], "query": text, "offset": offset}
        update_id = self.add_update("inline_query", {**content, "chat_type": "sender"})
        self.inline_queries[query_id] = InlineQuery(query_id, update_id, user_id, text)
        return update_id

    # -- bookkeeping

    def note_change(self) -> None:
        """Wake everyone who waits for a condition."""
        with self.changed:
            self.changed.notify_all()

    def violate(self, method: str, problem: str, chat_id: int | None) -> None:
        """Record something the bot must not do."""
        self.violations.append(Violation(method, problem, chat_id))

    def next_fault(self, method: str, chat_id: int | None) -> Fault | None:
        """Take the first scripted fault that fits a call; `*` fits everything but polling."""
        for scripted in self.faults:
            fits_method = scripted.method == method or (
                scripted.method == "*" and method != "getUpdates"
            )
            if fits_method and scripted.chat_id in (None, chat_id):
                self.faults.remove(scripted)
                return scripted.fault
        return None
