"""What takes seconds is answered beside the event loop, so that nobody else waits for it.

The same `respond` runs in a worker thread over a connection of its own: tables in one, figures
over everything in another; one after another in each, so that two large files are never in hand
at once and a post sent twice finds the first one's receipt. A database in memory belongs to its
own thread and is asked there.

SQLite has one writer at a time, and waiting for it inside SQLite would hold up the loop. So
others wait here while a long transaction is going on, and their questions are answered after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from sqlite_utils import Database

from bot.database import connect
from bot.desk import Desk
from bot.dialogue import Incoming, Reply
from bot.router import reads_everything, takes_long

LOOK_SECONDS = 0.02
LONGEST_WAIT_SECONDS = 60.0
T = TypeVar("T")
Respond = Callable[[Desk, Incoming], Reply | None]


class Beside:
    """A channel's workers for what takes long: one for tables sent in, one for figures.

    One thread each, so that a figure does not wait for a table of minutes.
    """

    def __init__(self) -> None:
        """Start no thread before there is something to do."""
        self._tables = ThreadPoolExecutor(1, thread_name_prefix="tables")
        self._figures = ThreadPoolExecutor(1, thread_name_prefix="figures")

    async def respond(self, respond: Respond, desk: Desk, incoming: Incoming) -> Reply | None:
        """Answer one incoming: at once, or in a worker where it takes long."""
        if takes_long(incoming):
            worker = self._tables
        elif reads_everything(desk, incoming):
            worker = self._figures
        else:
            return respond(desk, incoming)
        return await _run(worker, desk, lambda beside: respond(beside, incoming))

    async def work(self, desk: Desk, work: Callable[[Desk], T]) -> T:
        """Do what takes seconds, as a long register, beside the loop at a desk of its own."""
        return await _run(self._tables, desk, work)

    async def compute(self, desk: Desk, work: Callable[[Desk], T]) -> T:
        """Do a page's figures in the worker, at a desk with a connection of its own."""
        return await _run(self._figures, desk, work)


async def _run(worker: Executor, desk: Desk, work: Callable[[Desk], T]) -> T:
    path = _file_of(desk.db)
    if path is None:
        return work(desk)
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(worker, _at_own_desk, desk, path, work)


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


def _at_own_desk(desk: Desk, path: Path, work: Callable[[Desk], T]) -> T:
    with closing(connect(path)) as db:
        return work(replace(desk, db=db))
