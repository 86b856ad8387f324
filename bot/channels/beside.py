"""What takes seconds is answered beside the event loop, so that nobody else waits for it.

The same `respond` runs in a worker thread over a connection of its own; one after another, so
that two large files are never in hand at once and a post sent twice finds the first one's
receipt. A database in memory belongs to its own thread and is asked there.

SQLite has one writer at a time, and waiting for it inside SQLite would hold up the loop. So
others wait here while a long transaction is going on, and their questions are answered after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from sqlite_utils import Database

from bot.database import connect
from bot.desk import Desk
from bot.dialogue import Incoming, Reply
from bot.router import takes_long

LOOK_SECONDS = 0.02
LONGEST_WAIT_SECONDS = 60.0
T = TypeVar("T")
Respond = Callable[[Desk, Incoming], Reply | None]


class Beside:
    """A channel's one worker for what takes long."""

    def __init__(self) -> None:
        """Start no thread before there is something to do."""
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="beside")

    async def respond(self, respond: Respond, desk: Desk, incoming: Incoming) -> Reply | None:
        """Answer one incoming: at once, or in the worker where it takes long."""
        if not takes_long(incoming):
            return respond(desk, incoming)
        return await self.work(desk, lambda own: respond(own, incoming))

    async def work(self, desk: Desk, work: Callable[[Desk], T]) -> T:
        """Do what takes long in the worker, over a connection of its own."""
        path = _file_of(desk.db)
        if path is None:
            return work(desk)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._worker, _over_own_connection, work, desk, path)


async def until_quiet(desk: Desk) -> None:
    """Wait while a long transaction holds the file; not for ever."""
    waited = 0.0
    while desk.long_writes.are_going_on and waited < LONGEST_WAIT_SECONDS:
        await asyncio.sleep(LOOK_SECONDS)
        waited += LOOK_SECONDS


def _file_of(db: Database) -> Path | None:
    """Return the database's file; None where it lives in memory."""
    name = db.execute("PRAGMA database_list").fetchone()[2]
    return Path(name) if name else None


def _over_own_connection(work: Callable[[Desk], T], desk: Desk, path: Path) -> T:
    with closing(connect(path)) as db:
        return work(replace(desk, db=db))
