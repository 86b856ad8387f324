"""From a code to the renewal, over the page and over Telegram, with the clock moved by days."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import pytest

from bot.certificates import run_certificates, watch_certificates
from bot.clock import LOCAL
from bot.database import transaction
from bot.delivery import DeliveryLoop, Pace, Sender
from bot.desk import Desk
from bot.dialogue import Channel, Reply, Role, Scope
from bot.records import people
from bot.records.people import Address
from bot.reports.certificates import shown
from bot.settings import CertificateSettings, Palette, Settings
from bot.views.alerts import render_alert
from bot.views.certificates import SHEET_HEADER, level_words, sheet_row
from reminders.certificate_holders import make_opt_in_code
from reminders.certificate_rules import Level
from reminders.certificates import (
    Certificate,
    CertificateRow,
    CertificateState,
    apply_certificates,
    begin_import,
    certificates_by_number,
)
from tests.conftest import Clock, Talker

FAST = Pace(per_second=10_000, chat_seconds=0, idle_seconds=0.01)
CODE = re.compile(r"提醒码 ([2-9A-Z]{8})")


@dataclass
class Sent:
    """A channel that accepts everything and remembers it."""

    replies: list[Reply] = field(default_factory=list)

    def parts(self, reply: Reply) -> tuple[Reply, ...]:
        return tuple(replace(each, then=()) for each in reply.messages())

    async def send(self, address: str, reply: Reply) -> str:
        del address
        self.replies.append(reply)
        return f"m{len(self.replies)}"


@dataclass
class Town:
    """The core with people on one channel, and what was delivered to them."""

    desk: Desk
    clock: Clock
    channel: Channel
    sent: dict[Channel, Sent] = field(
        default_factory=lambda: {Channel.WEB: Sent(), Channel.TELEGRAM: Sent()}
    )

    def somebody(self, name: str, role: Role = Role.CITIZEN, scope: Scope | None = None) -> Talker:
        """Return somebody on this town's channel."""
        db = self.desk.db
        person = people.person_at(db, Address(self.channel, name), now=self.desk.now())
        if role is not Role.CITIZEN:
            person = people.set_role(db, person, role, scope or Scope())
        return Person(self.desk, person, self.channel)

    def on(self, day: str, hour: str = "08:10") -> list[str]:
        """Let the day's sweep run, and return the texts that were delivered."""
        self.clock.at = datetime.fromisoformat(f"{day}T{hour}").replace(tzinfo=LOCAL)
        run_certificates(self.desk, self.desk.db)
        return self.delivered()

    def delivered(self) -> list[str]:
        """Deliver what is due, and return the new texts."""
        return [reply.text for reply in self.deliver()]

    def deliver(self) -> list[Reply]:
        before = len(self.sent[self.channel].replies)
        senders: dict[Channel, Sender] = dict(self.sent)
        loop = DeliveryLoop(self.desk, senders, render_alert, pace=FAST)
        # What is for a role becomes a row for each who holds it, sent in the next round.
        while asyncio.run(loop.deliver_due()):
            pass
        return self.sent[self.channel].replies[before:]

    def last(self) -> Reply:
        """Return the newest message that was delivered."""
        return self.sent[self.channel].replies[-1]

    def take(self, number: str, **more: Any) -> Certificate:
        """Import one certificate."""
        given: dict[str, Any] = {
            "kind": "食品经营许可证",
            "kind_id": "food_operation",
            "holder": "示例饭店",
            "issuer": "市场监管局",
            "department": "market",
            "district": "龙亭区",
            "valid_from": date(2020, 7, 1),
            "expires_on": date(2025, 6, 30),
        }
        row = CertificateRow(number=number, **{**given, **more})
        with transaction(self.desk.db):
            import_id = begin_import(
                self.desk.db,
                file_hash=number,
                file_name="r.csv",
                by_person_id=None,
                now=self.desk.now(),
            )
            apply_certificates(self.desk.db, [row], import_id=import_id, now=self.desk.now())
        return certificates_by_number(self.desk.db, number)[-1]


