"""The outbox loop: renders what waits at the moment of sending, and sends it at least once.

Exactly once is impossible where a channel knows no idempotency key: a message whose outcome
nobody knows is repeated, and only then. So whoever sends several at once may repeat as many when
the process is killed; hence one at a time (`Pace.at_once`), each marked before the next goes out,
and a long message part by part. The page knows no such doubt: recording a message there and
marking it are one transaction. Interactive replies do not come this way unless their channel
failed, and never wait behind what is paced here.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Protocol

from bot.database import transaction
from bot.desk import Desk
from bot.dialogue import Channel, DeliveryError, Person, Recipient, Reply, Role
from bot.oversight import ROBOT
from bot.packing import pack_reply, unpack_reply
from bot.records import messages, people
from bot.records.people import Address
from bot.records.reach import note_unreachable
from bot.records.roster import present_instead
from reminders import outbox
from reminders.alerts import Alert
from reminders.outbox import Waiting

log = logging.getLogger(__name__)

REPLY = "reply"
REJECTED = "rejected"
RECTIFICATION = "rectification"
"""How the kinds of alerts begin that a deputy may act on."""
"""A permanent error with this reason is our own mistake: the address stays usable."""
MANY_CHATS = 1000


class Sender(Protocol):
    """What a channel offers to the loop; `send` raises DeliveryError."""

    def parts(self, reply: Reply) -> tuple[Reply, ...]:
        """Cut a reply, with those that follow it, into what one call of `send` can carry."""
        ...

    async def send(self, address: str, reply: Reply) -> str:
        """Send one part and return the channel's name for the message."""
        ...


Render = Callable[[Desk, Waiting, Person, Channel], Reply | None]
RenderRobot = Callable[[Desk, Waiting], Reply | None]


def _nothing_said(_desk: Desk, _waiting: Waiting) -> Reply | None:
    return None


