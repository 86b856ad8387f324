"""The HTTP surface of the stub, and the object that tests hold."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from tests.telegram_stub import inline_mode, methods
from tests.telegram_stub.faults import (
    BadGateway,
    DropAfterEffect,
    DropBeforeEffect,
    Fault,
    Gate,
    Pace,
    Refusal,
    SlowAnswer,
    TooManyRequests,
)
from tests.telegram_stub.parameters import PARAMETERS, decode
from tests.telegram_stub.people import Group, User
from tests.telegram_stub.records import (
    Call,
    InlineAnswer,
    Json,
    Malformed,
    Post,
    Refused,
    Upload,
    Violation,
)
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
START_SECONDS = 10
MAX_POLL_SECONDS = 50
ANOTHER_POLLER = (
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is "
    "running"
)
WEBHOOK_IS_SET = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete "
    "the webhook first"
)

METHODS: dict[str, methods.Method] = {
    "getMe": methods.get_me,
    "setWebhook": methods.set_webhook,
    "deleteWebhook": methods.delete_webhook,
    "getWebhookInfo": methods.get_webhook_info,
    "setMyCommands": methods.set_my_commands,
    "deleteMyCommands": methods.delete_my_commands,
    "getMyCommands": methods.get_my_commands,
    "setMyDescription": methods.set_my_description,
    "setMyShortDescription": methods.set_my_short_description,
    "setChatMenuButton": methods.set_chat_menu_button,
    "sendMessage": methods.send_message,
    "sendPhoto": methods.send_photo,
    "sendDocument": methods.send_document,
    "editMessageText": methods.edit_message_text,
    "editMessageReplyMarkup": methods.edit_message_reply_markup,
    "deleteMessage": methods.delete_message,
    "sendChatAction": methods.send_chat_action,
    "answerCallbackQuery": methods.answer_callback_query,
    "answerInlineQuery": inline_mode.answer_inline_query,
    "getFile": methods.get_file,
    "getChat": methods.get_chat,
    "leaveChat": methods.leave_chat,
    "close": methods.close,
    "logOut": methods.log_out,
}


class _Dropped(Exception):  # noqa: N818 - an outcome, not an error
    """Leave the connection cut and the request unanswered."""


@dataclass(slots=True)
class _Poll:
    """One getUpdates request in waiting."""

    woken: asyncio.Event
    conflict: str = ""


class Server:
    """Serve a world over HTTP on a thread of its own."""

    def __init__(self, world: World, token: str) -> None:
        self.world = world
        self.token = token
        self.transports: dict[tuple[str, int], asyncio.Transport] = {}
        self._poll: _Poll | None = None
        self._is_closing = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            self._app(),
            http=_protocol(self.transports),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=2,
        )
        self._uvicorn = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="telegram-stub", daemon=True)

    def start(self) -> None:
        """Start serving and return once requests are answered."""
        self.world.on_update = self._wake_from_elsewhere
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._uvicorn.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise RuntimeError("the stub did not start")
            time.sleep(0.005)

    def stop(self) -> None:
        """Release pollers, cut open connections and wait for the thread."""
        self._is_closing = True
        self._uvicorn.should_exit = True
        self._wake_from_elsewhere()
        self._thread.join(START_SECONDS)
        if self._thread.is_alive():
            raise RuntimeError("the stub did not stop")

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._uvicorn.serve(sockets=[self._socket])
        self._loop = None

    def _app(self) -> ASGIApp:
        return Starlette(
            routes=[
                Route("/bot{token}/{method}", self._answer, methods=["GET", "POST"]),
                Route("/file/bot{token}/{path:path}", self._file, methods=["GET"]),
            ]
        )

    def _wake_from_elsewhere(self) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        if self._poll is not None:
            self._poll.woken.set()

    # -- answering

    async def _answer(self, request: Request) -> Response:
        try:
            raw = await _raw_fields(request)
            refusal = _token_refusal(self.token, request.path_params["token"])
            if refusal is not None:
                return _refusal(refusal)
            return await self._answer_method(request, request.path_params["method"], raw)
        except _Dropped:
            return await self._drop(request)

    async def _answer_method(self, request: Request, method: str, raw: Json) -> Response:
        world = self.world
        arrived_at = world.clock()
        if method not in PARAMETERS:
            with world.changed:
                world.calls.append(Call(method, MappingProxyType(raw), arrived_at, 404))
                world.violate(method, "unknown method", None)
            return _refusal(Refused(404, "Not Found: method not found"))
        chat_id: int | None = None
        with world.changed:
            number = len(world.calls)
            world.calls.append(Call(method, MappingProxyType(raw), arrived_at))
            if world.is_offline:
                raise _Dropped
        try:
            params, problems = decode(method, raw)
            chat_id = params["chat_id"] if isinstance(params.get("chat_id"), int) else None
            with world.changed:
                world.calls[number] = Call(method, MappingProxyType(params), arrived_at)
                for problem in problems:
                    world.violate(method, problem, chat_id)
            result, fault = await self._outcome(request, method, params, chat_id)
        except Refused as refused:
            self._finish(number, refused.code, refused.description)
            if isinstance(refused, Malformed):
                with world.changed:
                    world.violate(method, refused.description, chat_id)
            return _refusal(refused)
        if isinstance(fault, BadGateway):
            self._finish(number, 502, "Bad Gateway")
            return Response("<html><h1>502 Bad Gateway</h1></html>", 502, media_type="text/html")
        if isinstance(fault, DropAfterEffect):
            self._finish(number, 0, "dropped after effect")
            raise _Dropped
        self._finish(number, 200, "")
        if isinstance(fault, SlowAnswer):
            await asyncio.sleep(fault.seconds)
        return JSONResponse({"ok": True, "result": result})

    async def _outcome(
        self, request: Request, method: str, params: Json, chat_id: int | None
    ) -> tuple[Any, Fault | None]:
        world = self.world
        with world.changed:
            if world.is_logged_out:
                raise Refused(400, "Bad Request: Logged out")
            self._check_rest(method, chat_id)
            fault = world.next_fault(method, chat_id)
            match fault:
                case TooManyRequests(seconds):
                    raise world.gate.rest(method, chat_id, seconds=seconds, now=time.monotonic())
                case Refusal(code, description):
                    raise Refused(code, description)
                case DropBeforeEffect():
                    raise _Dropped
                case BadGateway():
                    return None, fault
            world.gate.check_pace(method, chat_id, now=time.monotonic())
            if method != "getUpdates":
                before = world.webhook
                result = METHODS[method](
                    world, params, lambda problem: world.violate(method, problem, chat_id)
                )
                if world.webhook is not before and world.webhook.url and self._poll:
                    self._end_poll("Conflict: terminated by setWebhook request")
                return result, fault
        return await self._updates(request, params), fault

    def _check_rest(self, method: str, chat_id: int | None) -> None:
        now = time.monotonic()
        problem = self.world.gate.check_rest(method, chat_id, now=now)
        if problem is not None:
            self.world.violate(method, problem, chat_id)
            left = self.world.gate.rest_left(method, chat_id, now=now)
            raise Refused(429, f"Too Many Requests: retry after {left}", {"retry_after": left})

    def _finish(self, number: int, status: int, description: str) -> None:
        with self.world.changed:
            self.world.calls[number] = replace(
                self.world.calls[number], status=status, description=description
            )
            self.world.changed.notify_all()

    # -- polling

    async def _updates(self, request: Request, params: Json) -> list[Json]:
        world = self.world
        seconds, limit = params.get("timeout", 0), params.get("limit", 100)
        if not 0 <= seconds <= MAX_POLL_SECONDS or not 1 <= limit <= 100:
            raise Malformed("timeout must be 0 to 50 and limit 1 to 100")
        with world.changed:
            if world.webhook.url:
                raise Refused(409, WEBHOOK_IS_SET)
            if params.get("allowed_updates") is not None:
                for problem in world.allow_updates(params["allowed_updates"]):
                    world.violate("getUpdates", problem, None)
        if self._poll is not None:
            self._end_poll(ANOTHER_POLLER)
        poll = self._poll = _Poll(asyncio.Event())
        gone = asyncio.create_task(_disconnect(request))
        try:
            return await self._long_poll(poll, gone, params.get("offset", 0), limit, seconds)
        finally:
            gone.cancel()
            if self._poll is poll:
                self._poll = None

    async def _long_poll(
        self, poll: _Poll, gone: asyncio.Task[None], offset: int, limit: int, seconds: float
    ) -> list[Json]:
        deadline = time.monotonic() + seconds
        while True:
            if poll.conflict:
                raise Refused(409, poll.conflict)
            if gone.done():
                raise _Dropped
            with self.world.changed:
                batch = self.world.take_updates(offset, limit)
            left = deadline - time.monotonic()
            if batch or left <= 0 or self._is_closing:
                return batch
            poll.woken.clear()
            woken = asyncio.create_task(poll.woken.wait())
            await asyncio.wait({woken, gone}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            woken.cancel()

    def _end_poll(self, conflict: str) -> None:
        if self._poll is not None:
            self._poll.conflict = conflict
            self._poll.woken.set()
            self._poll = None

    # -- files and cut connections

    async def _file(self, request: Request) -> Response:
        refusal = _token_refusal(self.token, request.path_params["token"])
        if refusal is not None:
            return _refusal(refusal)
        with self.world.changed:
            found = [
                stored
                for stored in self.world.files.values()
                if stored.path == request.path_params["path"]
            ]
        if not found:
            return _refusal(Refused(404, "Not Found"))
        return Response(found[0].upload.content, media_type="application/octet-stream")

    async def _drop(self, request: Request) -> Response:
        client = request.client
        transport = self.transports.get((client.host, client.port)) if client else None
        if transport is not None:
            transport.abort()
        await _disconnect(request)
        return _Silence()


class _Silence(Response):
    """Send nothing at all."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        return


