"""The same journey over every channel: makers of actors with a role, over one program each."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.desk import Desk
from bot.dialogue import Channel, Role, Scope
from tests.browser import open_browser
from tests.conftest import Clock, Talker
from tests.scenarios.actors import Actor, PageActor, TelegramActor, TerminalActor
from tests.scenarios.program import Program, run_command, running_program, write_config
from tests.scenarios.rehearsal import CoreStage, ProgramStage, Stage, program_stage
from tests.telegram_stub import TOKEN, Stub, running_stub

START = "2025-01-24T10:00"


@dataclass(frozen=True, slots=True)
class World:
    """A running core and a way to put people before it."""

    make: Callable[[str, Role, Scope], Actor]

    def citizen(self, name: str = "wang") -> Actor:
        """Return a citizen."""
        return self.make(name, Role.CITIZEN, Scope())

    def staff(self, name: str, role: Role, scope: Scope | None = None) -> Actor:
        """Return somebody bound to a role."""
        return self.make(name, role, scope or Scope())


@pytest.fixture(scope="session")
def warm_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder whose search is trained, so that no program trains it again."""
    folder = tmp_path_factory.mktemp("warm")
    write_config(folder)
    done = run_command(folder, "ask", "你好", "--json")
    assert done.returncode == 0, done.stderr
    return folder / "data" / "cache"


@pytest.fixture(
    params=[
        "terminal",
        pytest.param("telegram", marks=pytest.mark.slow),
        pytest.param("page", marks=pytest.mark.browser),
    ]
)
def world(request: pytest.FixtureRequest) -> World:
    """Return the world of one channel."""
    return request.getfixturevalue(f"{request.param}_world")  # type: ignore[no-any-return]


@pytest.fixture
def terminal_world(somebody: Callable[..., Talker], clock: Clock) -> World:
    """Return the core alone, spoken to directly."""
    del clock
    return World(lambda name, role, scope: TerminalActor(somebody(name, role, scope)))


@pytest.fixture
def program_folder(tmp_path: Path, warm_cache: Path) -> Path:
    """Return a fresh data folder with a warm cache."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "cache").symlink_to(warm_cache)
    return tmp_path


def bind(program: Program, actor: Actor, role: Role, scope: Scope) -> None:
    """Give an actor a role by a real code."""
    if role is Role.CITIZEN:
        return
    options = [
        *(["--district", scope.district] if scope.district else []),
        *(["--window", scope.window] if scope.window else []),
        *(["--department", scope.department] if scope.department else []),
    ]
    code = program.command("people", "code", "--role", role, *options, "--json")["code"]
    actor.says(f"绑定 {code}")
    actor.reads("绑定好了")


@pytest.fixture
def stub() -> Iterator[Stub]:
    """Return a Telegram on loopback."""
    with running_stub() as running:
        yield running


@pytest.fixture
def telegram_world(program_folder: Path, stub: Stub) -> Iterator[World]:
    """Return the program polling the stub."""
    write_config(
        program_folder,
        f"telegram:\n  base_url: {stub.base_url}\n  base_file_url: {stub.base_file_url}\n",
    )
    ids = itertools.count(1001)
    with running_program(program_folder, "--clock", START, token=TOKEN) as program:
        program.address()

        def make(name: str, role: Role, scope: Scope) -> Actor:
            actor = TelegramActor(stub, stub.user(next(ids), first_name=name))
            actor.opens("")
            bind(program, actor, role, scope)
            return actor

        yield World(make)
    assert stub.violations == ()


@pytest.fixture
def page_world(program_folder: Path) -> Iterator[World]:
    """Return the program's page, a browser for each person."""
    write_config(program_folder)
    with running_program(program_folder, "--clock", START) as program:
        address = program.address()
        browsers = []

        def make(name: str, role: Role, scope: Scope) -> Actor:
            del name
            browser = open_browser()
            browsers.append(browser)
            actor = PageActor(browser, address)
            bind(program, actor, role, scope)
            return actor

        yield World(make)
        for browser in browsers:
            browser.quit()


@pytest.fixture(
    params=[
        "core",
        pytest.param("telegram", marks=[pytest.mark.slow, pytest.mark.browser]),
        pytest.param("page", marks=pytest.mark.browser),
    ]
)
def stage(request: pytest.FixtureRequest) -> Stage:
    """Return the stage of one channel, for a journey of days."""
    return request.getfixturevalue(f"{request.param}_stage")  # type: ignore[no-any-return]


@pytest.fixture(
    params=[
        pytest.param("telegram", marks=pytest.mark.slow),
        pytest.param("page", marks=pytest.mark.browser),
    ]
)
def rehearsed(request: pytest.FixtureRequest) -> ProgramStage:
    """Return the program on one channel, for a journey of days that needs the command line."""
    return request.getfixturevalue(f"{request.param}_stage")  # type: ignore[no-any-return]


@pytest.fixture
def core_stage(desk: Desk, clock: Clock, somebody: Callable[..., Talker]) -> CoreStage:
    """Return the core alone."""
    return CoreStage(desk, clock, somebody)


@pytest.fixture
def telegram_stage(program_folder: Path, stub: Stub) -> Iterator[ProgramStage]:
    """Return the program with its people on Telegram, staff at the page too."""
    with program_stage(program_folder, stub, Channel.TELEGRAM) as stage:
        yield stage
    assert stub.violations == ()


@pytest.fixture
def page_stage(program_folder: Path, stub: Stub) -> Iterator[ProgramStage]:
    """Return the program with its people at the page."""
    with program_stage(program_folder, stub, Channel.WEB) as stage:
        yield stage
    assert stub.violations == ()