class Person(Talker):
    """A talker whose channel, if it is Telegram, is discreet as by default."""

    def _send(self, **what: object) -> Reply:
        return super()._send(discreet=self.channel is Channel.TELEGRAM, **what)


@pytest.fixture(params=[Channel.WEB, Channel.TELEGRAM])
def town(request: pytest.FixtureRequest, desk: Desk, clock: Clock) -> Town:
    """Return the town over one channel."""
    clock.at = datetime(2025, 1, 10, 9, tzinfo=LOCAL)
    return Town(desk, clock, request.param)


@pytest.fixture
def page(desk: Desk, clock: Clock) -> Town:
    """Return the town over the page."""
    clock.at = datetime(2025, 1, 10, 9, tzinfo=LOCAL)
    return Town(desk, clock, Channel.WEB)


def market(town: Town) -> Talker:
    return town.somebody("market", Role.DEPARTMENT, Scope(None, "market"))


def code_for(town: Town, certificate: Certificate) -> str:
    """Return a code that the department makes in chat."""
    made = market(town).sends_token(f"certcode:{certificate.id}")
    found = CODE.search(made.text)
    assert found is not None
    return found[1]


def opts_in(town: Town, certificate: Certificate, name: str = "wang") -> Talker:
    wang = town.somebody(name)
    asked = wang.says(f"绑定 {code_for(town, certificate)}")
    assert "同意" in asked.text
    wang.says(certificate.number[-4:])
    return wang


def buttons(reply: Reply) -> list[str]:
    return [button.label for row in reply.buttons for button in row]


def hears(town: Town, talker: Talker) -> Talker:
    """Let somebody press the buttons of what was delivered to them."""
    talker.heard.append(town.last())
    return talker


def test_a_food_licence_from_opt_in_to_renewal(town: Town) -> None:
    certificate = town.take("JY14102000001")
    wang = opts_in(town, certificate)
    assert "订好了" in wang.heard[-1].text

    assert town.on("2025-03-31") == []
    (ninety,) = town.on("2025-04-01")
    assert "绿·提前提示" in ninety
    assert "有效期至 2025年6月30日，还有 90 天" in ninety
    assert "最晚 6月9日 申请延续，还剩 69 天" in ninety
    assert "JY1410200000" not in ninety
    assert "材料以窗口答复为准" in ninety
    assert "pick:" not in str(town.last().buttons)
    (sixty,) = (t for t in town.on("2025-05-01") if "食品" in t)
    assert "黄·预警" in sixty
    assert buttons(town.last()) == ["已提交", "暂不续", "信息有误", "退订"]
    (thirty,) = (t for t in town.on("2025-05-31") if "食品" in t)
    assert "红·紧急" in thirty

    confirmed = hears(town, wang).presses("已提交")
    assert "不再提醒您" in confirmed.text
    assert [t for t in town.on("2025-06-09") if "尾号" in t] == []
    assert "持证人说已提交、还没决定的 1 张：按期提交 1 张" in market(town).says("证照").text

    town.take("JY14102000099", valid_from=date(2025, 6, 20), expires_on=date(2030, 6, 19))
    assert [t for t in town.on("2025-06-30") if "尾号" in t] == []
    shown = wang.says("我的证照").text
    assert "尾号 0099" in shown
    assert "0001" not in shown
    town.clock.at = datetime(2025, 7, 10, 9, tzinfo=LOCAL)
    assert "按期换发率 100.00%（按期换发 1/到期 1）" in market(town).says("/certificates").text


