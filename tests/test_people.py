"""Who is bound where: one member of the staff, two channels, one account; leaving and revoking."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.__main__ import main
from bot.clock import LOCAL
from bot.database import FILE_NAME, open_database, transaction
from bot.desk import Desk
from bot.dialogue import Channel, Person, Refusal, Role, Scope
from bot.records import messages, people
from bot.records.people import Address, addresses_of, find_person, person_by_id
from bot.records.roster import Member, link_person, member_by_number, put_member
from tests.conftest import Clock, Talker
from tests.web.fakes import Browser, FakeCore, a_desk, an_app

LONGTING = Scope("龙亭区", None, "longting-01")
TELEGRAM = Address(Channel.TELEGRAM, "101")
PAGE = Address(Channel.WEB, "a" * 64)


@pytest.fixture
def comes(desk: Desk) -> Callable[..., Talker]:
    """Return a maker of people at an address."""

    def make(address: Address) -> Talker:
        person = people.person_at(desk.db, address, now=desk.now())
        return Talker(desk, person, address.channel)

    return make


def a_code(desk: Desk, name: str | None, role: Role = Role.LEAD, **more: object) -> str:
    scope = more.pop("scope", LONGTING)
    with transaction(desk.db):
        made = people.make_code(
            desk.db,
            role=role,
            scope=scope,  # type: ignore[arg-type]
            name=name,
            made_by=None,
            now=desk.now(),
            **more,  # type: ignore[arg-type]
        )
    return made.code


def at(desk: Desk, address: Address) -> Person:
    found = find_person(desk.db, address)
    assert found is not None
    return found


@pytest.fixture
def bound(desk: Desk, comes: Callable[..., Talker]) -> Talker:
    """Return 赵主任, lead of 龙亭's first window, bound on Telegram."""
    zhao = comes(TELEGRAM)
    zhao.says(f"绑定 {a_code(desk, '赵主任')}")
    return zhao


# -- one person, two channels


def test_a_code_on_the_page_joins_the_account_on_telegram(
    desk: Desk, bound: Talker, comes: Callable[..., Talker]
) -> None:
    at_page = comes(PAGE)

    reply = at_page.says(f"绑定 {a_code(desk, '赵主任')}")

    assert "绑定好了" in reply.text
    assert at(desk, PAGE).id == at(desk, TELEGRAM).id == bound.person.id
    assert at(desk, TELEGRAM).role is Role.LEAD
    shown = messages.messages_of(desk.db, bound.person.id)
    assert any("绑定好了" in (m.text or "") for m in shown[-1:])


def test_a_new_telegram_account_revokes_the_old_one_whatever_its_role(
    desk: Desk, bound: Talker, comes: Callable[..., Talker]
) -> None:
    comes(Address(Channel.TELEGRAM, "202")).says(
        f"绑定 {a_code(desk, '赵主任', Role.SUPERVISOR, scope=Scope('兰考县'))}"
    )

    assert at(desk, TELEGRAM).role is Role.CITIZEN
    assert at(desk, Address(Channel.TELEGRAM, "202")).role is Role.SUPERVISOR


def test_a_code_for_the_same_number_revokes_under_another_name(
    desk: Desk, comes: Callable[..., Talker]
) -> None:
    put_member(desk.db, Member("G1", "赵主任", Role.LEAD, LONGTING))
    first, second = comes(TELEGRAM), comes(Address(Channel.TELEGRAM, "202"))
    first.says(f"绑定 {a_code(desk, '赵主任', staff_number='G1')}")
    put_member(desk.db, Member("G1", "赵大明", Role.LEAD, LONGTING))

    second.says(f"绑定 {a_code(desk, '赵大明', staff_number='G1')}")

    assert at(desk, TELEGRAM).role is Role.CITIZEN
    member = member_by_number(desk.db, "G1")
    assert member is not None
    assert member.person_id == second.person.id


def test_namesakes_whom_the_roster_tells_apart_do_not_revoke_each_other(
    desk: Desk, comes: Callable[..., Talker]
) -> None:
    for number in ("G1", "G2"):
        put_member(desk.db, Member(number, "小李", Role.CLERK, LONGTING))
    for number, chat in (("G1", "101"), ("G2", "202")):
        code = a_code(desk, "小李", Role.CLERK, staff_number=number)
        comes(Address(Channel.TELEGRAM, chat)).says(f"绑定 {code}")

    assert at(desk, TELEGRAM).role is Role.CLERK
    assert at(desk, Address(Channel.TELEGRAM, "202")).role is Role.CLERK


def test_a_namesake_of_another_district_does_not_join(
    desk: Desk, bound: Talker, comes: Callable[..., Talker]
) -> None:
    comes(PAGE).says(f"绑定 {a_code(desk, '赵主任', scope=Scope('兰考县'))}")

    assert at(desk, PAGE).id != bound.person.id


def test_ones_own_code_joins_the_page_even_without_a_name(
    desk: Desk, comes: Callable[..., Talker]
) -> None:
    clerk = comes(TELEGRAM)
    clerk.says(f"绑定 {a_code(desk, None, Role.CLERK)}")

    given = clerk.says("网页绑定码").text
    code = given.split("/join/")[1].split("\n")[0]
    comes(PAGE).says(f"绑定 {code}")

    assert at(desk, PAGE).id == clerk.person.id
    assert at(desk, PAGE).role is Role.CLERK


