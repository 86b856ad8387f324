"""Who answers for a rectification while its lead is away, and what counts as done in time."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.__main__ import main
from bot.clock import LOCAL
from bot.daily import sweep_all
from bot.database import FILE_NAME, open_database, transaction
from bot.delivery import DeliveryLoop, Pace
from bot.dialogue import Channel, Reply, Role, Scope
from bot.records import people
from bot.records.people import Address
from bot.records.roster import Member, link_person, put_member, set_leave
from bot.views.alerts import render_alert
from reminders.rectification_rules import (
    Rectification,
    RectificationRules,
    State,
    Step,
    deadlines,
)
from reminders.rectifications import Opening, open_rectification, rectification_by_number
from tests.conftest import Clock, Talker
from tests.test_rectification_journey import Loop
from tests.test_rectification_journey import loop as loop

pytestmark = pytest.mark.usefixtures("loop")
FAST = Pace(per_second=10_000, chat_seconds=0, idle_seconds=0.01)


@dataclass
class Heard:
    """A channel that remembers what was sent to whom."""

    sent: list[tuple[str, str]] = field(default_factory=list)

    def parts(self, reply: Reply) -> tuple[Reply, ...]:
        return (reply,)

    async def send(self, address: str, reply: Reply) -> str:
        self.sent.append((address, reply.text))
        return str(len(self.sent))

    def by(self, address: str) -> list[str]:
        return [text for at, text in self.sent if at == address]


def deliver(person: Talker, channel: Channel = Channel.TERMINAL) -> Heard:
    heard = Heard()
    loop = DeliveryLoop(person.desk, {channel: heard}, render_alert, pace=FAST)
    while asyncio.run(loop.deliver_due()):
        pass
    return heard


def found(loop: Loop) -> Rectification:
    one = rectification_by_number(loop.wang.desk.db, loop.number)
    assert one is not None
    return one


@pytest.fixture
def deputy(loop: Loop, somebody: Callable[..., Talker]) -> Talker:
    """Return 钱副主任, a clerk at another window, who stands in for 赵主任 until 02-14."""
    db = loop.wang.desk.db
    qian = somebody("qian", Role.CLERK, Scope("龙亭区", None, "longting-02"))
    put_member(db, Member("G1", "赵主任", Role.LEAD, Scope("龙亭区"), deputy_number="G2"))
    put_member(db, Member("G2", "钱副主任", Role.CLERK, Scope("龙亭区")))
    link_person(db, "G1", loop.zhao.person.id)
    link_person(db, "G2", qian.person.id)
    set_leave(db, "G1", date(2025, 1, 24), date(2025, 2, 14), None)
    return qian


# -- leave and deputy


def test_the_deputy_is_told_first_and_the_lead_on_leave_is_not(loop: Loop, deputy: Talker) -> None:
    heard = deliver(deputy)

    assert any("有一条反馈要核实" in text for text in heard.by("qian"))
    assert heard.by("zhao") == []
    assert loop.state is State.NEW


def test_the_deputy_does_the_leads_work(loop: Loop, deputy: Talker) -> None:
    listed = deputy.says("整改")
    deputy.sends_token(f"rect:{loop.number}")
    deputy.sends_token(f"ract:{loop.number}:uphold")

    assert loop.number[-6:] in listed.text
    assert loop.state is State.RECTIFYING


def test_the_deputys_digest_names_the_leads_work(loop: Loop, deputy: Talker) -> None:
    deliver(deputy)
    loop.moves_to(26, 9, month=1)
    sweep_all(deputy.desk)

    heard = deliver(deputy)

    assert any("今天到期" in text and loop.number[-6:] in text for text in heard.by("qian"))
    assert not any("整改提醒" in text for text in heard.by("zhao"))


def test_after_the_leave_the_deputy_sees_nothing_more(
    loop: Loop, deputy: Talker, clock: Clock
) -> None:
    clock.at = datetime(2025, 2, 17, 9, 0, tzinfo=LOCAL)

    assert "没找到" in deputy.sends_token(f"rect:{loop.number}").text
    assert loop.number[-6:] in loop.zhao.says("整改").text


# -- the deadline of an appeal


def _appealed(loop: Loop) -> None:
    loop.zhao.sends_token(f"ract:{loop.number}:appeal:mistaken")
    loop.zhao.says("说的是隔壁窗口")


@pytest.mark.parametrize(
    ("decided_on", "late"), [((2, 7), False), ((2, 8), True)], ids=["on the day", "a day late"]
)
def test_an_appeal_is_decided_in_time_or_late(
    loop: Loop, decided_on: tuple[int, int], late: bool
) -> None:
    _appealed(loop)
    month, day = decided_on
    loop.moves_to(day, month=month)
    loop.zhou.sends_token(f"ract:{loop.number}:maintain")
    loop.zhou.says("录像里就是这个窗口")

    desk = loop.wang.desk
    (review,) = (
        d
        for d in deadlines(found(loop), desk.calendar, desk.settings.rectification_rules())
        if d.step is Step.REVIEW
    )

    assert review.due_on == date(2025, 2, 7)
    assert review.is_late(desk.today()) is late


# -- what is a follow-up


def _rectified(loop: Loop) -> None:
    loop.zhao.sends_token(f"ract:{loop.number}:uphold")
    loop.moves_to(6)
    loop.rectified("已约谈并道歉。")


def test_nobody_is_asked_to_follow_up_who_wants_no_contact(loop: Loop) -> None:
    loop.wang.presses("不用联系我")
    _rectified(loop)

    shown = loop.zhou.sends_token(f"rect:{loop.number}")
    refused = loop.zhou.sends_token(f"ract:{loop.number}:satisfied")

    offered = [b.label for row in shown.buttons for b in row if "回访：" in b.label]
    assert offered == []
    assert "不回访" in refused.text
    assert loop.state is State.FOLLOW_UP


def test_only_the_third_failed_attempt_counts_as_a_follow_up(loop: Loop) -> None:
    _rectified(loop)
    counted = []
    for day in (7, 8, 10):
        loop.moves_to(day)
        loop.zhou.sends_token(f"ract:{loop.number}:unreachable")
        counted.append(found(loop).first_followed_up_at is not None)

    assert counted == [False, False, True]
    assert loop.state is State.CLOSED


# -- while a mis-tap may be corrected


def test_the_list_offers_no_number_before_it_may_be_opened(
    wang: Talker, zhou: Talker, clock: Clock
) -> None:
    clock.at = datetime(2025, 1, 27, 10, 0, tzinfo=LOCAL)
    wang.says("娃上户口要啥")
    wang.presses("都符合")
    wang.presses("不满意")
    at_once = zhou.sends_token("bad:2025-01-27:2025-01-27")
    clock.move(minutes=10)
    later = zhou.sends_token("bad:2025-01-27:2025-01-27")

    assert "1 件" in at_once.text
    assert [b.label for row in at_once.buttons for b in row] == ["菜单"]
    assert later.buttons[0][0].label.startswith("整改 ")
    assert "没找到" not in zhou.sends_token(later.buttons[0][0].token or "").text


def test_a_sweep_names_whom_it_tells(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("data_dir: data\n", encoding="utf-8")
    (tmp_path / "data").mkdir()
    db = open_database(tmp_path / "data" / FILE_NAME)
    rated_at = datetime(2025, 1, 24, 16, 0, tzinfo=LOCAL)
    person = people.person_at(db, Address(Channel.WEB, "zhao"), now=rated_at)
    with transaction(db):
        people.set_role(db, person, Role.LEAD, Scope("龙亭区"))
        db.execute("UPDATE people SET name = '赵主任' WHERE id = ?", [person.id])
        opening = Opening(1, rated_at, "newborn", Scope("龙亭区", None, "longting-01"))
        rules = RectificationRules()
        open_rectification(db, opening, rules=rules, holds=lambda _: True, now=rated_at)
    db.close()

    words = ["sweep", "rectifications", "--dry-run", "--json", "--clock", "2025-01-26T09:00"]
    done = CliRunner().invoke(main, [*words, "--config", str(tmp_path / "config.yaml")])

    recipients = {told["recipient"] for told in json.loads(done.stdout)}
    assert "窗口负责人 赵主任" in recipients
    assert not any(re.fullmatch(r"p\d+", one) for one in recipients)
