"""办件进度 for the applicant: state and dates alone, on the page and in chat."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.database import transaction
from bot.desk import Desk
from reminders import case_work
from reminders.case_work import Procedure
from tests.case_builders import NUMBER, a_case, a_row, again, at, bring_in, day, done
from tests.conftest import Clock, Talker
from tests.web.fakes import Browser, FakeCore, a_desk, an_app


@pytest.fixture
def page_desk(tmp_path: Path, clock: Clock) -> Desk:
    clock.at = at("2025-02-06T09:00")
    return a_desk(tmp_path, clock)


@pytest.fixture
def browser(page_desk: Desk) -> Browser:
    return Browser(an_app(page_desk, FakeCore()))


def test_the_page_shows_state_and_dates_and_nothing_else(browser: Browser, page_desk: Desk) -> None:
    a_case(page_desk.db, as_of="2025-02-05T17:00")

    page = browser.get(f"/progress/{NUMBER}")

    assert page.status_code == 200
    for words in (
        "尾号 1234",
        "正在办理",
        "2025年1月24日",
        "2025年2月7日",
        "数据截至 2月5日 17:00",
    ):
        assert words in page.text
    for private in ("张", "小李", "新生儿", "龙亭", NUMBER):
        assert private not in page.text
    assert "noindex" in page.headers["x-robots-tag"]
    assert page.headers["cache-control"] == "no-store"


def test_the_form_leads_to_the_number(browser: Browser) -> None:
    form = browser.get("/progress")
    sent = browser.get("/progress", params={"number": f" {NUMBER} "})

    assert 'name="number"' in form.text
    assert "noindex" in form.headers["x-robots-tag"]
    assert (sent.status_code, sent.headers["location"]) == (303, f"/progress/{NUMBER}")


@pytest.mark.parametrize(
    "number", ["410202250124009999", "%27", "x" * 300, "1", "尾号", NUMBER[:-1]]
)
def test_another_number_is_not_found(browser: Browser, page_desk: Desk, number: str) -> None:
    a_case(page_desk.db)

    assert browser.get(f"/progress/{number}").status_code == 404


def test_a_session_that_tries_numbers_must_wait(
    browser: Browser, page_desk: Desk, clock: Clock
) -> None:
    a_case(page_desk.db)
    browser.get("/progress")

    seen = [browser.get(f"/progress/{n}").status_code for n in range(11)]
    refused = browser.get(f"/progress/{NUMBER}").status_code
    clock.move(minutes=11)

    assert seen == [404] * 10 + [429]
    assert refused == 429
    assert browser.get(f"/progress/{NUMBER}").status_code == 200


def test_those_without_a_cookie_share_one_allowance(page_desk: Desk) -> None:
    app = an_app(page_desk, FakeCore())

    seen = [Browser(app).get(f"/progress/{n}").status_code for n in range(61)]

    assert seen == [404] * 60 + [429]


def test_a_finished_case_shows_when(browser: Browser, page_desk: Desk) -> None:
    bring_in(page_desk.db, done(a_row(), "2025-02-05"), as_of="2025-02-05T17:00")

    text = browser.get(f"/progress/{NUMBER}").text

    assert "已办结" in text
    assert "办结：2025年2月5日" in text
    assert "承诺办结" not in text


def test_a_suspended_case_names_no_due_day(browser: Browser, page_desk: Desk) -> None:
    db = page_desk.db
    case = a_case(db)
    with transaction(db):
        case_work.suspend_case(
            db,
            case,
            Procedure.HEARING,
            "1号",
            begins_on=day("2025-02-06"),
            by_person_id=None,
            site_visit_counts=False,
            now=page_desk.now(),
        )

    text = browser.get(f"/progress/{NUMBER}").text

    assert "不计时" in text
    assert "承诺办结" not in text
    assert again(db, case).is_open


def test_a_late_case_says_so_and_whom_to_ask(
    browser: Browser, page_desk: Desk, clock: Clock
) -> None:
    a_case(page_desk.db)
    clock.at = at("2025-02-10T09:00")

    text = browser.get(f"/progress/{NUMBER}").text

    assert "已超过承诺的日子" in text
    assert "12345" in text


def test_the_chat_word_answers_the_same(wang: Talker, clock: Clock) -> None:
    clock.at = at("2025-02-06T09:00")
    a_case(wang.desk.db, as_of="2025-02-05T17:00")

    said = wang.says(f"办件进度 {NUMBER}").text

    assert "尾号 1234：正在办理，快到承诺的日子。" in said
    assert "2025年2月7日" in said
    assert NUMBER not in said
    assert "“办件进度 编号”" in wang.says("办件进度").text
    assert "没查到" in wang.says("办件进度 1").text


def test_somebody_who_tries_numbers_in_chat_must_wait(wang: Talker, clock: Clock) -> None:
    tried = [wang.says(f"办件进度 {n}").text for n in range(11)]
    clock.move(minutes=11)

    assert "没查到" in tried[9]
    assert "太勤" in tried[10]
    assert "没查到" in wang.says("办件进度 1").text


def test_the_home_page_leads_to_it(browser: Browser) -> None:
    assert '<a href="/progress">' in browser.get("/").text


def test_the_menu_leads_to_it_and_takes_the_bare_number(wang: Talker, clock: Clock) -> None:
    clock.at = at("2025-02-06T09:00")
    a_case(wang.desk.db, as_of="2025-02-05T17:00")
    wang.says("菜单")
    wang.presses("办件进度")

    said = wang.says(NUMBER).text

    assert "尾号 1234" in said
    assert "办件进度 编号" in wang.says("帮助").text


def test_a_question_instead_of_the_number_is_answered(wang: Talker) -> None:
    wang.sends_token("progress")

    assert wang.says("娃上户口要啥").text.startswith("新生儿出生")


def test_bare_numbers_tried_out_must_wait_too(wang: Talker, clock: Clock) -> None:
    said = ""
    for n in range(11):
        clock.move(seconds=1)
        wang.sends_token("progress")
        said = wang.says(f"4102022501240012{n:02d}").text

    assert "十分钟再查" in said


def test_the_applicant_sees_why_it_is_that_day_on_the_page_and_in_chat(
    browser: Browser, page_desk: Desk, wang: Talker, clock: Clock
) -> None:
    clock.at = at("2025-02-06T09:00")
    for desk in (page_desk, wang.desk):
        a_case(desk.db, as_of="2025-02-05T17:00")

    page = browser.get(f"/progress/{NUMBER}").text
    wang.says(f"办件进度 {NUMBER}")
    why = wang.presses("为什么是这天")

    assert "<summary>为什么是这天</summary>" in page
    assert "调休上班" in page
    assert why.table is not None
    assert ("1月26日（周日）", "计", "调休上班") in why.table.rows
    assert "2025年2月7日" in why.text


def test_nobody_reads_the_days_of_a_number_they_never_asked_for(wang: Talker, clock: Clock) -> None:
    clock.at = at("2025-02-06T09:00")
    a_case(wang.desk.db, as_of="2025-02-05T17:00")

    assert "失效" in wang.sends_token(f"progwhy:{NUMBER}").text
