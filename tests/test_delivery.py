"""The delivery loop: at least once, a repeat only where the outcome is unknown, and then one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from bot.database import open_database, transaction
from bot.delivery import REPLY, DeliveryLoop, Pace, PageSender, Sender, in_sequence
from bot.desk import Desk, Library, Links, WorkingDays
from bot.dialogue import Channel, DeliveryError, Person, Recipient, Reply, Role, Scope
from bot.packing import pack_reply, unpack_reply
from bot.records import messages, people
from bot.records.people import Address
from bot.records.reach import note_unreachable
from bot.settings import Settings
from reminders import outbox
from reminders.alerts import Alert
from reminders.outbox import Waiting
from reminders.working_days import load_calendar
from tests.conftest import Clock

FAST = Pace(per_second=10_000, chat_seconds=0, idle_seconds=0.01)
UNKNOWN = DeliveryError("unknown", sent=None)
BLOCKED = DeliveryError("forbidden", permanent=True)
FLOOD = DeliveryError("flood", retry_after=30)


@dataclass
class FakeSender:
    """A channel that does as it is told: one outcome a message, success when none is left."""

    outcomes: list[Exception | None] = field(default_factory=list)
    sent: list[tuple[str, str]] = field(default_factory=list)
    tried: int = 0
    on_send: Callable[[], None] = lambda: None

    def parts(self, reply: Reply) -> tuple[Reply, ...]:
        return tuple(replace(each, then=()) for each in reply.messages())

    async def send(self, address: str, reply: Reply) -> str:
        self.tried += 1
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if outcome is not None:
            raise outcome
        self.sent.append((address, reply.text))
        self.on_send()
        return f"m{len(self.sent)}"


@pytest.fixture
def desk(clock: Clock, settings: Settings) -> Desk:
    days = WorkingDays(load_calendar(None)[0])
    library: Any = None  # nothing here asks the knowledge base
    return Desk(open_database(None), Library(library), days, settings, clock, Links())


@pytest.fixture
def telegram() -> FakeSender:
    return FakeSender()


def render(_desk: Desk, waiting: Waiting, person: Person, channel: Channel) -> Reply | None:
    if waiting.kind == "broken":
        raise ZeroDivisionError
    if waiting.kind == "stale":
        return None
    return Reply(f"{waiting.facts.get('words', waiting.kind)} {channel}")


def a_loop(desk: Desk, telegram: FakeSender, pace: Pace = FAST) -> DeliveryLoop:
    senders: dict[Channel, Sender] = {Channel.TELEGRAM: telegram, Channel.WEB: PageSender(desk)}
    return DeliveryLoop(desk, senders, render, pace=pace)


def somebody(desk: Desk, address: str, channel: Channel = Channel.TELEGRAM) -> Person:
    return people.person_at(desk.db, Address(channel, address), now=desk.now())


def alert(person: Person, key: str = "k", words: str = "到期", kind: str = "note") -> Alert:
    return Alert(kind, Recipient(person_id=person.id), {"words": words}, key)


def put(desk: Desk, *alerts: Alert) -> None:
    with transaction(desk.db):
        outbox.put(desk.db, alerts, now=desk.now())


def deliver(loop: DeliveryLoop) -> int:
    return asyncio.run(loop.deliver_due())


def fate(desk: Desk, key: str = "k") -> tuple[bool, str | None, str | None]:
    query = "SELECT sent_at IS NOT NULL, sent_as, failure FROM outbox WHERE dedupe_key = ?"
    sent, sent_as, failure = desk.db.execute(query, [key]).fetchone()
    return bool(sent), sent_as, failure


def is_given_up(desk: Desk, key: str = "k") -> bool:
    query = "SELECT failed_at IS NOT NULL FROM outbox WHERE dedupe_key = ?"
    return bool(desk.db.execute(query, [key]).fetchone()[0])


def test_an_alert_is_rendered_and_sent_once(desk: Desk, telegram: FakeSender) -> None:
    put(desk, alert(somebody(desk, "101")))
    loop = a_loop(desk, telegram)

    assert (deliver(loop), deliver(loop)) == (1, 0)

    assert telegram.sent == [("101", "到期 telegram")]
    assert fate(desk) == (True, "m1", None)


def test_one_persons_messages_keep_their_order(desk: Desk, telegram: FakeSender) -> None:
    anna = somebody(desk, "1")
    put(desk, *(alert(anna, f"k{n}", str(n)) for n in range(9)))

    deliver(a_loop(desk, telegram))

    assert [text[0] for _, text in telegram.sent] == [str(n) for n in range(9)]


def test_more_than_a_batch_is_delivered(desk: Desk, telegram: FakeSender) -> None:
    put(desk, *(alert(somebody(desk, str(n)), f"k{n}") for n in range(95)))

    assert deliver(a_loop(desk, telegram)) == 95
    assert len(telegram.sent) == 95


def test_a_role_becomes_those_who_hold_it_now(desk: Desk, telegram: FakeSender) -> None:
    for address, role, district in (
        ("1", Role.LEAD, "龙亭区"),
        ("2", Role.LEAD, "鼓楼区"),
        ("3", Role.LEAD, None),
        ("4", Role.CLERK, "龙亭区"),
    ):
        people.set_role(desk.db, somebody(desk, address), role, Scope(district))
    recipient = Recipient(role=Role.LEAD, scope=Scope("龙亭区"))
    put(desk, Alert("note", recipient, {"words": "新留言"}, "k"))
    loop = a_loop(desk, telegram)

    deliver(loop)
    deliver(loop)

    assert sorted(address for address, _ in telegram.sent) == ["1", "3"]


def test_a_role_that_nobody_holds_waits(desk: Desk, telegram: FakeSender, clock: Clock) -> None:
    put(desk, Alert("note", Recipient(role=Role.LEAD), {"words": "新留言"}, "k"))
    loop = a_loop(desk, telegram)
    deliver(loop)
    people.set_role(desk.db, somebody(desk, "1"), Role.LEAD, Scope())

    clock.move(hours=1)
    deliver(loop)
    deliver(loop)

    assert [address for address, _ in telegram.sent] == ["1"]


def test_the_page_is_told_by_a_recorded_message(desk: Desk, telegram: FakeSender) -> None:
    person = somebody(desk, "visitor", Channel.WEB)
    put(desk, alert(person))

    deliver(a_loop(desk, telegram))

    (message,) = messages.messages_of(desk.db, person.id)
    assert (message.direction, message.text) == ("out", "到期 web")
    assert unpack_reply(message.reply or "").text == "到期 web"
    assert fate(desk)[:2] == (True, str(message.id))


def test_a_block_leads_to_the_next_address(desk: Desk, telegram: FakeSender) -> None:
    person = somebody(desk, "101")
    desk.db.execute(
        "INSERT INTO addresses (channel, address, person_id, first_seen_at) VALUES (?, ?, ?, ?)",
        ["web", "visitor", person.id, desk.now().isoformat()],
    )
    telegram.outcomes = [BLOCKED]
    put(desk, alert(person))

    deliver(a_loop(desk, telegram))

    assert people.addresses_of(desk.db, person.id) == (Address(Channel.WEB, "visitor"),)
    assert [m.text for m in messages.messages_of(desk.db, person.id)] == ["到期 web"]
    assert outbox.waiting_count(desk.db) == 0  # a citizen's: nobody else's concern


def test_a_clerk_who_blocked_us_is_the_leads_concern_once_a_day(
    desk: Desk, telegram: FakeSender
) -> None:
    lead = people.set_role(desk.db, somebody(desk, "102"), Role.LEAD, Scope("龙亭区"))
    clerk = people.set_role(
        desk.db, somebody(desk, "101"), Role.CLERK, Scope("龙亭区", None, "longting-01")
    )
    telegram.outcomes = [BLOCKED]
    put(desk, alert(clerk))

    deliver(a_loop(desk, telegram))
    people.mark_usable(desk.db, Address(Channel.TELEGRAM, "101"))
    note_unreachable(desk, Address(Channel.TELEGRAM, "101"))
    for _ in range(2):  # to the role, then to who holds it
        deliver(a_loop(desk, telegram))

    told = [
        row[0]
        for row in desk.db.execute(
            "SELECT kind FROM outbox WHERE person_id = ? AND sent_at IS NOT NULL", [lead.id]
        ).fetchall()
    ]
    assert told == ["staff_unreachable"]


def test_whoever_blocked_us_is_not_tried_again(desk: Desk, telegram: FakeSender) -> None:
    person = somebody(desk, "101")
    telegram.outcomes = [BLOCKED]
    put(desk, alert(person))
    loop = a_loop(desk, telegram)
    deliver(loop)
    put(desk, alert(person, "k2"))

    deliver(loop)

    assert telegram.tried == 1
    assert is_given_up(desk)
    assert is_given_up(desk, "k2")


def test_our_own_mistake_leaves_the_address_alone(desk: Desk, telegram: FakeSender) -> None:
    person = somebody(desk, "101")
    telegram.outcomes = [DeliveryError("rejected", permanent=True)]
    put(desk, alert(person))

    deliver(a_loop(desk, telegram))

    assert is_given_up(desk)
    assert len(people.addresses_of(desk.db, person.id)) == 1


def test_a_flood_holds_that_chat_only(desk: Desk, telegram: FakeSender, clock: Clock) -> None:
    telegram.outcomes = [FLOOD]
    put(desk, alert(somebody(desk, "1"), "k1"), alert(somebody(desk, "2"), "k2"))
    loop = a_loop(desk, telegram)
    deliver(loop)
    assert [address for address, _ in telegram.sent] == ["2"]

    clock.move(seconds=29)
    assert deliver(loop) == 0
    clock.move(seconds=1)
    deliver(loop)

    assert [address for address, _ in telegram.sent] == ["2", "1"]


def test_what_was_surely_not_sent_is_tried_until_it_goes(
    desk: Desk, telegram: FakeSender, clock: Clock
) -> None:
    telegram.outcomes = [DeliveryError("no_connection")] * 12
    put(desk, alert(somebody(desk, "1")))
    loop = a_loop(desk, telegram)

    for _ in range(13):
        deliver(loop)
        clock.move(minutes=5)

    assert telegram.sent == [("1", "到期 telegram")]


def test_what_nobody_wants_after_a_day_is_given_up(
    desk: Desk, telegram: FakeSender, clock: Clock
) -> None:
    telegram.outcomes = [DeliveryError("no_connection")] * 2
    put(desk, alert(somebody(desk, "1")))
    loop = a_loop(desk, telegram)
    deliver(loop)

    clock.move(hours=24, seconds=1)
    deliver(loop)

    assert is_given_up(desk)


def test_an_unknown_outcome_is_repeated_once(
    desk: Desk, telegram: FakeSender, clock: Clock
) -> None:
    telegram.outcomes = [UNKNOWN, UNKNOWN]
    put(desk, alert(somebody(desk, "1")))
    loop = a_loop(desk, telegram)

    for _ in range(5):
        deliver(loop)
        clock.move(minutes=10)

    assert telegram.tried == 2
    assert is_given_up(desk)
    assert fate(desk)[2] == outbox.UNKNOWN


def test_a_process_that_died_in_mid_sending_leaves_one_repeat(
    desk: Desk, telegram: FakeSender
) -> None:
    put(desk, alert(somebody(desk, "1")))
    with transaction(desk.db):
        outbox.claim(desk.db, now=desk.now(), lease_seconds=100, limit=1)

    asyncio.run(_run_until(a_loop(desk, telegram), lambda: bool(telegram.sent)))

    assert telegram.sent == [("1", "到期 telegram")]


async def _run_until(loop: DeliveryLoop, condition: Callable[[], bool]) -> None:
    running = asyncio.create_task(loop.run())
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)
    loop.stop()
    await running


def test_an_alert_that_is_stale_is_not_sent(desk: Desk, telegram: FakeSender) -> None:
    put(desk, alert(somebody(desk, "1"), kind="stale"))

    deliver(a_loop(desk, telegram))

    assert telegram.tried == 0
    assert fate(desk) == (False, None, "lapsed")


def test_a_bug_in_one_alert_stops_neither_the_loop_nor_the_others(
    desk: Desk, telegram: FakeSender, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    put(desk, alert(somebody(desk, "1"), "k1", kind="broken"), alert(somebody(desk, "2"), "k2"))
    loop = a_loop(desk, telegram)

    for _ in range(5):
        deliver(loop)
        clock.move(hours=1)

    assert telegram.sent == [("2", "到期 telegram")]
    assert is_given_up(desk, "k1")
    assert caplog.text.count("incident ") == FAST.tries_of_a_bug


def a_stored_reply(person: Person, *texts: str, key: str = "reply:tg:1") -> Alert:
    packed = pack_reply(in_sequence([Reply(text) for text in texts]))
    facts = {"reply": packed, "channel": "telegram"}
    return Alert(REPLY, Recipient(person_id=person.id), facts, key)


def test_a_stored_reply_is_sent_as_it_is(desk: Desk, telegram: FakeSender) -> None:
    put(desk, a_stored_reply(somebody(desk, "1"), "一", "二"))

    deliver(a_loop(desk, telegram))

    assert telegram.sent == [("1", "一"), ("1", "二")]


@pytest.mark.parametrize("failure", [FLOOD, UNKNOWN])
def test_parts_that_were_sent_are_not_sent_again(
    desk: Desk, telegram: FakeSender, clock: Clock, failure: DeliveryError
) -> None:
    telegram.outcomes = [None, None, failure]
    put(desk, a_stored_reply(somebody(desk, "1"), "一", "二", "三", "四"))
    loop = a_loop(desk, telegram)

    for _ in range(3):
        deliver(loop)
        clock.move(minutes=1)

    assert [text for _, text in telegram.sent] == ["一", "二", "三", "四"]


def test_without_the_channel_a_message_waits(
    desk: Desk, telegram: FakeSender, clock: Clock
) -> None:
    put(desk, alert(somebody(desk, "1")))
    deliver(DeliveryLoop(desk, {}, render, pace=FAST))
    clock.move(minutes=10)

    deliver(a_loop(desk, telegram))

    assert len(telegram.sent) == 1


def test_stopping_leaves_the_rest_for_the_next_start(desk: Desk, telegram: FakeSender) -> None:
    put(desk, a_stored_reply(somebody(desk, "1"), "一", "二"))
    put(desk, alert(somebody(desk, "1"), "k2"))
    loop = a_loop(desk, telegram)
    telegram.on_send = loop.stop

    deliver(loop)
    first_run = list(telegram.sent)
    telegram.on_send = lambda: None
    deliver(a_loop(desk, telegram))

    assert first_run == [("1", "一")]
    assert sorted(text for _, text in telegram.sent[1:]) == ["二", "到期 telegram"]


def test_bulk_is_paced_overall_and_in_each_chat(desk: Desk, telegram: FakeSender) -> None:
    at: list[float] = []
    telegram.on_send = lambda: at.append(asyncio.get_running_loop().time())
    people_there: Sequence[Person] = [somebody(desk, str(n)) for n in range(5)]
    put(desk, *(alert(p, f"k{p.id}-{n}") for p in people_there for n in range(2)))

    deliver(a_loop(desk, telegram, Pace(per_second=100, chat_seconds=0.1)))

    gaps = [after - before for before, after in zip(at, at[5:], strict=False)]
    assert min(gaps) > 0.09, "one chat's second message came at once"
    assert at[-1] - at[0] > 0.09, "ten messages at 100 a second take 90 ms"


def test_a_put_wakes_the_loop(desk: Desk, telegram: FakeSender) -> None:
    person = somebody(desk, "1")
    loop = a_loop(desk, telegram, replace(FAST, idle_seconds=60))

    async def put_while_it_rests() -> None:
        running = asyncio.create_task(loop.run())
        await asyncio.sleep(0.02)
        put(desk, alert(person))
        loop.wake()
        async with asyncio.timeout(5):
            while not telegram.sent:
                await asyncio.sleep(0.001)
        loop.stop()
        await running

    asyncio.run(put_while_it_rests())

    assert outbox.oldest_waiting_at(desk.db, now=desk.now() + timedelta(days=1)) is None
