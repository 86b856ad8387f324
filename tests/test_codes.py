"""Binding codes for the roster: a printed sheet by unit, names in chat, and who one then is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.__main__ import main
from bot.database import transaction
from bot.desk import Desk
from bot.dialogue import CITY, Role, Scope
from bot.records.roster import Member, members, put_member
from tests.conftest import Talker

STAFF = (("A001", "小李"), ("A002", "小钱"))
HALL = "龙亭区政务服务大厅"
LONGTING = Scope("龙亭区", None, "longting-01")


@pytest.fixture
def staffed(desk: Desk) -> Desk:
    """Return a desk with two clerks of one name in a hall, and one in another district."""
    with transaction(desk.db):
        for number, scope, unit in (
            ("A001", LONGTING, HALL),
            ("A002", LONGTING, HALL),
            ("B001", Scope("鼓楼区"), "鼓楼区政务服务大厅"),
        ):
            put_member(desk.db, Member(number, "小李", Role.CLERK, scope, unit))
    return desk


def bound_as(desk: Desk, talker: Talker) -> list[str]:
    return [m.number for m in members(desk.db, CITY) if m.person_id == talker.person.id]


def test_a_lead_makes_a_code_for_a_member_by_name(
    staffed: Desk, somebody: Callable[..., Talker], zhao: Talker
) -> None:
    second = somebody("second")

    offered = zhao.says("发绑定码")
    made = zhao.presses("小李（A002")
    second.says(f"绑定 {made.text.split()[1].split('（')[0]}")

    assert "还没绑定的 2 人" in offered.text
    assert "小李" in made.text
    assert bound_as(staffed, second) == ["A002"]
    assert "1 人" in zhao.says("发绑定码").text


def test_a_code_for_another_districts_member_is_refused(
    staffed: Desk, somebody: Callable[..., Talker], zhao: Talker
) -> None:
    administrator = somebody("root", Role.ADMINISTRATOR)
    administrator.says("发绑定码")
    button, _ = administrator.button("小李（B001")

    reply = zhao.sends_token(str(button.token))

    assert "绑定码 " not in reply.text
    assert all(m.person_id is None for m in members(staffed.db, CITY))


def test_a_units_codes_are_printed_and_know_whom_they_are_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text("web: {port: 0}\n", encoding="utf-8")
    rows = [f"{number},{name},龙亭大厅,龙亭区,窗口人员" for number, name in STAFF]
    roster = "\n".join(["工号,姓名,单位,区县,角色", *rows])
    (tmp_path / "staff.csv").write_text(roster, encoding="utf-8")

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(main, arguments, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    run("import", "staff", "staff.csv", "--json")
    made = json.loads(run("people", "codes", "--unit", "龙亭大厅", "sheet.html", "--json"))

    sheet = (tmp_path / "sheet.html").read_text(encoding="utf-8")
    assert [one["number"] for one in made["codes"]] == ["A001", "A002"]
    assert all(f"绑定 {one['code']}" in sheet for one in made["codes"])
    unknown = CliRunner().invoke(main, ["people", "codes", "--unit", "没有这个单位"])
    assert unknown.exit_code == 2
    assert "龙亭大厅" in unknown.stderr


def test_who_takes_another_role_elsewhere_is_no_longer_the_member(
    staffed: Desk, somebody: Callable[..., Talker]
) -> None:
    li, root = somebody("li-too"), somebody("root", Role.ADMINISTRATOR)
    root.says("发绑定码")
    li.says(f"绑定 {root.presses('小李（A001').text.split()[1].split('（')[0]}")
    assert bound_as(staffed, li) == ["A001"]

    root.says("发绑定码")
    li.says(f"绑定 {root.presses('给编辑').text.split()[1].split('（')[0]}")

    assert li.person.role is Role.EDITOR
    assert bound_as(staffed, li) == []
