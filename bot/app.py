"""The one place that wires everything: settings to desk to channels, schedule and delivery."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import gc
import logging
import signal
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import uvicorn
from sqlite_utils import Database

from bot import daily, router
from bot.backup import LOCK_NAME
from bot.calendar_watch import CalendarWatch
from bot.certificates import is_sweep_due, run_certificates, watch_certificates
from bot.channels.web.app import build_web
from bot.channels.web.site import Core
from bot.clock import Clock, real_clock
from bot.database import FILE_NAME, connect, transaction
from bot.delivery import DeliveryLoop, Pace, PageSender, Robots, Sender
from bot.demo import clear_demo, fill_demo
from bot.desk import Desk
from bot.desks import CannotStart, open_desk
from bot.dialogue import Channel, Role
from bot.editing import put_review_digests, with_own_knowledge
from bot.handlers.slips import slip_page
from bot.oversight import run_overdue
from bot.records.retention import drop_old
from bot.reloading import Reloader
from bot.rotation import rotate_when_due
from bot.settings import TOKEN_VARIABLE, Enabled, Settings
from bot.views.alerts import render_alert
from bot.views.robots import render_robot
from reminders.certificates import drop_contacts
from reminders.schedule import Job, run_job, start_schedule

if TYPE_CHECKING:
    from bot.channels.telegram.start import TelegramChannel

log = logging.getLogger(__name__)
STOP_SECONDS = 10
Say = Callable[[str], None]
ASGI = Callable[[Any, Any, Any], Awaitable[None]]


def run_program(settings: Settings, clock: Clock, *, say: Say) -> None:
    """Run until stopped; raise CannotStart where it cannot begin."""
    if not settings.web.enabled and not _wants_telegram(settings):
        raise CannotStart("没有可运行的渠道：打开 web.enabled，或配好 Telegram 令牌。")
    with _locked(settings.data_dir):
        if settings.demo:
            clear_demo(settings)
            settings = with_own_knowledge(settings)
        desk = open_desk(settings, clock)
        if settings.demo:
            fill_demo(desk)
        asyncio.run(_serve(desk, say=say))


def _wants_telegram(settings: Settings) -> bool:
    enabled = settings.telegram.enabled
    return enabled is not Enabled.OFF and settings.telegram_token is not None


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[TextIO]:
    """Hold the data folder's lock: a second `run` on it would answer everything twice."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / LOCK_NAME).open("w")
    except OSError as error:
        raise CannotStart(
            f"数据文件夹写不进去：{folder.name}（{error.strerror}）。"
            "请改权限，或在 config.yaml 里换 data_dir。"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotStart(
                "这个数据文件夹已经有一个程序在用。先停掉它，或在 config.yaml 里换 data_dir。"
            ) from None
        yield lock


async def _serve(desk: Desk, *, say: Say) -> None:
    """Start what is enabled, in order; stop it in reverse when told to."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    async with contextlib.AsyncExitStack() as running:
        senders: dict[Channel, Sender] = {Channel.WEB: PageSender(desk)}
        robots = await running.enter_async_context(_robots(desk))
        pace = Pace(at_once=desk.settings.telegram.at_once)
        delivery = DeliveryLoop(desk, senders, render_alert, pace=pace, robots=robots)
        telegram = _prepare_telegram(desk, delivery) if _wants_telegram(desk.settings) else None
        if desk.settings.web.enabled or (telegram and telegram.webhook):
            await running.enter_async_context(_page(desk, telegram, say=say))
        if telegram is not None:
            senders[Channel.TELEGRAM] = telegram.sender
            await running.enter_async_context(_started(telegram, senders, say=say))
        else:
            say(_without_telegram(desk.settings))
        _train_beside(desk)
        await running.enter_async_context(_delivering(delivery))
        await running.enter_async_context(_until_stopped(Reloader(desk).run()))
        await running.enter_async_context(_until_stopped(CalendarWatch(desk).run()))
        running.enter_context(_schedule(desk))
        await running.enter_async_context(_catching_up(desk))
        gc.freeze()
        gc.enable()
        await stopping.wait()


def _train_beside(desk: Desk) -> None:
    """Train where no weights fit; a daemon, since stopping must not wait for it."""
    threading.Thread(target=desk.search.train, name="training", daemon=True).start()


@contextlib.asynccontextmanager
async def _robots(desk: Desk) -> AsyncIterator[Robots]:
    """Make the group robots' senders; their library is loaded only where there are any."""
    if not desk.settings.robots:
        yield Robots()
        return
    import httpx

    from bot.channels.robots import robot_senders

    async with httpx.AsyncHTTPTransport(retries=0) as transport:
        senders = robot_senders(desk.settings.robots, transport, clock=real_clock)
        yield Robots(dict(senders), render_robot)


def _without_telegram(settings: Settings) -> str:
    if settings.telegram.enabled is Enabled.ON:
        return (
            f"Telegram 没有令牌：请设环境变量 {TOKEN_VARIABLE} 或 telegram.token_file；"
            "网页照常运行。"
        )
    return "没有 Telegram 令牌，只开网页。"


def _prepare_telegram(desk: Desk, delivery: DeliveryLoop) -> TelegramChannel:
    """Make the channel; its library is loaded only where there is a token."""
    from bot.channels.telegram.core import Core as TelegramCore
    from bot.channels.telegram.start import TelegramChannel

    core = TelegramCore(router.respond, router.settle, router.settle_later, router.menu_for)
    return TelegramChannel(desk, core, wake=delivery.wake)


@contextlib.asynccontextmanager
async def _started(
    telegram: TelegramChannel, senders: dict[Channel, Sender], *, say: Say
) -> AsyncIterator[None]:
    from bot.channels.telegram.start import CannotUseTelegram

    try:
        await telegram.start()
    except CannotUseTelegram as error:
        say(str(error))
        del senders[Channel.TELEGRAM]
        yield
        return
    try:
        yield
    finally:
        await telegram.stop()


class _Server(uvicorn.Server):
    """Uvicorn that leaves the signals to the program."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield


@contextlib.asynccontextmanager
async def _page(desk: Desk, telegram: TelegramChannel | None, *, say: Say) -> AsyncIterator[None]:
    web = desk.settings.web
    listening = _listen(web.host, web.port)
    host, port = listening.getsockname()[:2]
    address = f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}"  # noqa: S104
    desk.links.page = web.public_url or address
    core = Core(
        respond=router.respond,
        settle=router.settle,
        slip_page=slip_page,
        menu=_menu_words,
        health=lambda: {"telegram": telegram.health()} if telegram else {},
    )
    page = build_web(desk, core) if web.enabled else _nothing_here
    config = uvicorn.Config(
        _with_webhook(page, desk.settings.telegram.webhook.path, telegram),
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    if web.enabled:
        say(f"一口清：{address}/")
    try:
        yield
    finally:
        server.should_exit = True
        await serving


def _with_webhook(page: ASGI, path: str, telegram: TelegramChannel | None) -> ASGI:
    """Give Telegram's posts to the channel and everything else to the page."""
    if telegram is None or telegram.webhook is None:
        return page
    webhook = telegram.webhook

    async def application(scope: Any, receive: Any, send: Any) -> None:
        here = scope["type"] == "http" and scope["path"] == path
        await (webhook if here else page)(scope, receive, send)

    return application


async def _nothing_here(scope: Any, receive: Any, send: Any) -> None:
    """Answer 404: the page is switched off, only the webhook is served."""
    del scope, receive
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def _listen(host: str, port: int) -> socket.socket:
    """Bind the page's port; raise CannotStart where it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named so that asyncio turns Nagle's delay off.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise CannotStart(
            f"端口 {port} 用不了（{error.strerror}）：关掉占用它的程序，"
            "或在 config.yaml 里把 web.port 改成别的（0 自动找空的）。"
        ) from error
    listening.listen(128)
    listening.setblocking(False)
    return listening


def _menu_words(role: Role) -> tuple[str, ...]:
    return tuple(c.words[0] for c in router.menu_for(role) if c.words)


@contextlib.asynccontextmanager
async def _delivering(delivery: DeliveryLoop) -> AsyncIterator[None]:
    delivering = asyncio.create_task(delivery.run())
    try:
        yield
    finally:
        delivery.stop()
        await delivering


@contextlib.asynccontextmanager
async def _until_stopped(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let a watch go on beside everything else; nothing of it needs to be finished."""
    watching = asyncio.create_task(work)
    try:
        yield
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching


@contextlib.contextmanager
def _schedule(desk: Desk) -> Iterator[None]:
    """Run the fixed jobs on the program's clock."""
    offset = desk.now() - real_clock()
    near_zero = timedelta(seconds=1)
    sweeping = partial(asyncio.to_thread, _sweep_overdue, desk)
    jobs = (
        Job("retention", "03:10", partial(asyncio.to_thread, _drop_old, desk)),
        *(Job(f"overdue-{at}", at, sweeping) for at in desk.settings.oversight.send_at),
        Job(
            "certificates",
            desk.settings.certificate.send_at,
            partial(asyncio.to_thread, _sweep_certificates, desk),
        ),
        *(
            Job(f"rectifications-{at}", at, _in_thread(desk, daily.sweep_now))
            for at in desk.settings.oversight.send_at
        ),
        Job(
            "invitations", desk.settings.ratings.invite_at, _in_thread(desk, daily.send_invitations)
        ),
        Job("rotation", desk.settings.rotation.at, _in_thread(desk, rotate_when_due)),
        Job("summary", desk.settings.summary.at, _in_thread(desk, daily.send_due)),
        Job("full-day", desk.settings.summary.full_day_at, _in_thread(desk, daily.send_due)),
        Job("reviews", desk.settings.knowledge.review_at, _in_thread(desk, put_review_digests)),
        Job("certificates-watch", "12:00", partial(asyncio.to_thread, _watch_certificates, desk)),
    )
    scheduler = start_schedule(jobs, offset=timedelta() if abs(offset) < near_zero else offset)
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)


