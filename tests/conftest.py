"""Fixtures: a fixed clock, a desk over real knowledge in memory, and the four personas.

王大娘 is a citizen at window 3 of 龙亭, 小李 a clerk there, 赵主任 its lead, 周督查 a supervisor
of the whole city. Nothing here touches more than loopback and temporary folders.
"""

from __future__ import annotations

import functools
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot import router
from bot.clock import LOCAL
from bot.database import open_database
from bot.desk import Desk, Knowledge, Library, Links, WorkingDays
from bot.dialogue import Button, Channel, Incoming, Person, Reply, Role, Scope
from bot.loading import load_current
from bot.records import people
from bot.records.people import Address
from bot.settings import Settings
from reminders.working_days import load_calendar

FRIDAY_MORNING = datetime(2025, 1, 24, 10, 0, tzinfo=LOCAL)


@dataclass
class Clock:
    """A clock that stands still until moved."""

    at: datetime = FRIDAY_MORNING

    def __call__(self) -> datetime:
        """Return the instant."""
        return self.at

    def move(self, **by: float) -> None:
        """Move on by a timedelta's keywords."""
        self.at += timedelta(**by)


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make it impossible for a test to reach another machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else "unix"
        assert host in ("127.0.0.1", "::1", "localhost", "unix"), f"a test reached for {host}"
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    """Return the shipped knowledge with a trained search; the cache is shared by the session."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("knowledge"))
    loaded, problems = load_current(settings, today=FRIDAY_MORNING.date())
    assert loaded is not None, [str(p) for p in problems]
    loaded.search.train()
    return loaded


@pytest.fixture
def clock() -> Clock:
    """Return a clock at Friday 2025-01-24, ten in the morning, before a make-up Sunday."""
    return Clock()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return default settings over a temporary data folder."""
    return Settings(data_dir=tmp_path)


@pytest.fixture
def desk(knowledge: Knowledge, clock: Clock, settings: Settings) -> Desk:
    """Return a desk in memory."""
    days = WorkingDays(load_calendar(None)[0])
    links = Links(page="http://127.0.0.1:8000")
    return Desk(open_database(None), Library(knowledge), days, settings, clock, links)


@dataclass
class Talker:
    """Somebody talking to the core over a neutral channel; remembers what was shown."""

    desk: Desk
    person: Person
    channel: Channel = Channel.TERMINAL
    heard: list[Reply] = field(default_factory=list)

    def says(self, text: str, **more: object) -> Reply:
        """Say a text and return the first message of the reply."""
        return self._send(text=text, **more)

    def presses(self, label: str, **more: object) -> Reply:
        """Press the latest button whose label starts with `label`."""
        button, message = self.button(label)
        return self._send(token=button.token, message=message, **more)

    def sends_token(self, token: str) -> Reply:
        """Send a token as if from a button, shown or invented."""
        return self._send(token=token)

    def button(self, label: str) -> tuple[Button, int | None]:
        """Return the latest button with this label and the number of its message."""
        for message in reversed(self.heard):
            for row in message.buttons:
                for button in row:
                    if button.label.startswith(label):
                        return button, message.number
        raise AssertionError(f"no button {label}; last: {self.labels()}")

    def labels(self) -> list[str]:
        """Return the labels under the last messages."""
        return [b.label for m in self.heard[-3:] for row in m.buttons for b in row]

    def _send(self, **what: object) -> Reply:
        incoming = Incoming(self.person, self.channel, **what)  # type: ignore[arg-type]
        reply = router.respond(self.desk, incoming)
        assert reply is not None
        self.heard += reply.messages()
        self.person = people.person_by_id(self.desk.db, self.person.id)
        return reply


def _somebody(desk: Desk, name: str, role: Role, scope: Scope) -> Talker:
    address = Address(Channel.TERMINAL, name)
    person = people.person_at(desk.db, address, now=desk.now())
    if role is not Role.CITIZEN:
        person = people.set_role(desk.db, person, role, scope)
    return Talker(desk, person)


@pytest.fixture
def somebody(desk: Desk) -> Callable[..., Talker]:
    """Return a maker of people with a role and a scope."""

    def make(name: str, role: Role = Role.CITIZEN, scope: Scope | None = None) -> Talker:
        return _somebody(desk, name, role, scope or Scope())

    return functools.partial(make)


@pytest.fixture
def wang(somebody: Callable[..., Talker]) -> Talker:
    """Return 王大娘, a citizen."""
    return somebody("wang")


@pytest.fixture
def li(somebody: Callable[..., Talker]) -> Talker:
    """Return 小李, a clerk at the first window of 龙亭."""
    return somebody("li", Role.CLERK, Scope("龙亭区", None, "longting-01"))


@pytest.fixture
def zhao(somebody: Callable[..., Talker]) -> Talker:
    """Return 赵主任, the lead of 龙亭's windows."""
    return somebody("zhao", Role.LEAD, Scope("龙亭区"))


@pytest.fixture
def zhou(somebody: Callable[..., Talker]) -> Talker:
    """Return 周督查, who supervises the whole city and signs by name."""
    zhou = somebody("zhou", Role.SUPERVISOR)
    zhou.person = people.name_person(zhou.desk.db, zhou.person, "周督查")
    return zhou
