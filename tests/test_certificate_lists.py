"""The lists a certificate leads to: the renewal's own, and the benefit's after a first issue."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from bot.clock import LOCAL
from bot.database import transaction
from bot.desk import Desk, Knowledge
from bot.dialogue import Channel, Reply, Role, Scope
from bot.records import conversations
from bot.records.conversations import Awaited
from bot.reports.certificates import shown
from bot.settings import CertificateSettings, Palette, Settings
from bot.views.certificates import ASK_AT_WINDOW, SHEET_HEADER, sheet_row
from knowledge.checklist import checklist, first_questions
from knowledge.model import CertificateKind, ServicePackage
from reminders.certificates import CertificateState
from tests.conftest import FRIDAY_MORNING, Clock, Talker
from tests.test_certificate_journey import Town, disability_card, federation_code


@pytest.fixture
def page(desk: Desk, clock: Clock) -> Town:
    """Return the town over the page."""
    clock.at = datetime(2025, 1, 10, 9, tzinfo=LOCAL)
    return Town(desk, clock, Channel.WEB)


def holder_of(town: Town, **of: Any) -> tuple[Talker, Reply]:
    """Return somebody who opted in, with the card of their certificate."""
    certificate = town.take("ZZ14102000001", **of)
    wang = town.somebody("wang")
    wang.says(f"绑定 {federation_code(town, certificate)}")
    wang.says("0001")
    return wang, wang.sends_token(f"cert:{certificate.id}")


def hanging_on(entry: ServicePackage, answers: dict[str, str]) -> set[str]:
    """Return the questions that are asked because of these answers, those included."""
    found = set(answers)
    for question in entry.questions:
        if found & question.when.keys():
            found.add(question.id)
    return found


def test_the_button_opens_the_renewals_list_and_asks_nothing_first(page: Town) -> None:
    wang, card = holder_of(page, kind="劳务派遣经营许可证", kind_id="labor_dispatch")

    assert ASK_AT_WINDOW not in card.text
    listed = wang.presses("延续要带什么").text

    assert "书面延续申请" in listed
    assert "验资报告" not in listed
    assert "头一回办" not in listed


def kinds_with_lists(knowledge: Knowledge) -> list[CertificateKind]:
    return [kind for kind in knowledge.base.certificates.values() if kind.renewal_entry]


def test_every_renewal_list_holds_only_what_a_renewal_needs(knowledge: Knowledge) -> None:
    kinds = kinds_with_lists(knowledge)

    assert {kind.id for kind in kinds} == {"labor_dispatch", "disability_card"}
    for kind in kinds:
        entry = knowledge.base.entries[kind.renewal_entry or ""]
        answers = dict(kind.renewal_answers)
        assert all(q.id in answers for q in first_questions(entry, answers)), kind.id
        listed = checklist(knowledge.base, entry, answers, today=FRIDAY_MORNING.date())
        named = {material.id: material.when for material in entry.materials}
        assert listed.materials, kind.id
        for material in listed.materials:
            assert hanging_on(entry, answers) & named[material.id].keys(), material.name


@pytest.mark.parametrize("kind_id", ["passport", "food_operation"])
def test_without_a_renewal_list_no_button_leads_to_the_first_applications(
    page: Town, kind_id: str
) -> None:
    _, card = holder_of(page, kind="证", kind_id=kind_id, expires_on=date(2025, 2, 20))

    assert ASK_AT_WINDOW in card.text
    assert "延续要带什么" not in str(card.buttons)


def test_the_benefits_button_opens_the_benefits_list(page: Town) -> None:
    certificate = disability_card(page)
    wang = page.somebody("wang")
    wang.says(f"绑定 {federation_code(page, certificate)}")
    wang.says("1X42")
    wang.presses("本人同意")
    page.deliver()
    wang.heard.append(page.last())

    listed = wang.presses("看要带什么").text

    assert "惠农一卡通" in listed
    assert "残疾评定表" not in listed


# -- what is promised


def mine_of(town: Town, **of: Any) -> tuple[str, str, Reply]:
    """Return what an opt-in says, the list, and the card, for one certificate."""
    wang, card = holder_of(town, **of)
    opted_in = next(r.text for r in wang.heard if r.text.startswith(("订好了", "记下了")))
    return opted_in, wang.says("我的证照").text, card


@pytest.mark.parametrize(
    "of",
    [
        {"kind": "往来港澳通行证", "kind_id": "hk_macao_pass"},
        {"kind": "谁也没见过的证", "kind_id": None},
    ],
)
def test_where_nothing_will_come_nothing_is_promised(page: Town, of: dict[str, Any]) -> None:
    opted_in, mine, card = mine_of(page, **of)

    assert "暂不自动提醒，到期日请自己记着：2025年6月30日" in opted_in
    assert "订好了" not in opted_in
    assert "暂不自动提醒" in mine
    assert "暂不自动提醒" in card.text
    for text in (opted_in, mine, card.text):
        assert "申请延续，还剩" not in text
    assert page.on("2025-05-31") == []


def test_an_excluded_kind_promises_nothing(desk: Desk, clock: Clock, settings: Settings) -> None:
    clock.at = datetime(2025, 1, 10, 9, tzinfo=LOCAL)
    chosen = CertificateSettings(excluded_kinds=("food_operation",))
    town = Town(
        replace(desk, settings=settings.model_copy(update={"certificate": chosen})),
        clock,
        Channel.WEB,
    )

    opted_in, _, _ = mine_of(town)

    assert "暂不自动提醒" in opted_in


def test_a_cancelled_one_cannot_be_applied_for(page: Town) -> None:
    wang, _ = holder_of(page)
    page.take("ZZ14102000001", state=CertificateState.CANCELLED)

    mine = wang.says("我的证照").text

    assert "已注销，不再提醒" in mine
    assert "申请" not in mine


def test_a_permanent_one_has_nothing_to_answer(page: Town) -> None:
    opted_in, _, card = mine_of(page, expires_on=None)

    assert "长期有效" in opted_in
    assert "订好了" not in opted_in
    assert "已提交" not in str(card.buttons)


def test_an_ended_one_promises_what_comes_after_its_renewal(page: Town) -> None:
    opted_in, _, card = mine_of(page, expires_on=date(2025, 1, 1))

    assert "已经过期，不再提前提醒" in opted_in
    assert "已提交" in str(card.buttons)


def test_a_doubtful_rule_names_no_filing_day_to_the_department_either(page: Town) -> None:
    certificate = page.take("GA1", kind="往来港澳通行证", kind_id="hk_macao_pass")
    page.clock.at = datetime(2025, 6, 20, 9, tzinfo=LOCAL)

    cells = dict(
        zip(SHEET_HEADER, sheet_row(shown(page.desk, certificate), Palette()), strict=True)
    )

    assert cells["最晚申请日"] == ""


# -- pages


def department(town: Town) -> Talker:
    return town.somebody("market", Role.DEPARTMENT, Scope(None, "market"))


@pytest.mark.parametrize(
    ("which", "expires_on"),
    [
        ("early", date(2025, 4, 5)),
        ("near", date(2025, 3, 8)),
        ("urgent", date(2025, 2, 5)),
        ("expired", date(2025, 1, 3)),
        ("lapsed", date(2025, 1, 3)),
        ("unreached", date(2025, 2, 5)),
    ],
)
def test_every_certificate_of_a_list_can_be_reached(
    page: Town, which: str, expires_on: date
) -> None:
    for n in range(19):
        page.take(f"ZZ{n:04}", expires_on=expires_on, holder=f"店{n}")
    clerk = department(page)

    first = clerk.sends_token(f"certlist:{which}")
    seen = {row[0].label for row in first.buttons if row[0].label.startswith("看 ")}
    assert "19 张（第 1 页，共 3 页）" in first.text
    assert "上一页" not in str(first.buttons)
    for _ in range(2):
        shown_ = clerk.presses("下一页")
        seen |= {row[0].label for row in shown_.buttons if row[0].label.startswith("看 ")}

    assert len(seen) == 19
    assert "下一页" not in str(shown_.buttons)
    assert "第 3 页" in clerk.sends_token(f"certlist:{which}:99").text
    assert "第 2 页" in clerk.presses("上一页").text


def test_all_four_levels_have_a_button(page: Town) -> None:
    clerk = department(page)
    clerk.says("证照")

    for level in ("紧急", "预警", "提前提示", "已过期"):
        assert clerk.presses(f"看{level}").text.startswith(f"{level}：")


def test_a_holder_turns_pages_and_what_cannot_lapse_comes_last(page: Town) -> None:
    wang = page.somebody("wang")
    for n in range(10):
        of = {"expires_on": None if n == 0 else date(2025, 6, n)}
        certificate = page.take(f"ZZ{n:04}", holder=f"店{n}", **of)
        wang.says(f"绑定 {federation_code(page, certificate)}")
        wang.says(f"{n:04}")

    first = wang.says("我的证照").text
    second = wang.presses("下一页").text

    assert "我的证照 10 张（第 1 页，共 2 页）" in first
    assert "尾号 0001" in first
    assert "尾号 0000" in second
    assert "长期有效" in second


def test_the_table_says_how_many_kinds_it_leaves_out(page: Town) -> None:
    for n in range(33):
        page.take(f"ZZ{n:04}", kind=f"第{n}种证", kind_id=None, expires_on=date(2025, 2, 5))

    said = department(page).says("证照")

    assert said.table is not None
    assert len(said.table.rows) == 30
    assert "其余 3 种" in said.text


# -- words that are typed


def two_that_end(page: Town) -> Talker:
    wang = page.somebody("wang")
    for n in (1, 2):
        certificate = page.take(f"ZZ{n:04}", holder=f"店{n}", expires_on=date(2025, 2, 20))
        wang.says(f"绑定 {federation_code(page, certificate)}")
        wang.says(f"{n:04}")
    return wang


def test_an_answer_may_be_typed_after_an_alert(page: Town) -> None:
    wang, _ = holder_of(page)
    assert "没有快到期、等您答复" in wang.says("已提交").text
    page.on("2025-05-01")

    assert "您已提交延续申请" in wang.says("已提交").text
    assert "没有快到期、等您答复" in wang.says("已提交").text


def test_of_several_it_is_asked_which(page: Town) -> None:
    wang = two_that_end(page)

    assert "哪一张" in wang.says("已提交").text
    assert "尾号 0002" in wang.presses("已提交 0002").text
    assert "尾号 0001" in wang.says("暂不续").text


def test_all_may_be_stopped_at_once(page: Town) -> None:
    wang = two_that_end(page)

    wang.says("退订")
    assert "2 张证照都退订了" in wang.presses("全部退订").text

    assert "还没有" in wang.says("我的证照").text
    assert "没有订证照到期提醒" in wang.says("退订").text


def test_what_was_asked_for_is_not_taken_for_an_answer(page: Town) -> None:
    wang, _ = holder_of(page, expires_on=date(2025, 2, 20))
    with transaction(page.desk.db):
        conversations.await_text(
            page.desk.db, wang.person.id, Awaited.MESSAGE, "", now=page.desk.now()
        )

    wang.says("已提交")

    assert page.desk.db.execute("SELECT count(*) FROM certificate_answers").fetchone() == (0,)


def test_menu_and_help_speak_of_certificates(wang: Talker) -> None:
    assert "我的证照" in str(wang.says("菜单").buttons)
    said = wang.says("帮助").text
    for word in ("我的证照", "绑定 提醒码", "退订"):
        assert word in said


def test_who_asks_about_a_licence_that_ends_hears_of_renewal_first(wang: Talker) -> None:
    said = wang.says("我的食品经营许可证快到期了咋办")

    assert "办延续" in said.text
    assert "到期前90个工作日到15个工作日之间申请延续" in said.text
    assert said.buttons[0][0].label == "我的证照"
    assert said.then
    renews_itself = wang.says("劳务派遣证快到期了咋续").text
    assert "书面延续申请" in renews_itself