def test_a_safety_licence_is_told_three_months_before(town: Town) -> None:
    certificate = town.take(
        "AQ410200001",
        kind="安全生产许可证",
        kind_id="work_safety_permit",
        department="emergency",
        issuer="应急管理局",
    )
    with transaction(town.desk.db):
        code = make_opt_in_code(town.desk.db, certificate, made_by=None, now=town.desk.now())
    wang = town.somebody("wang")
    wang.says(f"绑定 {code.code}")
    wang.says("0001")

    (early,) = town.on("2025-01-29")
    assert "绿·提前提示" in early
    # 2025-03-30 is a Sunday: the Friday before is announced.
    assert "最晚 3月28日 申请延续，还剩 58 天" in early
    (near,) = (t for t in town.on("2025-02-28") if "安全" in t)
    assert "黄·预警" in near
    (last,) = (t for t in town.on("2025-03-28") if "安全" in t)
    assert "最晚 3月28日 申请延续，就是今天" in last
    (rest_day,) = (t for t in town.on("2025-03-30") if "安全" in t)
    assert "红·紧急" in rest_day
    assert "最晚 3月30日 申请延续，窗口休息" in rest_day
    (passed,) = (t for t in town.on("2025-04-01") if "安全" in t)
    assert "最晚申请日 3月30日 已过，请尽快联系应急管理局" in passed
    assert [t for t in town.on("2025-04-30") if "安全" in t] == []
    for day in ("2025-05-01", "2025-05-31"):
        assert len([t for t in town.on(day) if "安全" in t]) == 1
    (week,) = (t for t in town.on("2025-06-23") if "安全" in t)
    assert "最晚申请日 3月30日 已过，请尽快联系应急管理局" in week
    assert "走新办" not in week
    (ended,) = (t for t in town.on("2025-07-01") if "安全" in t)
    assert "已过延续期，走新办" in ended


def test_past_the_filing_day_the_food_licence_says_its_own_text(page: Town) -> None:
    opts_in(page, page.take("JY14102000001"))

    (week,) = (t for t in page.on("2025-06-23") if "食品" in t)

    assert "停业" in week
    assert "走新办" not in week
    listed = market(page).sends_token("certlist:urgent").text
    assert "紧急：1 张" in listed
    assert "最晚申请日 6月9日 已过，还可以补办，请催持证人马上申请。" in listed
    assert "联系市场监管局" not in listed


def test_a_device_needs_a_new_application_once_closed(page: Town) -> None:
    kind = {"kind": "医疗器械经营许可证", "kind_id": "device_operation"}
    opts_in(page, page.take("YX14102000001", **kind))

    (week,) = (t for t in page.on("2025-06-23") if "医疗器械" in t)

    assert "已过延续期，走新办" in week


@pytest.mark.parametrize(
    ("day", "granted", "later"),
    [
        ("2025-06-09", True, "按准予延续算"),
        ("2025-06-20", False, "停业"),
        ("2025-07-02", False, "停业"),
    ],
)
def test_only_what_was_filed_in_time_is_said_to_be_granted(
    page: Town, day: str, granted: bool, later: str
) -> None:
    certificate = page.take("JY14102000001")
    wang = opts_in(page, certificate)
    page.clock.at = datetime.fromisoformat(f"{day}T09:00").replace(tzinfo=LOCAL)

    said = wang.sends_token(f"held:{certificate.id}:filed").text
    page.clock.at = datetime(2025, 7, 10, 9, tzinfo=LOCAL)

    assert ("不按准予延续算" in said) is not granted
    assert later in wang.sends_token(f"cert:{certificate.id}").text
    register = market(page).says("证照").text
    assert f"按期提交 {int(granted)} 张" in register
    assert f"逾期提交 {int(not granted)} 张" in register
    lapsed = int(day == "2025-07-02")
    assert f"近 60 天过期未续、也没说提交的 {lapsed} 张" in register


def test_before_the_opening_day_it_says_from_when(page: Town) -> None:
    kind = {"kind": "药品经营许可证", "kind_id": "drug_operation"}
    wang = opts_in(page, page.take("YP14102000001", expires_on=date(2026, 6, 30), **kind))

    shown = wang.says("我的证照").text

    assert "自 12月30日 起可申请" in shown.replace("2025年", "")


