"""Takes updates in, answers them, and says when each is settled.

Settled means: its effects are committed, and its reply was accepted by Telegram or lies in the
outbox. One chat's updates are handled in order, different chats side by side.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import sqlite3
from collections.abc import Awaitable, Callable, KeysView, Mapping
from dataclasses import dataclass, replace
from typing import Any

from telegram import Bot, Update
from telegram.error import TelegramError

from bot.channels.beside import Beside, until_quiet
from bot.channels.telegram.core import Core, Timing
from bot.channels.telegram.groups import OurName
from bot.channels.telegram.incoming import (
    Attached,
    Event,
    Looked,
    Moved,
    Reachable,
    Said,
    read_update,
)
from bot.channels.telegram.inline import CACHE_SECONDS, cards_for
from bot.channels.telegram.lean import lean_update
from bot.channels.telegram.sender import CannotEdit, TelegramSender
from bot.database import transaction
from bot.desk import Desk
from bot.dialogue import Channel, DeliveryError, Incoming, Person, Reply, Role, Upload
from bot.records import people
from bot.records.people import Address
from bot.records.reach import note_unreachable
from bot.settings import PersonalData
from bot.views.questions import unsupported_reply
from bot.views.refusals import incident_reply
from bot.views.telegram_words import file_too_large_reply, kind_word

log = logging.getLogger(__name__)

LARGEST_UPLOAD = 20_000_000
RawUpdate = Mapping[str, Any]
OnRole = Callable[[int, Role], Awaitable[None]]


@dataclass(slots=True)
class _Turn:
    """Where in a chat the next update stands in line."""

    last: asyncio.Task[None] | None = None


class Intake:
    """Handles updates; each is in hand until its task is done, which is when it is settled."""

    def __init__(
        self,
        desk: Desk,
        core: Core,
        bot: Bot,
        sender: TelegramSender,
        us: OurName,
        *,
        timing: Timing,
        wake: Callable[[], None],
        on_role: OnRole,
        on_move: Callable[[str, str], None],
    ) -> None:
        """Answer through `sender`; `wake` is called when something went into the outbox."""
        self._desk = desk
        self._core = core
        self._bot = bot
        self._sender = sender
        self._us = us
        self._timing = timing
        self._beside = Beside()
        self._wake = wake
        self._on_role = on_role
        self._on_move = on_move
        self._in_hand: dict[int, asyncio.Task[None]] = {}
        self._turns: dict[int, _Turn] = {}
        self._asides: set[asyncio.Task[None]] = set()

    def in_hand(self) -> tuple[asyncio.Task[None], ...]:
        """Return the tasks of the updates that are not settled."""
        return tuple(self._in_hand.values())

    def unsettled_ids(self) -> KeysView[int]:
        """Return the ids of the updates that are not settled."""
        return self._in_hand.keys()

    def take(self, raw: RawUpdate) -> asyncio.Task[None]:
        """Begin with an update, or find it in hand; the task returned ends when it is settled."""
        update_id = int(raw["update_id"])
        if update_id in self._in_hand:
            return self._in_hand[update_id]
        task = asyncio.create_task(self._settle(update_id, self._read(update_id, raw)))
        self._in_hand[update_id] = task
        task.add_done_callback(lambda _: self._in_hand.pop(update_id))
        return task

    async def drain(self) -> None:
        """Let what is in hand end, for a while; what does not end is delivered again later."""
        tasks = {*self._in_hand.values(), *self._asides}
        if tasks:
            _, left = await asyncio.wait(tasks, timeout=self._timing.drain)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    def _read(self, update_id: int, raw: RawUpdate) -> Event | None:
        """Read an update; a pressed button is answered at once, before its turn comes."""
        try:
            update = Update.de_json(lean_update(raw), self._bot)
            event = read_update(update, self._us)
        except (KeyError, TypeError, ValueError, AttributeError):
            log.exception("update %s cannot be read", update_id)
            return None
        if update.callback_query:
            self._aside(self._sender.take_note(update.callback_query.id))
        return event

    def _aside(self, work: Awaitable[None]) -> None:
        """Do something that no update waits for."""
        task = asyncio.ensure_future(work)
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)

    async def _settle(self, update_id: int, event: Event | None) -> None:
        match event:
            case Said(chat_id) | Reachable(chat_id) | Moved(chat_id):
                await self._in_turn(chat_id, update_id, event)
            case Looked():
                await self._patiently(update_id, event)

    async def _in_turn(self, chat_id: int, update_id: int, event: Event) -> None:
        """Wait until the chat's earlier updates are settled, then handle this one."""
        turn = self._turns.setdefault(chat_id, _Turn())
        before, turn.last = turn.last, asyncio.current_task()
        if before is not None:
            await asyncio.wait({before})
        await self._patiently(update_id, event)
        if turn.last is asyncio.current_task():
            del self._turns[chat_id]

    async def _patiently(self, update_id: int, event: Event) -> None:
        """Handle an event; one that fails for no good reason is given up after some tries."""
        for attempt in range(1, self._timing.tries + 1):
            (failure,) = await asyncio.gather(
                self._handle(update_id, event), return_exceptions=True
            )
            if failure is None:
                return
            log.error("update %s failed, try %s", update_id, attempt, exc_info=failure)
            await asyncio.sleep(self._timing.between_tries)
        incident = secrets.token_hex(3)
        log.error("incident %s: update %s given up", incident, update_id)
        if isinstance(event, Said):
            await self._apologise(event, incident)

    async def _apologise(self, said: Said, incident: str) -> None:
        try:
            await self._send(said, incident_reply(incident))
        except DeliveryError as error:
            log.warning("not even an apology was delivered: %s", error.reason)

    async def _handle(self, update_id: int, event: Event) -> None:
        match event:
            case Said():
                await self._answer(f"tg:{update_id}", event)
            case Looked():
                await self._show_cards(event)
            case Reachable():
                self._mark(event)
            case Moved():
                self._on_move(str(event.old_id), str(event.new_id))

    def _mark(self, event: Reachable) -> None:
        address = _address(event.chat_id)
        with transaction(self._desk.db):
            if event.is_open:
                people.mark_usable(self._desk.db, address)
            else:
                note_unreachable(self._desk, address)

    async def _show_cards(self, event: Looked) -> None:
        try:
            await self._bot.answer_inline_query(
                event.query_id,
                cards_for(self._desk, event.text),
                cache_time=CACHE_SECONDS,
                is_personal=False,
            )
        except TelegramError as error:
            log.info("an inline query was not answered: %s", error.message)

    # -- the conversation

    async def _answer(self, key: str, said: Said) -> None:
        deadline = _now() + self._timing.settle
        await until_quiet(self._desk)
        person = self._person(said.chat_id)
        upload = await self._fetch(said, person)
        incoming = self._incoming(key, said, person, upload)
        reply = self._unreadable(said, person, upload)
        if reply is None:
            reply = await self._beside.respond(self._core.respond, self._desk, incoming)
            self._notice_role(said, person)
        if reply is not None:
            await self._deliver(said, incoming, reply, deadline)

    def _unreadable(self, said: Said, person: Person, upload: Upload | None) -> Reply | None:
        """Return what is said to somebody who sent what we cannot read, else None."""
        if said.unreadable is not None:
            return unsupported_reply(kind_word(said.unreadable))
        if said.attached is None or upload is not None:
            return None
        if person.is_staff and _is_too_large(said.attached):
            return file_too_large_reply()
        return unsupported_reply(kind_word("document"))

    def _person(self, chat_id: int) -> Person:
        """Return whom we talk to: in a group the group itself, which is a citizen."""
        db, address = self._desk.db, _address(chat_id)
        person = people.find_person(db, address)
        if person is not None and address in people.addresses_of(db, person.id):
            return person
        with transaction(db):
            person = people.person_at(db, address, now=self._desk.now())
            people.mark_usable(db, address)
        return person

    def _incoming(self, key: str, said: Said, person: Person, upload: Upload | None) -> Incoming:
        denied = self._desk.settings.telegram.personal_data is PersonalData.DENY
        return Incoming(
            person=person,
            channel=Channel.TELEGRAM,
            text=said.text,
            token=said.token,
            upload=upload,
            key=key,
            discreet=denied or said.is_public,
            public=said.is_public,
        )

    async def _fetch(self, said: Said, person: Person) -> Upload | None:
        """Fetch a file from staff; None for citizens', too large ones and those out of reach."""
        attached = said.attached
        if attached is None or not person.is_staff or _is_too_large(attached):
            return None
        try:
            file = await self._bot.get_file(attached.file_id)
            content = await file.download_as_bytearray()
        except TelegramError as error:
            log.warning("a file could not be fetched: %s", type(error).__name__)
            return None
        return Upload(attached.name, bytes(content))

    def _notice_role(self, said: Said, before: Person) -> None:
        """Where an answer gave or took a role, let the chat's menu follow."""
        after = people.find_person(self._desk.db, _address(said.chat_id))
        if not said.is_public and after is not None and after.role != before.role:
            self._aside(self._on_role(said.chat_id, after.role))

    async def _deliver(self, said: Said, incoming: Incoming, reply: Reply, deadline: float) -> None:
        """Send part after part; settle, or put what is left into the outbox and settle."""
        assert incoming.key is not None
        parts = self._sender.parts(reply)
        for number, part in enumerate(parts):
            try:
                await self._send_patiently(said, part, deadline)
            except DeliveryError as error:
                if self._is_hopeless(said, error):
                    break
                rest = replace(part, then=parts[number + 1 :])
                self._core.settle_later(self._desk, incoming, rest)
                self._wake()
                return
        self._settle_receipt(incoming.key)

    def _settle_receipt(self, key: str) -> None:
        try:
            self._core.settle(self._desk, key)
        except sqlite3.Error:
            # The reply is out; doing it all again would only repeat it.
            log.exception("could not settle %s", key)

    def _is_hopeless(self, said: Said, error: DeliveryError) -> bool:
        """Tell whether nobody can be told; a chat that shut us out is remembered as such."""
        if not error.permanent:
            return False
        log.warning("a reply was not delivered: %s", error.reason)
        if error.reason != "rejected":
            self._mark(Reachable(said.chat_id, is_open=False))
        return True

    async def _send_patiently(self, said: Said, part: Reply, deadline: float) -> None:
        """Send one part, again after a failure that surely sent nothing, until the deadline."""
        wait = self._timing.between_tries
        while True:
            try:
                await self._send(said, part)
            except DeliveryError as error:
                pause = error.retry_after or wait
                if error.permanent or error.sent is None or _now() + pause > deadline:
                    raise
                await asyncio.sleep(pause)
                wait *= 2
            else:
                return

    async def _send(self, said: Said, part: Reply) -> None:
        address = str(said.chat_id)
        if part.replaces and said.pressed is not None:
            try:
                await self._sender.edit(address, said.pressed, part)
            except CannotEdit:
                log.debug("a message could not be changed, sending a new one")
            else:
                return
        quoting = said.said_in if said.is_public else None
        await self._sender.answer(address, part, quoting=quoting)


def _is_too_large(attached: Attached) -> bool:
    return attached.size is None or attached.size > LARGEST_UPLOAD


def _address(chat_id: int) -> Address:
    return Address(Channel.TELEGRAM, str(chat_id))


def _now() -> float:
    return asyncio.get_running_loop().time()
