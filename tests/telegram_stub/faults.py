"""Scripted misfortunes and Telegram's pace."""

import math
from collections import deque
from dataclasses import dataclass, field

from tests.telegram_stub.records import Refused

# Calls already on their way when a 429 was given cannot know of it.
IN_FLIGHT_SECONDS = 0.2
CLOCK_TOLERANCE = 0.02
PACED = frozenset({"sendMessage", "sendPhoto", "sendDocument"})


@dataclass(frozen=True, slots=True)
class TooManyRequests:
    """Answer 429; the chat (or the method, without a chat) then rests for as long."""

    retry_after: int = 1


@dataclass(frozen=True, slots=True)
class Refusal:
    """Answer with an error code and a description, without effect."""

    code: int
    description: str


@dataclass(frozen=True, slots=True)
class BadGateway:
    """Answer 502 with a page of HTML, without effect."""


@dataclass(frozen=True, slots=True)
class DropBeforeEffect:
    """Cut the connection before anything happened."""


@dataclass(frozen=True, slots=True)
class DropAfterEffect:
    """Do what was asked, then cut the connection instead of answering."""


@dataclass(frozen=True, slots=True)
class SlowAnswer:
    """Do what was asked at once and answer late."""

    seconds: float


Fault = TooManyRequests | Refusal | BadGateway | DropBeforeEffect | DropAfterEffect | SlowAnswer


def blocked() -> Refusal:
    """Refuse as if the person had blocked the bot."""
    return Refusal(403, "Forbidden: bot was blocked by the user")


@dataclass(frozen=True, slots=True)
class Pace:
    """The published guidance, without the bursts that Telegram sometimes lets pass."""

    chat_seconds: float = 1.0
    overall_per_second: int = 30
    group_per_minute: int = 20


@dataclass(frozen=True, slots=True)
class _Rest:
    begun_at: float
    ends_at: float


@dataclass(slots=True)
class Gate:
    """Decide whether a call may pass, by pace and by earlier 429s."""

    pace: Pace | None = None
    _sent_by_chat: dict[int, deque[float]] = field(default_factory=dict)
    _sent: deque[float] = field(default_factory=deque)
    _rests: dict[str, _Rest] = field(default_factory=dict)

    def rest(self, method: str, chat_id: int | None, *, seconds: int, now: float) -> Refused:
        """Begin a rest and return the 429 that announces it."""
        self._rests[_rest_key(method, chat_id)] = _Rest(now, now + seconds)
        return too_many_requests(seconds)

    def check_rest(self, method: str, chat_id: int | None, *, now: float) -> str | None:
        """Refuse a call that comes during a rest; return the problem if the bot knew of it."""
        rest = self._rests.get(_rest_key(method, chat_id))
        if rest is None or now >= rest.ends_at - CLOCK_TOLERANCE:
            return None
        left = rest.ends_at - now
        if now - rest.begun_at < IN_FLIGHT_SECONDS:
            raise too_many_requests(math.ceil(left))
        return f"called again {left:.1f} s before retry_after was over"

    def rest_left(self, method: str, chat_id: int | None, *, now: float) -> int:
        """Return the whole seconds until a call may be repeated."""
        return max(1, math.ceil(self._rests[_rest_key(method, chat_id)].ends_at - now))

    def check_pace(self, method: str, chat_id: int | None, *, now: float) -> None:
        """Count a sent message, or refuse it with the seconds to wait."""
        if self.pace is None or method not in PACED or chat_id is None:
            return
        sent_here = self._sent_by_chat.setdefault(chat_id, deque())
        _forget(sent_here, now - 60)
        _forget(self._sent, now - 1)
        waits = [0.0]
        if sent_here:
            waits.append(sent_here[-1] + self.pace.chat_seconds - now)
        if chat_id < 0 and len(sent_here) >= self.pace.group_per_minute:
            waits.append(sent_here[0] + 60 - now)
        if len(self._sent) >= self.pace.overall_per_second:
            waits.append(self._sent[0] + 1 - now)
        if max(waits) > CLOCK_TOLERANCE:
            raise self.rest(method, chat_id, seconds=math.ceil(max(waits)), now=now)
        sent_here.append(now)
        self._sent.append(now)


def too_many_requests(seconds: int) -> Refused:
    """Make a 429 with its parameter."""
    return Refused(
        429, f"Too Many Requests: retry after {seconds}", {"retry_after": max(1, seconds)}
    )


def _rest_key(method: str, chat_id: int | None) -> str:
    if chat_id is None or not method.startswith(("send", "edit")):
        return method
    return str(chat_id)


def _forget(instants: deque[float], before: float) -> None:
    while instants and instants[0] <= before:
        instants.popleft()