@dataclass(frozen=True, slots=True)
class Robots:
    """The group robots: a sender for each by name, and what they say."""

    senders: Mapping[str, Sender] = field(default_factory=dict)
    render: RenderRobot = _nothing_said


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast and how patiently; Telegram asks for under 30 a second and 1 a second per chat.

    As many as are on their way `at_once` may come twice after a kill.
    """

    per_second: float = 20.0
    chat_seconds: float = 1.0
    at_once: int = 1
    batch: int = 40
    idle_seconds: float = 1.0
    lease_seconds: float = 120.0
    first_retry_seconds: float = 1.0
    longest_retry_seconds: float = 300.0
    nobody_seconds: float = 3600.0
    give_up_hours: float = 24.0
    tries_of_a_bug: int = 3


class DeliveryLoop:
    """Delivers the outbox until stopped; stops between two messages."""

    def __init__(
        self,
        desk: Desk,
        senders: Mapping[Channel, Sender],
        render: Render,
        *,
        pace: Pace = Pace(),
        robots: Robots = Robots(),
    ) -> None:
        """Prepare a loop; nothing happens before `run`."""
        self._robots = robots
        self._desk = desk
        self._senders = senders
        self._render = render
        self._pace = pace
        self._turns = _Turns(pace)
        self._gate = asyncio.Semaphore(pace.at_once)
        # A line of their own: a group's server that hangs must not hold up everybody else.
        self._robot_gate = asyncio.Semaphore(1)
        self._awake = asyncio.Event()
        self._stopping = asyncio.Event()

    def wake(self) -> None:
        """Look into the outbox at once: something was just put in."""
        self._awake.set()

    def stop(self) -> None:
        """End `run` after the messages now on their way."""
        self._stopping.set()
        self._awake.set()

    async def run(self) -> None:
        """Deliver until stopped. Claims of a process that died are freed first."""
        await self._guarded(self._release(), "release")
        while not self._stopping.is_set():
            self._awake.clear()
            await self._guarded(self.deliver_due(), "delivery")
            await self._idle()

    async def _idle(self) -> None:
        try:
            await asyncio.wait_for(self._awake.wait(), self._pace.idle_seconds)
        except TimeoutError:
            return

    async def _release(self) -> None:
        now = self._desk.now()
        lease_ends_at = now + timedelta(seconds=self._pace.lease_seconds)
        with transaction(self._desk.db):
            outbox.release_expired(self._desk.db, now=now, ending_by=lease_ends_at)

    async def deliver_due(self) -> int:
        """Deliver what is due now, a batch after the other; return how many rows were taken."""
        taken = 0
        # A long write holds the file; waiting for it inside SQLite would freeze the loop.
        while not self._stopping.is_set() and not self._desk.long_writes.are_going_on:
            with transaction(self._desk.db):
                batch = outbox.claim(
                    self._desk.db,
                    now=self._desk.now(),
                    lease_seconds=self._pace.lease_seconds,
                    limit=self._pace.batch,
                )
            await asyncio.gather(*(self._deliver_in_order(rows) for rows in _by_recipient(batch)))
            taken += len(batch)
            if len(batch) < self._pace.batch:
                break
        return taken

    async def _deliver_in_order(self, rows: Sequence[Waiting]) -> None:
        for waiting in rows:
            if self._stopping.is_set():
                with transaction(self._desk.db):
                    outbox.put_back(self._desk.db, waiting.id)
            elif not await self._guarded(self._deliver(waiting), f"outbox {waiting.id}"):
                self._after_a_bug(waiting)

    async def _guarded(self, work: Awaitable[object], what: str) -> bool:
        """Do a piece of work; tell whether it went without a bug, which must not end the loop."""
        try:
            await work
        except Exception:  # the boundary of the delivery loop
            log.exception("incident %s in %s", secrets.token_hex(3), what)
            return False
        return True

    def _after_a_bug(self, waiting: Waiting) -> None:
        if waiting.attempts >= self._pace.tries_of_a_bug:
            self._fail(waiting, "bug")
        else:
            self._retry(waiting, self._backoff(waiting), "bug")

    # -- one row

    async def _deliver(self, waiting: Waiting) -> None:
        if waiting.kind == ROBOT:
            await self._deliver_to_robot(waiting)
            return
        if waiting.recipient.person_id is None:
            self._hand_to_holders(waiting)
            return
        try:
            person = people.person_by_id(self._desk.db, waiting.recipient.person_id)
        except KeyError:
            self._fail(waiting, "no_person")
            return
        known = people.addresses_of(self._desk.db, person.id)
        usable = [address for address in known if address.channel in self._senders]
        if known and not usable:
            self._postpone(waiting, self._pace.longest_retry_seconds, "no_channel")
            return
        for address in _asking_channel_first(waiting, usable):
            if await self._delivered_to(waiting, person, address):
                return
        self._fail(waiting, "unreachable")

    async def _deliver_to_robot(self, waiting: Waiting) -> None:
        """Let a group's robot say it; one that is refused for good is the administrator's."""
        name = waiting.facts["robot"]
        sender = self._robots.senders.get(name)
        reply = self._robots.render(self._desk, waiting) if sender else None
        if sender is None or reply is None:
            self._fail(waiting, "lapsed" if sender else "no_robot")
            return
        (part,) = sender.parts(reply)
        try:
            async with self._robot_gate:
                self._note_start(waiting)
                sent_as = await sender.send(name, part)
                self._note_sent(waiting, sent_as)
        except DeliveryError as error:
            if not error.permanent:
                self._after_failure(waiting, error)
                return
            self._fail(waiting, error.reason)
            self._tell_of_refusal(name, error.reason)

    def _tell_of_refusal(self, robot: str, reason: str) -> None:
        now = self._desk.now()
        alert = Alert(
            kind="robot_refused",
            recipient=Recipient(role=Role.ADMINISTRATOR),
            facts={"robot": robot, "reason": reason},
            dedupe_key=f"robot_refused:{robot}:{now:%Y-%m-%d}",
        )
        with transaction(self._desk.db):
            outbox.put(self._desk.db, (alert,), now=now)

    def _hand_to_holders(self, waiting: Waiting) -> None:
        """Turn a row for a role into one for each who holds it now, each with its own fate."""
        role, scope = waiting.recipient.role, waiting.recipient.scope
        assert role is not None
        holders = people.people_with_role(self._desk.db, role, scope)
        if not holders:
            self._postpone(waiting, self._pace.nobody_seconds, "nobody")
            return
        alerts = [
            Alert(
                kind=waiting.kind,
                recipient=Recipient(person_id=holder_id),
                facts=waiting.facts,
                dedupe_key=f"{waiting.dedupe_key}:{holder_id}",
            )
            for holder_id in self._present(waiting, holders)
        ]
        now = self._desk.now()
        with transaction(self._desk.db):
            outbox.put(self._desk.db, alerts, now=now)
            outbox.mark_sent(self._desk.db, waiting.id, now=now, sent_as=f"people:{len(alerts)}")
        self.wake()

    def _present(self, waiting: Waiting, holders: Sequence[Person]) -> tuple[int, ...]:
        """Return whom to tell: what a deputy may act on goes to the deputy of those on leave."""
        if waiting.kind.startswith(RECTIFICATION):
            return present_instead(self._desk.db, holders, self._desk.today())
        return tuple(holder.id for holder in holders)

    async def _delivered_to(self, waiting: Waiting, person: Person, address: Address) -> bool:
        """Try one address; tell whether the row needs no other address now."""
        reply = self._reply(waiting, person, address.channel)
        if reply is None:
            self._fail(waiting, "lapsed")
            return True
        parts = self._senders[address.channel].parts(reply)
        try:
            await self._send(waiting, person, address, parts)
        except DeliveryError as error:
            if not error.permanent:
                self._after_failure(waiting, error)
                return True
            log.warning("outbox %s: %s on %s", waiting.id, error.reason, address.channel)
            if error.reason != REJECTED:
                with transaction(self._desk.db):
                    note_unreachable(self._desk, address)
            return False
        return True

    def _reply(self, waiting: Waiting, person: Person, channel: Channel) -> Reply | None:
        if waiting.kind == REPLY:
            return unpack_reply(waiting.facts["reply"])
        return self._render(self._desk, waiting, person, channel)

    async def _send(
        self, waiting: Waiting, person: Person, address: Address, parts: Sequence[Reply]
    ) -> None:
        """Send the first part; what follows it becomes a row of its own, sent right after."""
        sender, (part, *rest) = self._senders[address.channel], parts
        if isinstance(sender, PageSender):
            self._record(waiting, sender, address, parts)
            return
        paced = address.channel is Channel.TELEGRAM
        if paced:
            await self._turns.in_chat(address.address)
        async with self._gate:
            if paced and not self._stopping.is_set():
                await self._turns.of_all(address.address)
            if self._stopping.is_set():
                with transaction(self._desk.db):
                    outbox.put_back(self._desk.db, waiting.id)
                return
            self._note_start(waiting)
            name = await sender.send(address.address, part)
            following = self._note_sent(waiting, name, self._rest(waiting, person, address, rest))
        await self._deliver_in_order(following)

    def _record(
        self, waiting: Waiting, sender: PageSender, address: Address, parts: Sequence[Reply]
    ) -> None:
        """Put a message on the page and mark it in one transaction: no death comes between."""
        with transaction(self._desk.db):
            first, *_ = [sender.record(address.address, part) for part in parts]
            outbox.mark_sent(self._desk.db, waiting.id, now=self._desk.now(), sent_as=first)

    def _note_start(self, waiting: Waiting) -> None:
        """Write down that a message goes out, just before it does: what a death then means."""
        with transaction(self._desk.db):
            outbox.begin_sending(self._desk.db, waiting.id, now=self._desk.now())

    def _note_sent(
        self, waiting: Waiting, sent_as: str, rest: Alert | None = None
    ) -> tuple[Waiting, ...]:
        """Mark a row and put in what follows it, so that no part is repeated with another."""
        now = self._desk.now()
        with transaction(self._desk.db):
            outbox.mark_sent(self._desk.db, waiting.id, now=now, sent_as=sent_as)
            if rest is None:
                return ()
            outbox.put(self._desk.db, (rest,), now=now)
            lease = self._pace.lease_seconds
            return outbox.claim_by_key(self._desk.db, rest.dedupe_key, now=now, lease_seconds=lease)

    def _rest(
        self, waiting: Waiting, person: Person, address: Address, rest: Sequence[Reply]
    ) -> Alert | None:
        if not rest:
            return None
        return Alert(
            kind=REPLY,
            recipient=Recipient(person_id=person.id),
            facts={"reply": pack_reply(in_sequence(rest)), "channel": address.channel},
            dedupe_key=f"{waiting.dedupe_key}:rest",
        )

    # -- what became of it

    def _after_failure(self, waiting: Waiting, error: DeliveryError) -> None:
        if error.sent is not None:
            self._postpone(waiting, error.retry_after or self._backoff(waiting), error.reason)
        elif waiting.failure == outbox.UNKNOWN:
            self._fail(waiting, outbox.UNKNOWN)
        else:
            self._retry(waiting, self._pace.first_retry_seconds, outbox.UNKNOWN)

    def _backoff(self, waiting: Waiting) -> float:
        doubled = self._pace.first_retry_seconds * 2 ** min(waiting.attempts - 1, 20)
        return float(min(doubled, self._pace.longest_retry_seconds))

    def _postpone(self, waiting: Waiting, seconds: float, reason: str) -> None:
        """Try again later, unless it has waited for so long that nobody wants it any more."""
        age = self._desk.now() - waiting.put_at
        if age > timedelta(hours=self._pace.give_up_hours):
            self._fail(waiting, reason)
        else:
            self._retry(waiting, seconds, reason)

    def _retry(self, waiting: Waiting, seconds: float, reason: str) -> None:
        now = self._desk.now()
        with transaction(self._desk.db):
            outbox.retry_later(self._desk.db, waiting.id, now=now, seconds=seconds, reason=reason)

    def _fail(self, waiting: Waiting, reason: str) -> None:
        log.warning("outbox %s (%s) given up: %s", waiting.id, waiting.kind, reason)
        with transaction(self._desk.db):
            outbox.mark_failed(self._desk.db, waiting.id, now=self._desk.now(), reason=reason)


class PageSender:
    """Delivers to the page by recording the message: the page's poll shows it."""

    def __init__(self, desk: Desk) -> None:
        """Record at this desk."""
        self._desk = desk

    def parts(self, reply: Reply) -> tuple[Reply, ...]:
        """Return each message by itself."""
        return tuple(replace(each, then=()) for each in reply.messages())

    async def send(self, address: str, reply: Reply) -> str:
        """Record one message in a transaction of its own."""
        with transaction(self._desk.db):
            return self.record(address, reply)

    def record(self, address: str, reply: Reply) -> str:
        """Record one message for the person at this address, in the caller's transaction."""
        db, now = self._desk.db, self._desk.now()
        person = people.find_person(db, Address(Channel.WEB, address))
        if person is None:
            raise DeliveryError("unreachable", permanent=True)
        packed = pack_reply(replace(reply, number=None, replaces=False))
        number = messages.record_out(db, person.id, Channel.WEB, reply.text, packed, now=now)
        return str(number)


