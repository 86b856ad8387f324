"""Ratings and counts: one an interaction, correctable until told, counted by the day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from bot.dialogue import Role, Scope
from bot.reports.statistics import By, count_ratings
from tests.conftest import Clock, Talker

FRIDAY = date(2025, 1, 24)


def asked(person: Talker) -> Talker:
    """Have somebody ask for a list and see it."""
    person.says("娃上户口要啥")
    person.presses("都符合")
    return person


def counts(person: Talker, day: date = FRIDAY) -> tuple[int, int, int]:
    total = count_ratings(person.desk.db, Scope(), day, day, By.WINDOW).total
    return total.good, total.bad, total.unrated


def test_an_answer_is_followed_by_five_levels_of_equal_weight(wang: Talker) -> None:
    asked(wang)

    invitation = wang.heard[-1]

    assert [b.label for row in invitation.buttons for b in row] == [
        "非常满意",
        "满意",
        "基本满意",
        "不满意",
        "非常不满意",
    ]
    assert all(len(row) == 1 for row in invitation.buttons)


def test_refining_a_list_does_not_invite_again(wang: Talker) -> None:
    asked(wang)
    before = len(wang.heard)

    wang.presses("改条件")
    wang.presses("回到清单")

    assert not any("服务反馈" in m.text for m in wang.heard[before:])


def test_an_answered_interaction_is_unrated_then_good(wang: Talker) -> None:
    asked(wang)
    unrated = counts(wang)
    wang.presses("非常满意")

    assert (unrated, counts(wang)) == ((0, 0, 1), (1, 0, 0))


def test_a_question_before_the_list_is_not_yet_an_answer(wang: Talker) -> None:
    wang.says("娃上户口要啥")

    assert counts(wang) == (0, 0, 0)


def test_a_second_tap_says_already_rated(wang: Talker) -> None:
    asked(wang)
    invitation = wang.heard[-1]
    wang.presses("满意")
    other = next(b for row in invitation.buttons for b in row if b.label == "非常不满意")

    reply = wang.sends_token(other.token or "")

    assert "已评价" in reply.text
    assert counts(wang) == (1, 0, 0)


def test_a_mis_tap_is_corrected_within_ten_minutes(wang: Talker, clock: Clock) -> None:
    asked(wang)
    wang.presses("非常不满意")
    clock.move(minutes=10)
    wang.presses("点错了，改")

    reply = wang.presses("非常满意")

    assert "您选了“非常满意”" in reply.text
    assert counts(wang) == (1, 0, 0)


def test_after_ten_minutes_a_rating_stands(wang: Talker, clock: Clock) -> None:
    asked(wang)
    wang.presses("不满意")
    clock.move(minutes=10, seconds=1)

    reply = wang.presses("点错了，改")

    assert "不能再改" in reply.text
    assert counts(wang) == (0, 1, 0)


def test_a_chosen_cause_makes_a_rating_stand(wang: Talker) -> None:
    asked(wang)
    wang.presses("不满意")
    wang.presses("小助手的回答")
    wang.presses("没说全")

    reason, tags = wang.desk.db.execute("SELECT reason, tags FROM ratings").fetchone()
    reply = wang.sends_token("rerate:1")

    assert (reason, tags) == ("answer", '["a1"]')
    assert "不能再改" in reply.text


def test_citizens_never_read_the_words_of_the_province(wang: Talker) -> None:
    asked(wang)
    wang.presses("非常不满意")
    wang.presses("办事过程")

    said = "".join(m.text for m in wang.heard) + "".join(wang.labels())

    assert "差评" not in said.replace("好差评", "")


def test_one_addendum_changes_no_count(wang: Talker, clock: Clock) -> None:
    asked(wang)
    wang.presses("非常满意")
    clock.move(hours=1)
    wang.sends_token("more:1")
    wang.says("窗口的人很耐心")

    reply = wang.sends_token("more:1")

    assert "已经补充过" in reply.text
    assert counts(wang) == (1, 0, 0)


def test_somebody_elses_interaction_cannot_be_rated(
    wang: Talker, somebody: Callable[..., Talker]
) -> None:
    asked(wang)

    reply = somebody("stranger").sends_token("rate:1:1")

    assert "没找到" in reply.text
    assert counts(wang) == (0, 0, 1)


def test_staff_are_neither_rated_nor_counted(li: Talker) -> None:
    li.says("退休 特殊工种")

    assert counts(li) == (0, 0, 0)
    assert not any("服务反馈" in m.text for m in li.heard)


def test_thirty_minutes_of_silence_end_an_interaction(wang: Talker, clock: Clock) -> None:
    asked(wang)
    clock.move(minutes=31)
    asked(wang)

    assert counts(wang) == (0, 0, 2)


def test_a_rating_counts_on_its_own_day(wang: Talker, clock: Clock) -> None:
    asked(wang)
    clock.move(days=1)
    wang.presses("满意")

    assert counts(wang, FRIDAY) == (0, 0, 0)
    assert counts(wang, date(2025, 1, 25)) == (1, 0, 0)


def test_a_supervisor_reads_counts_within_the_own_scope(
    wang: Talker, zhou: Talker, somebody: Callable[..., Talker]
) -> None:
    wang.says("/start w-longting-01")
    asked(wang).presses("满意")
    elsewhere = somebody("lankao", Role.SUPERVISOR, Scope("兰考县"))

    city, lankao = zhou.says("今日评价"), elsewhere.says("今日评价")

    assert "好评 1，差评 0，未评 0" in city.text
    assert "好评 0，差评 0，未评 0" in lankao.text


def test_under_twenty_ratings_the_rate_is_for_orientation_only(wang: Talker, zhou: Talker) -> None:
    asked(wang).presses("满意")

    assert "好评率 100.00%（1/1）（不满 20 个，只供参考）" in zhou.says("今日评价").text


def test_from_twenty_ratings_on_the_rate_shows_both_parts(
    zhou: Talker, somebody: Callable[..., Talker]
) -> None:
    for n in range(20):
        asked(somebody(f"c{n}")).presses("不满意" if n == 0 else "满意")

    assert "好评率 95.00%（19/20）" in zhou.says("今日评价").text


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("2025-02-06 评价", "无数据"),
        ("昨日评价", "好评 0，差评 0，未评 0"),
        ("本周评价", "共 5 天"),
    ],
)
def test_periods_are_named_in_words(zhou: Talker, words: str, expected: str) -> None:
    assert expected in zhou.says(words).text
