"""The journey of a case about to be late, through the program itself: Telegram and the page.

Accepted 2025-01-24 with five days: due on 2025-02-07, after a make-up Sunday and 春节. The program
is restarted with later clocks on one data folder, as in a rehearsal.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bot.dialogue import Role, Scope
from tests.browser import open_browser
from tests.scenarios.actors import Actor, PageActor, TelegramActor
from tests.scenarios.conftest import bind
from tests.scenarios.program import Program, run_command, running_program, write_config
from tests.telegram_stub import TOKEN, Stub

CASES = """办件编号,事项名称,区县,窗口,工号,经办人,受理日期,承诺时限,法定时限,办件状态
410202-2025-0007,社会保障卡申领,龙亭区,longting-01,A001,张某,2025-01-24,5个工作日,20个工作日,在办
"""
LEAD = Scope("龙亭区")
BIND_AT = "2025-02-05T10:00"
BEFORE_DIGEST = "2025-02-06T08:29:54"
Start = Callable[[str], tuple[Program, str]]


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def rehearsal(program_folder: Path, stub: Stub) -> Iterator[tuple[Path, Stub]]:
    """Return a folder with one imported case, on a port that stays, over the stub."""
    write_config(
        program_folder,
        f"web: {{port: {a_free_port()}}}\n"
        f"telegram:\n  base_url: {stub.base_url}\n  base_file_url: {stub.base_file_url}\n",
    )
    table = program_folder / "cases.csv"
    table.write_text(CASES, encoding="utf-8")
    imported = run_command(
        program_folder, "import", "cases", str(table), "--clock", BIND_AT, "--covers", "open"
    )
    assert imported.returncode == 0, imported.stderr
    yield program_folder, stub
    assert stub.violations == ()


@pytest.mark.parametrize(
    "channel",
    [
        pytest.param("telegram", marks=pytest.mark.slow),
        pytest.param("page", marks=pytest.mark.browser),
    ],
)
def test_the_lead_is_told_the_day_before_and_can_see_why(
    rehearsal: tuple[Path, Stub], channel: str
) -> None:
    folder, stub = rehearsal
    with ExitStack() as stack:
        with running_program(folder, "--clock", BIND_AT, token=TOKEN) as program:
            zhao = _actor(stack, channel, stub, program)
            bind(program, zhao, Role.LEAD, LEAD)
        with running_program(folder, "--clock", BEFORE_DIGEST, token=TOKEN) as program:
            program.address()
            told = zhao.reads("即将超期")
            zhao.presses("为什么")
            why = zhao.reads("调休上班")

    assert "数据截至" in told
    assert "2月7日" in why


def _actor(stack: ExitStack, channel: str, stub: Stub, program: Program) -> Actor:
    address = program.address()
    if channel == "telegram":
        actor = TelegramActor(stub, stub.user(2001, first_name="zhao"))
        actor.opens("")
        return actor
    browser = open_browser()
    stack.callback(browser.quit)
    return PageActor(browser, address)
