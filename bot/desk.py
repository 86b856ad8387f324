"""The desk: everything a handler may touch."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar

from sqlite_utils import Database

from bot.settings import Settings
from knowledge.model import KnowledgeBase
from knowledge.search.engine import Search
from reminders.working_days import Calendar

MOST_WAITING = 8
KEY_BYTES = 6

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Knowledge:
    """A knowledge base in force together with what understands questions about it."""

    base: KnowledgeBase
    search: Search


@dataclass(slots=True)
class Library:
    """Holds the knowledge in force; a reload swaps it in one assignment.

    `reload_later` is set by a running program: it reads the files again beside the answering
    and tells the person what came of it.
    """

    current: Knowledge
    reload_later: Callable[[int], None] | None = None


@dataclass(slots=True)
class WorkingDays:
    """Holds the calendar in force; a running program swaps in a year that was announced."""

    current: Calendar


@dataclass(slots=True)
class Links:
    """How people reach us from outside; known only once the channels are up."""

    page: str | None = None
    bot: str | None = None

    def page_url(self, path: str) -> str | None:
        """Return the page's full address for a path, where there is one."""
        return f"{self.page}{path}" if self.page else None

    def bot_url(self, payload: str) -> str | None:
        """Return the deep link into the Telegram chat, where the name is known."""
        return f"https://t.me/{self.bot}?start={payload}" if self.bot else None


@dataclass(frozen=True, slots=True)
class _Held:
    what: object
    person_id: int
    until: datetime


class Waiting:
    """What waits for one person's next word: in memory only, one thing each, for a while.

    A file may hold personal data that never reach our records, so it is not put on the disk:
    after a restart its sender sends it again. Used from worker threads too.
    """

    def __init__(self) -> None:
        """Start with nothing."""
        self._held: dict[str, _Held] = {}
        self._lock = threading.Lock()

    def put(self, what: object, person_id: int, *, until: datetime, now: datetime) -> str:
        """Hold something for a person, in place of what they had, and return its key.

        The key is short enough for a button's token.
        """
        key = secrets.token_hex(KEY_BYTES)
        with self._lock:
            self._held = {
                known: held
                for known, held in self._held.items()
                if held.until > now and held.person_id != person_id
            }
            while len(self._held) >= MOST_WAITING:
                del self._held[next(iter(self._held))]
            self._held[key] = _Held(what, person_id, until)
        return key

    def get(self, key: str, person_id: int, kind: type[T], *, now: datetime) -> T | None:
        """Return what waits under a key, if it is of this kind and this person's own."""
        held = self._held.get(key)
        if held is None or held.person_id != person_id or held.until <= now:
            return None
        return held.what if isinstance(held.what, kind) else None

    def change(self, key: str, what: object) -> None:
        """Put something else in the place of what waits."""
        with self._lock:
            held = self._held.get(key)
            if held is not None:
                self._held[key] = _Held(what, held.person_id, held.until)

    def drop(self, key: str) -> None:
        """Hold something no longer."""
        with self._lock:
            self._held.pop(key, None)


class LongWrites:
    """Knows whether a long transaction holds the file, so that others wait without blocking."""

    def __init__(self) -> None:
        """Start with none."""
        self._count = 0
        self._lock = threading.Lock()

    @property
    def are_going_on(self) -> bool:
        """Tell whether one is going on."""
        return self._count > 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Announce one for as long as the block lasts; called from worker threads."""
        with self._lock:
            self._count += 1
        try:
            yield
        finally:
            with self._lock:
                self._count -= 1


@dataclass(frozen=True, slots=True)
class Desk:
    """What a handler may touch: database, knowledge, calendar, settings and the clock."""

    db: Database
    library: Library
    working_days: WorkingDays
    settings: Settings
    now: Callable[[], datetime]
    links: Links
    waiting: Waiting = field(default_factory=Waiting)
    long_writes: LongWrites = field(default_factory=LongWrites)

    @property
    def base(self) -> KnowledgeBase:
        """Return the knowledge base in force."""
        return self.library.current.base

    @property
    def calendar(self) -> Calendar:
        """Return the working days in force."""
        return self.working_days.current

    @property
    def search(self) -> Search:
        """Return the search over the knowledge base in force."""
        return self.library.current.search

    def today(self) -> date:
        """Return the local date."""
        return self.now().date()
