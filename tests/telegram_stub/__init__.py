"""A strict loopback Telegram for tests and benchmarks; see `running_stub`."""

from tests.telegram_stub.faults import (
    BadGateway,
    DropAfterEffect,
    DropBeforeEffect,
    Pace,
    Refusal,
    SlowAnswer,
    TooManyRequests,
    blocked,
)
from tests.telegram_stub.people import PNG, CannotDoThat, Group, User
from tests.telegram_stub.records import Button, ButtonKind, Call, Post, Violation
from tests.telegram_stub.stub import TOKEN, Stub, running_stub
from tests.telegram_stub.world import BOT_USERNAME

__all__ = [
    "BOT_USERNAME",
    "PNG",
    "TOKEN",
    "BadGateway",
    "Button",
    "ButtonKind",
    "Call",
    "CannotDoThat",
    "DropAfterEffect",
    "DropBeforeEffect",
    "Group",
    "Pace",
    "Post",
    "Refusal",
    "SlowAnswer",
    "Stub",
    "TooManyRequests",
    "User",
    "Violation",
    "blocked",
    "running_stub",
]
