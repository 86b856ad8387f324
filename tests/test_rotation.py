"""Leave with a deputy, and the monthly rotation that takes open cases along."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlite_utils import Database

from bot.__main__ import main
from bot.database import FILE_NAME, open_database, transaction
from bot.desk import Desk
from bot.dialogue import Person
from bot.records import people
from bot.records.people import Address, Channel
from bot.records.roster import (
    Member,
    Roster,
    accounts_of,
    link_person,
    member_by_number,
    put_member,
)
from bot.rotation import plan_rotation, rotate, rotate_when_due
from bot.views.alerts import render_alert
from bot.views.roster import LEAVES
from reminders import outbox
from reminders.case_events import events_of
from reminders.cases import case_by_number
from reminders.overdue import Level
from reminders.recipients import Recipient, Role, Scope
from tests.case_builders import a_row, at, bring_in, day
from tests.conftest import Clock, Talker

DISTRICT = Scope("龙亭区")
NOW = "2025-02-06T09:00"
UNIT = "龙亭区政务服务大厅"


def staff(db: Database, number: str, team: str | None, *, bound: bool = True) -> Member:
    """Put a clerk on the roster, bound under an address of the same name."""
    put_member(db, Member(number, f"员工{number}", Role.CLERK, DISTRICT, UNIT, team))
    if bound:
        person = people.person_at(db, Address(Channel.WEB, number), now=at(NOW))
        people.set_role(db, person, Role.CLERK, DISTRICT)
        link_person(db, number, person.id)
    found = member_by_number(db, number)
    assert found is not None
    return found


@pytest.fixture
def call(tmp_path: Path) -> Callable[..., Result]:
    (tmp_path / "config.yaml").write_text("data_dir: data\n", encoding="utf-8")

    def run(*words: str, clock: str = NOW) -> Result:
        options = ["--config", str(tmp_path / "config.yaml"), "--clock", clock]
        return CliRunner().invoke(main, [*words, *options])

    return run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a file with two clerks in one group, one in the other, each with a case."""
    path = tmp_path / "data" / FILE_NAME
    db = open_database(path)
    for number, team in (("A1", "企航组"), ("A2", "企航组"), ("B1", "民护组")):
        staff(db, number, team)
        row = a_row(number=f"case-{number}", handler_number=number, scope=DISTRICT)
        bring_in(db, row, as_of="2025-02-06T08:00")
    db.close()
    return path


def handler_of(db: Database, number: str) -> str | None:
    case = case_by_number(db, number)
    assert case is not None
    member = Roster(db).member_of_case(case)
    return member.number if member else None


def test_the_groups_change_places_and_cases_go_over_with_a_note(
    call: Callable[..., Result], path: Path
) -> None:
    result = call("roster", "rotate", "--json")

    assert result.exit_code == 0, result.output
    db = open_database(path)
    assert [handler_of(db, f"case-{n}") for n in ("A1", "A2", "B1")] == ["B1", "B1", "A1"]
    teams = [member_by_number(db, n) for n in ("A1", "A2", "B1")]
    assert [m.team for m in teams if m] == ["民护组", "民护组", "企航组"]
    case = case_by_number(db, "case-A1")
    assert case is not None
    assert events_of(db, case.id)[-1].kind == "moved"
    assert "2025年2月轮岗" in events_of(db, case.id)[-1].facts["note"]
    told = [json.loads(f) for (f,) in db.execute("SELECT facts FROM outbox").fetchall()]
    assert sorted((t["side"], t["number"]) for t in told) == [
        ("from", "1"),
        ("from", "1"),
        ("from", "1"),
        ("to", "1"),
        ("to", "2"),
    ]


def test_a_month_rotates_once(call: Callable[..., Result], path: Path) -> None:
    call("roster", "rotate")

    again = call("roster", "rotate")
    of_district = call("roster", "rotate", "--district", "龙亭")
    next_month = call("roster", "rotate", clock="2025-03-03T09:00")

    assert (again.exit_code, of_district.exit_code, next_month.exit_code) == (1, 1, 0)
    db = open_database(path)
    assert [handler_of(db, f"case-{n}") for n in ("A1", "B1")] == ["A1", "B1"]


