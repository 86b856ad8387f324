"""How fast the outbox goes out, one at a time and several at once, by how fast Telegram answers.

python -m benchmarks.delivery [MESSAGES]

Every message is claimed, rendered, noted, sent and marked on a file like the real one; only the
answer is a pause instead of a network.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.clock import LOCAL
from bot.database import open_database, transaction
from bot.delivery import DeliveryLoop, Pace
from bot.desk import Desk, Library, Links, WorkingDays
from bot.dialogue import Channel, Person, Recipient, Reply
from bot.records import people
from bot.records.people import Address
from bot.settings import Settings
from reminders import outbox
from reminders.alerts import Alert
from reminders.outbox import Waiting
from reminders.working_days import load_calendar

NOW = datetime(2025, 3, 12, 8, 30, tzinfo=LOCAL)
ANSWERS = (0.05, 0.1, 0.2, 0.3)


class Line:
    """Answers after a while."""

    def __init__(self, seconds: float) -> None:
        """Answer after so many seconds."""
        self._seconds = seconds

    def parts(self, reply: Reply) -> tuple[Reply, ...]:
        """Return one part."""
        return (reply,)

    async def send(self, address: str, reply: Reply) -> str:
        """Take a message."""
        await asyncio.sleep(self._seconds)
        return address


def render(_desk: Desk, waiting: Waiting, _person: Person, _channel: Channel) -> Reply:
    """Say something short."""
    return Reply(waiting.dedupe_key)


def per_second(number: int, at_once: int, seconds: float) -> float:
    """Deliver so many messages to as many people and return how many went in a second."""
    library: Any = None
    with tempfile.TemporaryDirectory() as folder:
        db = open_database(Path(folder) / "benchmark.db")
        days = WorkingDays(load_calendar(None)[0])
        desk = Desk(db, Library(library), days, Settings(), lambda: NOW, Links())
        with transaction(db):
            for n in range(number):
                person = people.person_at(db, Address(Channel.TELEGRAM, str(n)), now=NOW)
                alert = Alert("note", Recipient(person_id=person.id), {}, f"k{n}")
                outbox.put(db, (alert,), now=NOW)
        pace = Pace(at_once=at_once)
        loop = DeliveryLoop(desk, {Channel.TELEGRAM: Line(seconds)}, render, pace=pace)
        began = time.perf_counter()
        taken = asyncio.run(loop.deliver_due())
        took = time.perf_counter() - began
        assert taken == number
        db.close()
    return number / took


def main(number: int = 200) -> None:
    """Print messages a second."""
    for seconds in ANSWERS:
        rates = {at_once: per_second(number, at_once, seconds) for at_once in (1, 8)}
        told = "; ".join(
            f"{at_once} at once: {rate:.1f} a second, 10,000 in {10_000 / rate / 60:.0f} min"
            for at_once, rate in rates.items()
        )
        print(f"answers after {seconds * 1000:.0f} ms: {told}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