def test_unsubscribing_is_one_tap_and_can_be_undone(town: Town) -> None:
    wang = opts_in(town, town.take("JY14102000001"))
    town.on("2025-04-01")

    stopped = hears(town, wang).presses("退订")

    assert "已退订" in stopped.text
    assert [t for t in town.on("2025-05-01") if "尾号" in t] == []
    wang.presses("点错了，重新订阅")
    assert [t for t in town.on("2025-05-31") if "红·紧急" in t]


def test_unsubscribing_from_a_renewed_one_holds_at_once(town: Town) -> None:
    wang = opts_in(town, town.take("JY14102000001"))
    renewal = {"valid_from": date(2025, 6, 20), "expires_on": date(2030, 6, 19)}
    new = town.take("JY14102000099", **renewal)
    assert "尾号 0099" in wang.says("我的证照").text

    wang.sends_token(f"held:{new.id}:stop")

    assert "还没有" in wang.says("我的证照").text
    assert [t for t in town.on("2030-03-21") if "尾号" in t] == []


def test_a_mistap_is_undone(town: Town) -> None:
    wang = opts_in(town, town.take("JY14102000001"))
    town.on("2025-04-01")
    hears(town, wang).presses("暂不续")

    wang.presses("点错了")

    assert [t for t in town.on("2025-05-01") if "黄·预警" in t]


def test_wrong_data_reach_the_department(town: Town) -> None:
    wang = opts_in(town, town.take("JY14102000001"))
    town.on("2025-04-01")

    hears(town, wang).presses("信息有误")

    assert any("持证人说信息有误" in text for text in town.delivered())


def test_one_chat_with_many_certificates_gets_one_digest(town: Town) -> None:
    for n in range(12):
        opts_in(town, town.take(f"JY1410200{n:04}", holder=f"示例饭店{n}"))

    (digest,) = (t for t in town.on("2025-04-01") if "证照" in t)

    assert "您有 12 张证照要留意" in digest
    assert "另有 2 张" in digest


def test_what_is_renewed_before_sending_is_not_sent(page: Town) -> None:
    opts_in(page, page.take("JY14102000001"))
    page.clock.at = datetime(2025, 4, 1, 8, 10, tzinfo=LOCAL)
    run_certificates(page.desk, page.desk.db)

    page.take("JY14102000001", state=CertificateState.CANCELLED)

    assert page.delivered() == []


# -- opting in


def test_a_wrong_tail_opts_nobody_in(town: Town) -> None:
    certificate = town.take("JY14102000001")
    wang = town.somebody("wang")
    wang.says(f"绑定 {code_for(town, certificate)}")

    refused = wang.says("9999")

    assert "对不上" in refused.text
    assert "还没有" in wang.says("我的证照").text


def test_a_mistyped_tail_may_be_sent_again_until_the_code_is_dead(town: Town) -> None:
    certificate = town.take("JY14102000001")
    wang, code = town.somebody("wang"), code_for(town, certificate)
    wang.says(f"绑定 {code}")

    assert "还能试 4 次" in wang.says("9999").text
    assert "订好了" in wang.says("0001").text

    thief, code = town.somebody("thief"), code_for(town, certificate)
    thief.says(f"绑定 {code}")
    said = [thief.says(f"99{n:02}").text for n in range(5)]
    assert "还能试 1 次" in said[3]
    assert "不能再用了" in said[4]
    assert "订好了" not in thief.says("0001").text
    assert "失效" in thief.says(f"绑定 {code}").text


def test_a_link_asks_for_the_tail_too(town: Town) -> None:
    code = code_for(town, town.take("JY14102000001"))
    wang = town.somebody("wang")

    wang.says(f"/start join-{code}")

    assert "订好了" in wang.says("0001").text


def test_a_used_code_opens_nothing_to_another(town: Town) -> None:
    certificate = town.take("JY14102000001")
    code = code_for(town, certificate)
    wang = town.somebody("wang")
    wang.says(f"绑定 {code}")
    wang.says("0001")

    assert "用过了" in town.somebody("thief").says(f"绑定 {code}").text


