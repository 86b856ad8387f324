"""The HTTP surface of the stub: requests in, answers, refusals and cut connections out."""

import asyncio
import json
import socket
import threading
import time
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
from uvicorn.server import ServerState

from tests.telegram_stub import inline_mode, methods, sending
from tests.telegram_stub.faults import (
    BadGateway,
    DropAfterEffect,
    DropBeforeEffect,
    Fault,
    Refusal,
    SlowAnswer,
    TooManyRequests,
)
from tests.telegram_stub.parameters import PARAMETERS, decode
from tests.telegram_stub.records import (
    Call,
    Json,
    Malformed,
    Refused,
    Upload,
)
from tests.telegram_stub.world import (
    World,
)

START_SECONDS = 10
GRACE_SECONDS = 0.2
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
    "sendMessage": sending.send_message,
    "sendPhoto": sending.send_photo,
    "sendDocument": sending.send_document,
    "editMessageText": sending.edit_message_text,
    "editMessageReplyMarkup": sending.edit_message_reply_markup,
    "deleteMessage": sending.delete_message,
    "sendChatAction": sending.send_chat_action,
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
        # With the protocol named asyncio turns Nagle's algorithm off, which costs 40 ms a call.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._config = uvicorn.Config(
            self._app(), http=_protocol(self.transports), ws="none", lifespan="off", log_config=None
        )
        self._closing = asyncio.Event()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="telegram-stub", daemon=True)

    def start(self) -> None:
        """Start serving and return once requests are answered."""
        self.world.on_update = self._wake_from_elsewhere
        self._thread.start()
        if not self._started.wait(START_SECONDS):
            raise RuntimeError("the stub did not start")

    def stop(self) -> None:
        """Release pollers, cut open connections and wait for the thread."""
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(self._closing.set)
        self._thread.join(START_SECONDS)
        if self._thread.is_alive():
            raise RuntimeError("the stub did not stop")

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        """Run uvicorn's protocol without its server, whose ticks would cost each test 0.2 s."""
        self._config.load()
        state = ServerState()
        self._loop = asyncio.get_running_loop()
        listener = await self._loop.create_server(
            lambda: self._config.http_protocol_class(  # type: ignore[call-arg]
                config=self._config, server_state=state, app_state={}
            ),
            sock=self._socket,
        )
        self._started.set()
        await self._closing.wait()
        self._is_closing = True
        listener.close()
        self._wake()
        if state.tasks:
            await asyncio.wait(state.tasks, timeout=GRACE_SECONDS)
        for task in tuple(state.tasks):
            task.cancel()
        await asyncio.gather(*state.tasks, return_exceptions=True)
        for transport in tuple(self.transports.values()):
            transport.abort()
        # One more round of the loop lets the closed connections be told.
        await asyncio.sleep(0)
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
            refusal = _token_refusal(self.token, request.path_params["token"])
            if refusal is not None:
                return _refusal(refusal)
            raw = await _raw_fields(request)
            return await self._answer_method(request, request.path_params["method"], raw)
        except Malformed as malformed:
            with self.world.changed:
                self.world.violate(request.path_params["method"], malformed.description, None)
            return _refusal(malformed)
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
            if gone.done():
                raise _Dropped
            if poll.conflict:
                raise Refused(409, poll.conflict)
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
    # Read it all first: only behind the body can a disconnection be seen.
    body = await request.body()
    if request.headers.get("content-type", "").startswith("application/json"):
        return {**fields, **_json_fields(body)}
    async with request.form() as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                fields[name] = Upload(value.filename or "", await value.read())
            else:
                fields[name] = value
    return fields


def _json_fields(body: bytes) -> Json:
    try:
        fields = json.loads(body or b"{}")
    except ValueError as error:
        raise Malformed("can't parse JSON object") from error
    if not isinstance(fields, dict):
        raise Malformed("can't parse JSON object: object expected")
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
