"""Reading the knowledge again while answering goes on: by command, and when files change."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlite_utils import Database

from bot.database import FILE_NAME, connect, transaction
from bot.desk import Desk, Knowledge
from bot.editing import CarriedOut, carry_out, pause_now, tell_wishers, with_pauses
from bot.loading import load_current
from bot.records.knowledge_edits import State, edits_in
from bot.reports.knowledge_use import touched_slips
from bot.settings import Settings
from bot.views.knowledge import not_written_lines, refused_lines, reloaded_lines, touched_lines
from knowledge.changes import changes
from knowledge.model import KnowledgeBase
from knowledge.search.golden import golden_problems
from reminders import outbox
from reminders.alerts import Alert
from reminders.recipients import Recipient, Role

log = logging.getLogger(__name__)
LOOK_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What came of reading the files again: the fresh knowledge, if it is good, and the words."""

    fresh: Knowledge | None
    told: tuple[str, ...]


def read_again(old: KnowledgeBase, settings: Settings, *, today: date) -> Reloaded:
    """Read and check the files, train the search and hold it to the golden questions.

    It takes seconds where anything has changed, so it may run in a worker thread.
    """
    fresh, problems = load_current(settings, today=today)
    if fresh is None:
        return Reloaded(None, refused_lines(problems))
    fresh.search.train()
    dropped = golden_problems(fresh.base, fresh.search, settings.knowledge_dir)
    if dropped:
        return Reloaded(None, refused_lines(dropped))
    return Reloaded(fresh, reloaded_lines(changes(old, fresh.base), problems))


def bring_up_to_date(
    db: Database, settings: Settings, old: KnowledgeBase, *, now: datetime
) -> Reloaded:
    """Write what editors approved, read the files again, and tell whoever waited for it.

    Takes seconds in a large knowledge base: a running program calls it in a worker thread, with
    that thread's own connection.
    """
    return take_in(db, settings, old, carry_out(db, settings, now=now), now=now)


def take_in(
    db: Database, settings: Settings, old: KnowledgeBase, carried: CarriedOut, *, now: datetime
) -> Reloaded:
    """Read the files after changes were carried out, and tell whoever waited for an answer."""
    reloaded = read_again(old, settings, today=now.date())
    told = (*not_written_lines(carried.failures), *reloaded.told)
    if reloaded.fresh is None:
        return Reloaded(None, told)
    fresh = with_pauses(db, reloaded.fresh)
    touched = touched_slips(db, old, fresh.base, now=now, slip_days=settings.privacy.slip_days)
    tell_wishers(db, fresh.search, now=now)
    return Reloaded(fresh, (*told, *touched_lines(touched)))


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Keep the cyclic collector away while a rule book is built, then from what was built.

    Looking through millions of fresh objects would hold up every answer for a third of a second;
    they hold no cycles and go by their counts.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


def let_go(knowledge: Knowledge) -> None:
    """Free what is no longer in force entry by entry, in the thread that calls.

    Freeing a large rule book as a whole is one step, during which nobody else gets a turn.
    """
    entries = list(knowledge.base.entries.values())
    del knowledge
    while entries:
        entries.pop()
        time.sleep(0)


class Reloader:
    """Reloads one at a time beside the answering, and tells those who asked or edit."""

    def __init__(self, desk: Desk) -> None:
        """Serve this desk's library."""
        self._desk = desk
        self._waiting: set[int] = set()
        self._asked = asyncio.Event()
        self._seen = stamp(desk.settings.knowledge_dir)
        desk.library.reload_later = self._ask
        if edits_in(desk.db, State.APPROVED):  # left over from a program that was stopped
            pause_now(desk)
            self._asked.set()

    def _ask(self, person_id: int) -> None:
        self._waiting.add(person_id)
        self._asked.set()

    async def run(self) -> None:
        """Reload when asked and when files have changed and come to rest."""
        while True:
            try:
                await asyncio.wait_for(self._asked.wait(), LOOK_SECONDS)
            except TimeoutError:
                now = stamp(self._desk.settings.knowledge_dir)
                if now == self._seen:
                    continue
            await self._reload()

    async def _reload(self) -> None:
        self._asked.clear()
        people, self._waiting = self._waiting, set()
        self._seen = stamp(self._desk.settings.knowledge_dir)
        desk = self._desk
        reloaded = await asyncio.to_thread(self._read, desk.base)
        if reloaded.fresh is not None:
            former = [desk.library.current]
            # A pause pressed while the files were being read is not in them yet.
            desk.library.current = with_pauses(desk.db, reloaded.fresh)
            await asyncio.to_thread(lambda: let_go(former.pop()))
        log.info("knowledge reloaded: %s", reloaded.told[0])
        self._tell(people, reloaded)

    def _read(self, old: KnowledgeBase) -> Reloaded:
        path = self._desk.settings.data_dir / FILE_NAME
        settings, now = self._desk.settings, self._desk.now()
        with uncollected(), contextlib.closing(connect(path)) as db:
            carried = carry_out(db, settings, now=now)
            # What was just written needs no second reload; what comes after this does.
            self._seen = stamp(settings.knowledge_dir)
            return take_in(db, settings, old, carried, now=now)

    def _tell(self, people: set[int], reloaded: Reloaded) -> None:
        recipients = [Recipient(person_id=person_id) for person_id in sorted(people)]
        now = self._desk.now()
        alerts = tuple(
            Alert(
                kind="reloaded",
                recipient=recipient,
                facts={"told": json.dumps(reloaded.told, ensure_ascii=False)},
                dedupe_key=f"reloaded:{now.isoformat()}:{recipient.person_id or Role.EDITOR}",
            )
            for recipient in recipients or [Recipient(role=Role.EDITOR)]
        )
        with transaction(self._desk.db):
            outbox.put(self._desk.db, alerts, now=now)


def stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Return what tells whether any knowledge file has changed: names, sizes, times."""
    found = []
    for path in sorted(folder.rglob("*.yaml")):
        try:
            state = path.stat()
        except FileNotFoundError:
            continue
        found.append((path.name, state.st_size, state.st_mtime_ns))
    return tuple(found)