def test_a_stranger_presses_nothing(town: Town) -> None:
    certificate = town.take("JY14102000001")
    opts_in(town, certificate)
    stranger = town.somebody("stranger")

    for token in (f"cert:{certificate.id}", f"held:{certificate.id}:filed", "cert:99", "held:x:y"):
        assert "尾号" not in stranger.sends_token(token).text
    assert town.desk.db.execute("SELECT count(*) FROM certificate_answers").fetchone() == (0,)


def test_deleting_my_data_ends_the_alerts(page: Town) -> None:
    wang = opts_in(page, page.take("JY14102000001"))

    wang.sends_token("erase:yes")

    assert page.on("2025-04-01") == []


# -- after a first issue


def disability_card(town: Town) -> Certificate:
    return town.take(
        "41020419900101001X42",
        kind="残疾人证",
        kind_id="disability_card",
        holder="王某",
        department="disabled_federation",
        issuer="残联",
        valid_from=date(2025, 1, 6),
        expires_on=date(2035, 1, 6),
    )


def federation_code(town: Town, certificate: Certificate) -> str:
    """Return a code made on the command line, where the federation's window has it from."""
    with transaction(town.desk.db):
        made = make_opt_in_code(town.desk.db, certificate, made_by=None, now=town.desk.now())
    return made.code


def test_a_first_issue_leads_to_the_benefit_once_after_separate_consent(page: Town) -> None:
    certificate = disability_card(page)
    wang = page.somebody("wang")
    wang.says(f"绑定 {federation_code(page, certificate)}")
    wang.says("1X42")
    assert "另外单独问您" in wang.heard[-1].text
    assert page.delivered() == []

    wang.presses("我是监护人")
    wang.presses("我是监护人")

    (told,) = page.delivered()
    assert told.splitlines()[0] == "您有一项补贴可申请。"
    assert "残疾" not in told
    assert page.last().buttons[0][0].token.startswith("list:disability:7")
    by = page.desk.db.execute("SELECT benefit_consent_by FROM certificate_holders").fetchone()
    assert by == ("guardian",)


def test_without_the_separate_consent_nothing_follows(page: Town) -> None:
    certificate = disability_card(page)
    wang = page.somebody("wang")
    wang.says(f"绑定 {federation_code(page, certificate)}")
    wang.says("1X42")

    wang.presses("不用了")

    assert page.delivered() == []


def test_a_sensitive_kind_never_goes_over_telegram(desk: Desk, clock: Clock) -> None:
    clock.at = datetime(2025, 1, 10, 9, tzinfo=LOCAL)
    town = Town(desk, clock, Channel.TELEGRAM)
    certificate = disability_card(town)

    refused = town.somebody("wang").says(f"绑定 {federation_code(town, certificate)}")
    clerk = town.somebody("federation", Role.DEPARTMENT, Scope(None, "disabled_federation"))
    hidden = clerk.sends_token(f"cert:{certificate.id}")

    for reply in (refused, hidden):
        assert "请在网页上" in reply.text
        assert "残疾" not in reply.text


@pytest.mark.parametrize("kind_id", ["food_health_cert", "public_place_health_cert"])
def test_a_health_certificate_is_the_pages_and_asks_separate_consent(
    town: Town, kind_id: str
) -> None:
    ends = date(2025, 2, 10)
    certificate = town.take("JK1", kind="健康证", kind_id=kind_id, holder="王某", expires_on=ends)
    with transaction(town.desk.db):
        code = make_opt_in_code(town.desk.db, certificate, made_by=None, now=town.desk.now())

    said = town.somebody("wang").says(f"绑定 {code.code}").text

    assert ("单独同意" in said) == (town.channel is Channel.WEB)
    assert ("请在网页上" in said) == (town.channel is Channel.TELEGRAM)


# -- departments


