"""督办 and 通报 about late 差评整改: the ladder of the cases, drafted, released by a named person.

Rated badly on 2025-01-24: contact is due on the make-up Sunday 01-26, chased from 01-27 on, three
working days over on 02-06 after 春节, five working days after the chase on 02-10.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from bot import daily
from bot.clock import LOCAL
from bot.desk import Desk
from bot.dialogue import CITY, Role, Scope
from bot.oversight import run_overdue
from bot.records import people
from bot.records.audit import Deed, deeds
from bot.records.roster import Roster
from bot.reports.daily import facts_of_day
from reminders.acts import Act, Decision, acts_of_rectification, waiting_acts
from reminders.rectification_sweep import decide_rectifications
from tests.case_builders import a_case
from tests.conftest import Clock, Talker
from tests.test_rectification_journey import Loop, delivered

CHASED, INTERVENED, CIRCULATED = "2025-01-27T08:30", "2025-02-06T08:30", "2025-02-10T08:30"


@pytest.fixture
def loop(wang: Talker, zhao: Talker, zhou: Talker, clock: Clock) -> Loop:
    clock.at = datetime(2025, 1, 24, 16, 0, tzinfo=LOCAL)
    wang.says("/start w-longting-01")
    wang.says("娃上户口要啥")
    wang.presses("都符合")
    wang.presses("不满意")
    wang.presses("窗口服务")
    wang.presses("服务态度生硬")
    (number,) = wang.desk.db.execute("SELECT number FROM rectifications").fetchone()
    return Loop(wang, zhao, zhou, clock, number)


@pytest.fixture
def supervisor(somebody: Callable[..., Talker]) -> Talker:
    """Return who supervises 龙亭."""
    sun = somebody("sun", Role.SUPERVISOR, Scope("龙亭区"))
    sun.person = people.name_person(sun.desk.db, sun.person, "孙督查")
    return sun


def swept(loop: Loop, *instants: str) -> int:
    """Sweep at some instants, and return how many messages the last one put."""
    messages = 0
    for instant in instants:
        loop.clock.at = datetime.fromisoformat(instant).replace(tzinfo=LOCAL)
        messages = daily.sweep_now(loop.zhao.desk)
    return messages


def acts(desk: Desk) -> list[tuple[str, str | None, str]]:
    return [(a.kind.value, a.step, a.due_on.isoformat()) for a in waiting_acts(desk.db, CITY)]


def only_act(desk: Desk) -> Act:
    (act,) = acts_of_rectification(desk.db, 1)
    return act


def test_nothing_is_drafted_before_the_third_day_over(loop: Loop) -> None:
    swept(loop, CHASED, "2025-02-05T08:30")

    assert acts(loop.zhao.desk) == []


def test_an_act_is_drafted_and_not_told(loop: Loop, supervisor: Talker) -> None:
    swept(loop, CHASED, INTERVENED)

    told = "\n".join(r.text for who in (loop.zhao, supervisor) for r in delivered(who))
    assert acts(loop.zhao.desk) == [("intervene", "contact", "2025-01-26")]
    assert "督办待签发" in told
    assert "督办通知" not in told
    assert "超期，督办\n" not in told
    assert swept(loop, "2025-02-06T08:31") == 0
    assert len(acts(loop.zhao.desk)) == 1


def test_it_stands_in_the_supervisors_list_with_its_proof(loop: Loop, supervisor: Talker) -> None:
    swept(loop, CHASED, INTERVENED)

    listed = supervisor.sends_token("acts")
    proof = supervisor.presses("提醒记录")

    tail = loop.number[-6:]
    assert f"督办｜整改 {tail}（上户口）｜" in listed.text
    assert "龙亭区政务服务大厅·综合受理窗口" in listed.text
    assert "联系群众超期 3 个工作日，1月26日（周日）到期" in listed.text
    assert "联系群众｜催办 → " in proof.text
    assert "1月27日 08:30 生成" in proof.text
    assert "督办：2月6日 08:30 拟稿，待签发" in proof.text


def test_released_by_a_named_supervisor_it_is_told_to_everyone(
    loop: Loop, supervisor: Talker
) -> None:
    swept(loop, CHASED, INTERVENED)
    for who in (loop.zhao, supervisor, loop.zhou):
        delivered(who)

    supervisor.sends_token("acts")
    released = supervisor.presses("签发")
    again = supervisor.sends_token("release:1")

    assert "已签发督办" in released.text
    assert "已经签发" in again.text
    for who in (loop.zhao, loop.zhou):
        (told,) = [r for r in delivered(who) if "督办通知" in r.text]
        assert "联系群众超期 3 个工作日" in told.text
    act = only_act(loop.zhao.desk)
    assert (act.decision, act.decided_by) == (Decision.RELEASED, supervisor.person.id)
    written = [d.subject for d in deeds(loop.zhao.desk.db) if d.deed is Deed.CHANGED]
    assert "release:1" in written
    swept(loop, "2025-02-06T14:30", "2025-02-07T08:30")
    assert acts(loop.zhao.desk) == []


def test_declined_with_a_reason_it_is_not_told_nor_drafted_again(
    loop: Loop, supervisor: Talker
) -> None:
    swept(loop, CHASED, INTERVENED)
    delivered(loop.zhao)

    supervisor.sends_token("acts")
    supervisor.presses("不签发")
    declined = supervisor.presses("已说明")
    swept(loop, "2025-02-06T14:30", "2025-02-07T08:30")

    assert "不签发督办" in declined.text
    assert only_act(loop.zhao.desk).decision is Decision.DECLINED
    assert not any("督办通知" in r.text for r in delivered(loop.zhao))


def test_what_was_done_meanwhile_can_no_longer_be_released_and_lapses(
    loop: Loop, supervisor: Talker
) -> None:
    swept(loop, CHASED, INTERVENED)
    loop.zhao.sends_token(f"ract:{loop.number}:contact")
    loop.zhao.says("您好，想问一下当时是哪位接待的？")

    listed = supervisor.sends_token("acts")
    refused = supervisor.sends_token("release:1")
    swept(loop, "2025-02-06T14:30")

    assert "没有待签发" in listed.text
    assert "这一步已经办了" in refused.text
    assert only_act(loop.zhao.desk).decision is Decision.LAPSED


def test_five_days_after_the_chase_comes_the_bulletin(loop: Loop, supervisor: Talker) -> None:
    swept(loop, CHASED, INTERVENED, "2025-02-08T08:30")
    before = acts(loop.zhao.desk)
    swept(loop, CIRCULATED)

    assert ("bulletin", "contact", "2025-01-26") not in before
    assert ("bulletin", "contact", "2025-01-26") in acts(loop.zhao.desk)
    assert "通报｜整改" in supervisor.sends_token("acts").text


def test_cases_and_rectifications_wait_in_one_list(loop: Loop, supervisor: Talker) -> None:
    desk = loop.zhao.desk
    swept(loop, CHASED, INTERVENED)
    loop.clock.at = datetime(2025, 2, 13, 10, 0, tzinfo=LOCAL)
    a_case(desk.db, as_of="2025-02-13T08:00")
    run_overdue(desk, desk.db)

    listed = supervisor.sends_token("acts")
    facts = facts_of_day(
        desk.db,
        supervisor.person,
        desk.calendar,
        desk.settings.oversight.rules(),
        desk.settings.rectification_rules(),
        on=desk.today(),
        now=desk.now(),
    )

    assert "待签发 2 件" in listed.text
    assert "整改" in listed.text
    assert "新生儿出生一件事" in listed.text
    assert facts.acts_waiting == 2


def test_a_strangers_release_is_refused(loop: Loop, somebody: Callable[..., Talker]) -> None:
    swept(loop, CHASED, INTERVENED)
    stranger = somebody("lankao", Role.SUPERVISOR, Scope("兰考县"))

    listed = stranger.sends_token("acts")
    said = [stranger.sends_token(t) for t in ("release:1", "decline:1", "decline:1:done")]

    assert "没有待签发" in listed.text
    assert only_act(loop.zhao.desk).decision is None
    assert not any(loop.number[-6:] in reply.text for reply in said)


def test_the_dry_run_writes_nothing(loop: Loop) -> None:
    swept(loop, CHASED)
    loop.clock.at = datetime(2025, 2, 6, 8, 30, tzinfo=LOCAL)
    desk = loop.zhao.desk

    decided = decide_rectifications(
        desk.db,
        desk.calendar,
        desk.settings.rectification_rules(),
        desk.settings.oversight.rules(),
        now=desk.now(),
        resolve=Roster(desk.db).resolve,
    )

    assert [draft.kind.value for draft in decided.drafts] == ["intervene"]
    assert acts(desk) == []
