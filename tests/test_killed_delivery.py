"""kill -9 twenty times during 500 deliveries: none lost, and few repeated."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.clock import real_clock
from bot.database import open_database, transaction
from bot.delivery import REPLY, Pace
from bot.dialogue import Channel, Recipient, Reply
from bot.packing import pack_reply
from bot.records import people
from bot.records.people import Address
from reminders import outbox
from reminders.alerts import Alert
from tests.telegram_stub import Stub, User, running_stub
from tests.telegram_stub.world import ChatState

ROOT = Path(__file__).parent.parent
MESSAGES = 500
PEOPLE = 100
KILLS = 20


def fill(db: Database, users: list[User]) -> None:
    """Put 500 messages in, five for each person, every one with words of its own."""
    now = real_clock()
    with transaction(db):
        found = [
            people.person_at(db, Address(Channel.TELEGRAM, str(user.id)), now=now) for user in users
        ]
        alerts = [
            Alert(
                kind=REPLY,
                recipient=Recipient(person_id=found[n % PEOPLE].id),
                facts={"reply": pack_reply(Reply(f"提醒第 {n} 条")), "channel": "telegram"},
                dedupe_key=f"k{n}",
            )
            for n in range(MESSAGES)
        ]
        outbox.put(db, alerts, now=now)


def start(stub: Stub, path: Path) -> subprocess.Popen[bytes]:
    arguments = (stub.base_url, stub.base_file_url, stub.token, str(path))
    return subprocess.Popen(
        [sys.executable, "-m", "tests.delivering_process", *arguments],
        cwd=ROOT,
        env={**os.environ, "HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"},
    )


def sent(stub: Stub) -> int:
    return len(stub.calls_of("sendMessage"))


def kill_after(stub: Stub, path: Path, more: int) -> None:
    """Let a process send some more messages and kill it in the middle of the next."""
    enough = sent(stub) + more
    process = start(stub, path)
    try:
        stub.wait_for(lambda: sent(stub) >= enough, seconds=30)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


@pytest.mark.slow
def test_twenty_kills_lose_nothing(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    path = tmp_path / "outbox.db"
    with running_stub() as stub:
        users = [stub.user(1000 + n) for n in range(PEOPLE)]
        with stub.world.changed:
            for user in users:  # who wrote to the bot some time ago
                stub.world.chats[user.id].state = ChatState.OPEN
        db = open_database(path)
        fill(db, users)
        db.conn.close()
        for round_ in range(KILLS):
            kill_after(stub, path, 3 + round_)
        process = start(stub, path)
        try:
            stub.wait_for(lambda: waiting(path) == 0, seconds=60)
        finally:
            process.kill()
            process.wait()
        heard = Counter(text for user in users for text in user.texts() if "提醒" in text)

    lost = [n for n in range(MESSAGES) if f"提醒第 {n} 条" not in heard]
    repeats = sum(heard.values()) - len(heard)
    record_property("repeats", repeats)
    print(f"{KILLS} kills, {MESSAGES} messages: {len(lost)} lost, {repeats} repeated")  # noqa: T201
    assert lost == []
    # At each kill no more than what was on its way at once may come twice, and once only.
    assert repeats <= KILLS * Pace().at_once
    assert max(heard.values()) <= 2


def waiting(path: Path) -> int:
    db = open_database(path)
    try:
        return outbox.waiting_count(db)
    finally:
        db.conn.close()
