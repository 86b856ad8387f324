"""差评 → contact → the handler may not close → 回访不满意 → reopened → 满意 → closed.

On Friday 2025-01-24 at 16:00, before the make-up Sunday 01-26 and the Spring Festival.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

import pytest

from bot.clock import LOCAL
from bot.database import transaction
from bot.dialogue import Channel, Person, Reply, Scope
from bot.records import people
from bot.records.audit import Deed, deeds
from bot.views.alerts import render_alert
from reminders import outbox
from reminders.overdue import Rules
from reminders.rectification_rules import State
from reminders.rectification_sweep import sweep_rectifications
from reminders.rectifications import rectification_by_number
from tests.conftest import Clock, Talker

FRIDAY_AFTERNOON = datetime(2025, 1, 24, 16, 0, tzinfo=LOCAL)
HERE = Scope("龙亭区", None, "longting-01")


def delivered(person: Talker) -> list[Reply]:
    """Deliver what is due to one person, and let them see it."""
    desk, seen = person.desk, []
    with transaction(desk.db):
        for row in outbox.claim(desk.db, now=desk.now(), lease_seconds=0, limit=100):
            for one in _people(person, row):
                if one.id == person.person.id:
                    reply = render_alert(desk, row, one, Channel.WEB)
                    if reply is not None:
                        seen.append(reply)
                        person.heard += reply.messages()
    return seen


def _people(person: Talker, row: outbox.Waiting) -> Iterator[Person]:
    if row.recipient.person_id is not None:
        yield people.person_by_id(person.desk.db, row.recipient.person_id)
    elif row.recipient.role is not None:
        yield from people.people_with_role(person.desk.db, row.recipient.role, row.recipient.scope)


@dataclass
class Loop:
    """A bad rating of window 1 of 龙亭, its lead, and two supervisors."""

    wang: Talker
    zhao: Talker
    zhou: Talker
    clock: Clock
    number: str = ""

    @property
    def state(self) -> State:
        found = rectification_by_number(self.wang.desk.db, self.number)
        assert found is not None
        return found.state

    def moves_to(self, day: int, hour: int = 10, *, month: int = 2) -> None:
        self.clock.at = datetime(2025, month, day, hour, 0, tzinfo=LOCAL)

    def rectified(self, words: str) -> None:
        self.zhao.sends_token(f"ract:{self.number}:rectify")
        self.zhao.says(words)


@pytest.fixture
def loop(wang: Talker, zhao: Talker, zhou: Talker, clock: Clock) -> Loop:
    clock.at = FRIDAY_AFTERNOON
    wang.says("/start w-longting-01")
    wang.says("娃上户口要啥")
    wang.presses("都符合")
    wang.presses("不满意")
    wang.presses("窗口服务")
    wang.presses("服务态度生硬")
    row = wang.desk.db.execute("SELECT number FROM rectifications").fetchone()
    return Loop(wang, zhao, zhou, clock, row[0])


def test_the_journey_of_a_bad_rating(loop: Loop) -> None:
    told = delivered(loop.zhao)
    assert any("有一条反馈要核实" in r.text and "1月26日（周日）" in r.text for r in told)

    loop.clock.move(minutes=20)
    loop.zhao.sends_token(f"ract:{loop.number}:contact")
    loop.zhao.says("您好，想问一下当时是哪位接待的？")
    assert loop.state is State.VERIFYING
    assert any("想问一下" in r.text for r in delivered(loop.wang))

    loop.wang.presses("回话")
    loop.wang.says("靠门那个窗口，说话很冲")
    loop.zhao.sends_token(f"ract:{loop.number}:uphold")
    assert loop.state is State.RECTIFYING

    refused = loop.zhao.sends_token(f"ract:{loop.number}:satisfied")
    assert "不到这一步" in refused.text
    loop.moves_to(6)
    loop.rectified("已约谈并道歉，窗口换人。")
    refused = loop.zhao.sends_token(f"ract:{loop.number}:satisfied")
    assert "承办人不能自己" in refused.text
    assert loop.state is State.FOLLOW_UP

    assert any("您满意吗" in r.text for r in delivered(loop.wang))
    loop.wang.presses("不满意")
    assert loop.state is State.RECTIFYING

    loop.moves_to(7)
    loop.rectified("主任上门道歉。")
    delivered(loop.wang)
    reply = loop.wang.presses("满意")
    assert loop.state is State.CLOSED
    assert "主任上门道歉。" in reply.text, "it stands in place of the message that said so"
    assert "办结了" in reply.text


def test_a_dissatisfied_answer_may_say_what_is_still_wrong(loop: Loop) -> None:
    loop.zhao.sends_token(f"ract:{loop.number}:uphold")
    loop.rectified("已道歉")
    delivered(loop.wang)
    loop.wang.presses("不满意")

    loop.wang.presses("说说哪里还不行")
    loop.wang.says("换了人，还是不耐烦")

    assert "换了人，还是不耐烦" in loop.zhao.sends_token(f"rect:{loop.number}").text


def test_a_digest_leaves_out_what_was_done_before_it_was_sent(loop: Loop) -> None:
    loop.moves_to(26, month=1)
    desk = loop.wang.desk
    sweep_rectifications(
        desk.db,
        desk.calendar,
        desk.settings.rectification_rules(),
        Rules(),
        now=desk.now(),
        transaction=transaction,
    )

    loop.zhao.sends_token(f"ract:{loop.number}:contact")
    loop.zhao.says("您好")

    assert not any("整改提醒" in reply.text for reply in delivered(loop.zhao))


def test_why_this_day_counts_the_make_up_sunday(loop: Loop) -> None:
    reply = loop.zhao.sends_token(f"rectwhy:{loop.number}")

    assert "联系群众：1月24日（周五）起 1 个工作日，1月26日（周日）" in reply.text
    assert "整改：1月24日（周五）起 5 个工作日，2月7日（周五）" in reply.text
    assert "1月24日（周五） 不算（评价当天）" in reply.text
    assert "1月26日（周日） 算" in reply.text


def test_the_lead_sees_words_and_answer_but_not_the_person(loop: Loop) -> None:
    loop.wang.presses("写几句")
    loop.wang.says("说话冲，我电话13812345678")

    detail = loop.zhao.sends_token(f"rect:{loop.number}")
    shown = loop.zhao.sends_token(f"rectans:{loop.number}")

    assert "138****5678" in detail.text
    assert "13812345678" not in detail.text
    assert "共带" in shown.text
    entries = [e for e in deeds(loop.zhao.desk.db) if e.subject.endswith(loop.number)]
    assert [e.deed for e in entries] == [Deed.SAW_ANSWER, Deed.SAW]


def test_the_exact_version_is_shown_after_the_entry_changed(loop: Loop) -> None:
    db = loop.zhao.desk.db
    row = db.execute("SELECT hash, content FROM knowledge_versions").fetchone()
    content = json.loads(row[1])
    content["name"] = "当时的名字"
    db.execute("UPDATE knowledge_versions SET content = ?", [json.dumps(content)])

    shown = loop.zhao.sends_token(f"rectans:{loop.number}")

    assert "当时的名字" in shown.text


def test_the_citizen_reads_state_and_dates_by_number_and_no_words(
    loop: Loop, somebody: Callable[..., Talker]
) -> None:
    loop.wang.presses("写几句")
    loop.wang.says("说话很冲")

    reply = somebody("anybody").says(loop.number)

    assert "正在核实" in reply.text
    assert "1月26日（周日）前联系您" in reply.text
    assert "2月7日（周五）前处理好" in reply.text
    assert "冲" not in reply.text
    assert "差评" not in reply.text


def test_a_reply_of_the_citizen_is_told_to_the_handler(loop: Loop) -> None:
    loop.zhao.sends_token(f"ract:{loop.number}:contact")
    loop.zhao.says("您好")
    delivered(loop.wang)
    loop.wang.presses("回话")
    loop.wang.says("你好")

    assert any("群众回话了" in r.text for r in delivered(loop.zhao))
    assert "你好" in loop.zhao.sends_token(f"rect:{loop.number}").text


def test_a_phone_is_kept_apart_and_looked_up_only_with_a_reason(loop: Loop) -> None:
    loop.wang.presses("留个电话")
    loop.wang.says("138 1234 5678")
    stored = " ".join(
        str(row) for row in loop.wang.desk.db.execute("SELECT text FROM messages").fetchall()
    )

    asked = loop.zhao.sends_token(f"rphone:{loop.number}")
    shown = loop.zhao.says("打电话核实是哪个窗口")

    assert "1234 5678" not in stored
    assert "理由" in asked.text
    assert "13812345678" in shown.text
    looked = deeds(loop.zhao.desk.db, subject=f"rphone:{loop.number}")[0]
    assert (looked.deed, looked.reason) == (Deed.SAW_CONTACT, "打电话核实是哪个窗口")


def test_who_wants_no_contact_gets_none_and_it_is_closed_by_another(loop: Loop) -> None:
    loop.wang.presses("不用联系我")
    loop.zhao.sends_token(f"ract:{loop.number}:uphold")
    loop.rectified("换了人")

    by_handler = loop.zhao.sends_token(f"ract:{loop.number}:close")
    loop.zhou.sends_token(f"ract:{loop.number}:close")

    assert "承办人不能自己" in by_handler.text
    assert loop.state is State.CLOSED
    assert delivered(loop.wang) == []


def test_an_appeal_voids_the_rating_only_by_the_office(loop: Loop) -> None:
    loop.zhao.sends_token(f"ract:{loop.number}:appeal")
    loop.zhao.presses("误评")
    loop.zhao.says("说的是隔壁窗口")
    mine = loop.zhao.sends_token(f"ract:{loop.number}:void")
    before = loop.zhou.says("今日评价").text
    loop.zhou.sends_token(f"ract:{loop.number}:void")
    loop.zhou.says("查了录像，不是这个窗口")
    after = loop.zhou.says("今日评价").text

    assert "承办人不能自己" in mine.text
    assert loop.state is State.VOIDED
    assert "好评 0，差评 1" in before
    assert "好评 0，差评 0" in after
    assert "含复核作废 1 件共 1 件" in after


def test_the_sweep_reminds_chases_and_tells_nobody_twice(loop: Loop) -> None:
    desk = loop.wang.desk

    def swept() -> int:
        return sweep_rectifications(
            desk.db,
            desk.calendar,
            desk.settings.rectification_rules(),
            Rules(),
            now=desk.now(),
            transaction=transaction,
        ).messages

    loop.moves_to(26, 8, month=1)
    loop.clock.move(minutes=30)
    first, again = swept(), swept()
    reminded = delivered(loop.zhao)
    loop.moves_to(27, 9, month=1)
    chased = swept()

    assert (first, again) == (2, 0)  # the lead and, as for cases, the district's supervisor
    assert any("联系群众1月26日（周日）前｜今天到期" in r.text for r in reminded)
    assert chased == 3
    assert any("催办" in r.text for r in delivered(loop.zhao))


def test_the_lead_finds_it_in_list_and_counts(loop: Loop) -> None:
    listed = loop.zhao.says("整改")
    counted = loop.zhao.says("今日评价")

    assert loop.number[-6:] in listed.text
    assert "差评 1" in counted.text
