"""The object that tests hold: people, records, misfortunes and waiting."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.telegram_stub.faults import Fault, Gate, Pace
from tests.telegram_stub.people import Group, User
from tests.telegram_stub.records import Call, InlineAnswer, Post, Violation
from tests.telegram_stub.server import Server
from tests.telegram_stub.webhook import push_pending, pushing
from tests.telegram_stub.world import (
    CallbackQuery,
    Chat,
    ChatState,
    ScriptedFault,
    StoredFile,
    World,
)

# Put together here, so that no scanner takes it for a real one.
TOKEN = "7000000001:" + "s" * 35


class Stub:
    """A pretended Telegram: addresses for the bot, people for the test, records for both."""

    def __init__(self, world: World, server: Server) -> None:
        self.world = world
        self.token = server.token
        self.base_url = f"http://127.0.0.1:{server.port}/bot"
        self.base_file_url = f"http://127.0.0.1:{server.port}/file/bot"

    # -- people

    def user(
        self,
        id: int = 10_001,  # noqa: A002 - the Bot API's own word
        *,
        first_name: str = "赵淑芬",
        username: str = "",
        language_code: str = "zh-hans",
    ) -> User:
        """Return a person, unknown to the bot until they write."""
        with self.world.changed:
            names = {"first_name": first_name, **({"username": username} if username else {})}
            language = {"language_code": language_code} if language_code else {}
            self.world.users[id] = {"id": id, "is_bot": False, **names, **language}
            if id not in self.world.chats:
                self.world.chats[id] = Chat(id, "private", names, ChatState.NOT_STARTED)
        return User(self.world, id)

    def group(self, id: int = -20_001, *, title: str = "市民之家一楼") -> Group:  # noqa: A002
        """Return a group that has the bot as a member."""
        with self.world.changed:
            if id not in self.world.chats:
                self.world.chats[id] = Chat(id, "group", {"title": title}, ChatState.OPEN)
        return Group(self.world, id)

    # -- records

    @property
    def calls(self) -> tuple[Call, ...]:
        """Return every request so far, in order of arrival."""
        with self.world.changed:
            return tuple(self.world.calls)

    def calls_of(self, *names: str) -> tuple[Call, ...]:
        """Return the requests of these methods."""
        return tuple(call for call in self.calls if call.method in names)

    @property
    def violations(self) -> tuple[Violation, ...]:
        """Return what the bot must not have sent."""
        with self.world.changed:
            return tuple(self.world.violations)

    def messages(self, chat_id: int) -> tuple[Post, ...]:
        """Return the bot's messages in a chat as they stand now."""
        return tuple(p for p in self.conversation(chat_id) if p.sender_id == self.world.bot_id)

    def conversation(self, chat_id: int) -> tuple[Post, ...]:
        """Return everybody's messages in a chat as they stand now."""
        with self.world.changed:
            posts = self.world.posts.get(chat_id, {}).values()
            return tuple(post for post in posts if not post.is_deleted)

    def callback(self, update_id: int) -> CallbackQuery:
        """Return the callback query an update brought."""
        with self.world.changed:
            queries = self.world.callbacks.values()
            return next(query for query in queries if query.update_id == update_id)

    def unanswered_callbacks(self) -> tuple[CallbackQuery, ...]:
        """Return the pressed buttons that still show a waiting sign."""
        with self.world.changed:
            return tuple(each for each in self.world.callbacks.values() if each.answer is None)

    def inline_answer(self, update_id: int) -> InlineAnswer | None:
        """Return the bot's answer to the inline query an update brought."""
        with self.world.changed:
            queries = self.world.inline_queries.values()
            return next(query.answer for query in queries if query.update_id == update_id)

    def pending_updates(self) -> tuple[int, ...]:
        """Return the ids of updates the bot has not confirmed."""
        with self.world.changed:
            return tuple(pending.update_id for pending in self.world.updates)

    def deliveries(self, update_id: int) -> int:
        """Return how often an update was handed out."""
        with self.world.changed:
            return self.world.delivered.get(update_id, 0)

    def file(self, file_id: str) -> StoredFile:
        """Return a stored file."""
        with self.world.changed:
            return self.world.files[file_id]

    # -- misfortunes

    def script(self, method: str, *faults: Fault, chat_id: int | None = None) -> None:
        """Let the next calls of a method fail one after another; `*` means any but polling."""
        with self.world.changed:
            self.world.faults += [ScriptedFault(method, fault, chat_id) for fault in faults]

    def redeliver(self, update_id: int) -> None:
        """Hand out an update once more, even below the bot's offset."""
        with self.world.changed:
            self.world.redeliver(update_id)

    def expire_callbacks(self) -> None:
        """Make every unanswered callback query too old."""
        with self.world.changed:
            for query in self.world.callbacks.values():
                query.is_expired = True

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        """Cut every connection on its first request for as long as the block lasts."""
        self.world.is_offline = True
        try:
            yield
        finally:
            self.world.is_offline = False

    # -- webhook

    def push_webhook(self) -> tuple[int, ...]:
        """Post each pending update to the webhook once and return the answers' status codes."""
        return push_pending(self.world)

    @contextmanager
    def webhook_pushing(self, connections: int = 4) -> Iterator[None]:
        """Post updates to the webhook as they come, for as long as the block lasts."""
        with pushing(self.world, connections):
            yield

    # -- waiting

    def wait_for(self, condition: Callable[[], Any], *, seconds: float = 5.0) -> Any:
        """Wait until a condition is true, and return its value."""
        deadline = time.monotonic() + seconds
        while True:
            # The condition may look at the bot's own state, so its lock must not be ours.
            if value := condition():
                return value
            left = deadline - time.monotonic()
            if left <= 0:
                raise AssertionError(f"waited {seconds} s in vain; {self._summary()}")
            with self.world.changed:
                self.world.changed.wait(min(left, 0.02))

    async def eventually(self, condition: Callable[[], Any], *, seconds: float = 5.0) -> Any:
        """Wait without blocking the loop until a condition is true, and return its value."""
        deadline = time.monotonic() + seconds
        while not (value := condition()):
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {seconds} s in vain; {self._summary()}")
            await asyncio.sleep(0.005)
        return value

    def _summary(self) -> str:
        last = [
            f"{call.method} {call.status} {call.description}".strip()
            for call in self.calls
            if call.method != "getUpdates"
        ][-8:]
        return f"last calls {last}, pending {self.pending_updates()}, {self.violations}"


@contextmanager
def running_stub(
    *,
    token: str = TOKEN,
    pace: Pace | None = None,
    callback_seconds: float = 15.0,
    clock: Callable[[], float] = time.time,
) -> Iterator[Stub]:
    """Run a stub on a free loopback port for as long as the block lasts."""
    bot_id = int(token.partition(":")[0])
    world = World(bot_id, clock, callback_seconds, Gate(pace))
    server = Server(world, token)
    server.start()
    try:
        yield Stub(world, server)
    finally:
        server.stop()
