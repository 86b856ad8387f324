"""The program's clock: the real one, or a rehearsal that starts at a given instant and runs on."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

LOCAL = timezone(timedelta(hours=8), "+08:00")
Clock = Callable[[], datetime]


def real_clock() -> datetime:
    """Return the present instant, local time; China has kept +08:00 without summer time."""
    return datetime.now(LOCAL)


def rehearsal_clock(start: datetime) -> Clock:
    """Return a clock that stands at `start` now and runs on."""
    began = time.monotonic()
    return lambda: start + timedelta(seconds=time.monotonic() - began)


def parse_instant(text: str) -> datetime:
    """Read an instant; without an offset it is +08:00. Raises ValueError."""
    instant = datetime.fromisoformat(text.strip())
    return instant.replace(tzinfo=LOCAL) if instant.tzinfo is None else instant.astimezone(LOCAL)