def test_ones_own_code_ends_with_the_role(
    desk: Desk, bound: Talker, comes: Callable[..., Talker]
) -> None:
    code = bound.says("网页绑定码").text.split("/join/")[1].split("\n")[0]
    people.take_role_away(desk.db, bound.person, now=desk.now() - timedelta(seconds=1))

    comes(PAGE).says(f"绑定 {code}")

    assert at(desk, PAGE).role is Role.CITIZEN


def test_a_code_is_used_once(desk: Desk, bound: Talker, comes: Callable[..., Talker]) -> None:
    code = a_code(desk, "赵主任")
    at_page = comes(PAGE)
    at_page.says(f"绑定 {code}")
    again = Talker(desk, at(desk, PAGE), Channel.WEB).says(f"绑定 {code}")
    other = comes(Address(Channel.WEB, "b" * 64)).says(f"绑定 {code}")

    assert "绑定好了" in again.text
    assert "用过了" in other.text


# -- leaving


def test_leaving_the_page_ends_it_there_alone(
    desk: Desk, bound: Talker, comes: Callable[..., Talker]
) -> None:
    comes(PAGE).says(f"绑定 {a_code(desk, '赵主任')}")
    at_page = Talker(desk, at(desk, PAGE), Channel.WEB)

    asked = at_page.says("退出")
    still = find_person(desk.db, PAGE)
    left = at_page.presses("确定退出")

    assert "新的绑定码" in asked.text
    assert still is not None
    assert "不变" in left.text
    assert find_person(desk.db, PAGE) is None
    assert at(desk, TELEGRAM).role is Role.LEAD


def test_leaving_the_only_channel_ends_the_role(desk: Desk, bound: Talker) -> None:
    put_member(desk.db, Member("G1", "赵主任", Role.LEAD, LONGTING))
    link_person(desk.db, "G1", bound.person.id)

    bound.says("解除绑定")
    bound.presses("确定退出")

    assert at(desk, TELEGRAM).role is Role.CITIZEN
    member = member_by_number(desk.db, "G1")
    assert member is not None
    assert member.person_id is None


@pytest.mark.parametrize(
    ("away", "stays"), [((180,), True), ((181,), False), ((150, 150), True), ((150, 181), False)]
)
def test_a_staff_session_on_the_page_ends_after_days_of_disuse(
    tmp_path: Path, clock: Clock, away: tuple[int, ...], stays: bool
) -> None:
    desk = a_desk(tmp_path, clock)
    browser = Browser(an_app(desk, FakeCore()))
    browser.get("/")
    browser.ask({"text": "/bind ABCDEFGH", "key": "1"})
    db = desk.db
    db.execute("UPDATE addresses SET bound_at = ?", [desk.now().isoformat()])
    (person_id,) = db.execute("SELECT id FROM people").fetchone()
    status = 0

    for days in away:
        clock.move(days=days)
        status = browser.get("/dashboard/print").status_code

    assert (status != 403) is stays
    assert (person_by_id(db, person_id).role is Role.SUPERVISOR) is stays
    assert bool(addresses_of(db, person_id)) is stays


# -- the office's list


@pytest.fixture
def call(tmp_path: Path) -> Callable[..., Result]:
    (tmp_path / "config.yaml").write_text("data_dir: data\n", encoding="utf-8")
    (tmp_path / "data").mkdir()
    db = open_database(tmp_path / "data" / FILE_NAME)
    now = datetime(2025, 1, 24, 10, 0, tzinfo=LOCAL)
    with transaction(db):
        for address, name in ((TELEGRAM, "赵主任"), (PAGE, "小李")):
            person = people.person_at(db, address, now=now)
            made = people.make_code(
                db, role=Role.LEAD, scope=LONGTING, name=name, made_by=None, now=now
            )
            people.bind(db, person, made, (), now=now)
        put_member(db, Member("G1", "赵主任", Role.LEAD, LONGTING))
        link_person(db, "G1", 1)
    db.close()

    def run(*words: str) -> Result:
        options = ["--config", str(tmp_path / "config.yaml"), "--clock", "2025-01-24T11:00"]
        return CliRunner().invoke(main, ["people", *words, *options])

    return run


def test_the_list_says_who_comes_in_where(call: Callable[..., Result]) -> None:
    listed = json.loads(call("list", "--json").stdout)
    table = call("list").stdout

    assert [(one["id"], one["number"], one["name"], one["channels"]) for one in listed] == [
        (1, "G1", "赵主任", ["telegram"]),
        (2, None, "小李", ["web"]),
    ]
    assert "Telegram" in table
    assert "网页" in table


@pytest.mark.parametrize("who", ["G1", "赵主任", "1"])
def test_a_role_is_revoked_by_number_name_or_id(call: Callable[..., Result], who: str) -> None:
    done = call("revoke", who)
    left = json.loads(call("list", "--json").stdout)

    assert done.exit_code == 0
    assert [one["name"] for one in left] == ["小李"]
    assert call("revoke", who).exit_code == 2


def test_a_revoked_members_codes_are_void(desk: Desk, bound: Talker) -> None:
    code = a_code(desk, "赵主任")
    people.take_role_away(desk.db, bound.person, now=desk.now())

    later = desk.now() + timedelta(seconds=1)
    with pytest.raises(Refusal) as refused:
        people.read_code(desk.db, bound.person, code, now=later)

    assert refused.value.reason == "code_expired"
