"""Sends one part of a reply to one chat, for the conversation and for the outbox alike.

Telegram has no idempotency key. After a failure whose outcome is unknown, or while the line is
down, a harmless question (getMe) goes ahead of the next message: so an outage makes a message
late, not doubtful.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from telegram import Bot, LinkPreviewOptions, Message, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, RetryAfter, TelegramError

from bot.channels.telegram.failures import CANNOT_EDIT, delivery_error, retry_seconds, says
from bot.channels.telegram.outgoing import split_reply, to_html, to_keyboard, to_plain
from bot.dialogue import DeliveryError, Reply

log = logging.getLogger(__name__)

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
ASK_AGAIN_SECONDS = 0.5
MANY_HOLDS = 1000
NOT_A_PHOTO = ("photo_invalid_dimensions", "image_process_failed", "wrong file identifier")

T = TypeVar("T")


class CannotEdit(Exception):  # noqa: N818 - an expected "no"
    """A message can no longer be changed: send a new one."""


class TelegramSender:
    """One line to Telegram; knows which chats must rest and whether the line is in doubt."""

    def __init__(self, bot: Bot, *, on_move: Callable[[str, str], None]) -> None:
        """Send as `bot`; `on_move` is told the old and the new address of a chat."""
        self._bot = bot
        self._on_move = on_move
        self._rests_until: dict[str, float] = {}
        self._is_closed = False
        self._is_doubtful = False
        self._ask_again_at = 0.0
        self._asking = asyncio.Lock()

    def close(self) -> None:
        """Send nothing any more: the program stops."""
        self._is_closed = True

    def parts(self, reply: Reply) -> tuple[Reply, ...]:
        """Cut a reply into what one call each can carry."""
        return split_reply(reply)

    async def send(self, address: str, reply: Reply) -> str:
        """Send one part and return its message id; raise DeliveryError."""
        return await self.answer(address, reply, quoting=None)

    async def answer(self, address: str, part: Reply, *, quoting: int | None) -> str:
        """Send one part, as a reply to somebody's message where one is given."""
        try:
            message = await self._call(address, lambda: self._formatted(address, part, quoting))
        except ChatMigrated as moved:
            new_address = str(moved.new_chat_id)
            self._on_move(address, new_address)
            return await self.answer(new_address, part, quoting=None)
        return str(message.message_id)

    async def edit(self, address: str, message_id: int, part: Reply) -> None:
        """Change a message; raise CannotEdit where only a new one will do.

        Changing it twice is the same as once, so here no outcome is unknown.
        """
        try:
            await self._call(address, lambda: self._edited(address, message_id, part))
        except ChatMigrated as moved:
            self._on_move(address, str(moved.new_chat_id))
            raise CannotEdit from moved
        except DeliveryError as error:
            if error.sent is None:
                raise DeliveryError(error.reason) from error
            raise

    async def take_note(self, query_id: str) -> None:
        """Answer a pressed button's query, so that it stops blinking; too late is normal."""
        try:
            await self._call(
                "answerCallbackQuery", lambda: self._bot.answer_callback_query(query_id)
            )
        except DeliveryError as error:
            log.debug("a callback query was not answered: %s", error.reason)

    # -- one call

    async def _call(self, key: str, request: Callable[[], Awaitable[T]]) -> T:
        if self._is_closed:
            raise DeliveryError("stopped")
        self._check_rest(key)
        await self._check_line()
        try:
            return await request()
        except ChatMigrated:
            raise
        except TelegramError as error:
            failure = delivery_error(error)
            if failure.reason == "rejected":
                log.warning("Telegram rejected a call: %s", error.message)
            self._remember(key, failure)
            raise failure from error

    def _check_rest(self, key: str) -> None:
        left = self._rests_until.get(key, 0.0) - _now()
        if left > 0:
            raise DeliveryError("flood", retry_after=left)

    def _remember(self, key: str, failure: DeliveryError) -> None:
        if failure.retry_after is not None:
            now = _now()
            if len(self._rests_until) > MANY_HOLDS:
                self._rests_until = {k: t for k, t in self._rests_until.items() if t > now}
            self._rests_until[key] = now + failure.retry_after
        if failure.sent is None or failure.reason == "no_connection":
            self._is_doubtful = True

    async def _check_line(self) -> None:
        """Where the line is in doubt, ask something harmless first."""
        if not self._is_doubtful:
            return
        async with self._asking:
            if not self._is_doubtful:
                return
            if _now() < self._ask_again_at:
                raise DeliveryError("no_connection")
            try:
                await self._bot.get_me()
            except RetryAfter as error:
                raise DeliveryError("flood", retry_after=retry_seconds(error)) from error
            except TelegramError as error:
                self._ask_again_at = _now() + ASK_AGAIN_SECONDS
                raise DeliveryError("no_connection") from error
            self._is_doubtful = False

    # -- what is called

    async def _formatted(self, address: str, part: Reply, quoting: int | None) -> Message:
        try:
            return await self._send(address, part, to_html(part), ParseMode.HTML, quoting)
        except BadRequest as error:
            if not says(error, ("can't parse entities",)):
                raise
            log.warning("Telegram rejected our HTML, sent plain: %s", error.message)
            return await self._send(address, part, to_plain(part), None, quoting)

    async def _send(
        self, address: str, part: Reply, text: str, mode: str | None, quoting: int | None
    ) -> Message:
        keyboard = to_keyboard(part)
        quoted = ReplyParameters(quoting, allow_sending_without_reply=True) if quoting else None
        if part.picture:
            caption = text or part.picture.description[:200]
            try:
                return await self._bot.send_photo(
                    address,
                    part.picture.png,
                    caption=caption,
                    parse_mode=mode if text else None,
                    reply_markup=keyboard,
                    reply_parameters=quoted,
                    filename="picture.png",
                )
            except BadRequest as error:
                if not says(error, NOT_A_PHOTO):
                    raise
            return await self._bot.send_document(
                address,
                part.picture.png,
                caption=caption,
                parse_mode=mode if text else None,
                reply_markup=keyboard,
                reply_parameters=quoted,
                filename="picture.png",
            )
        if part.document:
            return await self._bot.send_document(
                address,
                part.document.content,
                caption=text or None,
                parse_mode=mode,
                reply_markup=keyboard,
                reply_parameters=quoted,
                filename=part.document.name,
            )
        return await self._bot.send_message(
            address,
            text,
            parse_mode=mode,
            reply_markup=keyboard,
            reply_parameters=quoted,
            link_preview_options=NO_PREVIEW,
        )

    async def _edited(self, address: str, message_id: int, part: Reply) -> None:
        try:
            await self._change(address, message_id, part, to_html(part), ParseMode.HTML)
        except BadRequest as error:
            if says(error, ("message is not modified",)):
                return
            if says(error, CANNOT_EDIT):
                raise CannotEdit from error
            if not says(error, ("can't parse entities",)):
                raise
            log.warning("Telegram rejected our HTML, edited plain: %s", error.message)
            await self._change(address, message_id, part, to_plain(part), None)

    async def _change(
        self, address: str, message_id: int, part: Reply, text: str, mode: str | None
    ) -> None:
        await self._bot.edit_message_text(
            text,
            chat_id=address,
            message_id=message_id,
            parse_mode=mode,
            reply_markup=to_keyboard(part),
            link_preview_options=NO_PREVIEW,
        )


def _now() -> float:
    return asyncio.get_running_loop().time()
