"""Simulated people and groups: what they can do in a Telegram client, and what they see."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tests.telegram_stub.formatting import length_of
from tests.telegram_stub.methods import member_changed
from tests.telegram_stub.records import Button, ButtonKind, Json, Post, Upload
from tests.telegram_stub.sending import MAX_TEXT, media_of
from tests.telegram_stub.world import BOT_USERNAME, Chat, ChatState, World

Label = str | Callable[[str], bool]
"""A button's exact label, or a condition on it."""

_COMMAND = re.compile(r"(?<!\S)/[A-Za-z0-9_]{1,32}(?:@\w+)?")
_MENTION = re.compile(r"(?<!\w)@\w{5,32}")
# The smallest things that look like what they claim to be.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8ffff3f0005fe02fe0def46b80000000049454e44ae426082"
)
VOICE = b"OggS" + bytes(60)
STICKER = b"RIFF" + bytes(8) + b"WEBP"


class CannotDoThat(AssertionError):  # noqa: N818 - reads as what it says
    """Say what a person in front of a Telegram client could not have done."""


@dataclass(frozen=True, slots=True)
class User:
    """A person in a private chat with the bot."""

    world: World
    id: int

    # -- doing

    def starts(self, payload: str = "") -> int:
        """Press Start, or open a deep link; it also lifts a block."""
        if payload and not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", payload):
            raise CannotDoThat(f"{payload!r} is no deep-link payload")
        with self.world.changed:
            if self._chat.state is ChatState.BLOCKED:
                self.unblocks()
        return self.sends(f"/start {payload}".strip())

    def sends(self, text: str, *, reply_to: Post | None = None) -> int:
        """Send text, cut at 4,096 as clients do, and return the last update's id."""
        parts = list(_client_parts(text))
        if not parts:
            raise CannotDoThat("Telegram sends no empty message")
        update_id = 0
        for part in parts:
            update_id = self._post(text=part, reply_to=reply_to.message_id if reply_to else None)
        return update_id

    def edits(self, text: str, *, message_id: int | None = None) -> int:
        """Change the text of one's own message, by default the last."""
        with self.world.changed:
            own = [post for post in self._posts() if post.sender_id == self.id and post.text]
            chosen = [post for post in own if message_id in (None, post.message_id)]
            if not chosen:
                raise CannotDoThat("there is no such message of one's own")
            changed = self.world.change_post(
                chosen[-1],
                text=text,
                entities=entities_of(text),
                edited_at=self.world.now(),
                edit_count=chosen[-1].edit_count + 1,
            )
            return self.world.add_update("edited_message", self.world.message(changed))

    def presses(self, label: Label, message: Post | int | None = None) -> int:
        """Press the button with this label on the newest message that has one.

        A button of the reply keyboard sends its label, as in a client.
        """
        return press(self.world, self.id, self.id, label, message)

    def presses_forged(self, token: str, message: Post | int | None = None) -> int:
        """Send callback data of one's own making, or press a button that is no longer there."""
        with self.world.changed:
            if message is None:
                message = self.last_message()
            message_id = message.message_id if isinstance(message, Post) else message
            shown = _shown(self.world, self.id, message_id)
            return self.world.ask_callback(self.id, self.id, shown, token)

    def sends_document(self, name: str, content: bytes, *, caption: str = "") -> int:
        """Send a file."""
        return self._sends_file("document", name, content, caption)

    def sends_photo(self, content: bytes = PNG, *, caption: str = "") -> int:
        """Send a picture."""
        return self._sends_file("photo", "photo.png", content, caption)

    def sends_voice(self, content: bytes = VOICE) -> int:
        """Send a voice message."""
        return self._sends_file("voice", "voice.ogg", content, "")

    def sends_sticker(self) -> int:
        """Send a sticker."""
        return self._sends_file("sticker", "sticker.webp", STICKER, "")

    def inline(self, query: str, *, offset: str = "") -> int:
        """Type the bot's name and a query into any chat."""
        if len(query) > 256:
            raise CannotDoThat("an inline query has at most 256 characters")
        with self.world.changed:
            return self.world.ask_inline(self.id, query, offset)

    def blocks(self) -> int:
        """Block the bot."""
        return self._changes_state(ChatState.BLOCKED, old="member", new="kicked")

    def unblocks(self) -> int:
        """Lift the block."""
        return self._changes_state(ChatState.OPEN, old="kicked", new="member")

    def deactivates(self) -> None:
        """Delete one's account; the bot is not told."""
        with self.world.changed:
            self._chat.state = ChatState.DEACTIVATED

    # -- seeing

    def messages(self) -> tuple[Post, ...]:
        """Return the bot's messages as they stand now."""
        with self.world.changed:
            return tuple(p for p in self._posts() if p.sender_id == self.world.bot_id)

    def texts(self) -> tuple[str, ...]:
        """Return the texts of the bot's messages as they stand now."""
        return tuple(post.text for post in self.messages())

    def last_message(self) -> Post | None:
        """Return the bot's newest message."""
        messages = self.messages()
        return messages[-1] if messages else None

    def reply_keyboard(self) -> tuple[str, ...]:
        """Return the labels shown in place of the person's own keyboard."""
        with self.world.changed:
            rows = (self._chat.reply_markup or {}).get("keyboard", [])
            return tuple(b if isinstance(b, str) else b["text"] for row in rows for b in row)

    def menu(self) -> dict[str, str]:
        """Return the commands this person is shown: the most specific scope and language."""
        with self.world.changed:
            language = str(self.world.users[self.id].get("language_code", ""))[:2]
            for scope in (f"chat:{self.id}", "all_private_chats", "default"):
                for spoken in (language, ""):
                    if commands := self.world.commands.get((scope, spoken)):
                        return {each["command"]: each["description"] for each in commands}
            return {}

    def inline_results(self) -> tuple[Json, ...]:
        """Return what the bot offered for the newest answered inline query."""
        with self.world.changed:
            answers = [
                query.answer
                for query in self.world.inline_queries.values()
                if query.user_id == self.id and query.answer is not None
            ]
            return answers[-1].results if answers else ()

    # -- inside

    @property
    def _chat(self) -> Chat:
        return self.world.chats[self.id]

    def _posts(self) -> list[Post]:
        return [p for p in self.world.posts.get(self.id, {}).values() if not p.is_deleted]

    def _post(self, **content: Any) -> int:
        with self.world.changed:
            if self._chat.state is ChatState.NOT_STARTED:
                self._chat.state = ChatState.OPEN
            if self._chat.state is not ChatState.OPEN:
                raise CannotDoThat(f"the chat is {self._chat.state}; unblock the bot first")
            return add_message(self.world, self.id, self.id, **content)

    def _sends_file(self, kind: str, name: str, content: bytes, caption: str) -> int:
        with self.world.changed:
            stored = self.world.store_file(kind, Upload(name, content))
            return self._post(media=media_of(stored), upload=stored.upload, text=caption)

    def _changes_state(self, state: ChatState, *, old: str, new: str) -> int:
        with self.world.changed:
            self._chat.state = state
            return member_changed(self.world, self._chat, by=self.id, old=old, new=new)


