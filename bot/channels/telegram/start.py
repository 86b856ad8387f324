"""The Telegram channel as the program sees it: start, stop, health, and its two ways in."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import secrets
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx
from telegram import Bot
from telegram.error import BadRequest, InvalidToken, TelegramError

from bot.channels.telegram.core import Core, Timing
from bot.channels.telegram.groups import OurName
from bot.channels.telegram.incoming import WANTED_UPDATES
from bot.channels.telegram.intake import Intake
from bot.channels.telegram.lean import LeanRequest
from bot.channels.telegram.menus import clear_chat_menu, publish_chat_menu, publish_profile
from bot.channels.telegram.polling import Polling
from bot.channels.telegram.secrecy import TokenHider
from bot.channels.telegram.sender import TelegramSender
from bot.channels.telegram.webhook import Webhook
from bot.database import transaction
from bot.desk import Desk
from bot.dialogue import Channel, Role
from bot.records.people import Address, move_address
from bot.views.telegram_words import (
    reachable_line,
    token_rejected_line,
    unreachable_line,
    webhook_url_missing_line,
)

log = logging.getLogger(__name__)

REPLY_CONNECTIONS = 64
POLL_CONNECTIONS = 4
KEEPALIVE_SECONDS = 5.0
UPLOAD_SECONDS = 20.0
LOOPBACK_NAMES = frozenset({"localhost"})
PATIENT = Timing()


class CannotUseTelegram(Exception):  # noqa: N818 - a fault of the settings, told in one line
    """Telegram cannot be used with these settings; the text is one line for the operator."""


class State(StrEnum):
    """How it stands with Telegram."""

    STOPPED = "stopped"
    CONNECTING = "connecting"
    RUNNING = "running"
    TOKEN_REJECTED = "token_rejected"  # noqa: S105 - a state, not a secret


class TelegramChannel:
    """One bot on Telegram, by polling or webhook."""

    def __init__(
        self,
        desk: Desk,
        core: Core,
        *,
        wake: Callable[[], None] = lambda: None,
        timing: Timing = PATIENT,
    ) -> None:
        """Prepare for the desk's token; `wake` rouses the outbox loop."""
        token = desk.settings.telegram_token
        assert token is not None, "the program starts this channel only with a token"
        self.wake = wake
        self.state = State.STOPPED
        self._desk = desk
        self._core = core
        self._timing = timing
        self._hider = TokenHider(token.get_secret_value())
        self._hider.install()  # first of all: the library logs the token as it is made
        self._poll_request, self._bot = _connect(desk, token.get_secret_value(), timing)
        self.sender = TelegramSender(self._bot, on_move=self._move)
        self._intake: Intake | None = None
        self._polling: Polling | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.webhook = _webhook(desk)

    # -- what the program asks for

    async def start(self) -> None:
        """Connect and begin; raise CannotUseTelegram for a wrong token.

        Where Telegram cannot be reached, say so once and go on trying in the background.
        """
        if self.webhook is not None and not self._desk.settings.telegram.webhook.url:
            raise CannotUseTelegram(webhook_url_missing_line())
        self.state = State.CONNECTING
        try:
            await asyncio.wait_for(self._bot.initialize(), self._timing.first_try)
        except InvalidToken:
            await self.stop()
            self.state = State.TOKEN_REJECTED
            raise CannotUseTelegram(token_rejected_line()) from None
        except (TelegramError, TimeoutError):
            log.warning("%s", unreachable_line())
            self._begin(self._connect_later())
            return
        await self._run()

    async def stop(self) -> None:
        """Stop taking updates, finish what is in hand, close the connections."""
        if self.webhook is not None:
            self.webhook.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._intake is not None:
            await self._intake.drain()
        if self._polling is not None:
            await self._polling.confirm()
        self.sender.close()
        await self._bot.shutdown()
        self._hider.remove()
        self.state = State.STOPPED

    def health(self) -> str:
        """Return the state in one word, for the health check."""
        return self.state

    @property
    def last_poll_at(self) -> datetime | None:
        """Return when Telegram last answered a poll."""
        return self._polling.last_success_at if self._polling else None

    async def refresh_menu(self, chat_id: int, role: Role) -> None:
        """Show a chat the menu of the role it has now."""
        if role is Role.CITIZEN:
            await clear_chat_menu(self._bot, chat_id)
        else:
            await publish_chat_menu(self._bot, chat_id, self._core.menu_for(role))

    # -- connecting

    async def _connect_later(self) -> None:
        pause = self._timing.first_backoff
        while True:
            await asyncio.sleep(pause)
            pause = min(pause * 2, self._timing.longest_backoff)
            try:
                await self._bot.initialize()
            except InvalidToken:
                self.state = State.TOKEN_REJECTED
                log.warning("%s", token_rejected_line())
                return
            except TelegramError as error:
                log.debug("still no connection: %s", type(error).__name__)
            else:
                break
        await self._run()

    async def _run(self) -> None:
        """Begin to take updates, now that we know our name."""
        us = OurName(self._bot.id, self._bot.username)
        self._desk.links.bot = us.username
        self._intake = Intake(
            self._desk,
            self._core,
            self._bot,
            self.sender,
            us,
            timing=self._timing,
            wake=lambda: self.wake(),
            on_role=self.refresh_menu,
            on_move=self._move,
        )
        if self.webhook is not None:
            self.webhook.open(self._intake)
            self._begin(self._set_webhook())
        else:
            self._polling = Polling(
                self._bot,
                self._poll_request,
                self._intake,
                timing=self._timing,
                now=self._desk.now,
            )
            self._begin(self._poll(self._polling))
        self._begin(
            publish_profile(self._bot, self._core.menu_for(Role.CITIZEN), self._desk.settings)
        )
        self.state = State.RUNNING
        log.info("%s", reachable_line(us.username))

    async def _poll(self, polling: Polling) -> None:
        """Poll for ever; a webhook left over from another mode would forbid it."""
        await self._until_done(self._bot.delete_webhook)
        await polling.run()

    async def _set_webhook(self) -> None:
        settings = self._desk.settings.telegram.webhook
        assert self.webhook is not None
        assert settings.url is not None
        url = settings.url.rstrip("/")
        address = url if url.endswith(settings.path) else url + settings.path
        secret = self.webhook.secret

        async def set_it() -> bool:
            return await self._bot.set_webhook(
                address, allowed_updates=WANTED_UPDATES, secret_token=secret
            )

        await self._until_done(set_it)

    async def _until_done(self, call: Callable[[], Awaitable[bool]]) -> None:
        pause = self._timing.first_backoff
        while True:
            try:
                await call()
            except BadRequest as error:
                log.warning("a call at the start was refused: %s", error.message)
                return
            except TelegramError as error:
                log.warning("a call at the start failed: %s", error.message)
                await asyncio.sleep(pause)
                pause = min(pause * 2, self._timing.longest_backoff)
            else:
                return

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _move(self, old: str, new: str) -> None:
        """Remember the new id of a group that became a supergroup."""
        with transaction(self._desk.db):
            move_address(
                self._desk.db, Address(Channel.TELEGRAM, old), Address(Channel.TELEGRAM, new)
            )


