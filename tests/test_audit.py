"""The log of who saw, changed and exported what: complete, within the scope, never changed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlite_utils import Database

from bot import router
from bot.__main__ import main
from bot.clock import LOCAL
from bot.database import open_database
from bot.dialogue import CITY, Channel, Person, Role, Scope
from bot.records.audit import GROUPS, Deed, DeedGroup, Wanted, deeds, deeds_within, record_deed
from bot.views.audit import SUBJECTS
from tests.conftest import Clock, Talker

NOW = datetime(2025, 1, 24, 10, 0, tzinfo=LOCAL)

# Staff's buttons that write down nothing by their route: what was done is written down by the
# handler, with what was chosen, or the button only asks, or shows what anybody may know.
BY_THE_HANDLER = {"ract", "rphone", "reply", "gapadd", "changeok", "changeno", "pause", "resume"}
BY_THE_HANDLER |= {"certlist", "leaveset", "deputy", "decline", "casestop", "caseextend"}
ASKS_OR_IS_PUBLIC = {"leavedays", "give", "gapfind", "gapto", "gapsay", "entry", "diagram"}
COMMANDS_THAT_ONLY_ASK = {"board", "upload", "codes", "entry", "unbind", "morning"}
COMMANDS_BY_THE_HANDLER = {"remindcode"}


def test_every_route_of_staff_is_written_down() -> None:
    silent = {
        verb
        for verb, route in (router.TOKENS | router.FIGURES).items()
        if Role.CITIZEN not in route.roles and route.deed is None
    }
    commands = {
        command.name
        for command in router.COMMANDS
        if Role.CITIZEN not in command.roles and command.deed is None
    }

    assert silent == BY_THE_HANDLER | ASKS_OR_IS_PUBLIC
    assert commands == COMMANDS_THAT_ONLY_ASK | COMMANDS_BY_THE_HANDLER


def test_every_subject_has_words() -> None:
    verbs = {
        verb for verb, route in (router.TOKENS | router.FIGURES).items() if route.deed is not None
    }
    names = {command.name for command in router.COMMANDS if command.deed is not None}

    assert verbs | names <= set(SUBJECTS)


@pytest.fixture
def db() -> Database:
    return open_database(None)


def subjects(person: Talker, *which: Deed) -> list[str]:
    lines = deeds(person.desk.db)
    return [line.subject for line in lines if not which or line.deed in which]


def test_looks_changes_and_exports_are_written_down(zhao: Talker, zhou: Talker) -> None:
    zhao.says("今日评价")
    zhao.says("整改")
    zhou.sends_token("sheet:2025-01-24:2025-01-24")
    zhao.sends_token("code:clerk")

    assert subjects(zhao, Deed.SAW_FIGURES) == ["today:今日评价"]
    assert subjects(zhao, Deed.SAW_LIST) == ["rectifications"]
    assert subjects(zhao, Deed.EXPORTED) == ["sheet:2025-01-24:2025-01-24"]
    assert subjects(zhao, Deed.CHANGED) == ["code:clerk"]


def test_what_was_refused_is_no_look(zhao: Talker) -> None:
    zhao.sends_token("rect:Z20250124ABCDEF")
    zhao.sends_token("case:99")

    assert subjects(zhao) == []


def test_using_a_code_is_written_down_without_the_code(zhao: Talker, wang: Talker) -> None:
    code = zhao.sends_token("code:clerk").text.split()[1].split("（")[0]

    wang.says(f"绑定 {code}")

    assert subjects(wang, Deed.CHANGED)[0] == "bind:clerk"
    assert not any(code in subject for subject in subjects(wang))


def test_citizens_are_not_written_down(wang: Talker) -> None:
    wang.says("我的证照")
    wang.says("娃上户口要啥")

    assert subjects(wang) == []


# -- reading it


def test_a_supervisor_reads_who_did_what(zhao: Talker, zhou: Talker) -> None:
    zhao.says("本周评价")

    reply = zhou.says("操作记录")

    assert "窗口负责人（龙亭区） 看了数字：服务反馈 “本周评价”" in reply.text
    assert "1月24日（周五）" in reply.text


def test_looking_into_the_log_is_itself_in_it(zhou: Talker) -> None:
    zhou.says("审计")

    again = zhou.says("审计")

    assert "督查人员（全市） 看了操作记录" in again.text
    assert len(subjects(zhou, Deed.SAW_AUDIT)) == 2


def test_the_log_stands_in_the_menu_of_those_who_may_read_it(
    zhou: Talker, zhao: Talker, somebody: Callable[..., Talker]
) -> None:
    administrator = somebody("admin", Role.ADMINISTRATOR)

    def offered(person: Talker) -> bool:
        menu = person.says("菜单")
        return any(b.label == "操作记录" for row in menu.buttons for b in row)

    assert [offered(person) for person in (zhou, administrator, zhao)] == [True, True, False]
    assert "这项是督查人员、管理员用的" in zhao.says("操作记录").text
    assert "这项是督查人员、管理员用的" in zhao.sends_token("audit:all").text


def test_a_district_reads_its_own_people_only(
    zhao: Talker, zhou: Talker, somebody: Callable[..., Talker]
) -> None:
    lankao = somebody("lankao", Role.SUPERVISOR, Scope("兰考县"))
    longting = somebody("longting", Role.SUPERVISOR, Scope("龙亭区"))
    zhao.says("今日评价")
    zhou.says("本月评价")

    elsewhere, here = lankao.says("操作记录"), longting.says("操作记录")

    assert "没有记录" in elsewhere.text
    assert "今日评价" in here.text
    assert "本月评价" not in here.text


def test_the_log_is_paged_and_filtered(zhao: Talker, zhou: Talker, clock: Clock) -> None:
    for _ in range(20):
        clock.move(minutes=1)
        zhao.says("今日评价")
    zhao.sends_token("code:clerk")

    first = zhou.says("操作记录")
    older = zhou.presses("更早")
    changed = zhou.presses("只看“改”")

    assert first.text.count("今日评价") == 11
    assert older.text.count("今日评价") == 9
    assert "绑定码 窗口人员" in changed.text
    assert "今日评价" not in changed.text


def test_somebody_is_found_by_name_within_the_scope(
    zhao: Talker, zhou: Talker, somebody: Callable[..., Talker]
) -> None:
    zhao.desk.db.execute("UPDATE people SET name = '赵某' WHERE id = ?", [zhao.person.id])
    zhao.says("今日评价")
    zhou.says("本月评价")
    lankao = somebody("lankao", Role.SUPERVISOR, Scope("兰考县"))

    found, unknown = zhou.says("操作记录 赵某"), lankao.says("操作记录 赵某")

    assert "赵某·窗口负责人" in found.text
    assert "本月评价" not in found.text
    assert "没有叫" in unknown.text


def test_a_discreet_channel_carries_no_names(zhao: Talker, zhou: Talker) -> None:
    zhao.desk.db.execute("UPDATE people SET name = '赵某' WHERE id = ?", [zhao.person.id])
    zhao.says("今日评价")
    zhou.channel = Channel.TELEGRAM

    reply = zhou.says("操作记录", discreet=True)

    assert "赵某" not in reply.text
    assert f"账号 {zhao.person.id}·窗口负责人" in reply.text


@pytest.mark.parametrize("token", ["audit:x", "audit:all:y", "audit:all:1:z", "audit:all:1:2:3"])
def test_an_invented_page_is_refused(zhou: Talker, token: str) -> None:
    assert "失效" in zhou.sends_token(token).text


# -- the table


def test_lines_can_be_neither_changed_nor_deleted_nor_replaced(db: Database) -> None:
    record_deed(db, Person(7, Role.SUPERVISOR), Deed.SAW, "case:1", now=datetime.now(LOCAL))
    statements = (
        "UPDATE audit SET subject = 'x'",
        "DELETE FROM audit",
        "REPLACE INTO audit (id, at, person_id, role, act, subject) VALUES (1, 1, 1, 1, 1, 1)",
        "REPLACE INTO audit SELECT * FROM audit",
    )

    for statement in statements:
        with pytest.raises(sqlite3.DatabaseError, match="append-only"):
            db.execute(statement)

    assert [line.subject for line in deeds(db)] == ["case:1"]


def test_a_line_keeps_the_scope_its_person_had(db: Database) -> None:
    record_deed(db, Person(7, Role.LEAD, Scope("龙亭区")), Deed.SAW, "case:1", now=NOW)

    here = deeds_within(db, Scope("龙亭区"), Wanted(), limit=9)

    assert [line.scope for line in here] == [Scope("龙亭区")]
    assert deeds_within(db, Scope("兰考县"), Wanted(), limit=9) == ()


def test_lines_are_found_by_day_deed_and_person(db: Database) -> None:
    for day, person, deed in ((23, 1, Deed.SAW), (24, 1, Deed.EXPORTED), (24, 2, Deed.CHANGED)):
        now = NOW.replace(day=day)
        record_deed(db, Person(person, Role.LEAD), deed, "stats", now=now)
    friday = NOW.date()

    on_friday = deeds_within(db, CITY, Wanted(from_on=friday, to_on=friday), limit=9)
    exported = deeds_within(db, CITY, Wanted(GROUPS[DeedGroup.EXPORTED]), limit=9)
    second = deeds_within(db, CITY, Wanted(person_ids=(2,)), limit=9)

    assert len(on_friday) == 2
    assert [line.deed for line in exported] == [Deed.EXPORTED]
    assert [line.person_id for line in second] == [2]


# -- the command line


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder with a config of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text("web: {port: 0}\n", encoding="utf-8")
    return tmp_path


def run(*arguments: str) -> Result:
    done = CliRunner().invoke(main, [*arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    return done


@pytest.mark.usefixtures("folder")
def test_the_command_line_is_in_the_log_and_reads_it() -> None:
    run("people", "code", "--role", "clerk", "--clock", "2025-01-23T10:00")
    run("stats", "ratings", "--clock", "2025-01-24T10:00", "--json")
    run("backup", "copies", "--clock", "2025-01-24T10:01")

    found = json.loads(run("audit", "--clock", "2025-01-24T11:00", "--json").stdout)
    again = json.loads(run("audit", "--clock", "2025-01-24T11:05", "--json").stdout)
    exported = run("audit", "--clock", "2025-01-24T11:10", "--action", "exported").stdout
    changed = run("audit", "--clock", "2025-01-24T12:00", "--to", "2025-01-23", "--json").stdout

    assert [(e["action"], e["subject"]) for e in found] == [
        ("exported", "backup"),
        ("saw_figures", "stats:2025-01-24:2025-01-24"),
        ("changed", "code:clerk"),
    ]
    assert again[0]["action"] == "saw_audit"
    assert "备份" in exported
    assert "命令行" in exported
    assert [e["subject"] for e in json.loads(changed)] == ["code:clerk"]


@pytest.mark.usefixtures("folder")
def test_an_unknown_name_is_told() -> None:
    done = CliRunner().invoke(main, ["audit", "--person", "无此人"])

    assert done.exit_code == 2
    assert "没有叫 无此人 的人" in done.stderr


def test_the_menus_button_is_written_down_like_the_word(zhou: Talker) -> None:
    zhou.sends_token("do:today")
    zhou.sends_token("do:rectifications")

    assert subjects(zhou) == ["rectifications", "today"]
