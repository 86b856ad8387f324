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
from selenium.webdriver.remote.webdriver import WebDriver

from bot.clock import parse_instant
from tests.browser import open_browser
from tests.scenarios.actors import Actor, PageActor, TelegramActor
from tests.scenarios.office import (
    ADMINISTRATOR,
    CITY,
    CLERK,
    DEPARTMENT,
    DISTRICT,
    ITEM,
    LEAD,
    NUMBER,
    Office,
    Row,
)
from tests.scenarios.program import free_port, write_config
from tests.telegram_stub import Stub, blocked

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

        def over_the_page() -> Actor:
            browser = open_browser()
            stack.callback(browser.quit)
            return PageActor(browser, office.address)

        yield {
            "telegram": lambda: over_telegram(stub, 2001 + len(office.people)),
            "page": over_the_page,
        }[request.param]


@pytest.fixture
def browser() -> Iterator[WebDriver]:
    """Return one browser."""
    browser = open_browser()
    yield browser
    browser.quit()


def over_telegram(stub: Stub, number: int) -> TelegramActor:
    """Return somebody who has pressed START on Telegram."""
    actor = TelegramActor(stub, stub.user(number))
    actor.opens("")
    return actor


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
    clerk = proof["told"][0]["person_id"]
    assert " ".join(told["kind"] for told in proof["told"] if told["person_id"] == clerk) == (
        "remind repeat due_today chase repeat repeat intervene repeat bulletin cause"
    )
    assert all(told["sent_at"] and not told["failed_at"] for told in proof["told"])
    assert {told["acknowledged_at"][:10] for told in proof["told"] if told["acknowledged_at"]} == {
        "2025-02-08"
    }
    assert [act["decision"] for act in proof["acts"]] == ["released", "released"]
    assert [act["red_card"] for act in proof["acts"]] == [True, False]


@pytest.mark.browser
def test_who_blocks_the_bot_is_told_on_the_page_and_the_lead_hears_of_it(
    office: Office, stub: Stub, browser: WebDriver
) -> None:
    phone = stub.user(2001)
    with office.at("2025-02-05T10:00"):
        office.binds(CLERK, over_telegram(stub, phone.id))
        office.binds(LEAD, over_telegram(stub, 2002))
        office.binds(CLERK, PageActor(browser, office.address))

    stub.script("sendMessage", blocked(), chat_id=phone.id)
    with office.at_slot("2025-02-06T08:30"):
        office.hears(CLERK, "即将超期 1 件")
        office.hears(LEAD, "收不到消息了（可能屏蔽了机器人）。提醒改送到网页")

    assert ITEM not in "".join(phone.texts())
    told = json.loads(office.commands("case", "proof", NUMBER, "--json"))["told"]
    assert told[0]["sent_at"]


@pytest.mark.parametrize("arrive", [OVER_TELEGRAM, OVER_THE_PAGE], indirect=True)
def test_a_run_that_was_missed_is_made_up_for_once_and_reported(
    office: Office, arrive: Arrive
) -> None:
    with office.at("2025-02-05T10:00"):
        for post in (CLERK, ADMINISTRATOR):
            office.binds(post, arrive())

    for _ in range(2):
        with office.at("2025-02-06T08:47") as program:
            program.settles(parse_instant("2025-02-06T08:30"))
            if not office.transcript:
                office.hears(CLERK, "【补发】08:30 的汇总，当时程序没有运行。")
                office.hears(ADMINISTRATOR, "08:30 未运行，08:47 补发 2 条")
            office.silence(CLERK, ADMINISTRATOR)