def _protocol(transports: dict[tuple[str, int], asyncio.Transport]) -> type[asyncio.Protocol]:
    """Make uvicorn's protocol remember its connections, so that one can be cut."""

    class RememberingProtocol(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            if self.client is not None:
                transports[self.client] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            if self.client is not None:
                transports.pop(self.client, None)

    return RememberingProtocol


async def _raw_fields(request: Request) -> Json:
    """Read the fields of a request, wherever they stand; files become uploads."""
    fields: Json = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        body = json.loads(await request.body() or b"{}")
        return {**fields, **body}
    async with request.form() as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                fields[name] = Upload(value.filename or "", await value.read())
            else:
                fields[name] = value
    # An empty body still has to be read, or the disconnection cannot be seen.
    await request.body() if not fields else None
    return fields


async def _disconnect(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _token_refusal(token: str, given: str) -> Refused | None:
    if given == token:
        return None
    number, separator, secret = given.partition(":")
    if separator and number.isdigit() and secret:
        return Refused(401, "Unauthorized")
    return Refused(404, "Not Found")


def _refusal(refused: Refused) -> Response:
    body: Json = {"ok": False, "error_code": refused.code, "description": refused.description}
    if refused.parameters:
        body["parameters"] = refused.parameters
    return JSONResponse(body, refused.code)


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