@contextlib.asynccontextmanager
async def _catching_up(desk: Desk) -> AsyncIterator[None]:
    """Make up at start for a run that was missed: the same sweep, which knows what ran."""
    await run_job(Job("rotation-start", "", _in_thread(desk, rotate_when_due)))
    jobs = (
        Job("overdue-start", "", partial(asyncio.to_thread, _sweep_overdue, desk)),
        Job("certificates-start", "", partial(asyncio.to_thread, _catch_up_certificates, desk)),
        Job("rectifications-start", "", _in_thread(desk, daily.sweep_now)),
        Job("daily-start", "", _in_thread(desk, daily.send_due)),
    )
    catching_up = [asyncio.create_task(run_job(job)) for job in jobs]
    try:
        yield
    finally:
        await asyncio.gather(*catching_up)


def _in_thread(desk: Desk, work: Callable[[Desk], object]) -> Callable[[], Awaitable[None]]:
    """Return a job that works in a thread, over a connection of its own."""

    def working() -> None:
        with contextlib.closing(_own_connection(desk)) as connection:
            log.info("%s: %s", work.__name__, work(replace(desk, db=connection)))

    return partial(asyncio.to_thread, working)


def _sweep_overdue(desk: Desk) -> None:
    """Tell who must be told about cases; whether it is a working day, the sweep knows."""
    with contextlib.closing(_own_connection(desk)) as connection:
        sweep = run_overdue(desk, connection)
    log.info("overdue: %s messages, %s drafts", sweep.messages, len(sweep.drafts))