def test_the_dry_run_moves_nothing(call: Callable[..., Result], path: Path) -> None:
    result = call("roster", "rotate", "--dry-run", "--json")

    assert [(h["from"], h["to"], h["cases"]) for h in json.loads(result.stdout)] == [
        ("A1", "B1", 1),
        ("A2", "B1", 1),
        ("B1", "A1", 1),
    ]
    assert handler_of(open_database(path), "case-A1") == "A1"


def test_a_case_is_not_moved_to_somebody_who_cannot_be_reached(
    call: Callable[..., Result], tmp_path: Path
) -> None:
    db = open_database(tmp_path / "data" / FILE_NAME)
    staff(db, "A1", "企航组")
    staff(db, "B1", "民护组", bound=False)
    bring_in(db, a_row(number="c", handler_number="A1", scope=DISTRICT), as_of=NOW)

    result = call("roster", "rotate")

    assert "1 件没有移交" in result.stderr
    assert handler_of(db, "c") == "A1"


def test_a_unit_with_one_group_stays_as_it_is(call: Callable[..., Result], tmp_path: Path) -> None:
    db = open_database(tmp_path / "data" / FILE_NAME)
    staff(db, "A1", "企航组")

    assert call("roster", "rotate").exit_code == 1
    member = member_by_number(db, "A1")
    assert member is not None
    assert member.team == "企航组"


def meant(db: Database, number: str, on: str) -> tuple[Recipient, ...]:
    case = case_by_number(db, number)
    assert case is not None
    return Roster(db).recipients(Level.HANDLER, case, day(on))


def test_who_binds_after_the_roster_came_is_the_member(li: Talker) -> None:
    db = li.desk.db
    put_member(db, Member("A1", "小李", Role.CLERK, DISTRICT, UNIT))
    code = people.make_code(
        db, role=Role.CLERK, scope=DISTRICT, name="小李", made_by=None, now=li.desk.now()
    )

    li.says(f"绑定 {code.code}")

    found = member_by_number(db, "A1")
    assert found is not None
    assert found.person_id == li.person.id


def test_leave_sends_the_reminders_to_the_deputy_and_back(
    call: Callable[..., Result], path: Path
) -> None:
    a1, a2 = (member_by_number(open_database(path), n) for n in ("A1", "A2"))
    assert a1 is not None
    assert a2 is not None

    away = call("roster", "leave", "A1", "--to", "2025-02-10", "--deputy", "A2")
    db = open_database(path)
    during, after = meant(db, "case-A1", "2025-02-10"), meant(db, "case-A1", "2025-02-11")
    back = call("roster", "leave", "A1", "--end")

    assert "员工A2 代班" in away.stdout
    assert (during, after) == ((Recipient(a2.person_id),), (Recipient(a1.person_id),))
    assert back.exit_code == 0
    assert meant(open_database(path), "case-A1", "2025-02-07") == (Recipient(a1.person_id),)


@pytest.mark.parametrize(
    "words",
    [
        ("A1",),
        ("A1", "--to", "2025-02-10", "--end"),
        ("A1", "--to", "2025-02-01"),
        ("A1", "--to", "2025-02-10", "--deputy", "A1"),
        ("A1", "--to", "2025-02-10", "--deputy", "nosuch"),
        ("nosuch", "--end"),
    ],
)
def test_a_wrong_leave_is_one_line(
    call: Callable[..., Result], path: Path, words: tuple[str, ...]
) -> None:
    result = call("roster", "leave", *words)

    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_lead_notes_leave_and_deputy_by_buttons(zhao: Talker) -> None:
    db = zhao.desk.db
    with transaction(db):
        staff(db, "A1", None)
        staff(db, "A2", None)
    assert "员工A1（A1）：在岗" in zhao.says("请假").text

    zhao.presses("员工A1")
    zhao.presses("请假 3 天")
    zhao.presses("选代班人")
    said = zhao.presses("员工A2（A2）").text

    member = member_by_number(db, "A1")
    assert member is not None
    assert (member.leave_to_on, member.deputy_number) == (day("2025-01-26"), "A2")
    assert "请假 1月24日（周五）至1月26日（周日）；代班 工号 A2" in said
    assert "在岗" in zhao.presses("回岗").text


