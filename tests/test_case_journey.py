"""The journey of one late case: accepted 2025-01-24, five days, and everybody who is told."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot import router
from bot.__main__ import main
from bot.database import FILE_NAME, open_database, transaction
from bot.delivery import DeliveryLoop, Pace
from bot.desk import Desk, Knowledge, Library, Links, WorkingDays
from bot.dialogue import Channel, Incoming, Refusal, Reply, Role, Scope
from bot.records import people
from bot.records.people import Address
from bot.records.roster import Roster
from bot.reports.oversight import causes_of_late, proof_of, reminder_rates
from bot.reports.percentages import Rate
from bot.settings import Settings
from bot.views.alerts import render_alert
from bot.views.refusals import refusal_reply
from reminders import case_work
from reminders.cases import Case, Covers, Extent, cases_in_progress_since, mark_missing
from reminders.overdue import Stage, standing_of
from reminders.recipients import CITY
from reminders.sweep import sweep_overdue
from reminders.working_days import load_calendar
from tests.case_builders import LONGTING, a_case, a_row, again, at, bring_in, day, done
from tests.conftest import Clock, Talker

FAST = Pace(per_second=10_000, chat_seconds=0, idle_seconds=0.01)
DISTRICT = Scope("龙亭区")


class Hall:
    """A window's people, each with an ear that keeps what is delivered, and the days passing."""

    def __init__(self, desk: Desk, clock: Clock, channel: Channel) -> None:
        self.desk, self.clock, self.channel = desk, clock, channel
        self.talkers = {
            "li": self._bind("li", Role.CLERK, LONGTING, "小李"),
            "qian": self._bind("qian", Role.CLERK, LONGTING, "小钱"),
            "zhao": self._bind("zhao", Role.LEAD, DISTRICT, "赵主任"),
            "sun": self._bind("sun", Role.SUPERVISOR, DISTRICT, "孙督查"),
            "zhou": self._bind("zhou", Role.SUPERVISOR, CITY, "周督查"),
        }

    def _bind(self, name: str, role: Role, scope: Scope, called: str) -> Talker:
        person = people.person_at(self.desk.db, Address(self.channel, name), now=self.desk.now())
        people.set_role(self.desk.db, person, role, scope)
        self.desk.db.execute("UPDATE people SET name = ? WHERE id = ?", [called, person.id])
        return Talker(self.desk, people.person_by_id(self.desk.db, person.id), self.channel)

    def __getitem__(self, name: str) -> Talker:
        return self.talkers[name]

    def parts(self, reply: Reply) -> tuple[Reply, ...]:
        return reply.messages()

    async def send(self, address: str, reply: Reply) -> str:
        self.talkers[address].heard.append(reply)
        return f"{address}-{len(self.talkers[address].heard)}"

    def on(self, now: str) -> dict[str, str]:
        """Let it be that instant, run and deliver; return who heard what."""
        self.clock.at = at(now)
        before = {name: len(t.heard) for name, t in self.talkers.items()}
        sweep_overdue(
            self.desk.db,
            self.desk.calendar,
            self.desk.settings.oversight.rules(),
            now=self.desk.now(),
            transaction=transaction,
            staffing=Roster(self.desk.db),
        )
        self.deliver()
        return {
            name: "\n".join(m.text for m in t.heard[before[name] :])
            for name, t in self.talkers.items()
            if len(t.heard) > before[name]
        }

    def deliver(self) -> None:
        loop = DeliveryLoop(self.desk, {self.channel: self}, render_alert, pace=FAST)
        asyncio.run(loop.deliver_due())


@pytest.fixture
def desk(clock: Clock, settings: Settings, knowledge: Knowledge) -> Desk:
    days = WorkingDays(load_calendar(None)[0])
    links = Links(page="http://127.0.0.1:8000")
    return Desk(open_database(None), Library(knowledge), days, settings, clock, links)


@pytest.fixture(params=[Channel.TELEGRAM, Channel.WEB])
def hall(request: pytest.FixtureRequest, desk: Desk, clock: Clock) -> Hall:
    return Hall(desk, clock, request.param)


@pytest.fixture
def case(hall: Hall) -> Case:
    return a_case(hall.desk.db, as_of="2025-02-05T17:00")


