"""The case that nobody forgets, from the day before it is due to the proof, as people live it.

Accepted on 2025-01-24 with five days: due on 2025-02-07, after a make-up Sunday and 春节. The
program is a process, started again with a later clock on one folder and one port; its people are
at a strict Telegram on loopback, or each before the page in a browser of their own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.browser import open_browser
from tests.scenarios.actors import Actor, PageActor, TelegramActor
from tests.scenarios.office import (
    CITY,
    CLERK,
    DEPARTMENT,
    DISTRICT,
    LEAD,
    NUMBER,
    Office,
    Row,
)
from tests.scenarios.program import free_port, write_config
from tests.telegram_stub import Stub

OVER_TELEGRAM = pytest.param("telegram", marks=pytest.mark.slow)
OVER_THE_PAGE = pytest.param("page", marks=pytest.mark.browser)
EVERYONE = (CLERK, LEAD, DEPARTMENT, DISTRICT, CITY)
Arrive = Callable[[], Actor]


@pytest.fixture
def office(program_folder: Path, stub: Stub) -> Iterator[Office]:
    """Return a folder on a port that stays, over the stub, with the case in it since 02-05."""
    write_config(
        program_folder,
        f"web: {{port: {free_port()}}}\n"
        f"telegram:\n  base_url: {stub.base_url}\n  base_file_url: {stub.base_file_url}\n",
    )
    office = Office(program_folder)
    office.enrols()
    office.imports(Row(), as_of="2025-02-05 09:00")
    yield office
    print("\n".join(office.transcript))  # noqa: T201 - who read what, for whoever runs with -s
    assert stub.violations == ()


@pytest.fixture
def arrive(request: pytest.FixtureRequest, office: Office, stub: Stub) -> Iterator[Arrive]:
    """Return how the next person comes to the channel that the test is run over."""
    with ExitStack() as stack:

        def over_telegram() -> Actor:
            actor = TelegramActor(stub, stub.user(2001 + len(office.people)))
            actor.opens("")
            return actor

        def over_the_page() -> Actor:
            browser = open_browser()
            stack.callback(browser.quit)
            return PageActor(browser, office.address)

        yield {"telegram": over_telegram, "page": over_the_page}[request.param]


@pytest.mark.parametrize("arrive", [OVER_TELEGRAM, OVER_THE_PAGE], indirect=True)
def test_a_case_that_nobody_forgets(office: Office, arrive: Arrive) -> None:
    with office.at("2025-02-05T10:00"):
        for post in EVERYONE:
            office.binds(post, arrive())

    with office.at_slot("2025-02-06T08:30"):
        told = office.hears(CLERK, "即将超期 1 件")
        assert "数据截至 2月5日 09:00" in told
        assert "剩 1 个工作日，2月7日（周五）到期" in told
        assert "人社局" in office.hears(DISTRICT, "即将超期 1 件")
        why = office.presses(CLERK, "为什么是这天", "2月7日（周五）到期")
        for day in ("1月26日（周日） 计 调休上班", "1月28日（周二） 不计 春节"):
            assert day in " ".join(why.split()), day
        office.silence(LEAD, DEPARTMENT, CITY)

    with office.at_slot("2025-02-06T14:30"):
        assert "已提醒 1 次，最近 2月6日 08:30" in office.hears(CLERK, "即将超期 1 件")
        office.silence(LEAD, DEPARTMENT, DISTRICT, CITY)

    with office.at_slot("2025-02-07T08:30"):
        assert "即将超期" not in office.hears(CLERK, "今日到期 1 件")
        office.hears(DISTRICT, "今日到期 1 件")

    office.imports(Row(), as_of="2025-02-08 07:50")
    with office.at_slot("2025-02-08T08:30"):  # a Saturday that is worked
        for post in (CLERK, LEAD, DEPARTMENT, DISTRICT):
            told = office.hears(post, "🔴 超期 1 件")
            assert "超期 1 个工作日，2月7日（周五）到期" in told, post
            assert "已提醒 3 次，最近 2月7日 08:30" in told, post
        office.silence(CITY)
        office.presses(CLERK, "今日办结", "今天不再催您")
    with office.at_slot("2025-02-08T14:30"):
        office.silence(*EVERYONE)

    office.imports(Row(), as_of="2025-02-10 07:50")
    with office.at_slot("2025-02-10T08:30"):
        office.hears(CLERK, "答应 2月8日（周六）办结，最新数据显示没办结")

    with office.at_slot("2025-02-11T08:30"):  # three working days over
        office.hears(CLERK, "🔴 超期")
        office.hears(DISTRICT, "待签发 1 件")
        office.presses(DISTRICT, "待签发", "签发后才发出")
        office.presses(DISTRICT, "提醒记录", "催办 →")
        office.presses(DISTRICT, "签发", "已签发督办（红牌）")
        for post in EVERYONE:
            assert "此前提醒 6 次，最近 2月11日 08:30" in office.hears(post, "督办通知（红牌）"), (
                post
            )

    with office.at_slot("2025-02-14T08:30"):  # five working days after 催办
        office.hears(CLERK, "🔴 数据截至 2月10日 07:50，超过一个工作日没更新")
        office.hears(DISTRICT, "待签发 1 件")
        office.presses(DISTRICT, "待签发", "通报")
        office.presses(DISTRICT, "签发", "已签发通报")
        for post in EVERYONE:
            office.hears(post, "超期通报")

    office.imports(Row("已办结", "2025-02-14"), as_of="2025-02-17 07:50")
    with office.at_slot("2025-02-17T08:30"):
        office.hears(CLERK, "请说明超期原因 1 件")
        office.presses(CLERK, "说明原因", "为什么超期？")
        office.presses(CLERK, "没有及时提醒", "超期原因：没有及时提醒")
        office.presses(DISTRICT, "提醒记录", "说明原因")
        office.silence(LEAD, DEPARTMENT, CITY)

    proof = json.loads(office.commands("case", "proof", NUMBER, "--json"))
    assert all(told["sent_at"] for told in proof["told"])
    by_day = [(told["kind"], told["decided_at"][:16]) for told in proof["told"]]
    print(json.dumps(proof, ensure_ascii=False, indent=1))