def test_names_do_not_go_over_a_discreet_channel(zhao: Talker) -> None:
    with transaction(zhao.desk.db):
        staff(zhao.desk.db, "A1", None)

    reply = zhao.says("代班", discreet=True)

    assert "员工" not in reply.text
    assert "工号 A1" in reply.text


def test_a_lead_reaches_nobody_elses_staff(zhao: Talker, li: Talker) -> None:
    db = zhao.desk.db
    with transaction(db):
        put_member(db, Member("L9", "兰考人", Role.CLERK, Scope("兰考县")))
        staff(db, "A1", None)

    listed = zhao.says("请假")
    token = next(b.token for row in listed.buttons for b in row if "A1" in b.label)
    assert token is not None

    assert "兰考人" not in listed.text
    for forged in ("leave:ffffffffff", f"leaveset:{token[6:]}:999", "deputy:x", "leaveset:x"):
        assert "请假 " not in zhao.sends_token(forged).text
    assert "窗口负责人用的" in li.says("请假").text
    assert len(LEAVES) == 4


# -- by itself


@pytest.fixture
def rotating(zhao: Talker, clock: Clock) -> Desk:
    """Return a desk with a pair of groups, set up before March, each clerk with a case."""
    db = zhao.desk.db
    with transaction(db):
        staff(db, "A1", "企航组")
        staff(db, "B1", "民护组")
    for number in ("A1", "B1"):
        row = a_row(number=f"case-{number}", handler_number=number, scope=DISTRICT)
        bring_in(db, row, as_of="2025-02-06T08:00")
    clock.at = at("2025-02-06T09:00")
    rotate_when_due(zhao.desk)
    return zhao.desk


def handlers(desk: Desk) -> list[str | None]:
    return [handler_of(desk.db, f"case-{n}") for n in ("A1", "B1")]


def test_set_up_in_the_middle_of_a_month_nothing_is_made_up_for(
    rotating: Desk, clock: Clock
) -> None:
    clock.move(days=1)

    assert rotate_when_due(rotating) == 0
    assert handlers(rotating) == ["A1", "B1"]


def test_on_the_first_working_day_the_groups_change_places_once(
    rotating: Desk, clock: Clock
) -> None:
    # 2025-03-01 and 02 are a weekend.
    moved = []
    for now in ("2025-03-01T08:15", "2025-03-03T08:14", "2025-03-03T08:15", "2025-03-03T08:16"):
        clock.at = at(now)
        moved.append(rotate_when_due(rotating))
    clock.at = at("2025-03-04T08:15")
    moved.append(rotate_when_due(rotating))

    assert moved == [0, 0, 2, 0, 0]
    assert handlers(rotating) == ["B1", "A1"]
    notes = rotating.db.execute(
        "SELECT facts, not_before_at FROM outbox WHERE kind = 'cases_moved'"
    ).fetchall()
    assert len(notes) == 4  # to and from, for both
    assert all("2025年3月轮岗" in facts for facts, _ in notes)
    assert {not_before_at for _, not_before_at in notes} == {"2025-03-03T08:30:00+08:00"}


def test_a_missed_first_day_is_made_up_for_once_and_says_so(rotating: Desk, clock: Clock) -> None:
    clock.at = at("2025-03-08T10:00")
    on_saturday = rotate_when_due(rotating)
    clock.at = at("2025-03-10T10:00")

    moved = (rotate_when_due(rotating), rotate_when_due(rotating))

    assert (on_saturday, moved) == (0, (2, 0))
    runs = rotating.db.execute("SELECT slot_at, late FROM job_runs WHERE job = 'rotation'")
    assert runs.fetchall() == [("2025-03-01T00:00:00+08:00", 1)]
    facts = rotating.db.execute("SELECT facts FROM outbox WHERE kind = 'cases_moved'").fetchone()
    assert "3月10日（周一）补" in facts[0]


