"""A rehearsal of days: people who stay while the program is restarted with later clocks.

One data folder and one port for all of it. At the page one Chromium is handed from person to
person, each with their own cookies; a staff member on Telegram has an account at the page too,
since what names people is written and read there.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from selenium.webdriver.remote.webdriver import WebDriver

from bot.clock import LOCAL
from bot.daily import sweep_all
from bot.delivery import DeliveryLoop, Pace
from bot.desk import Desk
from bot.dialogue import Channel, Reply, Role, Scope
from bot.records.people import addresses_of
from bot.views.alerts import render_alert
from tests.browser import open_browser
from tests.conftest import Clock, Talker
from tests.scenarios.actors import Actor, PageActor, TelegramActor, TerminalActor, wait_until
from tests.scenarios.program import (
    Program,
    free_port,
    run_command,
    running_program,
    write_config,
)
from tests.telegram_stub import TOKEN, Stub

FAST = Pace(per_second=10_000, chat_seconds=0, idle_seconds=0.01)


class Player(Actor, Protocol):
    """An actor who may also try what nobody offered, and count."""

    def forges(self, token: str) -> None:
        """Send a token as if a button had offered it."""

    def offered(self, label: str) -> bool:
        """Tell whether the newest message with buttons has one that begins so."""


class Stage(Protocol):
    """What a journey needs of a channel."""

    def at(self, moment: str) -> Any:
        """Let the program run from this moment on, for as long as the block lasts."""

    def person(self, name: str, role: Role = Role.CITIZEN, scope: Scope | None = None) -> Player:
        """Return somebody on this channel; the first time they come and bind their role."""

    def at_page(self, name: str) -> Player:
        """Return the same staff member where names and words may be written."""

    def stranger(self) -> Player:
        """Return somebody who never logged in, at the page."""


# -- the real program


class PhoneBooth:
    """One Chromium at one address, used by one person after the other."""

    def __init__(self, driver: WebDriver, address: str) -> None:
        """Take a browser and the page's address."""
        self.driver = driver
        self.address = address
        self._cookies: dict[str, list[dict[str, Any]]] = {}
        self._user: str | None = None

    def seat(self, name: str) -> None:
        """Give the browser to somebody: their cookies, and the page opened anew."""
        if self._user == name:
            return
        self._leave()
        # Cookies can be given only to the page that is open.
        if not self.driver.current_url.startswith(self.address):
            self.driver.get(f"{self.address}/")
        self.driver.delete_all_cookies()
        for cookie in self._cookies.get(name, []):
            self.driver.add_cookie(cookie)
        self.driver.get(f"{self.address}/")
        self._user = name

    def rest(self) -> None:
        """Leave the browser, so that the next one to come opens the page anew."""
        self._leave()
        self._user = None

    def _leave(self) -> None:
        if self._user is not None:
            self._cookies[self._user] = self.driver.get_cookies()


class Visitor:
    """Somebody at the page, in a browser that others use as well."""

    def __init__(self, booth: PhoneBooth, name: str) -> None:
        """Come to the page for the first time."""
        self._booth = booth
        self._name = name
        booth.seat(name)
        self._page = PageActor(booth.driver, booth.address)

    def opens(self, payload: str) -> None:
        """Open what a QR code leads to."""
        self._seated().opens(payload)

    def says(self, text: str) -> None:
        """Send a text."""
        self._seated().says(text)

    def presses(self, label: str) -> None:
        """Press the newest button whose label begins so."""
        self._look(lambda: bool(self._buttons(label)))
        self._seated().presses(label)

    def reads(self, words: str) -> str:
        """Open the page again until these words stand there."""
        self._look(lambda: words in self._shown())
        return self._seated().reads(words)

    def hears(self, words: str) -> str:
        """Wait for these words in what is new."""
        return self._seated().hears(words)

    def listens(self) -> str:
        """Return what is new."""
        return self._seated().listens()

    def forges(self, token: str) -> None:
        """Change what the newest button sends, and press it."""
        page, driver = self._seated(), self._booth.driver
        button = driver.find_elements("css selector", "[role=log] button")[-1]
        label = button.text
        driver.execute_script("arguments[0].value = arguments[1]", button, token)
        page.presses(label)

    def offered(self, label: str) -> bool:
        """Tell whether the newest message offers this."""
        self._seated()
        last = "[role=log] > article.told:last-of-type button"
        found = self._booth.driver.find_elements("css selector", last)
        return any(button.text.startswith(label) for button in found)

    def _seated(self) -> PageActor:
        self._booth.seat(self._name)
        return self._page

    def _look(self, there: Callable[[], bool]) -> None:
        """Reload the page, as people do who wait for an answer, until something is there."""
        self._seated()

        def look() -> bool:
            if there():
                return True
            self._booth.driver.refresh()
            return there()

        wait_until(look, lambda: f"not there: {self._shown()[-1500:]}")

    def _shown(self) -> str:
        return str(self._booth.driver.find_element("css selector", "main").text)

    def _buttons(self, label: str) -> list[str]:
        found = self._booth.driver.find_elements("css selector", "[role=log] button")
        return [button.text for button in found if button.text.startswith(label)]


class Chatter(TelegramActor):
    """Somebody in Telegram who may also try what nobody offered."""

    def forges(self, token: str) -> None:
        """Send callback data of one's own making."""
        self._settled(lambda: self._user.presses_forged(token))

    def offered(self, label: str) -> bool:
        """Tell whether the newest message offers this."""
        last = self._user.last_message()
        return last is not None and any(full.startswith(label) for full in last.labels)