@dataclass(frozen=True, slots=True)
class Group:
    """A group the bot is in; as to an administrator, every message reaches it."""

    world: World
    id: int

    def says(self, user: User, text: str) -> int:
        """Write in the group; a mention or command within the text counts as in a client."""
        with self.world.changed:
            return add_message(self.world, self.id, user.id, text=text)

    def mentions(self, user: User, text: str) -> int:
        """Write to the bot by name."""
        return self.says(user, f"@{BOT_USERNAME} {text}")

    def replies(self, user: User, text: str, *, to: Post | None = None) -> int:
        """Reply to a message of the bot, by default the newest."""
        with self.world.changed:
            answered = to or self.last_message()
            if answered is None:
                raise CannotDoThat("the bot has said nothing here")
            return add_message(
                self.world, self.id, user.id, text=text, reply_to=answered.message_id
            )

    def presses(self, user: User, label: Label, message: Post | int | None = None) -> int:
        """Press a button under a message in the group."""
        return press(self.world, self.id, user.id, label, message)

    def adds_bot(self, user: User) -> int:
        """Take the bot into the group."""
        with self.world.changed:
            chat = self.world.chats[self.id]
            chat.state = ChatState.OPEN
            add_message(
                self.world, self.id, user.id, media={"new_chat_members": [self.world.bot()]}
            )
            return member_changed(self.world, chat, by=user.id, old="left", new="member")

    def removes_bot(self, user: User) -> int:
        """Throw the bot out."""
        with self.world.changed:
            chat = self.world.chats[self.id]
            chat.state = ChatState.KICKED
            return member_changed(self.world, chat, by=user.id, old="member", new="kicked")

    def migrates(self, user: User) -> "Group":
        """Become a supergroup with a new id, which is returned."""
        with self.world.changed:
            old = self.world.chats[self.id]
            new_id = -1_000_000_000_000 + self.id
            new = Chat(new_id, "supergroup", old.names, ChatState.OPEN)
            self.world.chats[new_id] = new
            add_message(self.world, self.id, user.id, media={"migrate_to_chat_id": new_id})
            add_message(self.world, new_id, user.id, media={"migrate_from_chat_id": self.id})
            old.state = ChatState.MIGRATED
            old.migrated_to = new_id
            return Group(self.world, new_id)

    def messages(self) -> tuple[Post, ...]:
        """Return the bot's messages as they stand now."""
        with self.world.changed:
            return tuple(
                post
                for post in self.world.posts.get(self.id, {}).values()
                if post.sender_id == self.world.bot_id and not post.is_deleted
            )

    def texts(self) -> tuple[str, ...]:
        """Return the texts of the bot's messages as they stand now."""
        return tuple(post.text for post in self.messages())

    def last_message(self) -> Post | None:
        """Return the bot's newest message."""
        messages = self.messages()
        return messages[-1] if messages else None