def test_the_next_month_turns_them_back(rotating: Desk, clock: Clock) -> None:
    for now in ("2025-03-03T08:15", "2025-04-01T08:15"):
        clock.at = at(now)
        rotate_when_due(rotating)

    assert handlers(rotating) == ["A1", "B1"]


@pytest.mark.parametrize("district", [None, "龙亭区"])
def test_what_was_rotated_by_hand_is_not_turned_back(
    rotating: Desk, clock: Clock, district: str | None
) -> None:
    clock.at = at("2025-03-03T08:00")
    plan = plan_rotation(rotating.db, ("企航组", "民护组"), Scope(district))
    rotate(rotating, plan, day("2025-03-03"), "手工", district=district)
    clock.at = at("2025-03-03T08:15")

    assert rotate_when_due(rotating) == 0
    assert handlers(rotating) == ["B1", "A1"]


def test_switched_off_it_waits_for_the_command(rotating: Desk, clock: Clock) -> None:
    off = rotating.settings.rotation.model_copy(update={"automatic": False})
    settings = rotating.settings.model_copy(update={"rotation": off})
    clock.at = at("2025-03-03T08:15")

    assert rotate_when_due(replace(rotating, settings=settings)) == 0
    assert handlers(rotating) == ["A1", "B1"]


def test_both_people_hear_of_it(rotating: Desk, clock: Clock) -> None:
    clock.at = at("2025-03-03T08:15")
    rotate_when_due(rotating)
    clock.at = at("2025-03-03T08:30")
    heard: dict[int, list[str]] = {}
    with transaction(rotating.db):
        waiting = outbox.claim(rotating.db, now=rotating.now(), lease_seconds=60, limit=9)
    for row in waiting:
        assert row.recipient.person_id is not None
        person = people.person_by_id(rotating.db, row.recipient.person_id)
        reply = render_alert(rotating, row, person, Channel.WEB)
        assert reply is not None
        heard.setdefault(person.id, []).append(reply.text)

    assert len(heard) == 2
    for texts in heard.values():
        assert sorted(text[:7] for text in texts) == ["轮岗移交给您 ", "轮岗移交走您的"]


# -- leave in words


@pytest.fixture
def lead(zhao: Talker, clock: Clock) -> Talker:
    """Return 赵主任 on 2025-02-06 with two clerks."""
    clock.at = at(NOW)
    with transaction(zhao.desk.db):
        staff(zhao.desk.db, "A1", None)
        staff(zhao.desk.db, "A2", None)
    return zhao


def leave_of(talker: Talker, number: str = "A1") -> tuple[str | None, str | None]:
    row = talker.desk.db.execute(
        "SELECT leave_from_on, leave_to_on FROM staff WHERE number = ?", [number]
    ).fetchone()
    return row[0], row[1]


def test_a_lead_writes_the_days_and_says_whose_they_are(lead: Talker) -> None:
    asked = lead.says("请假 2月10日到2月12日")
    said = lead.presses("员工A1")

    assert asked.text.startswith("谁在2月10日（周一）至2月12日（周三）请假")
    assert leave_of(lead) == ("2025-02-10", "2025-02-12")
    assert "代班 没有" in said.text
    lead.presses("选代班人")
    lead.presses("员工A2")
    found = member_by_number(lead.desk.db, "A1")
    assert found is not None
    assert found.deputy_number == "A2"


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("请假 A1 2月10日到2月12日", ("2025-02-10", "2025-02-12")),
        ("请假 员工A1 2/10-2/12", ("2025-02-10", "2025-02-12")),
        ("请假员工A1 2月10日-12日", ("2025-02-10", "2025-02-12")),
        ("请假 员工A1 从2025-02-10至2025-02-12", ("2025-02-10", "2025-02-12")),
        ("请假 员工A1 ２月１０日", ("2025-02-10", "2025-02-10")),
        ("请假 员工A1 明天到后天", ("2025-02-07", "2025-02-08")),
        ("请假 员工A1 今天到10号", ("2025-02-06", "2025-02-10")),
        ("请假 员工A1 2月3日到2月7日", ("2025-02-03", "2025-02-07")),
        ("请假 员工A1 12月30日到1月3日", ("2025-12-30", "2026-01-03")),
        ("/leave A1 2月10日到2月12日", ("2025-02-10", "2025-02-12")),
    ],
)
def test_days_are_read_as_people_write_them(
    lead: Talker, written: str, days: tuple[str, str]
) -> None:
    lead.says(written)

    assert leave_of(lead) == days


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("请假 A1 2月30日", "没有 2 月 30 日"),
        ("请假 A1 2月12日到2月10日", "最后一天在第一天前面"),
        ("请假 A1 2月1日到2月3日", "2月3日（周一）已经过了"),
        ("请假 A1 2025-02-10到2027-02-10", "最多登记一年"),
        ("请假 李四 2月10日", "没有“李四”"),
    ],
)
def test_bad_days_are_said_plainly_and_note_nothing(lead: Talker, written: str, says: str) -> None:
    assert says in lead.says(written).text
    assert leave_of(lead) == (None, None)