def in_sequence(parts: Sequence[Reply]) -> Reply:
    """Make one reply of several, each following the other."""
    first, *later = parts
    return replace(first, then=tuple(later))


def _asking_channel_first(waiting: Waiting, usable: Sequence[Address]) -> list[Address]:
    """Return where to try, in order: a reply goes where the question came from, if it can."""
    asked_on = waiting.facts.get("channel")
    return sorted(usable, key=lambda address: address.channel != asked_on)


def _by_recipient(batch: Sequence[Waiting]) -> tuple[tuple[Waiting, ...], ...]:
    """Group rows by whom they are for, since one person's messages keep their order."""
    groups: dict[Recipient, list[Waiting]] = {}
    for waiting in batch:
        groups.setdefault(waiting.recipient, []).append(waiting)
    return tuple(tuple(group) for group in groups.values())


class _Turns:
    """Says when the next message may go: overall and to one chat."""

    def __init__(self, pace: Pace) -> None:
        self._between = 1 / pace.per_second
        self._chat_seconds = pace.chat_seconds
        self._next = 0.0
        self._next_in_chat: dict[str, float] = {}

    async def in_chat(self, address: str) -> None:
        """Wait until this chat may hear something again."""
        now = asyncio.get_running_loop().time()
        await asyncio.sleep(max(0.0, self._next_in_chat.get(address, 0.0) - now))

    async def of_all(self, address: str) -> None:
        """Wait for one's turn among all chats, and note when this one was told something."""
        loop = asyncio.get_running_loop()
        at = max(loop.time(), self._next)
        self._next = at + self._between
        await asyncio.sleep(max(0.0, at - loop.time()))
        now = loop.time()
        if len(self._next_in_chat) > MANY_CHATS:
            self._next_in_chat = {a: t for a, t in self._next_in_chat.items() if t > now}
        self._next_in_chat[address] = now + self._chat_seconds
