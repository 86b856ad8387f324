"""A core whose answers a test scripts, over the real records; and a program to kill.

The receipts are the router's own in all that counts: one transaction with the effect.
Run as a program it is one Telegram channel with its outbox loop, until it is killed.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot import router
from bot.channels.telegram.core import Core, Timing
from bot.channels.telegram.start import TelegramChannel
from bot.clock import LOCAL, rehearsal_clock
from bot.database import open_database, transaction
from bot.delivery import DeliveryLoop, Pace
from bot.desk import Desk, Library, Links, WorkingDays
from bot.dialogue import Button, Channel, Incoming, Reply
from bot.packing import pack_reply, unpack_reply
from bot.records import messages
from bot.settings import Settings, TelegramSettings
from bot.views.alerts import render_alert
from reminders.working_days import load_calendar

FRIDAY_MORNING = datetime(2025, 1, 24, 10, 0, tzinfo=LOCAL)
QUICK = Timing(
    settle=0.6,
    between_polls=0.01,
    long_poll=5,
    first_backoff=0.01,
    longest_backoff=0.05,
    conflict_backoff=0.05,
    drain=1.0,
    between_tries=0.01,
    connect=1.0,
    answer=1.0,
)
BRISK = Pace(
    per_second=1000, chat_seconds=0, idle_seconds=0.02, first_retry_seconds=0.02, lease_seconds=5
)

Answer = Callable[[Incoming], Reply]


def echo(incoming: Incoming) -> Reply:
    """Answer with what was said."""
    return Reply(f"答：{incoming.text or incoming.token}", buttons=((Button("改", "edit:1"),),))


@dataclass
class ScriptedCore:
    """Answers by script; counts each event's effect in the database."""

    answer: Answer = echo
    heard: list[Incoming] = field(default_factory=list)

    def core(self) -> Core:
        """Return it as the channel wants it, settled by the real router."""
        return Core(self.respond, router.settle, router.settle_later, router.menu_for)

    def respond(self, desk: Desk, incoming: Incoming) -> Reply | None:
        """Answer, with effect and receipt in one transaction; never twice for one key."""
        assert incoming.key is not None
        receipt = messages.receipt_for(desk.db, incoming.key)
        if receipt is not None:
            return None if receipt.reply is None else unpack_reply(receipt.reply)
        reply = self.answer(incoming)
        self.heard.append(incoming)
        with transaction(desk.db):
            desk.db.execute("INSERT INTO effects VALUES (?)", [incoming.key])
            person_id = incoming.person.id
            messages.put_receipt(
                desk.db, incoming.key, person_id, pack_reply(reply), now=desk.now()
            )
        return reply


def a_desk(
    base_url: str, base_file_url: str, token: str, path: Path | None = None, **telegram: Any
) -> Desk:
    """Return a desk that talks to a stub; its knowledge base must not be asked for."""
    db = open_database(path)
    db.execute("CREATE TABLE IF NOT EXISTS effects (key TEXT) STRICT")
    settings = Settings(
        telegram=TelegramSettings(base_url=base_url, base_file_url=base_file_url, **telegram),
        telegram_token=SecretStr(token),
    )
    calendar, _ = load_calendar(None)
    library: Any = None
    clock = rehearsal_clock(FRIDAY_MORNING)
    return Desk(db, Library(library), WorkingDays(calendar), settings, clock, Links())


async def run_for_ever(desk: Desk) -> None:
    """Run the channel and its outbox loop until the process is killed."""
    channel = TelegramChannel(desk, ScriptedCore().core(), timing=QUICK)
    loop = DeliveryLoop(desk, {Channel.TELEGRAM: channel.sender}, render_alert, pace=BRISK)
    channel.wake = loop.wake
    await channel.start()
    await loop.run()


if __name__ == "__main__":
    base_url, base_file_url, token, file_name = sys.argv[1:]
    asyncio.run(run_for_ever(a_desk(base_url, base_file_url, token, Path(file_name))))
