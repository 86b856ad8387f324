"""The journeys of two certificates through the program: Telegram and the page, day after day.

A food business licence until 2025-06-30 is to be renewed 15 working days before, by 06-09; a
safety licence until the same day 3 months before, on 03-30, a Sunday: by Friday 03-28.
"""

from __future__ import annotations

import json

from bot.dialogue import Role, Scope
from tests.scenarios.rehearsal import Player, ProgramStage

HEADER = "证照编号,证照种类,持证人,发证机关,区县,有效期起,有效期至,证照状态"
FOOD = "JY14102000001,食品经营许可证,示例饭店,市场监管局,龙亭区,2020-07-01,2025-06-30,有效"
NOT_OPTED_IN = "JY14102000002,食品经营许可证,示例面馆,市场监管局,龙亭区,2020-07-01,2025-06-30,有效"
RENEWED = "JY14102000099,食品经营许可证,示例饭店,市场监管局,龙亭区,2025-06-20,2030-06-19,有效"
SAFETY = "AQ14102000003,安全生产许可证,示例建筑,应急管理局,龙亭区,2022-07-01,2025-06-30,有效"


def test_a_food_licence_from_opt_in_to_renewal(rehearsed: ProgramStage) -> None:
    stage = rehearsed
    with stage.at("2025-01-10T09:00"):
        imports(stage, FOOD, NOT_OPTED_IN)
        market = stage.person("market", Role.DEPARTMENT, Scope(None, "market"))
        wang = opts_in(stage, "wang", "JY14102000001")

    with stage.at("2025-04-01T08:11"):
        told = wang.reads("绿·提前提示，有效期至 2025年6月30日，还有 90 天。")
        assert "最晚 6月9日 申请延续，还剩 69 天。" in told
        assert "材料以窗口答复为准" in told
        assert "JY1410200000" not in told
    with stage.at("2025-05-01T08:11"):
        wang.reads("黄·预警，有效期至 2025年6月30日，还有 60 天。")
    with stage.at("2025-05-31T08:11"):
        wang.reads("红·紧急，有效期至 2025年6月30日，还有 30 天。")
        wang.presses("已提交")
        before = alerts(wang.reads("不再提醒您"))

    with stage.at("2025-06-09T08:11"):
        market.reads("证照每周汇总")
        market.reads("持证人说已提交、还没决定的 1 张")
        calls_whom_no_message_reached(market)
        assert alerts(wang.reads("不再提醒您")) == before, "filed: quiet on the filing day itself"
    with stage.at("2025-06-25T09:00"):
        imports(stage, RENEWED)
    with stage.at("2025-07-07T08:11"):
        market.reads("按期换发率 50.00%（按期换发 1/到期 2）")
        wang.says("我的证照")
        assert "尾号 0099" in wang.reads("我的证照 1 张")
        assert alerts(wang.reads("")) == before, "renewed: the old one is over"


def test_a_safety_licence_is_told_three_months_before(rehearsed: ProgramStage) -> None:
    stage = rehearsed
    with stage.at("2025-01-10T09:00"):
        imports(stage, SAFETY)
        emergency = stage.person("emergency", Role.DEPARTMENT, Scope(None, "emergency"))
        sun = opts_in(stage, "sun", "AQ14102000003")

    with stage.at("2025-01-29T08:11"):
        told = sun.reads("绿·提前提示")
        assert "最晚 3月28日 申请延续，还剩 58 天。" in told
    with stage.at("2025-02-28T08:11"):
        sun.reads("黄·预警")
    with stage.at("2025-03-28T08:11"):
        sun.reads("最晚 3月28日 申请延续，就是今天。")
    with stage.at("2025-03-30T08:11"):
        assert "红·紧急" in sun.reads("最晚 3月30日 申请延续，窗口休息")
    with stage.at("2025-06-23T08:11"):
        told = sun.reads("最晚申请日 3月30日 已过，请尽快联系应急管理局")
        assert "走新办" not in told
        emergency.reads("开封市应急管理局，2025年6月23日")
        emergency.reads("证照每周汇总")
        emergency.presses("看紧急")
        emergency.reads("紧急：1 张")
        emergency.reads("最晚申请日 3月30日 已过，请联系持证人，说清还能不能延续")
        emergency.presses("看 0003")
        emergency.presses("已上门")
        emergency.reads("记下了，已上门")


def imports(stage: ProgramStage, *rows: str) -> None:
    table = stage.folder / f"{rows[0].partition(',')[0]}.csv"
    table.write_text("\n".join((HEADER, *rows)), encoding="utf-8")
    stage.command("import", "certificates", str(table))


def opts_in(stage: ProgramStage, name: str, number: str) -> Player:
    """Let a holder opt in with the window's code and the tail of the number."""
    holder = stage.person(name)
    made = json.loads(stage.command("people", "code", "--certificate", number, "--json"))
    holder.says(f"绑定 {made['code']}")
    holder.reads("就表示您同意在这里接收它的到期提醒")
    holder.says(number[-4:])
    holder.reads("订好了")
    return holder


def calls_whom_no_message_reached(market: Player) -> None:
    market.says("/certificates")
    market.presses("没送到的")
    market.reads("没有消息送到：1 张")
    market.presses("看 0002")
    market.presses("已打电话")
    market.reads("记下了，已打电话")
    market.says("/certificates")
    market.presses("没送到的")
    market.reads("没有消息送到：没有（0）")


def alerts(told: str) -> int:
    """Count the messages about the old licence."""
    return told.count("食品经营许可证（尾号 0001）：")
