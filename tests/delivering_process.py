"""A process that delivers an outbox over a Telegram stub until it is killed.

python -m tests.delivering_process BASE_URL BASE_FILE_URL TOKEN FILE
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from bot.channels.telegram.start import TelegramChannel
from bot.clock import real_clock
from bot.delivery import DeliveryLoop, Pace
from bot.desk import Desk
from bot.dialogue import Channel
from bot.views.alerts import render_alert
from tests.scripted_core import QUICK, ScriptedCore, a_desk

# As fast as the stub takes it; what is sent at once and claimed at once is as in the program.
PACE = Pace(per_second=150, chat_seconds=0, idle_seconds=0.01)


async def deliver_for_ever(desk: Desk) -> None:
    """Deliver until the process is killed."""
    channel = TelegramChannel(desk, ScriptedCore().core(), timing=QUICK)
    loop = DeliveryLoop(desk, {Channel.TELEGRAM: channel.sender}, render_alert, pace=PACE)
    await channel.start()
    await loop.run()


if __name__ == "__main__":
    base_url, base_file_url, token, file_name = sys.argv[1:]
    desk = a_desk(base_url, base_file_url, token, Path(file_name))
    # Each process after the last one: a clock that starts anew would free no dead claims.
    asyncio.run(deliver_for_ever(replace(desk, now=real_clock)))
