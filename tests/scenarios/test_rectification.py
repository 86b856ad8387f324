"""The journey of a bad rating, through the core and through the program on both channels.

Rated on Friday 2025-01-24 at 16:00: the next working day is the make-up Sunday 01-26, and 春节
lies between it and the five working days for putting things right, which end on 02-07.
"""

from __future__ import annotations

import re
from urllib.request import urlopen

from bot.dialogue import Channel, Role, Scope
from tests.scenarios.actors import wait_until
from tests.scenarios.rehearsal import ProgramStage, Stage

RATED_AT = "2025-01-24T16:00"
CONTACT_DAY = "2025-01-26T08:40"
RECTIFIED_AT = "2025-02-06T10:00"
AGAIN_AT = "2025-02-07T15:00"
NUMBER = re.compile(r"Z20250124[2-9A-Z]{6}")
LONGTING = Scope("龙亭区")


def test_a_bad_rating_is_put_right_and_closed_by_somebody_else(stage: Stage) -> None:
    with stage.at(RATED_AT):
        zhao = stage.person("zhao", Role.LEAD, LONGTING)
        zhou = stage.person("zhou", Role.SUPERVISOR)
        wang = stage.person("wang")
        number = _rates_badly(stage)
        _unit_is_told(stage)
        wang.says(number)
        assert "2月7日（周五）前处理好" in wang.reads("1月26日（周日）前联系您")

    with stage.at(CONTACT_DAY):
        zhao.reads("今天到期")
        zhao.presses("看")
        _contact_in_the_thread(stage)
        zhao.presses("核实：成立")
        zhao.reads("成立，整改中")

    with stage.at(RECTIFIED_AT):
        _rectifies(stage, "已约谈并道歉，窗口换了人。")
        _may_not_close(stage, number)
        _citizen_is_told(stage, "已约谈并道歉")
        wang.reads("您满意吗？")

        zhou.reads("已整改，请回访")
        zhou.presses("看整改")
        zhou_at_page = stage.at_page("zhou")
        zhou_at_page.says("整改")
        zhou_at_page.presses("看")
        zhou_at_page.presses("回访：不满意")
        zhou_at_page.reads("群众说哪里还不行")
        zhou_at_page.says("换了人，态度还是生硬")
        zhou_at_page.reads("（第 2 轮）")
        zhao.reads("回访不满意，请再整改")
        zhao_at_page = stage.at_page("zhao")
        zhao_at_page.says("整改")
        zhao_at_page.presses("看")
        zhao_at_page.reads("回访人 回访：不满意：换了人，态度还是生硬")
        wang.says(number)
        wang.reads("正在改进")

    with stage.at(AGAIN_AT):
        _rectifies(stage, "主任上门道歉，全员重学服务规范。")
        _citizen_is_told(stage, "全员重学")
        wang.presses("满意")
        wang.reads(f"{number} 办结了")
        zhao.says("整改")
        zhao.reads("没有要处理的整改")
        _anybody_sees_how_it_ended(stage, number)


def _rates_badly(stage: Stage) -> str:
    wang = stage.person("wang")
    wang.opens("w-longting-01")
    wang.says("娃上户口要啥")
    wang.presses("都符合")
    wang.presses("不满意")
    wang.presses("窗口服务")
    wang.presses("服务态度生硬")
    shown = wang.reads("2月7日（周五）前处理")
    found = NUMBER.search(shown)
    assert found is not None, shown
    return found[0]


def _unit_is_told(stage: Stage) -> None:
    zhao = stage.person("zhao")
    zhao.reads("有一条反馈要核实，联系群众1月26日（周日）前")
    zhao.presses("看整改")
    shown = zhao.reads("事项：上户口；开封市卫生健康委员会·龙亭区政务服务大厅·综合受理窗口")
    assert "longting-01" not in shown
    zhao.presses("为什么是这天")
    zhao.reads("1月24日（周五） 不算（评价当天）")
    zhao.reads("联系群众：1月24日（周五）起 1 个工作日，1月26日（周日）")
    zhao.reads("1月26日（周日） 算（调休上班）")
    zhao.reads("整改：1月24日（周五）起 5 个工作日，2月7日（周五）")


def _contact_in_the_thread(stage: Stage) -> None:
    zhao, wang = stage.person("zhao"), stage.person("wang")
    zhao.presses("回复群众")
    zhao.reads("写给群众的话")

    zhao_at_page = stage.at_page("zhao")
    zhao_at_page.says("整改")
    zhao_at_page.presses("看")
    zhao_at_page.presses("回复群众")
    zhao_at_page.says("您好，想问一下当时是哪个窗口接待的？")
    zhao_at_page.reads("核实中")

    _citizen_is_told(stage, "想问一下当时是哪个窗口")
    wang.presses("回话")
    wang.says("靠门那个窗口，说话很冲")
    wang.reads("转给负责的人了")

    zhao.reads("群众回话了")
    zhao.presses("看整改")
    zhao_at_page.reads("群众回话了")
    zhao_at_page.presses("看整改")
    zhao_at_page.reads("靠门那个窗口，说话很冲")


def _rectifies(stage: Stage, words: str) -> None:
    zhao = stage.at_page("zhao")
    zhao.says("整改")
    zhao.presses("看")
    zhao.presses("整改完成")
    zhao.says(words)
    zhao.reads("待回访")


def _citizen_is_told(stage: Stage, words: str) -> None:
    """Words reach the citizen in the thread, or by its link where Telegram may not carry them."""
    wang = stage.person("wang")
    if not isinstance(stage, ProgramStage) or stage.channel is not Channel.TELEGRAM:
        wang.reads(words)
        return
    wait_until(lambda: words in _linked(wang.reads("/feedback/")), lambda: f"no {words}")
    assert words not in wang.reads("/feedback/")


def _linked(shown: str) -> str:
    """Open the last link to a feedback's own page."""
    link = re.findall(r"http://127\.0\.0\.1:\d+/feedback/\w+", shown)[-1]
    with urlopen(link, timeout=10) as page:
        return str(page.read().decode())


def _may_not_close(stage: Stage, number: str) -> None:
    """Nothing offers the handler to close; who tries all the same is refused."""
    zhao = stage.person("zhao")
    for label in ("回访：满意", "办结"):
        assert not zhao.offered(label)
    zhao.forges(f"ract:{number}:satisfied")
    zhao.reads("承办人不能自己回访、办结")
    zhao.says("整改")
    zhao.reads("待回访")


def _anybody_sees_how_it_ended(stage: Stage, number: str) -> None:
    stranger = stage.stranger()
    stranger.says(number)
    shown = stranger.reads(f"{number}：已办结")
    for dates in ("1月24日 16:0", "收到", "2月7日 15:0", "结束"):
        assert dates in shown
    for words in ("道歉", "冲", "态度"):
        assert words not in shown