def _sweep_certificates(desk: Desk) -> None:
    """Tell holders and departments about certificates that are about to end."""
    with contextlib.closing(_own_connection(desk)) as connection:
        swept = run_certificates(desk, connection)
    log.info("certificates: %s checked, %s messages", swept.checked, swept.messages)


def _catch_up_certificates(desk: Desk) -> None:
    """Make up for today's sweep where its hour passed while the program was off."""
    with contextlib.closing(_own_connection(desk)) as connection:
        due = is_sweep_due(desk, connection)
    if due:
        _sweep_certificates(desk)


def _watch_certificates(desk: Desk) -> None:
    """Notice where the day's sweep of certificates stayed away."""
    with contextlib.closing(_own_connection(desk)) as connection:
        if watch_certificates(desk, connection):
            log.warning("today's sweep of certificates has not been completed")


def _own_connection(desk: Desk) -> Database:
    """Connect once more to the desk's file, for a thread of its own."""
    return connect(desk.settings.data_dir / FILE_NAME)


def _drop_old(desk: Desk) -> None:
    """Delete what is past its term, over a connection of this thread's own."""
    with contextlib.closing(_own_connection(desk)) as db, transaction(db):
        dropped = drop_old(
            db,
            now=desk.now(),
            chat_days=desk.settings.privacy.chat_days,
            contact_days=desk.settings.privacy.contact_days_after_close,
        )
        kept = timedelta(days=desk.settings.privacy.contact_days_after_close)
        drop_contacts(db, before=desk.today() - kept)
    log.info("retention: %s", dropped)
