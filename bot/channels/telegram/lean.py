"""The library's HTTP, and the objects it builds, without what nobody here reads.

A message of ours comes back whole, with every entity and button, after each send and with each
pressed button; of it we use the ids alone. Redirects, cookies and authentication, which httpx's
client looks after for each request, do not occur in the Bot API.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, HTTPXRequest, RequestData

OF_OUR_MESSAGE = ("message_id", "date", "chat")
OF_AN_ANSWERED_MESSAGE = (*OF_OUR_MESSAGE, "from")


class LeanRequest(HTTPXRequest):
    """Speaks straight to httpx's transport; reads of a sent message only id, date and chat."""

    def __init__(
        self,
        transport: httpx.AsyncHTTPTransport,
        *,
        connect_seconds: float,
        answer_seconds: float,
        upload_seconds: float,
    ) -> None:
        """Use this transport, which is closed with the request object."""
        super().__init__(httpx_kwargs={"transport": transport, "trust_env": False})
        self._transport = transport
        self._connect_seconds = connect_seconds
        self._answer_seconds = answer_seconds
        self._upload_seconds = upload_seconds

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Make one request and return its status and body; errors are the library's own."""
        del write_timeout, connect_timeout, pool_timeout
        files = request_data.multipart_data if request_data else None
        reads = self._answer_seconds if read_timeout is BaseRequest.DEFAULT_NONE else read_timeout
        timeouts = {
            "connect": self._connect_seconds,
            "pool": self._connect_seconds,
            "read": reads,
            "write": self._upload_seconds if files else self._answer_seconds,
        }
        request = httpx.Request(
            method,
            url,
            headers={"User-Agent": self.USER_AGENT},
            data=request_data.json_parameters if request_data else None,
            files=files,
            extensions={"timeout": timeouts},
        )
        try:
            response = await self._transport.handle_async_request(request)
            try:
                return response.status_code, await response.aread()
            finally:
                await response.aclose()
        except httpx.TimeoutException as error:
            raise TimedOut from error
        except httpx.HTTPError as error:
            raise NetworkError(f"httpx.{type(error).__name__}: {error}") from error

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Parse an answer of the Bot API."""
        answer: dict[str, Any] = HTTPXRequest.parse_json_payload(payload)
        result = answer.get("result")
        if isinstance(result, dict) and "message_id" in result:
            answer["result"] = _only(result, OF_OUR_MESSAGE)
        return answer


def lean_update(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return an update without the texts and buttons of the messages it refers to."""
    update = dict(raw)
    query, message = update.get("callback_query"), update.get("message")
    if isinstance(query, dict) and isinstance(query.get("message"), dict):
        update["callback_query"] = {**query, "message": _only(query["message"], OF_OUR_MESSAGE)}
    if isinstance(message, dict) and isinstance(message.get("reply_to_message"), dict):
        answered = _only(message["reply_to_message"], OF_AN_ANSWERED_MESSAGE)
        update["message"] = {**message, "reply_to_message": answered}
    return update


def _only(thing: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: thing[name] for name in names if name in thing}