def test_the_journey_of_a_late_case(hall: Hall, case: Case) -> None:
    li, db = hall["li"], hall.desk.db
    assert hall.on("2025-02-06T08:29") == {}

    heard = hall.on("2025-02-06T08:30")
    assert set(heard) == {"li", "sun"}
    assert "剩 1 个工作日，2月7日（周五）到期" in heard["li"]
    assert "数据截至 2月5日 17:00" in heard["li"]
    for who, act in (("li", "请在到期前办结"), ("sun", "请提醒经办人")):
        for words in (
            "【提醒】🟡 即将超期",
            "新生儿出生一件事",
            "龙亭区政务服务大厅｜1月24日（周五）受理，承诺 5 个工作日",
            act,
        ):
            assert words in heard[who]

    why = li.presses("为什么是这天")
    assert why.table is not None
    shown = {row[0]: row[1:] for row in why.table.rows}
    assert shown["1月26日（周日）"] == ("计", "调休上班")
    assert shown["1月28日（周二）"] == ("不计", "春节")

    assert set(hall.on("2025-02-06T14:30")) == {"li"}  # no tap: repeated
    assert set(hall.on("2025-02-07T08:30")) == {"li", "sun"}  # due today
    assert set(hall.on("2025-02-07T14:30")) == {"li"}

    heard = hall.on("2025-02-08T08:30")  # a Saturday that is worked
    assert set(heard) == {"li", "zhao", "sun"}
    assert "【催办】🔴 超期 1 个工作日" in heard["zhao"]
    assert "已提醒" in heard["zhao"]

    assert "记下了" in li.presses("今日办结").text
    assert hall.on("2025-02-08T14:30") == {}
    assert hall.on("2025-02-09T08:30") == {}  # Sunday

    bring_in(db, a_row(), as_of="2025-02-10T08:00")
    assert "答应 2月8日（周六）办结，最新数据显示没办结" in hall.on("2025-02-10T08:30")["li"]

    heard = hall.on("2025-02-11T08:30")  # three working days over
    assert "待签发 1 件" in heard["sun"]
    assert "zhou" not in heard
    hall["zhou"].sends_token("acts")
    assert "已签发督办（红牌）" in hall["zhou"].presses("签发").text
    hall.deliver()
    for name in ("li", "zhao", "sun", "zhou"):
        assert hall[name].heard[-1].text.startswith("督办通知（红牌）"), name
    assert "此前提醒" in hall["zhou"].heard[-1].text

    bring_in(db, done(a_row(), "2025-02-11"), as_of="2025-02-11T17:00")
    assert "说明超期原因" in hall.on("2025-02-12T08:30")["li"]
    li.presses("说明原因")
    li.presses("没有及时提醒")
    assert hall.on("2025-02-13T08:30") == {}

    proof = proof_of(db, again(db, case))
    mine = [t for t in proof.told if t.person_id == li.person.id]
    assert " ".join(t.kind for t in mine) == (
        "remind repeat due_today repeat chase repeat repeat intervene cause"
    )
    assert all(t.sent_at is not None and t.failed_at is None for t in proof.told)
    assert mine[4].acknowledged_at == at("2025-02-08T08:30")
    assert [a.decided_by for a in proof.acts] == [hall["zhou"].person.id]
    assert {"acknowledged", "cause_given", "import_closed"} <= {e.kind for e in proof.events}


def test_the_proof_can_be_read_in_chat(hall: Hall, case: Case) -> None:
    hall.on("2025-02-06T08:30")

    text = hall["sun"].sends_token(f"caseproof:{case.id}").text

    assert "提醒（即将超期） → 窗口人员小李：2月6日 08:30 生成，2月6日 08:30 送达，未签收" in text


def test_the_figures_of_the_month(hall: Hall, case: Case) -> None:
    db, rules = hall.desk.db, hall.desk.settings.oversight.rules()
    bring_in(db, a_row(), a_row(number="2", limit_days=4), as_of="2025-02-05T18:00")
    hall.on("2025-02-07T08:30")  # number 2 was due on the 6th and nobody had been told
    bring_in(
        db, a_row(), done(a_row(number="2", limit_days=4), "2025-02-10"), as_of="2025-02-10T17:00"
    )
    period = (day("2025-02-01"), day("2025-02-28"))

    known = cases_in_progress_since(db, CITY, period[0])
    (rate,) = reminder_rates(db, known, hall.desk.calendar, *period)
    (causes,) = causes_of_late(known, hall.desk.calendar, rules, *period)

    assert rate.rate == Rate(1, 2)
    assert causes.unexplained == 1


# -- what one sees and may do