def test_the_weekly_digest_comes_on_mondays_and_by_hand_daily(town: Town) -> None:
    market(town)
    town.take("JY14102000001", expires_on=date(2025, 4, 5))
    town.take("JY14102000002", expires_on=date(2025, 5, 20))

    tuesday, wednesday = town.on("2025-04-01"), town.on("2025-04-02")
    monday = town.on("2025-04-07")

    assert tuesday == []
    assert wednesday == ["1 张证照 3 天内到期，没有消息送到持证人：请打电话或上门。"]
    (digest,) = monday
    assert digest.startswith("证照每周汇总")
    assert "红·紧急 0 张" in digest
    assert "黄·预警 1 张" in digest
    assert "⚫ 已过期 1 张" in digest


def test_a_digest_of_a_holiday_comes_on_the_next_working_day(page: Town) -> None:
    market(page)
    page.take("JY14102000001", expires_on=date(2025, 6, 20))

    # 2025-05-01 to 05-05 are off; the 5th is a Monday.
    assert [t for t in page.on("2025-05-05") if "每周汇总" in t] == []
    assert len([t for t in page.on("2025-05-06") if "每周汇总" in t]) == 1
    assert [t for t in page.on("2025-05-07") if "每周汇总" in t] == []
    assert len([t for t in page.on("2025-05-12") if "每周汇总" in t]) == 1


def test_what_must_be_called_about_is_told_before_the_rest_days(page: Town) -> None:
    market(page)
    page.take("JY14102000001", expires_on=date(2025, 6, 17))  # three days before: a Saturday

    assert page.on("2025-06-12") == []
    assert page.on("2025-06-13") == ["1 张证照 5 天内到期，没有消息送到持证人：请打电话或上门。"]
    assert page.on("2025-06-14") == []
    assert any("1 张证照 3 天内到期" in text for text in page.on("2025-06-16"))


def test_a_department_acknowledges_and_sees_its_own_alone(town: Town) -> None:
    mine = town.take("JY14102000001")
    foreign = town.take("YX1", kind_id="device_operation", department="health")
    town.clock.at = datetime(2025, 6, 27, 9, tzinfo=LOCAL)
    clerk = market(town)
    clerk.says("证照")

    clerk.presses("没送到的")
    clerk.presses("看 0001")
    assert "记下了，已打电话" in clerk.presses("已打电话").text
    assert "没有（0）" in clerk.sends_token("certlist:unreached").text

    assert "没找到" in clerk.sends_token(f"cert:{foreign.id}").text
    assert "没找到" in clerk.sends_token(f"certack:{foreign.id}:called").text
    assert "没找到" in clerk.sends_token(f"certcode:{foreign.id}").text
    assert mine.id != foreign.id


def test_names_stay_off_telegram(town: Town) -> None:
    certificate = town.take("JY14102000001", contact="13800000000", consent_on=date(2025, 1, 2))
    town.clock.at = datetime(2025, 6, 9, 9, tzinfo=LOCAL)
    clerk = market(town)

    shown = (
        clerk.sends_token("certlist:urgent").text + clerk.sends_token(f"cert:{certificate.id}").text
    )

    open_ = town.channel is Channel.WEB
    assert ("示例饭店" in shown, "13800000000" in shown, certificate.number in shown) == (
        open_,
    ) * 3


def test_the_list_for_a_phone_call_has_phone_and_last_message(town: Town) -> None:
    certificate = town.take("JY14102000001", contact="13800000000", consent_on=date(2025, 1, 2))
    opts_in(town, certificate)
    town.on("2025-04-01")
    town.clock.at = datetime(2025, 6, 27, 9, tzinfo=LOCAL)

    listed = market(town).sends_token("certlist:unreached").text

    assert "最近提醒 4月1日（进入提前提示）已送到" in listed
    assert ("电话 13800000000" in listed) == (town.channel is Channel.WEB)
    (row,) = (sheet_row(shown(town.desk, certificate), Palette()),)
    cells = dict(zip(SHEET_HEADER, row, strict=True))
    assert (cells["电话"], cells["提醒结果"]) == ("13800000000", "已送到")


