"""The webhook: Telegram posts updates to us, and gets its 200 once an update is settled.

A bare ASGI application, since Starlette is imported under channels/web only; Starlette's
`Route(path, webhook)` or `Mount` takes it as it is.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from hmac import compare_digest
from http import HTTPStatus
from typing import Any

from bot.channels.telegram.intake import Intake, RawUpdate

SECRET_HEADER = b"x-telegram-bot-api-secret-token"
LARGEST_BODY = 1_000_000

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Webhook:
    """Takes Telegram's posts; anyone without the secret gets 403. 503 until connected."""

    def __init__(self, secret: str) -> None:
        """Expect this secret in the header of every post."""
        self.secret = secret
        self._intake: Intake | None = None

    def open(self, intake: Intake) -> None:
        """Hand updates to this intake from now on."""
        self._intake = intake

    def close(self) -> None:
        """Take no more updates; Telegram will post them again."""
        self._intake = None

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        status = await self._status(scope, receive)
        headers = [(b"content-length", b"0")]
        await send({"type": "http.response.start", "status": int(status), "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async def _status(self, scope: Mapping[str, Any], receive: Receive) -> HTTPStatus:
        if not self._knows_secret(scope["headers"]):
            return HTTPStatus.FORBIDDEN
        if scope["method"] != "POST":
            return HTTPStatus.METHOD_NOT_ALLOWED
        body = await _body(receive)
        if body is None:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        raw = _update(body)
        if raw is None:
            return HTTPStatus.BAD_REQUEST
        return await self._settled(raw)

    def _knows_secret(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        given = next((value for name, value in headers if name.lower() == SECRET_HEADER), b"")
        return compare_digest(given, self.secret.encode())

    async def _settled(self, raw: RawUpdate) -> HTTPStatus:
        """Wait until the update is settled; where we stop before that, ask for it again."""
        if self._intake is None:
            return HTTPStatus.SERVICE_UNAVAILABLE
        task = self._intake.take(raw)
        await asyncio.wait({task})
        return HTTPStatus.SERVICE_UNAVAILABLE if task.cancelled() else HTTPStatus.OK


async def _body(receive: Receive) -> bytes | None:
    """Read a request's body; None where it is larger than any update."""
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if len(body) > LARGEST_BODY:
            return None
        if not message.get("more_body", False):
            return body


def _update(body: bytes) -> RawUpdate | None:
    try:
        raw = json.loads(body)
    except ValueError:
        return None
    is_update = isinstance(raw, dict) and isinstance(raw.get("update_id"), int)
    return raw if is_update else None
