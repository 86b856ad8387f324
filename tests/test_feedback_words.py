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


# -- what was written stands once the unit is told


def test_words_written_to_a_told_rating_stand_and_one_addition_is_told(
    complaining: Talker, zhao: Talker
) -> None:
    complaining.presses("写几句")
    complaining.says("态度真的很差")
    delivered(zhao)

    asked = complaining.sends_token("words:1")
    complaining.says("后来还让我等")

    assert "不能再改" in asked.text
    assert (stored(complaining).words, stored(complaining).addendum) == (
        "态度真的很差",
        "后来还让我等",
    )
    assert any("群众补充了一句" in r.text for r in delivered(zhao))
    assert "已经补充过" in complaining.sends_token("words:1").text


def test_words_may_be_written_anew_until_the_unit_is_told(rated: Talker, clock: Clock) -> None:
    for words in ("第一遍", "想好了再写"):
        rated.presses("写几句")
        rated.says(words)
    clock.move(minutes=11)
    rated.sends_token("words:1")
    rated.says("想改掉")

    assert (stored(rated).words, stored(rated).addendum) == ("想好了再写", "想改掉")


def test_after_a_day_nothing_more_is_written(complaining: Talker, clock: Clock) -> None:
    complaining.presses("写几句")
    complaining.says("态度真的很差")
    clock.move(hours=24, seconds=1)

    assert "超过 24 小时" in complaining.sends_token("more:1").text
    assert "超过 24 小时" in complaining.sends_token("words:1").text


def test_an_addition_is_offered_wherever_a_rating_stands(complaining: Talker, clock: Clock) -> None:
    complaining.presses("写几句")
    complaining.says("态度真的很差")
    thanked = complaining.labels()
    complaining.sends_token("rerate:1")
    too_late = complaining.labels()[-3:]
    complaining.sends_token("cause:1:service:done")
    taken = complaining.labels()
    clock.move(minutes=11)
    complaining.sends_token("rate:1:2")

    assert all("补充一句" in seen for seen in (thanked, too_late, taken))
    assert "补充一句" in complaining.labels()


def test_a_good_rating_takes_words_too(wang: Talker) -> None:
    wang.says("娃上户口要啥")
    wang.presses("都符合")
    wang.presses("非常满意")
    wang.presses("写几句")
    wang.says("讲得很清楚")

    assert stored(wang).words == "讲得很清楚"


# -- several tags


def test_several_tags_are_chosen_three_first_then_more(rated: Talker) -> None:
    shown = rated.presses("办事过程")
    first = [b.label for row in shown.buttons for b in row]
    rated.presses("未在承诺时间内办结")
    rated.presses("还有别的原因")
    rated.presses("更多")
    rated.presses("没有提供材料样本")
    rated.presses("还有别的原因")
    rated.presses("窗口服务")
    taken = rated.presses("服务态度生硬")

    assert first == ["未在承诺时间内办结", "承诺网办但无法在线办理", "没有提供材料清单", "更多"]
    assert stored(rated).tags == ("209", "207", "214")
    assert stored(rated).reason == "process"
    assert "未在承诺时间内办结、没有提供材料样本、服务态度生硬" in taken.text


def test_a_tag_pressed_twice_is_chosen_once(complaining: Talker) -> None:
    complaining.sends_token("tag:1:service:214")

    assert stored(complaining).tags == ("214",)


def test_no_tag_is_added_once_its_time_is_over(complaining: Talker, clock: Clock) -> None:
    clock.move(minutes=11)

    refused = complaining.sends_token("tag:1:service:213")

    assert "不能再加" in refused.text
    assert stored(complaining).tags == ("214",)


@pytest.mark.parametrize(
    ("level", "tag"), [("非常满意", "可以先受理后补材料"), ("基本满意", "提供申报材料样本")]
)
def test_a_good_level_has_tags_of_its_own_and_needs_none(
    wang: Talker, level: str, tag: str
) -> None:
    wang.says("娃上户口要啥")
    wang.presses("都符合")
    wang.presses(level)
    untouched = stored(wang).tags
    wang.presses("选标签")
    wang.presses(tag)
    thanked = wang.presses("选好了")

    assert untouched == ()
    assert tag in thanked.text
    assert stored(wang).reason is None


def test_tags_go_with_the_level_they_were_chosen_for(wang: Talker) -> None:
    wang.says("娃上户口要啥")
    wang.presses("都符合")
    wang.presses("非常满意")
    wang.presses("选标签")
    wang.presses("可以先受理后补材料")
    wang.presses("选好了")
    wang.presses("点错了，改")
    wang.presses("基本满意")

    assert stored(wang).tags == ()


# -- one date rule


def test_the_thanks_and_the_status_promise_the_same_days(complaining: Talker) -> None:
    number = number_of(complaining)
    thanked = complaining.heard[-1].text

    asked = complaining.says(f"查反馈 {number}").text

    for promise in ("1月26日（周日）前联系您", "2月7日（周五）前处理好"):
        assert promise in thanked
        assert promise in asked


def test_a_day_that_has_passed_is_not_promised_again(complaining: Talker, clock: Clock) -> None:
    clock.at = datetime(2025, 2, 10, 9, 0, tzinfo=LOCAL)

    asked = complaining.says(number_of(complaining)).text

    assert "2月7日（周五）前处理好，已超过承诺日期，正在催办" in asked
