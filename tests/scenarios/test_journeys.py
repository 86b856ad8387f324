"""The journeys of issue 2, each written once and run over terminal, Telegram and page."""

from __future__ import annotations

import re

from bot.dialogue import Role, Scope
from tests.scenarios.conftest import World

SLIP = re.compile(r"\d{8}-[2-9A-Z]{6}")
NOTE = re.compile(r"L\d{8}[2-9A-Z]{6}")
LONGTING = Scope("龙亭区", None, "longting-01")


def test_a_grandmother_asks_refines_rates_and_is_counted(world: World) -> None:
    wang = world.citizen()
    wang.opens("w-longting-01")
    wang.reads("龙亭")

    wang.says("俺娃上户口要弄啥")
    wang.presses("都符合")
    wang.reads("必须带")
    wang.reads("网办后仍需到窗交")
    wang.presses("满意")
    wang.reads("您选了“满意”")

    zhou = world.staff("zhou", Role.SUPERVISOR)
    zhou.says("今日评价")
    assert "好评 1，差评 0，未评 0" in zhou.reads("服务反馈（本系统，不计入省好差评）")


def test_an_answer_changes_the_list_in_place_and_says_what_changed(world: World) -> None:
    wang = world.citizen()
    wang.says("想开个小饭馆，四十平，个体户")
    wang.reads("共带")

    wang.presses("谁去办")
    wang.presses("托别人")

    assert "授权委托书" in wang.reads("＋ 要带")


def test_a_low_rating_says_why_and_can_be_corrected_before(world: World) -> None:
    wang = world.citizen()
    wang.says("残疾证怎么办")
    wang.presses("直接看全部")
    wang.presses("不满意")
    wang.presses("点错了，改")
    wang.presses("非常不满意")
    wang.presses("小助手的回答")
    wang.presses("没说全")

    wang.reads("已转给负责的人")


def test_a_note_is_answered_in_the_same_thread(world: World) -> None:
    wang = world.citizen()
    wang.opens("w-longting-01")
    wang.says("转人工")
    wang.presses("转人工")
    wang.presses("留言")
    wang.says("俺家情况特殊，说不清楚，想找个人问问")
    number = NOTE.search(wang.reads("留言收到了"))
    assert number is not None

    wang.says(f"查留言 {number[0]}")

    wang.reads("等待回复")


def test_a_clerk_hands_a_list_over_and_the_citizen_rates_it(world: World) -> None:
    li = world.staff("li", Role.CLERK, LONGTING)
    li.says("退休 特殊工种")
    li.reads("口播")
    li.presses("给群众")
    slip = SLIP.search(li.reads("请群众扫码"))
    assert slip is not None

    wang = world.citizen("handed")
    wang.opens(f"s-{slip[0]}")
    wang.presses("非常满意")

    wang.reads("您选了“非常满意”")


def test_somebody_in_despair_gets_the_helpline_first(world: World) -> None:
    wang = world.citizen()

    wang.says("不想活了")

    assert "12356" in wang.reads("12356")


def test_what_is_not_ours_gets_a_door_or_the_nearest_three(world: World) -> None:
    wang = world.citizen()

    wang.says("驾照扣了十二分怎么办")

    wang.reads("12123")
