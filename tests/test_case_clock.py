"""挂起、恢复计时、延期 and own words for 不签发 in chat: who may, what is asked and kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from bot.desk import Desk
from bot.dialogue import Role, Scope
from bot.records import people
from bot.views.alerts import render_alert
from bot.views.case_proof import event_details
from reminders import outbox
from reminders.acts import Decision, acts_of
from reminders.case_clock import extension_of
from reminders.case_events import events_of
from reminders.case_work import Procedure
from reminders.cases import Case
from reminders.overdue import Stage, due_day, standing_of
from tests.case_builders import LONGTING, a_case, again, at
from tests.conftest import Clock, Talker

DISTRICT = Scope("龙亭区")


@pytest.fixture
def li(somebody: Callable[..., Talker], desk: Desk) -> Talker:
    """Return 小李, whose case it is."""
    talker = somebody("li", Role.CLERK, LONGTING)
    desk.db.execute("UPDATE people SET name = '小李' WHERE id = ?", [talker.person.id])
    talker.person = people.person_by_id(desk.db, talker.person.id)
    return talker


@pytest.fixture
def case(desk: Desk, li: Talker, clock: Clock) -> Case:
    """Return a case accepted 2025-01-24 with five days, due 2025-02-07; it is 02-05 now."""
    clock.at = at("2025-02-05T10:00")
    return a_case(desk.db, as_of="2025-02-05T08:00")


def stage(desk: Desk, case: Case) -> Stage:
    rules = desk.settings.oversight.rules()
    return standing_of(again(desk.db, case), desk.calendar, rules, desk.today()).stage


# -- stopping and starting


def test_a_clerk_stops_the_clock_by_its_document_and_starts_it_again(
    desk: Desk, li: Talker, case: Case, clock: Clock
) -> None:
    li.sends_token(f"case:{case.id}")
    li.presses("挂起")
    li.presses("检验")
    said = li.says("检验告知书〔2025〕3号")
    stopped = stage(desk, case)
    clock.at = at("2025-02-10T10:00")

    resumed = li.presses("恢复计时")

    assert "今天起不计时" in said.text
    assert stopped is Stage.SUSPENDED
    (stop,) = again(desk.db, case).suspensions
    assert (stop.begins_on, stop.ends_on) == (date(2025, 2, 5), date(2025, 2, 9))
    assert (stop.reason, stop.document) == (Procedure.INSPECTION, "检验告知书〔2025〕3号")
    # Two days ran before (01-26, 01-27), three are left from 02-10 on.
    assert "2月12日" in resumed.text


def test_pressed_twice_it_is_stopped_and_started_once(desk: Desk, li: Talker, case: Case) -> None:
    li.sends_token(f"casestop:{case.id}:testing")
    li.says("检测告知书")
    li.sends_token(f"casestop:{case.id}:testing")
    li.says("检测告知书")
    li.sends_token(f"caseresume:{case.id}")
    li.sends_token(f"caseresume:{case.id}")

    kinds = [event.kind for event in events_of(desk.db, case.id)]
    assert kinds == ["accepted", "suspended", "resumed"]
    assert again(desk.db, case).suspensions == ()


def test_a_site_visit_is_offered_only_where_the_local_rule_allows_it(
    li: Talker, case: Case
) -> None:
    li.sends_token(f"casestop:{case.id}")
    offered = li.labels()

    refused = li.sends_token(f"casestop:{case.id}:site_visit")

    assert "鉴定" in offered
    assert "现场勘验" not in offered
    assert "按钮" in refused.text


def test_somebody_elses_clock_is_not_touched(
    desk: Desk, case: Case, somebody: Callable[..., Talker]
) -> None:
    other = somebody("other", Role.CLERK, Scope("鼓楼区"))

    for token in (f"casestop:{case.id}", f"caseresume:{case.id}", f"caseextend:{case.id}"):
        other.sends_token(token)

    assert [event.kind for event in events_of(desk.db, case.id)] == ["accepted"]


def test_a_text_that_comes_late_stops_nothing(
    li: Talker, case: Case, desk: Desk, clock: Clock
) -> None:
    li.sends_token(f"casestop:{case.id}:testing")
    clock.move(minutes=11)

    li.says("检测告知书")

    assert again(desk.db, case).suspensions == ()


# -- extensions


def test_a_lead_approves_an_extension_with_reason_and_proof(
    desk: Desk, li: Talker, zhao: Talker, case: Case
) -> None:
    zhao.sends_token(f"case:{case.id}")
    zhao.presses("批准延期")
    zhao.presses("5 个工作日")
    zhao.says("要现场核实")
    done = zhao.says("延期告知书〔2025〕1号，2月5日送达")

    longer = again(desk.db, case)
    assert due_day(longer, desk.calendar, desk.today()) == date(2025, 2, 13)
    assert "2月13日" in done.text
    extension = extension_of(desk.db, case.id)
    assert extension is not None
    assert extension.approver.startswith("窗口负责人")
    assert (extension.reason, extension.proof) == (
        "要现场核实",
        "延期告知书〔2025〕1号，2月5日送达",
    )
    (waiting,) = outbox.claim(desk.db, now=desk.now(), lease_seconds=60, limit=9)
    told = render_alert(desk, waiting, li.person, li.channel)
    assert told is not None
    assert "批准延期 5 个工作日" in told.text


def test_other_numbers_of_days_are_typed(desk: Desk, zhou: Talker, case: Case) -> None:
    zhou.sends_token(f"caseextend:{case.id}")
    wrong = [zhou.says(text).text for text in ("三十天", "11", "0")]
    zhou.says("3")
    zhou.says("要会签")
    zhou.says("电话告知，有录音")

    assert all("没认出天数" in text for text in wrong)
    assert again(desk.db, case).extended_days == 3


def test_after_expiry_nothing_is_asked_any_more(zhao: Talker, case: Case, clock: Clock) -> None:
    clock.at = at("2025-02-08T10:00")

    assert "到期之前" in zhao.sends_token(f"caseextend:{case.id}").text


def test_an_extension_is_given_once(desk: Desk, zhao: Talker, case: Case) -> None:
    for _ in range(2):
        zhao.sends_token(f"caseextend:{case.id}:5")
        zhao.says("要现场核实")
        zhao.says("延期告知书")

    assert again(desk.db, case).extended_days == 5
    assert "已经延期过一次" in zhao.sends_token(f"caseextend:{case.id}").text


def test_who_handles_a_case_approves_no_extension_of_it(
    desk: Desk, zhao: Talker, case: Case, li: Talker
) -> None:
    desk.db.execute("UPDATE cases SET handler_id = ? WHERE id = ?", [zhao.person.id, case.id])

    zhao.sends_token(f"case:{case.id}")

    assert "批准延期" not in zhao.labels()
    zhao.sends_token(f"caseextend:{case.id}:5")
    assert again(desk.db, case).extended_days == 0
    assert "批准延期" not in labels_of(li, case)


def labels_of(talker: Talker, case: Case) -> list[str]:
    talker.sends_token(f"case:{case.id}")
    return talker.labels()


def test_the_proof_says_on_what_ground(desk: Desk, li: Talker, zhao: Talker, case: Case) -> None:
    zhao.sends_token(f"caseextend:{case.id}:5")
    zhao.says("要现场核实")
    zhao.says("延期告知书")
    li.sends_token(f"casestop:{case.id}:testing")
    li.says("检测告知书")

    proof = zhao.sends_token(f"caseproof:{case.id}").text

    assert "告知凭据 延期告知书" in proof
    assert "检测，文书：检测告知书" in proof
    assert all(event_details(e) for e in events_of(desk.db, case.id) if e.kind != "accepted")


# -- declining in one's own words


@pytest.fixture
def act(desk: Desk, case: Case) -> int:
    """Return an act that waits for release."""
    desk.db.execute(
        """INSERT INTO acts (id, case_id, kind, red_card, due_on, drafted_at)
           VALUES (7, ?, 'intervene', 0, '2025-02-07', ?)""",
        [case.id, desk.now().isoformat()],
    )
    return 7


def test_an_act_is_declined_in_the_supervisors_own_words(
    desk: Desk, zhou: Talker, case: Case, act: int
) -> None:
    zhou.sends_token("acts")
    zhou.presses("不签发")
    zhou.presses("自己写")

    said = zhou.says("窗口停电两天，\n已现场核实")

    (declined,) = acts_of(desk.db, case.id)
    assert (declined.decision, declined.reason) == (
        Decision.DECLINED,
        "窗口停电两天， 已现场核实",
    )
    assert "窗口停电两天" in said.text
    assert "不签发：窗口停电两天" in zhou.sends_token(f"caseproof:{case.id}").text


def test_over_a_discreet_channel_own_words_stay_on_the_page(
    desk: Desk, zhou: Talker, case: Case, act: int
) -> None:
    zhou.sends_token(f"decline:{act}:own")
    zhou.says("张三家里停电")

    text = zhou._send(token=f"caseproof:{case.id}", discreet=True).text

    assert "张三" not in text
    assert "原因看网页" in text


def test_a_question_after_declining_is_not_taken_for_a_reason(
    desk: Desk, zhou: Talker, case: Case, act: int
) -> None:
    zhou.sends_token(f"decline:{act}:own")
    zhou.sends_token("acts")

    zhou.says("窗口停电两天")

    (waiting,) = acts_of(desk.db, case.id)
    assert waiting.decision is None


def test_an_act_somebody_else_decided_meanwhile_keeps_their_word(
    desk: Desk, zhou: Talker, case: Case, act: int, somebody: Callable[..., Talker]
) -> None:
    sun = somebody("sun", Role.SUPERVISOR, DISTRICT)
    sun.person = people.name_person(desk.db, sun.person, "孙督查")
    zhou.sends_token(f"decline:{act}:own")
    sun.sends_token(f"decline:{act}:explained")

    said = zhou.says("窗口停电")

    assert "已经签发或不签发" in said.text
    assert acts_of(desk.db, case.id)[0].reason == "explained"


def test_only_a_supervisor_writes_such_a_reason(li: Talker, act: int, desk: Desk) -> None:
    li.sends_token(f"decline:{act}:own")
    li.says("不想签")

    row = desk.db.execute("SELECT decision FROM acts").fetchone()
    assert row == (None,)
