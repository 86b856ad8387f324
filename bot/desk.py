"""The desk: everything a handler may touch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlite_utils import Database

from bot.settings import Settings
from knowledge.model import KnowledgeBase
from knowledge.search.engine import Search
from reminders.working_days import Calendar


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
class Desk:
    """What a handler may touch: database, knowledge, calendar, settings and the clock."""

    db: Database
    library: Library
    calendar: Calendar
    settings: Settings
    now: Callable[[], datetime]
    links: Links

    @property
    def base(self) -> KnowledgeBase:
        """Return the knowledge base in force."""
        return self.library.current.base

    @property
    def search(self) -> Search:
        """Return the search over the knowledge base in force."""
        return self.library.current.search

    def today(self) -> date:
        """Return the local date."""
        return self.now().date()