def test_a_clerk_sees_their_own_cases_only(hall: Hall, case: Case) -> None:
    hall.on("2025-02-06T08:30")

    assert "我的办件 1 件" in hall["li"].says("我的办件").text
    assert "没有在办件" in hall["qian"].says("/mine").text
    assert "没有这件办件" in hall["qian"].sends_token(f"case:{case.id}").text
    assert "没有这件办件" in hall["qian"].sends_token(f"casetoday:{case.id}").text


def test_with_old_data_nobody_is_told_that_there_is_nothing(hall: Hall, case: Case) -> None:
    hall.clock.at = at("2025-02-10T09:00")

    mine, overview = hall["qian"].says("我的办件").text, hall["zhou"].says("超期").text

    assert "不能当作没有" in mine
    assert "没有超期的单位" not in overview
    assert "🔴 数据截至" in overview


def test_a_supervisor_sees_lights_names_and_the_trend(hall: Hall, case: Case) -> None:
    bring_in(
        hall.desk.db,
        a_row(),
        a_row(number="2", unit="乙", limit_days=20),
        done(a_row(number="3", unit="丙", scope=Scope("兰考县")), "2025-02-05"),
        as_of="2025-02-10T08:00",
    )
    hall.clock.at = at("2025-02-10T09:00")

    reply = hall["zhou"].says("/overdue")

    assert "🔴 超期 1 件" in reply.text
    clear = reply.text.split("没有超期的单位\n")[1].split("\n")[0].split("、")
    assert {"兰考县", "鼓楼区", "龙亭区·乙", "兰考县·丙"} <= set(clear)
    assert not {"龙亭区", "龙亭区政务服务大厅"} & set(clear)
    assert reply.table is not None
    assert reply.table.rows[-1][0] == "合计"
    assert reply.then[0].table is not None


def test_a_citizen_reaches_none_of_it(hall: Hall, case: Case) -> None:
    person = people.person_at(hall.desk.db, Address(hall.channel, "wang"), now=hall.desk.now())
    wang = Talker(hall.desk, person, hall.channel)

    for token in (f"case:{case.id}", "overdue", "acts", f"casetoday:{case.id}", "release:1"):
        assert "工作人员" in wang.sends_token(token).text


def test_a_supervisor_of_another_district_sees_no_case(hall: Hall, case: Case) -> None:
    other = hall._bind("other", Role.SUPERVISOR, Scope("兰考县"), "吴督查")

    assert "没有这件办件" in other.sends_token(f"case:{case.id}").text
    assert "没有这件办件" in other.sends_token(f"caseproof:{case.id}").text


def test_an_act_is_declined_with_a_reason_and_told_to_nobody(hall: Hall, case: Case) -> None:
    hall.on("2025-02-11T08:30")
    zhou = hall["zhou"]
    zhou.sends_token("acts")

    assert "原因是" in zhou.presses("不签发").text
    assert "数据有误" in zhou.presses("数据有误").text
    assert "已经签发或不签发" in zhou.sends_token("release:1").text
    assert hall.on("2025-02-11T14:30").keys() == {"li"}


def test_a_case_is_handed_over_and_taken(hall: Hall, case: Case) -> None:
    hall.on("2025-02-06T08:30")
    li, qian = hall["li"], hall["qian"]

    li.presses("转办")
    li.presses("小钱")
    hall.deliver()
    assert "有一件转给您" in qian.heard[-1].text
    assert "归您办了" in qian.presses("接收").text
    hall.deliver()

    assert "对方已接收" in li.heard[-1].text
    assert "没有在办件" in li.says("我的办件").text
    assert "1 件" in qian.says("我的办件").text


def test_names_of_colleagues_do_not_go_over_a_discreet_channel(hall: Hall, case: Case) -> None:
    hall.clock.at = at("2025-02-06T09:00")

    incoming = Incoming(hall["li"].person, hall.channel, token=f"casegive:{case.id}", discreet=True)
    reply = router.respond(hall.desk, incoming)

    assert reply is not None
    assert "小钱" not in str(reply)
    assert "网页" in reply.text


def test_a_mistake_is_told_to_the_lead_once(hall: Hall, case: Case) -> None:
    hall.on("2025-02-06T08:30")

    for _ in range(2):
        hall["li"].presses("有误")
    hall.deliver()

    told = [m for m in hall["zhao"].heard if "数据有误" in m.text]
    assert len(told) == 1


