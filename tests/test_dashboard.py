"""The dashboard over real records: filters stay, counts open rows, a no outside the scope."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest

from bot import router
from bot.channels.web.app import build_web
from bot.channels.web.site import Core
from bot.desk import Desk
from bot.dialogue import Role, Scope
from bot.handlers.slips import slip_page
from bot.records import people
from bot.records.audit import Deed, deeds
from bot.views.audit import subject_words
from tests.test_figure_words import rated
from tests.web.fakes import Browser

TODAY = "from=2025-01-24&to=2025-01-24"


@pytest.fixture
def opened(desk: Desk) -> Callable[[Scope], Browser]:
    """Return a maker of browsers that belong to a supervisor of a scope."""

    def make(scope: Scope) -> Browser:
        browser = Browser(build_web(desk, Core(router.respond, router.settle, slip_page)))
        browser.ask({"text": "你好", "key": "hello-hello-1"})
        (person_id,) = desk.db.execute("SELECT max(id) FROM people").fetchone()
        people.set_role(desk.db, people.person_by_id(desk.db, person_id), Role.SUPERVISOR, scope)
        return browser

    return make


def links(html: str) -> list[str]:
    return [unescape(found) for found in re.findall(r'href="(/dashboard[^"]*)"', html)]


def test_opening_it_leaves_the_conversation_alone(
    desk: Desk, opened: Callable[[Scope], Browser]
) -> None:
    browser = opened(Scope())
    before = desk.db.execute("SELECT * FROM messages").fetchall()

    assert browser.get(f"/dashboard?{TODAY}").status_code == 200

    assert desk.db.execute("SELECT * FROM messages").fetchall() == before


@pytest.mark.parametrize("path", ["/dashboard", "/dashboard/sheet", "/dashboard/rows"])
@pytest.mark.parametrize(
    "part", ["district=longting", "district=市民之家", "window=longting-01", "district=未归属"]
)
def test_a_part_outside_the_scope_is_refused(
    opened: Callable[[Scope], Browser], path: str, part: str
) -> None:
    response = opened(Scope("鼓楼区")).get(f"{path}?{TODAY}&kind=bad&{part}")

    assert response.status_code == 403
    assert "不归您管" in response.text


def test_every_link_keeps_the_filter(desk: Desk, opened: Callable[[Scope], Browser]) -> None:
    rated(desk, 5)
    page = opened(Scope()).get(f"/dashboard?{TODAY}&district=longting&item=newborn").text

    assert "龙亭区·上户口" in page
    with_figures = [link for link in links(page) if "?" in link]
    assert len(with_figures) > 10
    assert all("district=longting" in link and "item=newborn" in link for link in with_figures)
    assert [d.subject for d in deeds(desk.db) if d.deed is Deed.SAW_LIST] == [
        "dashboard:2025-01-24:2025-01-24:d:longting:e:newborn"
    ]


def test_the_audit_log_names_every_filter(desk: Desk) -> None:
    subject = "dashboard:2025-01-24:2025-01-24:d:longting:e:newborn"

    assert subject_words(desk.base, subject, None) == "看板明细 2025-01-24，龙亭区，上户口"


def test_every_count_opens_its_rows_and_a_row_its_rectification(
    desk: Desk, opened: Callable[[Scope], Browser]
) -> None:
    rated(desk, 5)
    rated(desk, 1)
    rated(desk, None)
    browser = opened(Scope())
    board = browser.get(f"/dashboard?{TODAY}").text
    rows = {link for link in links(board) if "/rows" in link}

    pages = {link: browser.get(link) for link in rows}
    (detail,) = {
        link for page in pages.values() for link in links(page.text) if "rectification" in link
    }
    opened_one = browser.get(detail)

    assert {"kind=good", "kind=bad", "kind=unrated"} == {link.rpartition("&")[2] for link in rows}
    assert all(page.status_code == 200 and "1 件" in page.text for page in pages.values())
    assert opened_one.status_code == 200
    assert "当时给群众看的答复" in opened_one.text
    assert "知识版本 v" in opened_one.text
    assert {d.deed for d in deeds(desk.db)} >= {Deed.SAW, Deed.SAW_ANSWER, Deed.SAW_LIST}


def test_a_long_list_says_that_it_is_cut_and_turns_pages(
    desk: Desk, opened: Callable[[Scope], Browser]
) -> None:
    for _ in range(53):
        rated(desk, 1)
    browser = opened(Scope())

    board = browser.get(f"/dashboard?{TODAY}").text
    last = browser.get(f"/dashboard/rows?{TODAY}&kind=bad&page=1").text

    assert "只列前 20 件，共 53 件" in board
    assert "第 51 至 53 件，共 53 件" in last
    assert "下一页" not in last


def test_a_district_without_data_is_said_to_have_none(
    desk: Desk, opened: Callable[[Scope], Browser]
) -> None:
    rated(desk, 5)

    page = opened(Scope()).get(f"/dashboard?{TODAY}").text

    assert re.search(r"兰考县</a></td><td>无数据</td>", page)


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ("from=2025-02-30&to=2025-03-01", 400, "日期或筛选不对"),
        ("from=2025-01-24&to=2025-01-20", 400, "日期或筛选不对"),
        ("district=火星", 400, "日期或筛选不对"),
        ("day=2025-03-01", 200, "无数据"),
        ("day=2025-01-20", 200, "1月20日"),
    ],
)
def test_an_address_written_by_hand_gets_a_plain_answer(
    opened: Callable[[Scope], Browser], asked: str, status: int, said: str
) -> None:
    response = opened(Scope()).get(f"/dashboard?{asked}")

    assert response.status_code == status
    assert said in response.text
