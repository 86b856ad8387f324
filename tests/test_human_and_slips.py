"""留言 and slips: numbers, inboxes, what was told and what has changed since."""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.dialogue import Role, Scope
from tests.conftest import Clock, Talker

NUMBER = re.compile(r"L\d{8}[0-9A-Z]{6}")
SLIP = re.compile(r"\d{8}-[0-9A-Z]{6}")


def note_of(person: Talker, text: str = "我的情况有点特殊，想问问") -> str:
    person.says("转人工")
    person.sends_token("note")
    return NUMBER.search(person.says(text).text)[0]  # type: ignore[index]


def slip_of(person: Talker) -> str:
    person.says("娃上户口要啥")
    if person.person.role is Role.CITIZEN:
        person.presses("都符合")
    return SLIP.search(person.presses("告知单").text)[0]  # type: ignore[index]


def test_a_note_gets_a_number_and_a_due_day(wang: Talker) -> None:
    number = note_of(wang)

    assert "1月26日" in wang.heard[-1].text  # the make-up Sunday is a working day
    assert "等待回复" in wang.says(f"查留言 {number}").text
    assert "特殊" not in wang.says(number).text


def test_a_note_lands_with_the_lead_of_its_window(wang: Talker, zhao: Talker) -> None:
    wang.says("/start w-longting-01")
    number = note_of(wang)

    zhao.says("留言箱")
    shown = zhao.presses(f"看 {number[-6:]}")

    assert "我的情况有点特殊" in shown.text


def test_a_foreign_lead_does_not_see_a_note(wang: Talker, somebody: Callable[..., Talker]) -> None:
    wang.says("/start w-longting-01")
    number = note_of(wang)
    foreign = somebody("foreign", Role.LEAD, Scope("兰考县"))

    assert "空的" in foreign.says("留言箱").text
    assert "没找到" in foreign.sends_token(f"read:{number}").text
    assert "没找到" in foreign.sends_token(f"reply:{number}").text


def test_an_answer_goes_to_the_one_who_asked(wang: Talker, zhao: Talker) -> None:
    wang.says("/start w-longting-01")
    number = note_of(wang)
    zhao.sends_token(f"reply:{number}")
    zhao.says("请带户口簿来 3 号窗口")

    waiting = wang.desk.db.execute(
        "SELECT person_id FROM outbox WHERE kind = 'note_answer'"
    ).fetchall()
    assert waiting == [(wang.person.id,)]
    assert "回复" in wang.says(number).text


def test_a_fresh_question_is_not_swallowed_as_a_note(wang: Talker) -> None:
    wang.sends_token("note")

    reply = wang.says("开饭店办照要什么手续")

    assert "这是留言" in wang.labels()
    assert "餐饮" in reply.text


def test_an_awaited_text_is_forgotten_after_ten_minutes(wang: Talker, clock: Clock) -> None:
    wang.sends_token("note")
    clock.move(minutes=11)

    assert NUMBER.search(wang.says("就是想问问那个事").text) is None


def test_a_slip_has_an_unguessable_number_and_opens_for_anybody(
    wang: Talker, somebody: Callable[..., Talker]
) -> None:
    number = slip_of(wang)

    opened = somebody("granddaughter").says(number)

    assert "办事材料一次性告知单（咨询用）" in opened.text
    assert "不是受理、补正或不予受理通知" in opened.text


def test_the_same_list_makes_one_slip_a_day(wang: Talker) -> None:
    first = slip_of(wang)
    again = SLIP.search(wang.presses("告知单").text)

    assert again is not None
    assert again[0] == first


def test_a_slip_ends_after_180_days(wang: Talker, clock: Clock) -> None:
    number = slip_of(wang)
    clock.move(days=181)

    assert "过了有效期" in wang.says(f"查告知单 {number}").text


def test_a_handed_over_list_is_rated_by_the_citizen_at_that_window(
    li: Talker, wang: Talker
) -> None:
    li.says("退休 特殊工种")
    number = SLIP.search(li.presses("给群众").text)[0]  # type: ignore[index]

    wang.says(f"/start s-{number}")
    wang.presses("满意")

    window = wang.desk.db.execute(
        "SELECT window FROM interactions WHERE person_id = ?", [wang.person.id]
    ).fetchall()
    assert window == [("longting-01",)]


def test_a_clerk_gets_everything_in_one_message_without_a_question(li: Talker) -> None:
    reply = li.says("退休 特殊工种")

    spoken = reply.text.split("口播\n")[1].split("\n")[0]
    assert len(spoken) <= 120
    assert {"给群众", "告知单"} <= set(li.labels())


def test_deleting_my_data_leaves_counts_without_a_name(wang: Talker) -> None:
    wang.says("娃上户口要啥")
    wang.presses("都符合")
    wang.says("删除我的数据")
    db, person_id = wang.desk.db, wang.person.id

    wang.presses("确定删除")

    left = db.execute(
        "SELECT count(*) FROM messages WHERE person_id = ? AND direction = 'in'", [person_id]
    ).fetchone()[0]
    assert left == 0
    assert db.execute("SELECT count(*) FROM interactions").fetchone()[0] == 1
    assert db.execute(
        "SELECT count(*) FROM addresses WHERE person_id = ?", [person_id]
    ).fetchone() == (0,)


def test_a_correction_goes_to_the_editor(wang: Talker, somebody: Callable[..., Talker]) -> None:
    wang.says("娃上户口要啥")
    wang.presses("都符合")
    wang.presses("这条不对")
    number = NUMBER.search(wang.says("照片现在不要了").text)[0]  # type: ignore[index]
    editor = somebody("editor", Role.EDITOR)

    editor.says("留言箱")

    assert "照片现在不要了" in editor.presses(f"看 {number[-6:]}").text


def test_a_departments_editor_reads_corrections_of_its_own_entries_only(
    wang: Talker, somebody: Callable[..., Talker]
) -> None:
    own = somebody("own", Role.EDITOR, Scope(None, "health"))
    other = somebody("other", Role.EDITOR, Scope(None, "market"))
    wang.says("娃上户口要啥")
    wang.presses("都符合")
    wang.presses("这条不对")
    wang.says("照片要两张，写成一张了")

    mine, foreign = own.says("留言箱"), other.says("留言箱")

    assert "看 " in str(own.labels())
    assert "看 " not in str(other.labels())
    assert mine.text != foreign.text


def test_the_day_of_an_answer_is_explained_to_who_wrote_and_who_answers(
    wang: Talker, zhao: Talker
) -> None:
    wang.says("/start w-longting-01")
    note_of(wang)
    taken = wang.heard[-1]
    why = wang.presses("为什么是这天")
    zhao.says("留言箱")
    zhao.presses("看 ")

    assert why.table is not None
    counted = [row for row in why.table.rows if row[1] == "计"]
    assert len(counted) == wang.desk.settings.human.due_working_days
    assert counted[-1][0] in taken.text
    assert zhao.presses("为什么是这天").table == why.table
