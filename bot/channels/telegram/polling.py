"""Our own polling: Telegram forgets an update only after it is settled.

The offset stands at the lowest unsettled id; what is in hand is skipped when it comes again. A
process killed at any moment so loses nothing: Telegram hands it out anew.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from urllib.parse import urlencode

from telegram import Bot
from telegram.error import Conflict, InvalidToken, NetworkError, RetryAfter, TelegramError
from telegram.request import BaseRequest

from bot.channels.telegram.core import Timing
from bot.channels.telegram.failures import retry_seconds
from bot.channels.telegram.incoming import WANTED_UPDATES
from bot.channels.telegram.intake import Intake, RawUpdate
from bot.views.telegram_words import another_poller_line, token_rejected_line, unreachable_line

log = logging.getLogger(__name__)

BATCH = 100
NETWORK_SECONDS = 10.0


class Polling:
    """Asks for updates for as long as it runs; never ends by itself."""

    def __init__(
        self,
        bot: Bot,
        request: BaseRequest,
        intake: Intake,
        *,
        timing: Timing,
        now: Callable[[], datetime],
    ) -> None:
        """Ask through a request object of its own, so that no reply waits behind a long poll."""
        self._address = f"{bot.base_url}/getUpdates"
        self._request = request
        self._intake = intake
        self._timing = timing
        self._now = now
        self._settled: set[int] = set()
        self._highest: int | None = None
        self._last_update_at = 0.0
        self._failures = 0
        self._told: type[TelegramError] | None = None
        self.last_success_at: datetime | None = None

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            try:
                batch = await self._fetch(self._timing.long_poll, BATCH)
            except TelegramError as error:
                await asyncio.sleep(self._wait_after(error))
                continue
            self._failures = 0
            self._told = None
            self.last_success_at = self._now()
            self._take(batch)
            await self._wait_for_hands()

    async def confirm(self) -> None:
        """Tell Telegram, at the end, what is settled; best effort."""
        try:
            await asyncio.wait_for(self._fetch(0, 1), timeout=2)
        except (TelegramError, TimeoutError):
            log.debug("the last updates were not confirmed; they will be skipped next time")

    async def _fetch(self, seconds: int, limit: int) -> list[RawUpdate]:
        asked: dict[str, object] = {
            "timeout": seconds,
            "limit": limit,
            "allowed_updates": json.dumps(WANTED_UPDATES),
        }
        offset = self._offset()
        if offset is not None:
            asked["offset"] = offset
        # Raw, not through Bot.get_updates: there one unreadable update would spoil its batch.
        address = f"{self._address}?{urlencode(asked)}"
        try:
            async with asyncio.timeout(seconds + 3 * NETWORK_SECONDS):
                answer = await self._request.post(address, read_timeout=seconds + NETWORK_SECONDS)
        except (TimeoutError, KeyError) as error:
            raise NetworkError("getUpdates had no answer, or none of Telegram's") from error
        if not isinstance(answer, list):
            raise NetworkError("getUpdates answered no list")
        return [raw for raw in answer if isinstance(raw, dict) and "update_id" in raw]

    def _offset(self) -> int | None:
        unsettled = self._intake.unsettled_ids()
        if unsettled:
            return min(unsettled)
        if _loop_time() - self._last_update_at > self._timing.forget_ids:
            self._highest = None
        return None if self._highest is None else self._highest + 1

    def _take(self, batch: list[RawUpdate]) -> None:
        for raw in batch:
            update_id = int(raw["update_id"])
            self._highest = max(update_id, self._highest or update_id)
            self._last_update_at = _loop_time()
            if update_id not in self._settled and update_id not in self._intake.unsettled_ids():
                task = self._intake.take(raw)
                task.add_done_callback(partial(self._note_settled, update_id))
        # What Telegram no longer hands out need not be remembered.
        self._settled &= {int(raw["update_id"]) for raw in batch}

    def _note_settled(self, update_id: int, _: asyncio.Task[None]) -> None:
        self._settled.add(update_id)

    async def _wait_for_hands(self) -> None:
        """Wait a little while anything is in hand, else the next poll would return it at once."""
        tasks = self._intake.in_hand()
        if tasks:
            await asyncio.wait(tasks, timeout=self._timing.between_polls)

    def _wait_after(self, error: TelegramError) -> float:
        """Return how long to wait after a failed poll; say each kind of trouble once."""
        self._failures += 1
        doubled = self._timing.first_backoff * 2 ** min(self._failures - 1, 10)
        backoff = float(min(doubled, self._timing.longest_backoff))
        match error:
            case RetryAfter():
                return retry_seconds(error)
            case Conflict():
                self._say_once(error, another_poller_line())
                return self._timing.conflict_backoff
            case InvalidToken():
                self._say_once(error, token_rejected_line())
                return self._timing.longest_backoff
            case _:
                if self._failures > 1:
                    self._say_once(error, unreachable_line())
                return backoff

    def _say_once(self, error: TelegramError, line: str) -> None:
        if self._told is not type(error):
            self._told = type(error)
            log.warning("%s", line)


def _loop_time() -> float:
    return asyncio.get_running_loop().time()