def _connect(desk: Desk, token: str, timing: Timing) -> tuple[LeanRequest, Bot]:
    """Make the bot with two pools: no reply waits behind a long poll."""
    settings = desk.settings.telegram
    verify, proxy = _client_settings(settings.base_url, settings.proxy)

    def request(connections: int) -> LeanRequest:
        transport = httpx.AsyncHTTPTransport(
            verify=verify,
            trust_env=False,
            proxy=proxy,
            limits=httpx.Limits(max_connections=connections, keepalive_expiry=KEEPALIVE_SECONDS),
        )
        return LeanRequest(
            transport,
            connect_seconds=timing.connect,
            answer_seconds=timing.answer,
            upload_seconds=UPLOAD_SECONDS,
        )

    poll_request = request(POLL_CONNECTIONS)
    bot = Bot(
        token,
        base_url=settings.base_url,
        base_file_url=settings.base_file_url,
        request=request(REPLY_CONNECTIONS),
        get_updates_request=poll_request,
    )
    return poll_request, bot


def _client_settings(base_url: str, proxy: str | None) -> tuple[ssl.SSLContext | bool, str | None]:
    """Return how to check certificates, loaded only once, and the proxy to use.

    The environment's proxy counts only where Telegram is abroad and our own settings name none:
    httpx would else send even requests to 127.0.0.1 through it.
    """
    if proxy is None and not _is_loopback(base_url):
        proxy = _proxy_of_environment(base_url)
    if base_url.startswith("http://") and not (proxy or "").startswith("https://"):
        return False, proxy  # nothing is encrypted there, and loading certificates takes time
    return httpx.create_ssl_context(), proxy


def _proxy_of_environment(url: str) -> str | None:
    """Return the proxy that HTTPS_PROXY, ALL_PROXY and NO_PROXY name for an address."""
    parts = urlsplit(url)
    if proxy_bypass(parts.hostname or ""):
        return None
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    return f"http://{proxy}" if proxy and "://" not in proxy else proxy


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in LOOPBACK_NAMES


def _webhook(desk: Desk) -> Webhook | None:
    """Make the webhook where the settings ask for one; without a secret it gets a new one."""
    settings = desk.settings.telegram
    if settings.mode != "webhook":
        return None
    given = settings.webhook.secret
    return Webhook(given.get_secret_value() if given else secrets.token_urlsafe(32))