def test_the_register_is_exported_on_the_page_alone(town: Town) -> None:
    town.take("JY14102000001")
    town.clock.at = datetime(2025, 6, 9, 9, tzinfo=LOCAL)
    clerk = market(town)

    reply = clerk.sends_token("certsheet")

    if town.channel is Channel.TELEGRAM:
        assert "请在网页上导出" in reply.text
        return
    assert "共 1 行" in reply.text
    assert (reply.document, reply.buttons[0][0].url) == (None, "/certificates/sheet")


def test_an_unregistered_kind_is_listed_with_the_nearest(town: Town) -> None:
    town.take("X0001", kind="食品经营许可证书", kind_id=None)
    town.clock.at = datetime(2025, 6, 9, 9, tzinfo=LOCAL)

    shown = market(town).says("证照").text

    assert "规则未登记" in shown
    assert "食品经营许可证书：1 张，像是：食品经营许可证" in shown


def test_citizens_do_not_see_the_register(town: Town) -> None:
    for token in ("register", "certlist:urgent", "certack:1:called", "certsheet", "certcode:1"):
        assert "工作人员用" in town.somebody("wang").sends_token(token).text


def test_mine_is_cases_for_a_clerk_and_certificates_for_a_citizen(
    town: Town, somebody: Callable[..., Talker]
) -> None:
    clerk = somebody("li", Role.CLERK, Scope("龙亭区", None, "longting-01"))

    assert "证照" in town.somebody("wang").says("/mine").text
    assert "证照" not in clerk.says("/mine").text


# -- the administrator, and how it looks


def test_the_self_check_comes_an_hour_later_with_what_was_sent(page: Town) -> None:
    page.somebody("admin", Role.ADMINISTRATOR)
    opts_in(page, page.take("JY14102000001"))
    page.on("2025-05-01")

    page.clock.move(hours=2)

    line = page.delivered()[-1]
    assert line == "证照自检（2025年5月1日）：查 1 张，到点 2 项，已发 1 条，失败 0 条。"


def test_a_second_sweep_adds_to_the_days_line(page: Town) -> None:
    page.somebody("admin", Role.ADMINISTRATOR)
    opts_in(page, page.take("JY14102000001"))
    page.on("2025-05-01")
    page.take("JY14102000002", holder="别家饭店")
    page.on("2025-05-01", "08:40")

    page.clock.move(hours=1)

    lines = [text for text in page.delivered() if text.startswith("证照自检")]
    assert lines == ["证照自检（2025年5月1日）：查 2 张，到点 3 项，已发 1 条，失败 0 条。"]
    page.take("JY14102000003", holder="第三家饭店")
    page.on("2025-05-01", "12:00")
    page.clock.move(hours=2)
    assert "查 3 张，到点 4 项" in page.delivered()[-1]


def test_silence_and_a_gap_are_told(page: Town) -> None:
    page.somebody("admin", Role.ADMINISTRATOR)
    page.on("2025-05-01")
    page.clock.at = datetime(2025, 5, 4, 12, tzinfo=LOCAL)

    assert watch_certificates(page.desk, page.desk.db)

    assert any("还没跑完" in text for text in page.delivered())
    page.on("2025-05-04", "13:00")
    page.clock.move(hours=2)
    assert "上次检查是 5月1日 08:10，中间停过" in page.delivered()[-1]


def test_a_palette_changes_looks_alone() -> None:
    palette = Palette(early="蓝", near="黄", urgent="🔴", expired="⚫")

    assert level_words(palette, Level.EARLY) == "蓝·提前提示"
    assert level_words(palette, Level.URGENT) == "🔴 紧急"


@pytest.mark.parametrize("wrong", [{"days_left": [30, 60, 90]}, {"send_at": "8点"}])
def test_settings_out_of_order_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        CertificateSettings.model_validate(wrong)
    assert Settings().certificate.days_left == (90, 60, 30)
