"""Group robots of 企业微信, 钉钉 and 飞书: one POST a message, believed only by the answer's code.

All three answer 200 to a refused message and say so in the body alone. Their addresses are keys:
they stand in no log and no error, so requests go straight to the transport, whose client would
log them.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus

import httpx

from bot.dialogue import DeliveryError, Reply
from bot.settings import RobotSettings
from bot.views.robots import CUT_LINE

PER_MINUTE = 20
MINUTE_SECONDS = 60.0
CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 20.0
BUSY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Service:
    """What differs between the three: field of the code, how long to rest, how much fits."""

    code_fields: tuple[str, ...]
    text_bytes: int
    too_fast: frozenset[int]
    rest_seconds: float
    busy: frozenset[int] = frozenset()


# 钉钉 rests a robot for ten minutes after its twenty-first message of a minute. 飞书 limits the
# whole request to 20 KB; the older form of its answer says StatusCode.
SERVICES: Mapping[str, Service] = {
    "wecom": Service(("errcode",), 2048, frozenset({45009}), MINUTE_SECONDS, frozenset({-1})),
    "dingtalk": Service(
        ("errcode",),
        18_000,
        frozenset({130101, 130103, 90030, 660026}),
        10 * MINUTE_SECONDS,
        frozenset({-1}),
    ),
    "feishu": Service(
        ("code", "StatusCode"), 18_000, frozenset({9499, 11232}), MINUTE_SECONDS, frozenset({11233})
    ),
}


class RobotSender:
    """Sends to one group; never more than twenty messages in any minute."""

    def __init__(
        self,
        robot: RobotSettings,
        transport: httpx.AsyncBaseTransport,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        """Send as a robot; `clock` is the real one, since signatures are judged by theirs."""
        assert robot.url is not None, "settings without an address are refused"
        self._robot = robot
        self._service = SERVICES[robot.kind]
        self._url = robot.url
        self._transport = transport
        self._clock = clock
        self._sent_at: deque[float] = deque(maxlen=PER_MINUTE)
        self._rests_until = 0.0

    def parts(self, reply: Reply) -> tuple[Reply, ...]:
        """Return one message that fits: whole lines, and a word that there is more."""
        return (Reply(fitting(reply.text, self._service.text_bytes)),)

    async def send(self, address: str, reply: Reply) -> str:
        """Post one message; raise DeliveryError."""
        self._take_turn()
        seconds = int(self._clock().timestamp())
        answer = await self._post(self._address(seconds), self._body(reply.text, seconds))
        self._judge(answer)
        return f"{self._robot.kind}:{address}:{seconds}"

    def _take_turn(self) -> None:
        now = asyncio.get_running_loop().time()
        free_at = self._rests_until
        if len(self._sent_at) == PER_MINUTE:
            free_at = max(free_at, self._sent_at[0] + MINUTE_SECONDS)
        if free_at > now:
            raise DeliveryError("pace", retry_after=free_at - now)
        self._sent_at.append(now)

    # -- what is posted

    def _address(self, seconds: int) -> str:
        """Return the address; 钉钉 wants its signature there (HMAC-SHA256 over time and key)."""
        url = self._url.get_secret_value()
        if self._robot.kind != "dingtalk" or self._robot.secret is None:
            return url
        secret, stamp = self._robot.secret.get_secret_value(), seconds * 1000
        digest = hmac.digest(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256)
        sign = quote_plus(base64.b64encode(digest))
        return f"{url}{'&' if '?' in url else '?'}timestamp={stamp}&sign={sign}"

    def _body(self, text: str, seconds: int) -> bytes:
        body: dict[str, Any]
        if self._robot.kind != "feishu":
            body = {"msgtype": "text", "text": {"content": text}}
        else:
            body = {"msg_type": "text", "content": {"text": text}}
            if self._robot.secret is not None:
                # 飞书 takes time and key as the key, over nothing.
                key = f"{seconds}\n{self._robot.secret.get_secret_value()}".encode()
                sign = base64.b64encode(hmac.digest(key, b"", hashlib.sha256)).decode()
                body |= {"timestamp": str(seconds), "sign": sign}
        return json.dumps(body, ensure_ascii=False).encode()

    async def _post(self, url: str, body: bytes) -> httpx.Response:
        timeouts = {
            "connect": CONNECT_SECONDS,
            "pool": CONNECT_SECONDS,
            "read": ANSWER_SECONDS,
            "write": ANSWER_SECONDS,
        }
        headers = {"Content-Type": "application/json; charset=utf-8"}
        try:
            request = httpx.Request(
                "POST", url, headers=headers, content=body, extensions={"timeout": timeouts}
            )
            response = await self._transport.handle_async_request(request)
            try:
                await response.aread()
            finally:
                await response.aclose()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            raise DeliveryError("no_connection") from None
        except httpx.InvalidURL:
            raise DeliveryError("address", permanent=True) from None
        except httpx.HTTPError:
            # From None: the error's request holds the address.
            raise DeliveryError("unknown", sent=None) from None
        return response

    # -- what the answer says

    def _judge(self, response: httpx.Response) -> None:
        """Return where the message was taken; HTTP 200 alone says nothing."""
        if response.status_code == 429 or response.status_code >= 500:
            raise self._resting(f"http_{response.status_code}", BUSY_SECONDS)
        if response.status_code >= 400:
            raise DeliveryError(f"http_{response.status_code}", permanent=True)
        code = self._code(response.content)
        if code is None:
            raise DeliveryError("unknown", sent=None)
        if code == 0:
            return
        if code in self._service.too_fast:
            raise self._resting(f"code_{code}", self._service.rest_seconds)
        if code in self._service.busy:
            raise self._resting(f"code_{code}", BUSY_SECONDS)
        raise DeliveryError(f"code_{code}", permanent=True)

    def _code(self, body: bytes) -> int | None:
        try:
            answer = json.loads(body)
        except ValueError:
            return None
        if not isinstance(answer, dict):
            return None
        codes = [answer[name] for name in self._service.code_fields if name in answer]
        return next((code for code in codes if isinstance(code, int)), None)

    def _resting(self, reason: str, seconds: float) -> DeliveryError:
        self._rests_until = asyncio.get_running_loop().time() + seconds
        return DeliveryError(reason, retry_after=seconds)


def fitting(text: str, limit: int) -> str:
    """Cut a text to so many bytes of UTF-8, at the end of a line where it can be."""
    if len(text.encode()) <= limit:
        return text
    room = limit - len(f"\n{CUT_LINE}".encode())
    kept = ""
    for line in text.split("\n"):
        longer = f"{kept}\n{line}" if kept else line
        if len(longer.encode()) > room:
            break
        kept = longer
    if not kept:
        kept = text.encode()[:room].decode(errors="ignore")
    return f"{kept}\n{CUT_LINE}"


def robot_senders(
    robots: tuple[RobotSettings, ...],
    transport: httpx.AsyncBaseTransport,
    *,
    clock: Callable[[], datetime],
) -> dict[str, RobotSender]:
    """Return a sender for each robot, by name."""
    return {robot.name: RobotSender(robot, transport, clock=clock) for robot in robots}