def test_asked_for_by_a_button_days_that_cannot_be_read_are_asked_for_again(lead: Talker) -> None:
    lead.says("请假")
    lead.presses("员工A1")
    lead.presses("写日期")
    again = lead.says("下个月吧")

    said = lead.says("2月10日到2月12日")

    assert "没看懂日期" in again.text
    assert leave_of(lead) == ("2025-02-10", "2025-02-12")
    assert "请假 2月10日（周一）至2月12日（周三）" in said.text
    lead.presses("取消请假")
    assert leave_of(lead) == (None, None)


def test_a_leave_that_is_going_on_is_not_cut_off_by_the_next(lead: Talker) -> None:
    lead.says("请假 A1 2月5日到2月7日")

    refused = lead.says("请假 A1 2月20日到2月21日")
    longer = lead.says("请假 A1 2月8日到2月9日")

    assert "正在请假" in refused.text
    assert leave_of(lead) == ("2025-02-05", "2025-02-09")
    assert "回岗" in lead.labels()
    assert longer.text


def test_a_deputy_who_is_away_too_is_pointed_out(lead: Talker) -> None:
    lead.says("请假 A2 2月11日到2月14日")
    lead.says("请假 A1 2月10日到2月12日")
    lead.presses("选代班人")

    assert "代班人那几天也请假" in lead.presses("员工A2").text


def test_a_clerk_is_sent_to_the_lead(li: Talker, lead: Talker) -> None:
    said = li.says("请假 2月10日到2月12日").text

    assert "窗口负责人用的" in said
    assert leave_of(lead) == (None, None)


def test_a_citizens_words_are_a_question(wang: Talker, lead: Talker) -> None:
    assert "谁在" not in wang.says("请假 2月10日到2月12日").text


def test_invented_days_in_a_button_are_refused(lead: Talker) -> None:
    lead.says("请假 2月10日")
    token, _ = lead.button("员工A1")
    assert token.token is not None
    key = token.token.split(":")[1]

    for bad in ("x:y", "2025-02-12:2025-02-10", "2025-01-01:2025-01-02", "2025-02-10:2099-01-01"):
        lead.sends_token(f"leaveset:{key}:{bad}")

    assert leave_of(lead) == (None, None)


def test_a_name_bound_on_another_channel_is_one_person_with_two_addresses(li: Talker) -> None:
    db, now = li.desk.db, li.desk.now()
    scope = Scope("龙亭区", None, "longting-01")

    def bind(address: Address) -> Person:
        code = people.make_code(
            db, role=Role.CLERK, scope=scope, name="小李", made_by=None, now=now
        )
        person = people.person_at(db, address, now=now)
        return people.bind(db, person, code, accounts_of(db, code), now=now)

    phone = bind(Address(Channel.TELEGRAM, "1"))
    page = bind(Address(Channel.WEB, "a"))
    assert page.id == phone.id
    assert len(people.addresses_of(db, phone.id)) == 2

    newer = bind(Address(Channel.TELEGRAM, "2"))
    assert newer.id != phone.id
    assert people.person_by_id(db, phone.id).role is Role.CITIZEN