@dataclass
class ProgramStage:
    """The program itself, restarted at each moment: its people on Telegram or at the page."""

    folder: Path
    channel: Channel
    stub: Stub
    stack: ExitStack
    port: int
    people: dict[str, Player] = field(default_factory=dict)
    program: Program | None = None
    _roles: dict[str, tuple[Role, Scope]] = field(default_factory=dict)
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(3001))
    _booth: PhoneBooth | None = None
    _moment: str = ""

    @contextmanager
    def at(self, moment: str) -> Iterator[Program]:
        """Run the program from this moment on."""
        self._moment = moment
        with running_program(self.folder, "--clock", moment, token=TOKEN) as program:
            program.address()
            self.program = program
            yield program
            if self._booth is not None:
                self._booth.rest()
            self.program = None

    def person(self, name: str, role: Role = Role.CITIZEN, scope: Scope | None = None) -> Player:
        """Return somebody on this channel, bound to their role when they first come."""
        if name in self.people:
            return self.people[name]
        scope = scope or Scope()
        self._roles[name] = (role, scope)
        if self.channel is Channel.WEB:
            return self._at_page(name, role, scope)
        player = Chatter(self.stub, self.stub.user(next(self._ids), first_name=name))
        self.people[name] = player
        player.opens("")
        self._bind(player, role, scope)
        return player

    def at_page(self, name: str) -> Player:
        """Return a staff member's account at the page."""
        if self.channel is Channel.WEB:
            return self.people[name]
        key = f"{name} at the page"
        return self.people.get(key) or self._at_page(key, *self._roles[name])

    def stranger(self) -> Player:
        """Return somebody new at the page."""
        return self._at_page(f"stranger {len(self.people)}", Role.CITIZEN, Scope())

    def command(self, *arguments: str) -> str:
        """Run a command beside the program, at the same moment."""
        done = run_command(self.folder, *arguments, "--clock", self._moment)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def _at_page(self, name: str, role: Role, scope: Scope) -> Player:
        if self._booth is None:
            browser = open_browser()
            self.stack.callback(browser.quit)
            self._booth = PhoneBooth(browser, f"http://127.0.0.1:{self.port}")
        player = Visitor(self._booth, name)
        self.people[name] = player
        self._bind(player, role, scope)
        return player

    def _bind(self, player: Player, role: Role, scope: Scope) -> None:
        # Imported here: the fixtures of that module need this one.
        from tests.scenarios.conftest import bind

        assert self.program is not None
        bind(self.program, player, role, scope)


@contextmanager
def program_stage(folder: Path, stub: Stub, channel: Channel) -> Iterator[ProgramStage]:
    """Prepare a folder on a port that stays, over the stub, for a rehearsal on one channel."""
    port = free_port()
    write_config(
        folder,
        f"web: {{port: {port}}}\n"
        f"telegram:\n  base_url: {stub.base_url}\n  base_file_url: {stub.base_file_url}\n",
    )
    with ExitStack() as stack:
        yield ProgramStage(folder, channel, stub, stack, port)


# -- the core alone


class Insider(TerminalActor):
    """Somebody who talks to the core directly, and is delivered what is due before they look."""

    def __init__(self, talker: Talker, deliver: Callable[[], None]) -> None:
        """Speak through a talker."""
        super().__init__(talker)
        self._me = talker
        self._deliver = deliver

    def presses(self, label: str) -> None:
        """Press the newest button whose label begins so."""
        self._deliver()
        super().presses(label)

    def reads(self, words: str) -> str:
        """Return everything shown, with what is due."""
        self._deliver()
        return super().reads(words)

    def listens(self) -> str:
        """Return what is new, with what is due."""
        self._deliver()
        return super().listens()

    def forges(self, token: str) -> None:
        """Send a token nobody offered."""
        self._me.sends_token(token)

    def offered(self, label: str) -> bool:
        """Tell whether the newest message offers this."""
        rows = self._me.heard[-1].buttons
        return any(button.label.startswith(label) for row in rows for button in row)


class _Inbox:
    """A channel that gives each message to whose address it is."""

    def __init__(self, talkers: dict[str, Talker]) -> None:
        self._talkers = talkers

    def parts(self, reply: Reply) -> tuple[Reply, ...]:
        return tuple(replace(each, then=()) for each in reply.messages())

    async def send(self, address: str, reply: Reply) -> str:
        self._talkers[address].heard.append(reply)
        return address


@dataclass
class CoreStage:
    """The core alone: its clock is moved, its sweep is run, its outbox is emptied."""

    desk: Desk
    clock: Clock
    somebody: Callable[..., Talker]
    people: dict[str, Player] = field(default_factory=dict)
    _talkers: dict[str, Talker] = field(default_factory=dict)

    @contextmanager
    def at(self, moment: str) -> Iterator[None]:
        """Move the clock, and do what the program does when it starts."""
        self.clock.at = datetime.fromisoformat(moment).replace(tzinfo=LOCAL)
        sweep_all(self.desk)
        yield

    def person(self, name: str, role: Role = Role.CITIZEN, scope: Scope | None = None) -> Player:
        """Return somebody with a role."""
        if name not in self.people:
            talker = self.somebody(name, role, scope)
            (address,) = addresses_of(self.desk.db, talker.person.id)
            self._talkers[address.address] = talker
            self.people[name] = Insider(talker, self._deliver)
        return self.people[name]

    def at_page(self, name: str) -> Player:
        """Return the same person: here nothing is kept back."""
        return self.people[name]

    def stranger(self) -> Player:
        """Return somebody new."""
        return self.person(f"stranger {len(self.people)}")

    def _deliver(self) -> None:
        senders = {Channel.TERMINAL: _Inbox(self._talkers)}
        loop = DeliveryLoop(self.desk, senders, render_alert, pace=FAST)
        # What is for a role becomes a row for each who holds it, sent in the next round.
        while asyncio.run(loop.deliver_due()):
            pass