def test_papers_asked_for_late_are_refused_by_law(hall: Hall, case: Case) -> None:
    hall.clock.at = at("2025-02-08T09:00")

    refused = hall["li"].sends_token(f"casepapers:{case.id}").text

    assert "第三十二条" in refused
    assert "已经超期" in refused
    assert "🔴 超期 1 个工作日" in hall["li"].sends_token(f"case:{case.id}").text


def test_papers_in_time_stop_the_clock_until_they_arrive(hall: Hall) -> None:
    db = hall.desk.db
    case = a_case(db, number="7", accepted_on=day("2025-02-06"), as_of="2025-02-06T17:00")
    hall.clock.at = at("2025-02-07T09:00")
    rules = hall.desk.settings.oversight.rules()

    assert "待补正" in hall["li"].sends_token(f"casepapers:{case.id}").text
    stage = standing_of(again(db, case), hall.desk.calendar, rules, day("2025-02-20")).stage
    known = cases_in_progress_since(db, CITY, day("2025-02-01"))
    period = (day("2025-02-01"), day("2025-02-28"))
    assert reminder_rates(db, known, hall.desk.calendar, *period) == ()
    why = hall["li"].sends_token(f"casewhy:{case.id}")
    assert (why.table, "时钟停着" in why.text) == (None, True)
    hall.clock.at = at("2025-02-10T09:00")
    assert "2月17日（周一）到期" in hall["li"].presses("补正收齐").text

    assert stage is Stage.AWAITING_PAPERS


def test_a_lead_is_told_what_may_be_done_reads_it_and_then_confirms(hall: Hall, case: Case) -> None:
    db, zhao = hall.desk.db, hall["zhao"]
    bring_in(db, a_row(number="2222"), a_row(number="3333"), as_of="2025-02-05T18:00")
    known = [case, *(c for c in cases_in_progress_since(db, CITY, day("2025-02-05")))][1:]
    mark_missing(db, known, Covers(Extent.OPEN), now=at("2025-02-06T08:00"))

    assert "可能已办结 3 件" in hall.on("2025-02-06T08:30")["zhao"]
    assert "zhao" not in hall.on("2025-02-06T14:30")  # once
    listed = zhao.presses("可能已办结 3 件")
    assert listed.text.count("2月7日（周五）到期") == 3
    assert all(c.is_open for c in map(partial(again, db), known))
    assert "尾号 2222" in zhao.presses("确认办结 2222").text
    hall["zhou"].sends_token("perhaps")
    bring_in(db, a_row(number="3333"), as_of="2025-02-06T16:00")
    assert "可能已办结 1 件" in hall["zhou"].presses("全部确认办结 2 件").text  # it has changed
    assert "已确认办结" in hall["zhou"].presses("全部确认办结 1 件").text

    closed = [again(db, c).completed_on for c in known]
    assert closed == [day("2025-02-06"), day("2025-02-06"), None]


@pytest.mark.parametrize(
    "token",
    ["case", "case:x", "case:999", "casegive:1:x", "caselate:1:nonsense", "release:999", "acts:x"],
)
def test_an_invented_token_is_a_polite_no(hall: Hall, case: Case, token: str) -> None:
    for talker in (hall["li"], hall["zhou"]):
        assert "编号" not in talker.sends_token(token).text.split("（")[0]


# -- the command line


@pytest.fixture
def at_the_desk(tmp_path: Path) -> Callable[..., Result]:
    config = tmp_path / "config.yaml"
    config.write_text("data_dir: data\n", encoding="utf-8")
    db = open_database(tmp_path / "data" / FILE_NAME)
    a_case(db, as_of="2025-02-05T17:00")
    db.close()

    def call(*words: str) -> Result:
        return CliRunner().invoke(
            main, [*words, "--config", str(config), "--clock", "2025-02-06T08:30"]
        )

    return call


def test_the_command_prints_who_would_be_told_and_writes_nothing(
    at_the_desk: Callable[..., Result], tmp_path: Path
) -> None:
    result = at_the_desk("sweep", "overdue", "--dry-run", "--json")

    assert result.exit_code == 0, result.output
    first = json.loads(result.stdout)[0]
    assert first == {
        "kind": "remind",
        "subject": "410202250124001234",
        "level": "due_soon",
        "recipient": "窗口负责人（龙亭区·longting-01）",
        "due_on": "2025-02-07",
    }
    count = sqlite3.connect(tmp_path / "data" / FILE_NAME).execute("SELECT count(*) FROM outbox")
    assert count.fetchone()[0] == 0


