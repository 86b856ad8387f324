"""What people write about a service: taken for what was asked for, kept, added to, told on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from bot.clock import LOCAL
from bot.records.ratings import Rating, rating_of
from tests.conftest import Clock, Talker
from tests.test_rectification_journey import delivered

COMPLAINT = "办社保卡等了两个小时没人理"
BACK = "我是来办退休的，不是上户口"


@pytest.fixture
def rated(wang: Talker, zhao: Talker, clock: Clock) -> Talker:
    """Return 王大娘, who rated window 1 of 龙亭 low and has not said why."""
    del zhao
    clock.at = datetime(2025, 1, 24, 16, 0, tzinfo=LOCAL)
    wang.says("/start w-longting-01")
    wang.says("娃上户口要啥")
    wang.presses("都符合")
    wang.presses("不满意")
    return wang


@pytest.fixture
def complaining(rated: Talker) -> Talker:
    """Return 王大娘, who has also chosen a cause, so that the unit is told."""
    rated.presses("窗口服务")
    rated.presses("服务态度生硬")
    return rated


def stored(wang: Talker) -> Rating:
    rating = rating_of(wang.desk.db, 1)
    assert rating is not None
    return rating


def number_of(wang: Talker) -> str:
    row = wang.desk.db.execute("SELECT number FROM rectifications").fetchone()
    assert row is not None
    return str(row[0])


# -- words that read as a question


def test_a_complaint_that_names_an_item_is_kept_and_may_be_asked(complaining: Talker) -> None:
    complaining.presses("写几句")

    thanked = complaining.says(COMPLAINT)
    answered = complaining.presses("我是想问")

    assert stored(complaining).words == COMPLAINT
    assert "记下了" in thanked.text
    assert "社保卡" in answered.text


def test_a_reply_that_names_an_item_reaches_the_handler(complaining: Talker, zhao: Talker) -> None:
    number = number_of(complaining)
    zhao.sends_token(f"ract:{number}:contact")
    zhao.says("您好，当时是要办什么？")
    delivered(complaining)
    complaining.presses("回话")

    thanked = complaining.says(BACK)

    assert "转给负责的人" in thanked.text
    assert BACK in zhao.sends_token(f"rect:{number}").text
    assert "退休" in complaining.presses("我是想问").text


def test_words_that_are_no_question_offer_none(complaining: Talker) -> None:
    complaining.presses("写几句")
    complaining.says("态度真的很差")

    assert not any("我是想问" in label for label in complaining.labels())


def test_a_correction_that_names_an_item_is_kept(wang: Talker) -> None:
    wang.says("娃上户口要啥")
    wang.presses("都符合")
    wang.presses("这条不对")

    wang.says("新生儿上户口还要出生医学证明")

    row = wang.desk.db.execute("SELECT kind, text FROM enquiries").fetchone()
    assert row == ("correction", "新生儿上户口还要出生医学证明")


def test_nobody_else_may_ask_with_somebodys_words(
    complaining: Talker, somebody: Callable[..., Talker]
) -> None:
    complaining.presses("写几句")
    complaining.says(COMPLAINT)
    other = somebody("other")

    for token in ("asked:words:1", f"asked:reply_to_staff:{number_of(complaining)}", "asked:x"):
        assert "社保卡" not in other.sends_token(token).text


def test_the_message_button_pressed_twice_leaves_one_message(wang: Talker) -> None:
    wang.sends_token("note")
    wang.says("开饭店办照要什么手续")

    first, again = wang.presses("这是留言"), wang.presses("这是留言")

    assert first.text == again.text
    assert wang.desk.db.execute("SELECT count(*) FROM enquiries").fetchone()[0] == 1