def add_message(world: World, chat_id: int, sender_id: int, **content: Any) -> int:
    """Store what a person wrote and queue it for the bot."""
    content["entities"] = entities_of(content.get("text", ""))
    post = world.add_post(chat_id, sender_id, **content)
    return world.add_update("message", world.message(post))


def press(
    world: World, chat_id: int, user_id: int, label: Label, message: Post | int | None
) -> int:
    """Find a button as a person would, from the newest message upwards, and press it."""
    wanted = message.message_id if isinstance(message, Post) else message
    with world.changed:
        if world.chats[chat_id].state is not ChatState.OPEN:
            raise CannotDoThat(f"the chat is {world.chats[chat_id].state}")
        posts = [post for post in world.posts.get(chat_id, {}).values() if not post.is_deleted]
        seen: list[str] = []
        for post in reversed(posts):
            if wanted not in (None, post.message_id):
                continue
            for button in post.buttons:
                if _fits(button.label, label):
                    return _press_button(world, post, user_id, button)
            seen += post.labels
        rows = (world.chats[chat_id].reply_markup or {}).get("keyboard", [])
        labels = [b if isinstance(b, str) else b["text"] for row in rows for b in row]
        for each in labels if wanted is None else []:
            if _fits(each, label):
                return add_message(world, chat_id, user_id, text=each)
    raise CannotDoThat(f"there is no button {label!r}; there are {seen + labels}")


def _press_button(world: World, post: Post, user_id: int, button: Button) -> int:
    match button.kind:
        case ButtonKind.CALLBACK:
            shown = _shown(world, post.chat_id, post.message_id)
            return world.ask_callback(user_id, post.chat_id, shown, button.value)
        case ButtonKind.SWITCH_INLINE_HERE:
            return world.ask_inline(user_id, button.value, "")
        case kind:
            raise CannotDoThat(f"button {button.label!r} opens {kind} {button.value}")


def _shown(world: World, chat_id: int, message_id: int | None) -> Json:
    """Return the message of a callback query; a deleted one is inaccessible, with date 0."""
    post = world.find_post(chat_id, message_id)
    if post is not None:
        return world.message(post)
    chat = world.chats[chat_id].to_json()
    return {"message_id": message_id or 1, "chat": chat, "date": 0}


def entities_of(text: str) -> tuple[Json, ...]:
    """Mark commands and mentions, as Telegram does for people's messages."""
    found = [("bot_command", match) for match in _COMMAND.finditer(text)]
    found += [("mention", match) for match in _MENTION.finditer(text) if "/" not in match[0]]
    entities: list[Json] = [
        {"type": kind, "offset": length_of(text[: m.start()]), "length": length_of(m[0])}
        for kind, m in found
    ]
    return tuple(sorted(entities, key=lambda each: each["offset"]))


def _client_parts(text: str) -> Iterable[str]:
    """Cut a long text into messages, as a client does."""
    for start in range(0, len(text), MAX_TEXT):
        if part := text[start : start + MAX_TEXT].strip():
            yield part


def _fits(label: str, wanted: Label) -> bool:
    return label == wanted if isinstance(wanted, str) else wanted(label)