def test_the_command_sweeps_once(at_the_desk: Callable[..., Result]) -> None:
    first, second = (at_the_desk("sweep", "overdue", "--json") for _ in range(2))

    assert len(json.loads(first.stdout)) == 2
    assert json.loads(second.stdout) == []


def test_the_command_counts_by_unit(at_the_desk: Callable[..., Result]) -> None:
    counted = json.loads(at_the_desk("overdue", "--json", "--district", "龙亭").stdout)

    assert counted["rows"] == [
        {
            "unit": "龙亭区政务服务大厅",
            "on_track": 0,
            "due_soon": 1,
            "overdue": 0,
            "long_overdue": 0,
        }
    ]
    assert at_the_desk("overdue", "--day", "2025-02-07").exit_code == 2
    assert at_the_desk("overdue", "--district", "月球").exit_code == 2
    assert "🟡即将超期" in at_the_desk("overdue").stdout


def test_the_command_extends_before_expiry_and_shows_the_proof(
    at_the_desk: Callable[..., Result],
) -> None:
    papers = ("--approver", "王局长", "--reason", "情况复杂", "--proof", "告知书1号")
    number = "410202250124001234"

    extended = at_the_desk("case", "extend", number, "10", *papers)
    again_ = at_the_desk("case", "extend", number, "10", *papers)
    proof = json.loads(at_the_desk("case", "proof", number, "--json").stdout)

    assert "2025-02-20 到期" in extended.stdout
    assert (again_.exit_code, "不能再延" in again_.stderr) == (1, True)
    assert [e["kind"] for e in proof["events"]] == ["accepted", "extended"]


def test_the_command_suspends_and_resumes(at_the_desk: Callable[..., Result]) -> None:
    number = "410202250124001234"

    refused = at_the_desk(
        "case", "suspend", number, "--procedure", "site_visit", "--document", "1号"
    )
    suspended = at_the_desk(
        "case", "suspend", number, "--procedure", "inspection", "--document", "汴检1号"
    )
    resumed = at_the_desk("case", "resume", number)

    assert "现场勘验不停表" in refused.stderr
    assert "已挂起" in suspended.stdout
    assert "2025-02-08 到期" in resumed.stdout
    assert at_the_desk("case", "proof", "nosuch").exit_code == 1


def test_every_reason_of_a_case_has_its_words() -> None:
    source = Path(case_work.__file__).read_text(encoding="utf-8")
    reasons = set(re.findall(r'NotAllowed\("(\w+)"\)', source))

    assert len(reasons) > 10
    for reason in reasons:
        assert refusal_reply(Refusal(f"case_{reason}")).text


def test_unbound_handlers_are_counted_for_the_supervisor(hall: Hall, case: Case) -> None:
    bring_in(hall.desk.db, a_row(number="9", handler_name="小孙"), as_of="2025-02-06T08:00")
    hall.clock.at = at("2025-02-06T09:00")

    assert "未绑定 1 人，涉及 1 件" in hall["zhou"].says("超期").text


def test_units_of_one_name_are_counted_by_district_and_the_citys_own_apart(
    tmp_path: Path, at_the_desk: Callable[..., Result]
) -> None:
    db = open_database(tmp_path / "data" / FILE_NAME)
    for number, district in (("1", "龙亭区"), ("2", "兰考县"), ("3", None)):
        a_case(db, number=number, unit="人社局", scope=Scope(district), as_of="2025-02-05T17:01")
    a_case(db, number="4", unit=None, scope=Scope("兰考县"), as_of="2025-02-05T17:02")
    db.close()

    def units(*more: str) -> list[str]:
        return [
            r["unit"] for r in json.loads(at_the_desk("overdue", "--json", *more).stdout)["rows"]
        ]

    assert set(units()) == {
        "龙亭区政务服务大厅",
        "龙亭区·人社局",
        "兰考县·人社局",
        "市直·人社局",
        "兰考县",
    }
    assert units("--district", "市直") == ["市直·人社局"]
    file = tmp_path / "晨会单.html"
    assert at_the_desk("overdue", "--print", str(file), "--unit", "人社局").exit_code == 0
    assert file.read_text(encoding="utf-8").count("<section") == 3


