"""提醒码: found by number or tail at a window or in a department, within the own district alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest

from bot.clock import LOCAL
from bot.desk import Desk
from bot.dialogue import Channel, Role, Scope
from bot.importing.certificates import masked_number, masking_key
from bot.records.audit import Deed, deeds
from tests.conftest import Clock, Talker
from tests.test_certificate_journey import Town, disability_card

MADE = re.compile(r"提醒码 ([2-9A-Z]{8})")


@pytest.fixture(params=[Channel.WEB, Channel.TELEGRAM])
def town(request: pytest.FixtureRequest, desk: Desk, clock: Clock) -> Town:
    """Return the town over one channel."""
    clock.at = datetime(2025, 4, 10, 9, tzinfo=LOCAL)
    return Town(desk, clock, request.param)


@pytest.fixture
def page(desk: Desk, clock: Clock) -> Town:
    """Return the town over the page."""
    clock.at = datetime(2025, 4, 10, 9, tzinfo=LOCAL)
    return Town(desk, clock, Channel.WEB)


def clerk(town: Town, district: str = "龙亭区", role: Role = Role.CLERK) -> Talker:
    return town.somebody(f"{role}{district}", role, Scope(district, None, "longting-01"))


def code_in(text: str) -> str:
    found = MADE.search(text)
    assert found is not None, text
    return found[1]


@pytest.mark.parametrize("role", [Role.CLERK, Role.LEAD])
def test_a_window_gives_a_code_from_its_menu(town: Town, role: Role) -> None:
    town.take("JY14102000001")
    li = clerk(town, role=role)
    li.says("菜单")
    li.presses("提醒码")
    li.says("0001")

    code = code_in(li.presses("给持证人发提醒码").text)
    wang = town.somebody("wang")
    wang.says(f"绑定 {code}")

    assert "订好了" in wang.says("0001").text


@pytest.mark.parametrize("typed", ["JY14102000001", "jy14102000001", "0001", "２００0001"])
@pytest.mark.parametrize("word", ["提醒码", "证照", "/remindcode"])
def test_number_and_tail_find_it(page: Town, word: str, typed: str) -> None:
    page.take("JY14102000001")
    page.take("JY14102000002", holder="别家饭店")

    said = clerk(page).says(f"{word} {typed}").text

    assert "食品经营许可证（尾号 0001），龙亭区" in said
    assert "0002" not in said


def test_a_hashed_number_is_found_as_it_is_written_on_the_card(page: Town) -> None:
    written = "41020319900101123142"
    key = masking_key(page.desk.settings.data_dir)
    page.take(masked_number(written, key, page.desk.today()))

    assert "（尾号 3142），龙亭区" in clerk(page).says(f"提醒码 {written}").text


@pytest.mark.parametrize("typed", ["JY14102000001", "0001", "001", "99990001", "%001", "...."])
def test_another_districts_is_not_found(page: Town, typed: str) -> None:
    certificate = page.take("JY14102000001", district="兰考县")
    li = clerk(page)

    said = li.says(f"提醒码 {typed}").text

    assert "没找到" in said
    assert "兰考" not in said
    for verb in ("certat", "certcode"):
        assert "没找到这张证照" in li.sends_token(f"{verb}:{certificate.id}").text


def test_a_window_sees_what_it_compares_with_the_paper_and_no_more(town: Town) -> None:
    more: dict[str, Any] = {"contact": "13800000000", "consent_on": date(2025, 1, 2)}
    certificate = town.take("JY14102000001", holder="王小明", **more)
    li = clerk(town)

    said = li.says("提醒码 0001").text

    assert ("王*" in said) == (town.channel is Channel.WEB)
    assert "王小明" not in said
    assert "13800000000" not in said
    (look,) = deeds(town.desk.db, subject=f"certificate:{certificate.id}")
    assert look.deed is Deed.SAW
    assert "您是窗口人员" in li.sends_token(f"certack:{certificate.id}:called").text


def test_one_of_several_with_the_same_tail_is_chosen(page: Town) -> None:
    page.take("JY14100001")
    page.take("YX2200001", kind="医疗器械经营许可证", kind_id="device_operation")
    li = clerk(page)

    li.says("提醒码 0001")

    assert "医疗器械" in li.presses("看 0001 医疗").text
    assert "食品" in li.says("提醒码 100001").text


def test_a_department_finds_one_with_its_own_card(page: Town) -> None:
    page.take("JY14102000001", contact="13800000000", consent_on=date(2025, 1, 2))
    market = page.somebody("market", Role.DEPARTMENT, Scope(None, "market"))

    said = market.says("证照 0001").text

    assert "电话 13800000000" in said
    assert code_in(market.presses("给持证人发提醒码").text)
    drug = page.somebody("drug", Role.DEPARTMENT, Scope(None, "drug"))
    assert "没找到" in drug.says("证照 0001").text


def test_a_sensitive_kind_is_found_on_the_page_alone(town: Town) -> None:
    disability_card(town)
    federation = town.somebody("f", Role.DEPARTMENT, Scope(None, "disabled_federation"))

    said = federation.says("提醒码 1X42").text

    assert ("残疾人证" in said) == (town.channel is Channel.WEB)


def test_a_citizen_who_sends_a_code_by_its_name_opts_in(page: Town) -> None:
    page.take("JY14102000001")
    code = code_in((clerk(page).says("提醒码 0001"), clerk(page).sends_token("certcode:1"))[1].text)
    wang = page.somebody("wang")

    assert "同意" in wang.says(f"提醒码 {code}").text
    kept = page.desk.db.execute("SELECT text FROM messages WHERE text LIKE '%' || ? || '%'", [code])
    assert not [row for row in kept.fetchall() if "绑定" not in row[0]]


def test_certificates_mean_ones_own_to_a_citizen(wang: Talker, li: Talker) -> None:
    assert "还没有您订阅提醒的证照" in wang.says("证照").text
    assert "还没有您订阅提醒的证照" in li.says("证照").text
    assert "还没有您订阅提醒的证照" in wang.says("证照 0001").text


def test_the_word_stands_in_the_menus_that_may_use_it(
    somebody: Callable[..., Talker],
) -> None:
    for role in (Role.CLERK, Role.LEAD, Role.DEPARTMENT):
        labels = [b.label for row in somebody(role, role).says("菜单").buttons for b in row]
        assert "提醒码" in labels
    assert "提醒码" not in str(somebody("w").says("菜单").buttons)
