"""A running program takes up the year that `calendar import` in another process puts in force.

What the new table moves was listed and told by the import; here it only comes into force.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from bot.desk import Desk
from bot.desks import CALENDAR_NAME
from reminders.working_days import load_calendar

log = logging.getLogger(__name__)
LOOK_SECONDS = 15.0

Stamp = tuple[int, int, int]


class CalendarWatch:
    """Looks at the office's own table of working days and takes up what has changed in it."""

    def __init__(self, desk: Desk) -> None:
        """Serve this desk; the table may have changed since it was opened, so look at once."""
        self._desk = desk
        self._path = desk.settings.data_dir / CALENDAR_NAME
        self._seen: Stamp | None = None

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(LOOK_SECONDS)

    def look(self) -> bool:
        """Take up a changed table; tell whether there is a new one in force.

        One with mistakes, as while somebody is writing it by hand, is left until it is mended.
        """
        stamp = _stamp(self._path)
        if stamp == self._seen:
            return False
        self._seen = stamp
        fresh, mistakes = load_calendar(self._path)
        if mistakes:
            log.warning("%s is not taken up: %s", CALENDAR_NAME, "; ".join(mistakes))
            return False
        if fresh.says_the_same_as(self._desk.calendar):
            return False
        self._desk.working_days.current = fresh
        log.info("%s is in force now", CALENDAR_NAME)
        return True


def _stamp(path: Path) -> Stamp | None:
    """Return what tells one version of a file from another; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
