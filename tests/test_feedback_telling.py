"""What a citizen is told of their feedback: in the thread, by number, by link; never too much."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from bot.database import transaction
from bot.dialogue import Channel, Reply, Role
from bot.views.alerts import render_alert
from reminders import outbox
from reminders.rectification_rules import State
from tests.conftest import Talker
from tests.test_rectification_journey import Loop, delivered
from tests.test_rectification_journey import loop as loop
from tests.web.fakes import Browser, FakeCore, an_app

LINK = re.compile(r"http://127\.0\.0\.1:8000(/feedback/[0-9a-f]{32})")


def told_on_telegram(person: Talker) -> list[Reply]:
    """Render what is due to somebody as Telegram would carry it."""
    desk = person.desk
    with transaction(desk.db):
        rows = outbox.claim(desk.db, now=desk.now(), lease_seconds=0, limit=100)
    mine = [row for row in rows if row.recipient.person_id == person.person.id]
    found = [render_alert(desk, row, person.person, Channel.TELEGRAM) for row in mine]
    return [reply for reply in found if reply is not None]


def contacted(loop: Loop, words: str) -> None:
    loop.zhao.sends_token(f"ract:{loop.number}:contact")
    loop.zhao.says(words)


# -- on Telegram, where personal data are denied


def test_words_to_a_citizen_do_not_pass_through_telegram(loop: Loop) -> None:
    contacted(loop, "张大娘您好，我是赵主任")
    loop.zhao.sends_token(f"ract:{loop.number}:uphold")
    loop.rectified("小刘已经道歉")

    texts = [reply.text for reply in told_on_telegram(loop.wang)]

    assert len(texts) == 2
    for text in texts:
        assert LINK.search(text)
        assert loop.number[-6:] in text
        for private in ("张大娘", "赵主任", "小刘", loop.number):
            assert private not in text


@pytest.mark.parametrize("act", ["contact", "dismiss", "appeal", "extend"])
def test_no_words_about_a_rating_are_written_on_telegram(loop: Loop, act: str) -> None:
    reply = loop.zhao._send(token=f"ract:{loop.number}:{act}", discreet=True)
    loop.zhao._send(text="这里写了不算", discreet=True)

    assert "请在网页上写：http://127.0.0.1:8000/" in reply.text
    assert loop.state is State.NEW


def test_words_asked_for_on_the_page_are_not_taken_on_telegram(loop: Loop) -> None:
    loop.zhao.sends_token(f"ract:{loop.number}:contact")

    refused = loop.zhao._send(text="您好，小王", discreet=True)
    loop.zhao.says("您好")

    assert "请在网页上写" in refused.text
    assert loop.state is State.VERIFYING


# -- result and reason


def test_a_voided_rating_is_told_with_its_reason(loop: Loop) -> None:
    loop.zhao.sends_token(f"ract:{loop.number}:appeal:mistaken")
    loop.zhao.says("说的是隔壁窗口")
    loop.zhou.sends_token(f"ract:{loop.number}:void")
    loop.zhou.says("查了录像，不是这个窗口")

    (told,) = (r.text for r in delivered(loop.wang) if "办结" in r.text)

    assert "不成立，不计入评价" in told
    assert "查了录像，不是这个窗口" in told
    assert "12345" in told


def test_what_was_not_established_is_explained_and_closed_with_the_reason(loop: Loop) -> None:
    loop.zhao.sends_token(f"ract:{loop.number}:dismiss")
    loop.zhao.says("查无此事")
    loop.zhao.sends_token(f"ract:{loop.number}:explain")
    loop.zhao.says("当天系统故障，已向您说明")
    asked = [r.text for r in delivered(loop.wang)]
    loop.moves_to(6)
    loop.zhou.sends_token(f"ract:{loop.number}:satisfied")
    closed = [r.text for r in delivered(loop.wang)]

    for said in (asked[-1], closed[-1]):
        assert "反映的情况不成立" in said
        assert "当天系统故障" in said
    assert "您满意吗" in asked[-1]


# -- by number


def test_without_a_number_it_is_explained_and_own_ones_are_offered(
    loop: Loop, somebody: Callable[..., Talker]
) -> None:
    mine = loop.wang.says("查反馈")
    mine_label = mine.buttons[0][0].label
    other = somebody("other").says("查反馈")

    assert "查反馈 Z" in mine.text
    assert loop.number[-6:] in mine_label
    assert all("myfb" not in (b.token or "") for row in other.buttons for b in row)


def test_own_feedback_is_listed_and_shows_what_was_said(
    loop: Loop, somebody: Callable[..., Talker]
) -> None:
    contacted(loop, "想问一下是哪个窗口")
    listed = loop.wang.says("我的反馈")
    shown = loop.wang.presses(listed.buttons[0][0].label)
    strange = somebody("other").sends_token(f"myfb:{loop.number}")

    assert "正在核实" in shown.text
    assert "想问一下是哪个窗口" in shown.text
    assert "没找到" in strange.text


def test_trying_numbers_out_is_slowed(loop: Loop, somebody: Callable[..., Talker]) -> None:
    curious = somebody("curious")
    for _ in range(10):
        assert "没找到" in curious.says("Z20250124ABCDEF").text

    assert "查得太勤" in curious.says(loop.number).text


# -- on the page


@pytest.fixture
def browser(loop: Loop) -> Browser:
    return Browser(an_app(loop.wang.desk, FakeCore()))


def test_the_page_shows_state_and_dates_by_number_and_no_words(
    loop: Loop, browser: Browser
) -> None:
    contacted(loop, "想问一下是哪个窗口")

    page = browser.get(f"/progress/{loop.number}")

    assert page.status_code == 200
    assert "正在核实" in page.text
    assert "2月7日（周五）前处理好" in page.text
    assert "哪个窗口" not in page.text
    assert "noindex" in page.headers["x-robots-tag"]


def test_wrong_numbers_on_the_page_are_slowed(loop: Loop, browser: Browser) -> None:
    browser.get("/progress")
    tried = [browser.get("/progress/Z20250124ABCDEF").status_code for _ in range(10)]

    assert tried == [404] * 10
    assert browser.get(f"/progress/{loop.number}").status_code == 429


def test_the_link_shows_what_was_said_and_a_wrong_one_nothing(loop: Loop, browser: Browser) -> None:
    contacted(loop, "想问一下<是哪个窗口>")
    (told,) = told_on_telegram(loop.wang)
    link = LINK.search(told.text)
    assert link is not None

    page = browser.get(link[1])

    assert "想问一下&lt;是哪个窗口&gt;" in page.text
    assert "noindex" in page.headers["x-robots-tag"]
    assert browser.get("/feedback/" + "0" * 32).status_code == 404
    assert browser.get("/feedback/").status_code == 404


# -- small things the tester met


def test_the_unit_does_not_learn_a_name_from_the_words(loop: Loop) -> None:
    loop.wang.presses("写几句")
    loop.wang.says("我叫张三丰，等了两个小时")
    loop.wang.presses("补充一句")
    loop.wang.says("姓名：张三丰")

    shown = loop.zhao.sends_token(f"rect:{loop.number}").text

    assert "张三丰" not in shown
    assert "我叫张某，等了两个小时" in shown


def test_an_unreadable_phone_offers_to_cancel(loop: Loop) -> None:
    loop.wang.presses("留个电话")

    reply = loop.wang.says("一三八")

    assert [b.label for row in reply.buttons for b in row] == ["取消"]


def test_the_editor_finishes_a_task_from_the_answer_shown(
    wang: Talker, somebody: Callable[..., Talker]
) -> None:
    wang.says("娃上户口要啥")
    for label in ("都符合", "不满意", "小助手的回答", "没说全"):
        wang.presses(label)
    editor = somebody("editor", Role.EDITOR)
    editor.says("待补条目")
    editor.presses("看当时的答复")

    editor.presses("已补好")

    assert "没有待补" in editor.says("待补条目").text
