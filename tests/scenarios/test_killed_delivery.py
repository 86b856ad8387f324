"""kill -9 twenty times during 500 digests: none lost, at most the one on its way repeated."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.database import FILE_NAME, open_database
from bot.delivery import Pace
from bot.dialogue import Channel, Role
from bot.records import people
from bot.records.people import Address
from tests.case_builders import LONGTING, a_row, at, bring_in
from tests.scenarios.program import start_program, write_config
from tests.telegram_stub import TOKEN, SlowAnswer, Stub, User
from tests.telegram_stub.world import ChatState

MESSAGES = 500
KILLS = 20
ANSWER_SECONDS = 0.05
IMPORTED_AT = "2025-02-06T08:00"
STARTED_AT = at("2025-02-06T09:00")
"""After the run of 08:30, which every start therefore makes up for if it is not complete."""


def fill(folder: Path, users: list[User]) -> None:
    """Give each clerk one case that is due tomorrow."""
    db = open_database(folder / "data" / FILE_NAME)
    rows = []
    for n, user in enumerate(users):
        name = f"员工{n}"
        address = Address(Channel.TELEGRAM, str(user.id))
        person = people.person_at(db, address, now=at(IMPORTED_AT))
        people.set_role(db, person, Role.CLERK, LONGTING)
        db.execute("UPDATE people SET name = ? WHERE id = ?", [name, person.id])
        rows.append(a_row(number=f"4102022025{n:08}", handler_name=name))
    bring_in(db, *rows, as_of=IMPORTED_AT)
    db.conn.close()


def told(user: User) -> int:
    return sum("即将超期 1 件" in text for text in user.texts())


def start(folder: Path, times: int) -> Callable[[], None]:
    """Start the program, each time a minute later than the last; return what kills it."""
    clock = (STARTED_AT + timedelta(minutes=times)).isoformat()
    return start_program(folder, ("--clock", clock), token=TOKEN).kill


def waiting(folder: Path) -> int:
    """Count the digests for somebody that are not sent; the supervisor's has nobody to go to."""
    file = folder / "data" / FILE_NAME
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as db:
        query = """SELECT count(*) FROM outbox WHERE person_id IS NOT NULL AND sent_at IS NULL
                   AND failed_at IS NULL"""
        return int(db.execute(query).fetchone()[0])


@pytest.mark.slow
def test_twenty_kills_lose_nothing(
    program_folder: Path, stub: Stub, record_property: Callable[[str, object], None]
) -> None:
    write_config(
        program_folder,
        f"telegram:\n  base_url: {stub.base_url}\n  base_file_url: {stub.base_file_url}\n",
    )
    users = [stub.user(1000 + n) for n in range(MESSAGES)]
    with stub.world.changed:
        for user in users:  # who wrote to the bot some time ago
            stub.world.chats[user.id].state = ChatState.OPEN
    fill(program_folder, users)
    # What was asked is done at once and answered late: nearly every kill falls in between.
    stub.script("sendMessage", *[SlowAnswer(ANSWER_SECONDS)] * (2 * MESSAGES))

    for times in range(KILLS):
        enough = len(stub.calls_of("sendMessage")) + 3 + times
        kill = start(program_folder, times)
        try:
            stub.wait_for(lambda: len(stub.calls_of("sendMessage")) >= enough, seconds=60)  # noqa: B023
        finally:
            kill()
    kill = start(program_folder, KILLS)
    try:
        stub.wait_for(lambda: all(map(told, users)) and not waiting(program_folder), seconds=90)
    finally:
        kill()

    heard = Counter(told(user) for user in users)
    repeats = sum((times - 1) * number for times, number in heard.items() if times)
    record_property("repeats", repeats)
    print(  # noqa: T201
        f"{KILLS} kills, {MESSAGES} digests: {heard[0]} lost, {repeats} repeated, "
        f"to one person at most {max(heard)} copies"
    )
    assert heard[0] == 0
    # Each kill repeats no more than was on its way at once, which is one.
    assert Pace().at_once == 1
    assert repeats <= KILLS * Pace().at_once
    assert stub.violations == ()