def test_everything_pressing_is_listed_page_by_page_worst_first(hall: Hall) -> None:
    rows = [a_row(number=f"4100{n:04}", limit_days=3) for n in range(1, 20)]
    bring_in(hall.desk.db, *rows, a_row(number="41009999", limit_days=2), as_of="2025-02-06T08:00")
    hall.clock.at = at("2025-02-06T09:00")

    hall["zhao"].says("超期")
    first = hall["zhao"].presses("超期明细")
    hall["zhao"].presses("下一页")
    last = hall["zhao"].presses("下一页")

    assert "超期和快到期 20 件，最急的在前（第 1 页，共 3 页）" in first.text
    assert "9999" in first.text
    assert "0019" in last.text
    assert "0019" not in first.text


def test_what_waits_for_release_is_reached_by_a_word_and_turned_by_pages(hall: Hall) -> None:
    rows = [a_row(number=f"4100{n:04}", limit_days=1) for n in range(1, 12)]
    bring_in(hall.desk.db, *rows, as_of="2025-02-10T08:00")
    hall.on("2025-02-10T08:30")
    zhou = hall["zhou"]

    zhou.says("菜单")
    first = zhou.presses("待签发")
    second = zhou.presses("下一页")

    assert "待签发 11 件（第 1 页，共 2 页）" in first.text
    assert "0001" in first.text
    assert "0011" in second.text
    assert "已签发" in zhou.presses("签发 0011").text
    assert "待签发 10 件" in zhou.says("待签发").text


@pytest.mark.parametrize(
    ("word", "said"),
    [("超期原因", "没有超期办结"), ("可能已办结", "没有可能已办结"), ("晨会单", "dashboard/print")],
)
def test_what_stood_on_buttons_only_has_a_word(hall: Hall, word: str, said: str) -> None:
    assert said in hall["zhou"].says(word).text
    assert said in hall["zhao"].says(word).text


def test_without_any_data_no_zero_is_claimed(hall: Hall) -> None:
    reply = hall["zhou"].says("超期")

    assert "还没有导入过办件数据" in reply.text
    assert "0" not in reply.text.split("\n", 1)[1]
    assert (reply.table, "没有超期的单位" in reply.text) == (None, False)


def test_a_cause_is_taken_only_of_what_is_or_was_late(hall: Hall, case: Case) -> None:
    hall.clock.at = at("2025-02-07T09:00")
    asked = [hall["li"].sends_token(f"caselate:{case.id}{more}").text for more in ("", ":slow")]
    hall.clock.at = at("2025-02-08T09:00")

    assert asked == ["这件没有超期，不用说明原因。"] * 2
    assert again(hall.desk.db, case).cause is None
    assert "经办拖延" in hall["li"].sends_token(f"caselate:{case.id}:slow").text


def test_a_finished_case_is_neither_handed_over_nor_called_wrong(hall: Hall, case: Case) -> None:
    bring_in(hall.desk.db, done(a_row(), "2025-02-06"), as_of="2025-02-06T17:00")
    hall.clock.at = at("2025-02-07T09:00")

    for verb in ("casegive", "casewrong"):
        assert "已经办结" in hall["li"].sends_token(f"{verb}:{case.id}").text


def test_each_answer_among_several_cases_says_what_it_means(hall: Hall, case: Case) -> None:
    bring_in(hall.desk.db, a_row(), a_row(number="2222"), as_of="2025-02-05T18:00")
    hall.on("2025-02-06T08:30")

    hall["li"].button("2222 已办结（等数据更新）")
    hall["li"].says("我的办件")
    hall["li"].button("1234 已办结（等数据更新）")


def test_who_is_bound_without_a_name_signs_by_the_account(hall: Hall, case: Case) -> None:
    nameless = hall._bind("other", Role.SUPERVISOR, DISTRICT, "")
    hall.on("2025-02-11T08:30")

    nameless.sends_token("acts")
    released = nameless.presses("签发").text

    account = f"督查人员（账号 {nameless.person.id}）"
    assert f"这次署名是“{account}”" in released
    assert account in hall["sun"].sends_token(f"caseproof:{case.id}").text


def test_a_release_says_whom_it_reaches_and_which_post_is_empty(hall: Hall) -> None:
    a_case(hall.desk.db, number="77", scope=Scope("鼓楼区"), as_of="2025-02-11T08:00")
    hall.on("2025-02-11T08:30")

    hall["zhou"].sends_token("acts")
    released = hall["zhou"].presses("签发").text

    assert "发给 1 人。没有人绑定、送不到：窗口负责人。" in released
